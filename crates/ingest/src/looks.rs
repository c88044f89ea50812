//! Nobody knows what a refused message holds, so that its payload counts as data of people: who wants to see it says what for, and
//! that is written down before it is shown.

use std::sync::PoisonError;

use svod_kernel::{Actor, Role, Timestamp};
use svod_registry::Action;
use svod_store::journal::{self, NewEvent};
use svod_store::quarantine::QuarantineRow;
use svod_store::{Conn, StoreError};

use crate::message::origin;
use crate::quarantine::{Quarantine, QuarantineError};

/// So long payloads stay open, in seconds.
pub const LOOK_SECONDS: i64 = 3600;
/// Longest and shortest reason, in characters.
const LONGEST: usize = 1_000;
const SHORTEST: usize = 5;

/// Reasons that come alone and whose detail says nothing of what the payload holds; those of all others name values or fields of it.
const TELL_NO_VALUE: &[&str] = &["malformed-payload", "unknown-topic"];

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
        // Who has several posts has one number in all: what they said in one opens what its journals know of, nothing of the others.
        looks.extend(mine.into_iter().map(|space| ((actor.id.clone(), space), until)));
        Ok(until)
    }

    /// Are all payloads open that the actor may look at? To the platform itself they always are.
    pub fn is_open(&self, actor: &Actor) -> bool {
        actor.is(Role::Platform)
            || self.spaces(actor, Action::ReadQuarantine).is_ok_and(|mine| self.all_open(actor, &mine))
    }

    /// Is the payload of this message open to the actor?
    pub fn is_open_for(&self, actor: &Actor, row: &QuarantineRow) -> bool {
        actor.is(Role::Platform) || self.all_open(actor, &[row.message.space])
    }

    fn all_open(&self, actor: &Actor, spaces: &[i64]) -> bool {
        let inner = &self.ingest.0;
        let (now, looks) = (inner.now(), inner.looks.lock().unwrap_or_else(PoisonError::into_inner));
        spaces.iter().all(|space| looks.get(&(actor.id.clone(), *space)).is_some_and(|until| now < *until))
    }

    /// A message as the actor may see it: where it is closed, without its payload and without what was said of values in it.
    pub(crate) fn shown(&self, actor: &Actor, mut row: QuarantineRow) -> QuarantineRow {
        if self.is_open_for(actor, &row) {
            return row;
        }
        let message = &mut row.message;
        message.payload.clear();
        if !TELL_NO_VALUE.contains(&message.reason.as_str()) {
            message.detail.clear();
        }
        // A device that nobody knows may have been named by the payload; in a topic it stands for everybody.
        let (_, topic) = origin(&message.source);
        let in_topic = |id: &String| topic.is_some_and(|topic| topic.split('/').any(|part| part == id));
        if message.reason == "unknown-device" {
            message.device = message.device.take().filter(in_topic);
        }
        row
    }
}
