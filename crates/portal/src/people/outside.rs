//! Signing in through an outside provider: there and back.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use svod_identity::IdentityError;

use super::session::Back;
use super::{Answer, Client, FRESH, Here, Signed, local, redirect, to_confirm, welcome};
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::{PageError, cookies};

/// For so many seconds the browser remembers what it has begun.
const AWAY: i64 = 15 * 60;

/// `GET /session/outside/{provider}`: away to the provider. What comes back counts in this browser alone.
pub(crate) async fn leave(
    State(portal): Here,
    Client(from): Client,
    Path(provider): Path<String>,
    Query(query): Query<Back>,
) -> Answer {
    let leaving = portal.0.identity.leave(&provider, (&from, local(&query.back, "/")), None).await?;
    Ok(away(&portal, &leaving.url, &leaving.state))
}

fn away(portal: &crate::Portal, url: &str, state: &str) -> Response {
    let mut response = redirect(url);
    cookies::set(response.headers_mut(), cookies::OUTSIDE, state, AWAY, portal.0.secure_cookies);
    response
}

#[derive(Deserialize)]
pub(crate) struct Provider {
    provider: String,
}

/// `POST /account/outside`: the provider shall open this account from now on.
pub(crate) async fn link(
    State(portal): Here,
    signed: Signed,
    Client(from): Client,
    CsrfForm(form): CsrfForm<Provider>,
) -> Answer {
    if !signed.session.is_fresh(signed.ctx.now, FRESH) {
        return Ok(to_confirm("/account"));
    }
    let account = Some(signed.session.account.as_str());
    let leaving = portal.0.identity.leave(&form.provider, (&from, "/account#outside"), account).await?;
    Ok(away(&portal, &leaving.url, &leaving.state))
}

#[derive(Deserialize)]
pub(crate) struct Issuer {
    issuer: String,
}

/// `POST /account/outside/remove`.
pub(crate) async fn unlink(State(portal): Here, signed: Signed, CsrfForm(form): CsrfForm<Issuer>) -> Answer {
    if !signed.session.is_fresh(signed.ctx.now, FRESH) {
        return Ok(to_confirm("/account"));
    }
    portal.0.identity.unlink(&signed.session.account, &form.issuer).await?;
    Ok(redirect("/account#outside"))
}

/// What the provider sends back.
#[derive(Deserialize)]
pub(crate) struct Said {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    iss: Option<String>,
    error: Option<String>,
}

/// `GET /session/outside/return`.
pub(crate) async fn come_back(
    State(portal): Here,
    _: PageContext,
    Client(from): Client,
    headers: HeaderMap,
    Query(said): Query<Said>,
) -> Answer {
    let begun = cookies::read(&headers, cookies::OUTSIDE);
    if said.state.is_empty() || begun != Some(said.state.as_str()) {
        return Err(IdentityError::Over.into());
    }
    if said.error.is_some() {
        return Ok(redirect("/session")); // they have changed their mind, or may not
    }
    let answer = portal.0.identity.come_back((&said.state, &said.code, said.iss.as_deref()), &from).await;
    let mut response = match answer.map_err(PageError::from)? {
        back if back.session.is_none() => redirect(&back.back),
        back => {
            let token = back.session.unwrap_or_default();
            welcome(&portal, &token, portal.0.identity.session_seconds(), local(&back.back, "/"))
        }
    };
    debug_assert_eq!(response.status(), StatusCode::SEE_OTHER);
    cookies::set(response.headers_mut(), cookies::OUTSIDE, "", 0, portal.0.secure_cookies);
    Ok(response)
}
