//! An invitation becomes an account.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::Deserialize;
use svod_identity::Invitation;
use svod_kernel::Timestamp;

use super::{Answer, Client, Here, welcome};
use crate::components;
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::page::Page;

#[derive(Template)]
#[template(path = "people/invitation.html")]
struct InvitationPage<'a> {
    ctx: &'a PageContext,
    invitation: Invitation,
    until: Timestamp,
    token: &'a str,
}

/// `GET /invitation/{token}`.
pub(crate) async fn show(State(portal): Here, ctx: PageContext, Path(token): Path<String>) -> Answer {
    let invitation = portal.0.identity.invitation(&token).await?;
    let until = Timestamp(invitation.expires);
    let page = InvitationPage { ctx: &ctx, invitation, until, token: &token };
    Ok(Page::new(&ctx, ctx.t("invitation-title")).body(&page).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Accept {}

/// `POST /invitation/{token}`: the account is made, its first session begins; next it gets something to sign in with.
pub(crate) async fn accept(
    State(portal): Here,
    Client(from): Client,
    Path(token): Path<String>,
    CsrfForm(Accept {}): CsrfForm<Accept>,
) -> Answer {
    let identity = &portal.0.identity;
    let (_, session) = identity.accept(&token, &from).await?;
    Ok(welcome(&portal, &session, identity.session_seconds(), "/account"))
}
