//! `GET /bodies`: who answers for what in a territory, and who holds which post.

pub mod acting;
pub mod body;
mod seats;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Choice, Field, Filters};
use svod_portal::{Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::{EntityQuery, INSTALLATION, QueryError};

use crate::CabinetState;
use crate::pages::name_of;

/// Bodies on a page.
const PAGE: usize = 20;
/// Pages at the most.
const PAGES: usize = 1_000;
/// Posts of a body that the list shows; the body's own page has all of them.
const POSTS: usize = 10;
/// Posts of no body that the list shows.
const LOOSE: usize = 50;
/// Entities read at once.
const CHUNK: usize = 500;
/// Chunks looked through for one list: 10,000 entities.
const CHUNKS: usize = 20;
/// Longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    space: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: usize,
}

/// What is looked for.
struct Wanted {
    space: SpacePath,
    /// Part of a name, in small letters; empty for every name.
    words: String,
    page: usize,
}

impl Wanted {
    fn fits(&self, e: &Entity) -> bool {
        name(e).to_lowercase().contains(&self.words)
    }

    /// The address of a page of this search.
    fn href(&self, page: usize) -> String {
        let mut href = format!("/bodies?space={}", encoded(self.space.as_str()));
        if !self.words.is_empty() {
            href.push_str(&format!("&q={}", encoded(&self.words)));
        }
        if page > 0 {
            href.push_str(&format!("&page={page}"));
        }
        href
    }
}

#[derive(Template)]
#[template(path = "bodies/list.html")]
struct ListPage<'a> {
    ctx: &'a PageContext,
    filters: Html,
    bodies: Vec<Row>,
    loose: Html,
    loose_more: bool,
    pages: Html,
    empty: Html,
}

/// A body in the list.
struct Row {
    href: String,
    name: String,
    place: String,
    parent: String,
    seats: Html,
    more: bool,
}

/// What an entity is called.
fn name(e: &Entity) -> &str {
    e.text("name").unwrap_or(e.id.as_str())
}

/// The page of a body.
fn href(body: &Urn) -> String {
    format!("/bodies/{}", encoded(body.as_str()))
}

/// The name of a space.
fn place(ctx: &PageContext, space: &SpacePath) -> String {
    ctx.t_or(&format!("space-{}", space.name()), space.name())
}

/// The types of bodies: packs make their own.
fn kinds(s: &CabinetState) -> Vec<String> {
    let catalogue = s.registry.catalogue();
    let metamodel = &catalogue.metamodel;
    metamodel.types.keys().filter(|kind| metamodel.is_a(kind, "Body")).cloned().collect()
}

/// The space that is asked for, else the visitor's own, else the first region. Spaces open to everybody have no officials.
fn space_of(ctx: &PageContext, s: &CabinetState, asked: &str) -> Result<SpacePath, PageError> {
    let tree = s.registry.spaces();
    let fine = |path: &SpacePath| path.as_str() != INSTALLATION && tree.get(path).is_some_and(|space| !space.open);
    if !asked.is_empty() {
        let path: SpacePath = asked.parse().map_err(|_| PageError::not_found())?;
        return if fine(&path) { Ok(path) } else { Err(QueryError::UnknownSpace(path).into()) };
    }
    let own = ctx.actor.spaces.iter().find(|path| fine(path)).cloned();
    let first = || tree.all().into_iter().map(|space| space.path.clone()).find(|p| p.parent().is_none() && fine(p));
    own.or_else(first).ok_or_else(PageError::not_found)
}

/// The spaces of the same region.
fn spaces(ctx: &PageContext, s: &CabinetState, space: &SpacePath) -> Vec<Choice> {
    let (top, tree) = (space.top(), s.registry.spaces());
    let here = tree.all().into_iter().filter(|info| top.covers(&info.path) && !info.open);
    let mut choices: Vec<Choice> =
        here.map(|info| Choice { value: info.path.to_string(), text: place(ctx, &info.path) }).collect();
    choices.sort_by_cached_key(|c| (c.value != top.as_str(), c.text.to_lowercase()));
    choices
}

/// All that the visitor may see of it, where not everybody may write.
async fn read(ctx: &PageContext, s: &CabinetState, mut query: EntityQuery) -> Result<Vec<Entity>, PageError> {
    let tree = s.registry.spaces();
    let mut all = Vec::new();
    for _ in 0..CHUNKS {
        let page = s.registry.query(&ctx.actor, query.clone()).await?;
        all.extend(page.items.into_iter().filter(|e| tree.get(&e.space).is_some_and(|space| !space.open)));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    Ok(all)
}

/// Bodies of the space that are called so, by name.
async fn found(ctx: &PageContext, s: &CabinetState, wanted: &Wanted) -> Result<Vec<Entity>, PageError> {
    let types = kinds(s);
    if types.is_empty() {
        return Ok(Vec::new());
    }
    let query = EntityQuery { types, limit: CHUNK, ..EntityQuery::of(wanted.space.clone(), &[]) };
    let mut all = read(ctx, s, query).await?;
    all.retain(|body| wanted.fits(body));
    all.sort_by_cached_key(|body| (name(body).to_lowercase(), body.id.clone()));
    Ok(all)
}

/// The posts of a body, by name. A territory's posts belong to bodies of the same territory or of one above it.
async fn posts(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<Vec<Entity>, PageError> {
    let query = EntityQuery::of(body.space.top(), &["Post"]).with("body", body.id.as_str());
    let mut all = read(ctx, s, EntityQuery { limit: CHUNK, ..query }).await?;
    all.retain(|post| body.space.covers(&post.space));
    all.sort_by_cached_key(|post| (name(post).to_lowercase(), post.id.clone()));
    Ok(all)
}

/// Posts of the space that belong to no body, such as the region's head and those that invitations made.
async fn loose(ctx: &PageContext, s: &CabinetState, wanted: &Wanted) -> Result<Vec<Entity>, PageError> {
    let query = EntityQuery { limit: CHUNK, ..EntityQuery::of(wanted.space.clone(), &["Post"]) };
    let mut all = read(ctx, s, query).await?;
    all.retain(|post| post.object("body").is_none() && wanted.fits(post));
    all.sort_by_cached_key(|post| (post.space.clone(), name(post).to_lowercase(), post.id.clone()));
    Ok(all)
}

async fn row(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<Row, PageError> {
    let posts = posts(ctx, s, body).await?;
    let shown = &posts[..posts.len().min(POSTS)];
    Ok(Row {
        href: href(&body.id),
        name: name(body).to_owned(),
        place: place(ctx, &body.space),
        parent: name_of(ctx, s, body.object("parent")).await,
        seats: if shown.is_empty() { Html::default() } else { seats::html(ctx, s, shown, false).await? },
        more: posts.len() > POSTS,
    })
}

/// The page.
///
/// # Errors
/// No such space, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<CabinetState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let words = asked.q.trim().chars().take(LONGEST).collect::<String>().to_lowercase();
    let wanted = Wanted { space: space_of(&ctx, &s, asked.space.trim())?, words, page: asked.page.min(PAGES) };
    let all = found(&ctx, &s, &wanted).await?;
    let mut bodies = Vec::with_capacity(PAGE);
    for body in all.iter().skip(wanted.page * PAGE).take(PAGE) {
        bodies.push(row(&ctx, &s, body).await?);
    }
    let more = all.len() > (wanted.page + 1) * PAGE;
    let (first, next) = ((wanted.page > 0).then(|| wanted.href(0)), more.then(|| wanted.href(wanted.page + 1)));
    let loose = if wanted.page == 0 { loose(&ctx, &s, &wanted).await? } else { Vec::new() };
    let shown = &loose[..loose.len().min(LOOSE)];
    let fields = vec![
        Field::select("space", ctx.t("bodies-space"), spaces(&ctx, &s, &wanted.space)).value(wanted.space.as_str()),
        Field::text("q", ctx.t("bodies-search")).value(asked.q.trim()),
    ];
    let page = ListPage {
        ctx: &ctx,
        filters: Filters { action: "/bodies".into(), fields }.html(&ctx),
        pages: components::pagination(&ctx, bodies.len(), first.as_deref(), next.as_deref()),
        bodies,
        loose: if shown.is_empty() { Html::default() } else { seats::html(&ctx, &s, shown, false).await? },
        loose_more: loose.len() > LOOSE,
        empty: components::empty(ctx.t("bodies-none"), ctx.t("bodies-none-text")),
    };
    Ok(Page::new(&ctx, ctx.t("bodies-title")).body(&page).island(Island::Forms).into_response())
}
