use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use svod_identity::PROVE;
use svod_kernel::{Coded, FieldError, Problem};

/// Seconds after which a refused client may try again where nobody knows better.
const RETRY_AFTER: u64 = 1;

/// An error on its way out: RFC 9457 problem details.
#[derive(Debug)]
pub struct Failure(pub Box<Problem>);

impl<E: Coded> From<E> for Failure {
    fn from(e: E) -> Self {
        if e.status() >= 500 && e.status() != 503 {
            tracing::error!(code = e.code(), error = %e, "a request failed");
        }
        Self(Box::new(e.problem()))
    }
}

impl Failure {
    /// A request that cannot be understood: which field, which rule, which fix.
    pub fn bad(field: &str, rule: &str, fix: &str) -> Self {
        Self(Box::new(Problem {
            kind: "urn:svod:problem:bad-request".into(),
            code: "bad-request".into(),
            title: "bad request".into(),
            status: 400,
            detail: format!("{field}: {rule}"),
            errors: vec![FieldError { field: field.into(), rule: rule.into(), fix: fix.into() }],
            retry_after: None,
        }))
    }

    /// It is weighty, and the caller's last proof of who they are is too old: where another is given.
    pub fn proof_needed() -> Self {
        Self(Box::new(Problem {
            kind: "urn:svod:problem:proof-needed".into(),
            code: "proof-needed".into(),
            title: "proof needed".into(),
            status: 403,
            detail: "this asks for a proof of the last ten minutes of who you are".into(),
            errors: vec![FieldError { field: "authorization".into(), rule: "proof".into(), fix: PROVE.into() }],
            retry_after: None,
        }))
    }

    /// Policy does not permit it.
    pub fn forbidden(what: &str) -> Self {
        Self(Box::new(Problem {
            kind: "urn:svod:problem:forbidden".into(),
            code: "forbidden".into(),
            title: "forbidden".into(),
            status: 403,
            detail: format!("not permitted: {what}"),
            errors: Vec::new(),
            retry_after: None,
        }))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let seconds = self.0.retry_after.unwrap_or(RETRY_AFTER);
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status.as_u16(), 429 | 503) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Longest text of a refusal that is kept.
const MAX_TEXT: usize = 4_000;

/// What a route refuses before its handler sees it (a path, a body, a method) leaves as problem details as well.
pub async fn in_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let plain = |h: &HeaderValue| h.as_bytes().starts_with(b"text/plain");
    let status = response.status();
    if !status.is_client_error() || !response.headers().get(header::CONTENT_TYPE).is_none_or(plain) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, MAX_TEXT).await.unwrap_or_default();
    let code = match status.as_u16() {
        404 => "not-found",
        405 => "method-not-allowed",
        413 => "too-large",
        415 => "media-type",
        422 => "invalid-body",
        _ => "bad-request",
    };
    let mut answer = Failure(Box::new(Problem {
        kind: format!("urn:svod:problem:{code}"),
        code: code.into(),
        title: code.replace('-', " "),
        status: status.as_u16(),
        detail: String::from_utf8_lossy(&text).trim().to_owned(),
        errors: Vec::new(),
        retry_after: None,
    }))
    .into_response();
    for (name, value) in &parts.headers {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer
}
