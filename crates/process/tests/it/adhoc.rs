use serde_json::json;
use svod_process::{Effect, Event, StepError};

use crate::support::{Case, map};

fn body(attributes: &str, condition: &str) -> String {
    format!(
        r#"<startEvent id="s"/><adHocSubProcess id="p1" {attributes}><userTask id="a"/><userTask id="b"/><userTask id="c"/>
          b -> c
          {condition}
        </adHocSubProcess><endEvent id="e"/>
        s -> p1 -> e"#
    )
}

fn activate(case: &mut Case, element: &str) -> Result<Vec<Effect>, StepError> {
    let token = case.token("p1");
    case.step(&Event::Activate { token, element: element.into() })
}

#[test]
pub fn people_choose_and_people_end() {
    let mut case = Case::start(&body("", ""));
    let enabled = Effect::EnableActivities { token: case.token("p1"), elements: vec!["a".into(), "b".into()] };
    assert!(case.log.contains(&enabled));
    assert_eq!(case.at(), ["p1"]);
    for element in ["a", "b", "a"] {
        activate(&mut case, element).unwrap();
    }
    assert_eq!(case.at(), ["a", "a", "b", "p1"]);
    assert!(activate(&mut case, "c").is_err(), "c follows b");
    case.complete("b");
    assert_eq!(case.at(), ["a", "a", "c", "p1"]);
    case.complete("p1");
    assert!(case.completed());
}

#[test]
pub fn a_condition_ends_it() {
    let condition = "<completionCondition>enough</completionCondition>";
    let mut case = Case::start(&body("", condition));
    activate(&mut case, "a").unwrap();
    activate(&mut case, "b").unwrap();
    case.complete_with("a", json!({"enough": true}));
    assert!(case.completed(), "what remains is ended");
    let mut case = Case::start(&body("cancelRemainingInstances=\"false\"", condition));
    activate(&mut case, "a").unwrap();
    activate(&mut case, "b").unwrap();
    case.complete_with("a", json!({"enough": true}));
    assert_eq!(case.at(), ["b", "p1"]);
    case.complete("b");
    case.complete("c");
    assert!(case.completed());
}

#[test]
pub fn activities_begin_by_themselves() {
    let mut case = Case::start_with(&body("svod:activate=\"todo\"", ""), json!({"todo": ["a", "b"]}));
    assert_eq!(case.at(), ["a", "b", "p1"]);
    for element in ["a", "b", "c"] {
        case.complete(element);
    }
    assert!(case.completed());
    let case = Case::start_with(&body("svod:activate=\"todo\"", ""), json!({"todo": []}));
    assert!(case.completed());
    let mut case = Case::start_with(&body("svod:activate=\"todo\"", ""), json!({"todo": ["c"]}));
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"todo": ["a"]})) });
    assert_eq!(case.at(), ["a", "p1"]);
}

#[test]
pub fn one_after_the_other() {
    let attributes = "svod:activate=\"todo\" ordering=\"Sequential\"";
    let mut case = Case::start_with(&body(attributes, ""), json!({"todo": ["a", "b"]}));
    assert_eq!(case.at(), ["a", "p1"]);
    assert!(matches!(activate(&mut case, "b"), Err(StepError::Refused(_))));
    case.complete("a");
    assert_eq!(case.at(), ["b", "p1"]);
    case.complete("b");
    case.complete("c");
    assert!(case.completed());
}
