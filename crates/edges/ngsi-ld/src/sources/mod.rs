//! `/csourceRegistrations` (clauses 5.9, 5.10, 6.8, 6.9): other brokers that know more.

pub mod document;
pub mod gather;
pub mod matching;
pub mod past;
pub mod peers;
pub mod relay;
pub mod share;
pub mod spread;
pub mod trust;
pub mod watch;
pub mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use svod_kernel::{SpacePath, Timestamp};
use svod_query::{Query, Types};
use svod_registry::{Definition, Find};
use svod_temporal::Property;

use crate::NgsiState;
use crate::context::Context;
use crate::error::{Answer, ApiError, Kind};
use crate::params::{find, q};
use crate::request::Asked;
use document::Mode;
use matching::{Probe, Times};

/// Kind of definition under which registrations are kept.
pub const KIND: &str = "ContextSourceRegistration";
const PATH: &str = "/ngsi-ld/v1/csourceRegistrations";

/// A registration as it is kept: its document in the platform's own names.
#[derive(Debug, Clone)]
pub struct Source {
    /// Identifier.
    pub id: String,
    /// The document.
    pub document: Map<String, Value>,
}

/// Registrations of the tenant that are in force, in the order of their identifiers.
///
/// # Errors
/// When the store fails or the actor may not see them.
pub async fn all(state: &NgsiState, asked: &Asked) -> Answer<Vec<Source>> {
    let now = state.registry.clock().now();
    let kept = state.registry.definitions(&asked.actor, KIND, &asked.space).await?;
    Ok(in_force(kept, now))
}

/// Registrations as they were read last; asked for by every question.
#[derive(Debug, Default)]
pub struct Remembered {
    all: Mutex<Option<(Timestamp, Arc<Everywhere>)>>,
    /// Those that rest after a failure.
    resting: wire::Resting,
}

type Everywhere = Vec<(SpacePath, Definition)>;

/// After so long, microseconds, they are read again: another node may have changed them.
const FRESH: i64 = 1_000_000;

impl Remembered {
    /// They have changed.
    pub fn forget(&self) {
        self.keep(None);
    }

    fn keep(&self, all: Option<(Timestamp, Arc<Everywhere>)>) {
        *self.all.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }

    fn get(&self, now: Timestamp) -> Option<Arc<Everywhere>> {
        let kept = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| now.0 - at.0 < FRESH).map(|(_, all)| all.clone())
    }
}

/// As [`all`], for questions of anybody: they are answered with what registrations lead to without seeing them.
///
/// # Errors
/// When the store fails.
pub async fn known(state: &NgsiState, asked: &Asked) -> Answer<Vec<Source>> {
    let now = state.registry.clock().now();
    let everywhere = match state.remembered.get(now) {
        Some(all) => all,
        None => {
            let all = Arc::new(state.registry.definitions_everywhere(KIND).await?);
            state.remembered.keep(Some((now, all.clone())));
            all
        }
    };
    let here = everywhere.iter().filter(|(space, _)| *space == asked.space).map(|(_, d)| d.clone());
    Ok(in_force(here.collect(), now))
}

fn in_force(kept: Vec<Definition>, now: Timestamp) -> Vec<Source> {
    let sources = kept.into_iter().filter_map(|d| match d.doc {
        Value::Object(document) if !document::is_over(&document, now) => Some(Source { id: d.id, document }),
        _ => None,
    });
    sources.collect()
}

async fn members(state: &NgsiState, asked: &Asked) -> Answer<(Map<String, Value>, Arc<Context>)> {
    let body = asked.body(state).await?;
    match body.value {
        Value::Object(members) => Ok((members, body.context)),
        _ => Err(ApiError::bad("the body must be an object")),
    }
}

/// `POST /csourceRegistrations`
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["options"])?;
    let (body, context) = members(&state, &asked).await?;
    let mut document = document::read(&body, &context)?;
    document.retain(|_, v| !v.is_null());
    document::check(&document, state.registry.clock().now())?;
    let id = crate::subscriptions::identifier(&state, &asked, KIND, document.get("id")).await?;
    document.insert("id".into(), id.clone().into());
    keep(&state, &asked, &id, None, document).await?;
    Ok(asked.created(&format!("{PATH}/{id}")))
}

async fn keep(
    state: &NgsiState,
    asked: &Asked,
    id: &str,
    before: Option<Source>,
    document: Map<String, Value>,
) -> Answer<()> {
    conflicts(state, asked, id, &document).await?;
    let now = Source { id: id.to_owned(), document };
    state.registry.define(&asked.actor, KIND, &asked.space, id, Value::Object(now.document.clone())).await?;
    state.remembered.forget();
    relay::settle_behind(state, &asked.space);
    watch::changed(state, &asked.space, before.as_ref(), Some(&now)).await
}

/// What an exclusive or redirecting source claims must not be kept here or claimed by another (clause 5.9.2.4).
async fn conflicts(state: &NgsiState, asked: &Asked, id: &str, document: &Map<String, Value>) -> Answer<()> {
    let mode = Mode::of(document);
    if !matches!(mode, Mode::Exclusive | Mode::Redirect) {
        return Ok(());
    }
    let conflict = |text: String| Err(ApiError::new(Kind::Conflict, format!("Conflict: {text}")));
    for (entities, names) in document::pieces(document) {
        for other in all(state, asked).await?.iter().filter(|s| s.id != id) {
            if Mode::of(&other.document) == Mode::Exclusive && claims(&other.document, &entities, &names) {
                return conflict(format!("{} claims the same exclusively", other.id));
            }
        }
        for selector in entities {
            let mut query = Query { attributes: names.iter().map(|n| (*n).to_owned()).collect(), ..Query::default() };
            if let Some(id) = selector.get("id").and_then(Value::as_str) {
                query.ids = vec![crate::entities::urn(id)?];
            }
            if let Some(pattern) = selector.get("idPattern").and_then(Value::as_str) {
                query.id_pattern = regex::Regex::new(pattern).ok();
            }
            let kinds: Vec<String> = match selector.get("type") {
                Some(Value::Array(all)) => all.iter().filter_map(|k| k.as_str().map(str::to_owned)).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => Vec::new(),
            };
            query.types = Types::one_of(kinds);
            let (space, order) = (asked.space.clone(), Vec::new());
            let find = Find { space, below: true, query, order, offset: 0, limit: 1, count: false };
            if let Some(e) = state.registry.find(&asked.actor, &find).await?.entities.first() {
                return conflict(format!("the entity {} is kept here", e.id));
            }
        }
    }
    Ok(())
}

/// Does the registration claim one of these entities with one of these attributes?
fn claims(document: &Map<String, Value>, entities: &[&Value], names: &[&str]) -> bool {
    document::pieces(document).into_iter().any(|(theirs, their_names)| {
        let same = |a: &&Value| theirs.iter().any(|b| a.get("id").is_some() && a.get("id") == b.get("id"));
        let common = names.is_empty() || names.iter().any(|n| their_names.contains(n));
        common && entities.iter().any(same)
    })
}

async fn found(state: &NgsiState, asked: &Asked, id: &str) -> Answer<Source> {
    crate::entities::urn(id)?;
    let now = state.registry.clock().now();
    let kept = state.registry.definition(&asked.actor, KIND, &asked.space, id).await?;
    match kept.map(|d| d.doc) {
        Some(Value::Object(document)) if !document::is_over(&document, now) => {
            Ok(Source { id: id.to_owned(), document })
        }
        _ => Err(ApiError::missing(format!("there is no registration {id}"))),
    }
}

/// `GET /csourceRegistrations/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    asked.knows(&["options", "format"])?;
    let source = found(&state, &asked, &id).await?;
    let context = asked.context(&state).await?;
    Ok(asked.answer(StatusCode::OK, Value::Object(document::write(&source.document, &context)), &context))
}

/// `PATCH /csourceRegistrations/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    crate::entities::urn(&id)?;
    let (body, context) = members(&state, &asked).await?;
    let fragment = document::read(&body, &context)?;
    let before = found(&state, &asked, &id).await?;
    let mut document = before.document.clone();
    crate::subscriptions::merge(&mut document, fragment, &id)?;
    document::check(&document, state.registry.clock().now())?;
    keep(&state, &asked, &id, Some(before), document).await?;
    Ok(asked.done())
}

/// `DELETE /csourceRegistrations/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    crate::entities::urn(&id)?;
    let before = state.registry.definition_of(KIND, &asked.space, &id).await?;
    let gone = state.registry.undefine(&asked.actor, KIND, &asked.space, &id).await?;
    state.remembered.forget();
    if !gone {
        return Err(ApiError::missing(format!("there is no registration {id}")));
    }
    let before = in_force(before.into_iter().collect(), state.registry.clock().now());
    relay::settle_behind(&state, &asked.space);
    watch::changed(&state, &asked.space, before.first(), None).await?;
    Ok(asked.done())
}

const OF_LIST: [&str; 20] = [
    "id",
    "idPattern",
    "type",
    "attrs",
    "q",
    "csf",
    "georel",
    "geometry",
    "coordinates",
    "geoproperty",
    "timerel",
    "timeAt",
    "endTimeAt",
    "timeproperty",
    "scopeQ",
    "limit",
    "offset",
    "count",
    "options",
    "format",
];

/// `GET /csourceRegistrations`
///
/// # Errors
/// See [`ApiError`].
pub async fn list(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&OF_LIST)?;
    let context = asked.context(&state).await?;
    let probe = probe(&asked, &context)?;
    let page = find::page(&asked, find::Find::default())?;
    let fitting: Vec<Source> = all(&state, &asked).await?.into_iter().filter(|s| probe.fits(&s.document)).collect();
    let shown = fitting.iter().skip(page.offset).take(page.limit);
    let bodies: Value = shown.map(|s| Value::Object(document::write(&s.document, &context))).collect();
    let mut response = asked.answer(StatusCode::OK, bodies, &context);
    crate::subscriptions::listed(&mut response, &asked, PATH, (page.offset, page.limit, fitting.len()), page.count);
    Ok(response)
}

fn probe(asked: &Asked, context: &Context) -> Answer<Probe> {
    let mut query = find::read(asked, context)?;
    let filter = query.filter.take();
    let csf = asked.param("csf").map(|t| q::parse(t, context)).transpose()?;
    let window = crate::temporal::window(asked)?;
    let times = window.relation.map(|_| {
        let (from, to) = window.bounds();
        Times { managed: matches!(window.property, Some(Property::Created | Property::Modified)), from, to }
    });
    let asks = ["id", "idPattern", "type", "attrs", "q", "csf", "georel", "scopeQ"];
    if !asks.iter().any(|name| asked.param(name).is_some()) {
        return Err(ApiError::bad("ask for something: type, attrs, id, idPattern, q, csf, scopeQ or a geo-query"));
    }
    let both: Vec<svod_query::Filter> = filter.into_iter().chain(csf).collect();
    let filter = (!both.is_empty()).then_some(svod_query::Filter::All(both));
    Ok(Probe { query, filter, times, ..Probe::default() })
}
