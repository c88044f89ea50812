//! `GET /cases/{urn}`: the journal of one case as a timeline.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::{AttributeValue, Entity};
use svod_portal::components::{self, SummaryRow, TimelineItem, Tone};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::{Action, EntityQuery, JournalEvent, JournalQuery, QueryError};

use crate::ServicesState;
use crate::access::{address, seen};
use crate::events::{in_telling_order, item, line, mentioned, when};
use crate::evidence::{Evidence, Reading};
use crate::names::Names;
use crate::pages::tasks::tone_of_status;
use crate::words::Words;

/// Events shown of one case; a case of this process has about eight.
const MAX_EVENTS: usize = 1_000;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "case/case.html")]
struct CasePage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    title: String,
    status: Html,
    simulated: Html,
    facts: Html,
    timeline: Html,
    tasks: Vec<(String, String, Html)>,
}

/// The page.
///
/// # Errors
/// Not found for who may not know of the case, forbidden for who may not see who did what.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let case = seen(&ctx, s.registry.entity(&ctx.actor, &urn).await)?;
    if case.kind != "Case" {
        return Err(QueryError::NotFound(format!("case {urn}")).into());
    }
    if !s.registry.may(&ctx.actor, Action::ReadJournal, &s.registry.resource_of(&case)) {
        return Err(PageError::forbidden());
    }
    let events = events(&ctx, &s, &case).await?;
    let tasks = tasks(&ctx, &s, &case).await?;
    let alert = match case.object("alert") {
        Some(urn) => s.registry.entity(&ctx.actor, urn).await.ok(),
        None => None,
    };
    let related = case.attributes.values().filter_map(|a| match &a.value {
        AttributeValue::Object(u) => Some(u.clone()),
        _ => None,
    });
    let asset = alert.as_ref().and_then(|a| a.object("entity").cloned());
    let wanted = events.iter().flat_map(mentioned).chain(related).chain(asset);
    let names = Names::load(&s.registry, &ctx.actor, wanted).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx: &ctx, metamodel: &catalogue.metamodel, names: &names };
    let reading = alert.as_ref().and_then(|a| Evidence::parse(a.text("inputs")?)?.reading);
    let simulated = reading.as_ref().is_some_and(|r| r.simulated);
    let title = title(&words, &case, alert.as_ref());
    let banner = match asked.done.as_deref() {
        Some("sent") => components::banner(Tone::Good, ctx.t("case-sent"), ctx.t("case-sent-text")),
        _ => Html::default(),
    };
    let body = CasePage {
        ctx: &ctx,
        banner,
        title: title.clone(),
        status: status(&ctx, &case),
        simulated: if simulated { components::simulated_tag(&ctx) } else { Html::default() },
        facts: facts(&words, &case, alert.as_ref()),
        timeline: timeline(&words, alert.as_ref(), reading.as_ref(), &events),
        tasks: tasks.iter().map(|t| task_link(&words, &case, t)).collect(),
    };
    let page = match case.text("service") {
        Some(_) => Page::new(&ctx, title).crumb(ctx.t("services-title"), "/services"),
        None => Page::new(&ctx, title).crumb(ctx.t("tasks-title"), "/tasks"),
    };
    Ok(page.body(&body).simulated(simulated).into_response())
}

async fn events(ctx: &PageContext, s: &ServicesState, case: &Entity) -> Result<Vec<JournalEvent>, QueryError> {
    let q = JournalQuery {
        space: case.space.clone(),
        below: false,
        entity: None,
        cause: Some(case.id.clone()),
        newest_first: false,
        after: None,
        limit: MAX_EVENTS,
    };
    let mut events = s.registry.journal(&ctx.actor, q).await?.items;
    in_telling_order(&mut events);
    Ok(events)
}

async fn tasks(ctx: &PageContext, s: &ServicesState, case: &Entity) -> Result<Vec<Entity>, QueryError> {
    let q = EntityQuery { below: false, ..EntityQuery::of(case.space.clone(), &["Task"]) };
    Ok(s.registry.query(&ctx.actor, q.with("case", case.id.as_str())).await?.items)
}

fn title(words: &Words<'_>, case: &Entity, alert: Option<&Entity>) -> String {
    if let Some((_, service)) = case.text("service").and_then(|s| s.split_once('/')) {
        return words.ctx.t(&format!("service-{service}"));
    }
    let kind = alert.and_then(|a| a.text("kind")).map(|k| words.ctx.t_or(&format!("alert-{k}"), k));
    let asset = alert.and_then(|a| a.object("entity")).map(|u| words.names.name(u).to_owned());
    let about = [kind, asset].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let about = if about.is_empty() { case.id.local().to_owned() } else { about };
    words.ctx.tf("case-title", &[("about", about.into())])
}

fn status(ctx: &PageContext, case: &Entity) -> Html {
    let status = case.text("status").unwrap_or_default();
    let tone = if status == "closed" { Tone::Good } else { Tone::Info };
    components::tag(tone, ctx.word("CaseStatus", status))
}

fn facts(words: &Words<'_>, case: &Entity, alert: Option<&Entity>) -> Html {
    let ctx = words.ctx;
    let mut rows = Vec::new();
    if let Some(number) = case.text("number") {
        rows.push(SummaryRow::new(ctx.t("case-number"), number));
    }
    if let Some(asset) = alert.and_then(|a| a.object("entity")) {
        rows.push(SummaryRow::new(ctx.t("task-asset"), words.thing(asset)));
    }
    rows.push(SummaryRow::new(ctx.t("task-place"), words.space(&case.space)));
    if let Some(body) = case.object("body") {
        rows.push(SummaryRow::new(ctx.t("task-body"), words.thing(body)));
    }
    if let Some(alert) = alert {
        let word = alert.text("status").map(|v| ctx.word("AlertStatus", v)).unwrap_or_default();
        rows.push(SummaryRow::new(ctx.t("why-alert-status"), word));
    }
    if let Some(outcome) = case.text("outcome") {
        rows.push(SummaryRow::new(ctx.t("case-outcome"), ctx.word("CaseOutcome", outcome)));
    }
    let open = case.text("status") == Some("open");
    let term = open.then_some(("case-deadline", "deadline"));
    for (key, name) in [("case-opened", "openedAt"), ("case-closed", "closedAt")].into_iter().chain(term) {
        if let Some(at) = case.time(name) {
            rows.push(SummaryRow::new(ctx.t(key), components::time(ctx, at)));
        }
    }
    if let Some(process) = case.text("process") {
        let name = ctx.t_or(&format!("process-{process}"), process);
        let version = case.text("processVersion").unwrap_or_default();
        let value = format!(r#"{} <span class="muted">{}</span>"#, Html::from(name), Html::text(version));
        rows.push(SummaryRow::new(ctx.t("case-process"), Html::trusted(value)));
    }
    components::summary_list(&rows)
}

fn timeline(words: &Words<'_>, alert: Option<&Entity>, reading: Option<&Reading>, events: &[JournalEvent]) -> Html {
    let first = alert.zip(reading).map(|(a, r)| reading_item(words, a, r));
    let items: Vec<TimelineItem> = first.into_iter().chain(events.iter().map(|e| item(words, e, true))).collect();
    components::timeline(&items)
}

/// The reading that began it; it stands in history, not in the journal, and the alert keeps what it said.
fn reading_item(words: &Words<'_>, alert: &Entity, reading: &Reading) -> TimelineItem {
    let ctx = words.ctx;
    let asset = alert.object("entity");
    let kind = asset.and_then(|u| words.names.kind(u)).unwrap_or_default();
    let unit = words.metamodel.attribute(kind, &reading.attribute).and_then(|a| a.unit.as_deref());
    let value = match reading.value.as_f64() {
        Some(n) => words.quantity(n, unit),
        None => reading.value.as_str().map_or_else(|| reading.value.to_string(), str::to_owned),
    };
    let args = [("name", words.attribute(&reading.attribute).into()), ("value", value.into())];
    let who = asset.map(|u| words.names.name(u).to_owned()).unwrap_or_default();
    let received = reading.received.map(|at| line(ctx, "why-received", components::exact_time(ctx, at)));
    let mark = reading.simulated.then(|| Html::trusted(format!("<p>{}</p>", components::simulated_tag(ctx))));
    TimelineItem {
        title: ctx.tf("event-reading", &args).into(),
        when: reading.observed.map_or_else(|| Html::from(&who), |at| when(words, at, &who)),
        body: Html::join(received.into_iter().chain(mark)),
        tone: Tone::Quiet,
    }
}

fn task_link(words: &Words<'_>, case: &Entity, task: &Entity) -> (String, String, Html) {
    let ctx = words.ctx;
    let status = task.text("status").unwrap_or_default();
    let step = format!("step-{}-{}", case.text("process").unwrap_or_default(), task.text("step").unwrap_or_default());
    let tag = components::tag(tone_of_status(status), ctx.word("TaskStatus", status));
    (address("Task", &task.id), ctx.t_or(&step, &words.kind("Task")), tag)
}
