//! `/oauth/logout`: a site asks that somebody be signed out here (OpenID Connect RP-Initiated Logout 1.0, 2). The person is
//! asked first, whatever the site says: nobody is signed out by another site's link.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use svod_identity::Identity;
use svod_identity::provider::OauthError;
use svod_portal::{FormsAnywhere, Page, PageContext, components};

use crate::authorize::{refused, to};
use crate::form::once;

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    ctx: &'a PageContext,
    site: Option<String>,
    /// Where the form comes back to when the person has signed out; empty when they have.
    here: String,
}

/// `GET /oauth/logout`
pub async fn ask(State(identity): State<Arc<Identity>>, ctx: PageContext, RawQuery(query): RawQuery) -> Response {
    match next(&identity, &ctx, query.as_deref().unwrap_or_default()).await {
        Ok(response) => response,
        Err(error) => refused(&ctx, error),
    }
}

async fn next(identity: &Identity, ctx: &PageContext, query: &str) -> Result<Response, OauthError> {
    let leaving = identity.leaving(&once(query.as_bytes())?).await?;
    let signed_in = ctx.session.is_some();
    if let (Some(back), false) = (&leaving.back, signed_in) {
        return Ok(to(back));
    }
    let here = if signed_in { format!("/oauth/logout?{query}") } else { String::new() };
    let page = LeavePage { ctx, site: leaving.site, here };
    let title = ctx.t(if signed_in { "leave-title" } else { "leave-done-title" });
    let mut response = Page::new(ctx, title).body(&page).into_response();
    response.extensions_mut().insert(FormsAnywhere);
    Ok(response)
}

/// `POST /oauth/logout`: the same, posted. No cookie comes with what another site posts; it does with what it leads to.
pub async fn posted(body: Bytes) -> Response {
    match str::from_utf8(&body) {
        Ok(fields) if fields.len() <= 4_096 && fields.bytes().all(|b| b.is_ascii_graphic()) => {
            to(&format!("/oauth/logout?{fields}"))
        }
        _ => to("/oauth/logout"),
    }
}
