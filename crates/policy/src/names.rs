//! The types that policies name. What is compared with a name that no entity has is never so: a `forbid` with a slip of the pen in
//! it forbids nothing, and nobody is told.

use std::str::FromStr;

use cedar_policy::PolicySet;
use serde_json::Value;

use crate::PolicySource;

/// A type that a policy goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeNamed {
    /// The policy's `@id`, or `policy` with its number in the file, from 0.
    pub policy: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// The name, or the pattern of a `like`.
    pub name: String,
}

/// Operators that ask whether one side is, or is among, the other.
const COMPARING: [&str; 6] = ["==", "!=", "contains", "containsAll", "containsAny", "in"];

/// The names with which the policies of a file compare `resource.type`, and those of `Entity::"…"`. None of a file that cannot be
/// read: [`crate::Policies::compile`] says what is wrong with it.
pub fn types_named(source: &PolicySource) -> Vec<TypeNamed> {
    let Ok(parsed) = PolicySet::from_str(&source.text) else { return Vec::new() };
    let mut all = Vec::new();
    for policy in parsed.policies() {
        let (Ok(json), text) = (policy.to_json(), policy.to_cedar().unwrap_or_default()) else { continue };
        let mut names = Vec::new();
        walk(&json, &mut names);
        names.sort();
        names.dedup();
        let begins = source.text.find(&text).unwrap_or_default();
        let id = policy.annotation("id").map_or_else(|| policy.id().to_string(), str::to_owned);
        all.extend(names.into_iter().map(|name| {
            let at = begins + text.find(&format!("\"{name}\"")).unwrap_or_default();
            TypeNamed { policy: id.clone(), line: line_at(&source.text, at), name }
        }));
    }
    all.sort_by_key(|named| named.line);
    all
}

/// The line of a place in a text, from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

fn walk(json: &Value, names: &mut Vec<String>) {
    match json {
        Value::Object(fields) => {
            if fields.get("type").and_then(Value::as_str) == Some("Entity") {
                names.extend(fields.get("id").and_then(Value::as_str).map(str::to_owned));
            }
            for (operator, value) in fields {
                compared(operator, value, names);
                walk(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, names)),
        _ => {}
    }
}

fn compared(operator: &str, value: &Value, names: &mut Vec<String>) {
    let Some(left) = value.get("left") else { return };
    if operator == "like" && is_type(left) {
        names.push(pattern(&value["pattern"]));
    }
    let Some(right) = value.get("right").filter(|_| COMPARING.contains(&operator)) else { return };
    if is_type(left) {
        texts(right, names);
    }
    if is_type(right) {
        texts(left, names);
    }
}

/// Is it `resource.type`, by itself, in a set or in a branch?
fn is_type(json: &Value) -> bool {
    let dot = &json["."];
    let read = dot["left"]["Var"] == "resource" && dot["attr"] == "type";
    read || parts(json).into_iter().any(is_type)
}

/// The texts that it can be, by itself, in a set or in a branch.
fn texts(json: &Value, names: &mut Vec<String>) {
    match &json["Value"] {
        Value::String(text) => names.push(text.clone()),
        Value::Array(items) => names.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    parts(json).into_iter().for_each(|part| texts(part, names));
}

/// Members of a set, branches of a condition.
fn parts(json: &Value) -> Vec<&Value> {
    let branches = ["then", "else"].into_iter().filter_map(|branch| json["if-then-else"].get(branch));
    json["Set"].as_array().into_iter().flatten().chain(branches).collect()
}

/// A pattern as it is written.
fn pattern(json: &Value) -> String {
    let part = |part: &Value| part["Literal"].as_str().map_or_else(|| "*".to_owned(), str::to_owned);
    json.as_array().into_iter().flatten().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(conditions: &str) -> Vec<String> {
        let text = format!("permit (principal, action, resource)\n{conditions};");
        let found = types_named(&PolicySource { file: "t.cedar".into(), text });
        found.into_iter().map(|named| named.name).collect()
    }

    #[test]
    fn every_way_of_comparing_a_type_is_seen() {
        for (conditions, expected) in [
            (r#"when { resource.type == "A" || "B" != resource.type }"#, vec!["A", "B"]),
            (r#"unless { !["A", "B"].contains(resource.type) && resource["type"] == "C" }"#, vec!["A", "B", "C"]),
            (r#"when { ["A"].containsAny([resource.type]) }"#, vec!["A"]),
            (r#"when { resource.type == (if resource.own then "A" else "B") }"#, vec!["A", "B"]),
            (r#"when { (resource.type == "A") == resource.own }"#, vec!["A"]),
            (r#"when { resource.type like "Per*" }"#, vec!["Per*"]),
            (r#"when { resource == Entity::"A" || resource in [Entity::"B"] }"#, vec!["A", "B"]),
            // What is compared with something else is no type.
            (r#"when { resource.ground == "law" && principal.roles.contains("official") }"#, vec![]),
        ] {
            assert_eq!(names(conditions), expected, "{conditions}");
        }
        let scope = r#"forbid (principal, action, resource == Entity::"A");"#.to_owned();
        assert_eq!(types_named(&PolicySource { file: "t.cedar".into(), text: scope })[0].name, "A");
    }

    #[test]
    fn a_name_has_its_policy_and_line() {
        let text = "// Two.\n@id(\"one\")\npermit (principal, action, resource);\n\npermit (principal, action, resource)\nwhen {\n  [\"A\",\n   \"B\"].contains(resource.type)\n};\n";
        let found = types_named(&PolicySource { file: "t.cedar".into(), text: text.into() });
        let of = |name: &str, line| TypeNamed { policy: "policy1".into(), line, name: name.into() };
        assert_eq!(found, [of("A", 7), of("B", 8)]);
    }
}
