//! `/entities/{urn}`: one entity; with `?fragment=1` the card that the map shows beside itself.

mod alerts;
mod charts;
mod current;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, ButtonKind};
use svod_portal::{Html, Island, Page, PageContext, PageError};
use svod_registry::Action;
use svod_twin::LiveEntity;

use crate::Room;
use crate::show::{Sight, facts, names, sight};
use alerts::Alerts;
use charts::Charts;

/// What the address may say.
#[derive(Deserialize)]
pub struct Params {
    /// The card alone, without the shell.
    fragment: Option<String>,
    /// The attribute whose chart comes first.
    attribute: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/entity/entity.html")]
struct EntityPage<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    kind: String,
    space: String,
    simulated: bool,
    actions: Vec<Html>,
    open_alerts: Option<Html>,
    current: Option<Html>,
    silent: bool,
    facts: Html,
    charts: Charts,
    ended_alerts: Option<Html>,
}

#[derive(Template)]
#[template(path = "pages/entity/card.html")]
struct Card<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    kind: String,
    space: String,
    simulated: bool,
    open_alerts: Option<Html>,
    current: Option<Html>,
    facts: Html,
    chart: Option<Html>,
    href: String,
    work: Option<Html>,
}

/// The page, or the card.
pub async fn show(
    State(room): State<Room>,
    ctx: PageContext,
    Path(urn): Path<String>,
    Query(p): Query<Params>,
) -> Result<Response, PageError> {
    let urn: Urn = urn.parse().map_err(|_| PageError::not_found())?;
    let entity = room.registry.entity(&ctx.actor, &urn).await?;
    let sight = Sight::new(&room.registry, &ctx);
    let live = room.twin.entity(&urn);
    if p.fragment.is_some() { card(&sight, &entity, live).await } else { page(&room, &sight, &entity, live, p).await }
}

async fn page(
    room: &Room,
    sight: &Sight<'_>,
    e: &Entity,
    live: Option<LiveEntity>,
    p: Params,
) -> Result<Response, PageError> {
    let ctx = sight.ctx;
    let title = names::of_entity(sight, e);
    let related = facts::related(sight, e).await;
    let alerts = Alerts::of(sight, e).await?;
    let values = live.as_ref().map(|l| sight.observed(l)).unwrap_or_default();
    let simulated = sight::is_simulated(e) || values.iter().any(|(_, v)| v.simulated);
    let body = EntityPage {
        ctx,
        title: &title,
        kind: names::of_type(ctx, &e.kind),
        space: names::of_space(ctx, &e.space),
        simulated,
        actions: actions(sight, e, live.is_some()),
        open_alerts: alerts.open(sight),
        current: current::table(sight, e, &values),
        silent: values.is_empty() && charts::is_observed(sight, e),
        facts: components::summary_list(&facts::rows(sight, e, &related, false)),
        charts: Charts::of(room, sight, e, &values, p.attribute.as_deref()).await?,
        ended_alerts: alerts.ended(sight),
    };
    let top = e.space.top();
    let list = names::href("/entities", &[("space", top.as_str()), ("type", &e.kind)]);
    let shell = Page::new(ctx, title.clone())
        .crumb(ctx.t("nav-map"), names::href("/", &[("space", top.as_str())]))
        .crumb(names::of_type(ctx, &e.kind), list)
        .island(Island::Chart)
        .simulated(simulated);
    Ok(shell.body(&body).into_response())
}

async fn card(sight: &Sight<'_>, e: &Entity, live: Option<LiveEntity>) -> Result<Response, PageError> {
    let ctx = sight.ctx;
    let title = names::of_entity(sight, e);
    let related = facts::related(sight, e).await;
    let alerts = Alerts::of(sight, e).await?;
    let values = live.as_ref().map(|l| sight.observed(l)).unwrap_or_default();
    let body = Card {
        ctx,
        title: &title,
        kind: names::of_type(ctx, &e.kind),
        space: names::of_space(ctx, &e.space),
        simulated: sight::is_simulated(e) || values.iter().any(|(_, v)| v.simulated),
        open_alerts: alerts.open(sight),
        current: current::summary(sight, e, &values),
        facts: components::summary_list(&facts::rows(sight, e, &related, true)),
        chart: Charts::first(sight, e, &values),
        href: names::entity_href(&e.id),
        work: work(ctx, e),
    };
    let html = Html::of(&body).map_err(PageError::internal)?;
    Ok(axum::response::Html(html.to_string()).into_response())
}

/// The way to the page on which a task or a case is worked with.
fn work(ctx: &PageContext, e: &Entity) -> Option<Html> {
    let text = match e.kind.as_str() {
        "Task" => ctx.t("card-to-task"),
        "Case" => ctx.t("card-to-case"),
        _ => return None,
    };
    Some(components::button_link(&names::working_href(&e.kind, &e.id), text, ButtonKind::Primary))
}

fn actions(sight: &Sight<'_>, e: &Entity, live: bool) -> Vec<Html> {
    let ctx = sight.ctx;
    let mut all: Vec<Html> = work(ctx, e).into_iter().collect();
    if live && on_the_map(sight, e) {
        let map = names::href("/", &[("space", e.space.top().as_str())]);
        let href = format!("{map}#{}", svod_portal::encoded(e.id.as_str()));
        all.push(components::button_link(&href, ctx.t("card-on-map"), ButtonKind::Secondary));
    }
    if sight.may(Action::ReadJournal, e) {
        let href = names::href("/journal", &[("entity", e.id.as_str())]);
        all.push(components::button_link(&href, ctx.t("card-journal"), ButtonKind::Secondary));
    }
    all
}

fn on_the_map(sight: &Sight<'_>, e: &Entity) -> bool {
    sight.catalogue.layers.iter().any(|(_, l)| sight.catalogue.metamodel.is_a(&e.kind, &l.kind))
}
