//! `GET|POST /sandbox/payments/{payment}`: in the sandbox one chooses what becomes of a payment of one's own. Nothing moves.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_money::{SANDBOX, State as Became};
use svod_portal::components::{self, Tone};
use svod_portal::{CsrfForm, Html, Page, PageContext, PageError, encoded};

use super::{PaymentsState, owner, sum_of, urn};

#[derive(Template)]
#[template(path = "payments/sandbox.html")]
struct SandboxPage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    purpose: String,
    amount: String,
    action: String,
}

/// The page.
///
/// # Errors
/// Not found where there is no sandbox, or the payment is another's.
pub async fn show(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    s.money.provider(SANDBOX)?;
    let payment = s.money.own_payment(&ctx.actor, &urn(&id)?).await?;
    if payment.text("provider") != Some(SANDBOX) {
        return Err(PageError::not_found());
    }
    let body = SandboxPage {
        ctx: &ctx,
        banner: components::banner(Tone::Warning, ctx.t("payments-sandbox-title"), ctx.t("payments-sandbox-text")),
        purpose: payment.text("purpose").unwrap_or_default().to_owned(),
        amount: sum_of(&ctx, &payment, "amount"),
        action: format!("/sandbox/payments/{}", encoded(payment.id.as_str())),
    };
    Ok(Page::new(&ctx, ctx.t("payments-sandbox-title")).body(&body).into_response())
}

/// What was chosen.
#[derive(Deserialize)]
pub struct Choice {
    outcome: String,
}

/// It becomes so.
///
/// # Errors
/// As for the page.
pub async fn choose(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Path(id): Path<String>,
    CsrfForm(choice): CsrfForm<Choice>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    let payment = urn(&id)?;
    let became = match choice.outcome.as_str() {
        "paid" => Became::Done,
        "refused" => Became::Failed(ctx.t("payments-sandbox-refused")),
        _ => Became::Pending,
    };
    s.money.choose(&ctx.actor, &payment, became).await?;
    Ok(Redirect::to(&format!("/my/payments/{}", encoded(payment.as_str()))).into_response())
}
