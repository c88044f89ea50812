//! What is posted on the page of a case: a message, a rating.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use svod_files::Upload;
use svod_kernel::{Coded as _, Urn};
use svod_portal::{CsrfFiles, CsrfForm, PageContext, PageError};
use svod_runtime::CorrespondenceError;
use svod_text::Arg;

use super::{Notice, render, scene};
use crate::ServicesState;
use crate::access::address;
use crate::pages::enclosed;

pub(super) type Fields = CsrfForm<BTreeMap<String, String>>;

pub(super) fn text<'f>(fields: &'f BTreeMap<String, String>, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}

pub(super) fn done(urn: &Urn, what: &str, place: &str) -> Response {
    Redirect::to(&format!("{}?done={what}{place}", address("Case", urn))).into_response()
}

/// Writes a message.
///
/// # Errors
/// As the page of the case; forbidden for who is neither of the two sides.
pub async fn write(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfFiles { form: fields, files }: CsrfFiles<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let case = scene::case(&ctx, &s, &urn).await?;
    let correspondence = s.correspondence();
    let side = correspondence.side(&ctx.actor, &case).ok_or_else(|| ctx.refusal())?;
    let written = text(&fields, "text");
    let uploads = files.into_iter().map(|f| Upload { name: f.name, bytes: f.bytes }).collect();
    match correspondence.write_with(&ctx.actor, &urn, (written, side), (&s.files, uploads)).await {
        Ok(_) => Ok(done(&urn, "message", "#messages")),
        Err(e) => refused(&ctx, &s, &urn, ("text", written), e).await,
    }
}

/// Says how it went.
///
/// # Errors
/// As the page of the case.
pub async fn rate(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    scene::case(&ctx, &s, &urn).await?;
    let (stars, comment) = (text(&fields, "stars").parse().unwrap_or_default(), text(&fields, "comment"));
    match s.correspondence().rate(&ctx.actor, &urn, stars, comment).await {
        Ok(()) => Ok(done(&urn, "rate", "")),
        Err(e) => refused(&ctx, &s, &urn, ("stars", comment), e).await,
    }
}

/// The page again, with what is wrong at its field.
async fn refused(
    ctx: &PageContext,
    s: &ServicesState,
    urn: &Urn,
    (field, written): (&'static str, &str),
    error: CorrespondenceError,
) -> Result<Response, PageError> {
    if let CorrespondenceError::File { name, error: fault } = &error
        && let Some((rule, n)) = enclosed::refused(s, fault)
    {
        let args: [(&str, Arg<'_>); 3] =
            [("label", ctx.t("case-message-files").into()), ("file", name.into()), ("n", n.into())];
        let error = Some(("files", ctx.tf(&format!("form-error-{rule}"), &args)));
        let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        return render(ctx, s, urn, Notice { status, error, written: written.to_owned(), ..Notice::default() }).await;
    }
    let key = match &error {
        CorrespondenceError::Text if written.trim().is_empty() => "case-message-empty",
        CorrespondenceError::Text => "case-message-long",
        CorrespondenceError::Closed => "case-message-late",
        CorrespondenceError::TooMany => "case-message-many",
        CorrespondenceError::Stars => "case-stars-missing",
        CorrespondenceError::NotNow => "case-stars-not-now",
        CorrespondenceError::Query(_) | CorrespondenceError::Command(_) | CorrespondenceError::File { .. } => {
            return Err(error.into());
        }
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let error = Some((field, ctx.t(key)));
    render(ctx, s, urn, Notice { status, error, written: written.to_owned(), ..Notice::default() }).await
}
