//! Svod as an OpenID provider (OpenID Connect Core 1.0, OAuth 2.1 draft): other sites whose people sign in here.
//!
//! * `client` – the sites: registered, approved, authenticated
//! * `grant` – what somebody allows a site: request, consent, code
//! * `token` – codes, refresh tokens and credentials become tokens; introspection, revocation
//! * `logout` – sessions here and there end together
//! * `dpop` – tokens bound to a key of their holder (RFC 9449)
//! * `jose` – signatures: ES256 under keys that change

mod client;
mod dpop;
mod grant;
pub(crate) mod jose;
mod logout;
mod token;

pub use client::{AuthMethod, Client, ClientState, Credentials, Registration, SCOPES};
pub use grant::{Asked, Authorized, Lasts, Request};
pub(crate) use jose::Keys;
pub use logout::Leaving;
pub use token::{Introspection, TokenRequest, Tokens, UserInfo};

/// An error as OAuth names it (RFC 6749, 5.2; OpenID Connect Core, 3.1.2.6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {description}")]
pub struct OauthError {
    /// `invalid_request` and its like.
    pub error: &'static str,
    /// For developers.
    pub description: String,
}

impl OauthError {
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    /// `invalid_request`: something of the request is missing or wrong.
    pub fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// The HTTP status of the token endpoint and its like.
    pub fn status(&self) -> u16 {
        match self.error {
            "invalid_client" | "invalid_token" => 401,
            "insufficient_scope" => 403,
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        }
    }
}

impl From<svod_store::StoreError> for OauthError {
    fn from(error: svod_store::StoreError) -> Self {
        Self::from(crate::IdentityError::from(error))
    }
}

impl From<crate::IdentityError> for OauthError {
    fn from(error: crate::IdentityError) -> Self {
        use svod_kernel::Coded as _;
        if error.status() >= 500 {
            tracing::error!(%error, "the provider failed");
            return Self::new("server_error", "the platform failed; try again");
        }
        Self::new("invalid_grant", error.to_string())
    }
}
