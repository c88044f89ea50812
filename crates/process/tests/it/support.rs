//! A case that runs, an executor that keeps books about effects, and a short way to write processes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use svod_kernel::Timestamp;
use svod_process::{
    Calendars, Effect, Event, NodeKind, Outcome, Process, ProcessError, Repeat, State, StepError, Sub, SubKind, Topic,
    Trigger, Wait, Work,
};

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:svod="urn:svod:bpmn">
<message id="paid" name="paid"/><message id="reply" name="reply"/><signal id="alarm" name="alarm"/>
<error id="bad" errorCode="BAD"/><error id="worse" errorCode="WORSE"/><escalation id="late" escalationCode="LATE"/>"#;

/// A file around a body: XML, and lines `a -> b -> c : condition` for flows, whose ids are `a-b`.
pub fn xml(body: &str) -> String {
    let mut out = format!("{HEAD}\n<process id=\"p\" isExecutable=\"true\" svod:businessKey=\"key\">\n");
    for line in body.lines().map(str::trim) {
        if line.starts_with('<') || !line.contains(" -> ") {
            out += line;
        } else {
            let (path, condition) = line.split_once(" : ").map_or((line, None), |(p, c)| (p, Some(c)));
            let ids: Vec<&str> = path.split(" -> ").collect();
            for pair in ids.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                out += &format!("<sequenceFlow id=\"{a}-{b}\" sourceRef=\"{a}\" targetRef=\"{b}\">");
                if let Some(c) = condition {
                    let c = c.replace('&', "&amp;").replace('<', "&lt;");
                    out += &format!("<conditionExpression>{c}</conditionExpression>");
                }
                out += "</sequenceFlow>";
            }
        }
        out.push('\n');
    }
    // Most cases have no key: only those whose body asks for one.
    if !body.contains("KEY") {
        out = out.replace(" svod:businessKey=\"key\"", "");
    }
    out + "</process></definitions>"
}

pub fn process(body: &str) -> Process {
    Process::parse("p.bpmn", &xml(body)).unwrap_or_else(|e| panic!("{e:#?}"))
}

pub fn faults(body: &str) -> Vec<ProcessError> {
    Process::parse("p.bpmn", &xml(body)).err().unwrap_or_else(|| panic!("accepted: {body}"))
}

pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

thread_local! {
    static SEEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// What tokens of this thread have entered since it was asked last, in the words of the table of elements: `userTask`;
/// events as `signal, border`, and with `interrupting` or `not interrupting` after it where they may do either.
pub fn seen() -> BTreeSet<String> {
    SEEN.take()
}

fn note(process: &Process, id: &str) {
    let Some(element) = process.element(id) else { return };
    let mut told = Vec::new();
    let mut event = |trigger: &Trigger, place: &str, interrupting: Option<bool>| {
        let name = format!("{}, {place}", kind(trigger));
        told.extend(interrupting.map(|i| format!("{name}, {}", if i { "interrupting" } else { "not interrupting" })));
        told.push(name);
    };
    match &element.kind {
        NodeKind::Start { trigger, interrupting } => match element.parent {
            Some(_) => event(trigger, "start of an event sub-process", Some(*interrupting)),
            None => event(trigger, "start of a process", None),
        },
        NodeKind::End(trigger) => event(trigger, "end", None),
        NodeKind::Catch(trigger) => event(trigger, "catching", None),
        NodeKind::Throw(trigger) => event(trigger, "throwing", None),
        NodeKind::Boundary { trigger, interrupting, .. } => event(trigger, "border", Some(*interrupting)),
        // What undoes is entered when the event on the border happens.
        NodeKind::Activity(activity) if activity.compensates => event(&Trigger::Compensation(None), "border", None),
        _ => {}
    }
    if let Some(activity) = element.activity() {
        let sub = matches!(&activity.work, Work::Sub(Sub { kind: SubKind::Event, .. }));
        told.extend(sub.then(|| "triggeredByEvent".to_owned()));
        told.extend(activity.compensates.then(|| "isForCompensation".to_owned()));
        told.extend(activity.repeat.as_ref().map(|repeat| match repeat {
            Repeat::Loop { .. } => "standardLoopCharacteristics".to_owned(),
            Repeat::Items { .. } => "multiInstanceLoopCharacteristics".to_owned(),
        }));
    }
    told.push(element.tag().to_owned());
    SEEN.with_borrow_mut(|seen| seen.extend(told));
}

const fn kind(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::None => "none",
        Trigger::Message(_) => "message",
        Trigger::Timer(_) => "timer",
        Trigger::Signal(_) => "signal",
        Trigger::Error(_) => "error",
        Trigger::Escalation(_) => "escalation",
        Trigger::Condition(_) => "conditional",
        Trigger::Compensation(_) => "compensation",
        Trigger::Cancel => "cancel",
        Trigger::Terminate => "terminate",
        Trigger::Link(_) => "link",
    }
}

/// A running case and the books of its executor.
pub struct Case {
    pub process: Process,
    pub state: State,
    pub now: Timestamp,
    pub calendars: Calendars,
    /// Everything that was to be done, in order.
    pub log: Vec<Effect>,
    books: Books,
}

/// What an executor has open.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct Books {
    tasks: BTreeSet<u64>,
    services: BTreeSet<u64>,
    called: BTreeSet<u64>,
    timers: BTreeMap<u64, Timestamp>,
    subscriptions: BTreeSet<u64>,
    incidents: BTreeSet<u64>,
    entered: BTreeSet<u64>,
}

impl Books {
    pub fn write(&mut self, effect: &Effect) {
        match effect {
            Effect::Entered { token, .. } => assert!(self.entered.insert(*token), "entered twice"),
            Effect::Left { token, .. } => {
                assert!(self.entered.remove(token), "left twice");
                self.tasks.remove(token);
                self.services.remove(token);
                self.called.remove(token);
            }
            Effect::OfferTask { token, .. } => assert!(self.tasks.insert(*token)),
            Effect::WithdrawTask { token, .. } => assert!(self.tasks.remove(token)),
            Effect::CallService { token, .. } => _ = self.services.insert(*token),
            Effect::CancelService { token } => assert!(self.services.remove(token)),
            Effect::CallProcess { token, .. } => _ = self.called.insert(*token),
            Effect::CancelCalled { token } => assert!(self.called.remove(token)),
            Effect::ArmTimer { timer, due, .. } => assert!(self.timers.insert(*timer, *due).is_none()),
            Effect::DisarmTimer { timer } => assert!(self.timers.remove(timer).is_some()),
            Effect::Subscribe { subscription, to } => {
                assert!(!matches!(to, Topic::Condition(_)));
                assert!(self.subscriptions.insert(*subscription));
            }
            Effect::Unsubscribe { subscription } => assert!(self.subscriptions.remove(subscription)),
            Effect::IncidentRaised { incident, .. } => assert!(self.incidents.insert(*incident)),
            Effect::IncidentSolved { incident } => assert!(self.incidents.remove(incident)),
            _ => {}
        }
    }

    pub fn fired(&mut self, event: &Event) {
        match event {
            Event::TimerFired { timer } => _ = self.timers.remove(timer),
            Event::Completed { token, .. } => _ = self.tasks.remove(token),
            Event::Fail { event, .. } => self.fired(event),
            _ => {}
        }
    }

    /// The books say what the state says: nothing waits that the executor does not know of, and the other way round.
    pub fn check(&self, state: &State) {
        let waiting = |wanted: fn(&Wait) -> bool| {
            state.tokens.iter().filter(move |(_, t)| wanted(&t.wait)).map(|(id, _)| *id).collect::<BTreeSet<u64>>()
        };
        assert_eq!(self.entered, state.tokens.keys().copied().collect());
        assert_eq!(self.tasks, waiting(|w| *w == Wait::Task));
        assert!(waiting(|w| *w == Wait::Service).is_subset(&self.services));
        assert!(waiting(|w| *w == Wait::Called).is_subset(&self.called));
        assert_eq!(self.timers, state.timers.iter().map(|(id, t)| (*id, t.due)).collect());
        let told = state.subscriptions.iter().filter(|(_, s)| !matches!(s.to, Topic::Condition(_)));
        assert_eq!(self.subscriptions, told.map(|(id, _)| *id).collect());
        assert_eq!(self.incidents, state.incidents.keys().copied().collect());
    }
}

/// What holds between any two steps.
pub fn sound(process: &Process, state: &State) {
    assert_eq!(state.done, state.started() && state.tokens.is_empty(), "done means that no token is left");
    assert_eq!(state.done, state.outcome.is_some());
    for (id, token) in &state.tokens {
        assert!(process.element(&token.element).is_some() && state.scopes.contains_key(&token.scope));
        let owner = svod_process::Owner::Token(*id);
        let armed =
            state.timers.values().any(|t| t.owner == owner) || state.subscriptions.values().any(|s| s.owner == owner);
        let opened = state.scopes.values().any(|s| s.token == Some(*id));
        match &token.wait {
            Wait::Ready => panic!("{} has not moved", token.element),
            Wait::Event | Wait::Again => assert!(armed, "{} waits for nothing", token.element),
            Wait::Body | Wait::Items(_) => assert!(opened, "{} has nothing inside", token.element),
            Wait::Incident(n) => assert_eq!(state.incidents[n].token, *id),
            Wait::Undoing(_) => assert!(state.tokens.values().any(|t| t.undoes == Some(*id))),
            Wait::Task | Wait::Service | Wait::Decision | Wait::Called | Wait::Join => {}
        }
        assert!(*id <= state.next && token.undoes.is_none_or(|t| state.tokens.contains_key(&t)));
    }
    for incident in state.incidents.values() {
        assert!(matches!(state.tokens[&incident.token].wait, Wait::Incident(_)));
    }
    let held = |owner: &svod_process::Owner| match owner {
        svod_process::Owner::Token(t) => state.tokens.contains_key(t),
        svod_process::Owner::Scope(s) => state.scopes.contains_key(s),
    };
    assert!(state.timers.values().all(|t| held(&t.owner)), "a timer without a token");
    assert!(state.subscriptions.values().all(|s| held(&s.owner)));
    assert!(state.scopes.iter().all(|(id, s)| *id == 0 || s.token.is_some_and(|t| state.tokens.contains_key(&t))));
}

impl Case {
    pub fn new(process: Process) -> Self {
        Self {
            process,
            state: State::default(),
            now: moment("2026-01-15T10:00:00Z"),
            calendars: Calendars::new(),
            log: Vec::new(),
            books: Books::default(),
        }
    }

    pub fn start(body: &str) -> Self {
        Self::start_with(body, json!({}))
    }

    pub fn start_with(body: &str, variables: Value) -> Self {
        let mut case = Self::new(process(body));
        case.ok(&Event::Start { element: None, variables: map(variables) });
        case
    }

    /// A step, with everything that must hold after it.
    pub fn step(&mut self, event: &Event) -> Result<Vec<Effect>, StepError> {
        let (state, effects) = self.process.step(&self.state, event, self.now, &self.calendars)?;
        let again = self.process.step(&self.state, event, self.now, &self.calendars);
        assert_eq!(again, Ok((state.clone(), effects.clone())), "not deterministic");
        sound(&self.process, &state);
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state, "JSON loses something: {text}");
        let same = self.process.migrate(&state, &self.process, &BTreeMap::new());
        assert_eq!(same.as_ref(), Ok(&state), "a case fits the process that it runs on");
        self.books.fired(event);
        for effect in &effects {
            self.books.write(effect);
            if let Effect::Entered { element, .. } = effect {
                note(&self.process, element);
            }
        }
        self.books.check(&state);
        self.state = state;
        self.log.extend(effects.clone());
        Ok(effects)
    }

    pub fn ok(&mut self, event: &Event) -> Vec<Effect> {
        self.step(event).unwrap_or_else(|e| panic!("{event:?}: {e}; at {:?}", self.at()))
    }

    /// Where tokens are, in alphabetical order.
    pub fn at(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.state.tokens.values().map(|t| t.element.as_str()).collect();
        all.sort_unstable();
        all
    }

    pub fn token(&self, element: &str) -> u64 {
        self.state.waiting_at(element).unwrap_or_else(|| panic!("nothing at {element}, but at {:?}", self.at()))
    }

    pub fn complete(&mut self, element: &str) -> Vec<Effect> {
        self.complete_with(element, json!({}))
    }

    pub fn complete_with(&mut self, element: &str, variables: Value) -> Vec<Effect> {
        let token = self.token(element);
        self.ok(&Event::Completed { token, variables: map(variables) })
    }

    pub fn message(&mut self, name: &str, key: Option<&str>, payload: Value) -> Result<Vec<Effect>, StepError> {
        self.step(&Event::Message { name: name.to_owned(), key: key.map(str::to_owned), payload: map(payload) })
    }

    pub fn signal(&mut self, name: &str) -> Vec<Effect> {
        self.ok(&Event::Signal { name: name.to_owned(), payload: Map::new() })
    }

    pub fn changed(&mut self, variables: Value) -> Vec<Effect> {
        self.ok(&Event::VariablesChanged { variables: map(variables) })
    }

    pub fn attempt(&self, token: u64) -> u64 {
        self.state.tokens[&token].attempt
    }

    pub fn failed(&mut self, element: &str, error: Option<&str>) -> Vec<Effect> {
        self.failed_finally(element, error, true)
    }

    pub fn failed_finally(&mut self, element: &str, error: Option<&str>, retry: bool) -> Vec<Effect> {
        let token = self.token(element);
        let (error, message) = (error.map(str::to_owned), "no answer".to_owned());
        self.ok(&Event::ServiceFailed { token, attempt: self.attempt(token), error, message, retry })
    }

    pub fn answer(&mut self, element: &str, variables: Value) -> Vec<Effect> {
        let token = self.token(element);
        self.ok(&Event::ServiceDone { token, attempt: self.attempt(token), variables: map(variables) })
    }

    pub fn decided(&mut self, element: &str, outcome: Value) -> Vec<Effect> {
        let token = self.token(element);
        self.ok(&Event::Decided { token, attempt: self.attempt(token), outcome })
    }

    /// Time goes on; what is due fires, earliest first.
    pub fn wait(&mut self, seconds: i64) {
        let until = self.now.plus_seconds(seconds);
        while let Some((due, timer)) = self.state.timers.iter().map(|(id, t)| (t.due, *id)).min()
            && due <= until
        {
            self.now = self.now.max(due);
            self.ok(&Event::TimerFired { timer });
        }
        self.now = until;
    }

    pub fn var(&self, name: &str) -> Value {
        self.state.variables().get(name).cloned().unwrap_or(Value::Null)
    }

    pub fn incident(&self) -> (u64, &str) {
        let (id, incident) =
            self.state.incidents.iter().next().unwrap_or_else(|| panic!("no incident: {:?}", self.at()));
        (*id, &incident.code)
    }

    pub fn ended(&self, outcome: &Outcome) -> bool {
        self.state.done && self.state.outcome.as_ref() == Some(outcome)
    }

    pub fn completed(&self) -> bool {
        self.ended(&Outcome::Completed)
    }

    /// Elements that were entered, in order.
    pub fn path(&self) -> Vec<&str> {
        let entered = self.log.iter().filter_map(|e| match e {
            Effect::Entered { element, .. } => Some(element.as_str()),
            _ => None,
        });
        entered.collect()
    }

    pub fn visits(&self, element: &str) -> usize {
        self.path().iter().filter(|e| **e == element).count()
    }
}
