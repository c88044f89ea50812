//! Powers follow the post, and only the post's own territory gives it.

use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Role};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, Operation};
use svod_testkit::TestApp;

async fn person(app: &TestApp, login: &str, post: Option<(Role, &str)>) -> (String, String) {
    let mut invitation = Invitation::new(login, "Olga", app.core.registry.clock().now().plus_seconds(60)).unwrap();
    invitation.post = post.map(|(role, space)| (role, space.parse().unwrap()));
    let invitation = app.core.identity.invite(&invitation);
    let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
    (account.person.to_string(), token)
}

async fn make(app: &TestApp, actor: &Actor, id: &str, kind: &str, space: &str, attributes: &[(&str, Attribute)]) {
    let mut entity = Entity::new(id.parse().unwrap(), kind, space.parse().unwrap());
    entity.attributes.extend(attributes.iter().map(|(name, a)| ((*name).to_owned(), a.clone())));
    let changes = vec![Change::from(Operation::Create(entity))];
    app.core.registry.execute(actor, Command { ground: "test".into(), changes, ..Command::default() }).await.unwrap();
}

fn link(urn: &str) -> Attribute {
    Attribute::object(urn.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_to_a_post_gives_its_powers_until_the_appointment_ends() {
    let app = TestApp::builder().start().await;
    let (_, token) = person(&app, "mayor", Some((Role::Administrator, "kuzbass/novokuznetsk"))).await;
    let actor = app.core.identity.authenticate(&token).await.unwrap();
    assert!(actor.is(Role::Administrator) && actor.name == "Администратор");
    assert_eq!(actor.spaces, ["kuzbass/novokuznetsk".parse().unwrap()]);
    let (_, plain) = person(&app, "citizen", None).await;
    let citizen = app.core.identity.authenticate(&plain).await.unwrap();
    assert!(citizen.is(Role::Citizen) && citizen.spaces.is_empty());

    let appointment = app.only("Appointment").await;
    let mut ended = appointment.clone();
    ended.attributes.insert("until".into(), Attribute::property(app.core.registry.clock().now().to_string()));
    let changes = vec![Change::from(Operation::Upsert(ended))];
    let command = Command { ground: "dismissed".into(), changes, ..Command::default() };
    app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
    app.clock.advance(1);
    let after = app.core.identity.authenticate(&token).await.unwrap();
    assert!(after.is(Role::Citizen) && after.spaces.is_empty(), "{after:?}");
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_appoints_in_one_territory_gives_no_powers_in_another() {
    let app = TestApp::builder().start().await;
    let (person_urn, token) = person(&app, "climber", Some((Role::Administrator, "kuzbass/novokuznetsk"))).await;
    let climber = app.core.identity.authenticate(&token).await.unwrap();
    let platform = Actor::platform("test");
    let post = [("name", Attribute::property("Губернатор")), ("role", Attribute::property("governor"))];
    make(&app, &platform, "urn:t:post:governor", "Post", "kuzbass", &post).await;
    let since = app.core.registry.clock().now().to_string();
    let appointed =
        [("person", link(&person_urn)), ("post", link("urn:t:post:governor")), ("since", Attribute::property(since))];
    make(&app, &climber, "urn:t:appointment", "Appointment", "kuzbass/novokuznetsk", &appointed).await;
    app.clock.advance(1);
    let session = app.core.identity.recognise(&token).await.unwrap().session.unwrap();
    let account = app.core.identity.account(&session.account).await.unwrap();
    let held = app.core.identity.capacities(&account).await.unwrap();
    assert_eq!(held.iter().map(|c| c.role).collect::<Vec<_>>(), [Role::Administrator], "{held:?}");
    app.settle().await;
}

/// Everything of a person is theirs to see, and nobody else's without a ground.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sees_themselves_and_an_official_does_not_see_what_is_personal() {
    let app = TestApp::builder().start().await;
    let (own, token) = person(&app, "olga", None).await;
    let (other, _) = person(&app, "ivan", None).await;
    let olga = app.core.identity.authenticate(&token).await.unwrap();
    let registry = &app.core.registry;
    let seen = registry.entity(&olga, &own.parse().unwrap()).await.unwrap();
    assert_eq!(seen.text("name"), Some("Olga"));
    assert!(registry.entity(&olga, &other.parse().unwrap()).await.is_err());
    assert!(registry.entity(&Actor::anonymous(), &own.parse().unwrap()).await.is_err());
    for official in ["official-regional", "governor", "administrator"] {
        let seen = registry.entity(&app.actor(official), &own.parse().unwrap()).await.unwrap();
        assert_eq!(seen.text("name"), None, "{official}");
    }
    app.settle().await;
}

async fn administrator(app: &TestApp) -> (String, String) {
    let (_, token) = person(app, "watcher", Some((Role::Administrator, "kuzbass"))).await;
    let account = app.core.identity.recognise(&token).await.unwrap().session.unwrap().account.clone();
    (account, token)
}

/// Revocation takes effect within a second, on what is open as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_session_that_opened_it() {
    let app = TestApp::builder().doors().start().await;
    let (account, token) = administrator(&app).await;
    let address = format!("{}/api/v1/live?space=kuzbass", app.http());
    let mut open = reqwest::Client::new().get(address).bearer_auth(&token).send().await.unwrap();
    let mut heard = String::new();
    while !heard.contains("event: ready") {
        heard.push_str(&String::from_utf8_lossy(&open.chunk().await.unwrap().unwrap()));
    }
    app.core.identity.end_sessions(&account, None).await.unwrap();
    app.clock.advance(1);
    let ended = async {
        loop {
            app.clock.advance(1);
            app.deliver("air-post", "42010102", serde_json::json!({"ts": app.ts(), "pm10": 0.012})).await;
            if let Ok(Ok(None)) = tokio::time::timeout(std::time::Duration::from_secs(1), open.chunk()).await {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), ended).await.expect("the stream ends");
    app.settle().await;
}

/// What somebody has subscribed to in their post they hear of as long as they hold it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_goes_on_with_the_powers_of_today() {
    let app = TestApp::builder().doors().start().await;
    let (_, token) = administrator(&app).await;
    let other = app.token("administrator");
    let headers = |token: &str| {
        let field = |name: &'static str, value: &str| (name, value.to_owned());
        [
            field("authorization", &format!("Bearer {token}")),
            field("ngsild-tenant", "kuzbass"),
            field("content-type", "application/json"),
        ]
    };
    for (id, whose) in [("urn:t:lost", &token), ("urn:t:kept", &other)] {
        let body = serde_json::json!({"id": id, "type": "Subscription", "entities": [{"type": "Appointment"}],
            "notification": {"endpoint": {"uri": "http://nowhere.example/"}}});
        let body = body.to_string().into_bytes();
        let made = app.request("POST", "/ngsi-ld/v1/subscriptions", &headers(whose), body).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let told = async |id: &str| {
        let path = format!("/ngsi-ld/v1/subscriptions/{id}");
        let state = app.request("GET", &path, &headers(&other)[..2], Vec::new()).await.ok();
        state["notification"]["timesSent"].as_u64().unwrap_or(0)
    };
    let mut ended = app.only("Appointment").await;
    person(&app, "first", Some((Role::Official, "kuzbass"))).await;
    app.until("both are told of somebody new", async || told("urn:t:lost").await > 0 && told("urn:t:kept").await > 0)
        .await;
    ended.attributes.insert("until".into(), Attribute::property(app.core.registry.clock().now().to_string()));
    let changes = vec![Change::from(Operation::Upsert(ended))];
    let command = Command { ground: "dismissed".into(), changes, ..Command::default() };
    let kept = told("urn:t:kept").await;
    app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
    app.clock.advance(2);
    app.until("the end is told", async || told("urn:t:kept").await > kept).await;
    let kept = told("urn:t:kept").await;
    let before = told("urn:t:lost").await;
    person(&app, "second", Some((Role::Official, "kuzbass"))).await;
    app.until("who still may is told", async || told("urn:t:kept").await > kept).await;
    assert_eq!(told("urn:t:lost").await, before, "who may no more is not");
    app.settle().await;
}
