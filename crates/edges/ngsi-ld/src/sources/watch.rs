//! `/csourceSubscriptions` (clauses 5.11, 6.12, 6.13): who is told when registrations change. There are few of either, and
//! they change seldom: whoever changes one looks at all of the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use svod_kernel::{SpacePath, Timestamp, Urn, number};
use svod_query::Query;
use svod_registry::Definition;
use svod_subscriptions::{Deliver, Message, State as Fares};
use svod_temporal::Property;

use super::document as source;
use super::matching::{Probe, Times};
use super::{Source, in_force, relay};
use crate::NgsiState;
use crate::context::Context;
use crate::error::{Answer, ApiError, Kind};
use crate::request::Asked;
use crate::subscriptions::document::{self, Flavour};
use crate::subscriptions::{self, Kept, dialect};

/// Kind of definition under which these subscriptions are kept.
pub const KIND: &str = "ContextSourceSubscription";
/// Kind under which their states are.
const STATES: &str = "ContextSourceSubscriptionState";
const PATH: &str = "/ngsi-ld/v1/csourceSubscriptions";
/// How often subscriptions by time are looked at.
const TICK: Duration = Duration::from_millis(500);
/// Ticks between looks for what is over.
const SWEEP: u64 = 60;
/// How long an answer waits for a notification that is under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a subscriber is told (clause 5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Newly,
    Updated,
    NoLonger,
}

impl Reason {
    /// From whether a registration fitted before and fits now.
    const fn of(before: bool, now: bool) -> Option<Self> {
        match (before, now) {
            (false, true) => Some(Self::Newly),
            (true, true) => Some(Self::Updated),
            (true, false) => Some(Self::NoLonger),
            (false, false) => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Newly => "newlyMatching",
            Self::Updated => "updated",
            Self::NoLonger => "noLongerMatching",
        }
    }
}

type Key = (SpacePath, String);

#[derive(Debug, Default, Clone, Copy)]
struct Line {
    fares: Fares,
    under_way: usize,
    /// When one by time is told next.
    next: Option<Timestamp>,
}

/// Tells of registrations.
pub struct Watch {
    deliver: Arc<dyn Deliver>,
    lines: Mutex<HashMap<Key, Line>>,
}

impl Watch {
    /// With the wires to subscribers.
    pub fn new(deliver: Arc<dyn Deliver>) -> Self {
        Self { deliver, lines: Mutex::default() }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Key, Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what was written for a subscriber, and keeps how it went.
    fn send(self: &Arc<Self>, state: &NgsiState, key: Key, message: Message) {
        let (watch, registry) = (self.clone(), state.registry.clone());
        watch.lines().entry(key.clone()).or_default().under_way += 1;
        tokio::spawn(async move {
            let at = registry.clock().now();
            let delivered = watch.deliver.deliver(message).await;
            let fares = {
                let mut lines = watch.lines();
                let Some(line) = lines.get_mut(&key) else { return };
                line.under_way = line.under_way.saturating_sub(1);
                line.fares.sets_out(at);
                line.fares.arrived(registry.clock().now(), delivered.is_ok());
                line.fares
            };
            let doc = serde_json::to_value(fares).unwrap_or_default();
            if let Err(error) = registry.note(STATES, vec![(key.0, key.1, doc)]).await {
                tracing::warn!(%error, "how a subscription to registrations fares was not kept");
            }
        });
    }
}

/// What a subscription looks for, one probe for each selector.
///
/// # Errors
/// When a part of it cannot be read.
pub fn probes(kept: &Kept) -> Answer<Vec<Probe>> {
    let doc = &kept.document;
    let words: Vec<String> = {
        let all = doc.get("watchedAttributes").and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let own = Context::default();
    let condition = dialect::condition(doc, &own)?;
    let times = doc.get("temporalQ").map(crate::temporal::window_of).transpose()?.map(|window| {
        let (from, to) = window.bounds();
        Times { managed: matches!(window.property, Some(Property::Created | Property::Modified)), from, to }
    });
    let mut selectors = dialect::selectors(doc)?;
    if selectors.is_empty() {
        selectors.push(Query::default());
    }
    let csf = doc.get("csf").and_then(Value::as_str).map(|t| crate::params::q::parse(t, &own)).transpose()?;
    let probe = |query: Query| Probe {
        query: Query {
            attributes: words.clone(),
            place: condition.place.clone(),
            scope: condition.scope.clone(),
            ..query
        },
        filter: csf.clone().or_else(|| condition.filter.clone()),
        times,
        ..Probe::default()
    };
    Ok(selectors.into_iter().map(probe).collect())
}

fn fits(probes: &[Probe], source: &Source) -> bool {
    probes.iter().any(|p| p.fits(&source.document))
}

/// The registration as it is told: only the information that was asked for.
fn told(probes: &[Probe], source: &Source, context: &Context) -> Value {
    let mut document = source.document.clone();
    if let Some(Value::Array(all)) = document.get_mut("information") {
        let single = |piece: &Value| Map::from_iter([("information".to_owned(), Value::Array(vec![piece.clone()]))]);
        all.retain(|piece| {
            let alone = single(piece);
            probes.iter().any(|p| !p.pieces(&alone).is_empty())
        });
    }
    let mut written = source::write(&document, context);
    let pieces = written.get_mut("information").and_then(Value::as_array_mut).into_iter().flatten();
    for entity in pieces.filter_map(|p| p.get_mut("entities").and_then(Value::as_array_mut)).flatten() {
        if let Some(kind @ Value::String(_)) = entity.get_mut("type") {
            *kind = Value::Array(vec![kind.take()]);
        }
    }
    Value::Object(written)
}

async fn tell(
    state: &NgsiState,
    space: &SpacePath,
    id: &str,
    kept: &Kept,
    (reason, sources): (Reason, &[&Source]),
) -> Answer<()> {
    let now = state.registry.clock().now();
    if sources.is_empty() || document::status(&kept.document, now) != "active" {
        return Ok(());
    }
    let context = state.contexts.resolve(&kept.context).await?;
    let probes = probes(kept)?;
    let data: Value = match reason {
        Reason::NoLonger => sources.iter().map(|s| Value::Object(source::write(&s.document, &context))).collect(),
        _ => sources.iter().map(|s| told(&probes, s, &context)).collect(),
    };
    let notification = Urn::mint("ContextSourceNotification", now, state.registry.rng().as_ref());
    let body = json!({
        "id": format!("urn:ngsi-ld:ContextSourceNotification:{}", notification.local()),
        "type": "ContextSourceNotification",
        "subscriptionId": id,
        "notifiedAt": now.to_string(),
        "triggerReason": reason.name(),
        "data": data,
    });
    let endpoint = kept.document.get("notification").and_then(|n| n.get("endpoint")).cloned().unwrap_or_default();
    let message = dialect::envelope(&endpoint, &kept.context_url, kept.tenant.as_deref(), body);
    let key = (space.clone(), id.to_owned());
    remembered(state, &key).await?;
    state.watch.send(state, key, message);
    Ok(())
}

/// Tells of everything that fits now.
async fn tell_all(state: &NgsiState, space: &SpacePath, id: &str, kept: &Kept) -> Answer<()> {
    let now = state.registry.clock().now();
    let everywhere = state.registry.definitions_everywhere(super::KIND).await?;
    let here = everywhere.into_iter().filter(|(s, _)| s == space).map(|(_, d)| d);
    let (sources, probes) = (in_force(here.collect(), now), probes(kept)?);
    let fitting: Vec<&Source> = sources.iter().filter(|s| fits(&probes, s)).collect();
    tell(state, space, id, kept, (Reason::Newly, &fitting)).await
}

/// A registration was made, changed or removed: whoever waits for it is told.
///
/// # Errors
/// When the store fails.
pub async fn changed(
    state: &NgsiState,
    space: &SpacePath,
    before: Option<&Source>,
    now: Option<&Source>,
) -> Answer<()> {
    for (home, definition) in state.registry.definitions_everywhere(KIND).await? {
        let Ok(kept) = Kept::of(&definition) else { continue };
        if home != *space || kept.document.contains_key("timeInterval") || definition.id.contains(relay::MARK) {
            continue;
        }
        let probes = probes(&kept)?;
        let fitting = |s: Option<&Source>| s.is_some_and(|s| fits(&probes, s));
        let (Some(reason), Some(shown)) = (Reason::of(fitting(before), fitting(now)), now.or(before)) else { continue };
        tell(state, space, &definition.id, &kept, (reason, &[shown])).await?;
    }
    Ok(())
}

/// Tells subscribers by time and clears away what is over, for as long as the platform runs.
pub async fn run(state: NgsiState) {
    for tick in 0_u64.. {
        tokio::time::sleep(TICK).await;
        if tick % SWEEP == 0 {
            relay::retry(&state).await;
        }
        let all = match state.registry.definitions_everywhere(KIND).await {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "subscriptions to registrations cannot be read");
                continue;
            }
        };
        let now = state.registry.clock().now();
        for (space, definition) in all {
            let Ok(kept) = Kept::of(&definition) else { continue };
            let Some(seconds) = kept.document.get("timeInterval").and_then(Value::as_f64) else { continue };
            let due = {
                let mut lines = state.watch.lines();
                let line = lines.entry((space.clone(), definition.id.clone())).or_default();
                let later = now.plus_micros(number::whole(seconds * 1e6));
                let due = line.next.is_some_and(|at| at <= now);
                if due || line.next.is_none() {
                    line.next = Some(later);
                }
                due
            };
            if due && let Err(error) = tell_all(&state, &space, &definition.id, &kept).await {
                tracing::warn!(%error, id = definition.id, "a subscriber to registrations was not told");
            }
        }
    }
}

/// `POST /csourceSubscriptions`
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["options"])?;
    let now = state.registry.clock().now();
    let (body, context) = subscriptions::members(&state, &asked).await?;
    let mut document = document::read(&body, &context)?;
    document.retain(|_, v| !v.is_null());
    document::check(&document, now)?;
    let id = subscriptions::identifier(&state, &asked, KIND, document.get("id")).await?;
    document.insert("id".into(), id.clone().into());
    let (context, context_url) = subscriptions::notified_with(&state, &asked, &mut document, &context).await?;
    let (actor, tenant, via) = (asked.actor.clone(), asked.tenant.clone(), Vec::new());
    keep(&state, &asked, &id, &Kept { document, context, context_url, actor, tenant, since: now, via }).await?;
    Ok(asked.created(&format!("{PATH}/{id}")))
}

async fn keep(state: &NgsiState, asked: &Asked, id: &str, kept: &Kept) -> Answer<()> {
    let doc = serde_json::to_value(kept).map_err(|e| ApiError::new(Kind::InternalError, e.to_string()))?;
    state.registry.define(&asked.actor, KIND, &asked.space, id, doc).await?;
    tell_all(state, &asked.space, id, kept).await
}

async fn found(state: &NgsiState, asked: &Asked, id: &str) -> Answer<Kept> {
    crate::entities::urn(id)?;
    let definition = state.registry.definition(&asked.actor, KIND, &asked.space, id).await?;
    let definition = definition.ok_or_else(|| ApiError::missing(format!("there is no subscription {id}")))?;
    Kept::of(&definition).map_err(|e| ApiError::new(Kind::InternalError, e))
}

/// How a subscription fares; what is under way is awaited for a moment.
async fn fares(state: &NgsiState, space: &SpacePath, id: &str) -> Answer<Fares> {
    let key = (space.clone(), id.to_owned());
    let line = || state.watch.lines().get(&key).copied();
    let rested = async {
        while line().is_some_and(|l| l.under_way > 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    drop(tokio::time::timeout(PATIENCE, rested).await);
    Ok(remembered(state, &key).await?.fares)
}

/// What is remembered of a subscription; after a restart, what was kept.
async fn remembered(state: &NgsiState, key: &Key) -> Answer<Line> {
    if let Some(line) = state.watch.lines().get(key).copied() {
        return Ok(line);
    }
    let kept = state.registry.definition_of(STATES, &key.0, &key.1).await?;
    let fares: Fares = kept.and_then(|d| serde_json::from_value(d.doc).ok()).unwrap_or_default();
    Ok(*state.watch.lines().entry(key.clone()).or_insert(Line { fares, ..Line::default() }))
}

async fn shown(state: &NgsiState, asked: &Asked, context: &Context, definition: &Definition) -> Answer<Value> {
    let kept = Kept::of(definition).map_err(|e| ApiError::new(Kind::InternalError, e))?;
    let mut out = document::write(&kept.document, Flavour::Sources, context, state.registry.clock().now());
    let fares = fares(state, &asked.space, &definition.id).await?;
    if let Some(Value::Object(notification)) = out.get_mut("notification") {
        subscriptions::tell_state(notification, &fares);
    }
    if asked.option("sysAttrs") {
        out.insert("createdAt".into(), definition.created.to_string().into());
        out.insert("modifiedAt".into(), definition.modified.to_string().into());
    }
    Ok(Value::Object(out))
}

/// `GET /csourceSubscriptions/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    asked.knows(&["options", "format"])?;
    crate::entities::urn(&id)?;
    let context = asked.context(&state).await?;
    let definition = state.registry.definition(&asked.actor, KIND, &asked.space, &id).await?;
    let definition = definition.ok_or_else(|| ApiError::missing(format!("there is no subscription {id}")))?;
    let body = shown(&state, &asked, &context, &definition).await?;
    Ok(asked.answer(StatusCode::OK, body, &context))
}

/// `GET /csourceSubscriptions`
///
/// # Errors
/// See [`ApiError`].
pub async fn list(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["limit", "offset", "count", "options", "format"])?;
    let page = crate::params::find::page(&asked, Default::default())?;
    let context = asked.context(&state).await?;
    let all = state.registry.definitions(&asked.actor, KIND, &asked.space).await?;
    let total = all.len();
    let mut bodies = Vec::new();
    for definition in all.into_iter().skip(page.offset).take(page.limit) {
        bodies.push(shown(&state, &asked, &context, &definition).await?);
    }
    let mut response = asked.answer(StatusCode::OK, bodies.into(), &context);
    subscriptions::listed(&mut response, &asked, PATH, (page.offset, page.limit, total), page.count);
    Ok(response)
}

/// `PATCH /csourceSubscriptions/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let now = state.registry.clock().now();
    crate::entities::urn(&id)?;
    let (body, context) = subscriptions::members(&state, &asked).await?;
    let mut kept = found(&state, &asked, &id).await?;
    subscriptions::merge(&mut kept.document, document::read(&body, &context)?, &id)?;
    if body.contains_key("expiresAt") || document::status(&kept.document, now) == "active" {
        document::check(&kept.document, now)?;
    }
    keep(&state, &asked, &id, &kept).await?;
    Ok(asked.done())
}

/// `DELETE /csourceSubscriptions/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    found(&state, &asked, &id).await?;
    state.watch.lines().remove(&(asked.space.clone(), id.clone()));
    state.registry.undefine(&asked.actor, KIND, &asked.space, &id).await?;
    let note = vec![(asked.space.clone(), id, Value::Null)];
    state.registry.note(STATES, note).await.map_err(svod_registry::QueryError::Store)?;
    Ok(asked.done())
}
