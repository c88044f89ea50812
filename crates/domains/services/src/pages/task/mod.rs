//! `GET /tasks/{urn}`: why a task arose, and what can be done with it.
//!
//! * `act` – what can be done with a task, alone or with many; `acts` – what is posted on its page
//! * `matter` – what is decided on; `form` – the form by which that is done
//! * `template` – its answers, kept to be given to others
//! * `why` – why it arose

mod act;
mod acts;
pub mod form;
mod matter;
mod template;
mod why;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Field, SummaryRow, Tone};
use svod_portal::{Html, Island, Page, PageContext, PageError};
use svod_registry::{Action, QueryError};

pub use act::{Act, refusal};
pub use acts::{accept, complete, release, substitute, take};
pub use template::keep as keep_template;

use crate::ServicesState;
use crate::access::{address, seen};
use crate::evidence::Evidence;
use crate::names::Names;
use crate::pages::tasks::{deadline, task_title, tone_of_status};
use crate::words::Words;
use crate::worklist::{mine, overdue};
use matter::Matter;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
}

/// What is said above the task.
#[derive(Default)]
struct Notice {
    status: StatusCode,
    banner: Html,
    result: String,
    result_error: String,
}

/// What the visitor may do with it now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct May {
    take: bool,
    /// It waits for somebody in another post: the head of its body.
    other: bool,
    release: bool,
    complete: bool,
    /// It is done by its form.
    fill: bool,
    /// What its applicant wrote is not open to them any more; taken again it is.
    reopen: bool,
    /// Somebody has it who is away, and the visitor stands in for them.
    over: bool,
    /// What the rules propose can be accepted as it stands.
    accept: bool,
}

impl May {
    async fn of(ctx: &PageContext, s: &ServicesState, task: &Entity) -> Result<Self, QueryError> {
        let resource = s.registry.resource_of(task);
        let may = |a| s.registry.may(&ctx.actor, a, &resource);
        let mine = mine(task, &ctx.actor);
        let closed = task.object("person").is_some() && !s.registry.may_see_attribute(&ctx.actor, task, "input");
        let shown = svod_runtime::shown_to(&s.registry, &ctx.actor, task.clone()).await?;
        let closed = closed && shown.text("input").is_none();
        let offered = task.text("status") == Some("offered");
        let other = offered && !s.tasks.is_for(&ctx.actor, task).await?;
        let take = offered && !other && may(Action::Take);
        let able = (take || (mine && !closed)) && may(Action::Complete);
        Ok(Self {
            take,
            other,
            accept: able && s.acceptance(ctx.offset_hours).is_proposed(task).await?,
            release: mine && may(Action::Take),
            complete: mine && may(Action::Complete) && task.text("form").is_none(),
            fill: mine && may(Action::Complete) && task.text("form").is_some(),
            reopen: mine && closed && may(Action::Take),
            over: s.handover().may(&ctx.actor, task).await?,
        })
    }
}

#[derive(Template)]
#[template(path = "task/task.html")]
struct TaskPage<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    errors: Html,
    banner: Html,
    severity: Html,
    status: Html,
    simulated: Html,
    overdue: bool,
    why: Vec<Html>,
    ground: Html,
    inputs: Html,
    facts: Html,
    next: String,
    given: Html,
    proposed: Html,
    may: May,
    keeping: Html,
    href: String,
    result: Html,
    done: Option<String>,
    case: Option<String>,
}

/// The page.
///
/// # Errors
/// [`QueryError::NotFound`] also for who may not know of the task.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let banner = match asked.done.as_deref() {
        Some(done @ ("take" | "release" | "complete" | "substitute" | "template")) => {
            let (title, text) = (ctx.t(&format!("task-done-{done}")), ctx.t(&format!("task-done-{done}-text")));
            components::banner(Tone::Good, title, text)
        }
        _ => Html::default(),
    };
    render(&ctx, &s, &urn, Notice { banner, ..Notice::default() }).await
}

/// A task and everything around it.
struct Scene {
    task: Entity,
    alert: Option<Entity>,
    asset: Option<Entity>,
    names: Names,
}

async fn scene(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<Scene, PageError> {
    let task = seen(ctx, s.registry.entity(&ctx.actor, urn).await)?;
    if task.kind != "Task" {
        return Err(QueryError::NotFound(format!("task {urn}")).into());
    }
    let alert = other(ctx, s, task.object("alert")).await?;
    let asset = other(ctx, s, alert.as_ref().and_then(|a| a.object("entity"))).await?;
    let bodies = task.object("body").cloned().into_iter();
    let owner = asset.as_ref().and_then(|a| a.object("owner").cloned());
    let mut names = Names::load(&s.registry, &ctx.actor, bodies.chain(owner)).await?;
    for e in [&alert, &asset].into_iter().flatten() {
        names.learn(&s.registry.catalogue().metamodel, e);
    }
    Ok(Scene { task, alert, asset, names })
}

async fn other(ctx: &PageContext, s: &ServicesState, urn: Option<&Urn>) -> Result<Option<Entity>, QueryError> {
    let Some(urn) = urn else { return Ok(None) };
    match s.registry.entity(&ctx.actor, urn).await {
        Ok(e) => Ok(Some(e)),
        Err(QueryError::NotFound(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

async fn render(ctx: &PageContext, s: &ServicesState, urn: &Urn, notice: Notice) -> Result<Response, PageError> {
    let scene = scene(ctx, s, urn).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &scene.names };
    let evidence = scene.alert.as_ref().and_then(|a| Evidence::parse(a.text("inputs")?));
    let simulated = evidence.as_ref().and_then(|e| e.reading.as_ref()).is_some_and(|r| r.simulated);
    let may = May::of(ctx, s, &scene.task).await?;
    let matter = Matter::of(ctx, s, &scene.task).await?;
    let title = title(ctx, &scene, matter.case.as_ref());
    let mut errors = Vec::new();
    if !notice.result_error.is_empty() {
        errors.push(("result".to_owned(), notice.result_error.clone()));
    }
    let result = Field::area("result", ctx.t("task-result"))
        .hint(ctx.t("task-result-hint"))
        .value(notice.result)
        .error(notice.result_error)
        .required();
    let severity = scene.task.text("severity").or_else(|| scene.alert.as_ref()?.text("severity"));
    let status = scene.task.text("status").unwrap_or_default();
    let body = TaskPage {
        ctx,
        title: &title,
        errors: components::error_summary(ctx, &errors),
        banner: notice.banner,
        severity: severity.map(|v| components::tag(Tone::of_severity(v), ctx.word("Severity", v))).unwrap_or_default(),
        status: components::tag(tone_of_status(status), ctx.word("TaskStatus", status)),
        simulated: if simulated { components::simulated_tag(ctx) } else { Html::default() },
        overdue: overdue(&scene.task, ctx.now),
        why: evidence.as_ref().map(|e| why::sentences(&words, &scene, e)).unwrap_or_default(),
        ground: why::ground(&words, &scene, evidence.as_ref()),
        inputs: evidence.as_ref().map(|e| why::inputs(&words, e)).unwrap_or_default(),
        facts: facts(&words, &scene),
        next: next(&words, &scene.task, may),
        given: matter.html(ctx, s, &scene.task),
        proposed: if may.accept { matter.proposed(ctx, s, &scene.task) } else { Html::default() },
        may,
        keeping: template::part(ctx, s, &scene.task, may).await?,
        href: address("Task", &scene.task.id),
        result: result.html(),
        done: scene.task.text("result").map(str::to_owned),
        case: scene.task.object("case").map(|c| address("Case", c)),
    };
    let page = Page::new(ctx, title.clone()).crumb(ctx.t("tasks-title"), "/tasks");
    Ok(page.body(&body).simulated(simulated).island(Island::Forms).status(notice.status).into_response())
}

fn title(ctx: &PageContext, scene: &Scene, case: Option<&Entity>) -> String {
    let Some(alert) = &scene.alert else { return task_title(ctx, &scene.task, case) };
    let of = |name: &str| scene.task.text(name).or_else(|| alert.text(name));
    let kind = of("kind").unwrap_or_default();
    let what = ctx.t_or(&format!("alert-{kind}"), kind);
    let asset = scene.asset.as_ref().and_then(|a| a.text("name")).or_else(|| of("name"));
    match asset {
        Some(asset) if !what.is_empty() => format!("{what}: {asset}"),
        Some(asset) => asset.to_owned(),
        None => what,
    }
}

fn facts(words: &Words<'_>, scene: &Scene) -> Html {
    let (ctx, task) = (words.ctx, &scene.task);
    let mut rows = Vec::new();
    let mut add = |key: String, value: Html| rows.push(SummaryRow::new(key, value));
    add(ctx.t("task-deadline"), deadline(ctx, task));
    if let Some(asset) = &scene.asset {
        add(ctx.t("task-asset"), words.thing(&asset.id));
    }
    add(ctx.t("task-place"), place(words, &task.space, task));
    add(ctx.t("task-body"), task.object("body").map_or_else(|| ctx.t("task-no-body").into(), |b| words.thing(b)));
    let offered = task.time("offeredAt").or_else(|| task.time("createdAt")).unwrap_or(task.created_at);
    add(ctx.t("task-offered"), components::time(ctx, offered));
    if let Some(by) = task.text("takenBy") {
        let at = task.time("takenAt").map(|at| Html::join([", ".into(), components::time(ctx, at)]));
        add(ctx.t("task-taken"), Html::join([words.actor(by).into(), at.unwrap_or_default()]));
    }
    if let Some(at) = task.time("completedAt") {
        add(ctx.t("task-completed"), components::time(ctx, at));
    }
    components::summary_list(&rows)
}

fn place(words: &Words<'_>, space: &SpacePath, task: &Entity) -> Html {
    let name = words.space(space);
    match task.point("location") {
        Some(p) => {
            let at = [p.lat, p.lon].map(|d| svod_text::format_number(words.ctx.lang, d, 4));
            let text =
                words.ctx.tf("task-coordinates", &[("lat", at[0].as_str().into()), ("lon", at[1].as_str().into())]);
            Html::trusted(format!(r#"{}<br><span class="muted number">{}</span>"#, Html::from(name), Html::from(text)))
        }
        None => name.into(),
    }
}

/// What happens next: to the task, and by whom.
fn next(words: &Words<'_>, task: &Entity, may: May) -> String {
    let ctx = words.ctx;
    let body = task.object("body").map(|b| words.names.called(ctx, b));
    match task.text("status").unwrap_or_default() {
        "done" => ctx.t("task-next-done"),
        "taken" if may.fill => ctx.t("task-next-fill"),
        "taken" if may.complete => ctx.t("task-next-mine"),
        "taken" => {
            let who = task.text("takenBy").map(|n| words.actor(n)).unwrap_or_else(|| ctx.t("somebody"));
            ctx.tf("task-next-taken", &[("who", who.into())])
        }
        _ if may.take && task.text("form").is_some() => ctx.t("task-next-take-form"),
        _ if may.take => ctx.t("task-next-take"),
        _ if may.other => match body {
            Some(body) => ctx.tf("task-next-head", &[("body", body.into())]),
            None => ctx.t("task-next-head-nobody"),
        },
        _ => match body {
            Some(body) => ctx.tf("task-next-others", &[("body", body.into())]),
            None => ctx.t("task-next-nobody"),
        },
    }
}
