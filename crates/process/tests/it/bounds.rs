use serde_json::json;
use svod_process::{Event, MAX_STEPS, MAX_VARIABLES, StepError};

use crate::support::{Case, map};

#[test]
fn a_loop_without_a_wait_is_an_incident() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/><exclusiveGateway id="j"/><task id="a"/><exclusiveGateway id="g" default="g-j"/><endEvent id="e"/>
        s -> j -> a -> g -> j
        g -> e : stop"#,
        json!({"stop": false}),
    );
    assert_eq!(case.incident().1, "endless");
    assert!(case.visits("a") <= MAX_STEPS);
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"stop": true})) });
    assert!(case.completed());
}

#[test]
fn a_loop_that_multiplies_is_an_incident_too() {
    let case = Case::start(
        r#"<startEvent id="s"/><task id="a"/><endEvent id="e"/><exclusiveGateway id="g"/>
        s -> g -> a -> g
        a -> e"#,
    );
    assert_eq!(case.incident().1, "endless");
}

#[test]
fn variables_are_bounded() {
    let body = r#"<startEvent id="s"/><userTask id="a"/><scriptTask id="b" svod:result="big"><script>[big, big, big, big, big, big]</script></scriptTask><endEvent id="e"/>
        s -> a -> b -> e"#;
    let mut case = Case::start(body);
    let token = case.token("a");
    let before = case.state.clone();
    let huge = case.step(&Event::Completed { token, variables: map(json!({"big": "x".repeat(MAX_VARIABLES)})) });
    assert!(matches!(huge, Err(StepError::TooLarge { .. })));
    assert_eq!(case.state, before);
    let large = case.step(&Event::Completed { token, variables: map(json!({"big": "x".repeat(MAX_VARIABLES / 5)})) });
    assert!(matches!(large, Err(StepError::TooLarge { .. })), "six times a fifth is too much");
    case.complete_with("a", json!({"big": "x"}));
    assert!(case.completed());
}

#[test]
fn conditions_that_make_each_other_true_come_to_an_end() {
    let border = |id: &str, condition: &str, value: &str| {
        format!(
            r#"<boundaryEvent id="{id}" attachedToRef="a" cancelActivity="false"><extensionElements><svod:output name="x" value="{value}"/></extensionElements><conditionalEventDefinition><condition>{condition}</condition></conditionalEventDefinition></boundaryEvent>
        {id} -> e"#
        )
    };
    let body = format!(
        "<startEvent id=\"s\"/><userTask id=\"a\"/><endEvent id=\"e\"/>\ns -> a -> e\n{}\n{}",
        border("b", "x = 1", "2"),
        border("c", "x = 2", "1")
    );
    let case = Case::start_with(&body, json!({"x": 1}));
    assert!(case.at().contains(&"a"));
    assert!(case.visits("b") + case.visits("c") <= MAX_STEPS + 1);
}
