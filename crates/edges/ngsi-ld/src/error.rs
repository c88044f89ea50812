//! Errors as the standard names them (clause 6.3.2, table 6.3.2-1), sent as RFC 7807 problem
//! details under the plain JSON type, as the standard wants it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use svod_kernel::Coded;
use svod_registry::{CommandError, QueryError};

use crate::context::FetchError;

/// Kinds of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is syntactically wrong.
    InvalidRequest,
    /// It contains data that do not fit.
    BadRequestData,
    /// The element is there already.
    AlreadyExists,
    /// Not supported.
    OperationNotSupported,
    /// No such element.
    ResourceNotFound,
    /// We failed.
    InternalError,
    /// Too much to look through.
    TooComplexQuery,
    /// Too much to answer.
    TooManyResults,
    /// A remote context is not to be had.
    LdContextNotAvailable,
    /// No such tenant.
    NonexistentTenant,
    /// A registration forbids it.
    Conflict,
    /// Not the version expected.
    PreconditionFailed,
    /// Who are you?
    Unauthorized,
    /// You may not.
    Forbidden,
    /// Come back later.
    Busy,
    /// No such method here.
    MethodNotAllowed,
    /// The body's type is unknown.
    UnsupportedMediaType,
    /// The answer cannot be given in that type.
    NotAcceptable,
    /// The body's length is not said.
    LengthRequired,
    /// The body is too long.
    TooLarge,
    /// Other brokers failed.
    BadGateway,
    /// Other brokers took too long.
    GatewayTimeout,
    /// A registration leads back here.
    LoopDetected,
}

impl Kind {
    const fn parts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("InvalidRequest", 400, "The request is not valid"),
            Self::BadRequestData => ("BadRequestData", 400, "The request holds data that do not fit"),
            Self::AlreadyExists => ("AlreadyExists", 409, "The element exists already"),
            Self::OperationNotSupported => ("OperationNotSupported", 422, "The operation is not supported"),
            Self::ResourceNotFound => ("ResourceNotFound", 404, "There is no such element"),
            Self::InternalError => ("InternalError", 500, "The platform failed"),
            Self::TooComplexQuery => ("TooComplexQuery", 403, "The query is too complex"),
            Self::TooManyResults => ("TooManyResults", 403, "The query has too many results"),
            Self::LdContextNotAvailable => ("LdContextNotAvailable", 504, "An @context cannot be had"),
            Self::NonexistentTenant => ("NonexistentTenant", 404, "There is no such tenant"),
            Self::Conflict => ("Conflict", 409, "A registration forbids it"),
            Self::PreconditionFailed => ("PreconditionFailed", 412, "The element has another version"),
            Self::Unauthorized => ("Unauthorized", 401, "Authorise first"),
            Self::Forbidden => ("Forbidden", 403, "Not permitted"),
            Self::Busy => ("ServiceUnavailable", 503, "Too much to do"),
            Self::MethodNotAllowed => ("MethodNotAllowed", 405, "The method is not allowed here"),
            Self::UnsupportedMediaType => ("UnsupportedMediaType", 415, "The media type is not supported"),
            Self::NotAcceptable => ("NotAcceptable", 406, "The answer is not to be had in that type"),
            Self::LengthRequired => ("LengthRequired", 411, "Content-Length is missing"),
            Self::TooLarge => ("PayloadTooLarge", 413, "The body is too long"),
            Self::BadGateway => ("BadGateway", 502, "A context source failed"),
            Self::GatewayTimeout => ("GatewayTimeout", 504, "A context source took too long"),
            Self::LoopDetected => ("LoopDetected", 508, "A registration leads back here"),
        }
    }
}

/// An error of this edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// Kind.
    pub kind: Kind,
    /// What is wrong and how to mend it.
    pub detail: String,
}

/// Result of this edge.
pub type Answer<T = Response> = Result<T, ApiError>;

impl ApiError {
    /// An error of that kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// Data that do not fit.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self::new(Kind::BadRequestData, detail)
    }

    /// A request that cannot be read.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Kind::InvalidRequest, detail)
    }

    /// There is none.
    pub fn missing(detail: impl Into<String>) -> Self {
        Self::new(Kind::ResourceNotFound, detail)
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.parts().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem details.
    pub fn json(&self) -> serde_json::Value {
        let (name, status, title) = self.kind.parts();
        json!({
            "type": format!("https://uri.etsi.org/ngsi-ld/errors/{name}"),
            "title": title,
            "detail": self.detail,
            "status": status,
        })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // RFC 9110 leaves it to us; the suite wants silence here.
        if self.kind == Kind::LengthRequired {
            return self.status().into_response();
        }
        let mut response =
            (self.status(), [(header::CONTENT_TYPE, "application/json")], self.json().to_string()).into_response();
        if self.kind == Kind::Busy {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ApiError {}

/// On its way through the registry, out of the function that it was given.
impl From<ApiError> for CommandError {
    fn from(e: ApiError) -> Self {
        Self::Edit(Box::new(e))
    }
}

impl From<CommandError> for ApiError {
    fn from(e: CommandError) -> Self {
        let kind = match &e {
            CommandError::Edit(own) => {
                let own = own.downcast_ref::<Self>().cloned();
                return own.unwrap_or_else(|| Self::bad(e.to_string()));
            }
            CommandError::Forbidden { .. } => Kind::Forbidden,
            CommandError::Invalid { .. }
            | CommandError::UnknownSpace(_)
            | CommandError::Empty
            | CommandError::KeyUsed(_)
            | CommandError::KeyOfParts => Kind::BadRequestData,
            CommandError::NotFound(_) => Kind::ResourceNotFound,
            CommandError::Exists(_) | CommandError::Posted(_) => Kind::AlreadyExists,
            CommandError::Uneven(_) => return of_status(500, &e),
            CommandError::Conflict { .. } => Kind::PreconditionFailed,
            CommandError::TooManyTries(_) => Kind::Busy,
            CommandError::Store(s) => return of_status(s.status(), &e),
        };
        Self::new(kind, e.to_string())
    }
}

impl From<QueryError> for ApiError {
    fn from(e: QueryError) -> Self {
        let kind = match &e {
            QueryError::NotFound(_) => Kind::ResourceNotFound,
            QueryError::UnknownSpace(_) => Kind::NonexistentTenant,
            QueryError::BadCursor(_) => Kind::BadRequestData,
            QueryError::TooBroad(_) => Kind::TooComplexQuery,
            QueryError::Forbidden(_) => Kind::Forbidden,
            QueryError::Store(s) => return of_status(s.status(), &e),
        };
        Self::new(kind, e.to_string())
    }
}

fn of_status(status: u16, e: &dyn std::fmt::Display) -> ApiError {
    if status == 503 || status == 429 {
        return ApiError::new(Kind::Busy, e.to_string());
    }
    tracing::error!(error = %e, "an NGSI-LD request failed");
    ApiError::new(Kind::InternalError, "see the platform's log")
}

impl From<FetchError> for ApiError {
    fn from(e: FetchError) -> Self {
        let kind = match e {
            FetchError::Invalid(_) => Kind::BadRequestData,
            FetchError::Unavailable { .. } => Kind::LdContextNotAvailable,
        };
        Self::new(kind, e.to_string())
    }
}
