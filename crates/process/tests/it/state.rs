use serde_json::json;
use svod_process::{Event, STATE_VERSION, State, StepError, Wait};

use crate::support::{Case, map, process};

const BODY: &str = r#"<startEvent id="s"/><userTask id="a"/><userTask id="b"/><endEvent id="e"/>
    s -> a -> b -> e"#;

#[test]
fn a_state_is_short() {
    let case = Case::start(BODY);
    let expected = json!({"version": 2, "next": 2, "scopes": {"0": {"kind": "body", "element": "p"}},
        "tokens": {"2": {"element": "a", "wait": "task", "flow": "s-a"}}, "done": false});
    assert_eq!(serde_json::to_value(&case.state).unwrap(), expected);
}

#[test]
fn version_1_goes_on() {
    let old = r#"{"version":1,"tokens":[{"element":"a"}],"done":false}"#;
    let mut case = Case::new(process(BODY));
    let state: State = serde_json::from_str(old).unwrap();
    assert_eq!(state.version, STATE_VERSION);
    let token = state.waiting_at("a").unwrap();
    let event = Event::Completed { token, variables: map(json!({"n": 1})) };
    let (next, _) = case.process.step(&state, &event, case.now, &case.calendars).unwrap();
    assert!(next.tokens.values().all(|t| t.element == "b" && t.wait == Wait::Task));
    assert_eq!(next.variables()["n"], json!(1));
    let token = next.waiting_at("b").unwrap();
    let last = Event::Completed { token, variables: map(json!({})) };
    let (end, _) = case.process.step(&next, &last, case.now, &case.calendars).unwrap();
    assert!(end.done);
    let fresh: State = serde_json::from_str(r#"{"version":1,"tokens":[],"done":false}"#).unwrap();
    assert_eq!(fresh, State::default());
    let done: State = serde_json::from_str(r#"{"version":1,"tokens":[],"done":true}"#).unwrap();
    case.state = done;
    assert_eq!(case.process.step(&case.state, &Event::start(), case.now, &case.calendars), Err(StepError::Ended));
}

#[test]
fn what_cannot_happen_is_refused() {
    let mut case = Case::new(process(BODY));
    assert_eq!(case.step(&Event::Completed { token: 1, variables: map(json!({})) }), Err(StepError::NotStarted));
    assert_eq!(case.step(&Event::Cancel), Err(StepError::NotStarted));
    case.ok(&Event::start());
    assert_eq!(case.step(&Event::start()), Err(StepError::AlreadyStarted));
    let token = case.token("a");
    for event in [
        Event::ServiceDone { token, attempt: 0, variables: map(json!({})) },
        Event::CalledDone { token, attempt: 0, variables: map(json!({})) },
        Event::Decided { token, attempt: 0, outcome: json!(1) },
        Event::TimerFired { timer: token },
        Event::Activate { token, element: "b".into() },
        Event::Completed { token: 99, variables: map(json!({})) },
        Event::Signal { name: "alarm".into(), payload: map(json!({})) },
    ] {
        assert!(case.step(&event).is_err_and(|e| e.is_late()), "{event:?}");
    }
}

#[test]
fn foreign_states_are_not_guessed_at() {
    let case = Case::start(BODY);
    let broken = |change: fn(&mut State)| {
        let mut state = case.state.clone();
        change(&mut state);
        case.process.step(&state, &Event::Cancel, case.now, &case.calendars).unwrap_err()
    };
    for error in [
        broken(|s| s.version = 3),
        broken(|s| s.done = true),
        broken(|s| s.tokens.values_mut().for_each(|t| t.element = "elsewhere".into())),
        broken(|s| s.tokens.values_mut().for_each(|t| t.scope = 9)),
        broken(|s| s.scopes.get_mut(&0).unwrap().token = Some(50)),
    ] {
        assert!(matches!(error, StepError::BadState(_)), "{error:?}");
    }
    for text in [r#"{"version":3}"#, "{}", r#"{"version":2,"next":0,"done":false,"more":1}"#, "[]"] {
        assert!(serde_json::from_str::<State>(text).is_err(), "{text}");
    }
}
