use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use svod_kernel::{Coded, FieldError, Problem};

use crate::form;

/// An error of a page's handler. It leaves as a bare status; the portal's middleware, which knows the visitor's
/// language, turns it into a page.
#[derive(Debug, Clone)]
pub struct PageError(Box<Problem>);

impl PageError {
    /// A page for this problem.
    pub fn new(problem: Problem) -> Self {
        Self(Box::new(problem))
    }

    /// Nothing stands at this address.
    pub fn not_found() -> Self {
        Self::bare("page-not-found", 404, "nothing stands at this address")
    }

    /// The visitor has no right to it.
    pub fn forbidden() -> Self {
        Self::bare("forbidden", 403, "the policies of the packs do not allow this")
    }

    /// One has to sign in first.
    pub fn sign_in() -> Self {
        Self::bare("sign-in-needed", 401, "sign in to see this page")
    }

    /// The form was not made for this visitor, or its cookie is gone.
    pub fn csrf() -> Self {
        form::refused("form-token");
        Self::not_ours()
    }

    /// A change that another site's page asks for.
    pub(crate) fn foreign() -> Self {
        form::refused("cross-site");
        Self::not_ours()
    }

    fn not_ours() -> Self {
        Self::bare("form-expired", 403, "the form's token does not match the cookie; open the page again")
    }

    /// A failure of ours; `detail` goes to the log, not to the page.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        tracing::error!(error = %detail, "page failed");
        Self::bare("internal", 500, "the platform failed")
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.0
    }

    fn bare(code: &str, status: u16, detail: &str) -> Self {
        Self::new(Problem {
            kind: format!("urn:svod:problem:{code}"),
            code: code.into(),
            title: code.replace('-', " "),
            status,
            detail: detail.into(),
            errors: Vec::<FieldError>::new(),
            retry_after: None,
        })
    }
}

impl<E: Coded> From<E> for PageError {
    fn from(error: E) -> Self {
        if error.status() >= 500 {
            tracing::error!(code = error.code(), error = %error, "page failed");
        }
        Self::new(error.problem())
    }
}

/// Carried in the response's extensions from the handler to the middleware.
#[derive(Clone)]
pub(crate) struct Failure(pub Box<Problem>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Failure(self.0));
        response
    }
}
