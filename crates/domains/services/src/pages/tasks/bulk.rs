//! `POST /tasks/bulk`: one act on many tasks, each for itself: done, or why not.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use svod_kernel::Urn;
use svod_portal::components::{self, Table, Tone};
use svod_portal::{CsrfForm, Html, Page, PageContext, PageError};
use svod_registry::Action;

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

/// What was sent: names come as often as tasks are chosen.
struct Sent(Vec<(String, String)>);

impl Sent {
    fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str())
    }

    fn tasks(&self) -> Vec<Urn> {
        let mut all: Vec<Urn> =
            self.0.iter().filter(|(n, _)| n == "task").filter_map(|(_, v)| v.parse().ok()).take(PAGE).collect();
        all.dedup();
        all
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
    let sent = Sent(fields);
    let (tasks, answer) = (sent.tasks(), sent.answer());
    let act = Act::named(sent.text("act"), &answer);
    let fault = match &act {
        None => Some("bulk-no-act"),
        _ if tasks.is_empty() => Some("bulk-none"),
        Some(Act::Complete(_)) if answer.is_empty() => Some("bulk-no-answer"),
        _ => None,
    };
    let Some(act) = act.filter(|_| fault.is_none()) else {
        let text = ctx.t(fault.unwrap_or("bulk-no-act"));
        let banner = components::banner(Tone::Warning, ctx.t("bulk-nothing"), text);
        return Ok(page(&ctx, &sent, banner, Html::default(), StatusCode::UNPROCESSABLE_ENTITY));
    };
    let mut table = Table::new(ctx.t("bulk-done-title")).hide_caption();
    table = table.column(ctx.t("bulk-task")).column(ctx.t("bulk-outcome"));
    let mut done = 0;
    for urn in &tasks {
        let outcome = match act.carry_out(&ctx, &s, urn).await {
            Ok(()) => {
                done += 1;
                components::level(Tone::Good, ctx.t(&format!("bulk-{}-done", act.word())))
            }
            Err(error) => components::level(Tone::Danger, refusal(&ctx, &error)),
        };
        table.row([link(&ctx, &s, urn).await, outcome]);
    }
    let tone = if done == tasks.len() { Tone::Good } else { Tone::Warning };
    let args = [("done", done.into()), ("all", tasks.len().into())];
    let banner = components::banner(tone, ctx.tf("bulk-told", &args), Html::default());
    Ok(page(&ctx, &sent, banner, table.html(), StatusCode::OK))
}

fn page(ctx: &PageContext, sent: &Sent, banner: Html, table: Html, status: StatusCode) -> Response {
    let body = BulkPage { ctx, banner, table, back: sent.back() };
    let page = Page::new(ctx, ctx.t("bulk-done-title")).crumb(ctx.t("tasks-title"), "/tasks");
    page.body(&body).status(status).into_response()
}

async fn link(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Html {
    let Ok(task) = s.registry.entity(&ctx.actor, urn).await else { return Html::text(urn.local()) };
    components::link(&address("Task", urn), told(ctx, s, &task).await.title)
}

#[cfg(test)]
mod tests {
    use super::Sent;

    #[test]
    fn one_comes_back_to_this_site_only() {
        let sent = |back: &str| Sent(vec![("back".to_owned(), back.to_owned())]).back();
        assert_eq!(sent("/tasks?status=open"), "/tasks?status=open");
        for elsewhere in ["//evil.example", "/tasksheet", "https://evil.example/tasks?", ""] {
            assert_eq!(sent(elsewhere), "/tasks", "{elsewhere}");
        }
    }
}
