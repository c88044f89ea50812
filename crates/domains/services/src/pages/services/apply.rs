//! `GET|POST /services/{pack}/{service}/form`: a service's form, kept as a draft until it is sent.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use svod_forms::Draft;
use svod_portal::{CsrfForm, Html, PageContext, PageError, SentForm};
use svod_runtime::{Application, Applications, Offers, plain};

use super::mine::not_answered;
use super::{href, title};
use crate::ServicesState;
use crate::access::address;
use crate::pages::enclosed;
use crate::pages::filling::{Desk, Filling, prefill};

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    page: Option<String>,
}

async fn desk(ctx: &PageContext, s: &ServicesState, pack: &str, id: &str) -> Result<Desk, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    let service = s.applications.service(&format!("{pack}/{id}"))?;
    let applicant = s.applications.applicant(&ctx.actor).await?;
    let service = s.applications.service_for(&service.key(), &applicant)?;
    // Who cannot have it is told before they have filled it in.
    service.is_for(&applicant)?;
    let file = svod_runtime::form_of(&service.spec);
    let programs = s.registry.programs(pack, &service.spec.version).await?.ok_or_else(PageError::not_found)?;
    let form = file.and_then(|f| programs.forms.get(f).cloned()).ok_or_else(PageError::not_found)?;
    let title = title(ctx, &service);
    // What was offered is filled in already, and is taken with the form.
    let offer = Offers::new(s.applications.clone()).of_service(&ctx.actor, &service.key()).await?;
    let data = offer.as_ref().and_then(|o| serde_json::from_str(o.text("data")?).ok());
    let owner = offer.as_ref().map(Offers::case_of).transpose()?;
    let desk = Desk {
        key: service.key(),
        version: service.spec.version.clone(),
        action: format!("{}/form", href(&service)),
        back: "/services".to_owned(),
        crumbs: vec![(ctx.t("services-title"), "/services".to_owned()), (title.clone(), href(&service))],
        title,
        here: ctx.t("service-application"),
        form,
        prefill: prefill(ctx, &applicant),
        draft: Draft::of(data.unwrap_or_else(|| json!({}))),
        inputs: [("applicant".to_owned(), plain(&applicant))].into_iter().collect(),
        space: applicant.space.clone(),
        owner,
        asked: BTreeSet::new(),
        beside: Html::default(),
    };
    desk.resumed(ctx, s).await
}

/// A page of the form, or all answers before it is sent.
///
/// # Errors
/// Not found when there is no such service, a request to sign in for whoever has not.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    desk(&ctx, &s, &pack, &id).await?.show(&ctx, &s, asked.page.as_deref()).await
}

/// What was filled in: kept, and on to where its button leads; sent, it begins a case.
///
/// # Errors
/// As [`show`]; what is wrong with the answers is shown at their fields.
pub async fn send(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
    sent: SentForm,
) -> Result<Response, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    s.applications.service(&format!("{pack}/{id}"))?;
    // The draft and the offer as they are now: of two clicks the second finds neither, and is the same application.
    let row = s.applications.draft(&ctx.actor, &format!("{pack}/{id}")).await?;
    let offers = Offers::new(s.applications.clone());
    let offer = offers.of_service(&ctx.actor, &format!("{pack}/{id}")).await?;
    let mut desk = desk(&ctx, &s, &pack, &id).await?;
    let done = match desk.take(&ctx, &s, &sent).await? {
        Filling::Answer(answer) => return Ok(answer),
        Filling::Done(done) => done,
    };
    let enclosed = enclosed::with(&ctx, &s, &desk, &done.data).await?;
    let case = if let Some(offer) = offer {
        let Value::Object(answers) = done.data else { return Err(PageError::internal("a form gave no answers")) };
        let case = match offers.accept_with(&ctx.actor, &offer.id, (answers, enclosed.files)).await {
            Ok(case) => case,
            Err(e) => return not_answered(e),
        };
        s.applications.sent(&ctx.actor, &desk.key).await?;
        case
    } else {
        let key = row.as_ref().map(Applications::key_of);
        s.applications.send_once(&ctx.actor, Application::of(desk.key, done, "web"), enclosed, key).await?
    };
    Ok(Redirect::to(&format!("{}?done=sent", address("Case", &case))).into_response())
}

/// Throws the draft away.
///
/// # Errors
/// When the store fails.
pub async fn discard(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((pack, id)): Path<(String, String)>,
    _: CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    s.applications.discard(&ctx.actor, &format!("{pack}/{id}")).await?;
    Ok(Redirect::to("/services").into_response())
}
