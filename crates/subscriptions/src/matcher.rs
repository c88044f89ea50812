use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use svod_kernel::Urn;
use svod_registry::Happening;

use crate::subscription::Subscription;

/// Name of a subscription: its space and identifier.
pub(crate) type Key = (String, String);

/// Where a subscription is looked for: the narrowest thing it says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Shelf {
    /// It names entities.
    Entity(String),
    /// It names types.
    Kind(String),
    /// It names attributes.
    Attribute(String),
    /// It names nothing.
    Any,
}

/// Finds the subscriptions that can be meant by a change without looking at the others.
#[derive(Debug)]
pub(crate) struct Matcher<T> {
    shelves: HashMap<Shelf, Vec<Key>>,
    /// Shelves of attributes among them.
    by_attribute: usize,
    all: HashMap<Key, (Arc<T>, Vec<Shelf>)>,
}

impl<T> Default for Matcher<T> {
    fn default() -> Self {
        Self { shelves: HashMap::new(), by_attribute: 0, all: HashMap::new() }
    }
}

/// The shelves of a subscription; a change that it wants stands on at least one of them.
fn shelves<S>(s: &Subscription<S>) -> Vec<Shelf> {
    let named = |q: &svod_query::Query| match (&q.id_pattern, q.ids.as_slice()) {
        (None, [_, ..]) => Some(q.ids.iter().map(|u| Shelf::Entity(u.to_string())).collect::<Vec<_>>()),
        _ => q.types.any_of().map(|all| all.into_iter().map(|k| Shelf::Kind(k.to_owned())).collect()),
    };
    let by_entity: Option<Vec<Vec<Shelf>>> = s.selectors.iter().map(named).collect();
    let mut found: Vec<Shelf> = match by_entity {
        Some(all) if !all.is_empty() => all.concat(),
        _ if !s.watched.is_empty() && s.triggers.iter().all(|t| *t >= crate::Trigger::AttributeCreated) => {
            s.watched.iter().map(|name| Shelf::Attribute(name.clone())).collect()
        }
        _ => vec![Shelf::Any],
    };
    let mut seen = HashSet::new();
    found.retain(|shelf| seen.insert(shelf.clone()));
    found
}

impl<T> Matcher<T> {
    pub fn put<S>(&mut self, key: Key, item: Arc<T>, subscription: &Subscription<S>) {
        self.remove(&key);
        let shelves = shelves(subscription);
        for shelf in &shelves {
            let keys = self.shelves.entry(shelf.clone()).or_default();
            self.by_attribute += usize::from(keys.is_empty() && matches!(shelf, Shelf::Attribute(_)));
            keys.push(key.clone());
        }
        self.all.insert(key, (item, shelves));
    }

    pub fn remove(&mut self, key: &Key) -> Option<Arc<T>> {
        let (item, shelves) = self.all.remove(key)?;
        for shelf in shelves {
            if let Some(keys) = self.shelves.get_mut(&shelf) {
                keys.retain(|k| k != key);
                if keys.is_empty() {
                    self.by_attribute -= usize::from(matches!(shelf, Shelf::Attribute(_)));
                    self.shelves.remove(&shelf);
                }
            }
        }
        Some(item)
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<T>> {
        self.all.get(key).map(|(item, _)| item)
    }

    pub fn all(&self) -> impl Iterator<Item = (&Key, &Arc<T>)> {
        self.all.iter().map(|(key, (item, _))| (key, item))
    }

    /// Can any change of an entity of these types concern anybody?
    pub fn concern<'k>(&self, urn: &Urn, kinds: impl Iterator<Item = &'k String>) -> bool {
        self.by_attribute > 0
            || self.shelves.contains_key(&Shelf::Any)
            || self.shelves.contains_key(&Shelf::Entity(urn.to_string()))
            || kinds.into_iter().any(|kind| self.shelves.contains_key(&Shelf::Kind(kind.clone())))
    }

    /// Those that the change can concern, each once.
    pub fn candidates(&self, happening: &Happening) -> Vec<Arc<T>> {
        let entity = &happening.entity;
        let mut shelves = vec![Shelf::Any, Shelf::Entity(entity.id.to_string())];
        shelves.extend(entity.kinds().map(|k| Shelf::Kind(k.to_owned())));
        let mut names: Vec<&str> = happening.touches.iter().map(|t| t.name.as_str()).collect();
        names.dedup();
        shelves.extend(names.into_iter().map(|n| Shelf::Attribute(n.to_owned())));
        let mut seen = HashSet::new();
        let keys = shelves.iter().filter_map(|s| self.shelves.get(s)).flatten();
        keys.filter(|k| seen.insert(*k)).filter_map(|k| self.get(k).cloned()).collect()
    }
}
