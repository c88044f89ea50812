//! `GET /tasks/workload`: how the work of a body, or of a territory, goes: by official and by service.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use svod_kernel::{Role, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Stat, Table};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::{Action, QueryError};

use crate::ServicesState;
use crate::access::roots;
use crate::bounded::FEW;
use crate::measures::{Measures, span};
use crate::worklist::{Desk, Filter, StatusFilter, Whose, overdue};

/// Days that are looked back.
const DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "tasks/workload.html")]
struct WorkloadPage<'a> {
    ctx: &'a PageContext,
    lead: String,
    hint: Option<String>,
    stats: Html,
    officials: Html,
    services: Html,
}

/// Whose work the visitor sees here: of their own body, which they head, or of all bodies of the territory; none: nobody's.
pub async fn scope(ctx: &PageContext, s: &ServicesState, spaces: &[SpacePath]) -> Result<Option<Whose>, QueryError> {
    if spaces.is_empty() {
        return Ok(None);
    }
    if ctx.actor.is(Role::Governor) || ctx.actor.is(Role::Administrator) {
        return Ok(Some(Whose::All));
    }
    let body: Option<Urn> = ctx.actor.body.clone();
    match body {
        Some(body) if s.handover().heads(&ctx.actor, &body).await? => Ok(Some(Whose::Body)),
        _ => Ok(None),
    }
}

/// Work of one official or one service.
#[derive(Default)]
struct Load {
    open: usize,
    overdue: usize,
    done: Measures,
}

/// The page.
///
/// # Errors
/// Forbidden for who heads nothing; when the store fails.
pub async fn show(ctx: PageContext, State(s): State<ServicesState>) -> Result<Response, PageError> {
    let spaces = roots(&s.registry, &ctx.actor, Action::Read, "Task");
    let whose = scope(&ctx, &s, &spaces).await?.ok_or_else(|| ctx.refusal())?;
    let desk = Desk::open(&s.registry, &ctx.actor, &spaces).await?;
    let wanted = FEW as usize;
    let open = desk.list(&Filter { whose, ..Filter::default() }, (1, None), wanted).await?;
    let done = Filter { whose, status: StatusFilter::Done, ..Filter::default() };
    let done = desk.list(&done, (1, None), wanted).await?;
    let since = ctx.now.plus_seconds(-DAYS * 86_400);
    let late = done.tasks.last().and_then(|t| t.time("completedAt")).filter(|at| done.next.is_some() && *at > since);
    let done: Vec<Arc<Entity>> =
        done.tasks.into_iter().filter(|t| t.time("completedAt").is_some_and(|at| at >= since)).collect();
    let (mut officials, mut services) = (BTreeMap::new(), BTreeMap::new());
    let mut all = Load::default();
    for task in &open.tasks {
        for load in [&mut all, entry(&mut officials, official(&ctx, task)), entry(&mut services, service(&ctx, task))] {
            load.open += 1;
            load.overdue += usize::from(overdue(task, ctx.now));
        }
    }
    for task in &done {
        for load in [&mut all, entry(&mut officials, official(&ctx, task)), entry(&mut services, service(&ctx, task))] {
            load.done.add(task.time("offeredAt"), task.time("completedAt"), task.time("deadline"));
        }
    }
    let body = WorkloadPage {
        ctx: &ctx,
        lead: lead(&ctx, whose, &s).await,
        hint: hint(&ctx, open.next.is_some(), late),
        stats: stats(&ctx, &all),
        officials: table(&ctx, "workload-official", &officials),
        services: table(&ctx, "workload-service", &services),
    };
    let page = Page::new(&ctx, ctx.t("workload-title")).crumb(ctx.t("tasks-title"), "/tasks");
    Ok(page.body(&body).into_response())
}

fn entry(loads: &mut BTreeMap<String, Load>, key: String) -> &mut Load {
    loads.entry(key).or_default()
}

fn official(ctx: &PageContext, task: &Entity) -> String {
    match task.text("takenBy") {
        Some(by) => ctx.t_or(&format!("persona-{by}"), by),
        None => ctx.t("workload-nobody"),
    }
}

fn service(ctx: &PageContext, task: &Entity) -> String {
    if let Some((_, service)) = task.text("service").and_then(|s| s.split_once('/')) {
        return ctx.t(&format!("service-{service}"));
    }
    let kind = task.text("kind").unwrap_or_default();
    if kind.is_empty() { ctx.t("workload-other") } else { ctx.t_or(&format!("alert-{kind}"), kind) }
}

async fn lead(ctx: &PageContext, whose: Whose, s: &ServicesState) -> String {
    let body = match (&ctx.actor.body, whose) {
        (Some(body), Whose::Body) => s.registry.entity(&ctx.actor, body).await.ok(),
        _ => None,
    };
    let name = body.as_ref().and_then(|b| b.text("name"));
    name.map_or_else(|| ctx.t("workload-lead"), |name| ctx.tf("workload-lead-body", &[("body", name.into())]))
}

/// What of the figures is not whole.
fn hint(ctx: &PageContext, cut: bool, late: Option<Timestamp>) -> Option<String> {
    let n = FEW as f64;
    match (cut, late) {
        (_, Some(at)) => Some(ctx.tf("workload-cut-done", &[("n", n.into()), ("since", ctx.datetime(at).into())])),
        (true, None) => Some(ctx.tf("workload-cut", &[("n", n.into())])),
        (false, None) => None,
    }
}

fn stats(ctx: &PageContext, all: &Load) -> Html {
    let figures = [
        ("workload-open", ctx.number(all.open as f64)),
        ("workload-overdue", ctx.number(all.overdue as f64)),
        ("workload-done", ctx.number(all.done.count() as f64)),
        ("workload-median", median(ctx, all)),
        ("workload-in-term", share(ctx, all)),
    ];
    let stats =
        figures.map(|(key, value)| Stat { label: ctx.t(key).into(), value: value.into(), unit: Html::default() });
    components::stats(&stats)
}

fn median(ctx: &PageContext, load: &Load) -> String {
    load.done.median().map_or_else(|| ctx.t("measure-none"), |seconds| span(ctx, seconds))
}

fn share(ctx: &PageContext, load: &Load) -> String {
    load.done.in_term().map_or_else(|| ctx.t("measure-none"), |share| format!("{}\u{a0}%", ctx.number(share.round())))
}

fn table(ctx: &PageContext, first: &str, loads: &BTreeMap<String, Load>) -> Html {
    let mut table = Table::new(ctx.t(first))
        .hide_caption()
        .column(ctx.t(first))
        .number_column(ctx.t("workload-open"))
        .number_column(ctx.t("workload-overdue"))
        .number_column(ctx.t("workload-done"))
        .number_column(ctx.t("workload-median"))
        .number_column(ctx.t("workload-in-term"));
    if loads.is_empty() {
        return components::empty(ctx.t("workload-none-title"), ctx.t("workload-none"));
    }
    for (name, load) in loads {
        table.row([
            Html::from(name),
            ctx.number(load.open as f64).into(),
            ctx.number(load.overdue as f64).into(),
            ctx.number(load.done.count() as f64).into(),
            median(ctx, load).into(),
            share(ctx, load).into(),
        ]);
    }
    table.html()
}
