//! `GET /tasks`: the work list, and the same as a table for office programs.
//!
//! * `told` – what is said of one task
//! * `views` – named filters of the visitor, and their own words for answers
//! * `bulk` – one act on many tasks; `sure` – what will happen, where nobody undoes it
//! * `table` – the list as CSV
//! * `workload` – how the work of a body goes

mod bulk;
mod sure;
mod table;
mod told;
mod views;
mod workload;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use svod_kernel::SpacePath;
use svod_portal::components::{self, Choice, Field, Filters, Stat};
use svod_portal::{Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::{Action, QueryError};

pub use bulk::act as bulk;
pub use table::export;
pub use told::{deadline, task_title, tone_of_status};
pub use views::{drop_answer, drop_template, drop_view, keep_answer, keep_view};
pub use workload::show as workload;

use crate::access::roots;
use crate::worklist::{Amount, Desk, Figures, Filter, Late, Listed, PAGE, StatusFilter, Whose, query_of};
use crate::{ServicesState, pages::locked};
use told::{Row, rows};
use views::{Here, View};

/// Services and kinds that a filter offers at the most.
const OFFERED: usize = 200;

/// What stands in the address.
pub type Fields = BTreeMap<String, String>;

fn filter_of(fields: &Fields) -> Filter {
    Filter::parse(|name| fields.get(name).map(String::as_str))
}

fn page_of(fields: &Fields) -> usize {
    fields.get("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, 1_000)
}

#[derive(Template)]
#[template(path = "tasks/tasks.html")]
struct List<'a> {
    ctx: &'a PageContext,
    banner: Html,
    live: Option<String>,
    stats: Html,
    views: Vec<View>,
    filters: Html,
    changed: Html,
    hint: Option<String>,
    found: String,
    rows: Vec<Row>,
    may: bool,
    bulk: Html,
    here: String,
    empty: Html,
    pages: Html,
    csv: String,
    workload: bool,
    keeping: Html,
}

/// The page.
///
/// # Errors
/// When the store fails.
pub async fn list(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(fields): Query<Fields>,
) -> Result<Response, PageError> {
    let spaces = roots(&s.registry, &ctx.actor, Action::Read, "Task");
    if spaces.is_empty() {
        return Ok(locked::page(&ctx, &s.registry, "tasks", Action::Read, "Task"));
    }
    let filter = filter_of(&fields);
    let desk = Desk::open(&s.registry, &ctx.actor, &spaces).await?;
    let (page, after) = (page_of(&fields), fields.get("after").map(String::as_str));
    let (listed, broad) = match desk.list(&filter, (page, after), PAGE).await {
        Ok(listed) => (listed, false),
        Err(QueryError::TooBroad(_)) => (Listed::default(), true),
        Err(e) => return Err(e.into()),
    };
    let scope = workload::scope(&ctx, &s, &spaces).await?;
    // Who heads the body disposes of what somebody of it has.
    let over = scope == Some(Whose::Body);
    let rows = rows(&ctx, &s, &listed.tasks, over).await?;
    let kept = views::kept(&ctx, &s).await?;
    let here = Here { filter: &filter, view: kept.chosen(fields.get("view").map(String::as_str), &filter) };
    let (first, shown) = (here.href(), rows.len());
    let next = listed.next.as_ref().map(|n| format!("{first}&{n}"));
    let later = page > 1 || after.is_some();
    let template = List {
        ctx: &ctx,
        banner: views::banner(&ctx, fields.get("done").map(String::as_str)),
        live: one(&spaces).map(|space| format!("/api/v1/live?space={}", encoded(space.as_str()))),
        stats: stats(&ctx, &desk.figures(filter.whose).await?),
        views: kept.tabs(&ctx, &desk, here).await?,
        filters: filters(&ctx, &s, here).html(&ctx),
        changed: kept.changed(&ctx, here),
        hint: hint(&ctx, &listed, broad),
        found: found(&ctx, &listed, shown),
        may: rows.iter().any(|r| r.may),
        rows,
        bulk: kept.bulk(&ctx, over)?,
        here: ctx.here(),
        empty: empty(&ctx, &filter),
        pages: components::pagination(&ctx, shown, later.then_some(first.as_str()), next.as_deref()),
        csv: format!("/tasks.csv?{}", query_of(&filter)),
        workload: scope.is_some(),
        keeping: kept.forms(&ctx, here, over)?,
    };
    Ok(Page::new(&ctx, ctx.t("tasks-title")).body(&template).island(Island::Live).island(Island::Forms).into_response())
}

fn one(spaces: &[SpacePath]) -> Option<&SpacePath> {
    match spaces {
        [space] => Some(space),
        _ => None,
    }
}

fn found(ctx: &PageContext, listed: &Listed, shown: usize) -> String {
    match listed.total {
        Some(total) => ctx.tf("tasks-found", &[("n", total.into())]),
        None => ctx.tf("tasks-shown", &[("n", shown.into())]),
    }
}

fn hint(ctx: &PageContext, listed: &Listed, broad: bool) -> Option<String> {
    match (broad, listed.unsearched) {
        (true, _) => Some(ctx.t("tasks-broad")),
        (false, true) => Some(ctx.t("tasks-by-number")),
        _ => None,
    }
}

fn empty(ctx: &PageContext, filter: &Filter) -> Html {
    if *filter == Filter::default() {
        components::empty(ctx.t("tasks-empty-title"), ctx.t("tasks-empty-text"))
    } else {
        components::empty(ctx.t("tasks-nothing-title"), ctx.t("tasks-nothing-text"))
    }
}

/// How many, as it is written: `100+` when there are more.
fn amount(ctx: &PageContext, amount: Amount) -> String {
    let plus = if amount.more { "+" } else { "" };
    format!("{}{plus}", ctx.number(amount.n as f64))
}

fn stats(ctx: &PageContext, counts: &Figures) -> Html {
    let figures = [
        ("tasks-count-overdue", counts.overdue),
        ("tasks-count-offered", counts.offered),
        ("tasks-count-taken", counts.taken),
        ("tasks-count-mine", counts.mine),
    ];
    let stats =
        figures.map(|(key, n)| Stat { label: ctx.t(key).into(), value: amount(ctx, n).into(), unit: Html::default() });
    components::stats(&stats)
}

fn choice(value: &str, text: String) -> Choice {
    Choice { value: value.to_owned(), text }
}

fn filters(ctx: &PageContext, s: &ServicesState, here: Here<'_>) -> Filters {
    let filter = here.filter;
    let statuses =
        StatusFilter::ALL.iter().map(|s| choice(s.as_str(), ctx.t(&format!("tasks-status-{}", s.as_str())))).collect();
    let any = |key: &str| std::iter::once(choice("", ctx.t(key)));
    let late = Late::ALL.iter().map(|l| choice(l.as_str(), ctx.t(&format!("tasks-late-{}", l.as_str()))));
    let severities = ["danger", "warning"].map(|v| choice(v, ctx.word("Severity", v)));
    let mut fields = vec![
        Field::text("q", ctx.t("tasks-filter-words")).value(&filter.words),
        Field::select("status", ctx.t("tasks-filter-status"), statuses).value(filter.status.as_str()),
        Field::select("late", ctx.t("tasks-filter-late"), any("tasks-late-any").chain(late).collect())
            .value(filter.late.map_or("", Late::as_str)),
        Field::select(
            "severity",
            ctx.t("tasks-filter-severity"),
            any("tasks-severity-any").chain(severities).collect(),
        )
        .value(filter.severity.clone().unwrap_or_default()),
    ];
    let bodies = Whose::ALL.into_iter().filter(|w| *w != Whose::Body || ctx.actor.body.is_some()).map(|w| {
        let key = match w {
            Whose::All => "tasks-body-any",
            Whose::Body => "tasks-body-mine",
            Whose::Me => "tasks-body-me",
        };
        choice(w.as_str(), ctx.t(key))
    });
    fields.push(
        Field::select("body", ctx.t("tasks-filter-body"), bodies.collect::<Vec<_>>()).value(filter.whose.as_str()),
    );
    let named = [
        ("service", "tasks-filter-service", "tasks-service-any", services(ctx, s), &filter.service),
        ("kind", "tasks-filter-kind", "tasks-kind-any", kinds(ctx, s), &filter.kind),
    ];
    for (name, label, all, choices, value) in named {
        if !choices.is_empty() {
            let choices = any(all).chain(choices).collect();
            fields.push(Field::select(name, ctx.t(label), choices).value(value.clone().unwrap_or_default()));
        }
    }
    // What the page has no field for stays as the address has it.
    let kept = filter.fields().into_iter().filter(|(name, _)| ["person", "post"].contains(name));
    fields.extend(kept.map(|(name, value)| Field::hidden(name, value)));
    fields.extend(here.view.map(|name| Field::hidden("view", name)));
    Filters { action: "/tasks".into(), fields }
}

/// Services that are in force.
fn services(ctx: &PageContext, s: &ServicesState) -> Vec<Choice> {
    let all = s.applications.services();
    all.iter().take(OFFERED).map(|s| choice(&s.key(), ctx.t(&format!("service-{}", s.spec.id)))).collect()
}

/// Kinds of alerts that the packs have words for.
fn kinds(ctx: &PageContext, s: &ServicesState) -> Vec<Choice> {
    let catalogue = s.registry.catalogue();
    let all = catalogue.texts.keys(svod_kernel::Lang::Ru).filter_map(|k| k.strip_prefix("alert-"));
    all.take(OFFERED).map(|kind| choice(kind, ctx.t(&format!("alert-{kind}")))).collect()
}

#[cfg(test)]
mod tests {
    use svod_kernel::Lang;

    use super::*;

    #[test]
    fn choices_have_names() {
        let texts = crate::texts();
        let statuses = StatusFilter::ALL.iter().map(|s| format!("tasks-status-{}", s.as_str()));
        let late = Late::ALL.iter().map(|l| format!("tasks-late-{}", l.as_str()));
        for key in statuses.chain(late) {
            assert!(Lang::ALL.iter().all(|l| texts.has(*l, &key)), "{key}");
        }
    }

    #[test]
    fn pages_are_counted_from_one() {
        let page = |p: &str| page_of(&[("page".to_owned(), p.to_owned())].into());
        assert_eq!([page("3"), page("0"), page("x"), page("-1")], [3, 1, 1, 1]);
    }
}
