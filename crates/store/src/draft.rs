//! What people have begun to fill in and not sent yet: one draft of a form for each of them; and how far people come in forms,
//! which is counted and says nothing of anybody.

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

/// A step from a page of a form to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    /// The page that was filled in.
    pub at: String,
    /// The page that comes next; the same where somebody stays.
    pub to: String,
    /// All pages of the form in their order.
    pub order: Vec<String>,
}

/// How many came to a page of a form, and how many went on from it: to a page behind it, or they sent the form. The others
/// stopped there, or have not come further yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachRow {
    /// Name of the page.
    pub page: String,
    /// How many came.
    pub reached: i64,
    /// How many went on.
    pub passed: i64,
}

/// Keeps a draft in the place of the one before; `going` counts how far it came. Whoever goes back and forth is counted once for
/// each page, and stands at the furthest.
///
/// # Errors
/// Whatever the engine refused.
pub fn keep(conn: &mut dyn Conn, draft: &DraftRow, going: Option<&Going>) -> Result<(), StoreError> {
    let page = furthest(conn, draft, going)?;
    let sql =
        "INSERT INTO draft (space, subject, form, version, modified, doc, page) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (space, subject, form) DO UPDATE SET version = excluded.version,
               modified = excluded.modified, doc = excluded.doc, page = excluded.page";
    let params = [
        INSTALLATION.into(),
        (&draft.subject).into(),
        (&draft.form).into(),
        (&draft.version).into(),
        draft.modified.into(),
        (&draft.doc).into(),
        page.into(),
    ];
    conn.execute(sql, &params).map(drop)
}

/// Of somebody's drafts whose keys begin so, the newest `most` stay; how many went.
///
/// # Errors
/// Whatever the engine refused.
pub fn keep_newest(conn: &mut dyn Conn, subject: &str, beginning: &str, most: i64) -> Result<u64, StoreError> {
    let like = format!("{}%", beginning.replace('!', "!!").replace('%', "!%").replace('_', "!_"));
    let sql = "DELETE FROM draft WHERE space = ?1 AND subject = ?2 AND form LIKE ?3 ESCAPE '!' AND form NOT IN (
                   SELECT form FROM draft WHERE space = ?1 AND subject = ?2 AND form LIKE ?3 ESCAPE '!'
                   ORDER BY modified DESC, form LIMIT ?4)";
    conn.execute(sql, &[INSTALLATION.into(), subject.into(), like.as_str().into(), most.into()])
}

/// A draft is kept for longer as it stands. One that was kept anew or thrown away since it was read stays so.
///
/// # Errors
/// Whatever the engine refused.
pub fn touch(conn: &mut dyn Conn, read: &DraftRow, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE draft SET modified = ?1 WHERE space = ?2 AND subject = ?3 AND form = ?4 AND modified = ?5";
    let (subject, form) = ((&read.subject).into(), (&read.form).into());
    conn.execute(sql, &[now.into(), INSTALLATION.into(), subject, form, read.modified.into()]).map(drop)
}

/// Version and furthest page of a draft whose pages are counted.
fn stands(conn: &mut dyn Conn, subject: &str, form: &str) -> Result<Option<(String, String)>, StoreError> {
    let sql = "SELECT version, page FROM draft WHERE space = ?1 AND subject = ?2 AND form = ?3 AND page IS NOT NULL";
    let row = conn.first(sql, &[INSTALLATION.into(), subject.into(), form.into()])?;
    row.map(|r| Ok((r.text(0)?, r.text(1)?))).transpose()
}

/// The furthest page of a draft after a step.
fn furthest(conn: &mut dyn Conn, draft: &DraftRow, going: Option<&Going>) -> Result<Option<String>, StoreError> {
    let (form, version) = (draft.form.as_str(), draft.version.as_str());
    let before = match stands(conn, &draft.subject, form)? {
        Some((old, page)) if old == version => Some(page),
        // They go on in another version, and are counted there anew.
        Some((old, page)) => {
            count(conn, (form, &old, &page), (0, 1))?;
            None
        }
        None => None,
    };
    let Some(going) = going else { return Ok(before) };
    let place = |page: &str| going.order.iter().position(|p| p == page);
    let page = match before {
        Some(page) => page,
        None => {
            count(conn, (form, version, &going.at), (1, 0))?;
            going.at.clone()
        }
    };
    if place(&going.to) <= place(&page) {
        return Ok(Some(page));
    }
    count(conn, (form, version, &page), (0, 1))?;
    count(conn, (form, version, &going.to), (1, 0))?;
    Ok(Some(going.to.clone()))
}

fn count(
    conn: &mut dyn Conn,
    (form, version, page): (&str, &str, &str),
    (reached, passed): (i64, i64),
) -> Result<(), StoreError> {
    let sql = "INSERT INTO form_reach (space, form, version, page, reached, passed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (space, form, version, page) DO UPDATE SET
               reached = form_reach.reached + excluded.reached, passed = form_reach.passed + excluded.passed";
    let params = [INSTALLATION.into(), form.into(), version.into(), page.into(), reached.into(), passed.into()];
    conn.execute(sql, &params).map(drop)
}

/// How far people came in a version of a form, page by page, in no order.
///
/// # Errors
/// Whatever the engine refused.
pub fn reached(conn: &mut dyn Conn, form: &str, version: &str) -> Result<Vec<ReachRow>, StoreError> {
    let sql = "SELECT page, reached, passed FROM form_reach WHERE space = ?1 AND form = ?2 AND version = ?3";
    let rows = conn.query(sql, &[INSTALLATION.into(), form.into(), version.into()])?;
    rows.iter().map(|r| Ok(ReachRow { page: r.text(0)?, reached: r.int(1)?, passed: r.int(2)? })).collect()
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

/// A draft was sent, and goes. Whether there was one.
///
/// # Errors
/// Whatever the engine refused.
pub fn sent(conn: &mut dyn Conn, subject: &str, form: &str) -> Result<bool, StoreError> {
    if let Some((version, page)) = stands(conn, subject, form)? {
        count(conn, (form, &version, &page), (0, 1))?;
    }
    drop_draft(conn, subject, form)
}

/// Throws a draft away. Whether there was one. Where it stood is where somebody stopped.
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
