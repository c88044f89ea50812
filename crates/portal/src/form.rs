use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use svod_kernel::{FieldError, Problem};

use crate::context::PageContext;
use crate::cookies;
use crate::error::PageError;

/// A posted form whose hidden field `csrf` repeats the visitor's cookie (double submit). Put the field there with
/// [`crate::components::csrf_field`].
pub struct CsrfForm<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CsrfForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let ctx = PageContext::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(IntoResponse::into_response)?;
        let again = || Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        let Form(pairs) =
            Form::<Vec<(String, String)>>::from_request(again(), state).await.map_err(IntoResponse::into_response)?;
        let sent = pairs.iter().find(|(name, _)| name == "csrf").map_or("", |(_, v)| v.as_str());
        if !ctx.csrf_holds(sent) {
            return Err(PageError::csrf().into_response());
        }
        match Form::<T>::from_request(again(), state).await {
            Ok(Form(value)) => Ok(Self(value)),
            Err(rejection) => Err(PageError::new(unreadable(&rejection.body_text())).into_response()),
        }
    }
}

/// A form whose fields are not those of the page.
pub(crate) fn unreadable(detail: &str) -> Problem {
    Problem {
        kind: "urn:svod:problem:form-unreadable".into(),
        code: "form-unreadable".into(),
        title: "form unreadable".into(),
        status: StatusCode::UNPROCESSABLE_ENTITY.as_u16(),
        detail: "the form's fields are not those of the page".into(),
        errors: vec![FieldError { field: String::new(), rule: "form".into(), fix: detail.chars().take(200).collect() }],
        retry_after: None,
    }
}

/// What looks like a try to act for a visitor is told and counted (ASVS V16.3.3).
pub(crate) fn refused(why: &'static str) {
    metrics::counter!("svod_forged_total", "why" => why).increment(1);
    tracing::info!(why, "a request that its page did not send was refused");
}

/// True when the header `x-csrf-token` repeats the visitor's cookie: for edges that accept the session cookie.
pub fn csrf_header_holds(headers: &HeaderMap) -> bool {
    let sent = headers.get("x-csrf-token").and_then(|h| h.to_str().ok()).unwrap_or("");
    same(sent, cookies::read(headers, cookies::CSRF).unwrap_or(""))
}

/// Compares in a time that does not tell where they differ; nothing equals an empty token.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let differing = a.bytes().zip(b.bytes()).fold(0u8, |acc, (x, y)| acc | (x ^ y));
    !a.is_empty() && a.len() == b.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd") && !same("abc", "ab") && !same("", ""));
    }
}
