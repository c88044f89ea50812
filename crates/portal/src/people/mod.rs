//! Pages of whoever signs in: the door, what it opens with, and the sessions behind it.
//!
//! * `session` – `/session`: with a passkey, with a password and a code, as a demo persona
//! * `confirm` – `/session/confirm`: a fresh proof before what is weighty
//! * `invitation` – `/invitation`: a new account
//! * `outside` – `/session/outside/{provider}`: through another provider
//! * `account` – `/account`: passkeys, password, devices, the post in which one acts

mod account;
mod confirm;
mod invitation;
mod outside;
mod session;

use std::net::IpAddr;

use axum::Json;
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use svod_identity::{Ceremony, From, Session};
use svod_kernel::number;

use crate::context::{PageContext, new_token};
use crate::{PageError, Portal, cookies};

pub use svod_identity::FRESH;

pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/session", get(session::show).post(session::as_persona))
        .route("/session/outside/return", get(outside::come_back))
        .route("/session/outside/{provider}", post(outside::leave))
        .route("/session/confirm/outside", post(outside::confirm))
        .route("/account/outside", post(outside::link))
        .route("/account/outside/remove", post(outside::unlink))
        .route("/session/password", post(session::with_password))
        .route("/session/code", post(session::with_code))
        .route("/session/passkey/begin", post(session::begin_passkey))
        .route("/session/passkey", post(session::with_passkey))
        .route("/session/end", post(session::sign_out))
        .route("/session/confirm", get(confirm::show).post(confirm::with_password))
        .route("/session/confirm/passkey/begin", post(confirm::begin_passkey))
        .route("/session/confirm/passkey", post(confirm::with_passkey))
        .route("/invitation", get(invitation::show).post(invitation::look))
        .route("/invitation/accept", post(invitation::accept))
        .route("/account", get(account::show))
        .route("/account/acting", post(account::act_as))
        .route("/account/passkeys/begin", post(account::begin_passkey))
        .route("/account/passkeys", post(account::add_passkey))
        .route("/account/passkeys/rename", post(account::rename_passkey))
        .route("/account/passkeys/remove", post(account::remove_passkey))
        .route("/account/password", get(account::password).post(account::set_password))
        .route("/account/password/remove", post(account::drop_password))
        .route("/account/sites/withdraw", post(account::withdraw))
        .route("/account/sites/narrow", post(account::narrow))
        .route("/account/sessions/end", post(account::end_session))
        .route("/account/sessions/end-others", post(account::end_others))
}

/// From where a request comes: its browser, and its address as the program's front has seen it.
#[derive(Debug, Clone)]
pub(crate) struct Client(pub From);

/// The address of a connection's other end, left in the request by whoever took the connection.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let address = parts.extensions.get::<PeerAddress>().map(|a| a.0.to_string()).unwrap_or_default();
        Ok(Self(From { agent: agent.to_owned(), address }))
    }
}

/// Of which session a page is; who has none is asked to sign in, a persona is told that it has none.
pub(crate) struct Signed {
    pub ctx: PageContext,
    pub session: Session,
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let ctx = PageContext::from_request_parts(parts, state).await?;
        match &ctx.session {
            Some(session) => Ok(Self { session: Session::clone(session), ctx }),
            None if ctx.signed_in() => Err(PageError::not_found()),
            None => Err(PageError::sign_in()),
        }
    }
}

/// A script's request: its token stands in a header.
struct Scripted;

impl FromRequestParts<Portal> for Scripted {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &Portal) -> Result<Self, PageError> {
        if crate::csrf_header_holds(&parts.headers) { Ok(Self) } else { Err(PageError::csrf()) }
    }
}

/// A ceremony as its script takes it.
fn given(ceremony: Ceremony) -> Response {
    let body = serde_json::json!({"token": ceremony.token, "options": ceremony.options});
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The session begins: its token is told to the browser.
fn welcome(portal: &Portal, token: &str, seconds: i64, to: &str) -> Response {
    let mut response = redirect(to);
    begin(portal, response.headers_mut(), token, seconds);
    response
}

fn begin(portal: &Portal, headers: &mut HeaderMap, token: &str, seconds: i64) {
    let secure = portal.0.secure_cookies;
    cookies::set(headers, cookies::SESSION, token, seconds, secure);
    // A token of forms known before the session began is worth nothing in it.
    cookies::set(headers, cookies::CSRF, &new_token(portal), cookies::YEAR, secure);
}

/// The session goes on, under a token that the browser is told; the one of before opens nothing any more. Forms that stand open
/// elsewhere in the browser go on with it.
fn goes_on(portal: &Portal, signed: &Signed, token: Option<&str>, mut response: Response) -> Response {
    if let Some(token) = token {
        let left = number::whole(signed.session.expires.seconds_since(signed.ctx.now)).max(1);
        cookies::set(response.headers_mut(), cookies::SESSION, token, left, portal.0.secure_cookies);
    }
    response
}

fn redirect(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// Where a fresh proof is given, and the way back from there.
pub(crate) fn to_confirm(back: &str) -> Response {
    redirect(&format!("/session/confirm?back={}", crate::encoded(back)))
}

/// The path when it stays on this site and is no page of signing in, otherwise that one.
fn local<'a>(path: &'a str, otherwise: &'a str) -> &'a str {
    let fine = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/session")
        && !path.starts_with("/invitation")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if fine { path } else { otherwise }
}

/// Where signing in leads on to another site, or buttons to the providers, the forms of the page may lead there, and to no others.
async fn leading(portal: &Portal, mut response: Response, (back, providers): (&str, bool)) -> Response {
    let identity = &portal.0.identity;
    let mut to = if providers { identity.outside_origins() } else { Vec::new() };
    let site = back.strip_prefix("/oauth/authorize?");
    if let Some(id) = site.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("client_id="))) {
        // Without them the browser says that it may not go there; signing in works all the same.
        to.extend(identity.ways_to_site(id).await.unwrap_or_default());
    }
    if !to.is_empty() {
        response.extensions_mut().insert(crate::FormsTo(to));
    }
    response
}

/// Whether passkeys are good at the address under which this page is seen, and where they would be.
struct Reach {
    /// The address at which they are good; empty where there is none.
    origin: String,
    /// The page is seen there.
    here: bool,
}

impl Reach {
    fn of(portal: &Portal, headers: &HeaderMap) -> Self {
        let origin = portal.0.identity.origin().unwrap_or_default();
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
        let here = origin.split_once("://").is_some_and(|(_, named)| named.eq_ignore_ascii_case(host));
        Self { origin, here }
    }
}

type Answer = Result<Response, PageError>;
type Here = State<Portal>;

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_way_back_stays_on_this_site() {
        assert_eq!(local("/tasks?status=offered", "/"), "/tasks?status=offered");
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/session", "/a\r\nX: y", "tasks"]
        {
            assert_eq!(local(bad, "/"), "/", "{bad:?}");
        }
    }
}
