//! What was refused is kept, and taken in when the mapping has been corrected.

use serde_json::json;
use svod_ingest::{QuarantineStatus, Which};
use svod_kernel::{Actor, Coded as _, Role, Urn};
use svod_testkit::{on_both_engines, packs};

on_both_engines! {
    async fn a_corrected_mapping_takes_in_what_was_refused(builder: TestAppBuilder) {
        let app = builder.start().await;
        let administrator = app.actor("administrator");
        // The maker changed the name of a field: two messages, one of them good in part.
        let wrong = app.reading("air-post", "42010102", json!({"ts": app.ts(), "pm2_5": 0.05})).await;
        assert_eq!((wrong.stored, wrong.quarantined), (0, 1));
        app.clock.advance(1);
        let half = app.reading("air-post", "42010109", json!({"ts": app.ts(), "pm2_5": 0.01, "no2": 0.01})).await;
        assert_eq!((half.stored, half.quarantined), (1, 1));
        let held = app.quarantine().await;
        assert_eq!(held.len(), 2);
        for row in &held {
            assert_eq!((row.message.reason.as_str(), row.status), ("unknown-attribute", QuarantineStatus::Held));
            assert!(row.message.detail.contains("pm2_5"), "{}", row.message.detail);
        }

        let quarantine = app.core.ingest.quarantine();
        let mapping = r#"{at: .ts, values: (with_entries(select(.key != "ts" and .key != "pm2_5")) + {pm25: .pm2_5})}"#;
        // What is in a message may be data of people: who looks, and what for, is written down before.
        let closed = quarantine.try_mapping(&administrator, held[1].id, mapping).await.unwrap_err();
        assert_eq!((closed.code(), closed.status()), ("ground-needed", 403));
        assert!(quarantine.get(&administrator, held[1].id).await.unwrap().message.payload.is_empty());
        quarantine.look(&administrator, "датчик заменили").await.unwrap();
        let journal = app.journal(&administrator, "kuzbass", None).await;
        let looks: Vec<_> = journal.iter().filter(|e| e.entity_type == "Quarantine").collect();
        assert_eq!(looks.len(), 1, "{looks:?}");
        let (who, why) = (looks[0].actor.as_str(), looks[0].ground.as_str());
        assert_eq!((looks[0].action.as_str(), who, why), ("look", administrator.id.as_str(), "датчик заменили"));
        // The security officer sees that somebody looked, and not at what.
        let (roles, spaces) = ([Role::Auditor].into(), vec!["kuzbass".parse().unwrap()]);
        let officer = Actor { id: "urn:t:officer".into(), roles, spaces, ..Actor::anonymous() };
        let seen = app.journal(&officer, "kuzbass", None).await;
        assert!(seen.iter().any(|e| e.entity_type == "Quarantine" && e.ground == why), "{seen:?}");
        assert_eq!(quarantine.look(&officer, "датчик заменили").await.unwrap_err().status(), 403);
        let preview = quarantine.try_mapping(&administrator, held[1].id, mapping).await.unwrap();
        assert_eq!((preview.readings.len(), preview.faults.len()), (1, 0));
        assert_eq!(preview.readings[0].attribute, "pm25");
        assert_eq!(app.core.history.count().await.unwrap(), 1, "trying stores nothing");

        let kuzbass = packs::version(packs::shipped("kuzbass"), "0.2.0");
        let old = app.core.registry.catalogue().profiles.iter().find(|p| p.spec.id == "air-post").unwrap().spec.mapping.clone();
        let indented = |m: &str| m.lines().map(|l| format!("  {l}\n")).collect::<String>();
        let file = "devices/air-post.yaml";
        let kuzbass = packs::replaced(kuzbass, file, indented(old.trim_end()).trim_end(), indented(mapping).trim_end());
        app.core.registry.publish(&administrator, kuzbass).await.unwrap();
        let report = quarantine.replay(&administrator, Which::All, |_| {}).await.unwrap();
        assert_eq!((report.examined, report.replayed, report.stored, report.duplicates), (2, 2, 2, 1), "{report:?}");
        app.settle().await;

        assert!(app.quarantine().await.iter().all(|r| r.status == QuarantineStatus::Replayed));
        let station: Urn = "urn:svod:station:42010102".parse().unwrap();
        assert_eq!(app.core.twin.entity(&station).unwrap().observed["pm25"].value.number(), Some(0.05));
        assert_eq!(app.only("Alert").await.object("entity"), Some(&station), "what is taken in late is judged all the same");
        let again = quarantine.replay(&administrator, Which::All, |_| {}).await.unwrap();
        assert_eq!(again.examined, 0, "nothing is held any more");
    }
}

on_both_engines! {
    async fn what_is_refused_says_why(builder: TestAppBuilder) {
        let app = builder.start().await;
        let ts = app.ts();
        let future = app.clock_plus(600);
        for (profile, device, payload, reason) in [
            ("air-post", "42010102", json!({"ts": future, "pm25": 0.01}), "future"),
            ("air-post", "nobody", json!({"ts": ts, "pm25": 0.01}), "unknown-device"),
            ("air-post", "42010102", json!({"ts": ts, "radon": 1}), "unknown-attribute"),
            ("air-post", "42010102", json!({"ts": ts, "pm25": {"value": 1, "unit": "Cel"}}), "wrong-unit"),
            ("air-post", "42010102", json!({"ts": ts, "pm25": 99}), "out-of-range"),
            ("air-post", "42010102", json!("{broken"), "malformed-payload"),
            ("nothing", "42010102", json!({"ts": ts}), "unknown-topic"),
        ] {
            let accepted = app.reading(profile, device, payload).await;
            assert_eq!((accepted.stored, accepted.quarantined), (0, 1), "{reason}");
            let newest = app.quarantine().await.remove(0);
            assert_eq!(newest.message.reason, reason, "{}", newest.message.detail);
        }
        assert_eq!(app.core.history.count().await.unwrap(), 0);
    }
}

on_both_engines! {
    async fn what_nobody_judges_is_not_kept_for_ever(builder: TestAppBuilder) {
        let app = builder.start().await;
        let wrong = app.reading("air-post", "42010102", json!({"ts": app.ts(), "pm2_5": 0.05})).await;
        assert_eq!((wrong.stored, wrong.quarantined), (0, 1));
        let keep = svod::config::KeepConfig::default();
        app.clock.advance(364 * 86_400);
        assert_eq!(svod::keeping::forget(&app.core, &keep).await.unwrap(), 0);
        assert_eq!(app.quarantine().await.len(), 1);
        app.clock.advance(2 * 86_400);
        let for_ever = svod::config::KeepConfig { held_days: 0, ..keep.clone() };
        assert_eq!(svod::keeping::forget(&app.core, &for_ever).await.unwrap(), 0);
        assert_eq!(svod::keeping::forget(&app.core, &keep).await.unwrap(), 1);
        assert!(app.quarantine().await.is_empty());
    }
}
