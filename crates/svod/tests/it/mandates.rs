//! Mandates by their documents: in which matters, and until when (issue 4: E1).

use serde_json::json;
use svod_kernel::{Coded as _, Role, Urn};
use svod_model::{Attribute, Entity};
use svod_testkit::{TestApp, on_both_engines};
use svod_trust::{MAX_MANDATE_DAYS, NewConsent, Registered, TrustError};

use crate::trust::Somebody;

const DAY: i64 = 86_400;

fn registered(whom: &Urn, delegate: &Urn, basis: &str) -> Registered {
    Registered {
        whom: whom.to_string(),
        delegate: delegate.clone(),
        basis: basis.into(),
        document: "№ 1 от 12.01.2026".into(),
        scope: Vec::new(),
        until: None,
    }
}

/// Which field is wrong, and by which rule.
fn wrong(refused: Result<Urn, TrustError>) -> (String, String) {
    let error = refused.unwrap_err();
    let field = error.fields().into_iter().next().unwrap_or_else(|| panic!("{error}"));
    (field.field, field.rule)
}

fn is(field: &str, rule: &str) -> (String, String) {
    (field.to_owned(), rule.to_owned())
}

async fn name(app: &TestApp, who: &Somebody, of: &Urn) -> Option<String> {
    let actor = who.actor(app).await;
    app.core.registry.entity(&actor, of).await.ok()?.text("name").map(str::to_owned)
}

/// Agrees to something in the affairs of whom they act for.
async fn agrees(app: &TestApp, who: &Somebody) -> Result<Urn, TrustError> {
    let recipient = "urn:svod:body:kuzbass:ecology".parse().unwrap();
    let consent = NewConsent { purpose: "субсидия".into(), data: Vec::new(), recipient, days: 3 };
    app.core.trust.agree(&who.actor(app).await, &consent).await
}

async fn firm(app: &TestApp) -> Urn {
    let firm: Urn = "urn:t:organization".parse().unwrap();
    let entity = Entity::new(firm.clone(), "Organization", "kuzbass".parse().unwrap())
        .with("name", Attribute::property("ООО «Снег»"))
        .with("registration", Attribute::property("1027700132195"));
    app.create(entity).await;
    firm
}

on_both_engines! {
    async fn a_guardian_and_an_attorney_act_as_far_and_as_long_as_it_is_written(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (ward, guardian) = (Somebody::new(&app, "ward", None).await, Somebody::new(&app, "guardian", None).await);
        let attorney = Somebody::new(&app, "attorney", None).await;
        let (trust, keeper) = (&app.core.trust, app.actor("administrator"));
        let now = app.core.registry.clock().now();
        let (of, to) = (&ward.person, &attorney.person);

        // By decision of an authority, until the moment that it names.
        let until = Some(now.plus_seconds(3_600));
        let by_law = Registered { until, ..registered(of, &guardian.person, "guardian") };
        let mandate = trust.register(&keeper, &by_law).await.unwrap();
        guardian.act_as(&app, mandate.as_str()).await;
        assert_eq!(name(&app, &guardian, of).await.as_deref(), Some("ward"));
        agrees(&app, &guardian).await.unwrap();
        app.clock.advance(3_600);
        assert_eq!(name(&app, &guardian, of).await, None, "its time has come");
        assert!(guardian.actor(&app).await.on_behalf.is_empty());

        // Nobody acts by a power of attorney for ever.
        let now = app.core.registry.clock().now();
        let for_days = |days: i64| Registered { until: Some(now.plus_seconds(days * DAY)), ..registered(of, to, "attorney") };
        assert_eq!(wrong(trust.register(&keeper, &registered(of, to, "attorney")).await), is("until", "term"));
        for days in [MAX_MANDATE_DAYS + 1, 0, -1] {
            assert_eq!(wrong(trust.register(&keeper, &for_days(days)).await), is("until", "term"), "{days}");
        }
        let nothing = Registered { scope: vec!["Nothing".into()], ..for_days(9) };
        assert_eq!(wrong(trust.register(&keeper, &nothing).await), is("scope", "unknown"));
        let new = Registered { scope: vec!["Consent".into()], ..for_days(9) };
        let mandate = trust.register(&keeper, &new).await.unwrap();
        attorney.act_as(&app, mandate.as_str()).await;
        agrees(&app, &attorney).await.unwrap();
        assert_eq!(name(&app, &attorney, of).await, None, "in these matters alone");
        // Whose affairs they are ends it.
        trust.withdraw(&ward.actor(&app).await, &mandate).await.unwrap();
        assert!(attorney.actor(&app).await.on_behalf.is_empty());
        app.settle().await;
    }
}

on_both_engines! {
    async fn the_head_of_an_organization_lets_employees_act_in_named_matters_for_a_time(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let (head, clerk) = (Somebody::new(&app, "head", None).await, Somebody::new(&app, "clerk", None).await);
        let (firm, keeper) = (firm(&app).await, app.actor("administrator"));
        let trust = &app.core.trust;
        // Heads and employees are an organization's, guardians a person's.
        assert_eq!(wrong(trust.register(&keeper, &registered(&clerk.person, &head.person, "head")).await), is("basis", "whom"));
        assert_eq!(wrong(trust.register(&keeper, &registered(&firm, &head.person, "guardian")).await), is("basis", "whom"));
        let post = trust.register(&keeper, &registered(&firm, &head.person, "head")).await.unwrap();
        head.act_as(&app, post.as_str()).await;
        app.clock.advance(2);

        let mandates = "/api/v1/my/mandates";
        let power = |scope: &[&str]| Some(json!({"delegate": "clerk", "scope": scope, "document": "приказ № 3", "days": 1}));
        head.api(&app, "POST", mandates, power(&[])).await.problem(422, "field");
        let made = head.api(&app, "POST", mandates, power(&["Consent"])).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let employee: Urn = made.json()["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(app.entity(&employee).await.text("basis"), Some("employee"));
        let page = app.request("GET", "/my/mandates", &[("cookie", format!("svod_session={}", head.token))], Vec::new()).await;
        assert!(page.status == 200 && page.text.contains("name=\"scope\" value=\"Consent\""), "{}", page.text);

        clerk.act_as(&app, employee.as_str()).await;
        agrees(&app, &clerk).await.unwrap();
        assert_eq!(app.only("Consent").await.object("person"), Some(&firm));
        clerk.api(&app, "POST", mandates, power(&["Consent"])).await.problem(403, "forbidden");
        clerk.api(&app, "DELETE", &format!("{mandates}/{employee}"), None).await.problem(404, "not-found");
        // A head ends what a head gives; the head's own powers the territory ends.
        head.api(&app, "DELETE", &format!("{mandates}/{post}"), None).await.problem(404, "not-found");
        assert_eq!(head.api(&app, "DELETE", &format!("{mandates}/{employee}"), None).await.status, 204);
        assert!(clerk.actor(&app).await.on_behalf.is_empty());
        let made = head.api(&app, "POST", mandates, power(&["Consent"])).await.json();
        clerk.act_as(&app, made["id"].as_str().unwrap()).await;
        assert_eq!(clerk.actor(&app).await.subject(), firm.as_str());
        app.clock.advance(DAY);
        assert!(trust.mandates_of(&clerk.person).await.unwrap().is_empty(), "the day is over");
        assert_eq!(trust.mandates_of(&head.person).await.unwrap().len(), 1);
        trust.withdraw(&keeper, &post).await.unwrap();
        assert!(trust.mandates_of(&head.person).await.unwrap().is_empty());
        app.settle().await;
    }
}

on_both_engines! {
    async fn who_runs_a_territory_enters_mandates_by_program_too(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let keeper = Somebody::new(&app, "keeper", Some((Role::Administrator, "kuzbass"))).await;
        let (clerk, stranger) = (Somebody::new(&app, "clerk", None).await, Somebody::new(&app, "stranger", None).await);
        let (firm, mandates) = (firm(&app).await, "/api/v1/mandates");
        let until = app.core.registry.clock().now().plus_seconds(9 * DAY).to_string();
        let body = |scope: &[&str], until: &str| {
            Some(json!({"whom": firm, "delegate": "clerk", "basis": "employee", "document": "приказ № 3", "scope": scope, "until": until}))
        };
        keeper.api(&app, "POST", mandates, body(&[], &until)).await.problem(422, "field");
        keeper.api(&app, "POST", mandates, body(&["Consent"], "2099-01-01T00:00:00Z")).await.problem(422, "field");
        clerk.api(&app, "POST", mandates, body(&["Consent"], &until)).await.problem(403, "same-person");
        stranger.api(&app, "POST", mandates, body(&["Consent"], &until)).await.problem(404, "not-found");
        // Who acts for oneself is said where powers are given, with their end: no law makes somebody the guardian of an official
        // who enters it.
        for (role, login) in [(Role::Official, "official"), (Role::Administrator, "second")] {
            let own = Somebody::new(&app, login, Some((role, "kuzbass"))).await;
            let body = json!({"whom": own.person, "delegate": "clerk", "basis": "guardian", "document": "решение № 3"});
            let refused = own.api(&app, "POST", mandates, Some(body)).await;
            assert!(refused.status == 403, "{login}: {} {}", refused.status, refused.text);
        }
        assert!(app.core.trust.mandates_of(&clerk.person).await.unwrap().is_empty());
        let made = keeper.api(&app, "POST", mandates, body(&["Consent"], &until)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let mandate = made.json()["id"].as_str().unwrap().to_owned();
        clerk.act_as(&app, &mandate).await;
        agrees(&app, &clerk).await.unwrap();
        let ended = format!("{mandates}/{mandate}");
        clerk.api(&app, "DELETE", &ended, None).await.problem(404, "not-found");
        assert_eq!(keeper.api(&app, "DELETE", &ended, None).await.status, 204);
        assert!(clerk.actor(&app).await.on_behalf.is_empty());
        app.clock.advance(3_600);
        keeper.api(&app, "POST", mandates, body(&["Consent"], &until)).await.problem(403, "proof-needed");
        app.settle().await;
    }
}
