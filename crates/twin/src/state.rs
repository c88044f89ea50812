use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use svod_kernel::{Timestamp, Urn};
use svod_model::{AttributeKind, Entity, Metamodel};
use svod_registry::Catalogue;
use svod_store::entity::EntityRow;

use crate::live::{LiveEntity, LiveValue};

/// Work: a million tasks of offices are no part of the map. Those that are only drawn live here while they have a place.
pub const TASK: &str = "Task";

/// An alert's identity: trigger, entity and (for observation triggers) attribute.
pub type AlertKey = (String, Urn, String);

/// Where an alert stands as far as judging goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A finding to raise it is committed or about to be.
    Raising,
    /// It is open.
    Open,
    /// A finding to clear it is committed or about to be.
    Clearing,
}

/// Everything the twin holds, behind one lock.
#[derive(Default)]
pub struct State {
    /// By id.
    pub entities: HashMap<Urn, LiveEntity>,
    /// Alerts that are not closed.
    pub alerts: HashMap<AlertKey, Standing>,
    /// Observation time up to which a value has been judged.
    pub judged: HashMap<(Urn, Arc<str>), Timestamp>,
    /// Changed since the last frame.
    pub dirty: BTreeSet<Urn>,
    /// Gone since the last frame, with type and space for the audience.
    pub removed: Vec<Arc<Entity>>,
}

/// Which entities live in the twin: those on a map layer, with observations, or judged by a trigger; see [`TASK`].
pub struct Living {
    flowing: HashSet<String>,
    /// By type, the attribute in which it is drawn.
    drawn: HashMap<String, String>,
}

impl Living {
    /// By what is published.
    pub fn of(catalogue: &Catalogue) -> Self {
        let m = &catalogue.metamodel;
        let observed = m.types.values().filter(|t| t.attributes.values().any(|a| a.kind == AttributeKind::Observation));
        let judged = catalogue.triggers.iter().map(|t| t.spec.kind.as_str());
        let flowing: HashSet<&str> = judged.chain(observed.map(|t| t.name.as_str())).collect();
        let drawn: HashSet<&str> = catalogue.layers.iter().map(|(_, l)| l.kind.as_str()).collect();
        let of = |roots: &HashSet<&str>| -> Vec<String> {
            m.types.keys().filter(|k| roots.iter().any(|r| m.is_a(k, r))).cloned().collect()
        };
        Self {
            flowing: of(&flowing).into_iter().collect(),
            drawn: of(&drawn).into_iter().map(|kind| (kind.clone(), geometry_of(catalogue, &kind))).collect(),
        }
    }

    /// Every type of which there may be some.
    pub fn types(&self) -> HashSet<&str> {
        self.flowing.iter().chain(self.drawn.keys()).map(String::as_str).collect()
    }

    /// In which attribute those of the type must have a place to live here.
    pub fn placed(&self, kind: &str) -> Option<&str> {
        if kind != TASK || self.flowing.contains(kind) { None } else { self.drawn.get(kind).map(String::as_str) }
    }

    /// True when the entity is one of them.
    pub fn takes(&self, entity: &Entity) -> bool {
        match self.placed(&entity.kind) {
            Some(geometry) => entity.point(geometry).is_some(),
            None => self.flowing.contains(&entity.kind) || self.drawn.contains_key(&entity.kind),
        }
    }
}

/// The attribute in which entities of the type are drawn.
pub fn geometry_of(catalogue: &Catalogue, kind: &str) -> String {
    let layer = catalogue.layers.iter().rev().find(|(_, l)| catalogue.metamodel.is_a(kind, &l.kind));
    layer.map_or_else(|| "location".to_owned(), |(_, l)| l.geometry.clone())
}

/// Key of the alert an entity of type `Alert` stands for.
pub fn alert_key(alert: &Entity) -> Option<AlertKey> {
    Some((
        alert.text("trigger")?.to_owned(),
        alert.object("entity")?.clone(),
        alert.text("attribute").unwrap_or_default().to_owned(),
    ))
}

impl State {
    /// Takes a committed entity; one that lives here no more is gone.
    pub fn put(&mut self, entity: Arc<Entity>, living: &Living) {
        if entity.kind == "Alert"
            && let Some(key) = alert_key(&entity)
        {
            self.note_alert(key, entity.text("status") == Some("open"));
        }
        let urn = entity.id.clone();
        if finished(&entity) || !living.takes(&entity) {
            return self.remove(&urn);
        }
        match self.entities.get_mut(&urn) {
            Some(known) if known.entity.version >= entity.version => return,
            Some(known) => known.entity = entity,
            None => {
                self.entities.insert(urn.clone(), LiveEntity::new(entity));
            }
        }
        self.dirty.insert(urn);
    }

    /// Takes stored entities.
    pub fn read(&mut self, rows: &[EntityRow], living: &Living) {
        for row in rows {
            match serde_json::from_str::<Entity>(&row.doc) {
                Ok(entity) => self.put(Arc::new(entity), living),
                Err(_) => tracing::error!(urn = row.urn, "a stored entity cannot be read"),
            }
        }
    }

    /// True when the alert is open or about to be.
    pub fn is_open(&self, key: &AlertKey) -> bool {
        matches!(self.alerts.get(key), Some(Standing::Open | Standing::Raising))
    }

    fn note_alert(&mut self, key: AlertKey, open: bool) {
        match (open, self.alerts.get(&key)) {
            (true, Some(Standing::Clearing)) => {}
            (true, _) => {
                self.alerts.insert(key, Standing::Open);
            }
            (false, Some(Standing::Raising)) => {}
            (false, _) => {
                self.alerts.remove(&key);
            }
        }
    }

    /// Takes over from `old` what was observed and judged while this state was read: readings that became durable
    /// meanwhile, and findings that are on their way into the store.
    pub fn keep_newer(&mut self, old: &mut Self) {
        for (urn, was) in old.entities.drain() {
            let Some(live) = self.entities.get_mut(&urn) else { continue };
            for (attribute, value) in was.observed {
                live.take(&attribute, value);
            }
            live.moved = was.moved.or(live.moved);
        }
        for (key, standing) in old.alerts.drain() {
            if standing == Standing::Raising {
                self.alerts.entry(key).or_insert(standing);
            }
        }
        self.judged = std::mem::take(&mut old.judged);
    }

    /// An entity is gone.
    pub fn remove(&mut self, urn: &Urn) {
        if let Some(gone) = self.entities.remove(urn) {
            self.dirty.remove(urn);
            self.removed.push(gone.entity);
        }
    }

    /// Takes a durable reading; says whether it became the current value.
    pub fn observe(&mut self, urn: &Urn, attribute: &str, value: LiveValue) -> bool {
        let Some(live) = self.entities.get_mut(urn) else { return false };
        let current = live.take(attribute, value);
        if current {
            self.dirty.insert(urn.clone());
        }
        current
    }
}

/// Closed alerts and finished tasks are history: they leave the map and the memory.
pub fn finished(entity: &Entity) -> bool {
    matches!(entity.text("status"), Some("closed" | "done"))
}

/// The value divided by the attribute's norm.
pub fn ratio(metamodel: &Metamodel, kind: &str, attribute: &str, value: Option<f64>) -> Option<f64> {
    let norm = metamodel.attribute(kind, attribute)?.norm.filter(|n| *n > 0.0)?;
    Some(value? / norm)
}
