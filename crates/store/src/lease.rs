//! Leases: which of several nodes does what only one may do.

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, StoreError};

/// Takes or renews the lease `name` for `holder` until `now` + `ttl_micros`; whether it is held. Run it by `write`.
///
/// # Errors
/// Whatever the engine refused.
pub fn acquire(
    conn: &mut dyn Conn,
    name: &str,
    holder: &str,
    now: Timestamp,
    ttl_micros: i64,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO lease (space, name, holder, until) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (space, name) DO UPDATE SET holder = excluded.holder, until = excluded.until
               WHERE lease.holder = excluded.holder OR lease.until <= ?5";
    let until = now.plus_micros(ttl_micros);
    let params = [INSTALLATION.into(), name.into(), holder.into(), until.into(), now.into()];
    Ok(conn.execute(sql, &params)? > 0)
}

/// Who holds the lease now.
///
/// # Errors
/// Whatever the engine refused.
pub fn holder(conn: &mut dyn Conn, name: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    let sql = "SELECT holder FROM lease WHERE space = ?1 AND name = ?2 AND until > ?3";
    conn.first(sql, &[INSTALLATION.into(), name.into(), now.into()])?.map(|r| r.text(0)).transpose()
}

/// Gives the lease back; whether `holder` had it.
///
/// # Errors
/// Whatever the engine refused.
pub fn release(conn: &mut dyn Conn, name: &str, holder: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM lease WHERE space = ?1 AND name = ?2 AND holder = ?3";
    Ok(conn.execute(sql, &[INSTALLATION.into(), name.into(), holder.into()])? > 0)
}
