//! The past on a store of its own, on both engines.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::sync::Arc;

use svod_kernel::{Actor, Rng, SeededRng, SimClock, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_temporal::{Rewrite, Temporal, Which};

/// What happens to one entity or its past, by chance; what cannot be done is left.
async fn happen(registry: &Registry, temporal: &Temporal, rng: &SeededRng, urn: &Urn, place: &SpacePath) {
    let me = Actor::anonymous();
    let number = || Attribute::property((rng.next_u64() % 1_000) as i64);
    let given = || BTreeMap::from([("n".to_owned(), vec![number(), number()])]);
    let kinds = ["Thing".to_owned()];
    let operation = match rng.next_u64() % 8 {
        0 => {
            Operation::Create(Entity::new(urn.clone(), "Thing", place.clone()).with("n", number()).with("m", number()))
        }
        1 => Operation::Delete { urn: urn.clone(), expected: None },
        2 => Operation::Patch { urn: urn.clone(), expected: None, set: BTreeMap::new(), unset: vec!["m".into()] },
        n @ 3..=5 => {
            let set = BTreeMap::from([(if n == 5 { "m" } else { "n" }.to_owned(), number())]);
            Operation::Patch { urn: urn.clone(), expected: None, set, unset: Vec::new() }
        }
        n => {
            let rewrite = match rng.next_u64() % 4 {
                0 => Rewrite::DropAll,
                1 => Rewrite::DropAttribute { name: "m".into(), which: Which::All },
                _ => Rewrite::Add { types: kinds.to_vec(), instances: given(), replace: n == 6 },
            };
            return temporal.rewrite(&me, place, urn, &kinds, &rewrite).await.unwrap();
        }
    };
    let command = Command { changes: vec![operation.into()], ..Command::default() };
    drop(registry.execute(&me, command).await);
}

/// Whoever remembers what was read tells the same as whoever reads everything anew.
async fn what_is_remembered_is_what_happened(place: &TestPlace) {
    let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let deps = RegistryDeps { store: store.clone(), clock, rng: Arc::new(SeededRng::new(7)), cache_bytes: 1 << 20 };
    let registry = Registry::open(deps).await.unwrap();
    let space: SpacePath = "a".parse().unwrap();
    registry.ensure_space(&space, true).await.unwrap();
    let remembers = Temporal::new(registry.clone(), store.clone(), 1 << 20);
    let (me, rng) = (Actor::anonymous(), SeededRng::new(11));
    let urns: Vec<Urn> = (0..3).map(|n| format!("urn:t:{n}").parse().unwrap()).collect();
    let mut told = 0;
    for step in 0..150 {
        let urn = &urns[(rng.next_u64() % 3) as usize];
        happen(&registry, &remembers, &rng, urn, &space).await;
        for urn in &urns {
            let anew = Temporal::new(registry.clone(), store.clone(), 0).history(&me, &space, urn).await.unwrap();
            assert_eq!(remembers.history(&me, &space, urn).await.unwrap(), anew, "step {step}, {urn}");
            told += anew.map_or(0, |(_, h)| h.attributes.values().map(Vec::len).sum());
        }
    }
    assert!(told > 1_000, "something happened: {told}");
}

fn run(place: &TestPlace) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(what_is_remembered_is_what_happened(place));
}

#[test]
fn memory_sqlite() {
    run(&TestPlace::sqlite());
}

#[test]
fn memory_postgres() {
    if let Some(place) = TestPlace::postgres() {
        run(&place);
    }
}
