use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use svod_history::History;
use svod_kernel::{Timestamp, Urn, number};
use svod_model::Entity;
use svod_registry::Registry;
use svod_rules::Memo;
use svod_store::entity::{self, EntityPage, Keys};
use svod_store::{Conn, Store, StoreError};
use tokio::sync::broadcast;

use crate::live::{LiveEntity, LiveValue};
use crate::state::{Living, Standing, State, TASK, finished, ratio};
use crate::stream::{FRAME, Frame};

/// Decisions remembered by their inputs: sensors repeat their values.
const MEMO: usize = 65_536;

/// Frames a slow map may be behind.
const FRAMES_KEPT: usize = 64;

/// Rows read at once when the twin is built.
const LOAD_PAGE: usize = 5_000;

/// From so many entities of a passing type on, those with a place are found by the index of places before any is read.
const MANY: i64 = 5_000;

/// Types that come and go, with the states in which they are still on the map: the rest of them is history.
const PASSING: &[(&str, &str)] = &[("Alert", "open"), ("Task", "offered"), ("Task", "taken")];

/// Why the twin could not be built.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The present state of everything that flows; see the crate's page.
pub struct Twin {
    pub(crate) registry: Arc<Registry>,
    store: Store,
    history: Arc<History>,
    state: RwLock<State>,
    pub(crate) memo: Memo,
    pub(crate) frames: broadcast::Sender<Arc<Frame>>,
    pub(crate) swept: Mutex<HashMap<String, Timestamp>>,
    pub(crate) started: Timestamp,
}

impl Twin {
    /// Builds the twin from the store and history, and keeps it current.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(registry: Arc<Registry>, store: Store, history: Arc<History>) -> Result<Arc<Self>, TwinError> {
        let started = registry.clock().now();
        let twin = Arc::new(Self {
            registry,
            store,
            history,
            state: RwLock::default(),
            memo: Memo::new(MEMO),
            frames: broadcast::channel(FRAMES_KEPT).0,
            swept: Mutex::default(),
            started,
        });
        let changes = twin.registry.changes();
        twin.load().await?;
        tokio::spawn(twin.clone().follow(changes));
        tokio::spawn(twin.clone().tick());
        Ok(twin)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// One entity as it is now.
    pub fn entity(&self, urn: &Urn) -> Option<LiveEntity> {
        self.read().entities.get(urn).cloned()
    }

    /// Every entity that `wanted` lets through, as it is now.
    pub fn entities(&self, mut wanted: impl FnMut(&LiveEntity) -> bool) -> Vec<LiveEntity> {
        self.read().entities.values().filter(|l| wanted(l)).cloned().collect()
    }

    /// True when an entity like this lives here.
    pub fn holds(&self, entity: &Entity) -> bool {
        !finished(entity) && Living::of(&self.registry.catalogue()).takes(entity)
    }

    /// How many entities it holds.
    pub fn len(&self) -> usize {
        self.read().entities.len()
    }

    /// True when it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads entities, newest observations, and what is already found but not yet dealt with.
    async fn load(&self) -> Result<(), StoreError> {
        let catalogue = self.registry.catalogue();
        let mut fresh = State::default();
        self.load_entities(&Living::of(&catalogue), &mut fresh).await?;
        for row in self.history.latest().await? {
            let Some(entity) = fresh.entities.get_mut(&row.key.urn) else { continue };
            let value = row.observation.value.clone();
            let ratio = ratio(&catalogue.metamodel, &entity.entity.kind, &row.key.attribute, value.number());
            entity.take(
                &row.key.attribute,
                LiveValue {
                    value,
                    at: row.observation.at,
                    received: row.observation.received,
                    simulated: row.observation.simulated,
                    ratio,
                },
            );
        }
        for f in self.store.read(|conn| svod_store::finding::page(conn, 0, 100_000)).await? {
            let f = f.finding;
            let Ok(urn) = f.urn.parse() else { continue };
            let raising = f.body.contains("\"action\":\"raise\"");
            let standing = if raising { Standing::Raising } else { Standing::Clearing };
            fresh.alerts.insert((f.trigger_id, urn, f.attribute), standing);
        }
        fresh.dirty = fresh.entities.keys().cloned().collect();
        let mut state = self.write();
        fresh.keep_newer(&mut state);
        *state = fresh;
        Ok(())
    }

    async fn load_entities(&self, living: &Living, fresh: &mut State) -> Result<(), StoreError> {
        let passing = |t: &&str| PASSING.iter().any(|(p, _)| p == t);
        let mut standing: Vec<String> =
            living.types().into_iter().filter(|t| !passing(t)).map(ToOwned::to_owned).collect();
        standing.sort();
        self.load_pages(standing, Vec::new(), living, fresh).await?;
        for (kind, status) in PASSING.iter().filter(|(kind, _)| living.placed(kind).is_none()) {
            let filter = vec![("status".to_owned(), (*status).to_owned())];
            self.load_pages(vec![(*kind).to_owned()], filter, living, fresh).await?;
        }
        match living.placed(TASK) {
            Some(geometry) => self.load_placed(TASK, geometry, living, fresh).await,
            None => Ok(()),
        }
    }

    /// Reads those of a passing type that have a place and are not over: however many others there are of either.
    async fn load_placed(
        &self,
        kind: &str,
        geometry: &str,
        living: &Living,
        fresh: &mut State,
    ) -> Result<(), StoreError> {
        let (attribute, mark) = (svod_registry::numbered(geometry), svod_registry::numbered(kind));
        for space in self.registry.spaces().all().iter().map(|s| s.id) {
            let states = PASSING.iter().filter(|(passing, _)| *passing == kind);
            let keys: Vec<Keys> = states
                .map(|(_, status)| {
                    let (attribute, key) = svod_registry::indexed("status", status);
                    Keys { space, attribute, low: key.clone(), high: key }
                })
                .collect();
            let found = move |conn: &mut dyn Conn| entity::placed(conn, &keys, (space, attribute), (mark, MANY));
            for ids in self.store.read(found).await?.chunks(LOAD_PAGE) {
                let ids = ids.to_vec();
                let mut rows = self.store.read(move |conn| entity::by_ids(conn, space, &ids)).await?;
                rows.retain(|row| row.kind == kind);
                fresh.read(&rows, living);
            }
        }
        Ok(())
    }

    async fn load_pages(
        &self,
        types: Vec<String>,
        filters: Vec<(String, String)>,
        living: &Living,
        fresh: &mut State,
    ) -> Result<(), StoreError> {
        if types.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = self.registry.spaces().all().iter().map(|s| s.id).collect();
        let mut after = None;
        loop {
            let wanted = EntityPage {
                spaces: ids.clone(),
                types: types.clone(),
                marks: types.iter().map(|kind| svod_registry::numbered(kind)).collect(),
                filters: filters.iter().map(|(name, value)| svod_registry::indexed(name, value)).collect(),
                after,
                limit: number::count(LOAD_PAGE),
            };
            let rows = self.store.read(move |conn| entity::page(conn, &wanted)).await?;
            fresh.read(&rows, living);
            match rows.last() {
                Some(last) if rows.len() == LOAD_PAGE => after = Some((last.space, last.id)),
                _ => return Ok(()),
            }
        }
    }

    async fn follow(self: Arc<Self>, mut changes: broadcast::Receiver<Arc<svod_registry::Committed>>) {
        let mut generation = self.registry.catalogue_changes();
        let mut living = Living::of(&self.registry.catalogue());
        loop {
            let reload = tokio::select! {
                told = changes.recv() => match told {
                    Ok(committed) => {
                        let mut state = self.write();
                        for e in &committed.entities {
                            state.put(e.clone(), &living);
                        }
                        for urn in &committed.deleted {
                            state.remove(urn);
                        }
                        false
                    }
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "the twin fell behind the journal and is built anew");
                        true
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                published = generation.changed() => match published {
                    Ok(()) => true,
                    Err(_) => return,
                },
            };
            if reload {
                living = Living::of(&self.registry.catalogue());
            }
            match if reload { self.load().await } else { Ok(()) } {
                Ok(()) => {}
                Err(StoreError::Closed) => return, // the platform is stopping
                Err(e) => tracing::warn!(error = %e, "the twin could not be built anew; it goes on as it was"),
            }
        }
    }

    async fn tick(self: Arc<Self>) {
        let mut every = tokio::time::interval(FRAME);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            self.flush();
            metrics::gauge!("svod_twin_entities").set(self.len() as f64);
        }
    }
}
