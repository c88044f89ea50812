//! `GET /my/accesses`: who looked at my data, when and why, and to whom outside they were given; `POST /my/accesses/object`.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, Tone};
use svod_portal::{CsrfForm, Html, Page, PageContext, PageError};

use super::{owner, rooms};
use crate::CabinetState;
use crate::pages::{ROWS, answer, is_given, moment, name_of, post_of, shown, word};

/// Objections that are looked through, and pages.
const MOST: usize = 1_000;
const PAGES: usize = 1_000;
/// Where the page is.
const HERE: &str = "/my/accesses";

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    page: usize,
    /// Those by which data were given to another system or a site; otherwise all others.
    #[serde(default)]
    given: bool,
}

impl Asked {
    /// The address of a page of the same list.
    fn href(&self, page: usize) -> String {
        let given = if self.given { "given=true" } else { "" };
        let page = if page > 0 { format!("page={page}") } else { String::new() };
        let asked: Vec<&str> = [given, &page].into_iter().filter(|a| !a.is_empty()).collect();
        if asked.is_empty() { HERE.to_owned() } else { format!("{HERE}?{}", asked.join("&")) }
    }
}

#[derive(Template)]
#[template(path = "my/accesses.html")]
struct AccessesPage<'a> {
    ctx: &'a PageContext,
    rooms: Html,
    given: bool,
    rows: Vec<Row>,
    empty: Html,
    pages: Html,
    errors: Vec<(String, String)>,
}

struct Row {
    id: Urn,
    who: String,
    body: String,
    basis: Html,
    review: Html,
    ground: String,
    reason: String,
    data: String,
    since: Html,
    until: Html,
    objection: Option<Objection>,
}

struct Objection {
    text: String,
    answer: String,
}

async fn rows(ctx: &PageContext, s: &CabinetState, given: bool, at: usize) -> Result<Vec<Row>, PageError> {
    let objections = s.trust.own(&ctx.actor, "Objection", 0..MOST).await?;
    let mut rows = Vec::new();
    for access in s.trust.accesses(&ctx.actor, Some(given), at..at + ROWS + 1).await? {
        let objection = objections.iter().find(|o| o.object("access") == Some(&access.id));
        rows.push(row(ctx, s, &access, objection).await);
    }
    Ok(rows)
}

async fn row(ctx: &PageContext, s: &CabinetState, access: &Entity, objection: Option<&Arc<Entity>>) -> Row {
    let basis = access.text("basis");
    // A look and nothing more: nothing stays open.
    let at_once = basis == Some("mandate") || basis == Some("document") || access.time("since") == access.time("until");
    let (ground, reason) = said(ctx, s, access).await;
    Row {
        id: access.id.clone(),
        who: post_of(ctx, access),
        body: name_of(ctx, s, access.object("body")).await,
        basis: word(ctx, access, "basis", "AccessGround", &[("emergency", Tone::Danger), ("mandate", Tone::Warning)]),
        review: word(
            ctx,
            access,
            "review",
            "AccessReview",
            &[("open", Tone::Warning), ("confirmed", Tone::Good), ("refused", Tone::Danger)],
        ),
        ground,
        reason,
        data: if is_given(access) { data(ctx, access).join(", ") } else { String::new() },
        since: moment(ctx, access, "since"),
        until: if at_once { Html::default() } else { moment(ctx, access, "until") },
        objection: objection.map(|o| Objection {
            text: o.text("text").unwrap_or_default().to_owned(),
            answer: o.text("answer").unwrap_or_default().to_owned(),
        }),
    }
}

/// On what it rests and what for, in the reader's language; empty where nothing more is to be said.
async fn said(ctx: &PageContext, s: &CabinetState, access: &Entity) -> (String, String) {
    let text = |name: &str| access.text(name).unwrap_or_default().to_owned();
    let (ground, reason) = (text("ground"), text("reason"));
    match access.text("basis") {
        Some("mandate") => (ctx.word("MandateBasis", &reason), String::new()),
        Some("site") => (ctx.t("my-given-allowed"), String::new()),
        Some("account") => (ctx.t("my-access-invitation"), ctx.t_or("access-account-reason", &reason)),
        Some("exchange") => {
            // Without a service both are who got it, which stands above.
            let told = |said: String| if access.text("actor") == Some(&said) { String::new() } else { said };
            (told(ground), service(ctx, s, access).await.unwrap_or_else(|| told(reason)))
        }
        _ => (ground, reason),
    }
}

/// The title of the service in whose case something was given.
async fn service(ctx: &PageContext, s: &CabinetState, access: &Entity) -> Option<String> {
    let case = s.registry.entity(&ctx.actor, access.object("case")?).await.ok()?;
    let (_, id) = case.text("service")?.split_once('/')?;
    Some(ctx.t_or(&format!("service-{id}"), "")).filter(|title| !title.is_empty())
}

/// Names of the data that were given, as people know them: as the pack that sends them calls them, as sites ask for them, or as
/// the attribute of that name.
fn data(ctx: &PageContext, access: &Entity) -> Vec<String> {
    let names = match access.value("only") {
        Some(serde_json::Value::Array(all)) => all.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect(),
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let to = access.text("post").unwrap_or_default();
    let called = |name: &String| {
        let keys = [format!("exchange-{to}-{name}"), format!("given-{name}"), format!("attr-{name}")];
        let known = keys.iter().map(|key| ctx.t_or(key, "")).find(|text| !text.is_empty());
        known.unwrap_or_else(|| name.clone())
    };
    names.iter().map(called).collect()
}

async fn page(
    ctx: &PageContext,
    s: &CabinetState,
    asked: &Asked,
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    owner(ctx, s).await?;
    let number = asked.page.min(PAGES);
    let mut rows = rows(ctx, s, asked.given, number * ROWS).await?;
    let next = (rows.len() > ROWS).then(|| asked.href(number + 1));
    let first = (number > 0).then(|| asked.href(0));
    rows.truncate(ROWS);
    let (none, more) = match asked.given {
        true => ("my-given-none", "my-given-none-text"),
        false => ("my-accesses-none", "my-accesses-none-text"),
    };
    let page = AccessesPage {
        ctx,
        rooms: rooms(ctx, s).await?,
        given: asked.given,
        pages: components::pagination(ctx, rows.len(), first.as_deref(), next.as_deref()),
        rows,
        empty: components::empty(ctx.t(none), ctx.t(more)),
        errors,
    };
    let whole = Page::new(ctx, ctx.t("my-accesses")).crumb(ctx.t("my-title"), "/my").body(&page);
    Ok(answer(whole, &page.errors))
}

/// The page.
///
/// # Errors
/// Nobody is signed in, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<CabinetState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let mut response = page(&ctx, &s, &asked, Vec::new()).await?;
    // Both lists are of the same tab: who has seen one knows that there is another.
    ctx.mark_seen(&mut response);
    Ok(response)
}

#[derive(Deserialize)]
pub struct Object {
    access: String,
    text: String,
    /// The list from which they object.
    #[serde(default)]
    given: bool,
}

/// `POST /my/accesses/object`
///
/// # Errors
/// Not one's own, or the store failed.
pub async fn object(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Object>,
) -> Result<Response, PageError> {
    owner(&ctx, &s).await?;
    let access: Urn = form.access.parse().map_err(|_| PageError::not_found())?;
    let asked = Asked { given: form.given, ..Asked::default() };
    match s.trust.object(&ctx.actor, &access, &form.text).await {
        Ok(_) => Ok(Redirect::to(&asked.href(0)).into_response()),
        Err(e) => page(&ctx, &s, &asked, vec![shown(&ctx, e)?]).await,
    }
}
