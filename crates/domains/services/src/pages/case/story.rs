//! What happened in a case, in words: the last of it on its page, all of it on one of its own.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, TimelineItem, Tone};
use svod_portal::{Html, PageContext, PageError, encoded};
use svod_registry::{JournalEvent, JournalQuery, QueryError};

use super::scene::{self, Scene};
use super::{crumbs, title};
use crate::ServicesState;
use crate::access::address;
use crate::doers::acted;
use crate::events::{in_telling_order, item, line, mentioned, when};
use crate::evidence::{Evidence, Reading};
use crate::names::Names;
use crate::words::Words;

/// Events on the page of a case; a case of an alert has about eight.
const LAST: usize = 10;
/// Events on a page of its journal.
const PAGE: usize = 200;

/// The last events.
pub struct Told {
    /// In the order of telling.
    pub events: Vec<JournalEvent>,
    /// There are earlier ones.
    pub more: bool,
}

impl Told {
    /// Entities that they speak of.
    pub fn mentioned(&self) -> impl Iterator<Item = Urn> {
        self.events.iter().flat_map(mentioned)
    }
}

fn query(case: &Entity, newest_first: bool, after: Option<String>, limit: usize) -> JournalQuery {
    let cause = Some(case.id.clone());
    JournalQuery { space: case.space.clone(), below: false, entity: None, cause, newest_first, after, limit }
}

/// What happened last.
///
/// # Errors
/// When the store fails.
pub async fn last(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Result<Told, QueryError> {
    let page = s.registry.journal(&ctx.actor, query(&scene.case, true, None, LAST + 1)).await?;
    // What the visitor may not see was taken off the page, and there may be more behind it.
    let more = page.items.len() > LAST || page.next.is_some();
    let mut events = page.items;
    events.truncate(LAST);
    events.reverse();
    in_telling_order(&mut events);
    Ok(Told { events, more })
}

/// Events with the reading before them that began it all, when it is known.
pub fn timeline(words: &Words<'_>, scene: &Scene, reading: Option<&Reading>, events: &[JournalEvent]) -> Html {
    let first = scene.alert.as_ref().zip(reading).map(|(a, r)| reading_item(words, a, r));
    let items: Vec<TimelineItem> = first.into_iter().chain(events.iter().map(|e| item(words, e, true))).collect();
    components::timeline(&items)
}

/// The reading that began it; it stands in history, not in the journal, and the alert keeps what it said.
fn reading_item(words: &Words<'_>, alert: &Entity, reading: &Reading) -> TimelineItem {
    let ctx = words.ctx;
    let asset = alert.object("entity");
    let kind = asset.and_then(|u| words.names.kind(u)).unwrap_or_default();
    let unit = words.metamodel.attribute(kind, &reading.attribute).and_then(|a| a.unit.as_deref());
    let value = match reading.value.as_f64() {
        Some(n) => words.quantity(n, unit),
        None => reading.value.as_str().map_or_else(|| reading.value.to_string(), str::to_owned),
    };
    let args = [("name", words.attribute(&reading.attribute).into()), ("value", value.into())];
    let who = asset.map(|u| words.names.called(ctx, u)).unwrap_or_default();
    let received = reading.received.map(|at| line(ctx, "why-received", components::exact_time(ctx, at)));
    let mark = reading.simulated.then(|| Html::trusted(format!("<p>{}</p>", components::simulated_tag(ctx))));
    TimelineItem {
        title: ctx.tf("event-reading", &args).into(),
        when: reading.observed.map_or_else(|| Html::from(&who), |at| when(words, at, &who)),
        body: Html::join(received.into_iter().chain(mark)),
        tone: Tone::Quiet,
    }
}

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "case/journal.html")]
struct JournalPage<'a> {
    ctx: &'a PageContext,
    title: String,
    timeline: Html,
    pages: Html,
}

/// All that happened in a case, in its order.
///
/// # Errors
/// As the page of the case; when the cursor is none.
pub async fn journal(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let case = scene::case(&ctx, &s, &urn).await?;
    let alert = match case.object("alert") {
        Some(urn) => s.registry.entity(&ctx.actor, urn).await.ok(),
        None => None,
    };
    let page = s.registry.journal(&ctx.actor, query(&case, false, asked.after.clone(), PAGE)).await?;
    let mut events = page.items;
    in_telling_order(&mut events);
    let asset = alert.as_ref().and_then(|a| a.object("entity").cloned());
    let names = Names::load(&s.registry, &ctx.actor, events.iter().flat_map(mentioned).chain(asset)).await?;
    let names = names.with_doers(&s.registry, &events.iter().filter_map(acted).collect::<Vec<_>>()).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx: &ctx, metamodel: &catalogue.metamodel, names: &names };
    let reading = alert.as_ref().and_then(|a| Evidence::parse(a.text("inputs")?)?.reading);
    let first = alert.as_ref().zip(reading.as_ref()).filter(|_| asked.after.is_none());
    let first = first.map(|(a, r)| reading_item(&words, a, r));
    let items: Vec<TimelineItem> = first.into_iter().chain(events.iter().map(|e| item(&words, e, true))).collect();
    let about = title(&words, &case, alert.as_ref());
    let (href, here) = (address("Case", &urn), format!("{}/journal", address("Case", &urn)));
    let next = page.next.map(|n| format!("{here}?after={}", encoded(&n)));
    let body = JournalPage {
        ctx: &ctx,
        title: format!("{}: {about}", ctx.t("journal-title")),
        timeline: components::timeline(&items),
        pages: components::pagination(&ctx, items.len(), asked.after.as_ref().map(|_| here.as_str()), next.as_deref()),
    };
    Ok(crumbs(&ctx, &case, ctx.t("journal-title")).crumb(about, href).body(&body).into_response())
}
