use std::collections::BTreeMap;

use serde_json::json;
use svod_process::{MigrationFault, Process, State};

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
