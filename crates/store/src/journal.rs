//! The journal: one event for each change, numbered without gaps inside a space in the order of commits.

use svod_kernel::Timestamp;

pub use crate::journal_list::{ListFilter, list};
pub use crate::journal_members::Members;
use crate::space::{Counter, raise, take};
use crate::{BulkInsert, Clash, Column, Conn, Row, StoreError, Value};

/// Action of the event that names what was erased of an entity.
pub const ERASED: &str = "erased";
/// What stands in the place of changes that were erased.
pub const NOTHING: &str = "{}";

/// An event about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When.
    pub at: Timestamp,
    /// Who: the actor's id.
    pub actor: String,
    /// Who, as shown.
    pub actor_name: String,
    /// What was done: `create`, `update`, `take` …
    pub action: String,
    /// To which entity.
    pub urn: String,
    /// Type of the entity.
    pub kind: String,
    /// Version the entity had afterwards.
    pub version: i64,
    /// On what ground.
    pub ground: String,
    /// The case that caused it.
    pub cause: Option<String>,
    /// What changed, JSON.
    pub changes: String,
    /// For whom the actor acted, and by what mandate, JSON; none: for nobody else.
    pub on_behalf: Option<String>,
}

/// An event of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Space.
    pub space: i64,
    /// Number inside the space, from 1.
    pub seq: i64,
    /// What it says.
    pub event: NewEvent,
}

/// Appends events in their order; the number of the first. Moves the head told by [`crate::Store::heads`].
///
/// # Errors
/// Whatever the engine refused.
pub fn append(conn: &mut dyn Conn, space: i64, events: &[NewEvent]) -> Result<i64, StoreError> {
    let count = i64::try_from(events.len()).map_err(|_| StoreError::Shape("too many events".into()))?;
    let first = take(conn, space, Counter::Seq, count)?;
    rows(conn, space, first, count, events)
}

/// [`append`] by a writer that knows what there was to know at an epoch of the space.
///
/// # Errors
/// [`StoreError::Stale`] when there has been another since; otherwise as [`append`].
pub fn append_at(conn: &mut dyn Conn, space: i64, epoch: i64, events: &[NewEvent]) -> Result<i64, StoreError> {
    let count = i64::try_from(events.len()).map_err(|_| StoreError::Shape("too many events".into()))?;
    let (last, known) = raise(conn, space, Counter::Seq, count)?;
    if known != epoch {
        return Err(StoreError::Stale);
    }
    rows(conn, space, last - count + 1, count, events)
}

fn rows(conn: &mut dyn Conn, space: i64, first: i64, count: i64, events: &[NewEvent]) -> Result<i64, StoreError> {
    if count == 0 {
        return Ok(first);
    }
    let text = |f: fn(&NewEvent) -> &String| Column::Text(events.iter().map(|e| f(e).clone()).collect());
    let columns = [
        ("space", Column::Int(vec![space; events.len()])),
        ("seq", Column::Int((first..first + count).collect())),
        ("at", Column::Int(events.iter().map(|e| e.at.0).collect())),
        ("actor", text(|e| &e.actor)),
        ("actor_name", text(|e| &e.actor_name)),
        ("action", text(|e| &e.action)),
        ("urn", text(|e| &e.urn)),
        ("type", text(|e| &e.kind)),
        ("version", Column::Int(events.iter().map(|e| e.version).collect())),
        ("ground", text(|e| &e.ground)),
        ("cause", Column::OptText(events.iter().map(|e| e.cause.clone()).collect())),
        ("changes", text(|e| &e.changes)),
        ("on_behalf", Column::OptText(events.iter().map(|e| e.on_behalf.clone()).collect())),
    ];
    conn.insert_many(&BulkInsert { table: "journal", columns: &columns, clash: Clash::Fails })?;
    conn.note_events(space, first + count - 1);
    Ok(first)
}

macro_rules! select {
    ($filter:literal) => {
        concat!(
            "SELECT space, seq, at, actor, actor_name, action, urn, type, version, ground, cause, changes, on_behalf FROM journal ",
            "WHERE space = ?1 AND seq > ?2 ",
            $filter,
            " ORDER BY seq LIMIT ?3"
        )
    };
}

/// Events of a space after number `after`, oldest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn page(conn: &mut dyn Conn, space: i64, after: i64, limit: i64) -> Result<Vec<EventRow>, StoreError> {
    events(conn, select!(""), &[space.into(), after.into(), limit.into()])
}

/// Events of one entity in a space after number `after`, oldest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_entity(
    conn: &mut dyn Conn,
    space: i64,
    urn: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    events(conn, select!("AND urn = ?4"), &[space.into(), after.into(), limit.into(), urn.into()])
}

/// Events of a space, of one entity where it is named, before number `before`, newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn backwards(
    conn: &mut dyn Conn,
    space: i64,
    urn: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    const OF_ALL: &str =
        "SELECT space, seq, at, actor, actor_name, action, urn, type, version, ground, cause, changes, on_behalf
        FROM journal WHERE space = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    const OF_ONE: &str =
        "SELECT space, seq, at, actor, actor_name, action, urn, type, version, ground, cause, changes, on_behalf
        FROM journal WHERE space = ?1 AND seq < ?2 AND urn = ?4 ORDER BY seq DESC LIMIT ?3";
    match urn {
        None => events(conn, OF_ALL, &[space.into(), before.into(), limit.into()]),
        Some(urn) => events(conn, OF_ONE, &[space.into(), before.into(), limit.into(), urn.into()]),
    }
}

/// Events that one case caused in a space after number `after`, oldest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_cause(
    conn: &mut dyn Conn,
    space: i64,
    cause: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    events(conn, select!("AND cause = ?4"), &[space.into(), after.into(), limit.into(), cause.into()])
}

/// Events of one entity in a space that have that action, oldest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_action(conn: &mut dyn Conn, space: i64, urn: &str, action: &str) -> Result<Vec<EventRow>, StoreError> {
    let params = [space.into(), 0_i64.into(), i64::MAX.into(), urn.into(), action.into()];
    events(conn, select!("AND urn = ?4 AND action = ?5"), &params)
}

/// Takes away what an event changed, and how its actor was called where that is the entity itself; who, when, what and on
/// what ground stay.
///
/// # Errors
/// Whatever the engine refused.
pub fn redact(conn: &mut dyn Conn, space: i64, seq: i64) -> Result<(), StoreError> {
    let sql = "UPDATE journal SET changes = ?3, actor_name = CASE WHEN actor = urn THEN '' ELSE actor_name END
               WHERE space = ?1 AND seq = ?2";
    conn.execute(sql, &[space.into(), seq.into(), NOTHING.into()]).map(drop)
}

fn events(conn: &mut dyn Conn, sql: &str, params: &[Value]) -> Result<Vec<EventRow>, StoreError> {
    conn.query(sql, params)?.iter().map(event).collect()
}

pub(crate) fn event(r: &Row) -> Result<EventRow, StoreError> {
    let event = NewEvent {
        at: r.time(2)?,
        actor: r.text(3)?,
        actor_name: r.text(4)?,
        action: r.text(5)?,
        urn: r.text(6)?,
        kind: r.text(7)?,
        version: r.int(8)?,
        ground: r.text(9)?,
        cause: r.opt_text(10)?,
        changes: r.text(11)?,
        on_behalf: r.opt_text(12)?,
    };
    Ok(EventRow { space: r.int(0)?, seq: r.int(1)?, event })
}
