//! `POST /tasks/{urn}/template`: what somebody has begun to answer is kept under a name, to be given to many tasks at once.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, Field, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError};
use svod_registry::QueryError;
use svod_runtime::{FillingError, TaskError, TemplateError};

use super::act::unanswered;
use super::{May, Notice, render};
use crate::ServicesState;
use crate::access::address;

#[derive(Template)]
#[template(path = "task/template.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    action: String,
    name: Html,
    /// Whoever heads the body keeps it for all of it.
    heads: bool,
}

/// Where answers are kept as a template; empty while nothing is answered.
pub(super) async fn part(ctx: &PageContext, s: &ServicesState, task: &Entity, may: May) -> Result<Html, PageError> {
    if !may.fill || may.reopen || s.applications.kept(&ctx.actor, &format!("task/{}", task.id)).await?.is_none() {
        return Ok(Html::default());
    }
    let heads = match &ctx.actor.body {
        Some(body) => s.handover().heads(&ctx.actor, body).await?,
        None => false,
    };
    let name = Field::text("name", ctx.t("tasks-answer-name")).hint(ctx.t("task-template-hint")).required().html();
    let part = Part { ctx, action: format!("{}/template", address("Task", &task.id)), name, heads };
    Html::of(&part).map_err(PageError::internal)
}

/// Keeps it.
///
/// # Errors
/// Not found for a task that the visitor may not know of; a conflict for one that has no form, or is not theirs. What the form does
/// not take as it stands is said on the page.
pub async fn keep(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfForm(fields): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let kept = s.applications.kept(&ctx.actor, &format!("task/{urn}")).await?;
    let answers = kept.map(|kept| kept.answers()).unwrap_or_default();
    let name = fields.get("name").map_or("", String::as_str);
    let shared = fields.get("shared").is_some_and(|v| v == "1");
    let error = match s.templates(ctx.offset_hours).keep(&ctx.actor, &urn, (name, shared), answers).await {
        Ok(_) => return Ok(Redirect::to(&format!("{}?done=template", address("Task", &urn))).into_response()),
        Err(error) => error,
    };
    let text = match &error {
        TemplateError::Name => ctx.t("task-template-name"),
        TemplateError::Full => ctx.t("tasks-kept-full-text"),
        TemplateError::Files(_) => ctx.t("task-template-files"),
        TemplateError::Task(TaskError::Query(QueryError::NotFound(_))) if !ctx.signed_in() => {
            return Err(PageError::sign_in());
        }
        TemplateError::Form(FillingError::Answers(_)) | TemplateError::Signed => {
            let form = s.templates(ctx.offset_hours).form(&ctx.actor, &urn).await?;
            unanswered(&ctx, &error, Some(&form)).unwrap_or_default()
        }
        _ => return Err(error.into()),
    };
    let banner = components::banner(Tone::Warning, ctx.t("tasks-kept-bad"), text);
    render(&ctx, &s, &urn, Notice { status: StatusCode::UNPROCESSABLE_ENTITY, banner, ..Notice::default() }).await
}
