use svod_ingest::{Accepted, Feed, IngestError, IngestLimits, RawMessage, Source};
use svod_kernel::Role;
use svod_model::{ObservedValue, Point};
use svod_store::quarantine::Status;

use crate::house::{House, actor, administrator, device, gauge, http, mqtt, publish, region};
use crate::house::{MAPPING, NOW};

fn stored(stored: u64, duplicates: u64, quarantined: u64) -> Accepted {
    Accepted { stored, duplicates, quarantined }
}

#[tokio::test]
async fn readings_become_history_once() {
    for house in House::all(IngestLimits::default()).await {
        let batch = || {
            vec![
                http("g1", &format!(r#"{{"ts":"{NOW}","level":{{"value":125,"unit":"cm"}},"cover":"ice"}}"#)),
                http("g2", r#"{"ts":1768438800000,"level":0.5,"place":[87.1,53.7],"sim":true}"#),
            ]
        };
        assert_eq!(house.ingest.submit_batch(&device(), batch()).await, Ok(stored(4, 0, 0)));
        assert_eq!(house.ingest.submit_batch(&device(), batch()).await, Ok(stored(0, 4, 0)));
        let topic = mqtt("water/g1/up", r#"{"ts":"2026-01-15T00:59:00Z","level":9}"#);
        assert_eq!(house.ingest.submit(&device(), topic).await, Ok(stored(1, 0, 0)));
        let latest = house.latest().await;
        assert_eq!(latest["field-g1.level"], ObservedValue::Number(1.25), "a late reading is no current value");
        assert_eq!(latest["field-g1.cover"], ObservedValue::Text("ice".into()));
        assert_eq!(latest["field-g2.place"], ObservedValue::Point(Point { lon: 87.1, lat: 53.7 }));
        assert_eq!(house.history.count().await.unwrap(), 5);
        assert_eq!(house.count("quarantine").await, 0);
    }
}

#[tokio::test]
async fn whatever_is_wrong_goes_to_quarantine_with_its_reason() {
    let cases = [
        ("no-such-topic", "{}", "unknown-topic", 0),
        ("water/zz/up", r#"{"ts":"2026-01-15T01:00:00Z","level":1}"#, "unknown-device", 0),
        ("water/g1/up", "{nonsense", "malformed-payload", 0),
        ("water/g1/up", "\u{0}\u{1}", "malformed-payload", 0),
        ("water/g1/up", "[]", "mapping-error", 0),
        ("water/g1/up", r#"{"level":1}"#, "bad-shape", 0),
        ("water/g1/up", r#"{"ts":"yesterday","level":1}"#, "bad-shape", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z"}"#, "bad-shape", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:05:01Z","level":1}"#, "future", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z","level":{"value":1,"unit":"kg"}}"#, "wrong-unit", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z","level":21}"#, "out-of-range", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z","level":"high"}"#, "wrong-type", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z","cover":"a\u0000b"}"#, "wrong-type", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z","name":"me"}"#, "unknown-attribute", 0),
        ("water/g1/up", r#"{"ts":"2026-01-15T01:00:00Z","level":21,"cover":"fine"}"#, "out-of-range", 1),
    ];
    for house in House::all(IngestLimits::default()).await {
        house.ingest.quarantine().look(&administrator(), "the gauge was changed").await.unwrap();
        for (topic, payload, reason, good) in &cases {
            let accepted = house.ingest.submit(&device(), mqtt(topic, payload)).await;
            assert_eq!(accepted, Ok(stored(*good, 0, 1)), "{payload}");
            let filter = svod_ingest::QuarantineFilter { limit: 1, ..Default::default() };
            let row = house.ingest.quarantine().page(&administrator(), filter).await.unwrap().remove(0);
            assert_eq!(row.message.reason, *reason, "{payload}: {}", row.message.detail);
            assert_eq!((row.status, row.message.payload.as_slice()), (Status::Held, payload.as_bytes()));
            assert_eq!(row.message.source, format!("mqtt {topic}"));
            assert_ne!(row.message.space, 0, "{payload}: the sender's only space answers for it");
        }
        let wide = actor(Role::Device, &["field", "elsewhere"]);
        house.ingest.submit(&wide, mqtt("no-such-topic", "{}")).await.unwrap();
        let filter = svod_ingest::QuarantineFilter { limit: 1, ..Default::default() };
        let row = house.ingest.quarantine().page(&administrator(), filter).await.unwrap().remove(0);
        assert_eq!(row.message.space, 0, "of several spaces none answers: the installation does");
        assert_eq!(house.count("quarantine").await, cases.len() as i64 + 1);
        assert_eq!(house.count("observation").await, 1);
    }
}

#[tokio::test]
async fn nobody_delivers_where_they_may_not() {
    for house in House::all(IngestLimits::default()).await {
        let good = || mqtt("water/g1/up", &format!(r#"{{"ts":"{NOW}","level":1}}"#));
        for stranger in [actor(Role::Citizen, &["field"]), actor(Role::Device, &["elsewhere"])] {
            assert_eq!(house.ingest.submit(&stranger, good()).await, Err(IngestError::Forbidden));
        }
        let nobody = actor(Role::Citizen, &["field"]);
        assert_eq!(house.ingest.submit(&nobody, mqtt("unknown", "x")).await, Err(IngestError::Forbidden));
        // A device of elsewhere may fill its own quarantine, and of a batch only what it may.
        let elsewhere = actor(Role::Device, &["elsewhere"]);
        let answers = house.ingest.submit_each(&elsewhere, vec![good(), mqtt("unknown", "x"), good()]).await;
        assert_eq!(answers, [Err(IngestError::Forbidden), Ok(()), Err(IngestError::Forbidden)]);
        assert_eq!((house.count("observation").await, house.count("quarantine").await), (0, 1));
    }
}

#[tokio::test]
async fn limits_are_told() {
    let limits = IngestLimits { in_flight: 1, batch_messages: 2, payload_bytes: 100, ..IngestLimits::default() };
    for house in House::all(limits).await {
        let good = || mqtt("water/g1/up", &format!(r#"{{"ts":"{NOW}","level":1}}"#));
        let big = mqtt("water/g1/up", &"x".repeat(101));
        assert!(matches!(house.ingest.submit(&device(), big).await, Err(IngestError::TooLarge(_))));
        let many = vec![good(), good(), good()];
        assert!(matches!(house.ingest.submit_batch(&device(), many).await, Err(IngestError::TooLarge(_))));
        let actor = device();
        let all = (0..5).map(|_| house.ingest.submit(&actor, good()));
        let answers = futures_util::future::join_all(all).await;
        assert_eq!(answers.iter().filter(|a| **a == Err(IngestError::Busy)).count(), 4);
        house.ingest.settle().await;
        assert!(house.ingest.submit(&actor, good()).await.is_ok(), "room is given back");
    }
}

#[tokio::test]
async fn concurrent_submissions_share_commits_and_are_judged_in_order() {
    for house in House::all(IngestLimits::default()).await {
        let actor = device();
        let all = (0..200).map(|n| {
            let level = if n % 50 == 0 { "1.5" } else { "0.5" };
            let ts = 1_768_438_800_000i64 - n;
            house.ingest.submit(&actor, mqtt("water/g1/up", &format!(r#"{{"ts":{ts},"level":{level}}}"#)))
        });
        for answer in futures_util::future::join_all(all).await {
            assert_eq!(answer, Ok(stored(1, 0, 0)));
        }
        assert_eq!((house.count("observation").await, house.count("finding").await), (200, 4));
        let log = house.judge.log.lock().unwrap().clone();
        assert!(log.len() < 100, "200 submissions made {} calls of the judge: they were not grouped", log.len());
        for pair in log.chunks(2) {
            assert_eq!(pair[0].replace("judge", "committed"), pair[1]);
        }
    }
}

#[tokio::test]
async fn a_decision_that_breaks_stops_no_reading() {
    for house in House::all(IngestLimits::default()).await {
        let poison = http("g1", &format!(r#"{{"ts":"{NOW}","level":1.666}}"#));
        assert_eq!(house.ingest.submit(&device(), poison).await, Ok(stored(1, 0, 0)));
        let good = http("g2", &format!(r#"{{"ts":"{NOW}","level":1.5}}"#));
        assert_eq!(house.ingest.submit(&device(), good).await, Ok(stored(1, 0, 0)));
        assert_eq!(house.count("finding").await, 1);
        let log = house.judge.log.lock().unwrap().clone();
        assert_eq!(log, ["judge 1", "judge 0", "committed 1", "judge 1", "committed 1"]);
    }
}

#[tokio::test]
async fn new_devices_are_known_without_a_restart_and_regions_keep_apart() {
    for house in House::all(IngestLimits::default()).await {
        let message = || mqtt("water/g9/up", &format!(r#"{{"ts":"{NOW}","level":2}}"#));
        assert_eq!(house.ingest.submit(&device(), message()).await, Ok(stored(0, 0, 1)));
        publish(&house.registry, region("field", "0.2.0", MAPPING, &gauge("field", "g9"))).await;
        publish(&house.registry, region("other", "0.1.0", MAPPING, "")).await;
        // At once: news of the device are on their way, and the reading waits for them.
        assert_eq!(house.ingest.submit(&device(), message()).await, Ok(stored(1, 0, 0)));
        // Those of the other region are nobody's reading yet: their news come when they come.
        for _ in 0..200 {
            if house.ingest.devices().len() == 7 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(house.ingest.devices().len(), 7);
        // Both regions have a g1 on the same topic.
        let other = actor(Role::Device, &["other"]);
        let g1 = || mqtt("water/g1/up", &format!(r#"{{"ts":"{NOW}","level":3}}"#));
        assert_eq!(house.ingest.submit(&other, g1()).await, Ok(stored(1, 0, 0)));
        let latest = house.latest().await;
        assert_eq!(latest["other-g1.level"], ObservedValue::Number(3.0));
        assert!(!latest.contains_key("field-g1.level"));
        // A device of both delivers to the region that knows the id.
        let both = actor(Role::Device, &["field", "other"]);
        let own = mqtt("water/own-other/up", &format!(r#"{{"ts":"{NOW}","level":4}}"#));
        assert_eq!(house.ingest.submit(&both, own).await, Ok(stored(1, 0, 0)));
    }
}

#[tokio::test]
async fn what_is_replayed_says_so() {
    for house in House::all(IngestLimits::default()).await {
        let payload = format!(r#"{{"ts":"{NOW}","level":2}}"#);
        let message = RawMessage::named("gauge".into(), "g1".into(), payload.into(), Source::Replay);
        house.ingest.submit(&device(), message).await.unwrap();
        let rows = house.history.latest().await.unwrap();
        assert!(rows[0].observation.replayed && !rows[0].observation.simulated);
        assert_eq!(rows[0].observation.received, house.now());
    }
}

#[tokio::test]
async fn a_refused_message_harms_no_other_of_its_group() {
    for house in House::all(IngestLimits::default()).await {
        // A trigger that refuses one value, as a broken disk page or a constraint to come might.
        let engine = house.store.engine();
        house
            .store
            .write(move |conn| {
                let sql: &[&str] = match engine {
                    svod_store::Engine::Sqlite => {
                        &["CREATE TRIGGER refuse BEFORE INSERT ON observation WHEN NEW.num = 7.5
                         BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"]
                    }
                    svod_store::Engine::Postgres => {
                        &["ALTER TABLE observation ADD CONSTRAINT refuse CHECK (num IS NULL OR num <> 7.5)"]
                    }
                };
                sql.iter().try_for_each(|s| conn.execute(s, &[]).map(|_| ()))
            })
            .await
            .unwrap();
        let actor = device();
        let all = (0..40).map(|n| {
            let level = if n == 20 { "7.5" } else { "0.5" };
            let ts = 1_768_438_800_000i64 - n;
            house.ingest.submit(&actor, mqtt("water/g1/up", &format!(r#"{{"ts":{ts},"level":{level}}}"#)))
        });
        let answers = futures_util::future::join_all(all).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.is_ok(), n != 20, "{n}: {answer:?}");
        }
        assert_eq!(house.count("observation").await, 39);
        let log = house.judge.log.lock().unwrap().clone();
        assert!(log.iter().any(|l| l.starts_with("aborted") && l != "aborted 1"), "no group was refused: {log:?}");
    }
}

/// A device with credentials of its own may be bound to a profile and to itself.
#[tokio::test]
async fn a_feed_is_one_profile_and_one_device() {
    for house in House::all(IngestLimits::default()).await {
        let of = |device: &str| mqtt(&format!("water/{device}/up"), &format!(r#"{{"ts":"{NOW}","level":1}}"#));
        let feed = |profile: &str| Feed { profile: Some(profile.into()), device: Some("g1".into()) };
        let answers =
            house.ingest.submit_each_of(&device(), &feed("gauge"), vec![of("g1"), of("g2"), of("none")]).await;
        assert_eq!(answers, [Ok(()), Err(IngestError::Forbidden), Err(IngestError::Forbidden)]);
        let other = house.ingest.submit_each_of(&device(), &feed("another"), vec![of("g1")]).await;
        assert_eq!(other, [Err(IngestError::Forbidden)]);
        assert_eq!((house.count("observation").await, house.count("quarantine").await), (1, 0));
    }
}
