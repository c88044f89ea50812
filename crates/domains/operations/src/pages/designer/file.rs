//! `GET /packs/{id}/design/file?path=…`: one file of the working copy, as text and in the editor of its kind.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_portal::components::{self, Tone};
use svod_portal::{CsrfForm, Html, Island, PageContext, PageError, StyleAttributes, encoded};
use svod_registry::QueryError;

use super::frame::Frame;
use super::{address, file_address, words};
use crate::OperationsState;
use crate::actions::edit::MANIFEST;
use crate::pages::file::allowed;
use crate::pages::pack_title;
use crate::working::{Working, WorkingError};

/// What is asked for: the file, and a place in it.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    path: String,
    line: Option<String>,
    element: Option<String>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "designer/file.html")]
struct FilePage<'a> {
    ctx: &'a PageContext,
    frame: Frame<'a>,
    path: &'a str,
    kind: &'static str,
    action: String,
    simulate: String,
    compare: String,
    back: String,
    has_error: bool,
    content: String,
    changed: bool,
    removable: bool,
    line: u32,
    element: String,
    words: Html,
}

/// The editor of a file, by its path.
fn kind(path: &str) -> &'static str {
    match path {
        p if p.ends_with(".bpmn") => "bpmn",
        p if p.ends_with(".dmn") => "dmn",
        p if p.ends_with(".form.json") => "form",
        _ => "text",
    }
}

/// The page, for who may publish the pack.
///
/// # Errors
/// Not permitted, or no such file.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    Ok(render(&ctx, &working, &asked, None, None))
}

fn render(
    ctx: &PageContext,
    working: &Working,
    asked: &Asked,
    sent: Option<String>,
    error: Option<String>,
) -> Response {
    let (id, path) = (&working.pack, asked.path.as_str());
    let kept = working.file(path);
    let known = kept.is_some() || working.published().files.contains_key(path);
    if !known && sent.is_none() {
        return PageError::from(QueryError::NotFound(format!("file {path}"))).into_response();
    }
    let errors: Vec<_> = error.into_iter().map(|text| ("content".to_owned(), text)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let saved = asked.done.as_deref() == Some("saved");
    let banner = match (kept, saved) {
        (None, _) => components::banner(Tone::Warning, ctx.t("design-file-removed"), ctx.t("design-file-removed-text")),
        (_, true) => components::banner(Tone::Good, ctx.t("design-saved"), ctx.t("design-saved-text")),
        _ => Html::default(),
    };
    let lead = ctx.tf("design-file-lead", &[("pack", pack_title(ctx, id).into())]);
    let frame = Frame::new(ctx, path, lead).of_file();
    let body = FilePage {
        ctx,
        frame: frame.notices([components::error_summary(ctx, &errors), banner]),
        path,
        kind: kind(path),
        action: file_address(id, path),
        simulate: format!("{}/simulate", address(id)),
        compare: format!("{}/compare?path={}", address(id), encoded(path)),
        back: address(id),
        has_error: !errors.is_empty(),
        changed: kept != working.published().files.get(path).map(String::as_str),
        removable: kept.is_some() && path != MANIFEST,
        content: sent.or_else(|| kept.map(str::to_owned)).unwrap_or_default(),
        line: asked.line.as_deref().and_then(|l| l.parse().ok()).unwrap_or(0),
        element: asked.element.clone().unwrap_or_default(),
        words: words::block(ctx.lang),
    };
    let page = body.frame.inner(id).island(Island::Designer);
    let mut response = page.body(&body).status(status).into_response();
    // The editors of bpmn.io write style attributes; scripts and style sheets stay what they are everywhere.
    response.extensions_mut().insert(StyleAttributes);
    response
}

/// Keeps the file, makes it again what is published, or removes it.
///
/// # Errors
/// Not permitted, or the store failed; what was written is shown again when it cannot be kept.
pub async fn save(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    Query(mut asked): Query<Asked>,
    CsrfForm(mut fields): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    asked.done = None;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let path = asked.path.clone();
    let to = |done: &str| Redirect::to(&format!("{}?done={done}", address(&id))).into_response();
    match fields.get("act").map(String::as_str) {
        Some("undo") => {
            working.undo(&s, &ctx.actor, &path).await?;
            return Ok(to("undone"));
        }
        Some("remove") => {
            working.remove(&s, &ctx.actor, &path).await?;
            return Ok(to("removed"));
        }
        _ => {}
    }
    let content = fields.remove("content").unwrap_or_default();
    match working.save(&s, &ctx.actor, &path, &content).await {
        Ok(_) => Ok(Redirect::to(&format!("{}&done=saved", file_address(&id, &path))).into_response()),
        Err(e @ (WorkingError::TooLarge | WorkingError::Path(_))) => {
            let key = if matches!(e, WorkingError::TooLarge) { "design-too-large" } else { "design-bad-path" };
            let working = Working::open(&s, &ctx.actor, &id).await?;
            Ok(render(&ctx, &working, &asked, Some(content.replace("\r\n", "\n")), Some(ctx.t(key))))
        }
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn every_kind_of_file_has_its_editor() {
        let kinds = ["processes/a.bpmn", "decisions/a.dmn", "forms/a.form.json", "locales/ru.ftl"].map(kind);
        assert_eq!(kinds, ["bpmn", "dmn", "form", "text"]);
    }
}
