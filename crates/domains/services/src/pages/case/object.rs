//! A decision is objected to: `POST /cases/{urn}/object` in words, `GET|POST /cases/{urn}/object/{decision}` by the form of its
//! service. A case of its own begins, which the person is led to.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use svod_forms::{Draft, Prefill};
use svod_kernel::Urn;
use svod_portal::{CsrfForm, Html, PageContext, PageError, SentForm, encoded};
use svod_registry::QueryError;

use super::acts::{Fields, done, text};
use super::scene::Scene;
use super::{Notice, render};
use crate::ServicesState;
use crate::access::address;
use crate::pages::enclosed;
use crate::pages::filling::{Desk, Filling};

/// Longest objection in words, in characters.
const MAX_OBJECTION: usize = 4_000;

/// What stands in the address of the form.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    page: Option<String>,
}

fn missing(decision: &str) -> PageError {
    QueryError::NotFound(format!("decision {}", decision.chars().take(80).collect::<String>())).into()
}

/// Objects in words, where the service has no form for it.
///
/// # Errors
/// As the page of the case; not found for a decision that they cannot object to so now.
pub async fn object(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let scene = Scene::of(&ctx, &s, &urn).await?;
    let named = text(&fields, "decision");
    let decision = scene.objectable.iter().find(|(id, form)| id.as_str() == named && !**form).map(|(id, _)| id.clone());
    let decision = decision.ok_or_else(|| missing(named))?;
    let words = text(&fields, "objection").trim();
    let length = words.chars().count();
    if length == 0 || length > MAX_OBJECTION {
        let key = if length == 0 { "case-object-empty" } else { "case-object-long" };
        let notice = Notice {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            error: Some(("objection", ctx.t(key))),
            written: words.to_owned(),
            decision: Some(decision),
            ..Notice::default()
        };
        return render(&ctx, &s, &urn, notice).await;
    }
    let data = [("text".to_owned(), words.into())].into_iter().collect();
    let case = s.cases.object(&ctx.actor, &decision, data).await?;
    Ok(done(&case, "object", ""))
}

async fn desk(ctx: &PageContext, s: &ServicesState, (urn, decision): (&Urn, &Urn)) -> Result<Desk, PageError> {
    let scene = Scene::of(ctx, s, urn).await?;
    if scene.objectable.get(decision) != Some(&true) {
        return Err(missing(decision.as_str()));
    }
    let (service, way) = s.cases.objectable(&ctx.actor, decision).await?;
    let programs = s.registry.programs(&service.pack, &service.version).await.map_err(QueryError::from)?;
    let form = programs.zip(way.form).and_then(|(p, file)| p.forms.get(&file).cloned());
    let form = form.ok_or_else(|| missing(decision.as_str()))?;
    let back = address("Case", urn);
    let title = ctx.t("case-object-title");
    let desk = Desk {
        key: format!("object/{decision}"),
        version: service.version,
        action: format!("{back}/object/{}", encoded(decision.as_str())),
        crumbs: vec![
            (ctx.t("services-title"), "/services".to_owned()),
            (ctx.t(&format!("service-{}", service.id)), back.clone()),
        ],
        back,
        here: title.clone(),
        title,
        form,
        prefill: Prefill::new(),
        draft: Draft::of(json!({})),
        inputs: Map::new(),
        space: scene.case.space.clone(),
        owner: None,
        asked: std::collections::BTreeSet::new(),
        beside: Html::default(),
    };
    s.applications.unsent(&ctx.actor, &desk.key).await?;
    desk.resumed(ctx, s).await
}

/// A page of the form by which a decision is objected to.
///
/// # Errors
/// As [`object`].
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((urn, decision)): Path<(Urn, Urn)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    desk(&ctx, &s, (&urn, &decision)).await?.show(&ctx, &s, asked.page.as_deref()).await
}

/// What was filled in; sent, the objection begins.
///
/// # Errors
/// As [`object`]; what is wrong with the answers is shown at their fields.
pub async fn send(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path((urn, decision)): Path<(Urn, Urn)>,
    sent: SentForm,
) -> Result<Response, PageError> {
    let mut desk = desk(&ctx, &s, (&urn, &decision)).await?;
    let filled = match desk.take(&ctx, &s, &sent).await? {
        Filling::Answer(answer) => return Ok(answer),
        Filling::Done(filled) => filled,
    };
    let enclosed = enclosed::with(&ctx, &s, &desk, &filled.data).await?;
    let Value::Object(answers) = filled.data else { return Err(PageError::internal("a form gave no answers")) };
    let case = s.cases.object_with(&ctx.actor, &decision, answers, enclosed).await?;
    s.applications.sent(&ctx.actor, &desk.key).await?;
    Ok(done(&case, "object", ""))
}
