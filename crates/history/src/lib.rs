//! History: what was observed, by whom, when; never the journal's business.
//!
//! The first form keeps one row per observation in the store's SQL, clustered by (space, series, time); later forms
//! replace it behind [`History`]. A *series* is one attribute of one entity as one device tells it.
//!
//! * [`History::append`] — readings, findings and refused messages of a batch, durable in one transaction.
//! * [`History::latest`] — the newest observation of every series, for the start.
//! * [`History::range`] — a chart: never more points than asked for, aggregated by the engine.
//! * [`History::points`] — raw rows, for trails.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod append;
mod codec;
mod forget;
mod model;
mod read;
mod series;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use svod_store::Store;

pub use model::{Appended, Chart, ChartPoint, LatestRow, Observation, SeriesKey, flags};
pub use svod_store::finding::NewFinding;
pub use svod_store::quarantine::NewQuarantine;

/// The history of observations; a cheap handle.
#[derive(Clone)]
pub struct History {
    store: Store,
    /// Numbers of the series seen so far; as many as there are series.
    known: Arc<RwLock<HashMap<SeriesKey, i64>>>,
}

impl History {
    /// Over an opened store.
    pub fn new(store: Store) -> Self {
        Self { store, known: Arc::default() }
    }
}
