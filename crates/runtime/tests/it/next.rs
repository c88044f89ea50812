//! What comes next in a case, and by when.

use serde_json::json;
use svod_kernel::{Actor, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_process::{Event, State};
use svod_runtime::cases::Coming;
use svod_runtime::{Along, NewCase};
use svod_store::testing::TestPlace;

use crate::house::{SPACE, map};
use crate::law::{BELOW, Law, PERSON};

crate::on_both_engines!(
    what_lies_behind_a_parting_is_possible,
    one_of_several_decisions_has_no_name,
    ways_come_together_when_the_last_of_them_is_there,
    what_is_done_again_is_not_the_end,
    the_permit_foretells_its_steps,
);

/// Kind and name, sure or not, by when.
type Told = (&'static str, String, bool, Option<String>);

async fn next(law: &Law, case: &Urn) -> Vec<Told> {
    let (entity, tasks) = (law.entity(case).await, law.house.tasks().await);
    let all = law.house.cases.next(&entity, &tasks).await.unwrap();
    let told = |u: svod_runtime::cases::Upcoming| {
        let name = u.name.filter(|_| u.what == Coming::Task).unwrap_or_default();
        (u.what.word(), name, u.sure, u.by.map(|at| at.to_string()))
    };
    all.into_iter().map(told).collect()
}

fn one(kind: &'static str, name: &str, sure: bool, by: &str) -> Told {
    (kind, name.to_owned(), sure, (!by.is_empty()).then(|| by.to_owned()))
}

async fn what_lies_behind_a_parting_is_possible(place: &TestPlace) {
    let plan = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="out"/><userTask id="look" name="Look"/>
        <exclusiveGateway id="which" default="no"/><sequenceFlow id="no" sourceRef="which" targetRef="refuse"/>
        <intermediateCatchEvent id="rest" svod:calendar="ru"><timerEventDefinition><timeDuration>P2D</timeDuration></timerEventDefinition></intermediateCatchEvent>
        <userTask id="visit" name="Visit" svod:deadline="P1D" svod:calendar="ru"/>
        <serviceTask id="refuse" svod:service="decision.record"><extensionElements><svod:input name="outcome" value="&quot;no&quot;"/></extensionElements></serviceTask>
        s -> look -> which -> rest if goes
        rest -> visit -> e
        refuse -> out"#;
    let law = Law::new(place, &[("plan", plan)], &[]).await;
    let case = law.open("permit", "plan", BELOW, json!({})).await;
    // The task has the term of the case, 12 January; then two working days of rest, and one for the visit.
    let both =
        [one("decision", "", false, "2027-01-12T07:00:00Z"), one("task", "Visit", false, "2027-01-15T07:00:00Z")];
    assert_eq!(next(&law, &case).await, both);
    law.act(&Law::official("one", BELOW), &case, "look", json!({"goes": true})).await.unwrap();
    // It rests from 29 December on: 30 December and 11 January.
    assert_eq!(next(&law, &case).await, [one("task", "Visit", true, "2027-01-12T07:00:00Z")]);
    law.until("2027-01-11T07:00:00Z").await;
    assert_eq!(next(&law, &case).await, [one("end", "", true, "2027-01-12T07:00:00Z")]);
    law.act(&Law::official("one", BELOW), &case, "visit", json!({})).await.unwrap();
    assert_eq!(next(&law, &case).await, [], "it is over");
}

/// Which of several decisions it is that comes nobody knows yet: none is named. The only one is.
async fn one_of_several_decisions_has_no_name(place: &TestPlace) {
    let plan = |other: &str| {
        format!(
            r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/><exclusiveGateway id="which" default="no"/>
        <sequenceFlow id="no" sourceRef="which" targetRef="refuse"/>
        <serviceTask id="refuse" name="Refuse" svod:service="decision.record"><extensionElements><svod:input name="outcome" value="&quot;no&quot;"/></extensionElements></serviceTask>
        <serviceTask id="grant" name="{other}" svod:service="decision.record"><extensionElements><svod:input name="outcome" value="&quot;yes&quot;"/></extensionElements></serviceTask>
        s -> look -> which -> grant if good
        grant -> e
        refuse -> e"#
        )
    };
    let law = Law::new(place, &[("two", &plan("Grant")), ("one", &plan("Refuse"))], &[]).await;
    for (process, name) in [("two", None), ("one", Some("Refuse"))] {
        let case = law.open("permit", process, BELOW, json!({})).await;
        let (entity, tasks) = (law.entity(&case).await, law.house.tasks().await);
        let all = law.house.cases.next(&entity, &tasks).await.unwrap();
        let told: Vec<_> = all.iter().map(|u| (u.what, u.name.as_deref())).collect();
        assert_eq!(told, [(Coming::Decision, name)], "{process}");
    }
}

async fn ways_come_together_when_the_last_of_them_is_there(place: &TestPlace) {
    let beside = r#"<startEvent id="s"/><endEvent id="e"/><parallelGateway id="fork"/><parallelGateway id="join"/>
        <userTask id="a" svod:deadline="P1D"/><userTask id="b" svod:deadline="P2D"/>
        <subProcess id="sub"><startEvent id="i"/><userTask id="inner" name="Inner" svod:deadline="PT1H"/><endEvent id="o"/><sequenceFlow id="x1" sourceRef="i" targetRef="inner"/><sequenceFlow id="x2" sourceRef="inner" targetRef="o"/></subProcess>
        <userTask id="last" name="Last" svod:deadline="PT2H"/>
        s -> fork -> a -> join -> sub -> last -> e
        fork -> b -> join"#;
    let law = Law::new(place, &[("beside", beside)], &[]).await;
    let case = law.open("permit", "beside", BELOW, json!({})).await;
    let official = Law::official("one", BELOW);
    assert_eq!(next(&law, &case).await, [one("task", "Inner", true, "2026-12-31T08:00:00Z")]);
    law.act(&official, &case, "a", json!({})).await.unwrap();
    assert_eq!(next(&law, &case).await, [one("task", "Inner", true, "2026-12-31T08:00:00Z")], "it waits for the other");
    law.act(&official, &case, "b", json!({})).await.unwrap();
    // From within the sub-process on behind it: begun now, an hour, and two more.
    assert_eq!(next(&law, &case).await, [one("task", "Last", true, "2026-12-29T10:00:00Z")]);
}

async fn what_is_done_again_is_not_the_end(place: &TestPlace) {
    let again = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="ask"/><exclusiveGateway id="good" default="yes"/>
        <sequenceFlow id="yes" sourceRef="good" targetRef="e"/>
        s -> ask -> good -> ask if again"#;
    let law = Law::new(place, &[("again", again)], &[]).await;
    let case = law.open("plain", "again", BELOW, json!({})).await;
    assert_eq!(next(&law, &case).await, [one("end", "", false, "2027-01-08T07:00:00Z")]);
}

async fn the_permit_foretells_its_steps(place: &TestPlace) {
    let law = Law::new(place, &[], &[]).await;
    for id in ["moving", "building-permit"] {
        let mut pack = shipped(id);
        // What the pack is tried with is tried elsewhere.
        pack.files.retain(|path, _| !path.starts_with("tests/"));
        law.house.registry.publish(&Actor::platform("packs"), pack).await.unwrap();
    }
    let version = law.house.registry.catalogue().pack("building-permit").unwrap().manifest.version.clone();
    let process = format!("building-permit@{version}/building-permit");
    let text = |v: &str| Attribute::property(v);
    let case = Entity::new("urn:svod:case:permit".parse().unwrap(), "Case", SPACE.parse().unwrap())
        .with("name", text("A permit"))
        .with("subject", text("building"))
        .with("service", text("building-permit/building-permit"))
        .with("person", Attribute::object(PERSON.parse().unwrap()))
        .with("body", Attribute::object(BELOW.parse().unwrap()))
        .with("process", text("building-permit"))
        .with("processVersion", text(&process))
        .with("status", text("open"))
        .with("openedAt", text("2026-12-29T07:00:00Z"));
    let variables = map(json!({"case": case.id, "applicant": {"urn": PERSON, "name": "Анна"},
        "cadastralNumber": "42:30:0301001:12"}));
    let new = NewCase { process, element: None, variables, space: SPACE.parse().unwrap(), case: Some(case) };
    let case = law.house.cases.begin(&law.citizen, new, Along::default()).await.unwrap();
    let element = |id: &str| {
        let programs = law.house.registry.programs("building-permit", &version);
        let id = id.to_owned();
        async move { programs.await.unwrap().unwrap().processes["building-permit"].element(&id).unwrap().name.clone() }
    };
    let moved = async |to: &str| {
        let state: State = serde_json::from_str(&law.house.row(&case).await.state).unwrap();
        let token = *state.tokens.keys().next().unwrap();
        let event = Event::Move { token, element: to.to_owned() };
        law.house.cases.tell(&law.house.actor, &case, &event, &Along::default()).await.unwrap();
        next(&law, &case).await
    };
    // The register of land is asked: the case may be refused at once, or be looked at by bodies of which not all are asked.
    let first = next(&law, &case).await;
    assert!(first.len() == 3 && first.iter().all(|(_, _, sure, _)| !sure), "{first:?}");
    assert!(first.iter().any(|(kind, ..)| *kind == "decision"), "{first:?}");
    // An architect looks at the project: then the head decides, or it waits for papers that somebody checks.
    let project = moved("project").await;
    for task in ["decide", "check-documents"] {
        let name = element(task).await;
        assert!(
            project.iter().any(|(kind, told, sure, _)| *kind == "task" && *told == name && !sure),
            "{name}: {project:?}"
        );
    }
    // The head decides: what comes then is a decision, and perhaps a paper that is brought home.
    let decides = moved("decide").await;
    assert_eq!(decides[0].0, "decision", "{decides:?}");
    let deliver = element("deliver").await;
    assert!(decides.iter().any(|(_, told, sure, _)| *told == deliver && !sure), "{decides:?}");
}
