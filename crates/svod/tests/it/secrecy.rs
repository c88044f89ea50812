//! Internal attributes are seen by those who may, in every way of looking.

use serde_json::{Value, json};
use svod_kernel::{Actor, Role, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_query::{Query, Types};
use svod_registry::{Change, Command, Find, Operation};
use svod_testkit::{TestApp, on_both_engines, packs};

/// Kuzbass with one gauge whose readings are the officials' own business.
fn kuzbass() -> PackSource {
    let before =
        "Particles up to 1 µm. No norm is set. Range 0 to 2, the worst day held 0.27.\"\n        annotations:\n";
    let after = format!("{before}          svod_class: internal\n");
    packs::replaced(packs::shipped("kuzbass"), "model/air.yaml", before, &after)
}

/// Who may look behind the open attributes of Novokuznetsk, and who may not.
const MAY: [&str; 4] = ["official-municipal", "official-regional", "governor", "administrator"];
const MAY_NOT: [&str; 2] = ["citizen", "neighbour-official"];

fn actors<'a>(app: &'a TestApp, personas: &'a [&str]) -> impl Iterator<Item = Actor> + 'a {
    personas.iter().map(|p| app.actor(p))
}

on_both_engines! {
    async fn in_entity_query_and_journal(builder: TestAppBuilder) {
        let app = builder.neighbour().start().await;
        app.air("42010102", "pm25", 0.05).await;
        let (alert, task) = (app.only("Alert").await.id, app.only("Task").await.id);
        app.core.tasks.take(&app.actor("official-municipal"), &task).await.unwrap();
        let registry = &app.core.registry;
        for actor in actors(&app, &MAY) {
            let seen = registry.entity(&actor, &alert).await.unwrap();
            assert!(seen.object("case").is_some(), "{}", actor.name);
            let listed = app.seen(&actor, "kuzbass", "Task").await;
            assert_eq!(listed[0].text("takenBy"), Some("official-municipal"), "{}", actor.name);
            let journal = app.journal(&actor, "kuzbass", None).await;
            assert!(journal.iter().any(|e| e.changes.get("takenBy").is_some()), "{}", actor.name);
        }
        for actor in actors(&app, &MAY_NOT).chain([Actor::anonymous()]) {
            let seen = registry.entity(&actor, &alert).await.unwrap();
            assert!(seen.object("case").is_none() && seen.text("status") == Some("open"), "{}", actor.name);
            let listed = app.seen(&actor, "kuzbass", "Alert").await;
            assert!(listed.len() == 1 && listed[0].object("case").is_none(), "{}", actor.name);
            for kind in ["Task", "Case"] {
                assert!(app.seen(&actor, "kuzbass", kind).await.is_empty(), "{} sees a {kind}", actor.name);
            }
            assert!(registry.entity(&actor, &task).await.is_err(), "{}", actor.name);
            assert!(app.journal(&actor, "kuzbass", None).await.is_empty(), "{}", actor.name);
        }
    }
}

on_both_engines! {
    async fn in_the_card_the_chart_and_the_stream(builder: TestAppBuilder) {
        let app = builder.neighbour().pack(kuzbass()).doors().start().await;
        let station = "/api/v1/entities/urn:svod:station:42010102";
        let urn: Urn = "urn:svod:station:42010102".parse().unwrap();
        app.deliver("air-post", "42010102", json!({"ts": app.ts(), "pm1": 0.777, "pm10": 0.011})).await;
        app.until("the twin has the reading", async || app.core.twin.entity(&urn).unwrap().observed.len() == 2).await;
        for persona in MAY {
            let card = app.call("GET", &format!("{station}/live"), Some(persona), None).await.ok();
            assert_eq!(card["observed"]["pm1"]["value"], 0.777, "{persona}");
            let chart = app.call("GET", &format!("{station}/history?attribute=pm1"), Some(persona), None).await.ok();
            assert_eq!(chart["points"].as_array().map(Vec::len), Some(1), "{persona}");
        }
        for persona in MAY_NOT.map(Some).into_iter().chain([None]) {
            let card = app.call("GET", &format!("{station}/live"), persona, None).await.ok();
            assert_eq!(card["observed"]["pm10"]["value"], 0.011, "{persona:?}");
            assert_eq!(card["observed"]["pm1"], Value::Null, "{persona:?}");
            let chart = app.call("GET", &format!("{station}/history?attribute=pm1"), persona, None).await;
            chart.problem(404, "not-found");
        }
        // The stream is made once for everybody: only what is open goes into it, for whoever looks.
        for persona in [None, Some("citizen"), Some("administrator")] {
            let first = app.stream("/api/v1/live?space=kuzbass", persona, |t| t.contains("event: ready")).await;
            assert!(first.contains("\"pm10\":0.011") && !first.contains("pm1\"") && !first.contains("0.777"), "{persona:?}");
        }
        let update = tokio::join!(
            app.stream("/api/v1/live?space=kuzbass", Some("administrator"), |t| t.contains("0.012")),
            async {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                app.clock.advance(1);
                app.deliver("air-post", "42010102", json!({"ts": app.ts(), "pm1": 0.888, "pm10": 0.012})).await
            }
        );
        assert!(!update.0.contains("0.888") && !update.0.contains("0.777"), "{}", update.0);
    }
}

on_both_engines! {
    async fn replacing_an_entity_keeps_what_is_hidden(builder: TestAppBuilder) {
        let plain = "        description: Where the facts about it come from.\n";
        let hidden = format!("{plain}        annotations:\n          svod_class: personal\n");
        let base = packs::replaced(packs::shipped("base"), "model/base.yaml", plain, &hidden);
        let app = builder.packs(vec![base, packs::shipped("kuzbass")]).start().await;
        let urn: Urn = "urn:svod:station:42010102".parse().unwrap();
        let registry = &app.core.registry;
        let administrator = app.actor("administrator");
        let seen = registry.entity(&administrator, &urn).await.unwrap();
        assert!(seen.text("source").is_none() && app.entity(&urn).await.text("source").is_some());
        let entity = seen.clone().with("name", svod_model::Attribute::property("renamed"));
        let change = svod_registry::Operation::Replace { entity, expected: Some(seen.version) };
        let command = svod_registry::Command { changes: vec![change.into()], ..Default::default() };
        registry.execute(&administrator, command).await.unwrap();
        let now = app.entity(&urn).await;
        assert_eq!(now.text("name"), Some("renamed"));
        assert!(now.text("source").is_some(), "what the administrator may not see was lost");
    }
}

/// Whichever edge answers, browsers are told not to guess what it is and not to keep what somebody was shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_every_edge_are_guarded() {
    let app = TestApp::builder().doors().start().await;
    let paths = ["/", "/api/v1/entities?type=Body", "/ngsi-ld/v1/entities?type=Body", "/healthz", "/nothing"];
    for path in paths {
        let open = app.call("GET", path, None, None).await;
        assert_eq!(open.header("x-content-type-options"), "nosniff", "{path}");
        let own = app.call("GET", path, Some("official-regional"), None).await;
        assert_eq!(own.header("cache-control"), "no-store", "{path}");
    }
    app.settle().await;
}

on_both_engines! {
    async fn of_people_that_one_may_not_know_of_not_even_how_many_there_are(builder: TestAppBuilder) {
        let app = builder.neighbour().doors().start().await;
        let person = |n: usize| {
            let entity = Entity::new(format!("urn:t:person:{n}").parse().unwrap(), "Person", "kuzbass".parse().unwrap());
            entity.with("name", Attribute::property(format!("Ольга {n}")))
        };
        let changes = (0..5).map(|n| Change::from(Operation::Create(person(n)))).collect();
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
        let query = Query { types: Types::Is("Person".into()), ..Query::default() };
        let space = "kuzbass".parse().unwrap();
        let find = Find { space, below: true, query, order: Vec::new(), offset: 0, limit: 10, count: true };
        for actor in actors(&app, &MAY_NOT).chain([Actor::anonymous()]) {
            let found = app.core.registry.find(&actor, &find).await.unwrap();
            assert_eq!((found.explained.looked, found.total), (0, Some(0)), "{} walks past them", actor.name);
            let used = app.core.registry.in_use(&actor, &find.space, true).await.unwrap();
            assert!(!used.types.contains_key("Person"), "{}", actor.name);
        }
        let herself = Actor { id: person(3).id.to_string(), roles: [Role::Citizen].into(), ..Actor::anonymous() };
        let found = app.core.registry.find(&herself, &find).await.unwrap();
        assert_eq!((found.explained.looked, found.total, found.entities.len()), (1, Some(1), 1), "only to herself");
        assert_eq!(app.core.registry.in_use(&herself, &find.space, true).await.unwrap().types["Person"].count, 1);
        assert_eq!(app.seen(&herself, "kuzbass", "Person").await.len(), 1);
        let official = app.core.registry.find(&app.actor("official-regional"), &find).await.unwrap();
        assert_eq!(official.total, Some(app.all("kuzbass", "Person").await.len()));

        for path in ["/ngsi-ld/v1/types", "/ngsi-ld/v1/types?details=true"] {
            let told = app.call("GET", path, None, None).await;
            assert!(told.status == 200 && !told.text.contains("Person"), "{path}: {}", told.text);
        }
        let listed = app.call("GET", "/api/v1/entities?space=kuzbass&type=Person&limit=1", None, None).await;
        assert!(listed.status == 200 && !listed.text.contains("urn:t:person"), "{}", listed.text);
        app.settle().await;
    }
}
