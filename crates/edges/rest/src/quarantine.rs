use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use svod_ingest::{Preview, QuarantineFilter, QuarantineRow, QuarantineStatus, Which};
use svod_kernel::{Actor, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::{Caller, Failure, RestState};

/// Characters of a payload shown in a list.
const SHOWN: usize = 2_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuarantineParams {
    /// Reason code: `unknown-device`, `out-of-range` …
    reason: Option<String>,
    /// `held` (default), `replayed`, `discarded` or `all`.
    status: Option<String>,
    /// `next` of the page before.
    before: Option<i64>,
    /// 1 to 500, default 50.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct Refused {
    id: i64,
    space: String,
    #[schema(value_type = String)]
    at: Timestamp,
    /// Door and topic.
    source: String,
    profile: Option<String>,
    /// Null where only the payload names it, until payloads are open.
    device: Option<String>,
    /// Stable code.
    reason: String,
    /// What exactly; null until payloads are open where it tells of what the payload holds.
    detail: Option<String>,
    /// As it came, at most 2,000 characters; null until it is said what payloads are needed for (`/api/v1/quarantine/look`).
    payload: Option<String>,
    status: String,
}

#[derive(Serialize, ToSchema)]
pub struct RefusedPage {
    items: Vec<Refused>,
    /// Give it as `before` for the next page.
    next: Option<i64>,
}

/// Refused messages, newest first, each with its reason.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "operations", params(QuarantineParams),
    responses((status = 200, body = RefusedPage), (status = 403)), security(("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<QuarantineParams>,
) -> Result<Json<RefusedPage>, Failure> {
    let status = match p.status.as_deref().unwrap_or("held") {
        "all" => None,
        "held" => Some(QuarantineStatus::Held),
        "replayed" => Some(QuarantineStatus::Replayed),
        "discarded" => Some(QuarantineStatus::Discarded),
        _ => return Err(Failure::bad("status", "must be held, replayed, discarded or all", "choose one of them")),
    };
    let limit = p.limit.unwrap_or(50).clamp(1, 500);
    let rows =
        s.quarantine.page(&actor, QuarantineFilter { reason: p.reason, status, before: p.before, limit }).await?;
    let next = (rows.len() == limit).then(|| rows.last().map(|r| r.id)).flatten();
    Ok(Json(RefusedPage { items: rows.into_iter().map(|r| refused(&s, &actor, r)).collect(), next }))
}

fn refused(s: &RestState, actor: &Actor, row: QuarantineRow) -> Refused {
    let open = s.quarantine.is_open_for(actor, &row);
    let m = row.message;
    Refused {
        id: row.id,
        space: s.registry.spaces().path(m.space).map(ToString::to_string).unwrap_or_default(),
        at: m.at,
        source: m.source,
        profile: m.profile,
        device: m.device,
        reason: m.reason,
        detail: Some(m.detail).filter(|detail| open || !detail.is_empty()),
        payload: open.then(|| String::from_utf8_lossy(&m.payload).chars().take(SHOWN).collect()),
        status: row.status.as_str().to_owned(),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Looking {
    /// What payloads are needed for, in 5 to 1,000 characters.
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct Looked {
    /// Until when payloads are open to the caller.
    #[schema(value_type = String)]
    until: Timestamp,
}

/// Opens payloads to the caller for an hour: they may hold data of people. Who looks, when and what for stands in the journal of the
/// territory from then on.
#[utoipa::path(post, path = "/api/v1/quarantine/look", tag = "operations", request_body = Looking,
    responses((status = 200, body = Looked), (status = 403), (status = 422)), security(("bearer" = [])))]
pub async fn look(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Json(body): Json<Looking>,
) -> Result<Json<Looked>, Failure> {
    Ok(Json(Looked { until: s.quarantine.look(&actor, &body.reason).await? }))
}

#[derive(Deserialize, ToSchema)]
pub struct Trial {
    /// jq program.
    mapping: String,
}

/// What another mapping would make of a refused message; nothing is stored. Payloads must be open to the caller (`ground-needed`).
#[utoipa::path(post, path = "/api/v1/quarantine/{id}/try", tag = "operations", params(("id" = i64, Path)),
    request_body = Trial, responses((status = 200, body = Object), (status = 403), (status = 404), (status = 422)),
    security(("bearer" = [])))]
pub async fn try_mapping(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    Json(body): Json<Trial>,
) -> Result<Json<Preview>, Failure> {
    Ok(Json(s.quarantine.try_mapping(&actor, id, &body.mapping).await?))
}

/// Which held messages: these, or all of a profile, or all with a reason, or (with nothing given) all.
#[derive(Deserialize, ToSchema)]
pub struct Selection {
    ids: Option<Vec<i64>>,
    profile: Option<String>,
    reason: Option<String>,
}

/// Sends held messages through the door again, with the mappings in force now.
#[utoipa::path(post, path = "/api/v1/quarantine/replay", tag = "operations", request_body = Selection,
    responses((status = 200, body = Object), (status = 403)), security(("bearer" = [])))]
pub async fn replay(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Json(body): Json<Selection>,
) -> Result<Json<serde_json::Value>, Failure> {
    let which = match (body.ids, body.profile, body.reason) {
        (Some(ids), _, _) => Which::Ids(ids),
        (_, Some(profile), _) => Which::Profile(profile),
        (_, _, Some(reason)) => Which::Reason(reason),
        _ => Which::All,
    };
    let report = s.quarantine.replay(&actor, which, |_| {}).await?;
    Ok(Json(serde_json::to_value(report).unwrap_or_default()))
}

#[derive(Deserialize, ToSchema)]
pub struct Discarding {
    ids: Vec<i64>,
}

/// Marks held messages as discarded; they stay readable.
#[utoipa::path(post, path = "/api/v1/quarantine/discard", tag = "operations", request_body = Discarding,
    responses((status = 200, body = Object), (status = 403)), security(("bearer" = [])))]
pub async fn discard(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Json(body): Json<Discarding>,
) -> Result<Json<serde_json::Value>, Failure> {
    let count = s.quarantine.discard(&actor, body.ids).await?;
    Ok(Json(serde_json::json!({"discarded": count})))
}
