//! The bearer's token (RFC 6750). Cookies of the pages are not taken here: this edge is for programs.

use axum::http::{HeaderMap, header};

/// The token of the `Authorization` header.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
