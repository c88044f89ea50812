use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, EntityQuery, Operation, Receipt};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Signer;
use crate::{Caller, Failure, RestState};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Space; the first region when absent.
    #[param(value_type = Option<String>, example = "kuzbass")]
    space: Option<SpacePath>,
    /// Spaces under it as well (default true).
    below: Option<bool>,
    /// Types, separated by commas.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// `attribute=value` on indexed attributes, separated by commas; all must hold.
    filter: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 1,000, default 100.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct EntityPage {
    /// Entities in their stored form.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// Values that are about people stand in no address, which logs and histories keep (ASVS V14.2.1).
fn fits_in_an_address(s: &RestState, types: &[&str], filters: &[(String, String)]) -> Result<(), Failure> {
    let catalogue = s.registry.catalogue();
    let kinds = (!types.is_empty()).then_some(types);
    if filters.iter().any(|(name, _)| catalogue.metamodel.is_about_people(kinds, name)) {
        return Err(Failure::bad("filter", "asks for a value that is about people", "ask by POST /api/v1/query"));
    }
    Ok(())
}

/// Entities of a space, redacted for the caller.
#[utoipa::path(get, path = "/api/v1/entities", tag = "entities", params(ListParams),
    responses((status = 200, body = EntityPage), (status = 404, description = "unknown space")), security((), ("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<ListParams>,
) -> Result<Json<EntityPage>, Failure> {
    let mut filters = Vec::new();
    for f in p.filter.iter().flat_map(|f| f.split(',')).filter(|f| !f.is_empty()) {
        let pair = f.split_once('=').ok_or_else(|| {
            Failure::bad("filter", "must be attribute=value", "write filter=status=open,kind=air-pollution")
        })?;
        filters.push((pair.0.to_owned(), pair.1.to_owned()));
    }
    let types: Vec<&str> = p.kind.iter().flat_map(|k| k.split(',')).filter(|k| !k.is_empty()).collect();
    fits_in_an_address(&s, &types, &filters)?;
    let q = EntityQuery {
        space: s.space(p.space),
        below: p.below.unwrap_or(true),
        types: types.into_iter().map(str::to_owned).collect(),
        filters,
        after: p.after,
        limit: p.limit.unwrap_or(100),
    };
    let page = s.registry.query(&actor, q).await?;
    Ok(Json(EntityPage { items: page.items, next: page.next }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct ReadParams {
    /// As it stood at that moment; now when absent.
    #[param(value_type = Option<String>, example = "2026-01-15T01:00:00Z")]
    as_of: Option<Timestamp>,
}

/// One entity, redacted for the caller. The `ETag` is its version.
#[utoipa::path(get, path = "/api/v1/entities/{urn}", tag = "entities", params(("urn" = String, Path), ReadParams),
    responses((status = 200, body = Object), (status = 308, description = "merged into the entity that Location names"), (status = 404)), security((), ("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Query(p): Query<ReadParams>,
) -> Result<Response, Failure> {
    if let Some(at) = p.as_of {
        let then = s.registry.entity_at(&actor, &urn, at).await?;
        return Ok(([(header::ETAG, format!("\"{}\"", then.version))], Json(Entity::clone(&then))).into_response());
    }
    let entity = s.registry.entity(&actor, &urn).await?;
    if entity.id != urn {
        let at = [(header::LOCATION, format!("/api/v1/entities/{}", entity.id))];
        return Ok((StatusCode::PERMANENT_REDIRECT, at, Json(entity)).into_response());
    }
    Ok(([(header::ETAG, format!("\"{}\"", entity.version))], Json(entity)).into_response())
}

/// The entity with its newest observations, as the map's card shows them.
#[utoipa::path(get, path = "/api/v1/entities/{urn}/live", tag = "live", params(("urn" = String, Path)),
    responses((status = 200, body = Object), (status = 404)), security((), ("bearer" = [])))]
pub async fn card(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
) -> Result<Json<Value>, Failure> {
    let entity = s.registry.entity(&actor, &urn).await?;
    let catalogue = s.registry.catalogue();
    let live = s.twin.entity(&urn);
    let observed: BTreeMap<String, Value> = live
        .iter()
        .flat_map(|l| &l.observed)
        .filter(|(name, _)| s.registry.may_see_attribute(&actor, &entity, name))
        .map(|(name, v)| {
            let unit = catalogue.metamodel.attribute(&entity.kind, name).and_then(|a| a.unit.clone());
            let shown = serde_json::json!({"value": v.value, "unit": unit, "observedAt": v.at,
                "receivedAt": v.received, "ratio": v.ratio, "simulated": v.simulated});
            (name.to_string(), shown)
        })
        .collect();
    Ok(Json(serde_json::json!({"entity": entity, "observed": observed})))
}

#[derive(Serialize, ToSchema)]
pub struct Done {
    /// Each changed entity and its new version.
    #[schema(value_type = Vec<Object>)]
    entities: Vec<(Urn, i64)>,
}

impl From<Receipt> for Done {
    fn from(r: Receipt) -> Self {
        Self { entities: r.entities }
    }
}

#[derive(Deserialize, ToSchema)]
pub struct Creation {
    /// The entity: id, type, space, attributes.
    #[schema(value_type = Object)]
    entity: Entity,
    /// On what ground: law or rule.
    #[serde(default)]
    ground: String,
}

/// Makes an entity. Durable when the answer comes. Appointments and posts are made, changed and removed in a session after a proof of
/// the last minutes only (`proof-needed`).
#[utoipa::path(post, path = "/api/v1/entities", tag = "entities", request_body = Creation,
    responses((status = 201, body = Done), (status = 403), (status = 409), (status = 422)), security(("bearer" = [])))]
pub async fn create(
    State(s): State<RestState>,
    signer: Signer,
    Json(body): Json<Creation>,
) -> Result<(StatusCode, Json<Done>), Failure> {
    let changed = changed(&s, &signer, Operation::Create(body.entity), body.ground).await?;
    Ok((StatusCode::CREATED, changed))
}

#[derive(Deserialize, ToSchema)]
pub struct Patching {
    /// Attributes to set.
    #[serde(default)]
    #[schema(value_type = Object)]
    set: BTreeMap<String, Attribute>,
    /// Attributes to remove.
    #[serde(default)]
    unset: Vec<String>,
    /// On what ground: law or rule.
    #[serde(default)]
    ground: String,
}

/// Sets and removes attributes. `If-Match` with the ETag refuses when somebody was faster.
#[utoipa::path(patch, path = "/api/v1/entities/{urn}", tag = "entities", params(("urn" = String, Path)),
    request_body = Patching,
    responses((status = 200, body = Done), (status = 403), (status = 404), (status = 412), (status = 422)),
    security(("bearer" = [])))]
pub async fn patch(
    State(s): State<RestState>,
    signer: Signer,
    Path(urn): Path<Urn>,
    headers: HeaderMap,
    Json(body): Json<Patching>,
) -> Result<Json<Done>, Failure> {
    let operation = Operation::Patch { urn, expected: expected(&headers)?, set: body.set, unset: body.unset };
    changed(&s, &signer, operation, body.ground).await
}

/// Removes an entity; the journal keeps what it was.
#[utoipa::path(delete, path = "/api/v1/entities/{urn}", tag = "entities", params(("urn" = String, Path)),
    responses((status = 200, body = Done), (status = 403), (status = 404), (status = 412)), security(("bearer" = [])))]
pub async fn remove(
    State(s): State<RestState>,
    signer: Signer,
    Path(urn): Path<Urn>,
    headers: HeaderMap,
) -> Result<Json<Done>, Failure> {
    let operation = Operation::Delete { urn, expected: expected(&headers)? };
    changed(&s, &signer, operation, String::new()).await
}

/// One change of one entity.
async fn changed(s: &RestState, signer: &Signer, operation: Operation, ground: String) -> Result<Json<Done>, Failure> {
    let changes: Vec<Change> = vec![operation.into()];
    signer.proved_for(s, &changes).await?;
    Ok(Json(s.registry.execute(&signer.actor, Command { ground, changes, ..Command::default() }).await?.into()))
}

fn expected(headers: &HeaderMap) -> Result<Option<i64>, Failure> {
    let Some(tag) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version = tag.to_str().ok().map(|t| t.trim_matches('"')).and_then(|t| t.parse().ok());
    version
        .map(Some)
        .ok_or_else(|| Failure::bad("If-Match", "must be the entity's ETag", "read the entity and send its ETag"))
}
