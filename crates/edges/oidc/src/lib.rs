//! Svod as an OpenID provider: OpenID Connect Core 1.0 and Discovery 1.0, OAuth 2.1 (code with PKCE), pushed requests (RFC 9126),
//! refresh with rotation, logout in both directions (RP-Initiated and Back-Channel Logout 1.0), DPoP (RFC 9449), introspection (RFC 7662), revocation (RFC 7009), dynamic registration behind an
//! administrator's approval (RFC 7591). Translation only: what is given to whom, `svod_identity::provider` knows.
//!
//! * `discovery` – `/.well-known/…`, `/oauth/jwks`
//! * `authorize` – `/oauth/authorize`: a person is asked
//! * `end` – `/oauth/logout`: a site asks that somebody be signed out
//! * `token` – `/oauth/token`, `introspect`, `revoke`, `par`, `userinfo`, `register`: programs ask
//! * `form` – what a program sends, and errors as OAuth writes them

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod authorize;
mod discovery;
mod end;
mod form;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use svod_identity::Identity;
use svod_text::Texts;

/// Bytes of a request at the most.
const MOST: usize = 32 << 10;

/// The routes; they belong inside `Portal::wrap`.
pub fn routes(identity: Arc<Identity>) -> Router {
    let for_everybody = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::document))
        .route("/.well-known/oauth-authorization-server", get(discovery::document))
        .route("/oauth/jwks", get(discovery::keys))
        .layer(axum::middleware::from_fn(from_anywhere));
    let for_programs = Router::new()
        .route("/oauth/token", post(token::give))
        .route("/oauth/par", post(token::push))
        .route("/oauth/introspect", post(token::introspect))
        .route("/oauth/revoke", post(token::revoke))
        .route("/oauth/userinfo", get(token::user_info).post(token::user_info))
        .route("/oauth/register", post(token::register))
        .layer(axum::extract::DefaultBodyLimit::max(MOST))
        .layer(axum::middleware::from_fn_with_state(identity.clone(), from_sites));
    Router::new()
        .merge(for_everybody)
        .merge(for_programs)
        .route("/oauth/authorize", get(authorize::ask).post(authorize::answer))
        .route("/oauth/logout", get(end::ask).post(end::posted))
        .with_state(identity)
}

/// What the provider says of itself is read by programs in whatever page (Fetch, CORS protocol).
async fn from_anywhere(request: Request, next: Next) -> Response {
    shared(request, next, Some(HeaderValue::from_static("*"))).await
}

/// What is given to a site, or said of a person, is read by the pages of sites in force alone; no cookie of this one goes with
/// them.
async fn from_sites(State(identity): State<Arc<Identity>>, request: Request, next: Next) -> Response {
    let asking = request.headers().get(header::ORIGIN).cloned();
    let known = match asking.as_ref().and_then(|o| o.to_str().ok()) {
        Some(origin) => identity.is_site_origin(origin).await,
        None => false,
    };
    let mut response = shared(request, next, asking.filter(|_| known)).await;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}

async fn shared(request: Request, next: Next, with: Option<HeaderValue>) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let Some(with) = with else { return response };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, with);
    if preflight {
        let allowed = HeaderValue::from_static("authorization, content-type, dpop");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    response
}

/// The consent page's texts, to be laid over the portal's.
///
/// # Panics
/// Never: a unit test parses the embedded files.
pub fn texts() -> Texts {
    svod_portal::locales!().expect("the texts are parsed by a unit test of this crate")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_language_has_every_text() {
        assert_eq!(super::texts().missing(), []);
    }
}
