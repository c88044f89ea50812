use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;
use svod_kernel::{Urn, number};
use svod_model::Entity;
use svod_store::entity::EntityRow;
use svod_store::{Engine, StoreError};

use crate::SpaceId;
use crate::execute::entity_of;

/// Locks between those who put in and those who take out.
const GATES: usize = 256;
/// Bytes of an entity in memory for each byte of its document, about.
const SWELLING: u64 = 4;

/// Space and number of an entity.
pub(crate) type Place = (SpaceId, i64);
/// What a command touched: which entity, and where it stood.
pub(crate) type Touched = (Urn, Option<Place>);
type Places = Arc<Vec<Place>>;
type Entities = Kept<Place, (Arc<Entity>, u64), Bytes>;

#[derive(Clone)]
struct Bytes;

impl Weighter<Place, (Arc<Entity>, u64)> for Bytes {
    fn weight(&self, _: &Place, value: &(Arc<Entity>, u64)) -> u64 {
        value.1
    }
}

/// Entities that were asked for lately, parsed. Only where this node is the only one that writes: on SQLite.
///
/// Whoever reads takes the moment before their snapshot; what they read is kept only when no change came after it.
pub(crate) struct Cache {
    kept: Option<(Entities, Kept<String, Places>)>,
    changes: AtomicU64,
    gates: Vec<Mutex<Gate>>,
    hasher: RandomState,
}

#[derive(Default)]
struct Gate {
    /// The last change of whatever falls under it.
    last: u64,
    /// Changes under way: nothing is kept meanwhile, as it may be old by the time it is.
    closed: usize,
}

impl Gate {
    const fn lets_in(&self, since: Moment) -> bool {
        self.closed == 0 && self.last <= since.0
    }
}

/// Entities that are about to change: neither kept nor taken from memory until the outcome is known.
pub(crate) struct Closed {
    cache: Arc<Cache>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// With the number of the change by which it was closed.
    touched: Vec<(Touched, u64)>,
    /// What becomes of them if the change is committed.
    new: HashMap<Place, New>,
}

/// An entity as it is from the next commit on.
pub(crate) struct New {
    pub entity: Arc<Entity>,
    /// Bytes of its document.
    pub size: usize,
    /// No other entity has its identifier.
    pub alone: bool,
}

impl Closed {
    pub fn new(cache: &Arc<Cache>) -> Arc<Self> {
        Arc::new(Self { cache: cache.clone(), held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Before their change is committed.
    pub fn close(&self, touched: Vec<Touched>) {
        let closed: Vec<_> = touched
            .into_iter()
            .map(|(urn, place)| {
                let change = self.cache.shut(urn.as_str(), place);
                ((urn, place), change)
            })
            .collect();
        let mut held = self.held();
        held.new.clear(); // of a try before
        held.touched.extend(closed);
    }

    /// What becomes of them.
    pub fn leave(&self, new: impl Iterator<Item = (Place, New)>) {
        self.held().new.extend(new);
    }

    /// The change is committed, or has not come about.
    pub fn open(&self, committed: bool) {
        let Held { touched, mut new } = std::mem::take(&mut *self.held());
        for ((urn, place), change) in touched {
            let new = place.filter(|_| committed).and_then(|p| new.remove(&p));
            self.cache.reopen(urn.as_str(), place, change, new);
        }
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.open(false);
    }
}

/// How many changes there had been before the store was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(u64);

impl Cache {
    pub fn new(bytes: u64, engine: Engine) -> Self {
        let on = engine == Engine::Sqlite && bytes > 0;
        let items = number::size((bytes / 4_096).max(64));
        let kept = on.then(|| (Kept::with_weighter(items, bytes, Bytes), Kept::new(items * 2)));
        Self {
            kept,
            changes: AtomicU64::new(0),
            gates: (0..GATES).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    fn gate(&self, key: impl Hash) -> MutexGuard<'_, Gate> {
        let gate = &self.gates[number::size(self.hasher.hash_one(key) % GATES as u64)];
        gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is anything kept at all?
    pub const fn is_on(&self) -> bool {
        self.kept.is_some()
    }

    pub fn get(&self, place: Place) -> Option<Arc<Entity>> {
        self.kept.as_ref()?.0.get(&place).map(|(entity, _)| entity)
    }

    /// All entities of that identifier with their places, when all are kept.
    pub fn placed(&self, urn: &str) -> Option<Vec<(Place, Arc<Entity>)>> {
        let places = self.kept.as_ref()?.1.get(urn)?;
        places.iter().map(|p| Some((*p, self.get(*p)?))).collect()
    }

    /// All entities of that identifier, when all are kept.
    pub fn by_urn(&self, urn: &str) -> Option<Vec<Arc<Entity>>> {
        let places = self.kept.as_ref()?.1.get(urn)?;
        places.iter().map(|p| self.get(*p)).collect()
    }

    /// To be taken before the first statement of a reading job.
    pub fn moment(&self) -> Moment {
        Moment(self.changes.load(Ordering::Acquire))
    }

    /// Parses what was read since the moment, and keeps it.
    pub fn parsed(&self, since: Moment, row: &EntityRow) -> Result<Arc<Entity>, StoreError> {
        let (place, entity) = ((row.space, row.id), Arc::new(entity_of(row)?));
        if let Some((kept, _)) = &self.kept {
            let gate = self.gate(place);
            if gate.lets_in(since) {
                kept.insert(place, (entity.clone(), weight(row.doc.len())));
            }
        }
        Ok(entity)
    }

    /// Keeps where the entities of the identifier are.
    pub fn places(&self, since: Moment, urn: &str, rows: Vec<Place>) {
        let Some((_, kept)) = &self.kept else { return };
        let gate = self.gate(urn);
        if gate.lets_in(since) {
            kept.insert(urn.to_owned(), Arc::new(rows));
        }
    }

    /// The entity has changed, come or gone; the change is committed.
    pub fn forget(&self, urn: &str, place: Option<Place>) {
        self.pass(urn, place, |_| {});
    }

    /// The number of the change.
    fn shut(&self, urn: &str, place: Option<Place>) -> u64 {
        self.pass(urn, place, |gate| gate.closed += 1)
    }

    /// Keeps what has become of it, unless it was shut again since: then whoever did knows better.
    fn reopen(&self, urn: &str, place: Option<Place>, shut: u64, new: Option<New>) {
        let Some((entities, urns)) = &self.kept else { return };
        let change = self.changes.fetch_add(1, Ordering::AcqRel) + 1;
        let turn = |gate: &mut Gate| {
            let last = gate.last == shut;
            gate.closed = gate.closed.saturating_sub(1);
            gate.last = change.max(gate.last);
            last && gate.closed == 0
        };
        {
            let mut gate = self.gate(urn);
            let knows = turn(&mut gate);
            match (place, &new) {
                (Some(place), Some(New { alone: true, .. })) if knows => {
                    urns.insert(urn.to_owned(), Arc::new(vec![place]));
                }
                _ => drop(urns.remove(urn)),
            }
        }
        if let Some(place) = place {
            let mut gate = self.gate(place);
            let knows = turn(&mut gate);
            match new.filter(|_| knows) {
                Some(new) => entities.insert(place, (new.entity, weight(new.size))),
                None => drop(entities.remove(&place)),
            }
        }
    }

    fn pass(&self, urn: &str, place: Option<Place>, turn: impl Fn(&mut Gate)) -> u64 {
        let Some((entities, urns)) = &self.kept else { return 0 };
        let change = self.changes.fetch_add(1, Ordering::AcqRel) + 1;
        {
            let mut gate = self.gate(urn);
            gate.last = change.max(gate.last);
            turn(&mut gate);
            urns.remove(urn);
        }
        if let Some(place) = place {
            let mut gate = self.gate(place);
            gate.last = change.max(gate.last);
            turn(&mut gate);
            entities.remove(&place);
        }
        change
    }
}

/// Bytes in memory of an entity whose document has so many.
const fn weight(size: usize) -> u64 {
    200 + size as u64 * SWELLING
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> EntityRow {
        let e = Entity::new("urn:a:b".parse().unwrap(), "T", "s".parse().unwrap());
        let doc = serde_json::to_string(&e).unwrap();
        let (created, modified) = (e.created_at, e.modified_at);
        EntityRow { space: 1, id: 7, urn: "urn:a:b".into(), kind: "T".into(), version: 1, created, modified, doc }
    }

    #[test]
    fn what_changed_while_it_was_read_is_not_kept() {
        let cache = Cache::new(1 << 20, Engine::Sqlite);
        let before = cache.moment();
        cache.forget("urn:a:b", Some((1, 7)));
        cache.parsed(before, &row()).unwrap();
        cache.places(before, "urn:a:b", vec![(1, 7)]);
        assert!(cache.get((1, 7)).is_none() && cache.by_urn("urn:a:b").is_none());
        cache.parsed(cache.moment(), &row()).unwrap();
        cache.places(cache.moment(), "urn:a:b", vec![(1, 7)]);
        assert_eq!(cache.by_urn("urn:a:b").map(|all| all.len()), Some(1));
        cache.forget("urn:a:b", Some((1, 7)));
        assert!(cache.get((1, 7)).is_none() && cache.by_urn("urn:a:b").is_none());
    }

    #[test]
    fn nothing_is_kept_of_what_is_about_to_change() {
        let cache = Arc::new(Cache::new(1 << 20, Engine::Sqlite));
        cache.parsed(cache.moment(), &row()).unwrap();
        let closed = Closed::new(&cache);
        closed.close(vec![("urn:a:b".parse().unwrap(), Some((1, 7)))]);
        assert!(cache.get((1, 7)).is_none());
        cache.parsed(cache.moment(), &row()).unwrap();
        assert!(cache.get((1, 7)).is_none(), "it may be old as soon as it is kept");
        drop(closed);
        cache.parsed(cache.moment(), &row()).unwrap();
        assert!(cache.get((1, 7)).is_some());
    }

    #[test]
    fn what_has_become_of_an_entity_is_kept_unless_somebody_knows_better() {
        let cache = Arc::new(Cache::new(1 << 20, Engine::Sqlite));
        let touched = || vec![("urn:a:b".parse().unwrap(), Some((1, 7)))];
        let new = |version| {
            let mut e = Entity::new("urn:a:b".parse().unwrap(), "T", "s".parse().unwrap());
            e.version = version;
            std::iter::once(((1, 7), New { entity: Arc::new(e), size: 10, alone: true }))
        };
        let version = |cache: &Cache| cache.placed("urn:a:b").map(|all| all[0].1.version);
        let first = Closed::new(&cache);
        first.close(touched());
        first.leave(new(2));
        assert_eq!(version(&cache), None);
        first.open(true);
        assert_eq!(version(&cache), Some(2));

        let (early, late) = (Closed::new(&cache), Closed::new(&cache));
        early.close(touched());
        early.leave(new(3));
        late.close(touched());
        late.leave(new(4));
        late.open(true);
        assert_eq!(version(&cache), None, "another change is under way, as far as is known");
        early.open(true);
        assert_eq!(version(&cache), None, "the one that ends last was not the last");

        let failed = Closed::new(&cache);
        failed.close(touched());
        failed.leave(new(5));
        failed.open(false);
        assert_eq!(version(&cache), None);
    }

    #[test]
    fn nothing_is_kept_where_other_nodes_write() {
        let cache = Cache::new(1 << 20, Engine::Postgres);
        cache.parsed(cache.moment(), &row()).unwrap();
        assert!(cache.get((1, 7)).is_none());
    }
}
