//! Entities: current state with optimistic versions, found by identifier, type, value and place.

mod find;
mod write;

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::{Conn, Engine, Row, StoreError, Value};

pub use find::{
    EntityPage, Hit, Keys, UsedRow, attributes_in_use, by_cell_list, by_cells, by_ids, by_keys, by_keys_down, count,
    count_cells_to, count_keys_to, having, ids, of_type, page, placed, spaces_with, types_in_use,
};
pub use write::{
    Added, AttributeUse, IndexKey, IndexRow, Write, add_rows, count_attributes, cut_tombstone, empty_tombstone, write,
};

/// An entity as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRow {
    /// Space.
    pub space: i64,
    /// Number inside the space, used in index rows instead of the URN.
    pub id: i64,
    /// URN, one in a tree of spaces.
    pub urn: String,
    /// Type.
    pub kind: String,
    /// Version, from 1, one more with each change.
    pub version: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The document, JSON, in the form in which it leaves.
    pub doc: String,
}

const COLUMNS: &str = "space, id, urn, type, version, created, modified, doc";

fn row(r: &Row) -> Result<EntityRow, StoreError> {
    Ok(EntityRow {
        space: r.int(0)?,
        id: r.int(1)?,
        urn: r.text(2)?,
        kind: r.text(3)?,
        version: r.int(4)?,
        created: r.time(5)?,
        modified: r.time(6)?,
        doc: r.text(7)?,
    })
}

/// Those of the entities that exist in these spaces (none named: in every tree of spaces), in no particular order. Where
/// spaces are on several machines, naming them spares the others.
///
/// # Errors
/// Whatever the engine refused.
pub fn get_many(conn: &mut dyn Conn, urns: &[impl AsRef<str>], spaces: &[i64]) -> Result<Vec<EntityRow>, StoreError> {
    let mut found = Vec::with_capacity(urns.len());
    for part in urns.chunks(MOST) {
        let (within, mut params) = (within(part.len(), spaces), padded(part));
        params.extend(named(spaces));
        let sql = format!("SELECT {COLUMNS} FROM entity WHERE urn IN ({}){within}", few(part.len()));
        conn.each(&sql, &params, &mut |r| {
            found.push(row(r)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// An entity that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Space.
    pub space: i64,
    /// URN.
    pub urn: String,
    /// Its last version.
    pub version: i64,
    /// When it was removed.
    pub deleted: Timestamp,
    /// What it was.
    pub doc: String,
}

/// What of these identifiers was removed and not made again, in these spaces; as [`get_many`].
///
/// # Errors
/// Whatever the engine refused.
pub fn tombstones(conn: &mut dyn Conn, urns: &[impl AsRef<str>], spaces: &[i64]) -> Result<Vec<Tombstone>, StoreError> {
    let mut found = Vec::new();
    for part in urns.chunks(MOST) {
        let (within, mut params) = (within(part.len(), spaces), padded(part));
        params.extend(named(spaces));
        let sql = format!(
            "SELECT space, urn, version, deleted, doc FROM tombstone WHERE urn IN ({}){within}",
            few(part.len())
        );
        conn.each(&sql, &params, &mut |r| {
            found.push(Tombstone {
                space: r.int(0)?,
                urn: r.text(1)?,
                version: r.int(2)?,
                deleted: r.time(3)?,
                doc: r.text(4)?,
            });
            Ok(())
        })?;
    }
    Ok(found)
}

/// Where a removed entity leads, as an expression that the index of them has word for word. What was erased says nothing.
pub(crate) const fn merged_into(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "(CASE WHEN doc LIKE '{%' THEN json_extract(doc, '$.mergedInto') END)",
        Engine::Postgres => "(CASE WHEN doc LIKE '{%' THEN doc::jsonb ->> 'mergedInto' END)",
    }
}

/// What was merged into that entity of the space and not brought back.
///
/// # Errors
/// Whatever the engine refused.
pub fn merged_with(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<Vec<String>, StoreError> {
    let into = merged_into(conn.engine());
    // Left to itself SQLite goes through the clustered table, all of the space.
    let by = if conn.engine() == Engine::Sqlite { " INDEXED BY tombstone_merged" } else { "" };
    let sql = format!("SELECT urn FROM tombstone{by} WHERE space = ?1 AND {into} = ?2 AND {into} IS NOT NULL");
    conn.query(&sql, &[space.into(), urn.into()])?.iter().map(|r| r.text(0)).collect()
}

/// A condition on the space behind a list of that many; none where there are so many spaces that it would not help.
fn within(count: usize, spaces: &[i64]) -> String {
    match spaces.len() {
        0 => String::new(),
        n if n > MOST_NAMED => String::new(),
        n => format!(" AND space IN ({})", placeholders(length(count) + 1, length(n))),
    }
}

/// The values for [`within`].
fn named(spaces: &[i64]) -> Vec<Value> {
    let Some(last) = spaces.last().filter(|_| spaces.len() <= MOST_NAMED) else { return Vec::new() };
    let mut params: Vec<Value> = spaces.iter().map(|s| (*s).into()).collect();
    params.resize(length(spaces.len()), (*last).into());
    params
}

/// Spaces that are named in a statement at the most.
const MOST_NAMED: usize = 100;
/// Lengths of lists for which statements are prepared.
const LENGTHS: [usize; 5] = [1, 5, 20, 100, MOST];
/// The longest of them.
const MOST: usize = 200;

fn length(count: usize) -> usize {
    LENGTHS.into_iter().find(|l| *l >= count).unwrap_or(MOST)
}

/// Placeholders for a list of that many, a little longer perhaps, so that few statements are prepared.
fn few(count: usize) -> String {
    placeholders(1, length(count))
}

/// The values for [`few`]: the last one is repeated.
fn padded(all: &[impl AsRef<str>]) -> Vec<Value> {
    let last = all.last().map(AsRef::as_ref).unwrap_or_default();
    let mut params: Vec<Value> = all.iter().map(|v| v.as_ref().into()).collect();
    params.resize(length(all.len()), last.into());
    params
}
