use serde_json::{Value, json};
use svod_process::Effect;

use crate::support::Case;

fn undoable(id: &str) -> String {
    format!(
        r#"<serviceTask id="{id}" svod:service="do"/><boundaryEvent id="c{id}" attachedToRef="{id}"><compensateEventDefinition/></boundaryEvent>
        <userTask id="u{id}" isForCompensation="true"><extensionElements><svod:input name="seen" value="[n, loopCounter]"/></extensionElements></userTask>
        <association id="as{id}" sourceRef="c{id}" targetRef="u{id}"/>"#
    )
}

fn answer(case: &mut Case, element: &str) {
    let token = case.token(element);
    case.ok(&svod_process::Event::ServiceDone { token, attempt: 0, variables: serde_json::Map::new() });
}

#[test]
pub fn everything_is_undone_last_first() {
    let body = format!(
        r#"<startEvent id="s"/>{}{}{}<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent><userTask id="z"/><endEvent id="e"/>
        s -> a -> b -> t -> z -> e
        <task id="c0"/>"#,
        undoable("a"),
        undoable("b"),
        ""
    )
    .replace("<task id=\"c0\"/>", "");
    let mut case = Case::start_with(&body, json!({"n": 1}));
    answer(&mut case, "a");
    answer(&mut case, "b");
    assert_eq!(case.at(), ["t", "ub"]);
    case.complete("ub");
    assert_eq!(case.at(), ["t", "ua"]);
    case.complete("ua");
    assert_eq!(case.at(), ["z"]);
    case.complete("z");
    assert!(case.completed());
}

#[test]
fn an_operator_stops_undoing() {
    let body = format!(
        r#"<startEvent id="s"/>{}<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent><userTask id="z"/><endEvent id="e"/>
        s -> a -> t -> z -> e"#,
        undoable("a")
    );
    let mut case = Case::start_with(&body, json!({"n": 1}));
    answer(&mut case, "a");
    let token = case.token("t");
    case.ok(&svod_process::Event::Move { token, element: "z".into() });
    assert_eq!(case.at(), ["z"], "what undid for it is ended with it");
}

#[test]
pub fn one_activity_is_undone() {
    let body = format!(
        r#"<startEvent id="s"/>{}{}<endEvent id="e"><compensateEventDefinition activityRef="a"/></endEvent>
        s -> a -> b -> e"#,
        undoable("a"),
        undoable("b")
    );
    let mut case = Case::start_with(&body, json!({"n": 1}));
    answer(&mut case, "a");
    answer(&mut case, "b");
    assert_eq!(case.at(), ["e", "ua"]);
    case.complete("ua");
    assert!(case.completed() && case.visits("ub") == 0);
}

#[test]
fn what_was_not_done_is_not_undone() {
    let body = format!(
        r#"<startEvent id="s"/>{}<parallelGateway id="g"/><intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent><endEvent id="e"/>
        s -> g
        g -> a -> e
        g -> t -> e"#,
        undoable("a")
    );
    let mut case = Case::start_with(&body, json!({"n": 1}));
    assert_eq!(case.at(), ["a"], "nothing to undo: it goes on");
    answer(&mut case, "a");
    assert!(case.completed());
}

#[test]
fn instances_are_undone_with_their_own_variables() {
    let body = format!(
        r#"<startEvent id="s"/>{}<intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent><endEvent id="e"/>
        s -> a -> t -> e"#,
        undoable("a").replacen(
            "svod:service=\"do\"/>",
            "svod:service=\"do\"><multiInstanceLoopCharacteristics isSequential=\"true\" svod:collection=\"[10, 20]\" svod:element=\"n\"/></serviceTask>",
            1
        )
    );
    let mut case = Case::start(&body);
    for _ in 0..2 {
        answer(&mut case, "a");
    }
    case.complete("ua");
    case.complete("ua");
    assert!(case.completed());
    let seen: Vec<Value> = case
        .log
        .iter()
        .filter_map(|e| match e {
            Effect::OfferTask { input, .. } => Some(input["seen"].clone()),
            _ => None,
        })
        .collect();
    assert_eq!(seen, [json!([20, 2]), json!([10, 1])]);
}

#[test]
fn a_sub_process_is_undone_from_inside() {
    let body = format!(
        r#"<startEvent id="s"/><subProcess id="p1"><extensionElements><svod:input name="n" value="7"/></extensionElements><startEvent id="s1"/>{}{}<endEvent id="e1"/>
          s1 -> a -> b -> e1
        </subProcess><intermediateThrowEvent id="t"><compensateEventDefinition activityRef="p1"/></intermediateThrowEvent><endEvent id="e"/>
        s -> p1 -> t -> e"#,
        undoable("a"),
        undoable("b")
    );
    let mut case = Case::start(&body);
    answer(&mut case, "a");
    answer(&mut case, "b");
    assert_eq!(case.at(), ["t", "ub"]);
    assert_eq!(case.state.variables_at(case.token("ub"))["n"], json!(7), "what the sub-process held is there again");
    case.complete("ub");
    case.complete("ua");
    assert!(case.completed());
}

#[test]
pub fn a_sub_process_says_how_it_is_undone() {
    let body = format!(
        r#"<startEvent id="s"/><subProcess id="p1"><startEvent id="s1"/>{}<endEvent id="e1"/>
          s1 -> a -> e1
          <subProcess id="p2" triggeredByEvent="true"><startEvent id="s2"><compensateEventDefinition/></startEvent><userTask id="b"/>
            <intermediateThrowEvent id="t2"><compensateEventDefinition activityRef="a"/></intermediateThrowEvent><endEvent id="e2"/>
            s2 -> b -> t2 -> e2
          </subProcess>
        </subProcess><intermediateThrowEvent id="t"><compensateEventDefinition/></intermediateThrowEvent><endEvent id="e"/>
        s -> p1 -> t -> e"#,
        undoable("a")
    );
    let mut case = Case::start_with(&body, json!({"n": 1}));
    answer(&mut case, "a");
    assert_eq!(case.at(), ["b", "p2", "t"]);
    case.complete("b");
    assert_eq!(case.at(), ["p2", "t", "t2", "ua"]);
    case.complete("ua");
    assert!(case.completed());
}
