use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use svod_kernel::{Lang, Problem, Role};

use crate::assets::{self, Head, Island};
use crate::components;
use crate::context::PageContext;
use crate::html::Html;

/// A page: the shell around what a domain rendered.
pub struct Page<'a> {
    ctx: &'a PageContext,
    title: String,
    body: Html,
    islands: Vec<Island>,
    crumbs: Vec<(String, String)>,
    status: StatusCode,
    class: &'static str,
    simulated: bool,
}

struct NavItem {
    href: &'static str,
    text: String,
    current: bool,
}

struct LangItem {
    tag: &'static str,
    name: &'static str,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "shell.html")]
struct Shell<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    body: &'a Html,
    head: Head,
    texts_url: String,
    nav: Vec<NavItem>,
    languages: Vec<LangItem>,
    breadcrumbs: Html,
    class: &'static str,
    simulated: bool,
    version: &'static str,
}

impl<'a> Page<'a> {
    /// A page with this title; its body should begin with an `h1`.
    pub fn new(ctx: &'a PageContext, title: impl Into<String>) -> Self {
        Self {
            ctx,
            title: title.into(),
            body: Html::default(),
            islands: Vec::new(),
            crumbs: Vec::new(),
            status: StatusCode::OK,
            class: "",
            simulated: false,
        }
    }

    /// The page's content, from a template of the domain.
    #[must_use]
    pub fn body(mut self, template: &impl Template) -> Self {
        match Html::of(template) {
            Ok(html) => self.body = html,
            Err(e) => {
                tracing::error!(page = room(&self.ctx.path), error = %e, "template failed");
                return Self { ctx: self.ctx, ..failed(self.ctx, StatusCode::INTERNAL_SERVER_ERROR, None) };
            }
        }
        self
    }

    /// The page's content, already rendered.
    #[must_use]
    pub fn html(mut self, body: Html) -> Self {
        self.body = body;
        self
    }

    /// A script that the page is richer with.
    #[must_use]
    pub fn island(mut self, island: Island) -> Self {
        self.islands.push(island);
        self
    }

    /// A step of the way to this page, outermost first; the page itself is added by its title.
    #[must_use]
    pub fn crumb(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push((text.into(), href.into()));
        self
    }

    /// The content takes the whole window, without margins: the map.
    #[must_use]
    pub fn full(mut self) -> Self {
        self.class = "full wide";
        self
    }

    /// The content takes the window's width: large tables.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.class = "wide";
        self
    }

    /// Says above the content that it shows simulated data.
    #[must_use]
    pub fn simulated(mut self, simulated: bool) -> Self {
        self.simulated = simulated;
        self
    }

    /// Another status than 200.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn shell(&self) -> Shell<'_> {
        let ctx = self.ctx;
        Shell {
            ctx,
            title: &self.title,
            body: &self.body,
            head: assets::head(&self.islands),
            texts_url: format!("/assets/texts/{}", ctx.portal.0.texts.island_name(ctx.lang)),
            nav: nav(ctx),
            languages: Lang::ALL
                .iter()
                .map(|l| LangItem { tag: l.tag(), name: l.own_name(), href: ctx.here_in(*l), current: *l == ctx.lang })
                .collect(),
            breadcrumbs: if self.crumbs.is_empty() {
                Html::default()
            } else {
                components::breadcrumbs(ctx, &self.crumbs, &self.title)
            },
            class: self.class,
            simulated: self.simulated,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        match self.shell().render() {
            Ok(html) => {
                let mut response = (self.status, html).into_response();
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
                response
            }
            Err(e) => {
                tracing::error!(page = room(&self.ctx.path), error = %e, "shell failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// Which rooms a visitor is shown the way to. What they may do there, the policies say.
fn nav(ctx: &PageContext) -> Vec<NavItem> {
    let works = [Role::Official, Role::Governor, Role::Administrator].iter().any(|r| ctx.actor.is(*r));
    let runs = ctx.actor.is(Role::Administrator);
    let oversees = ctx.actor.is(Role::Auditor);
    [
        (true, "/", "nav-map"),
        (ctx.session.is_some(), "/my", "nav-my"),
        (true, "/services", "nav-services"),
        (true, "/bodies", "nav-bodies"),
        (works, "/tasks", "nav-tasks"),
        (works, "/people", "nav-people"),
        (works, "/operations/payments", "nav-payments"),
        (works, "/journal", "nav-journal"),
        (oversees, "/oversight", "nav-oversight"),
        (runs, "/packs", "nav-packs"),
        (runs, "/operations/cases", "nav-cases"),
        (runs, "/quarantine", "nav-quarantine"),
        (runs, "/devices", "nav-devices"),
        (runs, "/accounts", "nav-accounts"),
        (runs, "/clients", "nav-clients"),
        (true, "/api", "nav-api"),
    ]
    .into_iter()
    .filter(|(shown, ..)| *shown)
    .map(|(_, href, key)| NavItem { href, text: ctx.t(key), current: is_current(href, &ctx.path) })
    .collect()
}

fn is_current(href: &str, path: &str) -> bool {
    match href {
        "/" => path == "/" || path.starts_with("/entities/"),
        _ => path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    ctx: &'a PageContext,
    status: u16,
    title: &'a str,
    text: String,
    sign_in: bool,
    problem: Option<&'a Problem>,
}

/// The page of a problem.
pub(crate) fn failure(ctx: &PageContext, problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    failed(ctx, status, Some(problem)).into_response()
}

/// The page of a status of which nothing more is known.
pub(crate) fn bare_failure(ctx: &PageContext, status: StatusCode) -> Response {
    failed(ctx, status, None).into_response()
}

fn failed<'a>(ctx: &'a PageContext, status: StatusCode, problem: Option<&Problem>) -> Page<'a> {
    let kind = match status.as_u16() {
        401 => "401",
        403 => "403",
        404 | 410 => "404",
        409 | 412 => "409",
        429 | 503 => "503",
        400..=499 => "400",
        _ => "500",
    };
    let title = ctx.t(&format!("error-{kind}-title"));
    let general = format!("error-{kind}-text");
    let text = match problem {
        Some(p) => ctx.t_or(&format!("problem-{}", p.code), &ctx.t(&general)),
        None => ctx.t(&general),
    };
    let page = ErrorPage {
        ctx,
        status: status.as_u16(),
        title: &title,
        text,
        sign_in: !ctx.signed_in() && matches!(kind, "401" | "403"),
        // What failed inside is told to the log, never to the page.
        problem: problem.filter(|p| p.status < 500),
    };
    let body = page.render().map(Html::trusted).unwrap_or_default();
    Page::new(ctx, title.clone()).html(body).status(status)
}

/// The first part of a path: the rest may name people.
fn room(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_current;

    #[test]
    fn the_room_one_is_in_is_marked() {
        assert!(is_current("/", "/") && is_current("/", "/entities/urn:x:1"));
        assert!(is_current("/tasks", "/tasks/urn:x:1") && !is_current("/tasks", "/tasksheet"));
        assert!(!is_current("/", "/tasks") && !is_current("/api", "/"));
    }
}
