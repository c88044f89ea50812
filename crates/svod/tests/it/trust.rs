//! Nobody looks unnoticed, and nobody acts for another without a mandate (issue 4: E1, E11, D6).

use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Coded as _, Role, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, Ground, JournalQuery, Operation};
use svod_testkit::{TestApp, on_both_engines};
use svod_trust::{LOOK_SECONDS, Looking, NewConsent, NewMandate, Registered};

/// Somebody with an account; the person, the token, and who they are now.
pub struct Somebody {
    pub person: Urn,
    pub token: String,
}

impl Somebody {
    pub async fn new(app: &TestApp, login: &str, post: Option<(Role, &str)>) -> Self {
        let mut invitation = Invitation::new(login, login, app.core.registry.clock().now().plus_seconds(60)).unwrap();
        invitation.post = post.map(|(role, space)| (role, space.parse().unwrap()));
        let invitation = app.core.identity.invite(&invitation);
        let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        let token = app.proved(&token).await;
        Self { person: account.person, token }
    }

    pub async fn actor(&self, app: &TestApp) -> Actor {
        app.clock.advance(2);
        app.core.identity.authenticate(&self.token).await.unwrap()
    }

    pub async fn act_as(&self, app: &TestApp, chosen: &str) {
        let session = app.core.identity.recognise(&self.token).await.unwrap().session.unwrap();
        app.core.identity.act_as(&session, chosen).await.unwrap();
    }
}

fn looking(whom: &str, ground: Ground) -> Looking {
    let (reference, reason) = ("152-ФЗ, ст. 6, ч. 1, п. 2".into(), "проверка заявления о субсидии".into());
    Looking { whom: whom.into(), ground, reference, reason }
}

async fn change(app: &TestApp, actor: &Actor, changes: Vec<Change>) -> Result<(), svod_registry::CommandError> {
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    app.core.registry.execute(actor, command).await.map(drop)
}

async fn numbered(app: &TestApp, person: &Urn, number: &str) {
    let set = [("nationalId".to_owned(), Attribute::property(number))].into();
    let patch = Operation::Patch { urn: person.clone(), expected: None, set, unset: Vec::new() };
    change(app, &Actor::platform("test"), vec![patch.into()]).await.unwrap();
}

async fn name(app: &TestApp, actor: &Actor, person: &Urn) -> Option<String> {
    app.core.registry.entity(actor, person).await.ok()?.text("name").map(str::to_owned)
}

on_both_engines! {
    async fn data_of_another_are_opened_on_a_ground_that_the_person_sees(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (olga, ivan) = (Somebody::new(&app, "olga", None).await, Somebody::new(&app, "ivan", None).await);
        numbered(&app, &olga.person, "11223344595").await;
        let trust = &app.core.trust;
        let official = app.actor("official-regional");
        assert_eq!(name(&app, &official, &olga.person).await, None, "without a ground");

        let opened = trust.look(&official, &looking("112-233-445 95", Ground::Law)).await.unwrap();
        assert_eq!(opened.person, olga.person);
        assert_eq!(name(&app, &official, &olga.person).await.as_deref(), Some("olga"));
        assert_eq!(name(&app, &official, &ivan.person).await, None, "only hers");
        assert_eq!(name(&app, &app.actor("governor"), &olga.person).await, None, "only to who gave the ground");

        let me = olga.actor(&app).await;
        let seen = trust.own(&me, "Access", 0..10).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].text("actor"), Some("persona:official-regional"));
        assert_eq!(seen[0].text("reason"), Some("проверка заявления о субсидии"));
        assert!(trust.own(&ivan.actor(&app).await, "Access", 0..10).await.unwrap().is_empty());
        for other in ["official-municipal", "governor", "citizen"] {
            assert!(trust.about(&app.actor(other), olga.person.as_str(), "Access", 10).await.unwrap().is_empty(), "{other}");
        }

        app.clock.advance(LOOK_SECONDS);
        assert_eq!(name(&app, &official, &olga.person).await, None, "the hour is over");
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_was_opened_is_known_after_a_restart_and_on_the_other_side_of_the_journal(builder: TestAppBuilder) {
        let app = builder.start().await;
        let olga = Somebody::new(&app, "olga", None).await;
        let official = app.actor("official-regional");
        app.core.trust.look(&official, &looking(olga.person.as_str(), Ground::Contract)).await.unwrap();
        let app = app.restart().await;
        let official = app.actor("official-regional");
        assert_eq!(name(&app, &official, &olga.person).await.as_deref(), Some("olga"));
        app.settle().await;
    }
}

on_both_engines! {
    async fn a_consent_opens_what_it_names_until_it_is_withdrawn(builder: TestAppBuilder) {
        let app = builder.start().await;
        let olga = Somebody::new(&app, "olga", None).await;
        numbered(&app, &olga.person, "11223344595").await;
        let (trust, me) = (&app.core.trust, olga.actor(&app).await);
        let official = app.actor("official-regional");
        let wanted = looking(olga.person.as_str(), Ground::Consent);
        assert_eq!(trust.look(&official, &wanted).await.unwrap_err().code(), "no-consent");
        let consent = NewConsent {
            purpose: "назначение субсидии".into(),
            data: vec!["nationalId".into()],
            recipient: "urn:svod:body:kuzbass:ecology".parse().unwrap(),
            days: 30,
        };
        let consent = trust.agree(&me, &consent).await.unwrap();
        let other = app.actor("official-municipal");
        assert_eq!(trust.look(&other, &wanted).await.unwrap_err().status(), 404, "of another territory");
        trust.look(&official, &wanted).await.unwrap();
        let seen = app.core.registry.entity(&official, &olga.person).await.unwrap();
        assert_eq!((seen.text("nationalId"), seen.text("name")), (Some("11223344595"), None), "what was agreed to");
        trust.withdraw(&me, &consent).await.unwrap();
        app.until("the withdrawal holds", async || {
            app.core.registry.entity(&official, &olga.person).await.unwrap().text("nationalId").is_none()
        })
        .await;
        assert_eq!(trust.look(&official, &wanted).await.unwrap_err().code(), "no-consent");
        app.settle().await;
    }
}

on_both_engines! {
    async fn nobody_makes_up_or_removes_a_trace(builder: TestAppBuilder) {
        let app = builder.start().await;
        let olga = Somebody::new(&app, "olga", None).await;
        let trust = &app.core.trust;
        let opened = trust.look(&app.actor("administrator"), &looking(olga.person.as_str(), Ground::Law)).await.unwrap();
        let now = app.core.registry.clock().now().to_string();
        let forged = Entity::new("urn:t:access".parse().unwrap(), "Access", "kuzbass".parse().unwrap())
            .with("person", Attribute::object(olga.person.clone()))
            .with("actor", Attribute::property("persona:official-municipal"))
            .with("post", Attribute::property("x"))
            .with("basis", Attribute::property("law"))
            .with("ground", Attribute::property("law"))
            .with("reason", Attribute::property("reason"))
            .with("since", Attribute::property(now.clone()))
            .with("until", Attribute::property("2099-01-01T00:00:00Z"));
        let me = olga.actor(&app).await;
        for who in [app.actor("administrator"), app.actor("official-regional"), me.clone()] {
            let made = change(&app, &who, vec![Operation::Create(forged.clone()).into()]).await;
            assert!(made.is_err_and(|e| e.code() == "forbidden"), "{}", who.name);
            let gone = Operation::Delete { urn: opened.access.clone(), expected: None };
            assert!(change(&app, &who, vec![gone.into()]).await.is_err(), "{}", who.name);
            let set = [("reason".to_owned(), Attribute::property("nothing"))].into();
            let patch = Operation::Patch { urn: opened.access.clone(), expected: None, set, unset: Vec::new() };
            assert!(change(&app, &who, vec![patch.into()]).await.is_err(), "{}", who.name);
        }
        // A consent or an objection in the name of another is not to be had either.
        let consent = Entity::new("urn:t:consent".parse().unwrap(), "Consent", "kuzbass".parse().unwrap())
            .with("person", Attribute::object(olga.person.clone()))
            .with("purpose", Attribute::property("everything"))
            .with("recipient", Attribute::object("urn:svod:body:kuzbass:digital".parse().unwrap()))
            .with("since", Attribute::property(now))
            .with("until", Attribute::property("2099-01-01T00:00:00Z"));
        let made = change(&app, &app.actor("administrator"), vec![Operation::Create(consent).into()]).await;
        assert!(made.is_err_and(|e| e.code() == "forbidden"));
        app.settle().await;
    }
}

on_both_engines! {
    async fn an_emergency_is_reviewed_by_somebody_else_and_an_objection_answered(builder: TestAppBuilder) {
        let app = builder.start().await;
        let olga = Somebody::new(&app, "olga", None).await;
        let officer = Somebody::new(&app, "officer", Some((Role::Auditor, "kuzbass"))).await;
        let (trust, official) = (&app.core.trust, app.actor("official-regional"));
        let opened = trust.look(&official, &looking(olga.person.as_str(), Ground::Emergency)).await.unwrap();
        assert_eq!(name(&app, &official, &olga.person).await.as_deref(), Some("olga"));
        assert!(trust.review(&official, &opened.access, true).await.is_err(), "not by who had it");
        let me = olga.actor(&app).await;
        assert!(trust.review(&me, &opened.access, false).await.is_err());
        let auditor = officer.actor(&app).await;
        assert!(auditor.is(Role::Auditor));
        assert_eq!(name(&app, &auditor, &olga.person).await, None, "the officer sees no personal data");
        let waiting = trust.all(&auditor, ("Access", &[("review", "open")]), 0..10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        let alerts = trust.all(&auditor, ("SecurityAlert", &[("kind", "emergency")]), 0..10).await.unwrap();
        assert_eq!(alerts.len(), 1, "and was called");
        trust.close(&auditor, &alerts[0].id, "looked into it").await.unwrap();
        trust.review(&auditor, &opened.access, false).await.unwrap();
        app.until("found wrong, it ends", async || name(&app, &official, &olga.person).await.is_none()).await;

        let objection = trust.object(&me, &opened.access, "я здорова").await.unwrap();
        assert!(trust.answer(&official, &objection, "x y z").await.is_err());
        trust.answer(&auditor, &objection, "доступ признан неправомерным").await.unwrap();
        let answered = trust.own(&me, "Objection", 0..10).await.unwrap();
        assert_eq!(answered[0].text("answer"), Some("доступ признан неправомерным"));
        assert!(trust.answer(&auditor, &objection, "again").await.is_err(), "once");
        app.settle().await;
    }
}

on_both_engines! {
    async fn numbers_are_not_tried_and_many_are_not_read_unseen(builder: TestAppBuilder) {
        let app = builder.start().await;
        let officer = Somebody::new(&app, "officer", Some((Role::Auditor, "kuzbass"))).await;
        let (trust, official) = (&app.core.trust, app.actor("official-regional"));
        for n in 0..10 {
            let e = trust.look(&official, &looking(&format!("9988776650{n}"), Ground::Law)).await.unwrap_err();
            assert_eq!(e.code(), "not-found");
        }
        let e = trust.look(&official, &looking("99887766599", Ground::Law)).await.unwrap_err();
        assert_eq!((e.code(), e.status()), ("too-many-numbers", 429));
        let auditor = officer.actor(&app).await;
        let alerts = trust.all(&auditor, ("SecurityAlert", &[("kind", "probing")]), 0..10).await.unwrap();
        let mut severities: Vec<_> = alerts.iter().filter_map(|a| a.text("severity")).collect();
        severities.sort_unstable();
        assert_eq!(severities, ["danger", "warning"], "once each");
        for n in 0..50 {
            let urn: Urn = format!("urn:t:person:{n}").parse().unwrap();
            let person = Entity::new(urn.clone(), "Person", "kuzbass".parse().unwrap())
                .with("name", Attribute::property(format!("Person {n}")));
            change(&app, &Actor::platform("test"), vec![Operation::Create(person).into()]).await.unwrap();
            trust.look(&app.actor("governor"), &looking(urn.as_str(), Ground::Law)).await.unwrap();
        }
        let many = trust.all(&auditor, ("SecurityAlert", &[("kind", "mass-reading")]), 0..10).await.unwrap();
        assert_eq!(many.len(), 1, "{many:?}");
        app.settle().await;
    }
}

on_both_engines! {
    async fn who_changes_accounts_of_officials_and_invites_to_posts_is_told_of(builder: TestAppBuilder) {
        let app = builder.start().await;
        let officer = Somebody::new(&app, "officer", Some((Role::Auditor, "kuzbass"))).await;
        let mayor = Somebody::new(&app, "mayor", Some((Role::Governor, "kuzbass"))).await;
        let olga = Somebody::new(&app, "olga", None).await;
        let (identity, by) = (&app.core.identity, app.actor("administrator"));
        for who in [&mayor, &olga] {
            let account = identity.recognise(&who.token).await.unwrap().session.as_ref().unwrap().account.clone();
            identity.block(&account, true, &by).await.unwrap();
        }
        for (login, post) in [("guest", None), ("head", Some((Role::Governor, "kuzbass".parse().unwrap())))] {
            let mut invitation = Invitation::new(login, login, app.core.registry.clock().now().plus_seconds(60)).unwrap();
            invitation.post = post;
            identity.make_invitation(&invitation, (&by, "Administrator")).await.unwrap();
        }
        let (auditor, trust) = (officer.actor(&app).await, &app.core.trust);
        let told = async |kind: &str| {
            let all = trust.all(&auditor, ("SecurityAlert", &[("kind", kind), ("actor", by.id.as_str())]), 0..10).await.unwrap();
            all.iter().map(|a| a.text("inputs").unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        app.until("the officer is called", async || !told("powers").await.is_empty()).await;
        let (accounts, powers) = (told("account").await, told("powers").await);
        assert!(accounts.len() == 1 && accounts[0].contains("block urn:svod:account:"), "hers is nobody's post: {accounts:?}");
        assert!(powers.len() == 1 && powers[0].contains("invite urn:svod:invitation:"), "{powers:?}");
        app.settle().await;
    }
}

on_both_engines! {
    async fn who_acts_for_another_stands_in_the_journal_with_both(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (olga, ivan) = (Somebody::new(&app, "olga", None).await, Somebody::new(&app, "ivan", None).await);
        let (trust, me) = (&app.core.trust, olga.actor(&app).await);
        let new = NewMandate { delegate: ivan.person.clone(), scope: vec!["Consent".into()], document: "42-АА 1".into(), days: 1 };
        let mandate = trust.empower(&me, &new).await.unwrap();
        assert!(ivan.actor(&app).await.on_behalf.is_empty(), "nobody acts for another without wanting to");
        ivan.act_as(&app, mandate.as_str()).await;
        let acting = ivan.actor(&app).await;
        assert_eq!((acting.id.as_str(), acting.subject()), (ivan.person.as_str(), olga.person.as_str()));
        assert_eq!(trust.own(&olga.actor(&app).await, "Access", 0..9).await.unwrap()[0].text("basis"), Some("mandate"));
        assert_eq!(name(&app, &acting, &olga.person).await, None, "only in matters of the mandate");
        let recipient: Urn = "urn:svod:body:kuzbass:ecology".parse().unwrap();
        let consent = NewConsent { purpose: "субсидия".into(), data: Vec::new(), recipient, days: 3 };
        let given = trust.agree(&acting, &consent).await.unwrap();
        let journal = JournalQuery {
            space: "kuzbass".parse().unwrap(),
            below: true,
            entity: Some(given),
            cause: None,
            newest_first: false,
            after: None,
            limit: 10,
        };
        let events = app.core.registry.journal(&me, journal).await.unwrap().items;
        let event = events.first().expect("she sees what was done for her");
        assert_eq!(event.actor, ivan.person.as_str());
        assert_eq!((&event.on_behalf[0].person, &event.on_behalf[0].mandate), (&olga.person, &mandate));
        let more = NewMandate { delegate: ivan.person.clone(), scope: Vec::new(), document: String::new(), days: 9 };
        assert!(trust.empower(&acting, &more).await.is_err(), "who acts for another lets nobody else, nor themselves");
        trust.withdraw(&me, &mandate).await.unwrap();
        assert!(ivan.actor(&app).await.on_behalf.is_empty(), "withdrawn, it is over within a second");
        app.settle().await;
    }
}

on_both_engines! {
    async fn an_operator_acts_for_who_is_present_and_for_their_child(builder: TestAppBuilder) {
        let app = builder.start().await;
        let olga = Somebody::new(&app, "olga", None).await;
        let child = Somebody::new(&app, "child", None).await;
        let operator = Somebody::new(&app, "operator", Some((Role::Official, "kuzbass"))).await;
        let (trust, identity) = (&app.core.trust, &app.core.identity);
        let parent = Registered {
            whom: child.person.to_string(),
            delegate: olga.person.clone(),
            basis: "parent".into(),
            document: "I-ЛО 123456".into(),
            scope: Vec::new(),
            until: None,
        };
        assert!(trust.register(&app.actor("official-regional"), &parent).await.is_err(), "who keeps the register");
        let parent = trust.register(&app.actor("administrator"), &parent).await.unwrap();

        let of = async |who: &Somebody| identity.recognise(&who.token).await.unwrap().session.unwrap();
        let (desk, post) = (of(&operator).await, operator.actor(&app).await.name.clone());
        let code = identity.presence_code(&of(&olga).await.account).await.unwrap();
        assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()));
        assert!(identity.present(&desk, "00000000").await.is_err());
        let present = identity.present(&desk, &code).await.unwrap();
        assert_eq!(present, olga.person);
        assert!(identity.present(&desk, &code).await.is_err(), "once");
        let mandate = trust.attend(&present, &operator.person).await.unwrap();
        operator.act_as(&app, mandate.as_str()).await;
        let acting = operator.actor(&app).await;
        assert!(acting.is(Role::Citizen) && !acting.is(Role::Official));
        assert_eq!(name(&app, &acting, &olga.person).await.as_deref(), Some("olga"));
        assert_eq!(name(&app, &acting, &child.person).await, None);
        // She sees in which post they did: not that some citizen did.
        let began = app.all("kuzbass", "Access").await;
        let began: Vec<_> = began.iter().filter(|a| a.text("reason") == Some("present")).collect();
        assert_eq!(began.len(), 1, "{began:?}");
        assert_eq!(began[0].text("post"), Some(post.as_str()), "{began:?}");

        operator.act_as(&app, &format!("{mandate}+{parent}")).await;
        let acting = operator.actor(&app).await;
        assert_eq!(acting.on_behalf.len(), 2);
        assert_eq!(name(&app, &acting, &child.person).await.as_deref(), Some("child"));
        trust.withdraw(&app.actor("administrator"), &parent).await.unwrap();
        assert_eq!(operator.actor(&app).await.on_behalf.len(), 0, "who entered it has ended it");
        operator.act_as(&app, mandate.as_str()).await;
        app.clock.advance(svod_trust::PRESENT_SECONDS);
        let after = operator.actor(&app).await;
        assert!(after.is(Role::Official) || after.is(Role::Citizen) && after.on_behalf.is_empty(), "{after:?}");
        assert_eq!(name(&app, &after, &child.person).await, None);
        app.settle().await;
    }
}

/// Mandates come by their door alone: nobody writes one as an entity, hands their own thing to another's affairs, or takes another's
/// identifier in a territory of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_themselves_a_mandate() {
    let app = TestApp::builder().neighbour().start().await;
    let (olga, ivan) = (Somebody::new(&app, "olga", None).await, Somebody::new(&app, "ivan", None).await);
    let climber = Somebody::new(&app, "climber", Some((Role::Administrator, "neighbour"))).await;
    let now = app.core.registry.clock().now();
    let own = |person: Attribute, space: &str| {
        Entity::new("urn:t:m:1".parse().unwrap(), "Mandate", space.parse().unwrap())
            .with("person", person)
            .with("delegate", Attribute::object(ivan.person.clone()))
            .with("basis", Attribute::property("guardian"))
            .with("since", Attribute::property(Timestamp(0).to_string()))
    };
    let (me, neighbour) = (ivan.actor(&app).await, climber.actor(&app).await);
    let of = |urn: &Urn| Attribute::object(urn.clone());
    let expiring = Attribute {
        expires_at: Some(now.plus_seconds(2)),
        others: vec![Attribute { dataset: Some("urn:x".into()), ..of(&olga.person) }],
        ..of(&ivan.person)
    };
    for (who, person, space) in [
        (&me, of(&olga.person), "kuzbass"),
        (&me, of(&ivan.person), "kuzbass"),
        (&me, expiring.clone(), "kuzbass"),
        (&app.actor("administrator"), of(&olga.person), "kuzbass"),
        (&neighbour, of(&olga.person), "neighbour"),
    ] {
        assert!(change(&app, who, vec![Operation::Create(own(person, space)).into()]).await.is_err(), "{}", who.id);
    }
    // Whose something is, is said once and clearly.
    let platform = Actor::platform("test");
    let wavering = change(&app, &platform, vec![Operation::Create(own(expiring, "kuzbass")).into()]).await;
    assert!(wavering.is_err_and(|e| e.code() == "invalid-entity"));
    // Nobody is two people in two territories.
    let decoy = Entity::new(olga.person.clone(), "Person", "neighbour".parse().unwrap())
        .with("name", Attribute::property("Olga"));
    let made = Command {
        ground: "test".into(),
        changes: vec![Operation::Create(decoy).into()],
        within: Some("neighbour".parse().unwrap()),
        ..Command::default()
    };
    assert!(app.core.registry.execute(&neighbour, made).await.is_err_and(|e| e.code() == "already-exists"));
    let mandate = Registered {
        whom: olga.person.to_string(),
        delegate: ivan.person.clone(),
        basis: "guardian".into(),
        document: "forged".into(),
        scope: Vec::new(),
        until: None,
    };
    assert!(app.core.trust.register(&neighbour, &mandate).await.is_err(), "of people of another territory");
    assert!(app.core.trust.mandates_of(&ivan.person).await.unwrap().is_empty());
    app.settle().await;
}

/// What was open is not open afterwards by asking of the past, nor by making it one's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_open_is_closed_in_the_past_as_well() {
    let app = TestApp::builder().start().await;
    let olga = Somebody::new(&app, "olga", None).await;
    let keeper = Somebody::new(&app, "keeper", Some((Role::Administrator, "kuzbass"))).await;
    let registry = &app.core.registry;
    let official = app.actor("official-regional");
    app.core.trust.look(&official, &looking(olga.person.as_str(), Ground::Law)).await.unwrap();
    app.clock.advance(60);
    let then = registry.clock().now();
    assert_eq!(registry.entity_at(&official, &olga.person, then).await.unwrap().text("name"), Some("olga"));
    app.clock.advance(LOOK_SECONDS);
    assert_eq!(registry.entity_at(&official, &olga.person, then).await.unwrap().text("name"), None);
    // The number that says who somebody is does not become another's.
    let set = [("nationalId".to_owned(), Attribute::property("08765430300"))].into();
    let patch = Operation::Patch { urn: olga.person.clone(), expected: None, set, unset: Vec::new() };
    let renumbered = change(&app, &app.actor("administrator"), vec![patch.into()]).await;
    assert!(renumbered.is_err_and(|e| e.code() == "invalid-entity"));
    let merge = Change::merge(olga.person.clone(), keeper.person.clone()).to_vec();
    let keeper = keeper.actor(&app).await;
    assert!(change(&app, &keeper, merge).await.is_err_and(|e| e.code() == "forbidden"));
    app.settle().await;
}

impl Somebody {
    pub async fn api(
        &self,
        app: &TestApp,
        method: &str,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> svod_testkit::Answer {
        let headers =
            [("authorization", format!("Bearer {}", self.token)), ("content-type", "application/json".to_owned())];
        app.request(method, path, &headers, body.map(|b| b.to_string().into_bytes()).unwrap_or_default()).await
    }
}

on_both_engines! {
    async fn the_cabinet_is_there_for_programs(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let (olga, ivan) = (Somebody::new(&app, "olga", None).await, Somebody::new(&app, "ivan", None).await);
        let (consents, mandates) = ("/api/v1/my/consents", "/api/v1/my/mandates");
        let wanted = serde_json::json!({"purpose": "назначение субсидии", "data": ["phone"],
            "recipient": "urn:svod:body:kuzbass:ecology", "days": 30});
        let made = olga.api(&app, "POST", consents, Some(wanted.clone())).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let consent = format!("{consents}/{}", made.json()["id"].as_str().unwrap());
        let mut endless = wanted.clone();
        endless["days"] = 99_999.into();
        olga.api(&app, "POST", consents, Some(endless)).await.problem(422, "field");

        app.core.trust.look(&app.actor("official-regional"), &looking(olga.person.as_str(), Ground::Consent)).await.unwrap();
        let looked = olga.api(&app, "GET", "/api/v1/my/accesses", None).await.ok();
        assert_eq!((looked["items"].as_array().unwrap().len(), looked["more"].as_bool()), (1, Some(false)));
        assert_eq!(looked["items"][0]["attributes"]["basis"]["value"], "consent", "{looked}");
        for nothing in ["/api/v1/my/accesses", consents, mandates] {
            assert_eq!(ivan.api(&app, "GET", nothing, None).await.ok()["items"], serde_json::json!([]), "{nothing}");
        }

        let power = |delegate: &str| Some(serde_json::json!({"delegate": delegate, "scope": ["Consent"], "days": 1}));
        olga.api(&app, "POST", mandates, power("nobody")).await.problem(422, "field");
        let made = olga.api(&app, "POST", mandates, power("ivan")).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let mandate = format!("{mandates}/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(olga.api(&app, "GET", mandates, None).await.ok()["items"].as_array().unwrap().len(), 1);
        for (path, other) in [(&consent, mandates), (&mandate, consents)] {
            ivan.api(&app, "DELETE", path, None).await.problem(404, "not-found");
            let elsewhere = format!("{other}/{}", path.rsplit('/').next().unwrap());
            olga.api(&app, "DELETE", &elsewhere, None).await.problem(404, "not-found");
            assert_eq!(olga.api(&app, "DELETE", path, None).await.status, 204);
            assert_eq!(olga.api(&app, "DELETE", path, None).await.status, 204, "it is over already");
        }
        let over = olga.api(&app, "GET", consents, None).await.ok();
        let until: Timestamp = over["items"][0]["attributes"]["until"]["value"].as_str().unwrap().parse().unwrap();
        assert!(until <= app.core.registry.clock().now(), "{over}");

        app.clock.advance(3_600);
        olga.api(&app, "POST", mandates, power("ivan")).await.problem(403, "proof-needed");
        app.settle().await;
    }
}

on_both_engines! {
    async fn an_organization_has_a_cabinet_of_its_own(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let (head, clerk) = (Somebody::new(&app, "head", None).await, Somebody::new(&app, "clerk", None).await);
        let firm: Urn = "urn:t:organization".parse().unwrap();
        let entity = Entity::new(firm.clone(), "Organization", "kuzbass".parse().unwrap())
            .with("name", Attribute::property("ООО «Снег»"))
            .with("registration", Attribute::property("1027700132195"));
        change(&app, &Actor::platform("test"), vec![Operation::Create(entity).into()]).await.unwrap();
        let new = Registered {
            whom: firm.to_string(),
            delegate: head.person.clone(),
            basis: "head".into(),
            document: "протокол № 1".into(),
            scope: Vec::new(),
            until: None,
        };
        let mandate = app.core.trust.register(&app.actor("administrator"), &new).await.unwrap();
        let consents = "/api/v1/my/consents";
        let wanted = Some(serde_json::json!({"purpose": "назначение субсидии",
            "recipient": "urn:svod:body:kuzbass:ecology", "days": 30}));
        head.act_as(&app, mandate.as_str()).await;
        app.clock.advance(2);
        let made = head.api(&app, "POST", consents, wanted).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let consent = app.only("Consent").await;
        assert_eq!(consent.object("person"), Some(&firm), "it is the organization that agrees");
        for (path, expected) in [(consents, 1), ("/api/v1/my/mandates", 1), ("/api/v1/my/accesses", 1)] {
            let seen = head.api(&app, "GET", path, None).await.ok();
            assert_eq!(seen["items"].as_array().unwrap().len(), expected, "{path}: {seen}");
        }
        let cookie = [("cookie", format!("svod_session={}", head.token))];
        for (path, text) in [("/my", "1027700132195"), ("/my/consents", "назначение субсидии"), ("/my/mandates", "протокол № 1")] {
            let page = app.request("GET", path, &cookie, Vec::new()).await;
            assert!(page.status == 200 && page.text.contains(text), "{path}: {}", page.text);
        }
        // Nobody is let do everything; in their own affairs nothing of it is there.
        let more = serde_json::json!({"delegate": "clerk", "days": 1});
        head.api(&app, "POST", "/api/v1/my/mandates", Some(more)).await.problem(422, "field");
        head.act_as(&app, "").await;
        app.clock.advance(2);
        assert_eq!(head.api(&app, "GET", consents, None).await.ok()["items"], serde_json::json!([]));
        assert_eq!(clerk.api(&app, "GET", consents, None).await.ok()["items"], serde_json::json!([]));
        app.settle().await;
    }
}
