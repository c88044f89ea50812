//! `/entityMaps` (clauses 5.14, 6.32 to 6.34, 6.3.21): the identifiers that a question found, kept for a while, so that its
//! pages stay the same while entities come and go, and with them who has each entity. Kept in memory, within bounds: anybody
//! who may ask may make one, and whose map is gone is given a new one.

use std::collections::{BTreeMap, HashSet};

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;
use svod_kernel::{SpacePath, Timestamp, Urn, number};

use crate::NgsiState;
use crate::context::Context;
use crate::entities::{self, urn};
use crate::error::{Answer, ApiError, Kind};
use crate::params::find;
use crate::parse;
use crate::request::Asked;
use crate::shelf::{Item, Shelf};

/// The type of the document.
const KIND: &str = "EntityMap";
const PATH: &str = "/ngsi-ld/v1/entityMaps";
const HEADER: &str = "ngsild-entitymap";
/// What stands for this broker.
pub const HERE: &str = "@none";
/// How long a map lives when nothing is said, and at the most; microseconds.
const LIFETIME: i64 = 3_600_000_000;
const LONGEST: i64 = 86_400_000_000;
/// Bytes of all maps at the most.
const MOST_BYTES: usize = 64 << 20;

/// Who has which entity: registrations, or [`HERE`].
pub type Origins = BTreeMap<Urn, Vec<String>>;

/// A map as it is kept.
#[derive(Debug, Clone)]
struct Kept {
    /// Whose it is: what somebody may see is not told to others.
    actor: String,
    expires_at: Timestamp,
    entities: BTreeMap<String, Vec<String>>,
}

impl Item for Kept {
    /// Those that end first make room.
    type Rank = Timestamp;

    fn size(&self) -> usize {
        let of = |(id, who): (&String, &Vec<String>)| 120 + id.len() + who.iter().map(|w| 40 + w.len()).sum::<usize>();
        200 + self.entities.iter().map(of).sum::<usize>()
    }

    fn rank(&self) -> Timestamp {
        self.expires_at
    }

    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// All maps of this node.
#[derive(Debug)]
pub struct Maps(Shelf<Kept>);

impl Default for Maps {
    fn default() -> Self {
        Self(Shelf::new(MOST_BYTES))
    }
}

/// A map with its identifier.
#[derive(Debug, Clone)]
pub struct EntityMap {
    id: String,
    kept: Kept,
}

/// What a request has to do with maps.
#[derive(Debug, Clone)]
pub enum Use {
    /// Nothing.
    No,
    /// One is to be made.
    Make,
    /// It goes through this one.
    Walk(EntityMap),
}

impl Use {
    /// What the request says.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(state: &NgsiState, asked: &Asked) -> Answer<Self> {
        lifetime(asked)?;
        if asked.snapshot.is_some() {
            return Ok(Self::No); // it stays the same anyway
        }
        if let Some(named) = asked.headers.get(HEADER).and_then(|v| v.to_str().ok()) {
            let id = named.rsplit('/').next().unwrap_or_default();
            return Ok(get(state, asked, id).map_or(Self::Make, Self::Walk));
        }
        Ok(if asked.flag("entityMap")? { Self::Make } else { Self::No })
    }

    /// Identifiers to which the question is restricted; none: it is not.
    pub fn ids(&self) -> Option<Vec<Urn>> {
        match self {
            Self::Walk(map) => Some(map.kept.entities.keys().filter_map(|id| id.parse().ok()).collect()),
            Self::No | Self::Make => None,
        }
    }

    /// Keeps what was found: a new map, or what is left of the one that is gone through.
    ///
    /// # Errors
    /// When the lifetime cannot be read.
    pub fn settle(self, state: &NgsiState, asked: &Asked, origins: &Origins) -> Answer<Self> {
        match self {
            Self::No => Ok(Self::No),
            Self::Make => {
                let entities = origins.iter().map(|(id, of)| (id.to_string(), of.clone())).collect();
                Ok(Self::Walk(make(state, asked, entities)?))
            }
            Self::Walk(mut map) => {
                let left: HashSet<&str> = origins.keys().map(Urn::as_str).collect();
                let before = map.kept.entities.len();
                map.kept.entities.retain(|id, _| left.contains(id.as_str()));
                if map.kept.entities.len() < before {
                    put(state, &asked.space, &map);
                }
                Ok(Self::Walk(map))
            }
        }
    }

    /// 201 when a map was made, as [`Use::of`] said.
    pub const fn status(&self) -> StatusCode {
        if matches!(self, Self::Make) { StatusCode::CREATED } else { StatusCode::OK }
    }

    /// Names the map in an answer.
    pub fn name(&self, response: &mut Response) {
        if let Self::Walk(map) = self
            && let Ok(at) = HeaderValue::from_str(&format!("{PATH}/{}", map.id))
        {
            response.headers_mut().insert(HEADER, at);
        }
    }
}

/// How long the map that the request wants is to live.
fn lifetime(asked: &Asked) -> Answer<i64> {
    let Some(text) = asked.param("entityMapLifetime") else { return Ok(LIFETIME) };
    let wrong = || ApiError::bad(format!("'entityMapLifetime' must be a duration such as PT1H, not '{text}'"));
    let seconds = svod_model::parse_duration(text).ok_or_else(wrong)?;
    Ok(number::whole(seconds * 1e6).min(LONGEST))
}

fn make(state: &NgsiState, asked: &Asked, entities: BTreeMap<String, Vec<String>>) -> Answer<EntityMap> {
    let now = state.registry.clock().now();
    let id = Urn::mint(KIND, now, state.registry.rng().as_ref());
    let expires_at = Timestamp(now.0.saturating_add(lifetime(asked)?));
    let map = EntityMap {
        id: format!("urn:ngsi-ld:entitymap:{}", id.local()),
        kept: Kept { actor: asked.actor.capacity(), expires_at, entities },
    };
    put(state, &asked.space, &map);
    Ok(map)
}

fn put(state: &NgsiState, space: &SpacePath, map: &EntityMap) {
    state.maps.0.put(space, &map.id, map.kept.clone(), state.registry.clock().now());
}

/// A map that lives and is the actor's own.
fn get(state: &NgsiState, asked: &Asked, id: &str) -> Option<EntityMap> {
    let now = state.registry.clock().now();
    let kept = state.maps.0.get(&asked.space, id, now).filter(|k| k.actor == asked.actor.capacity());
    kept.map(|kept| EntityMap { id: id.to_owned(), kept })
}

fn found(state: &NgsiState, asked: &Asked, id: &str) -> Answer<EntityMap> {
    urn(id)?;
    get(state, asked, id).ok_or_else(|| ApiError::missing(format!("there is no entity map {id}")))
}

fn answer(asked: &Asked, status: StatusCode, map: EntityMap) -> Response {
    let body = json!({
        "id": map.id,
        "type": KIND,
        "expiresAt": map.kept.expires_at.to_string(),
        "entityMap": map.kept.entities,
    });
    let mut response = asked.answer(status, body, &Context::default());
    Use::Walk(map).name(&mut response);
    response
}

/// `GET /entityMaps`: what a question finds (clause 5.14.4).
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&[&entities::OF_FORM[..], &entities::OF_LIST[..]].concat())?;
    lifetime(&asked)?;
    let context = asked.context(&state).await?;
    let wanted = find::parse(&asked, &context)?;
    find::fits_in_an_address(&wanted.query, &state.registry.catalogue().metamodel)?;
    let origins = entities::origins(&state, &asked, &context, wanted).await?;
    let Use::Walk(map) = Use::Make.settle(&state, &asked, &origins)? else {
        return Err(ApiError::new(Kind::InternalError, "the map was not made"));
    };
    Ok(answer(&asked, StatusCode::CREATED, map))
}

/// `GET /temporal/entityMaps`: what a question about the past finds (clause 5.14.5).
///
/// # Errors
/// See [`ApiError`].
pub async fn create_temporal(State(state): State<NgsiState>, asked: Asked) -> Answer {
    lifetime(&asked)?;
    let context = asked.context(&state).await?;
    let origins = crate::temporal::origins(&state, &asked, &context).await?;
    let Use::Walk(map) = Use::Make.settle(&state, &asked, &origins)? else {
        return Err(ApiError::new(Kind::InternalError, "the map was not made"));
    };
    Ok(answer(&asked, StatusCode::CREATED, map))
}

/// `GET /entityMaps/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let map = found(&state, &asked, &id)?;
    Ok(answer(&asked, StatusCode::OK, map))
}

/// `PATCH /entityMaps/{id}`: how long it lives; nothing else can be changed.
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let mut map = found(&state, &asked, &id)?;
    let body = asked.body(&state).await?;
    if let Some(at) = body.value.get("expiresAt") {
        let latest = Timestamp(state.registry.clock().now().0.saturating_add(LONGEST));
        map.kept.expires_at = parse::moment("expiresAt", at)?.min(latest);
        put(&state, &asked.space, &map);
    }
    Ok(asked.done())
}

/// `DELETE /entityMaps/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let map = found(&state, &asked, &id)?;
    state.maps.0.remove(&asked.space, &map.id);
    Ok(asked.done())
}
