use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_files::{FileInfo, Files};
use svod_kernel::{Actor, Coded, FieldError, Lang, Role, Urn};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_registry::{Action, Change, Command, CommandError, Operation, QueryError, Receipt, Registry};

use svod_trust::{Trust, Work};

use crate::cases::whose::{Whose, whose};
use crate::cases::{Along, CaseError, Cases};
use crate::handover::acts_in;
use crate::naming::task_name;

/// How long what a task holds stays open to who took it, at the least: until its deadline when that is later.
const OPEN_SECONDS: i64 = 24 * 3600;
/// And at the most: who still needs it then opens it again.
const OPEN_MOST_SECONDS: i64 = 30 * 24 * 3600;

/// How often a task that was changed meanwhile, by the clock of its case say, is read again before it is completed.
const TRIES: usize = 4;

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
    trust: Trust,
}

impl Tasks {
    /// Over the registry.
    pub fn new(registry: Arc<Registry>, cases: Arc<Cases>) -> Self {
        let trust = Trust::new(registry.clone());
        Self { registry, cases, trust }
    }

    /// Takes an offered task upon oneself. What its applicant wrote is open with it, which the applicant sees; taken again by
    /// who has it already, that is opened anew.
    ///
    /// # Errors
    /// See [`TaskError`]; of two officials at once one gets `version-conflict`.
    pub async fn take(&self, actor: &Actor, urn: &Urn) -> Result<Receipt, TaskError> {
        let task = self.task(actor, urn).await?;
        let open = task.object("person").is_some() && task.text("status") == Some("taken");
        let again = open && mine(actor, &task).is_ok();
        if !again {
            needs(&task, "offered")?;
        }
        if !self.cases.may_review(actor, &task).await? {
            return Err(CaseError::OwnDecision.into());
        }
        if !again && !self.is_for(actor, &task).await? {
            let (action, kind) = (Action::Take.as_str(), task.kind.clone());
            return Err(CommandError::Forbidden { action, kind, space: task.space.clone() }.into());
        }
        let mut set: BTreeMap<String, Attribute> = BTreeMap::new();
        if !again {
            let texts = [("status", "taken".to_owned()), ("takenAt", self.now())];
            set.extend(texts.map(|(name, value)| (name.to_owned(), Attribute::property(value))));
            set.insert("takenBy".to_owned(), taken_by(actor));
            // Tasks of earlier versions have none, and long lists are read by it.
            if let Some(deadline) = task.attributes.get("deadline").filter(|_| task.text("openUntil").is_none()) {
                set.insert("openUntil".to_owned(), deadline.clone());
            }
        }
        let (person, access) = self.access(actor, &task).await?;
        if let Some(access) = &access {
            set.insert("access".to_owned(), Attribute::object(access.id.clone()));
        }
        let patch = Operation::Patch { urn: task.id.clone(), expected: Some(task.version), set, unset: Vec::new() };
        let command = Command {
            ground: ground(actor, &task),
            cause: task.object("case").cloned(),
            changes: std::iter::once(Change::verb(patch, Action::Take, "take"))
                .chain(person.map(|person| is_now_about(&task, person)))
                .chain(self.ends(&task))
                .collect(),
            ..Command::default()
        };
        let Some(access) = access else { return Ok(self.registry.execute(actor, command).await?) };
        let receipt = self.registry.look_while(actor, command, access.clone()).await?;
        self.trust.worked(actor, &access).await;
        Ok(receipt)
    }

    /// Is a task offered to the post in which the actor is here? One that names no post is for anybody of its body.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_for(&self, actor: &Actor, task: &Entity) -> Result<bool, QueryError> {
        match task.object("post") {
            Some(post) if !actor.is(Role::Platform) => acts_in(&self.registry, actor, |p| p.id == *post).await,
            _ => Ok(true),
        }
    }

    /// Those of the posts that these tasks name in which the actor is not here: what names one of them is for somebody else.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn posts_of_others<'t>(
        &self,
        actor: &Actor,
        tasks: impl IntoIterator<Item = &'t Entity>,
    ) -> Result<BTreeSet<Urn>, QueryError> {
        let named: BTreeSet<Urn> = tasks.into_iter().filter_map(|t| t.object("post").cloned()).collect();
        let mut others = BTreeSet::new();
        for post in named.into_iter().filter(|_| !actor.is(Role::Platform)) {
            if !acts_in(&self.registry, actor, |p| p.id == post).await? {
                others.insert(post);
            }
        }
        Ok(others)
    }

    /// What is opened with a task: on the acts of its service, for as long as it may take; and whose matter it has become.
    async fn access(&self, actor: &Actor, task: &Entity) -> Result<(Option<Urn>, Option<Entity>), TaskError> {
        let Some(person) = task.object("person") else { return Ok((None, None)) };
        let now = match whose(&self.registry, person).await? {
            Whose::Theirs => None,
            Whose::Became(now) => Some(now.id),
            // Who is not there any more has nothing left to be opened; their case may have to be brought to its end.
            Whose::Gone => return Ok((None, None)),
        };
        let about_now = now.clone().map(|now| task.clone().with("person", Attribute::object(now)));
        let task = about_now.as_ref().unwrap_or(task);
        let case = match task.object("case") {
            Some(case) => self.registry.entity(actor, case).await.ok(),
            None => None,
        };
        let service = task.text("service").unwrap_or_default();
        let catalogue = self.registry.catalogue();
        let of = |spec: &&svod_model::ServiceSpec| service.split_once('/') == Some((&*spec.pack, &*spec.id));
        let acts = catalogue.packs.iter().flat_map(|p| &p.services).find(of).map(|spec| spec.acts.join("; "));
        let title = task_name(&catalogue.texts, Lang::Ru, task, case.as_ref());
        let number = case.as_ref().and_then(|c| c.text("number")).unwrap_or_default();
        let moment = self.registry.clock().now();
        let until = task.time("deadline").unwrap_or(moment);
        let until = until.max(moment.plus_seconds(OPEN_SECONDS)).min(moment.plus_seconds(OPEN_MOST_SECONDS));
        let reason = if number.is_empty() { title } else { format!("{title}: {number}") };
        let ground = acts.unwrap_or_else(|| ground(actor, task));
        Ok((now, self.trust.for_work(actor, &Work { task, ground: &ground, reason: &reason, until })))
    }

    /// Gives a taken task back.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn release(&self, actor: &Actor, urn: &Urn) -> Result<Receipt, TaskError> {
        let task = self.task(actor, urn).await?;
        needs(&task, "taken")?;
        mine(actor, &task)?;
        let patch = patch_of(&task, &[("status", "offered".to_owned())], &["takenBy", "takenAt", "access"]);
        let command = Command {
            ground: ground(actor, &task),
            cause: task.object("case").cloned(),
            changes: std::iter::once(Change::verb(patch, Action::Take, "release")).chain(self.ends(&task)).collect(),
            ..Command::default()
        };
        Ok(self.registry.execute(actor, command).await?)
    }

    /// The case names the files that came with the answers.
    async fn named(&self, task: &Entity, files: &[FileInfo]) -> Result<Option<Change>, TaskError> {
        let Some(case) = task.object("case").filter(|_| !files.is_empty()) else { return Ok(None) };
        let platform = Arc::new(Actor::platform("files"));
        let case = self.registry.entity(&platform, case).await?;
        let Some(all) = Files::naming(&case, files) else { return Ok(None) };
        let set = BTreeMap::from([(svod_files::ATTRIBUTE.to_owned(), all)]);
        let patch = Operation::Patch { urn: case.id, expected: Some(case.version), set, unset: Vec::new() };
        Ok(Some(Change::verb(patch, Action::Update, "attach").by(&platform)))
    }

    /// What was opened with the task is closed with it.
    pub(crate) fn ends(&self, task: &Entity) -> Option<Change> {
        task.object("access").map(|access| self.trust.work_ends(access))
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
        self.close(actor, urn, (Some(result), &[]), variables).await
    }

    /// Closes a taken task with what its form holds, and files held for its case; the case names them and goes on.
    ///
    /// # Errors
    /// See [`TaskError`].
    pub async fn complete_with(
        &self,
        actor: &Actor,
        urn: &Urn,
        answers: Map<String, Value>,
        files: &[FileInfo],
    ) -> Result<Receipt, TaskError> {
        self.close(actor, urn, (None, files), answers).await
    }

    /// Closes it as it is now. What somebody else changed of it or of its case in between is read again; that they have closed
    /// it, or taken it over, is what it says then.
    async fn close(
        &self,
        actor: &Actor,
        urn: &Urn,
        how: (Option<&str>, &[FileInfo]),
        variables: Map<String, Value>,
    ) -> Result<Receipt, TaskError> {
        let mut tries = 0;
        loop {
            match self.close_as_it_is(actor, urn, how, variables.clone()).await {
                Err(TaskError::Command(CommandError::Conflict { .. })) if tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn close_as_it_is(
        &self,
        actor: &Actor,
        urn: &Urn,
        (result, files): (Option<&str>, &[FileInfo]),
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
        if result.is_none() {
            set.push(("answers", Value::Object(variables.clone()).to_string()));
        }
        let change = Change::verb(patch_of(&task, &set, &["openUntil"]), Action::Complete, "complete");
        let changes: Vec<Change> = std::iter::once(change).chain(self.ends(&task)).collect();
        let ground = ground(actor, &task);
        // A process without a case has tasks as well: what waits for one is its token.
        if task.object("case").is_none() && task.text("token").is_none() {
            let command = Command { ground, changes, ..Command::default() };
            return Ok(self.registry.execute(actor, command).await?);
        }
        let named = self.named(&task, files).await?;
        let changes = changes.into_iter().chain(named).collect();
        let along = Along { ground: Some(ground), changes, ..Along::default() };
        Ok(self.cases.complete(actor, &task, variables, &along).await?)
    }

    async fn task(&self, actor: &Actor, urn: &Urn) -> Result<Entity, TaskError> {
        let task = self.registry.entity(actor, urn).await?;
        if task.kind == "Task" { Ok(task) } else { Err(QueryError::NotFound(format!("task {urn}")).into()) }
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

pub(crate) fn needs(task: &Entity, needed: &'static str) -> Result<(), TaskError> {
    let found = task.text("status").unwrap_or_default();
    if found == needed { Ok(()) } else { Err(TaskError::State { found: found.to_owned(), needed }) }
}

pub(crate) fn mine(actor: &Actor, task: &Entity) -> Result<(), TaskError> {
    if is_taken_by(task, actor) {
        return Ok(());
    }
    Err(TaskError::NotYours(task.text("takenBy").unwrap_or_default().to_owned()))
}

/// The matter has become another person's, of whom its applicant is a part by now.
fn is_now_about(task: &Entity, person: Urn) -> Change {
    let set = BTreeMap::from([("person".to_owned(), Attribute::object(person))]);
    let patch = Operation::Patch { urn: task.id.clone(), expected: None, set, unset: Vec::new() };
    Change::verb(patch, Action::Update, "update").by(&Arc::new(Actor::platform("tasks")))
}

/// A task as it is shown to who looks at it: `task` as they may see it. Where its applicant is not there any more nothing can be
/// opened, nor is there anybody to tell of it: whoever has taken it sees what its process shows, and can bring the case to its end.
///
/// # Errors
/// When the store fails.
pub async fn shown_to(registry: &Registry, actor: &Actor, task: Entity) -> Result<Entity, QueryError> {
    let taken = task.text("status") == Some("taken") && task.text("takenBy").is_some() && is_taken_by(&task, actor);
    if !taken || task.text("input").is_some() {
        return Ok(task);
    }
    if let Some(person) = task.object("person")
        && !matches!(whose(registry, person).await?, Whose::Gone)
    {
        return Ok(task);
    }
    let whole = registry.entity(&Actor::platform("tasks"), &task.id).await?;
    let shown = ["input", "proposal"].into_iter().filter_map(|name| Some((name, whole.attributes.get(name)?.clone())));
    Ok(shown.fold(task, |task, (name, attribute)| task.with(name, attribute)))
}

/// Who takes a task: the name of the post, and who holds it, for two may hold posts of one name.
fn taken_by(actor: &Actor) -> Attribute {
    let who = [("actor".to_owned(), Attribute::property(actor.id.clone()))];
    Attribute { about: who.into_iter().collect(), ..Attribute::property(actor.name.clone()) }
}

/// Has the actor taken the task? One that was taken before it was written who, by the name of the post.
pub fn is_taken_by(task: &Entity, actor: &Actor) -> bool {
    let Some(taken) = task.attributes.get("takenBy") else { return true };
    match taken.about.get("actor").map(|a| &a.value) {
        Some(AttributeValue::Value(id)) => id.as_str() == Some(actor.id.as_str()),
        _ => task.text("takenBy") == Some(actor.name.as_str()),
    }
}
