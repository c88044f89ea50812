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

/// The next number of those counted under `name`, from 1: nobody else gets it, and one that is not used is not given again.
///
/// # Errors
/// Whatever the engine refused.
pub fn count(conn: &mut dyn Conn, space: i64, name: &str) -> Result<i64, StoreError> {
    let sql = "INSERT INTO meta (space, name, value) VALUES (?1, ?2, '1')
               ON CONFLICT (space, name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)";
    // Whoever counts next waits until this is written.
    conn.execute(sql, &[space.into(), name.into()])?;
    let counted = get(conn, space, name)?.and_then(|text| text.parse().ok());
    counted.ok_or_else(|| StoreError::Shape(format!("what is counted under '{name}' is no number")))
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
