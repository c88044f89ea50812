//! `/`: the live map of a space, and the same as tables at `/table` and without JavaScript.

mod about;
mod legend;
mod picture;
mod tables;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_portal::components::{Choice, Field, Filters};
use svod_portal::{Html, Island, Page, PageContext, PageError};
use svod_registry::Registry;

use super::space_of;
use crate::Room;
use crate::show::{Sight, names};
use picture::Picture;

/// What the address may say.
#[derive(Deserialize)]
pub struct Params {
    space: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/map/map.html")]
struct MapPage<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    layers_url: String,
    live_url: String,
    table_url: String,
    tables: Html,
    territory: Html,
    about: Html,
}

#[derive(Template)]
#[template(path = "pages/map/table.html")]
struct TablePage<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    map_url: String,
    territory: Html,
    tables: Html,
    about: Html,
}

/// The map with everything it shows also in words.
pub async fn show(State(room): State<Room>, ctx: PageContext, Query(p): Query<Params>) -> Result<Response, PageError> {
    let space = space_of(&room.registry, &ctx, p.space.as_deref())?;
    let sight = Sight::new(&room.registry, &ctx);
    let picture = Picture::of(&sight, &room.twin, &space);
    let title = names::of_space(&ctx, &space);
    let here = space.as_str();
    let page = MapPage {
        ctx: &ctx,
        title: &title,
        layers_url: names::href("/api/v1/layers", &[("space", here), ("lang", ctx.lang.tag())]),
        live_url: names::href("/api/v1/live", &[("space", here)]),
        table_url: names::href("/table", &[("space", here)]),
        tables: tables::html(&sight, &picture, &space)?,
        territory: territory(&room.registry, &ctx, "/", &space),
        about: about::html(&room, &sight, &picture, &space).await?,
    };
    let shell = Page::new(&ctx, title.clone()).full().island(Island::Map).simulated(picture.simulated);
    Ok(shell.body(&page).into_response())
}

/// Everything that stands on the map, as tables.
pub async fn table(State(room): State<Room>, ctx: PageContext, Query(p): Query<Params>) -> Result<Response, PageError> {
    let space = space_of(&room.registry, &ctx, p.space.as_deref())?;
    let sight = Sight::new(&room.registry, &ctx);
    let picture = Picture::of(&sight, &room.twin, &space);
    let title = names::of_space(&ctx, &space);
    let map_url = names::href("/", &[("space", space.as_str())]);
    let page = TablePage {
        ctx: &ctx,
        title: &title,
        map_url: map_url.clone(),
        territory: territory(&room.registry, &ctx, "/table", &space),
        tables: tables::html(&sight, &picture, &space)?,
        about: about::html(&room, &sight, &picture, &space).await?,
    };
    let shell = Page::new(&ctx, title.clone()).wide().crumb(ctx.t("nav-map"), map_url).simulated(picture.simulated);
    Ok(shell.body(&page).into_response())
}

/// The choice between the region and what lies in it.
fn territory(registry: &Registry, ctx: &PageContext, action: &str, space: &SpacePath) -> Html {
    let field = Field::select("space", ctx.t("map-territory"), territories(registry, ctx, space));
    Filters { action: action.to_owned(), fields: vec![field.value(space.as_str())] }.html(ctx)
}

/// The region of a space, then every space in it by name.
pub fn territories(registry: &Registry, ctx: &PageContext, space: &SpacePath) -> Vec<Choice> {
    let top = space.top();
    let tree = registry.spaces();
    let mut choices: Vec<Choice> = tree
        .all()
        .iter()
        .filter(|s| top.covers(&s.path))
        .map(|s| Choice { value: s.path.to_string(), text: names::of_space(ctx, &s.path) })
        .collect();
    choices.sort_by_cached_key(|c| (c.value != top.as_str(), c.text.to_lowercase()));
    choices
}
