//! What people have begun to fill in and not sent yet: one draft of a form for each of them.

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, Row, StoreError};

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// Whose: the person or organization that it is for.
    pub subject: String,
    /// Which form: the caller's word.
    pub form: String,
    /// Version of the form that it was begun with.
    pub version: String,
    /// When it was kept last.
    pub modified: Timestamp,
    /// What is filled in, JSON.
    pub doc: String,
}

fn of(r: &Row) -> Result<DraftRow, StoreError> {
    Ok(DraftRow { subject: r.text(0)?, form: r.text(1)?, version: r.text(2)?, modified: r.time(3)?, doc: r.text(4)? })
}

const COLUMNS: &str = "subject, form, version, modified, doc";

/// Keeps a draft in the place of the one before.
///
/// # Errors
/// Whatever the engine refused.
pub fn keep(conn: &mut dyn Conn, draft: &DraftRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO draft (space, subject, form, version, modified, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (space, subject, form) DO UPDATE SET version = excluded.version,
               modified = excluded.modified, doc = excluded.doc";
    let params = [
        INSTALLATION.into(),
        (&draft.subject).into(),
        (&draft.form).into(),
        (&draft.version).into(),
        draft.modified.into(),
        (&draft.doc).into(),
    ];
    conn.execute(sql, &params).map(drop)
}

/// Somebody's draft of a form.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, subject: &str, form: &str) -> Result<Option<DraftRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM draft WHERE space = ?1 AND subject = ?2 AND form = ?3");
    conn.first(&sql, &[INSTALLATION.into(), subject.into(), form.into()])?.as_ref().map(of).transpose()
}

/// All drafts of somebody, the newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn of_subject(conn: &mut dyn Conn, subject: &str) -> Result<Vec<DraftRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM draft WHERE space = ?1 AND subject = ?2 ORDER BY modified DESC, form LIMIT 200");
    conn.query(&sql, &[INSTALLATION.into(), subject.into()])?.iter().map(of).collect()
}

/// Throws a draft away. Whether there was one.
///
/// # Errors
/// Whatever the engine refused.
pub fn drop_draft(conn: &mut dyn Conn, subject: &str, form: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM draft WHERE space = ?1 AND subject = ?2 AND form = ?3";
    Ok(conn.execute(sql, &[INSTALLATION.into(), subject.into(), form.into()])? > 0)
}

/// Throws all drafts of somebody away; how many.
///
/// # Errors
/// Whatever the engine refused.
pub fn forget_of(conn: &mut dyn Conn, subject: &str) -> Result<u64, StoreError> {
    // Also what somebody was writing about it: the draft of a task's form.
    let task = format!("task/{subject}");
    let sql = "DELETE FROM draft WHERE space = ?1 AND (subject = ?2 OR form = ?3)";
    conn.execute(sql, &[INSTALLATION.into(), subject.into(), task.into()])
}

/// Throws drafts away that nobody has touched since a moment; how many.
///
/// # Errors
/// Whatever the engine refused.
pub fn forget(conn: &mut dyn Conn, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute("DELETE FROM draft WHERE space = ?1 AND modified < ?2", &[INSTALLATION.into(), before.into()])
}
