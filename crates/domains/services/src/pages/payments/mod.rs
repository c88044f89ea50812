//! Payments: what a person owes and has paid, the register of what bodies are owed, and the word of payment providers.
//!
//! * `GET /my/payments`, `GET /my/payments/{urn}` – one's own, with receipts; `POST /pay/{accrual}` – one pays
//! * `GET /my/payments/{urn}/invoice` – an accrual that is not paid yet, to print
//! * `GET|POST /my/payments/cards`, `GET|POST /sandbox/cards` – cards to which one is paid
//! * `GET|POST /sandbox/payments/{payment}` – the sandbox's page; nothing moves
//! * `POST /api/v1/payments/{provider}/callback` – a provider says what became of a payment; its signature is its right
//! * `GET /operations/payments`, `GET /operations/payments.csv` – the register of accruals, and what was paid over;
//!   `POST /operations/payments/{payment}/refund` – that is given back
//! * `GET|POST /operations/payments/reconciliation`, `GET …/reconciliation.csv` – a provider's file beside what is here

mod callback;
mod cards;
pub(crate) mod invoice;
mod own;
mod reconciliation;
mod register;
mod sandbox;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_kernel::{Lang, Urn};
use svod_model::Entity;
use svod_money::{Money, SANDBOX, sums};
use svod_portal::components::{self, Tone};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::Registry;

/// Longest word of a provider, in bytes.
const MAX_NOTICE: usize = 64 * 1024;
/// Longest file of a provider, in bytes.
const MAX_FILE: usize = 8 << 20;

/// What the pages of payments stand on.
#[derive(Clone)]
pub struct PaymentsState {
    /// The one door.
    pub registry: Arc<Registry>,
    /// What people owe and pay.
    pub money: Money,
}

/// The pages of payments; they belong inside `Portal::wrap`.
pub fn routes(state: PaymentsState) -> Router {
    let callback = post(callback::tell).layer(DefaultBodyLimit::max(MAX_NOTICE));
    let file = get(reconciliation::show).post(reconciliation::compare).layer(DefaultBodyLimit::max(MAX_FILE));
    Router::new()
        .route("/my/payments", get(own::list))
        .route("/my/payments/cards", get(cards::show).post(cards::act))
        .route("/sandbox/cards", get(cards::sandbox).post(cards::shown))
        .route("/my/payments/{urn}", get(own::receipt))
        .route("/my/payments/{urn}/invoice", get(invoice::show))
        .route("/pay/{accrual}", post(own::pay))
        .route("/sandbox/payments/{payment}", get(sandbox::show).post(sandbox::choose))
        .route("/api/v1/payments/{provider}/callback", callback)
        .route("/operations/payments", get(register::list))
        .route("/operations/payments.csv", get(register::export))
        .route("/operations/payments/{payment}/refund", post(register::give_back))
        .route("/operations/payments/reconciliation", file)
        .route("/operations/payments/reconciliation.csv", get(reconciliation::export))
        .with_state(state)
}

/// In whose affairs the visitor is here. Personas of the demonstration are nobody.
fn owner(ctx: &PageContext) -> Result<Urn, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    ctx.actor.subject().parse().map_err(|_| PageError::not_found())
}

/// An identifier of an address.
fn urn(text: &str) -> Result<Urn, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// A sum of an entity in the smallest unit; nothing where there is none.
pub(crate) fn whole(entity: &Entity, name: &str) -> i64 {
    entity.value(name).and_then(serde_json::Value::as_i64).unwrap_or_default()
}

/// A sum as people of that language read it: `350,00 RUB`, without a currency where none is known.
pub(crate) fn sum(lang: Lang, amount: i64, currency: &str) -> String {
    let digits = sums::digits(currency);
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let number = svod_text::format_number(lang, amount as f64 / scale, digits);
    if currency.is_empty() { number } else { format!("{number}\u{a0}{currency}") }
}

/// A sum of an entity.
pub(crate) fn sum_of(ctx: &PageContext, entity: &Entity, name: &str) -> String {
    sum(ctx.lang, whole(entity, name), entity.text("currency").unwrap_or_default())
}

/// What a provider is called: its name in the configuration says enough, but that of the sandbox.
fn called(ctx: &PageContext, provider: &str) -> String {
    if provider == SANDBOX { ctx.t("payments-by-sandbox") } else { provider.to_owned() }
}

/// How an accrual stands, as a tag.
fn accrual_status(ctx: &PageContext, accrual: &Entity) -> Html {
    let status = accrual.text("status").unwrap_or_default();
    let late = accrual.time("dueAt").is_some_and(|at| at < ctx.now);
    let tone = match status {
        "paid" => Tone::Good,
        "open" | "partly" if late => Tone::Danger,
        "open" | "partly" => Tone::Info,
        _ => Tone::Quiet,
    };
    components::tag(tone, ctx.word("AccrualStatus", status))
}

/// How a payment stands, as a tag.
fn payment_status(ctx: &PageContext, payment: &Entity) -> Html {
    let status = payment.text("status").unwrap_or_default();
    let tone = match status {
        "done" => Tone::Good,
        "failed" => Tone::Danger,
        _ => Tone::Info,
    };
    components::tag(tone, ctx.word("PaymentStatus", status))
}

/// Pages of officials: address and what they are called.
const ROOMS: [(&str, &str); 2] =
    [("/operations/payments", "payments-register"), ("/operations/payments/reconciliation", "payments-reconciliation")];

#[derive(Template)]
#[template(path = "payments/frame.html")]
struct Frame<'a> {
    ctx: &'a PageContext,
    title: &'static str,
    lead: &'static str,
    rooms: [(&'static str, &'static str); 2],
    banner: Html,
    body: Html,
}

/// What the pages of officials have in common around what each of them shows: keys of its title and of what it is for.
fn office<'a>(
    ctx: &'a PageContext,
    s: &PaymentsState,
    (title, lead): (&'static str, &'static str),
    body: &impl Template,
) -> Result<Page<'a>, PageError> {
    let body = Html::of(body).map_err(PageError::internal)?;
    let frame = Frame { ctx, title, lead, rooms: ROOMS, banner: sandbox_banner(ctx, &s.money), body };
    Ok(Page::new(ctx, ctx.t(title)).wide().body(&frame))
}

/// Where the provider of new payments moves nothing, every page says so.
fn sandbox_banner(ctx: &PageContext, money: &Money) -> Html {
    if money.is_sandbox() {
        components::banner(Tone::Warning, ctx.t("payments-sandbox-title"), ctx.t("payments-sandbox-text"))
    } else {
        Html::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_in_the_main_unit() {
        assert_eq!(sum(Lang::En, 35_005, "RUB").replace('\u{a0}', " "), "350.05 RUB");
        assert_eq!(sum(Lang::En, 7, "JPY").replace('\u{a0}', " "), "7 JPY");
        assert_eq!(sum(Lang::En, 35_005, ""), "350.05");
    }
}
