//! Signing in through an outside provider: there and back.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use svod_identity::{IdentityError, Purpose};

use super::session::Back;
use super::{Answer, Client, FRESH, Here, Reach, Signed, local, redirect, session, to_confirm, welcome};
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::{Portal, cookies};

/// For so many seconds the browser remembers what it has begun.
const AWAY: i64 = 15 * 60;

/// `POST /session/outside/{provider}`: away to the provider, which may let in without asking: no link of another page begins it.
/// What comes back counts in this browser alone.
pub(crate) async fn leave(
    State(portal): Here,
    ctx: PageContext,
    headers: HeaderMap,
    Client(from): Client,
    Path(provider): Path<String>,
    CsrfForm(form): CsrfForm<Back>,
) -> Answer {
    let leaving = portal.0.identity.leave(&provider, (&from, local(&form.back, "/")), Purpose::SignIn).await;
    match leaving {
        Ok(leaving) => Ok(away(&portal, &leaving.url, &leaving.state)),
        Err(e) => told(&portal, &ctx, &headers, e).await,
    }
}

/// What went wrong at the provider is told where one signs in.
async fn told(portal: &Portal, ctx: &PageContext, headers: &HeaderMap, e: IdentityError) -> Answer {
    match e {
        IdentityError::Outside
        | IdentityError::Weak
        | IdentityError::Unknown
        | IdentityError::Refused
        | IdentityError::TooMany(_) => {
            Ok(session::page(portal, ctx, Reach::of(portal, headers), ("", "", Some(&e))).await)
        }
        e => Err(e.into()),
    }
}

fn away(portal: &Portal, url: &str, state: &str) -> Response {
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
    let purpose = Purpose::Link(signed.session.id.clone());
    let leaving = portal.0.identity.leave(&form.provider, (&from, "/account#outside"), purpose).await?;
    Ok(away(&portal, &leaving.url, &leaving.state))
}

#[derive(Deserialize)]
pub(crate) struct Proof {
    provider: String,
    #[serde(default)]
    back: String,
}

/// `POST /session/confirm/outside`: a fresh proof by a provider that opens the account.
pub(crate) async fn confirm(
    State(portal): Here,
    signed: Signed,
    Client(from): Client,
    CsrfForm(form): CsrfForm<Proof>,
) -> Answer {
    let purpose = Purpose::Confirm(signed.session.id.clone());
    let back = local(&form.back, "/account");
    let leaving = portal.0.identity.leave(&form.provider, (&from, back), purpose).await?;
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
    portal.0.identity.end_sessions(&signed.session.account, Some(&signed.session)).await?;
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
    ctx: PageContext,
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
    let session = ctx.session.as_deref();
    let told_us = (said.state.as_str(), said.code.as_str(), said.iss.as_deref());
    let back = match portal.0.identity.come_back(told_us, &from, session).await {
        Ok(back) => back,
        Err(e) => return told(&portal, &ctx, &headers, e).await,
    };
    let mut response = match &back.session {
        Some(token) => welcome(&portal, token, portal.0.identity.session_seconds(), local(&back.back, "/")),
        None => redirect(&back.back),
    };
    cookies::set(response.headers_mut(), cookies::OUTSIDE, "", 0, portal.0.secure_cookies);
    Ok(response)
}
