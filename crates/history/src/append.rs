use svod_store::finding::{self, NewFinding};
use svod_store::quarantine::{self, NewQuarantine};
use svod_store::{BulkInsert, Clash, StoreError};

use crate::History;
use crate::codec;
use crate::model::{Appended, Observation};

impl History {
    /// Keeps the readings of a batch (each with its space), the findings they led to and the messages refused, all in
    /// one transaction; resolves when it is durable. Late and out of order is taken in place.
    ///
    /// # Errors
    /// As [`svod_store::Store::append`]; nothing of the batch is kept then, except after [`StoreError::Unknown`].
    pub async fn append(
        &self,
        batch: Vec<(i64, Observation)>,
        findings: Vec<NewFinding>,
        quarantined: Vec<NewQuarantine>,
    ) -> Result<Appended, StoreError> {
        let given = batch.len() as u64;
        let columns = codec::columns(batch);
        self.store
            .append(move |conn| {
                // Readings first: they take no lock that others wait for.
                let insert = BulkInsert { table: "observation", columns: &columns, clash: Clash::Keeps };
                let stored = if given > 0 { conn.insert_many(&insert)? } else { 0 };
                if !findings.is_empty() {
                    finding::put(conn, &findings)?;
                }
                if !quarantined.is_empty() {
                    quarantine::put_many(conn, &quarantined)?;
                }
                Ok(Appended { stored, duplicates: given - stored })
            })
            .await
    }
}
