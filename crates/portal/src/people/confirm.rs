//! A fresh proof of who somebody is, before what is weighty.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_identity::IdentityError;

use super::session::{WithPasskey, is_shown, refusal, said};
use super::{Answer, Client, Here, Reach, Scripted, Signed, given, goes_on, leading, local, redirect};
use crate::Portal;
use crate::assets::Island;
use crate::components::{self, Field};
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::page::Page;

#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    back: String,
}

#[derive(Template)]
#[template(path = "people/confirm.html")]
struct ConfirmPage<'a> {
    ctx: &'a PageContext,
    back: &'a str,
    reach: Reach,
    has_passkey: bool,
    has_password: bool,
    /// Providers that open the account: identifier and name.
    outside: Vec<(String, String)>,
    errors: Vec<(String, String)>,
    password: Field,
    code: Field,
}

/// `GET /session/confirm`.
pub(crate) async fn show(State(portal): Here, signed: Signed, headers: HeaderMap, Query(query): Query<Back>) -> Answer {
    page(&portal, &signed, Reach::of(&portal, &headers), (&query.back, None)).await
}

async fn page(
    portal: &Portal,
    signed: &Signed,
    reach: Reach,
    (back, refused): (&str, Option<&IdentityError>),
) -> Result<Response, crate::PageError> {
    let (ctx, identity) = (&signed.ctx, &portal.0.identity);
    let account = identity.account(&signed.session.account).await?;
    let page = ConfirmPage {
        ctx,
        back: local(back, "/account"),
        reach,
        has_passkey: identity.has_passkey(&signed.session.account).await?,
        has_password: account.has_password,
        outside: identity.outside_ways(&signed.session.account).await?,
        errors: refused.map(|e| ("password".to_owned(), said(ctx, e))).into_iter().collect(),
        password: Field::password("password", ctx.t("session-password")).required().autocomplete("current-password"),
        code: Field::text("code", ctx.t("session-code"))
            .hint(ctx.t("session-code-hint"))
            .required()
            .autocomplete("one-time-code"),
    };
    let answer = Page::new(ctx, ctx.t("confirm-title")).body(&page).island(Island::Passkey);
    let response = match refused {
        Some(e) => refusal(answer, e),
        None => answer.into_response(),
    };
    Ok(leading(portal, response, (back, !page.outside.is_empty())).await)
}

#[derive(Deserialize)]
pub(crate) struct Confirm {
    password: String,
    code: String,
    #[serde(default)]
    back: String,
}

/// `POST /session/confirm`.
pub(crate) async fn with_password(
    State(portal): Here,
    signed: Signed,
    Client(from): Client,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<Confirm>,
) -> Answer {
    let proof = (form.password, form.code.as_str());
    match portal.0.identity.confirm_password(&signed.session, proof, &from).await {
        Ok(token) => Ok(goes_on(&portal, &signed, Some(&token), redirect(local(&form.back, "/account")))),
        Err(e) if is_shown(&e) => page(&portal, &signed, Reach::of(&portal, &headers), (&form.back, Some(&e))).await,
        Err(e) => Err(e.into()),
    }
}

/// `POST /session/confirm/passkey/begin`, by a script.
pub(crate) async fn begin_passkey(State(portal): Here, signed: Signed, _: Scripted) -> Answer {
    Ok(given(portal.0.identity.begin_confirm(&signed.session).await?))
}

/// `POST /session/confirm/passkey`.
pub(crate) async fn with_passkey(
    State(portal): Here,
    signed: Signed,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<WithPasskey>,
) -> Answer {
    match portal.0.identity.confirm_with_passkey(&signed.session, &form.token, &form.credential).await {
        Ok(token) => Ok(goes_on(&portal, &signed, Some(&token), redirect(local(&form.back, "/account")))),
        Err(e) if is_shown(&e) => page(&portal, &signed, Reach::of(&portal, &headers), (&form.back, Some(&e))).await,
        Err(e) => Err(e.into()),
    }
}
