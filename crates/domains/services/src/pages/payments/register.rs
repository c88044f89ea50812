//! `GET /operations/payments`: the register of accruals, and the same as a table for office programs.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_money::{Kept, Register, sums};
use svod_portal::components::{self, Choice, Field, Filters, PostButton, Stat, Table, Tone};
use svod_portal::{CsrfForm, Csv, Html, Island, PageContext, PageError, encoded};
use svod_registry::Action;

use super::{PaymentsState, accrual_status, called, office, sum, sum_of, urn};
use crate::access::{address, roots};
use crate::pages::locked;

/// Rows of a page.
const PAGE: usize = 50;
/// Rows of a file at the most.
const ROWS: usize = 10_000;
/// How an accrual may stand.
const STATUSES: [&str; 5] = ["open", "partly", "paid", "cancelled", "refunded"];

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    status: String,
    #[serde(default)]
    number: String,
    page: Option<String>,
    /// The payment by which something was given back just now.
    given: Option<String>,
}

impl Asked {
    fn page(&self) -> usize {
        self.page.as_deref().and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, ROWS / PAGE)
    }

    /// Officials see what is owed to their body; who has none sees what they may.
    fn register(&self, ctx: &PageContext, (offset, limit): (usize, usize)) -> Register {
        let number: String = self.number.chars().filter(char::is_ascii_digit).collect();
        Register {
            body: ctx.actor.body.clone(),
            status: Some(self.status.clone()).filter(|s| STATUSES.contains(&s.as_str())),
            number: Some(number).filter(|n| !n.is_empty()),
            offset,
            limit,
        }
    }

    fn query(&self) -> String {
        format!("status={}&number={}", encoded(&self.status), encoded(&self.number))
    }
}

#[derive(Template)]
#[template(path = "payments/register.html")]
struct RegisterPage<'a> {
    ctx: &'a PageContext,
    given: Html,
    stats: Html,
    filters: Html,
    total: usize,
    table: Html,
    empty: Html,
    pages: Html,
    csv: String,
    overpaid: Vec<Over>,
    notices: Html,
}

/// What somebody paid over, with the form that gives it back; none for who may not.
struct Over {
    purpose: String,
    amount: String,
    reference: String,
    give: Html,
}

/// May the visitor see what bodies are owed anywhere?
pub(super) fn may(ctx: &PageContext, s: &PaymentsState) -> bool {
    !roots(&s.registry, &ctx.actor, Action::ReadInternal, "Accrual").is_empty()
}

/// In the place of the page, for who may not see it.
pub(super) fn locked_page(ctx: &PageContext, s: &PaymentsState) -> Response {
    locked::page(ctx, &s.registry, "payments", Action::ReadInternal, "Accrual")
}

/// The register.
///
/// # Errors
/// When the store fails.
pub async fn list(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    if !may(&ctx, &s) {
        return Ok(locked_page(&ctx, &s));
    }
    let from = (asked.page() - 1) * PAGE;
    let found = s.money.register(&ctx.actor, &asked.register(&ctx, (from, PAGE))).await?;
    let mut table = Table::new(ctx.t("payments-register"))
        .hide_caption()
        .column(ctx.t("payments-number"))
        .column(ctx.t("payments-purpose"))
        .number_column(ctx.t("payments-amount"))
        .number_column(ctx.t("payments-paid"))
        .column(ctx.t("payments-status"))
        .column(ctx.t("payments-due"));
    for accrual in &found.entities {
        table.row(cells(&ctx, accrual));
    }
    let first = format!("/operations/payments?{}", asked.query());
    let next = format!("{first}&page={}", asked.page() + 1);
    let shown = found.entities.len();
    let sought = !asked.status.is_empty() || !asked.number.is_empty();
    let why = if sought { "payments-empty" } else { "payments-empty-yet" };
    let body = RegisterPage {
        ctx: &ctx,
        given: given(&ctx, &s, asked.given.as_deref()).await,
        stats: stats(&ctx, &s).await?,
        filters: filters(&ctx, &asked).html(&ctx),
        total: found.total.unwrap_or(shown),
        table: if table.is_empty() { Html::default() } else { table.html() },
        empty: if shown == 0 { components::empty(ctx.t("payments-empty-title"), ctx.t(why)) } else { Html::default() },
        pages: components::pagination(
            &ctx,
            shown,
            (from > 0).then_some(first.as_str()),
            found.more.then_some(next.as_str()),
        ),
        csv: format!("/operations/payments.csv?{}", asked.query()),
        overpaid: overpaid(&ctx, &s).await?,
        notices: notices(&ctx, &s.money.notices().await?),
    };
    Ok(office(&ctx, &s, ("payments-title", "payments-lead"), &body)?.island(Island::Forms).into_response())
}

/// What became of that which was given back just now.
async fn given(ctx: &PageContext, s: &PaymentsState, payment: Option<&str>) -> Html {
    let Some(Ok(urn)) = payment.map(str::parse::<Urn>) else { return Html::default() };
    let Ok(refund) = s.registry.entity(&ctx.actor, &urn).await else { return Html::default() };
    if refund.kind != "Payment" || refund.text("kind") != Some("refund") {
        return Html::default();
    }
    let (tone, key) = match refund.text("status") {
        Some("done") => (Tone::Good, "payments-given-done"),
        Some("failed") => (Tone::Danger, "payments-given-failed"),
        _ => (Tone::Info, "payments-given-begun"),
    };
    let why = refund.text("failure").map(Html::text).unwrap_or_default();
    components::banner(tone, ctx.tf(key, &[("sum", sum_of(ctx, &refund, "amount").into())]), why)
}

fn cells(ctx: &PageContext, accrual: &Entity) -> [Html; 6] {
    let text = |name: &str| accrual.text(name).unwrap_or_default().to_owned();
    [
        components::link(&address("Accrual", &accrual.id), text("number")),
        text("purpose").into(),
        sum_of(ctx, accrual, "amount").into(),
        sum_of(ctx, accrual, "paid").into(),
        accrual_status(ctx, accrual),
        accrual.time("dueAt").map_or_else(Html::default, |at| ctx.date(at).into()),
    ]
}

/// What the books say of the visitor's body.
async fn stats(ctx: &PageContext, s: &PaymentsState) -> Result<Html, PageError> {
    let Some(body) = &ctx.actor.body else { return Ok(Html::default()) };
    let mut stats = Vec::new();
    for (currency, of) in s.money.sums(body).await? {
        let figures = [
            ("payments-receivable", of.receivable),
            ("payments-revenue", of.revenue),
            ("payments-refunds", of.refunds),
            ("payments-payouts", of.payouts),
            ("payments-overpaid", of.overpaid),
        ];
        stats.extend(figures.map(|(key, amount)| Stat {
            label: ctx.t(key).into(),
            value: sum(ctx.lang, amount, &currency).into(),
            unit: Html::default(),
        }));
    }
    Ok(if stats.is_empty() { Html::default() } else { components::stats(&stats) })
}

fn filters(ctx: &PageContext, asked: &Asked) -> Filters {
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let any = std::iter::once(choice("", ctx.t("payments-status-any")));
    let statuses = any.chain(STATUSES.map(|s| choice(s, ctx.word("AccrualStatus", s)))).collect();
    Filters {
        action: "/operations/payments".into(),
        fields: vec![
            Field::select("status", ctx.t("payments-status"), statuses).value(&asked.status),
            Field::text("number", ctx.t("payments-search")).value(&asked.number),
        ],
    }
}

/// What is owed back to people who paid more than they owed.
async fn overpaid(ctx: &PageContext, s: &PaymentsState) -> Result<Vec<Over>, PageError> {
    let over = |p: &std::sync::Arc<Entity>| {
        let amount = sum_of(ctx, p, "owedBack");
        let action = format!("/operations/payments/{}/refund", encoded(p.id.as_str()));
        let button = PostButton {
            action: &action,
            text: ctx.tf("payments-give-back", &[("sum", amount.as_str().into())]),
            confirm: Some(ctx.tf("payments-give-back-ask", &[("sum", amount.as_str().into())])),
            ..PostButton::default()
        };
        let may = s.registry.may(&ctx.actor, Action::Complete, &s.registry.resource_of(p));
        Over {
            purpose: p.text("purpose").unwrap_or_default().to_owned(),
            reference: p.text("reference").unwrap_or_default().to_owned(),
            give: if may { components::post_button(ctx, &button) } else { Html::default() },
            amount,
        }
    };
    Ok(s.money.overpaid(&ctx.actor, ctx.actor.body.as_ref()).await?.iter().map(over).collect())
}

/// What somebody paid over is given back; the register says what became of it.
///
/// # Errors
/// [`PageError::forbidden`] for who may see no register, or does not work for the body; not found; what the provider refuses.
pub async fn give_back(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<std::collections::BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    if !may(&ctx, &s) {
        return Err(ctx.refusal());
    }
    let refund = s.money.give_back(&ctx.actor, &urn(&id)?).await?;
    Ok(Redirect::to(&format!("/operations/payments?given={}", encoded(refund.as_str()))).into_response())
}

/// What providers say that fits nothing here.
fn notices(ctx: &PageContext, kept: &[Kept]) -> Html {
    if kept.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("payments-notices"))
        .column(ctx.t("payments-reference"))
        .column(ctx.t("payments-provider"))
        .number_column(ctx.t("payments-amount"))
        .column(ctx.t("payments-reason"))
        .column(ctx.t("payments-last"));
    for notice in kept {
        table.row([
            notice.reference.clone().into(),
            called(ctx, &notice.provider).into(),
            sum(ctx.lang, notice.amount, &notice.currency).into(),
            ctx.t(&format!("payments-notice-{}", notice.reason)).into(),
            components::time(ctx, notice.last),
        ]);
    }
    table.html()
}

/// The same as CSV, sums in the currency's main unit.
///
/// # Errors
/// [`PageError::forbidden`] for who may see no register; when the store fails.
pub async fn export(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    if !may(&ctx, &s) {
        return Err(ctx.refusal());
    }
    let found = s.money.register(&ctx.actor, &asked.register(&ctx, (0, ROWS))).await?;
    let columns = ["number", "purpose", "amount", "paid", "currency", "status", "accrued", "due", "id"];
    let mut csv = Csv::new(&columns.map(|c| ctx.t(&format!("payments-{c}"))));
    for accrual in &found.entities {
        let text = |name: &str| accrual.text(name).unwrap_or_default().to_owned();
        let currency = text("currency");
        let amount = |name: &str| sums::written(super::whole(accrual, name), &currency);
        csv.record(&[
            text("number"),
            text("purpose"),
            amount("amount"),
            amount("paid"),
            currency.clone(),
            ctx.word("AccrualStatus", &text("status")),
            text("accruedAt"),
            text("dueAt"),
            accrual.id.to_string(),
        ]);
    }
    Ok(table_file("accruals.csv", csv))
}

/// A CSV file that is saved.
pub(super) fn table_file(name: &str, csv: Csv) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, csv.into_text()).into_response()
}
