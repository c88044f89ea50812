//! The dispatcher over both engines.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use svod_kernel::{Clock, SimClock, Timestamp};
use svod_notify::{Notify, NotifyConfig, NotifyDeps, Publish, Undelivered, republish, revive, set_aside};
use svod_store::outbox::{self, NewOutbox};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreError, StoreOptions};

/// Remembers what it sent; fails for topics in `broken`.
#[derive(Default)]
struct Wire {
    sent: Mutex<Vec<(String, String, bool)>>,
    tried: Mutex<Vec<String>>,
    broken: Mutex<Vec<String>>,
}

impl Publish for Wire {
    fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), Undelivered> {
        self.tried.lock().unwrap().push(topic.into());
        if self.broken.lock().unwrap().iter().any(|b| b == topic) {
            return Err(Undelivered { topic: topic.into(), reason: "broken".into() });
        }
        self.sent.lock().unwrap().push((topic.into(), String::from_utf8_lossy(payload).into(), retain));
        Ok(())
    }
}

impl Wire {
    fn payloads(&self, topic: &str) -> Vec<String> {
        self.sent.lock().unwrap().iter().filter(|s| s.0 == topic).map(|s| s.1.clone()).collect()
    }
}

struct House {
    _place: TestPlace,
    store: Store,
    clock: Arc<SimClock>,
    wire: Arc<Wire>,
}

impl House {
    fn all() -> Vec<Self> {
        TestPlace::all().into_iter().map(Self::on).collect()
    }

    fn on(place: TestPlace) -> Self {
        let clock = Arc::new(SimClock::new(Timestamp::from_millis(1_768_000_000_000)));
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        Self { _place: place, store, clock, wire: Arc::default() }
    }

    fn start(&self, node: &str) -> Notify {
        let deps = NotifyDeps { store: self.store.clone(), clock: self.clock.clone(), publish: self.wire.clone() };
        let config =
            NotifyConfig { node: node.into(), attempts: 3, idle: Duration::from_millis(10), ..NotifyConfig::default() };
        Notify::start(deps, config)
    }

    async fn put(&self, topic: &str, payload: &str) {
        let body = serde_json::json!({"topic": topic, "payload": payload, "retain": true}).to_string();
        self.put_body(body).await;
    }

    async fn put_body(&self, body: String) {
        let now = self.clock.now();
        let message = NewOutbox { kind: "mqtt".into(), body };
        self.store
            .write(move |conn| outbox::put(conn, 0, std::slice::from_ref(&message), now).map(|_| ()))
            .await
            .unwrap();
    }

    async fn waiting(&self) -> i64 {
        self.store.read(|conn| outbox::count(conn)).await.unwrap()
    }

    async fn until(&self, what: &str, mut done: impl AsyncFnMut() -> bool) {
        for _ in 0..500 {
            if done().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what} never came; tried {:?}", self.wire.tried.lock().unwrap());
    }
}

#[tokio::test]
async fn sends_in_order_and_empties_the_outbox() {
    for house in House::all() {
        house.put("svod/a", "1").await;
        let notify = house.start("n");
        house.put("svod/a", "2").await;
        house.put("svod/b", "3").await;
        house.until("an empty outbox", async || house.waiting().await == 0).await;
        assert_eq!(house.wire.payloads("svod/a"), ["1", "2"]);
        assert_eq!(house.wire.payloads("svod/b"), ["3"]);
        notify.stop().await;
    }
}

#[tokio::test]
async fn a_topic_waits_for_its_oldest_message_and_others_do_not() {
    for house in House::all() {
        house.wire.broken.lock().unwrap().push("svod/a".into());
        house.put("svod/a", "open").await;
        house.put("svod/a", "closed").await;
        house.put("svod/b", "x").await;
        let notify = house.start("n");
        house.until("the other topic", async || !house.wire.payloads("svod/b").is_empty()).await;
        house.until("one row fewer", async || house.waiting().await == 2).await;
        house.wire.broken.lock().unwrap().clear();
        house.put("svod/a", "late").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(house.wire.payloads("svod/a").is_empty(), "a later message overtook");
        house.clock.advance(2);
        house.until("an empty outbox", async || house.waiting().await == 0).await;
        assert_eq!(house.wire.payloads("svod/a")[..2], ["open".to_owned(), "closed".to_owned()]);
        notify.stop().await;
    }
}

#[tokio::test]
async fn poison_is_set_aside_and_can_be_revived() {
    for house in House::all() {
        house.wire.broken.lock().unwrap().push("svod/bad".into());
        house.put("svod/bad", "x").await;
        house.put_body("no message at all".into()).await;
        let notify = house.start("n");
        let aside = async || house.store.read(|conn| set_aside(conn)).await.unwrap();
        house.until("the one that is no message", async || aside().await == 1).await;
        for tried in 2..=3 {
            house.clock.advance(10);
            house.until("another attempt", async || house.wire.tried.lock().unwrap().len() >= tried).await;
        }
        house.until("both set aside", async || aside().await == 2).await;
        house.clock.advance(100_000);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(house.wire.tried.lock().unwrap().len(), 3, "tried after it was set aside");
        assert_eq!(house.waiting().await, 2, "poison is kept");
        house.wire.broken.lock().unwrap().clear();
        let now = house.clock.now();
        let revived = house.store.write(move |conn| revive(conn, now)).await;
        assert_eq!(revived, Ok::<_, StoreError>(2));
        house.until("the message", async || house.wire.payloads("svod/bad") == ["x"]).await;
        notify.stop().await;
    }
}

#[tokio::test]
async fn one_node_at_a_time() {
    for house in House::all() {
        let now = house.clock.now();
        let held =
            house.store.write(move |conn| svod_store::lease::acquire(conn, "outbox", "other", now, 10_000_000)).await;
        assert_eq!(held, Ok::<_, StoreError>(true));
        house.put("svod/a", "1").await;
        let notify = house.start("n");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(house.waiting().await, 1, "sent without the lease");
        house.clock.advance(11);
        house.until("an empty outbox", async || house.waiting().await == 0).await;
        notify.stop().await;
        let next = house.start("next");
        house.put("svod/a", "2").await;
        house.until("the lease given back", async || house.waiting().await == 0).await;
        next.stop().await;
    }
}

#[test]
fn open_alerts_are_published_again() {
    let wire = Wire::default();
    let good = r#"{"topic":"svod/k/alerts/1","payload":{"status":"open"},"retain":true}"#;
    assert_eq!(republish(&wire, [good, "nonsense"]), 1);
    assert_eq!(wire.payloads("svod/k/alerts/1"), [r#"{"status":"open"}"#]);
}
