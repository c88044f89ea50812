//! `GET /my/payments/{urn}/invoice`: what is owed and not paid yet, to print and to pay elsewhere: to whom, for what, how much, and
//! where the accounts of the body are known a code that banks read (GOST R 56042-2014).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, ButtonKind, SummaryRow};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::QueryError;

use super::{PaymentsState, owner, sandbox_banner, sum, urn, whole};
use crate::pages::receipt::picture;

/// The currency in which banks read the code.
const RUBLE: &str = "RUB";
/// What the code needs of a body, by the names of GOST R 56042-2014 (table 1) and of the model, with the most characters.
const NEEDED: [(&str, &str, usize); 5] = [
    ("Name", "name", 160),
    ("PersonalAcc", "accountNumber", 20),
    ("BankName", "bankName", 45),
    ("BIC", "bankCode", 9),
    ("CorrespAcc", "correspondentAccount", 20),
];
/// What it may have beside (table 2).
const BESIDE: [(&str, &str, usize); 2] = [("PayeeINN", "taxNumber", 12), ("KPP", "taxReasonCode", 9)];
/// What of a body stands on the page, with the text that calls it.
const SHOWN: [(&str, &str); 6] = [
    ("accountNumber", "payments-payee-account"),
    ("bankName", "payments-payee-bank"),
    ("bankCode", "payments-payee-bank-code"),
    ("correspondentAccount", "payments-payee-correspondent"),
    ("taxNumber", "payments-payee-tax"),
    ("taxReasonCode", "payments-payee-tax-reason"),
];

#[derive(Template)]
#[template(path = "payments/invoice.html")]
struct InvoicePage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    facts: Html,
    picture: Html,
    back: Html,
}

/// Where the invoice of an accrual is.
pub fn address(accrual: &Urn) -> String {
    format!("/my/payments/{}/invoice", svod_portal::encoded(accrual.as_str()))
}

/// The page.
///
/// # Errors
/// Asks to sign in; not found when it is another's, or not owed any more.
pub async fn show(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let person = owner(&ctx)?;
    let accrual = s.registry.entity(&ctx.actor, &urn(&id)?).await?;
    let owed = matches!(accrual.text("status"), Some("open" | "partly"));
    if accrual.kind != "Accrual" || accrual.object("person") != Some(&person) || !owed {
        return Err(PageError::not_found());
    }
    let body = match accrual.object("body") {
        Some(body) => match s.registry.entity(&ctx.actor, body).await {
            Ok(body) => Some(body),
            Err(QueryError::NotFound(_)) => None,
            Err(e) => return Err(e.into()),
        },
        None => None,
    };
    let code = body.as_ref().and_then(|body| code(&accrual, body));
    let page = InvoicePage {
        ctx: &ctx,
        banner: sandbox_banner(&ctx, &s.money),
        facts: components::summary_list(&rows(&ctx, &accrual, body.as_ref())),
        picture: code.map(|text| picture(&ctx, &text, "payments-invoice-qr-alt")).unwrap_or_default(),
        back: components::button_link("/my/payments", ctx.t("payments-back"), ButtonKind::Secondary),
    };
    let shell = Page::new(&ctx, ctx.t("payments-invoice")).crumb(ctx.t("payments-own-title"), "/my/payments");
    Ok(shell.body(&page).into_response())
}

/// What is left to pay, in smallest units.
fn rest(accrual: &Entity) -> i64 {
    whole(accrual, "amount") - whole(accrual, "paid")
}

fn rows(ctx: &PageContext, accrual: &Entity, body: Option<&Entity>) -> Vec<SummaryRow> {
    let text = |name: &str| accrual.text(name).unwrap_or_default().to_owned();
    let mut rows = vec![
        SummaryRow::new(ctx.t("payments-number"), text("number")),
        SummaryRow::new(ctx.t("payments-purpose"), text("purpose")),
    ];
    rows.extend(accrual.text("basis").map(|basis| SummaryRow::new(ctx.t("payments-invoice-basis"), basis)));
    rows.push(SummaryRow::new(ctx.t("payments-amount"), sum(ctx.lang, rest(accrual), &text("currency"))));
    if let Some(at) = accrual.time("dueAt") {
        rows.push(SummaryRow::new(ctx.t("payments-due"), ctx.date(at)));
    }
    let Some(body) = body else { return rows };
    rows.extend(body.text("name").map(|name| SummaryRow::new(ctx.t("payments-payee"), name)));
    let known = |(name, key): (&str, &str)| body.text(name).map(|value| SummaryRow::new(ctx.t(key), value));
    rows.extend(SHOWN.into_iter().filter_map(known));
    rows
}

/// What the code says: version 1 in UTF-8, values parted by `|`; none where something that it needs is not known.
fn code(accrual: &Entity, body: &Entity) -> Option<String> {
    if accrual.text("currency") != Some(RUBLE) {
        return None;
    }
    // What parts the values stands in none of them.
    let plain = |text: &str, most: usize| text.replace('|', " ").trim().chars().take(most).collect::<String>();
    let of = |(field, name, most): (&str, &str, usize)| {
        let value = plain(body.text(name)?, most);
        (!value.is_empty()).then(|| format!("{field}={value}"))
    };
    let mut parts = vec!["ST00012".to_owned()];
    for needed in NEEDED {
        parts.push(of(needed)?);
    }
    parts.push(format!("Sum={}", rest(accrual)));
    parts.push(format!("Purpose={}", plain(accrual.text("purpose").unwrap_or_default(), 210)));
    parts.extend(BESIDE.into_iter().filter_map(of));
    parts.extend(accrual.text("number").map(|number| format!("UIN={number}")));
    Some(parts.join("|"))
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn entity(kind: &str, values: &[(&str, &str)]) -> Entity {
        let new = Entity::new("urn:t:x".parse().unwrap(), kind, "a".parse().unwrap());
        values.iter().fold(new, |e, (name, value)| e.with(name, Attribute::property(*value)))
    }

    #[test]
    fn the_code_says_what_banks_need_or_nothing() {
        let accrual = entity("Accrual", &[("currency", "RUB"), ("number", "123"), ("purpose", "Fee | copy")])
            .with("amount", Attribute::property(35_000))
            .with("paid", Attribute::property(5_000));
        let accounts = [
            ("name", "Администрация"),
            ("accountNumber", "03100643000000013900"),
            ("bankName", "ОТДЕЛЕНИЕ КЕМЕРОВО"),
            ("bankCode", "013207212"),
            ("correspondentAccount", "40102810745370000032"),
            ("taxNumber", "4200000000"),
        ];
        let whole = entity("Body", &accounts);
        assert_eq!(
            code(&accrual, &whole).unwrap(),
            "ST00012|Name=Администрация|PersonalAcc=03100643000000013900|BankName=ОТДЕЛЕНИЕ КЕМЕРОВО|BIC=013207212\
             |CorrespAcc=40102810745370000032|Sum=30000|Purpose=Fee   copy|PayeeINN=4200000000|UIN=123"
        );
        for left_out in 1..5 {
            let some: Vec<_> = accounts.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, a)| *a).collect();
            assert_eq!(code(&accrual, &entity("Body", &some)), None, "without {}", accounts[left_out].0);
        }
        let tenge = accrual.with("currency", Attribute::property("KZT"));
        assert_eq!(code(&tenge, &whole), None);
    }
}
