//! Small settings and offsets of projections, by space and name.

use crate::{Conn, StoreError};

/// The value kept under `name`.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, space: i64, name: &str) -> Result<Option<String>, StoreError> {
    let row = conn.first("SELECT value FROM meta WHERE space = ?1 AND name = ?2", &[space.into(), name.into()])?;
    row.map(|row| row.text(0)).transpose()
}

/// Keeps `value` under `name`.
///
/// # Errors
/// Whatever the engine refused.
pub fn set(conn: &mut dyn Conn, space: i64, name: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (space, name, value) VALUES (?1, ?2, ?3)
               ON CONFLICT (space, name) DO UPDATE SET value = excluded.value";
    conn.execute(sql, &[space.into(), name.into(), value.into()]).map(drop)
}
