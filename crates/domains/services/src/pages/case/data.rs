//! What the process of a case knows by now, as far as its service shows it, for who answers: behind a fold, and open to those alone to
//! whom what the applicant wrote is open.

use serde_json::{Map, Value};
use svod_model::{Entity, SecrecyClass};
use svod_portal::Html;
use svod_portal::components;

use super::scene::Scene;
use crate::ServicesState;
use crate::facts::Facts;
use crate::words::Words;

/// What there is of it for the visitor; nothing for who asked, who has what they wrote and what was decided, and for whom the case is
/// closed to. Entities are named, and read where they are: what they hold is judged there.
pub fn of(s: &ServicesState, scene: &Scene) -> Map<String, Value> {
    let Some(standing) = scene.standing.as_ref().filter(|_| !scene.own && !scene.locked) else { return Map::new() };
    let catalogue = s.registry.catalogue();
    let types = &catalogue.metamodel.types;
    let closer = |name: &String| {
        let mut classes = types.values().filter_map(|t| t.attributes.get(name)).map(|a| a.class);
        classes.any(|class| matches!(class, SecrecyClass::Special | SecrecyClass::Secret))
    };
    let known = standing.variables.iter().filter(|(name, value)| !value.is_null() && !closer(name));
    known.map(|(name, value)| (name.clone(), named_only(value))).collect()
}

/// Entities that a process has read, by their identifiers.
fn named_only(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(named_only).collect(),
        Value::Object(map) => {
            let text = |name: &str| map.get(name).and_then(Value::as_str);
            match (text("urn"), text("type"), text("space")) {
                (Some(urn), Some(_), Some(_)) => urn.into(),
                _ => Value::Object(map.iter().map(|(name, v)| (name.clone(), named_only(v))).collect()),
            }
        }
        other => other.clone(),
    }
}

/// The part; empty for nothing.
pub fn part(words: &Words<'_>, case: &Entity, data: &Map<String, Value>) -> Html {
    if data.is_empty() {
        return Html::default();
    }
    let facts = Facts::new(words, words.names.programs()).of_process(case.text("process").unwrap_or_default());
    let rows = facts.rows(data);
    components::more(words.ctx.t("case-data"), components::summary_list(&rows))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::named_only;

    #[test]
    fn what_a_process_has_read_is_named_and_not_copied() {
        let read = json!({"urn": "urn:svod:person:1", "type": "Person", "space": "k", "name": "Анна"});
        let told = named_only(&json!({"x": [read, 2], "y": {"urn": "u", "a": 1}}));
        assert_eq!(told, json!({"x": ["urn:svod:person:1", 2], "y": {"urn": "u", "a": 1}}));
    }
}
