//! Powers follow the post, and only the post's own territory gives it; who acts in one has them for a time.

use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Role};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, CommandError, Operation};
use svod_testkit::{Answer, TestApp, on_both_engines};

const CITY: &str = "kuzbass/novokuznetsk";
const COMMITTEE: &str = "urn:svod:body:novokuznetsk:ecology";
const HEAD: &str = "urn:t:post:head";
const ACTING: &str = "urn:t:appointment:acting";
/// A token of forms that the visitor's cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";

async fn person(app: &TestApp, login: &str, post: Option<(Role, &str)>) -> (String, String) {
    let mut invitation = Invitation::new(login, "Olga", app.core.registry.clock().now().plus_seconds(60)).unwrap();
    invitation.post = post.map(|(role, space)| (role, space.parse().unwrap()));
    let invitation = app.core.identity.invite(&invitation);
    let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
    let token = app.proved(&token).await;
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
    let platform = Actor::platform("test");
    let post = [("name", Attribute::property("Губернатор")), ("role", Attribute::property("governor"))];
    make(&app, &platform, "urn:t:post:governor", "Post", "kuzbass", &post).await;
    let since = app.core.registry.clock().now().to_string();
    let appointed =
        [("person", link(&person_urn)), ("post", link("urn:t:post:governor")), ("since", Attribute::property(since))];
    let (_, friend) = person(&app, "friend", Some((Role::Administrator, "kuzbass/novokuznetsk"))).await;
    let friend = app.core.identity.authenticate(&friend).await.unwrap();
    make(&app, &friend, "urn:t:appointment", "Appointment", "kuzbass/novokuznetsk", &appointed).await;
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

/// A case: nobody but officials sees it.
async fn case(app: &TestApp, n: u32) {
    let text = |value: &str| Attribute::property(value.to_owned());
    let attributes = [
        ("name", text("дело")),
        ("process", text("alert-response")),
        ("processVersion", text("kuzbass@1")),
        ("state", text("{}")),
        ("status", text("open")),
        ("subject", text("air")),
        ("openedAt", Attribute::property(app.core.registry.clock().now().to_string())),
    ];
    make(app, &Actor::platform("test"), &format!("urn:t:case:{n}"), "Case", "kuzbass", &attributes).await;
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
        let body = serde_json::json!({"id": id, "type": "Subscription", "entities": [{"type": "Case"}],
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
    case(&app, 1).await;
    app.until("both are told of a case", async || told("urn:t:lost").await > 0 && told("urn:t:kept").await > 0).await;
    ended.attributes.insert("until".into(), Attribute::property(app.core.registry.clock().now().to_string()));
    let changes = vec![Change::from(Operation::Upsert(ended))];
    let command = Command { ground: "dismissed".into(), changes, ..Command::default() };
    app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
    app.clock.advance(2);
    let (before, kept) = (told("urn:t:lost").await, told("urn:t:kept").await);
    case(&app, 2).await;
    app.until("who still may is told", async || told("urn:t:kept").await > kept).await;
    assert_eq!(told("urn:t:lost").await, before, "who may no more is not");
    app.settle().await;
}

/// A committee's post with its holder, whose token it is.
async fn head(app: &TestApp) -> (String, String) {
    let platform = Actor::platform("test");
    let (holder, token) = person(app, "head", None).await;
    let post = [
        ("name", Attribute::property("Председатель комитета")),
        ("role", Attribute::property("official")),
        ("body", link(COMMITTEE)),
    ];
    make(app, &platform, HEAD, "Post", CITY, &post).await;
    let held = [("person", link(&holder)), ("post", link(HEAD)), ("since", Attribute::property(app.ts()))];
    make(app, &platform, "urn:t:appointment:head", "Appointment", CITY, &held).await;
    (holder, token)
}

/// An appointment to act in that post.
fn acting(person: &str, since: String, until: Option<String>) -> Entity {
    let entity = Entity::new(ACTING.parse().unwrap(), "Appointment", CITY.parse().unwrap())
        .with("person", link(person))
        .with("post", link(HEAD))
        .with("since", Attribute::property(since))
        .with("deputy", Attribute::property(true));
    match until {
        Some(until) => entity.with("until", Attribute::property(until)),
        None => entity,
    }
}

async fn write(app: &TestApp, operation: Operation) -> Result<(), CommandError> {
    let command = Command { ground: "test".into(), changes: vec![operation.into()], ..Command::default() };
    app.core.registry.execute(&app.actor("administrator"), command).await.map(drop)
}

fn patch(set: &[(&str, String)], unset: &[&str]) -> Operation {
    Operation::Patch {
        urn: ACTING.parse().unwrap(),
        expected: None,
        set: set.iter().map(|(name, value)| ((*name).to_owned(), Attribute::property(value.clone()))).collect(),
        unset: unset.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[track_caller]
fn refused(outcome: Result<(), CommandError>, rule: &str) {
    let Err(CommandError::Invalid { errors, .. }) = outcome else { panic!("{rule}: {outcome:?}") };
    assert!(errors[0].rule.starts_with(rule), "{rule}: {errors:?}");
}

async fn now(app: &TestApp, token: &str) -> Actor {
    app.core.identity.authenticate(token).await.unwrap()
}

on_both_engines! {
    async fn who_acts_in_a_post_has_its_powers_between_its_days_and_is_called_so(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (_, holder) = head(&app).await;
        let (ivan, token) = person(&app, "ivan", None).await;
        let days = acting(&ivan, app.clock_plus(600), Some(app.clock_plus(1_200)));
        write(&app, Operation::Create(days)).await.unwrap();
        app.air("42010102", "pm25", 0.05).await;
        let task = app.only("Task").await.id;
        assert!(now(&app, &token).await.is(Role::Citizen), "not yet");

        app.clock.advance(600);
        let actor = now(&app, &token).await;
        assert!(actor.is(Role::Official), "{actor:?}");
        assert_eq!(actor.name, "Председатель комитета (и. о.)");
        assert_eq!(actor.spaces, [CITY.parse().unwrap()]);
        assert_eq!(actor.body, Some(COMMITTEE.parse().unwrap()));
        assert_eq!(now(&app, &holder).await.name, "Председатель комитета", "beside the holder");
        app.core.tasks.take(&actor, &task).await.unwrap();
        let journal = app.journal(&app.actor("administrator"), "kuzbass", None).await;
        let taken = journal.iter().find(|e| e.changes.get("takenBy").is_some()).unwrap();
        assert_eq!((taken.actor.as_str(), taken.actor_name.as_str()), (ivan.as_str(), "Председатель комитета (и. о.)"));

        app.clock.advance(600);
        let after = now(&app, &token).await;
        assert!(after.is(Role::Citizen) && after.spaces.is_empty(), "{after:?}");
        assert!(now(&app, &holder).await.is(Role::Official), "the holder stays");
        app.settle().await;
    }
}

on_both_engines! {
    async fn nobody_acts_without_an_end_or_for_themselves_and_the_end_is_at_once(builder: TestAppBuilder) {
        const DAY: i64 = 86_400;
        let app = builder.start().await;
        let (holder, _) = head(&app).await;
        let (ivan, token) = person(&app, "ivan", None).await;
        let try_for = async |who: &str, until: Option<i64>| {
            write(&app, Operation::Create(acting(who, app.ts(), until.map(|s| app.clock_plus(s))))).await
        };
        for until in [None, Some(-60), Some(0), Some(367 * DAY)] {
            let outcome = try_for(&ivan, until).await;
            if until.is_some_and(|s| s <= 0) {
                // What is over may stand as it was, and gives nothing.
                outcome.unwrap();
                write(&app, Operation::Delete { urn: ACTING.parse().unwrap(), expected: None }).await.unwrap();
            } else {
                refused(outcome, "acting-term");
            }
        }
        // Where an appointment was stays whose it was: another one has an identifier of its own.
        let mut theirs = acting(&holder, app.ts(), Some(app.clock_plus(30 * DAY)));
        theirs.id = "urn:t:appointment:acting-holder".parse().unwrap();
        refused(write(&app, Operation::Create(theirs)).await, "acting-holder");
        refused(try_for(&holder, Some(30 * DAY)).await, "an entity stays with the person whose it is");
        assert!(now(&app, &token).await.is(Role::Citizen));

        app.clock.advance(1);
        try_for(&ivan, Some(366 * DAY)).await.unwrap();
        app.clock.advance(1);
        assert!(now(&app, &token).await.is(Role::Official));
        refused(write(&app, patch(&[], &["until"])).await, "acting-term");
        refused(write(&app, patch(&[("until", app.clock_plus(400 * DAY))], &[])).await, "acting-term");
        let held = |id: &str| {
            Entity::new(id.parse().unwrap(), "Appointment", CITY.parse().unwrap())
                .with("person", link(&ivan))
                .with("post", link(HEAD))
                .with("since", Attribute::property(app.ts()))
        };
        refused(write(&app, Operation::Create(held("urn:t:appointment:ivan"))).await, "acting-holder");

        write(&app, patch(&[("until", app.ts())], &[])).await.unwrap();
        app.clock.advance(1);
        assert!(now(&app, &token).await.is(Role::Citizen), "ended, it is over within a second");
        write(&app, Operation::Create(held("urn:t:appointment:ivan"))).await.unwrap();
        app.clock.advance(1);
        assert_eq!(now(&app, &token).await.name, "Председатель комитета", "now the post is theirs");
        app.settle().await;
    }
}

on_both_engines! {
    async fn nobody_appoints_themselves_by_any_door(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        head(&app).await;
        let (keeper, token) = person(&app, "keeper", Some((Role::Administrator, CITY))).await;
        let (ivan, _) = person(&app, "ivan", None).await;
        let me = now(&app, &token).await;
        let by_me = async |operation: Operation| {
            let command = Command { ground: "test".into(), changes: vec![operation.into()], ..Command::default() };
            app.core.registry.execute(&me, command).await.map(drop)
        };
        let month = || Some(app.clock_plus(30 * 86_400));
        refused(by_me(Operation::Create(acting(&keeper, app.ts(), month()))).await, "appoint-oneself");
        refused(by_me(Operation::Upsert(acting(&keeper, app.ts(), None))).await, "appoint-oneself");
        let sent = serde_json::json!({"entity": acting(&keeper, app.ts(), month()), "ground": "order 41"});
        let bearer = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        let answer = app.request("POST", "/api/v1/entities", &bearer, sent.to_string().into_bytes()).await;
        answer.problem(422, "invalid-entity");

        by_me(Operation::Create(acting(&ivan, app.ts(), month()))).await.unwrap();
        refused(by_me(patch(&[], &["until"])).await, "acting-term");
        let all = app.all("kuzbass", "Appointment").await;
        let own = all.iter().find(|a| a.object("person").is_some_and(|p| p.as_str() == keeper)).unwrap();
        let own = |set: &[(&str, Attribute)]| Operation::Patch {
            urn: own.id.clone(),
            expected: None,
            set: set.iter().map(|(name, a)| ((*name).to_owned(), a.clone())).collect(),
            unset: Vec::new(),
        };
        refused(by_me(own(&[("post", link(HEAD))])).await, "appoint-oneself");
        by_me(own(&[("until", Attribute::property(app.clock_plus(600)))])).await.unwrap();
        refused(by_me(own(&[("until", Attribute::property(app.clock_plus(900)))])).await, "appoint-oneself");
        by_me(own(&[("until", Attribute::property(app.ts()))])).await.unwrap();
        app.settle().await;
    }
}

on_both_engines! {
    async fn nobody_gets_more_powers_by_an_end_that_ceases_or_by_another_role(builder: TestAppBuilder) {
        let app = builder.start().await;
        head(&app).await;
        let (_, token) = person(&app, "keeper", Some((Role::Administrator, CITY))).await;
        let me = now(&app, &token).await;
        let by_me = async |changes: Vec<Operation>| {
            let changes = changes.into_iter().map(Change::from).collect();
            let command = Command { ground: "test".into(), changes, ..Command::default() };
            app.core.registry.execute(&me, command).await.map(drop)
        };
        let all = app.all(CITY, "Appointment").await;
        let own = all.iter().find(|a| a.object("person").is_some_and(|p| p.as_str() == me.id)).unwrap();
        let later = app.clock_plus(600).parse().unwrap();
        let until = Attribute::property(app.clock_plus(300));
        let ceases = Attribute { expires_at: Some(later), ..until.clone() };
        let named = Attribute { dataset: Some("urn:t:one".into()), ..until.clone() };
        let mut several = until;
        several.others.push(named.clone());
        for wrong in [ceases, named, several] {
            let set = [("until".to_owned(), wrong)].into();
            let change = Operation::Patch { urn: own.id.clone(), expected: None, set, unset: Vec::new() };
            refused(by_me(vec![change]).await, "said-once");
        }
        let post = own.object("post").unwrap().clone();
        let set = [("role".to_owned(), Attribute::property("governor"))].into();
        let higher = Operation::Patch { urn: post.clone(), expected: None, set, unset: Vec::new() };
        refused(by_me(vec![higher]).await, "post-stays");
        let mut anew = app.entity(&post).await;
        anew.attributes.insert("role".into(), Attribute::property("governor"));
        let delete = Operation::Delete { urn: post, expected: None };
        refused(by_me(vec![delete, Operation::Create(anew)]).await, "post-stays");
        app.settle().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn powers_do_not_end_with_the_first_page_of_appointments() {
    let app = TestApp::builder().start().await;
    head(&app).await;
    let (ivan, token) = person(&app, "ivan", None).await;
    let (platform, last) = (Actor::platform("test"), app.ts());
    for n in 0..120 {
        let id = format!("urn:t:appointment:ivan-{n:03}");
        let past = [("until", Attribute::property(last.clone()))];
        let past = if n == 119 { &past[..0] } else { &past[..] };
        let held =
            [("person", link(&ivan)), ("post", link(HEAD)), ("since", Attribute::property("2020-01-01T00:00:00Z"))];
        make(&app, &platform, &id, "Appointment", CITY, &[&held[..], past].concat()).await;
    }
    app.clock.advance(1);
    assert!(now(&app, &token).await.is(Role::Official), "the one that holds comes last");
    app.settle().await;
}

on_both_engines! {
    async fn who_acts_without_an_end_since_long_ago_is_named(builder: TestAppBuilder) {
        let app = builder.start().await;
        head(&app).await;
        let (ivan, _) = person(&app, "ivan", None).await;
        write(&app, Operation::Create(acting(&ivan, app.ts(), Some(app.clock_plus(600))))).await.unwrap();
        let store = &app.core.store;
        assert_eq!(store.read(|conn| svod::tenures::endless(conn)).await.unwrap().len(), 0, "an end, or a post of one's own");
        // As it could be made before base pack 0.4.0.
        let mut old = app.entity(&ACTING.parse().unwrap()).await;
        old.attributes.remove("until");
        let doc = serde_json::to_string(&old).unwrap();
        let change = move |conn: &mut dyn svod_store::Conn| {
            conn.execute("UPDATE entity SET doc = ?1 WHERE urn = ?2", &[doc.as_str().into(), ACTING.into()])
        };
        assert_eq!(store.write(change).await.unwrap(), 1);
        let found = store.read(|conn| svod::tenures::endless(conn)).await.unwrap();
        assert_eq!(found, [svod::tenures::Endless { urn: ACTING.into(), space: CITY.into() }]);
        app.settle().await;
    }
}

async fn ask(app: &TestApp, token: &str, method: &str, path: &str, form: &str) -> Answer {
    let cookie = format!("svod_session={token}; svod_csrf={CSRF}");
    let kind = "application/x-www-form-urlencoded".to_owned();
    let body = if form.is_empty() { String::new() } else { format!("csrf={CSRF}&{form}") };
    app.request(method, path, &[("cookie", cookie), ("content-type", kind)], body.into_bytes()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_an_invitation_offers_no_post_to_act_in() {
    let app = TestApp::builder().doors().start().await;
    let mut invitation = Invitation::new("mayor", "Olga", app.core.registry.clock().now().plus_seconds(60)).unwrap();
    invitation.post = Some((Role::Administrator, CITY.parse().unwrap()));
    let invitation = app.core.identity.invite(&invitation);
    let (_, link) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
    let offered = "name=\"appointment\"";
    let page = ask(&app, &link, "GET", "/account", "").await;
    assert!(page.status == 200 && !page.text.contains(offered), "{}", page.text);
    let proved = app.proved(&link).await;
    assert!(ask(&app, &proved, "GET", "/account", "").await.text.contains(offered));
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_appoints_who_acts_and_ends_it_on_the_page() {
    let app = TestApp::builder().doors().start().await;
    head(&app).await;
    let (_, ivan) = person(&app, "ivan", None).await;
    let (_, keeper) = person(&app, "keeper", Some((Role::Administrator, CITY))).await;
    let (_, stranger) = person(&app, "stranger", Some((Role::Administrator, "kuzbass/kemerovo"))).await;
    let (form, body) = (format!("/bodies/acting?post={HEAD}"), format!("/bodies/{COMMITTEE}"));
    assert!(ask(&app, &keeper, "GET", &body, "").await.text.contains(&format!("href=\"{form}\"")));
    let page = ask(&app, &keeper, "GET", &form, "").await;
    assert!(page.status == 200 && page.text.contains("Председатель комитета"), "{}", page.text);
    for other in [&ivan, &stranger] {
        assert_eq!(ask(&app, other, "GET", &form, "").await.status, 403);
    }
    let send = async |token: &str, person: &str, until: &str| {
        let fields =
            format!("post={HEAD}&person={person}&until={until}&ground=order+41&name=%D0%98.+%D0%9A%D0%B8%D0%BC");
        ask(&app, token, "POST", "/bodies/acting", &fields).await
    };
    for (person, until, text) in [
        ("nobody", "31.01.2026", "Укажите логин или идентификатор"),
        ("ivan", "some+day", "Укажите день"),
        ("ivan", "2030-01-31", "не позже чем через год"),
        ("head", "2026-01-31", "уже занимает эту должность"),
        ("keeper", "2026-01-31", "Себя не назначают"),
    ] {
        let answer = send(&keeper, person, until).await;
        assert_eq!(answer.status, 422, "{person} {until}: {}", answer.text);
        assert!(answer.text.contains(text), "{person} {until}: {}", answer.text);
    }
    assert_eq!(send(&stranger, "ivan", "2026-01-31").await.status, 403, "of another territory");
    assert!(now(&app, &ivan).await.is(Role::Citizen));

    let done = send(&keeper, "ivan", "31.01.2026").await;
    assert_eq!((done.status, done.header("location")), (303, body.as_str()), "{}", done.text);
    app.clock.advance(2);
    assert_eq!(now(&app, &ivan).await.name, "Председатель комитета (и. о.)");
    assert_eq!(ask(&app, &ivan, "GET", &form, "").await.status, 403, "who acts appoints nobody");
    let shown = app.call("GET", &body, None, None).await.text;
    assert!(shown.contains("и. о.</strong>") && shown.contains("И. Ким") && shown.contains("31.01.2026"), "{shown}");
    assert!(!shown.contains("/bodies/end") && !shown.contains("order 41"), "{shown}");

    let all = app.all("kuzbass", "Appointment").await;
    let one = all.iter().find(|a| a.value("deputy").is_some()).unwrap();
    let end = format!("id={}", one.id);
    assert!(ask(&app, &keeper, "GET", &body, "").await.text.contains(one.id.as_str()), "the way to end it");
    assert_eq!(ask(&app, &stranger, "POST", "/bodies/end", &end).await.status, 403);
    assert_eq!(ask(&app, &keeper, "POST", "/bodies/end", &end).await.status, 303);
    app.clock.advance(2);
    assert!(now(&app, &ivan).await.is(Role::Citizen));

    app.clock.advance(3_600);
    let stale = send(&keeper, "ivan", "31.01.2026").await;
    assert!(stale.status == 303 && stale.header("location").starts_with("/session/confirm"), "{}", stale.text);
    app.settle().await;
}
