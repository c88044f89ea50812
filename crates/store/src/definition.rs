//! Documents that edges are told to keep, by space, kind and identifier: contexts, subscriptions, registrations.

use svod_kernel::Timestamp;

use crate::{Conn, Row, StoreError};

/// A document as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionRow {
    /// Space.
    pub space: i64,
    /// Identifier, unique by space and kind.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// JSON.
    pub doc: String,
}

fn row(r: &Row) -> Result<DefinitionRow, StoreError> {
    Ok(DefinitionRow { space: r.int(0)?, id: r.text(1)?, created: r.time(2)?, modified: r.time(3)?, doc: r.text(4)? })
}

/// Keeps a document; says whether it was new.
///
/// # Errors
/// Whatever the engine refused.
pub fn put(
    conn: &mut dyn Conn,
    space: i64,
    kind: &str,
    id: &str,
    doc: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    conn.exclusive()?;
    let changed = conn.execute(
        "UPDATE definition SET doc = ?1, modified = ?2 WHERE space = ?3 AND kind = ?4 AND id = ?5",
        &[doc.into(), now.into(), space.into(), kind.into(), id.into()],
    )?;
    if changed == 0 {
        conn.execute(
            "INSERT INTO definition (space, kind, id, created, modified, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[space.into(), kind.into(), id.into(), now.into(), now.into(), doc.into()],
        )?;
    }
    Ok(changed == 0)
}

/// One document.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, space: i64, kind: &str, id: &str) -> Result<Option<DefinitionRow>, StoreError> {
    let sql = "SELECT space, id, created, modified, doc FROM definition WHERE space = ?1 AND kind = ?2 AND id = ?3";
    conn.first(sql, &[space.into(), kind.into(), id.into()])?.as_ref().map(row).transpose()
}

/// The document of that kind and identifier in whichever space; the first one where there are several.
///
/// # Errors
/// Whatever the engine refused.
pub fn find(conn: &mut dyn Conn, kind: &str, id: &str) -> Result<Option<DefinitionRow>, StoreError> {
    let sql =
        "SELECT space, id, created, modified, doc FROM definition WHERE kind = ?1 AND id = ?2 ORDER BY space LIMIT 1";
    conn.first(sql, &[kind.into(), id.into()])?.as_ref().map(row).transpose()
}

/// All documents of a kind in a space, by identifier.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn, space: i64, kind: &str) -> Result<Vec<DefinitionRow>, StoreError> {
    let sql = "SELECT space, id, created, modified, doc FROM definition WHERE space = ?1 AND kind = ?2 ORDER BY id";
    conn.query(sql, &[space.into(), kind.into()])?.iter().map(row).collect()
}

/// All documents of a kind in every space.
///
/// # Errors
/// Whatever the engine refused.
pub fn everywhere(conn: &mut dyn Conn, kind: &str) -> Result<Vec<DefinitionRow>, StoreError> {
    let sql = "SELECT space, id, created, modified, doc FROM definition WHERE kind = ?1 ORDER BY space, id";
    conn.query(sql, &[kind.into()])?.iter().map(row).collect()
}

/// Removes a document; says whether it was there.
///
/// # Errors
/// Whatever the engine refused.
pub fn delete(conn: &mut dyn Conn, space: i64, kind: &str, id: &str) -> Result<bool, StoreError> {
    conn.exclusive()?;
    let sql = "DELETE FROM definition WHERE space = ?1 AND kind = ?2 AND id = ?3";
    Ok(conn.execute(sql, &[space.into(), kind.into(), id.into()])? > 0)
}
