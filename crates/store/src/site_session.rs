//! Which sites came of a session, and which of them are still to be told that it has ended.

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, Row, StoreError, account};

/// A sign-in at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSessionRow {
    /// The sign-in: what its tokens share.
    pub chain: String,
    /// SHA-256 of the token of the session here.
    pub session: Vec<u8>,
    /// The site.
    pub client: String,
    /// Who, as the site knows them.
    pub subject: String,
    /// How often it was tried to tell the site.
    pub tries: i64,
}

fn of(r: &Row) -> Result<SiteSessionRow, StoreError> {
    Ok(SiteSessionRow {
        chain: r.text(0)?,
        session: r.blob(1)?,
        client: r.text(2)?,
        subject: r.text(3)?,
        tries: r.int(4)?,
    })
}

/// Somebody has signed in at a site; at once due when their session has ended meanwhile.
///
/// # Errors
/// Whatever the engine refused.
pub fn add(conn: &mut dyn Conn, s: &SiteSessionRow) -> Result<(), StoreError> {
    let due = account::session(conn, &s.session)?.is_none().then_some(0);
    conn.execute(
        "INSERT INTO site_session (space, chain, session, client, subject, due, tries)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (space, chain) DO NOTHING",
        &[
            INSTALLATION.into(),
            (&s.chain).into(),
            s.session.as_slice().into(),
            (&s.client).into(),
            (&s.subject).into(),
            due.into(),
            s.tries.into(),
        ],
    )
    .map(drop)
}

/// The sites of sessions that end now are to be told; `which` is a condition on the table `session`.
pub(crate) fn end(conn: &mut dyn Conn, which: &str, values: &[crate::Value]) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE site_session SET due = 0 WHERE space = ?1 AND due IS NULL
         AND session IN (SELECT token FROM session WHERE space = ?1 AND {which})"
    );
    conn.execute(&sql, values).map(drop)
}

/// The session of these sites goes on under another token.
pub(crate) fn follow(conn: &mut dyn Conn, before: &[u8], token: &[u8]) -> Result<(), StoreError> {
    let sql = "UPDATE site_session SET session = ?3 WHERE space = ?1 AND session = ?2";
    conn.execute(sql, &[INSTALLATION.into(), before.into(), token.into()]).map(drop)
}

/// Sign-ins whose site is to be told by now; each is not due again before `until`.
///
/// # Errors
/// Whatever the engine refused.
pub fn take(
    conn: &mut dyn Conn,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<SiteSessionRow>, StoreError> {
    conn.exclusive()?;
    let sql = "SELECT chain, session, client, subject, tries FROM site_session
        WHERE space = ?1 AND due <= ?2 ORDER BY due, chain LIMIT ?3";
    let rows = conn.query(sql, &[INSTALLATION.into(), now.into(), limit.into()])?;
    let rows = rows.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    for row in &rows {
        let sql = "UPDATE site_session SET due = ?3, tries = tries + 1 WHERE space = ?1 AND chain = ?2";
        conn.execute(sql, &[INSTALLATION.into(), (&row.chain).into(), until.into()])?;
    }
    Ok(rows)
}

/// It is tried again then.
///
/// # Errors
/// Whatever the engine refused.
pub fn again(conn: &mut dyn Conn, chain: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE site_session SET due = ?3 WHERE space = ?1 AND chain = ?2";
    conn.execute(sql, &[INSTALLATION.into(), chain.into(), at.into()]).map(drop)
}

/// Nothing is left to be told.
///
/// # Errors
/// Whatever the engine refused.
pub fn done(conn: &mut dyn Conn, chain: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM site_session WHERE space = ?1 AND chain = ?2";
    conn.execute(sql, &[INSTALLATION.into(), chain.into()]).map(drop)
}
