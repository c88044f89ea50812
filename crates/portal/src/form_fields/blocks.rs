//! What stands on a page beside fields: groups, repeats, tables, text, pictures.

use askama::Template;
use svod_forms::{Action, Block, Condition, Item, Shown, Span};

use super::{error_text, field};
use crate::components::{Table, render};
use crate::context::PageContext;
use crate::html::Html;

#[derive(Template)]
#[template(path = "forms/repeat.html")]
struct RepeatTemplate<'a> {
    ctx: &'a PageContext,
    name: &'a str,
    title: &'a str,
    items: Vec<(String, Html)>,
    add: Option<String>,
    error: String,
}

/// Everything, in its order; what shares a row stands side by side.
pub(crate) fn items(ctx: &PageContext, items: &[Item]) -> Html {
    let mut out = Vec::new();
    let mut rest = items;
    while let Some(first) = rest.first() {
        let together = match &first.row {
            Some(row) => rest.iter().take_while(|i| i.row.as_ref() == Some(row)).count(),
            None => 1,
        };
        let (row, tail) = rest.split_at(together);
        if row.len() > 1 {
            out.push(Html::trusted(r#"<div class="form-row">"#));
            for item in row {
                let columns = item.columns.map_or_else(String::new, |n| format!("columns-{n}"));
                let inner = one(ctx, &item.shown);
                out.push(match &item.condition {
                    Some(condition) => conditional(condition, &columns, &inner),
                    None if columns.is_empty() => Html::trusted(format!("<div>{inner}</div>")),
                    None => Html::trusted(format!(r#"<div class="{columns}">{inner}</div>"#)),
                });
            }
            out.push(Html::trusted("</div>"));
        } else {
            out.extend(row.iter().map(|item| match &item.condition {
                Some(condition) => conditional(condition, "", &one(ctx, &item.shown)),
                None => one(ctx, &item.shown),
            }));
        }
        rest = tail;
    }
    Html::join(out)
}

/// What answers of the page bring up and take away: what is hidden is switched off with all that stands in it, so that it is neither
/// shown nor sent where no script looks at the condition.
fn conditional(condition: &Condition, class: &str, inner: &Html) -> Html {
    let off = if condition.hidden { " hidden disabled" } else { "" };
    let class = format!("form-condition {class}");
    Html::trusted(format!(
        r#"<fieldset class="{}" role="presentation" data-hide="{}"{off}>{inner}</fieldset>"#,
        class.trim(),
        Html::text(&condition.hide)
    ))
}

fn one(ctx: &PageContext, shown: &Shown) -> Html {
    match shown {
        Shown::Field(view) => field::field(ctx, view),
        Shown::Group { title, outline, items: inner } => group(ctx, title, *outline, inner),
        Shown::Repeat { .. } => repeat(ctx, shown),
        Shown::Table { title, columns, rows } => table(ctx, title, columns, rows),
        Shown::Prose(blocks) => prose(blocks),
        Shown::Image { source, alt } => Html::trusted(format!(
            r#"<p><img class="form-image" src="{}" alt="{}"></p>"#,
            Html::text(source),
            Html::text(alt)
        )),
        Shown::Spacer => Html::trusted(r#"<div class="form-spacer"></div>"#),
        Shown::Separator => Html::trusted("<hr>"),
        Shown::Reset(text) => Html::trusted(format!(
            r#"<p><button class="button button--secondary" type="reset">{}</button></p>"#,
            Html::text(text)
        )),
        Shown::Computed { name, by } => Html::trusted(format!(
            r#"<span hidden data-compute="{}" data-answer="{}"></span>"#,
            Html::text(by),
            Html::text(name)
        )),
    }
}

fn group(ctx: &PageContext, title: &str, outline: bool, inner: &[Item]) -> Html {
    let class = if outline { "form-group form-group--outline" } else { "form-group" };
    let body = items(ctx, inner);
    if title.is_empty() {
        return Html::trusted(format!(r#"<div class="{class}">{body}</div>"#));
    }
    Html::trusted(format!(
        r#"<fieldset class="{class}"><legend class="form-legend">{}</legend>{body}</fieldset>"#,
        Html::text(title)
    ))
}

fn repeat(ctx: &PageContext, shown: &Shown) -> Html {
    let Shown::Repeat { name, title, items: each, add, remove, error } = shown else { return Html::default() };
    let each = each.iter().enumerate().map(|(at, inner)| {
        let legend = format!("{title} {}", at + 1);
        let mut body = vec![items(ctx, inner)];
        if *remove {
            body.push(button(&Action::Remove(name.clone(), at), &ctx.t("form-remove"), &legend));
        }
        (legend, Html::join(body))
    });
    render(&RepeatTemplate {
        ctx,
        name,
        title,
        items: each.collect(),
        add: add.then(|| Action::Add(name.clone()).to_string()),
        error: error.as_ref().map_or_else(String::new, |e| error_text(ctx, e)),
    })
}

/// A button that says what it does, and to a screen reader to what.
fn button(action: &Action, text: &str, what: &str) -> Html {
    Html::trusted(format!(
        r#"<button class="button button--secondary" type="submit" name="do" value="{}">{}<span class="visually-hidden">: {}</span></button>"#,
        Html::text(&action.to_string()),
        Html::text(text),
        Html::text(what)
    ))
}

fn table(ctx: &PageContext, title: &str, columns: &[String], rows: &[Vec<String>]) -> Html {
    if columns.is_empty() || rows.is_empty() {
        return Html::default();
    }
    let caption = if title.is_empty() { ctx.t("form-table") } else { title.to_owned() };
    let mut out = columns.iter().fold(Table::new(caption), |table, column| table.column(column.as_str()));
    for row in rows {
        out.row(row.iter().map(|cell| Html::text(cell)));
    }
    out.html()
}

fn prose(blocks: &[Block]) -> Html {
    Html::join(blocks.iter().map(|block| match block {
        Block::Heading(1, inner) => wrap("h2", inner),
        Block::Heading(_, inner) => wrap("h3", inner),
        Block::Paragraph(inner) => wrap("p", inner),
        Block::List { ordered, items } => {
            let tag = if *ordered { "ol" } else { "ul" };
            let lines = Html::join(items.iter().map(|inner| wrap("li", inner)));
            Html::trusted(format!("<{tag}>{lines}</{tag}>"))
        }
    }))
}

fn wrap(tag: &str, inner: &[Span]) -> Html {
    Html::trusted(format!("<{tag}>{}</{tag}>", Html::join(inner.iter().map(span))))
}

fn span(span: &Span) -> Html {
    let mut out = Html::text(&span.text);
    if span.emphasis {
        out = Html::trusted(format!("<em>{out}</em>"));
    }
    if span.strong {
        out = Html::trusted(format!("<strong>{out}</strong>"));
    }
    match &span.link {
        Some(to) => crate::components::link(to, out),
        None => out,
    }
}
