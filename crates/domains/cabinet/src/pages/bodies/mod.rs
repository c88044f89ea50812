//! `GET /bodies`: who answers for what in a territory, and who holds which post.

pub mod acting;
pub mod body;
mod seats;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Choice, Field, Filters};
use svod_portal::{Html, Island, Page, PageContext, PageError, encoded};
use svod_query::{Compare, Filter, Operand, Operation, Order, Path, Query, Types, words};
use svod_registry::{EntityQuery, Find, INSTALLATION, QueryError};

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
    /// Beginnings of words, in small letters; empty for every name.
    words: String,
    page: usize,
}

impl Wanted {
    /// What must hold: each word begins one of the entity's, and that besides.
    fn filter(&self, besides: Option<Filter>) -> Option<Filter> {
        let all: Vec<Filter> = words::of_text(&self.words).map(Filter::Word).chain(besides).collect();
        (!all.is_empty()).then_some(Filter::All(all))
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

/// All that the visitor may see of it, where not everybody may write: for questions by an indexed attribute, whose answers are few.
async fn read(ctx: &PageContext, s: &CabinetState, mut query: EntityQuery) -> Result<Vec<Entity>, PageError> {
    let tree = s.registry.spaces();
    let mut all = Vec::new();
    loop {
        let page = s.registry.query(&ctx.actor, query.clone()).await?;
        all.extend(page.items.into_iter().filter(|e| tree.get(&e.space).is_some_and(|space| !space.open)));
        query.after = page.next;
        if query.after.is_none() {
            return Ok(all);
        }
    }
}

/// A stretch of what fits, by name, and whether there is more: the registry keeps no more of it than is shown.
async fn named(
    ctx: &PageContext,
    s: &CabinetState,
    space: &SpacePath,
    query: Query,
    (offset, limit): (usize, usize),
) -> Result<(Vec<Entity>, bool), PageError> {
    let order = Order { path: Path::attribute("name"), descending: false, from: None, collation: None };
    let find = Find { space: space.clone(), below: true, query, order: vec![order], offset, limit, count: false };
    let found = s.registry.find(&ctx.actor, &find).await?;
    let tree = s.registry.spaces();
    let here = |e: &Entity| tree.get(&e.space).is_some_and(|space| !space.open);
    Ok((found.entities.into_iter().map(Arc::unwrap_or_clone).filter(here).collect(), found.more))
}

/// Bodies of the space that are called so, by name.
async fn found(ctx: &PageContext, s: &CabinetState, wanted: &Wanted) -> Result<(Vec<Entity>, bool), PageError> {
    let types = kinds(s);
    if types.is_empty() {
        return Ok((Vec::new(), false));
    }
    let query = Query { types: Types::one_of(types), filter: wanted.filter(None), ..Query::default() };
    named(ctx, s, &wanted.space, query, (wanted.page * PAGE, PAGE)).await
}

/// The first posts of a body, by name. A territory's posts belong to bodies of the same territory or of one above it.
async fn some_posts(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<(Vec<Entity>, bool), PageError> {
    let operands = vec![Operand::Text(body.id.to_string())];
    let of = Compare { path: Path::attribute("body"), operation: Operation::Equal, operands };
    let types = Types::Is("Post".to_owned());
    let query = Query { types, filter: Some(Filter::Compare(of)), ..Query::default() };
    named(ctx, s, &body.space, query, (0, POSTS)).await
}

/// All posts of a body, by name.
async fn posts(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<Vec<Entity>, PageError> {
    let query = EntityQuery::of(body.space.clone(), &["Post"]).with("body", body.id.as_str());
    let mut all = read(ctx, s, EntityQuery { limit: CHUNK, ..query }).await?;
    all.sort_by_cached_key(|post| (name(post).to_lowercase(), post.id.clone()));
    Ok(all)
}

/// Posts of the space that belong to no body, such as the region's head and those that invitations made.
async fn loose(ctx: &PageContext, s: &CabinetState, wanted: &Wanted) -> Result<(Vec<Entity>, bool), PageError> {
    let types = Types::Is("Post".to_owned());
    let filter = wanted.filter(Some(Filter::Missing(Path::attribute("body"))));
    named(ctx, s, &wanted.space, Query { types, filter, ..Query::default() }, (0, LOOSE)).await
}

async fn row(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<Row, PageError> {
    let (shown, more) = some_posts(ctx, s, body).await?;
    Ok(Row {
        href: href(&body.id),
        name: name(body).to_owned(),
        place: place(ctx, &body.space),
        parent: name_of(ctx, s, body.object("parent")).await,
        seats: if shown.is_empty() { Html::default() } else { seats::html(ctx, s, &shown, false).await? },
        more,
    })
}

/// The page.
///
/// # Errors
/// No such space, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<CabinetState>,
    axum::extract::Query(asked): axum::extract::Query<Asked>,
) -> Result<Response, PageError> {
    let words = asked.q.trim().chars().take(LONGEST).collect::<String>().to_lowercase();
    let wanted = Wanted { space: space_of(&ctx, &s, asked.space.trim())?, words, page: asked.page.min(PAGES) };
    let (found, more) = found(&ctx, &s, &wanted).await?;
    let mut bodies = Vec::with_capacity(PAGE);
    for body in &found {
        bodies.push(row(&ctx, &s, body).await?);
    }
    let (first, next) = ((wanted.page > 0).then(|| wanted.href(0)), more.then(|| wanted.href(wanted.page + 1)));
    let (shown, loose_more) = if wanted.page == 0 { loose(&ctx, &s, &wanted).await? } else { (Vec::new(), false) };
    let fields = vec![
        Field::select("space", ctx.t("bodies-space"), spaces(&ctx, &s, &wanted.space)).value(wanted.space.as_str()),
        Field::text("q", ctx.t("bodies-search")).value(asked.q.trim()),
    ];
    let page = ListPage {
        ctx: &ctx,
        filters: Filters { action: "/bodies".into(), fields }.html(&ctx),
        pages: components::pagination(&ctx, bodies.len(), first.as_deref(), next.as_deref()),
        bodies,
        loose: if shown.is_empty() { Html::default() } else { seats::html(&ctx, &s, &shown, false).await? },
        loose_more,
        empty: components::empty(ctx.t("bodies-none"), ctx.t("bodies-none-text")),
    };
    Ok(Page::new(&ctx, ctx.t("bodies-title")).body(&page).island(Island::Forms).into_response())
}
