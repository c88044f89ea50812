use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use svod_kernel::Timestamp;
use svod_model::Attribute;
use svod_registry::Touch;
use svod_store::journal::{ERASED, Members, NewEvent};

use crate::rewrite::{MEMBER, Rewrite, VERB, number};

/// Under which name scopes stand among attributes.
pub const SCOPE: &str = "scope";

/// One value of an attribute with its moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Number, unique in the entity's space.
    pub id: i64,
    /// When it was written.
    pub created: Option<Timestamp>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// When it was observed.
    pub observed: Option<Timestamp>,
    /// When the attribute was taken away; the value is a mark then.
    pub deleted: Option<Timestamp>,
    /// What it holds.
    pub attribute: Attribute,
}

/// Everything that is known of one entity's past.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Types it has had.
    pub types: Vec<String>,
    /// Instances by attribute, in the order in which they were written.
    pub attributes: BTreeMap<String, Vec<Instance>>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When anything was changed last.
    pub modified: Option<Timestamp>,
    /// When it was removed.
    pub deleted: Option<Timestamp>,
}

impl History {
    /// True when nothing is known.
    pub const fn is_empty(&self) -> bool {
        self.created.is_none()
    }

    /// Takes the next event of the journal in.
    pub fn take(&mut self, seq: i64, event: &NewEvent) {
        let Ok(changes) = serde_json::from_str::<Members<'_>>(&event.changes) else { return };
        if event.action == ERASED {
            *self = Self::default();
            return;
        }
        if event.action == VERB {
            if let Some(rewrite) = changes.get(MEMBER).and_then(|r| serde_json::from_str::<Rewrite>(r).ok()) {
                rewrite.apply(self, seq, event.at);
            }
            return;
        }
        let gone = event.action == "delete";
        self.created.get_or_insert(event.at);
        self.modified = Some(event.at);
        self.deleted = gone.then_some(event.at);
        let named = changes.get("@type").and_then(|t| serde_json::from_str::<Change<Vec<String>>>(t).ok()?.new);
        self.add_types(named.unwrap_or_else(|| vec![event.kind.clone()]));
        let mut place = 0;
        for (name, change) in changes.0.iter().filter(|(name, _)| !name.starts_with('@')) {
            let Ok(change) = serde_json::from_str::<Change<Attribute>>(change.get()) else { continue };
            let touches = Touch::of(name, change.old, change.new);
            let made = touches.into_iter().enumerate().map(|(n, t)| instance(number(seq, place + n), t, event.at));
            let instances = self.attributes.entry(name.to_string()).or_default();
            let before = instances.len();
            instances.extend(made);
            place += instances.len() - before;
        }
        if let Some(scope) = changes.get("@scope") {
            let new = serde_json::from_str::<Change<Value>>(scope).ok().and_then(|c| c.new);
            self.scoped(number(seq, place), new, event.at);
        }
    }

    /// Takes in what is known elsewhere; an instance of the same moment counts once.
    pub fn join(&mut self, other: Self) {
        self.add_types(other.types);
        self.created = [self.created, other.created].into_iter().flatten().min();
        self.modified = self.modified.max(other.modified);
        for (name, instances) in other.attributes {
            let own = self.attributes.entry(name).or_default();
            for instance in instances {
                let moment = |i: &Instance| i.observed.or(i.created).or(i.deleted);
                let same = |i: &Instance| {
                    i.attribute.dataset == instance.attribute.dataset
                        && i.deleted.is_some() == instance.deleted.is_some()
                        && moment(i).is_some()
                        && moment(i) == moment(&instance)
                };
                if !own.iter().any(same) {
                    own.push(instance);
                }
            }
        }
    }

    fn scoped(&mut self, id: i64, new: Option<Value>, at: Timestamp) {
        let known = new.as_ref().map(|_| at);
        let deleted = if new.is_none() { Some(at) } else { None };
        let attribute = Attribute { observed_at: known, ..Attribute::property(new.unwrap_or_else(|| json!([]))) };
        let made = Instance { id, created: known, modified: known, observed: known, deleted, attribute };
        self.attributes.entry(SCOPE.into()).or_default().push(made);
    }

    pub(crate) fn add_types(&mut self, types: Vec<String>) {
        for kind in types {
            if !self.types.contains(&kind) {
                self.types.push(kind);
            }
        }
    }
}

/// A value that came or changed, or the mark of one that is gone.
fn instance(id: i64, touch: Touch, at: Timestamp) -> Instance {
    match touch.new {
        Some(new) => Instance {
            id,
            created: Some(at),
            modified: Some(at),
            observed: new.observed_at,
            deleted: None,
            attribute: new,
        },
        None => {
            let was = touch.old.as_ref().map(|o| &o.value);
            let attribute = Attribute { dataset: touch.dataset, ..Attribute::taken_away(was) };
            Instance { id, created: None, modified: None, observed: None, deleted: Some(at), attribute }
        }
    }
}

/// `{"old", "new"}`
#[derive(Deserialize)]
struct Change<T> {
    old: Option<T>,
    new: Option<T>,
}
