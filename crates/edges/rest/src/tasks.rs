use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_registry::EntityQuery;
use utoipa::{IntoParams, ToSchema};

use crate::entities::Done;
use crate::services::{Answers, fileless, unsigned};
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
}

/// Tasks the caller may see.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "work", params(TaskParams), responses((status = 200, body = TaskPage)),
    security(("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<TaskParams>,
) -> Result<Json<TaskPage>, Failure> {
    let mut q = EntityQuery::of(s.space(p.space), &["Task"]);
    q.filters.extend(p.status.map(|v| ("status".to_owned(), v)));
    q.filters.extend(p.body.map(|v| ("body".to_owned(), v.to_string())));
    q.after = p.after;
    q.limit = p.limit.unwrap_or(100);
    let page = s.registry.query(&actor, q).await?;
    Ok(Json(TaskPage { items: page.items, next: page.next }))
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
    fileless(&answers)?;
    let answers = match s.filling.fill(&actor, &sheet, answers, disputed).await?.data {
        Value::Object(answers) => answers,
        _ => Map::new(),
    };
    let done = s.tasks.complete_with(&actor, &urn, answers, &[]).await?;
    s.applications.discard(&actor, &format!("task/{urn}")).await?;
    Ok(Json(done.into()))
}
