//! The registry on a store of its own, on both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::sync::Arc;

use svod_kernel::{Actor, SeededRng, SimClock, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;

mod change;
mod find;
mod merge;
mod past;
mod simulation;
mod template;

pub(crate) use svod_store::on_both_engines;

/// Runs a test on one engine, inside an async runtime as the platform has it.
fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

/// A registry with an open space `a`, one under it, and an open space `b` beside it.
async fn open(place: &TestPlace) -> Arc<Registry> {
    let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let deps = RegistryDeps { store, clock, rng: Arc::new(SeededRng::new(7)), cache_bytes: 1 << 20 };
    let registry = Registry::open(deps).await.unwrap();
    for path in ["a/below", "b"] {
        registry.ensure_space(&space(path), true).await.unwrap();
    }
    registry
}

fn space(path: &str) -> SpacePath {
    path.parse().unwrap()
}

fn urn(n: impl std::fmt::Display) -> Urn {
    format!("urn:t:{n}").parse().unwrap()
}

fn thing(n: impl std::fmt::Display, at: &str) -> Entity {
    Entity::new(urn(n), "Thing", space(at)).with("n", Attribute::property(1))
}

async fn carry_out(
    registry: &Registry,
    operations: Vec<Operation>,
) -> Result<svod_registry::Receipt, svod_registry::CommandError> {
    let changes = operations.into_iter().map(Into::into).collect();
    registry.execute(&Actor::anonymous(), Command { changes, ..Command::default() }).await
}
