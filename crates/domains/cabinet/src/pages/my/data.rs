//! `GET /my`: what is known of the person, and what happened to it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use svod_model::Entity;
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::{JournalEvent, JournalQuery};

use super::{owner, rooms};
use crate::CabinetState;
use crate::pages::ROWS;

#[derive(Template)]
#[template(path = "my/data.html")]
struct DataPage<'a> {
    ctx: &'a PageContext,
    rooms: Html,
    name: String,
    facts: Html,
    events: Vec<Event>,
}

struct Event {
    at: Html,
    what: String,
    who: String,
    for_whom: bool,
}

fn facts(ctx: &PageContext, e: &Entity) -> Html {
    let row = |(name, a): (&String, &svod_model::Attribute)| {
        let value = match a.instances().next().map(|i| &i.value) {
            Some(value) => value.targets().first().map(ToString::to_string),
            None => None,
        };
        let value = value.or_else(|| e.text(name).map(str::to_owned));
        let value = value.or_else(|| e.value(name).map(ToString::to_string)).unwrap_or_default();
        let key = if name == "name" { ctx.t("my-name") } else { ctx.t_or(&format!("attr-{name}"), name) };
        SummaryRow::new(key, value)
    };
    let mut rows: Vec<SummaryRow> = e.attributes.iter().map(row).collect();
    rows.push(SummaryRow::new(
        ctx.t("my-identifier"),
        Html::trusted(format!("<code class=\"secret\">{}</code>", Html::text(e.id.as_str()))),
    ));
    components::summary_list(&rows)
}

fn event(ctx: &PageContext, e: &JournalEvent) -> Event {
    let me = e.actor == ctx.actor.subject();
    let who = if me {
        ctx.t("my-by-me")
    } else if e.actor.starts_with("platform:") {
        ctx.t("my-by-platform")
    } else {
        ctx.t_or(&format!("persona-{}", e.actor_name), &e.actor_name)
    };
    Event {
        at: components::time(ctx, e.at),
        what: ctx.t_or(&format!("my-verb-{}", e.action), &e.action),
        who,
        for_whom: !e.on_behalf.is_empty(),
    }
}

/// The page.
///
/// # Errors
/// Nobody is signed in, or the store failed.
pub async fn show(ctx: PageContext, State(s): State<CabinetState>) -> Result<Response, PageError> {
    let me = owner(&ctx, &s).await?;
    let seen = s.registry.entity(&ctx.actor, &me.id).await.ok();
    let journal = JournalQuery {
        space: me.space.clone(),
        below: false,
        entity: Some(me.id.clone()),
        cause: None,
        newest_first: true,
        after: None,
        limit: ROWS,
    };
    let events = s.registry.journal(&ctx.actor, journal).await?;
    let page = DataPage {
        ctx: &ctx,
        rooms: rooms(&ctx, &s).await?,
        name: seen.as_ref().and_then(|e| e.text("name")).unwrap_or_default().to_owned(),
        facts: seen.as_ref().map(|e| facts(&ctx, e)).unwrap_or_default(),
        events: events.items.iter().map(|e| event(&ctx, e)).collect(),
    };
    Ok(Page::new(&ctx, ctx.t("my-title")).body(&page).into_response())
}
