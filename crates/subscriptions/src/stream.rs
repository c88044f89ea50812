//! What a subscription tells, as a stream for whoever listens. It is read from the journal, so that a listener who was
//! away goes on where they were: nothing waits for them meanwhile.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use svod_kernel::{SpacePath, Timestamp};
use svod_registry::{Committed, Happening, QueryError, SpaceId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::engine::{Dialect, Engine};
use crate::matcher::Key;

/// How far a listener has come: the last event of each space, written `space:seq` and joined by dots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position(BTreeMap<SpaceId, i64>);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (space, seq)) in self.0.iter().enumerate() {
            let dot = if n == 0 { "" } else { "." };
            write!(f, "{dot}{space}:{seq}")?;
        }
        Ok(())
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let pair = |part: &str| {
            let (space, seq) = part.split_once(':')?;
            Some((space.parse().ok()?, seq.parse().ok()?))
        };
        text.split('.').map(pair).collect::<Option<BTreeMap<_, _>>>().map(Self).ok_or(())
    }
}

/// A notification with the place behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where the listener goes on afterwards.
    pub position: Position,
    /// As the dialect writes it.
    pub body: Bytes,
}

/// What a subscription tells from a place on.
pub struct Stream<D: Dialect> {
    engine: Arc<Engine<D>>,
    key: Key,
    revision: Timestamp,
    position: Position,
    waiting: VecDeque<Told>,
    changes: broadcast::Receiver<Arc<Committed>>,
}

impl<D: Dialect> Engine<D> {
    /// What a subscription tells from now on, or from the place where a listener was; none when there is no such
    /// subscription.
    pub fn listen(self: &Arc<Self>, space: &SpacePath, id: &str, from: Option<Position>) -> Option<Stream<D>> {
        let key = (space.to_string(), id.to_owned());
        // Told of changes before the place is looked up: nothing falls in between.
        let changes = self.registry.changes();
        let revision = self.line(&key)?.subscription.revision;
        let heads = self.registry.heads();
        let ids = self.registry.spaces().ids(space, true);
        let place = |id: &SpaceId| {
            let head = heads.get(id).copied().unwrap_or(0);
            from.as_ref().and_then(|p| p.0.get(id)).map_or(head, |at| (*at).clamp(0, head))
        };
        let position = Position(ids.iter().map(|id| (*id, place(id))).collect());
        Some(Stream { engine: self.clone(), key, revision, position, waiting: VecDeque::new(), changes })
    }

    fn covers(&self, space: &SpacePath, id: SpaceId) -> bool {
        self.registry.spaces().path(id).is_some_and(|path| space.covers(path))
    }
}

impl<D: Dialect> Stream<D> {
    /// The next notification; none when the subscription is no more, or another one by now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn next(&mut self) -> Result<Option<Told>, QueryError> {
        loop {
            if let Some(told) = self.waiting.pop_front() {
                return Ok(Some(told));
            }
            let Some(line) = self.engine.line(&self.key).filter(|l| l.subscription.revision == self.revision) else {
                return Ok(None);
            };
            if self.read_on().await? {
                continue;
            }
            match self.changes.recv().await {
                Ok(step) if self.engine.covers(&line.subscription.space, step.space) => {
                    let (first, last) = step.stretch();
                    let at = self.position.0.entry(step.space).or_insert(first - 1);
                    if *at == first - 1 {
                        *at = last;
                        self.take(&step).await;
                    }
                }
                // What was missed is in the journal.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// Reads what the journal has beyond the place; whether there was something.
    async fn read_on(&mut self) -> Result<bool, QueryError> {
        let heads = self.engine.registry.heads();
        let behind = self.position.0.iter().find(|(space, at)| heads.get(space).is_some_and(|head| head > at));
        let Some((space, at)) = behind.map(|(space, at)| (*space, *at)) else { return Ok(false) };
        let Some((last, step)) = self.engine.registry.committed_after(space, at).await? else { return Ok(false) };
        self.position.0.insert(space, last);
        self.take(&step).await;
        Ok(true)
    }

    async fn take(&mut self, step: &Committed) {
        let Some(line) = self.engine.line(&self.key) else { return };
        for (seq, happening) in Happening::of_step(step) {
            let Some(notice) = self.engine.notice(&line.subscription, &happening).await else { continue };
            let subscription = self.engine.of_today(&line.subscription).await;
            match self.engine.dialect.write(&subscription, &notice).await {
                Ok(message) => {
                    let mut position = self.position.clone();
                    position.0.insert(step.space, seq);
                    self.waiting.push_back(Told { position, body: message.body });
                }
                Err(reason) => tracing::debug!(subscription = self.key.1, reason, "a notification was not written"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_as_they_went() {
        let place = Position([(1, 40), (7, 0)].into());
        assert_eq!(place.to_string(), "1:40.7:0");
        assert_eq!("1:40.7:0".parse(), Ok(place));
        assert!("".parse::<Position>().is_err() && "1:x".parse::<Position>().is_err());
    }
}
