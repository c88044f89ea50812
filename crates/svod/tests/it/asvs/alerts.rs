//! V16.3: each rule of security calls the officer, by the table of the packs, on the officer's page.

use svod_identity::From;
use svod_kernel::{Actor, Clock as _, Lang, Role, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, Operation};
use svod_testkit::{TestApp, on_both_engines};

use super::{PASSWORD, Person, code, page};

/// Alerts of a kind about somebody, or about a network.
async fn told(app: &TestApp, kind: &str, whom: &str) -> Vec<Entity> {
    let mut all = app.all("kuzbass", "SecurityAlert").await;
    all.retain(|a| a.text("kind") == Some(kind) && a.text("actor") == Some(whom));
    all
}

/// The one alert of a kind about somebody, as the officer's page shows it.
async fn called(app: &TestApp, officer: &Person, kind: &str, whom: &str) -> Entity {
    app.until(&format!("the officer is called: {kind}"), async || !told(app, kind, whom).await.is_empty()).await;
    let mut all = told(app, kind, whom).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let shown = page(app, &officer.token, "/oversight?lang=en").await;
    let word = app.core.registry.catalogue().texts.get(Lang::En, &format!("enum-SecurityKind-{kind}")).into_owned();
    assert!(shown.status == 200 && shown.text.contains(&word) && shown.text.contains(whom), "{kind}: {}", shown.text);
    all.remove(0)
}

fn count(alert: &Entity) -> u64 {
    let inputs: serde_json::Value = serde_json::from_str(alert.text("inputs").unwrap()).unwrap();
    inputs["count"].as_u64().unwrap()
}

on_both_engines! {
    async fn the_officer_is_called_for_who_guesses(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let officer = Person::holding(&app, "officer", Role::Auditor).await;
        let identity = &app.core.identity;
        let from = From { agent: "t".into(), address: "203.0.113.9".into() };
        for n in 0..10 {
            assert!(identity.sign_in(&format!("guess-{n}"), "не тот пароль".into(), &from).await.is_err());
        }
        let guessed = called(&app, &officer, "sign-in-failures", "203.0.113").await;
        assert_eq!((guessed.text("severity"), count(&guessed)), (Some("warning"), 10), "not the ninth: {guessed:?}");
        // Devices that knock are a kind of their own, told by the second.
        for _ in 0..10 {
            assert!(identity.device_of("svod_device_none_x", None, "198.51.100.7").await.is_err());
            app.clock.advance(2);
        }
        let knocked = called(&app, &officer, "device-failures", "198.51.100").await;
        assert_eq!((knocked.text("severity"), count(&knocked)), (Some("warning"), 10), "{knocked:?}");
        assert!(told(&app, "sign-in-failures", "198.51.100").await.is_empty());
        app.settle().await;
    }
}

async fn signs_in(app: &TestApp, login: &str, secret: &[u8], (agent, address): (&str, &str)) {
    app.clock.advance(30);
    let from = From { agent: agent.into(), address: address.into() };
    let step = app.core.identity.sign_in(login, PASSWORD.into(), &from).await.unwrap();
    app.core.identity.second_factor(&step, &code(secret, app.clock.now()), &from).await.unwrap();
}

on_both_engines! {
    async fn the_officer_is_called_for_a_new_device_and_for_two_networks_at_a_time(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let mayor = Person::holding(&app, "mayor", Role::Governor).await;
        let (citizen, hers) = Person::with_password(&app, "citizen", PASSWORD).await;
        let his = mayor.set_password(&app, PASSWORD).await;
        // The sessions that their invitations have begun are not in use any more.
        app.clock.advance(3_600);
        let officer = Person::holding(&app, "officer", Role::Auditor).await;
        signs_in(&app, "citizen", &hers, ("telephone", "192.0.2.1")).await;
        signs_in(&app, "mayor", &his, ("telephone", "192.0.2.1")).await;
        let whom = mayor.account.person.to_string();
        called(&app, &officer, "new-device", &whom).await;
        signs_in(&app, "mayor", &his, ("telephone", "192.0.2.77")).await;
        assert!(told(&app, "far-away", &whom).await.is_empty(), "the same network");
        signs_in(&app, "citizen", &hers, ("desk", "198.51.100.9")).await;
        signs_in(&app, "mayor", &his, ("telephone", "198.51.100.9")).await;
        called(&app, &officer, "far-away", &whom).await;
        called(&app, &officer, "new-device", &whom).await;
        // Who holds no post is nobody's business: what they did was judged before.
        for kind in ["new-device", "far-away"] {
            assert!(told(&app, kind, citizen.account.person.as_str()).await.is_empty(), "{kind}");
        }
        app.settle().await;
    }
}

on_both_engines! {
    async fn the_officer_is_called_when_powers_change(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let officer = Person::holding(&app, "officer", Role::Auditor).await;
        let olga = Person::new(&app, "olga").await;
        let (post, appointment): (Urn, Urn) = ("urn:t:post".parse().unwrap(), "urn:t:appointment".parse().unwrap());
        let write = async |actor: &Actor, operation: Operation| {
            let command = Command { ground: "test".into(), changes: vec![operation.into()], ..Command::default() };
            app.core.registry.execute(actor, command).await.unwrap();
        };
        let made = Entity::new(post.clone(), "Post", "kuzbass".parse().unwrap())
            .with("name", Attribute::property("Инспектор"))
            .with("role", Attribute::property("official"));
        write(&Actor::platform("test"), Operation::Create(made)).await;
        let appointed = Entity::new(appointment.clone(), "Appointment", "kuzbass".parse().unwrap())
            .with("person", Attribute::object(olga.account.person.clone()))
            .with("post", Attribute::object(post))
            .with("since", Attribute::property(app.ts()));
        let by = app.actor("administrator");
        write(&by, Operation::Create(appointed)).await;
        let raised = called(&app, &officer, "powers", &by.id).await;
        let inputs = raised.text("inputs").unwrap();
        assert!(inputs.contains(appointment.as_str()) && inputs.contains("official"), "{inputs}");
        app.settle().await;
    }
}
