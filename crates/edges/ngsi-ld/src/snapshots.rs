//! `/snapshots` (clauses 5.16, 6.36 to 6.38, 6.3.22): how entities stood at one moment, here and at the sources, to be
//! looked at later with `NGSILD-Snapshot`. Kept in memory, within bounds; those of low priority make room first.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_query::Query;

use crate::NgsiState;
use crate::context::Context;
use crate::entities::{self, urn};
use crate::error::{Answer, ApiError, Kind};
use crate::params::{find, q};
use crate::parse;
use crate::request::{Asked, Body};
use crate::shelf::{Item, Shelf};

/// The type of the document.
const KIND: &str = "Snapshot";
const PATH: &str = "/ngsi-ld/v1/snapshots";
/// Header that names a snapshot (clause 6.3.22).
pub const HEADER: &str = "ngsild-snapshot";
/// Bytes of all snapshots, and of one, at the most.
const MOST_BYTES: usize = 128 << 20;
const LARGEST: usize = 32 << 20;
/// How long a snapshot lives when nothing is said, and at the most; microseconds.
const LIFETIME: i64 = 86_400_000_000;
const LONGEST: i64 = 30 * LIFETIME;
/// Highest priority, and that of those who say nothing.
const HIGHEST: u64 = 10;
const PRIORITY: u64 = 5;
/// Questions of one snapshot at the most.
const MOST_QUERIES: usize = 20;
/// Members that a question about snapshots may name.
const MEMBERS: [&str; 6] = ["id", "snapshotPriority", "snapshotStatus", "createdAt", "lastUsedAt", "expiresAt"];

/// A snapshot as it is kept.
#[derive(Debug, Clone)]
struct Kept {
    /// Whose it is: what somebody may see is not told to others.
    actor: String,
    queries: Value,
    priority: u64,
    status: &'static str,
    details: Vec<Value>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    entities: Arc<Vec<Arc<Entity>>>,
    /// Bytes of the entities, about.
    bytes: usize,
}

impl Item for Kept {
    /// Low priority first, then what has not been used for long.
    type Rank = (u64, Timestamp);

    fn size(&self) -> usize {
        500 + self.queries.to_string().len() + self.bytes
    }

    fn rank(&self) -> Self::Rank {
        (self.priority, self.last_used_at)
    }

    fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl Kept {
    fn document(&self, id: &str) -> Map<String, Value> {
        let mut document = Map::from_iter([
            ("id".to_owned(), json!(id)),
            ("type".to_owned(), json!(KIND)),
            ("snapshotQueries".to_owned(), self.queries.clone()),
            ("snapshotPriority".to_owned(), json!(self.priority)),
            ("snapshotStatus".to_owned(), json!(self.status)),
            ("createdAt".to_owned(), json!(self.created_at.to_string())),
            ("lastUsedAt".to_owned(), json!(self.last_used_at.to_string())),
            ("expiresAt".to_owned(), json!(self.expires_at.to_string())),
        ]);
        if !self.details.is_empty() {
            document.insert("snapshotQueriesDetails".into(), self.details.clone().into());
        }
        document
    }
}

/// All snapshots of this node.
#[derive(Debug)]
pub struct Snapshots(Shelf<Kept>);

impl Default for Snapshots {
    fn default() -> Self {
        Self(Shelf::new(MOST_BYTES))
    }
}

/// Entities as they stood.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// Identifier of the snapshot.
    pub id: String,
    /// They, each once.
    pub entities: Arc<Vec<Arc<Entity>>>,
}

impl Frozen {
    /// The snapshot that a request is about, if it names one.
    ///
    /// # Errors
    /// When there is none of that name, or the operation is not one of a snapshot.
    pub fn of(
        state: &NgsiState,
        headers: &HeaderMap,
        (method, path): (&Method, &str),
        space: &SpacePath,
        actor: &Actor,
    ) -> Answer<Option<Self>> {
        let Some(named) = headers.get(HEADER).and_then(|v| v.to_str().ok()) else { return Ok(None) };
        let path = path.trim_end_matches('/');
        let read =
            path.ends_with("/entities") || path.rsplit_once('/').is_some_and(|(at, _)| at.ends_with("/entities"));
        let queried = method == Method::POST && path.ends_with("/entityOperations/query");
        let asked = (method == Method::GET && read && !path.contains("/temporal/")) || queried;
        if !asked {
            let only = "with NGSILD-Snapshot entities are retrieved and queried; nothing else is kept in a snapshot";
            return Err(ApiError::new(Kind::OperationNotSupported, only));
        }
        let id = named.rsplit('/').next().unwrap_or_default();
        let now = state.registry.clock().now();
        let used = state.snapshots.0.get(space, id, now).filter(|kept| kept.actor == actor.capacity());
        let kept = used.ok_or_else(|| none(id))?;
        if kept.status == "preparing" {
            return Err(ApiError::new(Kind::Busy, format!("the snapshot {id} is still being prepared")));
        }
        state.snapshots.0.change(space, id, |kept| kept.last_used_at = now);
        // What was open to them then is theirs as far as it is open to them now.
        let declared = state.registry.catalogue();
        let seen = |e: &Arc<Entity>| match declared.metamodel.types.contains_key(&e.kind) {
            true => state.registry.redact(actor, e.clone()),
            false => Some(e.clone()),
        };
        let entities = kept.entities.iter().filter_map(seen).collect();
        Ok(Some(Self { id: id.to_owned(), entities: Arc::new(entities) }))
    }

    /// One of the entities.
    pub fn get(&self, id: &Urn) -> Option<Arc<Entity>> {
        self.entities.iter().find(|e| e.id == *id).cloned()
    }
}

fn none(id: &str) -> ApiError {
    ApiError::missing(format!("there is no snapshot {id}"))
}

/// A snapshot that lives and is the actor's own.
fn found(state: &NgsiState, asked: &Asked, id: &str) -> Answer<Kept> {
    urn(id)?;
    let now = state.registry.clock().now();
    let kept = state.snapshots.0.get(&asked.space, id, now).filter(|k| k.actor == asked.actor.capacity());
    kept.ok_or_else(|| none(id))
}

/// What a client may say of a snapshot.
struct Said {
    id: Option<String>,
    priority: Option<u64>,
    expires_at: Option<Timestamp>,
}

/// Reads the members that a client may set; `also` names more that are not looked at here.
fn said(body: &Value, now: Timestamp, also: &[&str]) -> Answer<Said> {
    let o = body.as_object().ok_or_else(|| ApiError::bad("a snapshot is a JSON object"))?;
    if let Some(kind) = o.get("type").filter(|t| *t != KIND) {
        return Err(ApiError::bad(format!("the type of the document must be {KIND}, not {kind}")));
    }
    let known = ["type", "snapshotPriority", "expiresAt"];
    if let Some(other) = o.keys().find(|key| !known.contains(&key.as_str()) && !also.contains(&key.as_str())) {
        return Err(ApiError::bad(format!("'{other}' cannot be set here; 'snapshotPriority' and 'expiresAt' can")));
    }
    let priority = match o.get("snapshotPriority") {
        None => None,
        Some(v) => {
            let fits = v.as_u64().filter(|p| (1..=HIGHEST).contains(p));
            let wrong = || ApiError::bad(format!("'snapshotPriority' must be a whole number of 1 to {HIGHEST}"));
            Some(fits.ok_or_else(wrong)?)
        }
    };
    let expires_at = match o.get("expiresAt") {
        None => None,
        Some(v) => {
            let at = parse::moment("expiresAt", v)?;
            if at <= now {
                return Err(ApiError::bad("'expiresAt' must lie ahead"));
            }
            Some(at.min(Timestamp(now.0.saturating_add(LONGEST))))
        }
    };
    let id = o.get("id").map(|id| parse::uri("id", id)).transpose()?.map(|id| id.to_string());
    Ok(Said { id, priority, expires_at })
}

/// The identifier of a new snapshot.
fn fresh(state: &NgsiState, asked: &Asked, wanted: Option<String>, now: Timestamp) -> Answer<String> {
    match wanted {
        None => {
            let id = Urn::mint(KIND, now, state.registry.rng().as_ref());
            Ok(format!("urn:ngsi-ld:snapshot:{}", id.local()))
        }
        Some(id) if state.snapshots.0.get(&asked.space, &id, now).is_some() => {
            Err(ApiError::new(Kind::AlreadyExists, format!("there is a snapshot {id} already")))
        }
        Some(id) => Ok(id),
    }
}

/// `POST /snapshots`: the questions are asked behind the answer (clause 5.16.1).
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let Body { value, context } = asked.body(&state).await?;
    let now = state.registry.clock().now();
    let said = said(&value, now, &["id", "snapshotQueries"])?;
    let queries = value.get("snapshotQueries").and_then(Value::as_array).filter(|all| !all.is_empty());
    let queries = queries.ok_or_else(|| ApiError::bad("'snapshotQueries' must be a list of queries"))?;
    if queries.len() > MOST_QUERIES {
        return Err(ApiError::bad(format!("at most {MOST_QUERIES} queries make a snapshot")));
    }
    let own = asked.on_behalf();
    let mut wanted = Vec::with_capacity(queries.len());
    for query in queries {
        if query.get("temporalQ").is_some() {
            return Err(ApiError::bad("a snapshot is of the present: 'temporalQ' has no place in it"));
        }
        wanted.push(find::document(&own, query, &context)?.query);
    }
    let id = fresh(&state, &asked, said.id, now)?;
    let kept = Kept {
        actor: asked.actor.capacity(),
        queries: value["snapshotQueries"].clone(),
        priority: said.priority.unwrap_or(PRIORITY),
        status: "preparing",
        details: Vec::new(),
        created_at: now,
        last_used_at: now,
        expires_at: said.expires_at.unwrap_or(Timestamp(now.0.saturating_add(LIFETIME))),
        entities: Arc::default(),
        bytes: 0,
    };
    state.snapshots.0.put(&asked.space, &id, kept, now);
    let response = asked.created(&format!("{PATH}/{id}"));
    tokio::spawn(fill(state, own, context, id, wanted));
    Ok(response)
}

/// Asks the questions, here and at the sources that they concern (clause 5.7.2.4), and keeps what they find.
async fn fill(state: NgsiState, asked: Asked, context: Arc<Context>, id: String, queries: Vec<Query>) {
    let mut all: Vec<Arc<Entity>> = Vec::new();
    let (mut bytes, mut details) = (0, Vec::new());
    for query in queries {
        match entities::those(&state, &asked, &context, query).await {
            Ok((found, warnings)) => {
                let count = found.len();
                for e in found {
                    if !all.iter().any(|there| there.id == e.id) {
                        bytes += size(&e);
                        all.push(e);
                    }
                }
                let status = match count {
                    _ if !warnings.is_empty() => "partial",
                    0 => "empty",
                    _ => "success",
                };
                details.push(json!({"resultStatus": status, "entitiesCount": count, "warnings": warnings}));
            }
            Err(e) => details.push(json!({"resultStatus": "failure", "detail": e.to_string()})),
        }
        if bytes > LARGEST {
            (all, bytes) = (Vec::new(), 0);
            let most = format!("more than {} MiB; ask for less", LARGEST >> 20);
            details.push(json!({"resultStatus": "failure", "detail": most}));
            break;
        }
    }
    let status = status(all.is_empty(), &details);
    state.snapshots.0.change(&asked.space, &id, |kept| {
        (kept.entities, kept.bytes, kept.details, kept.status) = (Arc::new(all), bytes, details, status);
    });
}

/// How the questions went together (clause 5.16.1.4): as each of them, where all went alike; `partial`, where something was
/// found.
fn status(nothing: bool, details: &[Value]) -> &'static str {
    let all = |wanted: &str| details.iter().all(|d| d["resultStatus"] == wanted);
    match nothing {
        false if all("success") => "success",
        false => "partial",
        true if all("empty") => "empty",
        true => "failure",
    }
}

/// Bytes of an entity in memory, about.
fn size(e: &Entity) -> usize {
    serde_json::to_vec(e).map_or(0, |json| 4 * json.len()) + 200
}

/// `GET /snapshots/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let kept = found(&state, &asked, &id)?;
    Ok(asked.answer(StatusCode::OK, kept.document(&id).into(), &Context::default()))
}

/// `PATCH /snapshots/{id}`: its priority and its end (clause 5.16.4).
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    found(&state, &asked, &id)?;
    let said = said(&asked.body(&state).await?.value, state.registry.clock().now(), &[])?;
    let changed = state.snapshots.0.change(&asked.space, &id, |kept| {
        kept.priority = said.priority.unwrap_or(kept.priority);
        kept.expires_at = said.expires_at.unwrap_or(kept.expires_at);
        kept.document(&id)
    });
    let document = changed.ok_or_else(|| none(&id))?;
    Ok(asked.answer(StatusCode::OK, document.into(), &Context::default()))
}

/// `POST /snapshots/{id}/clone`: the same entities under another name (clause 5.16.2).
///
/// # Errors
/// See [`ApiError`].
pub async fn duplicate(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let original = found(&state, &asked, &id)?;
    if original.status == "preparing" {
        return Err(ApiError::new(Kind::Busy, format!("the snapshot {id} is still being prepared")));
    }
    let now = state.registry.clock().now();
    let said = said(&asked.body(&state).await?.value, now, &["id"])?;
    let new = fresh(&state, &asked, said.id, now)?;
    let kept = Kept {
        priority: said.priority.unwrap_or(original.priority),
        expires_at: said.expires_at.unwrap_or(Timestamp(now.0.saturating_add(LIFETIME))),
        created_at: now,
        last_used_at: now,
        ..original
    };
    state.snapshots.0.put(&asked.space, &new, kept, now);
    Ok(asked.created(&format!("{PATH}/{new}")))
}

/// `DELETE /snapshots/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    found(&state, &asked, &id)?;
    state.snapshots.0.remove(&asked.space, &id);
    Ok(asked.done())
}

/// `DELETE /snapshots`: the actor's own ones that `q` fits (clause 5.16.7).
///
/// # Errors
/// See [`ApiError`].
pub async fn purge(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["q"])?;
    let text = asked.param("q").ok_or_else(|| ApiError::bad("say which: q=snapshotPriority<5"))?;
    let query = Query { filter: Some(q::parse(text, &Context::default())?), ..Query::default() };
    if let Some(other) = query.asked().iter().find(|name| !MEMBERS.contains(name)) {
        return Err(ApiError::bad(format!("'{other}' is no member of a snapshot; there are {}", MEMBERS.join(", "))));
    }
    for id in state.snapshots.0.those(&asked.space, |kept| kept.actor == asked.actor.capacity()) {
        let Ok(kept) = found(&state, &asked, &id) else { continue };
        if query.fits(&as_entity(&id, &kept)?, &|_| None) {
            state.snapshots.0.remove(&asked.space, &id);
        }
    }
    Ok(asked.done())
}

/// A snapshot as something that has properties.
fn as_entity(id: &str, kept: &Kept) -> Answer<Entity> {
    let nowhere = "snapshots".parse::<SpacePath>().map_err(|e| ApiError::new(Kind::InternalError, e.to_string()))?;
    let mut entity = Entity::new(urn(id)?, KIND, nowhere);
    let members = kept.document(id).into_iter().filter(|(name, _)| MEMBERS.contains(&name.as_str()));
    entity.attributes.extend(members.map(|(name, value)| (name, Attribute::property(value))));
    Ok(entity)
}
