//! `GET /packs/{id}/files/{path…}`: one file of the pack in force, seen and edited in the browser.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_portal::components::{self, Field};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::QueryError;

use super::{file_address, pack_title};
use crate::actions::edit::{EditFileError, edit};
use crate::publications::{active, publications};
use crate::{OperationsState, faults, held, versions};

#[derive(Template)]
#[template(path = "file/file.html")]
struct FilePage<'a> {
    ctx: &'a PageContext,
    path: &'a str,
    pack: String,
    action: String,
    banner: Html,
    errors: Html,
    has_error: bool,
    content: String,
    version: Html,
    back: String,
}

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// They come back from a fresh proof.
    held: Option<String>,
}

/// What was sent and refused, or kept until a fresh proof; or nothing.
#[derive(Default)]
struct Sent {
    content: Option<String>,
    version: Option<String>,
    errors: Vec<(String, String)>,
    banner: Html,
}

/// The page, for who may publish the pack.
///
/// # Errors
/// Not permitted, or no such file.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path((id, path)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let waiting = held::kept(&ctx, &s, (&file_address(&id, &path), asked.held.as_deref())).await?;
    let sent = waiting.map(|mut fields: BTreeMap<String, String>| {
        let (content, version) = (fields.remove("content"), fields.remove("version"));
        Sent { content, version, banner: held::notice(&ctx), errors: Vec::new() }
    });
    render(&ctx, &s, &id, &path, sent.unwrap_or_default()).await
}

async fn render(
    ctx: &PageContext,
    s: &OperationsState,
    id: &str,
    path: &str,
    sent: Sent,
) -> Result<Response, PageError> {
    allowed(ctx, s, id)?;
    let all = publications(&s.registry, id).await?;
    let in_force = active(&all)?;
    let mut source = in_force.source()?;
    let content = source.files.remove(path).ok_or_else(|| QueryError::NotFound(format!("file {path}")))?;
    let taken: Vec<&str> = all.iter().map(|p| p.version.as_str()).collect();
    let next = versions::free(&in_force.version, &taken).unwrap_or_else(|| in_force.version.clone());
    let of_version = sent.errors.iter().find(|(field, _)| field == "version").map(|(_, text)| text.clone());
    let version = Field::text("version", ctx.t("packs-new-version"))
        .hint(ctx.tf("packs-new-version-hint", &[("version", in_force.version.as_str().into())]))
        .value(sent.version.unwrap_or(next))
        .error(of_version.unwrap_or_default())
        .required();
    let status = if sent.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = FilePage {
        ctx,
        path,
        pack: pack_title(ctx, id),
        action: file_address(id, path),
        banner: sent.banner,
        errors: components::error_summary(ctx, &sent.errors),
        has_error: sent.errors.iter().any(|(field, _)| field == "content"),
        content: sent.content.unwrap_or(content),
        version: version.html(),
        back: format!("/packs/{}", encoded(id)),
    };
    let page = Page::new(ctx, path).crumb(ctx.t("packs-title"), "/packs").crumb(pack_title(ctx, id), body.back.clone());
    Ok(page.body(&body).island(Island::Forms).status(status).into_response())
}

/// Only who may publish the pack goes on.
///
/// # Errors
/// Everybody else.
pub fn allowed(ctx: &PageContext, s: &OperationsState, id: &str) -> Result<(), PageError> {
    if s.registry.may_publish_pack(&ctx.actor, id) { Ok(()) } else { Err(ctx.refusal()) }
}

/// Publishes the pack with the file changed. What was written is never lost: a refusal shows it again.
///
/// # Errors
/// Not permitted, or no such file.
pub async fn save(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path((id, path)): Path<(String, String)>,
    CsrfForm(mut fields): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    if let Some(elsewhere) = held::until_proved(&ctx, &s, &file_address(&id, &path), &fields).await? {
        return Ok(elsewhere);
    }
    let content = fields.remove("content").unwrap_or_default();
    let version = fields.remove("version").unwrap_or_default().trim().to_owned();
    let done = edit(&s.registry, &ctx.actor, &id, &path, &content, &version).await;
    let errors = match done {
        Ok(p) => {
            held::done(&ctx, &s, &file_address(&id, &path)).await;
            let to = format!(
                "/packs/{}?done=published&version={}&entities={}",
                encoded(&id),
                encoded(&p.version),
                p.entities
            );
            return Ok(Redirect::to(&to).into_response());
        }
        Err(EditFileError::Unchanged) => vec![("content".to_owned(), ctx.t("packs-file-unchanged"))],
        Err(EditFileError::Version(_)) => vec![("version".to_owned(), ctx.t("packs-version-bad"))],
        Err(EditFileError::Edit(e)) => {
            vec![("content".to_owned(), ctx.tf("packs-version-unset", &[("detail", e.to_string().into())]))]
        }
        Err(EditFileError::Publish(e)) => {
            let field =
                if matches!(e, svod_registry::PublishError::VersionTaken { .. }) { "version" } else { "content" };
            faults::of_publication(&ctx, e)?.into_iter().map(|text| (field.to_owned(), text)).collect()
        }
        Err(e @ EditFileError::Query(_)) => return Err(e.into()),
    };
    let sent = Sent { content: Some(content.replace("\r\n", "\n")), version: Some(version), errors, ..Sent::default() };
    render(&ctx, &s, &id, &path, sent).await
}
