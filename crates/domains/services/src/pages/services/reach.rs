//! How far people come in the form of a service: of each page how many came to it, and how many stopped there.

use serde_json::Map;
use svod_forms::{Around, Form, Lists, Prefill};
use svod_portal::components::Table;
use svod_portal::{Html, PageContext, PageError};
use svod_runtime::{ReachRow, Service, form_of};

use super::figures::TOLD;
use crate::ServicesState;
use crate::pages::filling::CHECK;

/// What became of those who came to a page.
struct Row {
    title: String,
    reached: i64,
    left: i64,
}

/// The table; nothing where the service has no form, or nobody has filled it in yet. It is about nobody: of fewer than
/// [`TOLD`] people nothing is told.
///
/// # Errors
/// When the store fails.
pub async fn part(ctx: &PageContext, s: &ServicesState, service: &Service) -> Result<Html, PageError> {
    let (spec, Some(file)) = (&service.spec, form_of(&service.spec)) else { return Ok(Html::default()) };
    let counts = s.applications.reached(&service.key(), &spec.version).await?;
    let programs = s.registry.programs(&spec.pack, &spec.version).await?;
    let form = programs.and_then(|p| p.forms.get(file).cloned()).filter(|_| !counts.is_empty());
    Ok(form.map(|form| html(ctx, &spec.version, &rows(ctx, &form, &counts))).unwrap_or_default())
}

fn rows(ctx: &PageContext, form: &Form, counts: &[ReachRow]) -> Vec<Row> {
    let (prefill, lists, inputs) = (Prefill::new(), Lists::default(), Map::new());
    let around = Around {
        lang: ctx.lang,
        texts: &ctx.texts,
        now: ctx.now,
        offset_hours: ctx.offset_hours,
        prefill: &prefill,
        lists: &lists,
        inputs: &inputs,
    };
    let row = |name: &str, title: String| {
        let found = counts.iter().find(|c| c.page == name);
        let (reached, passed) = found.map_or((0, 0), |c| (c.reached, c.passed));
        Row { title, reached, left: (reached - passed).max(0) }
    };
    let pages = form.page_names().into_iter().zip(form.page_titles(&around));
    let mut all: Vec<Row> = pages.map(|(name, title)| row(name, title)).collect();
    if all.is_empty() {
        all.push(row("", ctx.t("reach-form")));
    }
    all.push(row(CHECK, ctx.t("reach-check")));
    all
}

fn html(ctx: &PageContext, version: &str, rows: &[Row]) -> Html {
    let mut table = Table::new(ctx.t("reach-title"))
        .hide_caption()
        .column(ctx.t("reach-page"))
        .number_column(ctx.t("reach-reached"))
        .number_column(ctx.t("reach-left"))
        .number_column(ctx.t("reach-share"));
    for of in rows {
        let few = || Html::from(ctx.t("measure-none"));
        let [reached, left, share] = if usize::try_from(of.reached).is_ok_and(|n| n >= TOLD) {
            [Html::from(ctx.number(of.reached as f64)), ctx.number(of.left as f64).into(), share(ctx, of)]
        } else {
            [few(), few(), few()]
        };
        table.row([Html::from(of.title.clone()), reached, left, share]);
    }
    let about = ctx.tf("reach-about", &[("version", version.into())]);
    Html::trusted(format!(
        r#"<section aria-labelledby="reach"><h2 id="reach">{}</h2><p class="muted">{}</p>{}</section>"#,
        Html::from(ctx.t("reach-title")),
        Html::from(about),
        table.html()
    ))
}

fn share(ctx: &PageContext, of: &Row) -> Html {
    let part = of.left as f64 / of.reached as f64;
    let words = Html::from(format!("{}\u{a0}%", ctx.number((part * 100.0).round())));
    Html::trusted(format!(r#"{words} <meter min="0" max="1" value="{part:.3}" aria-hidden="true"></meter>"#))
}
