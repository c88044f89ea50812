//! Nobody knows what a refused message holds, so that its payload counts as data of people: who wants to see it says what for, and
//! that is written down before it is shown.

use std::sync::PoisonError;

use svod_kernel::{Actor, Role, Timestamp};
use svod_registry::Action;
use svod_store::journal::{self, NewEvent};
use svod_store::quarantine::QuarantineRow;
use svod_store::{Conn, StoreError};

use crate::quarantine::{Quarantine, QuarantineError};

/// So long payloads stay open, in seconds.
pub const LOOK_SECONDS: i64 = 3600;
/// Longest and shortest reason, in characters.
const LONGEST: usize = 1_000;
const SHORTEST: usize = 5;

impl Quarantine {
    /// Opens payloads to the actor for a while; until when. Who looks, when and what for stands from then on in the journal of each
    /// territory whose messages they may look at.
    ///
    /// # Errors
    /// [`QuarantineError::Forbidden`], [`QuarantineError::Reason`], [`QuarantineError::Store`].
    pub async fn look(&self, actor: &Actor, reason: &str) -> Result<Timestamp, QuarantineError> {
        let mine = self.spaces(actor, Action::ReadQuarantine)?;
        let reason = reason.trim();
        if !(SHORTEST..=LONGEST).contains(&reason.chars().count()) {
            return Err(QuarantineError::Reason);
        }
        let (inner, tree) = (&self.ingest.0, self.ingest.0.registry.spaces());
        let now = inner.now();
        // The uppermost of them: those beneath lie in it.
        let covered = |id: i64| {
            let path = tree.path(id).and_then(|path| path.parent());
            path.and_then(|above| tree.get(&above).map(|s| s.id)).is_some_and(|above| mine.contains(&above))
        };
        let event = |id: &i64| {
            let path = tree.path(*id)?.to_string();
            let event = NewEvent {
                at: now,
                actor: actor.id.clone(),
                actor_name: actor.name.clone(),
                action: "look".to_owned(),
                urn: format!("urn:svod:quarantine:{}", path.replace('/', ".")),
                kind: "Quarantine".to_owned(),
                // It is no state of an entity.
                version: 0,
                ground: reason.to_owned(),
                cause: None,
                changes: journal::NOTHING.to_owned(),
                on_behalf: None,
            };
            Some((*id, event))
        };
        let events: Vec<(i64, NewEvent)> = mine.iter().filter(|id| !covered(**id)).filter_map(event).collect();
        let job = move |conn: &mut dyn Conn| {
            for (space, event) in &events {
                journal::append(conn, *space, std::slice::from_ref(event))?;
            }
            Ok::<_, StoreError>(())
        };
        inner.store.write(job).await?;
        tracing::info!(actor = %actor.id, "payloads of quarantine opened");
        let until = now.plus_seconds(LOOK_SECONDS);
        let mut looks = inner.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|_, until| now < *until);
        looks.insert(actor.id.clone(), until);
        Ok(until)
    }

    /// Are payloads open to the actor? To the platform itself they always are.
    pub fn is_open(&self, actor: &Actor) -> bool {
        let inner = &self.ingest.0;
        let looks = inner.looks.lock().unwrap_or_else(PoisonError::into_inner);
        actor.is(Role::Platform) || looks.get(&actor.id).is_some_and(|until| inner.now() < *until)
    }

    /// A message as the actor may see it.
    pub(crate) fn shown(&self, actor: &Actor, mut row: QuarantineRow) -> QuarantineRow {
        if !self.is_open(actor) {
            row.message.payload.clear();
        }
        row
    }
}
