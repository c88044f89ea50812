//! What the visitor keeps beside the list: filters under a name, and words that they often answer with. Kept as drafts are, by the
//! person, and touched when used, so that what is in use is not swept away.
//!
//! The view that is chosen stands in the address, beside what the list is narrowed to: who searches further in it, or turns the
//! page, is still in it.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use svod_portal::components::{self, Choice, Field, PostButton, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError, encoded};
use svod_registry::Action;
use svod_runtime::{DraftRow, Template as Answers, TemplateError};

use super::{Fields, amount, choice, filter_of};
use crate::ServicesState;
use crate::access::roots;
use crate::worklist::{Desk, Filter, query_of};

const VIEW: &str = "view/tasks/";
const ANSWER: &str = "view/answer/";
/// Of each sort at the most.
const MOST: usize = 20;
/// Views whose tasks are counted.
const COUNTED: usize = 8;
/// Longest name and longest answer, in characters.
const LONGEST: (usize, usize) = (60, 4_000);
/// What was kept longer ago than that is kept anew when it is used.
const TOUCHED_SECONDS: i64 = 7 * 86_400;
/// Texts of packs that are offered as answers begin so.
const PACK_ANSWER: &str = "answer-";

/// A named filter above the list.
pub struct View {
    pub name: String,
    pub href: String,
    pub count: String,
    pub current: bool,
}

/// All that the visitor keeps here.
#[derive(Default)]
pub struct Kept {
    views: Vec<(String, Filter)>,
    answers: Vec<(String, String)>,
    /// Answers of forms.
    templates: Vec<Answers>,
}

fn read(row: &DraftRow, beginning: &str, field: &str) -> Option<(String, String)> {
    let name = row.form.strip_prefix(beginning)?;
    let doc: Value = serde_json::from_str(&row.doc).ok()?;
    Some((name.to_owned(), doc.get(field)?.as_str()?.to_owned()))
}

/// What they keep.
///
/// # Errors
/// When the store fails.
pub async fn kept(ctx: &PageContext, s: &ServicesState) -> Result<Kept, PageError> {
    if !ctx.signed_in() {
        return Ok(Kept::default());
    }
    let rows = s.applications.drafts(&ctx.actor).await?;
    for row in rows.iter().filter(|r| r.form.starts_with(VIEW) || r.form.starts_with(ANSWER)) {
        if row.modified.plus_seconds(TOUCHED_SECONDS) < ctx.now {
            s.applications.keep(&ctx.actor, &row.form, &row.version, row.doc.clone()).await?;
        }
    }
    let mut views: Vec<(String, Filter)> =
        rows.iter().filter_map(|r| read(r, VIEW, "query")).map(|(name, query)| (name, parsed(&query))).collect();
    let mut answers: Vec<(String, String)> = rows.iter().filter_map(|r| read(r, ANSWER, "text")).collect();
    views.sort_by(|a, b| a.0.cmp(&b.0));
    answers.sort();
    let templates = s.templates(ctx.offset_hours).all(&ctx.actor).await?;
    Ok(Kept { views, answers, templates })
}

/// Where the visitor stands: what the list is narrowed to, and in which view.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    pub filter: &'a Filter,
    pub view: Option<&'a str>,
}

impl Here<'_> {
    /// The address of the list.
    pub fn href(self) -> String {
        let view = self.view.map(|name| format!("&view={}", encoded(name))).unwrap_or_default();
        format!("/tasks?{}{view}", query_of(self.filter))
    }

    fn done(self, what: &str) -> Response {
        Redirect::to(&format!("{}&done={what}", self.href())).into_response()
    }
}

/// A filter from the query of an address.
fn parsed(query: &str) -> Filter {
    let uri = format!("/?{query}").parse::<axum::http::Uri>();
    let fields = uri.ok().and_then(|uri| axum::extract::Query::<Fields>::try_from_uri(&uri).ok());
    filter_of(&fields.map(|q| q.0).unwrap_or_default())
}

#[derive(Template)]
#[template(path = "tasks/keeping.html")]
struct Keeping<'a> {
    ctx: &'a PageContext,
    query: String,
    view: &'a str,
    name: Html,
    views: Vec<(String, Html)>,
    answer_name: Html,
    answer_text: Html,
    answers: Vec<(String, String, Html)>,
    templates: Vec<(String, String, Html)>,
}

#[derive(Template)]
#[template(path = "tasks/bulk_acts.html")]
struct BulkActs<'a> {
    ctx: &'a PageContext,
    /// Answers of forms to choose from; empty where none are kept.
    answers: Html,
    template: Html,
    words: Html,
    over: bool,
}

impl Kept {
    /// The view that the visitor has chosen: the one that the address names, else the one of just these filters.
    pub fn chosen(&self, named: Option<&str>, now: &Filter) -> Option<&str> {
        let is = |name: &str| Some(name) == named;
        let named = self.views.iter().find(|(name, _)| is(name));
        let same = || self.views.iter().find(|(_, filter)| filter == now && *now != Filter::default());
        named.or_else(same).map(|(name, _)| name.as_str())
    }

    /// The views above the list, with how much is in each.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tabs(&self, ctx: &PageContext, desk: &Desk<'_>, now: Here<'_>) -> Result<Vec<View>, PageError> {
        if self.views.is_empty() {
            return Ok(Vec::new());
        }
        let all = (ctx.t("tasks-view-all"), Filter::default());
        let mut tabs = Vec::new();
        for (at, (name, filter)) in std::iter::once(&all).chain(&self.views).enumerate() {
            let count = if at <= COUNTED { amount(ctx, desk.count(filter).await?) } else { String::new() };
            let view = (at > 0).then_some(name.as_str());
            let current = now.view == view && (view.is_some() || now.filter == filter);
            tabs.push(View { name: name.clone(), href: Here { filter, view }.href(), count, current });
        }
        Ok(tabs)
    }

    /// Where the list is narrowed to something else than the chosen view: the way to keep it so.
    pub fn changed(&self, ctx: &PageContext, now: Here<'_>) -> Html {
        let Some(name) = now.view else { return Html::default() };
        if self.views.iter().any(|(n, filter)| n == name && filter == now.filter) {
            return Html::default();
        }
        let query = query_of(now.filter);
        let text = ctx.tf("tasks-view-update", &[("name", name.into())]);
        let (kind, fields) = (components::ButtonKind::Secondary, [("name", name), ("query", query.as_str())]);
        let button = PostButton { action: "/tasks/views", text, fields: &fields, kind, confirm: None };
        components::post_button(ctx, &button)
    }

    /// What is chosen for many tasks at once; `over` for who may dispose of what others of their body have.
    ///
    /// # Errors
    /// When its template fails.
    pub fn bulk(&self, ctx: &PageContext, over: bool) -> Result<Html, PageError> {
        let none = choice("", ctx.t("bulk-template-none"));
        let own = self.answers.iter().map(|(name, text)| choice(text, name.clone()));
        let of_packs = ctx.texts.keys(svod_kernel::Lang::Ru).filter(|k| k.starts_with(PACK_ANSWER));
        let of_packs = of_packs.map(|k| ctx.t(k)).map(|text| choice(&text, text.chars().take(80).collect()));
        let choices: Vec<Choice> = std::iter::once(none).chain(own).chain(of_packs).collect();
        let template = Field::select("template", ctx.t("bulk-template"), choices).hint(ctx.t("bulk-template-hint"));
        let words = Field::area("result", ctx.t("bulk-result")).html();
        let answers = if self.templates.is_empty() {
            Html::default()
        } else {
            let none = std::iter::once(choice("", ctx.t("bulk-template-none")));
            let all = none.chain(self.templates.iter().map(|t| choice(&t.key(), called(ctx, t))));
            let field = Field::select("answers", ctx.t("bulk-answers"), all.collect::<Vec<_>>());
            field.hint(ctx.t("bulk-answers-hint")).html()
        };
        let part = BulkActs { ctx, answers, template: template.html(), words, over };
        Html::of(&part).map_err(PageError::internal)
    }

    /// Forms that keep the present filter under a name, and an answer; `heads` for who disposes of what is kept for their body.
    ///
    /// # Errors
    /// When a template fails.
    pub fn forms(&self, ctx: &PageContext, now: Here<'_>, heads: bool) -> Result<Html, PageError> {
        if !ctx.signed_in() {
            return Ok(Html::default());
        }
        let (query, view) = (query_of(now.filter), now.view.unwrap_or_default());
        let drop = |action: &str, name: &str| {
            let text = ctx.tf("tasks-keep-drop", &[("name", name.into())]);
            let kind = components::ButtonKind::Secondary;
            let fields = [("name", name), ("query", query.as_str()), ("view", view)];
            components::post_button(ctx, &PostButton { action, text, fields: &fields, kind, confirm: None })
        };
        let part = Keeping {
            ctx,
            query: query.clone(),
            view,
            name: Field::text("name", ctx.t("tasks-view-name")).hint(ctx.t("tasks-view-hint")).required().html(),
            views: self.views.iter().map(|(n, _)| (n.clone(), drop("/tasks/views/drop", n))).collect(),
            answer_name: Field::text("answer", ctx.t("tasks-answer-name")).required().html(),
            answer_text: Field::area("words", ctx.t("tasks-answer-text")).required().html(),
            answers: self.answers.iter().map(|(n, t)| (n.clone(), t.clone(), drop("/tasks/answers/drop", n))).collect(),
            templates: {
                let disposes = |t: &Answers| !t.shared || heads;
                let dropped = |t: &Answers| {
                    if disposes(t) { drop("/tasks/templates/drop", &t.key()) } else { Html::default() }
                };
                self.templates
                    .iter()
                    .map(|t| (called(ctx, t), format!("{}, {}", t.form, t.version), dropped(t)))
                    .collect()
            },
        };
        Html::of(&part).map_err(PageError::internal)
    }
}

/// A template as it is chosen: whose it is where it is not one's own.
fn called(ctx: &PageContext, template: &Answers) -> String {
    let name = template.name.as_str();
    if template.shared { ctx.tf("bulk-answers-body", &[("name", name.into())]) } else { name.to_owned() }
}

/// What was just done.
pub fn banner(ctx: &PageContext, done: Option<&str>) -> Html {
    match done {
        Some(done @ ("view" | "answer" | "drop" | "renamed")) => {
            components::banner(Tone::Good, ctx.t(&format!("tasks-kept-{done}")), Html::default())
        }
        Some(done @ ("full" | "bad" | "taken")) => {
            let (title, text) = (format!("tasks-kept-{done}"), format!("tasks-kept-{done}-text"));
            components::banner(Tone::Warning, ctx.t(&title), ctx.t(&text))
        }
        _ => Html::default(),
    }
}

/// Only who works with tasks keeps something here.
fn allowed(ctx: &PageContext, s: &ServicesState) -> Result<(), PageError> {
    if roots(&s.registry, &ctx.actor, Action::Read, "Task").is_empty() { Err(ctx.refusal()) } else { Ok(()) }
}

fn named(fields: &Fields, field: &str) -> Option<String> {
    let name = fields.get(field)?.trim();
    let length = name.chars().count();
    ((1..=LONGEST.0).contains(&length) && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

async fn keep(
    ctx: &PageContext,
    s: &ServicesState,
    (beginning, name): (&str, &str),
    doc: Value,
) -> Result<bool, PageError> {
    let rows = s.applications.drafts(&ctx.actor).await?;
    let key = format!("{beginning}{name}");
    let others = rows.iter().filter(|r| r.form.starts_with(beginning) && r.form != key).count();
    if others >= MOST {
        return Ok(false);
    }
    s.applications.keep(&ctx.actor, &key, "1", doc.to_string()).await?;
    Ok(true)
}

/// Keeps the filter of the page under a name; with the name of before (`was`) the view is only called otherwise.
///
/// # Errors
/// When the store fails.
pub async fn keep_view(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(fields): CsrfForm<Fields>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    if fields.contains_key("was") {
        return renamed(&ctx, &s, &fields).await;
    }
    let filter = parsed(fields.get("query").map_or("", String::as_str));
    let here = Here { filter: &filter, view: None };
    let Some(name) = named(&fields, "name") else { return Ok(here.done("bad")) };
    let kept = keep(&ctx, &s, (VIEW, &name), json!({"query": query_of(&filter)})).await?;
    Ok(if kept { Here { view: Some(&name), ..here }.done("view") } else { here.done("full") })
}

/// Another name for a view; a name that another one has already is not taken from it.
async fn renamed(ctx: &PageContext, s: &ServicesState, fields: &Fields) -> Result<Response, PageError> {
    let rows = s.applications.drafts(&ctx.actor).await?;
    let key = |name: &str| format!("{VIEW}{name}");
    let was = fields.get("was").map_or("", String::as_str);
    let row = rows.iter().find(|r| r.form == key(was));
    let filter = row.and_then(|r| read(r, VIEW, "query")).map(|(_, query)| parsed(&query)).unwrap_or_default();
    let here = Here { filter: &filter, view: row.map(|_| was) };
    let (Some(row), Some(name)) = (row, named(fields, "name")) else { return Ok(here.done("bad")) };
    if name == was {
        return Ok(here.done("renamed"));
    }
    if rows.iter().any(|r| r.form == key(&name)) {
        return Ok(here.done("taken"));
    }
    s.applications.keep(&ctx.actor, &key(&name), &row.version, row.doc.clone()).await?;
    s.applications.discard(&ctx.actor, &row.form).await?;
    Ok(Here { view: Some(&name), ..here }.done("renamed"))
}

/// Keeps words to answer with under a name.
///
/// # Errors
/// When the store fails.
pub async fn keep_answer(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(fields): CsrfForm<Fields>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let filter = parsed(fields.get("query").map_or("", String::as_str));
    let here = Here { filter: &filter, view: view_of(&fields) };
    let text = fields.get("words").map_or("", |t| t.trim());
    let Some(name) = named(&fields, "answer").filter(|_| (1..=LONGEST.1).contains(&text.chars().count())) else {
        return Ok(here.done("bad"));
    };
    let kept = keep(&ctx, &s, (ANSWER, &name), json!({"text": text})).await?;
    Ok(here.done(if kept { "answer" } else { "full" }))
}

fn view_of(fields: &Fields) -> Option<&str> {
    fields.get("view").map(String::as_str).filter(|v| !v.is_empty())
}

async fn dropped(
    ctx: &PageContext,
    s: &ServicesState,
    beginning: &str,
    fields: &Fields,
) -> Result<Response, PageError> {
    allowed(ctx, s)?;
    let filter = parsed(fields.get("query").map_or("", String::as_str));
    let mut view = view_of(fields);
    if let Some(name) = named(fields, "name") {
        s.applications.discard(&ctx.actor, &format!("{beginning}{name}")).await?;
        // What was shown in it stays as it is; it is no view any more.
        view = view.filter(|v| beginning != VIEW || *v != name);
    }
    Ok(Here { filter: &filter, view }.done("drop"))
}

/// Throws a view away.
///
/// # Errors
/// When the store fails.
pub async fn drop_view(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(fields): CsrfForm<Fields>,
) -> Result<Response, PageError> {
    dropped(&ctx, &s, VIEW, &fields).await
}

/// Throws an answer away.
///
/// # Errors
/// When the store fails.
pub async fn drop_answer(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(fields): CsrfForm<Fields>,
) -> Result<Response, PageError> {
    dropped(&ctx, &s, ANSWER, &fields).await
}

/// Throws the answers of a form away.
///
/// # Errors
/// Forbidden for what the body keeps, but for who heads it; when the store fails.
pub async fn drop_template(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(fields): CsrfForm<Fields>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s)?;
    let filter = parsed(fields.get("query").map_or("", String::as_str));
    let key = fields.get("name").map_or("", String::as_str);
    match s.templates(ctx.offset_hours).discard(&ctx.actor, key).await {
        Ok(()) | Err(TemplateError::Unknown(_)) => {}
        Err(e) => return Err(e.into()),
    }
    Ok(Here { filter: &filter, view: view_of(&fields) }.done("drop"))
}
