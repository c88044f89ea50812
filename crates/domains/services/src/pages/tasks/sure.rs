//! What will happen to many tasks at once, before it does: with what they are answered, which of them will be, and why the others not.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use serde_json::json;
use svod_forms::Form;
use svod_kernel::Urn;
use svod_portal::components::{self, Table, Tone};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_registry::{Programs, QueryError};
use svod_runtime::Template;

use super::bulk::link;
use crate::ServicesState;
use crate::facts::Facts;
use crate::names::Names;
use crate::pages::task::{Act, refusal};
use crate::words::Words;

#[derive(askama::Template)]
#[template(path = "tasks/sure.html")]
struct SurePage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    title: String,
    lead: String,
    answers: Html,
    table: Html,
    go: String,
    act: &'a str,
    key: String,
    /// What is shown, so that nothing else is done.
    seen: String,
    tasks: Vec<String>,
    back: String,
}

/// The form that a template answers, with the programs that it stands in; none when that version is not there any more.
///
/// # Errors
/// When the store fails.
pub async fn form_of(s: &ServicesState, template: &Template) -> Result<Option<(Arc<Programs>, Arc<Form>)>, PageError> {
    let Some((pack, file)) = template.form.split_once('/') else { return Ok(None) };
    let programs = s.registry.programs(pack, &template.version).await.map_err(QueryError::from)?;
    Ok(programs.and_then(|p| p.forms.get(file).cloned().map(|form| (p, form))))
}

/// With what tasks are answered, in short: what was shown and what is done are the same. Empty where nothing of the kind is shown.
pub fn digest(act: &Act) -> String {
    let Act::Answer(template) = act else { return String::new() };
    let told = json!([template.form, template.version, template.answers]).to_string();
    svod_ledger::leaf(told.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is said when it was shown with something else.
pub fn changed(ctx: &PageContext) -> Html {
    components::banner(Tone::Warning, ctx.t("bulk-sure-changed"), ctx.t("bulk-sure-changed-text"))
}

/// The page.
///
/// # Errors
/// When the store fails.
pub async fn ask(
    ctx: &PageContext,
    s: &ServicesState,
    (act, form): (&Act, Option<&Form>),
    (tasks, back): (&[Urn], String),
    banner: Html,
) -> Result<Response, PageError> {
    let mut table = Table::new(ctx.t("bulk-sure-tasks")).hide_caption();
    table = table.column(ctx.t("bulk-task")).column(ctx.t("bulk-will"));
    let mut able = Vec::new();
    for urn in tasks {
        let outcome = match act.would(ctx, s, urn).await {
            Ok(()) => {
                able.push(urn.to_string());
                components::level(Tone::Good, ctx.t(&format!("bulk-will-{}", act.word())))
            }
            Err(error) => components::level(Tone::Danger, refusal(ctx, &error, form)),
        };
        table.row([link(ctx, s, urn).await, outcome]);
    }
    let (lead, answers, key) = match act {
        Act::Answer(template) => {
            let args = [("name", template.name.as_str().into()), ("n", able.len().into())];
            (ctx.tf("bulk-sure-answer", &args), answers(ctx, s, template).await?, template.key())
        }
        _ => (ctx.tf("bulk-sure-accept", &[("n", able.len().into())]), Html::default(), String::new()),
    };
    let body = SurePage {
        ctx,
        banner,
        title: ctx.t("bulk-sure-title"),
        lead: if able.is_empty() { ctx.t("bulk-sure-none") } else { lead },
        answers,
        table: table.html(),
        go: ctx.tf("bulk-sure-go", &[("n", able.len().into())]),
        act: act.word(),
        key,
        seen: digest(act),
        tasks: able,
        back,
    };
    let page = Page::new(ctx, ctx.t("bulk-sure-title")).crumb(ctx.t("tasks-title"), "/tasks");
    Ok(page.body(&body).into_response())
}

/// The answers in the words of their form.
async fn answers(ctx: &PageContext, s: &ServicesState, template: &Template) -> Result<Html, PageError> {
    let programs = form_of(s, template).await?.map(|(programs, _)| programs);
    let (catalogue, names) = (s.registry.catalogue(), Names::default().with_forms(programs));
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    let rows = Facts::new(&words, names.programs()).rows(&template.answers);
    Ok(components::summary_list(&rows))
}
