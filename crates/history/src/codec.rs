use svod_kernel::Timestamp;
use svod_model::{ObservedValue, Point};
use svod_store::{Column, Row, StoreError};

use crate::model::{Observation, flags};

/// Columns of a row of `observation` after its space, in the order [`observation`] reads.
pub(crate) const COLUMNS: &str = "o.series, o.at, o.num, o.num2, o.txt, o.flags, o.received";

/// Observations as columns, sorted by key so that each page of the table is touched once; of two with one key the
/// earlier given comes first and is the one kept.
pub(crate) fn columns(mut batch: Vec<(i64, Observation)>) -> [(&'static str, Column); 8] {
    batch.sort_by_key(|(space, o)| (*space, o.series, o.at));
    let rows = batch.len();
    let [mut space, mut series, mut at, mut bits, mut received]: [Vec<i64>; 5] =
        std::array::from_fn(|_| Vec::with_capacity(rows));
    let [mut num, mut num2]: [Vec<Option<f64>>; 2] = std::array::from_fn(|_| Vec::with_capacity(rows));
    let mut txt = Vec::with_capacity(rows);
    for (of, o) in batch {
        let mut flag = if o.simulated { flags::SIMULATED } else { 0 };
        flag |= if o.replayed { flags::REPLAYED } else { 0 };
        let (a, b, text) = match o.value {
            ObservedValue::Number(n) => (Some(n), None, None),
            ObservedValue::Bool(on) => {
                flag |= flags::SWITCH;
                (Some(f64::from(u8::from(on))), None, None)
            }
            ObservedValue::Point(p) => (Some(p.lon), Some(p.lat), None),
            ObservedValue::Text(text) => (None, None, Some(text)),
        };
        space.push(of);
        series.push(o.series);
        at.push(o.at.0);
        num.push(a);
        num2.push(b);
        txt.push(text);
        bits.push(flag);
        received.push(o.received.0);
    }
    [
        ("space", Column::Int(space)),
        ("series", Column::Int(series)),
        ("at", Column::Int(at)),
        ("num", Column::OptReal(num)),
        ("num2", Column::OptReal(num2)),
        ("txt", Column::OptText(txt)),
        ("flags", Column::Int(bits)),
        ("received", Column::Int(received)),
    ]
}

/// Reads [`COLUMNS`], the first of them standing at `first`.
pub(crate) fn observation(r: &Row, first: usize) -> Result<Observation, StoreError> {
    let bits = r.int(first + 5)?;
    let value = match (r.opt_real(first + 2)?, r.opt_real(first + 3)?, r.opt_text(first + 4)?) {
        (_, _, Some(text)) => ObservedValue::Text(text),
        (Some(lon), Some(lat), None) => ObservedValue::Point(Point { lon, lat }),
        (Some(n), None, None) if bits & flags::SWITCH != 0 => ObservedValue::Bool(n != 0.0),
        // SQLite keeps "not a number" as null.
        (n, _, None) => ObservedValue::Number(n.unwrap_or(f64::NAN)),
    };
    Ok(Observation {
        series: r.int(first)?,
        at: Timestamp(r.int(first + 1)?),
        value,
        received: Timestamp(r.int(first + 6)?),
        simulated: bits & flags::SIMULATED != 0,
        replayed: bits & flags::REPLAYED != 0,
    })
}
