use serde_json::json;
use svod_process::{Effect, Event, Outcome, StepError};

use crate::support::{Case, map};

const BODY: &str = r#"<startEvent id="s"/><userTask id="a"/><boundaryEvent id="x" attachedToRef="a"><messageEventDefinition messageRef="paid"/></boundaryEvent>
    <subProcess id="p1"><startEvent id="s1"/><userTask id="b"/><endEvent id="e1"/>
      s1 -> b -> e1
    </subProcess><userTask id="c"/><endEvent id="e"/>
    s -> a -> p1 -> c -> e
    x -> e"#;

#[test]
fn tokens_are_moved_within_their_scope() {
    let mut case = Case::start(BODY);
    let token = case.token("a");
    for (to, word) in [("s", "no token"), ("x", "no token"), ("b", "another sub-process"), ("nowhere", "no such")] {
        let refused = case.step(&Event::Move { token, element: to.into() });
        assert!(matches!(&refused, Err(StepError::Refused(why)) if why.contains(word)), "{to}: {refused:?}");
    }
    let effects = case.ok(&Event::Move { token, element: "p1".into() });
    assert!(effects.contains(&Effect::WithdrawTask { token, element: "a".into() }));
    assert!(case.state.subscriptions.is_empty());
    assert_eq!(case.at(), ["b", "p1"]);
    assert!(case.step(&Event::Move { token, element: "c".into() }).is_err_and(|e| e.is_late()));
    let token = case.token("p1");
    case.ok(&Event::Move { token, element: "c".into() });
    assert_eq!(case.at(), ["c"]);
    case.complete("c");
    assert!(case.completed());
}

#[test]
fn a_case_is_called_off() {
    let mut case = Case::start(BODY);
    let effects = case.ok(&Event::Cancel);
    assert!(matches!(effects.last(), Some(Effect::Finished { outcome: Outcome::Cancelled, .. })));
    assert!(case.ended(&Outcome::Cancelled));
    assert_eq!(case.step(&Event::Cancel), Err(StepError::Ended));
}

#[test]
fn incidents_that_are_gone_are_late() {
    let mut case = Case::start(BODY);
    let gone = case.step(&Event::Retry { incident: 77, variables: map(json!({})) });
    assert!(gone.is_err_and(|e| e.is_late()));
}

#[test]
fn a_script_is_done_by_hand() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/><scriptTask id="a" svod:result="x"><script>y + 1</script></scriptTask><userTask id="b"/><endEvent id="e"/>
        s -> a -> b -> e"#,
        json!({"y": "no number"}),
    );
    assert_eq!(case.incident().1, "expression");
    let incident = case.incident().0;
    case.ok(&Event::Resolve { incident, variables: map(json!({"x": 4})) });
    assert_eq!((case.at(), case.var("x")), (vec!["b"], json!(4)));
}

/// What is refused outside: the event has happened, and the case stands before what follows from it.
#[test]
fn what_comes_by_itself_stands_still_where_it_came() {
    let body = r#"<startEvent id="s"/><userTask id="a"/><boundaryEvent id="t" attachedToRef="a"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
        <intermediateCatchEvent id="m" svod:result="got"><messageEventDefinition messageRef="paid"/></intermediateCatchEvent>
        <subProcess id="p2" triggeredByEvent="true"><startEvent id="s2" isInterrupting="false"><signalEventDefinition signalRef="alarm"/></startEvent><endEvent id="e2"/>
          s2 -> e2
        </subProcess>
        <callActivity id="c" calledElement="other" svod:result="back"/><endEvent id="e"/>
        s -> a -> e
        t -> m -> c -> e"#;
    let fail = |event: Event| Event::Fail { event: Box::new(event), message: "it is refused".into() };
    let mut case = Case::start(body);
    let wrong = case.step(&fail(Event::Cancel));
    assert!(matches!(wrong, Err(StepError::Refused(_))), "{wrong:?}");
    let signal = Event::Signal { name: "alarm".into(), payload: map(json!({})) };
    case.ok(&fail(signal));
    assert_eq!((case.at(), case.incident().1), (vec!["a", "p2", "s2"], "refused"));
    case.ok(&Event::Retry { incident: case.incident().0, variables: map(json!({})) });
    assert_eq!(case.at(), ["a"], "it goes on as it would have");
    let timer = *case.state.timers.keys().next().unwrap();
    case.now = case.now.plus_seconds(3_600);
    let effects = case.ok(&fail(Event::TimerFired { timer }));
    assert!(effects.iter().any(|e| matches!(e, Effect::WithdrawTask { .. })), "the event has happened: {effects:?}");
    assert_eq!(case.at(), ["t"]);
    assert!(case.step(&Event::TimerFired { timer }).is_err_and(|e| e.is_late()));
    case.ok(&Event::Retry { incident: case.incident().0, variables: map(json!({})) });
    let paid = Event::Message { name: "paid".into(), key: None, payload: map(json!({"sum": 10})) };
    case.ok(&fail(paid));
    assert_eq!((case.at(), case.var("got")), (vec!["m"], json!(null)));
    case.ok(&Event::Retry { incident: case.incident().0, variables: map(json!({})) });
    assert_eq!((case.at(), case.var("got")), (vec!["c"], json!({"sum": 10})), "what came is kept");
    let called = Event::CalledDone { token: case.token("c"), attempt: 0, variables: map(json!({"n": 1})) };
    case.ok(&fail(called));
    case.ok(&Event::Retry { incident: case.incident().0, variables: map(json!({})) });
    assert!(case.completed());
}
