//! Cases on a registry and a store of their own: what follows from an event is written whole, and comes once.

#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a test may")]

mod candidates;
mod cases;
mod clocks;
mod decisions;
mod house;
mod law;
mod moving;
mod next;
mod outrun;
mod placing;
mod reach;
mod repair;
mod resting;
mod signals;
mod storm;
mod traces;
mod triggers;
mod whose;

use svod_store::testing::TestPlace;

/// Runs a test on one engine, inside an async runtime as the platform has it.
fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

pub(crate) use svod_store::on_both_engines;
