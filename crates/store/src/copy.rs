//! A store as a whole: read from one place, written to another, table by table; what backups, moves and exports are made
//! of. Both ends may be of either engine.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::{BulkInsert, Clash, Column, Conn, Row, Store, StoreError, Value, meta};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number or null.
    Int,
    /// A number or null.
    Real,
    /// A text or null.
    Text,
    /// A text that is a JSON document.
    Json,
    /// Bytes.
    Bytes,
}

/// A table with its columns, the key first.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// Columns.
    pub columns: &'static [(&'static str, Kind)],
    /// How many columns the key has.
    pub key: usize,
    /// It can be worked out from the others.
    pub derived: bool,
}

use Kind::{Bytes, Int, Json, Real, Text};

macro_rules! table {
    ($name:literal, $key:literal, [$($column:literal: $kind:ident),+ $(,)?]) => {
        Table { name: $name, key: $key, derived: false, columns: &[$(($column, $kind)),+] }
    };
    ($name:literal, $key:literal, derived [$($column:literal: $kind:ident),+ $(,)?]) => {
        Table { name: $name, key: $key, derived: true, columns: &[$(($column, $kind)),+] }
    };
}

/// Every table but leases, which belong to nodes that run.
pub const TABLES: [Table; 43] = [
    table!("space", 1, ["id": Int, "path": Text, "open": Int, "seq": Int, "next_entity": Int, "next_outbox": Int,
        "next_finding": Int, "next_quarantine": Int, "next_series": Int, "epoch": Int,
        "next_instance": Int]),
    table!("pack", 3, ["space": Int, "id": Text, "published": Int, "version": Text, "actor": Text, "active": Int,
        "source": Text]),
    table!("entity", 2, ["space": Int, "id": Int, "urn": Text, "type": Text, "version": Int, "created": Int,
        "modified": Int, "doc": Json]),
    table!("tombstone", 2, ["space": Int, "urn": Text, "version": Int, "deleted": Int, "doc": Json, "type": Text]),
    table!("journal", 2, ["space": Int, "seq": Int, "at": Int, "actor": Text, "actor_name": Text, "action": Text,
        "urn": Text, "type": Text, "version": Int, "ground": Text, "cause": Text, "changes": Json,
        "on_behalf": Text]),
    table!("definition", 3, ["space": Int, "kind": Text, "id": Text, "created": Int, "modified": Int, "doc": Json]),
    table!("evolution", 3, ["space": Int, "type": Text, "urn": Text]),
    table!("series", 2, ["space": Int, "id": Int, "urn": Text, "attribute": Text, "device": Text]),
    table!("observation", 3, ["space": Int, "series": Int, "at": Int, "num": Real, "num2": Real, "txt": Text,
        "flags": Int, "received": Int]),
    table!("finding", 2, ["space": Int, "id": Int, "at": Int, "trigger_id": Text, "urn": Text, "attribute": Text,
        "body": Text]),
    table!("outbox", 2, ["space": Int, "id": Int, "at": Int, "kind": Text, "body": Text, "attempts": Int,
        "next_at": Int]),
    table!("quarantine", 2, ["space": Int, "id": Int, "at": Int, "source": Text, "profile": Text, "device": Text,
        "reason": Text, "detail": Text, "payload": Bytes, "status": Text]),
    table!("projection", 2, ["space": Int, "name": Text, "seq": Int]),
    table!("set_aside", 3, ["space": Int, "projection": Text, "seq": Int, "at": Int, "reason": Text]),
    table!("meta", 2, ["space": Int, "name": Text, "value": Text]),
    table!("entity_count", 2, ["space": Int, "type": Text, "count": Int]),
    table!("attribute_count", 4, ["space": Int, "type": Text, "attribute": Text, "holds": Text, "count": Int]),
    table!("receipt", 3, ["space": Int, "actor": Text, "key": Text, "at": Int, "fingerprint": Int, "doc": Text]),
    table!("value_index", 2, ["space": Int, "name": Text, "created": Int, "ready": Int, "at_space": Int,
        "at_entity": Int]),
    table!("ledger_leaf", 2, ["space": Int, "seq": Int, "leaf": Int, "salt": Bytes]),
    table!("ledger_tile", 3, ["space": Int, "level": Int, "number": Int, "hashes": Bytes]),
    table!("account", 2, ["space": Int, "id": Text, "login": Text, "name": Text, "person": Text, "state": Text,
        "password": Text, "totp": Bytes, "totp_step": Int, "recovery": Json, "created": Int, "modified": Int, "seen": Int]),
    table!("passkey", 2, ["space": Int, "credential": Bytes, "account": Text, "name": Text, "doc": Json, "created": Int,
        "used": Int]),
    table!("session", 2, ["space": Int, "token": Bytes, "account": Text, "method": Text, "acting": Text, "created": Int, "seen": Int,
        "confirmed": Int, "expires": Int, "agent": Text, "address": Text, "assurance": Text]),
    table!("outside_identity", 3, ["space": Int, "issuer": Text, "subject": Text, "account": Text, "created": Int]),
    table!("challenge", 2, ["space": Int, "token": Bytes, "kind": Text, "account": Text, "state": Json,
        "expires": Int]),
    table!("client", 2, ["space": Int, "id": Text, "state": Text, "secret": Bytes, "doc": Json, "created": Int]),
    table!("client_consent", 3, ["space": Int, "account": Text, "client": Text, "scope": Text, "at": Int]),
    table!("client_token", 2, ["space": Int, "token": Bytes, "kind": Text, "chain": Text, "client": Text,
        "account": Text, "scope": Text, "doc": Json, "created": Int, "expires": Int, "used": Int]),
    table!("site_session", 2, ["space": Int, "chain": Text, "session": Bytes, "client": Text, "subject": Text, "due": Int,
        "tries": Int]),
    table!("signing_key", 2, ["space": Int, "id": Text, "sealed": Bytes, "created": Int]),
    table!("device", 2, ["space": Int, "id": Text, "name": Text, "words": Text, "home": Text, "profile": Text, "device": Text,
        "secret": Bytes, "actor": Text, "created": Int, "seen": Int, "revoked": Int]),
    table!("ledger_head", 2, ["space": Int, "origin": Text, "size": Int, "root": Bytes, "at": Int, "note": Text]),
    table!("file", 2, ["space": Int, "id": Text, "owner": Text, "name": Text, "kind": Text, "size": Int, "sha256": Text,
        "state": Text, "created": Int, "actor": Text]),
    table!("draft", 3, ["space": Int, "subject": Text, "form": Text, "version": Text, "modified": Int, "doc": Json,
        "page": Text]),
    table!("form_reach", 4, ["space": Int, "form": Text, "version": Text, "page": Text, "reached": Int, "passed": Int]),
    table!("instance", 2, ["space": Int, "id": Int, "urn": Text, "process": Text, "parent": Text, "business_key": Text,
        "status": Int, "version": Int, "started": Int, "modified": Int, "state": Json, "person": Text]),
    table!("instance_wait", 3, ["space": Int, "instance": Int, "wait": Text, "kind": Text, "name": Text, "key": Text,
        "due": Int, "attempts": Int, "body": Text]),
    table!("instance_step", 3, ["space": Int, "instance": Int, "version": Int, "at": Int, "steps": Json]),
    table!("posting", 3, ["space": Int, "txn": Text, "line": Int, "account": Text, "currency": Text, "amount": Int, "at": Int,
        "what": Text]),
    table!("payment_notice", 4, ["space": Int, "provider": Text, "reference": Text, "state": Text, "amount": Int,
        "currency": Text, "payment": Text, "reason": Text, "first_at": Int, "last_at": Int, "times": Int]),
    table!("file_part", 3, ["space": Int, "file": Text, "n": Int, "bytes": Bytes]),
    table!("entity_cell", 4, derived ["space": Int, "attribute": Int, "cell": Int, "entity": Int, "kind": Int]),
];

/// The largest table, apart because its key is bytes.
pub const VALUES: Table =
    table!("entity_value", 4, derived ["space": Int, "attribute": Int, "key": Bytes, "entity": Int, "kind": Int]);

/// All tables of a store.
pub fn tables() -> impl Iterator<Item = Table> {
    TABLES.into_iter().chain([VALUES])
}

/// Rows of a table and what they add up to, in whatever order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many.
    pub rows: u64,
    /// Sum of their hashes.
    pub sum: u64,
}

impl Digest {
    /// Takes one more row in.
    pub fn add(&mut self, row: &[Value]) {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |bytes: &[u8]| {
            for b in bytes {
                hash = (hash ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        for value in row {
            match value {
                Value::Null => eat(&[0]),
                Value::Int(v) => [&[1][..], &v.to_le_bytes()].into_iter().for_each(&mut eat),
                Value::Real(v) => [&[2][..], &v.to_bits().to_le_bytes()].into_iter().for_each(&mut eat),
                Value::Text(v) => [&[3][..], &v.len().to_le_bytes(), v.as_bytes()].into_iter().for_each(&mut eat),
                Value::Blob(v) => [&[4][..], &v.len().to_le_bytes(), v].into_iter().for_each(&mut eat),
            }
        }
        self.rows += 1;
        // Mixed once more, so that sums do not cancel each other out.
        let mixed = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.sum = self.sum.wrapping_add(mixed ^ (mixed >> 29));
    }
}

/// What a table of a store adds up to.
///
/// # Errors
/// Whatever the engine refused.
pub fn digest(conn: &mut dyn Conn, table: &Table) -> Result<Digest, StoreError> {
    let mut digest = Digest::default();
    each(conn, table, &mut |row| {
        digest.add(&row);
        Ok(())
    })?;
    Ok(digest)
}

/// Every row of a table in the order of its key; without the marks of a copy under way.
///
/// # Errors
/// Whatever the engine refused, or the first error of `f`.
pub fn each(
    conn: &mut dyn Conn,
    table: &Table,
    f: &mut dyn FnMut(Vec<Value>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let names: Vec<&str> = table.columns.iter().map(|c| c.0).collect();
    let only = if table.name == "meta" { format!(" WHERE name <> '{MARK}'") } else { String::new() };
    let sql =
        format!("SELECT {} FROM {}{only} ORDER BY {}", names.join(", "), table.name, names[..table.key].join(", "));
    conn.each(&sql, &[], &mut |row| f(values(table, row)?))
}

fn values(table: &Table, row: &Row) -> Result<Vec<Value>, StoreError> {
    let typed = |(place, (_, kind)): (usize, &(&str, Kind))| {
        Ok(match (kind, row.value(place)?) {
            // SQLite keeps a whole number where it can.
            (Real, Value::Int(v)) => Value::Real(*v as f64),
            (_, value) => value.clone(),
        })
    };
    table.columns.iter().enumerate().map(typed).collect()
}

/// Writes rows of a table.
///
/// # Errors
/// [`StoreError::Shape`] for a value of another kind; otherwise whatever the engine refused.
pub fn put(conn: &mut dyn Conn, table: &Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
    let wrong = |name: &str| StoreError::Shape(format!("{}.{name} has a value of another kind", table.name));
    let column = |(place, (name, kind)): (usize, &(&'static str, Kind))| {
        let cells = || rows.iter().map(|r| r.get(place).unwrap_or(&Value::Null));
        let made = match kind {
            Int => Column::OptInt(
                cells()
                    .map(|v| match v {
                        Value::Null => Ok(None),
                        Value::Int(v) => Ok(Some(*v)),
                        _ => Err(wrong(name)),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Real => Column::OptReal(
                cells()
                    .map(|v| match v {
                        Value::Null => Ok(None),
                        Value::Real(v) => Ok(Some(*v)),
                        Value::Int(v) => Ok(Some(*v as f64)),
                        _ => Err(wrong(name)),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Text | Json => Column::OptText(
                cells()
                    .map(|v| match v {
                        Value::Null => Ok(None),
                        Value::Text(v) => Ok(Some(v.clone())),
                        _ => Err(wrong(name)),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Bytes => Column::Blob(
                cells()
                    .map(|v| match v {
                        Value::Blob(v) => Ok(v.clone()),
                        _ => Err(wrong(name)),
                    })
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok((*name, made))
    };
    let columns = table.columns.iter().enumerate().map(column).collect::<Result<Vec<_>, StoreError>>()?;
    conn.insert_many(&BulkInsert { table: table.name, columns: &columns, clash: Clash::Fails }).map(drop)
}

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The other store is in use.
    #[error("the target holds data already; give an empty one")]
    NotEmpty,
    /// What was written is not what was read.
    #[error(
        "table {table}: {read} rows were read and {written} are there, or their contents differ; if the source was changed meanwhile, begin again with an empty target"
    )]
    Differs {
        /// Which table.
        table: &'static str,
        /// Rows read.
        read: u64,
        /// Rows found.
        written: u64,
    },
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Name in `meta` under which a target keeps how far it is.
const MARK: &str = "copy";
/// Rows of one transaction, and bytes of them, at the most.
const ROWS: usize = 2_000;
const BYTES: usize = 4 << 20;

/// A target that is filled.
pub struct Target<'s> {
    store: &'s Store,
    /// Rows there were when it was opened, by table: what another run has written already.
    before: BTreeMap<String, u64>,
    written: BTreeMap<&'static str, u64>,
}

impl<'s> Target<'s> {
    /// An empty store, or one that a copy was broken off in.
    ///
    /// # Errors
    /// [`CopyError::NotEmpty`], or when the store fails.
    pub fn open(store: &'s Store) -> Result<Self, CopyError> {
        let marked = store.blocking_read(|conn| meta::get(conn, 0, MARK))?;
        if let Some(mark) = marked {
            let before = mark.split_whitespace().filter_map(|p| p.split_once('='));
            let before = before.filter_map(|(t, n)| Some((t.to_owned(), n.parse().ok()?))).collect();
            return Ok(Self { store, before, written: BTreeMap::new() });
        }
        let used = store.blocking_read(|conn| {
            for table in ["entity", "journal", "pack", "definition", "observation"] {
                if conn.first(&format!("SELECT 1 FROM {table} LIMIT 1"), &[])?.is_some() {
                    return Ok::<_, StoreError>(true);
                }
            }
            Ok(false)
        })?;
        if used {
            return Err(CopyError::NotEmpty);
        }
        store.blocking_write(|conn| {
            // A new store knows itself already: what comes tells it anew.
            conn.execute("DELETE FROM space", &[])?;
            meta::set(conn, 0, MARK, "")
        })?;
        Ok(Self { store, before: BTreeMap::new(), written: BTreeMap::new() })
    }

    /// Writes the next rows of a table, and that they are there; those of an earlier run are passed over.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put(&mut self, table: Table, mut rows: Vec<Vec<Value>>) -> Result<(), CopyError> {
        let written = self.written.entry(table.name).or_default();
        let before = self.before.get(table.name).copied().unwrap_or_default();
        let known = before.saturating_sub(*written).min(rows.len() as u64);
        *written += rows.len() as u64;
        rows.drain(..usize::try_from(known).unwrap_or(rows.len()));
        if rows.is_empty() {
            return Ok(());
        }
        let mark: Vec<String> = {
            let mut all = self.before.clone();
            all.extend(self.written.iter().map(|(t, n)| ((*t).to_owned(), *n)));
            all.into_iter().map(|(t, n)| format!("{t}={n}")).collect()
        };
        let mark = mark.join(" ");
        self.store.blocking_write(move |conn| {
            put(conn, &table, &rows)?;
            meta::set(conn, 0, MARK, &mark)
        })?;
        Ok(())
    }

    /// Compares what is there with what was read, and makes the store one that can be served.
    ///
    /// # Errors
    /// [`CopyError::Differs`], or when the store fails.
    pub fn finish(self, expected: &[(Table, Digest)]) -> Result<(), CopyError> {
        for (table, read) in expected {
            let of = *table;
            let found = self.store.blocking_read(move |conn| digest(conn, &of))?;
            if found != *read {
                return Err(CopyError::Differs { table: table.name, read: read.rows, written: found.rows });
            }
        }
        self.store.blocking_write(|conn| {
            conn.execute("DELETE FROM meta WHERE space = ?1 AND name = ?2", &[0.into(), MARK.into()])
        })?;
        Ok(())
    }
}

/// Copies everything, in one snapshot of the source, into an empty store (or goes on with a copy that was broken off while
/// the source stood still), and compares the two; `told` hears of every batch: table, and rows of it so far.
///
/// # Errors
/// See [`CopyError`].
pub fn copy(
    from: &Store,
    to: &Store,
    told: &mut dyn FnMut(&'static str, u64),
) -> Result<Vec<(Table, Digest)>, CopyError> {
    let mut target = Target::open(to)?;
    let (send, batches) = sync_channel(2);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || from.blocking_read(move |conn| pour(conn, &send)));
        let done = take(&mut target, batches, told);
        let read = reading.join().unwrap_or(Err(StoreError::Panicked));
        // A target that failed breaks the reading off: its own reason comes first.
        done?;
        let digests = read?;
        target.finish(&digests)?;
        Ok(digests)
    })
}

type Batch = (Table, Vec<Vec<Value>>);

fn take(
    target: &mut Target<'_>,
    batches: Receiver<Batch>,
    told: &mut dyn FnMut(&'static str, u64),
) -> Result<(), CopyError> {
    let mut rows: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (table, batch) in batches {
        let sofar = rows.entry(table.name).or_default();
        *sofar += batch.len() as u64;
        told(table.name, *sofar);
        target.put(table, batch)?;
    }
    Ok(())
}

/// Reads all tables in one transaction and passes them on.
fn pour(conn: &mut dyn Conn, to: &SyncSender<Batch>) -> Result<Vec<(Table, Digest)>, StoreError> {
    let gone = |_| StoreError::Closed;
    let mut digests = Vec::new();
    for table in tables() {
        let (mut digest, mut batch, mut bytes) = (Digest::default(), Vec::with_capacity(ROWS), 0);
        each(conn, &table, &mut |row| {
            digest.add(&row);
            bytes += row.iter().map(size).sum::<usize>();
            batch.push(row);
            if batch.len() >= ROWS || bytes >= BYTES {
                bytes = 0;
                to.send((table, std::mem::take(&mut batch))).map_err(gone)?;
            }
            Ok(())
        })?;
        if !batch.is_empty() {
            to.send((table, batch)).map_err(gone)?;
        }
        digests.push((table, digest));
    }
    Ok(digests)
}

const fn size(value: &Value) -> usize {
    match value {
        Value::Text(t) => t.len(),
        Value::Blob(b) => b.len(),
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_do_not_depend_on_order_but_on_content() {
        let rows = [vec![Value::Int(1), "a".into()], vec![Value::Int(2), Value::Null]];
        let sum = |order: &[usize]| {
            let mut d = Digest::default();
            order.iter().for_each(|n| d.add(&rows[*n]));
            d
        };
        assert_eq!(sum(&[0, 1]), sum(&[1, 0]));
        assert_ne!(sum(&[0, 0]), sum(&[0, 1]));
        let mut other = Digest::default();
        other.add(&[Value::Int(1), "b".into()]);
        assert_ne!(other, sum(&[0]));
    }
}
