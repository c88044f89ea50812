//! Which entities have a past: those that are, those that were, and those of which only a history was given.

use crate::{Conn, StoreError};

/// An entity of these types has a history of its own.
///
/// # Errors
/// Whatever the engine refused.
pub fn put(conn: &mut dyn Conn, space: i64, urn: &str, types: &[String]) -> Result<(), StoreError> {
    types.iter().try_for_each(|kind| {
        conn.execute(
            "INSERT INTO evolution (space, type, urn) VALUES (?1, ?2, ?3) ON CONFLICT (space, type, urn) DO NOTHING",
            &[space.into(), kind.into(), urn.into()],
        )
        .map(drop)
    })
}

/// The history that was given is forgotten.
///
/// # Errors
/// Whatever the engine refused.
pub fn forget(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<(), StoreError> {
    conn.execute("DELETE FROM evolution WHERE space = ?1 AND urn = ?2", &[space.into(), urn.into()]).map(drop)
}

/// Identifiers of a space that have a past, ascending, after one of them; of a type where one is given.
///
/// # Errors
/// Whatever the engine refused.
pub fn urns(
    conn: &mut dyn Conn,
    space: i64,
    kind: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for table in ["entity", "tombstone", "evolution"] {
        let (of_type, mut params) = match kind {
            None => ("", vec![space.into(), after.into(), limit.into()]),
            Some(_) => ("AND type = ?4", vec![space.into(), after.into(), limit.into()]),
        };
        params.extend(kind.map(Into::into));
        let sql =
            format!("SELECT DISTINCT urn FROM {table} WHERE space = ?1 AND urn > ?2 {of_type} ORDER BY urn LIMIT ?3");
        conn.each(&sql, &params, &mut |r| {
            found.push(r.text(0)?);
            Ok(())
        })?;
    }
    found.sort();
    found.dedup();
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}
