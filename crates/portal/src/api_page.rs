//! `GET /api`: the API to try in the browser, and where its document is for those without scripts.

use askama::Template;
use axum::response::{IntoResponse, Response};

use crate::assets::Island;
use crate::context::PageContext;
use crate::page::Page;

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage<'a> {
    ctx: &'a PageContext,
}

/// The page.
pub(crate) async fn show(ctx: PageContext) -> Response {
    let title = ctx.t("api-title");
    Page::new(&ctx, title).body(&ApiPage { ctx: &ctx }).island(Island::Api).into_response()
}
