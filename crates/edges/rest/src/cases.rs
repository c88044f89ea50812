//! Cases for programs: for who asked and for who answers, by the same rules as on the page of a case; and messages of other
//! systems to processes.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_files::{FileError, MAX_FILES, Upload};
use svod_kernel::{Actor, FieldError, Lang, Role, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{EntityQuery, JournalEvent, QueryError};
use svod_runtime::{Enclosed, FillingError, numbers_meant};
use utoipa::{IntoParams, ToSchema};

use crate::course::{self, Issue, Step};
use crate::drafts::{new_case, object as object_of};
use crate::files::{HeldFile, KeptFile, NameParam, held};
use crate::my::refused;
use crate::services::{Created, body, created};
use crate::{Caller, Failure, RestState};

/// Things of one type that are told of one case.
const MOST: usize = 500;
/// Longest objection in words, in characters.
const MAX_OBJECTION: usize = 4_000;
/// What a message may have beside its files, in bytes.
const FIELDS: usize = 64 * 1024;
/// Longest name or key of a message, in bytes.
const LONGEST: usize = 200;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CaseParams {
    /// Space; where the caller lives, or else the first region, when absent.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
    /// `open` or `closed`.
    status: Option<String>,
    /// Pack and id of the service: `moving/moving`.
    service: Option<String>,
    /// The number that people read out: `1A2B-3C4D`.
    number: Option<String>,
    /// Only of the body that answers.
    #[param(value_type = Option<String>)]
    body: Option<Urn>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 1,000, default 100.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct CasePage {
    /// Entities `Case`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// Cases that the caller may see: a citizen's own, or of whom they act for; for who holds a post those of its territory.
#[utoipa::path(get, path = "/api/v1/cases", tag = "services", params(CaseParams),
    responses((status = 200, body = CasePage), (status = 404, description = "unknown space")), security(("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<CaseParams>,
) -> Result<Json<CasePage>, Failure> {
    let own = party(&actor);
    let home = match (&p.space, &own) {
        (None, Some(_)) => s.applications.applicant(&actor).await.ok().map(|party| party.space.top()),
        _ => None,
    };
    let mut q = EntityQuery::of(s.space(p.space.or(home)), &["Case"]);
    let body = p.body.map(|b| b.to_string());
    let wanted = [("status", p.status), ("service", p.service), ("body", body), ("person", own)];
    q.filters.extend(wanted.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    q.after = p.after;
    q.limit = p.limit.unwrap_or(100);
    let Some(typed) = p.number else {
        let page = s.registry.query(&actor, q).await?;
        return Ok(Json(CasePage { items: page.items, next: page.next }));
    };
    let mut found = CasePage { items: Vec::new(), next: None };
    for number in numbers_meant(&typed) {
        let page = s.registry.query(&actor, q.clone().with("number", &number)).await?;
        found = CasePage { items: page.items, next: page.next };
        if !found.items.is_empty() {
            break;
        }
    }
    Ok(Json(found))
}

/// In whose affairs the caller acts, when it is in nobody's office.
fn party(actor: &Actor) -> Option<String> {
    let party = actor.is(Role::Citizen) || !actor.on_behalf.is_empty();
    party.then(|| actor.subject().to_owned())
}

/// What happens now, and by when.
#[derive(Serialize, ToSchema)]
pub struct Now {
    /// `closed`; `paused`: the term stands still; `payment`: the applicant pays; `task`: somebody does `tasks`; `platform`: a
    /// process waits or goes on by itself.
    state: &'static str,
    /// The end of the term, RFC 3339; null when it is over or there is none.
    #[schema(value_type = Option<String>)]
    by: Option<Timestamp>,
    /// Of `closed`: word of the code list `CaseOutcome`.
    outcome: Option<String>,
    /// Of `paused`: why, a word of the service.
    reason: Option<String>,
    /// Of `closed` and `paused`: since when.
    #[schema(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Of `payment`: the accrual that is due.
    #[schema(value_type = Option<String>)]
    accrual: Option<Urn>,
    /// Of `task`: those that are open.
    #[schema(value_type = Vec<String>)]
    tasks: Vec<Urn>,
}

/// A case with all that belongs to it, as far as the caller may see it.
#[derive(Serialize, ToSchema)]
pub struct CaseView {
    /// Entity `Case`.
    #[schema(value_type = Object)]
    case: Entity,
    now: Now,
    /// What comes next, the sure things first; three at the most, nothing in a case that is over.
    next: Vec<Step>,
    /// Entities `Task` that somebody must do yet.
    #[schema(value_type = Vec<Object>)]
    tasks: Vec<Entity>,
    /// Entities `Decision`, the latest last.
    #[schema(value_type = Vec<Object>)]
    decisions: Vec<Entity>,
    /// Entities `CaseMessage`, in the order in which they were sent.
    #[schema(value_type = Vec<Object>)]
    messages: Vec<Entity>,
    /// Entities `Accrual`; `amount` and `paid` in the smallest unit of `currency`.
    #[schema(value_type = Vec<Object>)]
    accruals: Vec<Entity>,
    /// Entities `Payment`; `amount` in the smallest unit of `currency`.
    #[schema(value_type = Vec<Object>)]
    payments: Vec<Entity>,
    /// Files of the case and of its messages (`owner`), read at `/api/v1/files/{id}`.
    files: Vec<KeptFile>,
    /// What the process of the case has made, 100 at the most; what belongs to one for whom the caller may act is among it.
    issued: Vec<Issue>,
    /// What the process knows by the names that its service shows (`variables`), for who answers and may read what the applicant
    /// wrote; empty for everybody else. Entities stand there by their identifiers.
    #[schema(value_type = Object)]
    variables: Map<String, Value>,
    /// The last 50 events of its journal that the caller may know of, the latest last; all of them: `/api/v1/journal`.
    #[schema(value_type = Vec<Object>)]
    events: Vec<JournalEvent>,
}

/// One case: what happens now and by when, what comes next, open tasks, decisions, messages, what is owed and was paid, 500 of each at
/// the most, what was issued, what its process knows, the last events.
/// What the other side wrote and the caller may read is marked as read by this.
#[utoipa::path(get, path = "/api/v1/cases/{urn}", tag = "services", params(("urn" = String, Path)),
    responses((status = 200, body = CaseView), (status = 404, description = "none that the caller may know of")),
    security(("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    headers: HeaderMap,
) -> Result<Json<CaseView>, Failure> {
    let case = s.applications.case_of(&actor, &urn).await?;
    let mut tasks = of_case(&s, &actor, &case, "Task").await?;
    tasks.retain(|t| matches!(t.text("status"), Some("offered" | "taken")));
    let accruals = of_case(&s, &actor, &case, "Accrual").await?;
    let payments = of_case(&s, &actor, &case, "Payment").await?;
    let mut decisions = of_case(&s, &actor, &case, "Decision").await?;
    decisions.sort_by_key(|d| d.time("madeAt"));
    let correspondence = s.correspondence();
    let messages = correspondence.of(&actor, &case).await?;
    if let Err(error) = correspondence.read(&actor, &case).await {
        // The answer is the same; they are marked the next time.
        tracing::warn!(%error, "messages that were read could not be marked as read");
    }
    let mut files = Vec::new();
    for owner in std::iter::once(&case).chain(&messages).filter(|e| e.attributes.contains_key(svod_files::ATTRIBUTE)) {
        files.extend(s.files.list(owner).await?.into_iter().map(KeptFile::from));
    }
    let now = now(&case, &tasks, &accruals);
    let lang = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| Lang::from_accept(v.to_str().ok()?));
    let next = course::next(&s, (&case, &tasks), lang).await?;
    let issued = course::issued(&s, &actor, &case).await?;
    let variables = s.cases.variables(&actor, &case).await?;
    let events = course::events(&s, &actor, &case).await?;
    Ok(Json(CaseView {
        case,
        now,
        next,
        tasks,
        decisions,
        messages,
        accruals,
        payments,
        files,
        issued,
        variables,
        events,
    }))
}

async fn of_case(s: &RestState, actor: &Actor, case: &Entity, kind: &str) -> Result<Vec<Entity>, QueryError> {
    let q = EntityQuery { below: false, limit: MOST, ..EntityQuery::of(case.space.clone(), &[kind]) };
    Ok(s.registry.query(actor, q.with("case", case.id.as_str())).await?.items)
}

fn now(case: &Entity, tasks: &[Entity], accruals: &[Entity]) -> Now {
    let word = |name: &str| case.text(name).map(str::to_owned);
    let due = accruals.iter().find(|a| matches!(a.text("status"), Some("open" | "partly")));
    let mut now = Now {
        state: "platform",
        by: case.time("deadline"),
        outcome: None,
        reason: None,
        since: None,
        accrual: None,
        tasks: Vec::new(),
    };
    if case.text("status") == Some("closed") {
        return Now { state: "closed", by: None, outcome: word("outcome"), since: case.time("closedAt"), ..now };
    }
    if case.text("clock") == Some("paused") {
        return Now { state: "paused", reason: word("pauseReason"), since: case.time("pausedAt"), ..now };
    }
    if let Some(accrual) = due {
        return Now { state: "payment", accrual: Some(accrual.id.clone()), ..now };
    }
    if !tasks.is_empty() {
        now.state = "task";
        now.tasks = tasks.iter().map(|t| t.id.clone()).collect();
    }
    now
}

/// A message.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Letter {
    /// 1 to 4,000 characters.
    text: String,
}

/// A message with its files.
#[derive(ToSchema)]
#[allow(dead_code, reason = "what a form looks like, for the description")]
pub struct LetterWithFiles {
    /// 1 to 4,000 characters.
    text: String,
    /// PDF, JPEG, PNG or WebP, by their content; 20 at the most.
    #[schema(value_type = Vec<String>, content_media_type = "application/octet-stream")]
    files: Vec<Vec<u8>>,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    /// Entity `CaseMessage`.
    #[schema(value_type = String)]
    message: Urn,
}

/// Writes a message in a case: the applicant, or who acts for them, to the body; the body to the applicant. Files come with it as
/// `multipart/form-data`: a field `text`, and parts `files` with a file name each; together they may be as large as one file. Who may
/// read the message may read them.
#[utoipa::path(post, path = "/api/v1/cases/{urn}/messages", tag = "services", params(("urn" = String, Path)),
    request_body(content((Letter = "application/json"), (LetterWithFiles = "multipart/form-data"))),
    responses((status = 201, body = Written), (status = 403, description = "neither the applicant nor of the body"), (status = 404),
        (status = 409, description = "closed more than 30 days ago"), (status = 422, description = "no good text; a file that is not taken"),
        (status = 429, description = "too many that nobody has read; as many files as one may send within a day")),
    security(("bearer" = [])))]
pub async fn write(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    request: Request,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let case = asked_for(&s, &actor, &urn).await?;
    let correspondence = s.correspondence();
    let side = correspondence.side(&actor, &case);
    let side = side.ok_or_else(|| Failure::forbidden("its applicant and its body write in a case"))?;
    let (text, files) = letter(&s, request).await?;
    let message = correspondence.write_with(&actor, &urn, (&text, side), (&s.files, files)).await?;
    Ok((StatusCode::CREATED, Json(Written { message })))
}

/// The text and the files of a message that is sent.
async fn letter(s: &RestState, mut request: Request) -> Result<(String, Vec<Upload>), Failure> {
    DefaultBodyLimit::max(s.files.max_bytes() + FIELDS).apply(&mut request);
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        let bytes = Bytes::from_request(request, &()).await.map_err(|_| FileError::TooLarge(s.files.max_mib()))?;
        return Ok((body::<Letter>(&bytes, "Letter")?.text, Vec::new()));
    }
    let broken = |e: MultipartError| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => FileError::TooLarge(s.files.max_mib()).into(),
        _ => Failure::bad("body", &e.body_text(), "send multipart/form-data with text and files"),
    };
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|e| Failure::bad("body", &e.body_text(), "send multipart/form-data with a boundary"))?;
    let (mut text, mut files) = (String::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let (field, called) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(str::to_owned));
        match (field.as_str(), called) {
            ("text", None) => text = part.text().await.map_err(broken)?,
            ("files", Some(name)) if files.len() < MAX_FILES => {
                files.push(Upload { name, bytes: part.bytes().await.map_err(broken)?.to_vec() });
            }
            ("files", Some(_)) => return Err(FileError::TooMany.into()),
            _ => return Err(Failure::bad("body", "an unknown part", "send text, and files with their names")),
        }
    }
    Ok((text, files))
}

/// A case that somebody has asked for and the actor may know of.
async fn asked_for(s: &RestState, actor: &Actor, urn: &Urn) -> Result<Entity, Failure> {
    let case = s.applications.case_of(actor, urn).await?;
    if case.object("person").is_none() {
        return Err(QueryError::NotFound(format!("case {urn}")).into());
    }
    Ok(case)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// 1 to 5.
    stars: i64,
    /// At most 2,000 characters; may be left out.
    #[serde(default)]
    comment: String,
}

/// The applicant says how it went, once, when the case is over.
#[utoipa::path(post, path = "/api/v1/cases/{urn}/rating", tag = "services", params(("urn" = String, Path)), request_body = Rating,
    responses((status = 204), (status = 403, description = "not their own case"), (status = 404),
        (status = 409, description = "not over yet, or rated before"), (status = 422)),
    security(("bearer" = [])))]
pub async fn rate(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Json(rating): Json<Rating>,
) -> Result<StatusCode, Failure> {
    let stars = u8::try_from(rating.stars).unwrap_or_default();
    s.correspondence().rate(&actor, &urn, stars, &rating.comment).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Objecting {
    /// Entity `Decision` of the case.
    #[schema(value_type = String)]
    decision: Urn,
    /// By the names of the form that the service has for it; without one `{"text": …}`, 1 to 4,000 characters.
    #[schema(value_type = Object)]
    #[serde(default)]
    answers: Map<String, Value>,
}

/// Objects to a decision of one's own case: a case of its own begins, in which it is looked at again.
#[utoipa::path(post, path = "/api/v1/cases/{urn}/objections", tag = "services", params(("urn" = String, Path)),
    request_body = Objecting,
    responses((status = 201, body = crate::services::Begun, description = "`Location` is the new case"),
        (status = 404, description = "no such decision of that case that is the caller's to object to"),
        (status = 409, description = "too late, objected to before, or its service knows no way"), (status = 422)),
    security(("bearer" = [])))]
pub async fn object(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Json(objecting): Json<Objecting>,
) -> Result<Created, Failure> {
    let Objecting { decision, answers } = objecting;
    let shown = decision_of(&s, &actor, (&urn, &decision)).await?;
    let (service, way) = s.cases.objectable(&actor, &decision).await?;
    let Some(file) = way.form else {
        return Ok(created(s.cases.object(&actor, &decision, in_words(&answers)?).await?));
    };
    let key = draft_of(&decision);
    let case = s.applications.unsent(&actor, &key).await?.and_then(|kept| kept.owner);
    let place = (case.as_ref(), &shown.space);
    let answers = Enclosed::bind(&s.files, &actor, place, answers).await?;
    let applicant = s.applications.applicant(&actor).await?;
    let sheet = s.filling.of_pack(&service, &file, &applicant).await?;
    crate::services::unsigned(&sheet)?;
    let data = s.filling.fill(&actor, &sheet, answers, Default::default()).await?.data;
    let enclosed = Enclosed::of(place, &Enclosed::named(&s.files, &actor, place, &data).await?);
    let begun = s.cases.object_with(&actor, &decision, object_of(data), enclosed).await?;
    s.applications.sent(&actor, &key).await?;
    Ok(created(begun))
}

/// Under which the form of an objection is kept, here and on its page.
fn draft_of(decision: &Urn) -> String {
    format!("object/{decision}")
}

/// Takes a file in for an objection to a decision whose service has a form for it: PDF, JPEG, PNG or WebP, as `POST /api/v1/files`
/// takes them. The answer is what stands in the list that answers a field of files.
#[utoipa::path(post, path = "/api/v1/cases/{urn}/objections/{decision}/files", tag = "services",
    params(("urn" = String, Path), ("decision" = String, Path), NameParam),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = HeldFile),
        (status = 404, description = "no such decision of that case that is the caller's to object to"),
        (status = 409, description = "too late, objected to before, its service knows no way, or has no form for it"),
        (status = 429, description = "As much as one may send within a day: try again after `Retry-After`")),
    security(("bearer" = [])))]
pub async fn put_file(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path((urn, decision)): Path<(Urn, Urn)>,
    Query(p): Query<NameParam>,
    bytes: Body,
) -> Result<(StatusCode, Json<HeldFile>), Failure> {
    let shown = decision_of(&s, &actor, (&urn, &decision)).await?;
    let (service, way) = s.cases.objectable(&actor, &decision).await?;
    way.form.ok_or_else(|| FillingError::NoForm(decision.to_string()))?;
    let key = draft_of(&decision);
    s.applications.unsent(&actor, &key).await?;
    let case = s.applications.envelope(&actor, (&key, &service.version), new_case(&s)).await?;
    held(&s, &actor, (&case, &shown.space), (p.name, bytes)).await
}

/// A decision of a case that somebody has asked for and the actor may know of.
async fn decision_of(s: &RestState, actor: &Actor, (urn, decision): (&Urn, &Urn)) -> Result<Entity, Failure> {
    let case = asked_for(s, actor, urn).await?;
    let shown = s.registry.entity(actor, decision).await?;
    if shown.object("case") != Some(&case.id) {
        return Err(QueryError::NotFound(format!("decision {decision}")).into());
    }
    Ok(shown)
}

/// An objection where the service has no form for it.
fn in_words(answers: &Map<String, Value>) -> Result<Map<String, Value>, FillingError> {
    let text = answers.get("text").and_then(Value::as_str).unwrap_or_default().trim();
    if text.is_empty() || text.chars().count() > MAX_OBJECTION {
        let fix = "write 1 to 4,000 characters".to_owned();
        return Err(FillingError::Answers(vec![FieldError { field: "text".into(), rule: "length".into(), fix }]));
    }
    Ok([("text".to_owned(), text.into())].into_iter().collect())
}

/// A message of another system.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Name of the message in the process, 1 to 200 bytes.
    name: String,
    /// By which its receiver is found: what the process waits with; at most 200 bytes.
    key: Option<String>,
    /// What it holds: variables by their names.
    #[schema(value_type = Object)]
    #[serde(default)]
    payload: Map<String, Value>,
}

/// Brings a message of another system to the process that waits for it, or begins the process that begins with it. For who
/// administers the territory of the receiver (`administer`), by a token of their session: the system needs an account with that
/// post. Tokens that are issued to clients of the installation's OpenID provider are for signing in elsewhere and do not open
/// this. Nobody brings messages to a case of their own. Brought again when nobody waits any more, it is told so (`nobody-waits`).
#[utoipa::path(post, path = "/api/v1/messages", tag = "services", request_body = Told,
    responses((status = 204, description = "somebody waited, or something began with it"),
        (status = 403, description = "not an administrator, or their own case"),
        (status = 404, description = "nobody waits for it in the territories of the caller")),
    security(("bearer" = [])))]
pub async fn tell(State(s): State<RestState>, Caller(actor): Caller, bytes: Bytes) -> Result<StatusCode, Failure> {
    let Told { name, key, payload } = body(&bytes, "Told")?;
    for (field, text) in [("name", Some(name.as_str())), ("key", key.as_deref())] {
        let Some(text) = text else { continue };
        if text.is_empty() || text.len() > LONGEST {
            return Err(Failure::bad(field, "must have 1 to 200 bytes", "give what the process waits for"));
        }
    }
    if s.cases.told(&actor, &name, key.as_deref(), payload).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(refused(404, "nobody-waits", "no process of the caller's territories waits for a message of that name and key"))
}

/// A signal of another system.
#[derive(Debug, Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Called {
    /// Name of the signal in the process, 1 to 200 bytes.
    name: String,
    /// What it holds: variables by their names.
    #[schema(value_type = Object)]
    #[serde(default)]
    payload: Map<String, Value>,
}

/// Calls a signal: every process that waits for it in the territories that the caller administers (`administer`) is told, and each
/// process of a pack of these territories that begins with it begins, once for each call. It is kept when the answer comes, and told
/// after that; a case of the caller's own hears nothing.
#[utoipa::path(post, path = "/api/v1/signals", tag = "services", request_body = Called,
    responses((status = 202, description = "it is told to everybody who waits for it, and begins what begins with it"),
        (status = 400, description = "no signal"),
        (status = 403, description = "not an administrator")),
    security(("bearer" = [])))]
pub async fn call(State(s): State<RestState>, Caller(actor): Caller, bytes: Bytes) -> Result<StatusCode, Failure> {
    let Called { name, payload } = body(&bytes, "Called")?;
    if name.is_empty() || name.len() > LONGEST {
        return Err(Failure::bad("name", "must have 1 to 200 bytes", "give the signal's name in the process"));
    }
    s.cases.call(&actor, &name, payload).await?;
    Ok(StatusCode::ACCEPTED)
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn entity(kind: &str, values: &[(&str, &str)]) -> Entity {
        let entity = Entity::new("urn:t:x".parse().unwrap(), kind, "a".parse().unwrap());
        values.iter().fold(entity, |e, (name, value)| e.with(name, Attribute::property(*value)))
    }

    #[test]
    fn what_happens_now_is_one_thing() {
        let open = [("status", "open"), ("deadline", "2026-01-20T03:00:00Z")];
        let case = |more: &[(&str, &str)]| entity("Case", &[&open, more].concat());
        let (task, accrual) = (entity("Task", &[("status", "taken")]), entity("Accrual", &[("status", "partly")]));
        let paid = entity("Accrual", &[("status", "paid")]);
        let (tasks, owed, paid) = ([task], [accrual], [paid]);
        let paused = [("clock", "paused"), ("pauseReason", "documents")];
        let told = now(&case(&paused), &tasks, &owed);
        assert_eq!((told.state, told.reason.as_deref(), told.tasks.len()), ("paused", Some("documents"), 0));
        let told = now(&case(&[]), &tasks, &owed);
        assert_eq!((told.state, told.accrual.is_some()), ("payment", true));
        let told = now(&case(&[]), &tasks, &paid);
        assert_eq!((told.state, told.tasks.len(), told.by.is_some()), ("task", 1, true));
        assert_eq!(now(&case(&[]), &[], &[]).state, "platform");
        let told = now(&case(&[("status", "closed"), ("outcome", "completed")]), &tasks, &owed);
        assert_eq!((told.state, told.outcome.as_deref(), told.by), ("closed", Some("completed"), None));
    }
}
