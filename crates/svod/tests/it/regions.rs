//! Two regions in one installation. Both have a station that calls itself 42010102.

use serde_json::json;
use svod_ingest::QuarantineFilter;
use svod_kernel::{Actor, Coded as _, Role, Urn};
use svod_model::PackSource;
use svod_testkit::{TestApp, on_both_engines, packs};

const DEVICE: &str = "42010102";

/// The second region with work of its own: a norm, a trigger and an administrator.
fn neighbour() -> PackSource {
    let kuzbass = packs::shipped("kuzbass");
    let mut pack = packs::shipped("neighbour");
    for file in ["decisions/air-quality.dmn", "processes/alert-response.bpmn"] {
        pack = packs::file(pack, file, kuzbass.files[file].clone());
    }
    pack = packs::replaced(pack, "processes/alert-response.bpmn", "alert-response", "particles-response");
    pack = packs::appended(pack, "model/air.yaml", "          svod_norm: 0.15\n");
    let trigger = "id: particles\ntype: NeighbourAirStation\non: observation\nattributes: [particles]\n\
        decision: {file: air-quality.dmn, name: Air alert}\nalert: {kind: particles, subject: air}\nprocess: particles-response\n";
    pack = packs::file(pack, "triggers/particles.yaml", trigger);
    let administrator = "- id: neighbour-administrator\n  name: \"Администратор соседнего региона\"\n  \
        roles: [administrator]\n  spaces: [neighbour]\n";
    pack = packs::appended(pack, "personas.yaml", administrator);
    for lang in ["ru", "kk", "en"] {
        let texts = "\nalert-particles = Particles\nprocess-particles-response = Response\n\
            step-particles-response-respond = Act\npersona-neighbour-administrator = Administrator\n";
        pack = packs::appended(pack, &format!("locales/{lang}.ftl"), texts);
    }
    pack
}

/// An alert, a case, a task and a refused message in each region.
async fn both_at_work(app: &TestApp) {
    let ts = app.ts();
    app.deliver("air-post", DEVICE, json!({"ts": ts, "pm25": 0.05})).await;
    app.deliver("neighbour-air", DEVICE, json!({"ts": ts, "particles": 0.4})).await;
    app.deliver("air-post", DEVICE, json!({"ts": ts, "radon": 1})).await;
    app.deliver("neighbour-air", DEVICE, json!({"ts": ts, "particles": "much"})).await;
    app.settle().await;
}

on_both_engines! {
    async fn a_reading_goes_to_the_station_of_its_region(builder: TestAppBuilder) {
        let app = builder.pack(neighbour()).start().await;
        both_at_work(&app).await;
        let observed = |urn: &str| {
            let live = app.core.twin.entity(&urn.parse().unwrap()).unwrap();
            live.observed.keys().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(observed("urn:svod:station:42010102"), ["pm25"]);
        assert_eq!(observed("urn:svod:station:neighbour:1"), ["particles"]);
        assert_eq!(app.core.history.count().await.unwrap(), 2);
        for (space, body) in [
            ("kuzbass", "urn:svod:body:novokuznetsk:ecology"),
            ("neighbour", "urn:svod:body:neighbour:environment"),
        ] {
            let tasks = app.all(space, "Task").await;
            assert_eq!(tasks.len(), 1, "{space}");
            assert_eq!(tasks[0].object("body").map(Urn::as_str), Some(body));
        }
    }
}

on_both_engines! {
    async fn neither_sees_the_others_work(builder: TestAppBuilder) {
        let app = builder.pack(neighbour()).start().await;
        both_at_work(&app).await;
        let kuzbass = ["official-regional", "governor", "administrator"].map(|p| app.actor(p));
        let neighbours = ["neighbour-official", "neighbour-administrator"].map(|p| app.actor(p));
        for (actors, own, other) in [(&kuzbass[..], "kuzbass", "neighbour"), (&neighbours[..], "neighbour", "kuzbass")] {
            let (task, case) = (app.all(other, "Task").await.remove(0), app.all(other, "Case").await.remove(0));
            let alert = app.all(other, "Alert").await.remove(0);
            for actor in actors {
                let who = &actor.name;
                for kind in ["Task", "Case"] {
                    assert_eq!(app.seen(actor, own, kind).await.len(), 1, "{who}: own {kind}");
                    assert!(app.seen(actor, other, kind).await.is_empty(), "{who} sees a {kind} of {other}");
                }
                for urn in [&task.id, &case.id] {
                    let refused = app.core.registry.entity(actor, urn).await.unwrap_err();
                    assert_eq!(refused.code(), "not-found", "{who}");
                }
                let seen = app.core.registry.entity(actor, &alert.id).await.unwrap();
                assert!(seen.object("case").is_none(), "{who} sees an internal attribute of {other}");
                assert!(!app.journal(actor, own, None).await.is_empty(), "{who}");
                assert!(app.journal(actor, other, None).await.is_empty(), "{who} reads the journal of {other}");
                assert!(app.journal(actor, other, Some(&case.id)).await.is_empty(), "{who}");
                assert_eq!(app.core.tasks.take(actor, &task.id).await.unwrap_err().code(), "not-found", "{who}");
            }
        }
    }
}

on_both_engines! {
    async fn neither_sees_the_others_quarantine(builder: TestAppBuilder) {
        let app = builder.pack(neighbour()).start().await;
        both_at_work(&app).await;
        let quarantine = app.core.ingest.quarantine();
        let filter = || QuarantineFilter { limit: 100, ..QuarantineFilter::default() };
        let all = app.quarantine().await;
        assert_eq!(all.len(), 2);
        for (persona, reason) in [("administrator", "unknown-attribute"), ("neighbour-administrator", "wrong-type")] {
            let actor = app.actor(persona);
            let seen = quarantine.page(&actor, filter()).await.unwrap();
            assert_eq!(seen.iter().map(|r| r.message.reason.as_str()).collect::<Vec<_>>(), [reason], "{persona}");
            let foreign = all.iter().find(|r| r.message.reason != reason).unwrap().id;
            assert_eq!(quarantine.get(&actor, foreign).await.unwrap_err().code(), "not-found");
            assert_eq!(quarantine.try_mapping(&actor, foreign, ".").await.unwrap_err().code(), "not-found");
            assert_eq!(quarantine.discard(&actor, vec![foreign]).await.unwrap(), 0);
            let which = svod_ingest::Which::Ids(vec![foreign]);
            assert_eq!(quarantine.replay(&actor, which, |_| {}).await.unwrap().examined, 0);
        }
        let device = Actor { roles: [Role::Device].into(), ..app.actor("neighbour-administrator") };
        let message = svod_ingest::RawMessage::named(
            "air-post".into(),
            DEVICE.into(),
            json!({"ts": app.ts(), "pm25": 0.01}).to_string().into(),
            svod_ingest::Source::Http,
        );
        let refused = app.core.ingest.submit(&device, message).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "a device of one region delivers to the other");
    }
}

on_both_engines! {
    async fn a_pack_is_published_by_its_own_region(builder: TestAppBuilder) {
        let app = builder.pack(neighbour()).start().await;
        let kuzbass = packs::version(packs::shipped("kuzbass"), "9.0.0");
        let refused = app.core.registry.publish(&app.actor("neighbour-administrator"), kuzbass).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        let other = packs::version(neighbour(), "9.0.0");
        let refused = app.core.registry.publish(&app.actor("administrator"), other.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
        let base = packs::version(packs::shipped("base"), "9.0.0");
        let refused = app.core.registry.publish(&app.actor("administrator"), base).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden", "base is everybody's");
        app.core.registry.publish(&app.actor("neighbour-administrator"), other).await.unwrap();
        assert_eq!(app.core.registry.catalogue().pack("kuzbass").unwrap().manifest.version, "0.1.1");
    }
}

on_both_engines! {
    /// A pack's decisions are asked about its own region only, whatever types the other region uses.
    async fn a_trigger_stays_in_its_region(builder: TestAppBuilder) {
        let profile = "id: borrowed-air\ntopic: borrowed/{device}/up\ntype: AirQualityStation\nmapping: |\n  \
            {at: .ts, values: {pm25: .pm25}}\nmax_future: PT5M\n";
        let pack = packs::file(packs::shipped("neighbour"), "devices/borrowed-air.yaml", profile);
        let pack = packs::replaced(pack, "pack.yaml", "depends: [base]", "depends: [base, kuzbass]");
        let app = builder.pack(pack).start().await;
        let station = svod_model::Entity::new(
            "urn:svod:station:borrowed".parse().unwrap(),
            "AirQualityStation",
            "neighbour/east-town".parse().unwrap(),
        );
        let station = station
            .with("name", svod_model::Attribute::property("Пост"))
            .with("deviceId", svod_model::Attribute::property("borrowed"))
            .with("location", svod_model::Attribute::point(svod_model::Point { lon: 91.5, lat: 53.7 }));
        app.create(station).await;
        let accepted = app.reading("borrowed-air", "borrowed", json!({"ts": app.ts(), "pm25": 0.5})).await;
        assert_eq!(accepted.stored, 1);
        app.wait(30 * 60).await;
        assert!(app.all("neighbour", "Alert").await.is_empty(), "Kuzbass decided about the neighbour's air");
    }
}

on_both_engines! {
    async fn the_streams_are_apart(builder: TestAppBuilder) {
        let app = builder.pack(neighbour()).doors().start().await;
        both_at_work(&app).await;
        for (own, other, officials) in [
            ("kuzbass", "neighbour", ["official-municipal", "governor"]),
            ("neighbour", "kuzbass", ["neighbour-official", "neighbour-administrator"]),
        ] {
            let task = app.all(own, "Task").await.remove(0).id;
            app.until("the twin has the task", async || app.core.twin.entity(&task).is_some()).await;
            let picture = async |persona: Option<&'static str>| {
                app.stream(&format!("/api/v1/live?space={own}"), persona, |t| t.contains("event: ready")).await
            };
            for official in officials {
                let seen = picture(Some(official)).await;
                assert!(seen.contains(task.as_str()), "{official} does not see the task of {own}");
                assert!(!seen.contains(&format!("\"space\":\"{other}")), "{official}: {other} in the stream of {own}");
            }
            for stranger in [None, Some("citizen"), Some(if own == "kuzbass" { "neighbour-official" } else { "governor" })] {
                let seen = picture(stranger).await;
                assert!(seen.contains("\"type\":\"Alert\""), "{stranger:?} does not see the open alert of {own}");
                assert!(!seen.contains("\"type\":\"Task\""), "{stranger:?} sees a task of {own}");
            }
        }
        // What happens to a task is told to those who may know of it only.
        let task = app.all("kuzbass", "Task").await.remove(0).id;
        let marker = |t: &str| t.contains("0.061");
        let act = async {
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            app.core.tasks.take(&app.actor("official-municipal"), &task).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            app.clock.advance(1);
            app.deliver("air-post", DEVICE, json!({"ts": app.ts(), "pm25": 0.061})).await;
        };
        let (own, foreign, ()) = tokio::join!(
            app.stream("/api/v1/live?space=kuzbass", Some("governor"), marker),
            app.stream("/api/v1/live?space=kuzbass", Some("neighbour-official"), marker),
            act
        );
        assert!(own.contains("\"s\":\"taken\"") || own.contains("taken"), "{own}");
        assert!(!foreign.contains(task.as_str()), "{foreign}");
        app.settle().await;
    }
}
