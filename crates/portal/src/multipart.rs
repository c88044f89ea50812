use axum::body::Body;
use axum::extract::multipart::MultipartError;
use axum::extract::{Form, FromRequest, FromRequestParts, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use svod_kernel::Problem;

use crate::address::encoded;
use crate::context::PageContext;
use crate::error::PageError;
use crate::form::CsrfForm;

/// Fields of a form that are no files, together, in bytes.
const MAX_FIELDS: usize = 64 * 1024;
/// Files of one form.
pub(crate) const MAX_FILES: usize = 20;

/// A file as a browser sent it.
#[derive(Debug, Clone)]
pub struct SentFile {
    /// As the sender's machine calls it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A posted form with at most one file (RFC 7578), otherwise as [`CsrfForm`]. The token's field stands first in the form: without
/// it, or from somebody who has not signed in, no byte of a file is read. The route's `DefaultBodyLimit` bounds all of it.
pub struct CsrfMultipart<T> {
    /// The fields.
    pub form: T,
    /// The file, where one was chosen.
    pub file: Option<SentFile>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CsrfMultipart<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let CsrfFiles { form, mut files } = CsrfFiles::read(request, state, 1).await?;
        Ok(Self { form, file: files.pop() })
    }
}

/// The same with as many files as one form sends, 20 at the most.
pub struct CsrfFiles<T> {
    /// The fields.
    pub form: T,
    /// The files, in their order.
    pub files: Vec<SentFile>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CsrfFiles<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        Self::read(request, state, MAX_FILES).await
    }
}

impl<T: DeserializeOwned> CsrfFiles<T> {
    async fn read<S: Send + Sync>(request: Request, state: &S, most: usize) -> Result<Self, Response> {
        if !is_multipart(request.headers()) {
            let CsrfForm(form) = CsrfForm::<T>::from_request(request, state).await?;
            return Ok(Self { form, files: Vec::new() });
        }
        let (mut parts, body) = request.into_parts();
        let ctx = PageContext::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let mut sent = Multipart::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let (fields, files) = read(&ctx, &mut sent, most).await.map_err(IntoResponse::into_response)?;
        let form = Request::post("/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(fields))
            .map_err(|e| PageError::internal(e).into_response())?;
        match Form::<T>::from_request(form, state).await {
            Ok(Form(form)) => Ok(Self { form, files }),
            Err(rejection) => Err(PageError::new(crate::form::unreadable(&rejection.body_text())).into_response()),
        }
    }
}

pub(crate) fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

/// The fields as an ordinary form sends them, and the files.
async fn read(ctx: &PageContext, sent: &mut Multipart, most: usize) -> Result<(String, Vec<SentFile>), PageError> {
    let (mut fields, mut length, mut files, mut proved) = (Vec::new(), 0, Vec::new(), false);
    while let Some(mut part) = sent.next_field().await.map_err(|e| broken(&e))? {
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(called) = part.file_name().map(str::to_owned) {
            if !proved {
                return Err(PageError::csrf());
            }
            if !ctx.signed_in() {
                return Err(PageError::sign_in());
            }
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
                bytes.extend_from_slice(&chunk);
            }
            // A field in which no file was chosen is sent with neither.
            if called.is_empty() && bytes.is_empty() {
                continue;
            }
            if files.len() == most {
                let detail = if most == 1 { "one file at a time" } else { "too many files at a time" };
                return Err(PageError::new(crate::form::unreadable(detail)));
            }
            files.push(SentFile { name: called, bytes });
            continue;
        }
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(|e| broken(&e))? {
            length += chunk.len();
            if length > MAX_FIELDS {
                return Err(too_large());
            }
            value.extend_from_slice(&chunk);
        }
        let value = String::from_utf8_lossy(&value);
        proved = proved || (name == "csrf" && ctx.csrf_holds(&value));
        fields.push(format!("{}={}", encoded(&name), encoded(&value)));
    }
    if proved { Ok((fields.join("&"), files)) } else { Err(PageError::csrf()) }
}

pub(crate) fn broken(error: &MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => PageError::new(crate::form::unreadable(&error.body_text())),
    }
}

pub(crate) fn too_large() -> PageError {
    PageError::new(Problem {
        kind: "urn:svod:problem:too-large".into(),
        code: "too-large".into(),
        title: "too large".into(),
        status: StatusCode::PAYLOAD_TOO_LARGE.as_u16(),
        detail: "the form with its file is larger than this page takes".into(),
        errors: Vec::new(),
        retry_after: None,
    })
}
