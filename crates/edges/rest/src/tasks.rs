use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Lang, SpacePath, Urn};
use svod_model::{AttributeValue, Entity};
use svod_registry::EntityQuery;
use svod_runtime::{Acceptance, Enclosed, FillingError, task_name};
use utoipa::{IntoParams, ToSchema};

use crate::drafts::object;
use crate::entities::Done;
use crate::files::{HeldFile, NameParam, held};
use crate::services::{Answers, unsigned};
use crate::{Caller, Failure, RestState};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskParams {
    /// Space; the first region when absent.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
    /// `offered`, `taken` or `done`.
    status: Option<String>,
    /// Only of this body.
    #[param(value_type = Option<String>)]
    body: Option<Urn>,
    /// `title` in this language, as the packs call their tasks; without it in the language that `Accept-Language` asks for,
    /// and with neither as the processes call them.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 1,000, default 100.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct TaskPage {
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
    /// Give it as `after` for the next page.
    next: Option<String>,
    /// Those of `items` that wait for a post in which the caller is not, the head of a body say: they cannot take these.
    #[schema(value_type = Vec<String>)]
    others: Vec<Urn>,
}

/// Tasks the caller may see.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "work", params(TaskParams), responses((status = 200, body = TaskPage)),
    security(("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<TaskParams>,
    headers: HeaderMap,
) -> Result<Json<TaskPage>, Failure> {
    let mut q = EntityQuery::of(s.space(p.space), &["Task"]);
    q.filters.extend(p.status.map(|v| ("status".to_owned(), v)));
    q.filters.extend(p.body.map(|v| ("body".to_owned(), v.to_string())));
    q.after = p.after;
    q.limit = p.limit.unwrap_or(100);
    let mut page = s.registry.query(&actor, q).await?;
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
    let others = page.items.iter().filter(waits).map(|t| t.id.clone()).collect();
    Ok(Json(TaskPage { items: page.items, next: page.next, others }))
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
    s.applications.discard(&actor, &format!("task/{urn}")).await?;
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
    s.applications.discard(&actor, &format!("task/{urn}")).await?;
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
