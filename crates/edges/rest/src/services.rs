//! Services for programs: what can be asked for, applications, and what somebody is offered. The same rules as on the pages.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{SpacePath, Urn};
use svod_model::{Audience, Entity, ServiceTerm};
use svod_runtime::{Application, Enclosed, Offers, Service, Sheet, form_of};
use utoipa::ToSchema;

use crate::commands::key;
use crate::drafts::object;
use crate::files::{HeldFile, NameParam, held};
use crate::my::Owner;
use crate::{Caller, Failure, RestState};

/// A service in force.
#[derive(Serialize, ToSchema)]
pub struct ServiceEntry {
    /// Pack and id: `moving/moving`.
    key: String,
    /// Word of the code list `LifeSituation`.
    situation: String,
    /// Who may have it: `person`, `organization`.
    #[schema(value_type = Vec<String>)]
    audience: Vec<Audience>,
    /// Acts and articles, in the language of the act.
    acts: Vec<String>,
    /// How long the authorities have: `{"workingDays": {"days", "calendar"}}` or `{"seconds"}`.
    #[schema(value_type = Object)]
    term: ServiceTerm,
    /// What it costs, in words of the act; null: nothing.
    fee: Option<String>,
    /// It is asked for with a form; without one it begins by itself, or is offered.
    form: bool,
    /// The territory that has it; null: all.
    #[schema(value_type = Option<String>)]
    space: Option<SpacePath>,
}

impl From<Service> for ServiceEntry {
    fn from(service: Service) -> Self {
        let (key, form) = (service.key(), form_of(&service.spec).is_some());
        let Service { spec, top } = service;
        let svod_model::ServiceSpec { situation, audience, acts, term, fee, .. } = spec;
        Self { key, situation, audience, acts, term, fee, form, space: top }
    }
}

/// All services in force.
#[derive(Serialize, ToSchema)]
pub struct ServiceList {
    items: Vec<ServiceEntry>,
}

/// A service with its form.
#[derive(Serialize, ToSchema)]
pub struct ServiceView {
    #[serde(flatten)]
    service: ServiceEntry,
    /// The form in the schema of form-js (bpmn.io), with `svod.…` properties; null without a form.
    #[schema(value_type = Option<Object>)]
    schema: Option<Value>,
}

/// What can be asked for, whoever asks.
#[utoipa::path(get, path = "/api/v1/services", tag = "services", responses((status = 200, body = ServiceList)),
    security((), ("bearer" = [])))]
pub async fn list(State(s): State<RestState>, Caller(_actor): Caller) -> Json<ServiceList> {
    Json(ServiceList { items: s.applications.services().into_iter().map(ServiceEntry::from).collect() })
}

/// One service, with the schema of its form.
#[utoipa::path(get, path = "/api/v1/services/{pack}/{service}", tag = "services",
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack")),
    responses((status = 200, body = ServiceView), (status = 404, description = "unknown service")),
    security((), ("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    Caller(_actor): Caller,
    Path((pack, id)): Path<(String, String)>,
) -> Result<Json<ServiceView>, Failure> {
    let service = s.applications.service(&format!("{pack}/{id}"))?;
    let catalogue = s.registry.catalogue();
    let source = catalogue.pack(&pack).zip(form_of(&service.spec)).and_then(|(p, file)| p.forms.get(file));
    let schema = source.and_then(|text| serde_json::from_str(text).ok());
    Ok(Json(ServiceView { service: service.into(), schema }))
}

/// Answers of a form.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// By the names of the form: texts, numbers, `2026-01-31`, lists. What it does not ask, hides or has from the register is left
    /// out.
    #[schema(value_type = Object)]
    #[serde(default)]
    pub answers: Map<String, Value>,
    /// Names of fields that the register fills and that the sender says are wrong: their answers are taken instead.
    #[serde(default)]
    pub disputed: BTreeSet<String>,
}

/// A case that has begun.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// Under which it is read: `/api/v1/cases/{urn}`.
    #[schema(value_type = String)]
    case: Urn,
}

/// Where a case is read that has begun.
pub type Created = (StatusCode, [(HeaderName, String); 1], Json<Begun>);

/// The answer to whoever began a case.
pub fn created(case: Urn) -> Created {
    (StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/cases/{case}"))], Json(Begun { case }))
}

/// A body in JSON; nothing at all is the default.
pub fn body<T: DeserializeOwned + Default>(bytes: &Bytes, named: &str) -> Result<T, Failure> {
    if bytes.is_empty() {
        return Ok(T::default());
    }
    let wrong =
        |e: serde_json::Error| Failure::bad("body", &e.to_string(), &format!("see {named} in /api/openapi.json"));
    serde_json::from_slice(bytes).map_err(wrong)
}

/// What is signed is sent on its page: a fresh proof of who sends it is asked for there.
pub fn unsigned(sheet: &Sheet) -> Result<(), Failure> {
    if sheet.form.is_signed() {
        let fix = "send it on its page, where a fresh proof of who you are is asked for";
        return Err(Failure::bad("answers", "the form is signed", fix));
    }
    Ok(())
}

/// Asks for a service in the caller's own affairs, or of whom they act for: its case begins. What has files is filled in as a draft
/// and sent (`/api/v1/my/drafts`). Answers that are not good are told all at once, each with field, rule and fix (`form`). An
/// `Idempotency-Key` makes a repeated request (within a day, by the same caller) answer with the case that began the first time.
#[utoipa::path(post, path = "/api/v1/services/{pack}/{service}/applications", tag = "services", request_body = Answers,
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack"),
        ("Idempotency-Key" = Option<String>, Header, description = "At most 200 characters")),
    responses((status = 201, body = Begun, description = "`Location` is the case"),
        (status = 403, description = "the caller is nobody in particular"), (status = 404, description = "no such service for them"),
        (status = 409, description = "the service asks for no form"),
        (status = 422, description = "answers that are missing or not good; not offered where they live; the key stands for other answers")),
    security(("bearer" = [])))]
pub async fn apply(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path((pack, id)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Created, Failure> {
    let Answers { answers, disputed } = body(&bytes, "Answers")?;
    let service = s.applications.service(&format!("{pack}/{id}"))?;
    let applicant = s.applications.applicant(&actor).await?;
    let service = s.applications.service_for(&service.key(), &applicant)?;
    let key = key(&headers, &[service.key().as_bytes(), b" ", &bytes].concat())?;
    let answers = Enclosed::bind(&s.files, &actor, (None, &applicant.space), answers).await?;
    let sheet = s.filling.of_service(&service.spec, &applicant).await?;
    unsigned(&sheet)?;
    let done = s.filling.fill(&actor, &sheet, answers, disputed).await?;
    let application = Application::of(service.key(), done, "api");
    Ok(created(s.applications.send_once(&actor, application, Enclosed::default(), key).await?))
}

/// Offers that wait for an answer.
#[derive(Serialize, ToSchema)]
pub struct OfferList {
    /// Entities `Offer`: `service`, `data` (what is filled in, JSON), `until`; `mustFill` where it is taken with answers only.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
}

/// What the caller, or whom they act for, is offered, the newest first, 200 at the most.
#[utoipa::path(get, path = "/api/v1/my/offers", tag = "services", responses((status = 200, body = OfferList), (status = 404)),
    security(("bearer" = [])))]
pub async fn offers(State(s): State<RestState>, owner: Owner) -> Result<Json<OfferList>, Failure> {
    Ok(Json(OfferList { items: s.offers().of(&owner.actor).await? }))
}

/// Takes an offer: the case of its service begins. Taken twice, it is one case. Answers, where some are given, stand before what
/// the offer has filled in, and both are held to the form of the service; what its form shows and does not ask stays as the offer has
/// it. Without any the offer is taken as it stands; one with `mustFill` is not, and what is missing of its form is told.
#[utoipa::path(post, path = "/api/v1/my/offers/{urn}/accept", tag = "services", params(("urn" = String, Path)),
    request_body(content = Option<Answers>),
    responses((status = 201, body = Begun, description = "`Location` is the case"), (status = 404),
        (status = 409, description = "answered before, or its time is over"), (status = 422)),
    security(("bearer" = [])))]
pub async fn accept(
    State(s): State<RestState>,
    owner: Owner,
    Path(urn): Path<Urn>,
    bytes: Bytes,
) -> Result<Created, Failure> {
    let (offers, actor) = (s.offers(), &owner.actor);
    let Answers { answers, disputed } = body(&bytes, "Answers")?;
    let offer = offers.get(actor, &urn).await?;
    let service = s.applications.service(offer.text("service").unwrap_or_default())?;
    let applicant = s.applications.applicant(actor).await?;
    let service = s.applications.service_for(&service.key(), &applicant)?;
    if answers.is_empty() {
        if form_of(&service.spec).is_some() {
            let mut sheet = s.filling.of_service(&service.spec, &applicant).await?;
            unsigned(&sheet)?;
            if offer.text("status") == Some("open") && Offers::must_fill(&offer) {
                // Each answer that is missing is told, where some are.
                sheet.held = offers.data(actor, &urn).await?;
                s.filling.fill(actor, &sheet, Map::new(), BTreeSet::new()).await?;
            }
        }
        return Ok(created(offers.accept(actor, &urn).await?));
    }
    let case = Offers::case_of(&offer)?;
    let place = (Some(&case), &applicant.space);
    let mut sheet = s.filling.of_service(&service.spec, &applicant).await?;
    sheet.held = offers.data(actor, &urn).await?;
    let answers = Enclosed::bind(&s.files, actor, place, answers).await?;
    unsigned(&sheet)?;
    let done = s.filling.fill(actor, &sheet, answers, disputed).await?;
    let enclosed = Enclosed::of(place, &Enclosed::named(&s.files, actor, place, &done.data).await?);
    Ok(created(offers.accept_with(actor, &urn, (object(done.data), enclosed.files)).await?))
}

/// Takes a file in for an offer that waits for an answer: PDF, JPEG, PNG or WebP, as `POST /api/v1/files` takes them. The answer is
/// what stands in the list that answers a field of files.
#[utoipa::path(post, path = "/api/v1/my/offers/{urn}/files", tag = "services", params(("urn" = String, Path), NameParam),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = HeldFile), (status = 404), (status = 409, description = "answered before, or its time is over"),
        (status = 429, description = "As much as one may send within a day: try again after `Retry-After`")),
    security(("bearer" = [])))]
pub async fn put_file(
    State(s): State<RestState>,
    owner: Owner,
    Path(urn): Path<Urn>,
    Query(p): Query<NameParam>,
    bytes: Body,
) -> Result<(StatusCode, Json<HeldFile>), Failure> {
    let offer = s.offers().open(&owner.actor, &urn).await?;
    let (case, applicant) = (Offers::case_of(&offer)?, s.applications.applicant(&owner.actor).await?);
    held(&s, &owner.actor, (&case, &applicant.space), (p.name, bytes)).await
}

/// Declines an offer. Declined twice is declined.
#[utoipa::path(post, path = "/api/v1/my/offers/{urn}/decline", tag = "services", params(("urn" = String, Path)),
    responses((status = 204), (status = 404), (status = 409, description = "taken before, or its time is over")),
    security(("bearer" = [])))]
pub async fn decline(State(s): State<RestState>, owner: Owner, Path(urn): Path<Urn>) -> Result<StatusCode, Failure> {
    s.offers().decline(&owner.actor, &urn).await?;
    Ok(StatusCode::NO_CONTENT)
}
