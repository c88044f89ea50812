//! What entities are found by: types, places, and values of the attributes that have an index.
//!
//! An index is declared in the metamodel, or begun because a question has shown the need. Once begun, every writer makes
//! its keys (the epoch of the spaces sees to that on all nodes); the entities of before are read in the background, and
//! the index is asked when the last of them has its keys.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use svod_kernel::{SpacePath, number};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_query::{cells, geo::Shape, keys, words};
use svod_store::StoreError;
use svod_store::entity::{Added, EntityPage, IndexKey, IndexRow};
use svod_store::value_index::{self, ValueIndexRow};

use crate::execute::entity_of;
use crate::{QueryError, Registry, SpaceId};

/// Stands in the list of indexes for the types of entities besides their first.
pub(crate) const TYPES: &str = "@type";
/// Stands in the list of indexes for when entities or parts of them cease to be.
pub(crate) const EXPIRIES: &str = "@expires";
/// Stands in the list of indexes for geometries.
pub(crate) const PLACES: &str = "@place";
/// Entities read at once when an index is built.
const STEP: i64 = 500;
/// Indexes begun by questions below one top-level space at the most: each makes every write a little dearer.
const MOST_DEMANDED: usize = 32;

/// The number under which an attribute stands in index rows.
pub(crate) fn number(name: &str) -> i64 {
    keys::hash(name).cast_signed()
}

/// The type that stands in an entity's index rows; 0 when it has several, then it must be looked at.
pub(crate) fn mark(entity: &Entity) -> i64 {
    if entity.also.is_empty() { number(&entity.kind) } else { 0 }
}

/// The number under which a type or an attribute stands in index rows, for what reads the store by itself.
pub fn numbered(name: &str) -> i64 {
    number(name)
}

/// An attribute and a text value of it as they stand in index rows, for what reads the store by itself.
pub fn indexed(name: &str, value: &str) -> (i64, Vec<u8>) {
    (number(name), keys::text(value))
}

/// Which attributes have keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes {
    /// By the top of a tree (0: all trees) and name; true when the index may be asked.
    known: HashMap<SpaceId, HashMap<String, bool>>,
}

impl Indexes {
    fn new(rows: Vec<ValueIndexRow>) -> Self {
        let mut all = Self::default();
        for row in rows {
            all.known.entry(row.space).or_default().insert(row.name, row.ready);
        }
        all
    }

    fn state(&self, top: SpaceId, name: &str) -> Option<bool> {
        let of = |space| self.known.get(&space).and_then(|all| all.get(name)).copied();
        of(0).or_else(|| of(top))
    }

    /// May the index be asked below that top-level space?
    pub fn is_ready(&self, top: SpaceId, name: &str) -> bool {
        self.state(top, name) == Some(true)
    }

    /// Is it there, ready or not?
    pub fn is_known(&self, top: SpaceId, name: &str) -> bool {
        self.state(top, name).is_some()
    }

    /// Everything the entity is found by.
    pub fn rows(&self, top: SpaceId, entity: &Entity) -> BTreeSet<IndexRow> {
        self.rows_of(top, entity, |_, _| true)
    }

    /// Rows of an entity before and after a change; those of attributes that stay as they are are left out of both.
    pub fn changed_rows(
        &self,
        top: SpaceId,
        old: Option<&Entity>,
        new: Option<&Entity>,
    ) -> (BTreeSet<IndexRow>, BTreeSet<IndexRow>) {
        // Each row says the type.
        let retyped = old.zip(new).is_some_and(|(a, b)| mark(a) != mark(b));
        let rows = |e: Option<&Entity>, other: Option<&Entity>| {
            let differs = |name: &str, a: &Attribute| {
                retyped || other.and_then(|o| o.attributes.get(name)).is_none_or(|b| !a.same(b))
            };
            e.map(|e| self.rows_of(top, e, differs)).unwrap_or_default()
        };
        (rows(old, new), rows(new, old))
    }

    fn rows_of(&self, top: SpaceId, entity: &Entity, wanted: impl Fn(&str, &Attribute) -> bool) -> BTreeSet<IndexRow> {
        let mut rows = BTreeSet::new();
        for kind in &entity.also {
            rows.insert((number(TYPES), IndexKey::Value(keys::text(kind))));
        }
        if let Some(at) = entity.next_expiry() {
            rows.insert((number(EXPIRIES), IndexKey::Value(keys::moment(at))));
        }
        for (name, attribute) in entity.attributes.iter().filter(|(name, a)| wanted(name, a)) {
            let mut at = None;
            let mut number_of = || *at.get_or_insert_with(|| number(name));
            for instance in attribute.instances() {
                if let AttributeValue::Geometry(g) = &instance.value
                    && let Some(shape) = Shape::from_json(g)
                {
                    let number = number_of();
                    rows.extend(cells::of_shape(&shape).into_iter().map(|c| (number, IndexKey::Cell(c))));
                }
            }
            if self.is_known(top, name) {
                let number = number_of();
                rows.extend(keys::of_attribute(attribute).into_iter().map(|k| (number, IndexKey::Value(k))));
            }
        }
        if self.is_known(top, svod_query::WORDS) {
            let number = number(svod_query::WORDS);
            rows.extend(words::keys_of(entity).into_iter().map(|k| (number, IndexKey::Value(k))));
        }
        rows
    }
}

impl Registry {
    pub(crate) async fn reload_indexes(&self) -> Result<(), StoreError> {
        let rows = self.store.read(|conn| value_index::list(conn)).await?;
        self.indexes.store(Arc::new(Indexes::new(rows)));
        Ok(())
    }

    /// Begins the indexes that these packs declare and waits until all can be asked.
    pub(crate) async fn declared_indexes(&self, declared: Vec<String>) -> Result<(), StoreError> {
        let known = self.indexes.load();
        let mut names: Vec<String> = [TYPES, PLACES, EXPIRIES].map(str::to_owned).into_iter().chain(declared).collect();
        names.retain(|name| !known.is_ready(0, name));
        names.sort();
        names.dedup();
        if names.is_empty() {
            return Ok(());
        }
        let (now, begun) = (self.clock.now(), names.clone());
        self.store
            .write(move |conn| begun.iter().try_for_each(|name| value_index::begin(conn, 0, name, now).map(drop)))
            .await?;
        self.refresh().await?;
        Box::pin(self.build(0, names)).await
    }

    /// Makes an index for an attribute below the top-level space of `space`, and waits until it can be asked.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`], or when the store fails.
    pub async fn index(&self, space: &SpacePath, name: &str) -> Result<(), QueryError> {
        let tree = self.spaces();
        let info = tree.get(space).ok_or_else(|| QueryError::UnknownSpace(space.clone()))?;
        let _one_at_a_time = self.indexing.lock().await;
        Ok(self.begin(tree.top(info.id), name.to_owned()).await?)
    }

    async fn begin(&self, top: SpaceId, name: String) -> Result<(), StoreError> {
        let (now, wanted) = (self.clock.now(), name.clone());
        self.store.write(move |conn| value_index::begin(conn, top, &wanted, now)).await?;
        self.refresh().await?;
        self.build(top, vec![name]).await
    }

    /// Begins an index below a top-level space because a question has shown the need; the work goes on in the background.
    pub(crate) fn demand(&self, top: SpaceId, name: &str) {
        let indexes = self.indexes.load();
        let many = indexes.known.get(&top).is_some_and(|all| all.len() >= MOST_DEMANDED);
        if many || indexes.is_known(top, name) {
            return;
        }
        let Some(registry) = self.me.upgrade() else { return };
        let name = name.to_owned();
        tokio::spawn(async move {
            let _one_at_a_time = registry.indexing.lock().await;
            if registry.indexes.load().is_known(top, &name) {
                return;
            }
            match registry.begin(top, name.clone()).await {
                Ok(()) => tracing::info!(attribute = name, space = top, "an index was made because questions need it"),
                Err(StoreError::Closed) => {}
                Err(e) => {
                    tracing::warn!(attribute = name, error = %e, "an index was not finished; it is at the next start")
                }
            }
        });
    }

    /// Goes on with indexes that were begun before the process ended.
    pub(crate) fn finish_indexes_behind(self: Arc<Self>) {
        tokio::spawn(async move {
            let _one_at_a_time = self.indexing.lock().await;
            let rows = self.store.read(|conn| value_index::list(conn)).await;
            let rows = match rows {
                Ok(rows) => rows,
                Err(error) => return tracing::warn!(%error, "which indexes are unfinished could not be read"),
            };
            for row in rows.into_iter().filter(|r| !r.ready) {
                match self.build(row.space, vec![row.name.clone()]).await {
                    Ok(()) | Err(StoreError::Closed) => {}
                    Err(e) => tracing::warn!(attribute = row.name, error = %e, "an index was not finished"),
                }
            }
        });
    }

    /// Reads the entities of before and gives them their keys.
    async fn build(&self, top: SpaceId, names: Vec<String>) -> Result<(), StoreError> {
        let rows = self.store.read(|conn| value_index::list(conn)).await?;
        let mine = |r: &&ValueIndexRow| r.space == top && names.contains(&r.name) && !r.ready;
        let Some(mut at) = rows.iter().filter(mine).map(|r| r.at).min() else { return Ok(()) };
        let names: HashSet<String> = rows.iter().filter(mine).map(|r| r.name.clone()).collect();
        let numbers: HashSet<i64> = names.iter().map(|n| number(n)).collect();
        let places = names.contains(PLACES);
        let indexes = self.indexes.load_full();
        let mut read = 0_u64;
        loop {
            let tree = self.spaces();
            let spaces: Vec<SpaceId> =
                tree.all().into_iter().map(|s| s.id).filter(|s| top == 0 || tree.top(*s) == top).collect();
            let page = EntityPage { spaces, after: Some(at), limit: STEP, ..EntityPage::default() };
            let (indexes, tree, names, numbers) = (indexes.clone(), tree.clone(), names.clone(), numbers.clone());
            let (count, last) = self
                .store
                .write(move |conn| {
                    let rows = svod_store::entity::page(conn, &page)?;
                    let mut wanted: Vec<(i64, i64, i64, IndexRow)> = Vec::new();
                    for row in &rows {
                        let entity = entity_of(row)?;
                        let (all, mark) = (indexes.rows(tree.top(row.space), &entity), mark(&entity));
                        let fits = |r: &IndexRow| match r.1 {
                            IndexKey::Cell(_) => places,
                            IndexKey::Value(_) => numbers.contains(&r.0),
                        };
                        wanted.extend(all.into_iter().filter(fits).map(|r| (row.space, row.id, mark, r)));
                    }
                    let added = wanted.iter().map(|(space, entity, kind, row)| Added {
                        space: *space,
                        entity: *entity,
                        kind: *kind,
                        row,
                    });
                    svod_store::entity::add_rows(conn, added)?;
                    let last = rows.last().map_or(at, |r| (r.space, r.id));
                    for name in &names {
                        value_index::advance(conn, top, name, last, number::count(rows.len()) < STEP)?;
                    }
                    Ok::<_, StoreError>((rows.len(), last))
                })
                .await?;
            at = last;
            read += count as u64;
            if number::count(count) < STEP {
                break;
            }
            if read.is_multiple_of(100_000) {
                tracing::info!(entities = read, "building an index");
            }
        }
        self.reload_indexes().await
    }

    /// Loads anew what writers must know.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        self.reload_indexes().await?;
        self.reload_spaces().await
    }
}
