//! Files over a real registry with the base pack; what touches the store on both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod content;
mod house;
mod kept;
mod quarantine;

use svod_store::testing::TestPlace;

pub(crate) use svod_store::on_both_engines;

/// Runs a test on one engine, inside an async runtime as the platform has it.
fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}
