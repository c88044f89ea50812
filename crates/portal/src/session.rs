//! Signing in. In demo mode one chooses a persona; otherwise the page says that sign-in is not set up.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::context::{PageContext, new_token};
use crate::error::PageError;
use crate::form::CsrfForm;
use crate::page::Page;
use crate::{Portal, components, cookies};

/// A session in demo mode: half a day.
const SESSION_SECONDS: i64 = 12 * 3600;

#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    back: String,
}

#[derive(Deserialize)]
pub(crate) struct SignIn {
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
#[template(path = "session.html")]
struct SessionPage<'a> {
    ctx: &'a PageContext,
    personas: Vec<PersonaCard>,
    back: &'a str,
}

/// `GET /session`.
pub(crate) async fn show(State(portal): State<Portal>, ctx: PageContext, Query(query): Query<Back>) -> Response {
    let personas = portal
        .0
        .identity
        .personas()
        .iter()
        .map(|p| PersonaCard {
            name: ctx.t_or(&format!("persona-{}", p.id), &p.id),
            does: ctx.t_or(&format!("persona-{}-does", p.id), ""),
            current: p.id == ctx.actor.name,
            id: p.id.clone(),
        })
        .collect();
    let page = SessionPage { ctx: &ctx, personas, back: local(&query.back) };
    Page::new(&ctx, ctx.t("session-title")).body(&page).into_response()
}

/// `POST /session`.
pub(crate) async fn sign_in(
    State(portal): State<Portal>,
    CsrfForm(form): CsrfForm<SignIn>,
) -> Result<Response, PageError> {
    let token = portal.0.identity.mint(&form.persona, SESSION_SECONDS)?;
    let mut response = redirect(local(&form.back));
    let secure = portal.0.secure_cookies;
    cookies::set(response.headers_mut(), cookies::SESSION, &token, SESSION_SECONDS, secure);
    // A token of forms known before the session began is worth nothing in it.
    cookies::set(response.headers_mut(), cookies::CSRF, &new_token(&portal), cookies::YEAR, secure);
    Ok(response)
}

/// `POST /session/end`.
pub(crate) async fn sign_out(State(portal): State<Portal>, CsrfForm(_): CsrfForm<Back>) -> Response {
    let mut response = redirect("/");
    let secure = portal.0.secure_cookies;
    cookies::set(response.headers_mut(), cookies::SESSION, "", 0, secure);
    cookies::set(response.headers_mut(), cookies::CSRF, "", 0, secure);
    response
}

fn redirect(to: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// The path when it stays on this site and is no page of signing in, otherwise the front page.
fn local(path: &str) -> &str {
    let fine = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/session")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if fine { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_way_back_stays_on_this_site() {
        assert_eq!(local("/tasks?status=offered"), "/tasks?status=offered");
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/session", "/a\r\nX: y", "tasks"]
        {
            assert_eq!(local(bad), "/", "{bad:?}");
        }
    }
}
