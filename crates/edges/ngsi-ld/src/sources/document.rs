//! The `CSourceRegistration` document (clause 5.2.9): read with names in the platform's own form, checked, and written with
//! the names of whichever context asks.

use serde_json::{Map, Value};
use svod_kernel::Timestamp;

use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::parse;
use crate::subscriptions::document::is_null;

/// How a source relates to what is kept here (clause 4.3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It has more of the same.
    Inclusive,
    /// It alone has these attributes.
    Exclusive,
    /// It has all of it; nothing is kept here.
    Redirect,
    /// It is asked when nobody else knows.
    Auxiliary,
}

impl Mode {
    /// The mode of a document.
    pub fn of(document: &Map<String, Value>) -> Self {
        match document.get("mode").and_then(Value::as_str) {
            Some("exclusive") => Self::Exclusive,
            Some("redirect") => Self::Redirect,
            Some("auxiliary") => Self::Auxiliary,
            _ => Self::Inclusive,
        }
    }
}

/// Groups of operations (table 4.20-2).
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "federationOps",
        &[
            "retrieveEntity",
            "queryEntity",
            "queryBatch",
            "retrieveEntityTypes",
            "retrieveEntityTypeDetails",
            "retrieveEntityTypeInfo",
            "retrieveAttrTypes",
            "retrieveAttrTypeDetails",
            "retrieveAttrTypeInfo",
            "createSubscription",
            "updateSubscription",
            "retrieveSubscription",
            "querySubscription",
            "deleteSubscription",
        ],
    ),
    ("updateOps", &["updateEntity", "updateAttrs", "replaceEntity", "replaceAttrs"]),
    ("retrieveOps", &["retrieveEntity", "queryEntity"]),
    (
        "redirectionOps",
        &[
            "createEntity",
            "updateEntity",
            "appendAttrs",
            "updateAttrs",
            "deleteAttrs",
            "deleteEntity",
            "mergeEntity",
            "replaceEntity",
            "replaceAttrs",
            "purgeEntity",
            "retrieveEntity",
            "queryEntity",
            "retrieveEntityTypes",
            "retrieveEntityTypeDetails",
            "retrieveEntityTypeInfo",
            "retrieveAttrTypes",
            "retrieveAttrTypeDetails",
            "retrieveAttrTypeInfo",
        ],
    ),
];

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::bad(text)
}

/// Does the source do the operation?
pub fn does(document: &Map<String, Value>, operation: &str) -> bool {
    let group = |name: &str| GROUPS.iter().find(|(n, _)| *n == name).map(|(_, all)| *all);
    match document.get("operations").and_then(Value::as_array) {
        None => group("federationOps").is_some_and(|all| all.contains(&operation)),
        Some(all) => all
            .iter()
            .filter_map(Value::as_str)
            .any(|o| o == operation || group(o).is_some_and(|all| all.contains(&operation))),
    }
}

/// Every member of the body in the platform's own form; null takes one away.
///
/// # Errors
/// The first member that does not fit.
pub fn read(body: &Map<String, Value>, context: &Context) -> Answer<Map<String, Value>> {
    let mut out = Map::new();
    for (key, value) in body {
        if is_null(value) {
            if matches!(key.as_str(), "type" | "information" | "endpoint" | "id") {
                return Err(bad(format!("'{key}' cannot be taken away")));
            }
            out.insert(key.clone(), Value::Null);
            continue;
        }
        match key.as_str() {
            "@context" | "createdAt" | "modifiedAt" | "status" => {}
            key if KNOWN.contains(&key) => drop(out.insert(key.to_owned(), member(key, value, context)?)),
            own => {
                parse::named(own)?;
                out.insert(context.name(own), value.clone());
            }
        }
    }
    Ok(out)
}

/// Members of the standard; others are properties of the source.
const KNOWN: [&str; 24] = [
    "id",
    "type",
    "registrationName",
    "description",
    "information",
    "tenant",
    "observationInterval",
    "managementInterval",
    "location",
    "observationSpace",
    "operationSpace",
    "expiresAt",
    "endpoint",
    "contextSourceInfo",
    "scope",
    "mode",
    "operations",
    "refreshRate",
    "management",
    "datasetId",
    "localOnly",
    "contextSourceAlias",
    "lastSuccess",
    "lastFailure",
];

fn member(key: &str, v: &Value, context: &Context) -> Answer<Value> {
    let text = || v.as_str().filter(|t| !t.is_empty()).ok_or_else(|| bad(format!("'{key}' must be a text")));
    Ok(match key {
        "id" => Value::from(parse::uri("id", v)?.as_str()),
        "type" if v == "ContextSourceRegistration" => v.clone(),
        "type" => return Err(bad("the type of the document must be ContextSourceRegistration")),
        "information" => information(v, context)?,
        "endpoint" => {
            let url = text()?;
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                return Err(bad("the 'endpoint' of a source must be an http or https address"));
            }
            v.clone()
        }
        "expiresAt" => {
            parse::moment(key, v)?;
            v.clone()
        }
        "mode" if ["inclusive", "exclusive", "redirect", "auxiliary"].contains(&text()?) => v.clone(),
        "mode" => return Err(bad("'mode' must be inclusive, exclusive, redirect or auxiliary")),
        "operations" => {
            let all = v.as_array().filter(|a| !a.is_empty() && a.iter().all(Value::is_string));
            all.ok_or_else(|| bad("'operations' must be a list of names"))?;
            v.clone()
        }
        "contextSourceInfo" => {
            for pair in v.as_array().ok_or_else(|| bad("'contextSourceInfo' must be a list of pairs"))? {
                let part = |name: &str| pair.get(name).and_then(Value::as_str);
                if part("key").is_none_or(str::is_empty) || part("value").is_none() {
                    return Err(bad("each of 'contextSourceInfo' needs a 'key' and a 'value', both texts"));
                }
            }
            v.clone()
        }
        "management" => management(v)?,
        "localOnly" => v.as_bool().ok_or_else(|| bad("'localOnly' must be true or false"))?.into(),
        "observationInterval" | "managementInterval" => {
            parse::moment("startAt", v.get("startAt").unwrap_or(&Value::Null))?;
            if let Some(end) = v.get("endAt") {
                parse::moment("endAt", end)?;
            }
            v.clone()
        }
        "scope" => {
            parse::scopes(v)?;
            v.clone()
        }
        _ => v.clone(),
    })
}

fn management(v: &Value) -> Answer<Value> {
    let o = v.as_object().ok_or_else(|| bad("'management' must be an object"))?;
    for key in ["timeout", "cooldown"] {
        if let Some(n) = o.get(key) {
            n.as_f64().filter(|n| *n > 0.0).ok_or_else(|| bad(format!("'{key}' must be milliseconds above 0")))?;
        }
    }
    if let Some(d) = o.get("cacheDuration") {
        let known = d.as_str().and_then(svod_model::parse_duration);
        known.ok_or_else(|| bad("'cacheDuration' must be a duration such as PT5M"))?;
    }
    if o.get("localOnly").is_some_and(|l| !l.is_boolean()) {
        return Err(bad("'localOnly' must be true or false"));
    }
    Ok(v.clone())
}

fn information(v: &Value, context: &Context) -> Answer<Value> {
    let all = v.as_array().filter(|a| !a.is_empty()).ok_or_else(|| bad("'information' must be a list"))?;
    let names = |key: &str, v: &Value| -> Answer<Value> {
        let all = v.as_array().filter(|a| !a.is_empty());
        let all = all.ok_or_else(|| bad(format!("'{key}' must be a list of names that is not empty")))?;
        all.iter()
            .map(|n| {
                let term = n.as_str().unwrap_or_default();
                parse::named(term)?;
                Ok(Value::from(context.name(term)))
            })
            .collect()
    };
    let one = |v: &Value| -> Answer<Value> {
        let o = v.as_object().ok_or_else(|| bad("an item of 'information' must be an object"))?;
        let mut out = Map::new();
        for (key, value) in o {
            let kept = match key.as_str() {
                "entities" => {
                    let all = value.as_array().filter(|a| !a.is_empty());
                    let all = all.ok_or_else(|| bad("'entities' must be a list that is not empty"))?;
                    all.iter().map(|e| entity_info(e, context)).collect::<Answer<Value>>()?
                }
                "propertyNames" | "relationshipNames" => names(key, value)?,
                _ => continue,
            };
            out.insert(key.clone(), kept);
        }
        if out.is_empty() {
            return Err(bad("an item of 'information' needs 'entities', 'propertyNames' or 'relationshipNames'"));
        }
        Ok(Value::Object(out))
    };
    all.iter().map(one).collect()
}

fn entity_info(v: &Value, context: &Context) -> Answer<Value> {
    let o = v.as_object().ok_or_else(|| bad("an item of 'entities' must be an object"))?;
    let mut out = Map::new();
    for (key, value) in o {
        let kept = match key.as_str() {
            "id" => Value::from(parse::uri("id", value)?.as_str()),
            "idPattern" => {
                let text = value.as_str().ok_or_else(|| bad("'idPattern' must be a text"))?;
                regex::Regex::new(text).map_err(|_| bad("'idPattern' is no regular expression"))?;
                value.clone()
            }
            "type" => {
                let name = |v: &Value| -> Answer<Value> {
                    let term = v.as_str().ok_or_else(|| bad("'type' must be a name"))?;
                    parse::named(term)?;
                    Ok(context.name(term).into())
                };
                match value {
                    Value::Array(all) => all.iter().map(name).collect::<Answer<Value>>()?,
                    one => name(one)?,
                }
            }
            _ => continue,
        };
        out.insert(key.clone(), kept);
    }
    if out.is_empty() {
        return Err(bad("an item of 'entities' needs an 'id', an 'idPattern' or a 'type'"));
    }
    Ok(Value::Object(out))
}

/// Pieces of `information` with the names of attributes, properties and relationships together.
pub fn pieces(document: &Map<String, Value>) -> Vec<(Vec<&Value>, Vec<&str>)> {
    let all = document.get("information").and_then(Value::as_array).into_iter().flatten();
    all.map(|i| {
        let list = |key: &str| i.get(key).and_then(Value::as_array).into_iter().flatten();
        let names = list("propertyNames").chain(list("relationshipNames")).filter_map(Value::as_str).collect();
        (list("entities").collect(), names)
    })
    .collect()
}

/// What must hold of the document as a whole.
///
/// # Errors
/// The first rule that is broken.
pub fn check(document: &Map<String, Value>, now: Timestamp) -> Answer<()> {
    for key in ["type", "information", "endpoint"] {
        if !document.contains_key(key) {
            return Err(bad(format!("a registration needs '{key}'")));
        }
    }
    if let Some(at) = document.get("expiresAt")
        && parse::moment("expiresAt", at)? <= now
    {
        return Err(bad("'expiresAt' is over"));
    }
    match Mode::of(document) {
        Mode::Exclusive => {
            for (entities, names) in pieces(document) {
                if names.is_empty() || entities.is_empty() || entities.iter().any(|e| e.get("id").is_none()) {
                    return Err(bad(
                        "an exclusive registration names identifiers and attributes, no patterns or types alone",
                    ));
                }
            }
        }
        Mode::Auxiliary => {
            let reads = ["retrieveOps", "retrieveEntity", "queryEntity", "queryBatch", "federationOps"];
            let all = document.get("operations").and_then(Value::as_array).into_iter().flatten();
            if all.filter_map(Value::as_str).any(|o| !reads.contains(&o) && !o.starts_with("retrieve")) {
                return Err(bad("an auxiliary source is only asked, never changed"));
            }
        }
        Mode::Inclusive | Mode::Redirect => {}
    }
    Ok(())
}

/// The document as a client sees it.
pub fn write(document: &Map<String, Value>, context: &Context) -> Map<String, Value> {
    let own = |v: &Value| match v {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(|n| Value::from(context.write(n))).collect(),
        Value::String(one) => Value::from(context.write(one)),
        other => other.clone(),
    };
    let mut out = Map::new();
    for (key, v) in document {
        if key == "information" {
            let all = v.as_array().into_iter().flatten().map(|i| {
                let mut i = i.clone();
                for list in ["propertyNames", "relationshipNames"] {
                    if let Some(names) = i.get(list).map(&own) {
                        i[list] = names;
                    }
                }
                for e in i.get_mut("entities").and_then(Value::as_array_mut).into_iter().flatten() {
                    if let Some(kind) = e.get("type").map(&own) {
                        e["type"] = kind;
                    }
                }
                i
            });
            out.insert(key.clone(), all.collect());
        } else if KNOWN.contains(&key.as_str()) {
            out.insert(key.clone(), v.clone());
        } else {
            out.insert(context.write(key), v.clone());
        }
    }
    out
}

/// When the registration ends.
pub fn is_over(document: &Map<String, Value>, now: Timestamp) -> bool {
    document.get("expiresAt").and_then(|v| parse::moment("expiresAt", v).ok()).is_some_and(|at| at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn accepts(change: impl Fn(&mut Value)) -> Answer<Map<String, Value>> {
        let mut body = json!({"type": "ContextSourceRegistration", "endpoint": "http://a.example",
            "information": [{"entities": [{"type": "Car", "id": "urn:a:b"}], "propertyNames": ["speed"]}]});
        change(&mut body);
        let document = read(body.as_object().unwrap(), &Context::default())?;
        check(&document, Timestamp(1_000_000_000))?;
        Ok(document)
    }

    #[test]
    fn documents_are_checked() {
        assert!(accepts(|_| {}).is_ok() && accepts(|b| b["mode"] = "exclusive".into()).is_ok());
        let bad: [(&str, Value); 9] = [
            ("information", Value::Null),
            ("information", json!([{"entities": [{"type": "Car", "idPattern": "["}]}])),
            ("endpoint", json!("ftp://a")),
            ("expiresAt", json!("1970-01-01T00:00:00Z")),
            ("mode", json!("any")),
            ("management", json!({"cooldown": 0})),
            ("management", json!("yes")),
            ("contextSourceInfo", json!([{"key": "a", "value": 1}])),
            ("type", json!("Building")),
        ];
        for (key, value) in bad {
            assert!(accepts(|b| b[key] = value.clone()).is_err(), "{key} {value}");
        }
        let typed_only = |b: &mut Value| {
            b["mode"] = "exclusive".into();
            b["information"][0]["entities"] = json!([{"type": "Car"}]);
        };
        assert!(accepts(typed_only).is_err());
    }

    #[test]
    fn operations_come_alone_or_in_groups() {
        let with = |ops: &[&str]| accepts(|b| b["operations"] = json!(ops)).unwrap();
        assert!(does(&accepts(|_| {}).unwrap(), "queryEntity") && !does(&accepts(|_| {}).unwrap(), "createEntity"));
        assert!(does(&with(&["redirectionOps"]), "purgeEntity") && !does(&with(&["updateOps"]), "queryEntity"));
        assert!(does(&with(&["createEntity"]), "createEntity"));
    }
}
