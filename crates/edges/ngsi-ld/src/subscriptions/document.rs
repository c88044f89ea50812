//! The `Subscription` document (clause 5.2.12): read member by member with names in the platform's own form, checked
//! whole, and written with the names of whichever context asks.

use serde_json::{Map, Value, json};
use svod_kernel::Timestamp;

use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::params::{geo::GeoQ, q, types};
use crate::parse;

/// The two kinds of subscriptions that share the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// `/subscriptions`: to entities.
    Entities,
    /// `/csourceSubscriptions`: to registrations of context sources.
    Sources,
}

/// Everything that sets a notification off (table 5.2.12-1).
const TRIGGERS: [&str; 6] =
    ["entityCreated", "entityUpdated", "entityDeleted", "attributeCreated", "attributeUpdated", "attributeDeleted"];
/// What does when nothing is said.
pub const DEFAULT_TRIGGERS: [&str; 2] = ["attributeCreated", "attributeUpdated"];
/// Media types of notifications.
const ACCEPTED: [&str; 3] = ["application/json", "application/ld+json", "application/geo+json"];

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::bad(text)
}

/// True for what takes a member away (clause 4.5.0).
pub fn is_null(v: &Value) -> bool {
    v.is_null() || v == parse::NULL
}

/// Every known member of the body, in the platform's own form; others are left out.
///
/// # Errors
/// The first member that does not fit.
pub fn read(body: &Map<String, Value>, context: &Context) -> Answer<Map<String, Value>> {
    let mut out = Map::new();
    for (key, value) in body {
        if is_null(value) {
            if matches!(key.as_str(), "type" | "notification" | "id") {
                return Err(bad(format!("'{key}' cannot be taken away")));
            }
            out.insert(key.clone(), Value::Null);
            continue;
        }
        if let Some(kept) = member(key, value, context)? {
            out.insert(key.clone(), kept);
        }
    }
    // The names in a query are those of the context it came with.
    if out.contains_key("q") {
        out.insert("qContext".into(), context.source.clone());
    }
    Ok(out)
}

fn member(key: &str, v: &Value, context: &Context) -> Answer<Option<Value>> {
    Ok(Some(match key {
        "id" => Value::from(parse::uri("id", v)?.as_str()),
        "type" if v == "Subscription" => v.clone(),
        "type" => return Err(bad("the type of the document must be Subscription")),
        "subscriptionName" | "description" | "lang" => text(key, v)?.into(),
        "entities" => selectors(v, context)?,
        "watchedAttributes" => names(key, v, context)?,
        "notificationTrigger" => triggers(v)?,
        "timeInterval" | "throttling" => seconds(key, v)?,
        "q" => {
            let decoded = decoded(text(key, v)?);
            q::parse(&decoded, context)?;
            decoded.into()
        }
        "geoQ" => place(v, context)?,
        "scopeQ" => {
            types::scopes(text(key, v)?)?;
            v.clone()
        }
        "csf" => {
            q::parse(text(key, v)?, context)?;
            v.clone()
        }
        "temporalQ" => moments(v)?,
        "isActive" | "splitEntities" | "localOnly" => {
            v.as_bool().ok_or_else(|| bad(format!("'{key}' must be true or false")))?.into()
        }
        "expiresAt" => {
            parse::moment(key, v)?;
            v.clone()
        }
        "datasetId" => datasets(v)?,
        "jsonldContext" => address(key, v)?,
        "notification" => notification(v, context)?,
        _ => return Ok(None),
    }))
}

fn text<'v>(key: &str, v: &'v Value) -> Answer<&'v str> {
    v.as_str().filter(|t| !t.is_empty()).ok_or_else(|| bad(format!("'{key}' must be a text")))
}

fn list<'v>(key: &str, v: &'v Value) -> Answer<&'v Vec<Value>> {
    v.as_array().filter(|a| !a.is_empty()).ok_or_else(|| bad(format!("'{key}' must be a list that is not empty")))
}

fn names(key: &str, v: &Value, context: &Context) -> Answer<Value> {
    list(key, v)?
        .iter()
        .map(|one| {
            let term = text(key, one)?;
            parse::named(term)?;
            Ok(Value::from(own_name(term, context)))
        })
        .collect()
}

/// `id`, `type` and `scope` are not terms.
fn own_name(term: &str, context: &Context) -> String {
    if matches!(term, "id" | "type" | "scope") { term.to_owned() } else { context.name(term) }
}

/// Names inside an expression, one by one.
fn renamed(expression: &str, delimiters: &[char], name: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(expression.len());
    for part in expression.split_inclusive(delimiters) {
        let (word, end) = match part.chars().last().filter(|c| delimiters.contains(c)) {
            Some(c) => part.split_at(part.len() - c.len_utf8()),
            None => (part, ""),
        };
        if !word.trim().is_empty() {
            out.push_str(&name(word.trim()));
        }
        out.push_str(end);
    }
    out
}

const TYPE_DELIMITERS: [char; 5] = [',', '|', ';', '(', ')'];

fn selectors(v: &Value, context: &Context) -> Answer<Value> {
    let one = |v: &Value| -> Answer<Value> {
        let o = v.as_object().ok_or_else(|| bad("an entity selector must be an object"))?;
        let mut out = Map::new();
        if let Some(id) = o.get("id") {
            let ids = match id {
                Value::Array(all) => all.iter().map(|i| parse::uri("id", i)).collect::<Answer<Vec<_>>>()?,
                one => vec![parse::uri("id", one)?],
            };
            let ids: Vec<Value> = ids.iter().map(|u| Value::from(u.as_str())).collect();
            out.insert(
                "id".into(),
                if id.is_array() { ids.into() } else { ids.into_iter().next().unwrap_or_default() },
            );
        }
        if let Some(pattern) = o.get("idPattern") {
            regex::Regex::new(text("idPattern", pattern)?).map_err(|_| bad("'idPattern' is no regular expression"))?;
            out.insert("idPattern".into(), pattern.clone());
        }
        let kind = o.get("type").ok_or_else(|| bad("an entity selector needs a 'type'"))?;
        let kind = match kind {
            Value::Array(all) => all.iter().map(|k| text("type", k)).collect::<Answer<Vec<_>>>()?.join(","),
            one => text("type", one)?.to_owned(),
        };
        types::parse(&kind, context)?;
        let own = |word: &str| if word == "*" { word.to_owned() } else { context.name(word) };
        out.insert("type".into(), renamed(&kind, &TYPE_DELIMITERS, own).into());
        Ok(Value::Object(out))
    };
    list("entities", v)?.iter().map(one).collect()
}

fn triggers(v: &Value) -> Answer<Value> {
    for one in list("notificationTrigger", v)? {
        let name = text("notificationTrigger", one)?;
        if !TRIGGERS.contains(&name) {
            return Err(bad(format!("'{name}' is no trigger; there are {}", TRIGGERS.join(", "))));
        }
    }
    Ok(v.clone())
}

fn seconds(key: &str, v: &Value) -> Answer<Value> {
    v.as_f64().filter(|s| *s > 0.0).ok_or_else(|| bad(format!("'{key}' must be a number of seconds above 0")))?;
    Ok(v.clone())
}

/// Percent signs of a query that was taken from an address.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn place(v: &Value, context: &Context) -> Answer<Value> {
    let geo = GeoQ::from_json(v);
    geo.place(context)?.ok_or_else(|| bad("'geoQ' needs georel, geometry and coordinates"))?;
    let mut out = v.as_object().cloned().unwrap_or_default();
    if let Some(term) = &geo.geoproperty {
        out.insert("geoproperty".into(), context.name(term).into());
    }
    Ok(Value::Object(out))
}

/// A `TemporalQuery` (clause 5.2.21), as far as registrations are asked by it.
fn moments(v: &Value) -> Answer<Value> {
    let o = v.as_object().ok_or_else(|| bad("'temporalQ' must be an object"))?;
    let relation = text("timerel", o.get("timerel").unwrap_or(&Value::Null))?;
    if !["before", "after", "between"].contains(&relation) {
        return Err(bad("'timerel' must be before, after or between"));
    }
    parse::moment("timeAt", o.get("timeAt").unwrap_or(&Value::Null))?;
    if relation == "between" {
        parse::moment("endTimeAt", o.get("endTimeAt").unwrap_or(&Value::Null))?;
    }
    Ok(v.clone())
}

fn datasets(v: &Value) -> Answer<Value> {
    for one in list("datasetId", v)? {
        if one != "@none" {
            parse::uri("datasetId", one)?;
        }
    }
    Ok(v.clone())
}

fn address(key: &str, v: &Value) -> Answer<Value> {
    let url = text(key, v)?;
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(bad(format!("'{key}' must be an http or https address")));
    }
    Ok(v.clone())
}

fn notification(v: &Value, context: &Context) -> Answer<Value> {
    let o = v.as_object().ok_or_else(|| bad("'notification' must be an object"))?;
    let mut out = Map::new();
    for (key, value) in o.iter().filter(|(_, v)| !is_null(v)) {
        let kept = match key.as_str() {
            "attributes" | "pick" | "omit" => names(key, value, context)?,
            "sysAttrs" | "showChanges" => {
                value.as_bool().ok_or_else(|| bad(format!("'{key}' must be true or false")))?.into()
            }
            "format" => one_of(key, value, &["normalized", "concise", "keyValues", "simplified"])?,
            "join" => one_of(key, value, &["inline", "flat", "@none"])?,
            "joinLevel" => value
                .as_u64()
                .filter(|n| *n > 0)
                .ok_or_else(|| bad("'joinLevel' must be a whole number above 0"))?
                .into(),
            "endpoint" => endpoint(value)?,
            _ => continue, // read only, or unknown
        };
        out.insert(key.clone(), kept);
    }
    let has = |key: &str| out.contains_key(key);
    if !has("endpoint") {
        return Err(bad("'notification' needs an 'endpoint'"));
    }
    if has("attributes") && (has("pick") || has("omit")) {
        return Err(bad("'attributes' does not go with 'pick' or 'omit'"));
    }
    let of = |key: &str| out.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(both) = of("pick").iter().find(|p| of("omit").contains(p)) {
        return Err(bad(format!("{both} is both picked and omitted")));
    }
    let simplified = matches!(out.get("format").and_then(Value::as_str), Some("keyValues" | "simplified"));
    if simplified && out.get("showChanges") == Some(&Value::Bool(true)) {
        return Err(bad("'showChanges' needs the normalized or the concise format"));
    }
    Ok(Value::Object(out))
}

fn one_of(key: &str, v: &Value, words: &[&str]) -> Answer<Value> {
    if v.as_str().is_some_and(|w| words.contains(&w)) {
        return Ok(v.clone());
    }
    Err(bad(format!("'{key}' must be one of {}", words.join(", "))))
}

/// The endpoint of who comes and listens (`/ngsi-ld/ex/subscriptions/{id}/stream`).
pub const STREAM: &str = "stream:";

fn endpoint(v: &Value) -> Answer<Value> {
    let o = v.as_object().ok_or_else(|| bad("'endpoint' must be an object"))?;
    let uri = text("uri", o.get("uri").unwrap_or(&Value::Null))?;
    let known = ["http://", "https://", "mqtt://", "mqtts://"].iter().any(|scheme| uri.starts_with(scheme));
    if !known && uri != STREAM {
        return Err(bad("the 'uri' of an endpoint begins with http, https, mqtt or mqtts, or is stream:"));
    }
    let mut out = Map::new();
    for (key, value) in o.iter().filter(|(_, v)| !is_null(v)) {
        let kept = match key.as_str() {
            "uri" => value.clone(),
            "accept" => one_of(key, value, &ACCEPTED)?,
            "timeout" | "cooldown" => {
                value.as_f64().filter(|n| *n >= 0.0).ok_or_else(|| bad(format!("'{key}' must be milliseconds")))?;
                value.clone()
            }
            "receiverInfo" | "notifierInfo" => pairs(key, value)?,
            _ => continue,
        };
        out.insert(key.clone(), kept);
    }
    Ok(Value::Object(out))
}

/// `KeyValuePair`s (clause 5.2.22).
fn pairs(key: &str, v: &Value) -> Answer<Value> {
    let all = v.as_array().ok_or_else(|| bad(format!("'{key}' must be a list of pairs")))?;
    for pair in all {
        let part = |name: &str| pair.get(name).and_then(Value::as_str);
        if part("key").is_none_or(str::is_empty) || part("value").is_none() {
            return Err(bad(format!("each of '{key}' needs a 'key' and a 'value', both texts")));
        }
    }
    Ok(v.clone())
}

/// What must hold of the document as a whole.
///
/// # Errors
/// The first rule that is broken.
pub fn check(doc: &Map<String, Value>, now: Timestamp) -> Answer<()> {
    let has = |key: &str| doc.get(key).is_some_and(|v| !v.is_null());
    if !has("type") {
        return Err(bad("the document needs the type Subscription"));
    }
    if !has("notification") {
        return Err(bad("a subscription needs a 'notification'"));
    }
    if !has("entities") && !has("watchedAttributes") {
        return Err(bad("a subscription needs 'entities' or 'watchedAttributes'"));
    }
    if has("timeInterval") && has("throttling") {
        return Err(bad("'timeInterval' does not go with 'throttling'"));
    }
    if let Some(at) = doc.get("expiresAt").filter(|v| !v.is_null())
        && parse::moment("expiresAt", at)? <= now
    {
        return Err(bad("'expiresAt' is over"));
    }
    Ok(())
}

/// The document as a client sees it.
pub fn write(doc: &Map<String, Value>, flavour: Flavour, context: &Context, now: Timestamp) -> Map<String, Value> {
    let own = |name: &str| if matches!(name, "id" | "type" | "scope") { name.to_owned() } else { context.write(name) };
    let all = |v: &Value| -> Value {
        v.as_array().into_iter().flatten().filter_map(Value::as_str).map(|n| Value::from(own(n))).collect()
    };
    let mut out = Map::new();
    for (key, v) in doc.iter().filter(|(key, v)| !v.is_null() && *key != "qContext") {
        let shown = match key.as_str() {
            "jsonldContext" if flavour == Flavour::Sources => continue,
            "watchedAttributes" => all(v),
            "entities" => v.as_array().into_iter().flatten().map(|s| written_selector(s, context)).collect(),
            "geoQ" => {
                let mut geo = v.clone();
                if let Some(name) = geo.get("geoproperty").and_then(Value::as_str).map(|n| context.write(n)) {
                    geo["geoproperty"] = name.into();
                }
                geo
            }
            "notification" => {
                let mut n = v.clone();
                for list in ["attributes", "pick", "omit"] {
                    if let Some(names) = n.get(list).map(&all) {
                        n[list] = names;
                    }
                }
                n
            }
            _ => v.clone(),
        };
        out.insert(key.clone(), shown);
    }
    if flavour == Flavour::Entities && !out.contains_key("timeInterval") && !out.contains_key("notificationTrigger") {
        out.insert("notificationTrigger".into(), json!(DEFAULT_TRIGGERS));
    }
    if flavour == Flavour::Entities && out.contains_key("timeInterval") {
        out.entry("notificationTrigger").or_insert_with(|| json!(DEFAULT_TRIGGERS));
    }
    out.insert("status".into(), status(doc, now).into());
    out
}

fn written_selector(selector: &Value, context: &Context) -> Value {
    let mut s = selector.clone();
    if let Some(kind) = s.get("type").and_then(Value::as_str) {
        let own = |word: &str| if word == "*" { word.to_owned() } else { context.write(word) };
        s["type"] = renamed(kind, &TYPE_DELIMITERS, own).into();
    }
    s
}

/// `active`, `paused` or `expired`.
pub fn status(doc: &Map<String, Value>, now: Timestamp) -> &'static str {
    let over = doc.get("expiresAt").and_then(|v| parse::moment("expiresAt", v).ok()).is_some_and(|at| at <= now);
    match doc.get("isActive") {
        _ if over => "expired",
        Some(Value::Bool(false)) => "paused",
        _ => "active",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(body: Value) -> Answer<Map<String, Value>> {
        let doc = read(body.as_object().unwrap(), &Context::default())?;
        check(&doc, Timestamp(0))?;
        Ok(doc)
    }

    fn with(key: &str, value: Value) -> Value {
        let mut body = json!({"type": "Subscription", "entities": [{"type": "A"}],
            "notification": {"endpoint": {"uri": "http://a.example/notify"}}});
        body[key] = value;
        body
    }

    #[test]
    fn documents_are_checked_member_by_member() {
        assert!(accepts(with("q", json!("name==\"Eiffel%20Tower\""))).unwrap()["q"] == "name==\"Eiffel Tower\"");
        for (key, value) in [
            ("id", json!("invalid")),
            ("type", json!("X")),
            ("entities", json!([])),
            ("entities", json!([{"id": "urn:a:b"}])),
            ("q", json!("speed>")),
            ("throttling", json!(-1)),
            ("notificationTrigger", json!(["entityChanged"])),
            ("watchedAttributes", json!([])),
            ("expiresAt", json!("1960-01-01T00:00:00Z")),
            ("jsonldContext", json!("unknown")),
            ("csf", json!("((")),
            ("notification", json!({"format": "keyValues"})),
            ("notification", json!({"endpoint": {"uri": "ftp://a"}})),
            ("notification", json!({"endpoint": {"uri": "http://a"}, "pick": ["a"], "omit": ["a"]})),
            ("notification", json!({"endpoint": {"uri": "http://a"}, "format": "simplified", "showChanges": true})),
            ("notification", json!({"endpoint": {"uri": "http://a", "receiverInfo": [{"key": "a"}]}})),
        ] {
            assert!(accepts(with(key, value.clone())).is_err(), "{key} {value}");
        }
        let both = accepts({
            let mut b = with("timeInterval", json!(5));
            b["throttling"] = json!(5);
            b
        });
        assert!(both.is_err());
    }

    #[test]
    fn names_are_the_platforms_own_inside() {
        let context = Context::new(Value::Null, &[("Car".into(), Some("https://x.example/Car".into()))]);
        let body = with("entities", json!([{"type": "(Car|Bus)"}]));
        let doc = read(body.as_object().unwrap(), &context).unwrap();
        assert_eq!(doc["entities"][0]["type"], "(https://x.example/Car|Bus)");
        let shown = write(&doc, Flavour::Entities, &context, Timestamp(0));
        assert_eq!(shown["entities"][0]["type"], "(Car|Bus)");
        assert_eq!((&shown["status"], &shown["notificationTrigger"]), (&json!("active"), &json!(DEFAULT_TRIGGERS)));
    }
}
