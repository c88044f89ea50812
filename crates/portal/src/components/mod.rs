//! The patterns that pages are put together from. Each is a function (or a small builder) that gives [`Html`];
//! texts are escaped, markup is only what is an [`Html`] already. In a template: `{{ components::tag(tone, text) }}`.

mod data;
mod fields;
mod table;

use askama::Template;
use svod_kernel::Timestamp;

pub use data::{ChartSpec, Stat, SummaryRow, TimelineItem, chart, stats, summary_list, timeline};
pub use fields::{Choice, Field, Filters, error_summary};
pub use table::{Column, Table};

use crate::context::PageContext;
use crate::html::Html;

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Quiet,
    /// Worth knowing.
    Info,
    /// As it should be.
    Good,
    /// Needs attention.
    Warning,
    /// Needs attention now.
    Danger,
}

impl Tone {
    /// The tone of an alert's severity (`warning`, `danger`), quiet for another word.
    pub fn of_severity(severity: &str) -> Self {
        match severity {
            "danger" => Self::Danger,
            "warning" => Self::Warning,
            _ => Self::Quiet,
        }
    }

    /// The tone of a value's ratio to its norm: good below 0.8, warning below 1, danger from there.
    pub fn of_ratio(ratio: f64) -> Self {
        if ratio >= 1.0 {
            Self::Danger
        } else if ratio >= 0.8 {
            Self::Warning
        } else {
            Self::Good
        }
    }

    /// The word in class names.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Info => "info",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// How a button stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonKind {
    /// The one thing to do on the page.
    #[default]
    Primary,
    /// Another thing to do.
    Secondary,
    /// Takes something away.
    Danger,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button",
            Self::Secondary => "button button--secondary",
            Self::Danger => "button button--danger",
        }
    }
}

/// Renders a component.
pub(crate) fn render(template: &impl Template) -> Html {
    Html::of(template).expect("a component's template holds only values whose Display cannot fail")
}

/// The hidden field that every posted form must have; see [`crate::CsrfForm`].
pub fn csrf_field(ctx: &PageContext) -> Html {
    Html::trusted(format!(r#"<input type="hidden" name="csrf" value="{}">"#, Html::text(&ctx.csrf)))
}

/// A short word on a coloured ground: a status.
pub fn tag(tone: Tone, text: impl Into<Html>) -> Html {
    Html::trusted(format!(r#"<strong class="tag tag--{}">{}</strong>"#, tone.word(), text.into()))
}

/// The mark of what a simulation made.
pub fn simulated_tag(ctx: &PageContext) -> Html {
    Html::trusted(format!(r#"<span class="tag tag--simulated">{}</span>"#, Html::from(ctx.t("simulated"))))
}

/// A coloured dot before a word, for levels in lists and tables.
pub fn level(tone: Tone, text: impl Into<Html>) -> Html {
    Html::trusted(format!(r#"<span class="level level--{}">{}</span>"#, tone.word(), text.into()))
}

/// A link.
pub fn link(href: &str, text: impl Into<Html>) -> Html {
    Html::trusted(format!(r#"<a href="{}">{}</a>"#, Html::text(href), text.into()))
}

/// A link that looks like a button.
pub fn button_link(href: &str, text: impl Into<Html>, kind: ButtonKind) -> Html {
    Html::trusted(format!(r#"<a class="{}" href="{}">{}</a>"#, kind.class(), Html::text(href), text.into()))
}

/// A moment: day and time, machine-readable beside.
pub fn time(ctx: &PageContext, at: Timestamp) -> Html {
    Html::trusted(format!(r#"<time class="number" datetime="{at}">{}</time>"#, Html::from(ctx.datetime(at))))
}

/// A moment to the second: events of one minute keep their order.
pub fn exact_time(ctx: &PageContext, at: Timestamp) -> Html {
    Html::trusted(format!(r#"<time class="number" datetime="{at}">{}</time>"#, Html::from(ctx.datetime_exact(at))))
}

/// How long ago; the exact moment shows when pointed at.
pub fn ago(ctx: &PageContext, at: Timestamp) -> Html {
    let (exact, words) = (Html::from(ctx.datetime(at)), Html::from(ctx.ago(at)));
    Html::trusted(format!(r#"<time datetime="{at}" title="{exact}">{words}</time>"#))
}

/// Seconds in words: minutes below two hours, hours below two days, else days.
pub fn span(ctx: &PageContext, seconds: f64) -> String {
    let (key, n) = match seconds {
        s if s < 7_200.0 => ("span-minutes", (s / 60.0).ceil()),
        s if s < 172_800.0 => ("span-hours", (s / 3_600.0).round()),
        s => ("span-days", (s / 86_400.0).round()),
    };
    ctx.tf(key, &[("n", n.into())])
}

#[derive(Template)]
#[template(path = "components/breadcrumbs.html")]
struct Breadcrumbs<'a> {
    ctx: &'a PageContext,
    steps: &'a [(String, String)],
    current: &'a str,
}

/// The way to this page: (text, address) of each step, outermost first.
pub fn breadcrumbs(ctx: &PageContext, steps: &[(String, String)], current: &str) -> Html {
    render(&Breadcrumbs { ctx, steps, current })
}

#[derive(Template)]
#[template(path = "components/banner.html")]
struct Banner {
    kind: &'static str,
    role: &'static str,
    title: String,
    body: Html,
}

/// A message above the content: what was just done, what is wrong.
pub fn banner(tone: Tone, title: impl Into<String>, body: impl Into<Html>) -> Html {
    let (kind, role) = match tone {
        Tone::Good => (" banner--success", "status"),
        Tone::Warning => (" banner--warning", "note"),
        Tone::Danger => (" banner--danger", "alert"),
        Tone::Quiet | Tone::Info => ("", "note"),
    };
    render(&Banner { kind, role, title: title.into(), body: body.into() })
}

#[derive(Template)]
#[template(path = "components/empty.html")]
struct Empty {
    title: String,
    text: String,
}

/// In the place of a list that has nothing in it.
pub fn empty(title: impl Into<String>, text: impl Into<String>) -> Html {
    render(&Empty { title: title.into(), text: text.into() })
}

#[derive(Template)]
#[template(path = "components/pages.html")]
struct Pages<'a> {
    ctx: &'a PageContext,
    shown: usize,
    first: Option<&'a str>,
    next: Option<&'a str>,
}

/// Under a list that is read page by page with a cursor: how many rows are shown, the way to the next page and back
/// to the first (`first` on every page but the first).
pub fn pagination(ctx: &PageContext, shown: usize, first: Option<&str>, next: Option<&str>) -> Html {
    if first.is_none() && next.is_none() {
        return Html::default();
    }
    render(&Pages { ctx, shown, first, next })
}

/// A form that is one button: an act on what the page shows.
#[derive(Debug, Clone, Default)]
pub struct PostButton<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// What the button says.
    pub text: String,
    /// Hidden fields, name and value.
    pub fields: &'a [(&'a str, &'a str)],
    /// How it stands out.
    pub kind: ButtonKind,
    /// Asked before it is sent (needs [`crate::Island::Forms`]).
    pub confirm: Option<String>,
}

#[derive(Template)]
#[template(path = "components/post_button.html")]
struct PostButtonForm<'a> {
    ctx: &'a PageContext,
    spec: &'a PostButton<'a>,
}

/// The form of a [`PostButton`].
pub fn post_button(ctx: &PageContext, spec: &PostButton<'_>) -> Html {
    render(&PostButtonForm { ctx, spec })
}

/// Something long that few need, behind its heading.
pub fn more(summary: impl Into<Html>, body: impl Into<Html>) -> Html {
    Html::trusted(format!(r#"<details class="more"><summary>{}</summary>{}</details>"#, summary.into(), body.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_escaped_everywhere() {
        let bad = "<script>\"'&";
        for html in [
            tag(Tone::Good, bad),
            level(Tone::Danger, bad),
            link(bad, bad),
            button_link(bad, bad, ButtonKind::Danger),
            banner(Tone::Info, bad, bad),
            empty(bad, bad),
            more(bad, bad),
        ] {
            assert!(!html.as_str().contains("<script>") && !html.as_str().contains("\"'&"), "{html}");
        }
    }

    #[test]
    fn ratios_have_tones() {
        assert_eq!(
            [0.0, 0.79, 0.8, 0.99, 1.0, 7.0].map(|r| Tone::of_ratio(r).word()),
            ["good", "good", "warning", "warning", "danger", "danger"]
        );
    }
}
