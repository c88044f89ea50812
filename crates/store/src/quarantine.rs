//! Quarantine: messages refused, each with its reason, kept until replayed or discarded.

use std::collections::BTreeMap;

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::space::{Counter, INSTALLATION, take};
use crate::{BulkInsert, Clash, Column, Conn, Row, StoreError, Value};

/// A refused message about to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuarantine {
    /// Space it is shown in; 0 when unknown.
    pub space: i64,
    /// When it arrived.
    pub at: Timestamp,
    /// Door and topic it came by.
    pub source: String,
    /// Device profile, where known.
    pub profile: Option<String>,
    /// External id of the device, where known.
    pub device: Option<String>,
    /// Stable code of the reason.
    pub reason: String,
    /// What exactly was wrong.
    pub detail: String,
    /// The message as it came.
    pub payload: Vec<u8>,
}

/// What has become of a refused message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits for a decision.
    Held,
    /// Was taken in after all.
    Replayed,
    /// Was given up.
    Discarded,
}

impl Status {
    /// As kept and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Held, Self::Replayed, Self::Discarded]
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| StoreError::Shape(format!("no status of quarantine: {text}")))
    }
}

/// A message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Number, one in the whole installation.
    pub id: i64,
    /// What was refused and why.
    pub message: NewQuarantine,
    /// What has become of it.
    pub status: Status,
}

/// Which messages to list.
#[derive(Debug, Clone, Default)]
pub struct QuarantineQuery {
    /// Of these spaces.
    pub spaces: Vec<i64>,
    /// With this reason.
    pub reason: Option<String>,
    /// With this status.
    pub status: Option<Status>,
    /// Older than this number (the last of the page before).
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// Keeps refused messages; the number of the first.
///
/// # Errors
/// Whatever the engine refused.
pub fn put_many(conn: &mut dyn Conn, messages: &[NewQuarantine]) -> Result<i64, StoreError> {
    let count = i64::try_from(messages.len()).map_err(|_| StoreError::Shape("too many messages".into()))?;
    let first = take(conn, INSTALLATION, Counter::Quarantine, count)?;
    let text = |f: fn(&NewQuarantine) -> &String| Column::Text(messages.iter().map(|m| f(m).clone()).collect());
    let columns = [
        ("space", Column::Int(messages.iter().map(|m| m.space).collect())),
        ("id", Column::Int((first..first + count).collect())),
        ("at", Column::Int(messages.iter().map(|m| m.at.0).collect())),
        ("source", text(|m| &m.source)),
        ("profile", Column::OptText(messages.iter().map(|m| m.profile.clone()).collect())),
        ("device", Column::OptText(messages.iter().map(|m| m.device.clone()).collect())),
        ("reason", text(|m| &m.reason)),
        ("detail", text(|m| &m.detail)),
        ("payload", Column::Blob(messages.iter().map(|m| m.payload.clone()).collect())),
        ("status", Column::Text(vec![Status::Held.as_str().into(); messages.len()])),
    ];
    conn.insert_many(&BulkInsert { table: "quarantine", columns: &columns, clash: Clash::Fails })?;
    Ok(first)
}

const COLUMNS: &str = "id, space, at, source, profile, device, reason, detail, payload, status";

/// Messages that fit, newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn page(conn: &mut dyn Conn, query: &QuarantineQuery) -> Result<Vec<QuarantineRow>, StoreError> {
    if query.spaces.is_empty() {
        return Ok(Vec::new());
    }
    let mut params: Vec<Value> = vec![query.limit.into(), query.before.unwrap_or(i64::MAX).into()];
    params.extend(query.spaces.iter().map(|s| Value::from(*s)));
    let mut sql = format!(
        "SELECT {COLUMNS} FROM quarantine WHERE id < ?2 AND space IN ({})",
        placeholders(3, query.spaces.len())
    );
    let mut filter = |column: &str, value: Value| {
        params.push(value);
        sql.push_str(&format!(" AND {column} = ?{}", params.len()));
    };
    if let Some(reason) = &query.reason {
        filter("reason", reason.into());
    }
    if let Some(status) = query.status {
        filter("status", status.as_str().into());
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?1");
    conn.query(&sql, &params)?.iter().map(message).collect()
}

/// One message by its number.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, id: i64) -> Result<Option<QuarantineRow>, StoreError> {
    let row = conn.first(&format!("SELECT {COLUMNS} FROM quarantine WHERE id = ?1"), &[id.into()])?;
    row.as_ref().map(message).transpose()
}

/// Moves a message from status `from` to `to`; whether it was in `from`, so that two who replay it at once do it once.
///
/// # Errors
/// Whatever the engine refused.
pub fn set_status(conn: &mut dyn Conn, id: i64, from: Status, to: Status) -> Result<bool, StoreError> {
    let sql = "UPDATE quarantine SET status = ?1 WHERE id = ?2 AND status = ?3";
    Ok(conn.execute(sql, &[to.as_str().into(), id.into(), from.as_str().into()])? > 0)
}

/// How many messages of these spaces have `status`, by reason.
///
/// # Errors
/// Whatever the engine refused.
pub fn counts(conn: &mut dyn Conn, spaces: &[i64], status: Status) -> Result<Vec<(String, i64)>, StoreError> {
    if spaces.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT reason, count(*) FROM quarantine WHERE status = ?1 AND space IN ({}) GROUP BY reason ORDER BY 2 DESC, 1",
        placeholders(2, spaces.len())
    );
    let mut params: Vec<Value> = vec![status.as_str().into()];
    params.extend(spaces.iter().map(|s| Value::from(*s)));
    conn.query(&sql, &params)?.iter().map(|r| Ok((r.text(0)?, r.int(1)?))).collect()
}

/// Messages of a status that came before a moment: space and number, the oldest first, at most so many.
///
/// # Errors
/// Whatever the engine refused.
pub fn over(conn: &mut dyn Conn, status: Status, before: Timestamp, most: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let sql = "SELECT space, id FROM quarantine WHERE status = ?1 AND at < ?2 ORDER BY at LIMIT ?3";
    let rows = conn.query(sql, &[status.as_str().into(), before.into(), most.into()])?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// Removes those of them that still have the status and came before the moment; how many it were.
///
/// # Errors
/// Whatever the engine refused.
pub fn forget(
    conn: &mut dyn Conn,
    messages: &[(i64, i64)],
    status: Status,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let mut by_space: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (space, id) in messages {
        by_space.entry(*space).or_default().push(*id);
    }
    let mut gone = 0;
    for (space, ids) in by_space {
        let sql = format!(
            "DELETE FROM quarantine WHERE space = ?1 AND status = ?2 AND at < ?3 AND id IN ({})",
            placeholders(4, ids.len())
        );
        let mut params: Vec<Value> = vec![space.into(), status.as_str().into(), before.into()];
        params.extend(ids.into_iter().map(Value::from));
        gone += conn.execute(&sql, &params)?;
    }
    Ok(gone)
}

fn message(r: &Row) -> Result<QuarantineRow, StoreError> {
    let message = NewQuarantine {
        space: r.int(1)?,
        at: r.time(2)?,
        source: r.text(3)?,
        profile: r.opt_text(4)?,
        device: r.opt_text(5)?,
        reason: r.text(6)?,
        detail: r.text(7)?,
        payload: r.blob(8)?,
    };
    Ok(QuarantineRow { id: r.int(0)?, message, status: Status::parse(&r.text(9)?)? })
}
