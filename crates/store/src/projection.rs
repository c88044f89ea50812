//! How far projections have read the journal, and what they could not take in.

use svod_kernel::Timestamp;

use crate::{Conn, StoreError};

/// Space and number of the last event that the projection is done with.
///
/// # Errors
/// Whatever the engine refused.
pub fn offsets(conn: &mut dyn Conn, name: &str) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = conn.query("SELECT space, seq FROM projection WHERE name = ?1", &[name.into()])?;
    rows.iter().map(|r| Ok((r.int(0)?, r.int(1)?))).collect()
}

/// The projection is done with the events of a space up to this one.
///
/// # Errors
/// Whatever the engine refused.
pub fn advance(conn: &mut dyn Conn, name: &str, space: i64, seq: i64) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO projection (space, name, seq) VALUES (?1, ?2, ?3)
         ON CONFLICT (space, name) DO UPDATE SET seq = excluded.seq",
        &[space.into(), name.into(), seq.into()],
    )
    .map(drop)
}

/// An event that a projection could not take in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Space.
    pub space: i64,
    /// Number of the event.
    pub seq: i64,
    /// When it was tried.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Keeps an event that could not be taken in.
///
/// # Errors
/// Whatever the engine refused.
pub fn set_aside(conn: &mut dyn Conn, name: &str, event: &SetAside) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO set_aside (space, projection, seq, at, reason) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (space, projection, seq) DO UPDATE SET at = excluded.at, reason = excluded.reason",
        &[event.space.into(), name.into(), event.seq.into(), event.at.into(), (&event.reason).into()],
    )
    .map(drop)
}

/// What a projection could not take in.
///
/// # Errors
/// Whatever the engine refused.
pub fn all_set_aside(conn: &mut dyn Conn, name: &str) -> Result<Vec<SetAside>, StoreError> {
    let sql = "SELECT space, seq, at, reason FROM set_aside WHERE projection = ?1 ORDER BY space, seq";
    conn.query(sql, &[name.into()])?
        .iter()
        .map(|r| Ok(SetAside { space: r.int(0)?, seq: r.int(1)?, at: r.time(2)?, reason: r.text(3)? }))
        .collect()
}
