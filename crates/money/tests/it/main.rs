//! Money on a registry and a store of its own, with a bank that does as it is told.

#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a test may")]

mod books;
mod giving;
mod house;
mod paying;
mod reconciling;
mod wire;

use svod_store::testing::TestPlace;

/// Runs a test on one engine, inside an async runtime as the platform has it.
fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

pub(crate) use svod_store::on_both_engines;
