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
mod hidden;
mod merge;
mod named;
mod nodes;
mod past;
mod rules;
mod simulation;
mod sweep;
mod template;
mod writing;

pub(crate) use svod_store::on_both_engines;

/// Runs a test on one engine, inside an async runtime as the platform has it.
fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

/// A registry with an open space `a`, one under it, and an open space `b` beside it.
async fn open(place: &TestPlace) -> Arc<Registry> {
    open_at(place, Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()))).await
}

/// The same with a clock of one's own.
async fn open_at(place: &TestPlace, clock: Arc<SimClock>) -> Arc<Registry> {
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let deps = RegistryDeps { store, clock, rng: Arc::new(SeededRng::new(7)), cache_bytes: 1 << 20 };
    let registry = Registry::open(deps).await.unwrap();
    for path in ["a/below", "b"] {
        registry.ensure_space(&space(path), true).await.unwrap();
    }
    registry
}

/// A registry with a pack of works: `note` is open, `cost` internal, `who` personal, `key` secret; they end after they begin. A
/// clerk may read what is open and internal and change everything, an administrator writes nothing internal.
async fn works(place: &TestPlace) -> Arc<Registry> {
    let registry = open(place).await;
    publish(&registry, "0.1.0", include_str!("works.yaml")).await;
    registry
}

/// The pack of works with that model.
async fn publish(registry: &Registry, version: &str, model: &str) {
    let source = |text: &str| text.to_owned();
    let texts = [
        "type-Person",
        "type-Deal",
        "type-Access",
        "type-Post",
        "type-Appointment",
        "attr-name",
        "attr-person",
        "attr-number",
        "attr-words",
        "attr-mine",
        "attr-theirs",
        "attr-link",
        "attr-actor",
        "attr-post",
        "attr-basis",
        "attr-only",
        "attr-role",
        "attr-body",
        "attr-deputy",
        "type-Work",
        "type-Repair",
        "attr-note",
        "attr-cost",
        "attr-who",
        "attr-key",
        "attr-since",
        "attr-until",
        "space-town",
        "pack-works-title",
        "pack-works-description",
    ];
    let texts: String = texts.iter().map(|key| format!("{key} = a\n")).collect();
    let mut files = std::collections::BTreeMap::from([
        ("pack.yaml".to_owned(), format!("id: works\nversion: {version}\nowner: urn:t:o\n")),
        ("spaces.yaml".to_owned(), source("- path: town\n")),
        ("model/works.yaml".to_owned(), source(model)),
        ("policies/works.cedar".to_owned(), source(include_str!("works.cedar"))),
    ]);
    for lang in ["ru", "kk", "en"] {
        files.insert(
            format!("locales/{lang}.ftl"),
            format!("{texts}rule-ends-later = Work ends after it begins\nrule-mine-fits = It fits\n"),
        );
    }
    registry.publish(&Actor::platform("t"), svod_model::PackSource { files }).await.unwrap();
}

/// Somebody with a role in the town.
fn with_role(role: svod_kernel::Role) -> Actor {
    Actor { id: "urn:t:somebody".into(), roles: [role].into(), spaces: vec![space("town")], ..Actor::anonymous() }
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
