//! What an official does with a task: forms that work without JavaScript and end in a redirect.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use svod_kernel::Urn;
use svod_portal::components::{self, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError};
use svod_registry::{CommandError, QueryError};
use svod_runtime::{AcceptError, TaskError, To};

use super::act::Undone;
use super::{Act, Notice, render};
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
    answer(&ctx, &s, &urn, Act::Take).await
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
    answer(&ctx, &s, &urn, Act::Release).await
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
    answer(&ctx, &s, &urn, Act::Complete(result.to_owned())).await
}

/// Does a task as its rules propose.
///
/// # Errors
/// As [`take`]. What its form does not take as it stands is said on the page, with the way to the form.
pub async fn accept(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    _: Fields,
) -> Result<Response, PageError> {
    answer(&ctx, &s, &urn, Act::Accept).await
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
    answer(&ctx, &s, &urn, Act::Over(to)).await
}

async fn answer(ctx: &PageContext, s: &ServicesState, urn: &Urn, act: Act) -> Result<Response, PageError> {
    let error = match act.carry_out(ctx, s, urn).await {
        Ok(()) => {
            let done = match act {
                Act::Over(_) => "substitute",
                Act::Accept => "complete",
                _ => act.word(),
            };
            return Ok(Redirect::to(&format!("{}?done={done}", address("Task", urn))).into_response());
        }
        Err(Undone::Task(error)) => error,
        Err(Undone::Proposal(error)) => return unfit(ctx, s, urn, error).await,
        Err(Undone::Template(error)) => return Err(error.into()),
        Err(Undone::Other(error)) => return Err(error),
    };
    let result = if let Act::Complete(result) = act { result } else { String::new() };
    match error {
        TaskError::Result => {
            let key = if result.trim().is_empty() { "task-result-empty" } else { "task-result-long" };
            let notice = Notice {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                result,
                result_error: ctx.t(key),
                ..Notice::default()
            };
            render(ctx, s, urn, notice).await
        }
        TaskError::State { .. } | TaskError::NotYours(_) | TaskError::Command(CommandError::Conflict { .. }) => {
            let banner = components::banner(Tone::Warning, ctx.t("task-conflict"), standing(ctx, s, urn).await);
            let notice = Notice { status: StatusCode::CONFLICT, banner, result, ..Notice::default() };
            render(ctx, s, urn, notice).await
        }
        TaskError::Query(QueryError::NotFound(_)) | TaskError::Command(CommandError::NotFound(_))
            if !ctx.signed_in() =>
        {
            Err(PageError::sign_in())
        }
        e => Err(e.into()),
    }
}

/// The proposal is not accepted as it stands: the task, with the way to its form.
async fn unfit(ctx: &PageContext, s: &ServicesState, urn: &Urn, error: AcceptError) -> Result<Response, PageError> {
    if !error.is_for_form() {
        return Err(error.into());
    }
    let form = components::link(&format!("{}/form", address("Task", urn)), ctx.t("task-proposal-form"));
    let text = Html::join([ctx.t("task-proposal-unfit-text").into(), " ".into(), form]);
    let banner = components::banner(Tone::Warning, ctx.t("task-proposal-unfit"), text);
    render(ctx, s, urn, Notice { status: StatusCode::UNPROCESSABLE_ENTITY, banner, ..Notice::default() }).await
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
