//! Answers in the forms of an earlier version of the standard (clauses 4.3.6.8, 6.3.23).

use axum::http::HeaderMap;
use serde_json::{Map, Value};

/// The version whose forms are this API's own.
const OWN: u32 = 9;

/// Kinds of attributes that came later than others: in which version 1.x, what stands for them before, and which member
/// holds what there.
const LATER: [(&str, u32, &str, &str, &str); 5] = [
    ("LanguageProperty", 4, "Property", "languageMap", "value"),
    ("VocabProperty", 8, "Property", "vocab", "value"),
    ("JsonProperty", 8, "Property", "json", "value"),
    ("ListProperty", 8, "Property", "valueList", "value"),
    ("ListRelationship", 8, "Relationship", "objectList", "object"),
];

/// The minor version that the client prefers.
pub fn preferred(headers: &HeaderMap) -> Option<u32> {
    let all = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    let words = all.map(|p| p.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    words.into_iter().find_map(|p| {
        let (name, version) = p.split_once('=')?;
        let minor = version.trim().trim_matches('"').strip_prefix("1.")?;
        (name.trim() == "ngsi-ld").then(|| minor.parse().ok()).flatten()
    })
}

/// Writes a document as that version does; whether anything had to be changed.
pub fn as_of(body: &mut Value, minor: u32) -> bool {
    match body {
        _ if minor >= OWN => false,
        Value::Array(all) => all.iter_mut().fold(false, |changed, v| as_of(v, minor) | changed),
        Value::Object(o) => {
            let own = attribute(o, minor);
            o.values_mut().fold(own, |changed, v| as_of(v, minor) | changed)
        }
        _ => false,
    }
}

fn attribute(o: &mut Map<String, Value>, minor: u32) -> bool {
    let kind = o.get("type").and_then(Value::as_str);
    let Some((_, _, earlier, from, to)) = LATER.into_iter().find(|(k, since, ..)| kind == Some(*k) && minor < *since)
    else {
        return false;
    };
    let Some(held) = o.remove(from) else { return false };
    let held = match held {
        // Objects of a list stand alone in a relationship of old.
        Value::Array(all) if to == "object" => {
            all.into_iter().map(|v| v.get("object").cloned().unwrap_or(v)).collect::<Value>()
        }
        held => held,
    };
    o.insert("type".into(), earlier.into());
    o.insert(to.into(), held);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_later_is_written_as_before() {
        let new = json!([{"id": "urn:a:b", "use": {"type": "VocabProperty", "vocab": "home",
            "in": {"type": "ListRelationship", "objectList": [{"object": "urn:x:y"}]}}}]);
        let mut old = new.clone();
        assert!(as_of(&mut old, 5));
        assert_eq!(
            old,
            json!([{"id": "urn:a:b", "use": {"type": "Property", "value": "home",
            "in": {"type": "Relationship", "object": ["urn:x:y"]}}}])
        );
        for minor in [8, 9, 12] {
            let mut same = new.clone();
            assert!(!as_of(&mut same, minor));
            assert_eq!(same, new);
        }
    }

    #[test]
    fn preferences_are_read_as_headers_are() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", axum::http::HeaderValue::from_static(text));
            preferred(&headers)
        };
        assert_eq!(of("respond-async, NGSI-LD=\"1.5\";q=0.1"), Some(5));
        assert_eq!((of("body=json"), of("ngsi-ld=2.0"), of("ngsi-ld=1.x")), (None, None, None));
    }
}
