//! Entities as they stood, and found by their words.

use std::sync::Arc;

use svod_kernel::{Actor, Clock as _, SeededRng, SimClock, Timestamp};
use svod_model::Attribute;
use svod_query::{Filter, Query, Types, WORDS, words};
use svod_registry::{Access, Change, Command, Find, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;

use crate::{carry_out, on_both_engines, space, thing, urn};

on_both_engines!(entities_are_seen_as_they_stood, words_are_found_by_an_index);

async fn with_clock(place: &TestPlace) -> (Arc<Registry>, Arc<SimClock>) {
    let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let deps = RegistryDeps { store, clock: clock.clone(), rng: Arc::new(SeededRng::new(7)), cache_bytes: 1 << 20 };
    let registry = Registry::open(deps).await.unwrap();
    registry.ensure_space(&space("a/below"), true).await.unwrap();
    (registry, clock)
}

fn all_of(path: &str) -> Find {
    let query = Query { types: Types::Is("Thing".into()), ..Query::default() };
    Find { space: space(path), below: true, query, order: Vec::new(), offset: 0, limit: 100, count: true }
}

fn set(n: u32, name: &str, value: i64) -> Operation {
    let set = [(name.to_owned(), Attribute::property(value))].into();
    Operation::Patch { urn: urn(n), expected: None, set, unset: Vec::new() }
}

async fn entities_are_seen_as_they_stood(place: &TestPlace) {
    let (registry, clock) = with_clock(place).await;
    let me = Actor::anonymous();
    let mut seen: Vec<(Timestamp, Vec<String>)> = Vec::new();
    let steps: Vec<Vec<Operation>> = vec![
        vec![Operation::Create(thing(1, "a")), Operation::Create(thing(2, "a/below"))],
        vec![set(1, "n", 2), set(1, "m", 5)],
        vec![Operation::Delete { urn: urn(1), expected: None }],
        vec![Operation::Create(thing(1, "a").with("other", Attribute::property(1)))],
        vec![set(1, "n", 9), Operation::Delete { urn: urn(2), expected: None }],
        vec![Operation::Restore { urn: urn(2) }, Operation::Create(thing(3, "a"))],
    ];
    let shape = |found: &[Arc<svod_model::Entity>]| {
        let mut all: Vec<String> = found
            .iter()
            .map(|e| {
                format!("{} {:?} {:?} {}", e.id, e.number("n"), e.attributes.keys().collect::<Vec<_>>(), e.version)
            })
            .collect();
        all.sort();
        all
    };
    for step in steps {
        carry_out(&registry, step).await.unwrap();
        // What edges keep stands in the journal too, and is no entity at any time.
        registry.define(&me, "Context", &space("a"), "c", serde_json::json!({"n": seen.len()})).await.unwrap();
        let found = registry.find(&me, &all_of("a")).await.unwrap();
        seen.push((clock.now(), shape(&found.entities)));
        clock.advance(60);
    }
    for (at, then) in &seen {
        let found = registry.find_at(&me, &all_of("a"), *at).await.unwrap();
        assert_eq!((shape(&found.entities), found.total), (then.clone(), Some(then.len())), "at {at}");
    }
    let any = Find { query: Query::default(), ..all_of("a") };
    let found = registry.find_at(&me, &any, seen[1].0).await.unwrap();
    assert_eq!(shape(&found.entities), seen[1].1, "of whatever type");
    assert_eq!(registry.entity_at(&me, &urn(1), seen[1].0).await.unwrap().number("m"), Some(5.0));
    assert!(registry.entity_at(&me, &urn(1), seen[2].0).await.is_err(), "it was removed then");
    let long_ago = Timestamp(seen[0].0.0 - 1);
    assert!(registry.entity_at(&me, &urn(1), long_ago).await.is_err());
    assert!(registry.find_at(&me, &all_of("a"), long_ago).await.unwrap().entities.is_empty());
}

async fn words_are_found_by_an_index(place: &TestPlace) {
    let (registry, _) = with_clock(place).await;
    let me = Actor::anonymous();
    let named =
        |n: u32, name: &str| Change::from(Operation::Create(thing(n, "a").with("name", Attribute::property(name))));
    let mut changes: Vec<Change> = (10..300).map(|n| named(n, &format!("Дом {n}"))).collect();
    changes.push(named(1, "Ёлочный рынок, проспект Ленина"));
    changes.push(named(2, "Лениногорск"));
    registry.execute(&me, Command { changes, ..Command::default() }).await.unwrap();
    registry.index(&space("a"), WORDS).await.unwrap();
    let asked = |text: &str| {
        let filter = Some(Filter::All(words::of_text(text).map(Filter::Word).collect()));
        Find { query: Query { filter, ..Query::default() }, ..all_of("a") }
    };
    let ids = async |text: &str| {
        let found = registry.find(&me, &asked(text)).await.unwrap();
        assert!(matches!(found.explained.access, Access::Value { .. }), "{:?}", found.explained);
        let mut ids: Vec<String> = found.entities.iter().map(|e| e.id.local().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("ленин").await, ["1", "2"]);
    assert_eq!(ids("ЛЕНИН елоч").await, ["1"]);
    assert_eq!(ids("29").await.len(), 11, "29 and 290 to 299");
    carry_out(
        &registry,
        vec![Operation::Patch {
            urn: urn(2),
            expected: None,
            set: [("name".to_owned(), Attribute::property("Риддер"))].into(),
            unset: Vec::new(),
        }],
    )
    .await
    .unwrap();
    assert_eq!((ids("ленин").await, ids("ридд").await), (vec!["1".to_owned()], vec!["2".to_owned()]));
}
