//! `GET /clients`: other sites whose people sign in here, and those that ask to be one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_identity::provider::{Client, ClientState};
use svod_portal::components::{self, ButtonKind, PostButton, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError};

use super::accounts::{allowed, is_regional};
use crate::OperationsState;

#[derive(Template)]
#[template(path = "clients/clients.html")]
struct ClientsPage<'a> {
    ctx: &'a PageContext,
    clients: Vec<Client>,
    empty: Html,
}

impl ClientsPage<'_> {
    fn state(&self, c: &Client) -> Html {
        let (tone, text) = match c.state {
            ClientState::Pending => (Tone::Warning, "clients-pending"),
            ClientState::Active => (Tone::Good, "clients-active"),
            ClientState::Blocked => (Tone::Danger, "clients-blocked"),
        };
        components::tag(tone, self.ctx.t(text))
    }

    fn act(&self, c: &Client) -> Html {
        let (text, state) = match c.state {
            ClientState::Active => ("clients-block", "blocked"),
            ClientState::Pending | ClientState::Blocked => ("clients-approve", "active"),
        };
        let fields = [("id", c.id.as_str()), ("state", state)];
        let spec = PostButton {
            action: "/clients/state",
            text: self.ctx.t(text),
            fields: &fields,
            kind: ButtonKind::Secondary,
            confirm: None,
        };
        components::post_button(self.ctx, &spec)
    }
}

/// Other sites are everybody's: they are let in by whoever runs a whole region.
fn regional(ctx: &PageContext, s: &OperationsState) -> Result<(), PageError> {
    if is_regional(&allowed(ctx, s)?) { Ok(()) } else { Err(PageError::forbidden()) }
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn list(ctx: PageContext, State(s): State<OperationsState>) -> Result<Response, PageError> {
    regional(&ctx, &s)?;
    let clients = s.identity.clients().await?;
    let empty = components::empty(ctx.t("clients-empty-title"), ctx.t("clients-empty"));
    let body = ClientsPage { ctx: &ctx, clients, empty };
    Ok(Page::new(&ctx, ctx.t("clients-title")).body(&body).island(Island::Forms).into_response())
}

#[derive(Deserialize)]
pub struct Change {
    id: String,
    state: String,
}

/// `POST /clients/state`: a site is let in, or kept out.
///
/// # Errors
/// Not permitted, or no such site.
pub async fn change(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Change>,
) -> Result<Response, PageError> {
    regional(&ctx, &s)?;
    if let Some(elsewhere) = ctx.confirm_first("/clients") {
        return Ok(elsewhere);
    }
    let state = if form.state == "active" { ClientState::Active } else { ClientState::Blocked };
    s.identity.set_client(&form.id, state, &ctx.actor).await?;
    Ok(Redirect::to("/clients").into_response())
}
