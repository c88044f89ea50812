use std::collections::BTreeMap;
use std::sync::Arc;

use svod_kernel::{Actor, Coded, FieldError, Urn};
use svod_model::{Attribute, Entity};
use svod_process::{Effect, Event, Process, State, StepError};
use svod_registry::{Action, Change, Command, CommandError, Operation, QueryError, Receipt, Registry};

/// Longest result text, in characters.
pub const MAX_RESULT: usize = 4_000;

/// Time for a task when the one before it had none set.
const DEFAULT_SECONDS: i64 = 24 * 3600;

/// Why a task was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Not one the actor may know of.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Refused by the registry.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The task is in another state.
    #[error("the task is {found}; it must be {needed} for this")]
    State {
        /// Its state.
        found: String,
        /// The state it must be in.
        needed: &'static str,
    },
    /// Somebody else has it.
    #[error("the task was taken by {0}; they give it back or complete it")]
    NotYours(String),
    /// A result must be given.
    #[error("write what was done, in 1 to 4,000 characters")]
    Result,
    /// The process the case runs on is no longer there, or refuses the step.
    #[error("the case cannot go on: {0}")]
    Process(String),
}

impl From<StepError> for TaskError {
    fn from(e: StepError) -> Self {
        Self::Process(e.to_string())
    }
}

impl Coded for TaskError {
    fn code(&self) -> &'static str {
        match self {
            Self::Query(e) => e.code(),
            Self::Command(e) => e.code(),
            Self::State { .. } => "task-state",
            Self::NotYours(_) => "task-not-yours",
            Self::Result => "task-result",
            Self::Process(_) => "process-step",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Query(e) => e.status(),
            Self::Command(e) => e.status(),
            Self::State { .. } | Self::NotYours(_) => 409,
            Self::Result => 422,
            Self::Process(_) => 500,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Command(e) => e.fields(),
            Self::Result => {
                vec![FieldError { field: "result".into(), rule: "required".into(), fix: "write what was done".into() }]
            }
            _ => Vec::new(),
        }
    }
}

/// What an official does with a task.
#[derive(Clone)]
pub struct Tasks {
    registry: Arc<Registry>,
}

impl Tasks {
    /// Over the registry.
    pub const fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// Takes an offered task upon oneself.
    ///
    /// # Errors
    /// See [`TaskError`]; of two officials at once one gets `version-conflict`.
    pub async fn take(&self, actor: &Actor, urn: &Urn) -> Result<Receipt, TaskError> {
        let task = self.task(actor, urn).await?;
        needs(&task, "offered")?;
        let set = [("status", "taken".to_owned()), ("takenBy", actor.name.clone()), ("takenAt", self.now())];
        self.patch(actor, &task, &set, &[], "take", Action::Take).await
    }

    /// Gives a taken task back.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn release(&self, actor: &Actor, urn: &Urn) -> Result<Receipt, TaskError> {
        let task = self.task(actor, urn).await?;
        needs(&task, "taken")?;
        mine(actor, &task)?;
        self.patch(actor, &task, &[("status", "offered".to_owned())], &["takenBy", "takenAt"], "release", Action::Take)
            .await
    }

    /// Closes a taken task with its result; the case goes one step further.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn complete(&self, actor: &Actor, urn: &Urn, result: &str) -> Result<Receipt, TaskError> {
        let result = result.trim();
        if result.is_empty() || result.chars().count() > MAX_RESULT {
            return Err(TaskError::Result);
        }
        let task = self.task(actor, urn).await?;
        needs(&task, "taken")?;
        mine(actor, &task)?;
        let set = [("status", "done".to_owned()), ("result", result.to_owned()), ("completedAt", self.now())];
        let mut changes = vec![Change::verb(patch_of(&task, &set, &[]), Action::Complete, "complete")];
        if let Some(case) = task.object("case") {
            let case = self.registry.entity(&Actor::platform("runtime"), case).await?;
            changes.extend(self.advance(&case, &task).await?);
        }
        let command = Command {
            ground: ground(actor, &task),
            cause: task.object("case").cloned(),
            changes,
            ..Command::default()
        };
        Ok(self.registry.execute(actor, command).await?)
    }

    /// The case after the task of a step was completed, and the tasks of the steps that follow.
    async fn advance(&self, case: &Entity, task: &Entity) -> Result<Vec<Change>, TaskError> {
        let step = task.text("step").unwrap_or_default();
        let process = self.process(case).await?;
        let state: State = serde_json::from_str(case.text("state").unwrap_or("{}"))
            .map_err(|e| TaskError::Process(format!("its state cannot be read: {e}")))?;
        let (state, effects) = process.step(&state, &Event::Completed { element: step.to_owned() })?;
        let kept = serde_json::to_string(&state).map_err(|e| TaskError::Process(e.to_string()))?;
        let mut set = vec![("state", kept)];
        if effects.iter().any(|e| matches!(e, Effect::Finished)) {
            set.extend([("status", "closed".to_owned()), ("closedAt", self.now())]);
        }
        let mut changes = vec![Change::verb(patch_of(case, &set, &[]), Action::Complete, "advance")];
        for (n, effect) in effects.iter().enumerate() {
            if let Effect::OfferTask { element, .. } = effect {
                let next = self.following(case, task, element, n)?;
                changes.push(Change::verb(Operation::Create(next), Action::Complete, "offer"));
            }
        }
        Ok(changes)
    }

    /// The task of a further step: about the same, for the same body, with as much time as the one before had.
    fn following(&self, case: &Entity, before: &Entity, step: &str, n: usize) -> Result<Entity, TaskError> {
        let id = Urn::svod("task", &format!("{}-{}-{n}", case.id.local(), case.version));
        // The case's own id may be as long as an id can be.
        let id = id.map_err(|e| TaskError::Process(format!("its id makes none for a task: {e}")))?;
        let mut next = Entity::new(id, "Task", case.space.clone());
        for name in ["case", "alert", "body", "kind", "severity", "subject", "name", "location"] {
            if let Some(a) = before.attributes.get(name) {
                next = next.with(name, a.clone());
            }
        }
        let (offered, deadline) = (before.time("offeredAt"), before.time("deadline"));
        let given = offered.zip(deadline).map_or(DEFAULT_SECONDS, |(from, to)| to.seconds_since(from) as i64);
        let now = self.registry.clock().now();
        Ok(next
            .with("step", Attribute::property(step))
            .with("status", Attribute::property("offered"))
            .with("offeredAt", Attribute::property(now.to_string()))
            .with("deadline", Attribute::property(now.plus_seconds(given).to_string())))
    }

    /// The process in the version the case started with.
    async fn process(&self, case: &Entity) -> Result<Arc<Process>, TaskError> {
        let named = case.text("processVersion").unwrap_or_default();
        let gone = || TaskError::Process(format!("the process '{named}' is in no published pack"));
        let (pack, rest) = named.split_once('@').ok_or_else(gone)?;
        let (version, id) = rest.split_once('/').ok_or_else(gone)?;
        let catalogue = self.registry.catalogue();
        let same = |t: &&Arc<svod_registry::CompiledTrigger>| {
            t.spec.pack == pack && t.spec.version == version && t.process.id() == id
        };
        if let Some(t) = catalogue.triggers.iter().find(same) {
            return Ok(t.process.clone());
        }
        let found = self.registry.published_process(pack, version, id).await.map_err(QueryError::from)?;
        found.map(Arc::new).ok_or_else(gone)
    }

    async fn task(&self, actor: &Actor, urn: &Urn) -> Result<Entity, TaskError> {
        let task = self.registry.entity(actor, urn).await?;
        if task.kind == "Task" { Ok(task) } else { Err(QueryError::NotFound(format!("task {urn}")).into()) }
    }

    async fn patch(
        &self,
        actor: &Actor,
        task: &Entity,
        set: &[(&str, String)],
        unset: &[&str],
        verb: &'static str,
        action: Action,
    ) -> Result<Receipt, TaskError> {
        let command = Command {
            ground: ground(actor, task),
            cause: task.object("case").cloned(),
            changes: vec![Change::verb(patch_of(task, set, unset), action, verb)],
            ..Command::default()
        };
        Ok(self.registry.execute(actor, command).await?)
    }

    fn now(&self) -> String {
        self.registry.clock().now().to_string()
    }
}

fn patch_of(entity: &Entity, set: &[(&str, String)], unset: &[&str]) -> Operation {
    let set: BTreeMap<String, Attribute> =
        set.iter().map(|(k, v)| ((*k).to_owned(), Attribute::property(v.as_str()))).collect();
    Operation::Patch {
        urn: entity.id.clone(),
        expected: Some(entity.version),
        set,
        unset: unset.iter().map(|s| (*s).to_owned()).collect(),
    }
}

fn ground(actor: &Actor, task: &Entity) -> String {
    let body = actor.body.as_ref().or_else(|| task.object("body"));
    body.map_or_else(|| "post".to_owned(), |b| format!("post:{b}"))
}

fn needs(task: &Entity, needed: &'static str) -> Result<(), TaskError> {
    let found = task.text("status").unwrap_or_default();
    if found == needed { Ok(()) } else { Err(TaskError::State { found: found.to_owned(), needed }) }
}

fn mine(actor: &Actor, task: &Entity) -> Result<(), TaskError> {
    match task.text("takenBy") {
        Some(by) if by != actor.name => Err(TaskError::NotYours(by.to_owned())),
        _ => Ok(()),
    }
}
