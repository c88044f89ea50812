//! Spaces and the numbers handed out inside them. Space 0 is the installation itself.

use crate::{Conn, Engine, StoreError};

/// The installation itself: packs, leases, settings.
pub const INSTALLATION: i64 = 0;

/// One space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceRow {
    /// Number that every key begins with.
    pub id: i64,
    /// Path, such as `kuzbass/novokuznetsk`.
    pub path: String,
    /// Takes entities of any type, with anonymous rights.
    pub open: bool,
    /// Last number of its journal.
    pub seq: i64,
    /// One more whenever writers must know something anew.
    pub epoch: i64,
}

/// The space at `path`, made when missing; `open` is set as given.
///
/// # Errors
/// Whatever the engine refused.
pub fn ensure(conn: &mut dyn Conn, path: &str, open: bool) -> Result<i64, StoreError> {
    conn.exclusive()?;
    if let Some(row) = conn.first("SELECT id, open FROM space WHERE path = ?1", &[path.into()])? {
        let id = row.int(0)?;
        if (row.int(1)? != 0) != open {
            conn.execute("UPDATE space SET open = ?1 WHERE id = ?2", &[open.into(), id.into()])?;
        }
        return Ok(id);
    }
    let last = conn.first("SELECT max(id), max(epoch) FROM space", &[])?;
    let last = last.ok_or_else(|| StoreError::Shape("there is no space of the installation".into()))?;
    let (id, epoch) = (last.int(0)? + 1, last.int(1)?);
    let sql = "INSERT INTO space (id, path, open, epoch) VALUES (?1, ?2, ?3, ?4)";
    conn.execute(sql, &[id.into(), path.into(), open.into(), epoch.into()])?;
    Ok(id)
}

/// Every space, the installation first, by number.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn) -> Result<Vec<SpaceRow>, StoreError> {
    let rows = conn.query("SELECT id, path, open, seq, epoch FROM space ORDER BY id", &[])?;
    rows.iter()
        .map(|r| {
            Ok(SpaceRow { id: r.int(0)?, path: r.text(1)?, open: r.int(2)? != 0, seq: r.int(3)?, epoch: r.int(4)? })
        })
        .collect()
}

/// Tells all writers, of this node and others, that what they know is old: see [`crate::journal::append`].
///
/// # Errors
/// Whatever the engine refused.
pub fn renew(conn: &mut dyn Conn) -> Result<(), StoreError> {
    conn.exclusive()?;
    conn.execute("UPDATE space SET epoch = epoch + 1", &[]).map(drop)
}

/// Which number of a space's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Journal events.
    Seq,
    /// Entities.
    Entity,
    /// Messages of the outbox.
    Outbox,
    /// Findings; counted in the installation's row.
    Finding,
    /// Messages in quarantine; counted in the installation's row.
    Quarantine,
    /// Series of observations.
    Series,
    /// Process instances.
    Instance,
}

/// Hands out `count` numbers in a row; the first of them. The row stays locked until the transaction ends, so that
/// a number is never ahead of a commit and a rolled-back one is used again.
///
/// # Errors
/// [`StoreError::Shape`] when there is no such space.
pub fn take(conn: &mut dyn Conn, space: i64, counter: Counter, count: i64) -> Result<i64, StoreError> {
    Ok(raise(conn, space, counter, count)?.0 - count + 1)
}

/// Moves a counter; its last number now, and the epoch of the space.
pub(crate) fn raise(conn: &mut dyn Conn, space: i64, counter: Counter, by: i64) -> Result<(i64, i64), StoreError> {
    let name = match counter {
        Counter::Seq => "seq",
        Counter::Entity => "next_entity",
        Counter::Outbox => "next_outbox",
        Counter::Finding => "next_finding",
        Counter::Quarantine => "next_quarantine",
        Counter::Series => "next_series",
        Counter::Instance => "next_instance",
    };
    conn.exclusive()?;
    let row = match conn.engine() {
        // SQLite builds a table for what RETURNING returns; looking again is six times cheaper there.
        Engine::Sqlite => {
            conn.execute(&format!("UPDATE space SET {name} = {name} + ?1 WHERE id = ?2"), &[by.into(), space.into()])?;
            conn.first(&format!("SELECT {name}, epoch FROM space WHERE id = ?1"), &[space.into()])?
        }
        Engine::Postgres => {
            let sql = format!("UPDATE space SET {name} = {name} + ?1 WHERE id = ?2 RETURNING {name}, epoch");
            conn.first(&sql, &[by.into(), space.into()])?
        }
    };
    let row = row.ok_or_else(|| StoreError::Shape(format!("there is no space {space}")))?;
    Ok((row.int(0)?, row.int(1)?))
}
