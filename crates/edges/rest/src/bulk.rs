//! Many tasks at once, each for itself; what they are answered with; tasks of who is away.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{Actor, Problem, Urn};
use svod_runtime::worklist::PAGE;
use svod_runtime::{Acceptance, Handover, Template, Templates, To, let_go};
use utoipa::ToSchema;

use crate::{Caller, Failure, RestState};

/// What is done with each of many tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Taken upon oneself.
    Take,
    /// Given back.
    Release,
    /// Closed with `result`.
    Complete,
    /// Done as the rules propose, and taken for that where it is offered.
    Accept,
    /// Done by its form with a template.
    Answer,
    /// Taken over from who is away.
    OverMe,
    /// Given back to the body by who stands in.
    OverBody,
}

/// Answers of a form, for tasks that the caller has taken and that have this form, in this version of its pack.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct FormAnswers {
    /// The form, as `pack/file`: `moving/moving-check.form.json`.
    form: String,
    /// Version of the pack.
    version: String,
    /// By the names of the form.
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
}

/// Many tasks.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BulkBody {
    /// What is done with each.
    act: Verb,
    /// Which, 50 at the most; one that is named again is done once.
    #[schema(value_type = Vec<String>)]
    tasks: Vec<Urn>,
    /// For `complete`: what was done, 1 to 4,000 characters.
    #[serde(default)]
    result: String,
    /// For `answer`: the key of a template.
    template: Option<String>,
    /// For `answer`, in the place of `template`. A file belongs to one case: no answer names one (`template-files`).
    with: Option<FormAnswers>,
}

/// What became of one task.
#[derive(Serialize, ToSchema)]
pub struct BulkItem {
    /// Which.
    #[schema(value_type = String)]
    task: Urn,
    /// It was done.
    done: bool,
    /// How the task stands now: `offered`, `taken`, `done`, `withdrawn`. Absent where the caller may not know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Why it was not: as it would have been told of this task alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    problem: Option<Problem>,
}

/// What became of many.
#[derive(Serialize, ToSchema)]
pub struct BulkDone {
    /// So many were done.
    done: usize,
    /// So many were not.
    refused: usize,
    /// Each once, in the order in which they were given.
    items: Vec<BulkItem>,
}

/// A template as it is listed.
#[derive(Serialize, ToSchema)]
pub struct TemplateItem {
    /// By this it is given: `own/<name>`, `body/<name>`.
    key: String,
    /// What it is called.
    name: String,
    /// It is for everybody of the caller's body.
    shared: bool,
    /// As `pack/file`.
    form: String,
    /// Version of the pack.
    version: String,
    /// By the names of the form.
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
}

/// Templates of the caller.
#[derive(Serialize, ToSchema)]
pub struct TemplateList {
    /// Their own, then those of their body.
    items: Vec<TemplateItem>,
}

impl From<Template> for TemplateItem {
    fn from(t: Template) -> Self {
        let key = t.key();
        Self { key, name: t.name, shared: t.shared, form: t.form, version: t.version, answers: t.answers }
    }
}

fn templates(s: &RestState) -> Templates {
    Templates::new(s.registry.clone(), s.applications.clone(), s.filling.clone(), s.tasks.clone())
}

/// What the caller may answer many tasks with. It is kept on the page of a task.
#[utoipa::path(get, path = "/api/v1/tasks/templates", tag = "work", responses((status = 200, body = TemplateList)),
    security(("bearer" = [])))]
pub async fn kept(State(s): State<RestState>, Caller(actor): Caller) -> Result<Json<TemplateList>, Failure> {
    let items = templates(&s).all(&actor).await?.into_iter().map(TemplateItem::from).collect();
    Ok(Json(TemplateList { items }))
}

/// Does the same with many tasks, each for itself: what is refused is told with its reason, and how it stands now with its `status`.
/// It stays as it was, but for two acts of two steps: with `accept` an offered task stays taken by the caller when the proposal does not
/// fit its form, and with `over-me` a task that the caller may not take stays given back to its body. What is decided with `accept` and
/// `answer` is not undone.
#[utoipa::path(post, path = "/api/v1/tasks/bulk", tag = "work", request_body = BulkBody,
    responses((status = 200, body = BulkDone), (status = 404, description = "there is no such template: `no-template`")),
    security(("bearer" = [])))]
pub async fn many(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Json(body): Json<BulkBody>,
) -> Result<Json<BulkDone>, Failure> {
    if body.tasks.is_empty() || body.tasks.len() > PAGE {
        return Err(Failure::bad("tasks", "count", "give 1 to 50 tasks"));
    }
    let template = answers(&s, &actor, &body).await?;
    let (mut items, mut seen) = (Vec::with_capacity(body.tasks.len()), BTreeSet::new());
    for task in body.tasks.iter().filter(|task| seen.insert(*task)) {
        let problem = one(&s, &actor, (&body, template.as_ref()), task).await.err().map(|Failure(problem)| *problem);
        // What is done is done: how it stands is told where that can be read.
        let now = s.registry.entity(&actor, task).await.ok().filter(|now| now.kind == "Task");
        let status = now.and_then(|now| now.text("status").map(str::to_owned));
        items.push(BulkItem { task: task.clone(), done: problem.is_none(), status, problem });
    }
    let done = items.iter().filter(|item| item.done).count();
    Ok(Json(BulkDone { done, refused: items.len() - done, items }))
}

/// What the tasks are answered with.
async fn answers(s: &RestState, actor: &Actor, body: &BulkBody) -> Result<Option<Template>, Failure> {
    match (body.act, &body.template, &body.with) {
        (Verb::Answer, Some(key), None) => Ok(Some(templates(s).get(actor, key).await?)),
        (Verb::Answer, None, Some(with)) => Ok(Some(Template {
            name: String::new(),
            shared: false,
            form: with.form.clone(),
            version: with.version.clone(),
            answers: with.answers.clone(),
        })),
        (Verb::Answer, ..) => Err(Failure::bad("template", "one", "give `template`, or `with` in its place")),
        (_, None, None) => Ok(None),
        _ => Err(Failure::bad("template", "answer", "it goes with `act: answer` alone")),
    }
}

async fn one(
    s: &RestState,
    actor: &Actor,
    (body, template): (&BulkBody, Option<&Template>),
    task: &Urn,
) -> Result<(), Failure> {
    match (body.act, template) {
        (Verb::Take, _) => s.tasks.take(actor, task).await.map(drop)?,
        (Verb::Release, _) => s.tasks.release(actor, task).await.map(drop)?,
        (Verb::Complete, _) => s.tasks.complete(actor, task, &body.result).await.map(drop)?,
        (Verb::Accept, _) => {
            Acceptance::new(s.registry.clone(), s.filling.clone(), s.tasks.clone()).accept(actor, task).await?;
            let_go(&s.applications, actor, task).await;
        }
        (Verb::Answer, Some(template)) => templates(s).answer(actor, task, template).await.map(drop)?,
        (Verb::Answer, None) => return Err(Failure::bad("template", "one", "give `template`, or `with` in its place")),
        (Verb::OverMe, _) => over(s, actor, task, To::Me).await?,
        (Verb::OverBody, _) => over(s, actor, task, To::Body).await?,
    }
    Ok(())
}

async fn over(s: &RestState, actor: &Actor, task: &Urn, to: To) -> Result<(), Failure> {
    Ok(Handover::new(s.registry.clone(), s.tasks.clone()).hand_over(actor, task, to).await?)
}

/// To whom a task of somebody who is away goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Whither {
    /// To the caller.
    Me,
    /// Back to its body.
    Body,
}

/// Substitution.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
pub struct SubstituteBody {
    /// To whom it goes.
    to: Whither,
}

/// Where a task is now.
#[derive(Serialize, ToSchema)]
pub struct Substituted {
    /// Which.
    #[schema(value_type = String)]
    task: Urn,
    /// `offered` or `taken`.
    status: String,
}

/// A task that somebody has who is away goes back to its body, or to who acts in their post or heads the body.
#[utoipa::path(post, path = "/api/v1/tasks/{urn}/substitute", tag = "work", params(("urn" = String, Path)),
    request_body = SubstituteBody,
    responses((status = 200, body = Substituted),
        (status = 403, description = "the caller stands in for nobody who has it: `task-not-handed-over`"), (status = 404),
        (status = 409, description = "nobody has it")), security(("bearer" = [])))]
pub async fn substitute(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Json(SubstituteBody { to }): Json<SubstituteBody>,
) -> Result<Json<Substituted>, Failure> {
    let to = if to == Whither::Me { To::Me } else { To::Body };
    over(&s, &actor, &urn, to).await?;
    let task = s.registry.entity(&actor, &urn).await?;
    Ok(Json(Substituted { task: urn, status: task.text("status").unwrap_or_default().to_owned() }))
}
