//! `GET /journal`: who did what in a space, newest first.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{SpacePath, Urn};
use svod_portal::components::{self, Choice, Field, Filters};
use svod_portal::{Html, Page, PageContext, PageError, encoded};
use svod_registry::{Action, JournalEvent, JournalQuery, QueryError};

use crate::access::roots;
use crate::doers::acted;
use crate::events::{VERBS, item, mentioned};
use crate::names::Names;
use crate::words::{Words, space_name};
use crate::{ServicesState, pages::locked};

/// Events on a page.
const PAGE: usize = 50;

/// Pages of the journal looked through for one page of what fits; the next link goes on from there.
const MAX_PAGES: usize = 20;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    entity: Option<String>,
    action: Option<String>,
    space: Option<String>,
    after: Option<String>,
}

/// What was asked, understood.
struct Wanted {
    space: SpacePath,
    entity: Option<Urn>,
    action: Option<&'static str>,
    /// The text that should be an identifier and is none.
    bad: Option<String>,
}

impl Wanted {
    fn read(asked: &Asked, spaces: &[SpacePath]) -> Option<Self> {
        let space = asked.space.as_deref().and_then(|t| spaces.iter().find(|s| s.as_str() == t));
        let text = asked.entity.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let entity: Option<Urn> = text.and_then(|t| t.parse().ok());
        Some(Self {
            space: space.or_else(|| spaces.first())?.clone(),
            bad: text.filter(|_| entity.is_none()).map(str::to_owned),
            entity,
            action: VERBS.iter().copied().find(|v| asked.action.as_deref() == Some(*v)),
        })
    }

    fn query(&self) -> String {
        let mut parts = vec![format!("space={}", encoded(self.space.as_str()))];
        parts.extend(self.entity.as_ref().map(|e| format!("entity={}", encoded(e.as_str()))));
        parts.extend(self.action.map(|a| format!("action={a}")));
        parts.join("&")
    }
}

#[derive(Template)]
#[template(path = "journal/journal.html")]
struct JournalPage<'a> {
    ctx: &'a PageContext,
    errors: Html,
    filters: Html,
    timeline: Html,
    empty: Html,
    pages: Html,
}

/// The page.
///
/// # Errors
/// When the store fails, or the cursor is none.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let spaces = roots(&s.registry, &ctx.actor, Action::ReadJournal, "Case");
    let Some(wanted) = Wanted::read(&asked, &spaces) else {
        return Ok(locked::page(&ctx, &s.registry, "journal", Action::ReadJournal, "Case"));
    };
    let (events, next) =
        if wanted.bad.is_some() { (Vec::new(), None) } else { read(&ctx, &s, &wanted, asked.after.clone()).await? };
    let names = Names::load(&s.registry, &ctx.actor, events.iter().flat_map(mentioned)).await?;
    let names = names.with_doers(&s.registry, &events.iter().filter_map(acted).collect::<Vec<_>>()).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx: &ctx, metamodel: &catalogue.metamodel, names: &names };
    let items: Vec<_> = events.iter().map(|e| item(&words, e, false)).collect();
    let bad: Vec<_> = wanted.bad.iter().map(|_| ("entity".to_owned(), ctx.t("journal-entity-bad"))).collect();
    let first = format!("/journal?{}", wanted.query());
    let next = next.map(|n| format!("{first}&after={}", encoded(&n)));
    let body = JournalPage {
        ctx: &ctx,
        errors: components::error_summary(&ctx, &bad),
        filters: filters(&ctx, &wanted, &spaces).html(&ctx),
        timeline: if items.is_empty() { Html::default() } else { components::timeline(&items) },
        empty: components::empty(ctx.t("journal-empty-title"), ctx.t("journal-empty-text")),
        pages: components::pagination(&ctx, items.len(), asked.after.as_ref().map(|_| first.as_str()), next.as_deref()),
    };
    Ok(Page::new(&ctx, ctx.t("journal-title")).body(&body).into_response())
}

/// The registry narrows by entity; by action it is narrowed here.
async fn read(
    ctx: &PageContext,
    s: &ServicesState,
    wanted: &Wanted,
    mut after: Option<String>,
) -> Result<(Vec<JournalEvent>, Option<String>), QueryError> {
    let mut events = Vec::new();
    for _ in 0..MAX_PAGES {
        let q = JournalQuery {
            space: wanted.space.clone(),
            below: true,
            entity: wanted.entity.clone(),
            cause: None,
            newest_first: true,
            after: after.take(),
            limit: PAGE,
        };
        let page = s.registry.journal(&ctx.actor, q).await?;
        events.extend(page.items.into_iter().filter(|e| wanted.action.is_none_or(|a| e.action == a)));
        after = page.next;
        if after.is_none() || events.len() >= PAGE {
            break;
        }
    }
    Ok((events, after))
}

fn filters(ctx: &PageContext, wanted: &Wanted, spaces: &[SpacePath]) -> Filters {
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let any = choice("", ctx.t("journal-action-any"));
    let actions = VERBS.iter().map(|v| choice(v, ctx.t(&format!("verb-{v}"))));
    let entity = wanted.entity.as_ref().map(ToString::to_string).or_else(|| wanted.bad.clone());
    let error = if wanted.bad.is_some() { ctx.t("journal-entity-bad") } else { String::new() };
    let mut fields = vec![
        Field::text("entity", ctx.t("journal-entity")).value(entity.unwrap_or_default()).error(error),
        Field::select("action", ctx.t("journal-action"), std::iter::once(any).chain(actions).collect())
            .value(wanted.action.unwrap_or_default()),
    ];
    if spaces.len() > 1 {
        let choices = spaces.iter().map(|s| choice(s.as_str(), space_name(ctx, s))).collect();
        fields.push(Field::select("space", ctx.t("journal-space"), choices).value(wanted.space.as_str()));
    }
    Filters { action: "/journal".into(), fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood() {
        let spaces: Vec<SpacePath> = ["a", "b"].map(|s| s.parse().unwrap()).to_vec();
        let ask = |entity: &str, action: &str, space: &str| Asked {
            entity: Some(entity.into()),
            action: Some(action.into()),
            space: Some(space.into()),
            after: None,
        };
        let w = Wanted::read(&ask(" urn:svod:task:1 ", "take", "b"), &spaces).unwrap();
        assert_eq!(w.query(), "space=b&entity=urn:svod:task:1&action=take");
        let w = Wanted::read(&ask("not a urn", "drop", "elsewhere"), &spaces).unwrap();
        assert_eq!((w.query().as_str(), w.bad.as_deref()), ("space=a", Some("not a urn")));
        assert!(Wanted::read(&Asked::default(), &[]).is_none());
    }
}
