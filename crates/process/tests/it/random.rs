//! Random valid processes, random events: doubled, late, wrong; and an executor that crashes. `PROPTEST_CASES` says how
//! many.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use svod_process::{Effect, Event, Process, State, StepError, Topic, Trigger, Wait};

use crate::drawn::{Dice, LATER, body};
use crate::support::{Case, map, process, seen, xml};
use crate::table;

/// What may happen next in a state: one event for everything that waits.
fn possible(case: &Case, dice: &mut Dice) -> Vec<Event> {
    let mut found = Vec::new();
    for (id, token) in &case.state.tokens {
        let (token_id, attempt) = (*id, token.attempt);
        let variables = map(json!({"x": dice.roll(6)}));
        let error = [None, Some("BAD".to_owned()), Some("OTHER".to_owned())][dice.roll(3) as usize].clone();
        let message = "it failed".to_owned();
        let fails = dice.roll(3) == 0;
        match &token.wait {
            Wait::Task if fails => found.push(Event::Escalated { token: token_id, code: "LATE".into() }),
            Wait::Task => found.push(Event::Completed { token: token_id, variables }),
            Wait::Service | Wait::Decision if fails => {
                found.push(Event::ServiceFailed { token: token_id, attempt, error, message, retry: true });
            }
            Wait::Service => found.push(Event::ServiceDone { token: token_id, attempt, variables }),
            Wait::Decision => found.push(Event::Decided { token: token_id, attempt, outcome: json!(dice.roll(6)) }),
            Wait::Called if fails => found.push(Event::CalledFailed { token: token_id, attempt, error, message }),
            Wait::Called => found.push(Event::CalledDone { token: token_id, attempt, variables }),
            Wait::Body if token.element.starts_with('h') => {
                let inside = case.process.elements().filter(|e| e.parent.as_ref() == Some(&token.element));
                let ids: Vec<String> = inside.map(|e| e.id.clone()).collect();
                let element = dice.pick(&ids).unwrap().clone();
                found.push(Event::Activate { token: token_id, element });
                if dice.roll(2) == 0 {
                    found.push(Event::Completed { token: token_id, variables });
                }
            }
            _ => {}
        }
    }
    found.extend(case.state.timers.keys().map(|timer| Event::TimerFired { timer: *timer }));
    for subscription in case.state.subscriptions.values() {
        let payload = map(json!({"x": dice.roll(6)}));
        match &subscription.to {
            Topic::Message { name, key } => {
                found.push(Event::Message { name: name.clone(), key: key.clone(), payload })
            }
            Topic::Signal(name) => found.push(Event::Signal { name: name.clone(), payload }),
            Topic::Condition(_) => found.push(Event::VariablesChanged { variables: payload }),
        }
    }
    for event in &mut found {
        let own = matches!(event, Event::ServiceDone { .. } | Event::CalledDone { .. } | Event::Message { .. })
            || matches!(event, Event::Signal { .. } | Event::TimerFired { .. });
        if own && dice.roll(10) == 0 {
            *event = Event::Fail { event: Box::new(event.clone()), message: "refused".to_owned() };
        }
    }
    for (incident, found_at) in &case.state.incidents {
        let (incident, token) = (*incident, found_at.token);
        let element = case.state.tokens[&token].element.clone();
        found.push(match (element.as_bytes()[0], dice.roll(2)) {
            (b'j' | b'g', _) => Event::Move { token, element },
            (_, 0) => Event::Retry { incident, variables: map(json!({"x": 1, "list": [1]})) },
            _ => Event::Resolve { incident, variables: map(json!({"x": 1})) },
        });
    }
    found
}

/// Events that no executor should send, and that must not do harm.
fn strange(case: &Case, dice: &mut Dice) -> Event {
    let n = dice.roll(60);
    let elements: Vec<String> = case.process.elements().map(|e| e.id.clone()).collect();
    let element = dice.pick(&elements).unwrap().clone();
    let variables = map(json!({"x": dice.roll(6), "list": [1, 2]}));
    match dice.roll(10) {
        0 => Event::start(),
        1 => Event::Completed { token: n, variables },
        2 => Event::TimerFired { timer: n },
        3 => Event::Move { token: n, element },
        4 => Event::Activate { token: n, element },
        5 => Event::Retry { incident: n, variables },
        6 => Event::Message { name: "paid".into(), key: None, payload: variables },
        7 => Event::VariablesChanged { variables: map(json!({"x": dice.roll(6)})) },
        8 => Event::ServiceDone { token: n, attempt: dice.roll(2), variables },
        _ => Event::Signal { name: "alarm".into(), payload: variables },
    }
}

fn begun(seed: u64) -> (Case, Dice) {
    begun_on(process(&body(seed, false)), seed)
}

/// A case that has begun, most of them at the start event without a trigger.
fn begun_on(process: Process, seed: u64) -> (Case, Dice) {
    let mut dice = Dice(seed ^ 0xABCD);
    let other = process.starts().find(|(_, t)| **t != Trigger::None).map(|(e, _)| e.id.clone());
    let element = other.filter(|_| dice.roll(4) == 0);
    let mut case = Case::new(process);
    case.ok(&Event::Start { element, variables: map(json!({"x": 1, "list": [1, 2]})) });
    (case, dice)
}

/// Everything is answered until nothing is left. Those that only listen are told something when nothing else waits.
fn to_the_end(case: &mut Case, dice: &mut Dice) {
    for _ in 0..4_000 {
        case.now = case.now.plus_seconds(1_000);
        let able = possible(case, dice);
        let called =
            |e: &&Event| !matches!(e, Event::Message { .. } | Event::Signal { .. } | Event::VariablesChanged { .. });
        let first: Vec<Event> = able.iter().filter(called).cloned().collect();
        let Some(event) = dice.pick(if first.is_empty() { &able } else { &first }) else { return };
        let _ = case.step(event);
    }
}

/// True for events that are told apart by an id that is never used twice: a second one is always late.
const fn told_once(event: &Event) -> bool {
    matches!(
        event,
        Event::Completed { .. }
            | Event::ServiceDone { .. }
            | Event::ServiceFailed { .. }
            | Event::Decided { .. }
            | Event::CalledDone { .. }
            | Event::CalledFailed { .. }
            | Event::TimerFired { .. }
            | Event::Retry { .. }
            | Event::Resolve { .. }
    )
}

proptest! {
    /// Every random process ends, whatever happens on the way, and every step keeps what must hold (`Case::step`).
    #[test]
    fn whatever_happens_a_case_stays_sound_and_ends(seed in any::<u64>(), events in 0usize..60) {
        let (mut case, mut dice) = begun(seed);
        for _ in 0..events {
            case.now = case.now.plus_seconds(dice.roll(2_000) as i64);
            let able = possible(&case, &mut dice);
            let event = match dice.pick(&able) {
                Some(event) if dice.roll(4) > 0 => event.clone(),
                _ => strange(&case, &mut dice),
            };
            let before = case.state.clone();
            match case.step(&event) {
                Ok(_) if told_once(&event) => {
                    let again = case.step(&event);
                    prop_assert!(again.as_ref().is_err_and(StepError::is_late), "{:?} twice: {:?}", event, again);
                }
                Ok(_) => {}
                Err(_) => prop_assert_eq!(&case.state, &before),
            }
        }
        to_the_end(&mut case, &mut dice);
        prop_assert!(case.state.done, "seed {} stands still at {:?}: {:?}", seed, case.at(), case.state);
    }

    /// An executor that loses its memory between any two things it does: nothing is lost and nothing done twice.
    #[test]
    fn crashes_lose_and_double_nothing(seed in any::<u64>()) {
        let (case, mut dice) = begun(seed);
        let mut world = World::default();
        let mut disk = Disk { state: case.state.clone(), outbox: case.log.clone() };
        let mut memory = case;
        for _ in 0..300 {
            // Effects are carried out at least once: a crash forgets that they were.
            let effects = disk.outbox.clone();
            for effect in &effects {
                world.perform(effect);
            }
            if dice.roll(3) > 0 {
                disk.outbox.clear();
            }
            let able = possible(&memory, &mut dice);
            let Some(event) = dice.pick(&able).cloned() else { break };
            memory.now = memory.now.plus_seconds(600);
            let Ok((state, effects)) = memory.process.step(&disk.state, &event, memory.now, &memory.calendars) else { continue };
            if dice.roll(3) == 0 {
                // Killed before the commit: the same event comes again, and says the same.
                let text = serde_json::to_string(&disk.state).unwrap();
                let read: State = serde_json::from_str(&text).unwrap();
                let again = memory.process.step(&read, &event, memory.now, &memory.calendars);
                prop_assert_eq!(again, Ok((state.clone(), effects.clone())));
            }
            disk.state = state;
            disk.outbox.extend(effects);
            memory.state = disk.state.clone();
            // Killed after the commit, before the sender heard of it: the event comes again.
            if told_once(&event) && dice.roll(2) == 0 {
                let again = memory.process.step(&disk.state, &event, memory.now, &memory.calendars);
                prop_assert!(again.is_err_and(|e| e.is_late()));
            }
        }
        for effect in &disk.outbox.clone() {
            world.perform(effect);
        }
        prop_assert_eq!(world.open_tasks(), waiting(&disk.state));
    }

    /// The new version has other ids, and one step more before its end. Wherever a case stands, it goes over as what it
    /// would be, had it begun on the new version and the same happened to it; and goes on to the end.
    #[test]
    fn what_goes_over_is_what_began_on_the_new_version(seed in any::<u64>(), events in 0usize..40) {
        let new = Process::parse("p.bpmn", &later(seed)).unwrap_or_else(|e| panic!("{e:#?}"));
        let (mut case, mut dice) = begun(seed);
        if case.visits("end") > 0 {
            return Ok(());
        }
        let mut other = begun_on(new.clone(), seed).0;
        let stays = lived(&mut case, &mut dice, events, |event, now| {
            other.now = now;
            other.step(&renamed(event)).is_ok()
        });
        prop_assert!(stays, "what happened to the one cannot happen to the other: seed {}", seed);
        if !case.state.done {
            let moved = case.process.migrate(&case.state, &new, &counterparts(&case.process));
            prop_assert_eq!(moved.as_ref(), Ok(&other.state), "seed {}", seed);
            goes_on(&mut case, &mut dice, new, moved.unwrap())?;
            let (step, end) = (case.visits(&format!("n0{LATER}")), case.visits(&format!("end{LATER}")));
            prop_assert!(end <= step, "the step that is new is done before the end: {} and {}", step, end);
        }
    }

    /// The new version differs in something: the check names elements at which the case stands, and why; or what it lets
    /// through goes on to the end.
    #[test]
    fn what_does_not_fit_is_refused_and_the_rest_goes_on(seed in any::<u64>(), twist in any::<u64>(), events in 0usize..40) {
        let mut twist = Dice(twist);
        let Some(new) = twisted(&later(seed), &mut twist) else { return Ok(()) };
        let (mut case, mut dice) = begun(seed);
        lived(&mut case, &mut dice, events, |_, _| true);
        if case.state.done {
            return Ok(());
        }
        let mut mapping = counterparts(&case.process);
        mapping.retain(|_, id| new.element(id).is_some());
        let left_out = mapping.keys().nth(twist.roll(mapping.len() as u64) as usize).cloned();
        if twist.roll(4) == 0 && let Some(left_out) = left_out {
            mapping.remove(&left_out);
        }
        match case.process.migrate(&case.state, &new, &mapping) {
            Ok(state) => goes_on(&mut case, &mut dice, new, state)?,
            Err(faults) => {
                let text = serde_json::to_string(&case.state).unwrap();
                for fault in &faults {
                    let stands = text.contains(&format!("\"{}\"", fault.element));
                    prop_assert!(stands && !fault.reason.is_empty() && !fault.fix.is_empty(), "{}: {}", fault, text);
                }
                prop_assert!(!faults.is_empty());
            }
        }
    }
}

/// The cases above have every element of the table in them: a token has entered each.
#[test]
fn everything_of_the_table_is_drawn() {
    let mut left: BTreeSet<String> = table::claims().into_iter().flat_map(|claim| claim.what).collect();
    seen();
    for seed in 0..1_000 {
        let (mut case, mut dice) = begun(seed);
        lived(&mut case, &mut dice, 20, |_, _| true);
        to_the_end(&mut case, &mut dice);
        let entered = seen();
        left.retain(|what| !entered.contains(what));
        if left.is_empty() {
            return;
        }
    }
    panic!("never drawn: {left:?}");
}

/// So many things happen, as far as the case does not come to its end by them; each is told. False once it was answered so.
fn lived(
    case: &mut Case,
    dice: &mut Dice,
    events: usize,
    mut told: impl FnMut(&Event, svod_kernel::Timestamp) -> bool,
) -> bool {
    for _ in 0..events {
        case.now = case.now.plus_seconds(dice.roll(2_000) as i64);
        let able = possible(case, dice);
        let Some(event) = dice.pick(&able) else { break };
        let ends = |e: &Effect| match e {
            Effect::Entered { element, .. } => element == "end",
            effect => matches!(effect, Effect::Finished { .. }),
        };
        match case.process.step(&case.state, event, case.now, &case.calendars) {
            Ok((_, effects)) if effects.iter().any(ends) => break,
            Ok(_) => {
                case.ok(event);
                if !told(event, case.now) {
                    return false;
                }
            }
            Err(_) => {}
        }
    }
    true
}

fn goes_on(case: &mut Case, dice: &mut Dice, new: Process, state: State) -> Result<(), TestCaseError> {
    (case.process, case.state) = (new, state);
    to_the_end(case, dice);
    prop_assert!(case.state.done, "it stands still at {:?}: {:?}", case.at(), case.state);
    Ok(())
}

/// The later version of a drawn process. Its flows keep their ids.
fn later(seed: u64) -> String {
    let kept = |text: String, before: &str| {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |out, part| {
            let (id, rest) = part.split_once('"').unwrap();
            format!("{out}{before}{}\"{rest}", id.replace(LATER, ""))
        })
    };
    kept(kept(xml(&body(seed, true)), "<sequenceFlow id=\""), " default=\"")
}

fn counterparts(process: &Process) -> BTreeMap<String, String> {
    process.elements().map(|e| (e.id.clone(), format!("{}{LATER}", e.id))).collect()
}

/// The event as the later version knows it.
fn renamed(event: &Event) -> Event {
    let mut event = event.clone();
    if let Event::Activate { element, .. } | Event::Move { element, .. } = &mut event {
        *element += LATER;
    }
    event
}

/// Another version: something is of another kind, stands elsewhere, or is gone. None where nothing valid was found.
fn twisted(text: &str, dice: &mut Dice) -> Option<Process> {
    const ELSEWHERE: &str = "another activity";
    const TWISTS: [(&str, &str); 12] = [
        ("userTask", "manualTask"),
        ("attachedToRef=\"", ELSEWHERE),
        ("cancelActivity=\"true\"", "cancelActivity=\"false\""),
        ("cancelActivity=\"false\"", "cancelActivity=\"true\""),
        ("isInterrupting=\"false\"", "isInterrupting=\"true\""),
        ("messageRef=\"paid\"", "messageRef=\"reply\""),
        ("signalEventDefinition signalRef=\"alarm\"", "messageEventDefinition messageRef=\"paid\""),
        ("isSequential=\"true\"", "isSequential=\"false\""),
        ("svod:collection=\"list\"", "isSequential=\"true\" svod:collection=\"list\""),
        ("/><parallelGateway", "/><inclusiveGateway"),
        ("calledElement=\"q\"", "calledElement=\"other\""),
        ("isForCompensation", ""),
    ];
    let lines: Vec<&str> = text.lines().collect();
    for _ in 0..20 {
        let (from, to) = *dice.pick(&TWISTS)?;
        let all: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].contains(from)).collect();
        let Some(at) = dice.pick(&all).copied() else { continue };
        let line = match to {
            // What undoes goes as a whole: the event, the activity and what ties them.
            "" => String::new(),
            ELSEWHERE => {
                let tasks: Vec<&str> =
                    lines.iter().filter_map(|l| l.strip_prefix("<userTask id=\"")?.split('"').next()).collect();
                let (before, rest) = lines[at].split_once(from)?;
                let (_, after) = rest.split_once('"')?;
                format!("{before}{from}{}\"{after}", dice.pick(&tasks)?)
            }
            _ => lines[at].replace(from, to),
        };
        let new: Vec<&str> = lines.iter().enumerate().map(|(n, l)| if n == at { line.as_str() } else { *l }).collect();
        if let Ok(process) = Process::parse("p.bpmn", &new.join("\n")) {
            return Some(process);
        }
    }
    None
}

struct Disk {
    state: State,
    outbox: Vec<Effect>,
}

/// The outside, which knows what it was asked by the key of the request.
#[derive(Default)]
struct World {
    asked: BTreeMap<String, Value>,
    tasks: BTreeMap<u64, bool>,
}

impl World {
    fn perform(&mut self, effect: &Effect) {
        let asked = match effect {
            Effect::CallService { key, input, service, .. } => Some((key, json!([service, input]))),
            Effect::SendMessage { key, name, payload, .. } => Some((key, json!([name, payload]))),
            Effect::CallProcess { key, process, variables, .. } => Some((key, json!([process, variables]))),
            _ => None,
        };
        if let Some((key, content)) = asked {
            let known = self.asked.entry(key.clone()).or_insert_with(|| content.clone());
            assert_eq!(*known, content, "one key for two requests");
        }
        match effect {
            Effect::OfferTask { token, .. } => _ = self.tasks.entry(*token).or_insert(true),
            Effect::Left { token, .. } => {
                if let Some(open) = self.tasks.get_mut(token) {
                    *open = false;
                }
            }
            _ => {}
        }
    }

    fn open_tasks(&self) -> Vec<u64> {
        self.tasks.iter().filter(|(_, open)| **open).map(|(id, _)| *id).collect()
    }
}

fn waiting(state: &State) -> Vec<u64> {
    state.tokens.iter().filter(|(_, t)| t.wait == Wait::Task).map(|(id, _)| *id).collect()
}
