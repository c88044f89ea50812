//! Invitations that nobody has used yet: seen, and taken back.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_identity::{IdentityError, OpenInvitation};
use svod_kernel::SpacePath;
use svod_portal::components::{self, ButtonKind, PostButton, Table};
use svod_portal::{CsrfForm, Html, PageContext, PageError};

use super::{allowed, is_regional};
use crate::OperationsState;

/// Those that the visitor may take back: to posts where they run the installation, their own, and for who runs a whole region
/// those without a post.
pub async fn theirs(
    ctx: &PageContext,
    s: &OperationsState,
    spaces: &[SpacePath],
) -> Result<Vec<OpenInvitation>, IdentityError> {
    let within = |invitation: &OpenInvitation| match &invitation.post {
        Some((_, space)) => spaces.contains(space),
        None => is_regional(spaces) || invitation.maker.id == ctx.actor.id,
    };
    Ok(s.identity.open_invitations().await?.into_iter().filter(within).collect())
}

/// The table; empty without any.
pub fn table(ctx: &PageContext, open: &[OpenInvitation]) -> Html {
    if open.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("accounts-open"))
        .hide_caption()
        .column(ctx.t("session-login"))
        .column(ctx.t("account-name"))
        .column(ctx.t("invitation-post"))
        .column(ctx.t("accounts-open-by"))
        .column(ctx.t("accounts-open-until"))
        .column(ctx.t("accounts-act"));
    for one in open {
        let post = match &one.post {
            Some((role, space)) => format!("{} · {space}", ctx.word("PostRole", role.as_str())),
            None if one.person.is_some() => ctx.t("accounts-known"),
            None => ctx.t("accounts-no-post"),
        };
        let spec = PostButton {
            action: "/accounts/invitations/withdraw",
            text: ctx.t("accounts-open-end"),
            fields: &[("id", one.id.as_str())],
            kind: ButtonKind::Secondary,
            confirm: Some(ctx.t("accounts-open-ask")),
        };
        let button = components::post_button(ctx, &spec);
        let (until, by) = (components::time(ctx, one.expires), Html::text(&one.by));
        table.row([Html::text(&one.login), Html::text(&one.name), Html::text(&post), by, until, button]);
    }
    table.html()
}

#[derive(Deserialize)]
pub struct Withdraw {
    id: String,
}

/// `POST /accounts/invitations/withdraw`: its address opens nothing any more.
///
/// # Errors
/// Not permitted, or no such invitation.
pub async fn take_back(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Withdraw>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    let open = theirs(&ctx, &s, &spaces).await?;
    if !open.iter().any(|one| one.id == form.id) {
        return Err(IdentityError::Missing("invitation").into());
    }
    s.identity.take_back(&form.id, &ctx.actor).await?;
    Ok(Redirect::to("/accounts#invited").into_response())
}
