//! Answers by name: `children.0.firstName` is a place in the data, the name of an input and its address in messages.

use serde_json::{Map, Value};

use crate::limits::MOST_ITEMS;

/// What stands at that place.
pub(crate) fn get<'a>(data: &'a Value, name: &str) -> Option<&'a Value> {
    name.split('.').try_fold(data, |at, step| match at {
        Value::Object(map) => map.get(step),
        Value::Array(items) => items.get(index(step)?),
        _ => None,
    })
}

/// Puts a value at that place. Objects on the way are made; items of a list must be there, save the one behind the
/// last. What cannot be reached stays as it is.
pub(crate) fn set(data: &mut Value, name: &str, value: Value) {
    let mut at = data;
    let mut steps = name.split('.').peekable();
    while let Some(step) = steps.next() {
        let Some(next) = child(at, step) else { return };
        if steps.peek().is_none() {
            *next = value;
            return;
        }
        if next.is_null() {
            *next = Value::Object(Map::new());
        }
        at = next;
    }
}

fn child<'a>(at: &'a mut Value, step: &str) -> Option<&'a mut Value> {
    match at {
        Value::Object(map) => Some(map.entry(step).or_insert(Value::Null)),
        Value::Array(items) => {
            let i = index(step)?;
            if i == items.len() && i < MOST_ITEMS {
                items.push(Value::Object(Map::new()));
            }
            items.get_mut(i)
        }
        _ => None,
    }
}

/// Takes away what stands at that place, and objects that became empty by it; items of lists keep their place.
pub(crate) fn remove(data: &mut Value, name: &str) {
    let (rest, last) = name.rsplit_once('.').map_or((None, name), |(rest, last)| (Some(rest), last));
    let parent = match rest {
        None => Some(&mut *data),
        Some(rest) => get_mut(data, rest),
    };
    let Some(Value::Object(map)) = parent else { return };
    map.remove(last);
    let empty = map.is_empty();
    if let Some(rest) = rest
        && empty
        && index(rest.rsplit('.').next().unwrap_or_default()).is_none()
    {
        remove(data, rest);
    }
}

pub(crate) fn get_mut<'a>(data: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    name.split('.').try_fold(data, |at, step| match at {
        Value::Object(map) => map.get_mut(step),
        Value::Array(items) => items.get_mut(index(step)?),
        _ => None,
    })
}

/// The name of something inside: `children.0` and `firstName` make `children.0.firstName`.
pub(crate) fn join(prefix: &str, name: &str) -> String {
    match (prefix.is_empty(), name.is_empty()) {
        (true, _) => name.to_owned(),
        (false, true) => prefix.to_owned(),
        (false, false) => format!("{prefix}.{name}"),
    }
}

/// A step that counts: names never begin with a digit.
pub(crate) fn index(step: &str) -> Option<usize> {
    if step.is_empty() || step.len() > 4 || !step.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    step.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_read_made_and_cleared() {
        let mut data = json!({"a": {"b": 1}, "list": [{"x": 1}]});
        assert_eq!(get(&data, "list.0.x"), Some(&json!(1)));
        assert_eq!(get(&data, "list.x"), None);
        set(&mut data, "c.d", json!(2));
        set(&mut data, "list.1.x", json!(3));
        set(&mut data, "list.7.x", json!(3));
        set(&mut data, "a.b.c", json!(3));
        assert_eq!(data, json!({"a": {"b": 1}, "list": [{"x": 1}, {"x": 3}], "c": {"d": 2}}));
        remove(&mut data, "c.d");
        remove(&mut data, "list.0.x");
        remove(&mut data, "nowhere.at.all");
        assert_eq!(data, json!({"a": {"b": 1}, "list": [{}, {"x": 3}]}));
    }
}
