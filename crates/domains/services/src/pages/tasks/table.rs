//! `GET /tasks.csv`: the list for office programs.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use svod_model::Entity;
use svod_portal::{Csv, PageContext, PageError};
use svod_registry::Action;

use super::told::{Told, names, told};
use super::{Fields, filter_of};
use crate::ServicesState;
use crate::access::roots;
use crate::words::{Words, space_name};
use crate::worklist::{self, Desk, MAX_TASKS};

/// The same list as CSV, all rows of it up to 5,000.
///
/// # Errors
/// When the store fails; [`PageError::forbidden`] for who may see no tasks.
pub async fn export(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(fields): Query<Fields>,
) -> Result<Response, PageError> {
    let spaces = roots(&s.registry, &ctx.actor, Action::Read, "Task");
    if spaces.is_empty() {
        return Err(ctx.refusal());
    }
    let desk = Desk::open(&s.registry, &ctx.actor, &spaces).await?;
    let tasks = desk.list(&filter_of(&fields), (1, None), MAX_TASKS).await?.tasks;
    let names = names(&ctx, &s, &tasks).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx: &ctx, metamodel: &catalogue.metamodel, names: &names };
    let mut csv = Csv::new(&COLUMNS.map(|c| ctx.t(&format!("csv-{c}"))));
    let others = s.tasks.posts_of_others(&ctx.actor, tasks.iter().map(|t| &**t)).await?;
    for task in &tasks {
        let mut record = record(&words, task, &told(&ctx, &s, task).await);
        if worklist::waits_for(task, &others) {
            record[STATUS] = format!("{}; {}", record[STATUS], ctx.t("tasks-for-head"));
        }
        csv.record(&record);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tasks.csv\""),
    ];
    Ok((headers, csv.into_text()).into_response())
}

/// Where the status stands among the columns.
const STATUS: usize = 4;

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
        task.object("body").map(|b| words.names.called(ctx, b)).unwrap_or_default(),
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
    fn columns_have_names() {
        assert_eq!(COLUMNS[STATUS], "status");
        let texts = crate::texts();
        for key in COLUMNS.iter().map(|c| format!("csv-{c}")) {
            assert!(Lang::ALL.iter().all(|l| texts.has(*l, &key)), "{key}");
        }
    }
}
