//! What happens now, what is next, and by when.

use std::collections::BTreeSet;

use svod_portal::Html;
use svod_portal::components::{self, SummaryRow};
use svod_runtime::step_name;

use super::scene::Scene;
use super::{payments, step_name as task_name};
use crate::words::Words;

/// Elements of a process looked at for the next tasks.
const LOOKED: usize = 100;
/// Tasks named as next.
const NAMED: usize = 3;

/// The part; empty for a case that nobody asked for: its timeline says all.
pub fn part(words: &Words<'_>, scene: &Scene) -> Html {
    let (ctx, case) = (words.ctx, &scene.case);
    if case.object("person").is_none() {
        return Html::default();
    }
    let mut rows = vec![SummaryRow::new(ctx.t("case-now-state"), state(words, scene))];
    if case.text("status") == Some("open") {
        let next = next(words, scene);
        if !next.is_empty() {
            rows.push(SummaryRow::new(ctx.t("case-now-next"), next.join("; ")));
        }
        if let Some(at) = case.time("deadline") {
            let ago = Html::trusted(format!(" ({})", components::ago(ctx, at)));
            rows.push(SummaryRow::new(ctx.t("case-now-when"), Html::join([components::time(ctx, at), ago])));
        }
    }
    components::summary_list(&rows)
}

fn state(words: &Words<'_>, scene: &Scene) -> Html {
    let (ctx, case) = (words.ctx, &scene.case);
    if case.text("status") == Some("closed") {
        let how = case.text("outcome").map(|o| ctx.word("CaseOutcome", o)).unwrap_or_else(|| ctx.t("case-now-closed"));
        let at = case.time("closedAt").map(|at| Html::join([", ".into(), components::time(ctx, at)]));
        return Html::join([how.into(), at.unwrap_or_default()]);
    }
    if case.text("clock") == Some("paused") {
        let reason = case.text("pauseReason").map(|r| ctx.t_or(&format!("pause-{r}"), r)).unwrap_or_default();
        let since = case.time("pausedAt").map(|at| ctx.datetime(at)).unwrap_or_default();
        return ctx.tf("case-now-paused", &[("reason", reason.into()), ("since", since.into())]).into();
    }
    if let Some(accrual) = scene.accruals.iter().find(|a| payments::is_due(a)) {
        return ctx.tf("case-now-payment", &[("sum", payments::owed(ctx, accrual).into())]).into();
    }
    let open: Vec<Html> = scene
        .open_tasks()
        .map(|task| {
            let name = task_name(words, case, task);
            let body = task.object("body").or_else(|| case.object("body")).map(|b| words.names.name(b).to_owned());
            let body = body.unwrap_or_else(|| ctx.t("task-no-body"));
            let key = if task.text("status") == Some("taken") { "case-now-taken" } else { "case-now-offered" };
            ctx.tf(key, &[("task", name.into()), ("body", body.into())]).into()
        })
        .collect();
    if open.is_empty() { ctx.t("case-now-platform").into() } else { Html::join(open.into_iter().map(paragraph)) }
}

fn paragraph(text: Html) -> Html {
    Html::trusted(format!("<p>{text}</p>"))
}

/// The tasks to which the process may come from where it stands: names as the process has them.
fn next(words: &Words<'_>, scene: &Scene) -> Vec<String> {
    let case = &scene.case;
    let id = case.text("process").unwrap_or_default();
    let Some(process) = scene.programs.as_ref().and_then(|p| p.processes.get(id)) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    let mut at: Vec<&str> = scene.open_tasks().filter_map(|t| t.text("step")).collect();
    let mut seen: BTreeSet<&str> = at.iter().copied().collect();
    while let Some(from) = at.pop() {
        if seen.len() > LOOKED || found.len() >= NAMED {
            break;
        }
        let ways: Vec<_> = process.flows().iter().filter(|f| f.source == from).collect();
        // Where it may go several ways nothing is foretold: what never comes would only frighten.
        if ways.len() > 1 && process.element(from).is_none_or(|e| e.tag() != "parallelGateway") {
            return Vec::new();
        }
        for flow in ways {
            let Some(element) = process.element(&flow.target).filter(|_| seen.insert(&flow.target)) else { continue };
            if element.tag() == "userTask" {
                found.push(step_name(&words.ctx.texts, words.ctx.lang, (id, &element.id), &element.name));
            } else {
                at.push(&flow.target);
            }
        }
    }
    found.dedup();
    found
}
