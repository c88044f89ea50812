//! `GET /tasks/workload`: how the work of a body, or of a territory, goes: by official and by service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use svod_kernel::{Actor, Role, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Stat, Table};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::{Action, QueryError};

use crate::ServicesState;
use crate::access::roots;
use crate::bounded::FEW_ROWS;
use crate::measures::{Measures, span};
use crate::worklist::{Desk, Filter, StatusFilter, Whose, overdue};

/// Days that are looked back.
const DAYS: i64 = 30;
/// Tasks that are counted at the most, of the open ones and of the done ones, in equal parts of the territories; a page is not a
/// report, and says where it stopped.
const MOST: usize = 20_000;
/// Parts in which they are read at the most: one may hold fewer than asked for.
const LOOKS: usize = 40;
/// Cases that are read at once.
const CASES: usize = 500;

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
    let since = ctx.now.plus_seconds(-DAYS * 86_400);
    let (open, mut done) = looked(&ctx, &s, (&spaces, whose), since).await?;
    let (hint, cut) = (hint(&ctx, &open, &done), |t: &Arc<Entity>| t.time("completedAt").is_some_and(|at| at >= since));
    done.tasks.retain(cut);
    let cases = cases(&s, &open.tasks, ctx.now).await?;
    let (mut officials, mut services) = (BTreeMap::new(), BTreeMap::new());
    let mut all = Load::default();
    for task in &open.tasks {
        let case = task.object("case").and_then(|case| cases.get(case));
        let late = overdue(task, ctx.now) && !case.is_some_and(|case| stands_still(case, task));
        for load in [&mut all, entry(&mut officials, official(&ctx, task)), entry(&mut services, service(&ctx, task))] {
            load.open += 1;
            load.overdue += usize::from(late);
        }
    }
    for task in &done.tasks {
        for load in [&mut all, entry(&mut officials, official(&ctx, task)), entry(&mut services, service(&ctx, task))] {
            load.done.add(task.time("offeredAt"), task.time("completedAt"), task.time("deadline"));
        }
    }
    let body = WorkloadPage {
        ctx: &ctx,
        lead: lead(&ctx, whose, &s).await,
        hint,
        stats: stats(&ctx, &all),
        officials: table(&ctx, "workload-official", &officials),
        services: table(&ctx, "workload-service", &services),
    };
    let page = Page::new(&ctx, ctx.t("workload-title")).crumb(ctx.t("tasks-title"), "/tasks");
    Ok(page.body(&body).into_response())
}

/// Does the clock of its case stand still? Its own term moves when that goes on: nobody is late with it until then. What had run out
/// before does not stand still.
fn stands_still(case: &Entity, task: &Entity) -> bool {
    let in_term = case.time("pausedAt").zip(case.time("deadline")).is_some_and(|(at, due)| at < due);
    in_term && case.text("clock") == Some("paused") && case.text("deadline") == task.text("deadline")
}

/// The cases of overdue tasks, each once, in the parts in which they are read.
fn asked_for(tasks: &[Arc<Entity>], now: Timestamp) -> Vec<Vec<Urn>> {
    let late = tasks.iter().filter(|task| overdue(task, now));
    let cases: Vec<Urn> = late.filter_map(|t| t.object("case").cloned()).collect::<BTreeSet<_>>().into_iter().collect();
    cases.chunks(CASES).map(<[Urn]>::to_vec).collect()
}

/// The cases of overdue tasks.
async fn cases(
    s: &ServicesState,
    tasks: &[Arc<Entity>],
    now: Timestamp,
) -> Result<BTreeMap<Urn, Arc<Entity>>, QueryError> {
    let (reader, mut cases) = (Actor::platform("workload"), BTreeMap::new());
    for some in asked_for(tasks, now) {
        cases.extend(s.registry.entities(&reader, some).await?.into_iter().map(|case| (case.id.clone(), case)));
    }
    Ok(cases)
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

/// What was looked through of lists.
#[derive(Default)]
struct Looked {
    /// In the order of each list.
    tasks: Vec<Arc<Entity>>,
    /// There are more.
    more: bool,
    /// Where there are more of what is done: from then on all are there.
    whole_since: Option<Timestamp>,
}

impl Looked {
    /// With those of the next territory.
    fn and(mut self, next: Self) -> Self {
        self.tasks.extend(next.tasks);
        self.more |= next.more;
        self.whole_since = self.whole_since.max(next.whole_since);
        self
    }
}

/// What is open, and what was done since a moment: of each territory for itself, for each has an order of its own.
async fn looked(
    ctx: &PageContext,
    s: &ServicesState,
    (spaces, whose): (&[SpacePath], Whose),
    since: Timestamp,
) -> Result<(Looked, Looked), QueryError> {
    let open = Filter { whose, ..Filter::default() };
    let done = Filter { whose, status: StatusFilter::Done, ..Filter::default() };
    let (mut all, most) = ((Looked::default(), Looked::default()), MOST / spaces.len().max(1));
    for space in spaces {
        let desk = Desk::open(&s.registry, &ctx.actor, std::slice::from_ref(space)).await?;
        all.0 = all.0.and(looked_through(&desk, &open, (None, most)).await?);
        all.1 = all.1.and(looked_through(&desk, &done, (Some(since), most)).await?);
    }
    Ok(all)
}

/// A list as far as it is counted: to its end, to what was done before a moment, or to so many tasks.
async fn looked_through(
    desk: &Desk<'_>,
    filter: &Filter,
    (since, most): (Option<Timestamp>, usize),
) -> Result<Looked, QueryError> {
    let (mut tasks, mut next): (Vec<Arc<Entity>>, Option<String>) = (Vec::new(), None);
    for _ in 0..LOOKS {
        let place = next.as_deref().and_then(|n| n.split_once('='));
        let (page, after) = match place {
            Some(("page", n)) => (n.parse().unwrap_or(1), None),
            Some((_, cursor)) => (1, Some(cursor)),
            None => (1, None),
        };
        let listed = desk.list(filter, (page, after), FEW_ROWS).await?;
        tasks.extend(listed.tasks);
        let before = |since| tasks.last().and_then(|t| t.time("completedAt")).is_some_and(|at| at < since);
        next = listed.next;
        if next.is_none() || since.is_some_and(before) {
            return Ok(Looked { tasks, ..Looked::default() });
        }
        if tasks.len() >= most {
            break;
        }
    }
    let whole_since = tasks.last().and_then(|t| t.time("completedAt"));
    Ok(Looked { tasks, more: true, whole_since })
}

/// What of the figures is not whole, and how much of it was counted.
fn hint(ctx: &PageContext, open: &Looked, done: &Looked) -> Option<String> {
    let n = |looked: &Looked| looked.tasks.len() as f64;
    let last = done.whole_since.filter(|_| done.more);
    let parts = [
        open.more.then(|| ctx.tf("workload-cut", &[("n", n(open).into())])),
        last.map(|at| ctx.tf("workload-cut-done", &[("n", n(done).into()), ("since", ctx.datetime(at).into())])),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
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

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn entity(kind: &str, id: usize, texts: &[(&str, &str)]) -> Entity {
        let urn = Urn::svod(&kind.to_lowercase(), &id.to_string()).unwrap();
        let new = Entity::new(urn, kind, "k".parse().unwrap());
        texts.iter().fold(new, |e, (name, value)| e.with(name, Attribute::property(*value)))
    }

    #[test]
    fn what_had_run_out_does_not_stand_still() {
        let due = ("deadline", "2026-01-18T00:00:00Z");
        let task = entity("Task", 1, &[due]);
        let case = |clock: &str, paused: &str| entity("Case", 1, &[due, ("clock", clock), ("pausedAt", paused)]);
        assert!(stands_still(&case("paused", "2026-01-17T00:00:00Z"), &task));
        assert!(!stands_still(&case("running", "2026-01-17T00:00:00Z"), &task));
        for late in ["2026-01-18T00:00:00Z", "2026-01-20T00:00:00Z"] {
            assert!(!stands_still(&case("paused", late), &task), "{late}");
        }
    }

    #[test]
    fn the_cases_of_what_is_late_are_read_together() {
        let now: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
        let task = |n: usize| {
            let until = if n.is_multiple_of(2) { "2026-01-18T00:00:00Z" } else { "2026-01-22T00:00:00Z" };
            let case = Attribute::object(Urn::svod("case", &(n / 4).to_string()).unwrap());
            Arc::new(entity("Task", n, &[("status", "taken"), ("deadline", until)]).with("case", case))
        };
        // Two of the four tasks of each case are late.
        let tasks: Vec<Arc<Entity>> = (0..4 * (CASES + 1)).map(task).collect();
        let parts: Vec<usize> = asked_for(&tasks, now).iter().map(Vec::len).collect();
        assert_eq!(parts, [CASES, 1], "each case once");
        assert!(asked_for(&tasks, Timestamp(0)).is_empty(), "what is not late is not asked for");
    }
}
