//! In the place of a page that the visitor may not see: who may, and how to become one of them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use svod_portal::{Page, PageContext};
use svod_registry::{Action, Registry};

use crate::access;

#[derive(Template)]
#[template(path = "locked/locked.html")]
struct Locked<'a> {
    ctx: &'a PageContext,
    title: String,
    text: String,
    personas: Vec<String>,
    sign_in: String,
}

/// `what` is `tasks` or `journal`; `action` on things of type `kind` is what the page needs.
pub fn page(ctx: &PageContext, registry: &Registry, what: &str, action: Action, kind: &str) -> Response {
    let title = ctx.t(&format!("{what}-title"));
    let personas = if ctx.demo { access::personas(registry, action, kind) } else { Vec::new() };
    let body = Locked {
        ctx,
        title: title.clone(),
        text: ctx.t(&format!("{what}-locked")),
        personas: personas.iter().map(|id| ctx.t_or(&format!("persona-{id}"), id)).collect(),
        sign_in: format!("/session?back={}", svod_portal::encoded(&ctx.here())),
    };
    let status = if ctx.signed_in() { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    Page::new(ctx, title).body(&body).status(status).into_response()
}
