//! `/entities`: entities of a space by type and name; `/entities.csv`: the same as a table for other programs.

pub mod csv;
mod scan;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_model::Entity;
use svod_portal::components::{self, Choice, Field, Filters, Table};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::Action;
use svod_twin::LiveEntity;

use super::map::territories;
use super::space_of;
use crate::Room;
use crate::show::{Sight, names, sight, values};

/// Rows of a page.
const PAGE: usize = 50;

/// What the address may say.
#[derive(Deserialize)]
pub struct Params {
    space: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    q: Option<String>,
    after: Option<String>,
}

/// What is looked for.
pub struct Wanted {
    /// Where, and below.
    pub space: SpacePath,
    /// The type; empty for every type.
    pub kind: String,
    /// Part of the name or the id; empty for every name.
    pub words: String,
}

impl Wanted {
    fn of(room: &Room, ctx: &PageContext, p: &Params) -> Result<Self, PageError> {
        Ok(Self {
            space: space_of(&room.registry, ctx, p.space.as_deref())?,
            kind: p.kind.clone().unwrap_or_default(),
            words: p.q.as_deref().unwrap_or_default().trim().chars().take(100).collect(),
        })
    }

    /// The address of this search at another path, from `after` on.
    fn href(&self, path: &str, after: &str) -> String {
        let params = [("space", self.space.as_str()), ("type", &self.kind), ("q", &self.words), ("after", after)];
        names::href(path, &params)
    }

    /// The type and those that inherit from it; empty for every type.
    fn types(&self, sight: &Sight<'_>) -> Vec<String> {
        if self.kind.is_empty() {
            return Vec::new();
        }
        let metamodel = &sight.catalogue.metamodel;
        let heirs = metamodel.types.keys().filter(|k| **k != self.kind && metamodel.is_a(k, &self.kind));
        std::iter::once(&self.kind).chain(heirs).cloned().collect()
    }
}

#[derive(Template)]
#[template(path = "pages/entities/entities.html")]
struct ListPage<'a> {
    ctx: &'a PageContext,
    filters: Html,
    table: Option<Html>,
    pages: Html,
    csv_url: String,
    vocabulary_url: String,
}

/// The list.
pub async fn show(State(room): State<Room>, ctx: PageContext, Query(p): Query<Params>) -> Result<Response, PageError> {
    let wanted = Wanted::of(&room, &ctx, &p)?;
    let sight = Sight::new(&room.registry, &ctx);
    let page = scan::page(&sight, &wanted, p.after.as_deref(), PAGE).await?;
    let live: HashMap<_, _> = page.items.iter().filter_map(|e| Some((&e.id, room.twin.entity(&e.id)?))).collect();
    let mut table = Table::new(ctx.t("objects-title"))
        .hide_caption()
        .column(ctx.t("object-name"))
        .column(ctx.t("object-type"))
        .column(ctx.t("object-territory"))
        .column(ctx.t("object-level"))
        .column(ctx.t("object-age"));
    for e in &page.items {
        table.row(row(&sight, e, live.get(&e.id)));
    }
    let first = p.after.is_some().then(|| wanted.href("/entities", ""));
    let next = page.next.as_deref().map(|after| wanted.href("/entities", after));
    let body = ListPage {
        ctx: &ctx,
        filters: filters(&room, &sight, &wanted),
        table: (!page.items.is_empty()).then(|| table.html()),
        pages: components::pagination(&ctx, page.items.len(), first.as_deref(), next.as_deref()),
        csv_url: wanted.href("/entities.csv", ""),
        vocabulary_url: names::href("/vocabulary", &[("space", wanted.space.as_str())]),
    };
    let simulated = live.values().any(|l| sight.simulated(l)) || page.items.iter().any(sight::is_simulated);
    let map = names::href("/", &[("space", wanted.space.as_str())]);
    let shell =
        Page::new(&ctx, ctx.t("objects-title")).wide().crumb(ctx.t("nav-map"), map).simulated(simulated).body(&body);
    Ok(shell.into_response())
}

fn row(sight: &Sight<'_>, e: &Entity, live: Option<&LiveEntity>) -> [Html; 5] {
    let ctx = sight.ctx;
    let link = components::link(&names::entity_href(&e.id), names::of_entity(sight, e));
    let simulated = live.map_or_else(|| sight::is_simulated(e), |l| sight.simulated(l));
    let mark = if simulated { components::simulated_tag(ctx) } else { Html::default() };
    let worst = live.and_then(|l| sight.worst(l)).map(|w| w.1);
    let at = live.and_then(LiveEntity::newest).unwrap_or(e.modified_at);
    [
        Html::join([link, Html::trusted(" "), mark]),
        names::of_type(ctx, &e.kind).into(),
        names::of_space(ctx, &e.space).into(),
        worst.map_or_else(|| "—".into(), |r| values::level(ctx, Some(r))),
        components::ago(ctx, at),
    ]
}

fn filters(room: &Room, sight: &Sight<'_>, wanted: &Wanted) -> Html {
    let ctx = sight.ctx;
    let mut types: Vec<Choice> = sight
        .catalogue
        .metamodel
        .types
        .values()
        .filter(|t| !t.is_abstract)
        .filter(|t| room.registry.may(&ctx.actor, Action::Read, &room.registry.resource(&t.name, &wanted.space)))
        .map(|t| Choice { value: t.name.clone(), text: names::of_type(ctx, &t.name) })
        .collect();
    types.sort_by_cached_key(|c| c.text.to_lowercase());
    types.insert(0, Choice { value: String::new(), text: ctx.t("objects-every-type") });
    let spaces = territories(&room.registry, ctx, &wanted.space);
    Filters {
        action: "/entities".into(),
        fields: vec![
            Field::select("space", ctx.t("map-territory"), spaces).value(wanted.space.as_str()),
            Field::select("type", ctx.t("object-type"), types).value(&wanted.kind),
            Field::text("q", ctx.t("objects-search")).value(&wanted.words),
        ],
    }
    .html(ctx)
}
