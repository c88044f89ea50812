//! Signing in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_identity::IdentityError;

use super::{Answer, Client, Here, Reach, Scripted, begin, given, leading, local, redirect, welcome};
use crate::assets::Island;
use crate::components::{self, Field};
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::page::Page;
use crate::{Portal, cookies};

/// A session of a persona: half a day.
const PERSONA_SECONDS: i64 = 12 * 3600;

#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    pub back: String,
}

#[derive(Deserialize)]
pub(crate) struct AsPersona {
    persona: String,
    #[serde(default)]
    back: String,
}

struct PersonaCard {
    id: String,
    name: String,
    does: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "people/session.html")]
struct SessionPage<'a> {
    ctx: &'a PageContext,
    personas: Vec<PersonaCard>,
    back: &'a str,
    reach: Reach,
    outside: Vec<(String, String)>,
    errors: Vec<(String, String)>,
    login: Field,
    password: Field,
}

/// `GET /session`.
pub(crate) async fn show(
    State(portal): Here,
    ctx: PageContext,
    headers: HeaderMap,
    Query(query): Query<Back>,
) -> Response {
    page(&portal, &ctx, Reach::of(&portal, &headers), (&query.back, "", None)).await
}

/// The page, perhaps once more with what was wrong.
pub(super) async fn page(
    portal: &Portal,
    ctx: &PageContext,
    reach: Reach,
    (back, login, refused): (&str, &str, Option<&IdentityError>),
) -> Response {
    let cards = portal.0.identity.personas();
    let personas = cards.iter().map(|p| PersonaCard {
        name: ctx.t_or(&format!("persona-{}", p.id), &p.id),
        does: ctx.t_or(&format!("persona-{}-does", p.id), ""),
        current: ctx.session.is_none() && p.id == ctx.actor.name,
        id: p.id.clone(),
    });
    let errors = refused.map(|e| ("login".to_owned(), said(ctx, e))).into_iter().collect();
    let outside = portal.0.identity.outside_providers();
    let leads_away = !outside.is_empty();
    let page = SessionPage {
        ctx,
        personas: personas.collect(),
        back: local(back, "/"),
        reach,
        outside,
        errors,
        login: Field::text("login", ctx.t("session-login")).value(login).required().autocomplete("username webauthn"),
        password: Field::password("password", ctx.t("session-password")).required().autocomplete("current-password"),
    };
    let answer = Page::new(ctx, ctx.t("session-title")).body(&page).island(Island::Passkey);
    let response = match refused {
        Some(e) => refusal(answer, e),
        None => answer.into_response(),
    };
    leading(portal, response, (back, leads_away)).await
}

/// What is said to whom was refused; how long to wait stands in the answer's head as well.
pub(super) fn said(ctx: &PageContext, error: &IdentityError) -> String {
    use svod_kernel::Coded as _;
    match error {
        IdentityError::TooMany(seconds) => ctx.tf("problem-sign-in-too-many-for", &[("n", (*seconds).into())]),
        other => ctx.t_or(&format!("problem-{}", other.code()), &other.to_string()),
    }
}

/// A form once more, after a refusal.
pub(super) fn refusal(page: Page<'_>, error: &IdentityError) -> Response {
    use svod_kernel::Coded as _;
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = page.status(status).into_response();
    if let IdentityError::TooMany(seconds) = error {
        response.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
    }
    response
}

/// Errors that are shown beside the form; others have a page of their own.
pub(super) fn is_shown(error: &IdentityError) -> bool {
    matches!(error, IdentityError::Refused | IdentityError::TooMany(_) | IdentityError::Over | IdentityError::Field(..))
}

/// `POST /session`: a demo persona.
pub(crate) async fn as_persona(State(portal): Here, CsrfForm(form): CsrfForm<AsPersona>) -> Answer {
    let token = portal.0.identity.mint(&form.persona, PERSONA_SECONDS)?;
    let mut response = redirect(local(&form.back, "/"));
    begin(&portal, response.headers_mut(), &token, PERSONA_SECONDS);
    Ok(response)
}

#[derive(Deserialize)]
pub(crate) struct WithPassword {
    login: String,
    password: String,
    #[serde(default)]
    back: String,
}

/// `POST /session/password`: the first half; the answer asks for the code.
pub(crate) async fn with_password(
    State(portal): Here,
    ctx: PageContext,
    Client(from): Client,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<WithPassword>,
) -> Answer {
    match portal.0.identity.sign_in(&form.login, form.password, &from).await {
        Ok(step) => Ok(code_page(&portal, &ctx, &step, (&form.back, None)).await),
        Err(e) if is_shown(&e) => {
            let reach = Reach::of(&portal, &headers);
            Ok(page(&portal, &ctx, reach, (&form.back, &form.login, Some(&e))).await)
        }
        Err(e) => Err(e.into()),
    }
}

#[derive(Template)]
#[template(path = "people/code.html")]
struct CodePage<'a> {
    ctx: &'a PageContext,
    step: &'a str,
    back: &'a str,
    errors: Vec<(String, String)>,
    code: Field,
}

async fn code_page(
    portal: &Portal,
    ctx: &PageContext,
    step: &str,
    (back, refused): (&str, Option<&IdentityError>),
) -> Response {
    let errors = refused.map(|e| ("code".to_owned(), said(ctx, e))).into_iter().collect();
    let code = Field::text("code", ctx.t("session-code"))
        .hint(ctx.t("session-code-hint"))
        .required()
        .autocomplete("one-time-code");
    let page = CodePage { ctx, step, back: local(back, "/"), errors, code };
    let answer = Page::new(ctx, ctx.t("session-code-title")).body(&page);
    let response = match refused {
        Some(e) => refusal(answer, e),
        None => answer.into_response(),
    };
    leading(portal, response, (back, false)).await
}

#[derive(Deserialize)]
pub(crate) struct WithCode {
    step: String,
    code: String,
    #[serde(default)]
    back: String,
}

/// `POST /session/code`: the second half.
pub(crate) async fn with_code(
    State(portal): Here,
    ctx: PageContext,
    Client(from): Client,
    CsrfForm(form): CsrfForm<WithCode>,
) -> Answer {
    let identity = &portal.0.identity;
    match identity.second_factor(&form.step, &form.code, &from).await {
        Ok(token) => Ok(welcome(&portal, &token, identity.session_seconds(), local(&form.back, "/"))),
        Err(e @ (IdentityError::Refused | IdentityError::TooMany(_))) => {
            Ok(code_page(&portal, &ctx, &form.step, (&form.back, Some(&e))).await)
        }
        Err(e) => Err(e.into()),
    }
}

/// `POST /session/passkey/begin`, by a script.
pub(crate) async fn begin_passkey(State(portal): Here, Client(from): Client, _: Scripted) -> Answer {
    Ok(given(portal.0.identity.begin_sign_in(&from).await?))
}

#[derive(Deserialize)]
pub(crate) struct WithPasskey {
    pub token: String,
    pub credential: String,
    #[serde(default)]
    pub back: String,
}

/// `POST /session/passkey`: what the browser's passkey has answered.
pub(crate) async fn with_passkey(
    State(portal): Here,
    ctx: PageContext,
    Client(from): Client,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<WithPasskey>,
) -> Answer {
    let identity = &portal.0.identity;
    match identity.sign_in_with_passkey(&form.token, &form.credential, &from).await {
        Ok(token) => Ok(welcome(&portal, &token, identity.session_seconds(), local(&form.back, "/"))),
        Err(e) if is_shown(&e) => {
            Ok(page(&portal, &ctx, Reach::of(&portal, &headers), (&form.back, "", Some(&e))).await)
        }
        Err(e) => Err(e.into()),
    }
}

/// `POST /session/end`.
pub(crate) async fn sign_out(State(portal): Here, headers: HeaderMap, CsrfForm(form): CsrfForm<Back>) -> Answer {
    if let Some(token) = cookies::read(&headers, cookies::SESSION).filter(|t| !t.contains('.')) {
        portal.0.identity.sign_out(token).await?;
    }
    let mut response = redirect(local(&form.back, "/"));
    let secure = portal.0.secure_cookies;
    // What the browser has kept of the pages goes as well (Clear Site Data, 3.1).
    let kept = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", kept);
    cookies::set(response.headers_mut(), cookies::SESSION, "", 0, secure);
    cookies::set(response.headers_mut(), cookies::CSRF, "", 0, secure);
    Ok(response)
}
