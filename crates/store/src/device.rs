//! Credentials of devices: who may deliver readings. They are the installation's (space 0).

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, Row, StoreError, Value, meta};

/// Under this name stands how often something was revoked: who remembers devices looks whether it has grown.
const REVOCATIONS: &str = "device-revocations";

/// What a device is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Identifier.
    pub id: String,
    /// As people call it.
    pub name: String,
    /// What it is found by, in small letters.
    pub words: String,
    /// Path of the space that it may deliver for, and those below.
    pub home: String,
    /// The one device profile that it may deliver by.
    pub profile: Option<String>,
    /// The one external id that it may deliver for.
    pub device: Option<String>,
    /// SHA-256 of its secret.
    pub secret: Vec<u8>,
    /// Who made it, stable id.
    pub actor: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was let in last, to some minutes.
    pub seen: Option<Timestamp>,
    /// Since when it is let in no more.
    pub revoked: Option<Timestamp>,
}

const DEVICE: &str =
    "SELECT id, name, words, home, profile, device, secret, actor, created, seen, revoked FROM device WHERE space = ?1";

fn of(r: &Row) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        id: r.text(0)?,
        name: r.text(1)?,
        words: r.text(2)?,
        home: r.text(3)?,
        profile: r.opt_text(4)?,
        device: r.opt_text(5)?,
        secret: r.blob(6)?,
        actor: r.text(7)?,
        created: r.time(8)?,
        seen: r.opt_int(9)?.map(Timestamp),
        revoked: r.opt_int(10)?.map(Timestamp),
    })
}

/// Keeps a new one.
///
/// # Errors
/// [`StoreError::Constraint`] when there is one of that identifier.
pub fn add(conn: &mut dyn Conn, d: &DeviceRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO device (space, id, name, words, home, profile, device, secret, actor, created, seen, revoked)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &[
            INSTALLATION.into(),
            (&d.id).into(),
            (&d.name).into(),
            (&d.words).into(),
            (&d.home).into(),
            d.profile.clone().into(),
            d.device.clone().into(),
            d.secret.as_slice().into(),
            (&d.actor).into(),
            d.created.into(),
            d.seen.map(|at| at.0).into(),
            d.revoked.map(|at| at.0).into(),
        ],
    )
    .map(drop)
}

/// The one of that identifier, revoked or not.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, id: &str) -> Result<Option<DeviceRow>, StoreError> {
    let sql = format!("{DEVICE} AND id = ?2");
    conn.first(&sql, &[INSTALLATION.into(), id.into()])?.as_ref().map(of).transpose()
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct DeviceQuery {
    /// Paths of spaces whose devices are meant, each for itself; none: all.
    pub homes: Option<Vec<String>>,
    /// Words that stand in what it is found by, in small letters; empty: any.
    pub words: String,
    /// Its name, exactly.
    pub name: Option<String>,
    /// Moment and identifier of the last one of the page before.
    pub after: Option<(Timestamp, String)>,
    /// Rows at the most.
    pub limit: usize,
}

/// A page of them, the newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn, q: &DeviceQuery) -> Result<Vec<DeviceRow>, StoreError> {
    let (mut sql, mut params) = (DEVICE.to_owned(), vec![Value::from(INSTALLATION)]);
    let bound = |params: &mut Vec<Value>, value: Value| {
        params.push(value);
        format!("?{}", params.len())
    };
    if let Some(homes) = &q.homes {
        if homes.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<String> = homes.iter().map(|home| bound(&mut params, home.into())).collect();
        sql.push_str(&format!(" AND home IN ({})", all.join(", ")));
    }
    for word in q.words.split_whitespace().take(8) {
        let word: String = word.chars().flat_map(|c| "%_!".contains(c).then_some('!').into_iter().chain([c])).collect();
        let pattern = bound(&mut params, format!("%{word}%").into());
        sql.push_str(&format!(" AND words LIKE {pattern} ESCAPE '!'"));
    }
    if let Some(name) = &q.name {
        let name = bound(&mut params, name.into());
        sql.push_str(&format!(" AND name = {name}"));
    }
    if let Some((created, id)) = &q.after {
        let (at, id) = (bound(&mut params, created.0.into()), bound(&mut params, id.into()));
        sql.push_str(&format!(" AND (created < {at} OR (created = {at} AND id > {id}))"));
    }
    let most = bound(&mut params, i64::try_from(q.limit).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(" ORDER BY created DESC, id LIMIT {most}"));
    conn.query(&sql, &params)?.iter().map(of).collect()
}

/// It is let in no more; false when it was so already, or there is none.
///
/// # Errors
/// Whatever the engine refused.
pub fn revoke(conn: &mut dyn Conn, id: &str, at: Timestamp) -> Result<bool, StoreError> {
    conn.exclusive()?;
    let sql = "UPDATE device SET revoked = ?3 WHERE space = ?1 AND id = ?2 AND revoked IS NULL";
    if conn.execute(sql, &[INSTALLATION.into(), id.into(), at.into()])? == 0 {
        return Ok(false);
    }
    let times = revocations(conn)? + 1;
    meta::set(conn, INSTALLATION, REVOCATIONS, &times.to_string())?;
    Ok(true)
}

/// How often one was revoked.
///
/// # Errors
/// Whatever the engine refused.
pub fn revocations(conn: &mut dyn Conn) -> Result<i64, StoreError> {
    Ok(meta::get(conn, INSTALLATION, REVOCATIONS)?.and_then(|times| times.parse().ok()).unwrap_or(0))
}

/// Identifiers of all that are let in no more.
///
/// # Errors
/// Whatever the engine refused.
pub fn revoked(conn: &mut dyn Conn) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM device WHERE space = ?1 AND revoked IS NOT NULL";
    conn.query(sql, &[INSTALLATION.into()])?.iter().map(|r| r.text(0)).collect()
}

/// It was let in at that moment.
///
/// # Errors
/// Whatever the engine refused.
pub fn seen(conn: &mut dyn Conn, id: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE device SET seen = ?3 WHERE space = ?1 AND id = ?2 AND (seen IS NULL OR seen < ?3)";
    conn.execute(sql, &[INSTALLATION.into(), id.into(), at.into()]).map(drop)
}
