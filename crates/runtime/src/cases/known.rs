//! What the process of a case knows by now, as far as its service shows it (`variables` of the service), for who answers: to those
//! alone to whom what the applicant wrote is open.

use serde_json::{Map, Value};
use svod_kernel::Actor;
use svod_model::{Entity, SecrecyClass};
use svod_registry::{Programs, QueryError};

use super::{Cases, Standing};

/// Names of the variables that the service of a case shows, by the version of its pack that the case began with.
pub fn shown<'p>(case: &Entity, programs: &'p Programs) -> &'p [String] {
    let service = case.text("service").and_then(|key| key.split_once('/')).map(|(_, id)| id);
    service.and_then(|id| programs.services.get(id)).map(|s| s.variables.as_slice()).unwrap_or_default()
}

impl Cases {
    /// What there is of it for the actor, of how the case stands; nothing for who asked, who has what they wrote and what was
    /// decided, and for whom that is closed to. Entities are named, and read where they are: what they hold is judged there.
    pub fn known(&self, actor: &Actor, case: &Entity, standing: &Standing) -> Map<String, Value> {
        let own = case.object("person").is_none_or(|person| actor.owns(person, "Case"));
        if own || !self.registry.may_see_attribute(actor, case, "answers") {
            return Map::new();
        }
        let catalogue = self.registry.catalogue();
        let types = &catalogue.metamodel.types;
        let closer = |name: &String| {
            let mut classes = types.values().filter_map(|t| t.attributes.get(name)).map(|a| a.class);
            classes.any(|class| matches!(class, SecrecyClass::Special | SecrecyClass::Secret))
        };
        let known = standing.variables.iter().filter(|(name, value)| !value.is_null() && !closer(name));
        known.map(|(name, value)| (name.clone(), named_only(value))).collect()
    }

    /// The same where the case was only read.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn variables(&self, actor: &Actor, case: &Entity) -> Result<Map<String, Value>, QueryError> {
        let version = case.text("processVersion").and_then(|v| v.split_once('@'));
        let version = version.and_then(|(pack, rest)| Some((pack, rest.split_once('/')?.0)));
        let Some((pack, version)) = version else { return Ok(Map::new()) };
        let Some(programs) = self.registry.programs(pack, version).await? else { return Ok(Map::new()) };
        let names = shown(case, &programs);
        if names.is_empty() {
            return Ok(Map::new());
        }
        let standing = self.standing(&case.id, names).await?;
        Ok(standing.map(|standing| self.known(actor, case, &standing)).unwrap_or_default())
    }
}

/// Entities that a process has read, by their identifiers.
pub(super) fn named_only(value: &Value) -> Value {
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
