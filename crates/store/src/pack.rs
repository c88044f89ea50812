//! Published packs, every version kept; one of each is active.

use svod_kernel::Timestamp;

use crate::{Conn, Row, StoreError};

/// A pack about to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPack {
    /// Space it belongs to; 0 is the installation.
    pub space: i64,
    /// Id.
    pub id: String,
    /// Version of the pack.
    pub version: String,
    /// When.
    pub published: Timestamp,
    /// Who published it.
    pub actor: String,
    /// Its files, JSON.
    pub source: String,
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRow {
    /// What was published.
    pub pack: NewPack,
    /// Whether it is in force.
    pub active: bool,
}

/// Publishes: the earlier version stays but is active no more. Two publications in one microsecond get different
/// times; the time it got is returned.
///
/// # Errors
/// Whatever the engine refused.
pub fn publish(conn: &mut dyn Conn, pack: &NewPack) -> Result<Timestamp, StoreError> {
    let at = free_moment(conn, pack)?;
    conn.execute(
        "UPDATE pack SET active = 0 WHERE space = ?1 AND id = ?2 AND active = 1",
        &[pack.space.into(), (&pack.id).into()],
    )?;
    insert(conn, pack, at, true)?;
    Ok(at)
}

/// Keeps a version that is not active.
///
/// # Errors
/// Whatever the engine refused.
pub fn keep(conn: &mut dyn Conn, pack: &NewPack) -> Result<(), StoreError> {
    let at = free_moment(conn, pack)?;
    insert(conn, pack, at, false)
}

/// A time at which no version of the pack was published: two publications in one microsecond get different ones.
fn free_moment(conn: &mut dyn Conn, pack: &NewPack) -> Result<Timestamp, StoreError> {
    conn.exclusive()?;
    let last = conn.first(
        "SELECT max(published) FROM pack WHERE space = ?1 AND id = ?2",
        &[pack.space.into(), (&pack.id).into()],
    )?;
    let last = last.map(|row| row.opt_int(0)).transpose()?.flatten();
    Ok(last.map_or(pack.published, |last| pack.published.max(Timestamp(last + 1))))
}

fn insert(conn: &mut dyn Conn, pack: &NewPack, at: Timestamp, active: bool) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO pack (space, id, version, published, actor, active, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let params = [
        pack.space.into(),
        (&pack.id).into(),
        (&pack.version).into(),
        at.into(),
        (&pack.actor).into(),
        i64::from(active).into(),
        (&pack.source).into(),
    ];
    conn.execute(sql, &params).map(drop)
}

/// The active packs, in the order of publication.
///
/// # Errors
/// Whatever the engine refused.
pub fn active(conn: &mut dyn Conn) -> Result<Vec<PackRow>, StoreError> {
    let sql = "SELECT space, id, version, published, actor, active, source FROM pack WHERE active = 1
               ORDER BY published, space, id";
    conn.query(sql, &[])?.iter().map(pack).collect()
}

/// Publications of one pack, newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn history(conn: &mut dyn Conn, space: i64, id: &str, limit: i64) -> Result<Vec<PackRow>, StoreError> {
    let sql = "SELECT space, id, version, published, actor, active, source FROM pack WHERE space = ?1 AND id = ?2
               ORDER BY published DESC LIMIT ?3";
    conn.query(sql, &[space.into(), id.into(), limit.into()])?.iter().map(pack).collect()
}

/// The publication of one version of a pack.
///
/// # Errors
/// Whatever the engine refused.
pub fn version(conn: &mut dyn Conn, space: i64, id: &str, version: &str) -> Result<Option<PackRow>, StoreError> {
    let sql = "SELECT space, id, version, published, actor, active, source FROM pack
               WHERE space = ?1 AND id = ?2 AND version = ?3 ORDER BY published DESC LIMIT 1";
    conn.first(sql, &[space.into(), id.into(), version.into()])?.as_ref().map(pack).transpose()
}

fn pack(r: &Row) -> Result<PackRow, StoreError> {
    let pack = NewPack {
        space: r.int(0)?,
        id: r.text(1)?,
        version: r.text(2)?,
        published: r.time(3)?,
        actor: r.text(4)?,
        source: r.text(6)?,
    };
    Ok(PackRow { pack, active: r.int(5)? != 0 })
}
