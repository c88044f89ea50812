//! `GET|POST /my/consents`, `POST /my/consents/withdraw`: what the person has agreed to.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use svod_portal::components::{self, ButtonKind, Choice, Field, PostButton, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError};
use svod_registry::EntityQuery;
use svod_trust::NewConsent;

use super::{Withdraw, owner, rooms, withdrawn};
use crate::CabinetState;
use crate::pages::{ROWS, answer, moment, name_of, of, shown};

/// Attributes of a person that one agrees to the use of.
const DATA: [&str; 5] = ["name", "birthDate", "nationalId", "email", "phone"];
/// Bodies offered at the most.
const BODIES: usize = 500;
/// Terms offered, in days.
const TERMS: [i64; 4] = [30, 180, 365, 1_826];

#[derive(Template)]
#[template(path = "my/consents.html")]
struct ConsentsPage<'a> {
    ctx: &'a PageContext,
    rooms: Html,
    rows: Vec<Row>,
    empty: Html,
    fields: Vec<Field>,
    data: Vec<(&'static str, String, bool)>,
    errors: Vec<(String, String)>,
}

struct Row {
    purpose: String,
    recipient: String,
    data: String,
    since: Html,
    until: Html,
    state: Html,
    button: Html,
}

#[derive(Default)]
struct Form {
    purpose: String,
    recipient: String,
    days: String,
    data: Vec<String>,
}

async fn rows(ctx: &PageContext, s: &CabinetState) -> Result<Vec<Row>, PageError> {
    let mut rows = Vec::new();
    for c in s.trust.own(&ctx.actor, "Consent", 0..ROWS).await? {
        let holds = c.time("until").is_some_and(|at| ctx.now < at);
        let (tone, key) = if holds { (Tone::Good, "my-consent-holds") } else { (Tone::Quiet, "my-consent-over") };
        let names: Vec<String> = match c.value("data") {
            Some(serde_json::Value::Array(all)) => all.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect(),
            Some(serde_json::Value::String(one)) => vec![one.clone()],
            _ => Vec::new(),
        };
        let names: Vec<String> = names.iter().map(|n| ctx.t_or(&format!("attr-{n}"), n)).collect();
        let fields = [("id", c.id.as_str())];
        let spec = PostButton {
            action: "/my/consents/withdraw",
            text: ctx.t("my-withdraw"),
            fields: &fields,
            kind: ButtonKind::Secondary,
            confirm: Some(ctx.t("my-withdraw-ask")),
        };
        rows.push(Row {
            purpose: c.text("purpose").unwrap_or_default().to_owned(),
            recipient: name_of(ctx, s, c.object("recipient")).await,
            data: if names.is_empty() { ctx.t("my-consent-all") } else { names.join(", ") },
            since: moment(ctx, &c, "since"),
            until: moment(ctx, &c, "until"),
            state: components::tag(tone, ctx.t(key)),
            button: if holds { components::post_button(ctx, &spec) } else { Html::default() },
        });
    }
    Ok(rows)
}

async fn bodies(ctx: &PageContext, s: &CabinetState, space: &svod_kernel::SpacePath) -> Result<Vec<Choice>, PageError> {
    let top = space.lineage().next().unwrap_or_else(|| space.clone());
    let query = EntityQuery { limit: BODIES, ..EntityQuery::of(top, &["Body"]) };
    let mut all: Vec<Choice> = s
        .registry
        .query(&ctx.actor, query)
        .await?
        .items
        .iter()
        .map(|b| Choice { value: b.id.to_string(), text: b.text("name").unwrap_or(b.id.as_str()).to_owned() })
        .collect();
    all.sort_by(|a, b| a.text.cmp(&b.text));
    Ok(all)
}

async fn page(
    ctx: &PageContext,
    s: &CabinetState,
    form: &Form,
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    let me = owner(ctx, s).await?;
    let term = |days: &i64| Choice { value: days.to_string(), text: ctx.tf("my-days", &[("n", (*days).into())]) };
    let fields = vec![
        Field::select("recipient", ctx.t("my-consent-recipient"), bodies(ctx, s, &me.space).await?)
            .value(&form.recipient)
            .error(of(&errors, "recipient")),
        Field::text("purpose", ctx.t("my-consent-purpose"))
            .hint(ctx.t("my-consent-purpose-hint"))
            .value(&form.purpose)
            .error(of(&errors, "purpose"))
            .required(),
        Field::select("days", ctx.t("my-term"), TERMS.iter().map(term).collect())
            .value(&form.days)
            .error(of(&errors, "days")),
    ];
    let data = DATA.map(|n| (n, ctx.t_or(&format!("attr-{n}"), n), form.data.iter().any(|d| d == n)));
    let page = ConsentsPage {
        ctx,
        rooms: rooms(ctx, s).await?,
        rows: rows(ctx, s).await?,
        empty: components::empty(ctx.t("my-consents-none"), ctx.t("my-consents-none-text")),
        fields,
        data: data.to_vec(),
        errors,
    };
    let whole = Page::new(ctx, ctx.t("my-consents")).crumb(ctx.t("my-title"), "/my").body(&page).island(Island::Forms);
    Ok(answer(whole, &page.errors))
}

/// The page.
///
/// # Errors
/// Nobody is signed in, or the store failed.
pub async fn show(ctx: PageContext, State(s): State<CabinetState>) -> Result<Response, PageError> {
    page(&ctx, &s, &Form::default(), Vec::new()).await
}

/// `POST /my/consents`
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn give(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(pairs): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    owner(&ctx, &s).await?;
    let one = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
    let data = pairs.iter().filter(|(n, _)| n == "data").map(|(_, v)| v.clone()).collect();
    let form = Form { purpose: one("purpose"), recipient: one("recipient"), days: one("days"), data };
    let Ok(recipient) = form.recipient.parse() else {
        let error = ("recipient".to_owned(), ctx.t("cabinet-recipient-unknown"));
        return page(&ctx, &s, &form, vec![error]).await;
    };
    let days = form.days.parse().unwrap_or_default();
    let new = NewConsent { purpose: form.purpose.clone(), data: form.data.clone(), recipient, days };
    match s.trust.agree(&ctx.actor, &new).await {
        Ok(_) => Ok(Redirect::to("/my/consents").into_response()),
        Err(e) => page(&ctx, &s, &form, vec![shown(&ctx, e)?]).await,
    }
}

/// `POST /my/consents/withdraw`
///
/// # Errors
/// Not one's own, or the store failed.
pub async fn withdraw(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Withdraw>,
) -> Result<Response, PageError> {
    withdrawn(&ctx, &s, &form, "/my/consents").await
}
