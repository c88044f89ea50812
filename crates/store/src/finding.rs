//! Findings: what a decision called for, written with the reading, not yet turned into an alert and a task.

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::space::{Counter, INSTALLATION, take};
use crate::{BulkInsert, Clash, Column, Conn, StoreError, Value};

/// A finding about to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFinding {
    /// Space of the entity.
    pub space: i64,
    /// When the decision was made.
    pub at: Timestamp,
    /// Trigger that asked for the decision.
    pub trigger_id: String,
    /// Entity it is about.
    pub urn: String,
    /// Attribute it is about; empty when about the whole entity.
    pub attribute: String,
    /// Inputs and outcome, JSON.
    pub body: String,
}

/// A finding that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Number, one in the whole installation, never used twice.
    pub id: i64,
    /// What it says.
    pub finding: NewFinding,
}

/// Adds findings; the number of the first.
///
/// # Errors
/// Whatever the engine refused.
pub fn put(conn: &mut dyn Conn, findings: &[NewFinding]) -> Result<i64, StoreError> {
    let count = i64::try_from(findings.len()).map_err(|_| StoreError::Shape("too many findings".into()))?;
    let first = take(conn, INSTALLATION, Counter::Finding, count)?;
    let text = |f: fn(&NewFinding) -> &String| Column::Text(findings.iter().map(|n| f(n).clone()).collect());
    let columns = [
        ("space", Column::Int(findings.iter().map(|f| f.space).collect())),
        ("id", Column::Int((first..first + count).collect())),
        ("at", Column::Int(findings.iter().map(|f| f.at.0).collect())),
        ("trigger_id", text(|f| &f.trigger_id)),
        ("urn", text(|f| &f.urn)),
        ("attribute", text(|f| &f.attribute)),
        ("body", text(|f| &f.body)),
    ];
    conn.insert_many(&BulkInsert { table: "finding", columns: &columns, clash: Clash::Fails })?;
    Ok(first)
}

/// The oldest findings after number `after` (0 for the beginning).
///
/// # Errors
/// Whatever the engine refused.
pub fn page(conn: &mut dyn Conn, after: i64, limit: i64) -> Result<Vec<FindingRow>, StoreError> {
    let sql = "SELECT id, space, at, trigger_id, urn, attribute, body FROM finding WHERE id > ?1 ORDER BY id LIMIT ?2";
    let rows = conn.query(sql, &[after.into(), limit.into()])?;
    rows.iter()
        .map(|r| {
            let finding = NewFinding {
                space: r.int(1)?,
                at: r.time(2)?,
                trigger_id: r.text(3)?,
                urn: r.text(4)?,
                attribute: r.text(5)?,
                body: r.text(6)?,
            };
            Ok(FindingRow { id: r.int(0)?, finding })
        })
        .collect()
}

/// Removes findings by their numbers; how many were still there.
///
/// # Errors
/// Whatever the engine refused.
pub fn delete(conn: &mut dyn Conn, ids: &[i64]) -> Result<u64, StoreError> {
    let mut gone = 0;
    for part in ids.chunks(100) {
        let sql = format!("DELETE FROM finding WHERE id IN ({})", placeholders(1, part.len()));
        let params: Vec<Value> = part.iter().map(|id| (*id).into()).collect();
        gone += conn.execute(&sql, &params)?;
    }
    Ok(gone)
}

/// How many findings wait.
///
/// # Errors
/// Whatever the engine refused.
pub fn count(conn: &mut dyn Conn) -> Result<i64, StoreError> {
    conn.first("SELECT count(*) FROM finding", &[])?.map_or(Ok(0), |row| row.int(0))
}
