//! What outside bytes meet here, for the fuzzer: each function takes any bytes and must come back.

use svod_store::copy::{Digest, Table};

use crate::ndjson;

struct Nowhere;

impl ndjson::Sink for Nowhere {
    fn begin(&mut self, _space: Option<&str>) -> anyhow::Result<()> {
        Ok(())
    }

    fn put(&mut self, _table: Table, _rows: Vec<Vec<svod_store::Value>>) -> anyhow::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _expected: &[(Table, Digest)]) -> anyhow::Result<()> {
        Ok(())
    }
}

/// An export that somebody imports.
pub fn export(bytes: &[u8]) {
    _ = ndjson::read(&mut Nowhere, bytes);
}
