//! The engine test-suite: every test runs whole on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use svod_store::testing::TestPlace;

mod citus;
mod copies;
mod drafts;
mod entities;
mod groups;
mod instances;
mod nodes;
mod roles;
mod schema;
mod tables;
mod tls;

/// Runs a test on one engine, inside an async runtime as the platform has it.
fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

pub(crate) use svod_store::on_both_engines;
