//! `GET /files/{id}`: a file that belongs to what the visitor may see; and what forms with a scan have in common.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_files::{Examined, FileError, FileInfo, FileState, Upload};
use svod_kernel::{Coded as _, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Field, Tone};
use svod_portal::{Html, PageContext, PageError, SentFile, encoded};

use crate::CabinetState;
use crate::pages::of;

/// What browsers offer; the content decides.
const ENDINGS: &str = ".pdf,.jpg,.jpeg,.png,.webp";
/// In a file nothing runs, and it loads nothing.
const CLOSED: &str = "default-src 'none'; sandbox";

/// What stands in the address of a file.
#[derive(Deserialize)]
pub struct Asked {
    /// The case or the offer that lends it, where it is of another.
    case: Option<Urn>,
}

/// The file, to be kept by the browser and not to be shown in it.
///
/// # Errors
/// There is none that the visitor may know of, it is in quarantine, or the store failed.
pub async fn read(
    ctx: PageContext,
    State(s): State<CabinetState>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let id: Urn = id.parse().map_err(|_| PageError::not_found())?;
    let found = match &asked.case {
        Some(case) => s.files.read_lent(&ctx.actor, &id, case).await,
        None => s.files.read(&ctx.actor, &id).await,
    };
    match found {
        Ok((file, bytes)) => Ok(download(&file, bytes)),
        Err(e) if e.status() == 404 && !ctx.signed_in() => Err(PageError::sign_in()),
        Err(e) => Err(e.into()),
    }
}

fn download(file: &FileInfo, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, file.kind.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, file.disposition()),
        (header::CONTENT_SECURITY_POLICY, CLOSED.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes).into_response()
}

/// The files of an entity as links, each on a line of its own, with what stands in the way of one.
pub async fn links(ctx: &PageContext, s: &CabinetState, e: &Entity) -> Result<Html, PageError> {
    let link = |file: &FileInfo| {
        let link = components::link(&format!("/files/{}", encoded(file.id.as_str())), &file.name);
        let state = match file.state {
            FileState::Waiting => components::tag(Tone::Quiet, ctx.t("cabinet-file-waiting")),
            FileState::Infected => components::tag(Tone::Danger, ctx.t("cabinet-file-infected")),
            FileState::Clean | FileState::Unscanned => Html::default(),
        };
        Html::trusted(format!("{link} {state}<br>"))
    };
    Ok(Html::join(s.files.list(e).await?.iter().map(link)))
}

/// The field of a form for the scan of a document.
pub fn scan_field(ctx: &PageContext, s: &CabinetState, errors: &[(String, String)]) -> Field {
    Field::file("scan", ctx.t("cabinet-scan"), ENDINGS)
        .hint(ctx.tf("cabinet-scan-hint", &[("n", s.files.max_mib().into())]))
        .error(of(errors, "scan"))
}

/// The scan that came with a form, examined before anything is done.
pub async fn examined(
    ctx: &PageContext,
    s: &CabinetState,
    file: Option<SentFile>,
) -> Result<Option<Examined>, FileError> {
    let Some(SentFile { name, bytes }) = file else { return Ok(None) };
    s.files.may_send(&ctx.actor, bytes.len()).await?;
    s.files.examine(Upload { name, bytes }).await.map(Some)
}

/// What is wrong with a scan, to be shown at its field.
pub fn scan_refused(ctx: &PageContext, s: &CabinetState, error: FileError) -> Result<(String, String), PageError> {
    if !(400..500).contains(&error.status()) {
        return Err(error.into());
    }
    if let FileError::Quota(seconds) = error {
        let hours = seconds.div_ceil(3600);
        return Ok(("scan".to_owned(), ctx.tf("cabinet-file-quota", &[("n", hours.into())])));
    }
    let key = format!("cabinet-{}", error.code());
    Ok(("scan".to_owned(), ctx.tf(&key, &[("n", s.files.max_mib().into())])))
}
