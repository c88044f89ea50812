use std::collections::BTreeMap;

use serde_json::json;
use svod_process::{Event, MigrationFault, Process, State};

use crate::support::{Case, process};

const OLD: &str = r#"<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><parallelGateway id="j"/><endEvent id="e"/>
    <boundaryEvent id="x" attachedToRef="a"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
    <boundaryEvent id="m" attachedToRef="a"><messageEventDefinition messageRef="paid"/></boundaryEvent>
    s -> g
    g -> a -> j
    g -> b -> j
    j -> e
    x -> e
    m -> e"#;

fn running() -> Case {
    let mut case = Case::start(OLD);
    case.complete("b");
    assert_eq!(case.at(), ["a", "j"]);
    case
}

fn migrate(case: &Case, to: &Process, pairs: &[(&str, &str)]) -> Result<State, Vec<MigrationFault>> {
    let mapping: BTreeMap<String, String> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    case.process.migrate(&case.state, to, &mapping)
}

#[test]
fn a_case_goes_over() {
    // A step was put before the join's successor, and a task renamed.
    let new = OLD
        .replace("\"a\"", "\"look\"")
        .replace("-> a ->", "-> look ->")
        .replace("j -> e", "<userTask id=\"c\"/>\nj -> c -> e");
    let new = new.replace("g -> look -> j", "g -> look\n<sequenceFlow id=\"a-j\" sourceRef=\"look\" targetRef=\"j\"/>");
    let to = process(&new);
    let mut case = running();
    let state = migrate(&case, &to, &[("a", "look")]).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!(state.timers.keys().collect::<Vec<_>>(), case.state.timers.keys().collect::<Vec<_>>());
    (case.process, case.state) = (to, state);
    case.complete("look");
    assert_eq!(case.at(), ["c"]);
    case.complete_with("c", json!({}));
    assert!(case.completed());
}

#[test]
fn what_does_not_fit_is_named() {
    let case = running();
    let faults = |body: &str, pairs: &[(&str, &str)]| {
        let found = migrate(&case, &process(body), pairs).err().unwrap_or_else(|| panic!("went over: {body}"));
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let renamed = OLD.replace("\"a\"", "\"look\"").replace("-> a ->", "-> look ->");
    assert!(faults(&renamed, &[]).contains("has no 'a'"));
    assert!(faults(OLD, &[("a", "nowhere")]).contains("no element of the new version"));
    assert!(faults(OLD, &[("nowhere", "a")]).contains("no element of the old version"));
    assert!(faults(&OLD.replace("<userTask id=\"a\"", "<manualTask id=\"a\""), &[]).contains("another kind"));
    assert!(faults(&OLD.replace("messageRef=\"paid\"", "messageRef=\"reply\""), &[]).contains("something else"));
    assert!(
        faults(&OLD.replace("attachedToRef=\"a\"><mess", "attachedToRef=\"a\" cancelActivity=\"false\"><mess"), &[])
            .contains("another kind")
    );
    let flow = OLD.replace("g -> b -> j", "g -> b\n<sequenceFlow id=\"other\" sourceRef=\"b\" targetRef=\"j\"/>");
    assert!(faults(&flow, &[]).contains("b-j"));
    let inside = r#"<startEvent id="s"/><subProcess id="p1"><startEvent id="s1"/><userTask id="a"/><endEvent id="e1"/>
        s1 -> a -> e1
        </subProcess><parallelGateway id="j"/><endEvent id="e"/>
        s -> p1 -> j -> e"#;
    assert!(faults(inside, &[]).contains("another sub-process"));
}

/// A version that differs by these replacements is refused, with the element at which the case stands.
fn refused(case: &Case, body: &str, changes: &[(&str, &str)], element: &str, word: &str) {
    let new = changes.iter().fold(body.to_owned(), |body, (from, to)| {
        assert!(body.contains(from), "{from}");
        body.replace(from, to)
    });
    let found = migrate(case, &process(&new), &[]).err().unwrap_or_else(|| panic!("went over: {new}"));
    let fits = |f: &&MigrationFault| f.element == element && f.reason.contains(word) && !f.fix.is_empty();
    assert!(found.iter().any(|f| fits(&f)), "{element}: {word}: {found:?}");
}

#[test]
fn instances_keep_their_order() {
    let body = r#"<startEvent id="s"/><userTask id="a"><multiInstanceLoopCharacteristics isSequential="true" svod:collection="[1, 2, 3]"/></userTask><endEvent id="e"/>
        s -> a -> e"#;
    let at_once = body.replace("isSequential=\"true\" ", "");
    let mut case = Case::start(body);
    case.complete("a");
    refused(&case, body, &[("isSequential=\"true\" ", "")], "a", "run one after the other");
    let mut case = Case::start(&at_once);
    case.complete("a");
    refused(&case, &at_once, &[("svod:collection", "isSequential=\"true\" svod:collection")], "a", "run all at once");
}

#[test]
fn what_was_done_can_still_be_undone() {
    let undo = r#"<boundaryEvent id="c" attachedToRef="a"><compensateEventDefinition/></boundaryEvent><userTask id="u" isForCompensation="true"/><association id="as" sourceRef="c" targetRef="u"/>"#;
    let body = format!(
        r#"<startEvent id="s"/><subProcess id="p1"><startEvent id="s1"/><userTask id="a"/>{undo}<endEvent id="e1"/>
          s1 -> a -> e1
        </subProcess><userTask id="b"/><endEvent id="e"><compensateEventDefinition/></endEvent>
        s -> p1 -> b -> e"#
    );
    let mut case = Case::start(&body);
    assert!(migrate(&case, &process(&body.replace(undo, "")), &[]).is_ok(), "nothing was done yet");
    case.complete("a");
    refused(&case, &body, &[(undo, "")], "a", "nothing undoes 'a'");
    let new = body.replace("\"u\"", "\"take-back\"");
    let to = process(&new);
    case.state = migrate(&case, &to, &[]).unwrap_or_else(|e| panic!("{e:?}"));
    case.process = to;
    case.complete("b");
    assert_eq!(case.at(), ["e", "take-back"]);
    case.complete("take-back");
    assert!(case.completed());
}

#[test]
fn events_stay_where_they_may_happen() {
    let timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";
    let body = format!(
        r#"<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><boundaryEvent id="x" attachedToRef="a">{timer}</boundaryEvent>
        <eventBasedGateway id="r"/><receiveTask id="m" messageRef="paid"/><receiveTask id="n" messageRef="reply"/><intermediateCatchEvent id="t">{timer}</intermediateCatchEvent><endEvent id="e"/>
        s -> g
        g -> a -> e
        g -> b -> e
        g -> r
        r -> m -> e
        r -> n -> e
        r -> t -> e
        x -> e"#
    );
    let case = Case::start(&body);
    refused(&case, &body, &[("attachedToRef=\"a\"", "attachedToRef=\"b\"")], "x", "may happen at 'a'");
    refused(&case, &body, &[("r -> t", "g -> t")], "t", "may happen at 'r'");
    let listens = r#"<subProcess id="p2" triggeredByEvent="true"><startEvent id="s2"><messageEventDefinition messageRef="paid"/></startEvent><endEvent id="e2"/>
        s2 -> e2
        </subProcess>"#;
    let body = format!(
        r#"<startEvent id="s"/><subProcess id="p1"><startEvent id="s1"/><userTask id="a"/><endEvent id="e1"/>
        s1 -> a -> e1
        <!-- here -->
        </subProcess>{listens}<endEvent id="e"/>
        s -> p1 -> e"#
    );
    let inside = [(listens, ""), ("<!-- here -->", listens)];
    refused(&Case::start(&body), &body, &inside, "s2", "stands in another sub-process");
}

#[test]
fn gateways_that_count_keep_their_flows() {
    let body = |gateway: &str| {
        format!(
            r#"<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>{gateway}<userTask id="d"/><endEvent id="e"/>
        s -> g
        g -> a -> j
        g -> b -> j
        g -> c -> j
        j -> d -> e"#
        )
    };
    let complex = body(
        "<complexGateway id=\"j\"><activationCondition>activationCount >= 2</activationCondition></complexGateway>",
    );
    let mut case = Case::start(&complex);
    case.complete("a");
    case.complete("b");
    let other = [("g -> c -> j", "g -> c\n<sequenceFlow id=\"other\" sourceRef=\"c\" targetRef=\"j\"/>")];
    refused(&case, &complex, &other, "j", "flow 'c-j', which does not enter");
    // A token that stands still at a join, because another one was moved away, counts again when somebody comes.
    let join = body("<parallelGateway id=\"j\"/>");
    let mut case = Case::start(&join);
    case.complete("c");
    for left in ["a", "b"] {
        let token = case.token(left);
        case.ok(&Event::Move { token, element: "e".into() });
    }
    assert_eq!(case.incident().1, "join-starved");
    refused(&case, &join, &other, "j", "flow 'c-j', which does not enter");
}
