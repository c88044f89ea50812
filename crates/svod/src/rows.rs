//! Rows of a file that a pack names: CSV with a header line, or the features of a GeoJSON file; `.gz` is unpacked.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value};
use svod_kernel::Timestamp;
use svod_mapping::Query;
use svod_model::FeedSpec;

/// Opens the file, unpacking it when its name ends in `.gz`.
pub fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead + Send>> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    Ok(if path.extension().is_some_and(|e| e == "gz") {
        Box::new(BufReader::new(flate2::read::GzDecoder::new(file)))
    } else {
        Box::new(BufReader::new(file))
    })
}

/// Every row of a CSV file as an object of texts.
pub fn csv(path: &Path) -> anyhow::Result<Vec<Value>> {
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(open(path)?);
    let header = reader.headers().with_context(|| format!("{}: no header line", path.display()))?.clone();
    let mut rows = Vec::new();
    for (n, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("{}: row {}", path.display(), n + 2))?;
        let row: Map<String, Value> =
            header.iter().zip(record.iter()).map(|(k, v)| (k.to_owned(), Value::from(v))).collect();
        rows.push(Value::Object(row));
    }
    Ok(rows)
}

/// One row of a feed, as its device would have sent it.
pub struct FeedRow {
    /// By which rows are ordered.
    pub at: Timestamp,
    /// External id of the device.
    pub device: String,
    /// Its payload.
    pub payload: Value,
}

/// Every row of a pack's feed in the order of time; rows for which the feed's programs give nothing are passed over.
pub fn feed(spec: &FeedSpec, folder: &Path) -> anyhow::Result<Vec<FeedRow>> {
    let compiled = |jq: &str| Query::compile(&spec.id, jq);
    let (device, payload, time) = (compiled(&spec.device)?, compiled(&spec.payload)?, compiled(&spec.time)?);
    let mut rows = Vec::new();
    for row in csv(&folder.join(&spec.file))? {
        let first = |q: &Query| -> anyhow::Result<Option<Value>> { Ok(q.apply(row.clone())?.into_iter().next()) };
        let (Some(Value::String(at)), Some(device), Some(payload)) = (first(&time)?, first(&device)?, first(&payload)?)
        else {
            continue;
        };
        let device = device.as_str().map_or_else(|| device.to_string(), str::to_owned);
        rows.push(FeedRow { at: at.parse()?, device, payload });
    }
    rows.sort_by_key(|r| r.at);
    Ok(rows)
}

/// Every feature of a GeoJSON feature collection (RFC 7946, 3.3).
pub fn geojson(path: &Path) -> anyhow::Result<Vec<Value>> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut whole: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
    match whole.get_mut("features").map(Value::take) {
        Some(Value::Array(features)) => Ok(features),
        _ => anyhow::bail!("{} is no GeoJSON feature collection", path.display()),
    }
}
