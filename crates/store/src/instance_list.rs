//! Process instances as an operator looks for them: those that stand still, of many spaces at once.

use std::collections::{BTreeMap, HashMap};

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::instance::{InstanceRow, get_many};
use crate::{Conn, Row, StoreError, Value};

/// Where a list of instances goes on: the last one that was seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it last moved.
    pub modified: Timestamp,
    /// Its space.
    pub space: i64,
    /// Its number.
    pub id: i64,
}

impl Place {
    fn of(r: &Row) -> Result<Self, StoreError> {
        Ok(Self { modified: r.time(0)?, space: r.int(1)?, id: r.int(2)? })
    }
}

/// Instances that wait for an operator, in these spaces, and of one process where it is named; those that moved last come
/// first, after `after`.
///
/// Read in the order of the index of those that stand still, which holds all that is asked for: a plus keeps the engines from
/// walking through whole spaces instead.
///
/// # Errors
/// Whatever the engine refused.
pub fn standing(
    conn: &mut dyn Conn,
    spaces: &[i64],
    process: Option<&str>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<InstanceRow>, StoreError> {
    if spaces.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = "SELECT modified, space, id FROM instance WHERE status = 1".to_owned();
    let mut params: Vec<Value> = Vec::with_capacity(spaces.len() + 5);
    if let Some(p) = after {
        sql.push_str(" AND (modified, space, id) < (?1, ?2, ?3)");
        params.extend([p.modified.into(), p.space.into(), p.id.into()]);
    }
    if let Some(process) = process {
        params.push(process.into());
        sql.push_str(&format!(" AND process = ?{}", params.len()));
    }
    sql.push_str(&format!(" AND +space IN ({})", placeholders(params.len() + 1, spaces.len())));
    params.extend(spaces.iter().map(|s| Value::from(*s)));
    params.push(limit.into());
    sql.push_str(&format!(" ORDER BY modified DESC, space DESC, id DESC LIMIT ?{}", params.len()));
    let found: Result<Vec<Place>, StoreError> = conn.query(&sql, &params)?.iter().map(Place::of).collect();
    rows(conn, &found?)
}

/// The rows at these places, in their order.
fn rows(conn: &mut dyn Conn, places: &[Place]) -> Result<Vec<InstanceRow>, StoreError> {
    let mut wanted: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for place in places {
        wanted.entry(place.space).or_default().push(place.id);
    }
    let mut found: HashMap<(i64, i64), InstanceRow> = HashMap::with_capacity(places.len());
    for (space, ids) in wanted {
        found.extend(get_many(conn, space, &ids)?.into_iter().map(|row| ((row.space, row.id), row)));
    }
    Ok(places.iter().filter_map(|p| found.remove(&(p.space, p.id))).collect())
}

/// How many instances wait for an operator, everywhere.
///
/// # Errors
/// Whatever the engine refused.
pub fn standing_count(conn: &mut dyn Conn) -> Result<i64, StoreError> {
    // Every moment is after this one: it leads to the index of those that stand still, and not through that of all.
    let row = conn.first("SELECT count(*) FROM instance WHERE status = 1 AND modified > ?1", &[i64::MIN.into()])?;
    row.map_or(Ok(0), |r| r.int(0))
}
