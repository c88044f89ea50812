//! A space that comes from another installation into one that has spaces of its own: its numbers are new here, its rows are
//! those that they were. Nobody sees it before all of it is there.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::Value as Json;
use svod_kernel::number;
use svod_store::copy::{self, Digest, Table};
use svod_store::{Conn, Store, StoreError, Value, space};

use crate::ndjson::Sink;

/// A store with spaces of its own.
pub struct Settled<'s> {
    store: &'s Store,
    /// Under which path it is to stand; none: its own.
    under: Option<String>,
    /// The path it had and the one that it gets, when they differ.
    renamed: Option<(String, String)>,
    /// Numbers there and here.
    ids: BTreeMap<i64, i64>,
    next: i64,
    epoch: i64,
    /// Rows of spaces wait for the last moment.
    spaces: Vec<Vec<Value>>,
    written: BTreeMap<&'static str, u64>,
}

impl<'s> Settled<'s> {
    /// What comes stands under its own path or the given one.
    pub fn new(store: &'s Store, under: Option<String>) -> Self {
        let (ids, written) = (BTreeMap::new(), BTreeMap::new());
        Self { store, under, renamed: None, ids, next: 0, epoch: 0, spaces: Vec::new(), written }
    }

    /// The number here of a space; numbers are handed out in the order in which they are met.
    fn id(&mut self, there: i64) -> i64 {
        let next = self.next + number::count(self.ids.len());
        *self.ids.entry(there).or_insert(next)
    }

    fn path(&self, path: &str) -> String {
        match &self.renamed {
            Some((old, new)) => {
                path.strip_prefix(old.as_str()).map_or_else(|| path.to_owned(), |rest| format!("{new}{rest}"))
            }
            None => path.to_owned(),
        }
    }

    /// An entity says where it is.
    fn document(&self, text: &str) -> anyhow::Result<String> {
        let mut doc: Json = serde_json::from_str(text).context("an entity is no JSON")?;
        let path = doc.get("space").and_then(Json::as_str).map(|p| self.path(p));
        if let Some(path) = path {
            doc["space"] = path.into();
        }
        Ok(doc.to_string())
    }
}

impl Sink for Settled<'_> {
    fn begin(&mut self, space: Option<&str>) -> anyhow::Result<()> {
        let from = space.context("this is an export of a whole store; import it into an empty one")?;
        let to = self.under.clone().unwrap_or_else(|| from.to_owned());
        let all = self.store.blocking_read(|conn| space::list(conn))?;
        let taken = |s: &space::SpaceRow| s.path == to || s.path.starts_with(&format!("{to}/"));
        ensure!(!all.iter().any(taken), "there is a space {to} already; choose another path with --as");
        let above = to.rsplit_once('/').map(|(above, _)| above.to_owned());
        let known = |above: &String| all.iter().any(|s| s.path == *above);
        ensure!(
            above.as_ref().is_none_or(known),
            "there is no space {} for it to stand under",
            above.unwrap_or_default()
        );
        self.next = all.iter().map(|s| s.id).max().unwrap_or(0) + 1;
        self.epoch = all.iter().map(|s| s.epoch).max().unwrap_or(0);
        self.renamed = (from != to).then(|| (from.to_owned(), to));
        // What an import that was broken off has left behind belongs to nobody.
        let first = self.next;
        self.store.blocking_write(move |conn| {
            for table in copy::tables().filter(|t| t.name != "space") {
                conn.execute(&format!("DELETE FROM {} WHERE space >= ?1", table.name), &[first.into()])?;
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }

    fn put(&mut self, table: Table, mut rows: Vec<Vec<Value>>) -> anyhow::Result<()> {
        *self.written.entry(table.name).or_default() += rows.len() as u64;
        for row in &mut rows {
            let Some(Value::Int(there)) = row.first().cloned() else {
                anyhow::bail!("a row of {} has no space", table.name)
            };
            row[0] = self.id(there).into();
            for (place, (name, _)) in table.columns.iter().enumerate() {
                let Value::Text(text) = &row[place] else { continue };
                match (table.name, *name) {
                    ("space", "path") => row[place] = self.path(text).into(),
                    ("entity" | "tombstone", "doc") if self.renamed.is_some() && !text.is_empty() => {
                        row[place] = self.document(text)?.into();
                    }
                    _ => {}
                }
            }
        }
        if table.name == "space" {
            let epoch = table.columns.iter().position(|(name, _)| *name == "epoch");
            for row in &mut rows {
                if let Some(place) = epoch {
                    row[place] = self.epoch.into();
                }
            }
            self.spaces.extend(rows);
            return Ok(());
        }
        self.store.blocking_write(move |conn| copy::put(conn, &table, &rows))?;
        Ok(())
    }

    fn finish(&mut self, _: &[(Table, Digest)]) -> anyhow::Result<()> {
        let written = std::mem::take(&mut self.written);
        let first = self.next;
        let there = self.store.blocking_read(move |conn| {
            let count = |conn: &mut dyn Conn, table: &str| {
                let sql = format!("SELECT count(*) FROM {table} WHERE space >= ?1");
                conn.first(&sql, &[first.into()])?.map_or(Ok(0), |r| r.int(0))
            };
            let tables = copy::tables().filter(|t| !t.derived && t.name != "space");
            tables
                .map(|t| Ok((t.name, count(conn, t.name)?.unsigned_abs())))
                .collect::<Result<BTreeMap<_, _>, StoreError>>()
        })?;
        for (table, rows) in there {
            let read = written.get(table).copied().unwrap_or(0);
            ensure!(rows == read, "table {table}: {read} rows were read and {rows} are there");
        }
        let (spaces, table) = (std::mem::take(&mut self.spaces), copy::TABLES[0]);
        self.store.blocking_write(move |conn| {
            copy::put(conn, &table, &spaces)?;
            // Indexes are built anew at the next start: what has come has no rows in them.
            conn.execute("UPDATE value_index SET ready = 0, at_space = -1, at_entity = -1", &[])?;
            space::renew(conn)
        })?;
        Ok(())
    }
}
