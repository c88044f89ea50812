use serde_json::json;
use svod_process::Event;

use crate::support::{Case, map};

#[test]
pub fn exclusive_gateway() {
    let body = r#"<startEvent id="s"/><exclusiveGateway id="g" default="g-c"/><exclusiveGateway id="j"/>
        <userTask id="a"/><userTask id="b"/><userTask id="c"/><endEvent id="e"/>
        s -> g
        g -> a : n > 10
        g -> b : n > 5
        g -> c
        a -> j
        b -> j
        c -> j -> e"#;
    for (n, way) in [(11, "a"), (6, "b"), (1, "c")] {
        let mut case = Case::start_with(body, json!({"n": n}));
        assert_eq!(case.at(), [way], "{n}");
        case.complete(way);
        assert!(case.completed());
    }
    // A value that is neither true nor false is an incident, repaired by the operator.
    let mut case = Case::start(body);
    assert_eq!(case.incident().1, "condition");
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"n": 7})) });
    assert_eq!(case.at(), ["b"]);
}

#[test]
pub fn a_choice_without_a_way_out_is_an_incident() {
    let body = r#"<startEvent id="s"/><exclusiveGateway id="g"/><userTask id="a"/><userTask id="b"/><endEvent id="e"/>
        s -> g
        g -> a : n = 1
        g -> b : n = 2
        a -> e
        b -> e"#;
    let mut case = Case::start_with(body, json!({"n": 3}));
    assert_eq!((case.incident().1, case.at()), ("no-way-out", vec!["g"]));
    let incident = case.incident().0;
    assert!(case.step(&Event::Resolve { incident, variables: map(json!({})) }).is_err());
    let token = case.token("g");
    case.ok(&Event::Move { token, element: "b".into() });
    assert_eq!(case.at(), ["b"]);
    assert!(case.state.incidents.is_empty());
}

#[test]
pub fn parallel_gateway() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><parallelGateway id="j"/>
        <userTask id="c"/><endEvent id="e"/>
        s -> g
        g -> a -> j
        g -> b -> j
        j -> c -> e"#,
    );
    assert_eq!(case.at(), ["a", "b"]);
    case.complete("b");
    assert_eq!(case.at(), ["a", "j"]);
    case.complete("a");
    assert_eq!(case.at(), ["c"]);
    case.complete("c");
    assert!(case.completed());
}

#[test]
pub fn a_join_that_can_never_be_complete_is_an_incident() {
    let body = r#"<startEvent id="s"/><exclusiveGateway id="g" default="g-b"/><userTask id="a"/><userTask id="b"/>
        <parallelGateway id="j"/><endEvent id="e"/>
        s -> g
        g -> a : n = 1
        g -> b
        a -> j
        b -> j
        j -> e"#;
    let mut case = Case::start_with(body, json!({"n": 1}));
    case.complete("a");
    assert_eq!((case.incident().1, case.at()), ("join-starved", vec!["j"]));
    let token = case.token("j");
    case.ok(&Event::Move { token, element: "j".into() });
    assert!(case.completed(), "a token that an operator puts at a join waits for nobody");
}

const INCLUSIVE: &str = r#"<startEvent id="s"/><inclusiveGateway id="g" default="g-c"/><userTask id="a"/><userTask id="b"/>
    <userTask id="c"/><inclusiveGateway id="j"/><userTask id="d"/><endEvent id="e"/>
    s -> g
    g -> a : x
    g -> b : y
    g -> c
    a -> j
    b -> j
    c -> j
    j -> d -> e"#;

#[test]
pub fn inclusive_gateway() {
    for (x, y, ways) in [(true, true, vec!["a", "b"]), (true, false, vec!["a"]), (false, false, vec!["c"])] {
        let mut case = Case::start_with(INCLUSIVE, json!({"x": x, "y": y}));
        assert_eq!(case.at(), ways);
        for way in ways {
            assert_eq!(case.visits("d"), 0);
            case.complete(way);
        }
        assert_eq!(case.at(), ["d"]);
        case.complete("d");
        assert!(case.completed() && case.visits("d") == 1);
    }
}

#[test]
pub fn an_inclusive_join_does_not_wait_for_a_way_that_was_left() {
    // From b a border event leads past the join: once it is taken, nothing more can come.
    let body = INCLUSIVE.to_owned()
        + r#"
        <boundaryEvent id="t" attachedToRef="b"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
        <endEvent id="e2"/>
        t -> e2"#;
    let mut case = Case::start_with(&body, json!({"x": true, "y": true}));
    case.complete("a");
    assert_eq!(case.at(), ["b", "j"]);
    case.wait(3_600);
    assert_eq!(case.at(), ["d"]);
}

#[test]
pub fn event_based_gateway() {
    let body = r#"<startEvent id="s"/><eventBasedGateway id="g"/><receiveTask id="m" messageRef="paid"/>
        <intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
        <intermediateCatchEvent id="n"><signalEventDefinition signalRef="alarm"/></intermediateCatchEvent>
        <userTask id="a"/><userTask id="b"/><endEvent id="e"/>
        s -> g
        g -> m -> a -> e
        g -> t -> b -> e
        g -> n -> e"#;
    let mut case = Case::start(body);
    assert_eq!(case.at(), ["g"]);
    case.message("paid", None, json!({"sum": 5})).unwrap();
    assert_eq!((case.at(), case.var("sum")), (vec!["a"], json!(5)));
    assert!(case.state.timers.is_empty() && case.state.subscriptions.is_empty());
    let mut case = Case::start(body);
    case.wait(3_600);
    assert_eq!(case.at(), ["b"]);
    assert!(case.message("paid", None, json!({})).is_err_and(|e| e.is_late()));
    let mut case = Case::start(body);
    case.signal("alarm");
    assert!(case.completed());
}

const COMPLEX: &str = r#"<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>
    <complexGateway id="j"><activationCondition>activationCount >= 2</activationCondition></complexGateway>
    <userTask id="d"/><endEvent id="e"/>
    s -> g
    g -> a -> j
    g -> b -> j
    g -> c -> j
    j -> d -> e"#;

#[test]
pub fn complex_gateway() {
    let mut case = Case::start(COMPLEX);
    case.complete("a");
    assert_eq!(case.at(), ["b", "c", "j"]);
    case.complete("c");
    assert_eq!(case.at(), ["b", "d"], "two of three are enough");
    case.complete("b");
    assert_eq!(case.at(), ["d"], "the third is taken away");
    assert!(case.state.resets.is_empty());
    case.complete("d");
    assert!(case.completed() && case.visits("d") == 1);
    // The rest may also come after what follows is done.
    let mut case = Case::start(COMPLEX);
    case.complete("a");
    case.complete("b");
    case.complete("d");
    assert_eq!(case.at(), ["c"]);
    case.complete("c");
    assert!(case.completed());
}

#[test]
pub fn a_complex_gateway_splits_by_conditions() {
    let body = r#"<startEvent id="s"/><complexGateway id="g" default="g-c"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>
        <endEvent id="e"/>
        s -> g
        g -> a : n > 0
        g -> b : n > 5
        g -> c
        a -> e
        b -> e
        c -> e"#;
    assert_eq!(Case::start_with(body, json!({"n": 9})).at(), ["a", "b"]);
    assert_eq!(Case::start_with(body, json!({"n": 0})).at(), ["c"]);
}

#[test]
pub fn flows_out_of_an_activity_split() {
    let body = r#"<startEvent id="s"/><userTask id="a" default="a-d"/><userTask id="b"/><userTask id="c"/><userTask id="d"/><endEvent id="e"/>
        s -> a
        a -> b : n > 0
        a -> c : n > 5
        a -> d
        b -> e
        c -> e
        d -> e"#;
    for (n, ways) in [(1, vec!["b"]), (9, vec!["b", "c"]), (0, vec!["d"])] {
        let mut case = Case::start_with(body, json!({"n": n}));
        case.complete("a");
        assert_eq!(case.at(), ways);
    }
}
