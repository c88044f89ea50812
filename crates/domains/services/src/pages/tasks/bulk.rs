//! `POST /tasks/bulk`: one act on many tasks, each for itself: done, or why not. What decides something is shown first, for nobody
//! undoes it.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use svod_kernel::Urn;
use svod_portal::components::{self, Table, Tone};
use svod_portal::{CsrfForm, Html, Page, PageContext, PageError};
use svod_registry::Action;
use svod_runtime::TemplateError;

use super::sure;
use super::told::told;
use crate::ServicesState;
use crate::access::{address, roots};
use crate::pages::task::{Act, refusal};
use crate::worklist::PAGE;

#[derive(Template)]
#[template(path = "tasks/bulk.html")]
struct BulkPage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    table: Html,
    back: String,
}

/// The text for who has not said what to do.
const NO_ACT: &str = "bulk-no-act";

/// What was sent: names come as often as tasks are chosen.
struct Sent(Vec<(String, String)>);

impl Sent {
    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }

    fn tasks(&self) -> Vec<Urn> {
        let named = self.0.iter().filter(|(n, _)| n == "task").filter_map(|(_, v)| v.parse().ok());
        let mut seen = BTreeSet::new();
        named.filter(|urn: &Urn| seen.insert(urn.clone())).take(PAGE).collect()
    }

    /// What was written, else what was chosen.
    fn answer(&self) -> String {
        let written = self.text("result").trim();
        if written.is_empty() { self.text("template").trim().to_owned() } else { written.to_owned() }
    }

    /// A page of this site.
    fn back(&self) -> String {
        let back = self.text("back");
        if back == "/tasks" || back.starts_with("/tasks?") { back.to_owned() } else { "/tasks".to_owned() }
    }
}

/// Does it.
///
/// # Errors
/// When the store fails; [`PageError::forbidden`] for who may see no tasks. What is refused for one task is told in its row.
pub async fn act(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    if roots(&s.registry, &ctx.actor, Action::Read, "Task").is_empty() {
        return Err(ctx.refusal());
    }
    let (sent, mut form) = (Sent(fields), None);
    let tasks = sent.tasks();
    let act = match wanted(&ctx, &s, &sent).await? {
        Err(fault) if fault == NO_ACT => Err(fault),
        _ if tasks.is_empty() => Err("bulk-none"),
        wanted => wanted,
    };
    let act = match act {
        Ok(act) => act,
        Err(fault) => {
            let banner = components::banner(Tone::Warning, ctx.t("bulk-nothing"), ctx.t(fault));
            return Ok(page(&ctx, &sent, banner, Html::default(), StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    if let Act::Answer(template) = &act {
        form = sure::form_of(&s, template).await?.map(|(_, form)| form);
    }
    let sure = sent.text("sure") == "1";
    if act.is_final() && !(sure && sent.text("seen") == sure::digest(&act)) {
        let banner = if sure { sure::changed(&ctx) } else { Html::default() };
        return sure::ask(&ctx, &s, (&act, form.as_deref()), (&tasks, sent.back()), banner).await;
    }
    let mut table = Table::new(ctx.t("bulk-done-title")).hide_caption();
    table = table.column(ctx.t("bulk-task")).column(ctx.t("bulk-outcome"));
    let mut done = 0;
    for urn in &tasks {
        let outcome = match act.carry_out(&ctx, &s, urn).await {
            Ok(()) => {
                done += 1;
                components::level(Tone::Good, ctx.t(&format!("bulk-{}-done", act.word())))
            }
            Err(error) => components::level(Tone::Danger, refusal(&ctx, &error, form.as_deref())),
        };
        table.row([link(&ctx, &s, urn).await, outcome]);
    }
    let left = tasks.len() - done;
    let (tone, text) = match left {
        0 => (Tone::Good, Html::default()),
        left => (Tone::Warning, ctx.tf("bulk-left", &[("n", left.into())]).into()),
    };
    let args = [("done", done.into()), ("all", tasks.len().into())];
    let banner = components::banner(tone, ctx.tf("bulk-told", &args), text);
    Ok(page(&ctx, &sent, banner, table.html(), StatusCode::OK))
}

/// What is to be done, or the text of why nothing is.
async fn wanted(ctx: &PageContext, s: &ServicesState, sent: &Sent) -> Result<Result<Act, &'static str>, PageError> {
    if sent.text("act") == "answer" {
        return match s.templates(ctx.offset_hours).get(&ctx.actor, sent.text("answers")).await {
            Ok(template) => Ok(Ok(Act::Answer(Box::new(template)))),
            Err(TemplateError::Unknown(_)) => Ok(Err("bulk-no-template")),
            Err(e) => Err(e.into()),
        };
    }
    let answer = sent.answer();
    Ok(match Act::named(sent.text("act"), &answer) {
        None => Err(NO_ACT),
        Some(Act::Complete(_)) if answer.is_empty() => Err("bulk-no-answer"),
        Some(act) => Ok(act),
    })
}

fn page(ctx: &PageContext, sent: &Sent, banner: Html, table: Html, status: StatusCode) -> Response {
    let body = BulkPage { ctx, banner, table, back: sent.back() };
    let page = Page::new(ctx, ctx.t("bulk-done-title")).crumb(ctx.t("tasks-title"), "/tasks");
    page.body(&body).status(status).into_response()
}

pub(super) async fn link(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Html {
    let Ok(task) = s.registry.entity(&ctx.actor, urn).await else { return ctx.closed(urn).into() };
    components::link(&address("Task", urn), told(ctx, s, &task).await.title)
}

#[cfg(test)]
mod tests {
    use super::Sent;

    #[test]
    fn a_task_that_is_chosen_twice_is_done_once() {
        let sent = ["urn:t:a", "urn:t:b", "urn:t:a"].map(|urn| ("task".to_owned(), urn.to_owned()));
        let tasks: Vec<String> = Sent(sent.to_vec()).tasks().iter().map(ToString::to_string).collect();
        assert_eq!(tasks, ["urn:t:a", "urn:t:b"]);
    }

    #[test]
    fn one_comes_back_to_this_site_only() {
        let sent = |back: &str| Sent(vec![("back".to_owned(), back.to_owned())]).back();
        assert_eq!(sent("/tasks?status=open"), "/tasks?status=open");
        for elsewhere in ["//evil.example", "/tasksheet", "https://evil.example/tasks?", ""] {
            assert_eq!(sent(elsewhere), "/tasks", "{elsewhere}");
        }
    }
}
