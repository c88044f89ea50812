use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use svod_kernel::Urn;
use svod_model::Entity;
use svod_store::journal::{EventRow, NewEvent};
use svod_store::{News, StoreError};

use crate::execute::entity_of;
use crate::{JournalEvent, Registry, SpaceId};

/// When the journal is read again that could not be read.
const AGAIN: Duration = Duration::from_millis(200);
/// Events read at once.
const BATCH: i64 = 500;

/// What a job of this node left behind for whoever follows the journal, see [`svod_store::News`].
pub(crate) struct Fresh {
    pub events: Vec<NewEvent>,
    pub entities: Vec<Arc<Entity>>,
    pub tombstones: Vec<Arc<Entity>>,
}

/// How far the journal of a space was told.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    seq: i64,
    /// The last stretch was full: there may be more, and entities told with it may be newer than what comes next.
    full: bool,
}

/// What one step of the journal changed, in the journal's order.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// Of which space.
    pub space: SpaceId,
    /// Events of one space, ascending by `seq`.
    pub events: Vec<JournalEvent>,
    /// Each changed entity as it stands now (possibly newer than the event).
    pub entities: Vec<Arc<Entity>>,
    /// Entities that are gone.
    pub deleted: Vec<Urn>,
    /// What they were, as far as that is kept.
    pub tombstones: Vec<Arc<Entity>>,
}

impl Committed {
    /// Number of the first event and of the last.
    pub fn stretch(&self) -> (i64, i64) {
        let at = |e: Option<&JournalEvent>| e.map_or(0, |e| e.seq);
        (at(self.events.first()), at(self.events.last()))
    }
}

impl Registry {
    /// Starts reading the journal from its present end and tells every receiver of [`Registry::changes`].
    pub(crate) async fn follow(self: Arc<Self>) -> Result<(), StoreError> {
        let mut heads = self.store.heads();
        let spaces = self.store.read(|conn| svod_store::space::list(conn)).await?;
        let mut known: HashMap<i64, Told> =
            spaces.into_iter().map(|s| (s.id, Told { seq: s.seq, full: false })).collect();
        let seqs = |known: &HashMap<i64, Told>| Arc::new(known.iter().map(|(space, t)| (*space, t.seq)).collect());
        self.told.store(seqs(&known));
        tokio::spawn(async move {
            let mut behind = false;
            loop {
                let told_of = heads.changed();
                let news =
                    if behind { tokio::time::timeout(AGAIN, told_of).await.unwrap_or(Ok(())) } else { told_of.await };
                if news.is_err() {
                    return;
                }
                behind = false;
                let now = heads.borrow_and_update().clone();
                for (space, head) in now.iter() {
                    let at = known.entry(*space).or_default();
                    let before = at.seq;
                    let outcome = self.tell(*space, at, *head).await;
                    if at.seq != before {
                        self.told.store(seqs(&known));
                    }
                    match outcome {
                        Ok(()) => {}
                        Err(StoreError::Closed) => return, // the platform is stopping
                        Err(e) => {
                            tracing::warn!(error = %e, space, "the journal could not be read; it is read again");
                            behind = true; // nobody may write again for long
                        }
                    }
                }
            }
        });
        Ok(())
    }

    /// Tells what a space's journal has up to `head`; `from` is how far it came, also where it ends with an error.
    async fn tell(&self, space: SpaceId, from: &mut Told, head: i64) -> Result<(), StoreError> {
        while from.seq < head {
            let fresh = if from.full { None } else { self.fresh(space, from.seq) };
            let (last, step, full) = match fresh {
                Some((last, step)) => (last, step, false),
                None => {
                    let Some((last, step)) = self.step(space, from.seq).await? else { break };
                    step.events.iter().for_each(|e| self.cache.forget(e.entity.as_str(), None));
                    let full = last - from.seq >= BATCH; // numbers have no gaps
                    (last, step, full)
                }
            };
            let of_packs = |e: &JournalEvent| ["publish", "try", "withdraw"].contains(&e.action.as_str());
            if space == 0 && step.events.iter().any(of_packs) {
                self.reload_catalogue().await?;
            }
            self.learn_grounds(step.entities.iter().map(|e| &**e));
            self.announced.fetch_add(1, Ordering::AcqRel);
            let _ = self.changes.send(Arc::new(step)); // nobody listening is fine
            *from = Told { seq: last, full };
        }
        Ok(())
    }

    /// What this node has just committed after that event.
    fn fresh(&self, space: SpaceId, after: i64) -> Option<(i64, Committed)> {
        self.spaces().path(space)?;
        let News { first, last, content } = self.store.news(space, after)?;
        let Fresh { events, entities, tombstones } = *content.downcast::<Fresh>().ok()?;
        let rows = (first..).zip(events).map(|(seq, event)| EventRow { space, seq, event });
        let events: Vec<JournalEvent> = rows.filter_map(|row| self.event_of(row)).collect();
        Some((last, committed(space, events, entities, tombstones)))
    }

    /// The events of a space after one of them, a stretch at a time, and the number of the last; none at the end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn committed_after(
        &self,
        space: SpaceId,
        seq: i64,
    ) -> Result<Option<(i64, Committed)>, crate::QueryError> {
        Ok(self.step(space, seq).await?)
    }

    /// The events of a space after one of them, and the number of the last; none at the end.
    pub(crate) async fn step(&self, space: SpaceId, from: i64) -> Result<Option<(i64, Committed)>, StoreError> {
        let (rows, entities, stones) = self
            .store
            .read(move |conn| {
                let rows = svod_store::journal::page(conn, space, from, BATCH)?;
                let mut urns: Vec<String> = rows.iter().map(|r| r.event.urn.clone()).collect();
                urns.sort();
                urns.dedup();
                let entities = svod_store::entity::get_many(conn, &urns, &[space])?;
                urns.retain(|u| !entities.iter().any(|e| e.urn == *u));
                let gone = rows.iter().any(|r| r.event.action == "delete");
                let stones = if gone { svod_store::entity::tombstones(conn, &urns, &[space])? } else { Vec::new() };
                Ok::<_, StoreError>((rows, entities, stones))
            })
            .await?;
        let Some(last) = rows.last().map(|r| r.seq) else { return Ok(None) };
        if self.spaces().path(space).is_none() {
            self.reload_spaces().await?;
        }
        entities.iter().for_each(|e| self.cache.forget(&e.urn, Some((e.space, e.id))));
        let entities: Vec<Arc<Entity>> = entities.iter().filter_map(|r| entity_of(r).ok().map(Arc::new)).collect();
        let events: Vec<JournalEvent> = rows.into_iter().filter_map(|r| self.event_of(r)).collect();
        let mine = stones.iter().filter(|t| t.space == space);
        let tombstones = mine.filter_map(|t| serde_json::from_str(&t.doc).ok().map(Arc::new)).collect();
        Ok(Some((last, committed(space, events, entities, tombstones))))
    }
}

fn committed(
    space: SpaceId,
    events: Vec<JournalEvent>,
    entities: Vec<Arc<Entity>>,
    tombstones: Vec<Arc<Entity>>,
) -> Committed {
    let there: HashSet<&Urn> = entities.iter().map(|e| &e.id).collect();
    let deleted = events.iter().filter(|e| !there.contains(&e.entity)).map(|e| e.entity.clone()).collect();
    Committed { space, events, entities, deleted, tombstones }
}
