use serde_json::json;
use svod_process::{Effect, Event, Outcome};

use crate::support::{Case, map};

#[test]
pub fn an_error_goes_to_the_nearest_that_catches_it() {
    let body = r#"<startEvent id="s"/>
        <subProcess id="p1"><startEvent id="s1"/><serviceTask id="a" svod:service="x"/>
          <boundaryEvent id="x1" attachedToRef="a" svod:result="problem"><errorEventDefinition errorRef="bad"/></boundaryEvent><endEvent id="ex1"/>
          <endEvent id="e1"/>
          s1 -> a -> e1
          x1 -> ex1
        </subProcess>
        <boundaryEvent id="x2" attachedToRef="p1"><errorEventDefinition errorRef="worse"/></boundaryEvent><endEvent id="ex2"/>
        <boundaryEvent id="x3" attachedToRef="p1"><errorEventDefinition/></boundaryEvent><endEvent id="ex3"/>
        <endEvent id="e"/>
        s -> p1 -> e
        x2 -> ex2
        x3 -> ex3"#;
    for (code, end) in [("BAD", "ex1"), ("WORSE", "ex2"), ("UNKNOWN", "ex3")] {
        let mut case = Case::start(body);
        case.failed("a", Some(code));
        assert!(case.completed() && case.visits(end) == 1, "{code}: {:?}", case.path());
        if code == "BAD" {
            assert_eq!(case.var("problem"), json!({"code": "BAD", "message": "no answer"}));
        }
    }
    let mut case = Case::start(body);
    case.failed("a", None);
    assert_eq!(case.incident().1, "service-failed", "without a code it is no error of the business");
}

#[test]
pub fn error_end_events() {
    let body = |catcher: &str| {
        format!(
            r#"<startEvent id="s"/>
        <subProcess id="p1"><startEvent id="s1"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>
          <endEvent id="x"><errorEventDefinition errorRef="bad"/></endEvent><endEvent id="e1"/>
          s1 -> g
          g -> a -> x
          g -> b -> e1
        </subProcess><endEvent id="e"/>
        s -> p1 -> e
        {catcher}"#
        )
    };
    let border = r#"<boundaryEvent id="y" attachedToRef="p1"><errorEventDefinition errorRef="bad"/></boundaryEvent><userTask id="c"/><endEvent id="ec"/>
        y -> c -> ec"#;
    let mut case = Case::start(&body(border));
    case.complete("a");
    assert_eq!(case.at(), ["c"]);
    let sub = r#"<subProcess id="p2" triggeredByEvent="true"><startEvent id="s2"><errorEventDefinition/></startEvent><userTask id="c"/><endEvent id="e2"/>
          s2 -> c -> e2
        </subProcess>"#;
    let mut case = Case::start(&body(sub));
    case.complete("a");
    assert_eq!(case.at(), ["c", "p2"]);
    case.complete("c");
    assert!(case.completed());
    let mut case = Case::start(&body(""));
    case.complete("a");
    assert!(case.ended(&Outcome::Failed("BAD".into())));
    assert!(matches!(case.log.last(), Some(Effect::Finished { .. })));
}

#[test]
fn an_error_inside_of_an_event_sub_process_goes_outwards() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><userTask id="a"/><endEvent id="x"><errorEventDefinition errorRef="bad"/></endEvent>
        <subProcess id="p2" triggeredByEvent="true"><startEvent id="s2"><errorEventDefinition/></startEvent><userTask id="c"/>
          <endEvent id="e2"><errorEventDefinition errorRef="worse"/></endEvent>
          s2 -> c -> e2
        </subProcess>
        s -> a -> x"#,
    );
    case.complete("a");
    case.complete("c");
    assert!(case.ended(&Outcome::Failed("WORSE".into())), "{:?}", case.path());
}

#[test]
pub fn escalations() {
    let body = |interrupts: bool| {
        format!(
            r#"<startEvent id="s"/>
        <subProcess id="p1"><startEvent id="s1"/><intermediateThrowEvent id="t"><escalationEventDefinition escalationRef="late"/></intermediateThrowEvent>
          <userTask id="a"/><endEvent id="e1"><escalationEventDefinition escalationRef="late"/></endEvent>
          s1 -> t -> a -> e1
        </subProcess>
        <boundaryEvent id="x" attachedToRef="p1" cancelActivity="{interrupts}"><escalationEventDefinition escalationRef="late"/></boundaryEvent>
        <userTask id="b"/><endEvent id="e"/><endEvent id="eb"/>
        s -> p1 -> e
        x -> b -> eb"#
        )
    };
    let mut case = Case::start(&body(false));
    assert_eq!(case.at(), ["a", "b", "p1"]);
    case.complete("a");
    assert_eq!(case.at(), ["b", "b"], "the end escalates too, and the sub-process is done");
    assert_eq!(Case::start(&body(true)).at(), ["b"]);
}

#[test]
pub fn an_escalation_that_nobody_hears_goes_to_the_caller() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><userTask id="a"/><endEvent id="e"><escalationEventDefinition escalationRef="late"/></endEvent>
        s -> a -> e"#,
    );
    let effects = case.complete("a");
    assert!(effects.contains(&Effect::Escalated { element: "e".into(), code: "LATE".into() }));
    assert!(case.completed());
}

#[test]
fn faults_in_mappings_keep_the_answer() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/><serviceTask id="a" svod:service="x"><extensionElements><svod:output name="y" value="answer + extra"/></extensionElements></serviceTask>
        <endEvent id="e"/>
        s -> a -> e"#,
        json!({"extra": "no number"}),
    );
    let token = case.token("a");
    case.ok(&Event::ServiceDone { token, attempt: 0, variables: map(json!({"answer": 4})) });
    assert_eq!(case.incident().1, "mapping");
    let incident = case.incident().0;
    let effects = case.ok(&Event::Retry { incident, variables: map(json!({"extra": 3})) });
    assert!(!effects.iter().any(|e| matches!(e, Effect::CallService { .. })), "the service is not asked twice");
    assert_eq!(case.var("y"), json!(7));
}
