//! One call to one source: address, header fields, context, patience (clauses 4.3.6.6, 5.2.9, 6.3.18).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use svod_kernel::{Timestamp, number};

use super::Source;
use super::peers::{Call, Reply, Silence};
use crate::NgsiState;
use crate::context::{Context, core};
use crate::request::Asked;

/// How long a source may take when its registration does not say.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What a source is asked or told.
pub struct Question {
    /// HTTP method.
    pub method: &'static str,
    /// Below `/ngsi-ld/v1/`.
    pub path: String,
    /// Parameters, not yet encoded.
    pub params: Vec<(String, String)>,
    /// JSON in the words of the [`Tongue`].
    pub body: Option<Value>,
}

/// The context in which a source is spoken to.
pub struct Tongue {
    /// Its words.
    pub context: Arc<Context>,
    /// Where the context is to be had; none: it travels inside the body.
    link: Option<String>,
    /// The words differ from those of the client.
    pub foreign: bool,
}

impl Tongue {
    /// How the source is spoken to about a request; `bodied` when entities travel in a body.
    pub async fn of(
        state: &NgsiState,
        source: &Source,
        asked: &Asked,
        context: &Arc<Context>,
        bodied: bool,
    ) -> Result<Self, Silence> {
        if let Some(url) = info(source, "jsonldContext") {
            let context = state.contexts.resolve(&url.into()).await;
            let context = context.map_err(|e| Silence::NoAnswer(e.to_string()))?;
            return Ok(Self { context, link: Some(url.to_owned()), foreign: true });
        }
        let inside = info(source, "contentType") == Some("application/ld+json");
        let own = match &context.source {
            Value::Null => Some(core::CORE_URL),
            Value::String(url) => Some(url.as_str()),
            Value::Array(all) => match all.as_slice() {
                [Value::String(url)] => Some(url.as_str()),
                _ => None,
            },
            _ => None,
        };
        let link = asked.link.as_deref().or(own).map(str::to_owned);
        let same = |link| Self { context: context.clone(), link, foreign: false };
        Ok(match link {
            _ if bodied && inside => same(None),
            Some(link) => same(Some(link)),
            None if bodied => same(None),
            // A context that has no address cannot go with a question: names are written out.
            None => Self { context: Arc::default(), link: Some(core::CORE_URL.to_owned()), foreign: true },
        })
    }

    /// A document in these words, with what the context needs.
    pub fn document(&self, members: &Map<String, Value>, from: &Context) -> Value {
        let mut out = if self.foreign { retold(members, from, &self.context, true) } else { members.clone() };
        if self.link.is_none() {
            let source = &self.context.source;
            out.insert("@context".into(), if source.is_null() { core::CORE_URL.into() } else { source.clone() });
        }
        Value::Object(out)
    }
}

/// Members whose names every context leaves as they are.
const PLAIN: [&str; 22] = [
    "id",
    "@id",
    "@type",
    "scope",
    "createdAt",
    "modifiedAt",
    "deletedAt",
    "expiresAt",
    "datasetId",
    "instanceId",
    "observedAt",
    "unitCode",
    "value",
    "object",
    "languageMap",
    "vocab",
    "json",
    "valueList",
    "objectList",
    "objectType",
    "valueType",
    "entityList",
];

/// A document of one context in the words of another.
fn retold(members: &Map<String, Value>, from: &Context, to: &Context, entity: bool) -> Map<String, Value> {
    let word = |term: &str| to.write(&from.name(term));
    let mut out = Map::new();
    for (term, value) in members {
        if term == "type" && entity {
            let kinds = match value {
                Value::Array(all) => {
                    all.iter().map(|v| v.as_str().map_or_else(|| v.clone(), |t| word(t).into())).collect()
                }
                Value::String(one) => word(one).into(),
                other => other.clone(),
            };
            out.insert(term.clone(), kinds);
        } else if term == "type" || PLAIN.contains(&term.as_str()) {
            out.insert(term.clone(), value.clone());
        } else {
            let about = |v: &Value| match v {
                // Only what says that it is an attribute has members of its own.
                Value::Object(o) if o.contains_key("type") => Value::Object(retold(o, from, to, false)),
                other => other.clone(),
            };
            let value = match value {
                Value::Array(all) => all.iter().map(about).collect(),
                one => about(one),
            };
            out.insert(word(term), value);
        }
    }
    out
}

/// Sources that rest after a failure (`management.cooldown`), until when.
#[derive(Debug, Default)]
pub struct Resting(Mutex<HashMap<(String, String), Timestamp>>);

impl Resting {
    fn is_resting(&self, key: &(String, String), now: Timestamp) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).is_some_and(|until| now < *until)
    }

    fn rest(&self, key: (String, String), now: Timestamp, millis: f64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, until| now < *until);
        all.insert(key, now.plus_micros(number::whole(millis * 1e3)));
    }
}

/// Speaks to one source.
pub async fn say(
    state: &NgsiState,
    asked: &Asked,
    source: &Source,
    tongue: &Tongue,
    question: Question,
) -> Result<Reply, Silence> {
    let key = (asked.space.to_string(), source.id.clone());
    let now = state.registry.clock().now();
    if state.remembered.resting.is_resting(&key, now) {
        return Err(Silence::NoAnswer("it rests after a failure".into()));
    }
    let answer = state.peers.call(call(state, asked, source, tongue, question)).await;
    let failed = answer.as_ref().map_or_else(|s| matches!(s, Silence::NoAnswer(_)), |r| r.status >= 500);
    let pause = managed(source, "cooldown").and_then(Value::as_f64);
    if let Some(millis) = pause.filter(|_| failed) {
        state.remembered.resting.rest(key, state.registry.clock().now(), millis);
    }
    answer
}

fn managed<'s>(source: &'s Source, key: &str) -> Option<&'s Value> {
    source.document.get("management").and_then(|m| m.get(key))
}

/// The call with everything that the registration says about it.
fn call(state: &NgsiState, asked: &Asked, source: &Source, tongue: &Tongue, question: Question) -> Call {
    let text = |key: &str| source.document.get(key).and_then(Value::as_str);
    let endpoint = text("endpoint").unwrap_or_default().trim_end_matches('/');
    let base = if endpoint.ends_with("/ngsi-ld/v1") { endpoint.to_owned() } else { format!("{endpoint}/ngsi-ld/v1") };
    let Question { method, path, mut params, body } = question;
    let local_only = source.document.get("localOnly").or_else(|| managed(source, "localOnly"));
    if local_only == Some(&Value::Bool(true)) {
        params.push(("local".into(), "true".into()));
    }
    let query: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}={}", crate::entities::encoded(value))).collect();
    let mut via: Vec<String> =
        asked.headers.get_all("via").iter().filter_map(|v| v.to_str().ok().map(str::to_owned)).collect();
    via.push(format!("1.1 {}", state.alias_of(asked)));
    let accept = info(source, "accept").unwrap_or("application/json");
    let mut headers = vec![("Accept".to_owned(), accept.to_owned()), ("Via".to_owned(), via.join(", "))];
    if let Some(link) = &tongue.link {
        let link = format!("<{link}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"");
        headers.push(("Link".into(), link));
    }
    if body.is_some() {
        let kind = if tongue.link.is_some() { "application/json" } else { "application/ld+json" };
        headers.push(("Content-Type".into(), kind.into()));
    }
    headers.extend(text("tenant").map(|t| ("NGSILD-Tenant".to_owned(), t.to_owned())));
    headers.extend(infos(source, asked));
    let millis = managed(source, "timeout").and_then(Value::as_f64);
    let timeout = millis.map_or(TIMEOUT, |ms| Duration::from_secs_f64(ms / 1e3).min(Duration::from_secs(60)));
    let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    Call { method, url: format!("{base}/{path}"), headers, body: body.map(|b| b.to_string()), timeout }
}

/// What `contextSourceInfo` says under a key.
fn info<'s>(source: &'s Source, key: &str) -> Option<&'s str> {
    let all = source.document.get("contextSourceInfo").and_then(Value::as_array)?;
    all.iter().find(|pair| pair.get("key").is_some_and(|k| k == key))?.get("value")?.as_str()
}

/// Fields by which somebody proves to this platform who they are.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "dpop", "proxy-authorization"];

/// `contextSourceInfo` as header fields; `urn:ngsi-ld:request` takes the value of the request at hand.
fn infos(source: &Source, asked: &Asked) -> Vec<(String, String)> {
    const OURS: [&str; 9] = [
        "accept",
        "link",
        "via",
        "ngsild-tenant",
        "content-length",
        "content-type",
        "host",
        "contenttype",
        "jsonldcontext",
    ];
    let all = source.document.get("contextSourceInfo").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|pair| {
        let (key, value) = (pair.get("key")?.as_str()?, pair.get("value")?.as_str()?);
        if OURS.contains(&key.to_ascii_lowercase().as_str()) {
            return None;
        }
        let value = match value {
            // What opens this platform is not handed to another, whoever has registered it.
            "urn:ngsi-ld:request" if CREDENTIALS.contains(&key.to_ascii_lowercase().as_str()) => return None,
            "urn:ngsi-ld:request" => asked.headers.get(key)?.to_str().ok()?,
            plain => plain,
        };
        Some((key.to_owned(), value.to_owned()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_retold() {
        let pair = |t: &str, i: &str| (t.to_owned(), Some(i.to_owned()));
        let from = Context::new(
            Value::Null,
            &[pair("tempo", "https://a.example/speed"), pair("Auto", "https://a.example/Car")],
        );
        let to = Context::new(Value::Null, &[pair("speed", "https://a.example/speed")]);
        let given = json!({"id": "urn:a:1", "type": "Auto",
            "tempo": [{"type": "Property", "value": 5, "tempo": {"type": "Property", "value": {"tempo": 1}}}]});
        let told = retold(given.as_object().unwrap(), &from, &to, true);
        let expected = json!({"id": "urn:a:1", "type": "https://a.example/Car",
            "speed": [{"type": "Property", "value": 5, "speed": {"type": "Property", "value": {"tempo": 1}}}]});
        assert_eq!(Value::Object(told), expected);
    }

    #[test]
    fn a_source_rests_for_the_time_it_asked_for() {
        let resting = Resting::default();
        let key = ("a".to_owned(), "urn:r:1".to_owned());
        assert!(!resting.is_resting(&key, Timestamp(0)));
        resting.rest(key.clone(), Timestamp(0), 5.0);
        assert!(resting.is_resting(&key, Timestamp(4_999)) && !resting.is_resting(&key, Timestamp(5_000)));
    }
}
