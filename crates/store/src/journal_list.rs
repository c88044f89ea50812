//! Lists of the journal over several spaces, by time.

use crate::conn::placeholders;
use crate::journal::{EventRow, event};
use crate::{Conn, StoreError, Value};

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// Of these spaces.
    pub spaces: Vec<i64>,
    /// Only of this entity.
    pub urn: Option<String>,
    /// Only caused by this case.
    pub cause: Option<String>,
    /// Beyond this one: time, space and number.
    pub after: Option<(i64, i64, i64)>,
    /// Newest first, else oldest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: i64,
}

/// Events that fit, ordered by (time, space, number).
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn, filter: &ListFilter) -> Result<Vec<EventRow>, StoreError> {
    let (order, beyond) = if filter.newest_first { ("DESC", "<") } else { ("ASC", ">") };
    let mut params: Vec<Value> = vec![filter.limit.into()];
    let mut wheres = Vec::new();
    let mut place = |value: Value| {
        params.push(value);
        params.len()
    };
    if let Some(urn) = &filter.urn {
        wheres.push(format!("urn = ?{}", place(urn.into())));
    }
    if let Some(cause) = &filter.cause {
        wheres.push(format!("cause = ?{}", place(cause.into())));
    }
    if let Some((at, space, seq)) = filter.after {
        let (a, s, n) = (place(at.into()), place(space.into()), place(seq.into()));
        wheres.push(format!("(at, space, seq) {beyond} (?{a}, ?{s}, ?{n})"));
    }
    let mut found = Vec::new();
    for part in filter.spaces.chunks(200) {
        let mut values = params.clone();
        let first = values.len() + 1;
        values.extend(part.iter().map(|s| Value::from(*s)));
        let mut all = vec![format!("space IN ({})", placeholders(first, part.len()))];
        all.extend(wheres.iter().cloned());
        let sql = format!(
            "SELECT space, seq, at, actor, actor_name, action, urn, type, version, ground, cause, changes, on_behalf FROM journal
             WHERE {} ORDER BY at {order}, space {order}, seq {order} LIMIT ?1",
            all.join(" AND ")
        );
        for row in conn.query(&sql, &values)? {
            found.push(event(&row)?);
        }
    }
    found.sort_by_key(|e: &EventRow| (e.event.at, e.space, e.seq));
    if filter.newest_first {
        found.reverse();
    }
    found.truncate(usize::try_from(filter.limit).unwrap_or(0));
    Ok(found)
}
