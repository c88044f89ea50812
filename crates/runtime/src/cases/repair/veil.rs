//! Messages of incidents without the values that made them: whoever looks after the machine need not read what people wrote.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// In the place of a value.
const HIDDEN: &str = "…";
/// How an expression that fails begins to say what it was given.
const GIVEN: &str = "(inputs ";

/// The message without the values that expressions were given or gave, and without these texts.
pub(super) fn veiled(message: &str, texts: &BTreeSet<&str>) -> String {
    let mut message = given(&without_inputs(message));
    let mut longest: Vec<&&str> = texts.iter().collect();
    longest.sort_by_key(|t| std::cmp::Reverse(t.len()));
    for text in longest {
        if message.contains(*text) {
            message = message.replace(*text, HIDDEN);
        }
    }
    message
}

/// Every text of a value that has two letters or more.
pub(super) fn texts<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) if text.chars().nth(1).is_some() => {
            into.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|v| texts(v, into)),
        Value::Object(map) => map.values().for_each(|v| texts(v, into)),
        _ => {}
    }
}

/// `(inputs {"a":1})` becomes `(inputs a)`; what cannot be read is cut.
fn without_inputs(message: &str) -> String {
    let Some((before, rest)) = message.split_once(GIVEN) else { return message.to_owned() };
    let mut found = serde_json::Deserializer::from_str(rest).into_iter::<Map<String, Value>>();
    let Some(Ok(map)) = found.next() else { return format!("{before}{GIVEN}{HIDDEN})") };
    let names: Vec<&str> = map.keys().map(String::as_str).collect();
    let after = rest.get(found.byte_offset()..).unwrap_or_default();
    format!("{before}{GIVEN}{}{}", names.join(", "), without_inputs(after))
}

/// `'x' gives 5, which is no list` becomes `'x' gives …, which is no list`.
fn given(message: &str) -> String {
    let hidden = message.split_once("' gives ").and_then(|(before, rest)| {
        let after = rest.rfind(", which is ").and_then(|at| rest.get(at..))?;
        Some(format!("{before}' gives {HIDDEN}{after}"))
    });
    hidden.unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_left_out_and_names_stay() {
        let value = json!({"who": {"name": "Анна Иванова", "short": "А"}, "list": ["Анна"], "n": 5});
        let mut known = BTreeSet::new();
        texts(&value, &mut known);
        assert_eq!(known, ["Анна", "Анна Иванова"].into());
        for (message, shown) in [
            (r#"'a > 1' fails: x (inputs {"a":null,"b":{"c":"d)"}}), then"#, "'a > 1' fails: x (inputs a, b), then"),
            (r#"fails (inputs {"a":"cut"#, "fails (inputs …)"),
            ("'a' gives [5, 6], which is neither true nor false", "'a' gives …, which is neither true nor false"),
            ("'a' gives no text", "'a' gives no text"),
            ("'Анна Иванова' is no moment", "'…' is no moment"),
            ("no answer within 30 s", "no answer within 30 s"),
        ] {
            assert_eq!(veiled(message, &known), shown);
        }
    }
}
