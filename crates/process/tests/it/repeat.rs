use serde_json::{Value, json};
use svod_process::Event;

use crate::support::{Case, map};

fn many(attributes: &str, inside: &str) -> String {
    format!(
        r#"<startEvent id="s"/><userTask id="a"><multiInstanceLoopCharacteristics {attributes}>{inside}</multiInstanceLoopCharacteristics></userTask>
        <userTask id="b"/><endEvent id="e"/>
        s -> a -> b -> e"#
    )
}

fn tasks(case: &Case) -> Vec<u64> {
    let state = &case.state;
    let inner = state.tokens.iter().filter(|(_, t)| t.element == "a" && t.wait == svod_process::Wait::Task);
    inner.map(|(id, _)| *id).collect()
}

#[test]
pub fn many_at_once() {
    let body = many(r#"svod:collection="people" svod:element="person" svod:output="answers" svod:value="answer""#, "");
    let mut case = Case::start_with(&body, json!({"people": ["x", "y", "z"]}));
    let open = tasks(&case);
    assert_eq!(open.len(), 3);
    assert_eq!(case.state.variables_at(open[1])["person"], json!("y"));
    for at in [2, 0, 1] {
        case.ok(&Event::Completed { token: open[at], variables: map(json!({"answer": at})) });
    }
    assert_eq!(case.at(), ["b"]);
    assert_eq!(case.var("answers"), json!([0, 1, 2]), "in the order of the items");
    assert_eq!(case.var("answer"), Value::Null, "what an instance sets stays in it");
}

#[test]
pub fn many_one_after_the_other() {
    let body = many(r#"isSequential="true" svod:collection="[5, 6]" svod:element="n" svod:output="all""#, "");
    let mut case = Case::start(&body);
    for n in [5, 6] {
        let open = tasks(&case);
        assert_eq!(open.len(), 1);
        assert_eq!(case.state.variables_at(open[0])["n"], json!(n));
        case.ok(&Event::Completed { token: open[0], variables: map(json!({"twice": 2 * n})) });
    }
    assert_eq!(case.var("all"), json!([{"twice": 10}, {"twice": 12}]));
}

#[test]
pub fn enough_of_many() {
    let inside = "<loopCardinality>4</loopCardinality><completionCondition>numberOfCompletedInstances / numberOfInstances >= 0.5 or veto = true</completionCondition>";
    let mut case = Case::start(&many("", inside));
    let open = tasks(&case);
    case.ok(&Event::Completed { token: open[3], variables: map(json!({})) });
    assert_eq!(tasks(&case).len(), 3);
    case.ok(&Event::Completed { token: open[0], variables: map(json!({})) });
    assert_eq!(case.at(), ["b"], "two of four are half");
    assert!(case.step(&Event::Completed { token: open[1], variables: map(json!({})) }).is_err_and(|e| e.is_late()));
    let mut case = Case::start(&many("", inside));
    let token = tasks(&case)[0];
    case.ok(&Event::Completed { token, variables: map(json!({"veto": true})) });
    assert_eq!(case.at(), ["b"], "it sees what the instance set");
}

#[test]
fn none_of_many() {
    let body = many(r#"svod:collection="people" svod:output="answers""#, "");
    let case = Case::start_with(&body, json!({"people": []}));
    assert_eq!((case.at(), case.var("answers")), (vec!["b"], json!([])));
    let mut case = Case::start_with(&body, json!({"people": "x"}));
    assert_eq!(case.incident().1, "items");
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"people": [1]})) });
    assert_eq!(tasks(&case).len(), 1);
    assert!(Case::start(&many("", "<loopCardinality>100000</loopCardinality>")).incident().1 == "items");
}

#[test]
fn a_border_event_belongs_to_all_instances() {
    let body = many("", "<loopCardinality>3</loopCardinality>")
        + r#"<boundaryEvent id="x" attachedToRef="a"><messageEventDefinition messageRef="paid"/></boundaryEvent><endEvent id="ex"/>
        x -> ex"#;
    let mut case = Case::start(&body.replace("s -> a -> b -> e<", "s -> a -> b -> e\n<"));
    assert_eq!(case.state.subscriptions.len(), 1);
    case.message("paid", None, json!({})).unwrap();
    assert!(case.completed());
}

#[test]
fn an_error_of_one_instance_ends_all() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><serviceTask id="a" svod:service="x"><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></serviceTask>
        <boundaryEvent id="x" attachedToRef="a"><errorEventDefinition errorRef="bad"/></boundaryEvent><endEvent id="ex"/><endEvent id="e"/>
        s -> a -> e
        x -> ex"#,
    );
    let token = case.token("a");
    case.ok(&Event::ServiceFailed {
        token,
        attempt: 0,
        error: Some("BAD".into()),
        message: String::new(),
        retry: true,
    });
    assert!(case.completed() && case.visits("ex") == 1);
}

#[test]
pub fn a_sub_process_many_times() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><subProcess id="p1"><multiInstanceLoopCharacteristics svod:collection="[1, 2]" svod:element="n" svod:output="all" svod:value="[n, seen]"/>
          <startEvent id="s1"/><userTask id="a"/><endEvent id="e1"/>
          s1 -> a -> e1
        </subProcess><endEvent id="e"/>
        s -> p1 -> e"#,
    );
    let open = tasks(&case);
    assert_eq!(open.len(), 2);
    for (at, token) in open.iter().enumerate().rev() {
        case.ok(&Event::Completed { token: *token, variables: map(json!({"seen": at})) });
    }
    assert!(case.completed());
    assert_eq!(case.var("all"), json!([[1, 0], [2, 1]]));
}

#[test]
pub fn loops() {
    let body = |inside: &str| {
        format!(
            r#"<startEvent id="s"/><scriptTask id="a" svod:result="n"><standardLoopCharacteristics {inside}</standardLoopCharacteristics><script>n + 1</script></scriptTask>
        <endEvent id="e"/>
        s -> a -> e"#
        )
    };
    for (inside, n, result) in [
        ("><loopCondition>n &lt; 5</loopCondition>", 0, 5),
        ("><loopCondition>n &lt; 5</loopCondition>", 9, 10),
        ("testBefore=\"true\"><loopCondition>n &lt; 5</loopCondition>", 9, 9),
        ("loopMaximum=\"3\"><loopCondition>n &lt; 5</loopCondition>", 0, 3),
        ("loopMaximum=\"2\">", 0, 2),
        ("><loopCondition>loopCounter &lt; 4</loopCondition>", 0, 4),
    ] {
        let case = Case::start_with(&body(inside), json!({"n": n}));
        assert!(case.completed(), "{inside}: {:?}", case.state.incidents);
        assert_eq!(case.var("n"), json!(result), "{inside}");
    }
}
