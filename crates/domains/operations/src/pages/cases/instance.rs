//! `GET /operations/cases/{id}`: one instance: what stands still, where its tokens stand, what it knows by name, what it waits
//! for, what happened. What people wrote is not shown.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{SpacePath, Urn};
use svod_portal::components::{self, ButtonKind, SummaryRow, Table, TimelineItem, Tone};
use svod_portal::{Html, Page, PageContext, PageError, encoded};
use svod_registry::{Action, Registry};
use svod_runtime::cases::repair::{Happened, Instance, Stands, Status, Token, Trouble, Waits};

use super::super::breakable;
use super::{Number, allowed, code_name, process_line, process_name, status_word};
use crate::OperationsState;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    before: Option<i64>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "cases/instance.html")]
struct InstancePage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    title: &'a str,
    status: Html,
    facts: Html,
    troubles: Vec<TroubleCard>,
    tokens: Html,
    variables: Html,
    waits: Html,
    history: Html,
    pages: Html,
    acts: Html,
}

/// An incident and what can be done about it.
struct TroubleCard {
    name: String,
    code: String,
    message: Html,
    since: Html,
    acts: Html,
}

/// The page.
///
/// # Errors
/// Not permitted, no such instance, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let (number, space, found) = one(&ctx, &s, &id).await?;
    let history = s.cases.history(&ctx.actor, (&space, number.id), asked.before).await?;
    let address = number.address();
    let first = history.last().map(|h| h.version).filter(|v| *v > 1);
    let older = first.map(|v| format!("{address}?before={v}#history"));
    let latest = format!("{address}#history");
    let back = asked.before.map(|_| latest.as_str());
    let title = process_line(&ctx, &found.process);
    let (status, tone) = status_word(found.status);
    let body = InstancePage {
        ctx: &ctx,
        banner: banner(&ctx, asked.done.as_deref()),
        title: &title,
        status: components::tag(tone, ctx.t(status)),
        facts: facts(&ctx, &s, &found).await,
        troubles: found.troubles.iter().map(|t| card(&ctx, &address, t)).collect(),
        tokens: tokens(&ctx, &address, &found.tokens),
        variables: variables(&ctx, &found),
        waits: waits(&ctx, number, &found),
        history: timeline(&ctx, &history),
        pages: components::pagination(&ctx, history.len(), back, older.as_deref()),
        acts: acts(&ctx, &address, &found),
    };
    Ok(Page::new(&ctx, title.clone()).crumb(ctx.t("stuck-title"), "/operations/cases").body(&body).into_response())
}

/// The instance at an address, for who may see it.
pub async fn one(ctx: &PageContext, s: &OperationsState, id: &str) -> Result<(Number, SpacePath, Instance), PageError> {
    // Who looks after nothing learns nothing of what is there.
    if s.cases.administered(&ctx.actor).is_empty() {
        return Err(ctx.refusal());
    }
    let number = Number::parse(id).ok_or_else(PageError::not_found)?;
    let space = number.space(s)?;
    let found = allowed(ctx, s.cases.instance(&ctx.actor, (&space, number.id)).await)?;
    Ok((number, space, found))
}

fn banner(ctx: &PageContext, done: Option<&str>) -> Html {
    let known = done.filter(|d| ["retry", "resolve", "move", "cancel", "migrate"].contains(d));
    known.map_or_else(Html::default, |act| {
        components::banner(Tone::Good, ctx.t(&format!("stuck-done-{act}")), ctx.t("stuck-done-text"))
    })
}

async fn facts(ctx: &PageContext, s: &OperationsState, found: &Instance) -> Html {
    let mut rows = vec![
        SummaryRow::new(ctx.t("stuck-process"), process_name(ctx, &found.process)),
        SummaryRow::new(ctx.t("stuck-case"), case(ctx, &s.registry, &found.urn).await),
        SummaryRow::new(ctx.t("stuck-space"), Html::text(found.space.as_str())),
        SummaryRow::new(ctx.t("stuck-started"), components::time(ctx, found.started)),
        SummaryRow::new(ctx.t("stuck-moved"), components::time(ctx, found.modified)),
    ];
    let parent = found.parent.as_ref().and_then(|(space, id)| Number::of(s, space, *id));
    if let Some(parent) = parent {
        let link = components::link(&parent.address(), format!("{}-{}", parent.space, parent.id));
        rows.push(SummaryRow::new(ctx.t("stuck-called-by"), link));
    }
    components::summary_list(&rows)
}

/// The case, with a way to it where the visitor may follow.
async fn case(ctx: &PageContext, registry: &Registry, urn: &str) -> Html {
    let Ok(id) = urn.parse::<Urn>() else { return breakable(urn) };
    match registry.entity(&ctx.actor, &id).await {
        Ok(case) if registry.may(&ctx.actor, Action::ReadJournal, &registry.resource_of(&case)) => {
            components::link(&format!("/cases/{}", encoded(urn)), breakable(urn))
        }
        _ => breakable(urn),
    }
}

fn card(ctx: &PageContext, address: &str, trouble: &Trouble) -> TroubleCard {
    let act = |act: &str, key: &str, kind| {
        components::button_link(&format!("{address}/{act}?incident={}", trouble.incident), ctx.t(key), kind)
    };
    TroubleCard {
        name: trouble.name.clone(),
        code: code_name(ctx, &trouble.code),
        message: breakable(&trouble.message),
        since: components::time(ctx, trouble.at),
        acts: Html::join([
            act("retry", "stuck-retry", ButtonKind::Primary),
            act("resolve", "stuck-resolve", ButtonKind::Secondary),
        ]),
    }
}

/// What a token waits for, as a key of the texts.
const fn stands(stands: Stands) -> &'static str {
    match stands {
        Stands::Ready => "stuck-stands-ready",
        Stands::Task => "stuck-stands-task",
        Stands::Service => "stuck-stands-service",
        Stands::Again => "stuck-stands-again",
        Stands::Decision => "stuck-stands-decision",
        Stands::Called => "stuck-stands-called",
        Stands::Event => "stuck-stands-event",
        Stands::Join => "stuck-stands-join",
        Stands::Body => "stuck-stands-body",
        Stands::Items => "stuck-stands-items",
        Stands::Undoing => "stuck-stands-undoing",
        Stands::Incident => "stuck-stands-incident",
    }
}

fn tokens(ctx: &PageContext, address: &str, tokens: &[Token]) -> Html {
    if tokens.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("stuck-tokens"))
        .hide_caption()
        .column(ctx.t("stuck-element"))
        .column(ctx.t("stuck-waits-for"))
        .column(ctx.t("stuck-within"))
        .column(ctx.t("stuck-act"));
    for token in tokens {
        let name = Html::trusted(format!(
            r#"{} <span class="muted">{}</span>"#,
            Html::text(&token.name),
            breakable(&token.element)
        ));
        let movable = !token.targets.is_empty();
        let href = format!("{address}/move?token={}", token.id);
        // Links of the same words lead to different places: each says which token it moves.
        let text = format!(
            r#"{} <span class="visually-hidden">{}</span>"#,
            Html::from(ctx.t("stuck-move")),
            Html::text(&token.name)
        );
        table.row([
            name,
            ctx.t(stands(token.stands)).into(),
            if token.within.is_empty() { ctx.t("stuck-outermost").into() } else { Html::text(&token.within) },
            if movable { components::link(&href, Html::trusted(text)) } else { Html::default() },
        ]);
    }
    table.html()
}

fn variables(ctx: &PageContext, found: &Instance) -> Html {
    if found.variables.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("stuck-variables"))
        .hide_caption()
        .column(ctx.t("stuck-name"))
        .column(ctx.t("stuck-kind"))
        .number_column(ctx.t("stuck-bytes"))
        .column(ctx.t("stuck-within"));
    for v in &found.variables {
        table.row([
            breakable(&v.name),
            ctx.t(&format!("stuck-kind-{}", v.kind)).into(),
            ctx.number(v.bytes as f64).into(),
            if v.within.is_empty() { ctx.t("stuck-outermost").into() } else { Html::text(&v.within) },
        ]);
    }
    table.html()
}

/// What it waits for, as a key of the texts.
const fn waits_for(kind: Waits) -> &'static str {
    match kind {
        Waits::Timer => "stuck-waits-timer",
        Waits::Message => "stuck-waits-message",
        Waits::Signal => "stuck-waits-signal",
        Waits::Service => "stuck-waits-service",
        Waits::Called => "stuck-waits-called",
        Waits::Sent => "stuck-waits-sent",
        Waits::Broadcast => "stuck-waits-broadcast",
    }
}

fn waits(ctx: &PageContext, number: Number, found: &Instance) -> Html {
    if found.waits.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("stuck-waits"))
        .hide_caption()
        .column(ctx.t("stuck-name"))
        .column(ctx.t("stuck-what"))
        .column(ctx.t("stuck-due"))
        .number_column(ctx.t("stuck-attempts"));
    for wait in &found.waits {
        let called = wait.name.parse().ok().filter(|_| wait.kind == Waits::Called);
        let name = match called {
            Some(id) => {
                let called = Number { space: number.space, id };
                components::link(&called.address(), format!("{}-{id}", number.space))
            }
            None => breakable(&wait.name),
        };
        table.row([
            name,
            ctx.t(waits_for(wait.kind)).into(),
            wait.due.map_or_else(Html::default, |at| components::exact_time(ctx, at)),
            ctx.number(wait.attempts as f64).into(),
        ]);
    }
    table.html()
}

fn timeline(ctx: &PageContext, history: &[Happened]) -> Html {
    let items: Vec<TimelineItem> = history.iter().map(|h| step(ctx, h)).collect();
    components::timeline(&items)
}

fn step(ctx: &PageContext, h: &Happened) -> TimelineItem {
    let element = h.element.as_deref().unwrap_or_default();
    let (title, tone) = match h.what.as_str() {
        "repair" => {
            let act = h.detail.as_deref().unwrap_or_default();
            (ctx.t_or(&format!("stuck-act-{act}"), act), Tone::Warning)
        }
        "incident" => (code_name(ctx, h.detail.as_deref().unwrap_or_default()), Tone::Danger),
        what => (ctx.t_or(&format!("stuck-step-{what}"), what), Tone::Quiet),
    };
    let title = if element.is_empty() { title } else { format!("{title}: {element}") };
    let who = h.by.as_deref().map(|by| Html::trusted(format!(" · {}", Html::text(by))));
    let mut body = Vec::new();
    if let Some(reason) = &h.reason {
        body.push(Html::trusted(format!("<p>{}</p>", breakable(reason))));
    }
    if !h.set.is_empty() {
        let names = ctx.tf("stuck-put-right", &[("names", h.set.join(", ").into())]);
        body.push(Html::trusted(format!("<p>{}</p>", breakable(&names))));
    }
    if matches!(h.what.as_str(), "escalated" | "finished") {
        body.extend(h.detail.as_deref().map(|d| Html::trusted(format!("<p><code>{}</code></p>", Html::text(d)))));
    }
    TimelineItem {
        title: title.into(),
        when: Html::join([components::exact_time(ctx, h.at)].into_iter().chain(who)),
        body: Html::join(body),
        tone,
    }
}

/// What can be done with the instance as a whole.
fn acts(ctx: &PageContext, address: &str, found: &Instance) -> Html {
    if matches!(found.status, Status::Done | Status::Cancelled) {
        return Html::default();
    }
    let carry = found.newer.as_ref().map(|_| {
        components::button_link(&format!("{address}/migrate"), ctx.t("stuck-carry-over"), ButtonKind::Secondary)
    });
    let cancel = components::button_link(&format!("{address}/cancel"), ctx.t("stuck-cancel"), ButtonKind::Danger);
    Html::join(carry.into_iter().chain([cancel]))
}
