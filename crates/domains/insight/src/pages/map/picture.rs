use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use svod_kernel::{SpacePath, Timestamp};
use svod_model::{AttributeKind, Entity, LayerSpec};
use svod_twin::{LiveEntity, Twin};

use crate::show::Sight;

/// Rows of one table; the list of entities has the others.
pub const MAX_ROWS: usize = 200;

/// Sources named under the map.
const MAX_SOURCES: usize = 20;

/// What stands on the map of a space now and the visitor may see.
pub struct Picture {
    /// One for each type on a layer that has anything, the layer drawn last first.
    pub groups: Vec<Group>,
    /// Some of it was made by a simulation.
    pub simulated: bool,
    /// Entities with a value at or above its norm.
    pub above: usize,
    /// When the newest value was observed.
    pub newest: Option<Timestamp>,
    /// Where the facts come from, in the entities' own words.
    pub sources: BTreeSet<String>,
}

/// The entities of one layer.
pub struct Group {
    /// The layer; where several show the type, the one drawn last.
    pub layer: LayerSpec,
    /// How many there are.
    pub total: usize,
    /// The first of them in order, at most [`MAX_ROWS`].
    pub rows: Vec<LiveEntity>,
    /// Anything is observed of the type.
    pub observed: bool,
    /// Something observed has a norm.
    pub normed: bool,
}

/// What the order of rows needs; cheap to keep for every entity.
struct Candidate {
    entity: Arc<Entity>,
    worst: Option<f64>,
}

impl Picture {
    /// Looks at the twin.
    pub fn of(sight: &Sight<'_>, twin: &Twin, space: &SpacePath) -> Self {
        let layers = layers(sight, space);
        let mut picture =
            Self { groups: Vec::new(), simulated: false, above: 0, newest: None, sources: BTreeSet::new() };
        let mut found: Vec<Vec<Candidate>> = layers.iter().map(|_| Vec::new()).collect();
        let mut group_of: HashMap<String, Option<usize>> = HashMap::new();
        // The first look takes nothing with it: most entities are only counted.
        twin.entities(|live| {
            if space.covers(&live.entity.space)
                && let Some(group) = group(sight, &layers, &mut group_of, &live.entity.kind)
                && sight.sees(&live.entity)
            {
                let worst = sight.worst(live).map(|w| w.1);
                picture.note(sight, live, worst);
                found[group].push(Candidate { entity: live.entity.clone(), worst });
            }
            false
        });
        for (layer, mut all) in layers.into_iter().zip(found) {
            if all.is_empty() {
                continue;
            }
            all.sort_by(in_order);
            let total = all.len();
            let rows = all.iter().take(MAX_ROWS).filter_map(|c| twin.entity(&c.entity.id)).collect();
            let (observed, normed) = what_is_observed(sight, &layer.kind);
            picture.groups.push(Group { layer, total, rows, observed, normed });
        }
        picture
    }

    fn note(&mut self, sight: &Sight<'_>, live: &LiveEntity, worst: Option<f64>) {
        self.simulated |= sight.simulated(live);
        self.above += usize::from(worst.is_some_and(|w| w >= 1.0));
        self.newest = self.newest.max(live.newest());
        if let Some(source) = sight.text(&live.entity, "source")
            && self.sources.len() < MAX_SOURCES
            && !self.sources.contains(source)
        {
            self.sources.insert(source.to_owned());
        }
    }

    /// How many entities of the type stand on the map.
    pub fn count(&self, kind: &str) -> usize {
        self.groups.iter().filter(|g| g.layer.kind == kind).map(|g| g.total).sum()
    }
}

/// Layers of the space, the one drawn last first, each type once.
fn layers(sight: &Sight<'_>, space: &SpacePath) -> Vec<LayerSpec> {
    let here = sight.catalogue.layers.iter().filter(|(top, _)| top.as_ref().is_none_or(|t| t.covers(space)));
    let mut all: Vec<LayerSpec> = Vec::new();
    for (_, layer) in here.rev() {
        if !all.iter().any(|l| l.kind == layer.kind) {
            all.push(layer.clone());
        }
    }
    all
}

fn group(
    sight: &Sight<'_>,
    layers: &[LayerSpec],
    known: &mut HashMap<String, Option<usize>>,
    kind: &str,
) -> Option<usize> {
    if let Some(group) = known.get(kind) {
        return *group;
    }
    let group = layers.iter().position(|l| sight.catalogue.metamodel.is_a(kind, &l.kind));
    known.insert(kind.to_owned(), group);
    group
}

fn what_is_observed(sight: &Sight<'_>, kind: &str) -> (bool, bool) {
    let Some(t) = sight.catalogue.metamodel.types.get(kind) else { return (false, false) };
    let mut observed = t.attributes.values().filter(|a| a.kind == AttributeKind::Observation).peekable();
    (observed.peek().is_some(), observed.any(|a| a.norm.is_some()))
}

/// Grave and new alerts first, urgent tasks first, the worst air first, the rest by name.
fn in_order(a: &Candidate, b: &Candidate) -> Ordering {
    let (x, y) = (&*a.entity, &*b.entity);
    let by_kind = match x.kind.as_str() {
        "Alert" => {
            let key = |e: &Entity| (e.text("severity") != Some("danger"), Reverse(e.time("raisedAt")));
            key(x).cmp(&key(y))
        }
        "Task" => {
            let key = |e: &Entity| e.time("deadline").unwrap_or(Timestamp(i64::MAX));
            key(x).cmp(&key(y))
        }
        _ => b.worst.unwrap_or(-1.0).total_cmp(&a.worst.unwrap_or(-1.0)),
    };
    by_kind.then_with(|| x.text("name").cmp(&y.text("name"))).then_with(|| x.id.cmp(&y.id))
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn candidate(kind: &str, id: &str, facts: &[(&str, &str)], worst: Option<f64>) -> Candidate {
        let id = format!("urn:x:{id}").parse().unwrap();
        let e = facts
            .iter()
            .fold(Entity::new(id, kind, "kuzbass".parse().unwrap()), |e, (k, v)| e.with(k, Attribute::property(*v)));
        Candidate { entity: Arc::new(e), worst }
    }

    fn order(mut all: Vec<Candidate>) -> Vec<String> {
        all.sort_by(in_order);
        all.iter().map(|c| c.entity.id.local().to_owned()).collect()
    }

    #[test]
    fn the_worst_comes_first_and_what_is_silent_last() {
        let named = |id: &str, worst| candidate("Station", id, &[("name", id)], worst);
        assert_eq!(order(vec![named("a", None), named("b", Some(0.2)), named("c", Some(3.0))]), ["c", "b", "a"]);
        assert_eq!(order(vec![named("b", None), named("a", None)]), ["a", "b"]);
    }

    #[test]
    fn grave_alerts_before_new_ones() {
        let alert = |id: &str, severity, at| candidate("Alert", id, &[("severity", severity), ("raisedAt", at)], None);
        let all = vec![
            alert("old", "warning", "2026-01-15T01:00:00Z"),
            alert("new", "warning", "2026-01-15T02:00:00Z"),
            alert("grave", "danger", "2026-01-14T00:00:00Z"),
        ];
        assert_eq!(order(all), ["grave", "new", "old"]);
    }

    #[test]
    fn tasks_by_deadline() {
        let task = |id: &str, facts: &[(&str, &str)]| candidate("Task", id, facts, None);
        let all = vec![
            task("never", &[]),
            task("late", &[("deadline", "2026-01-16T00:00:00Z")]),
            task("soon", &[("deadline", "2026-01-15T00:00:00Z")]),
        ];
        assert_eq!(order(all), ["soon", "late", "never"]);
    }
}
