//! The cabinet for programs: who looked at somebody's data, what they have agreed to and who acts for them. The same deeds as on
//! the pages `/my`, in the affairs of the bearer or of whom they act for.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use svod_identity::Session;
use svod_kernel::{Actor, FieldError, Problem, Urn};
use svod_model::Entity;
use svod_registry::QueryError;
use svod_trust::{NewConsent, NewMandate};
use utoipa::{IntoParams, ToSchema};

use crate::{Caller, Failure, RestState, session_token};

/// Rows of a page.
const ROWS: usize = 100;
/// Pages at the most.
const PAGES: usize = 1_000;

/// Who calls, in whose affairs, and in which session; who is nobody in the graph, a persona say, has no cabinet.
pub struct Owner {
    pub(crate) actor: Actor,
    session: Option<Arc<Session>>,
}

impl FromRequestParts<RestState> for Owner {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, Failure> {
        let Caller(actor) = Caller::from_request_parts(parts, state).await?;
        let Some(token) = session_token(&parts.headers) else {
            return Err(refused(401, "sign-in-needed", "give the token of whose cabinet it is"));
        };
        let session = state.identity.recognise(token).await?.session;
        let nobody = || QueryError::NotFound(actor.subject().to_owned());
        let subject: Urn = actor.subject().parse().map_err(|_| nobody())?;
        state.registry.entity(&Actor::platform("my"), &subject).await?;
        Ok(Self { actor, session })
    }
}

impl Owner {
    /// The session of who has proved of late who they are.
    ///
    /// # Errors
    /// `proof-needed`.
    pub(crate) fn proved(&self, s: &RestState) -> Result<&Session, Failure> {
        let now = s.registry.clock().now();
        let fresh = self.session.as_deref().filter(|session| session.is_fresh(now, svod_identity::FRESH));
        fresh.ok_or_else(Failure::proof_needed)
    }

    /// Who shall act, by the login that is given; asked of who has proved of late who they are.
    ///
    /// # Errors
    /// `proof-needed`; nobody signs in so; when the store fails.
    pub(crate) async fn delegate(&self, s: &RestState, login: &str) -> Result<Urn, Failure> {
        let session = self.proved(s)?;
        let Some(delegate) = s.identity.person_of(session, login).await? else {
            let mut unknown = refused(422, "field", "delegate: nobody signs in so");
            let fix = "give the login of who shall act".to_owned();
            unknown.0.errors = vec![FieldError { field: "delegate".into(), rule: "unknown".into(), fix }];
            return Err(unknown);
        };
        Ok(delegate)
    }
}

/// A refusal that only the API knows.
pub fn refused(status: u16, code: &str, detail: &str) -> Failure {
    Failure(Box::new(Problem {
        kind: format!("urn:svod:problem:{code}"),
        code: code.into(),
        title: code.replace('-', " "),
        status,
        detail: detail.into(),
        errors: Vec::new(),
        retry_after: None,
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MyParams {
    /// 0 for the newest 100, 1 for those before them, and so on.
    page: Option<usize>,
}

/// Entities, newest first.
#[derive(Serialize, ToSchema)]
pub struct MyPage {
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
    /// There is a further page.
    more: bool,
}

/// What was made.
#[derive(Serialize, ToSchema)]
pub struct Made {
    /// Under which it is read and taken back.
    #[schema(value_type = String)]
    pub(crate) id: Urn,
}

async fn listed(s: &RestState, owner: &Owner, kind: &str, p: &MyParams) -> Result<Json<MyPage>, Failure> {
    let at = p.page.unwrap_or_default().min(PAGES) * ROWS;
    Ok(Json(paged(s.trust.own(&owner.actor, kind, at..at + ROWS + 1).await?)))
}

fn paged(mut found: Vec<Arc<Entity>>) -> MyPage {
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    MyPage { items: found.into_iter().map(Arc::unwrap_or_clone).collect(), more }
}

/// Takes one's own back: what is not of that type, or another's, is not there.
async fn taken_back(s: &RestState, owner: &Owner, kind: &str, urn: &Urn) -> Result<StatusCode, Failure> {
    let missing = || QueryError::NotFound(urn.to_string());
    let known = s.registry.entity(&owner.actor, urn).await?;
    let own = known.kind == kind && known.object("person").is_some_and(|person| owner.actor.owns(person, kind));
    if !own {
        return Err(missing().into());
    }
    s.trust.withdraw(&owner.actor, urn).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccessParams {
    /// 0 for the newest 100, 1 for those before them, and so on.
    page: Option<usize>,
    /// `true`: only those by which data were given to another system or a site; `false`: all others.
    given: Option<bool>,
}

/// Who looked at the caller's data, when and on what ground; and to which other systems and sites they were given.
#[utoipa::path(get, path = "/api/v1/my/accesses", tag = "my", params(AccessParams),
    responses((status = 200, body = MyPage), (status = 404)), security(("bearer" = [])))]
pub async fn accesses(
    State(s): State<RestState>,
    owner: Owner,
    Query(p): Query<AccessParams>,
) -> Result<Json<MyPage>, Failure> {
    let at = p.page.unwrap_or_default().min(PAGES) * ROWS;
    Ok(Json(paged(s.trust.accesses(&owner.actor, p.given, at..at + ROWS + 1).await?)))
}

/// Consents that the caller has given, those that are over too.
#[utoipa::path(get, path = "/api/v1/my/consents", tag = "my", params(MyParams),
    responses((status = 200, body = MyPage), (status = 404)), security(("bearer" = [])))]
pub async fn consents(
    State(s): State<RestState>,
    owner: Owner,
    Query(p): Query<MyParams>,
) -> Result<Json<MyPage>, Failure> {
    listed(&s, &owner, "Consent", &p).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// What for, 3 to 300 characters.
    purpose: String,
    /// Attributes of the person that may be used; empty: all.
    #[serde(default)]
    data: Vec<String>,
    /// The body that may.
    #[schema(value_type = String)]
    recipient: Urn,
    /// For how many days, up to five years.
    days: i64,
}

/// Agrees to a use of the caller's data.
#[utoipa::path(post, path = "/api/v1/my/consents", tag = "my", request_body = Agreement,
    responses((status = 201, body = Made), (status = 403), (status = 404), (status = 422)), security(("bearer" = [])))]
pub async fn agree(
    State(s): State<RestState>,
    owner: Owner,
    Json(body): Json<Agreement>,
) -> Result<(StatusCode, Json<Made>), Failure> {
    let Agreement { purpose, data, recipient, days } = body;
    let id = s.trust.agree(&owner.actor, &NewConsent { purpose, data, recipient, days }).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Takes a consent back, and with it all that rests on it. One that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/my/consents/{urn}", tag = "my", params(("urn" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = [])))]
pub async fn disagree(State(s): State<RestState>, owner: Owner, Path(urn): Path<Urn>) -> Result<StatusCode, Failure> {
    taken_back(&s, &owner, "Consent", &urn).await
}

/// Mandates by which others act for the caller, those that are over too.
#[utoipa::path(get, path = "/api/v1/my/mandates", tag = "my", params(MyParams),
    responses((status = 200, body = MyPage), (status = 404)), security(("bearer" = [])))]
pub async fn mandates(
    State(s): State<RestState>,
    owner: Owner,
    Query(p): Query<MyParams>,
) -> Result<Json<MyPage>, Failure> {
    listed(&s, &owner, "Mandate", &p).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Who shall act: how they sign in.
    delegate: String,
    /// Types of the matters; empty: all. Who acts for an organization as its head names those of an employee.
    #[serde(default)]
    scope: Vec<String>,
    /// The document, number and date; empty for none.
    #[serde(default)]
    document: String,
    /// For how many days, up to three years.
    days: i64,
}

/// Lets somebody else act for the caller; the head of an organization lets its employee act for it. It asks for a proof of the last minutes, like the page: without one it is refused
/// (`proof-needed`).
#[utoipa::path(post, path = "/api/v1/my/mandates", tag = "my", request_body = Power,
    responses((status = 201, body = Made), (status = 403), (status = 404), (status = 422),
        (status = 429, description = "Too many logins that are not there")), security(("bearer" = [])))]
pub async fn empower(
    State(s): State<RestState>,
    owner: Owner,
    Json(body): Json<Power>,
) -> Result<(StatusCode, Json<Made>), Failure> {
    let delegate = owner.delegate(&s, &body.delegate).await?;
    let Power { scope, document, days, .. } = body;
    let id = s.trust.empower(&owner.actor, &NewMandate { delegate, scope, document, days }).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Ends a mandate. One that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/my/mandates/{urn}", tag = "my", params(("urn" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = [])))]
pub async fn disempower(State(s): State<RestState>, owner: Owner, Path(urn): Path<Urn>) -> Result<StatusCode, Failure> {
    taken_back(&s, &owner, "Mandate", &urn).await
}
