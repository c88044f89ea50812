//! The outbox: what must be told outside, written with the change that calls for it.

use svod_kernel::Timestamp;

use crate::space::{Counter, take};
use crate::{BulkInsert, Clash, Column, Conn, StoreError};

/// A message about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutbox {
    /// Which consumer it is for.
    pub kind: String,
    /// What to tell.
    pub body: String,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Space.
    pub space: i64,
    /// Number inside the space.
    pub id: i64,
    /// When it was written.
    pub at: Timestamp,
    /// Which consumer it is for.
    pub kind: String,
    /// What to tell.
    pub body: String,
    /// How often it was tried.
    pub attempts: i64,
}

/// Adds messages, due at once; the number of the first.
///
/// # Errors
/// Whatever the engine refused.
pub fn put(conn: &mut dyn Conn, space: i64, messages: &[NewOutbox], now: Timestamp) -> Result<i64, StoreError> {
    let count = i64::try_from(messages.len()).map_err(|_| StoreError::Shape("too many messages".into()))?;
    let first = take(conn, space, Counter::Outbox, count)?;
    let rows = messages.len();
    let columns = [
        ("space", Column::Int(vec![space; rows])),
        ("id", Column::Int((first..first + count).collect())),
        ("at", Column::Int(vec![now.0; rows])),
        ("kind", Column::Text(messages.iter().map(|m| m.kind.clone()).collect())),
        ("body", Column::Text(messages.iter().map(|m| m.body.clone()).collect())),
        ("attempts", Column::Int(vec![0; rows])),
        ("next_at", Column::Int(vec![now.0; rows])),
    ];
    conn.insert_many(&BulkInsert { table: "outbox", columns: &columns, clash: Clash::Fails })?;
    Ok(first)
}

/// Messages due at `now`, longest waiting first.
///
/// # Errors
/// Whatever the engine refused.
pub fn due(conn: &mut dyn Conn, now: Timestamp, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = "SELECT space, id, at, kind, body, attempts FROM outbox WHERE next_at <= ?1
               ORDER BY next_at, space, id LIMIT ?2";
    let rows = conn.query(sql, &[now.into(), limit.into()])?;
    rows.iter()
        .map(|r| {
            Ok(OutboxRow {
                space: r.int(0)?,
                id: r.int(1)?,
                at: r.time(2)?,
                kind: r.text(3)?,
                body: r.text(4)?,
                attempts: r.int(5)?,
            })
        })
        .collect()
}

/// The message was told: it goes. Whether it was still there.
///
/// # Errors
/// Whatever the engine refused.
pub fn done(conn: &mut dyn Conn, space: i64, id: i64) -> Result<bool, StoreError> {
    Ok(conn.execute("DELETE FROM outbox WHERE space = ?1 AND id = ?2", &[space.into(), id.into()])? > 0)
}

/// The message could not be told: it is tried again at `later`. Whether it was still there.
///
/// # Errors
/// Whatever the engine refused.
pub fn retry(conn: &mut dyn Conn, space: i64, id: i64, later: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE outbox SET attempts = attempts + 1, next_at = ?1 WHERE space = ?2 AND id = ?3";
    Ok(conn.execute(sql, &[later.into(), space.into(), id.into()])? > 0)
}

/// How many messages wait.
///
/// # Errors
/// Whatever the engine refused.
pub fn count(conn: &mut dyn Conn) -> Result<i64, StoreError> {
    conn.first("SELECT count(*) FROM outbox", &[])?.map_or(Ok(0), |row| row.int(0))
}
