use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_process::{Event, Process, State};
use svod_registry::{Action, Change, Command, Operation, Programs};
use svod_store::instance::{InstanceRow, Status, Step, Wait, Waits};

use super::{Along, CaseError, Cases, Key, NewCase, clock};

/// An instance in hand.
pub(super) struct Held {
    pub row: InstanceRow,
    pub space: SpacePath,
    pub programs: Arc<Programs>,
    pub process: Arc<Process>,
    pub state: State,
    pub over: Vec<String>,
    pub waits: BTreeMap<String, Wait>,
    /// What happened, as it is kept.
    pub told: Vec<Value>,
    pub moved: bool,
    /// The entity of the case as it was read or is about to be made.
    pub case: Option<Arc<Entity>>,
    /// Its process knows who its applicant is by now.
    pub told_whose: bool,
}

/// What happens next.
pub(super) struct Next {
    /// To which instance.
    pub key: Key,
    pub event: Event,
    /// Of a message: who sent it, and under which key; it goes back there when nobody takes it.
    pub sent: Option<(Key, String)>,
}

/// The instances in hand, what happens to them yet, and what has gathered to be written.
pub(super) struct Deed<'c> {
    pub cases: &'c Cases,
    pub now: Timestamp,
    pub held: BTreeMap<Key, Held>,
    pub queue: VecDeque<Next>,
    /// The instance that it began with.
    first: Option<Key>,
    pub changes: Vec<Change>,
    pub along: Along,
    /// Who gives the command; none: nobody in particular.
    pub actor: Option<Actor>,
    /// What became of terms, for the metrics.
    pub ticked: Vec<&'static str>,
    /// Regions in which services of the graph have written.
    pub reached: BTreeSet<SpacePath>,
    /// What was answered to tasks that are done with this.
    pub answered: BTreeMap<Urn, Map<String, Value>>,
}

impl<'c> Deed<'c> {
    pub fn new(cases: &'c Cases, along: Along) -> Self {
        let now = cases.registry.clock().now();
        let (held, queue) = (BTreeMap::new(), VecDeque::new());
        Self {
            cases,
            now,
            held,
            queue,
            first: None,
            changes: Vec::new(),
            along,
            actor: None,
            ticked: Vec::new(),
            reached: BTreeSet::new(),
            answered: BTreeMap::new(),
        }
    }

    /// On whose act it is.
    pub fn of(self, actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()), ..self }
    }

    /// The instance that the command is about, when no event happens to it.
    pub fn begin_at(&mut self, key: Key) {
        self.first.get_or_insert(key);
    }

    pub fn queue(&mut self, key: Key, event: Event) {
        self.first.get_or_insert(key);
        self.queue.push_back(Next { key, event, sent: None });
    }

    /// Takes a new instance in hand; its key and what it is known by.
    pub async fn open(&mut self, new: &NewCase, parent: Option<(String, Urn)>) -> Result<(Key, Urn), CaseError> {
        let (programs, process) = self.cases.process_of(&new.process).await?;
        let info = self.cases.registry.spaces().get(&new.space).map(|s| s.id);
        let space = info.ok_or_else(|| svod_registry::CommandError::UnknownSpace(new.space.clone()))?;
        let id = self.cases.number(space).await?;
        let own = || Urn::svod("instance", &format!("{space}-{id}")).expect("two numbers make a URI");
        let urn = match (&parent, &new.case) {
            (Some((_, urn)), _) => urn.clone(),
            (None, Some(case)) => case.id.clone(),
            (None, None) => own(),
        };
        let row = InstanceRow {
            space,
            id,
            urn: urn.to_string(),
            process: new.process.clone(),
            parent: parent.map(|(token, _)| token),
            business_key: None,
            person: new.case.as_ref().and_then(|c| c.object("person")).map(ToString::to_string),
            status: Status::Running,
            version: 0,
            started: self.now,
            modified: self.now,
            state: String::new(),
        };
        let catalogue = self.cases.registry.catalogue();
        let case = new.case.clone().map(|case| clock::wound(case, &programs, &catalogue.clocks, self.now));
        if let Some(case) = &case {
            let change = Change::verb(Operation::Create(case.clone()), Action::Create, "open");
            self.changes.push(change.by(&self.cases.process));
        }
        let term = case.as_ref().map(clock::waits).unwrap_or_default();
        let held = Held {
            row,
            space: new.space.clone(),
            programs,
            process,
            state: State::default(),
            over: Vec::new(),
            waits: term.into_iter().map(|wait| (wait.id.clone(), wait)).collect(),
            told: Vec::new(),
            moved: true,
            case: case.map(Arc::new),
            told_whose: true,
        };
        self.held.insert((space, id), held);
        Ok(((space, id), urn))
    }

    /// An instance for a case that kept its state itself.
    pub async fn adopt(&mut self, case: &Entity) -> Result<Key, CaseError> {
        let new = NewCase {
            process: case.text("processVersion").unwrap_or_default().to_owned(),
            element: None,
            variables: serde_json::Map::new(),
            space: case.space.clone(),
            case: None,
        };
        let (key, _) = self.open(&new, Some((String::new(), case.id.clone()))).await?;
        let state = case.text("state").unwrap_or_default();
        let state = serde_json::from_str(state)
            .map_err(|e| CaseError::Store(svod_store::StoreError::Shape(format!("state of {}: {e}", case.id))))?;
        let held = self.take(key).await?;
        (held.state, held.row.parent, held.case) = (state, None, Some(Arc::new(case.clone())));
        held.row.person = case.object("person").map(ToString::to_string);
        let patch = Operation::Patch {
            urn: case.id.clone(),
            expected: Some(case.version),
            set: BTreeMap::new(),
            unset: vec!["state".to_owned()],
        };
        self.changes.push(Change::verb(patch, Action::Complete, "advance").by(&self.cases.process));
        Ok(key)
    }

    /// The instance, read when it is not in hand yet.
    pub async fn take(&mut self, key: Key) -> Result<&mut Held, CaseError> {
        if !self.held.contains_key(&key) {
            let held = self.cases.read(key).await?;
            self.held.insert(key, held);
        }
        self.held.get_mut(&key).ok_or_else(|| CaseError::Unknown(format!("{}-{}", key.0, key.1)))
    }

    /// Is anything due at once?
    pub fn wakes(&self) -> bool {
        // What was sent may be made due by whoever waits for it, when both are written.
        let due = |w: &Wait| w.kind == Waits::Sent || w.due.is_some_and(|due| due <= self.now);
        self.held.values().flat_map(|h| h.waits.values()).any(due)
    }

    /// All of it as one command.
    pub fn command(self) -> Result<Command, CaseError> {
        let within = self.within()?;
        let Self { held, changes, along, now, first, .. } = self;
        let first = first.and_then(|key| held.get(&key));
        let process = first.map_or_else(String::new, |h| format!("process:{}", h.row.process));
        let cause = first.and_then(|h| h.case.as_ref().map(|c| c.id.clone()).or_else(|| h.row.urn.parse().ok()));
        let steps: Result<Vec<Step>, CaseError> = held.into_values().filter(|h| h.moved).map(|h| h.step(now)).collect();
        Ok(Command {
            ground: along.ground.unwrap_or(process),
            cause,
            changes: along.changes.into_iter().chain(changes).collect(),
            consume: along.consume,
            outbox: along.outbox,
            key: along.key,
            waits: along.waits,
            steps: steps?,
            within,
            ..Command::default()
        })
    }
}

impl Held {
    fn step(self, now: Timestamp) -> Result<Step, CaseError> {
        let state = serde_json::to_string(&self.state).map_err(unwritable)?;
        let status = match &self.state.outcome {
            Some(svod_process::Outcome::Cancelled) => Status::Cancelled,
            _ if self.state.done => Status::Done,
            _ if !self.state.incidents.is_empty() || !self.state.stopped.is_empty() => Status::Incident,
            _ => Status::Running,
        };
        let row = InstanceRow {
            status,
            version: self.row.version + 1,
            modified: now,
            business_key: self.state.key.clone().or(self.row.business_key),
            state,
            ..self.row
        };
        let steps = serde_json::to_string(&self.told).map_err(unwritable)?;
        Ok(Step { row, over: self.over, waits: self.waits.into_values().collect(), steps })
    }

    /// Something is waited for.
    pub fn wait(&mut self, wait: Wait) {
        self.moved = true;
        self.tried_again(&wait.id);
        self.over.retain(|id| *id != wait.id);
        self.waits.insert(wait.id.clone(), wait);
    }

    /// Something is no longer waited for.
    pub fn over(&mut self, id: String) {
        self.moved = true;
        self.tried_again(&id);
        self.waits.remove(&id);
        self.over.push(id);
    }
}

impl Held {
    /// What was given up is waited for anew, or no longer.
    fn tried_again(&mut self, wait: &str) {
        self.state.stopped.retain(|_, s| s.of.is_some() || s.wait != wait);
    }
}

fn unwritable(e: serde_json::Error) -> CaseError {
    CaseError::Store(svod_store::StoreError::Shape(e.to_string()))
}

impl Cases {
    /// An instance with its process, in the version it began with.
    pub(super) async fn read(&self, key: Key) -> Result<Held, CaseError> {
        let row = self.rows.get(&self.store, key).await?;
        let row = row.ok_or_else(|| CaseError::Unknown(format!("{}-{}", key.0, key.1)))?;
        let (programs, process) = self.process_of(&row.process).await?;
        let state = serde_json::from_str(&row.state)
            .map_err(|e| CaseError::Store(svod_store::StoreError::Shape(format!("state of {}: {e}", row.urn))))?;
        let tree = self.registry.spaces();
        let space = tree.all().into_iter().find(|s| s.id == key.0).map(|s| s.path.clone());
        let space = space.ok_or_else(|| CaseError::Unknown(row.urn.clone()))?;
        Ok(Held {
            row,
            space,
            programs,
            process,
            state,
            over: Vec::new(),
            waits: BTreeMap::new(),
            told: Vec::new(),
            moved: false,
            case: None,
            told_whose: false,
        })
    }

    /// A process by the name that cases keep: `birth@1.2.0/birth`.
    pub(super) async fn process_of(&self, named: &str) -> Result<(Arc<Programs>, Arc<Process>), CaseError> {
        let gone = || CaseError::NoProcess(named.to_owned());
        let (pack, rest) = named.split_once('@').ok_or_else(gone)?;
        let (version, id) = rest.split_once('/').ok_or_else(gone)?;
        let programs = self.registry.programs(pack, version).await?.ok_or_else(gone)?;
        let process = programs.processes.get(id).cloned().ok_or_else(gone)?;
        Ok((programs, process))
    }
}
