//! What the FEEL of a service sees of an event.

use std::sync::Arc;

use serde_json::{Map, Value};
use svod_model::{Entity, Metamodel};
use svod_registry::{Happening, JournalEvent, Touch};

use crate::cases::plain;

/// Each attribute by its name, `urn`, `type`, `space`; the same as `entity`, and what it was as `before`. What is declared and
/// absent is null.
pub(super) fn scope(model: &Metamodel, entity: &Entity, before: Option<&Entity>) -> Map<String, Value> {
    let whole = |entity: &Entity| {
        let declared = model.types.get(&entity.kind).into_iter().flat_map(|t| t.attributes.keys());
        let mut all: Map<String, Value> = declared.map(|name| (name.clone(), Value::Null)).collect();
        if let Value::Object(held) = plain(entity) {
            all.extend(held);
        }
        all
    };
    let own = whole(entity);
    let mut scope = own.clone();
    scope.insert("entity".into(), Value::Object(own));
    scope.insert("before".into(), before.map_or(Value::Null, |b| Value::Object(whole(b))));
    scope
}

/// Was the entity made by this event? One that was there before under the same identifier does not begin at version 1, and
/// what makes it may have a verb of its own: then the event brings everything that it has.
pub(super) fn is_made(event: &JournalEvent, happening: &Happening) -> bool {
    let brings = |name: &String| happening.touches.iter().any(|t| t.name == *name && t.old.is_none());
    let anew = || happening.made && happening.entity.attributes.keys().all(brings);
    !happening.gone && (event.version == 1 || matches!(event.action.as_str(), "create" | "restore") || anew())
}

/// The entity after the event and before it. It may have changed since: then what the event says of it counts, and of the rest
/// what is there now.
pub(super) fn around(event: &JournalEvent, happening: &Happening) -> (Arc<Entity>, Option<Entity>) {
    let made = is_made(event, happening);
    let own = || happening.touches.iter().filter(|t| t.dataset.is_none());
    let after = if happening.gone || happening.entity.version == event.version {
        happening.entity.clone()
    } else {
        let mut then = Entity::clone(&happening.entity);
        if made {
            then.attributes.clear();
        }
        own().for_each(|t| put(&mut then, t, t.new.as_ref()));
        Arc::new(then)
    };
    let before = (!made).then(|| {
        let mut was = Entity::clone(&after);
        own().for_each(|t| put(&mut was, t, t.old.as_ref()));
        was
    });
    (after, before)
}

fn put(entity: &mut Entity, touch: &Touch, value: Option<&svod_model::Attribute>) {
    match value {
        Some(value) => drop(entity.attributes.insert(touch.name.clone(), value.clone())),
        None => drop(entity.attributes.remove(&touch.name)),
    }
}
