//! One field: its label, its help, what is wrong with it, where its answer comes from.

use askama::Template;
use svod_forms::{Action, Choice, Control, FieldView, Like, Part, SourceView, Style};

use super::error_text;
use crate::components::render;
use crate::context::PageContext;
use crate::html::Html;

/// The id of a field's input, which messages lead to.
pub(crate) fn id(name: &str) -> String {
    format!("field-{name}")
}

/// How a field is framed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// One input with its label.
    Label,
    /// Several inputs with a legend.
    Fieldset,
    /// One box with its words beside it.
    Check,
    /// Shown, not answered.
    Given,
}

#[derive(Template)]
#[template(path = "forms/field.html")]
struct FieldTemplate<'a> {
    ctx: &'a PageContext,
    f: &'a FieldView,
    frame: Frame,
    label: Html,
    described: String,
    error: &'a str,
    notes: Html,
    control: Html,
    origin: Html,
    checked: bool,
    /// How conditions of the page read the answer.
    live: Html,
}

#[derive(Template)]
#[template(path = "forms/notes.html")]
struct Notes<'a> {
    f: &'a FieldView,
    error: &'a str,
    /// Which files can be sent, for a field of files.
    kinds: String,
}

#[derive(Template)]
#[template(path = "forms/origin.html")]
struct Origin<'a> {
    ctx: &'a PageContext,
    f: &'a FieldView,
    source: &'a SourceView,
    text: String,
    dispute: String,
    keep: String,
}

/// A line of text, a number, a day, several lines, one of a folded list.
#[derive(Template)]
#[template(path = "forms/line.html")]
struct Line<'a> {
    f: &'a FieldView,
    described: &'a str,
    value: &'a str,
    kind: &'static str,
    mode: &'static str,
    purpose: &'static str,
    min: &'a str,
    step: Option<u32>,
    area: bool,
    choices: Option<&'a [(String, String, bool)]>,
    invalid: bool,
}

#[derive(Template)]
#[template(path = "forms/choices.html")]
struct Choices<'a> {
    f: &'a FieldView,
    choices: Vec<(String, String, bool)>,
    kind: &'static str,
    many: bool,
}

#[derive(Template)]
#[template(path = "forms/address.html")]
struct Address<'a> {
    ctx: &'a PageContext,
    f: &'a FieldView,
    choices: Vec<(String, String, bool)>,
    searched: bool,
    find: String,
}

#[derive(Template)]
#[template(path = "forms/place.html")]
struct Place<'a> {
    ctx: &'a PageContext,
    f: &'a FieldView,
    input: Html,
}

#[derive(Template)]
#[template(path = "forms/files.html")]
struct Files<'a> {
    ctx: &'a PageContext,
    f: &'a FieldView,
    described: &'a str,
    accept: &'a str,
    /// Name, and the act that takes it away.
    files: Vec<(String, String)>,
    room: usize,
    photo: bool,
}

/// A field with everything that belongs to it.
pub(crate) fn field(ctx: &PageContext, f: &FieldView) -> Html {
    let frame = match &f.control {
        _ if f.locked => Frame::Given,
        Control::Checkbox => Frame::Check,
        Control::Address { .. } => Frame::Fieldset,
        // Nothing is left to be labelled where no more files are taken.
        Control::Files { most, files, .. } if files.len() >= *most => Frame::Fieldset,
        Control::Choice { style, .. } if *style != Style::Select => Frame::Fieldset,
        _ => Frame::Label,
    };
    let error = f.error.as_ref().map_or_else(String::new, |e| error_text(ctx, e));
    let kinds = kinds(ctx, &f.control);
    let described = [
        (!f.hint.is_empty(), "hint"),
        (!kinds.is_empty(), "kinds"),
        (!error.is_empty(), "error"),
        (!f.around.0.is_empty() || !f.around.1.is_empty(), "unit"),
        (f.source.is_some(), "source"),
    ];
    let described: Vec<String> =
        described.iter().filter(|(there, _)| *there).map(|(_, what)| format!("{what}-{}", f.name)).collect();
    let described = described.join(" ");
    let origin = f.source.as_ref().map_or_else(Html::default, |source| {
        let (dispute, keep) = (Action::Dispute(f.name.clone()).to_string(), Action::Keep(f.name.clone()).to_string());
        render(&Origin { ctx, f, source, text: source_text(ctx, source), dispute, keep })
    });
    render(&FieldTemplate {
        ctx,
        f,
        frame,
        label: label(ctx, f),
        notes: render(&Notes { f, error: &error, kinds }),
        control: if frame == Frame::Given { Html::default() } else { control(ctx, f, &described) },
        origin,
        live: live(f),
        checked: f.typed.last().is_some_and(|t| !t.is_empty() && t != "false"),
        described,
        error: &error,
    })
}

/// What can be sent in a field of files, how a point is written; empty for every other.
fn kinds(ctx: &PageContext, control: &Control) -> String {
    match control {
        Control::Files { kinds, most, .. } if !kinds.is_empty() => {
            ctx.tf("form-file-kinds", &[("kinds", kinds.join(", ").into()), ("n", (*most as u64).into())])
        }
        Control::Place => ctx.t("form-place-hint"),
        _ => String::new(),
    }
}

/// Attributes by which conditions of the page read the answer.
fn live(f: &FieldView) -> Html {
    let Some(live) = &f.live else { return Html::default() };
    let value =
        live.value.as_ref().map_or_else(String::new, |v| format!(r#" data-value="{}""#, Html::text(&v.to_string())));
    Html::trusted(format!(r#" data-answer="{}" data-kind="{}"{value}"#, Html::text(&f.name), Html::text(&live.kind)))
}

/// The words of a field, and that it may be left out.
fn label(ctx: &PageContext, f: &FieldView) -> Html {
    // A box that is left empty is an answer.
    if f.required || f.locked || f.control == Control::Checkbox {
        return Html::text(&f.label);
    }
    let optional = Html::from(ctx.t("form-optional"));
    Html::trusted(format!(r#"{} <span class="form-optional">{optional}</span>"#, Html::text(&f.label)))
}

fn control(ctx: &PageContext, f: &FieldView, described: &str) -> Html {
    match &f.control {
        Control::Choice { style: Style::Select, choices } => {
            let choices = offered(f, choices);
            line(f, described, "", |l| Line { choices: Some(&choices), ..l })
        }
        Control::Choice { style, choices } => {
            let kind = if style.many() { "checkbox" } else { "radio" };
            render(&Choices { f, choices: offered(f, choices), kind, many: *style == Style::Taglist })
        }
        Control::Address { choices, searched, .. } => {
            let find = Action::Find(f.name.clone()).to_string();
            render(&Address { ctx, f, choices: offered(f, choices), searched: *searched, find })
        }
        Control::Files { accept, most, photo, files, .. } => {
            let room = most.saturating_sub(files.len());
            let act = |at: usize| Action::Drop(f.name.clone(), at).to_string();
            let files = files.iter().enumerate().map(|(at, file)| (file.name.clone(), act(at))).collect();
            render(&Files { ctx, f, described, accept, files, room, photo: *photo })
        }
        Control::Text { like, purpose, .. } => {
            let (kind, mode) = match like {
                Like::Plain => ("text", ""),
                Like::Email => ("email", "email"),
                Like::Phone => ("tel", "tel"),
            };
            line(f, described, kind, |l| Line { mode, purpose: purpose.unwrap_or(""), ..l })
        }
        Control::Area { .. } => line(f, described, "", |l| Line { area: true, ..l }),
        Control::Number { decimal } => {
            let mode = if *decimal { "decimal" } else { "numeric" };
            line(f, described, "text", |l| Line { mode, ..l })
        }
        Control::Moment { part, from, interval, purpose } => {
            let kind = match part {
                Part::Date => "date",
                Part::Time => "time",
                Part::Both => "datetime-local",
            };
            let start = if *part == Part::Both { "T00:00" } else { "" };
            let min = from.as_ref().map_or_else(String::new, |day| format!("{day}{start}"));
            let step = interval.map(|minutes| minutes * 60);
            line(f, described, kind, |l| Line { min: &min, step, purpose: purpose.unwrap_or(""), ..l })
        }
        Control::Place => {
            let input = line(f, described, "text", |l| l);
            render(&Place { ctx, f, input })
        }
        Control::Checkbox => Html::default(),
    }
}

fn line<'a>(f: &'a FieldView, described: &'a str, kind: &'static str, with: impl FnOnce(Line<'a>) -> Line<'a>) -> Html {
    let value = f.typed.last().map_or("", String::as_str);
    let plain = Line {
        f,
        described,
        value,
        kind,
        mode: "",
        purpose: "",
        min: "",
        step: None,
        area: false,
        choices: None,
        invalid: f.error.is_some(),
    };
    render(&with(plain))
}

/// Value, words and whether it is chosen.
fn offered(f: &FieldView, choices: &[Choice]) -> Vec<(String, String, bool)> {
    let token = |c: &Choice| c.value.as_str().map_or_else(|| c.value.to_string(), str::to_owned);
    let each = |c: &Choice| {
        let value = token(c);
        let chosen = f.typed.contains(&value);
        (value, c.label.clone(), chosen)
    };
    choices.iter().map(each).collect()
}

/// Where an answer comes from, in a line.
pub(crate) fn source_line(ctx: &PageContext, source: &SourceView) -> Html {
    let text = source_text(ctx, source);
    Html::trusted(format!(r#"<span class="form-source">{}</span>"#, Html::from(text)))
}

fn source_text(ctx: &PageContext, source: &SourceView) -> String {
    let name = ("source", source.name.as_str().into());
    match (source.disputed, source.as_of) {
        (true, _) => ctx.tf("form-source-says", &[name, ("value", source.says.as_str().into())]),
        (false, Some(at)) => ctx.tf("form-source-of", &[name, ("date", ctx.date(at).into())]),
        (false, None) => ctx.tf("form-source", &[name]),
    }
}
