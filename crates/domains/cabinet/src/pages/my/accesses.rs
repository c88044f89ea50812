//! `GET /my/accesses`: who looked at my data, when and why; `POST /my/accesses/object`.

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
use crate::pages::{ROWS, answer, moment, name_of, post_of, shown, word};

/// Objections that are looked through, and pages.
const MOST: usize = 1_000;
const PAGES: usize = 1_000;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    page: usize,
}

#[derive(Template)]
#[template(path = "my/accesses.html")]
struct AccessesPage<'a> {
    ctx: &'a PageContext,
    rooms: Html,
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
    since: Html,
    until: Html,
    objection: Option<Objection>,
}

struct Objection {
    text: String,
    answer: String,
}

async fn rows(ctx: &PageContext, s: &CabinetState, at: usize) -> Result<Vec<Row>, PageError> {
    let objections = s.trust.own(&ctx.actor, "Objection", 0..MOST).await?;
    let mut rows = Vec::new();
    for access in s.trust.own(&ctx.actor, "Access", at..at + ROWS + 1).await? {
        let objection = objections.iter().find(|o| o.object("access") == Some(&access.id));
        rows.push(row(ctx, s, &access, objection).await);
    }
    Ok(rows)
}

async fn row(ctx: &PageContext, s: &CabinetState, access: &Entity, objection: Option<&Arc<Entity>>) -> Row {
    let text = |name: &str| access.text(name).unwrap_or_default().to_owned();
    let basis = access.text("basis");
    let represents = basis == Some("mandate");
    // A look and nothing more: nothing stays open.
    let at_once = represents || basis == Some("document") || access.time("since") == access.time("until");
    let reason = text("reason");
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
        ground: if represents { ctx.word("MandateBasis", &reason) } else { text("ground") },
        reason: if represents { String::new() } else { reason },
        since: moment(ctx, access, "since"),
        until: if at_once { Html::default() } else { moment(ctx, access, "until") },
        objection: objection.map(|o| Objection {
            text: o.text("text").unwrap_or_default().to_owned(),
            answer: o.text("answer").unwrap_or_default().to_owned(),
        }),
    }
}

async fn page(
    ctx: &PageContext,
    s: &CabinetState,
    number: usize,
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    owner(ctx, s).await?;
    let mut rows = rows(ctx, s, number.min(PAGES) * ROWS).await?;
    let next = (rows.len() > ROWS).then(|| format!("/my/accesses?page={}", number + 1));
    rows.truncate(ROWS);
    let page = AccessesPage {
        ctx,
        rooms: rooms(ctx, s).await?,
        pages: components::pagination(ctx, rows.len(), (number > 0).then_some("/my/accesses"), next.as_deref()),
        rows,
        empty: components::empty(ctx.t("my-accesses-none"), ctx.t("my-accesses-none-text")),
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
    page(&ctx, &s, asked.page, Vec::new()).await
}

#[derive(Deserialize)]
pub struct Object {
    access: String,
    text: String,
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
    match s.trust.object(&ctx.actor, &access, &form.text).await {
        Ok(_) => Ok(Redirect::to("/my/accesses").into_response()),
        Err(e) => page(&ctx, &s, 0, vec![shown(&ctx, e)?]).await,
    }
}
