//! What happens now, what is next, and by when.

use svod_portal::Html;
use svod_portal::components::{self, SummaryRow};
use svod_runtime::cases::{Awaits, Coming, Upcoming};
use svod_runtime::step_name;

use super::scene::Scene;
use super::{payments, step_name as task_name};
use crate::words::Words;

/// Things named that a case waits for.
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
            rows.push(SummaryRow::new(ctx.t("case-now-next"), next));
        }
        if let Some(at) = case.time("deadline").filter(|_| case.text("clock") != Some("met")) {
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
    let mut said: Vec<Html> = Vec::new();
    if case.text("clock") == Some("paused") {
        let reason = case.text("pauseReason").map(|r| ctx.t_or(&format!("pause-{r}"), r)).unwrap_or_default();
        let since = case.time("pausedAt").map(|at| ctx.datetime(at)).unwrap_or_default();
        said.push(ctx.tf("case-now-paused", &[("reason", reason.into()), ("since", since.into())]).into());
    }
    if let Some(accrual) = scene.accruals.iter().find(|a| payments::is_due(a)) {
        said.push(ctx.tf("case-now-payment", &[("sum", payments::owed(ctx, accrual).into())]).into());
    }
    if !said.is_empty() {
        return together(said);
    }
    // What was decided is decided, whatever there is to do yet.
    said.extend(is_decided(scene).then(|| ctx.t("case-now-decided").into()));
    let before = said.len();
    said.extend(scene.open_tasks().map(|task| {
        let name = task_name(words, case, task);
        let body = task.object("body").or_else(|| case.object("body")).map(|b| words.names.called(ctx, b));
        let body = body.unwrap_or_else(|| ctx.t("task-no-body"));
        let key = if task.text("status") == Some("taken") { "case-now-taken" } else { "case-now-offered" };
        ctx.tf(key, &[("task", name.into()), ("body", body.into())]).into()
    }));
    if said.len() == before {
        said.push(awaited(words, scene));
    }
    together(said)
}

/// A decision of the case holds, or its term was met by one.
fn is_decided(scene: &Scene) -> bool {
    let holds = |d: &svod_model::Entity| d.text("status") != Some("revised");
    scene.case.text("clock") == Some("met") || scene.decisions.last().is_some_and(holds)
}

/// What the case waits for when nobody has a task of it: by the pack's name of the element, where it has one, else by its kind.
fn awaited(words: &Words<'_>, scene: &Scene) -> Html {
    let ctx = words.ctx;
    let Some(standing) = &scene.standing else { return ctx.t("case-now-platform").into() };
    let named = standing.at.iter().filter_map(|(process, element)| {
        let id = process.rsplit('/').next().unwrap_or_default();
        let text = ctx.t_or(&format!("step-{id}-{element}"), "");
        (!text.is_empty()).then_some(text)
    });
    let named: Vec<String> = named.take(NAMED).collect();
    let key = match standing.awaits {
        Awaits::Repair => return ctx.t("case-now-repair").into(),
        _ if !named.is_empty() => {
            return ctx.tf("case-now-awaited", &[("what", named.join("; ").into())]).into();
        }
        Awaits::Event => "case-now-event",
        Awaits::Answer => "case-now-answer",
        Awaits::Rules => "case-now-rules",
        Awaits::Nothing => "case-now-platform",
    };
    ctx.t(key).into()
}

/// One sentence as it is, several each on its own line.
fn together(mut said: Vec<Html>) -> Html {
    if said.len() == 1 { said.remove(0) } else { Html::join(said.into_iter().map(paragraph)) }
}

fn paragraph(text: Html) -> Html {
    Html::trusted(format!("<p>{text}</p>"))
}

/// What comes next, in a line: first what surely does, with the day by which it is expected where that is known.
fn next(words: &Words<'_>, scene: &Scene) -> String {
    let ctx = words.ctx;
    let line = |u: &Upcoming| {
        let what = match u.what {
            Coming::Task => step_name(
                &ctx.texts,
                ctx.lang,
                (u.at.0.as_str(), u.at.1.as_str()),
                u.name.as_deref().unwrap_or_default(),
            ),
            other => ctx.t(&format!("case-next-{}", other.word())),
        };
        let what = match u.by {
            Some(by) => ctx.tf("case-next-by", &[("what", what.into()), ("day", ctx.date(by).into())]),
            None => what,
        };
        if u.sure { what } else { ctx.tf("case-next-possible", &[("what", what.into())]) }
    };
    scene.next.iter().map(line).collect::<Vec<_>>().join("; ")
}
