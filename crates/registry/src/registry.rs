use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use svod_kernel::{Actor, Clock, Rng, SpacePath};
use svod_policy::{Action, ResourceRef};
use svod_store::{Store, StoreError};
use tokio::sync::{Mutex, broadcast, watch};

use crate::cache::Cache;
use crate::combine::Waiting;
use crate::grounds::Grounds;
use crate::guess::{Guessed, Guesses};
use crate::index::Indexes;
use crate::programs::Shelf;
use crate::view::View;
use crate::{Catalogue, Committed, INSTALLATION, QueryError, SpaceId, SpaceInfo, SpaceTree};

/// Committed changes a slow projection may be behind before it must load anew.
const CHANGES_KEPT: usize = 4_096;

/// What the registry stands on.
pub struct RegistryDeps {
    /// Entities and journal.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance, for new identifiers.
    pub rng: Arc<dyn Rng>,
    /// Bytes of entities kept in memory at the most.
    pub cache_bytes: u64,
}

/// The one door to the graph: see the crate's page.
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) catalogue: ArcSwap<Catalogue>,
    pub(crate) generation: watch::Sender<u64>,
    pub(crate) spaces: ArcSwap<SpaceTree>,
    pub(crate) changes: broadcast::Sender<Arc<Committed>>,
    /// Up to which event of each space the receivers of `changes` have been told, and how often they were.
    pub(crate) told: ArcSwap<HashMap<i64, i64>>,
    pub(crate) announced: AtomicU64,
    /// Who may look at whose personal data now.
    pub(crate) grounds: ArcSwap<Grounds>,
    /// Who tries which values of hidden entities are taken.
    pub(crate) guesses: Arc<Guesses>,
    pub(crate) publishing: Mutex<()>,
    /// One reading of the packs in force at a time: an older one must not take the place of a newer.
    pub(crate) reloading: Mutex<()>,
    /// Operations of service tasks that connectors of this installation have.
    pub(crate) operations: ArcSwap<BTreeSet<String>>,
    pub(crate) indexes: ArcSwap<Indexes>,
    pub(crate) indexing: Mutex<()>,
    /// Entities that were looked at in vain for want of an index, by top-level space and attribute.
    pub(crate) wanted: std::sync::Mutex<HashMap<(SpaceId, String), usize>>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) waiting: Waiting,
    pub(crate) shelf: Shelf,
    /// For work that goes on behind a question.
    pub(crate) me: Weak<Self>,
}

impl Registry {
    /// Opens the registry over a store: reads the spaces and compiles the packs published before.
    ///
    /// # Errors
    /// When the store fails. A stored pack that no longer compiles is reported in the log and left out, so that the
    /// platform starts and it can be mended.
    pub async fn open(deps: RegistryDeps) -> Result<Arc<Self>, StoreError> {
        Self::open_with(deps, Arc::new(Catalogue::empty())).await
    }

    /// As [`Registry::open`] over a store whose packs were compiled before, which takes most of the time: they are not
    /// compiled again when they are the same.
    ///
    /// # Errors
    /// As [`Registry::open`].
    pub async fn open_with(deps: RegistryDeps, compiled: Arc<Catalogue>) -> Result<Arc<Self>, StoreError> {
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let cache = Arc::new(Cache::new(deps.cache_bytes, deps.store.engine()));
        let registry = Arc::new_cyclic(|me| Self {
            store: deps.store,
            clock: deps.clock,
            rng: deps.rng,
            generation: watch::channel(compiled.generation).0,
            catalogue: ArcSwap::new(compiled),
            spaces: ArcSwap::default(),
            changes,
            told: ArcSwap::default(),
            announced: AtomicU64::new(0),
            grounds: ArcSwap::default(),
            guesses: Arc::default(),
            publishing: Mutex::new(()),
            reloading: Mutex::new(()),
            operations: ArcSwap::default(),
            indexes: ArcSwap::default(),
            indexing: Mutex::new(()),
            wanted: std::sync::Mutex::default(),
            cache,
            waiting: Waiting::default(),
            shelf: Shelf::default(),
            me: me.clone(),
        });
        registry.refresh().await?;
        registry.declared_indexes(Vec::new()).await?;
        registry.reload_catalogue().await?;
        registry.clone().finish_indexes_behind();
        registry.clone().sweep_behind();
        registry.clone().follow().await?;
        match registry.load_grounds().await {
            Ok(()) => {}
            Err(QueryError::Store(e)) => return Err(e),
            // Then nobody has any, and opens what they need again.
            Err(error) => tracing::error!(%error, "accesses to personal data that hold could not be looked up"),
        }
        Ok(registry)
    }

    /// Processes may ask for these operations as well: connectors of this installation have them. Said before packs that
    /// name them are published.
    pub fn knows_operations(&self, names: impl IntoIterator<Item = impl Into<String>>) {
        let known = self.operations.load_full();
        let all: BTreeSet<String> = known.iter().cloned().chain(names.into_iter().map(Into::into)).collect();
        self.operations.store(Arc::new(all));
    }

    /// The published packs, compiled.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.load_full()
    }

    /// Wakes when packs have been published; holds the catalogue's generation.
    pub fn catalogue_changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Committed changes in journal order of each space. A receiver that lags must load anew.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.changes.subscribe()
    }

    /// Who hits upon values of hidden entities from now on.
    pub fn guesses(&self) -> broadcast::Receiver<Guessed> {
        self.guesses.signs()
    }

    /// How often the receivers of [`Registry::changes`] have been told something.
    pub fn announced(&self) -> u64 {
        self.announced.load(Ordering::Acquire)
    }

    /// The last event of each space that has one.
    pub fn heads(&self) -> Arc<HashMap<i64, i64>> {
        self.told.load_full()
    }

    /// True when they have been told of every committed event.
    pub fn is_all_announced(&self) -> bool {
        let (heads, told) = (self.store.heads(), self.told.load());
        let heads = heads.borrow();
        heads.iter().all(|(space, head)| told.get(space).is_some_and(|t| t >= head))
    }

    /// The tree of spaces.
    pub fn spaces(&self) -> Arc<SpaceTree> {
        self.spaces.load_full()
    }

    /// The clock everything above uses.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The chance everything above uses.
    pub fn rng(&self) -> &Arc<dyn Rng> {
        &self.rng
    }

    /// May this actor do this?
    pub fn may(&self, actor: &Actor, action: Action, resource: &ResourceRef) -> bool {
        resource.open || self.catalogue.load().policies.allows(actor, action, resource)
    }

    /// What is in force now. The spaces first: their epoch must not be newer than the rest.
    pub(crate) fn view(&self) -> View {
        let spaces = self.spaces();
        let now = self.clock.now();
        View { catalogue: self.catalogue(), spaces, grounds: self.grounds.load_full(), now, present: now }
    }

    /// A resource of that kind in that space, with the space's openness filled in.
    pub fn resource(&self, kind: &str, space: &SpacePath) -> ResourceRef {
        let open = self.spaces.load().get(space).is_some_and(|s| s.open);
        ResourceRef { open, ..ResourceRef::new(kind, space.clone()) }
    }

    /// The installation's own resource of that kind (`Pack`, `Metrics`).
    ///
    /// # Panics
    /// Never: the name is a literal.
    pub fn installation(&self, kind: &str) -> ResourceRef {
        self.resource(kind, &INSTALLATION.parse().expect("a literal of lower-case letters is a space"))
    }

    /// Makes sure that a space exists, with those above it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ensure_space(&self, path: &SpacePath, open: bool) -> Result<(), StoreError> {
        self.ensure_spaces(vec![path.clone()], open).await
    }

    pub(crate) async fn ensure_spaces(&self, paths: Vec<SpacePath>, open: bool) -> Result<(), StoreError> {
        let tree = self.spaces();
        let mut wanted: Vec<SpacePath> = paths.iter().flat_map(SpacePath::lineage).collect();
        wanted.retain(|p| tree.get(p).is_none());
        wanted.sort();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        self.store
            .write(move |conn| {
                for path in &wanted {
                    svod_store::space::ensure(conn, path.as_str(), open)?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        self.reload_spaces().await
    }

    pub(crate) async fn reload_spaces(&self) -> Result<(), StoreError> {
        let rows = self.store.read(|conn| svod_store::space::list(conn)).await?;
        let tree = SpaceTree::new(rows.into_iter().filter_map(|r| {
            let path = r.path.parse().ok()?;
            Some(SpaceInfo { id: r.id, path, open: r.open, epoch: r.epoch })
        }));
        self.spaces.store(Arc::new(tree));
        Ok(())
    }
}
