//! Somebody has a task and is away: who acts in their post, or heads the body, gives it back or takes it over.

use std::sync::Arc;

use svod_kernel::{Actor, Coded, FieldError, Lang, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, CommandError, EntityQuery, Operation, QueryError, Registry, Tenure};

use crate::tasks::{TaskError, Tasks, is_taken_by};

/// What becomes of a task that somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// It waits for somebody of the body again.
    Body,
    /// Whoever acts has it from now on.
    Me,
}

/// Why it stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// As with any other task.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Not for whoever asks.
    #[error("'{0}' has the task; who acts in their post, or heads the body, may take it over")]
    NotForYou(String),
}

impl From<QueryError> for HandoverError {
    fn from(e: QueryError) -> Self {
        Self::Task(e.into())
    }
}

impl From<CommandError> for HandoverError {
    fn from(e: CommandError) -> Self {
        Self::Task(e.into())
    }
}

impl Coded for HandoverError {
    fn code(&self) -> &'static str {
        match self {
            Self::Task(e) => e.code(),
            Self::NotForYou(_) => "task-not-handed-over",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Task(e) => e.status(),
            Self::NotForYou(_) => 403,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Task(e) => e.fields(),
            Self::NotForYou(_) => Vec::new(),
        }
    }
}

/// Is it the post of who heads its body?
pub(crate) fn is_head(post: &Entity) -> bool {
    post.value("head").and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// Does the actor act now in a post that fits? They hold it or act in it, and this is the one in which they are here: who has
/// several has the powers of one at a time.
pub(crate) async fn acts_in(
    registry: &Registry,
    actor: &Actor,
    fits: impl Fn(&Entity) -> bool,
) -> Result<bool, QueryError> {
    if actor.id.parse::<Urn>().is_err() || !actor.on_behalf.is_empty() {
        return Ok(false);
    }
    let (reader, now) = (Actor::platform("handover"), registry.clock().now());
    let texts = registry.catalogue().texts.clone();
    let is_as = |post: &Entity| {
        let name = post.text("name").unwrap_or(post.id.as_str());
        actor.name == name || actor.name == texts.format(Lang::Ru, "post-acting", &[("post", name.into())])
    };
    let tree = registry.spaces();
    let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open);
    for top in tops.map(|s| s.path.clone()).collect::<Vec<_>>() {
        let q = EntityQuery::of(top, &["Appointment"]).with("person", &actor.id);
        for appointment in registry.query(&reader, q).await?.items {
            if !Tenure::of(&appointment).is_some_and(|t| t.holds(now)) {
                continue;
            }
            let Some(post) = appointment.object("post") else { continue };
            let Ok(post) = registry.entity(&reader, post).await else { continue };
            if post.kind == "Post" && fits(&post) && is_as(&post) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Substitution. Cheap to clone.
#[derive(Clone)]
pub struct Handover {
    registry: Arc<Registry>,
    tasks: Tasks,
}

impl Handover {
    /// Over the registry and what is done with tasks.
    pub const fn new(registry: Arc<Registry>, tasks: Tasks) -> Self {
        Self { registry, tasks }
    }

    /// May the actor dispose of a task that somebody else has taken?
    ///
    /// # Errors
    /// When the store fails.
    pub async fn may(&self, actor: &Actor, task: &Entity) -> Result<bool, QueryError> {
        let Some(by) = task.text("takenBy").filter(|_| !is_taken_by(task, actor)) else { return Ok(false) };
        if task.text("status") != Some("taken") {
            return Ok(false);
        }
        if !self.registry.may(actor, Action::Take, &self.registry.resource_of(task)) {
            return Ok(false);
        }
        let same_body = actor.body.is_some() && actor.body.as_ref() == task.object("body");
        if same_body && self.substitutes(actor, by) {
            return Ok(true);
        }
        match task.object("body") {
            Some(body) => self.heads(actor, body).await,
            None => Ok(false),
        }
    }

    /// Does the actor act in the post of that name, or hold the post in which somebody of that name acts? Names of posts are
    /// what the journal knows people by.
    fn substitutes(&self, actor: &Actor, by: &str) -> bool {
        let texts = &self.registry.catalogue().texts;
        let acting = |post: &str| texts.format(Lang::Ru, "post-acting", &[("post", post.into())]);
        acting(by) == actor.name || acting(&actor.name) == by
    }

    /// Does the actor head that body now?
    ///
    /// # Errors
    /// When the store fails.
    pub async fn heads(&self, actor: &Actor, body: &Urn) -> Result<bool, QueryError> {
        if actor.body.as_ref() != Some(body) {
            return Ok(false);
        }
        acts_in(&self.registry, actor, |post| is_head(post) && post.object("body") == Some(body)).await
    }

    /// Gives a task that somebody else has taken back to its body, or to the actor.
    ///
    /// # Errors
    /// [`HandoverError::NotForYou`]; a [`TaskError`]. When it cannot be taken after it was given back, it waits for
    /// somebody of the body.
    pub async fn hand_over(&self, actor: &Actor, task: &Urn, to: To) -> Result<(), HandoverError> {
        let task = self.registry.entity(actor, task).await?;
        if task.kind != "Task" {
            return Err(QueryError::NotFound(format!("task {}", task.id)).into());
        }
        let found = task.text("status").unwrap_or_default();
        if found != "taken" {
            return Err(TaskError::State { found: found.to_owned(), needed: "taken" }.into());
        }
        if !self.may(actor, &task).await? {
            return Err(HandoverError::NotForYou(task.text("takenBy").unwrap_or_default().to_owned()));
        }
        let patch = Operation::Patch {
            urn: task.id.clone(),
            expected: Some(task.version),
            set: [("status".to_owned(), Attribute::property("offered"))].into(),
            unset: ["takenBy", "takenAt", "access"].map(str::to_owned).to_vec(),
        };
        let ground = actor.body.as_ref().map_or_else(|| "post".to_owned(), |b| format!("post:{b}"));
        let change = Change::verb(patch, Action::Take, "substitute");
        let changes = std::iter::once(change).chain(self.tasks.ends(&task)).collect();
        let command = Command { ground, cause: task.object("case").cloned(), changes, ..Command::default() };
        self.registry.execute(actor, command).await?;
        if to == To::Me {
            self.tasks.take(actor, &task.id).await?;
        }
        Ok(())
    }
}
