//! `POST /packs/{id}/design/simulate`: a process of the working copy, one event on, by the engine that runs cases.
//!
//! Nothing is kept: the state goes out with the answer and comes back with the next question. Decisions are taken, signals
//! come back to the process; people, services, other processes and time are what the question says.

use std::cell::OnceCell;
use std::collections::{BTreeMap, VecDeque};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use svod_kernel::{FieldError, Problem, Timestamp};
use svod_model::PackSource;
use svod_portal::{PageContext, PageError, csrf_header_holds};
use svod_process::{Calendar, Calendars, Effect, Event, Process, State, StepError, Topic, Wait};
use svod_rules::{Asked, DecisionModels, Inputs};
use tokio::sync::Semaphore;

use crate::OperationsState;
use crate::pages::file::allowed;
use crate::working::Working;

/// Simulations at once: each takes a core meanwhile.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Decisions, signals and timers that one question may bring about.
const MAX_FOLLOWING: usize = 200;

/// What is asked: what happens to a process that stands so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// File of the process in the working copy.
    path: String,
    /// The process as it is in the editor; as it is kept where absent.
    content: Option<String>,
    /// Where it stands; absent before the start.
    state: Option<State>,
    /// The moment; the present where absent.
    at: Option<Timestamp>,
    /// What happens; only where it could begin is told where absent.
    event: Option<Happening>,
}

/// What happens.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Happening {
    /// The case begins.
    Start { element: Option<String>, variables: Map<String, Value> },
    /// A person, a service or a called process is done.
    Done { token: u64, variables: Map<String, Value> },
    /// A service or a called process has failed.
    Failed { token: u64, error: Option<String>, message: String },
    /// Time passes up to the moment of a timer.
    Timer { timer: u64 },
    /// Time passes.
    Pass { to: Timestamp },
    /// A message comes.
    Message { name: String, key: Option<String>, payload: Map<String, Value> },
    /// A signal is called elsewhere.
    Signal { name: String, payload: Map<String, Value> },
    /// The data of the case changes.
    Variables { variables: Map<String, Value> },
    /// A person begins an activity of an ad-hoc sub-process.
    Activate { token: u64, element: String },
    /// An operator lets an incident try again.
    Retry { incident: u64, variables: Map<String, Value> },
    /// An operator has done by hand what failed.
    Resolve { incident: u64, variables: Map<String, Value> },
    /// The case is called off.
    Cancel,
}

/// One step of the simulation.
///
/// # Errors
/// Not permitted, no such file, or a question that cannot be read. What the engine refuses is an answer with status 422.
pub async fn step(
    ctx: PageContext,
    Shared(s): Shared<OperationsState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    if !csrf_header_holds(&headers) {
        return Err(PageError::csrf());
    }
    let question: Question = serde_json::from_slice(&body).map_err(|e| unreadable(&e))?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let (source, now) = (working.source(), ctx.now);
    let calendars = calendars(&s, &id);
    let place = PLACES.acquire().await.map_err(PageError::internal)?;
    let done = tokio::task::spawn_blocking(move || {
        let _place = place;
        answer(question, &source, &calendars, now)
    });
    let (status, answer) = done.await.map_err(PageError::internal)?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn unreadable(error: &serde_json::Error) -> PageError {
    PageError::new(Problem {
        kind: "urn:svod:problem:form-unreadable".into(),
        code: "form-unreadable".into(),
        title: "form unreadable".into(),
        status: StatusCode::UNPROCESSABLE_ENTITY.as_u16(),
        detail: "the question to the simulation cannot be read".into(),
        errors: vec![FieldError { field: String::new(), rule: "json".into(), fix: error.to_string() }],
        retry_after: None,
    })
}

fn answer(question: Question, source: &PackSource, calendars: &Calendars, now: Timestamp) -> (StatusCode, Value) {
    let refused = |what: Value| (StatusCode::UNPROCESSABLE_ENTITY, what);
    let content = question.content.as_deref().or_else(|| source.files.get(&question.path).map(String::as_str));
    let Some(content) = content else { return refused(json!({"refused": format!("no file {}", question.path)})) };
    let process = match Process::parse(&question.path, content) {
        Ok(process) => process,
        Err(faults) => {
            let fault = |f: &svod_process::ProcessError| {
                let id = f.element.split('\'').nth(1);
                json!({"line": f.line, "element": f.element, "id": id, "reason": f.reason, "fix": f.fix})
            };
            return refused(json!({"faults": faults.iter().take(100).map(fault).collect::<Vec<_>>()}));
        }
    };
    let mut play = Play {
        process: &process,
        calendars: own_calendars(source, calendars),
        decisions: Decisions { source, compiled: OnceCell::new() },
        state: question.state.unwrap_or_default(),
        at: question.at.unwrap_or(now),
        steps: Vec::new(),
    };
    let done = question.event.map_or(Ok(()), |event| play.happens(event));
    match done {
        Ok(()) => (StatusCode::OK, play.told()),
        Err(e) => refused(json!({"refused": e.to_string(), "code": e.code()})),
    }
}

/// The calendars in force by the clocks of where the pack applies.
fn calendars(s: &OperationsState, pack: &str) -> std::sync::Arc<Calendars> {
    let catalogue = s.registry.catalogue();
    let top = catalogue.pack(pack).and_then(|p| p.manifest.space.as_deref()?.parse().ok());
    top.map_or(catalogue.clocks.plain(), |top| catalogue.clocks.calendars(&top)).clone()
}

/// The calendars in force, and over them those of the working copy.
fn own_calendars(source: &PackSource, in_force: &Calendars) -> Calendars {
    let own = source.files.iter().filter(|(path, _)| path.starts_with("calendars/"));
    own.filter_map(|(path, text)| Calendar::parse(path, text).ok()).fold(in_force.clone(), Calendars::with)
}

/// The decisions of the working copy, compiled when the first of them is asked.
struct Decisions<'s> {
    source: &'s PackSource,
    compiled: OnceCell<Result<DecisionModels, String>>,
}

impl Decisions<'_> {
    fn take(&self, named: &str, inputs: &Map<String, Value>, at: Timestamp) -> Result<Value, String> {
        let (file, name) = named.split_once('#').ok_or_else(|| format!("'{named}' names no decision"))?;
        let compile = || {
            let own = self.source.files.iter().filter_map(|(path, xml)| Some((path.strip_prefix("decisions/")?, xml)));
            DecisionModels::compile(&own.collect::<Vec<_>>()).map_err(|e| e.to_string())
        };
        let models = self.compiled.get_or_init(compile).as_ref().map_err(Clone::clone)?;
        let asked = Asked { at: Some(at.to_string()), version: "working copy".into(), ..Asked::default() };
        let evaluation = models.evaluate(file, name, &Inputs::from_json(inputs), &asked).map_err(|e| e.to_string())?;
        evaluation.value().map_err(|e| e.to_string())?;
        Ok(evaluation.result)
    }
}

/// A process under way.
struct Play<'p> {
    process: &'p Process,
    calendars: Calendars,
    decisions: Decisions<'p>,
    state: State,
    at: Timestamp,
    steps: Vec<Value>,
}

impl Play<'_> {
    fn happens(&mut self, event: Happening) -> Result<(), StepError> {
        let attempt = |play: &Self, token: u64| play.state.tokens.get(&token).map_or(0, |t| t.attempt);
        let wait = |play: &Self, token: u64| play.state.tokens.get(&token).map(|t| t.wait.clone());
        match event {
            Happening::Start { element, variables } => self.take(Event::Start { element, variables }),
            Happening::Done { token, variables } => {
                let attempt = attempt(self, token);
                self.take(match wait(self, token) {
                    Some(Wait::Service) => Event::ServiceDone { token, attempt, variables },
                    Some(Wait::Called) => Event::CalledDone { token, attempt, variables },
                    _ => Event::Completed { token, variables },
                })
            }
            Happening::Failed { token, error, message } => {
                let attempt = attempt(self, token);
                self.take(match wait(self, token) {
                    Some(Wait::Called) => Event::CalledFailed { token, attempt, error, message },
                    _ => Event::ServiceFailed { token, attempt, error, message, retry: true },
                })
            }
            Happening::Timer { timer } => {
                let due = self.state.timers.get(&timer).map(|t| t.due);
                self.pass(due.ok_or_else(|| StepError::NotWaiting(format!("timer {timer}")))?)
            }
            Happening::Pass { to } => self.pass(to),
            Happening::Message { name, key, payload } => self.take(Event::Message { name, key, payload }),
            Happening::Signal { name, payload } => self.take(Event::Signal { name, payload }),
            Happening::Variables { variables } => self.take(Event::VariablesChanged { variables }),
            Happening::Activate { token, element } => self.take(Event::Activate { token, element }),
            Happening::Retry { incident, variables } => self.take(Event::Retry { incident, variables }),
            Happening::Resolve { incident, variables } => self.take(Event::Resolve { incident, variables }),
            Happening::Cancel => self.take(Event::Cancel),
        }
    }

    /// Time passes: what is due meanwhile happens in its order.
    fn pass(&mut self, to: Timestamp) -> Result<(), StepError> {
        for _ in 0..MAX_FOLLOWING {
            let next = self.state.timers.iter().filter(|(_, t)| t.due <= to).min_by_key(|(id, t)| (t.due, **id));
            let Some((timer, due)) = next.map(|(id, t)| (*id, t.due)) else { break };
            self.at = self.at.max(due);
            self.steps.push(json!({"kind": "time", "at": self.at, "timer": timer}));
            self.take(Event::TimerFired { timer })?;
        }
        if self.state.timers.values().any(|t| t.due <= to) {
            return Err(StepError::TooLarge { what: "timers that are due at once", limit: MAX_FOLLOWING });
        }
        self.at = self.at.max(to);
        Ok(())
    }

    /// The event, and what follows from it without anybody: decisions, and signals that the process itself hears.
    fn take(&mut self, event: Event) -> Result<(), StepError> {
        let mut coming = VecDeque::from([event]);
        let mut taken = 0;
        while let Some(event) = coming.pop_front() {
            taken += 1;
            if taken > MAX_FOLLOWING {
                return Err(StepError::TooLarge { what: "decisions and signals in one step", limit: MAX_FOLLOWING });
            }
            let (state, effects) = match self.process.step(&self.state, &event, self.at, &self.calendars) {
                Ok(done) => done,
                // What follows may come too late, as it may in a case.
                Err(e) if taken > 1 && e.is_late() => continue,
                Err(e) => return Err(e),
            };
            self.state = state;
            for effect in effects {
                self.tell(&effect);
                coming.extend(self.follows(effect));
            }
        }
        Ok(())
    }

    fn follows(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Decide { token, attempt, element, decision, inputs } => {
                let outcome = self.decisions.take(&decision, &inputs, self.at);
                let (ok, value) = match &outcome {
                    Ok(value) => (true, value.clone()),
                    Err(why) => (false, json!(why)),
                };
                self.steps.push(json!({
                    "kind": "decided", "token": token, "element": element, "decision": decision,
                    "inputs": inputs, "outcome": value, "ok": ok
                }));
                Some(match outcome {
                    Ok(outcome) => Event::Decided { token, attempt, outcome },
                    Err(message) => Event::ServiceFailed { token, attempt, error: None, message, retry: false },
                })
            }
            Effect::BroadcastSignal { name, payload, .. } => Some(Event::Signal { name, payload }),
            _ => None,
        }
    }

    /// An effect for the list of steps; what only the store needs is left out.
    fn tell(&mut self, effect: &Effect) {
        let step = match effect {
            Effect::Entered { token, element, flow } => {
                json!({"kind": "entered", "token": token, "element": element, "flow": flow})
            }
            Effect::Left { token, element, cancelled } => {
                json!({"kind": if *cancelled { "cancelled" } else { "left" }, "token": token, "element": element})
            }
            Effect::OfferTask { token, element, role, body, deadline, input, attributes, .. } => json!({
                "kind": "task", "token": token, "element": element, "role": role, "body": body, "deadline": deadline,
                "input": input, "form": attributes.get("form")
            }),
            Effect::CallService { token, element, service, input, .. } => {
                json!({"kind": "service", "token": token, "element": element, "what": service, "input": input})
            }
            Effect::CallProcess { token, element, process, variables, .. } => {
                json!({"kind": "called", "token": token, "element": element, "what": process, "input": variables})
            }
            Effect::SendMessage { element, name, correlation, payload, .. } => {
                json!({"kind": "sent", "element": element, "what": name, "key": correlation, "input": payload})
            }
            Effect::BroadcastSignal { element, name, payload, .. } => {
                json!({"kind": "signal", "element": element, "what": name, "input": payload})
            }
            Effect::Escalated { element, code } => json!({"kind": "escalated", "element": element, "what": code}),
            Effect::EnableActivities { token, elements } => {
                json!({"kind": "enabled", "token": token, "elements": elements})
            }
            Effect::IncidentRaised { incident, token, element, code, message } => json!({
                "kind": "incident", "incident": incident, "token": token, "element": element, "what": code,
                "message": message
            }),
            Effect::Finished { outcome, .. } => json!({"kind": "finished", "outcome": outcome}),
            _ => return,
        };
        self.steps.push(step);
    }

    fn told(self) -> Value {
        let name = |id: &str| self.process.element(id).map_or(id, |e| e.name.as_str()).to_owned();
        let tokens = self.state.tokens.iter();
        let tokens = tokens
            .map(|(id, t)| json!({"token": id, "element": t.element, "name": name(&t.element), "wait": word(&t.wait)}));
        let timers = self.state.timers.iter();
        let timers =
            timers.map(|(id, t)| json!({"timer": id, "element": t.element, "name": name(&t.element), "due": t.due}));
        let subscriptions = self.state.subscriptions.values().filter_map(|s| match &s.to {
            Topic::Message { name, key } => Some(json!({"topic": "message", "name": name, "key": key})),
            Topic::Signal(name) => Some(json!({"topic": "signal", "name": name})),
            Topic::Condition(_) => None,
        });
        let incidents = self.state.incidents.iter().map(|(id, i)| {
            let element = self.state.tokens.get(&i.token).map(|t| t.element.as_str()).unwrap_or_default();
            json!({"incident": id, "element": element, "name": name(element), "code": i.code, "message": i.message})
        });
        let starts = self.process.starts().map(|(e, _)| json!({"element": e.id, "name": e.name}));
        let names: BTreeMap<&str, &str> = self.process.elements().map(|e| (e.id.as_str(), e.name.as_str())).collect();
        json!({
            "at": self.at,
            "started": self.state.started(),
            "done": self.state.done,
            "outcome": self.state.outcome,
            "variables": self.state.variables(),
            "tokens": tokens.collect::<Vec<_>>(),
            "timers": timers.collect::<Vec<_>>(),
            "subscriptions": subscriptions.collect::<Vec<_>>(),
            "incidents": incidents.collect::<Vec<_>>(),
            "starts": starts.collect::<Vec<_>>(),
            "names": names,
            "steps": self.steps,
            "state": self.state,
        })
    }
}

/// What a token waits for, in a word.
const fn word(wait: &Wait) -> &'static str {
    match wait {
        Wait::Ready => "ready",
        Wait::Task => "task",
        Wait::Service => "service",
        Wait::Again => "again",
        Wait::Decision => "decision",
        Wait::Called => "called",
        Wait::Event => "event",
        Wait::Join => "join",
        Wait::Body => "body",
        Wait::Items(_) => "items",
        Wait::Undoing(_) => "undoing",
        Wait::Incident(_) => "incident",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-15T01:00:00Z";

    fn moving() -> PackSource {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../packs/moving");
        let read = |path: &str| (path.to_owned(), std::fs::read_to_string(format!("{root}/{path}")).unwrap());
        PackSource { files: [read("processes/moving.bpmn"), read("decisions/moving.dmn")].into() }
    }

    fn calendar() -> Calendars {
        let ru = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../packs/base/calendars/ru.yaml");
        Calendars::new().with(Calendar::parse("ru.yaml", &std::fs::read_to_string(ru).unwrap()).unwrap())
    }

    fn asked(mut question: Value) -> (StatusCode, Value) {
        question["path"] = json!("processes/moving.bpmn");
        answer(serde_json::from_value(question).unwrap(), &moving(), &calendar(), NOW.parse().unwrap())
    }

    fn kinds(answer: &Value) -> Vec<String> {
        let steps = answer["steps"].as_array().unwrap();
        steps
            .iter()
            .map(|s| format!("{} {}", s["kind"].as_str().unwrap(), s["element"].as_str().unwrap_or("")))
            .collect()
    }

    /// The state goes out and comes back as JSON; what it says is what the engine says.
    #[test]
    fn a_process_is_played_to_its_end() {
        let (status, told) = asked(json!({}));
        assert_eq!((status, &told["started"]), (StatusCode::OK, &json!(false)));
        assert_eq!(told["starts"][0]["element"], "start");

        let variables = json!({"name": "А", "address": "Б", "applicant": {"urn": "urn:t:1"}, "document": "lease"});
        let (status, told) = asked(json!({"event": {"kind": "start", "element": null, "variables": variables}}));
        assert_eq!(status, StatusCode::OK, "{told}");
        // Where the applicant has lived is asked of the register first.
        let waits = &told["tokens"][0];
        assert_eq!((&waits["element"], &waits["wait"]), (&json!("find-homes"), &json!("service")), "{told}");

        let done = json!({"kind": "done", "token": waits["token"], "variables": {"items": []}});
        let (_, told) = asked(json!({"state": told["state"], "at": told["at"], "event": done}));
        assert!(kinds(&told).contains(&"decided route".to_owned()), "{told}");
        let waits = &told["tokens"][0];
        assert_eq!((&waits["element"], &waits["wait"]), (&json!("check"), &json!("task")), "{told}");

        let done = json!({"kind": "done", "token": waits["token"], "variables": {"decision": "register"}});
        let (_, told) = asked(json!({"state": told["state"], "at": told["at"], "event": done}));
        let waits = &told["tokens"][0];
        assert_eq!((&waits["element"], &waits["wait"]), (&json!("find-earlier"), &json!("service")), "{told}");

        let failed = json!({"kind": "failed", "token": waits["token"], "error": null, "message": "no answer"});
        let (_, stuck) = asked(json!({"state": told["state"], "at": told["at"], "event": failed}));
        assert_eq!(stuck["incidents"][0]["code"], "service-failed", "{stuck}");

        let done = json!({"kind": "done", "token": waits["token"], "variables": {"items": []}});
        let (_, told) = asked(json!({"state": told["state"], "at": told["at"], "event": done}));
        let waits = &told["tokens"][0];
        assert_eq!((&waits["element"], &waits["wait"]), (&json!("register"), &json!("service")), "{told}");

        let done = json!({"kind": "done", "token": waits["token"], "variables": {}});
        let (_, told) = asked(json!({"state": told["state"], "at": told["at"], "event": done}));
        let waits = &told["tokens"][0];
        assert_eq!((&waits["element"], &waits["wait"]), (&json!("granted"), &json!("service")), "{told}");

        let done = json!({"kind": "done", "token": waits["token"], "variables": {}});
        let again = json!({"state": told["state"], "at": told["at"], "event": done});
        let (_, told) = asked(again.clone());
        assert_eq!((&told["done"], &told["outcome"]), (&json!(true), &json!("completed")), "{told}");
        let late = json!({"state": told["state"], "event": again["event"]});
        let (status, told) = asked(late);
        assert_eq!((status, &told["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("case-ended")));
    }

    #[test]
    fn what_is_drawn_wrong_is_told_with_its_place() {
        let content = moving().files["processes/moving.bpmn"].replace("svod:decision=\"moving.dmn#Route\" ", "");
        let (status, told) = asked(json!({"content": content}));
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((&told["faults"][0]["id"], &told["faults"][0]["line"]), (&json!("route"), &json!(13)), "{told}");
    }

    #[test]
    fn time_passes_in_the_order_of_timers_and_not_for_ever() {
        let timers = |cycle: &str| {
            format!(
                r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" isExecutable="true">
                <startEvent id="s"/><userTask id="t"/><endEvent id="e"/><endEvent id="n"/>
                <boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><timerEventDefinition><timeCycle>{cycle}</timeCycle></timerEventDefinition></boundaryEvent>
                <sequenceFlow id="a" sourceRef="s" targetRef="t"/><sequenceFlow id="c" sourceRef="t" targetRef="e"/>
                <sequenceFlow id="d" sourceRef="b" targetRef="n"/></process></definitions>"#
            )
        };
        let start = json!({"kind": "start", "element": null, "variables": {}});
        let (_, told) = asked(json!({"content": timers("R3/PT1H"), "event": start}));
        let pass = json!({"kind": "pass", "to": "2026-01-16T01:00:00Z"});
        let (_, told) =
            asked(json!({"content": timers("R3/PT1H"), "state": told["state"], "at": told["at"], "event": pass}));
        assert_eq!(kinds(&told).iter().filter(|k| *k == "entered n").count(), 3, "{told}");
        assert!(told["at"].as_str().unwrap().starts_with("2026-01-16T01:00:00"), "{told}");
        assert!(told["timers"].as_array().unwrap().is_empty());

        let (_, told) = asked(json!({"content": timers("R/PT1S"), "event": start}));
        let (status, told) =
            asked(json!({"content": timers("R/PT1S"), "state": told["state"], "at": told["at"], "event": pass}));
        assert_eq!((status, &told["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("case-too-large")), "{told}");
    }
}
