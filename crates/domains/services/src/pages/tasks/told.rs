//! What is said of one task in a list.

use std::sync::Arc;

use svod_model::Entity;
use svod_portal::components::{self, Tone};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::Action;

use crate::ServicesState;
use crate::access::address;
use crate::names::Names;
use crate::words::{Words, space_name};
use crate::worklist;

/// A task in the list.
pub struct Row {
    pub href: String,
    pub urn: String,
    pub title: String,
    pub severity: Html,
    pub escalated: Html,
    pub status: Html,
    pub place: String,
    pub body: String,
    pub deadline: Html,
    pub overdue: bool,
    pub who: String,
    /// The visitor may do something with it here.
    pub may: bool,
}

/// A task with what its alert says.
pub struct Told {
    pub what: String,
    pub asset: String,
    pub indicator: String,
}

/// What is known of a task.
pub async fn told(ctx: &PageContext, s: &ServicesState, task: &Entity) -> Told {
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

/// Names of the bodies of these tasks.
///
/// # Errors
/// When the store fails.
pub async fn names(ctx: &PageContext, s: &ServicesState, tasks: &[Arc<Entity>]) -> Result<Names, PageError> {
    let bodies = tasks.iter().filter_map(|t| t.object("body").cloned());
    Ok(Names::load(&s.registry, &ctx.actor, bodies).await?)
}

/// Rows of the list.
///
/// # Errors
/// When the store fails.
pub async fn rows(ctx: &PageContext, s: &ServicesState, tasks: &[Arc<Entity>]) -> Result<Vec<Row>, PageError> {
    let names = names(ctx, s, tasks).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    let mut rows = Vec::with_capacity(tasks.len());
    for task in tasks {
        let may = may(ctx, s, task);
        let title = match asked_for(task) {
            Some(title) => title,
            None => told(ctx, s, task).await.title(),
        };
        rows.push(row(&words, task, title, may));
    }
    Ok(rows)
}

/// Take it, or do something with it that they have taken.
fn may(ctx: &PageContext, s: &ServicesState, task: &Entity) -> bool {
    let ready = task.text("status") == Some("offered") || worklist::mine(task, &ctx.actor);
    ready && s.registry.may(&ctx.actor, Action::Take, &s.registry.resource_of(task))
}

/// What a task of a service is called: its step, and the number of its case.
fn asked_for(task: &Entity) -> Option<String> {
    task.text("service")?;
    Some(format!("{}: {}", task.text("title")?, task.text("name").unwrap_or_default()))
}

fn row(words: &Words<'_>, task: &Entity, title: String, may: bool) -> Row {
    let ctx = words.ctx;
    let severity = task.text("severity").unwrap_or_default();
    let status = task.text("status").unwrap_or_default();
    let taken_by = task.text("takenBy").map(|n| ctx.tf("tasks-taken-by", &[("who", words.actor(n).into())]));
    let escalated = task.time("escalatedAt").filter(|_| worklist::is_open(task));
    Row {
        href: address("Task", &task.id),
        urn: task.id.to_string(),
        title,
        severity: if severity.is_empty() {
            Html::default()
        } else {
            components::tag(Tone::of_severity(severity), ctx.word("Severity", severity))
        },
        escalated: escalated.map(|_| components::tag(Tone::Danger, ctx.t("tasks-escalated"))).unwrap_or_default(),
        status: components::tag(tone_of_status(status), ctx.word("TaskStatus", status)),
        place: space_name(ctx, &task.space),
        body: task.object("body").map_or_else(|| ctx.t("task-no-body"), |b| words.names.name(b).to_owned()),
        deadline: deadline(ctx, task),
        overdue: worklist::overdue(task, ctx.now),
        who: taken_by.unwrap_or_default(),
        may,
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
