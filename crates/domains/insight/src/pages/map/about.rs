use std::collections::BTreeSet;

use askama::Template;
use svod_kernel::SpacePath;
use svod_portal::components::{self, Stat, Table};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::QueryError;
use svod_twin::LiveEntity;

use super::legend::{self, Legend};
use super::picture::Picture;
use super::tables;
use crate::Room;
use crate::show::{Sight, names};

/// Ended alerts shown.
const MAX_ENDED: usize = 10;

/// Entities whose newest value is looked up to learn whether a feed is being replayed.
const MAX_ASKED: usize = 8;

#[derive(Template)]
#[template(path = "pages/map/about.html")]
struct About<'a> {
    ctx: &'a PageContext,
    stats: Html,
    now: Html,
    newest: Option<Html>,
    ended: Option<Html>,
    legends: Vec<Legend>,
    sources: Vec<String>,
    replayed: bool,
    list_url: String,
}

/// What belongs to the map and does not stand on it: figures, alerts that ended, colours, sources.
///
/// # Errors
/// When the store or a template fails.
pub async fn html(room: &Room, sight: &Sight<'_>, picture: &Picture, space: &SpacePath) -> Result<Html, PageError> {
    let ctx = sight.ctx;
    let feeds = replayed_feeds(room, sight, picture).await?;
    let replayed = !feeds.is_empty();
    let mut sources = picture.sources.clone();
    sources.extend(feeds);
    let page = About {
        ctx,
        stats: stats(ctx, picture),
        now: components::time(ctx, ctx.now),
        newest: picture.newest.map(|at| components::ago(ctx, at)),
        ended: ended(room, sight, space).await?,
        legends: legend::of(sight, picture.groups.iter().map(|g| &g.layer)),
        sources: sources.into_iter().collect(),
        replayed,
        list_url: names::href("/entities", &[("space", space.as_str())]),
    };
    Html::of(&page).map_err(PageError::internal)
}

fn stats(ctx: &PageContext, picture: &Picture) -> Html {
    let stat =
        |label: String, n: usize| Stat { label: label.into(), value: ctx.number(n as f64).into(), ..Stat::default() };
    let mut all =
        vec![stat(ctx.t("map-stat-alerts"), picture.count("Alert")), stat(ctx.t("map-stat-above"), picture.above)];
    let others = picture.groups.iter().filter(|g| g.layer.kind != "Alert");
    all.extend(others.map(|g| stat(tables::layer_title(ctx, g), g.total)));
    components::stats(&all)
}

async fn ended(room: &Room, sight: &Sight<'_>, space: &SpacePath) -> Result<Option<Html>, PageError> {
    let ctx = sight.ctx;
    let alerts = room.ended.of(&room.registry, &ctx.actor, space, ctx.now, MAX_ENDED).await?;
    let table = Table::new(ctx.t("map-ended-title")).hide_caption();
    Ok((!alerts.is_empty()).then(|| tables::alerts(sight, table, alerts.iter()).html()))
}

/// Attributions of the feeds whose replayed values are on the map now.
async fn replayed_feeds(room: &Room, sight: &Sight<'_>, picture: &Picture) -> Result<BTreeSet<String>, PageError> {
    let mut found = BTreeSet::new();
    for pack in &sight.catalogue.packs {
        for feed in &pack.feeds {
            let profile = sight.catalogue.profiles.iter().find(|p| p.spec.id == feed.profile);
            let kind = profile.map(|p| p.spec.kind.as_str()).unwrap_or_default();
            let rows = picture.groups.iter().filter(|g| g.layer.kind == kind).flat_map(|g| &g.rows);
            for live in rows.take(MAX_ASKED) {
                if is_replayed(room, live).await? {
                    found.insert(feed.attribution.clone());
                    break;
                }
            }
        }
    }
    Ok(found)
}

/// The newest value came out of a file or out of quarantine, not from the field.
async fn is_replayed(room: &Room, live: &LiveEntity) -> Result<bool, QueryError> {
    let newest = live.observed.iter().filter(|(_, v)| !v.simulated).max_by_key(|(_, v)| v.at);
    let Some((attribute, value)) = newest else { return Ok(false) };
    let e = &live.entity;
    let space = room.registry.spaces().get(&e.space).map_or(0, |s| s.id);
    let until = value.at.plus_micros(1);
    let points = room.history.points(space, &e.id, attribute, value.at, until, 1).await?;
    Ok(points.iter().any(|o| o.replayed))
}
