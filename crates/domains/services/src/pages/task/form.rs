//! `GET|POST /tasks/{urn}/form`: the form that a task asks to be filled in; done with it, the task is done.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use svod_forms::{Draft, Prefill};
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::{Html, PageContext, PageError, SentForm, components};
use svod_registry::QueryError;

use super::matter::Matter;
use crate::ServicesState;
use crate::access::{address, seen};
use crate::pages::enclosed;
use crate::pages::filling::{Desk, Filling};
use crate::pages::tasks::task_title;
use crate::worklist::mine;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    page: Option<String>,
}

async fn desk(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<(Desk, Entity), PageError> {
    let task = seen(ctx, s.registry.entity(&ctx.actor, urn).await)?;
    let missing = || PageError::from(QueryError::NotFound(format!("form of {urn}")));
    if task.kind != "Task" || task.text("status") != Some("taken") || !mine(&task, &ctx.actor) {
        return Err(missing());
    }
    let task = svod_runtime::shown_to(&s.registry, &ctx.actor, task).await?;
    // Its time is over: it is opened anew on the task's page, and nothing is judged without what it shows.
    let whole = s.registry.entity(&svod_kernel::Actor::platform("tasks"), urn).await?;
    if whole.text("input").is_some() && task.text("input").is_none() {
        return Err(missing());
    }
    let matter = Matter::of(ctx, s, &task).await?;
    let (programs, named) = matter.programs.clone().zip(task.text("form")).ok_or_else(missing)?;
    let file = if named.ends_with(".form.json") { named.to_owned() } else { format!("{named}.form.json") };
    let form = programs.forms.get(&file).cloned().ok_or_else(missing)?;
    let beside = beside(ctx, &matter, matter.html(ctx, s, &task));
    // What the rules propose stands there already: to accept it is one act.
    let proposal = task.text("proposal").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let href = address("Task", urn);
    let title = task_title(ctx, &task, matter.case.as_ref());
    let desk = Desk {
        key: format!("task/{urn}"),
        version: programs.version.clone(),
        action: format!("{href}/form"),
        back: href.clone(),
        crumbs: vec![(ctx.t("tasks-title"), "/tasks".to_owned()), (title.clone(), href)],
        title,
        here: ctx.t("task-answer"),
        form,
        prefill: Prefill::new(),
        draft: Draft::of(proposal.unwrap_or_else(|| json!({}))),
        inputs: matter.input,
        space: task.space.clone(),
        owner: task.object("case").cloned(),
        asked: std::collections::BTreeSet::new(),
        beside,
    };
    Ok((desk.resumed(ctx, s).await?, task))
}

/// What is decided on, with the way to all of the case.
fn beside(ctx: &PageContext, matter: &Matter, facts: Html) -> Html {
    let Some(case) = matter.case.as_ref().filter(|_| !facts.is_empty()) else { return facts };
    let link = components::link(&address("Case", &case.id), ctx.t("task-case"));
    Html::join([facts, Html::trusted(format!("<p>{link}</p>"))])
}

/// A page of the form.
///
/// # Errors
/// Not found for a task that is not the visitor's own now, or asks for no form.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    desk(&ctx, &s, &urn).await?.0.show(&ctx, &s, asked.page.as_deref()).await
}

/// What was filled in; sent, the task is done and its case goes on.
///
/// # Errors
/// As [`show`].
pub async fn send(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    sent: SentForm,
) -> Result<Response, PageError> {
    let (mut desk, task) = desk(&ctx, &s, &urn).await?;
    let done = match desk.take(&ctx, &s, &sent).await? {
        Filling::Answer(answer) => return Ok(answer),
        Filling::Done(done) => done,
    };
    let files = enclosed::named(&ctx, &s, &desk, &done.data).await?;
    let Value::Object(answers) = done.data else { return Err(PageError::internal("a form gave no answers")) };
    s.tasks.complete_with(&ctx.actor, &task.id, answers, &files).await?;
    svod_runtime::let_go(&s.applications, &ctx.actor, &task.id).await;
    Ok(Redirect::to(&format!("{}?done=complete", address("Task", &urn))).into_response())
}
