use svod_ingest::{IngestLimits, QuarantineError, QuarantineFilter, Which};
use svod_kernel::{Actor, Role};
use svod_store::quarantine::Status;

use crate::house::{House, MAPPING, NOW, actor, administrator, device, http, mqtt, publish, region, until};

#[tokio::test]
async fn a_corrected_mapping_sets_messages_free() {
    for house in House::all(IngestLimits::default()).await {
        let quarantine = house.ingest.quarantine();
        for n in 0..3 {
            let payload = format!(r#"{{"time":{},"level":1}}"#, 1_768_438_800_000i64 - n);
            house.ingest.submit(&device(), mqtt("water/g1/up", &payload)).await.unwrap();
        }
        house.ingest.submit(&device(), http("g1", "{broken")).await.unwrap();
        let counts = quarantine.counts(&administrator(), Status::Held).await.unwrap();
        assert_eq!(counts, [("bad-shape".to_owned(), 3), ("malformed-payload".to_owned(), 1)]);

        let filter = QuarantineFilter { reason: Some("bad-shape".into()), limit: 2, ..Default::default() };
        let page = quarantine.page(&administrator(), filter.clone()).await.unwrap();
        assert_eq!(page.len(), 2);
        let rest = QuarantineFilter { before: Some(page[1].id), ..filter };
        assert_eq!(quarantine.page(&administrator(), rest).await.unwrap().len(), 1);

        // What is in a message is seen by who has said what for, and for an hour.
        assert!(page.iter().all(|row| row.message.payload.is_empty()));
        let better = MAPPING.replace(".ts", ".time");
        let closed = quarantine.try_mapping(&administrator(), page[0].id, &better).await;
        assert!(matches!(closed, Err(QuarantineError::Closed)));
        assert!(matches!(quarantine.look(&administrator(), "  why ").await, Err(QuarantineError::Reason)));
        let until = quarantine.look(&administrator(), "the gauge was changed").await.unwrap();
        assert_eq!(until, NOW.parse::<svod_kernel::Timestamp>().unwrap().plus_seconds(svod_ingest::LOOK_SECONDS));
        assert!(!quarantine.get(&administrator(), page[0].id).await.unwrap().message.payload.is_empty());
        let preview = quarantine.try_mapping(&administrator(), page[0].id, &better).await.unwrap();
        assert_eq!((preview.readings.len(), preview.faults.len()), (1, 0));
        assert_eq!(preview.readings[0].attribute, "level");
        let preview = quarantine.try_mapping(&administrator(), page[0].id, MAPPING).await.unwrap();
        assert_eq!((preview.readings.len(), preview.faults[0].reason.as_str()), (0, "bad-shape"));
        let wrong = quarantine.try_mapping(&administrator(), page[0].id, "{at: ").await;
        assert!(matches!(wrong, Err(QuarantineError::Mapping(_))));
        assert_eq!(house.count("observation").await, 0, "a preview stored something");

        publish(&house.registry, region("field", "0.2.0", &better, "")).await;
        let mut seen = 0;
        let report =
            quarantine.replay(&administrator(), Which::Profile("gauge".into()), |r| seen = r.examined).await.unwrap();
        assert_eq!((report.examined, report.replayed, report.stored, seen), (4, 3, 3, 4));
        assert_eq!(report.held.get("malformed-payload"), Some(&1));
        let again = quarantine.replay(&administrator(), Which::All, |_| {}).await.unwrap();
        assert_eq!((again.examined, again.replayed, again.stored), (1, 0, 0));
        assert_eq!(quarantine.counts(&administrator(), Status::Replayed).await.unwrap()[0].1, 3);
        assert!(house.history.latest().await.unwrap()[0].observation.replayed);
        assert_eq!(house.count("quarantine").await, 4, "a replay made new rows");
    }
}

#[tokio::test]
async fn a_replay_that_fails_anew_tells_the_new_reason() {
    for house in House::all(IngestLimits::default()).await {
        let quarantine = house.ingest.quarantine();
        house.ingest.submit(&device(), mqtt("water/g7/up", r#"{"ts":1,"level":99,"cover":"x"}"#)).await.unwrap();
        publish(&house.registry, region("field", "0.2.0", MAPPING, &crate::house::gauge("field", "g7"))).await;
        until("the device", async || house.ingest.devices().len() == 4).await;
        let report = quarantine.replay(&administrator(), Which::Reason("unknown-device".into()), |_| {}).await.unwrap();
        assert_eq!((report.replayed, report.stored), (0, 1));
        let filter = QuarantineFilter { limit: 1, ..Default::default() };
        let row = quarantine.page(&administrator(), filter).await.unwrap().remove(0);
        assert_eq!((row.message.reason.as_str(), row.status), ("out-of-range", Status::Held));
    }
}

#[tokio::test]
async fn many_are_replayed_in_pages() {
    for house in House::all(IngestLimits::default()).await {
        let quarantine = house.ingest.quarantine();
        let payload = |n: i64| format!(r#"{{"ts":{n},"level":1}}"#);
        let all = (0..1_100).map(|n| mqtt("water/late/up", &payload(n))).collect();
        house.ingest.submit_batch(&device(), all).await.unwrap();
        publish(&house.registry, region("field", "0.2.0", MAPPING, &crate::house::gauge("field", "late"))).await;
        until("the device", async || house.ingest.devices().len() == 4).await;
        let mut pages = Vec::new();
        let report = quarantine.replay(&administrator(), Which::All, |r| pages.push(r.examined)).await.unwrap();
        assert_eq!((report.replayed, report.stored, pages), (1_100, 1_100, vec![500, 1_000, 1_100]));
    }
}

#[tokio::test]
async fn only_those_entitled_look_replay_and_discard() {
    for house in House::all(IngestLimits::default()).await {
        let quarantine = house.ingest.quarantine();
        house.ingest.submit(&device(), http("g1", &format!(r#"{{"ts":"{NOW}","level":99}}"#))).await.unwrap();
        let filter = || QuarantineFilter { limit: 10, ..Default::default() };
        let id = quarantine.page(&administrator(), filter()).await.unwrap()[0].id;
        for stranger in [actor(Role::Citizen, &["field"]), device(), actor(Role::Administrator, &["elsewhere"])] {
            assert!(quarantine.page(&stranger, filter()).await.is_err());
            assert!(quarantine.counts(&stranger, Status::Held).await.is_err());
            assert!(quarantine.get(&stranger, id).await.is_err());
            assert!(quarantine.try_mapping(&stranger, id, ".").await.is_err());
            assert!(quarantine.look(&stranger, "no business of theirs").await.is_err());
            assert!(quarantine.replay(&stranger, Which::All, |_| {}).await.is_err());
            assert!(quarantine.discard(&stranger, vec![id]).await.is_err());
        }
        let elsewhere = actor(Role::Administrator, &["installation"]);
        assert!(quarantine.page(&elsewhere, filter()).await.unwrap().is_empty());
        assert!(matches!(quarantine.get(&elsewhere, id).await, Err(QuarantineError::NotFound(_))));
        assert_eq!(quarantine.discard(&elsewhere, vec![id]).await.unwrap(), 0);
        assert_eq!(quarantine.replay(&elsewhere, Which::Ids(vec![id]), |_| {}).await.unwrap().examined, 0);
        assert_eq!(quarantine.discard(&administrator(), vec![id, id + 1]).await.unwrap(), 1);
        assert_eq!(quarantine.replay(&administrator(), Which::Ids(vec![id]), |_| {}).await.unwrap().examined, 0);
        assert_eq!(quarantine.get(&administrator(), id).await.unwrap().status, Status::Discarded);
    }
}

#[tokio::test]
async fn what_is_closed_is_told_by_no_detail_either() {
    const NAME: &str = "Ivanova Anna +7 923 555";
    for house in House::all(IngestLimits::default()).await {
        let quarantine = house.ingest.quarantine();
        let failing = MAPPING.replace(".ts", ".values[0].ts");
        publish(&house.registry, region("field", "0.2.0", &failing, "")).await;
        // A form of a citizen, sent by mistake where devices send: the mapping fails on what it holds.
        let form = format!(r#"{{"values":"{NAME}"}}"#);
        house.ingest.submit(&device(), mqtt("water/g1/up", &form)).await.unwrap();
        let gateway = "{at: .ts, device: .id, values: {level: .level}}";
        publish(&house.registry, region("field", "0.3.0", gateway, "")).await;
        let unknown = format!(r#"{{"ts":1,"id":"{NAME}","level":1}}"#);
        house.ingest.submit(&device(), mqtt("water/g1/up", &unknown)).await.unwrap();
        house.ingest.submit(&device(), mqtt("water/g9/up", r#"{"ts":1,"level":1}"#)).await.unwrap();
        house.ingest.submit(&device(), http("g1", "{broken")).await.unwrap();

        let filter = || QuarantineFilter { limit: 10, ..Default::default() };
        let closed = quarantine.page(&administrator(), filter()).await.unwrap();
        let reasons: Vec<&str> = closed.iter().map(|row| row.message.reason.as_str()).collect();
        assert_eq!(reasons, ["malformed-payload", "unknown-device", "unknown-device", "mapping-error"]);
        assert!(closed.iter().all(|row| !format!("{row:?}").contains("Ivanova")), "{closed:?}");
        let one = quarantine.get(&administrator(), closed[2].id).await.unwrap();
        assert!(!format!("{one:?}").contains("Ivanova"), "{one:?}");
        // What is no value of the payload stays: what to do about it is seen without a look.
        assert!(closed[0].message.detail.starts_with("not JSON"), "{}", closed[0].message.detail);
        assert_eq!(closed[1].message.device.as_deref(), Some("g9"), "the topic names it");

        quarantine.look(&administrator(), "whose form it is").await.unwrap();
        let open = quarantine.page(&administrator(), filter()).await.unwrap();
        assert!(open[2].message.detail.contains("Ivanova") && open[2].message.device.as_deref() == Some(NAME));
        assert!(open[3].message.detail.contains("Ivanova"), "{}", open[3].message.detail);
    }
}

#[tokio::test]
async fn what_is_said_in_one_post_opens_nothing_of_another() {
    for house in House::all(IngestLimits::default()).await {
        let quarantine = house.ingest.quarantine();
        publish(&house.registry, region("forest", "0.1.0", MAPPING, "")).await;
        house.ingest.submit(&device(), http("g1", &format!(r#"{{"ts":"{NOW}","level":99}}"#))).await.unwrap();
        // One person with two posts: the number is theirs, the territory is the post's.
        let in_post = |space: &str| Actor { id: "urn:svod:person:p".into(), ..actor(Role::Administrator, &[space]) };
        let (here, there) = (in_post("field"), in_post("forest"));
        quarantine.look(&there, "a new gauge in the forest").await.unwrap();
        assert!(quarantine.is_open(&there) && !quarantine.is_open(&here));
        let filter = QuarantineFilter { limit: 10, ..Default::default() };
        let row = quarantine.page(&here, filter).await.unwrap().remove(0);
        assert!(row.message.payload.is_empty() && !quarantine.is_open_for(&here, &row), "{row:?}");
        let tried = quarantine.try_mapping(&here, row.id, MAPPING).await;
        assert!(matches!(tried, Err(QuarantineError::Closed)), "{tried:?}");
        // With both territories in one post only what was opened is.
        let both = Actor { spaces: [here.spaces.clone(), there.spaces.clone()].concat(), ..here.clone() };
        assert!(!quarantine.is_open(&both) && !quarantine.is_open_for(&both, &row));
        quarantine.look(&here, "a gauge that is too high").await.unwrap();
        assert!(quarantine.is_open(&both) && quarantine.is_open_for(&here, &row));
        assert!(!quarantine.get(&here, row.id).await.unwrap().message.payload.is_empty());
    }
}
