use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use svod_kernel::Actor;
use utoipa::Modify;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::{Failure, RestState};

/// Cookie in which the pages keep the session's token.
pub const SESSION_COOKIE: &str = "svod_session";

/// Who calls: the bearer of a token (RFC 6750), the holder of a page session, or anonymous.
pub struct Caller(pub Actor);

impl FromRequestParts<RestState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, Failure> {
        let by_cookie = !parts.headers.contains_key(header::AUTHORIZATION);
        // A neighbour of the same name is another site here: SameSite lets its cookies through.
        let foreign = parts.headers.get("sec-fetch-site").is_some_and(|v| v == "cross-site" || v == "same-site");
        match session_token(&parts.headers) {
            Some(_) if by_cookie && foreign && !parts.method.is_safe() => {
                Err(Failure::forbidden("a change asked for by another site's page"))
            }
            Some(token) => Ok(Self(state.identity.authenticate(token).await?)),
            None => Ok(Self(Actor::anonymous())),
        }
    }
}

/// The token of the `Authorization` header, else of the session cookie.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if let Some(value) = bearer {
        // The scheme is case-insensitive (RFC 9110, 11.1); a scheme without a token is an empty token, which is refused.
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(token.trim());
        }
    }
    let cookies = || headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let pairs = || cookies().flat_map(|c| c.split(';')).filter_map(|p| p.trim().split_once('='));
    let named = |wanted: fn(&str) -> bool| pairs().find(|(name, value)| wanted(name) && !value.is_empty());
    let bound = named(|name| name.strip_prefix("__Host-") == Some(SESSION_COOKIE));
    bound.or_else(|| named(|name| name == SESSION_COOKIE)).map(|(_, value)| value)
}

pub struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}
