//! `GET /packs/{id}/design/compare`: the working copy beside the version that it was begun from.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_portal::components::Table;
use svod_portal::{Html, PageContext, PageError};

use super::diff::{self, Line};
use super::frame::Frame;
use super::{address, elements, file_address};
use crate::OperationsState;
use crate::pages::file::allowed;
use crate::publications::Difference;
use crate::working::Working;

/// Lines shown of one file, and files shown at once.
const MAX_LINES: usize = 2_000;
const MAX_FILES: usize = 50;

/// One file, where only one is to be compared.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    path: Option<String>,
}

struct Compared {
    path: String,
    href: String,
    what: String,
    elements: Html,
    lines: Html,
}

#[derive(Template)]
#[template(path = "designer/compare.html")]
struct ComparePage<'a> {
    ctx: &'a PageContext,
    frame: Frame<'a>,
    files: Vec<Compared>,
    more: usize,
    back: String,
}

/// The page, for who may publish the pack.
///
/// # Errors
/// Not permitted, or no such pack.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let mut changed = working.changed();
    if let Some(path) = &asked.path {
        changed.retain(|(p, _)| p == path);
    }
    let more = changed.len().saturating_sub(MAX_FILES);
    changed.truncate(MAX_FILES);
    let lead = ctx.tf("design-compare-lead", &[("version", working.base.as_str().into())]);
    let body = ComparePage {
        ctx: &ctx,
        frame: Frame::new(&ctx, ctx.t("design-compare-title"), lead),
        files: changed.iter().map(|(path, what)| compared(&ctx, &working, path, *what)).collect(),
        more,
        back: address(&id),
    };
    Ok(body.frame.inner(&id).body(&body).into_response())
}

fn compared(ctx: &PageContext, working: &Working, path: &str, what: Difference) -> Compared {
    let before = working.published().files.get(path).map(String::as_str).unwrap_or_default();
    let after = working.file(path).unwrap_or_default();
    let both = what == Difference::Changed && path.ends_with(".bpmn");
    Compared {
        path: path.to_owned(),
        href: file_address(&working.pack, path),
        what: ctx.t(&format!("packs-file-{}", what.word())),
        elements: if both { of_process(ctx, before, after) } else { Html::default() },
        lines: lines(ctx, path, before, after),
    }
}

fn of_process(ctx: &PageContext, before: &str, after: &str) -> Html {
    let Some(changed) = elements::compare(before, after) else { return Html::default() };
    if changed.is_empty() {
        return Html::trusted(format!("<p>{}</p>", Html::from(ctx.t("design-elements-none"))));
    }
    let mut table = Table::new(ctx.t("design-elements")).column(ctx.t("design-element"));
    table = table.column(ctx.t("design-element-name")).column(ctx.t("design-state"));
    for element in changed {
        let id = Html::trusted(format!("<code>{}</code>", Html::text(&element.element)));
        table.row([id, Html::text(&element.name), ctx.t(&format!("packs-file-{}", element.what.word())).into()]);
    }
    table.html()
}

/// Line by line; a sign and a word for those who see no colours.
fn lines(ctx: &PageContext, path: &str, before: &str, after: &str) -> Html {
    let all = diff::compare(before, after);
    let (gone, new) = (ctx.t("design-line-gone"), ctx.t("design-line-new"));
    let row = |class: &str, a: Option<usize>, b: Option<usize>, sign: &str, word: &str, text: &str| {
        let number = |n: Option<usize>| n.map(|n| n.to_string()).unwrap_or_default();
        let word = if word.is_empty() {
            String::new()
        } else {
            format!("<span class=\"visually-hidden\">{}</span>", Html::text(word))
        };
        Html::trusted(format!(
            "<tr class=\"{class}\"><td class=\"num\">{}</td><td class=\"num\">{}</td><td><span aria-hidden=\"true\">{sign}</span>{word}</td><td><code>{}</code></td></tr>",
            number(a),
            number(b),
            Html::text(text)
        ))
    };
    let rows = all.iter().take(MAX_LINES).map(|line| match line {
        Line::Both(a, b, text) => row("diff-same", Some(*a), Some(*b), "", "", text),
        Line::Gone(a, text) => row("diff-gone", Some(*a), None, "−", &gone, text),
        Line::New(b, text) => row("diff-new", None, Some(*b), "+", &new, text),
        Line::Skipped(n) => {
            let text = ctx.tf("design-lines-same", &[("n", (*n).into())]);
            Html::trusted(format!("<tr class=\"diff-skipped\"><td colspan=\"4\">{}</td></tr>", Html::from(text)))
        }
    });
    let rows = Html::join(rows);
    let cell = |key: &str| Html::from(ctx.t(key));
    let head = format!(
        "<tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr>",
        cell("design-line-before"),
        cell("design-line-after"),
        cell("design-line-what"),
        cell("design-line-text")
    );
    let label = Html::from(ctx.tf("design-lines-of", &[("path", path.into())]));
    let more = if all.len() > MAX_LINES {
        Html::trusted(format!("<p>{}</p>", cell("design-lines-more")))
    } else {
        Html::default()
    };
    Html::trusted(format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\"><table class=\"table diff\"><caption class=\"visually-hidden\">{label}</caption><thead>{head}</thead><tbody>{rows}</tbody></table></div>{more}"
    ))
}
