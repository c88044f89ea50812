//! The dispatcher's own questions to the outbox.

use svod_kernel::Timestamp;
use svod_store::outbox::OutboxRow;
use svod_store::{Conn, StoreError};

/// Due never: a message set aside.
pub const NEVER: Timestamp = Timestamp(i64::MAX);

/// Rows of kind `mqtt` due at `now`, in the order of writing within a space.
pub fn due(conn: &mut dyn Conn, now: Timestamp, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = "SELECT space, id, at, kind, body, attempts FROM outbox WHERE next_at <= ?1 AND kind = 'mqtt'
               ORDER BY next_at, space, id LIMIT ?2";
    conn.query(sql, &[now.0.into(), limit.into()])?
        .iter()
        .map(|r| {
            Ok(OutboxRow {
                space: r.int(0)?,
                id: r.int(1)?,
                at: Timestamp(r.int(2)?),
                kind: r.text(3)?,
                body: r.text(4)?,
                attempts: r.int(5)?,
            })
        })
        .collect()
}

/// Due later, without counting an attempt.
pub fn postpone(conn: &mut dyn Conn, space: i64, id: i64, later: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET next_at = ?1 WHERE space = ?2 AND id = ?3";
    conn.execute(sql, &[later.0.into(), space.into(), id.into()]).map(|_| ())
}

/// How many messages are set aside: tried too often, kept for somebody to look at.
///
/// # Errors
/// Whatever the engine refused.
pub fn set_aside(conn: &mut dyn Conn) -> Result<i64, StoreError> {
    let rows = conn.query("SELECT count(*) FROM outbox WHERE next_at = ?1", &[NEVER.0.into()])?;
    rows.first().map_or(Ok(0), |r| r.int(0))
}

/// Makes all messages set aside due again; how many there were.
///
/// # Errors
/// Whatever the engine refused.
pub fn revive(conn: &mut dyn Conn, now: Timestamp) -> Result<u64, StoreError> {
    let sql = "UPDATE outbox SET next_at = ?1, attempts = 0 WHERE next_at = ?2";
    conn.execute(sql, &[now.0.into(), NEVER.0.into()])
}
