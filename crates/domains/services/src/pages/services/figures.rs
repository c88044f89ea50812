//! How a service goes: counted over the last thirty days, or over fewer where there is very much.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Stat, Table};
use svod_portal::{Html, PageContext, PageError};

use crate::ServicesState;
use crate::bounded::{Asked, FEW, FEW_ROWS, any_of, is, since};
use crate::measures::{Measures, span};

/// Days that are looked back: the most that an index says to be few.
const DAYS: [i64; 4] = [30, 7, 1, 0];
/// Seconds that stand for less than a day.
const HOUR: i64 = 3_600;
/// Of fewer nothing is told but how many: a figure would be about somebody.
pub const TOLD: usize = 5;
/// Of fewer, nine of ten would be one person.
const TOLD_NINE: usize = 10;
/// Cases whose payments are asked for at once.
const AT_ONCE: usize = 200;

/// What was counted.
#[derive(Default)]
struct Figures {
    /// Over so many days; 0: the last hour.
    days: i64,
    started: usize,
    finished: Measures,
    /// From the decision of a case to its execution.
    executed: Measures,
    decided: usize,
    automatic: usize,
    stars: f64,
    rated: usize,
    /// By process, where the service has more than one.
    variants: BTreeMap<String, Variant>,
    /// By version of the pack that a case began with.
    versions: BTreeMap<String, Variant>,
    more: bool,
}

/// How one of several processes goes, or one of two versions.
#[derive(Default)]
struct Variant {
    started: usize,
    finished: Measures,
    decided: usize,
    automatic: usize,
    stars: f64,
    rated: usize,
}

/// What is told apart: processes by their ids, and two versions, the one in force and the one that is tried, each with its words.
pub struct Apart<'a> {
    /// Processes of the service.
    pub processes: &'a [String],
    /// Version and what it is called; none where none is tried.
    pub versions: &'a [(String, String)],
    /// The version in force, and how many seconds its working copy took to be published; none where it came from none.
    pub market: Option<(String, f64)>,
}

/// The figures of a service. They are about nobody, so that everybody sees them: the platform counts, not the visitor.
///
/// # Errors
/// When the store fails.
pub async fn part(
    ctx: &PageContext,
    s: &ServicesState,
    service: &str,
    (top, apart): (Option<&SpacePath>, &Apart<'_>),
) -> Result<Html, PageError> {
    let reader = Actor::platform("statistics");
    let mut all = Figures { days: DAYS[0], ..Figures::default() };
    let tree = s.registry.spaces();
    let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open).map(|s| s.path.clone());
    let spaces: Vec<SpacePath> = top.cloned().map_or_else(|| tops.collect(), |top| vec![top]);
    for space in &spaces {
        let asked = |kind| Asked { registry: &s.registry, actor: &reader, space, kind, conditions: Vec::new() };
        add(ctx, &asked, service, &mut all).await?;
    }
    Ok(html(ctx, &all, apart))
}

/// So many of the days asked for as can be counted.
async fn days_counted<'a>(
    ctx: &PageContext,
    asked: &impl Fn(&'static str) -> Asked<'a>,
    service: &str,
    wanted: i64,
) -> Result<i64, PageError> {
    let few = asked("Case").about(is("service", service)).await? < FEW;
    let mut days = wanted;
    for shorter in DAYS.into_iter().filter(|d| *d <= wanted) {
        days = shorter;
        let mut about = 0;
        for name in ["openedAt", "closedAt", "madeAt"] {
            about = about.max(asked("Case").about(since(name, from(ctx, days))).await?);
        }
        if few || about < FEW {
            break;
        }
    }
    Ok(days)
}

async fn add<'a>(
    ctx: &PageContext,
    asked: &impl Fn(&'static str) -> Asked<'a>,
    service: &str,
    all: &mut Figures,
) -> Result<(), PageError> {
    let days = days_counted(ctx, asked, service, all.days).await?;
    all.days = days;
    let with = |kind: &'static str, name: &str| Asked {
        conditions: vec![since(name, from(ctx, days)), is("service", service)],
        ..asked(kind)
    };
    let (started, more) = with("Case", "openedAt").some(FEW_ROWS).await?;
    all.started += started.len();
    for case in &started {
        all.each(case, |of| of.started += 1);
    }
    all.more |= more;
    let (closed, more) = with("Case", "closedAt").some(FEW_ROWS).await?;
    all.more |= more;
    for case in &closed {
        // A decision may have ended the term before the process ended.
        let over = case.time("metAt").or(case.time("closedAt"));
        all.finished.add(case.time("openedAt"), over, case.time("deadline"));
        all.each(case, |of| of.finished.add(case.time("openedAt"), over, case.time("deadline")));
        if let Some(stars) = case.number("satisfaction") {
            all.stars += stars;
            all.rated += 1;
            all.each(case, |of| {
                of.stars += stars;
                of.rated += 1;
            });
        }
    }
    let (decided, more) = with("Decision", "madeAt").some(FEW_ROWS).await?;
    all.more |= more;
    all.decided += decided.len();
    let by_rules = |d: &Entity| d.value("automatic").and_then(serde_json::Value::as_bool) == Some(true);
    all.automatic += decided.iter().filter(|d| by_rules(d)).count();
    executed(&asked, &closed, &decided, all).await?;
    // A decision has no version of its own: that of its case, where the case was counted.
    let counted: HashMap<&Urn, &Arc<Entity>> = started.iter().chain(&closed).map(|case| (&case.id, case)).collect();
    for made in &decided {
        if let Some(case) = made.object("case").and_then(|case| counted.get(case)) {
            all.each(case, |of| {
                of.decided += 1;
                of.automatic += usize::from(by_rules(made));
            });
        }
    }
    Ok(())
}

/// How long it took from the last decision of a closed case until what was decided had been done: the money was there, or, where
/// nothing is paid out, the process had ended, and issued what it issues.
async fn executed<'a>(
    asked: &impl Fn(&'static str) -> Asked<'a>,
    closed: &[Arc<Entity>],
    decided: &[Arc<Entity>],
    all: &mut Figures,
) -> Result<(), PageError> {
    let mut last: HashMap<&Urn, Timestamp> = HashMap::new();
    for (case, at) in decided.iter().filter_map(|d| Some((d.object("case")?, d.time("madeAt")?))) {
        last.entry(case).and_modify(|known| *known = at.max(*known)).or_insert(at);
    }
    for some in closed.chunks(AT_ONCE) {
        let of = any_of("case", some.iter().map(|case| case.id.to_string()));
        let (payments, _) = Asked { conditions: vec![of], ..asked("Payment") }.some(FEW_ROWS).await?;
        for case in some {
            // It was decided before the days that are looked at.
            let Some(made) = last.get(&case.id).copied().or(case.time("metAt")) else { continue };
            let paid =
                payments.iter().filter(|p| p.object("case") == Some(&case.id) && p.text("kind") == Some("payout"));
            let paid: Vec<_> =
                paid.filter(|p| p.text("status") != Some("failed")).map(|p| p.time("settledAt")).collect();
            let settled: Option<Vec<Timestamp>> = paid.into_iter().collect();
            // Money that is on its way is not there yet.
            let Some(settled) = settled else { continue };
            let done = settled.into_iter().filter(|at| *at >= made).max().or(case.time("closedAt"));
            all.executed.add(Some(made), done, None);
        }
    }
    Ok(())
}

impl Figures {
    /// Counts the case with its process, and with the version that it began with.
    fn each(&mut self, case: &Entity, count: impl Fn(&mut Variant)) {
        count(self.variants.entry(case.text("process").unwrap_or_default().to_owned()).or_default());
        let version = case.text("processVersion").and_then(|named| named.split_once('@')?.1.split('/').next());
        count(self.versions.entry(version.unwrap_or_default().to_owned()).or_default());
    }
}

fn from(ctx: &PageContext, days: i64) -> svod_kernel::Timestamp {
    ctx.now.plus_seconds(-if days == 0 { HOUR } else { days * 86_400 })
}

/// The processes of a service beside one another, or its versions; nothing where there is one.
fn compared(ctx: &PageContext, mut table: Table, rows: &[(&str, Option<&Variant>)]) -> Html {
    if rows.len() < 2 {
        return Html::default();
    }
    let none = Variant::default();
    let told = |n: usize, v: Option<String>| v.filter(|_| n >= TOLD).unwrap_or_else(|| ctx.t("measure-none"));
    let percent = |share: f64| format!("{}\u{a0}%", ctx.number(share.round()));
    let keys = ["started", "finished", "automatic", "median", "in-term", "stars"];
    for key in keys {
        table = table.number_column(ctx.t(&format!("figures-{key}")));
    }
    for (label, of) in rows {
        let of = of.unwrap_or(&none);
        let done = of.finished.count();
        let automatic = (of.decided > 0).then(|| percent(of.automatic as f64 * 100.0 / of.decided as f64));
        let stars = (of.rated > 0).then(|| svod_text::format_number(ctx.lang, of.stars / of.rated as f64, 1));
        let cells = [
            (*label).to_owned(),
            ctx.number(of.started as f64),
            ctx.number(done as f64),
            told(of.decided, automatic),
            told(done, of.finished.median().map(|seconds| span(ctx, seconds))),
            told(done, of.finished.in_term().map(percent)),
            told(of.rated, stars),
        ];
        table.row(cells.map(Html::from));
    }
    table.html()
}

fn apart_from_another(ctx: &PageContext, all: &Figures, apart: &Apart<'_>) -> Html {
    let table = |caption: &str, column: &str| Table::new(ctx.t(caption)).column(ctx.t(column));
    let named: Vec<String> = apart.processes.iter().map(|p| ctx.t_or(&format!("process-{p}"), p)).collect();
    let processes = apart.processes.iter().zip(&named);
    let processes: Vec<_> = processes.map(|(p, name)| (name.as_str(), all.variants.get(p))).collect();
    let versions: Vec<_> = apart.versions.iter().map(|(v, label)| (label.as_str(), all.versions.get(v))).collect();
    Html::join([
        compared(ctx, table("figures-versions", "figures-version"), &versions),
        compared(ctx, table("figures-variants", "figures-variant"), &processes),
    ])
}

/// A figure stands out, and that there is none does not.
fn figure(ctx: &PageContext, value: String) -> Html {
    if value == ctx.t("measure-none") {
        Html::trusted(format!(r#"<span class="none">{}</span>"#, Html::from(value)))
    } else {
        value.into()
    }
}

fn html(ctx: &PageContext, all: &Figures, apart: &Apart<'_>) -> Html {
    let plus = if all.more { "+" } else { "" };
    let number = |n: usize| format!("{}{plus}", ctx.number(n as f64));
    let percent = |share: f64| format!("{}\u{a0}%", ctx.number(share.round()));
    let told = |n: usize, value: Option<String>| value.filter(|_| n >= TOLD).unwrap_or_else(|| ctx.t("measure-none"));
    let automatic =
        told(all.decided, (all.decided > 0).then(|| percent(all.automatic as f64 * 100.0 / all.decided as f64)));
    let done = all.finished.count();
    let stars = (all.rated > 0).then(|| svod_text::format_number(ctx.lang, all.stars / all.rated as f64, 1));
    let executed = all.executed.count();
    let nine = if executed < TOLD_NINE { 0 } else { executed };
    let figures = [
        ("figures-started", number(all.started)),
        ("figures-finished", number(done)),
        ("figures-automatic", automatic),
        ("figures-median", told(done, all.finished.median().map(|seconds| span(ctx, seconds)))),
        ("figures-in-term", told(done, all.finished.in_term().map(percent))),
        ("figures-stars", told(all.rated, stars)),
        ("figures-executed", told(executed, all.executed.median().map(|seconds| span(ctx, seconds)))),
        ("figures-executed-nine", told(nine, all.executed.within(90).map(|seconds| span(ctx, seconds)))),
    ];
    let stat = |label: String, value: Html| Stat { label: label.into(), value, unit: Html::default() };
    let stats = figures.into_iter().map(|(key, value)| stat(ctx.t(key), figure(ctx, value)));
    let market = apart.market.iter().map(|(version, seconds)| {
        let label = ctx.tf("figures-market", &[("version", version.as_str().into())]);
        stat(label, span(ctx, *seconds).into())
    });
    let stats: Vec<Stat> = stats.chain(market).collect();
    let over = match all.days {
        0 => ctx.t("figures-hour"),
        days => ctx.tf("figures-days", &[("n", (days as f64).into())]),
    };
    Html::trusted(format!(
        r#"<section aria-labelledby="figures"><h2 id="figures">{}</h2><p class="muted">{}. {}</p>{}{}</section>"#,
        Html::from(ctx.t("figures-title")),
        Html::from(over),
        Html::from(ctx.t("figures-executed-about")),
        components::stats(&stats),
        apart_from_another(ctx, all, apart)
    ))
}
