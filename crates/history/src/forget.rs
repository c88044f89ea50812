use svod_kernel::Timestamp;
use svod_store::{Conn, StoreError, Value};

use crate::History;

/// Observations removed in one transaction: writers wait for it.
const AT_ONCE: i64 = 2_000;

impl History {
    /// Removes observations of before a moment, also the newest of a series; how many it were. Series keep their numbers.
    ///
    /// # Errors
    /// As [`svod_store::Store::write`].
    pub async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut gone = 0;
        for (space, series) in self.store.read(move |conn| begun(conn, before)).await? {
            loop {
                let removed = self.store.write(move |conn| remove(conn, (space, series), before)).await?;
                gone += removed;
                if removed < AT_ONCE as u64 {
                    break;
                }
            }
        }
        Ok(gone)
    }
}

/// The series that have something of before the moment: one seek each.
fn begun(conn: &mut dyn Conn, before: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
    let sql = "SELECT s.space, s.id FROM series s WHERE EXISTS (
               SELECT 1 FROM observation o WHERE o.space = s.space AND o.series = s.id AND o.at < ?1)";
    conn.query(sql, &[before.into()])?.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// The oldest of a series, as many as one transaction takes.
fn remove(conn: &mut dyn Conn, (space, series): (i64, i64), before: Timestamp) -> Result<u64, StoreError> {
    let of = |at: Value, n: i64| [space.into(), series.into(), at, n.into()];
    let sql = "SELECT at FROM observation WHERE space = ?1 AND series = ?2 AND at < ?3 ORDER BY at LIMIT 1 OFFSET ?4";
    // Where fewer are left, all of them.
    let until = conn.first(sql, &of(before.into(), AT_ONCE))?.map_or(Ok(before), |row| row.time(0))?;
    let sql = "DELETE FROM observation WHERE space = ?1 AND series = ?2 AND at < ?3";
    conn.execute(sql, &[space.into(), series.into(), until.into()])
}
