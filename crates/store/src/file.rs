//! Files that belong to entities: what is known of each, and its bytes in parts.

use svod_kernel::Timestamp;

use crate::{BulkInsert, Clash, Column, Conn, Row, StoreError, Value};

/// Bytes of one part at the most.
pub const PART: usize = 256 << 10;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Space of the entity.
    pub space: i64,
    /// Identifier.
    pub id: String,
    /// URN of the entity that it belongs to.
    pub owner: String,
    /// As people call it.
    pub name: String,
    /// What it is: a word of the caller's.
    pub kind: String,
    /// Bytes.
    pub size: i64,
    /// Of the bytes, hexadecimal.
    pub sha256: String,
    /// Whether it may be given out: a word of the caller's.
    pub state: String,
    /// When it came.
    pub created: Timestamp,
    /// Who sent it, stable id.
    pub actor: String,
}

const COLUMNS: &str = "space, id, owner, name, kind, size, sha256, state, created, actor";

fn of(r: &Row) -> Result<FileRow, StoreError> {
    Ok(FileRow {
        space: r.int(0)?,
        id: r.text(1)?,
        owner: r.text(2)?,
        name: r.text(3)?,
        kind: r.text(4)?,
        size: r.int(5)?,
        sha256: r.text(6)?,
        state: r.text(7)?,
        created: r.time(8)?,
        actor: r.text(9)?,
    })
}

/// Keeps a file with its bytes.
///
/// # Errors
/// [`StoreError::Constraint`] when there is one of that identifier.
pub fn add(conn: &mut dyn Conn, file: &FileRow, bytes: &[u8]) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO file (space, id, owner, name, kind, size, sha256, state, created, actor)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            file.space.into(),
            (&file.id).into(),
            (&file.owner).into(),
            (&file.name).into(),
            (&file.kind).into(),
            file.size.into(),
            (&file.sha256).into(),
            (&file.state).into(),
            file.created.into(),
            (&file.actor).into(),
        ],
    )?;
    let parts: Vec<Vec<u8>> = bytes.chunks(PART).map(<[u8]>::to_vec).collect();
    let count = parts.len();
    let columns = [
        ("space", Column::Int(vec![file.space; count])),
        ("file", Column::Text(vec![file.id.clone(); count])),
        ("n", Column::Int((0_i64..).take(count).collect())),
        ("bytes", Column::Blob(parts)),
    ];
    conn.insert_many(&BulkInsert { table: "file_part", columns: &columns, clash: Clash::Fails }).map(drop)
}

/// The file of that identifier in a space.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, space: i64, id: &str) -> Result<Option<FileRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM file WHERE space = ?1 AND id = ?2");
    conn.first(&sql, &[space.into(), id.into()])?.as_ref().map(of).transpose()
}

/// The files of that identifier: more than one where a space was brought in once more under another path.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_id(conn: &mut dyn Conn, id: &str) -> Result<Vec<FileRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM file WHERE id = ?1 ORDER BY space");
    conn.query(&sql, &[id.into()])?.iter().map(of).collect()
}

/// The files of an entity in a space, whether it names them or not.
///
/// # Errors
/// Whatever the engine refused.
pub fn of_owner(conn: &mut dyn Conn, space: i64, owner: &str) -> Result<Vec<FileRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM file WHERE space = ?1 AND owner = ?2 ORDER BY created, id");
    conn.query(&sql, &[space.into(), owner.into()])?.iter().map(of).collect()
}

/// The files of an entity go from one space to another: it lies there, and they were kept before it was.
///
/// # Errors
/// Whatever the engine refused.
pub fn bring(conn: &mut dyn Conn, (from, to): (i64, i64), owner: &str) -> Result<(), StoreError> {
    for row in of_owner(conn, from, owner)? {
        if get(conn, to, &row.id)?.is_none() {
            let bytes = bytes(conn, from, &row.id)?;
            add(conn, &FileRow { space: to, ..row.clone() }, &bytes)?;
        }
        remove(conn, from, &row.id)?;
    }
    Ok(())
}

/// What somebody has sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Files.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// When the first of them came.
    pub first: Option<Timestamp>,
}

/// What is kept of what somebody has sent after a moment.
///
/// # Errors
/// Whatever the engine refused.
pub fn sent(conn: &mut dyn Conn, actor: &str, since: Timestamp) -> Result<Sent, StoreError> {
    let sql = "SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT), min(created) FROM file
        WHERE actor = ?1 AND created > ?2";
    let Some(row) = conn.first(sql, &[actor.into(), since.into()])? else { return Ok(Sent::default()) };
    let first = row.opt_int(2)?.map(Timestamp);
    Ok(Sent { files: row.int(0)?.unsigned_abs(), bytes: row.int(1)?.unsigned_abs(), first })
}

/// Its bytes.
///
/// # Errors
/// Whatever the engine refused.
pub fn bytes(conn: &mut dyn Conn, space: i64, id: &str) -> Result<Vec<u8>, StoreError> {
    let mut all = Vec::new();
    let sql = "SELECT bytes FROM file_part WHERE space = ?1 AND file = ?2 ORDER BY n";
    conn.each(sql, &[space.into(), id.into()], &mut |row| {
        all.extend(row.blob(0)?);
        Ok(())
    })?;
    Ok(all)
}

/// Files in either of two states, in the order of their keys, after one of them.
///
/// # Errors
/// Whatever the engine refused.
pub fn in_states(
    conn: &mut dyn Conn,
    states: [&str; 2],
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<FileRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM file WHERE state IN (?1, ?2) AND (space > ?3 OR (space = ?3 AND id > ?4))
         ORDER BY space, id LIMIT ?5"
    );
    let params: [Value; 5] = [states[0].into(), states[1].into(), after.0.into(), after.1.into(), limit.into()];
    conn.query(&sql, &params)?.iter().map(of).collect()
}

/// Files that came before a moment, in the order of their keys, after one of them.
///
/// # Errors
/// Whatever the engine refused.
pub fn page(
    conn: &mut dyn Conn,
    before: Timestamp,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<FileRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM file WHERE created < ?1 AND (space > ?2 OR (space = ?2 AND id > ?3))
         ORDER BY space, id LIMIT ?4"
    );
    let params: [Value; 4] = [before.into(), after.0.into(), after.1.into(), limit.into()];
    conn.query(&sql, &params)?.iter().map(of).collect()
}

/// It is in another state from now on.
///
/// # Errors
/// Whatever the engine refused.
pub fn set_state(conn: &mut dyn Conn, space: i64, id: &str, state: &str) -> Result<(), StoreError> {
    let sql = "UPDATE file SET state = ?3 WHERE space = ?1 AND id = ?2";
    conn.execute(sql, &[space.into(), id.into(), state.into()]).map(drop)
}

/// Erases all files of an entity; how many there were.
///
/// # Errors
/// Whatever the engine refused.
pub fn remove_of(conn: &mut dyn Conn, space: i64, owner: &str) -> Result<u64, StoreError> {
    let sql = "DELETE FROM file_part WHERE space = ?1
        AND file IN (SELECT id FROM file WHERE space = ?1 AND owner = ?2)";
    conn.execute(sql, &[space.into(), owner.into()])?;
    conn.execute("DELETE FROM file WHERE space = ?1 AND owner = ?2", &[space.into(), owner.into()])
}

/// Erases what somebody has sent for entities that are not there (yet), such as the files of a draft; how many there were.
///
/// # Errors
/// Whatever the engine refused.
pub fn remove_held(conn: &mut dyn Conn, space: i64, actor: &str) -> Result<u64, StoreError> {
    let held = "space = ?1 AND actor = ?2
        AND NOT EXISTS (SELECT 1 FROM entity WHERE entity.space = file.space AND entity.urn = file.owner)";
    let sql = format!("DELETE FROM file_part WHERE space = ?1 AND file IN (SELECT id FROM file WHERE {held})");
    conn.execute(&sql, &[space.into(), actor.into()])?;
    conn.execute(&format!("DELETE FROM file WHERE {held}"), &[space.into(), actor.into()])
}

/// Erases it.
///
/// # Errors
/// Whatever the engine refused.
pub fn remove(conn: &mut dyn Conn, space: i64, id: &str) -> Result<(), StoreError> {
    conn.execute("DELETE FROM file_part WHERE space = ?1 AND file = ?2", &[space.into(), id.into()])?;
    conn.execute("DELETE FROM file WHERE space = ?1 AND id = ?2", &[space.into(), id.into()]).map(drop)
}
