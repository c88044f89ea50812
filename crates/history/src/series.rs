use std::collections::BTreeMap;
use std::sync::PoisonError;

use svod_kernel::number;
use svod_store::space::{Counter, take};
use svod_store::{BulkInsert, Clash, Column, Conn, StoreError};

use crate::History;
use crate::model::SeriesKey;

impl History {
    /// The numbers of the series, in the order of `keys`; those not yet known are made, durably.
    ///
    /// # Errors
    /// As [`svod_store::Store::write`].
    pub async fn series(&self, keys: Vec<SeriesKey>) -> Result<Vec<i64>, StoreError> {
        let missing: Vec<SeriesKey> = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            keys.iter().filter(|key| !known.contains_key(*key)).cloned().collect()
        };
        if !missing.is_empty() {
            let found = self.store.write(move |conn| resolve(conn, &missing)).await?;
            self.known.write().unwrap_or_else(PoisonError::into_inner).extend(found);
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter()
            .map(|key| known.get(key).copied().ok_or_else(|| StoreError::Shape("a series was not made".into())))
            .collect()
    }

    pub(crate) fn remember(&self, series: impl Iterator<Item = (SeriesKey, i64)>) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(series);
    }
}

/// Looks the series up, makes those that are missing; no other writer can make them meanwhile.
fn resolve(conn: &mut dyn Conn, keys: &[SeriesKey]) -> Result<Vec<(SeriesKey, i64)>, StoreError> {
    conn.exclusive()?;
    let sql = "SELECT id FROM series WHERE space = ?1 AND urn = ?2 AND attribute = ?3 AND device = ?4";
    let mut found = Vec::with_capacity(keys.len());
    let mut new: BTreeMap<i64, Vec<&SeriesKey>> = BTreeMap::new();
    let mut seen = std::collections::HashSet::new();
    for key in keys.iter().filter(|key| seen.insert(*key)) {
        let params = [key.space.into(), key.urn.as_str().into(), (&key.attribute).into(), (&key.device).into()];
        match conn.first(sql, &params)? {
            Some(row) => found.push((key.clone(), row.int(0)?)),
            None => new.entry(key.space).or_default().push(key),
        }
    }
    for (space, keys) in new {
        let count = number::count(keys.len());
        let first = take(conn, space, Counter::Series, count)?;
        let ids = first..first + count;
        let columns = [
            ("space", Column::Int(vec![space; keys.len()])),
            ("id", Column::Int(ids.clone().collect())),
            ("urn", Column::Text(keys.iter().map(|k| k.urn.as_str().to_owned()).collect())),
            ("attribute", Column::Text(keys.iter().map(|k| k.attribute.clone()).collect())),
            ("device", Column::Text(keys.iter().map(|k| k.device.clone()).collect())),
        ];
        conn.insert_many(&BulkInsert { table: "series", columns: &columns, clash: Clash::Fails })?;
        found.extend(keys.into_iter().cloned().zip(ids));
    }
    Ok(found)
}
