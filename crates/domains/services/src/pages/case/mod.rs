//! `GET /cases/{urn}`: one case, the same page for who asked and for who answers.
//!
//! * `scene` – what belongs to a case and may be seen
//! * `now` – what happens, what is next, by when
//! * `traces` – what the journal says beside: who wrote a message, what was made
//! * `messages`, `decisions`, `issued`, `payments`, `papers`, `rating` – the parts of the page
//! * `offers` – what somebody is offered because of it, and how the body withdraws one
//! * `data` – what its process knows, for who answers
//! * `story` – what happened, in words; `GET /cases/{urn}/journal` has all of it
//! * `acts`, `object` – what is posted

mod acts;
mod data;
mod decisions;
mod issued;
mod messages;
mod now;
mod object;
mod offers;
pub(crate) mod papers;
mod payments;
mod rating;
mod scene;
mod story;
mod traces;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_model::Entity;
use svod_portal::components::{self, SummaryRow, Tone};
use svod_portal::{Html, Island, Page, PageContext, PageError};

pub use acts::{rate, write};
pub use object::{object, send as send_objection, show as objection};
pub use offers::withdraw;
pub use story::journal;

use crate::ServicesState;
use crate::access::address;
use crate::doers::acted;
use crate::evidence::Evidence;
use crate::facts;
use crate::names::Names;
use crate::pages::tasks::tone_of_status;
use crate::words::Words;
use scene::Scene;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
}

/// What is said above the case, and what of a form that was refused is kept.
#[derive(Default)]
struct Notice {
    status: StatusCode,
    banner: Html,
    /// Field and what is wrong with it.
    error: Option<(&'static str, String)>,
    /// What was written.
    written: String,
    /// Of the decision that was objected to.
    decision: Option<Urn>,
    /// Of the offer that was not withdrawn.
    offer: Option<Urn>,
}

impl Notice {
    /// What is wrong with a field.
    fn error_of(&self, field: &str) -> String {
        self.error.iter().find(|(name, _)| *name == field).map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// What was written into a field that is wrong.
    fn written_in(&self, field: &str) -> &str {
        if self.error_of(field).is_empty() { "" } else { &self.written }
    }
}

#[derive(Template)]
#[template(path = "case/case.html")]
struct CasePage<'a> {
    ctx: &'a PageContext,
    errors: Html,
    banner: Html,
    title: String,
    status: Html,
    clock: Html,
    simulated: Html,
    locked: Html,
    now: Html,
    rating: Html,
    decisions: Html,
    issued: Html,
    offers: Html,
    payments: Html,
    messages: Html,
    papers: Html,
    timeline: Html,
    journal: Option<String>,
    facts: Html,
    data: Html,
    tasks: Vec<(String, String, Html)>,
}

/// The page.
///
/// # Errors
/// Not found for who may not know of the case, forbidden for who may not see who did what.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let banner = match asked.done.as_deref() {
        Some(done @ ("sent" | "message" | "rate" | "object" | "accept" | "withdraw")) => {
            let (title, text) = (ctx.t(&format!("case-{done}")), ctx.t(&format!("case-{done}-text")));
            components::banner(Tone::Good, title, text)
        }
        _ => Html::default(),
    };
    render(&ctx, &s, &urn, Notice { banner, ..Notice::default() }).await
}

async fn render(ctx: &PageContext, s: &ServicesState, urn: &Urn, notice: Notice) -> Result<Response, PageError> {
    let scene = Scene::of(ctx, s, urn).await?;
    let told = story::last(ctx, s, &scene).await?;
    let traces = traces::of(ctx, s, &scene.case).await?;
    let issued = issued::of(ctx, s, (&scene, &traces)).await?;
    let chains: Vec<_> = told.events.iter().filter_map(acted).chain(traces.acted()).collect();
    let data = data::of(ctx, s, &scene);
    let mentioned = scene.mentioned().chain(told.mentioned()).chain(data.values().flat_map(facts::mentioned));
    let names = Names::load(&s.registry, &ctx.actor, mentioned).await?;
    let names = names.with_doers(&s.registry, &chains).await?.with_forms(scene.programs.clone());
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    let reading = scene.alert.as_ref().and_then(|a| Evidence::parse(a.text("inputs")?)?.reading);
    let simulated = reading.as_ref().is_some_and(|r| r.simulated);
    let title = title(&words, &scene.case, scene.alert.as_ref());
    let errors: Vec<(String, String)> =
        notice.error.iter().map(|(field, text)| ((*field).to_owned(), text.clone())).collect();
    let body = CasePage {
        ctx,
        errors: components::error_summary(ctx, &errors),
        title: title.clone(),
        status: status(ctx, &scene.case),
        clock: clock(ctx, &scene.case),
        simulated: if simulated { components::simulated_tag(ctx) } else { Html::default() },
        locked: locked(ctx, &scene),
        now: now::part(&words, &scene),
        rating: rating::part(ctx, &scene, &notice)?,
        decisions: decisions::part(&words, &scene, &notice)?,
        issued: issued::part(&words, &scene, &issued)?,
        offers: offers::part(ctx, &scene.case, &traces.offers, &notice)?,
        payments: payments::part(ctx, &scene),
        messages: messages::part(&words, (&scene, &traces), &notice)?,
        papers: papers::part(ctx, s, &scene).await?,
        timeline: story::timeline(&words, &scene, reading.as_ref(), &told.events),
        journal: told.more.then(|| format!("{}/journal", address("Case", urn))),
        facts: about(&words, &scene.case, scene.alert.as_ref()),
        data: data::part(&words, &scene.case, &data),
        tasks: scene.tasks.iter().map(|t| task_link(&words, &scene.case, t)).collect(),
        banner: notice.banner,
    };
    let page = crumbs(ctx, &scene.case, title).body(&body).simulated(simulated).status(notice.status);
    Ok(page.island(Island::Forms).into_response())
}

/// A page about a case, in its place.
fn crumbs<'a>(ctx: &'a PageContext, case: &Entity, title: String) -> Page<'a> {
    match case.text("service") {
        Some(_) => Page::new(ctx, title).crumb(ctx.t("services-title"), "/services"),
        None => Page::new(ctx, title).crumb(ctx.t("tasks-title"), "/tasks"),
    }
}

fn title(words: &Words<'_>, case: &Entity, alert: Option<&Entity>) -> String {
    if let Some((_, service)) = case.text("service").and_then(|s| s.split_once('/')) {
        return words.ctx.t(&format!("service-{service}"));
    }
    let kind = alert.and_then(|a| a.text("kind")).map(|k| words.ctx.t_or(&format!("alert-{k}"), k));
    let asset = alert.and_then(|a| a.object("entity")).map(|u| words.names.called(words.ctx, u));
    let about = [kind, asset].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let about = Some(about).filter(|about| !about.is_empty()).or_else(|| case.text("number").map(str::to_owned));
    match about {
        Some(about) => words.ctx.tf("case-title", &[("about", about.into())]),
        None => words.kind("Case"),
    }
}

fn status(ctx: &PageContext, case: &Entity) -> Html {
    let status = case.text("status").unwrap_or_default();
    let tone = if status == "closed" { Tone::Good } else { Tone::Info };
    components::tag(tone, ctx.word("CaseStatus", status))
}

/// How the term of an open case runs.
pub(crate) fn clock(ctx: &PageContext, case: &Entity) -> Html {
    let Some(clock) = case.text("clock").filter(|_| case.text("status") == Some("open")) else {
        return Html::default();
    };
    let tone = match clock {
        "warned" => Tone::Warning,
        "overdue" => Tone::Danger,
        _ => Tone::Quiet,
    };
    components::tag(tone, ctx.word("CaseClock", clock))
}

/// For who answers and has no ground to see what people wrote: how to get one.
fn locked(ctx: &PageContext, scene: &Scene) -> Html {
    if !scene.locked {
        return Html::default();
    }
    let link = components::link("/people", ctx.t("case-locked-open"));
    let text = Html::join([ctx.t("case-locked-text").into(), " ".into(), link]);
    components::banner(Tone::Info, ctx.t("case-locked"), text)
}

fn about(words: &Words<'_>, case: &Entity, alert: Option<&Entity>) -> Html {
    let ctx = words.ctx;
    let mut rows = Vec::new();
    if let Some(number) = case.text("number") {
        rows.push(SummaryRow::new(ctx.t("case-number"), number));
    }
    if let Some(asset) = alert.and_then(|a| a.object("entity")) {
        rows.push(SummaryRow::new(ctx.t("task-asset"), words.thing(asset)));
    }
    rows.push(SummaryRow::new(ctx.t("task-place"), words.space(&case.space)));
    if let Some(body) = case.object("body") {
        rows.push(SummaryRow::new(ctx.t("task-body"), words.thing(body)));
    }
    if let Some(about) = case.object("about") {
        rows.push(SummaryRow::new(ctx.t("case-against"), words.thing(about)));
    }
    if let Some(alert) = alert {
        let word = alert.text("status").map(|v| ctx.word("AlertStatus", v)).unwrap_or_default();
        rows.push(SummaryRow::new(ctx.t("why-alert-status"), word));
    }
    if let Some(outcome) = case.text("outcome") {
        rows.push(SummaryRow::new(ctx.t("case-outcome"), ctx.word("CaseOutcome", outcome)));
    }
    let open = case.text("status") == Some("open");
    let term = open.then_some(("case-deadline", "deadline"));
    for (key, name) in [("case-opened", "openedAt"), ("case-closed", "closedAt")].into_iter().chain(term) {
        if let Some(at) = case.time(name) {
            rows.push(SummaryRow::new(ctx.t(key), components::time(ctx, at)));
        }
    }
    if let Some(process) = case.text("process") {
        let name = ctx.t_or(&format!("process-{process}"), process);
        let version = case.text("processVersion").unwrap_or_default();
        let value = format!(r#"{} <span class="muted">{}</span>"#, Html::from(name), Html::text(version));
        rows.push(SummaryRow::new(ctx.t("case-process"), Html::trusted(value)));
    }
    components::summary_list(&rows)
}

fn task_link(words: &Words<'_>, case: &Entity, task: &Entity) -> (String, String, Html) {
    let ctx = words.ctx;
    let status = task.text("status").unwrap_or_default();
    let tag = components::tag(tone_of_status(status), ctx.word("TaskStatus", status));
    (address("Task", &task.id), step_name(words, case, task), tag)
}

/// What a task of the case is called.
fn step_name(words: &Words<'_>, case: &Entity, task: &Entity) -> String {
    svod_runtime::task_name(&words.ctx.texts, words.ctx.lang, task, Some(case))
}

/// What people wrote, with its lines.
fn lines(text: &str) -> Html {
    let lines: Vec<String> = text.lines().map(|line| Html::text(line).to_string()).collect();
    Html::trusted(lines.join("<br>"))
}
