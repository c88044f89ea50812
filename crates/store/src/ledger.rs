//! The ledger's tables: which event is which leaf, tiles, heads.

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{BulkInsert, Clash, Column, Conn, Row, StoreError};

/// Under which origin the own head stands.
pub const OWN: &str = "";

/// Which leaf an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRow {
    /// Space of the event.
    pub space: i64,
    /// Number of the event.
    pub seq: i64,
    /// Number of the leaf, from 0.
    pub leaf: i64,
    /// What its commitment was made with; empty once it was destroyed.
    pub salt: Vec<u8>,
}

/// A head that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRow {
    /// How many leaves.
    pub size: i64,
    /// The root's hash.
    pub root: Vec<u8>,
    /// When.
    pub at: Timestamp,
    /// The signed checkpoint.
    pub note: String,
}

/// Adds leaves.
///
/// # Errors
/// [`StoreError::Constraint`] when an event is a leaf already.
pub fn add_leaves(conn: &mut dyn Conn, leaves: &[LeafRow]) -> Result<(), StoreError> {
    let columns = [
        ("space", Column::Int(leaves.iter().map(|l| l.space).collect())),
        ("seq", Column::Int(leaves.iter().map(|l| l.seq).collect())),
        ("leaf", Column::Int(leaves.iter().map(|l| l.leaf).collect())),
        ("salt", Column::Blob(leaves.iter().map(|l| l.salt.clone()).collect())),
    ];
    conn.insert_many(&BulkInsert { table: "ledger_leaf", columns: &columns, clash: Clash::Fails }).map(drop)
}

fn leaf(r: &Row) -> Result<LeafRow, StoreError> {
    Ok(LeafRow { space: r.int(0)?, seq: r.int(1)?, leaf: r.int(2)?, salt: r.blob(3)? })
}

/// The leaf of an event.
///
/// # Errors
/// Whatever the engine refused.
pub fn leaf_of(conn: &mut dyn Conn, space: i64, seq: i64) -> Result<Option<LeafRow>, StoreError> {
    let sql = "SELECT space, seq, leaf, salt FROM ledger_leaf WHERE space = ?1 AND seq = ?2";
    conn.first(sql, &[space.into(), seq.into()])?.as_ref().map(leaf).transpose()
}

/// Leaves of a space after an event, in their order.
///
/// # Errors
/// Whatever the engine refused.
pub fn leaves(conn: &mut dyn Conn, space: i64, after: i64, limit: i64) -> Result<Vec<LeafRow>, StoreError> {
    let sql = "SELECT space, seq, leaf, salt FROM ledger_leaf WHERE space = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    conn.query(sql, &[space.into(), after.into(), limit.into()])?.iter().map(leaf).collect()
}

/// Destroys the salt of an event's leaf: it says nothing any more.
///
/// # Errors
/// Whatever the engine refused.
pub fn destroy_salt(conn: &mut dyn Conn, space: i64, seq: i64) -> Result<(), StoreError> {
    let none = Vec::<u8>::new();
    let sql = "UPDATE ledger_leaf SET salt = ?3 WHERE space = ?1 AND seq = ?2";
    conn.execute(sql, &[space.into(), seq.into(), none.into()]).map(drop)
}

/// Writes a tile anew; entries stand at level -1.
///
/// # Errors
/// Whatever the engine refused.
pub fn put_tile(conn: &mut dyn Conn, level: i64, number: i64, hashes: Vec<u8>) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO ledger_tile (space, level, number, hashes) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (space, level, number) DO UPDATE SET hashes = excluded.hashes",
        &[INSTALLATION.into(), level.into(), number.into(), hashes.into()],
    )
    .map(drop)
}

/// The hashes of a tile, one after another.
///
/// # Errors
/// Whatever the engine refused.
pub fn tile(conn: &mut dyn Conn, level: i64, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT hashes FROM ledger_tile WHERE space = ?1 AND level = ?2 AND number = ?3";
    conn.first(sql, &[INSTALLATION.into(), level.into(), number.into()])?.map(|r| r.blob(0)).transpose()
}

/// The head of a log; of the own one under [`OWN`].
///
/// # Errors
/// Whatever the engine refused.
pub fn head(conn: &mut dyn Conn, origin: &str) -> Result<Option<HeadRow>, StoreError> {
    let sql = "SELECT size, root, at, note FROM ledger_head WHERE space = ?1 AND origin = ?2";
    let row = conn.first(sql, &[INSTALLATION.into(), origin.into()])?;
    row.map(|r| Ok(HeadRow { size: r.int(0)?, root: r.blob(1)?, at: r.time(2)?, note: r.text(3)? })).transpose()
}

/// Writes the head of a log anew. Whoever goes by what it was before asks for [`Conn::exclusive`] first.
///
/// # Errors
/// Whatever the engine refused.
pub fn put_head(conn: &mut dyn Conn, origin: &str, head: &HeadRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO ledger_head (space, origin, size, root, at, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (space, origin)
         DO UPDATE SET size = excluded.size, root = excluded.root, at = excluded.at, note = excluded.note",
        &[
            INSTALLATION.into(),
            origin.into(),
            head.size.into(),
            head.root.clone().into(),
            head.at.into(),
            (&head.note).into(),
        ],
    )
    .map(drop)
}
