//! The step function: state and event to new state and effects (BPMN 2.0.2, chapter 13).

mod activities;
mod adhoc;
mod compensation;
mod events;
mod faults;
mod flow;
mod gateways;
mod repair;
mod repeat;
mod scopes;
mod timers;
mod triggers;
mod variables;

use std::collections::VecDeque;

use serde_json::{Map, Value};
use svod_kernel::Timestamp;

use crate::calendar::Calendars;
use crate::error::StepError;
use crate::event::{Effect, Event};
use crate::model::{Element, Process};
use crate::state::{Outcome, Owner, Redo, STATE_VERSION, ScopeKind, State, Token, Wait};

/// Elements that a case enters in one step at the most: what goes further is a loop without a wait, and an incident.
pub const MAX_STEPS: usize = 5_000;
/// Most tokens of a case.
pub const MAX_TOKENS: usize = 5_000;
/// Most instances of one activity.
pub const MAX_ITEMS: usize = 1_000;
/// Most bytes of all variables of a case, as JSON.
pub const MAX_VARIABLES: usize = 256 * 1024;

/// Why a token stands still.
struct Fault {
    code: &'static str,
    message: String,
    redo: Redo,
}

impl Fault {
    fn new(code: &'static str, message: impl Into<String>, redo: Redo) -> Self {
        Self { code, message: message.into(), redo }
    }
}

/// The outcome of a part of the step: a fault becomes an incident of the token.
type Done = Result<(), Fault>;

struct Run<'p> {
    process: &'p Process,
    calendars: &'p Calendars,
    now: Timestamp,
    state: State,
    effects: Vec<Effect>,
    /// Tokens that move on, oldest first.
    ready: VecDeque<u64>,
    /// A variable was set, or a condition armed: conditions are looked at again.
    changed: bool,
    steps: usize,
    /// Why what the event reaches stands still.
    halt: Option<String>,
}

impl Process {
    /// Moves the case on to its next waiting states.
    ///
    /// # Errors
    /// When the event cannot happen in this state; the state is then unchanged, and [`StepError::is_late`] tells a
    /// repeated event from a wrong one. What fails inside the case is no error but an incident in the state.
    pub fn step(
        &self,
        state: &State,
        event: &Event,
        now: Timestamp,
        calendars: &Calendars,
    ) -> Result<(State, Vec<Effect>), StepError> {
        self.readable(state)?;
        if state.done {
            return Err(StepError::Ended);
        }
        if event.brings().is_some_and(|v| variables::size_of(v) > MAX_VARIABLES) {
            return Err(StepError::TooLarge { what: "variables, in bytes", limit: MAX_VARIABLES });
        }
        let mut run = Run {
            process: self,
            calendars,
            now,
            state: state.clone(),
            effects: Vec::new(),
            ready: VecDeque::new(),
            changed: false,
            steps: 0,
            halt: None,
        };
        run.take(event)?;
        run.settle();
        run.bounds()?;
        Ok((run.state, run.effects))
    }

    /// A state of a newer program, or of another process, is not guessed at.
    fn readable(&self, state: &State) -> Result<(), StepError> {
        let bad = |what: String| Err(StepError::BadState(what));
        if state.version != STATE_VERSION {
            return bad(format!("version {} is not {STATE_VERSION}", state.version));
        }
        if state.done && !state.tokens.is_empty() {
            return bad("ended with tokens left".to_owned());
        }
        for token in state.tokens.values() {
            if self.element(&token.element).is_none() {
                return bad(format!("'{}' is no element of process '{}'", token.element, self.id));
            }
            if !state.scopes.contains_key(&token.scope) {
                return bad(format!("the token at '{}' is in no scope", token.element));
            }
        }
        let known = |id: &u64| state.tokens.contains_key(id);
        let held = |owner: &Owner| match owner {
            Owner::Token(id) => known(id),
            Owner::Scope(id) => state.scopes.contains_key(id),
        };
        let scopes = state
            .scopes
            .values()
            .all(|s| s.parent.is_none_or(|p| state.scopes.contains_key(&p)) && s.token.is_none_or(|t| known(&t)));
        let waits = state.timers.values().all(|t| held(&t.owner) && self.element(&t.element).is_some())
            && state.subscriptions.values().all(|s| held(&s.owner) && self.element(&s.element).is_some())
            && state.incidents.values().all(|i| known(&i.token));
        if scopes && waits { Ok(()) } else { bad("something waits for a token or scope that is gone".to_owned()) }
    }
}

impl<'p> Run<'p> {
    fn take(&mut self, event: &Event) -> Result<(), StepError> {
        if let Event::Start { element, variables } = event {
            if self.state.started() {
                return Err(StepError::AlreadyStarted);
            }
            return self.begin(element.as_deref(), variables);
        }
        if !self.state.started() {
            return Err(StepError::NotStarted);
        }
        match event {
            Event::Start { .. } => Ok(()),
            Event::Completed { token, variables } => self.completed(*token, variables),
            Event::ServiceDone { token, attempt, variables } | Event::CalledDone { token, attempt, variables } => {
                let asked = if matches!(event, Event::ServiceDone { .. }) { Wait::Service } else { Wait::Called };
                self.asked(*token, *attempt, |w| *w == asked)?;
                self.complete(*token, variables);
                Ok(())
            }
            Event::Decided { token, attempt, outcome } => {
                self.asked(*token, *attempt, |w| *w == Wait::Decision)?;
                self.decided(*token, outcome);
                Ok(())
            }
            Event::ServiceFailed { token, attempt, error, message, retry } => {
                self.asked(*token, *attempt, |w| matches!(w, Wait::Service | Wait::Decision))?;
                self.failed(*token, error.as_deref(), message, *retry);
                Ok(())
            }
            Event::CalledFailed { token, attempt, error, message } => {
                self.asked(*token, *attempt, |w| *w == Wait::Called)?;
                self.failed(*token, error.as_deref(), message, false);
                Ok(())
            }
            Event::Escalated { token, code } => {
                self.expect(*token, |w| matches!(w, Wait::Called | Wait::Task))?;
                self.escalate(*token, code);
                Ok(())
            }
            Event::Message { name, key, payload } => self.message(name, key.as_deref(), payload),
            Event::Signal { name, payload } => self.signal(name, payload),
            Event::TimerFired { timer } => self.timer(*timer),
            Event::VariablesChanged { variables } => {
                self.set_all(0, variables);
                Ok(())
            }
            Event::Activate { token, element } => self.activate(*token, element),
            Event::Retry { incident, variables } => self.retry(*incident, variables),
            Event::Resolve { incident, variables } => self.resolve(*incident, variables),
            Event::Move { token, element } => self.put(*token, element),
            Event::Fail { event, message } => self.halted(event, message),
            Event::Cancel => {
                self.finish(Outcome::Cancelled);
                Ok(())
            }
        }
    }

    /// Until nothing moves by itself.
    fn settle(&mut self) {
        loop {
            while let Some(id) = self.ready.pop_front() {
                if self.state.tokens.get(&id).is_none_or(|t| t.wait != Wait::Ready) {
                    continue;
                }
                self.steps += 1;
                if self.steps > MAX_STEPS {
                    let message = format!("more than {MAX_STEPS} elements without a wait: a loop");
                    self.incident(id, Fault::new("endless", message, Redo::Enter));
                } else {
                    self.enter(id);
                }
            }
            if self.changed {
                self.changed = false;
                self.conditions();
            } else if !self.joins() {
                return;
            }
        }
    }

    fn bounds(&self) -> Result<(), StepError> {
        if self.state.tokens.len() > MAX_TOKENS {
            return Err(StepError::TooLarge { what: "tokens", limit: MAX_TOKENS });
        }
        let held = self
            .state
            .scopes
            .values()
            .map(|s| variables::size_of(&s.variables) + s.log.iter().map(variables::size_of_entry).sum::<usize>());
        let waiting = self.state.tokens.values().map(|t| match &t.wait {
            Wait::Items(items) => items.left.iter().chain(&items.outcomes).map(variables::size).sum(),
            _ => 0,
        });
        if held.chain(waiting).sum::<usize>() > MAX_VARIABLES {
            return Err(StepError::TooLarge { what: "variables, in bytes", limit: MAX_VARIABLES });
        }
        Ok(())
    }

    /// The element of a token, and its scope.
    fn here(&self, id: u64) -> Option<(&'p Element, u64)> {
        let token = self.state.tokens.get(&id)?;
        Some((self.process.elements.get(&token.element)?, token.scope))
    }

    fn expect(&self, id: u64, waits: impl Fn(&Wait) -> bool) -> Result<(), StepError> {
        match self.state.tokens.get(&id) {
            Some(token) if waits(&token.wait) => Ok(()),
            _ => Err(StepError::NotWaiting(format!("token {id}"))),
        }
    }

    /// Like `expect`, for an answer to this very attempt.
    fn asked(&self, id: u64, attempt: u64, waits: impl Fn(&Wait) -> bool) -> Result<(), StepError> {
        self.expect(id, waits)?;
        if self.attempt(id) == attempt {
            Ok(())
        } else {
            Err(StepError::NotWaiting(format!("attempt {attempt} of token {id}")))
        }
    }

    fn attempt(&self, id: u64) -> u64 {
        self.state.tokens.get(&id).map_or(0, |t| t.attempt)
    }

    fn number(&mut self) -> u64 {
        self.state.next += 1;
        self.state.next
    }

    /// A new token, which does not move by itself.
    fn insert(&mut self, element: &str, scope: u64, flow: Option<&str>, wait: Wait) -> u64 {
        let id = self.number();
        let token =
            Token { element: element.to_owned(), scope, wait, flow: flow.map(str::to_owned), attempt: 0, undoes: None };
        self.effects.push(Effect::Entered { token: id, element: element.to_owned(), flow: token.flow.clone() });
        self.state.tokens.insert(id, token);
        id
    }

    /// A new token that moves on within this step.
    fn spawn(&mut self, element: &str, scope: u64, flow: Option<&str>) -> u64 {
        let id = self.insert(element, scope, flow, Wait::Ready);
        self.ready.push_back(id);
        id
    }

    fn wait(&mut self, id: u64, wait: Wait) {
        if let Some(token) = self.state.tokens.get_mut(&id) {
            token.wait = wait;
        }
    }

    /// True for one instance of many: borders, compensation and the way out belong to the token around it.
    fn is_inner(&self, scope: u64) -> bool {
        self.state.scopes.get(&scope).is_some_and(|s| matches!(s.kind, ScopeKind::Item(_) | ScopeKind::Round))
    }
}

fn object(name: &str, value: Value) -> Map<String, Value> {
    std::iter::once((name.to_owned(), value)).collect()
}
