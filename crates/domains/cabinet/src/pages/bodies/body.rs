//! `GET /bodies/{urn}`: one body: what it answers for, what stands above and below it, its posts and who held them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, Island, Page, PageContext, PageError};
use svod_registry::{EntityQuery, QueryError};

use super::{CHUNK, PAGES, href, kinds, name, place, posts, read, seats};
use crate::CabinetState;
use crate::pages::name_of;

/// Posts on a page.
const POSTS: usize = 50;
/// Bodies above one that are shown: pointing in a circle leads nowhere.
const HIGHEST: usize = 16;
/// Bodies below one that are shown.
const LOWER: usize = 200;

/// What the address may say.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    page: usize,
}

#[derive(Template)]
#[template(path = "bodies/body.html")]
struct BodyPage<'a> {
    ctx: &'a PageContext,
    name: &'a str,
    facts: Html,
    above: Vec<Link>,
    below: Vec<Link>,
    seats: Html,
    pages: Html,
}

struct Link {
    href: String,
    name: String,
    place: String,
}

fn link(ctx: &PageContext, body: &Entity) -> Link {
    Link { href: href(&body.id), name: name(body).to_owned(), place: place(ctx, &body.space) }
}

/// The bodies above, the nearest first.
async fn above(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<Vec<Arc<Entity>>, PageError> {
    let (kinds, mut chain) = (kinds(s), Vec::<Arc<Entity>>::new());
    let mut next = body.object("parent").cloned();
    while let Some(urn) = next.take() {
        if chain.len() == HIGHEST || urn == body.id || chain.iter().any(|b| b.id == urn) {
            break;
        }
        match s.registry.entity_in(&ctx.actor, Some(&body.space), &urn).await {
            Ok(parent) if kinds.contains(&parent.kind) => {
                next = parent.object("parent").cloned();
                chain.push(parent);
            }
            Ok(_) | Err(QueryError::NotFound(_)) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(chain)
}

/// The bodies right below, by name.
async fn below(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Result<Vec<Entity>, PageError> {
    let query = EntityQuery::of(body.space.top(), &[]).with("parent", body.id.as_str());
    let mut all = read(ctx, s, EntityQuery { types: kinds(s), limit: CHUNK, ..query }).await?;
    all.retain(|b| b.object("parent") == Some(&body.id) && b.id != body.id);
    all.sort_by_cached_key(|b| (name(b).to_lowercase(), b.id.clone()));
    all.truncate(LOWER);
    Ok(all)
}

async fn facts(ctx: &PageContext, s: &CabinetState, body: &Entity) -> Html {
    let mut lineage: Vec<String> = body.space.lineage().map(|space| place(ctx, &space)).collect();
    lineage.reverse();
    let mut rows = vec![SummaryRow::new(ctx.t("bodies-space"), lineage.join(" → "))];
    let territory = name_of(ctx, s, body.object("territory")).await;
    if !territory.is_empty() {
        rows.push(SummaryRow::new(ctx.t("bodies-territory"), territory));
    }
    let subjects = body.value("subjects").and_then(|v| v.as_array()).cloned().unwrap_or_default();
    let subjects: Vec<String> = subjects.iter().filter_map(|v| v.as_str()).map(|v| ctx.word("Subject", v)).collect();
    if !subjects.is_empty() {
        rows.push(SummaryRow::new(ctx.t("bodies-subjects"), subjects.join(", ")));
    }
    components::summary_list(&rows)
}

/// The page.
///
/// # Errors
/// No such body, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<CabinetState>,
    Path(urn): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let urn: Urn = urn.parse().map_err(|_| PageError::not_found())?;
    let body = s.registry.entity(&ctx.actor, &urn).await?;
    if !kinds(&s).contains(&body.kind) {
        return Err(PageError::not_found());
    }
    let (posts, number) = (posts(&ctx, &s, &body).await?, asked.page.min(PAGES));
    let shown: &[Entity] = posts.chunks(POSTS).nth(number).unwrap_or_default();
    let (first, own) = (number * POSTS, href(&body.id));
    let next = (posts.len() > first + POSTS).then(|| format!("{own}?page={}", number + 1));
    let page = BodyPage {
        ctx: &ctx,
        name: name(&body),
        facts: facts(&ctx, &s, &body).await,
        above: above(&ctx, &s, &body).await?.iter().map(|b| link(&ctx, b)).collect(),
        below: below(&ctx, &s, &body).await?.iter().map(|b| link(&ctx, b)).collect(),
        seats: if shown.is_empty() { Html::default() } else { seats::html(&ctx, &s, shown, true).await? },
        pages: components::pagination(&ctx, shown.len(), (number > 0).then_some(own.as_str()), next.as_deref()),
    };
    let whole = Page::new(&ctx, page.name).crumb(ctx.t("bodies-title"), "/bodies").body(&page).island(Island::Forms);
    Ok(whole.into_response())
}
