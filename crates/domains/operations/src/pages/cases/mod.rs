//! `GET /operations/cases`: processes and how their instances fare, incidents with filters; as a file as well.

pub mod act;
pub mod bulk;
pub mod instance;

use std::str::FromStr;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{Coded, SpacePath, Timestamp};
use svod_portal::components::{self, ButtonKind, Choice, Field, Filters, Table, Tone};
use svod_portal::{Csv, Html, Island, Page, PageContext, PageError, encoded};
use svod_runtime::cases::repair::{Place, ProcessCount, RepairError, Status, Stuck, Trouble};

use super::breakable;
use crate::OperationsState;

/// Incidents on a page.
const PAGE: usize = 50;

/// Incidents of one file.
const MAX_FILE: usize = 10_000;

/// What can stand still, as the process says it.
pub const CODES: [&str; 10] = [
    "expression",
    "mapping",
    "condition",
    "no-way-out",
    "join-starved",
    "items",
    "service-failed",
    "decision-failed",
    "called-failed",
    "endless",
];

/// Ages that can be chosen, in hours.
const AGES: [(&str, i64); 4] = [("hour", 1), ("day", 24), ("week", 7 * 24), ("month", 30 * 24)];

/// What stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    process: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    age: String,
    #[serde(default)]
    after: String,
}

impl Asked {
    /// The filter that it is, from now on.
    fn stuck(&self, now: Timestamp, limit: usize) -> Stuck {
        let given = |text: &str| Some(text.chars().take(300).collect::<String>()).filter(|t| !t.is_empty());
        let age = AGES.iter().find(|(name, _)| *name == self.age);
        Stuck {
            process: given(&self.process),
            code: given(&self.code),
            since: age.map(|(_, hours)| now.plus_seconds(-hours * 3_600)),
            space: None,
            after: place(&self.after),
            limit,
        }
    }

    /// Without where it goes on.
    fn query(&self) -> String {
        format!("process={}&code={}&age={}", encoded(&self.process), encoded(&self.code), encoded(&self.age))
    }
}

/// Where a list goes on, as an address has it: `modified.space.id`.
fn place(text: &str) -> Option<Place> {
    let parts: Vec<i64> = text.split('.').map(i64::from_str).collect::<Result<_, _>>().ok()?;
    let [modified, space, id] = parts[..] else { return None };
    Some(Place { modified: Timestamp(modified), space, id })
}

fn written(place: Place) -> String {
    format!("{}.{}.{}", place.modified.0, place.space, place.id)
}

/// The number by which an instance is known outside, `12-345`: number of its space, and its own there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    space: i64,
    id: i64,
}

impl Number {
    /// From an address.
    fn parse(text: &str) -> Option<Self> {
        let (space, id) = text.split_once('-')?;
        Some(Self { space: space.parse().ok()?, id: id.parse().ok()? })
    }

    /// Its space; nothing stands at the address of one that is not there.
    fn space(self, s: &OperationsState) -> Result<SpacePath, PageError> {
        s.registry.spaces().path(self.space).cloned().ok_or_else(PageError::not_found)
    }

    fn of(s: &OperationsState, space: &SpacePath, id: i64) -> Option<Self> {
        s.registry.spaces().get(space).map(|info| Self { space: info.id, id })
    }

    fn address(self) -> String {
        format!("/operations/cases/{}-{}", self.space, self.id)
    }
}

/// A page with one form: what is to be done, why, and that it is for good.
#[derive(Template)]
#[template(path = "cases/form.html")]
struct FormPage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    title: String,
    lead: String,
    about: Html,
    errors: Vec<(String, String)>,
    action: String,
    hidden: Vec<(&'static str, String)>,
    fields: Vec<Field>,
    /// It can be tried without doing it.
    check: bool,
    /// What the button says; empty: there is nothing to be done.
    button: String,
    below: Html,
}

#[derive(Template)]
#[template(path = "cases/cases.html")]
struct CasesPage<'a> {
    ctx: &'a PageContext,
    processes: Html,
    ended: Html,
    empty: Html,
    filters: Html,
    table: Html,
    none: Html,
    acts: Html,
    pages: Html,
}

/// Who has not signed in is asked to.
pub fn allowed<T>(ctx: &PageContext, answer: Result<T, RepairError>) -> Result<T, PageError> {
    match answer {
        Err(e) if e.code() == "forbidden" => Err(ctx.refusal()),
        other => Ok(other?),
    }
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn list(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let counts = allowed(&ctx, s.cases.processes(&ctx.actor).await)?;
    let found = s.cases.stuck(&ctx.actor, &asked.stuck(ctx.now, PAGE)).await?;
    let first = format!("/operations/cases?{}", asked.query());
    let next = found.next.map(|place| format!("{first}&after={}", written(place)));
    let back = (!asked.after.is_empty()).then_some(first.as_str());
    let (open, ended): (Vec<&ProcessCount>, Vec<&ProcessCount>) =
        counts.iter().partition(|c| c.in_force || c.counts[0] + c.counts[1] > 0);
    let earlier = || components::more(ctx.t("stuck-ended"), processes(&ctx, &ended));
    let body = CasesPage {
        ctx: &ctx,
        processes: if open.is_empty() { Html::default() } else { processes(&ctx, &open) },
        ended: if ended.is_empty() { Html::default() } else { earlier() },
        empty: components::empty(ctx.t("stuck-no-processes"), ctx.t("stuck-no-processes-text")),
        filters: filters(&ctx, &asked, &counts).html(&ctx),
        table: if found.items.is_empty() { Html::default() } else { table(&ctx, &s, &found.items) },
        none: nothing(&ctx, next.is_some()),
        acts: if found.items.is_empty() { Html::default() } else { acts(&ctx, &asked) },
        pages: components::pagination(&ctx, found.items.len(), back, next.as_deref()),
    };
    Ok(Page::new(&ctx, ctx.t("stuck-title")).body(&body).wide().island(Island::Forms).into_response())
}

/// A filter that fits few of very many may find some on the next page only.
fn nothing(ctx: &PageContext, more: bool) -> Html {
    if more {
        return components::empty(ctx.t("stuck-none-here"), ctx.t("stuck-none-here-text"));
    }
    components::empty(ctx.t("stuck-none"), ctx.t("stuck-none-text"))
}

fn acts(ctx: &PageContext, asked: &Asked) -> Html {
    let retry = format!("/operations/cases/retry?{}", asked.query());
    let file = format!("/operations/cases.csv?{}", asked.query());
    Html::join([
        components::button_link(&retry, ctx.t("stuck-retry-all"), ButtonKind::Secondary),
        Html::trusted(" "),
        components::link(&file, ctx.t("stuck-csv")),
    ])
}

/// The name of a process, with its pack and version.
fn process_name(ctx: &PageContext, named: &str) -> Html {
    let (version, id) = named.split_once('/').unwrap_or(("", named));
    let name = ctx.t_or(&format!("process-{id}"), id);
    Html::trusted(format!(r#"{} <span class="muted">{}</span>"#, Html::from(name), breakable(version)))
}

/// The same, as a line.
fn process_line(ctx: &PageContext, named: &str) -> String {
    let (version, id) = named.split_once('/').unwrap_or(("", named));
    format!("{} · {version}", ctx.t_or(&format!("process-{id}"), id))
}

/// What a code of an incident is called.
fn code_name(ctx: &PageContext, code: &str) -> String {
    ctx.t_or(&format!("stuck-code-{code}"), code)
}

/// How an instance fares.
fn status_word(status: Status) -> (&'static str, Tone) {
    match status {
        Status::Running => ("stuck-status-running", Tone::Info),
        Status::Incident => ("stuck-status-incident", Tone::Danger),
        Status::Done => ("stuck-status-done", Tone::Good),
        Status::Cancelled => ("stuck-status-cancelled", Tone::Quiet),
    }
}

fn processes(ctx: &PageContext, counts: &[&ProcessCount]) -> Html {
    let mut table = Table::new(ctx.t("stuck-processes")).hide_caption().column(ctx.t("stuck-process"));
    for status in Status::ALL {
        table = table.number_column(ctx.t(status_word(status).0));
    }
    table = table.column(ctx.t("stuck-version"));
    for count in counts {
        let numbers = count.counts.map(|n| Html::from(ctx.number(n as f64)));
        let open = count.counts[0] + count.counts[1] > 0;
        let version = match (count.in_force, open) {
            (true, _) => components::tag(Tone::Good, ctx.t("stuck-in-force")),
            (false, true) => {
                let href = format!("/operations/cases/migration?from={}", encoded(&count.process));
                components::link(&href, ctx.t("stuck-carry-over"))
            }
            (false, false) => Html::from(ctx.t("stuck-earlier")),
        };
        table.row(std::iter::once(process_name(ctx, &count.process)).chain(numbers).chain([version]));
    }
    table.html()
}

fn filters(ctx: &PageContext, asked: &Asked, counts: &[ProcessCount]) -> Filters {
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let mut processes = vec![choice("", ctx.t("stuck-any-process"))];
    let standing = counts.iter().filter(|c| c.counts[1] > 0 || c.process == asked.process);
    processes.extend(standing.map(|c| choice(&c.process, process_line(ctx, &c.process))));
    let mut codes = vec![choice("", ctx.t("stuck-any-code"))];
    codes.extend(CODES.map(|code| choice(code, code_name(ctx, code))));
    let mut ages = vec![choice("", ctx.t("stuck-any-age"))];
    ages.extend(AGES.map(|(age, _)| choice(age, ctx.t(&format!("stuck-age-{age}")))));
    Filters {
        action: "/operations/cases".into(),
        fields: vec![
            Field::select("process", ctx.t("stuck-process"), processes).value(&asked.process),
            Field::select("code", ctx.t("stuck-code"), codes).value(&asked.code),
            Field::select("age", ctx.t("stuck-age"), ages).value(&asked.age),
        ],
    }
}

fn table(ctx: &PageContext, s: &OperationsState, found: &[Trouble]) -> Html {
    let mut table = Table::new(ctx.t("stuck-incidents"))
        .hide_caption()
        .column(ctx.t("stuck-where"))
        .column(ctx.t("stuck-process"))
        .column(ctx.t("stuck-code"))
        .column(ctx.t("stuck-since"))
        .column(ctx.t("stuck-space"));
    for trouble in found {
        let number = Number::of(s, &trouble.space, trouble.instance);
        let href = number.map(Number::address).unwrap_or_default();
        let code = Html::trusted(format!(
            r#"<strong>{}</strong><br><span lang="en">{}</span>"#,
            Html::from(code_name(ctx, &trouble.code)),
            breakable(&trouble.message)
        ));
        table.row([
            components::link(&href, trouble.name.as_str()),
            process_name(ctx, &trouble.process),
            code,
            components::time(ctx, trouble.at),
            Html::text(trouble.space.as_str()),
        ]);
    }
    table.html()
}

/// `GET /operations/cases.csv`: the same list as a file, 10,000 incidents at the most.
///
/// # Errors
/// As [`list`].
pub async fn file(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let columns = ["space", "instance", "case", "process", "incident", "element", "name", "code", "message", "since"];
    let (mut csv, mut rows) = (Csv::new(&columns.map(|c| ctx.t(&format!("stuck-csv-{c}")))), 0);
    let mut stuck = asked.stuck(ctx.now, MAX_FILE);
    loop {
        let found = allowed(&ctx, s.cases.stuck(&ctx.actor, &stuck).await)?;
        rows += found.items.len();
        found.items.into_iter().for_each(|t| csv.record(&record(&s, t)));
        stuck.after = found.next;
        if stuck.after.is_none() || rows >= MAX_FILE {
            break;
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"incidents.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, csv.into_text()).into_response())
}

fn record(s: &OperationsState, t: Trouble) -> Vec<String> {
    let number = Number::of(s, &t.space, t.instance).map(|n| format!("{}-{}", n.space, n.id)).unwrap_or_default();
    let (incident, at) = (t.incident.to_string(), t.at.to_string());
    vec![t.space.to_string(), number, t.urn, t.process, incident, t.element, t.name, t.code, t.message, at]
}

#[cfg(test)]
mod tests {
    use svod_kernel::Lang;

    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let at = Place { modified: Timestamp(17), space: 2, id: 345 };
        assert_eq!(place(&written(at)), Some(at));
        for bad in ["", "1.2", "1.2.3.4", "a.b.c"] {
            assert_eq!(place(bad), None, "{bad}");
        }
        assert_eq!(Number::parse("12-345"), Some(Number { space: 12, id: 345 }));
        assert_eq!((Number::parse("12"), Number::parse("x-1")), (None, None));
    }

    #[test]
    fn every_code_has_a_name() {
        let texts = crate::texts();
        for code in CODES {
            assert!(Lang::ALL.iter().all(|l| texts.has(*l, &format!("stuck-code-{code}"))), "{code}");
        }
    }
}
