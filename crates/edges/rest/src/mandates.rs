//! Mandates that who runs a territory enters by their documents, as on the page `/people`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use svod_kernel::{Timestamp, Urn};
use svod_registry::QueryError;
use svod_trust::Registered;
use utoipa::ToSchema;

use crate::my::{Made, Owner};
use crate::{Failure, RestState};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// For whom: identifier of a person or organization, or national identification number.
    whom: String,
    /// Who acts: how they sign in.
    delegate: String,
    /// `parent`, `guardian`, `attorney`, `head` or `employee`.
    basis: String,
    /// The document by which it is proved, number and date.
    document: String,
    /// Types of the matters; empty: all. An employee's are named.
    #[serde(default)]
    scope: Vec<String>,
    /// Until when; an attorney's and an employee's end within three years, the others when they are ended.
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
}

/// Enters a mandate by its document, by who runs the territory. The person sees it, and the security officer is told. It asks for a
/// proof of the last minutes, like the page: without one it is refused (`proof-needed`).
#[utoipa::path(post, path = "/api/v1/mandates", tag = "mandates", request_body = Document,
    responses((status = 201, body = Made), (status = 403), (status = 404), (status = 422),
        (status = 429, description = "Too many logins or numbers that are not there")), security(("bearer" = [])))]
pub async fn register(
    State(s): State<RestState>,
    owner: Owner,
    Json(body): Json<Document>,
) -> Result<(StatusCode, Json<Made>), Failure> {
    let delegate = owner.delegate(&s, &body.delegate).await?;
    let Document { whom, basis, document, scope, until, .. } = body;
    let id = s.trust.register(&owner.actor, &Registered { whom, delegate, basis, document, scope, until }).await?;
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// Ends a mandate that was entered by its document. One that is over stays as it is.
#[utoipa::path(delete, path = "/api/v1/mandates/{urn}", tag = "mandates", params(("urn" = String, Path)),
    responses((status = 204), (status = 403), (status = 404)), security(("bearer" = [])))]
pub async fn end(State(s): State<RestState>, owner: Owner, Path(urn): Path<Urn>) -> Result<StatusCode, Failure> {
    owner.proved(&s)?;
    if s.registry.entity(&owner.actor, &urn).await?.kind != "Mandate" {
        return Err(QueryError::NotFound(urn.to_string()).into());
    }
    s.trust.withdraw(&owner.actor, &urn).await?;
    Ok(StatusCode::NO_CONTENT)
}
