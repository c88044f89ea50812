//! Forms of packs on pages: what `svod-forms` says is shown, drawn so that it works without JavaScript, with a keyboard,
//! on a telephone and with a screen reader.
//!
//! [`FormPage`] is one page of a form, [`FormOverview`] all answers before they are sent, [`SentForm`] what comes back:
//! names of inputs are `f.<place>`, the button that was pressed is `do` ([`svod_forms::Action`]).

mod blocks;
mod field;
mod sent;

use askama::Template;
use svod_forms::{Action, Appeared, Chapter, FieldError, View};

pub use sent::SentForm;

use crate::address::encoded;
use crate::components::{self, SummaryRow, Tone, render};
use crate::context::PageContext;
use crate::html::Html;

/// One page of a form.
#[derive(Debug, Clone, Copy)]
pub struct FormPage<'a> {
    /// What is shown.
    pub view: &'a View,
    /// Where the page is posted, and with `?page=` opened.
    pub action: &'a str,
    /// What the whole form is called.
    pub title: &'a str,
}

/// All answers of a form, before it is sent.
#[derive(Debug, Clone, Copy)]
pub struct FormOverview<'a> {
    /// The answers page by page.
    pub chapters: &'a [Chapter],
    /// Where the form is posted, and its pages with `?page=` opened.
    pub action: &'a str,
    /// What the whole form is called.
    pub title: &'a str,
    /// What is missing or wrong, if somebody tried to send it.
    pub errors: &'a [FieldError],
    /// The words of the form's own button.
    pub send: Option<&'a str>,
    /// It is signed: a fresh proof is asked for after the button ([`PageContext::confirm_first`]).
    pub signature: bool,
}

#[derive(Template)]
#[template(path = "forms/page.html")]
struct PageTemplate<'a> {
    ctx: &'a PageContext,
    page: &'a FormPage<'a>,
    name: &'a str,
    heading: &'a str,
    back: Option<String>,
    number: usize,
    count: usize,
    errors: Vec<(String, String)>,
    /// Questions that the answers brought up.
    appeared: Html,
    /// What conditions of the page look at beside its answers, as JSON; empty on a page without them.
    known: Html,
    items: Html,
    next: String,
}

impl FormPage<'_> {
    /// The markup, with the page's heading, its errors and its buttons.
    pub fn html(&self, ctx: &PageContext) -> Html {
        let view = self.view;
        let own = view.pages.get(view.page);
        let name = own.map_or("", |p| p.name.as_str());
        let heading = own.map(|p| p.title.as_str()).filter(|t| !t.is_empty()).unwrap_or(self.title);
        let before = view.page.checked_sub(1).and_then(|at| view.pages.get(at));
        render(&PageTemplate {
            ctx,
            page: self,
            name,
            heading,
            back: before.map(|p| page_address(self.action, &p.name)),
            number: view.page + 1,
            count: view.pages.len(),
            errors: error_texts(ctx, &view.errors),
            appeared: appeared(ctx, &view.appeared),
            known: view.known.as_ref().map_or_else(Html::default, |known| Html::text(&known.to_string())),
            items: blocks::items(ctx, &view.items),
            next: Action::Next.to_string(),
        })
    }
}

#[derive(Template)]
#[template(path = "forms/overview.html")]
struct OverviewTemplate<'a> {
    ctx: &'a PageContext,
    overview: &'a FormOverview<'a>,
    errors: Vec<(String, String)>,
    back: Option<String>,
    chapters: Vec<(String, Html)>,
    send: String,
}

impl FormOverview<'_> {
    /// The markup: every answer with the way to change it, and the button that sends the form.
    pub fn html(&self, ctx: &PageContext) -> Html {
        let last = self.chapters.last().map(|c| page_address(self.action, &c.page.name));
        let chapters = self.chapters.iter().map(|c| (c.page.title.clone(), self.chapter(ctx, c))).collect();
        let own = if self.signature { "form-sign-send" } else { "form-send" };
        let send = self.send.map_or_else(|| ctx.t(own), str::to_owned);
        let errors = self.errors.iter().map(|e| (self.page_of(&e.name), error_text(ctx, e))).collect();
        render(&OverviewTemplate { ctx, overview: self, errors, back: last, chapters, send })
    }

    fn chapter(&self, ctx: &PageContext, chapter: &Chapter) -> Html {
        let rows: Vec<SummaryRow> = chapter
            .rows
            .iter()
            .map(|row| {
                let within = if row.within.is_empty() { String::new() } else { format!("{}: ", row.within) };
                let key = format!("{within}{}", row.label);
                let unit = [row.around.0.as_str(), row.display.as_str(), row.around.1.as_str()];
                let value =
                    if row.display.is_empty() { ctx.t("form-not-given") } else { unit.join(" ").trim().to_owned() };
                let source = row.source.as_ref().map_or_else(Html::default, |s| field::source_line(ctx, s));
                let to = format!("{}#{}", page_address(self.action, &chapter.page.name), field::id(&row.name));
                let change = Html::join([
                    Html::from(ctx.t("form-change")),
                    Html::trusted(r#"<span class="visually-hidden">: "#),
                    Html::text(&key),
                    Html::trusted("</span>"),
                ]);
                let action = if row.locked && !row.source.as_ref().is_some_and(|s| s.may_dispute) {
                    Html::default()
                } else {
                    components::link(&to, change)
                };
                SummaryRow { key: key.into(), value: Html::join([Html::from(value), source]), action }
            })
            .collect();
        components::summary_list(&rows)
    }

    /// The address at which a field is answered.
    fn page_of(&self, name: &str) -> String {
        let chapter = self.chapters.iter().find(|c| c.rows.iter().any(|r| r.name == name));
        let page = chapter.map_or("", |c| c.page.name.as_str());
        format!("{}#{}", page_address(self.action, page), field::id(name))
    }
}

/// Says that the answers brought up more questions, and leads to each.
fn appeared(ctx: &PageContext, questions: &[Appeared]) -> Html {
    if questions.is_empty() {
        return Html::default();
    }
    let links = Html::join(questions.iter().map(|q| {
        let label = if q.within.is_empty() { q.label.clone() } else { format!("{}: {}", q.within, q.label) };
        let link = components::link(&format!("#{}", field::id(&q.name)), label);
        Html::trusted(format!("<li>{link}</li>"))
    }));
    let text = Html::from(ctx.t("form-appeared"));
    let body = Html::trusted(format!("<p>{text}</p><ul>{links}</ul>"));
    let title = ctx.tf("form-appeared-title", &[("n", (questions.len() as u64).into())]);
    components::banner(Tone::Info, title, body)
}

/// The address of a page of a form.
fn page_address(action: &str, page: &str) -> String {
    if page.is_empty() { action.to_owned() } else { format!("{action}?page={}", encoded(page)) }
}

/// What is wrong, each with the name of its field, for [`components::error_summary`].
fn error_texts(ctx: &PageContext, errors: &[FieldError]) -> Vec<(String, String)> {
    errors.iter().map(|e| (e.name.clone(), error_text(ctx, e))).collect()
}

/// One message, with the items in which the field stands.
fn error_text(ctx: &PageContext, error: &FieldError) -> String {
    let text = error.text(&ctx.texts, ctx.lang);
    if error.within.is_empty() { text } else { format!("{}: {text}", error.within) }
}
