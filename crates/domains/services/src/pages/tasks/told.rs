//! What is said of one task in a list.

use std::sync::Arc;

use svod_model::Entity;
use svod_portal::components::{self, Tone};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::Action;
use svod_runtime::task_name;

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
    /// Only somebody in another post may take it.
    pub head: Html,
    /// The visitor may do something with it here.
    pub may: bool,
}

/// A task with what its alert says.
pub struct Told {
    /// What it is called where it stands alone.
    pub title: String,
    /// What has happened, or what is to be done.
    pub what: String,
    pub asset: String,
    pub indicator: String,
}

/// What is known of a task.
pub async fn told(ctx: &PageContext, s: &ServicesState, task: &Entity) -> Told {
    let about = task.text("name").unwrap_or_default();
    let Some(alert) = task.object("alert") else {
        return Told {
            title: task_title(ctx, task, None),
            what: task_name(&ctx.texts, ctx.lang, task, None),
            asset: about.to_owned(),
            indicator: String::new(),
        };
    };
    let alert = s.registry.entity(&ctx.actor, alert).await.ok();
    let of = |name: &str| task.text(name).or_else(|| alert.as_ref()?.text(name));
    let kind = of("kind").unwrap_or_default();
    let what = ctx.t_or(&format!("alert-{kind}"), kind);
    let asset = of("name").unwrap_or(about).to_owned();
    let attribute = alert.as_ref().and_then(|a| a.text("attribute"));
    let indicator = attribute.map(|a| ctx.t_or(&format!("attr-{a}"), a)).unwrap_or_default();
    let parts = [&what, &asset, &indicator].into_iter().filter(|p| !p.is_empty());
    let title = parts.cloned().collect::<Vec<_>>().join(" · ");
    Told { title, what, asset, indicator }
}

/// What a task is called where it stands alone: its step, and what it is about. One of an alert is called by what has happened.
pub fn task_title(ctx: &PageContext, task: &Entity, case: Option<&Entity>) -> String {
    let step = task_name(&ctx.texts, ctx.lang, task, case);
    match task.text("name") {
        Some(about) if about != step && !step.is_empty() => format!("{step}: {about}"),
        _ => step,
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

/// Rows of the list; `over` for who may dispose of what others of their body have.
///
/// # Errors
/// When the store fails.
pub async fn rows(
    ctx: &PageContext,
    s: &ServicesState,
    tasks: &[Arc<Entity>],
    over: bool,
) -> Result<Vec<Row>, PageError> {
    let names = names(ctx, s, tasks).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    let others = s.tasks.posts_of_others(&ctx.actor, tasks.iter().map(|t| &**t)).await?;
    let mut rows = Vec::with_capacity(tasks.len());
    for task in tasks {
        let other = worklist::waits_for(task, &others);
        let may = !other && may(ctx, s, task, over);
        let head = if other { components::tag(Tone::Quiet, ctx.t("tasks-for-head")) } else { Html::default() };
        rows.push(Row { head, ..row(&words, task, told(ctx, s, task).await.title, may) });
    }
    Ok(rows)
}

/// Take it, or do something with it that they have taken, or that somebody of the body has that they head.
fn may(ctx: &PageContext, s: &ServicesState, task: &Entity, over: bool) -> bool {
    let theirs = || over && task.text("status") == Some("taken") && task.object("body") == ctx.actor.body.as_ref();
    let ready = task.text("status") == Some("offered") || worklist::mine(task, &ctx.actor) || theirs();
    ready && s.registry.may(&ctx.actor, Action::Take, &s.registry.resource_of(task))
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
        body: task.object("body").map_or_else(|| ctx.t("task-no-body"), |b| words.names.called(ctx, b)),
        deadline: deadline(ctx, task),
        overdue: worklist::overdue(task, ctx.now),
        who: taken_by.unwrap_or_default(),
        head: Html::default(),
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
