use serde_json::{Value, json};
use svod_process::{Effect, Event, StepError};

use crate::support::{Case, map, moment, process, xml};

#[test]
pub fn user_task() {
    let mut case = Case::start_with(
        r#"<laneSet id="l"><lane id="l1" name="Dispatcher"><flowNodeRef>a</flowNodeRef><flowNodeRef>b</flowNodeRef></lane></laneSet>
        <startEvent id="s"/><endEvent id="e"/>
        <userTask id="a" name="Look" svod:form="look" svod:role="inspector" svod:body="=owner" svod:deadline="P2D" svod:result="seen">
          <extensionElements><svod:input name="street" value="address.street"/></extensionElements></userTask>
        <userTask id="b"/>
        s -> a -> b -> e"#,
        json!({"owner": "urn:svod:body:1", "address": {"street": "Mira"}}),
    );
    let Effect::OfferTask { name, role, body, deadline, input, attributes, .. } =
        case.log.iter().find(|e| matches!(e, Effect::OfferTask { .. })).unwrap()
    else {
        panic!()
    };
    assert_eq!((name.as_str(), role.as_deref(), body.as_deref()), ("Look", Some("inspector"), Some("urn:svod:body:1")));
    assert_eq!(*deadline, Some(moment("2026-01-17T10:00:00Z")));
    assert_eq!(Value::Object(input.clone()), json!({"street": "Mira"}));
    assert_eq!(attributes["form"], "look");
    let token = case.token("a");
    let effects = case.complete_with("a", json!({"snow": 20}));
    assert_eq!(case.var("seen"), json!({"snow": 20}));
    // The second task stands in a lane and names no role.
    let lane = effects.iter().any(|e| matches!(e, Effect::OfferTask { role: Some(r), .. } if r == "Dispatcher"));
    assert!(lane, "{effects:?}");
    let again = case.step(&Event::Completed { token, variables: map(json!({})) });
    assert!(again.is_err_and(|e| e.is_late()));
    case.complete_with("b", json!({"plain": 1}));
    assert!(case.completed());
    assert_eq!(case.var("plain"), json!(1));
}

#[test]
pub fn lanes_within_lanes_and_pools() {
    let body = r#"<laneSet id="l"><lane id="l1" name="Outer"><flowNodeRef>a</flowNodeRef><childLaneSet id="l2">
        <lane id="l3" name="Inner" svod:role="clerk"><flowNodeRef>a</flowNodeRef></lane></childLaneSet></lane></laneSet>
        <startEvent id="s"/><endEvent id="e"/><userTask id="a"/>
        s -> a -> e"#;
    let pool = r#"<collaboration id="c"><participant id="x" processRef="p"/><participant id="y" name="Citizen"/>
        <messageFlow id="mf" sourceRef="y" targetRef="a"/></collaboration><process id="other"/><process id="p""#;
    let file = xml(body).replacen("<process id=\"p\"", pool, 1);
    let process = svod_process::Process::parse("p.bpmn", &file).unwrap();
    assert_eq!(process.element("a").unwrap().lane.as_deref(), Some("clerk"));
    let mut case = Case::new(process);
    let effects = case.ok(&Event::start());
    assert!(effects.iter().any(|e| matches!(e, Effect::OfferTask { role: Some(r), .. } if r == "clerk")));
}

const SERVICE: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    <serviceTask id="a" svod:service="register.find" svod:retry="R2/PT5M">
      <extensionElements><svod:input name="id" value="number + 1"/><svod:output name="found" value="answer.name"/></extensionElements>
    </serviceTask>
    s -> a -> e"#;

fn calls(effects: &[Effect]) -> Vec<String> {
    let key = |e: &Effect| match e {
        Effect::CallService { key, service, input, .. } => {
            assert_eq!((service.as_str(), &input["id"]), ("register.find", &json!(8)));
            Some(key.clone())
        }
        _ => None,
    };
    effects.iter().filter_map(key).collect()
}

#[test]
pub fn service_task() {
    let mut case = Case::start_with(SERVICE, json!({"number": 7}));
    assert_eq!(calls(&case.log).len(), 1);
    let token = case.token("a");
    case.answer("a", json!({"answer": {"name": "Ann", "age": 3}}));
    assert!(case.completed());
    assert_eq!(case.var("found"), json!("Ann"));
    assert_eq!(case.var("answer"), Value::Null);
    let late = case.step(&Event::ServiceDone { token, attempt: 0, variables: map(json!({})) });
    assert_eq!(late, Err(StepError::Ended));
}

#[test]
pub fn a_service_that_fails_is_asked_again_and_then_an_incident() {
    let mut case = Case::start_with(SERVICE, json!({"number": 7}));
    case.failed("a", None);
    let token = case.token("a");
    let early = Event::ServiceDone { token, attempt: 0, variables: map(json!({"answer": {"name": "x"}})) };
    assert!(case.step(&early).is_err(), "an answer after the failure was told is too late");
    case.wait(300);
    assert!(case.step(&early).is_err_and(|e| e.is_late()), "an answer to the attempt before, too");
    case.failed("a", None);
    case.wait(300);
    let keys = calls(&case.log);
    assert_eq!(keys.len(), 3);
    assert!(keys[0] != keys[1] && keys[1] != keys[2], "each call of its own has a key of its own: {keys:?}");
    assert!(case.state.incidents.is_empty());
    case.failed("a", None);
    assert_eq!(case.incident().1, "service-failed");
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({})) });
    assert_eq!(calls(&case.log).len(), 4);
    case.failed_finally("a", None, false);
    let incident = case.incident().0;
    case.ok(&Event::Resolve { incident, variables: map(json!({"answer": {"name": "by hand"}})) });
    assert!(case.completed());
    assert_eq!(case.var("found"), json!("by hand"));
}

#[test]
pub fn send_and_receive_task() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/><endEvent id="e"/><!-- KEY -->
        <sendTask id="a" messageRef="paid"><extensionElements><svod:input name="sum" value="10"/></extensionElements></sendTask>
        <receiveTask id="b" messageRef="reply" svod:correlation="number" svod:result="answer"/>
        s -> a -> b -> e"#,
        json!({"key": "K-1", "number": 5}),
    );
    let sent = case.log.iter().find_map(|e| match e {
        Effect::SendMessage { name, correlation, payload, .. } => {
            Some((name.clone(), correlation.clone(), payload.clone()))
        }
        _ => None,
    });
    assert_eq!(sent, Some(("paid".into(), Some("K-1".into()), map(json!({"sum": 10})))));
    assert_eq!(case.state.key.as_deref(), Some("K-1"));
    assert!(case.message("reply", None, json!({})).is_err_and(|e| e.is_late()));
    assert!(case.message("reply", Some("6"), json!({})).is_err());
    assert!(case.message("paid", Some("5"), json!({})).is_err());
    case.message("reply", Some("5"), json!({"ok": true})).unwrap();
    assert!(case.completed());
    assert_eq!(case.var("answer"), json!({"ok": true}));
}

#[test]
pub fn script_task() {
    let case = Case::start_with(
        r#"<startEvent id="s"/><endEvent id="e"/>
        <scriptTask id="a" scriptFormat="feel" svod:result="total"><script>sum(for i in items return i.price) - discount</script></scriptTask>
        <scriptTask id="b" svod:result="big"><script>if total > 10 then "big" else "small"</script></scriptTask>
        s -> a -> b -> e"#,
        json!({"items": [{"price": 10}, {"price": 5}], "discount": 1}),
    );
    assert!(case.completed());
    assert_eq!((case.var("total"), case.var("big")), (json!(14), json!("big")));
}

#[test]
pub fn business_rule_task() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/><endEvent id="e"/>
        <businessRuleTask id="a" svod:decision="fees.dmn#Fee" svod:result="fee"/>
        <businessRuleTask id="b" svod:decision="fees.dmn#Fee" svod:result="second">
          <extensionElements><svod:input name="area" value="fee.sum * 2"/></extensionElements></businessRuleTask>
        s -> a -> b -> e"#,
        json!({"area": 50}),
    );
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|e| match e {
            Effect::Decide { decision, inputs, .. } => Some((decision.clone(), Value::Object(inputs.clone()))),
            _ => None,
        })
    };
    assert_eq!(asked(&case.log), Some(("fees.dmn#Fee".into(), json!({"area": 50}))));
    let token = case.token("a");
    let effects = case.decided("a", json!({"sum": 9}));
    assert_eq!(asked(&effects), Some(("fees.dmn#Fee".into(), json!({"area": 18}))));
    assert!(case.step(&Event::Decided { token, attempt: 0, outcome: json!(1) }).is_err_and(|e| e.is_late()));
    case.failed("b", None);
    assert_eq!(case.incident().1, "decision-failed");
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"fee": {"sum": 1}})) });
    assert!(asked(&case.log[case.log.len() - 1..]).is_some_and(|(_, inputs)| inputs == json!({"area": 2})));
    case.decided("b", json!(3));
    assert!(case.completed());
    assert_eq!(case.var("second"), json!(3));
}

#[test]
pub fn manual_and_plain_tasks_pass() {
    let case = Case::start(
        r#"<startEvent id="s"/><endEvent id="e"/><task id="a"/><manualTask id="b"/>
        s -> a -> b -> e"#,
    );
    assert!(case.completed());
    assert_eq!(case.path(), ["s", "a", "b", "e"]);
}

#[test]
pub fn call_activity() {
    let body = r#"<startEvent id="s"/><endEvent id="e"/>
        <callActivity id="a" calledElement="check"><extensionElements>
          <svod:input name="subject" value="person"/><svod:output name="verdict" value="outcome"/></extensionElements></callActivity>
        <boundaryEvent id="x" attachedToRef="a"><errorEventDefinition errorRef="bad"/></boundaryEvent><endEvent id="ex"/>
        <boundaryEvent id="y" attachedToRef="a" cancelActivity="false"><escalationEventDefinition/></boundaryEvent><endEvent id="ey"/>
        s -> a -> e
        x -> ex
        y -> ey"#;
    let mut case = Case::start_with(body, json!({"person": "Ann"}));
    let called = case.log.iter().find_map(|e| match e {
        Effect::CallProcess { process, variables, .. } => Some((process.clone(), Value::Object(variables.clone()))),
        _ => None,
    });
    assert_eq!(called, Some(("check".into(), json!({"subject": "Ann"}))));
    let token = case.token("a");
    case.ok(&Event::Escalated { token, code: "LATE".into() });
    assert_eq!((case.visits("ey"), case.at()), (1, vec!["a"]));
    case.ok(&Event::CalledDone { token, attempt: 0, variables: map(json!({"outcome": "good"})) });
    assert!(case.completed());
    assert_eq!(case.var("verdict"), json!("good"));

    let mut case = Case::start_with(body, json!({"person": "Ann"}));
    let token = case.token("a");
    case.ok(&Event::CalledFailed { token, attempt: 0, error: Some("BAD".into()), message: String::new() });
    assert!(case.completed() && case.visits("ex") == 1);

    let mut case = Case::start_with(body, json!({"person": "Ann"}));
    let token = case.token("a");
    case.ok(&Event::CalledFailed { token, attempt: 0, error: Some("OTHER".into()), message: "it broke".into() });
    assert_eq!(case.incident().1, "called-failed");
    let effects = case.ok(&Event::Cancel);
    assert!(effects.iter().any(|e| matches!(e, Effect::IncidentSolved { .. })));
}

#[test]
fn references_are_listed() {
    let process = process(
        r#"<startEvent id="s"/><endEvent id="e"/>
        <userTask id="a" svod:form="f" svod:deadline="P1D" svod:calendar="ru"/><serviceTask id="b" svod:service="x.y"/>
        <businessRuleTask id="c" svod:decision="d.dmn#D" svod:result="r"/><callActivity id="d" calledElement="q"/>
        s -> a -> b -> c -> d -> e"#,
    );
    use svod_process::Reference as R;
    let expected = [
        R::Form("f".into()),
        R::Decision("d.dmn#D".into()),
        R::Service("x.y".into()),
        R::Process("q".into()),
        R::Calendar("ru".into()),
    ];
    assert_eq!(process.references(), expected);
}
