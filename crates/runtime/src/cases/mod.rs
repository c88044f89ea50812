//! Cases: process instances made durable. What happens to a case and everything that follows from it at once is one command
//! of the registry: states, waits, tasks and changes of the graph, all or nothing.
//!
//! * `deed` – the instances in hand and what has gathered to be written
//! * `carry` – an event and all that follows from it
//! * `clock` – terms: warned of, run out, standing still
//! * `decision` – what was decided, objections; `grounds` – from what, by whom
//! * `made` – what was made in a case; `issued` – to whom it is shown
//! * `known` – what its process knows, for who answers
//! * `next` – what comes next in a case
//! * `notice` – what a process writes to the applicant
//! * `numbers` – the next number of a register
//! * `operations` – what service tasks do in the graph, within the same command
//! * `offer` – tasks for people
//! * `reach` – how far a process reaches, and that nobody's data are looked at unseen
//! * `standing` – what a case waits for and knows, for its page
//! * `stopped` – what is tried in vain rests, and is seen
//! * `told` – messages that other systems bring
//! * `whose` – whose a case is by now
//! * `worker` – timers, services of others, signals

mod carry;
mod clock;
mod decision;
mod deed;
mod grounds;
mod issued;
mod known;
mod made;
mod money;
mod next;
mod notice;
mod numbers;
mod offer;
mod operations;
mod reach;
pub mod repair;
mod rows;
mod standing;
mod starting;
mod stopped;
mod told;
pub(crate) mod whose;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use svod_kernel::{Actor, Coded, FieldError, SpacePath, Urn};
use svod_model::Entity;
use svod_process::{Event, StepError};
use svod_registry::{Change, Command, CommandError, Operation, QueryError, Receipt, Registry};
use svod_store::instance::{self, InstanceRow, Waiting};
use svod_store::{Store, StoreError};

pub use decision::{overridden, proposal_of};
pub use issued::{Acting, Issued};
pub use known::shown;
pub use made::{Made, made};
pub use money::{Said, whole};
pub use next::{Coming, Upcoming};
pub use notice::said;
pub use offer::Offered;
pub use operations::plain;
pub use standing::{Awaits, Standing};
pub use worker::{Answer, Connector, ConnectorError, ServiceCall, Worker};

use deed::Deed;

/// How often a case is taken in hand anew when somebody else moved it meanwhile.
const TRIES: usize = 8;
/// Numbers of instances taken at once.
const BLOCK: i64 = 256;

/// Why a case did not move. Nothing has happened then.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Refused by the registry.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Something could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such case.
    #[error("there is no case {0}")]
    Unknown(String),
    /// Its process is in no published pack.
    #[error("the process '{0}' is in no published pack")]
    NoProcess(String),
    /// The process does not take this now.
    #[error("the case does not take this now: {0}")]
    Step(#[from] StepError),
    /// What follows from it has no end.
    #[error("more than {0} steps follow from one another; look for a circle of messages or calls in the processes")]
    Endless(usize),
    /// The decision cannot be objected to.
    #[error("the decision cannot be objected to: {0}")]
    NotObjectable(&'static str),
    /// Who decided would look again at what they decided.
    #[error("who took the decision does not look at it again; somebody else of the body does")]
    OwnDecision,
}

impl CaseError {
    /// It has happened before, or is no longer waited for.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Step(e) if e.is_late())
    }

    /// What an operator is told of it, when it is the same however often it is tried.
    fn refusal(&self) -> Option<String> {
        let code = match self {
            Self::Command(CommandError::Store(_) | CommandError::Conflict { .. } | CommandError::TooManyTries(_)) => {
                None
            }
            Self::Command(e) => Some(e.code()),
            Self::Step(e @ StepError::TooLarge { .. }) => Some(e.code()),
            Self::Endless(_) => Some(self.code()),
            _ => None,
        }?;
        // The values stay out of it: whoever looks after processes need not see what people wrote.
        let fields: Vec<String> = self.fields().into_iter().map(|f| f.field).collect();
        let fields = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
        Some(format!("what follows is refused: {code}{fields}"))
    }

    /// What came along stands on a version that is no more. Only whoever read it can read it again.
    fn is_outrun(&self, along: &Along) -> bool {
        let Self::Command(CommandError::Conflict { urn: at, found }) = self else { return false };
        along.changes.iter().any(|change| match &change.operation {
            Operation::Patch { urn, expected: Some(expected), .. } => urn == at && expected != found,
            _ => false,
        })
    }

    fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::Command(CommandError::Conflict { .. } | CommandError::Store(StoreError::Contended(_)))
                | Self::Store(StoreError::Contended(_))
        )
    }
}

impl Coded for CaseError {
    fn code(&self) -> &'static str {
        match self {
            Self::Command(e) => e.code(),
            Self::Query(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Unknown(_) => "unknown-case",
            Self::NoProcess(_) => "unknown-process",
            Self::Step(_) => "process-step",
            Self::Endless(_) => "endless-process",
            Self::NotObjectable(_) => "not-objectable",
            Self::OwnDecision => "own-decision",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Command(e) => e.status(),
            Self::Query(e) => e.status(),
            Self::Store(e) => e.status(),
            Self::Unknown(_) => 404,
            Self::Step(_) | Self::NotObjectable(_) => 409,
            Self::OwnDecision => 403,
            Self::NoProcess(_) | Self::Endless(_) => 500,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Command(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

/// A case about to begin.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Pack, version and process: `birth@1.2.0/birth`.
    pub process: String,
    /// Start event; the one without a trigger where none is named.
    pub element: Option<String>,
    /// Variables of the process.
    pub variables: Map<String, Value>,
    /// Where it lies.
    pub space: SpacePath,
    /// The entity of type `Case`, written with it; none: a process without a case.
    pub case: Option<Entity>,
}

/// What else belongs to the command that moves a case.
#[derive(Debug, Clone, Default)]
pub struct Along {
    /// On what ground; none: the process.
    pub ground: Option<String>,
    /// Changes before those of the process.
    pub changes: Vec<Change>,
    /// Findings dealt with.
    pub consume: Vec<i64>,
    /// A wait that is over with it.
    pub over: Option<(Key, String)>,
    /// The caller's own name of the command: given again, it is answered and not carried out.
    pub key: Option<svod_registry::Key>,
    /// What an instance keeps for whoever comes first; late when it is gone.
    pub claims: Option<(Key, String)>,
    /// Waits of others that become other ones.
    pub waits: Vec<(Waiting, Option<instance::Wait>)>,
    /// Messages to the outside.
    pub outbox: Vec<(SpacePath, svod_store::outbox::NewOutbox)>,
}

/// A process instance: space and number.
pub type Key = (i64, i64);

/// The cases of an installation. Cheap to share.
pub struct Cases {
    registry: Arc<Registry>,
    store: Store,
    /// Numbers of instances by space: the next, and the first that is not ours.
    numbers: Mutex<HashMap<i64, (i64, i64)>>,
    /// Told when a wait is written that is due.
    due: Arc<tokio::sync::Notify>,
    process: Arc<Actor>,
    rows: Arc<rows::Rows>,
}

impl Cases {
    /// Over the registry and its store.
    pub fn new(registry: Arc<Registry>, store: Store) -> Arc<Self> {
        let process = Arc::new(Actor::platform("process"));
        Arc::new(Self {
            registry,
            store,
            numbers: Mutex::default(),
            due: Arc::default(),
            process,
            rows: Arc::default(),
        })
    }

    /// The registry that they are in.
    pub const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Begins a case; its URN, or that of its instance when it has no entity.
    ///
    /// # Errors
    /// See [`CaseError`].
    pub async fn begin(&self, actor: &Actor, new: NewCase, along: Along) -> Result<Urn, CaseError> {
        let mut deed = Deed::new(self, along).of(actor);
        let (key, urn) = deed.open(&new, None).await?;
        deed.queue(key, Event::Start { element: new.element, variables: new.variables });
        deed.carry().await?;
        let receipt = self.commit(actor, deed).await?;
        Ok(receipt.made.into_iter().next().filter(|_| receipt.repeated).unwrap_or(urn))
    }

    /// Something happens to an instance: it and all that follows are written together.
    ///
    /// # Errors
    /// See [`CaseError`]; [`CaseError::is_late`] tells what has happened before.
    pub(crate) async fn happen(
        &self,
        actor: &Actor,
        key: Key,
        event: &Event,
        along: &Along,
    ) -> Result<Receipt, CaseError> {
        let mut tries = 0;
        loop {
            let mut deed = Deed::new(self, along.clone()).of(actor);
            deed.queue(key, event.clone());
            let done = match deed.carry().await {
                Ok(()) => self.commit(actor, deed).await,
                Err(e) => Err(e),
            };
            match done {
                Err(e) if e.is_conflict() && !e.is_outrun(along) && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    /// A person has done a task: `along` changes the task itself, what follows in its case goes with it.
    ///
    /// # Errors
    /// See [`CaseError`].
    pub async fn complete(
        &self,
        actor: &Actor,
        task: &Entity,
        variables: Map<String, Value>,
        along: &Along,
    ) -> Result<Receipt, CaseError> {
        if clock::is_escalation(task) {
            return self.answer(actor, task, along.clone()).await;
        }
        if let Some(offered) = task.text("token").and_then(Offered::parse) {
            let space = self.registry.spaces().get(&task.space).map(|s| s.id);
            let space = space.ok_or_else(|| CommandError::UnknownSpace(task.space.clone()))?;
            let event = Event::Completed { token: offered.token, variables };
            return self.happen(actor, (space, offered.instance), &event, along).await;
        }
        self.complete_old(actor, task, variables, along).await
    }

    /// Somebody above has answered: nothing follows in the process.
    async fn answer(&self, actor: &Actor, task: &Entity, along: Along) -> Result<Receipt, CaseError> {
        let command = Command {
            ground: along.ground.unwrap_or_default(),
            cause: task.object("case").cloned(),
            changes: along.changes,
            consume: along.consume,
            outbox: along.outbox,
            key: along.key,
            ..Command::default()
        };
        Ok(self.registry.execute(actor, command).await?)
    }

    /// A task of a case that began when cases kept their state themselves: it gets an instance now.
    async fn complete_old(
        &self,
        actor: &Actor,
        task: &Entity,
        variables: Map<String, Value>,
        along: &Along,
    ) -> Result<Receipt, CaseError> {
        let unknown = || CaseError::Unknown(task.id.to_string());
        let case = self.registry.entity(&self.process, task.object("case").ok_or_else(unknown)?).await?;
        let mut tries = 0;
        loop {
            let mut deed = Deed::new(self, along.clone()).of(actor);
            let key = match self.instances(&case.id).await?.first() {
                Some(row) => (row.space, row.id),
                None => deed.adopt(&case).await?,
            };
            let step = task.text("step").unwrap_or_default();
            let token = deed.take(key).await?.state.waiting_at(step).ok_or_else(unknown)?;
            deed.queue(key, Event::Completed { token, variables: variables.clone() });
            deed.carry().await?;
            match self.commit(actor, deed).await {
                Err(e) if e.is_conflict() && !e.is_outrun(along) && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    /// Something happens to the instance of a case that has the token; see [`Cases::happen`].
    ///
    /// # Errors
    /// See [`CaseError`].
    pub async fn tell(&self, actor: &Actor, case: &Urn, event: &Event, along: &Along) -> Result<Receipt, CaseError> {
        let rows = self.instances(case).await?;
        let first = rows.first().ok_or_else(|| CaseError::Unknown(case.to_string()))?;
        self.happen(actor, (first.space, first.id), event, along).await
    }

    /// Brings a message to whoever waits for it, or begins what begins with it; whether anybody did.
    ///
    /// # Errors
    /// See [`CaseError`].
    pub async fn message(
        &self,
        actor: &Actor,
        name: &str,
        key: Option<&str>,
        payload: Map<String, Value>,
    ) -> Result<bool, CaseError> {
        let Some(receiver) = self.receiver(name, key.unwrap_or_default()).await? else {
            return self.begun_by(actor, name, payload).await;
        };
        let event = Event::Message { name: name.to_owned(), key: key.map(str::to_owned), payload };
        match self.happen(actor, (receiver.space, receiver.instance), &event, &Along::default()).await {
            Ok(_) => Ok(true),
            Err(e) if e.is_late() => Ok(false),
            Err(e) => Err(e),
        }
    }

    pub(crate) async fn receiver(&self, name: &str, key: &str) -> Result<Option<Waiting>, StoreError> {
        let (name, key) = (name.to_owned(), key.to_owned());
        let read =
            move |conn: &mut dyn svod_store::Conn| instance::awaiting(conn, instance::Waits::Message, &name, &key, 1);
        Ok(self.store.read(read).await?.into_iter().next())
    }

    /// The instances of a case: the one it began with first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn instances(&self, case: &Urn) -> Result<Vec<InstanceRow>, StoreError> {
        let urn = case.to_string();
        self.store.read(move |conn| instance::of_case(conn, &urn)).await
    }

    async fn commit(&self, actor: &Actor, deed: Deed<'_>) -> Result<Receipt, CaseError> {
        let wakes = deed.wakes();
        let ticked = deed.ticked.clone();
        let command: Command = deed.command()?;
        let receipt = self.registry.execute(actor, command).await?;
        for what in ticked.into_iter().filter(|_| !receipt.repeated) {
            metrics::counter!("svod_case_terms_total", "what" => what).increment(1);
        }
        if wakes {
            self.due.notify_one();
        }
        Ok(receipt)
    }

    /// A number for an instance that is new.
    async fn number(&self, space: i64) -> Result<i64, StoreError> {
        let next = |numbers: &mut HashMap<i64, (i64, i64)>| {
            let (next, end) = numbers.get_mut(&space)?;
            (*next < *end).then(|| {
                *next += 1;
                *next - 1
            })
        };
        if let Some(number) = next(&mut self.numbers.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(number);
        }
        let first = self.store.write(move |conn| instance::numbers(conn, space, BLOCK)).await?;
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have taken a block meanwhile: what is left of it is never used, and nobody misses it.
        numbers.insert(space, (first + 1, first + BLOCK));
        Ok(first)
    }
}
