//! What an operator sees: how many run, which stand still, where one stands. Variables hold what people wrote, and no class
//! is known for them: their names and sizes are shown, and nothing of what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_process::{
    Element, Incident, NodeKind, Process, Redo, Scope, ScopeKind, State, Stopped, SubKind, Trigger, Wait, Work,
};
use svod_store::Conn;
use svod_store::instance::{self, InstanceRow};
use svod_store::instance_list;

use super::veil::{texts, veiled};
use super::{At, RepairError, Status, Waits};
use crate::cases::{CaseError, Cases, Key};

/// Where the list of what stands still goes on.
pub use svod_store::instance_list::Place;

/// Instances read at once while incidents are looked for.
const BATCH: i64 = 200;
/// Instances looked through for one page: a filter that fits few of very many goes on by its next page.
const MOST: usize = 5_000;
/// Steps of an instance on one page.
pub const MAX_STEPS: i64 = 100;

/// Which incidents are looked for.
#[derive(Debug, Clone, Default)]
pub struct Stuck {
    /// Pack, version and process: `birth@1.2.0/birth`.
    pub process: Option<String>,
    /// Stable code.
    pub code: Option<String>,
    /// Standing since this moment or longer.
    pub since: Option<Timestamp>,
    /// Of this space alone.
    pub space: Option<SpacePath>,
    /// After this instance.
    pub after: Option<Place>,
    /// Incidents on a page; an instance is never torn apart, so there may be more.
    pub limit: usize,
}

/// Something that stands still.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// Space of the instance.
    pub space: SpacePath,
    /// Its number there.
    pub instance: i64,
    /// URN of the case.
    pub urn: String,
    /// Pack, version and process.
    pub process: String,
    /// Number of the incident in the instance.
    pub incident: u64,
    /// The token that stands still.
    pub token: u64,
    /// Where: id of the element.
    pub element: String,
    /// Its name; the id where the process cannot be had.
    pub name: String,
    /// Stable code.
    pub code: String,
    /// What happened, in English, without what variables hold.
    pub message: String,
    /// Since when.
    pub at: Timestamp,
}

/// A page of what stands still, what moved last first.
#[derive(Debug, Default)]
pub struct Troubles {
    /// Incidents.
    pub items: Vec<Trouble>,
    /// Where it goes on; none: that was all.
    pub next: Option<Place>,
}

/// How the instances of one version of a process fare.
#[derive(Debug, Clone)]
pub struct ProcessCount {
    /// Pack, version and process.
    pub process: String,
    /// By status, in the order of [`Status::ALL`].
    pub counts: [i64; 4],
    /// The version is in force.
    pub in_force: bool,
}

/// Where a token stands.
#[derive(Debug, Clone)]
pub struct Token {
    /// Token.
    pub id: u64,
    /// Id of the element.
    pub element: String,
    /// Its name.
    pub name: String,
    /// What it is in a BPMN file.
    pub tag: &'static str,
    /// Name of the sub-process around it; empty in the process itself.
    pub within: String,
    /// What it waits for.
    pub stands: Stands,
    /// Elements of the same scope that it may be put at: id and name.
    pub targets: Vec<(String, String)>,
}

/// What a token waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Nothing.
    Ready,
    /// A person.
    Task,
    /// A service.
    Service,
    /// The time to ask a service again.
    Again,
    /// A decision.
    Decision,
    /// A called process.
    Called,
    /// A message, a signal, a time or a condition.
    Event,
    /// Other tokens.
    Join,
    /// What runs inside it.
    Body,
    /// Its instances.
    Items,
    /// What is being undone.
    Undoing,
    /// An operator.
    Incident,
}

impl Stands {
    const fn of(wait: &Wait) -> Self {
        match wait {
            Wait::Ready => Self::Ready,
            Wait::Task => Self::Task,
            Wait::Service => Self::Service,
            Wait::Again => Self::Again,
            Wait::Decision => Self::Decision,
            Wait::Called => Self::Called,
            Wait::Event => Self::Event,
            Wait::Join => Self::Join,
            Wait::Body => Self::Body,
            Wait::Items(_) => Self::Items,
            Wait::Undoing(_) => Self::Undoing,
            Wait::Incident(_) => Self::Incident,
        }
    }
}

/// A variable, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Name of the sub-process or repeated activity that it is of; empty for the case.
    pub within: String,
    /// JSON type: `null`, `boolean`, `number`, `string`, `array`, `object`.
    pub kind: &'static str,
    /// Its size as JSON, in bytes.
    pub bytes: usize,
}

/// Something that an instance waits for, without what is kept with it.
#[derive(Debug, Clone)]
pub struct Waited {
    /// What kind.
    pub kind: Waits,
    /// Element, message, signal or service; of a called instance its number.
    pub name: String,
    /// When it is over, or tried next.
    pub due: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: i64,
}

/// One instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its space.
    pub space: SpacePath,
    /// Its number there.
    pub id: i64,
    /// URN of the case.
    pub urn: String,
    /// Pack, version and process.
    pub process: String,
    /// The version of the same pack that is in force, when that is another one and has the process.
    pub newer: Option<String>,
    /// The instance that called it: its space and number.
    pub parent: Option<(SpacePath, i64)>,
    /// How it fares.
    pub status: Status,
    /// Steps so far.
    pub version: i64,
    /// When it began.
    pub started: Timestamp,
    /// When it last moved.
    pub modified: Timestamp,
    /// Where its tokens stand.
    pub tokens: Vec<Token>,
    /// What it knows.
    pub variables: Vec<Variable>,
    /// What it waits for.
    pub waits: Vec<Waited>,
    /// What stands still.
    pub troubles: Vec<Trouble>,
}

/// A step of an instance, without what people wrote.
#[derive(Debug, Clone, Default)]
pub struct Happened {
    /// Version of the instance after it.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// `in`, `out`, `offered`, `decided`, `incident`, `solved`, `escalated`, `finished`, `repair` or another word.
    pub what: String,
    /// Name of the element it happened at.
    pub element: Option<String>,
    /// Code of an incident or escalation, what an operator did, how it ended.
    pub detail: Option<String>,
    /// Name of the operator.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Names of the variables that were put right.
    pub set: Vec<String>,
}

/// What of a state is read for a list.
#[derive(Deserialize)]
struct Standing {
    #[serde(default)]
    incidents: BTreeMap<u64, Incident>,
    #[serde(default)]
    stopped: BTreeMap<u64, Stopped>,
    #[serde(default)]
    tokens: BTreeMap<u64, svod_process::Token>,
    #[serde(default)]
    scopes: BTreeMap<u64, Scope>,
}

impl Standing {
    /// What its variables hold, and the outcomes that it could not take.
    fn texts(&self) -> BTreeSet<&str> {
        let mut all = BTreeSet::new();
        self.scopes.values().flat_map(|s| s.variables.values()).for_each(|v| texts(v, &mut all));
        for incident in self.incidents.values() {
            if let Redo::Outcome(came) = &incident.redo {
                texts(came, &mut all);
            }
        }
        all
    }
}

impl Cases {
    /// What stands still in the spaces that the actor looks after; what moved last first.
    ///
    /// # Errors
    /// Not permitted anywhere, or the store failed.
    pub async fn stuck(&self, actor: &Actor, stuck: &Stuck) -> Result<Troubles, RepairError> {
        let spaces = self.theirs(actor)?;
        let wanted = |path: &SpacePath| stuck.space.as_ref().is_none_or(|s| s == path);
        let ids: Vec<i64> = spaces.iter().filter(|(_, path)| wanted(path)).map(|(id, _)| *id).collect();
        let paths: BTreeMap<i64, SpacePath> = spaces.into_iter().collect();
        let mut page = Troubles { items: Vec::new(), next: stuck.after };
        let mut seen = 0;
        loop {
            let (ids, process, after) = (ids.clone(), stuck.process.clone(), page.next);
            let read = move |conn: &mut dyn Conn| instance_list::standing(conn, &ids, process.as_deref(), after, BATCH);
            let rows = self.store.read(read).await?;
            let last = rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            for row in rows {
                if page.items.len() >= stuck.limit || seen >= MOST {
                    return Ok(page);
                }
                page.next = Some(Place { modified: row.modified, space: row.space, id: row.id });
                seen += 1;
                if let Some(path) = paths.get(&row.space) {
                    let found = self.troubles(&row, path).await?;
                    page.items.extend(found.into_iter().filter(|t| stuck.takes(t)));
                }
            }
            if last {
                page.next = None;
                return Ok(page);
            }
        }
    }

    async fn troubles(&self, row: &InstanceRow, space: &SpacePath) -> Result<Vec<Trouble>, CaseError> {
        let Ok(state) = serde_json::from_str::<Standing>(&row.state) else { return Ok(Vec::new()) };
        let process = self.known_process(&row.process).await?;
        let at = |token: &u64| state.tokens.get(token).map(|t| t.element.clone()).unwrap_or_default();
        let known = state.texts();
        let trouble = |(number, found): (&u64, &Incident)| {
            let element = at(&found.token);
            Trouble {
                space: space.clone(),
                instance: row.id,
                urn: row.urn.clone(),
                process: row.process.clone(),
                incident: *number,
                token: found.token,
                name: name_of(process.as_deref(), &element),
                element,
                code: found.code.clone(),
                message: veiled(&found.message, &known),
                at: found.at,
            }
        };
        let given_up = |(number, found): (&u64, &Stopped)| Trouble {
            space: space.clone(),
            instance: row.id,
            urn: row.urn.clone(),
            process: row.process.clone(),
            incident: *number,
            token: 0,
            name: name_of(process.as_deref(), &found.name),
            element: found.name.clone(),
            code: super::super::stopped::CODE.to_owned(),
            message: veiled(&found.message, &known),
            at: found.at,
        };
        Ok(state.incidents.iter().map(trouble).chain(state.stopped.iter().map(given_up)).collect())
    }

    /// A process by the name that cases keep; none when it is in no pack any more.
    async fn known_process(&self, named: &str) -> Result<Option<Arc<Process>>, CaseError> {
        match self.process_of(named).await {
            Ok((_, process)) => Ok(Some(process)),
            Err(CaseError::NoProcess(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// An instance as it stands, also when its process is in no pack any more.
    async fn stands(&self, key: Key) -> Result<(InstanceRow, State, Option<Arc<Process>>), CaseError> {
        let unknown = || CaseError::Unknown(format!("{}-{}", key.0, key.1));
        let (row, state) = self.bare(key).await?.ok_or_else(unknown)?;
        let process = self.known_process(&row.process).await?;
        Ok((row, state, process))
    }

    /// How many instances there are of each version of each process, in the spaces that the actor looks after.
    ///
    /// # Errors
    /// Not permitted anywhere, or the store failed.
    pub async fn processes(&self, actor: &Actor) -> Result<Vec<ProcessCount>, RepairError> {
        let spaces = self.theirs(actor)?;
        let read = move |conn: &mut dyn Conn| {
            let mut all: BTreeMap<String, [i64; 4]> = BTreeMap::new();
            for (space, _) in &spaces {
                for (process, counts) in instance::counts(conn, *space)? {
                    let sum = all.entry(process).or_default();
                    sum.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
                }
            }
            Ok::<_, svod_store::StoreError>(all)
        };
        let counted = self.store.read(read).await?;
        let catalogue = self.registry.catalogue();
        let in_force = |process: &str| {
            let version = process.split_once('/').and_then(|(pack, _)| pack.split_once('@'));
            version.is_some_and(|(id, v)| catalogue.pack(id).is_some_and(|p| p.manifest.version == v))
        };
        Ok(counted
            .into_iter()
            .map(|(process, counts)| ProcessCount { in_force: in_force(&process), process, counts })
            .collect())
    }

    /// One instance: where its tokens stand, what it knows by name, what it waits for, what stands still.
    ///
    /// # Errors
    /// Not permitted, no such instance, or the store failed.
    pub async fn instance(&self, actor: &Actor, at: At<'_>) -> Result<Instance, RepairError> {
        let key = self.key_of(actor, at)?;
        let (row, state, process) = self.stands(key).await?;
        let (space, process) = (at.0.clone(), process.as_deref());
        let read = move |conn: &mut dyn Conn| instance::waits_of(conn, key.0, key.1);
        let waits = self.store.read(read).await?.into_iter();
        let newer = self.in_force(&row.process).await?.map(|(name, _)| name).filter(|name| *name != row.process);
        let troubles = self.troubles(&row, &space).await?;
        Ok(Instance {
            parent: self.caller(&row),
            space,
            id: row.id,
            newer,
            status: row.status,
            version: row.version,
            started: row.started,
            modified: row.modified,
            tokens: tokens(process, &state),
            variables: variables(process, &state),
            waits: waits
                .map(|w| Waited {
                    name: if w.kind == Waits::Timer { name_of(process, &w.name) } else { w.name },
                    kind: w.kind,
                    due: w.due,
                    attempts: w.attempts,
                })
                .collect(),
            troubles,
            urn: row.urn,
            process: row.process,
        })
    }

    /// What happened in an instance, the latest first: [`MAX_STEPS`] versions, before `before` where it is given.
    ///
    /// # Errors
    /// As [`Cases::instance`].
    pub async fn history(&self, actor: &Actor, at: At<'_>, before: Option<i64>) -> Result<Vec<Happened>, RepairError> {
        let key = self.key_of(actor, at)?;
        let (row, _, process) = self.stands(key).await?;
        let end = before.unwrap_or(i64::MAX).min(row.version + 1);
        let after = end.saturating_sub(MAX_STEPS + 1).max(0);
        let read = move |conn: &mut dyn Conn| instance::steps(conn, key.0, key.1, after, MAX_STEPS);
        let steps = self.store.read(read).await?;
        let mut all = Vec::new();
        for (version, at, text) in steps.into_iter().filter(|s| s.0 < end) {
            let told: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
            all.extend(told.iter().map(|t| Happened { version, at, ..happened(process.as_deref(), t) }));
        }
        all.reverse();
        Ok(all)
    }

    /// The instance that called it.
    fn caller(&self, row: &InstanceRow) -> Option<(SpacePath, i64)> {
        let mut parts = row.parent.as_deref()?.split(':').filter_map(|n| n.parse::<i64>().ok());
        let (space, id) = (parts.next()?, parts.next()?);
        Some((self.registry.spaces().path(space)?.clone(), id))
    }
}

impl Stuck {
    fn takes(&self, found: &Trouble) -> bool {
        self.code.as_ref().is_none_or(|code| *code == found.code) && self.since.is_none_or(|since| found.at <= since)
    }
}

/// The name of an element, as drawn.
fn name_of(process: Option<&Process>, id: &str) -> String {
    process.and_then(|p| p.element(id)).map_or_else(|| id.to_owned(), |e| e.name.clone())
}

fn tokens(process: Option<&Process>, state: &State) -> Vec<Token> {
    let token = |(id, token): (&u64, &svod_process::Token)| {
        let element = process.and_then(|p| p.element(&token.element));
        let body = state.scopes.get(&token.scope).is_some_and(|s| s.kind == ScopeKind::Body);
        let movable = element.filter(|e| body && token.undoes.is_none() && !is_event_sub(e));
        Token {
            id: *id,
            element: token.element.clone(),
            name: name_of(process, &token.element),
            tag: element.map_or("", Element::tag),
            within: element.and_then(|e| e.parent.as_deref()).map(|p| name_of(process, p)).unwrap_or_default(),
            stands: Stands::of(&token.wait),
            targets: process.zip(movable).map(|(p, e)| targets(p, e)).unwrap_or_default(),
        }
    };
    state.tokens.iter().map(token).collect()
}

fn is_event_sub(element: &Element) -> bool {
    matches!(element.activity().map(|a| &a.work), Some(Work::Sub(sub)) if sub.kind == SubKind::Event)
}

/// Where a token of the same scope may be put: what the process itself asks before it moves one.
fn targets(process: &Process, from: &Element) -> Vec<(String, String)> {
    let reachable = |e: &&Element| match &e.kind {
        NodeKind::Start { .. } | NodeKind::Boundary { .. } | NodeKind::Catch(Trigger::Link(_)) => false,
        NodeKind::Activity(activity) => !activity.compensates && !is_event_sub(e),
        _ => true,
    };
    let beside = process.elements().filter(|e| e.parent == from.parent).filter(reachable);
    beside.map(|e| (e.id.clone(), e.name.clone())).collect()
}

fn variables(process: Option<&Process>, state: &State) -> Vec<Variable> {
    let of = |(id, scope): (&u64, &Scope)| {
        let within = if *id == 0 { String::new() } else { name_of(process, &scope.element) };
        let variable = move |(name, value): (&String, &Value)| Variable {
            name: name.clone(),
            within: within.clone(),
            kind: kind(value),
            bytes: value.to_string().len(),
        };
        scope.variables.iter().map(variable).collect::<Vec<_>>()
    };
    state.scopes.iter().flat_map(of).collect()
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Only what is known to hold nothing that people wrote is taken over.
fn happened(process: Option<&Process>, told: &Value) -> Happened {
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    let element = |name: &str| text(name).map(|id| name_of(process, &id));
    let step = |what: &str| Happened { what: what.to_owned(), ..Happened::default() };
    if told.get("repair").is_some() {
        let set = told.get("set").and_then(Value::as_object);
        return Happened {
            detail: text("repair"),
            element: element("to"),
            by: text("name"),
            reason: text("reason"),
            set: set.map(|s| s.keys().cloned().collect()).unwrap_or_default(),
            ..step("repair")
        };
    }
    if told.get("incident").is_some() {
        return Happened { element: element("element"), detail: text("code"), ..step("incident") };
    }
    if told.get("out").is_some() {
        let cancelled = told.get("cancelled").and_then(Value::as_bool).unwrap_or(false);
        return Happened { element: element("out"), ..step(if cancelled { "ended" } else { "out" }) };
    }
    if let Some(outcome) = told.get("finished") {
        let failed = outcome.get("failed").and_then(Value::as_str);
        let how = failed.map(str::to_owned).or_else(|| outcome.as_str().map(str::to_owned));
        return Happened { detail: how, ..step("finished") };
    }
    for what in ["in", "offered", "decided"] {
        if told.get(what).is_some() {
            return Happened { element: element(what), ..step(what) };
        }
    }
    let known = ["solved", "escalated", "enabled"].into_iter().find(|w| told.get(*w).is_some());
    Happened { detail: text("escalated"), ..step(known.unwrap_or("other")) }
}

/// The case that an instance is of, when it is one that people know.
pub(in crate::cases) fn case_urn(urn: &str) -> Option<Urn> {
    urn.parse::<Urn>().ok().filter(|u| !u.as_str().starts_with("urn:svod:instance:"))
}
