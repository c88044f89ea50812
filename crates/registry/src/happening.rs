use std::collections::HashMap;
use std::sync::Arc;

use crate::{Committed, JournalEvent};
use serde::Deserialize;
use serde_json::{Map, Value};
use svod_kernel::{Timestamp, Urn};
use svod_model::{Attribute, Entity};

/// What an event did to one instance of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Touch {
    /// Attribute.
    pub name: String,
    /// Which instance; none is the default one.
    pub dataset: Option<String>,
    /// What was there.
    pub old: Option<Attribute>,
    /// What is there.
    pub new: Option<Attribute>,
}

impl Touch {
    /// What an event's changes did, instance by instance; what they say of the entity itself is left out.
    pub fn all(changes: &Map<String, Value>) -> Vec<Self> {
        changes.iter().filter(|(name, _)| !name.starts_with('@')).flat_map(|(name, c)| touches(name, c)).collect()
    }

    /// What a change of one attribute, `{"old", "new"}`, did to its instances.
    pub fn of(name: &str, old: Option<Attribute>, new: Option<Attribute>) -> Vec<Self> {
        if [&old, &new].into_iter().flatten().all(|a| a.others.is_empty()) {
            return Self::alone(name, old, new);
        }
        let alone = |a: &Attribute| Attribute { others: Vec::new(), ..a.clone() };
        let instances = |a: &Option<Attribute>| a.iter().flat_map(Attribute::instances).map(alone).collect::<Vec<_>>();
        let (before, mut after) = (instances(&old), instances(&new));
        let mut all = Vec::new();
        for old in before {
            let new = after.iter().position(|n| n.dataset == old.dataset).map(|at| after.remove(at));
            all.extend(Self::alone(name, Some(old), new));
        }
        all.extend(after.into_iter().flat_map(|new| Self::alone(name, None, Some(new))));
        all
    }

    /// Of attributes with one instance each.
    fn alone(name: &str, old: Option<Attribute>, new: Option<Attribute>) -> Vec<Self> {
        let touch = |dataset: Option<String>, old, new| Self { name: name.to_owned(), dataset, old, new };
        match (old, new) {
            (Some(old), Some(new)) if new.same(&old) => Vec::new(),
            (Some(old), Some(new)) if old.dataset != new.dataset => {
                vec![touch(old.dataset.clone(), Some(old), None), touch(new.dataset.clone(), None, Some(new))]
            }
            (None, None) => Vec::new(),
            (old, new) => {
                let dataset = old.as_ref().or(new.as_ref()).and_then(|a| a.dataset.clone());
                vec![touch(dataset, old, new)]
            }
        }
    }
}

/// One event of the journal, as those see it who are told of entities.
#[derive(Debug, Clone)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// The entity as it stands; as it was, when it is gone.
    pub entity: Arc<Entity>,
    /// It was made by the event.
    pub made: bool,
    /// It is gone by the event.
    pub gone: bool,
    /// Instances of attributes that changed.
    pub touches: Vec<Touch>,
}

impl Happening {
    /// What the events of a step were; events about other things than entities are left out.
    pub fn of_step(step: &Committed) -> Vec<(i64, Self)> {
        Self::those(step, |_, _| true)
    }

    /// As [`Happening::of_step`], of those events (with their entities as they stand) that are wanted; what the others
    /// changed is not worked out.
    pub fn those(step: &Committed, wanted: impl Fn(&JournalEvent, Option<&Entity>) -> bool) -> Vec<(i64, Self)> {
        let entities: HashMap<&Urn, &Arc<Entity>> = step.entities.iter().map(|e| (&e.id, e)).collect();
        let of = |event: &JournalEvent| {
            let entity = entities.get(&event.entity).copied();
            let happening = wanted(event, entity.map(|e| &**e)).then(|| Self::of(step, event, entity)).flatten();
            Some((event.seq, happening?))
        };
        step.events.iter().filter_map(of).collect()
    }

    fn of(step: &Committed, event: &JournalEvent, found: Option<&Arc<Entity>>) -> Option<Self> {
        let changes = event.changes.as_object()?;
        let touches = Touch::all(changes);
        let gone = event.action == "delete";
        let found = found.filter(|_| !gone);
        let was = || step.tombstones.iter().find(|e| e.id == event.entity).cloned();
        let entity = match found {
            Some(e) => e.clone(),
            None if gone => was().unwrap_or_else(|| Arc::new(rebuilt(event, &touches))),
            // Changed, and removed since: the removal is an event of its own.
            None => return None,
        };
        let made = !gone && event.version == entity.version && entity.created_at == entity.modified_at
            || matches!(event.action.as_str(), "create" | "restore");
        Some(Self { at: event.at, entity, made: made && !gone, gone, touches })
    }

    /// The identifier of the entity.
    pub fn urn(&self) -> &Urn {
        &self.entity.id
    }
}

/// An entity that was removed and whose tombstone is gone: what the event says of it.
fn rebuilt(event: &JournalEvent, touches: &[Touch]) -> Entity {
    let mut entity = Entity::new(event.entity.clone(), event.entity_type.clone(), event.space.clone());
    entity.version = event.version;
    entity.modified_at = event.at;
    for touch in touches {
        if let (Some(old), None) = (&touch.old, &touch.dataset) {
            entity.attributes.insert(touch.name.clone(), old.clone());
        }
    }
    entity
}

/// `{"old", "new"}` instance by instance.
fn touches(name: &str, change: &Value) -> Vec<Touch> {
    let read = |key: &str| change.get(key).and_then(|v| Attribute::deserialize(v).ok());
    Touch::of(name, read("old"), read("new"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn instances_are_told_apart() {
        let change = json!({
            "old": [{"value": 1}, {"value": 2, "dataset": "urn:d:a"}, {"value": 3, "dataset": "urn:d:b"}],
            "new": [{"value": 1}, {"value": 5, "dataset": "urn:d:a"}, {"value": 6, "dataset": "urn:d:c"}],
        });
        let all = touches("speed", &change);
        let kinds: Vec<_> = all.iter().map(|t| (t.dataset.as_deref(), t.old.is_some(), t.new.is_some())).collect();
        assert_eq!(
            kinds,
            [(Some("urn:d:a"), true, true), (Some("urn:d:b"), true, false), (Some("urn:d:c"), false, true)]
        );
        let gone = touches("speed", &json!({"old": {"value": 1}}));
        assert_eq!((gone.len(), gone[0].new.is_none()), (1, true));
    }
}
