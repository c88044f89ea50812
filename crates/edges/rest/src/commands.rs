use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use svod_kernel::{Coded, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, Key, Operation, Receipt};
use utoipa::ToSchema;

use crate::auth::Signer;
use crate::{Failure, RestState};

/// Changes of one request at the most.
const MOST: usize = 1_000;
/// Longest key.
const LONGEST: usize = 200;

/// What is to happen. All of it happens or nothing; with `each`, every change stands for itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// On what ground: law or rule.
    #[serde(default)]
    ground: String,
    /// Only entities of this space and those under it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    within: Option<SpacePath>,
    /// A refused change leaves the others alone. Not with an `Idempotency-Key`.
    #[serde(default)]
    each: bool,
    /// At most 1,000, in order.
    changes: Vec<Wanted>,
}

/// One change of one entity: an object with one of these members.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Wanted {
    /// A new entity; refused when the id exists.
    #[schema(value_type = Object)]
    Create(Entity),
    /// Sets these attributes and leaves the others; makes the entity when it is not there.
    #[schema(value_type = Object)]
    Upsert(Entity),
    /// The entity as it shall be; it keeps its space.
    Replace(Whole),
    /// Sets and removes attributes.
    Patch(Part),
    /// Removes the entity; the journal keeps what it was.
    Delete(One),
    /// Brings back an entity that was removed or merged.
    Restore(One),
    /// Two entities that are the same thing become one; who asks for the first is led to the second.
    Merge(Pair),
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Whole {
    /// As it shall be.
    #[schema(value_type = Object)]
    entity: Entity,
    /// Refused when the version is another.
    expected: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Which entity.
    #[schema(value_type = String)]
    urn: Urn,
    /// Refused when the version is another.
    expected: Option<i64>,
    /// Attributes to set.
    #[serde(default)]
    #[schema(value_type = Object)]
    set: BTreeMap<String, Attribute>,
    /// Attributes to remove.
    #[serde(default)]
    unset: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct One {
    /// Which entity.
    #[schema(value_type = String)]
    urn: Urn,
    /// Refused when the version is another.
    expected: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The one that goes.
    #[schema(value_type = String)]
    from: Urn,
    /// The one that stays.
    #[schema(value_type = String)]
    into: Urn,
}

/// A change that did not happen.
#[derive(Serialize, ToSchema)]
pub struct Refusal {
    /// Its place among the changes, from 0.
    place: usize,
    /// Stable code.
    code: &'static str,
    /// Why.
    detail: String,
}

/// What happened.
#[derive(Serialize, ToSchema)]
pub struct Outcome {
    /// Each changed entity and its new version; unchanged ones are absent.
    #[schema(value_type = Vec<Object>)]
    entities: Vec<(Urn, i64)>,
    /// Those of them that were not there before.
    #[schema(value_type = Vec<String>)]
    made: Vec<Urn>,
    /// Changes that did not happen, with `each`.
    refused: Vec<Refusal>,
    /// It was done before, under the same key.
    repeated: bool,
}

impl From<Receipt> for Outcome {
    fn from(r: Receipt) -> Self {
        let refused =
            r.refused.iter().map(|(place, e)| Refusal { place: *place, code: e.code(), detail: e.to_string() });
        Self { refused: refused.collect(), entities: r.entities, made: r.made, repeated: r.repeated }
    }
}

impl Wanted {
    /// Changes of the registry, one or two.
    fn changes(self) -> Result<Vec<Change>, Failure> {
        let operation = match self {
            Self::Create(entity) => Operation::Create(entity),
            Self::Upsert(entity) => Operation::Upsert(entity),
            Self::Replace(w) => Operation::Replace { entity: w.entity, expected: w.expected },
            Self::Patch(p) => Operation::Patch { urn: p.urn, expected: p.expected, set: p.set, unset: p.unset },
            Self::Delete(o) => Operation::Delete { urn: o.urn, expected: o.expected },
            Self::Restore(o) => Operation::Restore { urn: o.urn },
            Self::Merge(p) if p.from == p.into => {
                return Err(Failure::bad("merge", "an entity is not merged into itself", "name two entities"));
            }
            Self::Merge(p) => return Ok(Change::merge(p.from, p.into).into()),
        };
        Ok(vec![operation.into()])
    }
}

/// Carries out changes in one transaction. Durable when the answer comes. An `Idempotency-Key` makes a repeated request
/// (within a day, by the same caller) answer what the first one did. Changes of appointments and posts ask in a session for a proof of
/// the last minutes (`proof-needed`).
#[utoipa::path(post, path = "/api/v1/commands", tag = "entities", request_body = Order,
    params(("Idempotency-Key" = Option<String>, Header, description = "At most 200 characters")),
    responses((status = 200, body = Outcome), (status = 403), (status = 404), (status = 409), (status = 412), (status = 422)),
    security(("bearer" = [])))]
pub async fn carry_out(
    State(s): State<RestState>,
    signer: Signer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Outcome>, Failure> {
    let order: Order = serde_json::from_slice(&body)
        .map_err(|e| Failure::bad("body", &e.to_string(), "see Order in /api/openapi.json"))?;
    if order.changes.len() > MOST {
        return Err(Failure::bad("changes", "too many at once", "send at most 1,000 changes"));
    }
    if order.each && order.changes.iter().any(|c| matches!(c, Wanted::Merge(_))) {
        return Err(Failure::bad("each", "a merge is done as a whole", "leave 'each' out, or merge by itself"));
    }
    let key = key(&headers, &body)?;
    let changes: Vec<Vec<Change>> = order.changes.into_iter().map(Wanted::changes).collect::<Result<_, _>>()?;
    let changes = changes.concat();
    signer.proved_for(&s, &changes).await?;
    let command =
        Command { ground: order.ground, changes, within: order.within, each: order.each, key, ..Command::default() };
    Ok(Json(s.registry.execute(&signer.actor, command).await?.into()))
}

/// The client's own name of the request.
pub fn key(headers: &HeaderMap, body: &[u8]) -> Result<Option<Key>, Failure> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(None) };
    let text = given.to_str().map(|t| t.trim_matches('"')).unwrap_or_default();
    if text.is_empty() || text.len() > LONGEST {
        return Err(Failure::bad("Idempotency-Key", "must have 1 to 200 characters", "send a new UUID"));
    }
    Ok(Some(Key::new(text.to_owned(), &String::from_utf8_lossy(body))))
}
