use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Actor, Coded, FieldError, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, CommandError, Operation, QueryError, Receipt, Registry};

use crate::cases::{Along, CaseError, Cases};

/// Longest result text, in characters.
pub const MAX_RESULT: usize = 4_000;

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
    /// The task is done by its form.
    #[error("the task is done by filling in its form")]
    Form,
    /// The case cannot go on.
    #[error(transparent)]
    Case(CaseError),
}

impl From<CaseError> for TaskError {
    fn from(e: CaseError) -> Self {
        match e {
            CaseError::Command(e) => Self::Command(e),
            CaseError::Query(e) => Self::Query(e),
            e => Self::Case(e),
        }
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
            Self::Form => "task-form",
            Self::Case(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Query(e) => e.status(),
            Self::Command(e) => e.status(),
            Self::State { .. } | Self::NotYours(_) | Self::Form => 409,
            Self::Result => 422,
            Self::Case(e) => e.status(),
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
    cases: Arc<Cases>,
}

impl Tasks {
    /// Over the registry.
    pub const fn new(registry: Arc<Registry>, cases: Arc<Cases>) -> Self {
        Self { registry, cases }
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

    /// Closes a taken task with its result; the case goes on.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn complete(&self, actor: &Actor, urn: &Urn, result: &str) -> Result<Receipt, TaskError> {
        let result = result.trim();
        if result.is_empty() || result.chars().count() > MAX_RESULT {
            return Err(TaskError::Result);
        }
        let variables = [("result".to_owned(), result.into())].into_iter().collect();
        self.close(actor, urn, Some(result), variables).await
    }

    /// Closes a taken task with what its form holds; the case goes on.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn complete_with(
        &self,
        actor: &Actor,
        urn: &Urn,
        answers: Map<String, Value>,
    ) -> Result<Receipt, TaskError> {
        self.close(actor, urn, None, answers).await
    }

    async fn close(
        &self,
        actor: &Actor,
        urn: &Urn,
        result: Option<&str>,
        variables: Map<String, Value>,
    ) -> Result<Receipt, TaskError> {
        let task = self.task(actor, urn).await?;
        needs(&task, "taken")?;
        mine(actor, &task)?;
        if result.is_some() && task.text("form").is_some() {
            return Err(TaskError::Form);
        }
        let mut set = vec![("status", "done".to_owned()), ("completedAt", self.now())];
        set.extend(result.map(|r| ("result", r.to_owned())));
        let change = Change::verb(patch_of(&task, &set, &[]), Action::Complete, "complete");
        let ground = ground(actor, &task);
        if task.object("case").is_none() {
            let command = Command { ground, changes: vec![change], ..Command::default() };
            return Ok(self.registry.execute(actor, command).await?);
        }
        let along = Along { ground: Some(ground), changes: vec![change], ..Along::default() };
        Ok(self.cases.complete(actor, &task, variables, &along).await?)
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
