use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Lang, SpacePath, Urn};
use svod_model::{AttributeValue, Entity};
use svod_registry::{Action, EntityQuery};
use svod_runtime::worklist::{self, Amount, Desk, Filter, Late, Listed, MAX_NAME, StatusFilter, Whose};
use svod_runtime::{Acceptance, Enclosed, FillingError, let_go, task_name};
use utoipa::{IntoParams, ToSchema};

use crate::drafts::object;
use crate::entities::Done;
use crate::files::{HeldFile, NameParam, held};
use crate::services::{Answers, unsigned};
use crate::{Caller, Failure, RestState};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskParams {
    /// Space; the first region when absent, in the order of the list of work every space in which the caller works.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
    /// `offered`, `taken` or `done`; in the order of the list of work also `open`, which it is when absent.
    status: Option<String>,
    /// `deadline`: as the list of work has it, what presses first, of what is done the latest first. It is so with any of the
    /// parameters below that narrow the list.
    order: Option<String>,
    /// `mine`: of the caller's body; `me`: taken by the caller.
    whose: Option<String>,
    /// Of this service, as `pack/service`; 200 bytes at the most.
    service: Option<String>,
    /// Of this kind of alert; 200 bytes at the most.
    kind: Option<String>,
    /// `danger` or `warning`.
    severity: Option<String>,
    /// Of the matters of this person or organization.
    #[param(value_type = Option<String>)]
    person: Option<Urn>,
    /// Offered to this post.
    #[param(value_type = Option<String>)]
    post: Option<Urn>,
    /// `overdue`, `soon` (within a day) or `escalated`.
    late: Option<String>,
    /// Words that stand in the task, or the number of a case however it is typed; of a list that is too long, and of what is done, only
    /// the number: see `unsearched`.
    q: Option<String>,
    /// Only of this body.
    #[param(value_type = Option<String>)]
    body: Option<Urn>,
    /// `title` in this language, as the packs call their tasks; without it in the language that `Accept-Language` asks for,
    /// and with neither as the processes call them.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
    /// `next` of the page before, with all else as it was there.
    after: Option<String>,
    /// 1 to 1,000, default 100.
    limit: Option<usize>,
}

/// How many, perhaps more: a long list is not counted to its end.
#[derive(Serialize, ToSchema)]
pub struct Count {
    /// So many.
    n: usize,
    /// There are more.
    more: bool,
}

/// Of all that is open, whatever the list is narrowed to but `whose=mine`.
#[derive(Serialize, ToSchema)]
pub struct TaskFigures {
    /// Waiting.
    offered: Count,
    /// Being worked on.
    taken: Count,
    /// Of both, past their deadline.
    overdue: Count,
    /// Taken by the caller.
    mine: Count,
}

#[derive(Default, Serialize, ToSchema)]
pub struct TaskPage {
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
    /// How many there are in all, in the order of the list of work, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// With the first page in the order of the list of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    figures: Option<TaskFigures>,
    /// Give it as `after` for the next page.
    next: Option<String>,
    /// `q` was not looked for: the list is too long for words, or of what is done, and no case has `q` as its number. There may be tasks
    /// with these words all the same.
    unsearched: bool,
    /// Those of `items` that wait for a post in which the caller is not, the head of a body say: they cannot take these.
    #[schema(value_type = Vec<String>)]
    others: Vec<Urn>,
}

impl From<Amount> for Count {
    fn from(Amount { n, more }: Amount) -> Self {
        Self { n, more }
    }
}

impl TaskParams {
    /// Is the list asked for as people have it before them?
    fn is_worked(&self) -> bool {
        let texts = [&self.order, &self.whose, &self.service, &self.kind, &self.severity, &self.late, &self.q];
        let open = self.status.as_deref() == Some(StatusFilter::Open.as_str());
        open || texts.into_iter().any(Option::is_some) || self.person.is_some() || self.post.is_some()
    }

    fn filter(&self) -> Result<Filter, Failure> {
        let known = |field: &str, value: Option<&str>, words: &[&str]| match value {
            Some(word) if !words.contains(&word) => Err(Failure::bad(field, "choice", &words.join(", "))),
            _ => Ok(()),
        };
        known("order", self.order.as_deref(), &["deadline"])?;
        known("status", self.status.as_deref(), &StatusFilter::ALL.map(StatusFilter::as_str))?;
        known("whose", self.whose.as_deref(), &["mine", "me"])?;
        known("severity", self.severity.as_deref(), &["danger", "warning"])?;
        known("late", self.late.as_deref(), &Late::ALL.map(Late::as_str))?;
        for (field, value) in [("service", &self.service), ("kind", &self.kind)] {
            if value.as_deref().is_some_and(|name| name.trim().len() > MAX_NAME) {
                return Err(Failure::bad(field, "length", &format!("give at most {MAX_NAME} bytes")));
            }
        }
        Ok(Filter::parse(|name| match name {
            "status" => self.status.as_deref(),
            "body" => self.whose.as_deref(),
            "severity" => self.severity.as_deref(),
            "service" => self.service.as_deref(),
            "kind" => self.kind.as_deref(),
            "person" => self.person.as_ref().map(Urn::as_str),
            "post" => self.post.as_ref().map(Urn::as_str),
            "late" => self.late.as_deref(),
            "q" => self.q.as_deref(),
            _ => None,
        }))
    }
}

/// The list of work, as its page has it.
async fn worked(s: &RestState, actor: &Actor, p: &TaskParams) -> Result<TaskPage, Failure> {
    let filter = p.filter()?;
    if p.body.is_some() {
        return Err(Failure::bad("body", "together", "ask for one body without the parameters of the list of work"));
    }
    let roots = worklist::roots(&s.registry, actor, Action::Read, "Task");
    let roots: Vec<SpacePath> = match &p.space {
        None => roots,
        Some(asked) if roots.iter().any(|root| root.covers(asked)) => vec![asked.clone()],
        Some(asked) => roots.into_iter().filter(|root| asked.covers(root)).collect(),
    };
    // Who is in no post has no body whose tasks there could be.
    if roots.is_empty() || (filter.whose == Whose::Body && actor.body.is_none()) {
        return Ok(TaskPage { total: Some(0), ..TaskPage::default() });
    }
    let desk = Desk::open(&s.registry, actor, &roots).await?;
    let (page, after) = match p.after.as_deref().map(|a| (a, a.split_once('='))) {
        None => (1, None),
        Some((_, Some(("page", n)))) => (n.parse().unwrap_or(1).clamp(1, 100_000), None),
        Some((_, Some(("after", place)))) if Listed::is_place(place) => (1, Some(place)),
        Some(_) => return Err(Failure::bad("after", "cursor", "give `next` of the page before")),
    };
    let limit = p.limit.unwrap_or(100).clamp(1, 1_000);
    let listed = desk.list(&filter, (page, after), limit).await?;
    let figures = match p.after {
        Some(_) => None,
        None => {
            let worklist::Figures { offered, taken, overdue, mine } = desk.figures(filter.whose).await?;
            let [offered, taken, overdue, mine] = [offered, taken, overdue, mine].map(Count::from);
            Some(TaskFigures { offered, taken, overdue, mine })
        }
    };
    let items = listed.tasks.iter().map(|task| Entity::clone(task)).collect();
    let Listed { total, next, unsearched, .. } = listed;
    Ok(TaskPage { items, total, figures, next, unsearched, others: Vec::new() })
}

/// Tasks the caller may see: as they are kept, or, with `order=deadline` or any parameter that narrows it, the list of work as people
/// have it before them.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "work", params(TaskParams), responses((status = 200, body = TaskPage)),
    security(("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<TaskParams>,
    headers: HeaderMap,
) -> Result<Json<TaskPage>, Failure> {
    let mut page = if p.is_worked() {
        worked(&s, &actor, &p).await?
    } else {
        let mut q = EntityQuery::of(s.space(p.space), &["Task"]);
        q.filters.extend(p.status.map(|v| ("status".to_owned(), v)));
        q.filters.extend(p.body.map(|v| ("body".to_owned(), v.to_string())));
        q.after = p.after;
        q.limit = p.limit.unwrap_or(100);
        let found = s.registry.query(&actor, q).await?;
        TaskPage { items: found.items, next: found.next, ..TaskPage::default() }
    };
    let accepted = || Lang::from_accept(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?);
    if let Some(lang) = p.lang.or_else(accepted) {
        let catalogue = s.registry.catalogue();
        for task in &mut page.items {
            let name = task_name(&catalogue.texts, lang, task, None);
            if let Some(title) = task.attributes.get_mut("title") {
                title.value = AttributeValue::Value(name.into());
            }
        }
    }
    let posts = s.tasks.posts_of_others(&actor, &page.items).await?;
    let waits =
        |t: &&Entity| t.text("status") == Some("offered") && t.object("post").is_some_and(|p| posts.contains(p));
    page.others = page.items.iter().filter(waits).map(|t| t.id.clone()).collect();
    Ok(Json(page))
}

/// Takes an offered task upon oneself.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/take", tag = "work", params(("urn" = String, Path)),
    responses((status = 200, body = Done), (status = 403), (status = 404), (status = 409), (status = 412)),
    security(("bearer" = [])))]
pub async fn take(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
) -> Result<Json<Done>, Failure> {
    Ok(Json(s.tasks.take(&actor, &urn).await?.into()))
}

/// Gives a taken task back.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/release", tag = "work", params(("urn" = String, Path)),
    responses((status = 200, body = Done), (status = 403), (status = 404), (status = 409)), security(("bearer" = [])))]
pub async fn release(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
) -> Result<Json<Done>, Failure> {
    Ok(Json(s.tasks.release(&actor, &urn).await?.into()))
}

#[derive(Deserialize, ToSchema)]
pub struct Completion {
    /// What was done, 1 to 4,000 characters.
    result: String,
}

/// Closes a taken task with its result.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/complete", tag = "work", params(("urn" = String, Path)),
    request_body = Completion,
    responses((status = 200, body = Done), (status = 403), (status = 404), (status = 409), (status = 422)),
    security(("bearer" = [])))]
pub async fn complete(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Json(body): Json<Completion>,
) -> Result<Json<Done>, Failure> {
    Ok(Json(s.tasks.complete(&actor, &urn, &body.result).await?.into()))
}

/// Closes a taken task with the answers of its form; its case goes on. The form stands in the pack's version that the case began
/// with; what its conditions see beside the answers is the task's `input`. All answers are given, also those that `proposal` has.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/answers", tag = "work", params(("urn" = String, Path)), request_body = Answers,
    responses((status = 200, body = Done), (status = 403), (status = 404),
        (status = 409, description = "not taken, taken by somebody else, or done in words: `no-form`"),
        (status = 422, description = "answers that are missing or not good, each with field, rule and fix")),
    security(("bearer" = [])))]
pub async fn answers(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Json(Answers { answers, disputed }): Json<Answers>,
) -> Result<Json<Done>, Failure> {
    let sheet = s.filling.of_task(&actor, &urn).await?;
    unsigned(&sheet)?;
    let case = case_of(&s, &actor, &urn).await?;
    let place = (case.as_ref(), &sheet.space);
    let answers = Enclosed::bind(&s.files, &actor, place, answers).await?;
    let data = s.filling.fill(&actor, &sheet, answers, disputed).await?.data;
    let files = Enclosed::named(&s.files, &actor, place, &data).await?;
    let done = s.tasks.complete_with(&actor, &urn, object(data), &files).await?;
    let_go(&s.applications, &actor, &urn).await;
    Ok(Json(done.into()))
}

/// Does a task as its rules propose (`proposal`): takes it where it is offered, and closes it with what is proposed, held to the same
/// form as answers are. The decision is recorded as not overridden. What the form does not take as it stands is told field by field;
/// the task is the caller's then, to be answered by `POST /api/v1/tasks/{urn}/answers`.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/accept", tag = "work", params(("urn" = String, Path)),
    responses((status = 200, body = Done), (status = 403), (status = 404),
        (status = 409, description = "done, or taken by somebody else; nothing is proposed, or the form is signed: `no-proposal`"),
        (status = 422, description = "what is proposed does not fit the form any more: `form`, with field, rule and fix, or `proposal`")),
    security(("bearer" = [])))]
pub async fn accept(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
) -> Result<Json<Done>, Failure> {
    let acceptance = Acceptance::new(s.registry.clone(), s.filling.clone(), s.tasks.clone());
    let done = acceptance.accept(&actor, &urn).await?;
    let_go(&s.applications, &actor, &urn).await;
    Ok(Json(done.into()))
}

/// The case that a task belongs to.
async fn case_of(s: &RestState, actor: &Actor, task: &Urn) -> Result<Option<Urn>, Failure> {
    Ok(s.registry.entity(actor, task).await?.object("case").cloned())
}

/// Takes a file in for the answers of a taken task, whose case will name it: PDF, JPEG, PNG or WebP, as `POST /api/v1/files` takes
/// them. The answer is what stands in the list that answers a field of files.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/files", tag = "work", params(("urn" = String, Path), NameParam),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = HeldFile), (status = 404),
        (status = 409, description = "not taken, taken by somebody else, or done in words: `no-form`"),
        (status = 429, description = "As much as one may send within a day: try again after `Retry-After`")),
    security(("bearer" = [])))]
pub async fn put_file(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Query(p): Query<NameParam>,
    bytes: Body,
) -> Result<(StatusCode, Json<HeldFile>), Failure> {
    let sheet = s.filling.of_task(&actor, &urn).await?;
    let case = case_of(&s, &actor, &urn).await?.ok_or_else(|| FillingError::NoForm(urn.to_string()))?;
    held(&s, &actor, (&case, &sheet.space), (p.name, bytes)).await
}
