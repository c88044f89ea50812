use std::collections::BTreeMap;

use svod_kernel::Timestamp;

use crate::space::{Counter, take};
use crate::{BulkInsert, Clash, Column, Conn, StoreError};

/// What an entity is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexKey {
    /// A value, as bytes in the order of the values.
    Value(Vec<u8>),
    /// A cell that its geometry touches.
    Cell(i64),
}

/// What an entity is found by: a hash of the attribute's name, and what is there.
pub type IndexRow = (i64, IndexKey);

/// An entity about to be written. The caller has read it in the same transaction, so that versions are certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Space.
    pub space: i64,
    /// Its number inside the space; none: it is new.
    pub id: Option<i64>,
    /// URN.
    pub urn: String,
    /// Type.
    pub kind: String,
    /// It had another type before.
    pub retyped: bool,
    /// The version it gets; when it is removed, the version it had.
    pub version: i64,
    /// When it was made.
    pub created: Timestamp,
    /// When it is changed.
    pub modified: Timestamp,
    /// The document; none: it is removed, and this is what it was.
    pub doc: Result<String, String>,
    /// Hash of its type for index rows; 0 when it has several.
    pub mark: i64,
    /// Index rows it had and has no more.
    pub gone: Vec<IndexRow>,
    /// Index rows it gets.
    pub added: Vec<IndexRow>,
    /// Types it had and has no more.
    pub types_gone: Vec<String>,
    /// Types it gets.
    pub types_added: Vec<String>,
    /// An entity of this identifier was removed before.
    pub tombstone: bool,
}

/// What entities of a type (empty: of any) in a space have: an attribute that holds such a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeUse<'a> {
    /// Space.
    pub space: i64,
    /// Type.
    pub kind: &'a str,
    /// Attribute.
    pub attribute: &'a str,
    /// What it holds.
    pub holds: &'static str,
}

/// Writes many entities with all that they are found by.
///
/// # Errors
/// [`StoreError::Constraint`] when a new one is there already; otherwise whatever the engine refused.
pub fn write(conn: &mut dyn Conn, all: &[Write]) -> Result<(), StoreError> {
    conn.exclusive()?;
    let ids = numbers(conn, all)?;
    insert(conn, all, &ids)?;
    for (w, id) in all.iter().zip(&ids) {
        if w.tombstone {
            let sql = "DELETE FROM tombstone WHERE space = ?1 AND urn = ?2";
            conn.execute(sql, &[w.space.into(), (&w.urn).into()])?;
        }
        match (w.id, &w.doc) {
            (None, _) => {}
            (Some(_), Ok(doc)) => update(conn, w, *id, doc)?,
            (Some(_), Err(doc)) => remove(conn, w, *id, doc)?,
        }
        for (attribute, key) in &w.gone {
            match key {
                IndexKey::Value(key) => conn.execute(
                    "DELETE FROM entity_value WHERE space = ?1 AND attribute = ?2 AND key = ?3 AND entity = ?4",
                    &[w.space.into(), (*attribute).into(), key.clone().into(), (*id).into()],
                )?,
                IndexKey::Cell(cell) => conn.execute(
                    "DELETE FROM entity_cell WHERE space = ?1 AND attribute = ?2 AND cell = ?3 AND entity = ?4",
                    &[w.space.into(), (*attribute).into(), (*cell).into(), (*id).into()],
                )?,
            };
        }
    }
    let added = all
        .iter()
        .zip(&ids)
        .flat_map(|(w, id)| w.added.iter().map(move |row| Added { space: w.space, entity: *id, kind: w.mark, row }));
    add_rows(conn, added)?;
    counts(conn, all)
}

/// Numbers of all entities; new ones are handed theirs space by space.
fn numbers(conn: &mut dyn Conn, all: &[Write]) -> Result<Vec<i64>, StoreError> {
    let mut wanted: BTreeMap<i64, i64> = BTreeMap::new();
    for w in all.iter().filter(|w| w.id.is_none()) {
        *wanted.entry(w.space).or_default() += 1;
    }
    for (space, next) in &mut wanted {
        *next = take(conn, *space, Counter::Entity, *next)?;
    }
    let mut ids = Vec::with_capacity(all.len());
    for w in all {
        ids.push(w.id.unwrap_or_else(|| {
            let next = wanted.entry(w.space).or_default();
            *next += 1;
            *next - 1
        }));
    }
    Ok(ids)
}

fn insert(conn: &mut dyn Conn, all: &[Write], ids: &[i64]) -> Result<(), StoreError> {
    let new: Vec<(&Write, i64, &String)> = all
        .iter()
        .zip(ids)
        .filter(|(w, _)| w.id.is_none())
        .filter_map(|(w, id)| w.doc.as_ref().ok().map(|doc| (w, *id, doc)))
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let int = |f: fn(&Write) -> i64| Column::Int(new.iter().map(|(w, ..)| f(w)).collect());
    let columns = [
        ("space", int(|w| w.space)),
        ("id", Column::Int(new.iter().map(|n| n.1).collect())),
        ("urn", Column::Text(new.iter().map(|(w, ..)| w.urn.clone()).collect())),
        ("type", Column::Text(new.iter().map(|(w, ..)| w.kind.clone()).collect())),
        ("version", int(|w| w.version)),
        ("created", int(|w| w.created.0)),
        ("modified", int(|w| w.modified.0)),
        ("doc", Column::Text(new.iter().map(|n| n.2.clone()).collect())),
    ];
    conn.insert_many(&BulkInsert { table: "entity", columns: &columns, clash: Clash::Fails }).map(drop)
}

fn update(conn: &mut dyn Conn, w: &Write, id: i64, doc: &str) -> Result<(), StoreError> {
    let changed = conn.execute(
        "UPDATE entity SET version = ?1, modified = ?2, doc = ?3 WHERE space = ?4 AND id = ?5 AND version < ?1",
        &[w.version.into(), w.modified.into(), doc.into(), w.space.into(), id.into()],
    )?;
    if changed != 1 {
        return Err(StoreError::Contended(format!("{} was changed by another node", w.urn)));
    }
    if w.retyped {
        // Apart: a column that is set has its index written, changed or not.
        let sql = "UPDATE entity SET type = ?1 WHERE space = ?2 AND id = ?3";
        conn.execute(sql, &[(&w.kind).into(), w.space.into(), id.into()])?;
    }
    Ok(())
}

fn remove(conn: &mut dyn Conn, w: &Write, id: i64, doc: &str) -> Result<(), StoreError> {
    conn.execute("DELETE FROM entity WHERE space = ?1 AND id = ?2", &[w.space.into(), id.into()])?;
    conn.execute(
        "INSERT INTO tombstone (space, urn, version, deleted, doc, type) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (space, urn) DO UPDATE SET version = excluded.version, deleted = excluded.deleted,
         doc = excluded.doc, type = excluded.type",
        &[w.space.into(), (&w.urn).into(), w.version.into(), w.modified.into(), doc.into(), (&w.kind).into()],
    )
    .map(drop)
}

/// Empties what is kept of a removed entity; that it was stays. Whether there was anything.
///
/// # Errors
/// Whatever the engine refused.
pub fn empty_tombstone(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE tombstone SET doc = '' WHERE space = ?1 AND urn = ?2 AND doc <> ''";
    Ok(conn.execute(sql, &[space.into(), urn.into()])? > 0)
}

/// What is kept of a removed entity becomes that and nothing else. Whether it was another before.
///
/// # Errors
/// Whatever the engine refused.
pub fn cut_tombstone(conn: &mut dyn Conn, space: i64, urn: &str, doc: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE tombstone SET doc = ?3 WHERE space = ?1 AND urn = ?2 AND doc <> '' AND doc <> ?3";
    Ok(conn.execute(sql, &[space.into(), urn.into(), doc.into()])? > 0)
}

/// An index row about to be added.
#[derive(Debug, Clone, Copy)]
pub struct Added<'r> {
    /// Space.
    pub space: i64,
    /// Number of the entity.
    pub entity: i64,
    /// Hash of its type; 0 when it has several.
    pub kind: i64,
    /// What is added.
    pub row: &'r IndexRow,
}

/// Adds index rows. One that is there already stays.
///
/// # Errors
/// Whatever the engine refused.
pub fn add_rows<'r>(conn: &mut dyn Conn, rows: impl Iterator<Item = Added<'r>>) -> Result<(), StoreError> {
    let (mut values, mut cells) = (Vec::new(), Vec::new());
    for Added { space, entity, kind, row: (attribute, key) } in rows {
        match key {
            IndexKey::Value(key) => values.push((space, *attribute, key, entity, kind)),
            IndexKey::Cell(cell) => cells.push((space, *attribute, *cell, entity, kind)),
        }
    }
    if !values.is_empty() {
        let columns = [
            ("space", Column::Int(values.iter().map(|v| v.0).collect())),
            ("attribute", Column::Int(values.iter().map(|v| v.1).collect())),
            ("key", Column::Blob(values.iter().map(|v| v.2.clone()).collect())),
            ("entity", Column::Int(values.iter().map(|v| v.3).collect())),
            ("kind", Column::Int(values.iter().map(|v| v.4).collect())),
        ];
        conn.insert_many(&BulkInsert { table: "entity_value", columns: &columns, clash: Clash::Keeps })?;
    }
    if !cells.is_empty() {
        let columns = [
            ("space", Column::Int(cells.iter().map(|v| v.0).collect())),
            ("attribute", Column::Int(cells.iter().map(|v| v.1).collect())),
            ("cell", Column::Int(cells.iter().map(|v| v.2).collect())),
            ("entity", Column::Int(cells.iter().map(|v| v.3).collect())),
            ("kind", Column::Int(cells.iter().map(|v| v.4).collect())),
        ];
        conn.insert_many(&BulkInsert { table: "entity_cell", columns: &columns, clash: Clash::Keeps })?;
    }
    Ok(())
}

fn counts(conn: &mut dyn Conn, all: &[Write]) -> Result<(), StoreError> {
    let mut change: BTreeMap<(i64, &str), i64> = BTreeMap::new();
    for w in all {
        w.types_added.iter().for_each(|t| *change.entry((w.space, t)).or_default() += 1);
        w.types_gone.iter().for_each(|t| *change.entry((w.space, t)).or_default() -= 1);
    }
    for ((space, kind), by) in change.into_iter().filter(|(_, by)| *by != 0) {
        conn.execute(
            "INSERT INTO entity_count (space, type, count) VALUES (?1, ?2, ?3)
             ON CONFLICT (space, type) DO UPDATE SET count = entity_count.count + excluded.count",
            &[space.into(), kind.into(), by.into()],
        )?;
    }
    Ok(())
}

/// So many entities more (or fewer) have these attributes. In their order, so that writers never wait for each other.
///
/// # Errors
/// Whatever the engine refused.
pub fn count_attributes<'a>(
    conn: &mut dyn Conn,
    change: impl Iterator<Item = (AttributeUse<'a>, i64)>,
) -> Result<(), StoreError> {
    let mut change: Vec<_> = change.filter(|(_, by)| *by != 0).collect();
    change.sort_unstable();
    for (of, by) in change {
        conn.execute(
            "INSERT INTO attribute_count (space, type, attribute, holds, count) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (space, type, attribute, holds)
             DO UPDATE SET count = attribute_count.count + excluded.count",
            &[of.space.into(), of.kind.into(), of.attribute.into(), of.holds.into(), by.into()],
        )?;
    }
    Ok(())
}
