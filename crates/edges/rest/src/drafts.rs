//! Drafts for programs: what is filled in of a service's form and not sent yet, the same that its pages keep.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use svod_kernel::{FieldError, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::QueryError;
use svod_runtime::{Application, Applications, DraftRow, Enclosed, Kept, Offers, Service, Sheet};
use utoipa::ToSchema;

use crate::files::{HeldFile, NameParam, held};
use crate::my::Owner;
use crate::services::{Answers, Created, body, created, unsigned};
use crate::{Failure, RestState};

/// A draft.
#[derive(Serialize, ToSchema)]
pub struct DraftEntry {
    /// Pack and id of the service: `moving/moving`.
    service: String,
    /// Version of its pack with which the draft was kept last.
    version: String,
    /// When it was kept last.
    #[schema(value_type = String)]
    modified: Timestamp,
}

impl From<DraftRow> for DraftEntry {
    fn from(row: DraftRow) -> Self {
        Self { service: row.form, version: row.version, modified: row.modified }
    }
}

/// Drafts, the newest first.
#[derive(Serialize, ToSchema)]
pub struct DraftList {
    items: Vec<DraftEntry>,
}

/// A draft with what is filled in.
#[derive(Serialize, ToSchema)]
pub struct DraftView {
    #[serde(flatten)]
    draft: DraftEntry,
    /// By the names of the form. What could not be kept of what was sent is left out.
    #[schema(value_type = Object)]
    answers: Value,
    /// Names of fields that the register fills and that the sender says are wrong.
    disputed: BTreeSet<String>,
    /// What is missing or not good so far, each with `field`, `rule` and `fix`; without any it can be sent.
    #[schema(value_type = Vec<Object>)]
    errors: Vec<FieldError>,
}

/// A service with its form, for whoever fills it in.
struct Asked {
    service: Service,
    applicant: Arc<Entity>,
    sheet: Sheet,
    /// Offers fill their service's form in, and are taken with it.
    offer: Option<Entity>,
}

impl Asked {
    async fn of(s: &RestState, owner: &Owner, (pack, id): (&str, &str)) -> Result<Self, Failure> {
        let service = s.applications.service(&format!("{pack}/{id}"))?;
        let applicant = s.applications.applicant(&owner.actor).await?;
        let service = s.applications.service_for(&service.key(), &applicant)?;
        let mut sheet = s.filling.of_service(&service.spec, &applicant).await?;
        let offer = s.offers().of_service(&owner.actor, &service.key()).await?;
        if let Some(offer) = &offer {
            // What it has filled in and the form does not ask is not for the draft to change.
            sheet.held = s.offers().data(&owner.actor, &offer.id).await?;
        }
        Ok(Self { service, applicant, sheet, offer })
    }

    /// The case for which its files are held.
    fn case(&self, kept: Option<&Kept>) -> Result<Option<Urn>, Failure> {
        let offered = self.offer.as_ref().map(Offers::case_of).transpose()?;
        Ok(offered.or_else(|| kept.and_then(|k| k.owner.clone())))
    }

    async fn draft(&self, s: &RestState, owner: &Owner) -> Result<(DraftRow, Kept), Failure> {
        let row = s.applications.draft(&owner.actor, &self.service.key()).await?;
        let found = row.and_then(|row| Kept::parse(&row.doc).map(|kept| (row, kept)));
        Ok(found.ok_or_else(|| QueryError::NotFound(format!("draft of {}", self.service.key())))?)
    }

    /// As it is now.
    async fn view(&self, s: &RestState, owner: &Owner) -> Result<Json<DraftView>, Failure> {
        let (row, kept) = self.draft(s, owner).await?;
        let (_, errors) =
            s.filling.sketch(&owner.actor, &self.sheet, kept.answers(), kept.draft.disputed.clone()).await;
        let (answers, disputed) = (kept.draft.data, kept.draft.disputed);
        Ok(Json(DraftView { draft: row.into(), answers, disputed, errors }))
    }
}

/// Forms of services that the caller, or whom they act for, has begun to fill in, here or on the pages, and not sent. They are kept
/// for 90 days after they were touched last.
#[utoipa::path(get, path = "/api/v1/my/drafts", tag = "services", responses((status = 200, body = DraftList), (status = 404)),
    security(("bearer" = [])))]
pub async fn list(State(s): State<RestState>, owner: Owner) -> Result<Json<DraftList>, Failure> {
    let known: BTreeSet<String> = s.applications.services().iter().map(Service::key).collect();
    let rows = s.applications.drafts(&owner.actor).await?;
    let items = rows.into_iter().filter(|row| known.contains(&row.form)).map(DraftEntry::from).collect();
    Ok(Json(DraftList { items }))
}

/// One draft, with what is missing or not good so far.
#[utoipa::path(get, path = "/api/v1/my/drafts/{pack}/{service}", tag = "services",
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack")),
    responses((status = 200, body = DraftView), (status = 404, description = "unknown service, or nothing is begun"),
        (status = 409, description = "the service asks for no form")),
    security(("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    owner: Owner,
    Path((pack, id)): Path<(String, String)>,
) -> Result<Json<DraftView>, Failure> {
    Asked::of(&s, &owner, (&pack, &id)).await?.view(&s, &owner).await
}

/// Keeps what is filled in, in the place of what was kept before. It need not be whole, and what is not good is told and left out;
/// only files that were not sent for this draft are refused. Its pages go on with it.
#[utoipa::path(put, path = "/api/v1/my/drafts/{pack}/{service}", tag = "services", request_body = Answers,
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack")),
    responses((status = 200, body = DraftView), (status = 403, description = "the caller is nobody in particular"),
        (status = 404, description = "unknown service"), (status = 409, description = "the service asks for no form"), (status = 422)),
    security(("bearer" = [])))]
pub async fn keep(
    State(s): State<RestState>,
    owner: Owner,
    Path((pack, id)): Path<(String, String)>,
    bytes: Bytes,
) -> Result<Json<DraftView>, Failure> {
    let Answers { answers, disputed } = body(&bytes, "Answers")?;
    let asked = Asked::of(&s, &owner, (&pack, &id)).await?;
    let (actor, key) = (&owner.actor, asked.service.key());
    let before = s.applications.kept(actor, &key).await?;
    let case = asked.case(before.as_ref())?;
    let place = (case.as_ref(), &asked.applicant.space);
    let answers = Enclosed::bind(&s.files, actor, place, answers).await?;
    let (draft, _) = s.filling.sketch(actor, &asked.sheet, answers, disputed).await;
    let kept = Kept { draft, owner: case, asked: before.map(|b| b.asked).unwrap_or_default() };
    s.applications.keep_form(actor, (&key, &asked.service.spec.version), kept, None).await?;
    asked.view(&s, &owner).await
}

/// Throws a draft away; there need not be one.
#[utoipa::path(delete, path = "/api/v1/my/drafts/{pack}/{service}", tag = "services",
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack")),
    responses((status = 204), (status = 404, description = "unknown service")), security(("bearer" = [])))]
pub async fn remove(
    State(s): State<RestState>,
    owner: Owner,
    Path((pack, id)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let service = s.applications.service(&format!("{pack}/{id}"))?;
    s.applications.discard(&owner.actor, &service.key()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a file in for a draft, which begins with it where there is none: PDF, JPEG, PNG or WebP, as `POST /api/v1/files` takes
/// them. The answer is what stands in the list that answers a field of files.
#[utoipa::path(post, path = "/api/v1/my/drafts/{pack}/{service}/files", tag = "services",
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack"), NameParam),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = HeldFile), (status = 404, description = "unknown service"),
        (status = 409, description = "the service asks for no form"),
        (status = 429, description = "As much as one may send within a day: try again after `Retry-After`")),
    security(("bearer" = [])))]
pub async fn put_file(
    State(s): State<RestState>,
    owner: Owner,
    Path((pack, id)): Path<(String, String)>,
    Query(p): Query<NameParam>,
    bytes: Body,
) -> Result<(StatusCode, Json<HeldFile>), Failure> {
    let asked = Asked::of(&s, &owner, (&pack, &id)).await?;
    s.files.may_send(&owner.actor, 1).await?;
    let case = match asked.case(None)? {
        Some(case) => case,
        None => {
            let (key, version) = (asked.service.key(), asked.service.spec.version.as_str());
            s.applications.envelope(&owner.actor, (&key, version), new_case(&s)).await?
        }
    };
    held(&s, &owner.actor, (&case, &asked.applicant.space), (p.name, bytes)).await
}

/// Sends a draft: its case begins, an offer of the service is taken with it, and the draft goes. Sent twice at once it is one case.
/// Answers that are missing or not good are told all at once, each with field, rule and fix (`form`).
#[utoipa::path(post, path = "/api/v1/my/drafts/{pack}/{service}/send", tag = "services",
    params(("pack" = String, Path, description = "Id of the pack"), ("service" = String, Path, description = "Id in the pack")),
    responses((status = 201, body = crate::services::Begun, description = "`Location` is the case"),
        (status = 400, description = "the form is signed: it is sent on its page"),
        (status = 404, description = "no such service for them, or nothing is begun"),
        (status = 409, description = "the service asks for no form; a file holds malware"),
        (status = 422, description = "answers that are missing or not good; not offered where they live")),
    security(("bearer" = [])))]
pub async fn send(
    State(s): State<RestState>,
    owner: Owner,
    Path((pack, id)): Path<(String, String)>,
) -> Result<Created, Failure> {
    let asked = Asked::of(&s, &owner, (&pack, &id)).await?;
    let (row, kept) = asked.draft(&s, &owner).await?;
    unsigned(&asked.sheet)?;
    let (actor, case) = (&owner.actor, asked.case(Some(&kept))?);
    let done = s.filling.fill(actor, &asked.sheet, kept.answers(), kept.draft.disputed).await?;
    let place = (case.as_ref(), &asked.applicant.space);
    let enclosed = Enclosed::of(place, &Enclosed::named(&s.files, actor, place, &done.data).await?);
    let key = asked.service.key();
    if let Some(offer) = &asked.offer {
        let answers = object(done.data);
        let case = s.offers().accept_with(actor, &offer.id, (answers, enclosed.files)).await?;
        s.applications.sent(actor, &key).await?;
        return Ok(created(case));
    }
    let application = Application::of(key, done, "api");
    let named = Some(Applications::key_of(&row));
    Ok(created(s.applications.send_once(actor, application, enclosed, named).await?))
}

/// What a case will be known by that files are held for.
pub fn new_case(s: &RestState) -> Urn {
    Urn::mint("case", s.registry.clock().now(), s.registry.rng().as_ref())
}

/// The answers of a form by their names.
pub fn object(data: Value) -> Map<String, Value> {
    match data {
        Value::Object(answers) => answers,
        _ => Map::new(),
    }
}
