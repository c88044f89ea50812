//! Subscriptions over sources (clause 5.8.1.4): each source that may have something gets a reduced copy of a subscription
//! that notifies this broker; what comes is judged again and passed on under the subscriber's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_registry::{Happening, QueryError};
use svod_subscriptions::{Notice, Trigger};

use super::document::does;
use super::gather::{self, is_passed};
use super::matching::Probe;
use super::wire::{Question, Tongue, say};
use super::{Source, in_force, watch};
use crate::NgsiState;
use crate::context::Context;
use crate::error::{Answer, ApiError, Kind};
use crate::request::{self, Asked};
use crate::subscriptions::document::{Flavour, write};
use crate::subscriptions::{self, Kept};
use crate::{change, parse};

/// Kind under which the copies at sources are kept.
const COPIES: &str = "RemoteSubscription";
/// Where sources notify.
pub const PATH: &str = "/ngsi-ld/ex/remote-notify";
/// In identifiers of what is made for subscriptions over sources.
pub const MARK: &str = ":distsub:";

/// Copies of subscriptions at other brokers.
#[derive(Debug, Default)]
pub struct Relay {
    /// One at a time: each look is at everything.
    turn: tokio::sync::Mutex<()>,
    /// Something was not said to a source; it is tried again.
    pub unsaid: AtomicBool,
}

/// A copy as it is kept.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Copy {
    subscription: String,
    registration: String,
    /// The registration as it was: the copy must be removed when it is no more.
    source: Map<String, Value>,
    /// The copy, in the platform's own names.
    document: Map<String, Value>,
    context: Value,
    context_url: String,
    via: Vec<String>,
}

impl Copy {
    fn source(&self) -> Source {
        Source { id: self.registration.clone(), document: self.source.clone() }
    }
}

/// Brings the copies at sources to what they should be, behind whoever has changed a subscription or a registration.
pub fn settle_behind(state: &NgsiState, space: &SpacePath) {
    if state.public_base.is_none() {
        return;
    }
    let (state, space) = (state.clone(), space.clone());
    tokio::spawn(async move {
        if let Err(error) = settle(&state, &space).await {
            tracing::warn!(%error, %space, "subscriptions over sources were not settled");
            state.relay.unsaid.store(true, Ordering::Relaxed);
        }
    });
}

/// What could not be said before is said again.
pub async fn retry(state: &NgsiState) {
    if !state.relay.unsaid.swap(false, Ordering::Relaxed) {
        return;
    }
    for space in state.registry.spaces().all() {
        settle_behind(state, &space.path);
    }
}

async fn here<T>(
    state: &NgsiState,
    kind: &'static str,
    space: &SpacePath,
    read: impl Fn(svod_registry::Definition) -> Option<T>,
) -> Answer<Vec<T>> {
    let all = state.registry.definitions_everywhere(kind).await?;
    Ok(all.into_iter().filter(|(s, _)| s == space).filter_map(|(_, d)| read(d)).collect())
}

async fn settle(state: &NgsiState, space: &SpacePath) -> Answer<()> {
    let _turn = state.relay.turn.lock().await;
    let now = state.registry.clock().now();
    let definitions = here(state, super::KIND, space, Some).await?;
    let sources = in_force(definitions, now);
    let there = here(state, COPIES, space, |d| Some((d.id, serde_json::from_value::<Copy>(d.doc).ok()?))).await?;
    if sources.is_empty() && there.is_empty() {
        return Ok(());
    }
    let kept = here(state, subscriptions::KIND, space, |d| Some((d.id.clone(), Kept::of(&d).ok()?))).await?;
    let mut wanted: BTreeMap<(String, String), Copy> = BTreeMap::new();
    for (id, kept) in &kept {
        let alone = kept.document.get("localOnly") == Some(&Value::Bool(true));
        if alone || kept.document.contains_key("timeInterval") {
            continue;
        }
        for source in &sources {
            if let Some(copy) = copy(state, (id, kept), source)? {
                wanted.insert((id.clone(), source.id.clone()), copy);
            }
        }
    }
    marks(state, space, &kept, &wanted).await?;
    let mut settled = true;
    for (remote, old) in there {
        let key = (old.subscription.clone(), old.registration.clone());
        match wanted.remove(&key) {
            None => settled &= gone(state, space, &remote, &old).await?,
            Some(new) if new.document == old.document && new.source == old.source => {}
            Some(new) => settled &= changed(state, space, &remote, &old, new).await?,
        }
    }
    for copy in wanted.into_values() {
        settled &= made(state, space, copy).await?;
    }
    if !settled {
        state.relay.unsaid.store(true, Ordering::Relaxed);
    }
    Ok(())
}

/// The copy for a source; none when it has nothing to do with the subscription.
fn copy(state: &NgsiState, (id, kept): (&str, &Kept), source: &Source) -> Answer<Option<Copy>> {
    if !does(&source.document, "createSubscription") || is_passed(source, &kept.via) {
        return Ok(None);
    }
    let mut probes = watch::probes(kept)?;
    for probe in &mut probes {
        // What the entities are like is for the source to judge; where and when it has any, not.
        (probe.filter, probe.lenient) = (None, true);
    }
    if !probes.iter().any(|p| p.fits(&source.document)) {
        return Ok(None);
    }
    let Some(base) = &state.public_base else { return Ok(None) };
    let mut document = kept.document.clone();
    let split = document.get("splitEntities") == Some(&Value::Bool(true));
    for key in ["id", "throttling", "localOnly", "subscriptionName", "description", "csf", "temporalQ"] {
        document.remove(key);
    }
    if split {
        ["q", "qContext", "scopeQ", "geoQ"].iter().for_each(|key| drop(document.remove(*key)));
    }
    let selected = selected(&kept.document, &probes, source);
    if !selected.is_empty() {
        document.insert("entities".into(), selected.into());
    }
    let names = registered(&probes, source);
    let narrowed = |v: Option<&Value>| -> Option<Value> {
        let given: Vec<&str> = v.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        match (given.is_empty(), names.is_empty()) {
            (true, true) => None,
            (true, false) => Some(names.clone().into()),
            (false, true) => v.cloned(),
            (false, false) => Some(given.into_iter().filter(|g| names.iter().any(|n| n == g)).collect()),
        }
    };
    if let Some(watched) = narrowed(document.get("watchedAttributes")) {
        document.insert("watchedAttributes".into(), watched);
    }
    let shown = kept.document.get("notification").and_then(|n| n.get("attributes"));
    let mut notification = json!({"endpoint": {"uri": format!("{base}{PATH}"), "accept": "application/json"}});
    if let Some(attributes) = narrowed(shown).filter(|_| !split || !names.is_empty()) {
        notification["attributes"] = attributes;
    }
    document.insert("notification".into(), notification);
    document.insert("jsonldContext".into(), kept.context_url.clone().into());
    Ok(Some(Copy {
        subscription: id.to_owned(),
        registration: source.id.clone(),
        source: source.document.clone(),
        document,
        context: kept.context.clone(),
        context_url: kept.context_url.clone(),
        via: kept.via.clone(),
    }))
}

/// Selectors of the subscription, narrowed to what the source is registered for; an identifier wins over a pattern.
fn selected(document: &Map<String, Value>, probes: &[Probe], source: &Source) -> Vec<Value> {
    let selectors = document.get("entities").and_then(Value::as_array).into_iter().flatten();
    let mut all: Vec<Value> = Vec::new();
    for (selector, probe) in selectors.zip(probes) {
        for (infos, _) in probe.pieces(&source.document) {
            if infos.is_empty() && !all.contains(selector) {
                all.push(selector.clone());
            }
            for info in infos {
                let mut one = selector.clone();
                let of = |key: &str| selector.get(key).or_else(|| info.get(key)).cloned();
                if let Some(id) = of("id") {
                    one["id"] = id;
                } else if let Some(pattern) = of("idPattern") {
                    one["idPattern"] = pattern;
                }
                if one.get("id").is_some()
                    && let Some(o) = one.as_object_mut()
                {
                    o.remove("idPattern");
                }
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
    }
    all
}

/// Attributes that the source is registered for; none: all.
fn registered(probes: &[Probe], source: &Source) -> Vec<String> {
    let mut names = Vec::new();
    for (_, of_piece) in probes.iter().flat_map(|p| p.pieces(&source.document)) {
        if of_piece.is_empty() {
            return Vec::new();
        }
        names.extend(of_piece.into_iter().map(str::to_owned));
    }
    names.sort();
    names.dedup();
    names
}

/// The subscriptions to registrations that clause 5.8.1.4 wants to see, one for each subscription with copies.
async fn marks(
    state: &NgsiState,
    space: &SpacePath,
    kept: &[(String, Kept)],
    wanted: &BTreeMap<(String, String), Copy>,
) -> Answer<()> {
    let there = here(state, watch::KIND, space, |d| d.id.contains(MARK).then_some(d.id)).await?;
    let name = |id: &str| format!("urn:ngsi-ld:ContextSourceSubscription{MARK}{}", id.rsplit(':').next().unwrap_or(id));
    let mut notes = Vec::new();
    let mut should = Vec::new();
    for (id, kept) in kept.iter().filter(|(id, _)| wanted.keys().any(|(s, _)| s == id)) {
        let id = name(id);
        if !there.contains(&id) {
            let mut document = kept.document.clone();
            document.retain(|key, _| ["type", "entities", "watchedAttributes"].contains(&key.as_str()));
            document.insert("id".into(), id.clone().into());
            let base = state.public_base.as_deref().unwrap_or_default();
            document.insert("notification".into(), json!({"endpoint": {"uri": format!("{base}{PATH}")}}));
            let doc = serde_json::to_value(Kept { document, ..kept.clone() });
            notes.push((space.clone(), id.clone(), doc.unwrap_or_default()));
        }
        should.push(id);
    }
    notes.extend(there.into_iter().filter(|id| !should.contains(id)).map(|id| (space.clone(), id, Value::Null)));
    if notes.is_empty() {
        Ok(())
    } else {
        Ok(state.registry.note(watch::KIND, notes).await.map_err(QueryError::Store)?)
    }
}

async fn note(state: &NgsiState, space: &SpacePath, id: &str, copy: Option<&Copy>) -> Answer<()> {
    let doc = copy.map_or(Value::Null, |c| serde_json::to_value(c).unwrap_or_default());
    let note = vec![(space.clone(), id.to_owned(), doc)];
    Ok(state.registry.note(COPIES, note).await.map_err(QueryError::Store)?)
}

/// Says something to the source of a copy; the status, none when it did not answer.
async fn tell(
    state: &NgsiState,
    space: &SpacePath,
    copy: &Copy,
    (method, path, with): (&'static str, String, Option<&str>),
) -> Option<u16> {
    let asked = Asked::own(space.clone(), &copy.via, Some(copy.context_url.clone()));
    let source = copy.source();
    let context = state.contexts.resolve(&copy.context).await.ok()?;
    let tongue = Tongue::of(state, &source, &asked, &context, with.is_some()).await.ok()?;
    let body = with.map(|id| {
        let mut body = write(&copy.document, Flavour::Entities, &tongue.context, state.registry.clock().now());
        body.remove("status");
        if method == "POST" {
            body.insert("id".into(), id.into());
        } else {
            body.remove("type");
        }
        Value::Object(body)
    });
    let question = Question { method, path, params: Vec::new(), body };
    say(state, &asked, &source, &tongue, question).await.ok().map(|r| r.status)
}

async fn made(state: &NgsiState, space: &SpacePath, copy: Copy) -> Answer<bool> {
    let now = state.registry.clock().now();
    let urn = Urn::mint("Subscription", now, state.registry.rng().as_ref());
    let id = format!("urn:ngsi-ld:Subscription{MARK}{}", urn.local());
    // Kept first: the source may notify before it has answered.
    note(state, space, &id, Some(&copy)).await?;
    match tell(state, space, &copy, ("POST", "subscriptions".into(), Some(&id))).await {
        Some(200..=299) => Ok(true),
        answer => {
            note(state, space, &id, None).await?;
            tracing::debug!(source = copy.registration, ?answer, "a source has not taken a subscription");
            // Who refuses it, refuses it the next time as well; who was silent may not.
            Ok(answer.is_some_and(|status| status < 500 || status == 508))
        }
    }
}

async fn changed(state: &NgsiState, space: &SpacePath, id: &str, old: &Copy, new: Copy) -> Answer<bool> {
    match tell(state, space, &new, ("PATCH", format!("subscriptions/{id}"), Some(id))).await {
        Some(200..=299) => {
            note(state, space, id, Some(&new)).await?;
            Ok(true)
        }
        Some(_) => {
            gone(state, space, id, old).await?;
            made(state, space, new).await
        }
        None => Ok(false),
    }
}

async fn gone(state: &NgsiState, space: &SpacePath, id: &str, old: &Copy) -> Answer<bool> {
    let answer = tell(state, space, old, ("DELETE", format!("subscriptions/{id}"), None)).await;
    // Forgotten whatever it says: what still comes under this identifier is dropped.
    note(state, space, id, None).await?;
    Ok(answer.is_some())
}

/// `POST /ngsi-ld/ex/remote-notify`: a source tells of entities. Its identifier of the subscription, which nobody can
/// guess, is what entitles it.
///
/// # Errors
/// See [`ApiError`].
pub async fn inbound(State(state): State<NgsiState>, request: Request) -> Answer<StatusCode> {
    let body = request::whole(request).await?;
    let body: Value =
        serde_json::from_slice(&body).map_err(|e| ApiError::invalid(format!("the body is not JSON: {e}")))?;
    let id = body.get("subscriptionId").and_then(Value::as_str).unwrap_or_default();
    let none = || ApiError::missing("nobody here waits for this subscription");
    let known = state.registry.definitions_everywhere(COPIES).await?.into_iter().find(|(_, d)| d.id == id);
    let (space, definition) = known.filter(|_| id.contains(MARK)).ok_or_else(none)?;
    let copy: Copy =
        serde_json::from_value(definition.doc).map_err(|e| ApiError::new(Kind::InternalError, e.to_string()))?;
    let context = state.contexts.resolve(&copy.context).await?;
    let kept = state.registry.definition_of(subscriptions::KIND, &space, &copy.subscription).await?;
    let kept =
        kept.as_ref().map(Kept::of).transpose().map_err(|e| ApiError::new(Kind::InternalError, e))?.ok_or_else(none)?;
    let now = state.registry.clock().now();
    let mut notices = Vec::new();
    for one in body.get("data").and_then(Value::as_array).into_iter().flatten() {
        let entity = entity(&state, one, &context, &space).await?;
        let gone = one.get("deletedAt").and_then(|v| parse::moment("deletedAt", v).ok());
        let entity = match gone {
            None if kept.document.get("splitEntities") == Some(&Value::Bool(true)) => {
                whole(&state, &copy, &kept, &context, &space, entity).await?
            }
            _ => Arc::new(entity),
        };
        let happening =
            gone.map(|at| Happening { at, entity: entity.clone(), made: false, gone: true, touches: Vec::new() });
        notices.push(Notice { at: now, entities: vec![entity], happening });
    }
    state.subscriptions.pass_on(&space, &copy.subscription, notices, Trigger::EntityDeleted).await;
    Ok(StatusCode::OK)
}

async fn entity(state: &NgsiState, one: &Value, context: &Arc<Context>, space: &SpacePath) -> Answer<Entity> {
    let mut one = one.clone();
    let own = match one.as_object_mut().and_then(|o| o.remove("@context")) {
        Some(own) => state.contexts.resolve(&own).await?,
        None => context.clone(),
    };
    change::create(parse::entity(&one, &own)?, space.clone())
}

/// The entity with what is known of it here and at the other sources.
async fn whole(
    state: &NgsiState,
    copy: &Copy,
    kept: &Kept,
    context: &Arc<Context>,
    space: &SpacePath,
    told: Entity,
) -> Answer<Arc<Entity>> {
    let mut asked = Asked::own(space.clone(), &kept.via, Some(kept.context_url.clone()));
    asked.actor = kept.actor.clone();
    let local = crate::entities::current(state, &asked, &told.id).await.ok();
    let query = svod_query::Query { ids: vec![told.id.clone()], ..Default::default() };
    let probe = Probe { query, lenient: true, ..Probe::default() };
    gather::beside(state, &asked, context, &probe, local, (&copy.registration, told)).await
}
