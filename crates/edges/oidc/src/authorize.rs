//! `/oauth/authorize`: a site asks, a person answers.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use svod_identity::Identity;
use svod_identity::provider::{Asked, Authorized, OauthError};
use svod_portal::{CsrfForm, FormsAnywhere, Page, PageContext, PageError, components, encoded};

use crate::form::once;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    ctx: &'a PageContext,
    asked: Asked,
    host: String,
}

impl ConsentPage<'_> {
    fn scope(&self, word: &str) -> String {
        self.ctx.t_or(&format!("consent-scope-{word}"), word)
    }

    /// How long what is allowed lasts: a token, its renewals, the answer itself.
    fn lasts(&self) -> Vec<String> {
        let (ctx, lasts) = (self.ctx, self.asked.lasts);
        let mut all = vec![ctx.tf("consent-lasts-token", &[("n", lasts.minutes.into())])];
        if let Some((unused, last)) = lasts.days {
            all.push(ctx.tf("consent-lasts-renewed", &[("unused", unused.into()), ("last", last.into())]));
        }
        all.push(ctx.t(if lasts.remembered { "consent-lasts-remembered" } else { "consent-lasts-once" }));
        all
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    ctx: &'a PageContext,
    error: OauthError,
}

pub(crate) fn to(address: &str) -> Response {
    let status = StatusCode::SEE_OTHER;
    (status, [(header::LOCATION, address.to_owned()), (header::CACHE_CONTROL, "no-store".to_owned())]).into_response()
}

/// A request that cannot be answered by sending the person back: nobody knows where to.
pub(crate) fn refused(ctx: &PageContext, error: OauthError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    // 401 would ask the person to sign in; it is the site that is not known.
    let status = if status == StatusCode::UNAUTHORIZED { StatusCode::BAD_REQUEST } else { status };
    let page = RefusedPage { ctx, error };
    Page::new(ctx, ctx.t("consent-refused-title")).status(status).body(&page).into_response()
}

/// `GET /oauth/authorize`
pub async fn ask(State(identity): State<Arc<Identity>>, ctx: PageContext, RawQuery(query): RawQuery) -> Response {
    match next(&identity, &ctx, query.as_deref().unwrap_or_default()).await {
        Ok(response) => response,
        Err(error) => refused(&ctx, error),
    }
}

async fn next(identity: &Identity, ctx: &PageContext, query: &str) -> Result<Response, OauthError> {
    let request = match identity.read_request(&once(query.as_bytes())?).await? {
        Ok(request) => request,
        Err(back) => return Ok(to(&back)),
    };
    let host = request.redirect.split("://").nth(1).and_then(|r| r.split('/').next()).unwrap_or_default().to_owned();
    let next = identity.authorize(request.clone(), ctx.session.as_deref()).await?;
    let here = match next {
        // However long signing in takes, the request is still there.
        Authorized::SignIn | Authorized::Confirm => {
            let named = identity.keep_request(&request).await?;
            format!("/oauth/authorize?client_id={}&request_uri={}", encoded(&request.client), encoded(&named))
        }
        _ => String::new(),
    };
    Ok(match next {
        Authorized::SignIn => to(&format!("/session?back={}", encoded(&here))),
        Authorized::Confirm => to(&format!("/session/confirm?back={}", encoded(&here))),
        Authorized::Back(address) => to(&address),
        Authorized::Ask(asked) => {
            let page = ConsentPage { ctx, asked: *asked, host };
            let mut response = Page::new(ctx, ctx.t("consent-title")).body(&page).into_response();
            response.extensions_mut().insert(FormsAnywhere);
            response
        }
    })
}

/// `POST /oauth/authorize`: yes, with the scopes that are ticked, or no.
pub async fn answer(
    State(identity): State<Arc<Identity>>,
    ctx: PageContext,
    CsrfForm(pairs): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let session = ctx.session.clone().ok_or_else(PageError::sign_in)?;
    let one = |name: &str| pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let ticked: Vec<String> = pairs.iter().filter(|(n, _)| n == "scope").map(|(_, v)| v.clone()).collect();
    let allowed = (one("answer") == "yes").then_some(ticked.as_slice());
    Ok(match identity.answered(&session, one("question"), allowed).await {
        Ok(address) => to(&address),
        Err(error) => refused(&ctx, error),
    })
}
