//! A running instance goes over to the version of its process that is in force: one, or page by page all of a version.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::{Value, json};
use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::Attribute;
use svod_process::{MigrationFault, Process, Wait};
use svod_registry::{Action, Change, Operation};
use svod_store::instance::{self, InstanceRow, Status};
use svod_store::{Conn, StoreError};

use super::look::case_urn;
use super::{At, MAX_SWEPT, RepairError, Waits, not_own, told};
use crate::cases::deed::{Deed, Held};
use crate::cases::{Along, CaseError, Cases, Key, TRIES};

/// Instances read at once.
const BATCH: i64 = 50;
/// Instances looked at by one dry run.
const MOST: usize = 1_000;

/// Elements of the version before, and which of the new one they are; what is not named keeps its id.
pub type Mapping = BTreeMap<String, String>;

/// What would become of one instance.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Pack, version and process that it runs on.
    pub from: String,
    /// The one in force.
    pub to: String,
    /// What has no counterpart; empty: it can go over.
    pub faults: Vec<MigrationFault>,
}

/// Why instances cannot go over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Element of the version before.
    pub element: String,
    /// What does not fit.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

/// What would become of all instances of a version.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The version in force.
    pub to: String,
    /// Those that can go over.
    pub fit: usize,
    /// Those that cannot.
    pub misfit: usize,
    /// What has no counterpart, and in how many instances.
    pub faults: BTreeMap<Fault, usize>,
    /// There are more than were looked at.
    pub more: bool,
}

/// What was done of very many.
#[derive(Debug)]
pub struct Swept<P> {
    /// Done.
    pub done: usize,
    /// Refused, each with why.
    pub refused: Vec<(SpacePath, i64, RepairError)>,
    /// Where to go on; none: that was all.
    pub next: Option<P>,
}

/// The last instance that was tried: space, status and number. Written `12.0.345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    space: i64,
    status: usize,
    id: i64,
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.space, self.status, self.id)
    }
}

impl FromStr for Carried {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<i64> = text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| ())?;
        let [space, status, id] = parts[..] else { return Err(()) };
        let status = usize::try_from(status).ok().filter(|s| *s < ALIVE.len()).ok_or(())?;
        Ok(Self { space, status, id })
    }
}

/// What can go over.
const ALIVE: [Status; 2] = [Status::Running, Status::Incident];

impl Cases {
    /// What a migration of one instance would do: a dry run.
    ///
    /// # Errors
    /// See [`RepairError`]; what has no counterpart is no error here.
    pub async fn plan(&self, actor: &Actor, at: At<'_>, mapping: &Mapping) -> Result<Plan, RepairError> {
        let key = self.key_of(actor, at)?;
        let held = self.read(key).await?;
        let (to, target) = self.newer(&held.row.process).await?;
        let faults = held.process.migrate(&held.state, &target, mapping).err().unwrap_or_default();
        Ok(Plan { from: held.row.process, to, faults })
    }

    /// Carries one instance over to the version in force, and its tasks and case with it.
    ///
    /// # Errors
    /// [`RepairError::Misfit`] names every element without a counterpart; see [`RepairError`].
    pub async fn migrate(&self, actor: &Actor, at: At<'_>, mapping: &Mapping, reason: &str) -> Result<(), RepairError> {
        let told = told(actor, "migrate", reason, json!({}))?;
        let key = self.key_of(actor, at)?;
        self.carried(actor, key, mapping, &told).await
    }

    /// What a migration of all instances of a version would do, of the first 1,000 of them: a dry run.
    ///
    /// # Errors
    /// Not permitted anywhere, no version in force, or the store failed.
    pub async fn survey(&self, actor: &Actor, from: &str, mapping: &Mapping) -> Result<Survey, RepairError> {
        self.theirs(actor)?;
        let (to, target) = self.newer(from).await?;
        let mut survey = Survey { to, fit: 0, misfit: 0, faults: BTreeMap::new(), more: false };
        let (mut reached, (_, process)) = (None, self.process_of(from).await?);
        while let Some((rows, last)) = self.alive(actor, from, reached).await? {
            reached = Some(last);
            for row in rows {
                if survey.fit + survey.misfit >= MOST {
                    survey.more = true;
                    return Ok(survey);
                }
                survey.add(fitting(&process, &target, &row, mapping)?);
            }
        }
        Ok(survey)
    }

    /// Carries the instances of a version over, [`MAX_SWEPT`] by one call; go on with what [`Swept::next`] says. What cannot go
    /// over stays as it is and is told.
    ///
    /// # Errors
    /// No reason, no version in force, or the store failed; what one instance refuses is told with it.
    pub async fn migrate_all(
        &self,
        actor: &Actor,
        from: &str,
        mapping: &Mapping,
        reason: &str,
        after: Option<Carried>,
    ) -> Result<Swept<Carried>, RepairError> {
        self.theirs(actor)?;
        let told = told(actor, "migrate", reason, json!({}))?;
        self.newer(from).await?;
        let mut swept = Swept { done: 0, refused: Vec::new(), next: after };
        let mut tried = 0;
        while let Some((rows, last)) = self.alive(actor, from, swept.next).await? {
            for row in rows {
                self.one_of_all(actor, &row, mapping, &told, &mut swept).await?;
                tried += 1;
            }
            swept.next = Some(last);
            if tried >= MAX_SWEPT {
                return Ok(swept);
            }
        }
        swept.next = None;
        Ok(swept)
    }

    async fn one_of_all(
        &self,
        actor: &Actor,
        row: &InstanceRow,
        mapping: &Mapping,
        told: &Value,
        swept: &mut Swept<Carried>,
    ) -> Result<(), RepairError> {
        match self.carried(actor, (row.space, row.id), mapping, told).await {
            Ok(()) => swept.done += 1,
            // It ended meanwhile, or somebody else carried it over.
            Err(e) if e.is_late() => {}
            Err(RepairError::InForce(_)) => {}
            Err(RepairError::Case(CaseError::Store(e))) if !matches!(e, StoreError::Shape(_)) => return Err(e.into()),
            Err(e) => {
                let space = self.registry.spaces().path(row.space).cloned();
                swept.refused.extend(space.map(|s| (s, row.id, e)));
            }
        }
        Ok(())
    }

    /// The next instances of a version that have not ended, in the spaces that the actor looks after, and where that came to.
    async fn alive(
        &self,
        actor: &Actor,
        from: &str,
        after: Option<Carried>,
    ) -> Result<Option<(Vec<InstanceRow>, Carried)>, RepairError> {
        let spaces = self.theirs(actor)?;
        let from = from.to_owned();
        let read = move |conn: &mut dyn Conn| {
            for (space, _) in spaces {
                for (status, kind) in ALIVE.into_iter().enumerate() {
                    let behind = after.filter(|a| (space, status) < (a.space, a.status));
                    if behind.is_some() {
                        continue;
                    }
                    let seen = after.filter(|a| (space, status) == (a.space, a.status)).map_or(-1, |a| a.id);
                    let rows = instance::page(conn, space, &from, kind, seen, BATCH)?;
                    if let Some(id) = rows.last().map(|r| r.id) {
                        return Ok(Some((rows, Carried { space, status, id })));
                    }
                }
            }
            Ok::<_, StoreError>(None)
        };
        Ok(self.store.read(read).await?)
    }

    /// The process of the same pack that is in force, with its name; none when the pack no longer has it.
    pub(super) async fn in_force(&self, process: &str) -> Result<Option<(String, Arc<Process>)>, CaseError> {
        let named = process.split_once('@').zip(process.split_once('/'));
        let Some(((pack, _), (_, id))) = named else { return Ok(None) };
        let Some(programs) = self.registry.programs_in_force(pack).await? else { return Ok(None) };
        Ok(programs.processes.get(id).map(|p| (programs.name_of(id), p.clone())))
    }

    /// The same, of a version that is not in force itself.
    async fn newer(&self, process: &str) -> Result<(String, Arc<Process>), RepairError> {
        let found = self.in_force(process).await?.ok_or_else(|| RepairError::NoVersion(process.to_owned()))?;
        if found.0 == process { Err(RepairError::InForce(found.0)) } else { Ok(found) }
    }

    async fn carried(&self, actor: &Actor, key: Key, mapping: &Mapping, told: &Value) -> Result<(), RepairError> {
        let mut tries = 0;
        loop {
            match self.carried_once(actor, key, mapping, told).await {
                Err(RepairError::Case(e)) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn carried_once(&self, actor: &Actor, key: Key, mapping: &Mapping, told: &Value) -> Result<(), RepairError> {
        let mut deed = Deed::new(self, Along::default());
        not_own(&mut deed, actor, key).await?;
        let from = deed.take(key).await?.row.process.clone();
        let (to, target) = self.newer(&from).await?;
        deed.along.ground = Some(format!("process:{to}"));
        let read = move |conn: &mut dyn Conn| instance::waits_of(conn, key.0, key.1);
        let waits = self.store.read(read).await?;
        let held = deed.take(key).await?;
        if held.state.done {
            return Err(CaseError::Step(svod_process::StepError::Ended).into());
        }
        let state = held.process.migrate(&held.state, &target, mapping).map_err(RepairError::Misfit)?;
        let mut renamed = Vec::new();
        for wait in waits.into_iter().filter(|w| w.kind == Waits::Timer) {
            // As it is when that is written: a term that is moved meanwhile keeps its new moment.
            if let Some(name) = mapping.get(&wait.name).cloned() {
                let into = instance::Wait { name, ..wait.clone() };
                renamed.push((instance::Waiting { space: key.0, instance: key.1, wait }, Some(into)));
            }
        }
        let mut told = told.clone();
        (told["from"], told["version"], told["mapping"]) = (from.as_str().into(), to.as_str().into(), json!(mapping));
        held.told.push(told);
        (held.state, held.moved, held.row.process) = (state, true, to);
        deed.along.waits.extend(renamed);
        let changes = self.follow(deed.take(key).await?, key, &target, &from).await?;
        deed.changes.extend(changes);
        let cause = case_urn(&deed.take(key).await?.row.urn);
        let mut command = deed.command()?;
        command.cause = cause;
        self.registry.execute(actor, command).await.map_err(CaseError::from)?;
        Ok(())
    }

    /// The case names its new version, and tasks that are open their element and form in it.
    async fn follow(&self, held: &Held, key: Key, target: &Process, from: &str) -> Result<Vec<Change>, CaseError> {
        let mut changes = Vec::new();
        let case = held.case.as_ref().filter(|c| held.row.parent.is_none() && c.text("processVersion") == Some(from));
        if let Some(case) = case {
            let set = [("processVersion".to_owned(), Attribute::property(held.row.process.as_str()))];
            changes.push(self.patched(case.id.clone(), set.into_iter().collect(), Vec::new()));
        }
        for (id, token) in held.state.tokens.iter().filter(|(_, t)| t.wait == Wait::Task) {
            let Some(element) = target.element(&token.element) else { continue };
            let urn = Urn::svod("task", &format!("{}-{}-{id}", key.0, key.1));
            let urn = urn.map_err(|e| StoreError::Shape(e.to_string()))?;
            // Tasks of cases that once kept their state themselves have other names.
            if self.registry.entity(&self.process, &urn).await.is_err() {
                continue;
            }
            let mut set = BTreeMap::new();
            set.insert("process".to_owned(), Attribute::property(target.id()));
            set.insert("step".to_owned(), Attribute::property(element.id.as_str()));
            set.insert("title".to_owned(), Attribute::property(element.name.as_str()));
            let form = element.attributes.get("form");
            set.extend(form.map(|f| ("form".to_owned(), Attribute::property(f.as_str()))));
            let unset = if form.is_none() { vec!["form".to_owned()] } else { Vec::new() };
            changes.push(self.patched(urn, set, unset));
        }
        Ok(changes)
    }

    fn patched(&self, urn: Urn, set: BTreeMap<String, Attribute>, unset: Vec<String>) -> Change {
        let patch = Operation::Patch { urn, expected: None, set, unset };
        Change::verb(patch, Action::Update, "migrate").by(&self.process)
    }
}

impl Survey {
    fn add(&mut self, faults: Vec<MigrationFault>) {
        if faults.is_empty() {
            self.fit += 1;
            return;
        }
        self.misfit += 1;
        for MigrationFault { element, reason, fix } in faults {
            *self.faults.entry(Fault { element, reason, fix }).or_default() += 1;
        }
    }
}

fn fitting(
    process: &Process,
    target: &Process,
    row: &InstanceRow,
    mapping: &Mapping,
) -> Result<Vec<MigrationFault>, StoreError> {
    let state =
        serde_json::from_str(&row.state).map_err(|e| StoreError::Shape(format!("state of {}: {e}", row.urn)))?;
    Ok(process.migrate(&state, target, mapping).err().unwrap_or_default())
}
