//! External id of a device to the entity whose attributes it observes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::{Entity, Metamodel};
use svod_registry::{Committed, EntityQuery, QueryError, Registry};
use svod_store::StoreError;
use tokio::sync::broadcast::error::RecvError;

/// The attribute that holds a device's external id.
const DEVICE_ID: &str = "deviceId";

/// A device: an entity with an external id.
#[derive(Debug)]
pub struct Device {
    /// The entity.
    pub urn: Urn,
    /// Its type.
    pub kind: String,
    /// Key of its space in the store.
    pub space: i64,
    /// Its space.
    pub path: SpacePath,
    /// The external id.
    pub id: String,
    /// Attribute to series in history, as far as readings came.
    series: RwLock<HashMap<Arc<str>, i64>>,
}

impl Device {
    pub(crate) fn new(urn: Urn, kind: String, space: i64, path: SpacePath, id: String) -> Self {
        Self { urn, kind, space, path, id, series: RwLock::default() }
    }

    /// The attribute's shared name and series, when known.
    pub(crate) fn series(&self, attribute: &str) -> Option<(Arc<str>, i64)> {
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner);
        known.get_key_value(attribute).map(|(name, id)| (Arc::clone(name), *id))
    }

    pub(crate) fn learn(&self, attribute: &Arc<str>, series: i64) {
        self.series.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(attribute), series);
    }
}

#[derive(Default)]
struct Index {
    by_id: HashMap<String, Vec<Arc<Device>>>,
    by_urn: HashMap<Urn, String>,
}

impl Index {
    fn remove(&mut self, urn: &Urn) {
        if let Some(id) = self.by_urn.remove(urn)
            && let Some(devices) = self.by_id.get_mut(&id)
        {
            devices.retain(|d| &d.urn != urn);
            if devices.is_empty() {
                self.by_id.remove(&id);
            }
        }
    }

    fn put(&mut self, device: Device) {
        let same = self.by_id.get(&device.id).is_some_and(|all| {
            all.iter().any(|d| d.urn == device.urn && d.kind == device.kind && d.space == device.space)
        });
        if same {
            return; // its series stay known
        }
        self.remove(&device.urn);
        self.by_urn.insert(device.urn.clone(), device.id.clone());
        self.by_id.entry(device.id.clone()).or_default().push(Arc::new(device));
    }
}

/// All devices, in memory, kept current from the registry's changes.
pub struct DeviceDirectory {
    registry: Arc<Registry>,
    index: RwLock<Index>,
    /// How many announcements of the registry have been taken in.
    applied: AtomicU64,
}

/// How long news of devices are waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl DeviceDirectory {
    /// Loads all devices and follows the registry from there. Call within a tokio runtime.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn open(registry: Arc<Registry>) -> Result<Arc<Self>, QueryError> {
        let directory = Arc::new(Self { registry, index: RwLock::default(), applied: AtomicU64::new(0) });
        let mut changes = directory.registry.changes();
        directory.applied.store(directory.registry.announced(), Ordering::Release);
        let mut published = directory.registry.catalogue_changes();
        published.mark_unchanged();
        directory.load().await?;
        let weak = Arc::downgrade(&directory);
        tokio::spawn(async move {
            loop {
                let change = tokio::select! {
                    change = changes.recv() => change,
                    more = published.changed() => match more {
                        // Types may have become devices.
                        Ok(()) => Err(RecvError::Lagged(0)),
                        Err(_) => return,
                    },
                };
                let Some(directory) = weak.upgrade() else { return };
                match change {
                    Ok(committed) => {
                        directory.apply(&committed);
                        directory.applied.fetch_add(1, Ordering::AcqRel);
                    }
                    Err(RecvError::Lagged(missed)) => {
                        directory.applied.fetch_add(missed, Ordering::AcqRel);
                        if let Err(error) = directory.load().await {
                            if matches!(error, QueryError::Store(StoreError::Closed)) {
                                return; // the platform is stopping
                            }
                            tracing::error!(%error, "the device directory could not be loaded anew");
                        }
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Ok(directory)
    }

    /// Waits until all devices committed so far are known; false when they were. A reading that comes right after its
    /// device was made is not refused for it.
    pub(crate) async fn catch_up(&self) -> bool {
        let all = || self.applied.load(Ordering::Acquire) >= self.registry.announced();
        let current = || self.registry.is_all_announced() && all();
        if current() {
            return false;
        }
        let waited = tokio::time::timeout(PATIENCE, async {
            while !current() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        if waited.await.is_err() {
            tracing::warn!("news of devices take long; a reading of an unknown one goes to quarantine");
        }
        true
    }

    /// Reads all devices again: after it, everything committed before the call is known.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub async fn load(&self) -> Result<(), QueryError> {
        let actor = Actor::platform("ingest");
        let catalogue = self.registry.catalogue();
        let types = catalogue.metamodel.types.values();
        let kinds: Vec<String> =
            types.filter(|t| t.attributes.contains_key(DEVICE_ID)).map(|t| t.name.clone()).collect();
        let mut fresh = Vec::new();
        if !kinds.is_empty() {
            let tops: Vec<SpacePath> = self
                .registry
                .spaces()
                .all()
                .iter()
                .filter(|s| s.path.parent().is_none())
                .map(|s| s.path.clone())
                .collect();
            for space in tops {
                let mut after = None;
                loop {
                    let query = EntityQuery {
                        space: space.clone(),
                        below: true,
                        types: kinds.clone(),
                        filters: Vec::new(),
                        after,
                        limit: 1_000,
                    };
                    let page = self.registry.query(&actor, query).await?;
                    fresh.extend(page.items.iter().filter_map(|e| self.device(e)));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
            }
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let known: std::collections::HashSet<Urn> = fresh.iter().map(|d| d.urn.clone()).collect();
        let gone: Vec<Urn> = index.by_urn.keys().filter(|u| !known.contains(u)).cloned().collect();
        gone.iter().for_each(|u| index.remove(u));
        fresh.into_iter().for_each(|d| index.put(d));
        Ok(())
    }

    fn apply(&self, committed: &Committed) {
        let changed: Vec<_> = committed.entities.iter().map(|e| (&e.id, self.device(e))).collect();
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for (urn, device) in changed {
            match device {
                Some(d) => index.put(d),
                None => index.remove(urn),
            }
        }
        committed.deleted.iter().for_each(|u| index.remove(u));
    }

    fn device(&self, entity: &Entity) -> Option<Device> {
        let id = match entity.value(DEVICE_ID)? {
            serde_json::Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let space = self.registry.spaces().get(&entity.space)?.id;
        Some(Device::new(entity.id.clone(), entity.kind.clone(), space, entity.space.clone(), id))
    }

    /// The device of that external id whose type is `kind` or inherits from it, below `top` where that is given.
    pub fn find(&self, metamodel: &Metamodel, kind: &str, top: Option<&SpacePath>, id: &str) -> Option<Arc<Device>> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let fits = |d: &&Arc<Device>| {
            top.is_none_or(|t| t.covers(&d.path)) && (d.kind == kind || metamodel.is_a(&d.kind, kind))
        };
        index.by_id.get(id)?.iter().find(fits).cloned()
    }

    /// How many devices are known.
    pub fn len(&self) -> usize {
        self.index.read().unwrap_or_else(PoisonError::into_inner).by_urn.len()
    }

    /// True when none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(n: u32, id: &str, space: &str) -> Device {
        let urn = format!("urn:svod:plough:{n}").parse().unwrap();
        Device::new(urn, "Plough".into(), 1, space.parse().unwrap(), id.into())
    }

    #[test]
    fn an_entity_has_one_place_in_the_index() {
        let mut index = Index::default();
        index.put(device(1, "a", "k"));
        index.by_id["a"][0].learn(&"speed".into(), 9);
        index.put(device(1, "a", "k"));
        assert_eq!(index.by_id["a"][0].series("speed").map(|s| s.1), Some(9), "an unchanged device forgot its series");
        index.put(device(1, "b", "k"));
        assert!(!index.by_id.contains_key("a"));
        index.put(device(2, "b", "n"));
        assert_eq!(index.by_id["b"].len(), 2);
        index.remove(&"urn:svod:plough:1".parse().unwrap());
        index.remove(&"urn:svod:plough:2".parse().unwrap());
        assert!(index.by_id.is_empty() && index.by_urn.is_empty());
    }
}
