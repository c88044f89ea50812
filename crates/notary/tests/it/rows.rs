//! Rows of the table of entities that were changed, removed and put in behind the platform's back.

use std::sync::Arc;

use svod_kernel::{Actor, SeededRng, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_notary::{Rows, Wrong, rows};
use svod_registry::{Change, Command, Operation, Registry, RegistryDeps};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreOptions};

use crate::{clock, execute, notary};

svod_store::on_both_engines!(
    whatever_happens_to_an_entity_leaves_its_row_as_the_journal_says,
    a_row_that_was_changed_removed_or_put_in_is_named,
);

const ONE: &str = "urn:t:one";

async fn opened(place: &TestPlace) -> (Store, Arc<Registry>, Arc<svod_kernel::SimClock>) {
    let clock = clock();
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let deps = RegistryDeps {
        store: store.clone(),
        clock: clock.clone(),
        rng: Arc::new(SeededRng::new(7)),
        cache_bytes: 1 << 20,
    };
    let registry = Registry::open(deps).await.unwrap();
    registry.ensure_space(&"a/below".parse::<SpacePath>().unwrap(), true).await.unwrap();
    (store, registry, clock)
}

fn urn(text: &str) -> Urn {
    text.parse().unwrap()
}

fn entity(id: &str, name: &str) -> Entity {
    Entity::new(urn(id), "Thing", "a/below".parse().unwrap()).with("name", Attribute::property(name))
}

fn patch(set: &[(&str, Attribute)], unset: &[&str]) -> Change {
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let unset = unset.iter().map(|name| (*name).to_owned()).collect();
    Operation::Patch { urn: urn(ONE), expected: None, set, unset }.into()
}

async fn write(registry: &Registry, changes: impl IntoIterator<Item = Change>) {
    let changes = changes.into_iter().collect();
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    registry.execute(&Actor::platform("test"), command).await.unwrap();
}

async fn looked(store: &Store) -> Rows {
    store.read(|conn| rows(conn)).await.unwrap()
}

async fn whatever_happens_to_an_entity_leaves_its_row_as_the_journal_says(place: &TestPlace) {
    let (store, registry, clock) = opened(place).await;
    let fine = async |what: &str, entities: u64| {
        let found = looked(&store).await;
        assert_eq!(found, Rows { entities, wrong: None }, "{what}");
    };
    fine("nothing is there", 0).await;
    write(&registry, [Operation::Create(entity(ONE, "One")).into()]).await;
    write(
        &registry,
        [patch(&[("size", Attribute::property(7.5)), ("near", Attribute::object(urn("urn:t:two")))], &[])],
    )
    .await;
    write(&registry, [patch(&[("name", Attribute::property("Another"))], &["size"])]).await;
    fine("changed", 1).await;
    // What has run out leaves with whatever is written next, and no event names it.
    let short = Attribute { expires_at: Some(clock_plus(&clock, 60)), ..Attribute::property("soon over") };
    write(&registry, [patch(&[("short", short)], &[])]).await;
    fine("it holds", 1).await;
    clock.advance(120);
    write(&registry, [patch(&[("name", Attribute::property("Later"))], &[])]).await;
    assert!(!registry.entity(&Actor::platform("test"), &urn(ONE)).await.unwrap().attributes.contains_key("short"));
    fine("run out", 1).await;
    let typed = Entity { also: vec!["Place".into()], scopes: vec!["/x".into()], ..entity("urn:t:two", "Two") };
    write(&registry, [Operation::Create(typed).into()]).await;
    let replaced = Operation::Replace { entity: entity("urn:t:two", "Two"), expected: None };
    fine("types and scopes", 2).await;
    write(&registry, [replaced.into()]).await;
    write(&registry, [Operation::Delete { urn: urn(ONE), expected: None }.into()]).await;
    fine("removed", 1).await;
    write(&registry, [Operation::Restore { urn: urn(ONE) }.into()]).await;
    write(&registry, Change::merge(urn("urn:t:two"), urn(ONE))).await;
    fine("restored and merged", 1).await;
    let both = [Operation::Create(entity("urn:t:three", "Three")), Operation::Delete { urn: urn(ONE), expected: None }];
    write(&registry, both.map(Change::from)).await;
    write(&registry, [Operation::Create(entity(ONE, "Anew")).into()]).await;
    fine("made anew", 2).await;
}

fn clock_plus(clock: &svod_kernel::SimClock, seconds: i64) -> svod_kernel::Timestamp {
    svod_kernel::Clock::now(clock).plus_seconds(seconds)
}

async fn a_row_that_was_changed_removed_or_put_in_is_named(place: &TestPlace) {
    let (store, registry, _) = opened(place).await;
    write(&registry, (0..40).map(|n| Operation::Create(entity(&format!("urn:t:{n}"), "Some")).into())).await;
    write(&registry, [Operation::Create(entity(ONE, "One")).into()]).await;
    write(&registry, [patch(&[("size", Attribute::property(7)), ("holder", Attribute::property("Ivanov"))], &[])])
        .await;
    write(&registry, [patch(&[("name", Attribute::property("Two"))], &[])]).await;
    notary(&store).catch_up().await.unwrap();
    let wrong = async |sql: &'static str| {
        execute(&store, sql).await;
        let Some(Wrong::Row { leaf, space, urn, what }) = looked(&store).await.wrong else {
            panic!("not found: {sql}")
        };
        assert_eq!(space, "a/below");
        (leaf, urn, what)
    };
    let of = |leaf: u64, what: &str| (Some(leaf), ONE.to_owned(), what.to_owned());

    // The event that gave the value is named, not the newest.
    let changed = "UPDATE entity SET doc = replace(doc, 'Ivanov', 'Petrov') WHERE urn = 'urn:t:one'";
    assert_eq!(wrong(changed).await, of(41, "has another 'holder' than event 42 says"));
    execute(&store, "UPDATE entity SET doc = replace(doc, 'Petrov', 'Ivanov') WHERE urn = 'urn:t:one'").await;
    assert_eq!(looked(&store).await.wrong, None);
    let less = "UPDATE entity SET doc = replace(doc, '\"holder\"', '\"bearer\"') WHERE urn = 'urn:t:one'";
    assert_eq!(wrong(less).await, of(41, "has another 'holder' than event 42 says"));
    execute(&store, "UPDATE entity SET doc = replace(doc, '\"bearer\"', '\"holder\"') WHERE urn = 'urn:t:one'").await;
    let older = "UPDATE entity SET version = 2 WHERE urn = 'urn:t:one'";
    assert_eq!(wrong(older).await, of(42, "has another identifier, space, type or version than event 43 says"));
    execute(&store, "UPDATE entity SET version = 3 WHERE urn = 'urn:t:one'").await;

    // A row that no event made, and one that an event removed.
    let put_in = "INSERT INTO entity (space, id, urn, type, version, created, modified, doc)
        SELECT space, 900000, 'urn:t:ghost', type, version, created, modified, replace(doc, 'urn:t:one', 'urn:t:ghost')
        FROM entity WHERE urn = 'urn:t:one'";
    assert_eq!(wrong(put_in).await, (None, "urn:t:ghost".into(), "is in no event of the journal".into()));
    execute(&store, "DELETE FROM entity WHERE urn = 'urn:t:ghost'").await;
    assert_eq!(
        wrong("DELETE FROM entity WHERE urn = 'urn:t:one'").await,
        of(42, "is not there, and by event 43 it is")
    );
}
