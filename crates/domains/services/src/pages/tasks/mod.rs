//! `GET /tasks`: the work list, and the same as a table for office programs.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_model::Entity;
use svod_portal::components::{self, Choice, Field, Filters, Stat, Tone};
use svod_portal::{Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::Action;

use crate::access::{address, roots};
use crate::csv::Csv;
use crate::names::Names;
use crate::words::{Words, space_name};
use crate::worklist::{self, Counts, Filter, Found, MAX_TASKS, PAGE, StatusFilter, find};
use crate::{ServicesState, pages::locked};

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    status: Option<String>,
    body: Option<String>,
    severity: Option<String>,
    page: Option<String>,
}

impl Asked {
    fn filter(&self, ctx: &PageContext) -> Filter {
        Filter {
            status: StatusFilter::parse(self.status.as_deref().unwrap_or_default()),
            body: ctx.actor.body.clone().filter(|_| self.body.as_deref() == Some("mine")),
            severity: self.severity.clone().filter(|s| matches!(s.as_str(), "warning" | "danger")),
        }
    }

    fn page(&self) -> usize {
        self.page.as_deref().and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, MAX_TASKS)
    }
}

/// The filter as it stands in addresses.
fn query(filter: &Filter) -> String {
    let mut parts = vec![format!("status={}", filter.status.as_str())];
    parts.extend(filter.body.as_ref().map(|_| "body=mine".to_owned()));
    parts.extend(filter.severity.as_ref().map(|s| format!("severity={}", encoded(s))));
    parts.join("&")
}

struct Row {
    href: String,
    title: String,
    severity: Html,
    status: Html,
    place: String,
    body: String,
    deadline: Html,
    overdue: bool,
    who: String,
}

#[derive(Template)]
#[template(path = "tasks/tasks.html")]
struct List<'a> {
    ctx: &'a PageContext,
    live: Option<String>,
    stats: Html,
    filters: Html,
    total: usize,
    truncated: Option<String>,
    rows: Vec<Row>,
    empty: Html,
    pages: Html,
    csv: String,
}

/// The page.
///
/// # Errors
/// When the store fails.
pub async fn list(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let spaces = roots(&s.registry, &ctx.actor, Action::Read, "Task");
    if spaces.is_empty() {
        return Ok(locked::page(&ctx, &s.registry, "tasks", Action::Read, "Task"));
    }
    let filter = asked.filter(&ctx);
    let found = find(&s.registry, &ctx.actor, &spaces, &filter).await?;
    let from = (asked.page() - 1) * PAGE;
    let shown: Vec<&Entity> = found.tasks.iter().skip(from).take(PAGE).collect();
    let rows = rows(&ctx, &s, &shown).await?;
    let more = found.tasks.len() > from + PAGE;
    let (first, next) =
        (format!("/tasks?{}", query(&filter)), format!("/tasks?{}&page={}", query(&filter), asked.page() + 1));
    let template = List {
        ctx: &ctx,
        live: one(&spaces).map(|space| format!("/api/v1/live?space={}", encoded(space.as_str()))),
        stats: stats(&ctx, &found.counts),
        filters: filters(&ctx, &filter).html(&ctx),
        total: found.tasks.len(),
        truncated: truncated(&ctx, &found),
        empty: empty(&ctx, &filter),
        pages: components::pagination(
            &ctx,
            rows.len(),
            (from > 0).then_some(first.as_str()),
            more.then_some(next.as_str()),
        ),
        rows,
        csv: format!("/tasks.csv?{}", query(&filter)),
    };
    Ok(Page::new(&ctx, ctx.t("tasks-title")).body(&template).island(Island::Live).into_response())
}

fn one(spaces: &[SpacePath]) -> Option<&SpacePath> {
    match spaces {
        [space] => Some(space),
        _ => None,
    }
}

fn truncated(ctx: &PageContext, found: &Found) -> Option<String> {
    found.truncated.then(|| ctx.tf("tasks-truncated", &[("n", MAX_TASKS.into())]))
}

fn empty(ctx: &PageContext, filter: &Filter) -> Html {
    if *filter == Filter::default() {
        components::empty(ctx.t("tasks-empty-title"), ctx.t("tasks-empty-text"))
    } else {
        components::empty(ctx.t("tasks-nothing-title"), ctx.t("tasks-nothing-text"))
    }
}

fn stats(ctx: &PageContext, counts: &Counts) -> Html {
    let figures = [
        ("tasks-count-overdue", counts.overdue),
        ("tasks-count-offered", counts.offered),
        ("tasks-count-taken", counts.taken),
        ("tasks-count-mine", counts.mine),
    ];
    let stats = figures.map(|(key, n)| Stat {
        label: ctx.t(key).into(),
        value: ctx.number(n as f64).into(),
        unit: Html::default(),
    });
    components::stats(&stats)
}

fn filters(ctx: &PageContext, filter: &Filter) -> Filters {
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let statuses =
        StatusFilter::ALL.iter().map(|s| choice(s.as_str(), ctx.t(&format!("tasks-status-{}", s.as_str())))).collect();
    let severities = vec![
        choice("", ctx.t("tasks-severity-any")),
        choice("danger", ctx.word("Severity", "danger")),
        choice("warning", ctx.word("Severity", "warning")),
    ];
    let mut fields = vec![
        Field::select("status", ctx.t("tasks-filter-status"), statuses).value(filter.status.as_str()),
        Field::select("severity", ctx.t("tasks-filter-severity"), severities)
            .value(filter.severity.clone().unwrap_or_default()),
    ];
    if ctx.actor.body.is_some() {
        let bodies = vec![choice("", ctx.t("tasks-body-any")), choice("mine", ctx.t("tasks-body-mine"))];
        let value = if filter.body.is_some() { "mine" } else { "" };
        fields.push(Field::select("body", ctx.t("tasks-filter-body"), bodies).value(value));
    }
    Filters { action: "/tasks".into(), fields }
}

/// A task with what its alert says.
struct Told {
    what: String,
    asset: String,
    indicator: String,
}

async fn told(ctx: &PageContext, s: &ServicesState, task: &Entity) -> Told {
    let alert = match task.object("alert") {
        Some(urn) => s.registry.entity(&ctx.actor, urn).await.ok(),
        None => None,
    };
    let of = |name: &str| task.text(name).or_else(|| alert.as_ref()?.text(name));
    let kind = of("kind").unwrap_or_default();
    Told {
        what: ctx.t_or(&format!("alert-{kind}"), kind),
        asset: of("name").unwrap_or(task.id.local()).to_owned(),
        indicator: alert
            .as_ref()
            .and_then(|a| a.text("attribute"))
            .map(|a| ctx.t_or(&format!("attr-{a}"), a))
            .unwrap_or_default(),
    }
}

impl Told {
    fn title(&self) -> String {
        let parts = [&self.what, &self.asset, &self.indicator];
        parts.into_iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(" · ")
    }
}

async fn names(ctx: &PageContext, s: &ServicesState, tasks: &[&Entity]) -> Result<Names, PageError> {
    let bodies = tasks.iter().filter_map(|t| t.object("body").cloned());
    Ok(Names::load(&s.registry, &ctx.actor, bodies).await?)
}

async fn rows(ctx: &PageContext, s: &ServicesState, tasks: &[&Entity]) -> Result<Vec<Row>, PageError> {
    let names = names(ctx, s, tasks).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    let mut rows = Vec::with_capacity(tasks.len());
    for task in tasks {
        let told = told(ctx, s, task).await;
        rows.push(row(&words, task, &told));
    }
    Ok(rows)
}

/// What a task of a service is called: its step, and the number of its case.
fn asked_for(task: &Entity) -> Option<String> {
    task.text("service")?;
    Some(format!("{}: {}", task.text("title")?, task.text("name").unwrap_or_default()))
}

fn row(words: &Words<'_>, task: &Entity, told: &Told) -> Row {
    let ctx = words.ctx;
    let severity = task.text("severity").unwrap_or_default();
    let status = task.text("status").unwrap_or_default();
    let taken_by = task.text("takenBy").map(|n| ctx.tf("tasks-taken-by", &[("who", words.actor(n).into())]));
    Row {
        href: address("Task", &task.id),
        title: asked_for(task).unwrap_or_else(|| told.title()),
        severity: if severity.is_empty() {
            Html::default()
        } else {
            components::tag(Tone::of_severity(severity), ctx.word("Severity", severity))
        },
        status: components::tag(tone_of_status(status), ctx.word("TaskStatus", status)),
        place: space_name(ctx, &task.space),
        body: task.object("body").map_or_else(|| ctx.t("task-no-body"), |b| words.names.name(b).to_owned()),
        deadline: deadline(ctx, task),
        overdue: worklist::overdue(task, ctx.now),
        who: taken_by.unwrap_or_default(),
    }
}

/// The colour of a task's status.
pub fn tone_of_status(status: &str) -> Tone {
    match status {
        "done" => Tone::Good,
        "taken" => Tone::Info,
        _ => Tone::Quiet,
    }
}

/// Deadline with how long there is; of a done task only the day it was done.
pub fn deadline(ctx: &PageContext, task: &Entity) -> Html {
    let line = |key: &str, at, relative: bool| {
        let beside = if relative { Html::trusted(format!(" ({})", components::ago(ctx, at))) } else { Html::default() };
        Html::join([ctx.t(key).into(), " ".into(), components::time(ctx, at), beside])
    };
    match (task.text("status"), task.time("completedAt"), task.time("deadline")) {
        (Some("done"), Some(at), _) => line("task-done-at", at, false),
        (_, _, Some(at)) => line("task-due", at, true),
        _ => ctx.t("task-no-deadline").into(),
    }
}

/// The same list as CSV, all rows of it.
///
/// # Errors
/// When the store fails; [`PageError::forbidden`] for who may see no tasks.
pub async fn export(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let spaces = roots(&s.registry, &ctx.actor, Action::Read, "Task");
    if spaces.is_empty() {
        return Err(ctx.refusal());
    }
    let found = find(&s.registry, &ctx.actor, &spaces, &asked.filter(&ctx)).await?;
    let tasks: Vec<&Entity> = found.tasks.iter().collect();
    let names = names(&ctx, &s, &tasks).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx: &ctx, metamodel: &catalogue.metamodel, names: &names };
    let mut csv = Csv::new(&COLUMNS.map(|c| ctx.t(&format!("csv-{c}"))));
    for task in tasks {
        csv.record(&record(&words, task, &told(&ctx, &s, task).await));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tasks.csv\""),
    ];
    Ok((headers, csv.into_text()).into_response())
}

const COLUMNS: [&str; 13] = [
    "what",
    "asset",
    "indicator",
    "severity",
    "status",
    "place",
    "body",
    "deadline",
    "overdue",
    "taken-by",
    "done-at",
    "result",
    "id",
];

fn record(words: &Words<'_>, task: &Entity, told: &Told) -> [String; 13] {
    let ctx = words.ctx;
    let text = |name: &str| task.text(name).unwrap_or_default().to_owned();
    let word = |list: &str, name: &str| task.text(name).map(|v| ctx.word(list, v)).unwrap_or_default();
    let overdue = if worklist::overdue(task, ctx.now) { "value-yes" } else { "value-no" };
    [
        told.what.clone(),
        told.asset.clone(),
        told.indicator.clone(),
        word("Severity", "severity"),
        word("TaskStatus", "status"),
        space_name(ctx, &task.space),
        task.object("body").map(|b| words.names.name(b).to_owned()).unwrap_or_default(),
        text("deadline"),
        ctx.t(overdue),
        task.text("takenBy").map(|n| words.actor(n)).unwrap_or_default(),
        text("completedAt"),
        text("result"),
        task.id.to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use svod_kernel::Lang;

    use super::*;

    #[test]
    fn a_filter_goes_into_its_address() {
        assert_eq!(query(&Filter::default()), "status=open");
        let all = Filter {
            status: StatusFilter::Done,
            body: "urn:svod:body:x".parse().ok(),
            severity: Some("danger".into()),
        };
        assert_eq!(query(&all), "status=done&body=mine&severity=danger");
    }

    #[test]
    fn columns_and_choices_have_names() {
        let texts = crate::texts();
        let columns = COLUMNS.iter().map(|c| format!("csv-{c}"));
        let statuses = StatusFilter::ALL.iter().map(|s| format!("tasks-status-{}", s.as_str()));
        for key in columns.chain(statuses) {
            assert!(Lang::ALL.iter().all(|l| texts.has(*l, &key)), "{key}");
        }
    }

    #[test]
    fn pages_are_counted_from_one() {
        let page = |p: &str| Asked { page: Some(p.into()), ..Asked::default() }.page();
        assert_eq!([page("3"), page("0"), page("x"), page("-1")], [3, 1, 1, 1]);
    }
}
