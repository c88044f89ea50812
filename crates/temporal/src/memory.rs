use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use svod_kernel::number;
use svod_registry::SpaceId;
use svod_store::{Conn, StoreError, journal};

use crate::history::History;

/// Events of one entity read at once.
const EVENTS: i64 = 1_000;
/// Events that take a moment.
const FEW: i64 = 64;
/// Bytes of a history in memory for each byte of the journal that it was made of, about.
const SWELLING: u64 = 3;
/// Bytes of an empty one.
const EMPTY: u64 = 256;

/// A history, and up to which event of its space it goes.
#[derive(Clone, Default)]
struct Known {
    history: Arc<History>,
    upto: i64,
    bytes: u64,
    /// Since it was taken from memory.
    grown: bool,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<(SpaceId, String), Known> for Bytes {
    fn weight(&self, _: &(SpaceId, String), known: &Known) -> u64 {
        known.bytes + EMPTY
    }
}

/// Histories that were asked for lately. The journal only grows, and in order: what came since is read and taken in, on
/// whichever node it was written.
pub(crate) struct Memory(Cache<(SpaceId, String), Known, Bytes>);

impl Memory {
    /// Of at most so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self(Cache::with_weighter(number::size((bytes / 8_192).max(16)), bytes, Bytes))
    }

    /// The history of one entity as the connection sees it.
    pub fn read(&self, conn: &mut dyn Conn, space: SpaceId, urn: &str) -> Result<Arc<History>, StoreError> {
        let mut known = self.known(space, urn);
        while known.more(conn, space, urn, EVENTS)? {}
        Ok(self.keep(space, urn, known))
    }

    /// As [`Memory::read`]; none when there is more to read than takes a moment.
    pub fn glance(&self, conn: &mut dyn Conn, space: SpaceId, urn: &str) -> Result<Option<Arc<History>>, StoreError> {
        let mut known = self.known(space, urn);
        let more = known.more(conn, space, urn, FEW)?;
        Ok((!more).then(|| self.keep(space, urn, known)))
    }

    fn known(&self, space: SpaceId, urn: &str) -> Known {
        self.0.get(&(space, urn.to_owned())).unwrap_or_default()
    }

    fn keep(&self, space: SpaceId, urn: &str, known: Known) -> Arc<History> {
        let history = known.history.clone();
        if known.grown {
            self.0.insert((space, urn.to_owned()), Known { grown: false, ..known });
        }
        history
    }
}

impl Known {
    /// Takes the next events in; are there more?
    fn more(&mut self, conn: &mut dyn Conn, space: SpaceId, urn: &str, limit: i64) -> Result<bool, StoreError> {
        let rows = journal::by_entity(conn, space, urn, self.upto, limit)?;
        let Some(last) = rows.last() else { return Ok(false) };
        (self.upto, self.grown) = (last.seq, true);
        let history = Arc::make_mut(&mut self.history);
        for row in &rows {
            history.take(row.seq, &row.event);
            self.bytes += row.event.changes.len() as u64 * SWELLING;
        }
        Ok(number::count(rows.len()) == limit)
    }
}
