//! What an official does with a task: forms that work without JavaScript and end in a redirect.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use svod_kernel::Urn;
use svod_portal::components::{self, Tone};
use svod_portal::{CsrfForm, PageContext, PageError};
use svod_registry::{CommandError, QueryError};
use svod_runtime::{HandoverError, TaskError, To};

use super::{Notice, render};
use crate::ServicesState;
use crate::access::address;
use crate::names::Names;
use crate::words::Words;

type Fields = CsrfForm<BTreeMap<String, String>>;

/// Takes an offered task.
///
/// # Errors
/// [`PageError`] for what is neither somebody else's haste nor the visitor's slip.
pub async fn take(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    _: Fields,
) -> Result<Response, PageError> {
    let done = s.tasks.take(&ctx.actor, &urn).await.map(|_| ());
    answer(&ctx, &s, &urn, "take", "", done).await
}

/// Gives a taken task back.
///
/// # Errors
/// As [`take`].
pub async fn release(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    _: Fields,
) -> Result<Response, PageError> {
    let done = s.tasks.release(&ctx.actor, &urn).await.map(|_| ());
    answer(&ctx, &s, &urn, "release", "", done).await
}

/// Closes a taken task with its result.
///
/// # Errors
/// As [`take`].
pub async fn complete(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let result = fields.get("result").map_or("", String::as_str);
    let done = s.tasks.complete(&ctx.actor, &urn, result).await.map(|_| ());
    answer(&ctx, &s, &urn, "complete", result, done).await
}

/// A task of somebody who is away: back to its body, or to whoever stands in for them.
///
/// # Errors
/// As [`take`]; forbidden for who does not stand in.
pub async fn substitute(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let to = if fields.get("to").is_some_and(|t| t == "me") { To::Me } else { To::Body };
    match s.handover().hand_over(&ctx.actor, &urn, to).await {
        Ok(()) => answer(&ctx, &s, &urn, "substitute", "", Ok(())).await,
        Err(HandoverError::Task(e)) => answer(&ctx, &s, &urn, "substitute", "", Err(e)).await,
        Err(e) => Err(e.into()),
    }
}

async fn answer(
    ctx: &PageContext,
    s: &ServicesState,
    urn: &Urn,
    act: &str,
    result: &str,
    done: Result<(), TaskError>,
) -> Result<Response, PageError> {
    let result = result.to_owned();
    match done {
        Ok(()) => Ok(Redirect::to(&format!("{}?done={act}", address("Task", urn))).into_response()),
        Err(TaskError::Result) => {
            let key = if result.trim().is_empty() { "task-result-empty" } else { "task-result-long" };
            let notice = Notice {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                result,
                result_error: ctx.t(key),
                ..Notice::default()
            };
            render(ctx, s, urn, notice).await
        }
        Err(TaskError::State { .. } | TaskError::NotYours(_) | TaskError::Command(CommandError::Conflict { .. })) => {
            let banner = components::banner(Tone::Warning, ctx.t("task-conflict"), standing(ctx, s, urn).await);
            let notice = Notice { status: StatusCode::CONFLICT, banner, result, ..Notice::default() };
            render(ctx, s, urn, notice).await
        }
        Err(TaskError::Query(QueryError::NotFound(_)) | TaskError::Command(CommandError::NotFound(_)))
            if !ctx.signed_in() =>
        {
            Err(PageError::sign_in())
        }
        Err(e) => Err(e.into()),
    }
}

/// How the task stands now, for somebody who came too late.
async fn standing(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> String {
    let Ok(task) = s.registry.entity(&ctx.actor, urn).await else { return String::new() };
    let (catalogue, names) = (s.registry.catalogue(), Names::default());
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    match (task.text("status"), task.text("takenBy")) {
        (Some("done"), _) => ctx.t("task-conflict-done"),
        (Some("taken"), Some(by)) if by == ctx.actor.name => ctx.t("task-conflict-mine"),
        (Some("taken"), by) => {
            let who = by.map(|n| words.actor(n)).unwrap_or_else(|| ctx.t("somebody"));
            ctx.tf("task-conflict-taken", &[("who", who.into())])
        }
        _ => ctx.t("task-conflict-offered"),
    }
}
