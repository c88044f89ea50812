use serde_json::{Value, json};
use svod_process::{Effect, Event};

use crate::support::{Case, map};

/// Makes an event happen.
type Happens = fn(&mut Case);

#[test]
pub fn embedded_sub_process() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/>
        <subProcess id="p1"><extensionElements><svod:input name="own" value="n + 1"/><svod:output name="result" value="own * 10"/></extensionElements>
          <dataObject id="draft"/><dataObjectReference id="ref" dataObjectRef="draft"/>
          <startEvent id="s1"/><userTask id="a"/><scriptTask id="b" svod:result="own"><script>own + 1</script></scriptTask><endEvent id="e1"/>
          s1 -> a -> b -> e1
        </subProcess><userTask id="c"/><endEvent id="e"/>
        s -> p1 -> c -> e"#,
        json!({"n": 1}),
    );
    assert_eq!(case.at(), ["a", "p1"]);
    assert_eq!(Value::Object(case.state.variables_at(case.token("a"))), json!({"own": 2, "draft": null, "n": 1}));
    case.complete_with("a", json!({"draft": "text", "shared": 1}));
    assert_eq!(case.at(), ["c"]);
    assert_eq!(
        Value::Object(case.state.variables()),
        json!({"n": 1, "shared": 1, "result": 30}),
        "its own variables are gone"
    );
    case.complete("c");
    assert!(case.completed());
}

#[test]
pub fn a_terminate_event_ends_its_sub_process_only() {
    let mut case = Case::start(
        r#"<startEvent id="s"/>
        <subProcess id="p1"><startEvent id="s1"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><endEvent id="e1"/>
          <endEvent id="x"><terminateEventDefinition/></endEvent>
          s1 -> g
          g -> a -> e1
          g -> b -> x
        </subProcess><userTask id="c"/><endEvent id="e"/>
        s -> p1 -> c -> e"#,
    );
    case.complete("b");
    assert_eq!(case.at(), ["c"]);
}

#[test]
pub fn a_border_event_ends_everything_inside() {
    let mut case = Case::start(
        r#"<startEvent id="s"/>
        <subProcess id="p1"><startEvent id="s1"/><subProcess id="p2"><startEvent id="s2"/><parallelGateway id="g"/><userTask id="a"/><serviceTask id="b" svod:service="x"/>
            <callActivity id="c" calledElement="q"/><intermediateCatchEvent id="d"><messageEventDefinition messageRef="paid"/></intermediateCatchEvent><endEvent id="e2"/>
            s2 -> g
            g -> a -> e2
            g -> b -> e2
            g -> c -> e2
            g -> d -> e2
          </subProcess><endEvent id="e1"/>
          s1 -> p2 -> e1
        </subProcess>
        <boundaryEvent id="x" attachedToRef="p1"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
        <endEvent id="e"/><endEvent id="ex"/>
        s -> p1 -> e
        x -> ex"#,
    );
    case.wait(3_600);
    assert!(case.completed() && case.visits("ex") == 1);
    for wanted in ["WithdrawTask", "CancelService", "CancelCalled", "Unsubscribe"] {
        assert!(case.log.iter().any(|e| format!("{e:?}").starts_with(wanted)), "{wanted}");
    }
}

fn event_sub(start: &str, interrupting: bool) -> String {
    format!(
        r#"<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>
        <subProcess id="p1" triggeredByEvent="true"><startEvent id="s1" isInterrupting="{interrupting}">{start}</startEvent>
          <userTask id="b"/><endEvent id="e1"/>
          s1 -> b -> e1
        </subProcess>
        s -> a -> e"#
    )
}

#[test]
pub fn event_sub_processes() {
    let happens: [(&str, Happens); 5] = [
        ("<messageEventDefinition messageRef=\"paid\"/>", |c| _ = c.message("paid", None, json!({"m": 1})).unwrap()),
        ("<signalEventDefinition signalRef=\"alarm\"/>", |c| _ = c.signal("alarm")),
        ("<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>", |c| c.wait(3_600)),
        ("<conditionalEventDefinition><condition>stop</condition></conditionalEventDefinition>", |c| {
            _ = c.changed(json!({"stop": true}));
        }),
        ("<escalationEventDefinition escalationRef=\"late\"/>", |c| {
            let token = c.token("a");
            _ = c.ok(&Event::Escalated { token, code: "LATE".into() });
        }),
    ];
    for (start, happens) in happens {
        let mut case = Case::start(&event_sub(start, true));
        happens(&mut case);
        assert_eq!(case.at(), ["b", "p1"], "{start}");
        case.complete("b");
        assert!(case.completed());
        let mut case = Case::start(&event_sub(start, false));
        happens(&mut case);
        assert_eq!(case.at(), ["a", "b", "p1"], "{start}");
        case.complete("a");
        assert!(!case.state.done, "the case waits for its event sub-process");
        case.complete("b");
        assert!(case.completed());
        let mut case = Case::start(&event_sub(start, true));
        case.complete("a");
        assert!(case.completed() && case.state.timers.is_empty());
    }
}

#[test]
pub fn an_event_sub_process_may_happen_again() {
    let start = "<messageEventDefinition messageRef=\"paid\"/>";
    let mut case = Case::start(&event_sub(start, false));
    case.message("paid", None, json!({})).unwrap();
    case.message("paid", None, json!({})).unwrap();
    assert_eq!(case.at(), ["a", "b", "b", "p1", "p1"]);
    let mut case = Case::start(&event_sub(start, true));
    case.message("paid", None, json!({})).unwrap();
    assert!(case.message("paid", None, json!({})).is_err_and(|e| e.is_late()));
}

/// The condition is judged by what the sub-process around it sees, each time that something there changes.
#[test]
pub fn a_condition_begins_an_event_sub_process() {
    let body = |interrupting: bool| {
        format!(
            r#"<startEvent id="s"/>
        <subProcess id="p1"><extensionElements><svod:input name="level" value="first"/></extensionElements>
          <startEvent id="s1"/><userTask id="a"/><endEvent id="e1"/>
          s1 -> a -> e1
          <subProcess id="p2" triggeredByEvent="true"><startEvent id="s2" isInterrupting="{interrupting}"><conditionalEventDefinition><condition>level > 5</condition></conditionalEventDefinition></startEvent>
            <userTask id="b"><extensionElements><svod:output name="level" value="measured"/></extensionElements></userTask><endEvent id="e2"/>
            s2 -> b -> e2
          </subProcess>
        </subProcess><endEvent id="e"/>
        s -> p1 -> e"#
        )
    };
    let mut case = Case::start_with(&body(false), json!({"first": 3, "level": 1}));
    assert_eq!(case.at(), ["a", "p1"]);
    case.changed(json!({"level": 9}));
    assert_eq!(case.at(), ["a", "p1"], "that is the level of the case, not of the sub-process");
    let mut case = Case::start_with(&body(false), json!({"first": 9}));
    assert_eq!(case.at(), ["a", "b", "p1", "p2"], "true from the beginning");
    case.complete_with("b", json!({"measured": 8}));
    assert_eq!(case.at(), ["a", "p1"], "still true: it has not become true again");
    case.complete("a");
    assert!(case.completed() && case.state.subscriptions.is_empty());
    let mut case = Case::start_with(&body(true), json!({"first": 9}));
    assert_eq!(case.at(), ["b", "p1", "p2"], "what runs beside it is ended");
    case.complete_with("b", json!({"measured": 9}));
    assert!(case.completed() && case.visits("e1") == 0);
    let mut case = Case::start_with(&body(false), json!({}));
    assert_eq!(case.at(), ["a", "p1"], "what is not known is not true yet");
    case.complete("a");
    assert!(case.completed());
}

#[test]
fn a_timer_may_repeat_in_an_event_sub_process() {
    let start = "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>";
    let mut case = Case::start(&event_sub(start, false));
    case.wait(5 * 24 * 3_600);
    assert_eq!(case.visits("b"), 5);
}

#[test]
fn messages_bring_variables_into_an_event_sub_process() {
    let body = r#"<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>
        <subProcess id="p1" triggeredByEvent="true"><startEvent id="s1" svod:result="news"><messageEventDefinition messageRef="paid"/></startEvent>
          <dataObject id="news"/><userTask id="b"/><endEvent id="e1"/>
          s1 -> b -> e1
        </subProcess>
        s -> a -> e"#;
    let mut case = Case::start(body);
    case.message("paid", None, json!({"sum": 4})).unwrap();
    assert_eq!(case.state.variables_at(case.token("b"))["news"], json!({"sum": 4}));
    assert_eq!(case.var("news"), Value::Null, "a data object of the sub-process stays in it");
}

const TRANSACTION: &str = r#"<startEvent id="s"/>
    <transaction id="p1"><startEvent id="s1"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><exclusiveGateway id="x" default="x-e1"/>
      <boundaryEvent id="ca" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><userTask id="ua" isForCompensation="true"/>
      <association id="as" sourceRef="ca" targetRef="ua"/>
      <endEvent id="e1"/><endEvent id="e2"><cancelEventDefinition/></endEvent><userTask id="d"/><endEvent id="e3"/>
      s1 -> g
      g -> a -> b -> x
      g -> d -> e3
      x -> e1
      x -> e2 : stop
    </transaction>
    <boundaryEvent id="c" attachedToRef="p1"><cancelEventDefinition/></boundaryEvent>
    <endEvent id="e"/><userTask id="f"/><endEvent id="ef"/>
    s -> p1 -> e
    c -> f -> ef"#;

#[test]
pub fn transaction() {
    let mut case = Case::start(TRANSACTION);
    case.complete("a");
    case.complete_with("b", json!({"stop": true}));
    assert_eq!(case.at(), ["e2", "p1", "ua"], "what runs is ended, what was done is undone");
    assert!(case.log.iter().any(|e| matches!(e, Effect::WithdrawTask { element, .. } if element == "d")));
    case.complete("ua");
    assert_eq!(case.at(), ["f"]);
    case.complete("f");
    assert!(case.completed());
    let mut case = Case::start(TRANSACTION);
    case.complete("a");
    case.complete_with("b", json!({"stop": false}));
    case.complete("d");
    assert!(case.completed() && case.visits("ua") == 0);
}

#[test]
pub fn data_objects() {
    let case = Case::start_with(
        r#"<dataObject id="DataObject_1" svod:variable="items" isCollection="true"/><dataObject id="sum" svod:value="n * 2"/>
        <dataObject id="given"/><dataStoreReference id="store" name="Register"/>
        <startEvent id="s"/><userTask id="a"><property id="pr"/><dataInputAssociation id="di"><sourceRef>x</sourceRef><targetRef>pr</targetRef></dataInputAssociation></userTask><endEvent id="e"/>
        s -> a -> e"#,
        json!({"n": 4, "given": "here"}),
    );
    assert_eq!(Value::Object(case.state.variables()), json!({"n": 4, "given": "here", "items": [], "sum": 8}));
    let refused = Case::new(crate::support::process(
        r#"<dataObject id="sum" svod:value="n * 2"/><startEvent id="s"/><endEvent id="e"/>
        s -> e"#,
    ))
    .step(&Event::Start { element: None, variables: map(json!({"n": "x"})) });
    assert!(refused.is_err());
}
