//! How a service goes: counted over the last thirty days, or over fewer where there is very much.

use std::collections::BTreeMap;

use svod_kernel::{Actor, SpacePath};
use svod_portal::components::{self, Stat, Table};
use svod_portal::{Html, PageContext, PageError};

use crate::ServicesState;
use crate::bounded::{Asked, FEW, is, since};
use crate::measures::{Measures, span};

/// Days that are looked back: the most that an index says to be few.
const DAYS: [i64; 4] = [30, 7, 1, 0];
/// Seconds that stand for less than a day.
const HOUR: i64 = 3_600;
/// Of fewer nothing is told but how many: a figure would be about somebody.
const TOLD: usize = 5;

/// What was counted.
#[derive(Default)]
struct Figures {
    /// Over so many days; 0: the last hour.
    days: i64,
    started: usize,
    finished: Measures,
    decided: usize,
    automatic: usize,
    stars: f64,
    rated: usize,
    /// By process, where the service has more than one.
    variants: BTreeMap<String, Variant>,
    more: bool,
}

/// How one of several processes goes.
#[derive(Default)]
struct Variant {
    started: usize,
    finished: Measures,
    stars: f64,
    rated: usize,
}

/// The figures of a service. They are about nobody, so that everybody sees them: the platform counts, not the visitor.
///
/// # Errors
/// When the store fails.
pub async fn part(
    ctx: &PageContext,
    s: &ServicesState,
    service: &str,
    (top, processes): (Option<&SpacePath>, &[String]),
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
    Ok(html(ctx, &all, processes))
}

async fn add<'a>(
    ctx: &PageContext,
    asked: &impl Fn(&'static str) -> Asked<'a>,
    service: &str,
    all: &mut Figures,
) -> Result<(), PageError> {
    let few = asked("Case").about(is("service", service)).await? < FEW;
    let mut days = all.days;
    for shorter in DAYS.into_iter().filter(|d| *d <= all.days) {
        days = shorter;
        let from = from(ctx, days);
        let mut about = 0;
        for name in ["openedAt", "closedAt", "madeAt"] {
            about = about.max(asked("Case").about(since(name, from)).await?);
        }
        if few || about < FEW {
            break;
        }
    }
    all.days = days;
    let with = |kind: &'static str, name: &str| Asked {
        conditions: vec![since(name, from(ctx, days)), is("service", service)],
        ..asked(kind)
    };
    let (started, more) = with("Case", "openedAt").some(FEW as usize).await?;
    all.started += started.len();
    for case in &started {
        all.variant(case).started += 1;
    }
    all.more |= more;
    let (closed, more) = with("Case", "closedAt").some(FEW as usize).await?;
    all.more |= more;
    for case in &closed {
        all.finished.add(case.time("openedAt"), case.time("closedAt"), case.time("deadline"));
        all.variant(case).finished.add(case.time("openedAt"), case.time("closedAt"), case.time("deadline"));
        if let Some(stars) = case.number("satisfaction") {
            all.stars += stars;
            all.rated += 1;
            let of = all.variant(case);
            of.stars += stars;
            of.rated += 1;
        }
    }
    let (decided, more) = with("Decision", "madeAt").some(FEW as usize).await?;
    all.more |= more;
    all.decided += decided.len();
    let by_rules = |d: &svod_model::Entity| d.value("automatic").and_then(serde_json::Value::as_bool) == Some(true);
    all.automatic += decided.iter().filter(|d| by_rules(d)).count();
    Ok(())
}

impl Figures {
    fn variant(&mut self, case: &svod_model::Entity) -> &mut Variant {
        self.variants.entry(case.text("process").unwrap_or_default().to_owned()).or_default()
    }
}

fn from(ctx: &PageContext, days: i64) -> svod_kernel::Timestamp {
    ctx.now.plus_seconds(-if days == 0 { HOUR } else { days * 86_400 })
}

/// The processes of a service beside one another; nothing where there is one.
fn compared(ctx: &PageContext, all: &Figures, processes: &[String]) -> Html {
    if processes.len() < 2 {
        return Html::default();
    }
    let none = Variant::default();
    let told = |n: usize, v: Option<String>| v.filter(|_| n >= TOLD).unwrap_or_else(|| ctx.t("measure-none"));
    let mut table = Table::new(ctx.t("figures-variants"))
        .column(ctx.t("figures-variant"))
        .number_column(ctx.t("figures-started"))
        .number_column(ctx.t("figures-finished"))
        .number_column(ctx.t("figures-median"))
        .number_column(ctx.t("figures-in-term"))
        .number_column(ctx.t("figures-stars"));
    for process in processes {
        let of = all.variants.get(process).unwrap_or(&none);
        let done = of.finished.count();
        let stars = (of.rated > 0).then(|| svod_text::format_number(ctx.lang, of.stars / of.rated as f64, 1));
        let cells = [
            process.clone(),
            ctx.number(of.started as f64),
            ctx.number(done as f64),
            told(done, of.finished.median().map(|seconds| span(ctx, seconds))),
            told(done, of.finished.in_term().map(|share| format!("{}\u{a0}%", ctx.number(share.round())))),
            told(of.rated, stars),
        ];
        table.row(cells.map(Html::from));
    }
    table.html()
}

fn html(ctx: &PageContext, all: &Figures, processes: &[String]) -> Html {
    let plus = if all.more { "+" } else { "" };
    let number = |n: usize| format!("{}{plus}", ctx.number(n as f64));
    let percent = |share: f64| format!("{}\u{a0}%", ctx.number(share.round()));
    let told = |n: usize, value: Option<String>| value.filter(|_| n >= TOLD).unwrap_or_else(|| ctx.t("measure-none"));
    let automatic =
        told(all.decided, (all.decided > 0).then(|| percent(all.automatic as f64 * 100.0 / all.decided as f64)));
    let done = all.finished.count();
    let stars = (all.rated > 0).then(|| svod_text::format_number(ctx.lang, all.stars / all.rated as f64, 1));
    let figures = [
        ("figures-started", number(all.started)),
        ("figures-finished", number(done)),
        ("figures-automatic", automatic),
        ("figures-median", told(done, all.finished.median().map(|seconds| span(ctx, seconds)))),
        ("figures-in-term", told(done, all.finished.in_term().map(percent))),
        ("figures-stars", told(all.rated, stars)),
    ];
    let stats =
        figures.map(|(key, value)| Stat { label: ctx.t(key).into(), value: value.into(), unit: Html::default() });
    let over = match all.days {
        0 => ctx.t("figures-hour"),
        days => ctx.tf("figures-days", &[("n", (days as f64).into())]),
    };
    Html::trusted(format!(
        r#"<section aria-labelledby="figures"><h2 id="figures">{}</h2><p class="muted">{}</p>{}{}</section>"#,
        Html::from(ctx.t("figures-title")),
        Html::from(over),
        components::stats(&stats),
        compared(ctx, all, processes)
    ))
}
