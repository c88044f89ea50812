use serde_json::json;
use svod_process::{Effect, Event, Outcome, StepError, Topic, Trigger};

use crate::support::{Case, map, moment, process};

/// Makes an event happen.
type Happens = fn(&mut Case);

#[test]
pub fn a_process_starts_in_several_ways() {
    let body = r#"<startEvent id="s"/><startEvent id="m" svod:result="order"><messageEventDefinition messageRef="paid"/></startEvent>
        <startEvent id="n"><signalEventDefinition signalRef="alarm"/></startEvent>
        <startEvent id="t"><timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition></startEvent>
        <userTask id="a"/><endEvent id="e"/>
        s -> a -> e
        m -> a
        n -> a
        t -> a"#;
    let p = process(body);
    let starts: Vec<_> = p.starts().map(|(e, t)| (e.id.as_str(), std::mem::discriminant(t))).collect();
    assert_eq!(starts.len(), 4);
    assert!(p.starts().any(|(e, t)| e.id == "t" && matches!(t, Trigger::Timer(_))));
    for start in ["s", "m", "n", "t"] {
        let mut case = Case::new(p.clone());
        case.ok(&Event::Start { element: Some(start.into()), variables: map(json!({"x": 1})) });
        assert_eq!((case.at(), case.path()[0]), (vec!["a"], start));
        let expected = if start == "m" { json!({"order": {"x": 1}}) } else { json!({"x": 1}) };
        assert_eq!(serde_json::Value::Object(case.state.variables()), expected);
    }
    let mut case = Case::new(p);
    let wrong = case.step(&Event::Start { element: Some("a".into()), variables: map(json!({})) });
    assert!(matches!(wrong, Err(StepError::Refused(_))));
    assert!(!case.state.started());
}

#[test]
pub fn message_events() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/><!-- KEY -->
        <intermediateThrowEvent id="a"><extensionElements><svod:input name="n" value="1"/></extensionElements><messageEventDefinition messageRef="paid"/></intermediateThrowEvent>
        <intermediateCatchEvent id="b"><messageEventDefinition messageRef="reply"/></intermediateCatchEvent>
        <endEvent id="e"><messageEventDefinition messageRef="paid"/></endEvent>
        s -> a -> b -> e"#,
        json!({"key": "7"}),
    );
    let sent = |case: &Case| case.log.iter().filter(|e| matches!(e, Effect::SendMessage { .. })).count();
    assert_eq!(sent(&case), 1);
    let waits = Topic::Message { name: "reply".into(), key: Some("7".into()) };
    assert!(case.log.iter().any(|e| matches!(e, Effect::Subscribe { to, .. } if *to == waits)));
    case.message("reply", Some("7"), json!({"x": 2})).unwrap();
    assert!(case.completed());
    assert_eq!((sent(&case), case.var("x")), (2, json!(2)));
    let keys: Vec<&String> = case
        .log
        .iter()
        .filter_map(|e| if let Effect::SendMessage { key, .. } = e { Some(key) } else { None })
        .collect();
    assert_ne!(keys[0], keys[1]);
}

#[test]
pub fn signal_events() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><parallelGateway id="g"/>
        <intermediateCatchEvent id="a"><signalEventDefinition signalRef="alarm"/></intermediateCatchEvent>
        <intermediateCatchEvent id="b"><signalEventDefinition signalRef="alarm"/></intermediateCatchEvent>
        <intermediateThrowEvent id="c"><signalEventDefinition signalRef="alarm"/></intermediateThrowEvent>
        <endEvent id="e"><signalEventDefinition signalRef="alarm"/></endEvent>
        s -> g
        g -> a -> e
        g -> b -> e
        g -> c -> e"#,
    );
    let called = |case: &Case| case.log.iter().filter(|e| matches!(e, Effect::BroadcastSignal { .. })).count();
    assert_eq!((case.at(), called(&case)), (vec!["a", "b"], 2));
    case.signal("alarm");
    assert!(case.completed(), "a signal is for all who wait");
    assert_eq!(called(&case), 4);
}

#[test]
pub fn timer_events() {
    let mut case = Case::start_with(
        r#"<startEvent id="s"/>
        <intermediateCatchEvent id="a"><timerEventDefinition><timeDate>= at</timeDate></timerEventDefinition></intermediateCatchEvent>
        <intermediateCatchEvent id="b"><timerEventDefinition><timeDuration>="PT" + string(hours) + "H"</timeDuration></timerEventDefinition></intermediateCatchEvent>
        <intermediateCatchEvent id="c"><timerEventDefinition><timeCycle>R3/P1D</timeCycle></timerEventDefinition></intermediateCatchEvent>
        <endEvent id="e"/>
        s -> a -> b -> c -> e"#,
        json!({"at": "2026-01-16T00:00:00+07:00", "hours": 5}),
    );
    let (timer, armed) = case.state.timers.iter().next().map(|(id, t)| (*id, t.clone())).unwrap();
    assert_eq!(armed.due, moment("2026-01-15T17:00:00Z"));
    assert_eq!(case.step(&Event::TimerFired { timer }), Err(StepError::NotDue(armed.due)));
    case.wait(7 * 3_600);
    assert_eq!(case.at(), ["b"]);
    assert_eq!(case.step(&Event::TimerFired { timer }), Err(StepError::NotWaiting(format!("timer {timer}"))));
    case.wait(5 * 3_600);
    assert_eq!(case.at(), ["c"]);
    case.wait(24 * 3_600);
    assert!(case.completed());
}

#[test]
fn a_time_that_cannot_be_read_is_an_incident() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><intermediateCatchEvent id="a"><timerEventDefinition><timeDuration>= wait</timeDuration></timerEventDefinition></intermediateCatchEvent>
        <endEvent id="e"/>
        s -> a -> e"#,
    );
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"wait": "soon"})) });
    let incident = case.incident().0;
    case.ok(&Event::Retry { incident, variables: map(json!({"wait": "PT1M"})) });
    case.wait(60);
    assert!(case.completed());
}

#[test]
pub fn conditional_events() {
    let body = r#"<startEvent id="s"/>
        <intermediateCatchEvent id="a"><conditionalEventDefinition><condition>level > 5</condition></conditionalEventDefinition></intermediateCatchEvent>
        <userTask id="b"/><boundaryEvent id="x" attachedToRef="b" cancelActivity="false"><conditionalEventDefinition><condition>level > 8</condition></conditionalEventDefinition></boundaryEvent>
        <endEvent id="e"/><endEvent id="ex"/>
        s -> a -> b -> e
        x -> ex"#;
    let mut case = Case::start(body);
    assert_eq!(case.at(), ["a"], "what is not known is not true yet");
    case.changed(json!({"level": 3}));
    assert_eq!(case.at(), ["a"]);
    case.changed(json!({"level": 6}));
    assert_eq!(case.at(), ["b"]);
    for (level, visits) in [(9, 1), (10, 1), (7, 1), (9, 2)] {
        case.changed(json!({"level": level}));
        assert_eq!(case.visits("x"), visits, "each time it becomes true: {level}");
    }
    assert_eq!(Case::start_with(body, json!({"level": 6})).at(), ["b"], "true from the beginning");
}

#[test]
pub fn link_events() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><intermediateThrowEvent id="a"><linkEventDefinition name="L"/></intermediateThrowEvent>
        <intermediateCatchEvent id="b"><linkEventDefinition name="L"/></intermediateCatchEvent><userTask id="c"/><endEvent id="e"/>
        s -> a
        b -> c -> e"#,
    );
    assert_eq!(case.at(), ["c"]);
    case.complete("c");
    assert!(case.completed());
}

#[test]
pub fn terminate_event() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/><endEvent id="e"/>
        <endEvent id="x"><terminateEventDefinition/></endEvent>
        s -> g
        g -> a -> e
        g -> b -> x"#,
    );
    let effects = case.complete("b");
    assert!(effects.iter().any(|e| matches!(e, Effect::WithdrawTask { element, .. } if element == "a")));
    assert!(case.ended(&Outcome::Terminated));
}

#[test]
pub fn a_plain_throwing_event_is_a_milestone() {
    let case = Case::start(
        r#"<startEvent id="s"/><intermediateThrowEvent id="a"/><endEvent id="e"/>
        s -> a -> e"#,
    );
    assert_eq!(case.path(), ["s", "a", "e"]);
}

fn bordered(border: &str) -> String {
    format!(
        r#"<startEvent id="s"/><userTask id="a"/>{border}<userTask id="b"/><endEvent id="e"/><endEvent id="eb"/>
        s -> a -> e
        x -> b -> eb"#
    )
}

#[test]
pub fn interrupting_border_events() {
    let timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>";
    let condition = "<conditionalEventDefinition><condition>stop</condition></conditionalEventDefinition>";
    let message = "<messageEventDefinition messageRef=\"paid\"/>";
    let signal = "<signalEventDefinition signalRef=\"alarm\"/>";
    let happens: [(&str, Happens); 4] = [
        (timer, |c| c.wait(3_600)),
        (condition, |c| _ = c.changed(json!({"stop": true}))),
        (message, |c| _ = c.message("paid", None, json!({})).unwrap()),
        (signal, |c| _ = c.signal("alarm")),
    ];
    for (definition, happens) in happens {
        let border = format!("<boundaryEvent id=\"x\" attachedToRef=\"a\">{definition}</boundaryEvent>");
        let mut case = Case::start(&bordered(&border));
        let token = case.token("a");
        happens(&mut case);
        assert_eq!(case.at(), ["b"], "{definition}");
        assert!(case.log.contains(&Effect::WithdrawTask { token, element: "a".into() }));
        let late = case.step(&Event::Completed { token, variables: map(json!({})) });
        assert!(late.is_err_and(|e| e.is_late()));
        case.complete("b");
        assert!(case.completed());
        // And when it does not happen, it is gone with its activity.
        let mut case = Case::start(&bordered(&border));
        case.complete("a");
        assert!(case.completed() && case.state.timers.is_empty() && case.state.subscriptions.is_empty());
    }
}

#[test]
pub fn border_events_that_do_not_interrupt() {
    let timer = "<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>";
    let border =
        format!("<boundaryEvent id=\"x\" attachedToRef=\"a\" cancelActivity=\"false\">{timer}</boundaryEvent>");
    let mut case = Case::start(&bordered(&border));
    case.wait(3 * 3_600);
    assert_eq!(case.at(), ["a", "b", "b", "b"], "three reminders");
    case.wait(9 * 3_600);
    assert_eq!(case.visits("x"), 3, "and no more");
    case.complete("a");
    for _ in 0..3 {
        case.complete("b");
    }
    assert!(case.completed());
    let message = "<messageEventDefinition messageRef=\"paid\"/>";
    let signal = "<signalEventDefinition signalRef=\"alarm\"/>";
    let condition = "<conditionalEventDefinition><condition>late</condition></conditionalEventDefinition>";
    let escalation = "<escalationEventDefinition escalationRef=\"late\"/>";
    let happens: [(&str, Happens); 4] = [
        (message, |c| _ = c.message("paid", None, json!({})).unwrap()),
        (signal, |c| _ = c.signal("alarm")),
        (condition, |c| {
            c.changed(json!({"late": true}));
            c.changed(json!({"late": false}));
        }),
        (escalation, |c| {
            let token = c.token("a");
            c.ok(&Event::Escalated { token, code: "LATE".into() });
        }),
    ];
    for (definition, happens) in happens {
        let border = format!(
            "<boundaryEvent id=\"x\" attachedToRef=\"a\" cancelActivity=\"false\">{definition}</boundaryEvent>"
        );
        let mut case = Case::start(&bordered(&border));
        let token = case.token("a");
        happens(&mut case);
        assert_eq!(case.at(), ["a", "b"], "{definition}");
        happens(&mut case);
        assert_eq!(case.at(), ["a", "b", "b"], "each time that it happens: {definition}");
        assert_eq!(case.token("a"), token, "the work goes on");
        case.complete("a");
        assert!(case.state.subscriptions.is_empty(), "what is done has no border: {definition}");
        case.complete("b");
        case.complete("b");
        assert!(case.completed());
    }
}

#[test]
fn a_message_goes_to_those_who_need_it_first() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><receiveTask id="a" messageRef="paid"/><endEvent id="e"/>
        <subProcess id="p1" triggeredByEvent="true"><startEvent id="s1" isInterrupting="false"><messageEventDefinition messageRef="paid"/></startEvent>
          <userTask id="b"/><endEvent id="e1"/>
          s1 -> b -> e1
        </subProcess><userTask id="c"/>
        s -> a -> c -> e"#,
    );
    case.message("paid", None, json!({})).unwrap();
    assert_eq!(case.at(), ["c"], "the event sub-process has listened longer, but only listens");
    case.message("paid", None, json!({})).unwrap();
    assert_eq!(case.at(), ["b", "c", "p1"]);
}

#[test]
fn times_that_nobody_looked_at_are_passed_over() {
    let mut case = Case::start(
        r#"<startEvent id="s"/><userTask id="a"/><endEvent id="e"/>
        <boundaryEvent id="x" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeCycle>R/2025-06-01T00:00:00Z/P1D</timeCycle></timerEventDefinition></boundaryEvent><endEvent id="ex"/>
        <boundaryEvent id="y" attachedToRef="a" cancelActivity="false"><timerEventDefinition><timeCycle>R/2020-01-01T00:00:30Z/PT1S</timeCycle></timerEventDefinition></boundaryEvent><endEvent id="ey"/>
        s -> a -> e
        x -> ex
        y -> ey"#,
    );
    let due = |case: &Case, event: &str| {
        let mut timers = case.state.timers.iter();
        timers.find(|(_, t)| t.element == event).map(|(id, t)| (*id, t.due)).unwrap()
    };
    for (event, next) in [("x", "2026-01-16T00:00:00Z"), ("y", "2026-01-15T10:00:01Z")] {
        let (timer, first) = due(&case, event);
        assert!(first < case.now);
        case.ok(&Event::TimerFired { timer });
        assert_eq!((due(&case, event).1, case.visits(event)), (moment(next), 1));
    }
}
