//! The engine on a registry of its own, with a dialect and wires made for the test.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use svod_kernel::{Actor, Clock, SeededRng, SimClock, SpacePath, Timestamp};
use svod_model::{Attribute, Entity};
use svod_query::{Query, Types};
use svod_registry::{Command, Definition, Edit, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_subscriptions::{
    Deliver, Dialect, Engine, Message, Notice, Powers, Read, Sending, Started, Subscription, Target, Today, Trigger,
    Written,
};

/// Documents: `{"type", "watched", "triggers", "throttling", "interval", "since"}`.
struct Plain;

impl Dialect for Plain {
    type Spec = ();

    fn kind(&self) -> &'static str {
        "Plain"
    }

    fn states(&self) -> &'static str {
        "PlainState"
    }

    fn read<'a>(&'a self, space: &'a SpacePath, d: &'a Definition) -> Read<'a, ()> {
        Box::pin(async move {
            let doc = &d.doc;
            let deleted = doc.get("deleted").is_some();
            let triggers = if deleted {
                BTreeSet::from([Trigger::EntityDeleted])
            } else {
                BTreeSet::from([Trigger::AttributeCreated, Trigger::AttributeUpdated])
            };
            let kind = doc["type"].as_str().ok_or("no type")?;
            Ok(Subscription {
                id: d.id.clone(),
                space: space.clone(),
                actor: Actor::anonymous(),
                since: d.created,
                revision: d.modified,
                selectors: vec![Query { types: Types::Is(kind.into()), ..Query::default() }],
                condition: Query::default(),
                watched: doc["watched"].as_str().map(str::to_owned).into_iter().collect(),
                triggers,
                throttling: doc["throttling"].as_f64(),
                interval: None,
                expires: None,
                active: true,
                cooldown: None,
                spec: Arc::new(()),
            })
        })
    }

    fn write<'a>(&'a self, s: &'a Subscription<()>, notice: &'a Notice) -> Written<'a> {
        Box::pin(async move {
            let about = notice.entities[0].id.to_string();
            let gone = notice.happening.as_ref().is_some_and(|h| h.gone);
            let body = json!({"to": s.id, "about": about, "gone": gone, "n": notice.entities[0].number("n")});
            let target = Target::Http { url: "http://x.example".into(), headers: Vec::new() };
            Ok(Message { target, body: body.to_string().into(), timeout: Duration::from_secs(1) })
        })
    }
}

#[derive(Default)]
struct Wires {
    sent: Mutex<Vec<Value>>,
    down: AtomicBool,
    stuck: AtomicBool,
}

impl Deliver for Wires {
    fn deliver(&self, message: Message) -> Sending<'_> {
        Box::pin(async move {
            while self.stuck.load(Ordering::Acquire) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if self.down.load(Ordering::Acquire) {
                return Err("nobody listens".into());
            }
            self.sent.lock().unwrap().push(serde_json::from_slice(&message.body).unwrap());
            Ok(())
        })
    }
}

struct House {
    registry: Arc<Registry>,
    clock: Arc<SimClock>,
    wires: Arc<Wires>,
    engine: Arc<Engine<Plain>>,
    started: Option<Started<Plain>>,
}

/// Nobody loses powers here.
struct AsBefore;

impl Powers for AsBefore {
    fn now<'a>(&'a self, _: &'a Actor) -> Today<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

fn space() -> SpacePath {
    "a".parse().unwrap()
}

impl House {
    async fn open(place: &TestPlace) -> Self {
        let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let deps = RegistryDeps { store, clock: clock.clone(), rng, cache_bytes: 1 << 20 };
        let registry = Registry::open(deps).await.unwrap();
        registry.ensure_space(&space(), true).await.unwrap();
        let wires = Arc::new(Wires::default());
        let engine = Engine::new(registry.clone(), Plain, wires.clone(), Arc::new(AsBefore));
        let started = Some(engine.start("node").await.unwrap());
        Self { registry, clock, wires, engine, started }
    }

    async fn subscribe(&self, id: &str, doc: Value) {
        let d = self.registry.define(&Actor::anonymous(), "Plain", &space(), id, doc).await.unwrap();
        self.engine.define(&space(), &d).await.unwrap();
        self.clock.advance(1);
    }

    async fn execute(&self, operation: Operation) {
        let command = Command { changes: vec![operation.into()], ..Command::default() };
        self.registry.execute(&Actor::anonymous(), command).await.unwrap();
        self.clock.advance(1);
    }

    async fn make(&self, n: u32, kind: &str) {
        let e = Entity::new(format!("urn:t:{n}").parse().unwrap(), kind, space()).with("n", Attribute::property(n));
        self.execute(Operation::Create(e)).await;
    }

    async fn touch(&self, n: u32, attribute: &'static str, value: u32) {
        let edit = Edit::new(move |old| Ok(old.unwrap().clone().with(attribute, Attribute::property(value))));
        self.execute(Operation::Edit { urn: format!("urn:t:{n}").parse().unwrap(), edit }).await;
    }

    /// What was sent, once it is as many.
    async fn sent(&self, many: usize) -> Vec<Value> {
        for _ in 0..400 {
            if self.wires.sent.lock().unwrap().len() >= many && self.registry.is_all_announced() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What should not come has its time to come.
        tokio::time::sleep(Duration::from_millis(60)).await;
        let sent = self.wires.sent.lock().unwrap().clone();
        assert_eq!(sent.len(), many, "{sent:?}");
        sent
    }
}

fn run(test: impl AsyncFn(&TestPlace)) {
    let place = TestPlace::sqlite();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(&place));
}

#[test]
fn subscribers_are_told_of_what_they_watch() {
    run(async |place| {
        let house = House::open(place).await;
        house.subscribe("all", json!({"type": "Car"})).await;
        house.subscribe("speed", json!({"type": "Car", "watched": "speed"})).await;
        house.subscribe("gone", json!({"type": "Car", "deleted": true})).await;
        house.make(1, "Car").await;
        house.make(2, "Bus").await;
        assert_eq!(house.sent(1).await[0], json!({"to": "all", "about": "urn:t:1", "gone": false, "n": 1.0}));
        house.touch(1, "speed", 5).await;
        let told: BTreeSet<_> = house.sent(3).await[1..].iter().map(|v| v["to"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told, BTreeSet::from(["all".to_owned(), "speed".to_owned()]));
        house.execute(Operation::Delete { urn: "urn:t:1".parse().unwrap(), expected: None }).await;
        let last = house.sent(4).await.pop().unwrap();
        assert_eq!(last, json!({"to": "gone", "about": "urn:t:1", "gone": true, "n": 1.0}));
        house.engine.remove(&space(), "all");
        house.make(3, "Car").await;
        house.sent(4).await;
    });
}

#[test]
fn throttled_subscribers_are_not_told_too_often() {
    run(async |place| {
        let house = House::open(place).await;
        house.subscribe("calm", json!({"type": "Car", "throttling": 60})).await;
        house.make(1, "Car").await;
        house.sent(1).await;
        house.touch(1, "n", 5).await;
        house.sent(1).await;
        house.clock.advance(60);
        house.touch(1, "n", 6).await;
        house.sent(2).await;
    });
}

#[test]
fn a_failure_is_counted_and_told() {
    run(async |place| {
        let house = House::open(place).await;
        house.subscribe("s", json!({"type": "Car"})).await;
        house.wires.down.store(true, Ordering::Release);
        house.make(1, "Car").await;
        for _ in 0..2_000 {
            if house.engine.state(&space(), "s").await.times_failed == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let state = house.engine.state(&space(), "s").await;
        assert_eq!((state.times_sent, state.times_failed, state.failed), (1, 1, true));
        assert!(state.last_failure.is_some() && state.last_success.is_none());
        house.wires.down.store(false, Ordering::Release);
        house.touch(1, "n", 9).await;
        house.sent(1).await;
        let state = house.engine.state(&space(), "s").await;
        assert_eq!((state.times_sent, state.times_failed, state.failed), (2, 1, false));
        assert!(state.last_success > Some(Timestamp(0)));
    });
}

#[test]
fn what_was_under_way_is_told_after_a_restart() {
    run(async |place| {
        let mut house = House::open(place).await;
        house.subscribe("s", json!({"type": "Car"})).await;
        house.make(1, "Car").await;
        house.sent(1).await;
        // Its delivery hangs while the process ends.
        house.wires.stuck.store(true, Ordering::Release);
        house.make(2, "Car").await;
        while !house.registry.is_all_announced() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        house.started.take().unwrap().stop().await;
        let wires = Arc::new(Wires::default());
        let again = Engine::new(house.registry.clone(), Plain, wires.clone(), Arc::new(AsBefore));
        let started = again.start("node").await.unwrap();
        for _ in 0..400 {
            if !wires.sent.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let sent = wires.sent.lock().unwrap().clone();
        assert_eq!(sent.iter().map(|v| v["about"].clone()).collect::<Vec<_>>(), ["urn:t:2"], "once, and not the first");
        assert_eq!(again.state(&space(), "s").await.times_sent, 3, "the state was kept; both attempts count");
        started.stop().await;
    });
}

#[test]
fn a_restart_is_not_the_beginning() {
    run(async |place| {
        let mut house = House::open(place).await;
        house.subscribe("s", json!({"type": "Car"})).await;
        house.make(1, "Car").await;
        house.sent(1).await;
        house.started.take().unwrap().stop().await;
        let now = house.clock.now();
        house.make(2, "Car").await;
        let wires = Arc::new(Wires::default());
        let started =
            Engine::new(house.registry.clone(), Plain, wires.clone(), Arc::new(AsBefore)).start("node").await.unwrap();
        for _ in 0..400 {
            if !wires.sent.lock().unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(wires.sent.lock().unwrap().len(), 1, "what happened in between is told: {now}");
        started.stop().await;
    });
}
