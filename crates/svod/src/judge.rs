//! The twin looks at readings for ingest, and at time for the runtime: two rooms of one floor meet here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use svod_ingest::{Judge, Reading};
use svod_kernel::{Timestamp, Urn};
use svod_model::Point;
use svod_runtime::{Runtime, Sweep};
use svod_store::finding::NewFinding;
use svod_twin::{Observed, Twin, Undo};

/// The twin as ingest's judge; wakes the runtime when something was found.
pub struct TwinJudge {
    twin: Arc<Twin>,
    runtime: Arc<Runtime>,
    /// Groups judged and not yet told their outcome, oldest first: what to undo, and whether something was found.
    waiting: Mutex<VecDeque<(Undo, bool)>>,
}

impl TwinJudge {
    /// Between the two.
    pub fn new(twin: Arc<Twin>, runtime: Arc<Runtime>) -> Self {
        Self { twin, runtime, waiting: Mutex::default() }
    }

    fn next(&self) -> Option<(Undo, bool)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

fn observed(readings: &[Reading]) -> impl Iterator<Item = Observed<'_>> {
    readings.iter().map(|r| Observed {
        urn: &r.device.urn,
        attribute: &r.attribute,
        value: &r.value,
        at: r.at,
        received: r.received,
        simulated: r.simulated,
    })
}

impl Judge for TwinJudge {
    fn judge(&self, readings: &[Reading]) -> Vec<NewFinding> {
        let (found, undo) = self.twin.judge(observed(readings));
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back((undo, !found.is_empty()));
        found
    }

    fn committed(&self, readings: &[Reading]) {
        self.twin.observe(observed(readings));
        if self.next().is_some_and(|(_, found)| found) {
            self.runtime.wake();
        }
    }

    fn aborted(&self, _: &[Reading]) {
        if let Some((undo, _)) = self.next() {
            self.twin.take_back(undo);
        }
    }
}

/// The twin as the runtime's sense of time and place.
pub struct TwinSweep {
    twin: Arc<Twin>,
    last: Mutex<Option<Undo>>,
}

impl TwinSweep {
    /// Of that twin.
    pub fn new(twin: Arc<Twin>) -> Self {
        Self { twin, last: Mutex::default() }
    }
}

impl Sweep for TwinSweep {
    fn sweep(&self, now: Timestamp) -> Vec<NewFinding> {
        let (found, undo) = self.twin.sweep(now);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(undo);
        found
    }

    fn take_back(&self) {
        if let Some(undo) = self.last.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.twin.take_back(undo);
        }
    }

    fn place(&self, urn: &Urn) -> Option<Point> {
        let live = self.twin.entity(urn)?;
        live.place("position").or_else(|| live.place("location"))
    }
}
