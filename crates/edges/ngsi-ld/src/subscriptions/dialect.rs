//! Subscriptions read for the engine, and notices written for subscribers.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use svod_kernel::{SpacePath, Urn};
use svod_query::{Query, Types};
use svod_registry::{Definition, Registry};
use svod_subscriptions::{Dialect, Everywhere, Found, Message, Notice, Read, Subscription, Target, Trigger, Written};

use super::document::{DEFAULT_TRIGGERS, STREAM};
use super::notification::Look;
use super::{KIND, Kept, STATES};
use crate::context::{Context, Contexts};
use crate::error::Answer;
use crate::params::{geo::GeoQ, q, types};
use crate::request::Asked;
use crate::{Ngsi, NgsiState, entities, sources};

/// How long a subscriber may take when it does not say.
const TIMEOUT: Duration = Duration::from_secs(10);

/// NGSI-LD notifications.
pub struct Notifications {
    /// The one door.
    pub(crate) registry: Arc<Registry>,
    /// Contexts.
    contexts: Arc<Contexts>,
    /// The edge itself, which knows what other brokers have.
    edge: OnceLock<Weak<Ngsi>>,
}

/// What a notification is written with.
pub struct Spec {
    /// What it looks like.
    pub look: Look,
    /// What other brokers have is not wanted.
    local: bool,
    /// Brokers that it came through.
    via: Vec<String>,
    /// Where the context is to be had.
    context_url: String,
    tenant: Option<String>,
    endpoint: Value,
}

impl Notifications {
    /// A dialect that knows of no other broker yet.
    pub fn new(registry: Arc<Registry>, contexts: Arc<Contexts>) -> Self {
        Self { registry, contexts, edge: OnceLock::new() }
    }

    /// The edge whose other brokers are asked from now on.
    pub(crate) fn stands_in(&self, edge: &Arc<Ngsi>) {
        drop(self.edge.set(Arc::downgrade(edge)));
    }
}

impl Dialect for Notifications {
    type Spec = Spec;

    fn kind(&self) -> &'static str {
        KIND
    }

    fn states(&self) -> &'static str {
        STATES
    }

    fn read<'a>(&'a self, space: &'a SpacePath, definition: &'a Definition) -> Read<'a, Spec> {
        Box::pin(async move {
            let kept = Kept::of(definition)?;
            let written = |e: crate::context::FetchError| e.to_string();
            let context = self.contexts.resolve(&kept.context).await.map_err(written)?;
            let asked_with = kept.document.get("qContext").unwrap_or(&kept.context);
            let of_q = self.contexts.resolve(asked_with).await.map_err(written)?;
            subscription(space, definition, kept, context, &of_q).map_err(|e| e.detail)
        })
    }

    fn find<'a>(&'a self, s: &'a Subscription<Spec>, query: &'a Query) -> Everywhere<'a> {
        Box::pin(async move {
            let state = NgsiState::from(self.edge.get().and_then(Weak::upgrade)?);
            if s.spec.local {
                return None;
            }
            match everywhere(&state, s, query).await {
                Ok(found) => found,
                Err(e) => Some(Err(e.detail)),
            }
        })
    }

    fn write<'a>(&'a self, s: &'a Subscription<Spec>, notice: &'a Notice) -> Written<'a> {
        Box::pin(async move {
            let spec = &s.spec;
            let data = spec.look.data(&self.registry, s, notice).await.map_err(|e| e.detail)?;
            let id = Urn::mint("Notification", notice.at, self.registry.rng().as_ref());
            let body = json!({
                "id": format!("urn:ngsi-ld:Notification:{}", id.local()),
                "type": "Notification",
                "subscriptionId": s.id,
                "notifiedAt": notice.at.to_string(),
                "data": data,
            });
            Ok(envelope(&spec.endpoint, &spec.context_url, spec.tenant.as_deref(), body))
        })
    }
}

/// What fits here and at registered sources (clauses 5.8.6, 5.7.2); none where there are no sources.
async fn everywhere(state: &NgsiState, s: &Subscription<Spec>, query: &Query) -> Answer<Option<Found>> {
    let mut asked = Asked::own(s.space.clone(), &s.spec.via, Some(s.spec.context_url.clone()));
    (asked.actor, asked.tenant) = (s.actor.clone(), s.spec.tenant.clone());
    if sources::known(state, &asked).await?.is_empty() {
        return Ok(None);
    }
    let (found, silent) = entities::those(state, &asked, &s.spec.look.context, query.clone()).await?;
    for warning in silent {
        tracing::debug!(id = s.id, warning, "a subscription by time tells without a source");
    }
    Ok(Some(Ok(found)))
}

/// Header fields and body, or their MQTT counterparts (clauses 6.3.8, 7.2).
pub fn envelope(endpoint: &Value, context_url: &str, tenant: Option<&str>, body: Value) -> Message {
    let text = |key: &str| endpoint.get(key).and_then(Value::as_str);
    let accept = text("accept").unwrap_or("application/json");
    let pairs = |key: &str| {
        let all = endpoint.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|p| Some((p.get("key")?.as_str()?.to_owned(), p.get("value")?.as_str()?.to_owned())))
    };
    let mut headers = vec![("Content-Type".to_owned(), accept.to_owned())];
    let plain = pairs("receiverInfo").any(|(k, v)| k.eq_ignore_ascii_case("prefer") && v == "body=json");
    if accept == "application/json" || (accept == "application/geo+json" && plain) {
        let link =
            format!("<{context_url}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"");
        headers.push(("Link".to_owned(), link));
    }
    headers.extend(tenant.map(|t| ("NGSILD-Tenant".to_owned(), t.to_owned())));
    headers.extend(pairs("receiverInfo").filter(|(k, _)| !k.eq_ignore_ascii_case("content-length")));
    let millis = endpoint.get("timeout").and_then(Value::as_f64).filter(|t| *t > 0.0);
    let timeout = millis.map_or(TIMEOUT, |ms| Duration::from_secs_f64(ms / 1e3).min(Duration::from_secs(60)));
    let url = text("uri").unwrap_or_default().to_owned();
    if url == STREAM {
        return Message { target: Target::Stream, body: Bytes::from(body.to_string()), timeout };
    }
    if url.starts_with("mqtt") {
        let metadata: Map<String, Value> = headers.into_iter().map(|(k, v)| (k, v.into())).collect();
        let info = |name: &str| pairs("notifierInfo").find(|(k, _)| k == name).map(|(_, v)| v);
        let qos = info("MQTT-QoS").and_then(|q| q.parse().ok()).filter(|q| *q <= 2).unwrap_or(0);
        let five = info("MQTT-Version").is_none_or(|v| v != "mqtt3.1.1");
        let body = Bytes::from(json!({"metadata": metadata, "body": body}).to_string());
        return Message { target: Target::Mqtt { url, qos, five }, body, timeout };
    }
    Message { target: Target::Http { url, headers }, body: Bytes::from(body.to_string()), timeout }
}

fn trigger(name: &str) -> Option<Trigger> {
    Some(match name {
        "entityCreated" => Trigger::EntityCreated,
        "entityUpdated" => Trigger::EntityUpdated,
        "entityDeleted" => Trigger::EntityDeleted,
        "attributeCreated" => Trigger::AttributeCreated,
        "attributeUpdated" => Trigger::AttributeUpdated,
        "attributeDeleted" => Trigger::AttributeDeleted,
        _ => return None,
    })
}

fn subscription(
    space: &SpacePath,
    definition: &Definition,
    kept: Kept,
    context: Arc<Context>,
    of_q: &Context,
) -> Answer<Subscription<Spec>> {
    let doc = &kept.document;
    let number = |key: &str| doc.get(key).and_then(Value::as_f64);
    let words = |key: &str| -> Vec<String> {
        let all = doc.get(key).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let named = words("notificationTrigger");
    let triggers = if named.is_empty() { DEFAULT_TRIGGERS.map(str::to_owned).to_vec() } else { named };
    let notification = doc.get("notification").cloned().unwrap_or_default();
    let endpoint = notification.get("endpoint").cloned().unwrap_or_default();
    let expires = doc.get("expiresAt").map(|v| crate::parse::moment("expiresAt", v)).transpose()?;
    Ok(Subscription {
        id: definition.id.clone(),
        space: space.clone(),
        actor: kept.actor.clone(),
        since: kept.since,
        revision: definition.modified,
        selectors: selectors(doc)?,
        condition: condition(doc, of_q)?,
        watched: words("watchedAttributes"),
        triggers: triggers.iter().filter_map(|t| trigger(t)).collect(),
        throttling: number("throttling"),
        interval: number("timeInterval"),
        expires,
        active: doc.get("isActive") != Some(&Value::Bool(false)),
        cooldown: endpoint.get("cooldown").and_then(Value::as_f64).map(|ms| ms / 1e3),
        spec: Arc::new(Spec {
            look: Look::of(doc, &notification, context, &kept.context),
            local: doc.get("localOnly") == Some(&Value::Bool(true)),
            via: kept.via.clone(),
            context_url: kept.context_url.clone(),
            tenant: kept.tenant.clone(),
            endpoint,
        }),
    })
}

/// Entities that a document selects, one query for each selector.
///
/// # Errors
/// When one cannot be read.
pub fn selectors(doc: &Map<String, Value>) -> Answer<Vec<Query>> {
    let own = Context::default();
    let mut all = Vec::new();
    for s in doc.get("entities").and_then(Value::as_array).into_iter().flatten() {
        let mut query = Query::default();
        match s.get("id") {
            Some(Value::Array(ids)) => {
                query.ids = ids.iter().map(|i| crate::parse::uri("id", i)).collect::<Answer<_>>()?;
            }
            Some(id) => query.ids.push(crate::parse::uri("id", id)?),
            None => {}
        }
        // Clause 5.2.33: who names identifiers gets those, whatever the pattern.
        let pattern = s.get("idPattern").and_then(Value::as_str).filter(|_| query.ids.is_empty());
        query.id_pattern = pattern.and_then(|p| regex::Regex::new(p).ok());
        let kind = s.get("type").and_then(Value::as_str).unwrap_or("*");
        query.types = if kind == "*" { Types::Any } else { types::parse(kind, &own)? };
        all.push(query);
    }
    Ok(all)
}

/// What a document wants of entities besides.
///
/// # Errors
/// When it cannot be read.
pub fn condition(doc: &Map<String, Value>, of_q: &Context) -> Answer<Query> {
    let text = |key: &str| doc.get(key).and_then(Value::as_str);
    let place = doc.get("geoQ").map(|g| GeoQ::from_json(g).place(&Context::default())).transpose()?;
    Ok(Query {
        filter: text("q").map(|t| q::parse(t, of_q)).transpose()?,
        scope: text("scopeQ").map(types::scopes).transpose()?,
        place: place.flatten(),
        ..Query::default()
    })
}
