use serde::Serialize;
use svod_kernel::{Timestamp, Urn};
use svod_model::ObservedValue;

/// What makes a series one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeriesKey {
    /// Space of the entity.
    pub space: i64,
    /// The entity observed.
    pub urn: Urn,
    /// The attribute observed.
    pub attribute: String,
    /// External id of the device that told it; empty when entered by hand.
    pub device: String,
}

/// One observation. Its key is (space, series, at): a second one with the same key is a duplicate and is not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Number of the series inside its space, from [`crate::History::series`].
    pub series: i64,
    /// When it was so.
    pub at: Timestamp,
    /// What was observed.
    pub value: ObservedValue,
    /// When it arrived.
    pub received: Timestamp,
    /// A simulation told it.
    pub simulated: bool,
    /// It was replayed, from a file or out of quarantine.
    pub replayed: bool,
}

/// Bits of the column `flags`.
pub mod flags {
    /// A simulation told it.
    pub const SIMULATED: i64 = 1;
    /// It was replayed, from a file or out of quarantine.
    pub const REPLAYED: i64 = 2;
    /// The number is a switch: 0 or 1.
    pub const SWITCH: i64 = 4;
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Readings kept.
    pub stored: u64,
    /// Readings that were there already, or twice in the batch.
    pub duplicates: u64,
}

/// The newest observation of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestRow {
    /// The series.
    pub key: SeriesKey,
    /// Its number inside the space.
    pub series: i64,
    /// Its newest observation.
    pub observation: Observation,
}

/// A chart's data, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Chart {
    /// Points, at most as many as asked for.
    pub points: Vec<ChartPoint>,
    /// Width of a point in microseconds; 0 when every point is one observation.
    pub width: i64,
}

/// One point of a chart: one observation, or all those of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChartPoint {
    /// Time of the first observation in it.
    pub at: Timestamp,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Mean of the values.
    pub avg: f64,
    /// How many observations.
    pub count: i64,
    /// Whether any of them was simulated.
    pub simulated: bool,
}
