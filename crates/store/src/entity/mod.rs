//! Entities: current state with optimistic versions, indexed by type and by declared values.

mod index;
mod page;

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::space::{Counter, take};
use crate::{Conn, Row, StoreError, Value};

pub use page::{EntityPage, count, page};

/// An entity as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRow {
    /// Space.
    pub space: i64,
    /// Number inside the space, used in index rows instead of the URN.
    pub id: i64,
    /// URN, one in the whole installation.
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

/// What the writer believes about the entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: new or changed, whichever.
    Any,
    /// That there is none yet.
    New,
    /// That it has this version.
    Version(i64),
}

/// An entity about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityPut {
    /// Space; another one than before moves the entity.
    pub space: i64,
    /// URN.
    pub urn: String,
    /// Type.
    pub kind: String,
    /// Pairs of attribute and value it is found by.
    pub index: Vec<(String, String)>,
    /// What the writer believes.
    pub expected: Expected,
    /// The present moment.
    pub now: Timestamp,
}

/// What a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutOutcome {
    /// Number inside the space.
    pub id: i64,
    /// The version written.
    pub version: i64,
    /// When the entity was made.
    pub created: Timestamp,
}

/// Why an entity was not written or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// It has another version than expected.
    #[error("the entity has version {found}, another one than expected")]
    Conflict {
        /// The version it has.
        found: i64,
    },
    /// It was to be new and is there.
    #[error("the entity exists already")]
    Exists,
    /// A version was expected and there is no entity.
    #[error("there is no such entity")]
    Missing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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

/// One entity.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, urn: &str) -> Result<Option<EntityRow>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM entity WHERE urn = ?1"), &[urn.into()])?.as_ref().map(row).transpose()
}

/// Those of the entities that exist, in no particular order.
///
/// # Errors
/// Whatever the engine refused.
pub fn get_many(conn: &mut dyn Conn, urns: &[impl AsRef<str>]) -> Result<Vec<EntityRow>, StoreError> {
    let mut found = Vec::with_capacity(urns.len());
    for part in urns.chunks(200) {
        let sql = format!("SELECT {COLUMNS} FROM entity WHERE urn IN ({})", placeholders(1, part.len()));
        let params: Vec<Value> = part.iter().map(|urn| urn.as_ref().into()).collect();
        for r in conn.query(&sql, &params)? {
            found.push(row(&r)?);
        }
    }
    Ok(found)
}

/// What of the present row a write has to know.
struct Present {
    space: i64,
    id: i64,
    version: i64,
    created: Timestamp,
    indexed: String,
}

fn present(conn: &mut dyn Conn, urn: &str, expected: Expected) -> Result<Option<Present>, PutError> {
    let sql = "SELECT space, id, version, created, indexed FROM entity WHERE urn = ?1";
    let Some(r) = conn.first(sql, &[urn.into()])? else {
        return if matches!(expected, Expected::Version(_)) { Err(PutError::Missing) } else { Ok(None) };
    };
    let found = r.int(2)?;
    match expected {
        Expected::New => Err(PutError::Exists),
        Expected::Version(version) if version != found => Err(PutError::Conflict { found }),
        _ => Ok(Some(Present {
            space: r.int(0)?,
            id: r.int(1)?,
            version: found,
            created: r.time(3)?,
            indexed: r.text(4)?,
        })),
    }
}

/// Writes an entity. `doc` is given the version and the time of creation it has to name.
///
/// # Errors
/// [`PutError::Conflict`], [`PutError::Exists`], [`PutError::Missing`] when it is not as expected.
pub fn put(
    conn: &mut dyn Conn,
    put: &EntityPut,
    doc: impl FnOnce(i64, Timestamp) -> String,
) -> Result<PutOutcome, PutError> {
    conn.exclusive()?;
    let indexed = index::encode(&put.index);
    match present(conn, &put.urn, put.expected)? {
        Some(old) if old.space == put.space => {
            let version = old.version + 1;
            change(conn, put, &old, version, doc(version, old.created), &indexed)?;
            index::replace(conn, put.space, old.id, &old.indexed, &indexed)?;
            Ok(PutOutcome { id: old.id, version, created: old.created })
        }
        Some(old) => {
            remove(conn, &old)?;
            insert(conn, put, old.version + 1, old.created, doc(old.version + 1, old.created), &indexed)
        }
        None => insert(conn, put, 1, put.now, doc(1, put.now), &indexed),
    }
}

fn insert(
    conn: &mut dyn Conn,
    put: &EntityPut,
    version: i64,
    created: Timestamp,
    doc: String,
    indexed: &str,
) -> Result<PutOutcome, PutError> {
    let id = take(conn, put.space, Counter::Entity, 1)?;
    conn.execute(
        "INSERT INTO entity (space, id, urn, type, version, created, modified, doc, indexed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            put.space.into(),
            id.into(),
            (&put.urn).into(),
            (&put.kind).into(),
            version.into(),
            created.into(),
            put.now.into(),
            doc.into(),
            indexed.into(),
        ],
    )?;
    index::replace(conn, put.space, id, "", indexed)?;
    Ok(PutOutcome { id, version, created })
}

fn change(
    conn: &mut dyn Conn,
    put: &EntityPut,
    old: &Present,
    version: i64,
    doc: String,
    indexed: &str,
) -> Result<(), PutError> {
    // The exclusive lock makes the version certain; the guard holds for whoever writes without it.
    let changed = conn.execute(
        "UPDATE entity SET type = ?1, version = ?2, modified = ?3, doc = ?4, indexed = ?5
         WHERE space = ?6 AND id = ?7 AND version = ?8",
        &[
            (&put.kind).into(),
            version.into(),
            put.now.into(),
            doc.into(),
            indexed.into(),
            old.space.into(),
            old.id.into(),
            old.version.into(),
        ],
    )?;
    if changed == 1 { Ok(()) } else { Err(PutError::Conflict { found: version }) }
}

fn remove(conn: &mut dyn Conn, old: &Present) -> Result<(), StoreError> {
    index::replace(conn, old.space, old.id, &old.indexed, "")?;
    conn.execute("DELETE FROM entity WHERE space = ?1 AND id = ?2", &[old.space.into(), old.id.into()]).map(drop)
}

/// Removes an entity; the version it had. [`Expected::Any`] demands only that it exists.
///
/// # Errors
/// [`PutError::Missing`] or [`PutError::Conflict`] when it is not as expected.
pub fn delete(conn: &mut dyn Conn, urn: &str, expected: Expected) -> Result<i64, PutError> {
    conn.exclusive()?;
    let old = present(conn, urn, expected)?.ok_or(PutError::Missing)?;
    remove(conn, &old)?;
    Ok(old.version)
}
