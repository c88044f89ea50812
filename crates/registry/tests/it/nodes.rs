//! Two nodes over one PostgreSQL: what is taken back or forbidden on one of them holds on the other within a second.

use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Actor, Clock as _, Role, SeededRng, SystemClock, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Action, Change, Command, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use tokio::time::Instant;

use crate::{run, space, urn};

/// What is promised.
const WITHIN: Duration = Duration::from_secs(1);

/// A node as the platform opens it.
async fn node(place: &TestPlace, seed: u64) -> Arc<Registry> {
    let clock = Arc::new(SystemClock);
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let deps = RegistryDeps { store, clock, rng: Arc::new(SeededRng::new(seed)), cache_bytes: 1 << 20 };
    Registry::open(deps).await.unwrap()
}

/// How long it takes until it is so.
async fn until(what: &str, limit: Duration, mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < limit, "{what}: not so after {:?}", begun.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("{what}: {:?}", begun.elapsed());
}

fn neighbour(version: &str, policy: Option<&str>) -> PackSource {
    let mut pack = shipped("neighbour");
    let manifest = pack.files.get_mut("pack.yaml").unwrap();
    let old = manifest.lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    *manifest = manifest.replace(&old, &format!("version: {version}"));
    if let Some(policy) = policy {
        pack.files.insert("policies/neighbour.cedar".to_owned(), policy.to_owned());
    }
    pack
}

async fn carry_out(registry: &Registry, operation: Operation) {
    let command = Command { ground: "test".into(), changes: vec![Change::from(operation)], ..Command::default() };
    registry.execute(&Actor::platform("test"), command).await.unwrap();
}

fn official() -> Actor {
    let (id, name) = ("urn:t:official".into(), "Official".into());
    Actor { id, name, roles: [Role::Official].into(), spaces: vec![space("neighbour")], ..Actor::anonymous() }
}

/// So many seconds from now.
fn at(seconds: i64) -> Attribute {
    Attribute::property(SystemClock.now().plus_seconds(seconds).to_string())
}

/// A person who has agreed that the official's body reads who they are, and the official's access that rests on it.
async fn opened(one: &Registry, person: &Urn, consent: &Urn) {
    let body = Entity::new(urn("body"), "Body", space("neighbour")).with("name", Attribute::property("Body"));
    carry_out(one, Operation::Create(body)).await;
    let who = Entity::new(person.clone(), "Person", space("neighbour")).with("name", Attribute::property("Anna"));
    carry_out(one, Operation::Create(who)).await;
    let agreed = Entity::new(consent.clone(), "Consent", space("neighbour"))
        .with("person", Attribute::object(person.clone()))
        .with("purpose", Attribute::property("benefit"))
        .with("recipient", Attribute::object(urn("body")))
        .with("since", at(-60))
        .with("until", at(86_400));
    carry_out(one, Operation::Create(agreed)).await;
    let (actor, now) = (official(), at(0));
    let access = Entity::new(urn("access"), "Access", space("neighbour"))
        .with("person", Attribute::object(person.clone()))
        .with("actor", Attribute::property(actor.id.clone()))
        .with("post", Attribute::property(actor.name.clone()))
        .with("basis", Attribute::property("consent"))
        .with("ground", Attribute::property(consent.as_str()))
        .with("reason", Attribute::property("benefit"))
        .with("consent", Attribute::object(consent.clone()))
        .with("since", now)
        .with("until", at(3_600));
    one.look(&actor, access).await.unwrap();
}

async fn what_is_taken_back_holds_on_the_other_node(place: &TestPlace) {
    let (one, two) = (node(place, 1).await, node(place, 2).await);
    let publisher = Actor::platform("test");
    one.publish(&publisher, shipped("base")).await.unwrap();
    one.publish(&publisher, neighbour("0.1.0", None)).await.unwrap();
    // Each node compiles what is published: in a build for tests that takes longer than the way to it.
    let compiling = Instant::now();
    svod_registry::compile(0, &[shipped("base"), neighbour("0.1.0", None)]).unwrap();
    let compiling = 2 * compiling.elapsed();
    until("the packs are known", WITHIN + compiling, async || two.catalogue().pack("neighbour").is_some()).await;

    let (person, consent) = (urn("anna"), urn("consent"));
    opened(&one, &person, &consent).await;
    let name = async |node: &Registry| {
        let seen = node.entity(&official(), &person).await.ok()?;
        seen.text("name").map(str::to_owned)
    };
    assert_eq!(name(&one).await.as_deref(), Some("Anna"));
    until("the access opens", WITHIN, async || name(&two).await.is_some()).await;
    let over = [("until".to_owned(), at(0))].into();
    carry_out(&one, Operation::Patch { urn: consent.clone(), expected: None, set: over, unset: Vec::new() }).await;
    until("the consent is withdrawn here", WITHIN, async || name(&one).await.is_none()).await;
    until("the consent is withdrawn there", WITHIN, async || name(&two).await.is_none()).await;

    let body = two.resource("Body", &space("neighbour"));
    assert!(two.may(&Actor::anonymous(), Action::Read, &body), "everybody sees bodies");
    let closed = "@id(\"closed\")\nforbid (principal, action == Action::\"read\", resource)\nwhen { resource.type == \"Body\" };";
    one.publish(&publisher, neighbour("0.1.1", Some(closed))).await.unwrap();
    assert!(!one.may(&Actor::anonymous(), Action::Read, &body));
    let forbidden = async || !two.may(&Actor::anonymous(), Action::Read, &body);
    until("the policy forbids", WITHIN + compiling, forbidden).await;
    let refused = two.entity(&Actor::anonymous(), &urn("body")).await;
    assert!(refused.is_err(), "and is asked where data are read: {refused:?}");
}

#[test]
fn what_is_taken_back_on_one_node_holds_on_the_other_within_a_second() {
    let Some(place) = TestPlace::postgres() else { return };
    run(&place, what_is_taken_back_holds_on_the_other_node);
}
