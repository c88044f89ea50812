//! An operator repairs: each act, who may not, what a dry run refuses, many at once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use svod_kernel::{Actor, Coded, Role, Urn};
use svod_model::{Attribute, PackSource};
use svod_registry::{Command, Operation};
use svod_runtime::cases::repair::{Instance, RepairError, Stands, Stuck};
use svod_store::instance::Status;
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, bpmn, failed, map};

crate::on_both_engines!(
    an_incident_is_seen_and_retried_with_variables_put_right,
    what_failed_is_done_by_hand,
    a_token_is_moved_and_a_case_called_off,
    others_may_not_and_nobody_in_their_own_matter,
    of_two_who_retry_one_is_late,
    many_incidents_are_retried_at_once,
    an_instance_goes_over_to_the_version_in_force,
    of_very_many_those_that_cannot_stay,
);

const WEIGH: &str = r#"<startEvent id="s"/><endEvent id="e"/><exclusiveGateway id="way" name="How much?"/>
    <userTask id="look" name="Look at it"/><userTask id="sign" name="Sign it"/>
    s -> way
    way -> look if amount > 10
    way -> sign if amount < 11
    look -> e
    sign -> e"#;

fn operator() -> Actor {
    Actor {
        id: "urn:svod:person:operator".into(),
        name: "Оператор".into(),
        roles: [Role::Administrator].into(),
        spaces: vec!["kuzbass".parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    }
}

fn all() -> Stuck {
    Stuck { limit: 50, ..Stuck::default() }
}

impl House {
    async fn seen(&self, case: &Urn) -> Instance {
        let row = self.row(case).await;
        self.cases.instance(&operator(), (&SPACE.parse().unwrap(), row.id)).await.unwrap()
    }

    async fn retried(&self, actor: &Actor, case: &Urn, variables: Value) -> Result<(), RepairError> {
        let row = self.row(case).await;
        let incident = self.cases.stuck(&operator(), &all()).await.unwrap();
        let incident = incident.items.iter().find(|t| t.instance == row.id).map_or(0, |t| t.incident);
        let space = SPACE.parse().unwrap();
        self.cases.retry(actor, (&space, row.id), incident, map(variables), "  The amount was missing ").await
    }

    /// Version 1.1.0 of the pack of the tests.
    async fn upgrade(&self, process: &str, body: &str) {
        let mut source = PackSource::default();
        let manifest = "id: test\nversion: 1.1.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n";
        source.files.insert("pack.yaml".into(), manifest.into());
        for lang in ["ru", "kk", "en"] {
            let texts = "pack-test-title = x\npack-test-description = x\n";
            source.files.insert(format!("locales/{lang}.ftl"), texts.into());
        }
        source.files.insert(format!("processes/{process}.bpmn"), bpmn(process, body));
        self.registry.publish(&Actor::platform("packs"), source).await.unwrap();
    }
}

fn mapping(from: &str, to: &str) -> BTreeMap<String, String> {
    [(from.to_owned(), to.to_owned())].into()
}

async fn an_incident_is_seen_and_retried_with_variables_put_right(place: &TestPlace) {
    let house = House::new(place, &[("weigh", WEIGH)], &[]).await;
    let case = house.open("weigh", "1", json!({"who": "Анна Иванова"})).await;
    house.clock.advance(3_600);
    house.open("weigh", "2", json!({"amount": 1})).await;
    let found = house.cases.stuck(&operator(), &all()).await.unwrap();
    assert_eq!((found.items.len(), found.next), (1, None));
    let trouble = &found.items[0];
    assert_eq!(
        (trouble.urn.as_str(), trouble.code.as_str(), trouble.name.as_str()),
        (case.as_str(), "condition", "How much?")
    );
    let hour_ago = svod_kernel::Clock::now(house.clock.as_ref()).plus_seconds(-3_600);
    for (filter, fits) in [
        (Stuck { process: Some("test@1.0.0/weigh".into()), ..all() }, true),
        (Stuck { process: Some("test@1.0.0/other".into()), ..all() }, false),
        (Stuck { code: Some("condition".into()), ..all() }, true),
        (Stuck { code: Some("endless".into()), ..all() }, false),
        (Stuck { since: Some(hour_ago), ..all() }, true),
        (Stuck { since: Some(hour_ago.plus_seconds(-1)), ..all() }, false),
        (Stuck { space: Some("kuzbass".parse().unwrap()), ..all() }, false),
    ] {
        assert_eq!(house.cases.stuck(&operator(), &filter).await.unwrap().items.len(), usize::from(fits), "{filter:?}");
    }
    let counts = house.cases.processes(&operator()).await.unwrap();
    assert_eq!(
        (counts[0].process.as_str(), counts[0].counts, counts[0].in_force),
        ("test@1.0.0/weigh", [1, 1, 0, 0], true)
    );
    let seen = house.seen(&case).await;
    assert_eq!((seen.status, seen.tokens.len(), seen.tokens[0].stands), (Status::Incident, 1, Stands::Incident));
    assert_eq!((seen.variables[0].name.as_str(), seen.variables[0].kind), ("who", "string"));
    assert!(!format!("{seen:?}").contains("Анна"), "what people wrote is not shown");

    house.retried(&operator(), &case, json!({"amount": 20})).await.unwrap();
    let seen = house.seen(&case).await;
    assert_eq!(
        (seen.status, seen.tokens[0].name.as_str(), seen.tokens[0].stands),
        (Status::Running, "Look at it", Stands::Task)
    );
    assert!(house.cases.stuck(&operator(), &all()).await.unwrap().items.is_empty());
    let history = house.cases.history(&operator(), (&SPACE.parse().unwrap(), seen.id), None).await.unwrap();
    let act = history.iter().find(|h| h.what == "repair").unwrap();
    assert_eq!(
        (act.detail.as_deref(), act.by.as_deref(), act.reason.as_deref()),
        (Some("retry"), Some("Оператор"), Some("The amount was missing"))
    );
    assert_eq!(act.set, ["amount"]);
    let told = house.told(&case).await;
    let kept = told.iter().find(|t| t["repair"] == "retry").unwrap();
    assert_eq!((&kept["by"], &kept["set"]), (&json!("urn:svod:person:operator"), &json!({"amount": 20})));
}

const PAYS: &str = r#"<startEvent id="s"/><endEvent id="e"/><serviceTask id="pay" name="Pay" svod:service="bank" svod:result="paid"/>
    <userTask id="look" name="Look at it"/>
    s -> pay -> look -> e"#;

async fn what_failed_is_done_by_hand(place: &TestPlace) {
    let house = House::new(place, &[("pays", PAYS)], &[]).await;
    house.services.set("bank", |_| Err(failed(None, false)));
    let case = house.open("pays", "1", json!({})).await;
    house.settle().await;
    let trouble = house.cases.stuck(&operator(), &all()).await.unwrap().items.remove(0);
    assert_eq!((trouble.code.as_str(), trouble.element.as_str()), ("service-failed", "pay"));
    let at = (&trouble.space, trouble.instance);
    let bad = house.cases.resolve(&operator(), at, trouble.incident, map(json!({"a b": 1})), "by phone").await;
    assert_eq!(bad.unwrap_err().code(), "repair-variables");
    let large = json!({"sum": "x".repeat(300_000)});
    let bad = house.cases.resolve(&operator(), at, trouble.incident, map(large), "by phone").await;
    assert_eq!(bad.unwrap_err().code(), "repair-variables");
    house.cases.resolve(&operator(), at, trouble.incident, map(json!({"sum": 5})), "by phone").await.unwrap();
    assert_eq!(house.variables(&case).await["paid"], json!({"sum": 5}));
    assert_eq!(house.seen(&case).await.tokens[0].element, "look");
    let calls = house.services.keys("bank").len();
    house.settle().await;
    assert_eq!(house.services.keys("bank").len(), calls, "nobody asks for what was done by hand");
}

async fn a_token_is_moved_and_a_case_called_off(place: &TestPlace) {
    let house = House::new(place, &[("weigh", WEIGH)], &[]).await;
    let case = house.open("weigh", "1", json!({"amount": 20})).await;
    let seen = house.seen(&case).await;
    let (space, token) = (SPACE.parse().unwrap(), &seen.tokens[0]);
    let targets: Vec<&str> = token.targets.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(targets, ["e", "look", "sign", "way"], "no token is put at a start");
    let refused = house.cases.relocate(&operator(), (&space, seen.id), token.id, "s", "wrong way").await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("process-step", 409));
    house.cases.relocate(&operator(), (&space, seen.id), token.id, "sign", "wrong way").await.unwrap();
    let tasks = house.tasks().await;
    let status =
        |step: &str| tasks.iter().find(|t| t.text("step") == Some(step)).unwrap().text("status").unwrap().to_owned();
    assert_eq!((status("look").as_str(), status("sign").as_str()), ("withdrawn", "offered"));

    house.cases.call_off(&operator(), (&space, seen.id), "a duplicate").await.unwrap();
    assert_eq!(house.seen(&case).await.status, Status::Cancelled);
    assert_eq!(house.entity(case.as_str()).await.unwrap().text("outcome"), Some("cancelled"));
    let again = house.cases.call_off(&operator(), (&space, seen.id), "a duplicate").await.unwrap_err();
    assert!(again.is_late(), "{again}");
}

async fn others_may_not_and_nobody_in_their_own_matter(place: &TestPlace) {
    let house = House::new(place, &[("weigh", WEIGH)], &[]).await;
    let case = house.open("weigh", "1", json!({})).await;
    let (space, id) = (SPACE.parse().unwrap(), house.row(&case).await.id);
    let neighbour = Actor { spaces: vec!["altai".parse().unwrap()], ..operator() };
    let official = Actor { roles: [Role::Official].into(), ..operator() };
    for actor in [Actor::anonymous(), neighbour, official] {
        let (at, mapping) = ((&space, id), BTreeMap::new());
        let codes = [
            house.cases.stuck(&actor, &all()).await.unwrap_err().code(),
            house.cases.processes(&actor).await.unwrap_err().code(),
            house.cases.instance(&actor, at).await.unwrap_err().code(),
            house.cases.history(&actor, at, None).await.unwrap_err().code(),
            house.cases.retry(&actor, at, 1, map(json!({})), "x").await.unwrap_err().code(),
            house.cases.resolve(&actor, at, 1, map(json!({})), "x").await.unwrap_err().code(),
            house.cases.relocate(&actor, at, 1, "e", "x").await.unwrap_err().code(),
            house.cases.call_off(&actor, at, "x").await.unwrap_err().code(),
            house.cases.retry_all(&actor, &all(), "x").await.unwrap_err().code(),
            house.cases.plan(&actor, at, &mapping).await.unwrap_err().code(),
            house.cases.migrate(&actor, at, &mapping, "x").await.unwrap_err().code(),
            house.cases.survey(&actor, "test@1.0.0/weigh", &mapping).await.unwrap_err().code(),
            house.cases.migrate_all(&actor, "test@1.0.0/weigh", &mapping, "x", None).await.unwrap_err().code(),
        ];
        assert_eq!(codes, ["forbidden"; 13], "{}", actor.id);
    }
    for reason in ["", "  ", &"x".repeat(501)] {
        let refused = house.cases.call_off(&operator(), (&space, id), reason).await.unwrap_err();
        assert_eq!((refused.code(), refused.fields()[0].field.as_str()), ("repair-reason", "reason"));
    }
    let set = [("person".to_owned(), Attribute::object(operator().id.parse().unwrap()))].into();
    let patch = Operation::Patch { urn: case.clone(), expected: None, set, unset: Vec::new() };
    let person = svod_model::Entity::new(operator().id.parse().unwrap(), "Person", space.clone())
        .with("name", Attribute::property("Оператор"))
        .with("birthDate", Attribute::property("1990-05-01"));
    let changes = vec![Operation::Create(person).into(), patch.into()];
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    house.registry.execute(&house.actor, command).await.unwrap();
    assert_eq!(house.retried(&operator(), &case, json!({"amount": 1})).await.unwrap_err().code(), "repair-own");
    let other = Actor { id: "urn:svod:person:other".into(), ..operator() };
    house.retried(&other, &case, json!({"amount": 1})).await.unwrap();
}

async fn of_two_who_retry_one_is_late(place: &TestPlace) {
    let house = House::new(place, &[("weigh", WEIGH)], &[]).await;
    let case = house.open("weigh", "1", json!({})).await;
    let operator = operator();
    let (one, two) = tokio::join!(
        house.retried(&operator, &case, json!({"amount": 20})),
        house.retried(&operator, &case, json!({"amount": 20})),
    );
    let late = [&one, &two].into_iter().filter(|r| r.as_ref().is_err_and(RepairError::is_late)).count();
    assert!(late == 1 && (one.is_ok() || two.is_ok()), "{one:?} {two:?}");
    assert_eq!(house.tasks().await.len(), 1);
    assert_eq!(house.told(&case).await.iter().filter(|t| t["repair"] == "retry").count(), 1);
}

async fn many_incidents_are_retried_at_once(place: &TestPlace) {
    let house = House::new(place, &[("pays", PAYS), ("weigh", WEIGH)], &[]).await;
    house.services.set("bank", |_| Err(failed(None, false)));
    for n in 0..5 {
        house.begin("pays", json!({"n": n})).await;
    }
    let other = house.begin("weigh", json!({})).await;
    house.settle().await;
    house.clock.advance(1);
    house
        .services
        .set("bank", |call| if call.input.is_empty() { Ok(map(json!({}))) } else { Err(failed(None, false)) });
    let mut filter = Stuck { code: Some("service-failed".into()), limit: 2, ..Stuck::default() };
    let (mut done, mut rounds) = (0, 0);
    loop {
        let swept = house.cases.retry_all(&operator(), &filter, "The bank is there again").await.unwrap();
        assert!(swept.refused.is_empty());
        (done, rounds) = (done + swept.done, rounds + 1);
        match swept.next {
            Some(next) => filter.after = Some(next),
            None => break,
        }
    }
    assert_eq!((done, rounds), (5, 3));
    house.settle().await;
    let left = house.cases.stuck(&operator(), &all()).await.unwrap();
    assert_eq!(left.items.iter().map(|t| t.urn.as_str()).collect::<Vec<_>>(), [other.as_str()]);
}

const FIRST: &str = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="late"/>
    <userTask id="look" name="Look at it"/><userTask id="query" name="Ask"/>
    <boundaryEvent id="t" attachedToRef="look"><timerEventDefinition id="td"><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
    <exclusiveGateway id="way"/>
    s -> way
    way -> query if short
    way -> look if not(short)
    query -> e
    look -> e
    t -> late"#;

/// `look` is called otherwise now and has a form; after it somebody signs. `query` is gone.
const SECOND: &str = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="late"/>
    <userTask id="inspect" name="Inspect it"/><userTask id="sign" name="Sign it"/>
    <boundaryEvent id="t" attachedToRef="inspect"><timerEventDefinition id="td"><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
    s -> inspect -> sign -> e
    t -> late"#;

async fn an_instance_goes_over_to_the_version_in_force(place: &TestPlace) {
    let house = House::new(place, &[("ask", FIRST)], &[]).await;
    let case = house.open("ask", "1", json!({"short": false})).await;
    let (space, id) = (SPACE.parse().unwrap(), house.row(&case).await.id);
    let at = (&space, id);
    let early = house.cases.migrate(&operator(), at, &BTreeMap::new(), "x").await.unwrap_err();
    assert_eq!(early.code(), "version-in-force");
    house.upgrade("ask", SECOND).await;
    assert_eq!(house.seen(&case).await.newer.as_deref(), Some("test@1.1.0/ask"));
    let plan = house.cases.plan(&operator(), at, &BTreeMap::new()).await.unwrap();
    assert_eq!((plan.to.as_str(), plan.faults[0].element.as_str()), ("test@1.1.0/ask", "look"));
    let refused = house.cases.migrate(&operator(), at, &BTreeMap::new(), "x").await.unwrap_err();
    assert_eq!((refused.code(), refused.fields()[0].field.as_str()), ("migration-refused", "look"));
    assert_eq!(house.row(&case).await.process, "test@1.0.0/ask", "nothing has happened");
    let mapping = mapping("look", "inspect");
    assert!(house.cases.plan(&operator(), at, &mapping).await.unwrap().faults.is_empty());
    assert_eq!(house.row(&case).await.process, "test@1.0.0/ask", "a dry run");

    house.cases.migrate(&operator(), at, &mapping, "The law has changed").await.unwrap();
    assert_eq!(house.row(&case).await.process, "test@1.1.0/ask");
    assert_eq!(house.entity(case.as_str()).await.unwrap().text("processVersion"), Some("test@1.1.0/ask"));
    let task = house.tasks().await.remove(0);
    assert_eq!(
        (task.text("step"), task.text("title"), task.text("status")),
        (Some("inspect"), Some("Inspect it"), Some("offered"))
    );
    let kept = house.told(&case).await.into_iter().find(|t| t["repair"] == "migrate").unwrap();
    assert_eq!(
        (&kept["from"], &kept["version"], &kept["reason"]),
        (&json!("test@1.0.0/ask"), &json!("test@1.1.0/ask"), &json!("The law has changed"))
    );
    house.cases.complete(&house.actor, &task, map(json!({})), &svod_runtime::Along::default()).await.unwrap();
    assert_eq!(house.seen(&case).await.tokens[0].element, "sign", "it goes on as the new version says");
}

async fn of_very_many_those_that_cannot_stay(place: &TestPlace) {
    let house = House::new(place, &[("ask", FIRST)], &[]).await;
    let short = house.open("ask", "short", json!({"short": true})).await;
    for n in 0..204 {
        house.open("ask", &n.to_string(), json!({"short": false})).await;
    }
    house.upgrade("ask", SECOND).await;
    let (from, mapping) = ("test@1.0.0/ask", mapping("look", "inspect"));
    let survey = house.cases.survey(&operator(), from, &mapping).await.unwrap();
    assert_eq!((survey.fit, survey.misfit, survey.more), (204, 1, false));
    assert_eq!(survey.faults.keys().map(|f| f.element.as_str()).collect::<Vec<_>>(), ["query"]);
    let first = house.cases.migrate_all(&operator(), from, &mapping, "The law", None).await.unwrap();
    assert_eq!((first.done, first.refused.len()), (199, 1));
    assert_eq!(first.refused[0].2.code(), "migration-refused");
    let next = first.next.unwrap().to_string();
    let rest =
        house.cases.migrate_all(&operator(), from, &mapping, "The law", Some(next.parse().unwrap())).await.unwrap();
    assert_eq!((rest.done, rest.refused.len(), rest.next), (5, 0, None));
    let counts = house.cases.processes(&operator()).await.unwrap();
    let of = |name: &str| counts.iter().find(|c| c.process == name).unwrap().counts;
    assert_eq!((of(from), of("test@1.1.0/ask")), ([1, 0, 0, 0], [204, 0, 0, 0]));
    assert_eq!(house.row(&short).await.process, from);
    // Begun anew it goes on with what is left, and does nothing twice.
    let again = house.cases.migrate_all(&operator(), from, &mapping, "The law", None).await.unwrap();
    assert_eq!((again.done, again.refused.len(), again.next), (0, 1, None));
}
