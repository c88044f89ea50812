//! The next start over the same store continues where the last one ended.

use svod_kernel::{Clock as _, Urn};
use svod_model::{Attribute, Entity, Point};
use svod_store::StoreError;
use svod_store::pack::NewPack;
use svod_testkit::{on_both_engines, packs};

const STATION: &str = "42010102";

on_both_engines! {
    async fn the_next_start_continues(builder: TestAppBuilder) {
        let app = builder.start().await;
        let token = app.token("official-municipal");
        app.air(STATION, "pm25", 0.05).await;
        app.air(STATION, "so2", 0.01).await;
        let published = app.core.registry.pack_history("kuzbass").await.unwrap().len();
        let known = app.core.twin.len();
        let app = app.restart().await;

        assert_eq!(app.core.registry.pack_history("kuzbass").await.unwrap().len(), published, "published again");
        assert_eq!(app.core.twin.len(), known);
        let station: Urn = "urn:svod:station:42010102".parse().unwrap();
        let live = app.core.twin.entity(&station).unwrap();
        let shown: Vec<_> = live.observed.iter().map(|(name, v)| (&**name, v.value.number().unwrap())).collect();
        assert_eq!(shown, [("pm25", 0.05), ("so2", 0.01)]);
        assert_eq!(live.worst_ratio(), Some(0.05 / 0.035));
        let official = app.core.identity.signed(&token).expect("the token is still good");

        // The open alert is known: the next reading above the norm raises no second one, one below 0.8 ends it.
        for (value, open, all) in [(0.06, 1, 1), (0.03, 1, 1), (0.02, 0, 1), (0.03, 0, 1), (0.04, 1, 2)] {
            app.clock.advance(60);
            app.air(STATION, "pm25", value).await;
            let alerts = app.all("kuzbass", "Alert").await;
            let still = alerts.iter().filter(|a| a.text("status") == Some("open")).count();
            assert_eq!((still, alerts.len()), (open, all), "after {value}");
        }
        let first = app.all("kuzbass", "Task").await.remove(0);
        app.core.tasks.take(&official, &first.id).await.unwrap();
        app.core.tasks.complete(&official, &first.id, "сделано").await.unwrap();
        let points = app.core.history.count().await.unwrap();
        assert_eq!(points, 7, "readings of both starts");
    }
}

on_both_engines! {
    /// What was found and not yet dealt with when the platform stopped is dealt with by the next start, once.
    async fn a_finding_outlives_the_process(builder: TestAppBuilder) {
        let app = builder.start().await;
        let ts = app.ts();
        app.deliver("air-post", STATION, serde_json::json!({"ts": ts, "pm25": 0.05})).await;
        assert!(app.all("kuzbass", "Alert").await.is_empty(), "nobody asked the runtime to work yet");
        let app = app.restart().await;
        // The sender never saw its acknowledgement and sends again.
        app.reading("air-post", STATION, serde_json::json!({"ts": ts, "pm25": 0.05})).await;
        app.clock.advance(60);
        app.air(STATION, "pm25", 0.06).await;
        for kind in ["Alert", "Case", "Task"] {
            assert_eq!(app.all("kuzbass", kind).await.len(), 1, "{kind}");
        }
        assert_eq!(app.core.history.count().await.unwrap(), 2);
    }
}

on_both_engines! {
    /// The process ended when the pack was in force and its entities were not made yet.
    async fn a_publication_broken_off_is_finished(builder: TestAppBuilder) {
        let base = packs::shipped("base");
        let app = builder.packs(vec![base.clone()]).start().await;
        let row = NewPack {
            space: 0,
            id: "kuzbass".into(),
            version: "0.1.1".into(),
            published: app.clock.now(),
            actor: "platform:packs".into(),
            source: serde_json::to_string(&packs::shipped("kuzbass")).unwrap(),
        };
        let written = app.core.store.write(move |conn| svod_store::pack::publish(conn, &row).map(|_| ()));
        written.await.map_err(|e: StoreError| e).unwrap();
        let app = app.restart_with(vec![base, packs::shipped("kuzbass")]).await;
        assert_eq!(app.all("kuzbass", "AirQualityStation").await.len(), 6);
        assert_eq!(app.all("kuzbass", "Municipality").await.len(), 34);
        app.air(STATION, "pm25", 0.05).await;
        assert_eq!(app.only("Task").await.object("body").unwrap().as_str(), "urn:svod:body:novokuznetsk:ecology");
    }
}

on_both_engines! {
    /// Tasks of offices are no part of the map: those that are only drawn are in the twin while they have a place, after a restart
    /// too.
    async fn a_task_without_a_place_is_not_in_the_twin(builder: TestAppBuilder) {
        let app = builder.start().await;
        let task = |name: &str| {
            let urn: Urn = format!("urn:svod:task:{name}").parse().unwrap();
            Entity::new(urn, "Task", "kuzbass/novokuznetsk".parse().unwrap())
                .with("name", Attribute::property("Проверить"))
                .with("case", Attribute::object("urn:svod:case:office".parse().unwrap()))
                .with("step", Attribute::property("look"))
                .with("status", Attribute::property("offered"))
        };
        let place = Point { lon: 87.1, lat: 53.75 };
        let case = Entity::new("urn:svod:case:office".parse().unwrap(), "Case", "kuzbass/novokuznetsk".parse().unwrap())
            .with("name", Attribute::property("Дело"))
            .with("process", Attribute::property("office"))
            .with("processVersion", Attribute::property("1"))
            .with("status", Attribute::property("open"))
            .with("subject", Attribute::property("residence"))
            .with("openedAt", Attribute::property("2026-01-10T00:00:00Z"));
        app.create(case).await;
        let (office, outside) = (task("office"), task("outside").with("location", Attribute::point(place)));
        let (office_id, outside_id) = (office.id.clone(), outside.id.clone());
        let done = task("done").with("location", Attribute::point(place)).with("status", Attribute::property("done"));
        let done_id = done.id.clone();
        app.create(done).await;
        app.create(office).await;
        app.create(outside).await;
        let here = |app: &svod_testkit::TestApp, urn: &Urn| app.core.twin.entity(urn).is_some();
        // Commits are followed in their order: when the second is there, the first was judged.
        app.until("the twin has what is drawn", async || here(&app, &outside_id)).await;
        assert!(!here(&app, &office_id), "a task without a place");
        let app = app.restart().await;
        assert!(here(&app, &outside_id));
        assert!(!here(&app, &office_id), "a task without a place, after a restart");
        assert!(!here(&app, &done_id), "a task that is done keeps its place, and is history");
    }
}
