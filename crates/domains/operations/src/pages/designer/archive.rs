//! `GET|POST /packs/{id}/design/archive`: the working copy as one zip file, taken out and put in.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use svod_portal::{CsrfMultipart, PageContext, PageError};

use super::address;
use super::tree::{self, Notice};
use crate::pages::file::allowed;
use crate::working::{Working, WorkingError};
use crate::{OperationsState, archive, faults};

/// Most bytes of an archive that is sent, with the form around it: a pack of the largest size, packed.
pub const MAX_SENT: usize = 16 << 20;

/// The file, for who may publish the pack.
///
/// # Errors
/// Not permitted, or no such pack.
pub async fn download(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let (name, source) = (format!("attachment; filename=\"{id}-{}.zip\"", working.base), working.source());
    let packed = tokio::task::spawn_blocking(move || archive::pack(&id, &source)).await;
    let bytes = packed.map_err(PageError::internal)?.map_err(PageError::internal)?;
    let headers = [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}

/// The files of an archive take the place of the working copy's.
///
/// # Errors
/// Not permitted, or the store failed; what is wrong with the archive stands on the page.
pub async fn upload(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    sent: CsrfMultipart<std::collections::BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let Some(file) = sent.file else {
        return Ok(refused(&ctx, &s, &working, vec![ctx.t("design-archive-none")]));
    };
    let pack = id.clone();
    let unpacked = tokio::task::spawn_blocking(move || archive::unpack(&pack, &file.bytes)).await;
    let source = match unpacked.map_err(PageError::internal)? {
        Ok(source) => source,
        Err(all) => return Ok(refused(&ctx, &s, &working, faults::texts(&ctx, &all))),
    };
    match working.take(&s, &ctx.actor, source).await {
        Ok(_) => Ok(Redirect::to(&format!("{}?done=taken", address(&id))).into_response()),
        Err(WorkingError::TooLarge) => {
            let working = Working::open(&s, &ctx.actor, &id).await?;
            Ok(refused(&ctx, &s, &working, vec![ctx.t("design-too-large")]))
        }
        Err(e) => Err(e.into()),
    }
}

fn refused(ctx: &PageContext, s: &OperationsState, working: &Working, texts: Vec<String>) -> Response {
    let errors = texts.into_iter().map(|text| ("archive".to_owned(), text)).collect();
    tree::render(ctx, s, working, Notice { errors, ..Notice::default() })
}
