use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use svod_kernel::{Coded, FieldError, Problem};

/// Seconds after which a refused client may try again.
const RETRY_AFTER: &str = "1";

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
        }))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status.as_u16(), 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
