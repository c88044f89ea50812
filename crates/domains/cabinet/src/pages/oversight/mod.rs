//! `GET /oversight`, `POST /oversight/review|answer|close`: the security officer's page.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, ButtonKind, Field, PostButton, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::Action;

use crate::CabinetState;
use crate::pages::{ROWS, answer as answered, moment, post_of, shown, word};

/// Pages at the most.
const PAGES: usize = 1_000;
const SEVERITY: [(&str, Tone); 2] = [("warning", Tone::Warning), ("danger", Tone::Danger)];

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    person: String,
    /// Of the accesses.
    #[serde(default)]
    page: usize,
}

impl Asked {
    /// The address of a page of these accesses.
    fn href(&self, page: usize) -> String {
        let (actor, person) = (encoded(self.actor.trim()), encoded(self.person.trim()));
        format!("/oversight?actor={actor}&person={person}&page={page}#traces")
    }
}

#[derive(Template)]
#[template(path = "oversight/oversight.html")]
struct OversightPage<'a> {
    ctx: &'a PageContext,
    errors: Vec<(String, String)>,
    alerts: Vec<Alert>,
    reviews: Vec<Trace>,
    objections: Vec<Objection>,
    traces: Vec<Trace>,
    pages: Html,
    actor: Field,
    person: Field,
    filtered: bool,
}

struct Alert {
    id: Urn,
    kind: String,
    severity: Html,
    about: String,
    inputs: String,
    rule: String,
    since: Html,
}

struct Trace {
    who: String,
    actor: String,
    person: String,
    basis: Html,
    review: Html,
    ground: String,
    reason: String,
    since: Html,
    buttons: Html,
}

struct Objection {
    id: Urn,
    person: String,
    text: String,
    since: Html,
    access: Option<Trace>,
}

fn allowed(ctx: &PageContext, s: &CabinetState) -> Result<(), PageError> {
    let tree = s.registry.spaces();
    let may = |space: &svod_registry::SpaceInfo| {
        !space.open && s.registry.may(&ctx.actor, Action::Oversee, &s.registry.resource("Access", &space.path))
    };
    if tree.all().into_iter().any(may) { Ok(()) } else { Err(ctx.refusal()) }
}

fn text(e: &Entity, name: &str) -> String {
    e.text(name).unwrap_or_default().to_owned()
}

fn trace(ctx: &PageContext, a: &Entity) -> Trace {
    let button = |right: &'static str, key: &str| {
        let fields = [("access", a.id.as_str()), ("right", right)];
        let spec = PostButton {
            action: "/oversight/review",
            text: ctx.t(key),
            fields: &fields,
            kind: ButtonKind::Secondary,
            confirm: None,
        };
        components::post_button(ctx, &spec)
    };
    let buttons = Html::join([button("true", "oversight-right"), button("false", "oversight-wrong")]);
    Trace {
        who: post_of(ctx, a),
        actor: text(a, "actor"),
        person: a.object("person").map(ToString::to_string).unwrap_or_default(),
        basis: word(ctx, a, "basis", "AccessGround", &[("emergency", Tone::Danger), ("mandate", Tone::Warning)]),
        review: word(ctx, a, "review", "AccessReview", &[("open", Tone::Warning), ("refused", Tone::Danger)]),
        ground: text(a, "ground"),
        reason: text(a, "reason"),
        since: moment(ctx, a, "since"),
        buttons: if a.text("review") == Some("open") { buttons } else { Html::default() },
    }
}

fn alert(ctx: &PageContext, a: &Entity) -> Alert {
    Alert {
        id: a.id.clone(),
        kind: ctx.word("SecurityKind", a.text("kind").unwrap_or_default()),
        severity: word(ctx, a, "severity", "Severity", &SEVERITY),
        about: text(a, "actor"),
        inputs: text(a, "inputs"),
        // The rule's own words are for who reads the table; its name leads there.
        rule: text(a, "rule").split(':').next().unwrap_or_default().to_owned(),
        since: moment(ctx, a, "since"),
    }
}

async fn page(
    ctx: &PageContext,
    s: &CabinetState,
    asked: &Asked,
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    let all = async |kind: &str, with: &[(&str, &str)]| s.trust.all(&ctx.actor, (kind, with), 0..ROWS).await;
    let mut with = Vec::new();
    for (name, value) in [("actor", &asked.actor), ("person", &asked.person)] {
        if !value.trim().is_empty() {
            with.push((name, value.trim()));
        }
    }
    let mut objections = Vec::new();
    for o in all("Objection", &[("status", "open")]).await? {
        let access = match o.object("access") {
            Some(urn) => s.registry.entity(&ctx.actor, urn).await.ok(),
            None => None,
        };
        objections.push(Objection {
            id: o.id.clone(),
            person: o.object("person").map(ToString::to_string).unwrap_or_default(),
            text: text(&o, "text"),
            since: moment(ctx, &o, "since"),
            access: access.map(|a| trace(ctx, &a)),
        });
    }
    let at = asked.page.min(PAGES);
    let wanted = at * ROWS..(at + 1) * ROWS + 1;
    let mut traces = s.trust.all(&ctx.actor, ("Access", &with), wanted).await?;
    let next = (traces.len() > ROWS).then(|| asked.href(at + 1));
    traces.truncate(ROWS);
    let first = (at > 0).then(|| asked.href(0));
    let page = OversightPage {
        ctx,
        alerts: all("SecurityAlert", &[("status", "open")]).await?.iter().map(|a| alert(ctx, a)).collect(),
        reviews: all("Access", &[("review", "open")]).await?.iter().map(|a| trace(ctx, a)).collect(),
        objections,
        pages: components::pagination(ctx, traces.len(), first.as_deref(), next.as_deref()),
        traces: traces.iter().map(|a| trace(ctx, a)).collect(),
        actor: Field::text("actor", ctx.t("oversight-actor")).value(&asked.actor),
        person: Field::text("person", ctx.t("oversight-person")).value(&asked.person),
        filtered: !with.is_empty(),
        errors,
    };
    let whole = Page::new(ctx, ctx.t("oversight-title")).body(&page).island(Island::Forms);
    Ok(answered(whole, &page.errors))
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<CabinetState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    page(&ctx, &s, &asked, Vec::new()).await
}

#[derive(Deserialize)]
pub struct Review {
    access: String,
    right: bool,
}

/// `POST /oversight/review`
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn review(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Review>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let access: Urn = form.access.parse().map_err(|_| PageError::not_found())?;
    let outcome = s.trust.review(&ctx.actor, &access, form.right).await;
    said(&ctx, &s, outcome).await
}

#[derive(Deserialize)]
pub struct Words {
    id: String,
    text: String,
}

/// `POST /oversight/answer`: of an objection.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn answer(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Words>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let id: Urn = form.id.parse().map_err(|_| PageError::not_found())?;
    let outcome = s.trust.answer(&ctx.actor, &id, &form.text).await;
    said(&ctx, &s, outcome).await
}

/// `POST /oversight/close`: of an alert.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn close(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Words>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let id: Urn = form.id.parse().map_err(|_| PageError::not_found())?;
    let outcome = s.trust.close(&ctx.actor, &id, &form.text).await;
    said(&ctx, &s, outcome).await
}

async fn said(
    ctx: &PageContext,
    s: &CabinetState,
    outcome: Result<(), svod_trust::TrustError>,
) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => Ok(Redirect::to("/oversight").into_response()),
        Err(e) => page(ctx, s, &Asked::default(), vec![shown(ctx, e)?]).await,
    }
}
