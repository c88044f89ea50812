//! What commands with a key of their client have done. They are the installation's (space 0).

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, StoreError};

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// What the command was, in short.
    pub fingerprint: i64,
    /// What it did, JSON.
    pub doc: String,
}

/// The receipt of an actor's key.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, actor: &str, key: &str) -> Result<Option<ReceiptRow>, StoreError> {
    let sql = "SELECT fingerprint, doc FROM receipt WHERE space = ?1 AND actor = ?2 AND key = ?3";
    let row = conn.first(sql, &[INSTALLATION.into(), actor.into(), key.into()])?;
    row.map(|r| Ok(ReceiptRow { fingerprint: r.int(0)?, doc: r.text(1)? })).transpose()
}

/// Keeps a receipt.
///
/// # Errors
/// [`StoreError::Contended`] when another node has taken the key meanwhile.
pub fn put(
    conn: &mut dyn Conn,
    (actor, key): (&str, &str),
    receipt: &ReceiptRow,
    at: Timestamp,
) -> Result<(), StoreError> {
    conn.exclusive()?;
    let changed = conn.execute(
        "INSERT INTO receipt (space, actor, key, at, fingerprint, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (space, actor, key) DO NOTHING",
        &[INSTALLATION.into(), actor.into(), key.into(), at.into(), receipt.fingerprint.into(), (&receipt.doc).into()],
    )?;
    match changed {
        1 => Ok(()),
        _ => Err(StoreError::Contended(format!("the key {key} was used by another node"))),
    }
}

/// Is there a receipt of before that moment?
///
/// # Errors
/// Whatever the engine refused.
pub fn any_before(conn: &mut dyn Conn, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM receipt WHERE space = ?1 AND at < ?2 LIMIT 1";
    Ok(conn.first(sql, &[INSTALLATION.into(), at.into()])?.is_some())
}

/// Forgets the receipts of before that moment.
///
/// # Errors
/// Whatever the engine refused.
pub fn forget_before(conn: &mut dyn Conn, at: Timestamp) -> Result<(), StoreError> {
    conn.exclusive()?;
    conn.execute("DELETE FROM receipt WHERE space = ?1 AND at < ?2", &[INSTALLATION.into(), at.into()]).map(drop)
}
