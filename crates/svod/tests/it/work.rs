//! A reading becomes an alert, a case and a task; officials do it; all of it stands in the journal.

use svod_kernel::{Actor, Coded as _, Urn};
use svod_model::{Attribute, Entity, Point};
use svod_registry::{Action, Change, Command, CommandError, Operation};
use svod_runtime::TaskError;
use svod_testkit::{TestApp, on_both_engines};

const STATION: &str = "42010102";
/// The norm of PM2.5 is 0.035 mg/m3.
const ABOVE: f64 = 0.05;
const BETWEEN: f64 = 0.03;
const BELOW: f64 = 0.02;

fn urn(text: &str) -> Urn {
    text.parse().unwrap()
}

/// The official of the committee, and a colleague in the same body.
fn officials(app: &TestApp) -> (Actor, Actor) {
    let one = app.actor("official-municipal");
    let other = Actor { id: "persona:colleague".into(), name: "colleague".into(), ..one.clone() };
    (one, other)
}

on_both_engines! {
    async fn a_reading_becomes_an_alert_a_case_and_a_task(builder: TestAppBuilder) {
        let app = builder.start().await;
        app.air(STATION, "pm25", ABOVE).await;
        let (alert, case, task) = (app.only("Alert").await, app.only("Case").await, app.only("Task").await);
        assert_eq!(alert.text("kind"), Some("air-pollution"));
        assert_eq!(alert.text("status"), Some("open"));
        assert_eq!(alert.text("severity"), Some("warning"));
        assert_eq!(alert.text("attribute"), Some("pm25"));
        assert_eq!(alert.object("entity"), Some(&urn("urn:svod:station:42010102")));
        assert_eq!(alert.object("case"), Some(&case.id));
        assert_eq!(alert.text("decision"), Some("pack:kuzbass@0.1.1 decisions/air-quality.dmn «Air alert»"));
        assert!(alert.text("rule").is_some_and(|r| !r.is_empty()), "the alert does not name its rule");
        let evidence: serde_json::Value = serde_json::from_str(alert.text("inputs").unwrap()).unwrap();
        assert_eq!(evidence["reading"]["value"], ABOVE);
        assert_eq!(alert.point("location"), Some(Point { lon: 87.1444, lat: 53.7596 }));
        assert_eq!(case.object("alert"), Some(&alert.id));
        assert_eq!(case.text("processVersion"), Some("kuzbass@0.1.1/alert-response"));
        assert_eq!(task.object("case"), Some(&case.id));
        assert_eq!(task.object("alert"), Some(&alert.id));
        assert_eq!(task.text("status"), Some("offered"));
        assert_eq!(task.time("deadline"), Some(app.entity(&task.id).await.created_at.plus_seconds(24 * 3600)));
        for e in [&alert, &case, &task] {
            assert_eq!(e.space.as_str(), "kuzbass/novokuznetsk", "{}", e.kind);
        }
        let told = app.sent.all();
        assert_eq!(told.len(), 1);
        assert!(told[0].topic.starts_with("svod/kuzbass/novokuznetsk/alerts/") && told[0].retain, "{told:?}");
    }
}

on_both_engines! {
    async fn a_task_is_taken_given_back_and_completed(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (one, other) = officials(&app);
        app.air(STATION, "pm25", ABOVE).await;
        let task = app.only("Task").await.id;
        let tasks = &app.core.tasks;
        let refused = tasks.complete(&one, &task, "not taken yet").await.unwrap_err();
        assert_eq!(refused.code(), "task-state");
        tasks.take(&one, &task).await.unwrap();
        assert_eq!(app.entity(&task).await.text("takenBy"), Some("official-municipal"));
        assert_eq!(tasks.take(&other, &task).await.unwrap_err().code(), "task-state");
        assert_eq!(tasks.release(&other, &task).await.unwrap_err().code(), "task-not-yours");
        assert_eq!(tasks.complete(&other, &task, "done").await.unwrap_err().code(), "task-not-yours");
        tasks.release(&one, &task).await.unwrap();
        let offered = app.entity(&task).await;
        assert_eq!((offered.text("status"), offered.text("takenBy")), (Some("offered"), None));
        tasks.take(&other, &task).await.unwrap();
        for nothing in ["", "   ", &"я".repeat(4_001)] {
            assert_eq!(tasks.complete(&other, &task, nothing).await.unwrap_err().code(), "task-result");
        }
        tasks.complete(&other, &task, " выбросы снижены ").await.unwrap();
        let done = app.entity(&task).await;
        assert_eq!((done.text("status"), done.text("result")), (Some("done"), Some("выбросы снижены")));
        let case = app.only("Case").await;
        assert_eq!(case.text("status"), Some("closed"));
        assert_eq!(tasks.take(&one, &task).await.unwrap_err().code(), "task-state");
        assert_eq!(app.only("Alert").await.text("status"), Some("open"), "the air is as bad as before");
    }
}

on_both_engines! {
    async fn who_may_not_take_does_not(builder: TestAppBuilder) {
        let app = builder.neighbour().start().await;
        app.air(STATION, "pm25", ABOVE).await;
        let task = app.only("Task").await.id;
        for (persona, code) in [
            ("citizen", "not-found"),
            ("neighbour-official", "not-found"),
            ("official-regional", "forbidden"),
            ("governor", "forbidden"),
            ("administrator", "forbidden"),
        ] {
            let refused = app.core.tasks.take(&app.actor(persona), &task).await.unwrap_err();
            assert_eq!(refused.code(), code, "{persona}");
        }
        assert_eq!(app.entity(&task).await.text("status"), Some("offered"));
    }
}

on_both_engines! {
    /// Both read the offered task before either has taken it: the store's version decides.
    async fn of_two_officials_at_once_one_wins(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (one, other) = officials(&app);
        app.air(STATION, "pm25", ABOVE).await;
        let task = app.only("Task").await;
        let take = |actor: &Actor| Command {
            changes: vec![Change::verb(
                Operation::Patch {
                    urn: task.id.clone(),
                    expected: Some(task.version),
                    set: [("takenBy".to_owned(), Attribute::property(actor.name.as_str()))].into(),
                    unset: Vec::new(),
                },
                Action::Take,
                "take",
            )],
            ..Command::default()
        };
        let registry = &app.core.registry;
        let (a, b) = tokio::join!(registry.execute(&one, take(&one)), registry.execute(&other, take(&other)));
        let (winner, loser) = if a.is_ok() { ("official-municipal", b) } else { ("colleague", a) };
        let loser = loser.unwrap_err();
        assert!(matches!(loser, CommandError::Conflict { found, .. } if found == task.version + 1), "{loser}");
        assert_eq!((loser.code(), loser.status()), ("version-conflict", 412));
        assert_eq!(app.only("Task").await.text("takenBy"), Some(winner));
    }
}

on_both_engines! {
    /// The same through the door that officials use, again and again.
    async fn a_task_has_never_two_takers(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (one, other) = officials(&app);
        app.air(STATION, "pm25", ABOVE).await;
        let task = app.only("Task").await.id;
        let mut conflicts = 0;
        for round in 0..20 {
            let tasks = &app.core.tasks;
            let (a, b) = tokio::join!(tasks.take(&one, &task), tasks.take(&other, &task));
            let (winner, lost): (_, TaskError) = match (a, b) {
                (Ok(_), Err(e)) => (&one, e),
                (Err(e), Ok(_)) => (&other, e),
                both => panic!("round {round}: {both:?}"),
            };
            assert!(["version-conflict", "task-state"].contains(&lost.code()), "{lost}");
            conflicts += u32::from(lost.code() == "version-conflict");
            assert_eq!(app.entity(&task).await.text("takenBy"), Some(winner.name.as_str()));
            tasks.release(winner, &task).await.unwrap();
        }
        assert!(conflicts > 0, "the two never met");
        let takes = app.journal(&Actor::platform("test"), "kuzbass", None).await;
        assert_eq!(takes.iter().filter(|e| e.action == "take").count(), 20);
    }
}

on_both_engines! {
    async fn an_alert_does_not_flicker(builder: TestAppBuilder) {
        let app = builder.start().await;
        let standing = async || {
            let alerts = app.all("kuzbass", "Alert").await;
            let open = alerts.iter().filter(|a| a.text("status") == Some("open")).count();
            (open, alerts.len() - open)
        };
        for (value, expected) in [
            (BETWEEN, (0, 0)),
            (ABOVE, (1, 0)),
            (ABOVE, (1, 0)),
            (BETWEEN, (1, 0)),
            (0.3, (1, 0)),
            (BETWEEN, (1, 0)),
            (BELOW, (0, 1)),
            (BETWEEN, (0, 1)),
            (BELOW, (0, 1)),
            (ABOVE, (1, 1)),
        ] {
            app.clock.advance(60);
            app.air(STATION, "pm25", value).await;
            assert_eq!(standing().await, expected, "open and closed after {value}");
        }
        assert_eq!(app.all("kuzbass", "Task").await.len(), 2);
        let closed = app.all("kuzbass", "Alert").await.into_iter().find(|a| a.text("status") == Some("closed")).unwrap();
        assert!(closed.time("closedAt") > closed.time("raisedAt"));
        assert_eq!(app.sent.all().len(), 3, "raised, closed, raised");
        assert!(app.sent.all()[1].retain && app.sent.all()[1].payload.is_empty(), "an ended alert is forgotten");
    }
}

on_both_engines! {
    async fn the_journal_of_a_case_is_exact(builder: TestAppBuilder) {
        let app = builder.start().await;
        let official = app.actor("official-municipal");
        app.air(STATION, "pm25", ABOVE).await;
        let (alert, case, task) = (app.only("Alert").await.id, app.only("Case").await.id, app.only("Task").await.id);
        app.wait(300).await;
        app.core.tasks.take(&official, &task).await.unwrap();
        app.wait(600).await;
        app.core.tasks.complete(&official, &task, "выбросы снижены").await.unwrap();
        app.wait(60).await;
        app.air(STATION, "pm25", BELOW).await;
        let journal = app.journal(&official, "kuzbass", Some(&case)).await;
        let told: Vec<_> =
            journal.iter().map(|e| (e.action.as_str(), &e.entity, e.actor_name.as_str(), e.ground.as_str())).collect();
        let rule = "pack:kuzbass@0.1.1 decisions/air-quality.dmn «Air alert»";
        let post = "post:urn:svod:body:novokuznetsk:ecology";
        assert_eq!(told, [
            ("raise", &alert, "platform:runtime", rule),
            ("open", &case, "platform:process", rule),
            ("offer", &task, "platform:process", rule),
            ("take", &task, "official-municipal", post),
            ("complete", &task, "official-municipal", post),
            ("close", &case, "platform:process", post),
            ("close", &alert, "platform:runtime", rule),
        ]);
        assert!(journal.is_sorted_by_key(|e| (e.at, e.seq)), "events stand in the order in which they happened");
        let minutes: Vec<f64> = journal.iter().map(|e| e.at.seconds_since(journal[0].at) / 60.0).collect();
        assert_eq!(minutes, [0.0, 0.0, 0.0, 5.0, 15.0, 15.0, 16.0]);
        assert_eq!(journal[3].changes["status"]["old"]["value"], "offered");
        assert_eq!(journal[3].changes["status"]["new"]["value"], "taken");
    }
}

on_both_engines! {
    async fn the_task_goes_to_the_body_of_the_place(builder: TestAppBuilder) {
        let app = builder.start().await;
        let station = |n: &str, space: &str, lon, lat| {
            Entity::new(urn(&format!("urn:svod:station:{n}")), "AirQualityStation", space.parse().unwrap())
                .with("name", Attribute::property(n))
                .with("deviceId", Attribute::property(n))
                .with("location", Attribute::point(Point { lon, lat }))
        };
        // Kemerovo has no committee of its own: the region's ministry answers.
        app.create(station("kemerovo-1", "kuzbass/kemerovo", 86.088, 55.354)).await;
        // It is kept in the district's space, but it stands in the city: the place decides.
        app.create(station("border-1", "kuzbass/novokuznetsky-district", 87.14, 53.76)).await;
        for (device, body) in [
            (STATION, "urn:svod:body:novokuznetsk:ecology"),
            ("kemerovo-1", "urn:svod:body:kuzbass:ecology"),
            ("border-1", "urn:svod:body:novokuznetsk:ecology"),
        ] {
            app.air(device, "pm25", ABOVE).await;
            let of = urn(&format!("urn:svod:station:{device}"));
            let alerts = app.all("kuzbass", "Alert").await;
            let alert = alerts.iter().find(|a| a.object("entity") == Some(&of)).unwrap();
            let tasks = app.all("kuzbass", "Task").await;
            let task = tasks.iter().find(|t| t.object("alert") == Some(&alert.id)).unwrap();
            assert_eq!(task.object("body").map(Urn::as_str), Some(body), "{device}");
        }
    }
}
