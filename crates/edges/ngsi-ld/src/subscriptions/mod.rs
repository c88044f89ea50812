//! `/subscriptions` (clauses 5.8, 6.10, 6.11): who is told when entities change.

pub mod dialect;
pub mod document;
mod listen;
mod notification;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value};
use svod_kernel::{Actor, Timestamp, Urn};
use svod_registry::Definition;
use svod_subscriptions::State as Fares;

use crate::NgsiState;
use crate::context::{Context, core};
use crate::error::{Answer, ApiError, Kind};
use crate::request::{Asked, Media};
use crate::sources::{gather, relay};

pub use dialect::Notifications;
use document::Flavour;
pub use listen::listen;

/// Kind of definition under which subscriptions are kept.
pub const KIND: &str = "Subscription";
/// Kind under which their states are.
pub const STATES: &str = "SubscriptionState";
/// Where they stand in addresses.
const PATH: &str = "/ngsi-ld/v1/subscriptions";

/// A subscription as it is kept.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// The document, in the platform's own names.
    pub document: Map<String, Value>,
    /// The context whose names notifications are written with.
    pub context: Value,
    /// Where that context is to be had.
    pub context_url: String,
    /// With whose eyes entities are seen.
    pub actor: Actor,
    /// The tenant as the client named it.
    pub tenant: Option<String>,
    /// Changes before are not told.
    pub since: Timestamp,
    /// Brokers that it came through.
    #[serde(default)]
    pub via: Vec<String>,
}

impl Kept {
    /// From its definition.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(definition: &Definition) -> Result<Self, String> {
        serde_json::from_value(definition.doc.clone()).map_err(|e| e.to_string())
    }
}

/// The identifier that the body names, or a new one.
///
/// # Errors
/// When it is taken.
pub async fn identifier(state: &NgsiState, asked: &Asked, kind: &'static str, given: Option<&Value>) -> Answer<String> {
    match given.and_then(Value::as_str) {
        Some(id) => match state.registry.definition(&asked.actor, kind, &asked.space, id).await? {
            Some(_) => Err(ApiError::new(Kind::AlreadyExists, format!("there is a {kind} {id} already"))),
            None => Ok(id.to_owned()),
        },
        None => {
            let (clock, rng) = (state.registry.clock(), state.registry.rng());
            Ok(format!("urn:ngsi-ld:{kind}:{}", Urn::mint(kind, clock.now(), rng.as_ref()).local()))
        }
    }
}

/// `POST /subscriptions`
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["options"])?;
    let now = state.registry.clock().now();
    let (body, context) = members(&state, &asked).await?;
    let mut document = document::read(&body, &context)?;
    document.retain(|_, v| !v.is_null());
    document::check(&document, now)?;
    let id = identifier(&state, &asked, KIND, document.get("id")).await?;
    document.insert("id".into(), id.clone().into());
    let (context, context_url) = notified_with(&state, &asked, &mut document, &context).await?;
    let (actor, tenant, via) = (asked.actor.clone(), asked.tenant.clone(), gather::passed(&asked));
    if gather::has_been_here(&state, &asked) {
        return Err(ApiError::new(Kind::LoopDetected, "the subscription has been here before"));
    }
    keep(&state, &asked, &id, Kept { document, context, context_url, actor, tenant, since: now, via }).await?;
    Ok(asked.created(&format!("{PATH}/{id}")))
}

/// A body of members with its context. A body without members says what is wrong before its context does.
///
/// # Errors
/// When it is no object or its context cannot be had.
pub async fn members(state: &NgsiState, asked: &Asked) -> Answer<(Map<String, Value>, std::sync::Arc<Context>)> {
    let (mut value, media) = asked.json()?;
    let has_context = value.get("@context").is_some();
    let context = match media {
        Media::Ld if !has_context && asked.link.is_none() => asked.context(state).await?,
        _ => asked.context_of(state, &mut value, media).await?,
    };
    match value {
        Value::Object(body) => Ok((body, context)),
        _ => Err(ApiError::bad("the body must be an object")),
    }
}

/// The context that notifications are written with, and where it is to be had: one that has no address of its own is hosted
/// here from now on (clause 5.8.1.4).
///
/// # Errors
/// When the context cannot be had or kept.
pub async fn notified_with(
    state: &NgsiState,
    asked: &Asked,
    document: &mut Map<String, Value>,
    context: &Context,
) -> Answer<(Value, String)> {
    if let Some(url) = document.get("jsonldContext").and_then(Value::as_str).map(str::to_owned) {
        state.contexts.resolve(&Value::from(url.as_str())).await?;
        return Ok((url.clone().into(), url));
    }
    let url = match &context.source {
        Value::Null => core::CORE_URL.to_owned(),
        Value::String(url) => url.clone(),
        Value::Array(all) if all.len() == 1 && all[0].is_string() => all[0].as_str().unwrap_or_default().to_owned(),
        source => crate::hosted::implicit(state, asked, source.clone()).await?,
    };
    document.insert("jsonldContext".into(), url.clone().into());
    Ok((context.source.clone(), url))
}

async fn keep(state: &NgsiState, asked: &Asked, id: &str, kept: Kept) -> Answer<()> {
    let doc = serde_json::to_value(&kept).map_err(|e| ApiError::new(Kind::InternalError, e.to_string()))?;
    let definition = state.registry.define(&asked.actor, KIND, &asked.space, id, doc).await?;
    state.subscriptions.define(&asked.space, &definition).await.map_err(ApiError::bad)?;
    relay::settle_behind(state, &asked.space);
    Ok(())
}

async fn found(state: &NgsiState, asked: &Asked, id: &str) -> Answer<(Definition, Kept)> {
    crate::entities::urn(id)?;
    let definition = state.registry.definition(&asked.actor, KIND, &asked.space, id).await?;
    let definition = definition.ok_or_else(|| ApiError::missing(format!("there is no subscription {id}")))?;
    let kept = Kept::of(&definition).map_err(|e| ApiError::new(Kind::InternalError, e))?;
    Ok((definition, kept))
}

/// The document with how it fares.
fn shown(
    state: &NgsiState,
    asked: &Asked,
    context: &Context,
    (definition, kept): &(Definition, Kept),
    fares: &Fares,
) -> Answer<Map<String, Value>> {
    let now = state.registry.clock().now();
    let mut out = document::write(&kept.document, Flavour::Entities, context, now);
    if let Some(Value::Object(notification)) = out.get_mut("notification") {
        tell_state(notification, fares);
    }
    if asked.option("sysAttrs") {
        out.insert("createdAt".into(), definition.created.to_string().into());
        out.insert("modifiedAt".into(), definition.modified.to_string().into());
    }
    Ok(out)
}

/// Members of clause 5.2.14 that the broker keeps.
pub fn tell_state(notification: &mut Map<String, Value>, fares: &Fares) {
    if fares.times_sent == 0 {
        return;
    }
    notification.insert("status".into(), if fares.failed { "failed" } else { "ok" }.into());
    notification.insert("timesSent".into(), fares.times_sent.into());
    if fares.times_failed > 0 {
        notification.insert("timesFailed".into(), fares.times_failed.into());
    }
    let moments = [
        ("lastNotification", fares.last_notification),
        ("lastSuccess", fares.last_success),
        ("lastFailure", fares.last_failure),
    ];
    for (key, at) in moments {
        if let Some(at) = at {
            notification.insert(key.into(), at.to_string().into());
        }
    }
}

/// `GET /subscriptions/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    asked.knows(&["options", "format"])?;
    let found = found(&state, &asked, &id).await?;
    let context = asked.context(&state).await?;
    let fares = state.subscriptions.state(&asked.space, &id).await;
    let body = shown(&state, &asked, &context, &found, &fares)?;
    Ok(asked.answer(StatusCode::OK, Value::Object(body), &context))
}

/// `GET /subscriptions`
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
        let fares = state.subscriptions.state(&asked.space, &definition.id).await;
        let kept = Kept::of(&definition).map_err(|e| ApiError::new(Kind::InternalError, e))?;
        bodies.push(Value::Object(shown(&state, &asked, &context, &(definition, kept), &fares)?));
    }
    let mut response = asked.answer(StatusCode::OK, bodies.into(), &context);
    listed(&mut response, &asked, PATH, (page.offset, page.limit, total), page.count);
    Ok(response)
}

/// Number and neighbours of a page of a list that is kept whole.
pub fn listed(
    response: &mut Response,
    asked: &Asked,
    path: &str,
    (offset, limit, total): (usize, usize, usize),
    count: bool,
) {
    if count {
        response.headers_mut().insert("ngsild-results-count", HeaderValue::from(total));
    }
    // Unlike for entities, the suite and the standard's example name the JSON-LD type whatever was asked.
    crate::entities::page_links(response, asked, (offset, limit), offset + limit < total, path, "application/ld+json");
}

/// `PATCH /subscriptions/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let now = state.registry.clock().now();
    crate::entities::urn(&id)?;
    let (body, context) = members(&state, &asked).await?;
    let (_, mut kept) = found(&state, &asked, &id).await?;
    let asleep = document::status(&kept.document, now) != "active";
    merge(&mut kept.document, document::read(&body, &context)?, &id)?;
    if body.contains_key("expiresAt") || !asleep {
        document::check(&kept.document, now)?;
    }
    if body.contains_key("jsonldContext") {
        (kept.context, kept.context_url) = notified_with(&state, &asked, &mut kept.document, &context).await?;
    }
    if asleep {
        kept.since = now;
    }
    keep(&state, &asked, &id, kept).await?;
    Ok(asked.done())
}

/// Members of the fragment replace those of the document; null takes one away.
///
/// # Errors
/// When the identifier would be another.
pub fn merge(document: &mut Map<String, Value>, fragment: Map<String, Value>, id: &str) -> Answer<()> {
    for (key, value) in fragment {
        match (key.as_str(), &value) {
            ("id", v) if v != id => return Err(ApiError::bad("the identifier in the body is another one")),
            (_, Value::Null) => drop(document.remove(&key)),
            _ => drop(document.insert(key, value)),
        }
    }
    Ok(())
}

/// `DELETE /subscriptions/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let (definition, _) = found(&state, &asked, &id).await?;
    state.subscriptions.remove(&asked.space, &id);
    state.registry.undefine(&asked.actor, KIND, &asked.space, &definition.id).await?;
    let note = vec![(asked.space.clone(), id, Value::Null)];
    state.registry.note(STATES, note).await.map_err(svod_registry::QueryError::Store)?;
    relay::settle_behind(&state, &asked.space);
    Ok(asked.done())
}

/// The notifications' own address takes none (clause 6.3.2).
///
/// # Errors
/// Always.
pub async fn no_identifier() -> Answer {
    Err(ApiError::new(Kind::MethodNotAllowed, "the address ends where an identifier should stand"))
}
