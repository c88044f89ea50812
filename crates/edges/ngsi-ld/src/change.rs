//! What the operations make of an entity (clauses 5.6.2 to 5.6.4, 5.6.17 to 5.6.19): pure, on entities of the graph.

use serde_json::{Map, Value, json};
use svod_kernel::{SpacePath, Urn};
use svod_model::{Attribute, AttributeValue, Entity};

use crate::context::iri_of;
use crate::error::{Answer, ApiError};
use crate::parse::Given;

/// What became of the attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Names that were set.
    pub updated: Vec<String>,
    /// What was not, and why.
    pub refused: Vec<Refused>,
}

/// An attribute that was not changed (clause 5.2.19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
    /// The registration of the source that refused it; none: we did.
    pub source: Option<String>,
}

impl Refused {
    fn here(name: &str, why: &str) -> Self {
        Self { name: name.to_owned(), why: why.to_owned(), source: None }
    }
}

impl Outcome {
    /// The document of clause 5.2.18.
    pub fn json(&self) -> Value {
        let refused = self.refused.iter().map(|r| {
            let mut one = json!({"attributeName": iri_of(&r.name), "reason": r.why});
            if let Some(source) = &r.source {
                one["registrationId"] = source.as_str().into();
            }
            one
        });
        json!({
            "updated": self.updated.iter().map(|n| Value::from(iri_of(n))).collect::<Value>(),
            "notUpdated": refused.collect::<Value>(),
        })
    }
}

/// A new entity.
///
/// # Errors
/// When identifier or type are missing, or something is to be taken away.
pub fn create(given: Given, space: SpacePath) -> Answer<Entity> {
    let id = given.id.ok_or_else(|| ApiError::bad("an entity needs an 'id'"))?;
    let mut kinds = given.kinds.into_iter();
    let kind = kinds.next().ok_or_else(|| ApiError::bad("an entity needs a 'type'"))?;
    if let Some((name, _)) = given.removed.first() {
        return Err(ApiError::bad(format!("'{name}' is to be taken away from an entity that is yet to be made")));
    }
    let mut entity = Entity::new(id, kind, space);
    entity.also = kinds.collect();
    entity.scopes = given.scopes.unwrap_or_default();
    entity.expires_at = given.expires_at;
    entity.attributes = given.attributes;
    Ok(entity)
}

/// The entity with everything replaced.
///
/// # Errors
/// When the identifier is another one.
pub fn replace(old: &Entity, mut given: Given) -> Answer<Entity> {
    same_id(&old.id, &given)?;
    if given.kinds.is_empty() {
        given.kinds = old.kinds().map(str::to_owned).collect();
    }
    given.id = Some(old.id.clone());
    let new = create(given, old.space.clone())?;
    Ok(Entity { version: old.version, created_at: old.created_at, ..new })
}

/// Fragments name the entity of the address, or none.
///
/// # Errors
/// When they name another one.
pub fn same_id(urn: &Urn, given: &Given) -> Answer<()> {
    match &given.id {
        Some(id) if id != urn => Err(ApiError::bad(format!("the body is about {id}, the address about {urn}"))),
        _ => Ok(()),
    }
}

/// Adds types: an entity never loses one this way.
fn add_kinds(entity: &mut Entity, kinds: &[String]) {
    for kind in kinds {
        if !entity.kinds().any(|k| k == kind) {
            entity.also.push(kind.clone());
        }
    }
}

/// Appends attributes (clause 5.6.3); those that are there are replaced, or kept without `overwrite`.
pub fn append(old: &Entity, given: &Given, overwrite: bool) -> (Entity, Outcome) {
    let mut new = old.clone();
    let mut outcome = Outcome::default();
    add_kinds(&mut new, &given.kinds);
    if let Some(scopes) = &given.scopes {
        if overwrite {
            new.scopes.clear();
        }
        for scope in scopes {
            if !new.scopes.contains(scope) {
                new.scopes.push(scope.clone());
            }
        }
        outcome.updated.push("scope".into());
    }
    if given.expires_at.is_some() || given.never_expires {
        new.expires_at = given.expires_at;
    }
    for (name, attribute) in &given.attributes {
        let mut refused = false;
        let mut kept: Vec<Attribute> =
            new.attributes.get(name).map(|a| a.instances().map(alone).collect()).unwrap_or_default();
        for instance in attribute.instances() {
            match kept.iter_mut().find(|k| k.dataset == instance.dataset) {
                Some(there) if overwrite => *there = alone(instance),
                Some(_) => refused = true,
                None => kept.push(alone(instance)),
            }
        }
        match Attribute::from_instances(kept) {
            Some(a) if !refused => {
                new.attributes.insert(name.clone(), a);
                outcome.updated.push(name.clone());
            }
            _ => outcome.refused.push(Refused::here(name, "the attribute is there already")),
        }
    }
    take_away(&mut new, &given.removed, &mut outcome);
    (new, outcome)
}

/// Updates attributes that are there and appends others (clause 5.6.2); a scope is only changed where there is one.
pub fn update(old: &Entity, given: &Given) -> (Entity, Outcome) {
    let mut new = old.clone();
    let mut outcome = Outcome::default();
    add_kinds(&mut new, &given.kinds);
    if let Some(scopes) = &given.scopes {
        if new.scopes.is_empty() {
            outcome.refused.push(Refused::here("scope", "the entity has no scope"));
        } else {
            new.scopes.clone_from(scopes);
            outcome.updated.push("scope".into());
        }
    }
    for (name, attribute) in &given.attributes {
        let there = new.attributes.get(name);
        let mut kept: Vec<Attribute> = there.map(|a| a.instances().map(alone).collect()).unwrap_or_default();
        for instance in attribute.instances() {
            match kept.iter_mut().find(|k| k.dataset == instance.dataset) {
                Some(there) => *there = alone(instance),
                None => kept.push(alone(instance)),
            }
        }
        if let Some(a) = Attribute::from_instances(kept) {
            new.attributes.insert(name.clone(), a);
            outcome.updated.push(name.clone());
        }
    }
    take_away(&mut new, &given.removed, &mut outcome);
    (new, outcome)
}

/// Merges a fragment into an entity, RFC 7396 carried over to attributes (clause 5.5.12).
pub fn merge(old: &Entity, given: &Given) -> Entity {
    let mut new = old.clone();
    add_kinds(&mut new, &given.kinds);
    if let Some(scopes) = &given.scopes {
        new.scopes.clone_from(scopes);
    }
    if given.expires_at.is_some() || given.never_expires {
        new.expires_at = given.expires_at;
    }
    for (name, attribute) in &given.attributes {
        let mut kept: Vec<Attribute> =
            new.attributes.get(name).map(|a| a.instances().map(alone).collect()).unwrap_or_default();
        for instance in attribute.instances() {
            match kept.iter_mut().find(|k| k.dataset == instance.dataset) {
                Some(there) => merge_instance(there, instance),
                None => kept.push(alone(instance)),
            }
        }
        if let Some(a) = Attribute::from_instances(kept) {
            new.attributes.insert(name.clone(), a);
        }
    }
    take_away(&mut new, &given.removed, &mut Outcome::default());
    new
}

/// What is given wins; what is not stays.
pub fn merge_instance(old: &mut Attribute, given: &Attribute) {
    let about = std::mem::take(&mut old.about);
    let value = match (&old.value, &given.value) {
        (AttributeValue::Value(a), AttributeValue::Value(b)) => AttributeValue::Value(merged(a, b)),
        (AttributeValue::Json(a), AttributeValue::Json(b)) => AttributeValue::Json(merged(a, b)),
        (AttributeValue::Languages(a), AttributeValue::Languages(b)) => {
            let mut all: Map<String, Value> = a.clone();
            for (tag, text) in b {
                if text == crate::parse::NULL {
                    all.remove(tag);
                } else {
                    all.insert(tag.clone(), text.clone());
                }
            }
            AttributeValue::Languages(all)
        }
        (_, b) => b.clone(),
    };
    let before = std::mem::replace(old, Attribute { others: Vec::new(), ..given.clone() });
    old.value = value;
    old.unit = given.unit.clone().or(before.unit);
    old.observed_at = given.observed_at.or(before.observed_at);
    old.expires_at = given.expires_at.or(before.expires_at);
    let mut all = about;
    for (name, a) in &given.about {
        match all.get_mut(name) {
            Some(there) => merge_instance(there, a),
            None => drop(all.insert(name.clone(), a.clone())),
        }
    }
    old.about = all;
}

fn merged(old: &Value, given: &Value) -> Value {
    match (old, given) {
        (Value::Object(a), Value::Object(b)) => {
            let mut all = a.clone();
            for (key, value) in b {
                if value == crate::parse::NULL || value.is_null() {
                    all.remove(key);
                } else {
                    let before = all.get(key).cloned().unwrap_or_default();
                    all.insert(key.clone(), merged(&before, value));
                }
            }
            Value::Object(all)
        }
        (_, b) => b.clone(),
    }
}

/// The instance without the others it came with.
pub fn alone(instance: &Attribute) -> Attribute {
    Attribute { others: Vec::new(), ..instance.clone() }
}

fn take_away(entity: &mut Entity, removed: &[(String, Option<String>)], outcome: &mut Outcome) {
    for (name, dataset) in removed {
        if delete(entity, name, Some(dataset.as_deref())) {
            outcome.updated.push(name.clone());
        } else {
            outcome.refused.push(Refused::here(name, "the entity has no such attribute"));
        }
    }
}

/// Takes an attribute away: the instance of a dataset (none: the default one), or all. Says whether it was there.
pub fn delete(entity: &mut Entity, name: &str, dataset: Option<Option<&str>>) -> bool {
    let Some(there) = entity.attributes.remove(name) else { return false };
    let Some(dataset) = dataset else { return true };
    let before = there.instances().count();
    let kept: Vec<_> = there.instances().filter(|i| i.dataset.as_deref() != dataset).map(alone).collect();
    let found = kept.len() < before;
    if let Some(rest) = Attribute::from_instances(kept) {
        entity.attributes.insert(name.to_owned(), rest);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(body: Value) -> Entity {
        create(given(body), "a".parse().unwrap()).unwrap()
    }

    fn given(body: Value) -> Given {
        crate::parse::merging(&body, &crate::context::Context::default()).unwrap()
    }

    fn car() -> Entity {
        entity(json!({"id": "urn:a:1", "type": "Car",
            "speed": [{"type": "Property", "value": 5}, {"type": "Property", "value": 6, "datasetId": "urn:d:1"}],
            "address": {"type": "Property", "value": {"city": "X", "zip": 1}, "by": {"type": "Property", "value": "me"}}}))
    }

    #[test]
    fn appending_replaces_instances_and_keeps_the_others() {
        let (new, outcome) = append(&car(), &given(json!({"type": "Van", "speed": 7, "color": "red"})), true);
        assert_eq!(outcome.updated, ["color", "speed"]);
        assert_eq!(new.attributes["speed"].instances().count(), 2);
        assert_eq!(new.kinds().collect::<Vec<_>>(), ["Car", "Van"]);
        let (kept, outcome) = append(&car(), &given(json!({"speed": 7})), false);
        assert_eq!((kept.attributes == car().attributes, outcome.refused.len()), (true, 1));
    }

    #[test]
    fn updating_appends_attributes_and_no_scope() {
        let (new, outcome) = update(&car(), &given(json!({"speed": 7, "color": "red", "scope": "/a"})));
        assert_eq!(outcome.updated, ["color", "speed"]);
        assert_eq!((outcome.refused.len(), new.scopes.len()), (1, 0));
    }

    #[test]
    fn merging_goes_into_values_and_about_them() {
        let new = merge(
            &car(),
            &given(
                json!({"address": {"value": {"city": "Y", "zip": "urn:ngsi-ld:null"}}, "speed": "urn:ngsi-ld:null"}),
            ),
        );
        assert_eq!(new.value("address"), Some(&json!({"city": "Y"})));
        assert_eq!(new.attributes["address"].about["by"].value, AttributeValue::Value("me".into()));
        assert_eq!(new.attributes["speed"].dataset.as_deref(), Some("urn:d:1"));
    }

    #[test]
    fn instances_are_deleted_one_by_one_or_all() {
        let mut one = car();
        assert!(delete(&mut one, "speed", Some(None)) && one.attributes["speed"].instances().count() == 1);
        assert!(!delete(&mut one, "speed", Some(Some("urn:d:2"))));
        assert!(delete(&mut one, "speed", None) && !one.attributes.contains_key("speed"));
    }
}
