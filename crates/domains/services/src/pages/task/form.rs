//! `GET|POST /tasks/{urn}/form`: the form that a task asks to be filled in; done with it, the task is done.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use svod_forms::{Draft, Prefill};
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::{PageContext, PageError, SentForm};
use svod_registry::QueryError;

use crate::ServicesState;
use crate::access::{address, seen};
use crate::pages::enclosed;
use crate::pages::filling::{Desk, Filling};
use crate::worklist::mine;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    page: Option<String>,
}

/// Pack, version and file of the form that a task names.
async fn named(
    ctx: &PageContext,
    s: &ServicesState,
    task: &Entity,
) -> Result<Option<(String, String, String)>, PageError> {
    let (Some(form), Some(case)) = (task.text("form"), task.object("case")) else { return Ok(None) };
    let case = seen(ctx, s.registry.entity(&ctx.actor, case).await)?;
    let process = case.text("processVersion").unwrap_or_default();
    let parts = process.split_once('@').and_then(|(pack, rest)| Some((pack, rest.split_once('/')?.0)));
    let file = if form.ends_with(".form.json") { form.to_owned() } else { format!("{form}.form.json") };
    Ok(parts.map(|(pack, version)| (pack.to_owned(), version.to_owned(), file)))
}

async fn desk(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<(Desk, Entity), PageError> {
    let task = seen(ctx, s.registry.entity(&ctx.actor, urn).await)?;
    let missing = || PageError::from(QueryError::NotFound(format!("form of {urn}")));
    if task.kind != "Task" || task.text("status") != Some("taken") || !mine(&task, &ctx.actor) {
        return Err(missing());
    }
    let (pack, version, file) = named(ctx, s, &task).await?.ok_or_else(missing)?;
    let programs = s.registry.programs(&pack, &version).await?.ok_or_else(missing)?;
    let form = programs.forms.get(&file).cloned().ok_or_else(missing)?;
    // Its time is over: it is opened anew on the task's page, and nothing is judged without what it shows.
    let whole = s.registry.entity(&svod_kernel::Actor::platform("tasks"), urn).await?;
    if whole.text("input").is_some() && task.text("input").is_none() {
        return Err(missing());
    }
    let inputs: Map<String, Value> =
        task.text("input").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    // What the rules propose stands there already: to accept it is one act.
    let proposal = task.text("proposal").and_then(|text| serde_json::from_str::<Value>(text).ok());
    let href = address("Task", urn);
    let title = task.text("title").or_else(|| task.text("name")).unwrap_or_default().to_owned();
    let desk = Desk {
        key: format!("task/{urn}"),
        version,
        action: format!("{href}/form"),
        back: href.clone(),
        crumbs: vec![(ctx.t("tasks-title"), "/tasks".to_owned()), (title.clone(), href)],
        title,
        here: ctx.t("task-answer"),
        form,
        prefill: Prefill::new(),
        draft: Draft::of(proposal.unwrap_or_else(|| json!({}))),
        inputs,
        space: task.space.clone(),
        owner: task.object("case").cloned(),
    };
    Ok((desk.resumed(ctx, s).await?, task))
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
    s.applications.discard(&ctx.actor, &desk.key).await?;
    Ok(Redirect::to(&format!("{}?done=complete", address("Task", &urn))).into_response())
}
