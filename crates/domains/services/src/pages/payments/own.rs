//! `GET /my/payments`, `GET /my/payments/{urn}`, `POST /pay/{accrual}`: what a person owes and pays.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::{Coded as _, Urn};
use svod_model::Entity;
use svod_money::{MoneyError, ProviderError, REPLACED, UNEXPLAINED, sums};
use svod_portal::components::{self, ButtonKind, SummaryRow, Tone};
use svod_portal::{CsrfForm, Html, Page, PageContext, PageError, encoded};
use svod_registry::QueryError;

use super::{PaymentsState, accrual_status, called, owner, payment_status, sandbox_banner, sum, sum_of, urn, whole};

#[derive(Template)]
#[template(path = "payments/own.html")]
struct OwnPage<'a> {
    ctx: &'a PageContext,
    refused: Html,
    banner: Html,
    owed: Vec<Owed>,
    settled: Vec<Settled>,
    payments: Vec<Paid>,
    empty: Html,
}

/// What is owed, with the form that pays it.
struct Owed {
    id: String,
    purpose: String,
    number: String,
    rest: String,
    status: Html,
    due: Html,
    invoice: String,
    action: String,
    /// What the field of the sum holds.
    value: String,
    /// Why it was not paid; empty when nothing was refused.
    error: String,
}

/// A payment that was not begun: of what, the sum as it was typed, why in words.
struct Refused {
    accrual: Urn,
    sent: String,
    why: String,
    status: StatusCode,
}

struct Settled {
    purpose: String,
    number: String,
    amount: String,
    status: Html,
}

struct Paid {
    href: String,
    what: String,
    amount: String,
    at: Html,
    status: Html,
    /// What of it is owed back; empty when nothing is.
    over: String,
}

#[derive(Template)]
#[template(path = "payments/receipt.html")]
struct ReceiptPage<'a> {
    ctx: &'a PageContext,
    title: String,
    banner: Html,
    status: Html,
    facts: Html,
    back: Html,
}

#[derive(Template)]
#[template(path = "payments/leave.html")]
struct LeavePage<'a> {
    ctx: &'a PageContext,
    text: String,
    go: Html,
}

fn is_owed(accrual: &Entity) -> bool {
    ["open", "partly"].contains(&accrual.text("status").unwrap_or_default())
}

fn due(ctx: &PageContext, accrual: &Entity) -> Html {
    match accrual.time("dueAt") {
        Some(at) => Html::join([ctx.t("payments-due").into(), " ".into(), components::time(ctx, at)]),
        None => Html::default(),
    }
}

fn owed(ctx: &PageContext, accrual: &Entity, refused: Option<&Refused>) -> Owed {
    let currency = accrual.text("currency").unwrap_or_default();
    let rest = whole(accrual, "amount") - whole(accrual, "paid");
    let refused = refused.filter(|r| r.accrual == accrual.id);
    Owed {
        id: accrual.id.local().to_owned(),
        purpose: accrual.text("purpose").unwrap_or_default().to_owned(),
        number: accrual.text("number").unwrap_or_default().to_owned(),
        rest: sum(ctx.lang, rest, currency),
        status: accrual_status(ctx, accrual),
        due: due(ctx, accrual),
        invoice: super::invoice::address(&accrual.id),
        action: format!("/pay/{}", encoded(accrual.id.as_str())),
        value: refused.map_or_else(|| sums::written(rest, currency), |r| r.sent.clone()),
        error: refused.map(|r| r.why.clone()).unwrap_or_default(),
    }
}

fn settled(ctx: &PageContext, accrual: &Entity) -> Settled {
    Settled {
        purpose: accrual.text("purpose").unwrap_or_default().to_owned(),
        number: accrual.text("number").unwrap_or_default().to_owned(),
        amount: sum_of(ctx, accrual, "amount"),
        status: accrual_status(ctx, accrual),
    }
}

fn paid(ctx: &PageContext, payment: &Entity) -> Paid {
    Paid {
        href: format!("/my/payments/{}", encoded(payment.id.as_str())),
        what: ctx.word("PaymentKind", payment.text("kind").unwrap_or_default()),
        amount: sum_of(ctx, payment, "amount"),
        at: payment.time("startedAt").map_or_else(Html::default, |at| components::time(ctx, at)),
        status: payment_status(ctx, payment),
        over: match whole(payment, "owedBack") {
            0 => String::new(),
            _ => ctx.tf("payments-owed-back", &[("sum", sum_of(ctx, payment, "owedBack").into())]),
        },
    }
}

/// What they owe and have paid.
///
/// # Errors
/// Asks to sign in; not found for who is nobody in particular.
pub async fn list(ctx: PageContext, State(s): State<PaymentsState>) -> Result<Response, PageError> {
    owner(&ctx)?;
    render(&ctx, &s, None).await
}

async fn render(ctx: &PageContext, s: &PaymentsState, refused: Option<&Refused>) -> Result<Response, PageError> {
    let accruals = s.money.accruals(&ctx.actor).await?;
    let payments = s.money.payments(&ctx.actor).await?;
    let nothing = accruals.is_empty() && payments.is_empty();
    let body = OwnPage {
        ctx,
        refused: refused.map(|r| above(ctx, r, &accruals)).unwrap_or_default(),
        banner: sandbox_banner(ctx, &s.money),
        owed: accruals.iter().filter(|a| is_owed(a)).map(|a| owed(ctx, a, refused)).collect(),
        settled: accruals.iter().filter(|a| !is_owed(a)).map(|a| settled(ctx, a)).collect(),
        payments: payments.iter().map(|p| paid(ctx, p)).collect(),
        empty: if nothing {
            components::empty(ctx.t("payments-none-title"), ctx.t("payments-none"))
        } else {
            Html::default()
        },
    };
    let page = Page::new(ctx, ctx.t("payments-own-title")).crumb(ctx.t("payments-my"), "/my").body(&body);
    Ok(page.status(refused.map_or(StatusCode::OK, |r| r.status)).into_response())
}

/// Why nothing was paid, with the way to the field, or alone where nothing is owed of it any more.
fn above(ctx: &PageContext, refused: &Refused, accruals: &[std::sync::Arc<Entity>]) -> Html {
    match accruals.iter().find(|a| a.id == refused.accrual && is_owed(a)) {
        Some(accrual) => {
            let field = format!("amount-{}", accrual.id.local());
            components::error_summary(ctx, &[(field, refused.why.clone())])
        }
        None => components::banner(Tone::Warning, refused.why.clone(), Html::default()),
    }
}

/// Why a payment was not begun, where the person can do something about it.
fn why(ctx: &PageContext, accrual: &Entity, e: &MoneyError) -> Option<String> {
    let currency = accrual.text("currency").unwrap_or_default();
    match e {
        MoneyError::TooMuch { rest: ..=0 } | MoneyError::Closed(_) => Some(ctx.t("payments-closed")),
        MoneyError::TooMuch { rest } => {
            let args = [("least", sum(ctx.lang, 1, currency).into()), ("rest", sum(ctx.lang, *rest, currency).into())];
            Some(ctx.tf("payments-too-much", &args))
        }
        MoneyError::Provider(ProviderError::Refused(why)) => {
            Some(ctx.tf("payments-refused", &[("why", why.as_str().into())]))
        }
        _ => None,
    }
}

/// Why a payment was not done: the provider's own words, ours in the reader's language.
fn said(ctx: &PageContext, failure: &str) -> String {
    match failure {
        REPLACED => ctx.t("payments-failure-replaced"),
        UNEXPLAINED => ctx.t("payments-failure-unexplained"),
        words => words.to_owned(),
    }
}

/// Where a payout went: the card by its last digits, or the account. A card that is forgotten since has no name any more.
async fn paid_to(ctx: &PageContext, s: &PaymentsState, payment: &Entity) -> Result<Option<SummaryRow>, PageError> {
    let to = match payment.object("card") {
        Some(card) => match s.registry.entity(&ctx.actor, card).await {
            Ok(card) => card.text("name").map(str::to_owned),
            Err(QueryError::NotFound(_)) => None,
            Err(e) => return Err(e.into()),
        },
        None => payment.text("account").map(str::to_owned),
    };
    Ok(to.map(|to| SummaryRow::new(ctx.t("payments-to"), to)))
}

/// One payment: where one comes back to, and its receipt once it is done.
///
/// # Errors
/// Not found when it is another's.
pub async fn receipt(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    let payment = s.money.own_payment(&ctx.actor, &urn(&id)?).await?;
    let text = |name: &str| payment.text(name).unwrap_or_default().to_owned();
    let time = |name: &str| payment.time(name).map(|at| components::time(&ctx, at));
    let mut rows = vec![
        SummaryRow::new(ctx.t("payments-what"), ctx.word("PaymentKind", &text("kind"))),
        SummaryRow::new(ctx.t("payments-purpose"), text("purpose")),
        SummaryRow::new(ctx.t("payments-amount"), sum_of(&ctx, &payment, "amount")),
        SummaryRow::new(ctx.t("payments-provider"), called(&ctx, &text("provider"))),
    ];
    rows.extend(paid_to(&ctx, &s, &payment).await?);
    if whole(&payment, "overpaid") > 0 {
        rows.push(SummaryRow::new(ctx.t("payments-overpaid"), sum_of(&ctx, &payment, "overpaid")));
    }
    if let Some(accrual) = payment.object("accrual") {
        rows.push(SummaryRow::new(ctx.t("payments-number"), accrual.local().to_owned()));
    }
    let moments = [("startedAt", "payments-started"), ("settledAt", "payments-settled")];
    for (name, key) in moments {
        rows.extend(time(name).map(|at| SummaryRow::new(ctx.t(key), at)));
    }
    if let Some(failure) = payment.text("failure") {
        rows.push(SummaryRow::new(ctx.t("payments-failure"), said(&ctx, failure)));
    }
    rows.push(SummaryRow::new(ctx.t("payments-id"), payment.id.to_string()));
    let done = payment.text("status") == Some("done");
    let title = ctx.t(if done { "payments-receipt" } else { "payments-payment" });
    let body = ReceiptPage {
        ctx: &ctx,
        title: title.clone(),
        banner: sandbox_banner(&ctx, &s.money),
        status: payment_status(&ctx, &payment),
        facts: components::summary_list(&rows),
        back: components::button_link("/my/payments", ctx.t("payments-back"), ButtonKind::Secondary),
    };
    let page = Page::new(&ctx, title).crumb(ctx.t("payments-own-title"), "/my/payments");
    Ok(page.body(&body).into_response())
}

/// The form that pays.
#[derive(Deserialize)]
pub struct PayForm {
    /// In the currency's main unit; empty: all of it.
    #[serde(default)]
    amount: String,
}

/// One pays: on to the provider.
///
/// # Errors
/// Not found when it is another's. What cannot be paid so, and what the provider refuses, stands on the page.
pub async fn pay(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<PayForm>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    let accrual = urn(&id)?;
    let owed = s.registry.entity(&ctx.actor, &accrual).await?;
    let rest = whole(&owed, "amount") - whole(&owed, "paid");
    let amount = match form.amount.trim() {
        "" => Ok(None),
        text => {
            let read = sums::read(text, owed.text("currency").unwrap_or_default());
            read.map(Some).ok_or(MoneyError::TooMuch { rest })
        }
    };
    let back = format!("{}/my/payments/{{payment}}", ctx.origin().unwrap_or_default());
    let begun = match amount {
        Ok(amount) => s.money.pay(&ctx.actor, &accrual, amount, &back).await,
        Err(e) => Err(e),
    };
    let going = match begun {
        Ok(going) => going,
        Err(e) => {
            let Some(why) = why(&ctx, &owed, &e) else { return Err(e.into()) };
            let status = StatusCode::from_u16(e.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            return render(&ctx, &s, Some(&Refused { accrual, sent: form.amount, why, status })).await;
        }
    };
    let receipt = format!("/my/payments/{}", encoded(going.payment.as_str()));
    let Some(go) = going.go else { return Ok(Redirect::to(&receipt).into_response()) };
    Ok(leave(&ctx, &go))
}

/// On to the provider.
pub(super) fn leave(ctx: &PageContext, go: &str) -> Response {
    if go.starts_with('/') {
        return Redirect::to(go).into_response();
    }
    // A form leads nowhere but here (form-action of the policy of content): out of the site goes a link, which says where to.
    let host = go.split('/').nth(2).unwrap_or_default().to_owned();
    let body = LeavePage {
        ctx,
        text: ctx.tf("payments-leave", &[("host", host.into())]),
        go: components::button_link(go, ctx.t("payments-go"), ButtonKind::Primary),
    };
    let page = Page::new(ctx, ctx.t("payments-payment")).crumb(ctx.t("payments-own-title"), "/my/payments");
    page.body(&body).into_response()
}
