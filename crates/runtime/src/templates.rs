//! Answers of a form that are kept under a name, to be given to many tasks: by an official for themselves, or by who heads a body for
//! all of it. Each task is held to its own form, as if somebody had filled it in.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use svod_forms::Form;
use svod_kernel::{Actor, Coded, FieldError, Urn};
use svod_model::Entity;
use svod_registry::{Action, CommandError, QueryError, Receipt, Registry};

use crate::applications::{ApplicationError, Applications};
use crate::cases::overridden;
use crate::enclosed::id;
use crate::filling::{Filling, FillingError};
use crate::handover::Handover;
use crate::tasks::{TaskError, Tasks, mine, needs};

/// What they are kept under, beside drafts.
const BEGINNING: &str = "view/form/";
/// Of one holder at the most.
const MOST: usize = 20;
/// Longest name, in characters.
const LONGEST: usize = 60;
/// What was kept longer ago than that is kept anew when it is looked at, so that what is in use is not swept away.
const TOUCHED_SECONDS: i64 = 7 * 86_400;
/// What names of files begin with: a file belongs to one case.
const FILE: &str = "urn:svod:file:";

/// Answers under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// What it is called, 1 to 60 characters, one of a holder.
    pub name: String,
    /// It is for everybody of the body.
    pub shared: bool,
    /// The form that it answers, as `pack/file`.
    pub form: String,
    /// The version of that pack.
    pub version: String,
    /// The answers, by the names of the form.
    pub answers: Map<String, Value>,
}

impl Template {
    /// By what one who may use it asks for it: `own/<name>` or `body/<name>`.
    pub fn key(&self) -> String {
        format!("{}/{}", if self.shared { "body" } else { "own" }, self.name)
    }
}

/// Why a template is not kept, or a task not answered with one.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The task is not the actor's to do now.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Its form does not take the answers.
    #[error(transparent)]
    Form(#[from] FillingError),
    /// What is kept cannot be read or written.
    #[error(transparent)]
    Kept(#[from] ApplicationError),
    /// The task has another form than the template answers.
    #[error("the task has another form than the template answers")]
    OtherForm,
    /// The case of the task began with another version of the form than the template was kept with.
    #[error("the task has the form of version {0}; keep a template of that version")]
    OtherVersion(String),
    /// The form of this task hides or does not ask some of what the template answers.
    #[error("the form of this task does not ask all that the template answers: {}", .0.join(", "))]
    Unasked(Vec<String>),
    /// A form that is signed is signed by who has read it.
    #[error("the form is signed: fill it in on its page")]
    Signed,
    /// A file belongs to one case: these answers name files.
    #[error("answers with files are of one case, and are given to it alone: {}", .0.join(", "))]
    Files(Vec<String>),
    /// What it is called.
    #[error("a template has a name of 1 to 60 characters")]
    Name,
    /// There is no more room.
    #[error("20 templates can be kept; remove one")]
    Full,
    /// There is none of that name.
    #[error("there is no template '{0}'")]
    Unknown(String),
    /// Only who heads a body keeps templates for all of it.
    #[error("only who heads the body keeps templates for it")]
    NotHead,
}

impl From<QueryError> for TemplateError {
    fn from(e: QueryError) -> Self {
        Self::Task(e.into())
    }
}

impl Coded for TemplateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Task(e) => e.code(),
            Self::Form(e) => e.code(),
            Self::Kept(e) => e.code(),
            Self::OtherForm => "template-form",
            Self::OtherVersion(_) => "template-version",
            Self::Unasked(_) => "template-unasked",
            Self::Signed => "template-signed",
            Self::Files(_) => "template-files",
            Self::Name => "template-name",
            Self::Full => "template-full",
            Self::Unknown(_) => "no-template",
            Self::NotHead => "template-not-head",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Task(e) => e.status(),
            Self::Form(e) => e.status(),
            Self::Kept(e) => e.status(),
            Self::OtherForm | Self::OtherVersion(_) | Self::Signed | Self::Full => 409,
            Self::Unasked(_) | Self::Files(_) | Self::Name => 422,
            Self::Unknown(_) => 404,
            Self::NotHead => 403,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let of =
            |field: &str, rule: &str, fix: &str| FieldError { field: field.into(), rule: rule.into(), fix: fix.into() };
        match self {
            Self::Task(e) => e.fields(),
            Self::Form(e) => e.fields(),
            Self::Unasked(names) => {
                names.iter().map(|n| of(n, "unasked", "answer this task by its form, or without this answer")).collect()
            }
            Self::Files(names) => {
                names.iter().map(|n| of(n, "files", "answer each task with its own files, by its form")).collect()
            }
            Self::Name => vec![of("name", "length", "give a name of 1 to 60 characters")],
            _ => Vec::new(),
        }
    }
}

/// Templates of answers, and tasks answered with them. Cheap to clone.
#[derive(Clone)]
pub struct Templates {
    registry: Arc<Registry>,
    applications: Applications,
    filling: Filling,
    tasks: Tasks,
}

impl Templates {
    /// Over the registry, what people keep, the forms of programs and what is done with tasks.
    pub const fn new(registry: Arc<Registry>, applications: Applications, filling: Filling, tasks: Tasks) -> Self {
        Self { registry, applications, filling, tasks }
    }

    /// What the actor may answer with: their own, then those of the body in whose post they are here, by their names.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(&self, actor: &Actor) -> Result<Vec<Template>, TemplateError> {
        let mut all = Vec::new();
        for (holder, shared) in std::iter::once((actor.clone(), false)).chain(holder_of(actor).map(|body| (body, true)))
        {
            let now = self.registry.clock().now();
            let mut of_it = Vec::new();
            for row in self.applications.drafts(&holder).await? {
                let Some(template) = read(&row.form, &row.version, &row.doc, shared) else { continue };
                if row.modified.plus_seconds(TOUCHED_SECONDS) < now {
                    self.applications.touch(&row).await?;
                }
                of_it.push(template);
            }
            of_it.sort_by(|a, b| a.name.cmp(&b.name));
            all.extend(of_it);
        }
        Ok(all)
    }

    /// One of them, by its key.
    ///
    /// # Errors
    /// [`TemplateError::Unknown`] also for what is another's.
    pub async fn get(&self, actor: &Actor, key: &str) -> Result<Template, TemplateError> {
        let found = self.all(actor).await?.into_iter().find(|t| t.key() == key);
        found.ok_or_else(|| TemplateError::Unknown(key.to_owned()))
    }

    /// Keeps answers under a name, for the form of a task that the actor has taken: this form must take them as they stand.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub async fn keep(
        &self,
        actor: &Actor,
        task: &Urn,
        (name, shared): (&str, bool),
        answers: Map<String, Value>,
    ) -> Result<Template, TemplateError> {
        let (name, task) = (name.trim(), self.task(actor, task).await?);
        if !(1..=LONGEST).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(TemplateError::Name);
        }
        let holder = self.holder(actor, shared).await?;
        let (form, version) = self.form_of(&task).await?.ok_or_else(|| FillingError::NoForm(task.id.to_string()))?;
        let answers = self.taken(actor, &task.id, answers).await?;
        without_files(&answers)?;
        let key = format!("{BEGINNING}{name}");
        let rows = self.applications.drafts(&holder).await?;
        if rows.iter().filter(|r| r.form.starts_with(BEGINNING) && r.form != key).count() >= MOST {
            return Err(TemplateError::Full);
        }
        let doc = json!({"form": form, "answers": answers}).to_string();
        self.applications.keep(&holder, &key, &version, doc).await?;
        Ok(Template { name: name.to_owned(), shared, form, version, answers })
    }

    /// Throws one away; that there is none is no error.
    ///
    /// # Errors
    /// [`TemplateError::NotHead`] for what is the body's.
    pub async fn discard(&self, actor: &Actor, key: &str) -> Result<(), TemplateError> {
        let (of, name) = key.split_once('/').ok_or_else(|| TemplateError::Unknown(key.to_owned()))?;
        let holder = self.holder(actor, of == "body").await?;
        Ok(self.applications.discard(&holder, &format!("{BEGINNING}{name}")).await?)
    }

    /// What would be answered to a task with a template: the task is the actor's, and its form, of the same version, takes all of it.
    /// Nothing is done.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub async fn fits(
        &self,
        actor: &Actor,
        task: &Urn,
        template: &Template,
    ) -> Result<Map<String, Value>, TemplateError> {
        let task = self.task(actor, task).await?;
        needs(&task, "taken")?;
        mine(actor, &task)?;
        if !self.registry.may(actor, Action::Complete, &self.registry.resource_of(&task)) {
            let (action, kind) = (Action::Complete.as_str(), task.kind.clone());
            let refused = CommandError::Forbidden { action, kind, space: task.space.clone() };
            return Err(TaskError::from(refused).into());
        }
        match self.form_of(&task).await? {
            Some((form, version)) if form == template.form => {
                if version != template.version {
                    return Err(TemplateError::OtherVersion(version));
                }
            }
            _ => return Err(TemplateError::OtherForm),
        }
        let answers = self.taken(actor, &task.id, template.answers.clone()).await?;
        without_files(&answers)?;
        let same = |(name, value): &(&String, &Value)| {
            !overridden(&Map::from_iter([((*name).clone(), (*value).clone())]), &answers)
        };
        let unasked: Vec<String> = template.answers.iter().filter(|a| !same(a)).map(|(name, _)| name.clone()).collect();
        if unasked.is_empty() { Ok(answers) } else { Err(TemplateError::Unasked(unasked)) }
    }

    /// Does a task with a template: its form is filled in with it and sent, and what the actor had begun to answer is thrown away.
    ///
    /// # Errors
    /// See [`TemplateError`]; the task stays as it was then.
    pub async fn answer(&self, actor: &Actor, task: &Urn, template: &Template) -> Result<Receipt, TemplateError> {
        let answers = self.fits(actor, task, template).await?;
        let done = self.tasks.complete_with(actor, task, answers, &[]).await?;
        let_go(&self.applications, actor, task).await;
        Ok(done)
    }

    /// The form of a task that the actor has taken.
    ///
    /// # Errors
    /// As [`Templates::keep`].
    pub async fn form(&self, actor: &Actor, task: &Urn) -> Result<Arc<Form>, TemplateError> {
        Ok(self.filling.of_task(actor, task).await?.form)
    }

    async fn task(&self, actor: &Actor, urn: &Urn) -> Result<Entity, TemplateError> {
        let task = self.registry.entity(actor, urn).await?;
        if task.kind == "Task" { Ok(task) } else { Err(QueryError::NotFound(format!("task {urn}")).into()) }
    }

    /// Answers as the form of a taken task keeps them.
    async fn taken(
        &self,
        actor: &Actor,
        task: &Urn,
        answers: Map<String, Value>,
    ) -> Result<Map<String, Value>, TemplateError> {
        let sheet = self.filling.of_task(actor, task).await?;
        if sheet.form.is_signed() {
            return Err(TemplateError::Signed);
        }
        match self.filling.fill(actor, &sheet, answers, BTreeSet::new()).await?.data {
            Value::Object(answers) => Ok(answers),
            _ => Ok(Map::new()),
        }
    }

    /// The form of a task as `pack/file`, and the version of the pack that its case began with.
    async fn form_of(&self, task: &Entity) -> Result<Option<(String, String)>, TemplateError> {
        let Some((named, case)) = task.text("form").zip(task.object("case")) else { return Ok(None) };
        let case = match self.registry.entity(&Actor::platform("templates"), case).await {
            Ok(case) => case,
            Err(QueryError::NotFound(_)) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let process = case.text("processVersion").and_then(|p| p.split_once('@'));
        let place = process.and_then(|(pack, rest)| Some((pack, rest.split_once('/')?.0)));
        let file = if named.ends_with(".form.json") { named.to_owned() } else { format!("{named}.form.json") };
        Ok(place.map(|(pack, version)| (format!("{pack}/{file}"), version.to_owned())))
    }

    /// Whose a template is that the actor keeps: their own, or, for who heads it, their body's.
    async fn holder(&self, actor: &Actor, shared: bool) -> Result<Actor, TemplateError> {
        if !shared {
            return Ok(actor.clone());
        }
        let (body, holder) = actor.body.as_ref().zip(holder_of(actor)).ok_or(TemplateError::NotHead)?;
        let handover = Handover::new(self.registry.clone(), self.tasks.clone());
        if handover.heads(actor, body).await? { Ok(holder) } else { Err(TemplateError::NotHead) }
    }
}

/// Throws away what the actor had begun to answer of a task that is done by now. That it cannot be thrown away undoes nothing, and is
/// told in the log alone: what nobody touches any more goes by itself.
pub async fn let_go(applications: &Applications, actor: &Actor, task: &Urn) {
    if let Err(error) = applications.discard(actor, &format!("task/{task}")).await {
        tracing::warn!(%error, %task, "what was begun of a task that is done could not be thrown away");
    }
}

/// The body in whose post somebody is here, as a holder.
fn holder_of(actor: &Actor) -> Option<Actor> {
    let body = actor.body.as_ref().filter(|_| actor.on_behalf.is_empty())?;
    Some(Actor { id: body.to_string(), name: body.to_string(), ..Actor::anonymous() })
}

fn read(key: &str, version: &str, doc: &str, shared: bool) -> Option<Template> {
    let name = key.strip_prefix(BEGINNING)?.to_owned();
    let doc: Value = serde_json::from_str(doc).ok()?;
    let (form, answers) = (doc.get("form")?.as_str()?.to_owned(), doc.get("answers")?.as_object()?.clone());
    Some(Template { name, shared, form, version: version.to_owned(), answers })
}

/// Refuses answers that name files, whatever they call them.
fn without_files(answers: &Map<String, Value>) -> Result<(), TemplateError> {
    let named: Vec<String> = answers.iter().filter(|(_, v)| names_file(v)).map(|(name, _)| name.clone()).collect();
    if named.is_empty() { Ok(()) } else { Err(TemplateError::Files(named)) }
}

fn names_file(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(FILE),
        Value::Array(items) => items.iter().any(names_file),
        Value::Object(map) => id(map).is_some() || map.values().any(names_file),
        _ => false,
    }
}
