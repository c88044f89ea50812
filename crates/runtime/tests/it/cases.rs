use serde_json::{Value, json};
use svod_kernel::Urn;
use svod_model::Attribute;
use svod_process::Event;
use svod_registry::{Action, Change, Operation};
use svod_runtime::cases::Offered;
use svod_runtime::{Along, CaseError};
use svod_store::instance::Status;
use svod_store::testing::TestPlace;

use crate::house::{House, failed, key, map};

crate::on_both_engines!(
    a_task_is_offered_done_and_its_case_closed,
    services_are_asked_and_their_answers_written,
    a_service_that_is_away_is_asked_again_and_at_last_stands_still,
    timers_fire_in_their_time_and_once,
    messages_find_their_case_early_or_late,
    two_messages_at_once_are_two_messages,
    a_signal_is_told_to_everybody_once,
    processes_call_each_other_and_end_together,
    what_services_of_the_graph_do_is_whole_or_not_at_all,
    decisions_are_kept_with_their_rules,
    of_two_who_complete_one_task_one_is_late,
    a_circle_of_messages_is_refused,
    numbers_of_a_register_are_given_once,
);

const ASK: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look" name="Look at it" svod:deadline="PT2H"/>
    s -> look -> e"#;

/// Completes the task as an official would: the task itself and what follows.
async fn complete(house: &House, task: &svod_model::Entity, variables: Value) -> Result<(), CaseError> {
    let set = [("status".to_owned(), Attribute::property("done"))].into_iter().collect();
    let patch = Operation::Patch { urn: task.id.clone(), expected: Some(task.version), set, unset: Vec::new() };
    let changes = vec![Change::verb(patch, Action::Complete, "complete")];
    let along = Along { changes, ..Along::default() };
    house.cases.complete(&house.actor, task, map(variables), &along).await.map(drop)
}

async fn a_task_is_offered_done_and_its_case_closed(place: &TestPlace) {
    let house = House::new(place, &[("ask", ASK)], &[]).await;
    let case = house.open("ask", "1", json!({})).await;
    let tasks = house.tasks().await;
    assert_eq!(tasks.len(), 1);
    let task = &tasks[0];
    assert_eq!((task.text("title"), task.text("status")), (Some("Look at it"), Some("offered")));
    assert_eq!(task.object("case"), Some(&case));
    assert_eq!(task.text("deadline"), Some("2026-01-15T03:00:00Z"));
    assert!(Offered::parse(task.text("token").unwrap()).is_some());
    complete(&house, task, json!({"seen": 3})).await.unwrap();
    assert!(house.is_done(&case).await);
    let closed = house.entity(case.as_str()).await.unwrap();
    assert_eq!((closed.text("status"), closed.text("outcome")), (Some("closed"), Some("completed")));
    // The case is its cause, and the process who does it.
    let page = house.registry.journal(
        &house.actor,
        svod_registry::JournalQuery {
            space: crate::house::SPACE.parse().unwrap(),
            below: false,
            entity: Some(case.clone()),
            cause: None,
            newest_first: false,
            after: None,
            limit: 100,
        },
    );
    let events = page.await.unwrap().items;
    let close = events.iter().find(|e| e.action == "close").unwrap();
    assert_eq!(close.actor, "platform:process");
}

const CALLS: &str = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="no"/>
    <serviceTask id="a" svod:service="echo" svod:result="first"><extensionElements><svod:input name="n" value="n + 1"/></extensionElements></serviceTask>
    <serviceTask id="b" svod:service="bank" svod:result="second"/>
    <boundaryEvent id="refused" attachedToRef="b"><errorEventDefinition id="ed" errorRef="x"/></boundaryEvent>
    s -> a -> b -> e
    refused -> no"#;

async fn services_are_asked_and_their_answers_written(place: &TestPlace) {
    let house = House::new(place, &[("calls", CALLS)], &[]).await;
    let case = house.begin("calls", json!({"n": 1})).await;
    assert_eq!(house.services.keys("echo").len(), 0, "first it is written, then it is asked");
    house.settle().await;
    assert!(house.is_done(&case).await);
    assert_eq!(house.services.keys("echo").len(), 1);
    let told = house.told(&case).await;
    let left = |id: &str| told.iter().any(|t| t["out"] == id && t["cancelled"] == false);
    assert!(left("a") && left("b") && left("e"), "{told:?}");
    // An error of the business goes the way that the process has for it.
    house.services.set("bank", |_| Err(failed(Some("refused"), false)));
    let case = house.begin("calls", json!({"n": 1})).await;
    house.settle().await;
    assert!(house.is_done(&case).await);
    assert!(house.told(&case).await.iter().any(|t| t["in"] == "no"));
}

async fn a_service_that_is_away_is_asked_again_and_at_last_stands_still(place: &TestPlace) {
    let house = House::new(place, &[("calls", CALLS)], &[]).await;
    house.services.set("bank", |_| Err(failed(None, true)));
    let case = house.begin("calls", json!({"n": 1})).await;
    house.settle().await;
    let first = house.services.keys("bank");
    assert_eq!(first.len(), 1);
    for _ in 0..9 {
        house.after(3_600).await;
    }
    let keys = house.services.keys("bank");
    assert_eq!(keys.len(), 10);
    assert!(keys.iter().all(|k| k == &first[0]), "the key of a call stays: {keys:?}");
    let row = house.row(&case).await;
    assert_eq!(row.status, Status::Incident);
    let state: Value = serde_json::from_str(&row.state).unwrap();
    let incident = state["incidents"].as_object().unwrap().keys().next().unwrap().parse().unwrap();
    house.services.set("bank", |_| Ok(map(json!({"paid": true}))));
    let event = Event::Retry { incident, variables: map(json!({})) };
    house.cases.tell(&house.actor, &case, &event, &Along::default()).await.unwrap();
    house.settle().await;
    assert!(house.is_done(&case).await);
    assert_eq!(house.services.keys("bank").len(), 11);
}

async fn timers_fire_in_their_time_and_once(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="late"/><userTask id="look"/>
        <boundaryEvent id="t" attachedToRef="look"><timerEventDefinition id="td"><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
        <intermediateCatchEvent id="wait"><timerEventDefinition id="td2"><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>
        s -> look -> e
        t -> wait -> late"#;
    let house = House::new(place, &[("timed", body)], &[]).await;
    let case = house.open("timed", "1", json!({})).await;
    house.after(3_599).await;
    assert_eq!(house.tasks().await[0].text("status"), Some("offered"));
    house.after(1).await;
    let task = house.tasks().await.remove(0);
    assert_eq!(task.text("status"), Some("withdrawn"));
    assert!(complete(&house, &task, json!({})).await.unwrap_err().is_late());
    assert_eq!(house.waits(&case).await.len(), 1);
    house.after(24 * 3_600).await;
    assert!(house.is_done(&case).await);
    assert!(house.waits(&case).await.is_empty());
    let told = house.told(&case).await;
    assert_eq!(told.iter().filter(|t| t["in"] == "wait").count(), 1);
}

async fn messages_find_their_case_early_or_late(place: &TestPlace) {
    let waits = r#"<startEvent id="s"/><endEvent id="e"/><receiveTask id="r" messageRef="m" svod:correlation="key" svod:result="got"/>
        s -> r -> e"#;
    let sends = r#"<startEvent id="s"/><endEvent id="e"/>
        <sendTask id="a" messageRef="m" svod:correlation="key"><extensionElements><svod:input name="sum" value="10"/></extensionElements></sendTask>
        s -> a -> e"#;
    let house = House::new(place, &[("waits", waits), ("sends", sends)], &[]).await;
    let late = house.begin("waits", key("one")).await;
    assert!(!house.cases.message(&house.actor, "news", Some("other"), map(json!({}))).await.unwrap());
    house.begin("sends", key("one")).await;
    assert!(house.is_done(&late).await, "within the sender's own command");
    house.begin("sends", key("two")).await;
    let early = house.begin("waits", key("two")).await;
    assert!(house.is_done(&early).await, "the message had come before");
    let third = house.begin("waits", key("two")).await;
    assert!(!house.is_done(&third).await, "a message is taken once");
    assert!(house.cases.message(&house.actor, "news", Some("two"), map(json!({"sum": 1}))).await.unwrap());
    assert!(house.is_done(&third).await);
    house.begin("sends", key("never")).await;
    house.after(8 * 24 * 3_600).await;
    let after = house.begin("waits", key("never")).await;
    assert!(!house.is_done(&after).await, "a message is kept for seven days");
}

async fn two_messages_at_once_are_two_messages(place: &TestPlace) {
    let waits = r#"<startEvent id="s"/><endEvent id="e"/><receiveTask id="r" messageRef="m" svod:correlation="key"/>
        s -> r -> e"#;
    let sends = r#"<startEvent id="s"/><endEvent id="e"/>
        <sendTask id="a" messageRef="m" svod:correlation="key"/><sendTask id="b" messageRef="m" svod:correlation="key"/>
        s -> a -> b -> e"#;
    let house = House::new(place, &[("waits", waits), ("sends", sends)], &[]).await;
    let first = house.begin("waits", key("one")).await;
    house.begin("sends", key("one")).await;
    assert!(house.is_done(&first).await);
    let second = house.begin("waits", key("one")).await;
    assert!(house.is_done(&second).await, "the other one was kept");
    let third = house.begin("waits", key("one")).await;
    assert!(!house.is_done(&third).await);
}

async fn a_signal_is_told_to_everybody_once(place: &TestPlace) {
    let hears = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="heard"/><userTask id="look"/>
        <boundaryEvent id="b" attachedToRef="look" cancelActivity="false"><signalEventDefinition id="sd" signalRef="g"/></boundaryEvent>
        s -> look -> e
        b -> heard"#;
    let calls = r#"<startEvent id="s"/><endEvent id="e"/><intermediateThrowEvent id="t"><signalEventDefinition id="sd" signalRef="g"/></intermediateThrowEvent>
        s -> t -> e"#;
    let house = House::new(place, &[("hears", hears), ("calls", calls)], &[]).await;
    let mut cases = Vec::new();
    for n in 0..5 {
        cases.push(house.open("hears", &n.to_string(), json!({})).await);
    }
    let caller = house.begin("calls", json!({})).await;
    house.settle().await;
    house.settle().await;
    for case in &cases {
        let told = house.told(case).await;
        assert_eq!(told.iter().filter(|t| t["in"] == "heard").count(), 1, "{case}");
    }
    assert!(house.waits(&caller).await.is_empty(), "the signal has been told");
}

async fn processes_call_each_other_and_end_together(place: &TestPlace) {
    let outer = r#"<startEvent id="s"/><endEvent id="e"/><callActivity id="c" calledElement="inner" svod:result="back"/>
        s -> c -> e"#;
    let inner = r#"<startEvent id="s"/><endEvent id="e"/><serviceTask id="a" svod:service="echo"/>
        s -> a -> e"#;
    let house = House::new(place, &[("outer", outer), ("inner", inner)], &[]).await;
    let case = house.begin("outer", json!({"n": 1})).await;
    let rows = house.cases.instances(&case).await.unwrap();
    assert_eq!(rows.len(), 2, "the called one belongs to the same case");
    house.settle().await;
    assert!(house.is_done(&case).await);
    let rows = house.cases.instances(&case).await.unwrap();
    assert!(rows.iter().all(|r| r.status == Status::Done));
    let case = house.begin("outer", json!({"n": 1})).await;
    house.cases.tell(&house.actor, &case, &Event::Cancel, &Along::default()).await.unwrap();
    let rows = house.cases.instances(&case).await.unwrap();
    assert!(rows.iter().all(|r| r.status == Status::Cancelled), "{rows:?}");
    house.settle().await;
    assert_eq!(house.services.keys("echo").len(), 1, "nobody asks for what was called off");
}

async fn what_services_of_the_graph_do_is_whole_or_not_at_all(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/>
        <serviceTask id="a" svod:service="entity.create" svod:result="made"><extensionElements>
          <svod:input name="type" value="&quot;Organization&quot;"/><svod:input name="id" value="id"/>
          <svod:input name="attributes" value="{name: name}"/></extensionElements></serviceTask>
        <serviceTask id="b" svod:service="entity.update"><extensionElements>
          <svod:input name="urn" value="other"/><svod:input name="set" value="{name: &quot;changed&quot;}"/></extensionElements></serviceTask>
        s -> a -> b -> e"#;
    let house = House::new(place, &[("graph", body)], &[]).await;
    let first = "urn:svod:organization:1";
    let case =
        house.begin("graph", json!({"id": first, "name": "One", "other": "urn:svod:body:novokuznetsk:ecology"})).await;
    assert!(house.is_done(&case).await);
    assert_eq!(house.entity(first).await.unwrap().text("name"), Some("One"));
    let body = house.entity("urn:svod:body:novokuznetsk:ecology").await.unwrap();
    assert_eq!(body.text("name"), Some("changed"));
    // What cannot be written refuses the whole: neither the entity nor the case is there.
    let second = "urn:svod:organization:2";
    let new = svod_runtime::NewCase {
        process: "test@1.0.0/graph".into(),
        element: None,
        variables: map(json!({"id": second, "name": "Two", "other": "urn:svod:body:nowhere"})),
        space: crate::house::SPACE.parse().unwrap(),
        case: None,
    };
    let refused = house.cases.begin(&house.actor, new, Along::default()).await.unwrap_err();
    assert!(matches!(refused, CaseError::Command(_)), "{refused}");
    assert!(house.entity(second).await.is_none());
}

/// Two numbers of one register in each case, one of another district, and what is no pattern.
async fn numbers_of_a_register_are_given_once(place: &TestPlace) {
    let take = |id: &str, register: &str, pattern: &str| {
        format!(
            "<serviceTask id=\"{id}\" svod:service=\"register.number\" svod:result=\"{id}\"><extensionElements><svod:input name=\"register\" value=\"&quot;{register}&quot;\"/><svod:input name=\"pattern\" value=\"{pattern}\"/></extensionElements></serviceTask>"
        )
    };
    let ours = "&quot;42-17-{yyyy}-{n:6}&quot;";
    let body = format!(
        "<startEvent id=\"s\"/><endEvent id=\"e\"/>{}{}{}\ns -> a -> b -> c -> e",
        take("a", "permits", ours),
        take("b", "permits", ours),
        take("c", "permits", "pattern")
    );
    let house = House::new(place, &[("permits", &body)], &[]).await;
    let open = async |n: i32, pattern: &str| house.open("permits", &n.to_string(), json!({"pattern": pattern})).await;
    let (one, two, three) = tokio::join!(open(1, "42-18-{n}"), open(2, "42-18-{n}"), open(3, "42-18-{n}"));
    let mut all = Vec::new();
    for case in [&one, &two, &three] {
        let variables = house.variables(case).await;
        all.extend(["a", "b"].map(|id| variables[id]["number"].as_str().unwrap().to_owned()));
        assert!(variables["c"]["number"].as_str().unwrap().starts_with("42-18-"));
    }
    all.sort();
    let expected: Vec<String> = (1..=6).map(|n| format!("42-17-2026-{n:06}")).collect();
    assert_eq!(all, expected, "each once");
    // Another year begins anew; what is no pattern is an incident, and once it is right the numbers before it stay.
    house.clock.set("2027-01-15T01:00:00Z".parse().unwrap());
    let wrong = open(4, "no number").await;
    let state = house.variables(&wrong).await;
    assert_eq!((state["a"]["number"].as_str(), state["b"]["n"].as_i64()), (Some("42-17-2027-000001"), Some(2)));
    let row = house.row(&wrong).await;
    assert_eq!(row.status, Status::Incident);
    let state: Value = serde_json::from_str(&row.state).unwrap();
    let incident = state["incidents"].as_object().unwrap().keys().next().unwrap().parse().unwrap();
    assert!(state["incidents"].to_string().contains("'pattern' is a text with {n}"));
    let event = Event::Retry { incident, variables: map(json!({"pattern": "42-18-{n}"})) };
    house.cases.tell(&house.actor, &wrong, &event, &Along::default()).await.unwrap();
    let state = house.variables(&wrong).await;
    assert_eq!((state["a"]["n"].as_i64(), state["c"]["n"].as_i64()), (Some(1), Some(4)));
}

const FEE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="fees" namespace="https://svod.example/fees">
  <inputData id="i" name="floors"><variable name="floors" typeRef="number"/></inputData>
  <decision id="fee" name="Fee"><variable name="Fee" typeRef="number"/>
    <informationRequirement id="ir"><requiredInput href="#i"/></informationRequirement>
    <decisionTable id="t" hitPolicy="FIRST"><input id="in"><inputExpression id="ie" typeRef="number"><text>floors</text></inputExpression></input>
      <output id="o"/>
      <rule id="low"><inputEntry id="a1"><text>&lt;= 3</text></inputEntry><outputEntry id="a2"><text>100</text></outputEntry></rule>
      <rule id="high"><inputEntry id="b1"><text>-</text></inputEntry><outputEntry id="b2"><text>500</text></outputEntry></rule>
    </decisionTable></decision>
</definitions>"##;

async fn decisions_are_kept_with_their_rules(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/>
        <businessRuleTask id="d" svod:decision="fees.dmn#Fee" svod:result="fee"/><userTask id="look"/>
        s -> d -> look -> e"#;
    let house = House::new(place, &[("fees", body)], &[("fees.dmn", FEE)]).await;
    let case = house.open("fees", "1", json!({"floors": 5})).await;
    assert_eq!(house.variables(&case).await["fee"], json!(500));
    let told = house.told(&case).await;
    let decided = told.iter().find(|t| t["decided"] == "d").unwrap();
    let text = decided.to_string();
    assert!(text.contains("high") && text.contains("test@1.0.0") && text.contains("\"floors\":5"), "{text}");
}

async fn of_two_who_complete_one_task_one_is_late(place: &TestPlace) {
    let house = House::new(place, &[("ask", ASK)], &[]).await;
    house.open("ask", "1", json!({})).await;
    let task = house.tasks().await.remove(0);
    let (one, two) = tokio::join!(complete(&house, &task, json!({})), complete(&house, &task, json!({})));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
}

async fn a_circle_of_messages_is_refused(place: &TestPlace) {
    let outer = r#"<startEvent id="s"/><endEvent id="e"/><callActivity id="c" calledElement="round"/>
        s -> c -> e"#;
    let house = House::new(place, &[("round", outer)], &[]).await;
    let new = svod_runtime::NewCase {
        process: "test@1.0.0/round".into(),
        element: None,
        variables: map(json!({})),
        space: crate::house::SPACE.parse().unwrap(),
        case: None,
    };
    let refused = house.cases.begin(&house.actor, new, Along::default()).await.unwrap_err();
    assert!(matches!(refused, CaseError::Endless(_)), "{refused}");
    let none: Urn = "urn:svod:instance:1-1".parse().unwrap();
    assert!(house.cases.instances(&none).await.unwrap().is_empty());
}
