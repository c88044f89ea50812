//! Which attributes have keys in the value index, and how far the entities of before have been read.

use svod_kernel::Timestamp;

use crate::{Conn, StoreError, space};

/// An index as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueIndexRow {
    /// The top of the tree it is for; the installation for all trees.
    pub space: i64,
    /// Attribute.
    pub name: String,
    /// Every entity has its keys.
    pub ready: bool,
    /// The last entity read: space and number.
    pub at: (i64, i64),
}

/// All of them.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn) -> Result<Vec<ValueIndexRow>, StoreError> {
    let sql = "SELECT space, name, ready, at_space, at_entity FROM value_index ORDER BY space, name";
    conn.query(sql, &[])?
        .iter()
        .map(|r| {
            Ok(ValueIndexRow { space: r.int(0)?, name: r.text(1)?, ready: r.int(2)? != 0, at: (r.int(3)?, r.int(4)?) })
        })
        .collect()
}

/// Begins an index; says whether it is new. From the next transaction on every writer makes its keys.
///
/// # Errors
/// Whatever the engine refused.
pub fn begin(conn: &mut dyn Conn, space: i64, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    conn.exclusive()?;
    let made = conn.execute(
        "INSERT INTO value_index (space, name, created, ready, at_space, at_entity) VALUES (?1, ?2, ?3, 0, -1, -1)
         ON CONFLICT (space, name) DO NOTHING",
        &[space.into(), name.into(), now.into()],
    )?;
    if made > 0 {
        space::renew(conn)?;
    }
    Ok(made > 0)
}

/// Entities up to this one have been read; `ready` when it was the last.
///
/// # Errors
/// Whatever the engine refused.
pub fn advance(conn: &mut dyn Conn, space: i64, name: &str, at: (i64, i64), ready: bool) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE value_index SET at_space = ?1, at_entity = ?2, ready = ?3 WHERE space = ?4 AND name = ?5",
        &[at.0.into(), at.1.into(), ready.into(), space.into(), name.into()],
    )
    .map(drop)
}
