//! A decision that the rules propose is accepted as it stands: the task is taken where it is offered, and done with the proposal, which
//! is held to the same form as answers are.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_forms::{Around, Form, Lists, Prefill};
use svod_kernel::{Actor, Coded, FieldError, Lang, Urn};
use svod_model::Entity;
use svod_registry::{Action, CommandError, QueryError, Receipt, Registry};

use crate::cases::overridden;
use crate::filling::{Filling, FillingError};
use crate::tasks::{TaskError, Tasks, shown_to};

/// Why a proposal is not accepted. A task that was offered may have become the actor's all the same.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The task cannot be taken or done.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Its form does not take the proposal.
    #[error(transparent)]
    Form(#[from] FillingError),
    /// Nothing is proposed that its form asks, or it must be signed.
    #[error("nothing is proposed for this task that can be accepted as it stands; fill in its form")]
    None,
    /// It cannot be accepted as it stands.
    #[error("the proposal cannot be accepted as it stands: {0}; fill in the form of the task")]
    Unfit(&'static str),
}

impl From<QueryError> for AcceptError {
    fn from(e: QueryError) -> Self {
        Self::Task(e.into())
    }
}

impl Coded for AcceptError {
    fn code(&self) -> &'static str {
        match self {
            Self::Task(e) => e.code(),
            Self::Form(e) => e.code(),
            Self::None => "no-proposal",
            Self::Unfit(_) => "proposal",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Task(e) => e.status(),
            Self::Form(e) => e.status(),
            Self::None => 409,
            Self::Unfit(_) => 422,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Task(e) => e.fields(),
            Self::Form(e) => e.fields(),
            Self::None | Self::Unfit(_) => Vec::new(),
        }
    }
}

impl AcceptError {
    /// The task itself is the actor's to do: its form says what to answer instead.
    pub const fn is_for_form(&self) -> bool {
        matches!(self, Self::Unfit(_) | Self::Form(FillingError::Answers(_)))
    }
}

/// Proposals that are accepted. Cheap to clone.
#[derive(Clone)]
pub struct Acceptance {
    registry: Arc<Registry>,
    filling: Filling,
    tasks: Tasks,
}

impl Acceptance {
    /// Over the registry, the forms of programs and what is done with tasks.
    pub const fn new(registry: Arc<Registry>, filling: Filling, tasks: Tasks) -> Self {
        Self { registry, filling, tasks }
    }

    /// Is something proposed for a task, all of which its form asks and nobody has to sign? What it is is open to who has taken it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_proposed(&self, task: &Entity) -> Result<bool, QueryError> {
        if task.text("form").is_none() {
            return Ok(false);
        }
        let whole = self.registry.entity(&Actor::platform("tasks"), &task.id).await?;
        let Some((proposed, form)) = proposal(&whole).zip(self.form_of(&whole).await?) else { return Ok(false) };
        let (catalogue, prefill, lists, inputs) =
            (self.registry.catalogue(), Prefill::new(), Lists::default(), Map::new());
        let around = Around {
            lang: Lang::En,
            texts: &catalogue.texts,
            now: self.registry.clock().now(),
            offset_hours: 0,
            prefill: &prefill,
            lists: &lists,
            inputs: &inputs,
        };
        // What was proposed for a step before stands in the process still, and is nothing for this one.
        Ok(!form.is_signed() && proposed.keys().all(|name| form.field(name, &around).is_some()))
    }

    /// The form of a task in the version of the pack that its case began with.
    async fn form_of(&self, task: &Entity) -> Result<Option<Arc<Form>>, QueryError> {
        let Some((named, case)) = task.text("form").zip(task.object("case")) else { return Ok(None) };
        let case = match self.registry.entity(&Actor::platform("tasks"), case).await {
            Ok(case) => case,
            Err(QueryError::NotFound(_)) => return Ok(None),
            Err(e) => return Err(e),
        };
        let process = case.text("processVersion").and_then(|p| p.split_once('@'));
        let Some((pack, (version, _))) = process.and_then(|(pack, rest)| Some((pack, rest.split_once('/')?))) else {
            return Ok(None);
        };
        let file = if named.ends_with(".form.json") { named.to_owned() } else { format!("{named}.form.json") };
        Ok(self.registry.programs(pack, version).await?.and_then(|p| p.forms.get(&file).cloned()))
    }

    /// Does a task as its rules propose: takes it where it is offered, and completes it.
    ///
    /// # Errors
    /// See [`AcceptError`]; what was taken stays taken when it cannot be completed.
    pub async fn accept(&self, actor: &Actor, urn: &Urn) -> Result<Receipt, AcceptError> {
        let task = self.registry.entity(actor, urn).await?;
        if task.kind != "Task" {
            return Err(QueryError::NotFound(format!("task {urn}")).into());
        }
        let resource = self.registry.resource_of(&task);
        for action in [Action::Take, Action::Complete] {
            if !self.registry.may(actor, action, &resource) {
                let (action, kind) = (action.as_str(), task.kind.clone());
                let refused = CommandError::Forbidden { action, kind, space: task.space.clone() };
                return Err(TaskError::from(refused).into());
            }
        }
        if !self.is_proposed(&task).await? {
            return Err(AcceptError::None);
        }
        if task.text("status") == Some("offered") {
            self.tasks.take(actor, urn).await?;
        }
        let sheet = self.filling.of_task(actor, urn).await?;
        let task = shown_to(&self.registry, actor, self.registry.entity(actor, urn).await?).await?;
        let proposed = proposal(&task).ok_or(AcceptError::None)?;
        let done = self.filling.fill(actor, &sheet, proposed.clone(), BTreeSet::new()).await?.data;
        let Value::Object(answers) = done else { return Err(AcceptError::Unfit("its form takes no answers")) };
        if overridden(&proposed, &answers) {
            return Err(AcceptError::Unfit("its form does not ask all that is proposed"));
        }
        Ok(self.tasks.complete_with(actor, urn, answers, &[]).await?)
    }
}

fn proposal(task: &Entity) -> Option<Map<String, Value>> {
    serde_json::from_str::<Map<String, Value>>(task.text("proposal")?).ok().filter(|proposal| !proposal.is_empty())
}
