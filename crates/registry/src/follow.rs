use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use svod_kernel::Urn;
use svod_model::Entity;
use svod_store::StoreError;

use crate::execute::entity_of;
use crate::{JournalEvent, Registry};

/// Events read at once.
const BATCH: i64 = 500;

/// What one step of the journal changed, in the journal's order.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// Events of one space, ascending by `seq`.
    pub events: Vec<JournalEvent>,
    /// Each changed entity as it stands now (possibly newer than the event).
    pub entities: Vec<Arc<Entity>>,
    /// Entities that are gone.
    pub deleted: Vec<Urn>,
}

impl Registry {
    /// Starts reading the journal from its present end and tells every receiver of [`Registry::changes`].
    pub(crate) async fn follow(self: Arc<Self>) -> Result<(), StoreError> {
        let mut heads = self.store.heads();
        let spaces = self.store.read(|conn| svod_store::space::list(conn)).await?;
        let mut known: HashMap<i64, i64> = spaces.into_iter().map(|s| (s.id, s.seq)).collect();
        self.told.store(Arc::new(known.clone()));
        tokio::spawn(async move {
            while heads.changed().await.is_ok() {
                let now = heads.borrow_and_update().clone();
                for (space, head) in now.iter() {
                    let from = known.get(space).copied().unwrap_or(0);
                    match self.tell(*space, from, *head).await {
                        Ok(told) => {
                            known.insert(*space, told);
                            self.told.store(Arc::new(known.clone()));
                        }
                        Err(StoreError::Closed) => return, // the platform is stopping
                        Err(e) => tracing::warn!(error = %e, space, "the journal could not be read; it is read again"),
                    }
                }
            }
        });
        Ok(())
    }

    async fn tell(&self, space: i64, mut from: i64, head: i64) -> Result<i64, StoreError> {
        while from < head {
            let (rows, entities) = self
                .store
                .read(move |conn| {
                    let rows = svod_store::journal::page(conn, space, from, BATCH)?;
                    let mut urns: Vec<String> = rows.iter().map(|r| r.event.urn.clone()).collect();
                    urns.sort();
                    urns.dedup();
                    let mut entities = svod_store::entity::get_many(conn, &urns)?;
                    entities.retain(|e| e.space == space);
                    Ok::<_, StoreError>((rows, entities))
                })
                .await?;
            let Some(last) = rows.last().map(|r| r.seq) else { break };
            from = last;
            if self.spaces().path(space).is_none() {
                self.reload_spaces().await?;
            }
            rows.iter().for_each(|r| self.cache.forget(&r.event.urn, None));
            entities.iter().for_each(|e| self.cache.forget(&e.urn, Some((e.space, e.id))));
            let entities: Vec<Arc<Entity>> = entities.iter().filter_map(|r| entity_of(r).ok().map(Arc::new)).collect();
            let events: Vec<JournalEvent> = rows.iter().filter_map(|r| self.event_of(r)).collect();
            let mut deleted: Vec<Urn> = events.iter().map(|e| e.entity.clone()).collect();
            deleted.retain(|u| !entities.iter().any(|e| &e.id == u));
            if space == 0 && events.iter().any(|e| e.action == "publish") {
                self.reload_catalogue().await?;
            }
            self.announced.fetch_add(1, Ordering::AcqRel);
            let _ = self.changes.send(Arc::new(Committed { events, entities, deleted })); // nobody listening is fine
        }
        Ok(from)
    }
}
