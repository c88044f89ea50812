//! The bearer's token (RFC 6750). Cookies of the pages are not taken here: this edge is for programs.

use axum::http::{HeaderMap, header};
use svod_identity::FRESH;
use svod_kernel::Actor;

use crate::NgsiState;
use crate::error::{Answer, ApiError, Kind};

/// Who sends the request, and whether the last proof of their session is too old for what is weighty; who has no session, a persona
/// say, has nothing to prove.
///
/// # Errors
/// When the token is not good.
pub async fn caller(state: &NgsiState, headers: &HeaderMap) -> Answer<(Actor, bool)> {
    let Some(token) = token(headers) else { return Ok((Actor::anonymous(), false)) };
    let known = state.identity.recognise(token).await;
    let known = known.map_err(|e| ApiError::new(Kind::Unauthorized, e.to_string()))?;
    let now = state.registry.clock().now();
    let stale = known.session.is_some_and(|session| !session.is_fresh(now, FRESH));
    Ok((Actor::clone(&known.actor), stale))
}

/// The token of the `Authorization` header.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
