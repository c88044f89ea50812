//! Random valid processes, random events: doubled, late, wrong; and an executor that crashes. `PROPTEST_CASES` says how
//! many.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use svod_process::{Effect, Event, State, StepError, Topic, Wait};

use crate::support::{Case, map, process};

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.roll(from.len() as u64) as usize) }
    }
}

/// Writes a process block by block.
struct Writer {
    dice: Dice,
    ids: usize,
}

impl Writer {
    fn id(&mut self, letter: &str) -> String {
        self.ids += 1;
        format!("{letter}{}", self.ids)
    }

    /// A block; the ids at its two ends.
    fn block(&mut self, depth: u32, out: &mut String) -> (String, String) {
        match self.dice.roll(if depth == 0 { 12 } else { 20 }) {
            12 | 13 => {
                let (a, b) = self.block(depth - 1, out);
                let (c, d) = self.block(depth - 1, out);
                *out += &format!("{b} -> {c}\n");
                (a, d)
            }
            14 => self.split("parallelGateway", depth, out),
            15 => self.split("exclusiveGateway", depth, out),
            16 => self.split("inclusiveGateway", depth, out),
            17 => self.race(out),
            18 => self.ad_hoc(out),
            19 => self.sub(depth, out),
            kind => self.task(kind, out),
        }
    }

    fn task(&mut self, kind: u64, out: &mut String) -> (String, String) {
        let id = self.id("n");
        let many = match self.dice.roll(5) {
            0 => {
                "<multiInstanceLoopCharacteristics svod:collection=\"list\" svod:element=\"item\" svod:output=\"outcomes\"/>"
            }
            1 => {
                "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>2</loopCardinality><completionCondition>x > 3</completionCondition></multiInstanceLoopCharacteristics>"
            }
            2 => {
                "<standardLoopCharacteristics loopMaximum=\"2\"><loopCondition>x > 1</loopCondition></standardLoopCharacteristics>"
            }
            _ => "",
        };
        *out += &match kind {
            0 | 1 => format!("<userTask id=\"{id}\">{many}</userTask>\n"),
            2 => format!("<serviceTask id=\"{id}\" svod:service=\"s\" svod:retry=\"R1/PT1M\">{many}</serviceTask>\n"),
            3 => format!(
                "<scriptTask id=\"{id}\" svod:result=\"x\">{many}<script>if x > 4 then 0 else x + 1</script></scriptTask>\n"
            ),
            4 => format!("<receiveTask id=\"{id}\" messageRef=\"paid\">{many}</receiveTask>\n"),
            5 => format!(
                "<businessRuleTask id=\"{id}\" svod:decision=\"a.dmn#A\" svod:result=\"x\">{many}</businessRuleTask>\n"
            ),
            6 => format!("<callActivity id=\"{id}\" calledElement=\"q\">{many}</callActivity>\n"),
            7 => format!(
                "<intermediateCatchEvent id=\"{id}\"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>\n"
            ),
            8 => format!(
                "<intermediateCatchEvent id=\"{id}\"><signalEventDefinition signalRef=\"alarm\"/></intermediateCatchEvent>\n"
            ),
            9 => format!(
                "<intermediateThrowEvent id=\"{id}\"><escalationEventDefinition escalationRef=\"late\"/></intermediateThrowEvent>\n"
            ),
            10 => {
                format!("<intermediateThrowEvent id=\"{id}\"><compensateEventDefinition/></intermediateThrowEvent>\n")
            }
            _ => format!("<sendTask id=\"{id}\" messageRef=\"reply\"/>\n"),
        };
        if (kind < 3 || kind == 6) && self.dice.roll(2) == 0 {
            self.border(&id, out);
        }
        (id.clone(), id)
    }

    /// An event on the border of an activity, which leads to an end of its own or undoes it.
    fn border(&mut self, on: &str, out: &mut String) {
        let (id, end) = (self.id("b"), self.id("e"));
        let interrupts = self.dice.roll(2) == 0;
        let definition = match self.dice.roll(6) {
            0 => "<timerEventDefinition><timeDuration>PT30M</timeDuration></timerEventDefinition>",
            1 => "<messageEventDefinition messageRef=\"paid\"/>",
            2 => "<conditionalEventDefinition><condition>x > 2</condition></conditionalEventDefinition>",
            3 => "<escalationEventDefinition/>",
            4 => {
                let undo = self.id("u");
                *out += &format!(
                    "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\"><compensateEventDefinition/></boundaryEvent><userTask id=\"{undo}\" isForCompensation=\"true\"/><association id=\"as{id}\" sourceRef=\"{id}\" targetRef=\"{undo}\"/>\n"
                );
                return;
            }
            _ => {
                *out += &format!(
                    "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\"><errorEventDefinition/></boundaryEvent><endEvent id=\"{end}\"/>\n{id} -> {end}\n"
                );
                return;
            }
        };
        *out += &format!(
            "<boundaryEvent id=\"{id}\" attachedToRef=\"{on}\" cancelActivity=\"{interrupts}\">{definition}</boundaryEvent><endEvent id=\"{end}\"/>\n{id} -> {end}\n"
        );
    }

    fn split(&mut self, tag: &str, depth: u32, out: &mut String) -> (String, String) {
        let (open, close) = (self.id("g"), self.id("j"));
        let ways: Vec<_> = (0..2 + self.dice.roll(2)).map(|_| self.block(depth - 1, out)).collect();
        let default =
            if tag == "parallelGateway" { String::new() } else { format!(" default=\"{open}-{}\"", ways[0].0) };
        *out += &format!("<{tag} id=\"{open}\"{default}/><{tag} id=\"{close}\"/>\n");
        for (n, (first, last)) in ways.iter().enumerate() {
            let condition = if n == 0 || default.is_empty() { String::new() } else { format!(" : x > {n}") };
            *out += &format!("{open} -> {first}{condition}\n{last} -> {close}\n");
        }
        (open, close)
    }

    fn race(&mut self, out: &mut String) -> (String, String) {
        let (open, a, b, close) = (self.id("g"), self.id("c"), self.id("c"), self.id("j"));
        *out += &format!(
            "<eventBasedGateway id=\"{open}\"/><exclusiveGateway id=\"{close}\"/><receiveTask id=\"{a}\" messageRef=\"paid\"/><intermediateCatchEvent id=\"{b}\"><timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition></intermediateCatchEvent>\n{open} -> {a} -> {close}\n{open} -> {b} -> {close}\n"
        );
        (open, close)
    }

    fn ad_hoc(&mut self, out: &mut String) -> (String, String) {
        let (id, a, b) = (self.id("h"), self.id("n"), self.id("n"));
        let order = if self.dice.roll(2) == 0 { "ordering=\"Sequential\"" } else { "" };
        let rule = if self.dice.roll(2) == 0 { "<completionCondition>x > 1</completionCondition>" } else { "" };
        *out += &format!(
            "<adHocSubProcess id=\"{id}\" {order}>{rule}<userTask id=\"{a}\"/><task id=\"{b}\"/></adHocSubProcess>\n"
        );
        (id.clone(), id)
    }

    fn sub(&mut self, depth: u32, out: &mut String) -> (String, String) {
        let (id, start, end) = (self.id("p"), self.id("s"), self.id("e"));
        let mut inside = String::new();
        let (first, last) = self.block(depth - 1, &mut inside);
        let transaction = self.dice.roll(3) == 0;
        let definition = match self.dice.roll(5) {
            0 => "<errorEventDefinition errorRef=\"bad\"/>",
            1 => "<terminateEventDefinition/>",
            2 if transaction => "<cancelEventDefinition/>",
            3 => "<compensateEventDefinition/>",
            _ => "",
        };
        let tag = if transaction { "transaction" } else { "subProcess" };
        let many = if self.dice.roll(4) == 0 {
            "<multiInstanceLoopCharacteristics svod:collection=\"list\" svod:element=\"item\"/>"
        } else {
            ""
        };
        *out += &format!(
            "<{tag} id=\"{id}\">{many}<startEvent id=\"{start}\"/><endEvent id=\"{end}\">{definition}</endEvent>\n{inside}\n{start} -> {first}\n{last} -> {end}\n"
        );
        if self.dice.roll(2) == 0 {
            self.event_sub(out);
        }
        *out += &format!("</{tag}>\n");
        if transaction {
            let (cancel, other) = (self.id("b"), self.id("e"));
            *out += &format!(
                "<boundaryEvent id=\"{cancel}\" attachedToRef=\"{id}\"><cancelEventDefinition/></boundaryEvent><endEvent id=\"{other}\"/>\n{cancel} -> {other}\n"
            );
        }
        self.border(&id, out);
        (id.clone(), id)
    }

    fn event_sub(&mut self, out: &mut String) {
        let (id, start, task, end) = (self.id("p"), self.id("s"), self.id("n"), self.id("e"));
        let interrupts = self.dice.roll(2) == 0;
        let (definition, interrupts) = match self.dice.roll(5) {
            0 => ("<messageEventDefinition messageRef=\"paid\"/>", interrupts),
            1 => ("<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>", interrupts),
            2 => ("<conditionalEventDefinition><condition>x > 3</condition></conditionalEventDefinition>", interrupts),
            3 => ("<escalationEventDefinition escalationRef=\"late\"/>", interrupts),
            _ => ("<errorEventDefinition/>", true),
        };
        *out += &format!(
            "<subProcess id=\"{id}\" triggeredByEvent=\"true\"><startEvent id=\"{start}\" isInterrupting=\"{interrupts}\">{definition}</startEvent><userTask id=\"{task}\"/><endEvent id=\"{end}\"/>\n{start} -> {task} -> {end}\n</subProcess>\n"
        );
    }
}

fn body(seed: u64) -> String {
    let mut writer = Writer { dice: Dice(seed), ids: 0 };
    let mut out = "<startEvent id=\"start\"/><endEvent id=\"end\"/>\n".to_owned();
    let depth = 1 + writer.dice.roll(3) as u32;
    let (first, last) = writer.block(depth, &mut out);
    if writer.dice.roll(3) == 0 {
        writer.event_sub(&mut out);
    }
    format!("{out}start -> {first}\n{last} -> end\n")
}

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
    let mut case = Case::new(process(&body(seed)));
    case.ok(&Event::Start { element: None, variables: map(json!({"x": 1, "list": [1, 2]})) });
    (case, Dice(seed ^ 0xABCD))
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
        for _ in 0..4_000 {
            case.now = case.now.plus_seconds(1_000);
            let able = possible(&case, &mut dice);
            let Some(event) = dice.pick(&able) else { break };
            let _ = case.step(&event.clone());
        }
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
