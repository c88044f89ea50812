//! Identities of outside OpenID providers that open an account. All of it is the installation's (space 0).

use svod_kernel::Timestamp;

use crate::{Conn, Row, StoreError};

const INSTALLATION: i64 = 0;

/// An identity of an outside provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideRow {
    /// The provider, as it names itself.
    pub issuer: String,
    /// Whom it means by that.
    pub subject: String,
    /// The account that it opens.
    pub account: String,
    /// Since when.
    pub created: Timestamp,
}

fn outside_of(r: &Row) -> Result<OutsideRow, StoreError> {
    Ok(OutsideRow { issuer: r.text(0)?, subject: r.text(1)?, account: r.text(2)?, created: r.time(3)? })
}

const OUTSIDE: &str = "issuer, subject, account, created FROM outside_identity";

/// The account of an identity.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, issuer: &str, subject: &str) -> Result<Option<OutsideRow>, StoreError> {
    let sql = format!("SELECT {OUTSIDE} WHERE space = ?1 AND issuer = ?2 AND subject = ?3");
    conn.first(&sql, &[INSTALLATION.into(), issuer.into(), subject.into()])?.as_ref().map(outside_of).transpose()
}

/// The identities that open an account.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn, account: &str) -> Result<Vec<OutsideRow>, StoreError> {
    let sql = format!("SELECT {OUTSIDE} WHERE space = ?1 AND account = ?2 ORDER BY created, issuer, subject");
    conn.query(&sql, &[INSTALLATION.into(), account.into()])?.iter().map(outside_of).collect()
}

/// Lets an identity open an account.
///
/// # Errors
/// [`StoreError::Constraint`] when it opens one already.
pub fn add(conn: &mut dyn Conn, o: &OutsideRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO outside_identity (space, issuer, subject, account, created) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = [INSTALLATION.into(), (&o.issuer).into(), (&o.subject).into(), (&o.account).into(), o.created.into()];
    conn.execute(sql, &values).map(drop)
}

/// The identities of a provider open the account no more; whether any did.
///
/// # Errors
/// Whatever the engine refused.
pub fn remove(conn: &mut dyn Conn, account: &str, issuer: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM outside_identity WHERE space = ?1 AND account = ?2 AND issuer = ?3";
    Ok(conn.execute(sql, &[INSTALLATION.into(), account.into(), issuer.into()])? > 0)
}
