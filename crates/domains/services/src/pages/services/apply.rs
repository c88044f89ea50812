//! `GET|POST /services/{pack}/{service}/form`: a service's form, kept as a draft until it is sent.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use svod_forms::Draft;
use svod_model::{Entity, StartSpec};
use svod_portal::{CsrfForm, PageContext, PageError, SentForm};
use svod_registry::Key;
use svod_runtime::{Application, ApplicationError, Enclosed, OfferError, Offers, plain};

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
    let file = service.spec.start.iter().find_map(|s| match s {
        StartSpec::Form(file) => Some(file.clone()),
        StartSpec::Event { .. } => None,
    });
    let programs = s.registry.programs_in_force(pack).await?.ok_or_else(PageError::not_found)?;
    let form = file.and_then(|f| programs.forms.get(&f).cloned()).ok_or_else(PageError::not_found)?;
    let applicant = s.applications.applicant(&ctx.actor).await?;
    let title = title(ctx, &service);
    // What was offered is filled in already, and is taken with the form.
    let offer = offered(ctx, s, &service.key()).await?;
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
    };
    desk.resumed(ctx, s).await
}

/// The offer of a service that waits for the visitor's answer: the newest.
async fn offered(ctx: &PageContext, s: &ServicesState, key: &str) -> Result<Option<Entity>, PageError> {
    let all = match Offers::new(s.applications.clone()).of(&ctx.actor).await {
        Ok(all) => all,
        // Who is nobody in particular is offered nothing; the form itself says what they may.
        Err(OfferError::Application(ApplicationError::Nobody)) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    Ok(all.into_iter().find(|o| o.text("service") == Some(key)))
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
    let offer = offered(&ctx, &s, &format!("{pack}/{id}")).await?;
    let mut desk = desk(&ctx, &s, &pack, &id).await?;
    let done = match desk.take(&ctx, &s, &sent).await? {
        Filling::Answer(answer) => return Ok(answer),
        Filling::Done(done) => done,
    };
    let files = enclosed::named(&ctx, &s, &desk, &done.data).await?;
    let case = desk.owner.clone().filter(|_| !files.is_empty());
    let naming = |case: &svod_kernel::Urn| {
        svod_files::Files::naming(&Entity::new(case.clone(), "Case", desk.space.clone()), &files)
    };
    let named = case.as_ref().and_then(naming);
    if let Some(offer) = offer {
        let Value::Object(answers) = done.data else { return Err(PageError::internal("a form gave no answers")) };
        let case = Offers::new(s.applications.clone()).accept_with(&ctx.actor, &offer.id, (answers, named)).await?;
        s.applications.discard(&ctx.actor, &desk.key).await?;
        return Ok(Redirect::to(&format!("{}?done=sent", address("Case", &case))).into_response());
    }
    let enclosed = Enclosed { files: named, case };
    let application = Application {
        service: desk.key,
        data: done.data,
        from_graph: done.from_graph.into_iter().map(|(name, path)| (name, path.into())).collect(),
        disputed: done.disputed.into_iter().collect(),
        channel: "web",
    };
    let key = row.map(|row| Key::new(format!("application:{}:{}", row.form, row.modified.0), &row.doc));
    let case = s.applications.send_once(&ctx.actor, application, enclosed, key).await?;
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
