use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use svod_files::{FileError, FileInfo, FileKind, FileState, Upload};
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_runtime::{Enclosed, reference};
use utoipa::{IntoParams, ToSchema};

use crate::{Caller, Failure, RestState};

/// In a file nothing runs, and it loads nothing.
const CLOSED: &str = "default-src 'none'; sandbox";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FileParams {
    /// The entity that it belongs to.
    #[param(value_type = String)]
    owner: Urn,
    /// As people call it. Its ending must be that of the content; without one it gets one.
    name: Option<String>,
}

/// What is known of a file.
#[derive(Serialize, ToSchema)]
pub struct KeptFile {
    /// Under which it is read.
    #[schema(value_type = String)]
    id: Urn,
    /// The entity that it belongs to.
    #[schema(value_type = String)]
    owner: Urn,
    #[schema(value_type = String)]
    space: SpacePath,
    name: String,
    /// `pdf`, `jpeg` or `png`.
    #[schema(value_type = String)]
    kind: FileKind,
    /// Bytes that are kept: of a picture other ones than were sent.
    size: i64,
    /// Of these bytes, hexadecimal; the journal has it too.
    sha256: String,
    /// `unscanned`, `waiting`, `clean` or `infected`.
    #[schema(value_type = String)]
    state: FileState,
    #[schema(value_type = String)]
    created: Timestamp,
}

impl From<FileInfo> for KeptFile {
    fn from(f: FileInfo) -> Self {
        let FileInfo { id, owner, space, name, kind, size, sha256, state, created } = f;
        Self { id, owner, space, name, kind, size, sha256, state, created }
    }
}

/// Keeps a file with an entity: PDF, JPEG, PNG or WebP, by its content; `Content-Type` is not looked at. Pictures are made anew
/// without what cameras note in them; a PDF that runs something or carries files is refused. One sender sends so many files and bytes
/// within 24 hours.
#[utoipa::path(post, path = "/api/v1/files", tag = "entities", params(FileParams),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = KeptFile), (status = 403), (status = 404), (status = 409),
        (status = 429, description = "As much as one may send within a day: try again after `Retry-After`")),
    security(("bearer" = [])))]
pub async fn put(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<FileParams>,
    body: Body,
) -> Result<(StatusCode, Json<KeptFile>), Failure> {
    // Before anything of it is read.
    s.files.may_keep(&actor, &p.owner).await?;
    s.files.may_send(&actor, 1).await?;
    let read = axum::body::to_bytes(body, s.files.max_bytes()).await;
    let bytes = read.map_err(|_| FileError::TooLarge(s.files.max_mib()))?;
    let upload = Upload { name: p.name.unwrap_or_default(), bytes: bytes.to_vec() };
    let kept = s.files.put(&actor, &p.owner, upload).await?;
    Ok((StatusCode::CREATED, Json(kept.into())))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NameParam {
    /// As people call it. Its ending must be that of the content; without one it gets one.
    pub name: Option<String>,
}

/// A file that is held until answers name it: so it stands in the list that answers a field of files. Nobody is given it before
/// that, and one that is never named is erased.
#[derive(Serialize, ToSchema)]
pub struct HeldFile {
    /// Identifier.
    file: String,
    name: String,
    /// Media type, by its content.
    #[serde(rename = "type")]
    media: String,
    /// Bytes that are kept: of a picture other ones than were sent.
    size: u64,
}

/// Takes a file in for a case that will name it.
pub async fn held(
    s: &RestState,
    actor: &Actor,
    at: (&Urn, &SpacePath),
    (name, body): (Option<String>, Body),
) -> Result<(StatusCode, Json<HeldFile>), Failure> {
    // Before anything of it is read.
    s.files.may_send(actor, 1).await?;
    let read = axum::body::to_bytes(body, s.files.max_bytes()).await;
    let bytes = read.map_err(|_| FileError::TooLarge(s.files.max_mib()))?;
    let upload = Upload { name: name.unwrap_or_default(), bytes: bytes.to_vec() };
    let held = reference(&Enclosed::hold(&s.files, actor, at, upload).await?);
    let file = HeldFile { file: held.file, name: held.name, media: held.media, size: held.size };
    Ok((StatusCode::CREATED, Json(file)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LentParam {
    /// The case that lends it (`lent`), where it is of another, or the open offer to the caller that does.
    #[param(value_type = Option<String>)]
    pub case: Option<Urn>,
}

/// The bytes of a file, for who may see it in its entity, or in a case of theirs or an open offer to them that lends it. What waits for the scanner, or holds
/// malware, is a conflict.
#[utoipa::path(get, path = "/api/v1/files/{id}", tag = "entities", params(("id" = String, Path), LentParam),
    responses((status = 200, body = String, content_type = "application/octet-stream"), (status = 404), (status = 409)),
    security((), ("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(id): Path<Urn>,
    Query(p): Query<LentParam>,
) -> Result<Response, Failure> {
    let (file, bytes) = match &p.case {
        Some(case) => s.files.read_lent(&actor, &id, case).await?,
        None => s.files.read(&actor, &id).await?,
    };
    let headers = [
        (header::CONTENT_TYPE, file.kind.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, file.disposition()),
        (header::CONTENT_SECURITY_POLICY, CLOSED.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// Erases a file. The journal keeps that it was there, with its digest.
#[utoipa::path(delete, path = "/api/v1/files/{id}", tag = "entities", params(("id" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = [])))]
pub async fn remove(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(id): Path<Urn>,
) -> Result<StatusCode, Failure> {
    s.files.remove(&actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
