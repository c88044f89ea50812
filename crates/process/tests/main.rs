//! Processes as an editor saves them, and as nobody should draw them.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fall

use proptest::prelude::*;
use svod_process::{Effect, Event, MAX_DEPTH, Process, ProcessError, State, StepError, Token};

const ALERT_RESPONSE: &str = include_str!("fixtures/alert-response.bpmn");

fn alert_response() -> Process {
    Process::parse("alert-response.bpmn", ALERT_RESPONSE).unwrap_or_else(|e| panic!("{e:?}"))
}

fn wrap(inside: &str) -> String {
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\">\n<process id=\"p\" isExecutable=\"true\">\n{inside}\n</process></definitions>"
    )
}

fn errors(xml: &str) -> Vec<ProcessError> {
    Process::parse("x.bpmn", xml).err().unwrap_or_else(|| panic!("accepted: {xml}"))
}

fn completed(element: &str) -> Event {
    Event::Completed { element: element.to_owned() }
}

const LINE: &str = r#"<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/>"#;

#[test]
fn a_case_runs_from_start_to_end() {
    let p = alert_response();
    assert_eq!((p.id(), p.name()), ("alert-response", "Response to an alert"));
    let (s, effects) = p.step(&State::default(), &Event::Start).unwrap();
    let [Effect::OfferTask { element, name, attributes }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((element.as_str(), name.as_str()), ("inspect", "Inspect и report"));
    assert_eq!(attributes["form"], "inspection");
    assert_eq!(attributes["result"], "required");
    let (s, effects) = p.step(&s, &completed("inspect")).unwrap();
    assert!(matches!(effects.as_slice(), [Effect::OfferTask { element, .. }] if element == "confirm"));
    assert_eq!(s.tokens, [Token { element: "confirm".to_owned() }]);
    let (s, effects) = p.step(&s, &completed("confirm")).unwrap();
    assert_eq!(effects, [Effect::Finished]);
    assert!(s.done && s.tokens.is_empty());
    assert_eq!(p.step(&s, &completed("confirm")), Err(StepError::Ended));
    assert_eq!(p.step(&s, &Event::Start), Err(StepError::Ended));
}

#[test]
fn what_cannot_happen_is_refused() {
    let p = alert_response();
    let fresh = State::default();
    assert_eq!(p.step(&fresh, &completed("inspect")), Err(StepError::NotStarted));
    let (s, _) = p.step(&fresh, &Event::Start).unwrap();
    assert_eq!(p.step(&s, &Event::Start), Err(StepError::AlreadyStarted));
    assert_eq!(p.step(&s, &completed("confirm")), Err(StepError::NotWaiting("confirm".to_owned())));
    assert_eq!(p.step(&s, &completed("raised")), Err(StepError::NotWaiting("raised".to_owned())));
    let foreign = State { tokens: vec![Token { element: "elsewhere".to_owned() }], ..State::default() };
    assert!(matches!(p.step(&foreign, &completed("elsewhere")), Err(StepError::BadState(_))));
    let newer = State { version: 2, ..State::default() };
    assert!(matches!(p.step(&newer, &Event::Start), Err(StepError::BadState(_))));
}

#[test]
fn state_survives_json() {
    let p = alert_response();
    let (s, _) = p.step(&State::default(), &Event::Start).unwrap();
    let text = serde_json::to_string(&s).unwrap();
    assert_eq!(text, r#"{"version":1,"tokens":[{"element":"inspect"}],"done":false}"#);
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), s);
}

#[test]
fn other_elements_are_refused_by_name() {
    for (inside, element, word) in [
        (r#"<exclusiveGateway id="g"/>"#, "exclusiveGateway 'g'", "gateways"),
        (r#"<serviceTask id="g"/>"#, "serviceTask 'g'", "task"),
        (r#"<scriptTask id="g"/>"#, "scriptTask 'g'", "task"),
        (r#"<subProcess id="g"/>"#, "subProcess 'g'", "subprocesses"),
        (r#"<boundaryEvent id="g" attachedToRef="t"/>"#, "boundaryEvent 'g'", "event"),
        (r#"<laneSet id="g"/>"#, "laneSet 'g'", "lanes"),
        (r#"<textAnnotation id="g"/>"#, "textAnnotation 'g'", "not executed"),
        (r#"<userTask id="u"><multiInstanceLoopCharacteristics/></userTask>"#, "userTask 'u'", "multiInstance"),
        (r#"<userTask id="u" startQuantity="2"/>"#, "userTask 'u'", "startQuantity"),
        (r#"<startEvent id="u"><timerEventDefinition/></startEvent>"#, "startEvent 'u'", "timer"),
        (r#"<x:y xmlns:x="urn:x" id="g"/>"#, "y 'g'", "not executed"),
    ] {
        let found = errors(&wrap(&format!("{LINE}\n{inside}")));
        let e = found.iter().find(|e| e.element == element).unwrap_or_else(|| panic!("{element}: {found:?}"));
        assert!(e.reason.contains(word), "{e}");
        assert_eq!((e.line, e.file.as_str()), (5, "x.bpmn"), "{e}");
    }
    let flow = LINE
        .replace(r#"targetRef="e"/>"#, r#"targetRef="e"><conditionExpression>a</conditionExpression></sequenceFlow>"#);
    assert!(errors(&wrap(&flow))[0].reason.contains("conditionExpression"));
    let pool = ALERT_RESPONSE.replace("<bpmn:process", "<bpmn:collaboration id=\"c\"/><bpmn:process");
    assert_eq!(errors(&pool)[0].element, "collaboration 'c'");
}

#[test]
fn structure_is_checked() {
    let start = r#"<startEvent id="s2"/><sequenceFlow id="f9" sourceRef="s2" targetRef="t"/>"#;
    for (inside, word) in [
        (String::new(), "no start event"),
        (format!("{LINE}{start}"), "second start"),
        (LINE.replace("targetRef=\"e\"", "targetRef=\"nowhere\""), "does not exist"),
        (format!("{LINE}<userTask id=\"z\"/>"), "no flow enters"),
        (format!("{LINE}<sequenceFlow id=\"f3\" sourceRef=\"t\" targetRef=\"t\"/>"), "more than one flow leaves"),
        (format!("{LINE}<sequenceFlow id=\"f3\" sourceRef=\"e\" targetRef=\"t\"/>"), "a flow leaves it"),
        (format!("{LINE}<sequenceFlow id=\"f1\" sourceRef=\"e\" targetRef=\"t\"/>"), "used twice"),
        (
            LINE.replace(
                "<endEvent id=\"e\"/>",
                "<userTask id=\"e\"/><sequenceFlow id=\"l\" sourceRef=\"e\" targetRef=\"t\"/>",
            ),
            "leads to no end",
        ),
        (
            format!(
                "{LINE}<userTask id=\"y\"/><userTask id=\"z\"/><sequenceFlow id=\"a\" sourceRef=\"y\" targetRef=\"z\"/><sequenceFlow id=\"b\" sourceRef=\"z\" targetRef=\"y\"/>"
            ),
            "never reached",
        ),
        (LINE.replace(" id=\"t\"", ""), "has no id"),
    ] {
        let found = errors(&wrap(&inside));
        assert!(found.iter().any(|e| e.reason.contains(word)), "{word}: {found:?}");
        assert!(found.iter().all(|e| !e.fix.is_empty() && e.line > 0));
    }
    assert!(errors(&wrap(LINE).replace("isExecutable=\"true\"", ""))[0].reason.contains("not executable"));
}

#[test]
fn hostile_files_are_refused() {
    let bomb = format!(
        "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}",
        wrap(&LINE.replace("id=\"t\"", "id=\"t\" name=\"&b;\""))
    );
    assert!(errors(&bomb)[0].reason.contains("document type"));
    assert!(errors(&wrap(&LINE.replace("id=\"t\"", "id=\"t\" name=\"&b;\"")))[0].reason.contains("attribute value"));
    let deep = format!("{}{}", "<documentation>".repeat(MAX_DEPTH), "</documentation>".repeat(MAX_DEPTH));
    assert!(errors(&wrap(&deep))[0].reason.contains("nest deeper"));
    assert!(errors(&wrap(&"<documentation/>".repeat(30_000)))[0].reason.contains("elements"));
    assert!(errors(&" ".repeat(2_000_000))[0].reason.contains("larger"));
    for broken in ["", "<a", "<a></b>", "<a/><b/>", "text", "<a b='1' b='2'/>", "<x:a/>", "<definitions/>", "\u{0}"] {
        assert!(!errors(broken).is_empty(), "{broken}");
    }
}

proptest! {
    /// Whatever is tried, exactly one token exists between start and end, each task is offered once and the case
    /// ends once.
    #[test]
    fn tokens_are_neither_lost_nor_doubled(
        tasks in 1usize..6,
        tries in prop::collection::vec(0usize..9, 0..60),
    ) {
        let mut inside = String::from("<startEvent id='s'/><endEvent id='e'/><sequenceFlow id='fs' sourceRef='s' targetRef='t0'/>");
        for i in 0..tasks {
            let next = if i + 1 == tasks { "e".to_owned() } else { format!("t{}", i + 1) };
            inside += &format!("<userTask id='t{i}'/><sequenceFlow id='f{i}' sourceRef='t{i}' targetRef='{next}'/>");
        }
        let p = Process::parse("x", &wrap(&inside)).unwrap();
        let (mut state, mut offered, mut finished, mut started) = (State::default(), 0, 0, false);
        for n in tries {
            let event = if n == 8 { Event::Start } else { completed(&format!("t{n}")) };
            let Ok((next, effects)) = p.step(&state, &event) else { continue };
            prop_assert!(started || event == Event::Start);
            started = true;
            offered += effects.iter().filter(|e| matches!(e, Effect::OfferTask { .. })).count();
            finished += effects.iter().filter(|e| **e == Effect::Finished).count();
            state = next;
            prop_assert_eq!(state.tokens.len(), usize::from(!state.done));
            prop_assert_eq!(finished, usize::from(state.done));
        }
        prop_assert!(offered <= tasks);
        if state.done {
            prop_assert_eq!(offered, tasks);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_fall(text in "[<>/a-z\"'=&;! \\[\\]?-]{0,200}") {
        let _ = Process::parse("x", &text);
        let _ = Process::parse("x", &wrap(&text));
    }
}
