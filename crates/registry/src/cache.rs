use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Kept;
use svod_kernel::Urn;
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
    touched: Mutex<Vec<Touched>>,
}

impl Closed {
    pub fn new(cache: &Arc<Cache>) -> Arc<Self> {
        Arc::new(Self { cache: cache.clone(), touched: Mutex::default() })
    }

    /// Before their change is committed.
    pub fn close(&self, touched: Vec<Touched>) {
        touched.iter().for_each(|(urn, place)| self.cache.shut(urn.as_str(), *place));
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).extend(touched);
    }

    /// The change is committed, or has not come about.
    pub fn open(&self) {
        let touched = std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner));
        touched.iter().for_each(|(urn, place)| self.cache.reopen(urn.as_str(), *place));
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.open();
    }
}

/// How many changes there had been before the store was asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(u64);

impl Cache {
    pub fn new(bytes: u64, engine: Engine) -> Self {
        let on = engine == Engine::Sqlite && bytes > 0;
        let items = (bytes / 4_096).max(64) as usize;
        let kept = on.then(|| (Kept::with_weighter(items, bytes, Bytes), Kept::new(items * 2)));
        Self {
            kept,
            changes: AtomicU64::new(0),
            gates: (0..GATES).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    fn gate(&self, key: impl Hash) -> MutexGuard<'_, Gate> {
        let gate = &self.gates[self.hasher.hash_one(key) as usize % GATES];
        gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is anything kept at all?
    pub const fn is_on(&self) -> bool {
        self.kept.is_some()
    }

    pub fn get(&self, place: Place) -> Option<Arc<Entity>> {
        self.kept.as_ref()?.0.get(&place).map(|(entity, _)| entity)
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
                kept.insert(place, (entity.clone(), 200 + row.doc.len() as u64 * SWELLING));
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

    fn shut(&self, urn: &str, place: Option<Place>) {
        self.pass(urn, place, |gate| gate.closed += 1);
    }

    fn reopen(&self, urn: &str, place: Option<Place>) {
        self.pass(urn, place, |gate| gate.closed = gate.closed.saturating_sub(1));
    }

    fn pass(&self, urn: &str, place: Option<Place>, turn: impl Fn(&mut Gate)) {
        let Some((entities, urns)) = &self.kept else { return };
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
    }
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
    fn nothing_is_kept_where_other_nodes_write() {
        let cache = Cache::new(1 << 20, Engine::Postgres);
        cache.parsed(cache.moment(), &row()).unwrap();
        assert!(cache.get((1, 7)).is_none());
    }
}
