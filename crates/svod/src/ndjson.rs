//! A store as lines of JSON: a head, one object for each row of each table, and what every table adds up to. What can be
//! worked out (index rows) is left out and made again at the next start.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value as Json, json};
use svod_kernel::Timestamp;
use svod_store::copy::{self, Digest, Kind, Table, Target};
use svod_store::{Store, StoreError, Value};

/// Version of this form.
const VERSION: u64 = 1;
/// Rows handed over at once, and characters of their lines: parts of files are long.
const ROWS: usize = 1_000;
const CHARACTERS: usize = 8 << 20;

fn told() -> Vec<Table> {
    copy::tables().filter(|t| !t.derived).collect()
}

/// Numbered in the installation, or of its working day: they stay where they are when a space moves. Its events become leaves
/// of the other installation's log.
const STAY: [&str; 19] = [
    "finding",
    "quarantine",
    "receipt",
    "pack",
    "ledger_leaf",
    "ledger_tile",
    "ledger_head",
    "account",
    "passkey",
    "session",
    "challenge",
    "client",
    "client_consent",
    "client_token",
    "signing_key",
    "outside_identity",
    "site_session",
    "device",
    "payment_notice",
];

/// What is exported.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// The space and those under it; none: everything.
    pub space: Option<String>,
    /// Their numbers.
    ids: BTreeSet<i64>,
}

impl Part {
    /// A space and those under it.
    ///
    /// # Errors
    /// When there is no such space.
    pub fn of(from: &Store, path: &str) -> anyhow::Result<Self> {
        let under = format!("{path}/");
        let all = from.blocking_read(|conn| svod_store::space::list(conn))?;
        let ids: BTreeSet<i64> = all
            .into_iter()
            .filter(|s| s.id != 0 && (s.path == path || s.path.starts_with(&under)))
            .map(|s| s.id)
            .collect();
        ensure!(!ids.is_empty(), "there is no space {path}");
        Ok(Self { space: Some(path.to_owned()), ids })
    }

    fn has(&self, table: &Table, row: &[Value]) -> bool {
        let logged = |v: &Value| matches!(v, Value::Text(name) if name == svod_notary::PROJECTION);
        let stays = STAY.contains(&table.name) || (table.name == "projection" && row.get(1).is_some_and(logged));
        self.space.is_none() || (!stays && matches!(row.first(), Some(Value::Int(id)) if self.ids.contains(id)))
    }
}

/// Writes it in one snapshot.
///
/// # Errors
/// When the store cannot be read or the lines cannot be written.
pub fn write(from: &Store, part: Part, at: Timestamp, out: &mut impl Write) -> anyhow::Result<()> {
    let mut head = json!({"svod": "export", "version": VERSION, "at": at.to_string()});
    if let Some(space) = &part.space {
        head["space"] = space.as_str().into();
    }
    writeln!(out, "{head}")?;
    let (send, lines) = std::sync::mpsc::sync_channel::<Vec<String>>(4);
    let mut ends = Map::new();
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            from.blocking_read(move |conn| {
                let mut sums = Vec::new();
                for table in told() {
                    let (mut digest, mut batch) = (Digest::default(), Vec::with_capacity(ROWS));
                    let mut long = 0;
                    copy::each(conn, &table, &mut |mut row| {
                        if !part.has(&table, &row) {
                            return Ok(());
                        }
                        unbuilt(&table, &mut row);
                        digest.add(&row);
                        let line = line(&table, &row);
                        long += line.len();
                        batch.push(line);
                        if batch.len() == ROWS || long >= CHARACTERS {
                            long = 0;
                            send.send(std::mem::take(&mut batch)).map_err(|_| StoreError::Closed)?;
                        }
                        Ok(())
                    })?;
                    send.send(batch).map_err(|_| StoreError::Closed)?;
                    sums.push((table, digest));
                }
                Ok::<_, StoreError>(sums)
            })
        });
        for line in lines.into_iter().flatten() {
            writeln!(out, "{line}")?;
        }
        let sums = reading.join().unwrap_or(Err(StoreError::Panicked))?;
        for (table, d) in sums {
            ends.insert(table.name.into(), json!({"rows": d.rows, "sum": format!("{:016x}", d.sum)}));
        }
        Ok::<_, anyhow::Error>(())
    })?;
    writeln!(out, "{}", json!({ "end": ends }))?;
    Ok(())
}

/// Index rows are not exported: their indexes begin anew.
fn unbuilt(table: &Table, row: &mut [Value]) {
    if table.name == "value_index" {
        for (place, (name, _)) in table.columns.iter().enumerate() {
            match *name {
                "ready" => row[place] = Value::Int(0),
                "at_space" | "at_entity" => row[place] = Value::Int(-1),
                _ => {}
            }
        }
    }
}

fn line(table: &Table, row: &[Value]) -> String {
    let mut out = Map::new();
    out.insert("table".into(), table.name.into());
    for ((name, kind), value) in table.columns.iter().zip(row) {
        let value = match (kind, value) {
            (_, Value::Null) => Json::Null,
            (_, Value::Int(v)) => json!(v),
            // As bits where JSON has no word for it.
            (_, Value::Real(v)) => serde_json::Number::from_f64(*v).map_or_else(|| bits(*v), Json::Number),
            (Kind::Json, Value::Text(t)) => document(t),
            (_, Value::Text(t)) => Json::from(t.as_str()),
            (_, Value::Blob(b)) => Json::from(b.iter().map(|b| format!("{b:02x}")).collect::<String>()),
        };
        out.insert((*name).into(), value);
    }
    Json::Object(out).to_string()
}

fn bits(v: f64) -> Json {
    Json::from(format!("{:016x}", v.to_bits()))
}

/// A document as such where it comes back letter by letter, as text otherwise.
fn document(text: &str) -> Json {
    let read = serde_json::from_str::<Json>(text).ok().filter(|v| v.is_object() || v.is_array());
    read.filter(|v| serde_json::to_string(v).is_ok_and(|again| again == text)).unwrap_or_else(|| text.into())
}

fn cells(table: &Table, line: &Map<String, Json>) -> anyhow::Result<Vec<Value>> {
    let cell = |(name, kind): &(&'static str, Kind)| {
        let value = line.get(*name).with_context(|| format!("{}.{name} is missing", table.name))?;
        let wrong = || anyhow::anyhow!("{}.{name} cannot be {value}", table.name);
        Ok(match (kind, value) {
            (_, Json::Null) => Value::Null,
            (Kind::Int, v) => Value::Int(v.as_i64().ok_or_else(wrong)?),
            (Kind::Real, Json::String(hex)) => Value::Real(f64::from_bits(u64::from_str_radix(hex, 16)?)),
            (Kind::Real, v) => Value::Real(v.as_f64().ok_or_else(wrong)?),
            (Kind::Text | Kind::Json, Json::String(t)) => Value::Text(t.clone()),
            (Kind::Json, v) => Value::Text(v.to_string()),
            (Kind::Bytes, Json::String(hex)) => Value::Blob(bytes(hex).ok_or_else(wrong)?),
            _ => return Err(wrong()),
        })
    };
    table.columns.iter().map(cell).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|p| u8::from_str_radix(std::str::from_utf8(p).ok()?, 16).ok()).collect()
}

/// Where the rows of an export go.
pub trait Sink {
    /// The head of the export is read: the space that it is of, if it is of one.
    ///
    /// # Errors
    /// When it cannot go there.
    fn begin(&mut self, space: Option<&str>) -> anyhow::Result<()>;

    /// Rows of a table.
    ///
    /// # Errors
    /// When they cannot be written.
    fn put(&mut self, table: Table, rows: Vec<Vec<Value>>) -> anyhow::Result<()>;

    /// All lines were read, and are those that were written.
    ///
    /// # Errors
    /// When what is there is not what was read.
    fn finish(&mut self, expected: &[(Table, Digest)]) -> anyhow::Result<()>;
}

/// An empty store.
pub struct Whole<'s>(pub Option<Target<'s>>);

impl Sink for Whole<'_> {
    fn begin(&mut self, space: Option<&str>) -> anyhow::Result<()> {
        match space {
            None => Ok(()),
            Some(space) => bail!("this is an export of the space {space} alone; import it with --into-others"),
        }
    }

    fn put(&mut self, table: Table, rows: Vec<Vec<Value>>) -> anyhow::Result<()> {
        Ok(self.0.as_mut().context("the store is filled already")?.put(table, rows)?)
    }

    fn finish(&mut self, expected: &[(Table, Digest)]) -> anyhow::Result<()> {
        Ok(self.0.take().context("the store is filled already")?.finish(expected)?)
    }
}

/// Reads lines into a store; how many rows there were.
///
/// # Errors
/// Names the line that does not fit; a file that was cut off is not taken for a whole one.
pub fn read(target: &mut dyn Sink, input: impl BufRead) -> anyhow::Result<u64> {
    let tables: BTreeMap<&str, Table> = told().into_iter().map(|t| (t.name, t)).collect();
    let mut digests: BTreeMap<&str, Digest> = BTreeMap::new();
    let mut waiting: Option<(Table, Vec<Vec<Value>>)> = None;
    let (mut head, mut long) = (false, 0);
    for (number, line) in input.lines().enumerate() {
        let line = line.with_context(|| format!("line {}", number + 1))?;
        long += line.len();
        let line: Map<String, Json> =
            serde_json::from_str(&line).with_context(|| format!("line {} is no JSON object", number + 1))?;
        if !head {
            ensure!(line.get("svod") == Some(&json!("export")), "this is no export of Svod");
            ensure!(line.get("version") == Some(&json!(VERSION)), "this export is of another version than {VERSION}");
            target.begin(line.get("space").and_then(Json::as_str))?;
            head = true;
            continue;
        }
        if let Some(end) = line.get("end") {
            flush(target, &mut waiting)?;
            return ended(target, &tables, &digests, end);
        }
        let name = line.get("table").and_then(Json::as_str).unwrap_or_default();
        let table = tables.get(name).with_context(|| format!("line {}: there is no table '{name}'", number + 1))?;
        let row = cells(table, &line).with_context(|| format!("line {}", number + 1))?;
        digests.entry(table.name).or_default().add(&row);
        let full = |rows: &Vec<Vec<Value>>| rows.len() >= ROWS || long >= CHARACTERS;
        if waiting.as_ref().is_some_and(|(t, rows)| t.name != table.name || full(rows)) {
            flush(target, &mut waiting)?;
            long = 0;
        }
        waiting.get_or_insert_with(|| (*table, Vec::new())).1.push(row);
    }
    bail!("the export ends before its last line: it was cut off")
}

fn flush(target: &mut dyn Sink, waiting: &mut Option<(Table, Vec<Vec<Value>>)>) -> anyhow::Result<()> {
    if let Some((table, rows)) = waiting.take() {
        target.put(table, rows)?;
    }
    Ok(())
}

fn ended(
    target: &mut dyn Sink,
    tables: &BTreeMap<&str, Table>,
    digests: &BTreeMap<&str, Digest>,
    end: &Json,
) -> anyhow::Result<u64> {
    let mut expected = Vec::new();
    for (name, table) in tables {
        let digest = digests.get(name).copied().unwrap_or_default();
        // An export of before there was the table says nothing of it.
        let same = end.get(*name).map_or(digest.rows == 0, |said| {
            said["rows"] == json!(digest.rows) && said["sum"] == json!(format!("{:016x}", digest.sum))
        });
        ensure!(same, "the lines of {name} are not those that were exported");
        expected.push((*table, digest));
    }
    target.finish(&expected)?;
    Ok(expected.iter().map(|(_, d)| d.rows).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_letter_by_letter() {
        let tables = told();
        let table = |name: &str| *tables.iter().find(|t| t.name == name).unwrap();
        let there_and_back = |table: Table, row: Vec<Value>| {
            let line = line(&table, &row);
            assert!(!line.contains('\n'));
            let read = cells(&table, serde_json::from_str::<Json>(&line).unwrap().as_object().unwrap()).unwrap();
            assert_eq!(read, row, "{line}");
        };
        for doc in [r#"{"b":1,"a":[1.0,1e-7]}"#, "", "{\"a\": 1}", "\"text\"", "null"] {
            let n = Value::Int(1);
            let row = vec![n.clone(), "urn:a:b".into(), n.clone(), n, doc.into(), "A".into()];
            there_and_back(table("tombstone"), row);
        }
        let real = |v: f64| {
            let n = Value::Int(1);
            vec![n.clone(), n.clone(), n.clone(), Value::Real(v), Value::Null, Value::Null, n.clone(), n]
        };
        for v in [0.1, -0.0, 5.0, f64::INFINITY, 1e300] {
            there_and_back(table("observation"), real(v));
        }
        assert_eq!(bytes("00ff"), Some(vec![0, 255]));
        assert_eq!(bytes("0"), Some(vec![0]));
    }
}
