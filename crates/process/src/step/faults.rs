//! Errors, escalations, incidents.

use serde_json::{Map, Value};

use crate::error::StepError;
use crate::event::{Effect, Event};
use crate::model::{Element, NodeKind, Trigger, Work};
use crate::span::Cycle;
use crate::state::{Armed, Incident, Owner, Redo, ScopeKind, Wait};

use super::{Fault, Run, object};

/// Who takes an error or an escalation.
pub(super) enum Catch<'p> {
    /// An event on the border of this token's activity.
    Border(u64, &'p Element),
    /// An event sub-process of this scope.
    Sub(u64, &'p Element),
}

impl<'p> Run<'p> {
    /// A token stands still until an operator looks at it.
    pub(super) fn incident(&mut self, id: u64, fault: Fault) {
        let Some(token) = self.state.tokens.get_mut(&id) else { return };
        let element = token.element.clone();
        self.state.next += 1;
        let incident = self.state.next;
        token.wait = Wait::Incident(incident);
        let Fault { code, message, redo } = fault;
        let code = code.to_owned();
        let raised = Incident { token: id, code: code.clone(), message: message.clone(), at: self.now, redo };
        self.state.incidents.insert(incident, raised);
        self.effects.push(Effect::IncidentRaised { incident, token: id, element, code, message });
    }

    /// The event happens, and whoever it reaches stands still with what came.
    pub(super) fn halted(&mut self, event: &Event, message: &str) -> Result<(), StepError> {
        if !matches!(
            event,
            Event::ServiceDone { .. }
                | Event::Decided { .. }
                | Event::CalledDone { .. }
                | Event::Message { .. }
                | Event::Signal { .. }
                | Event::TimerFired { .. }
        ) {
            return Err(StepError::Refused("only what comes by itself can be halted".to_owned()));
        }
        self.halt = Some(message.to_owned());
        let done = self.take(event);
        self.halt = None;
        done
    }

    /// The fault of a token that is not to go on, with what is done again.
    pub(super) fn halts(&self, redo: Redo) -> Option<Fault> {
        self.halt.as_ref().map(|message| Fault::new("refused", message.clone(), redo))
    }

    pub(super) fn solved(&mut self, incident: u64) {
        if self.state.incidents.remove(&incident).is_some() {
            self.effects.push(Effect::IncidentSolved { incident });
        }
    }

    /// The nearest that catches, going outwards; at each border a code is nearer than no code.
    pub(super) fn catcher(&self, from: u64, code: &str, error: bool) -> Option<Catch<'p>> {
        let mut at = from;
        loop {
            let (element, scope) = self.here(at)?;
            let around = self.state.scopes.get(&scope)?;
            if !matches!(around.kind, ScopeKind::Item(_) | ScopeKind::Round) {
                let borders = element.boundary.iter().filter_map(|b| self.process.elements.get(b));
                if let Some(border) = nearest(borders, code, error) {
                    return Some(Catch::Border(at, border));
                }
            }
            if around.kind == ScopeKind::Body && !element.is_event_sub() {
                let process = self.process;
                let starts = process.elements.values().filter(|e| self.starts_beside(e, &around.element));
                if let Some(start) = nearest(starts, code, error) {
                    return Some(Catch::Sub(scope, start));
                }
            }
            at = around.token?;
        }
    }

    /// True for the start event of an event sub-process that stands in `scope`.
    fn starts_beside(&self, start: &Element, scope: &str) -> bool {
        let sub = start.parent.as_ref().and_then(|p| self.process.elements.get(p));
        let inside = |sub: &&Element| match &sub.parent {
            Some(parent) => parent == scope,
            None => !self.process.elements.contains_key(scope),
        };
        matches!(start.kind, NodeKind::Start { .. }) && sub.filter(inside).is_some_and(Element::is_event_sub)
    }

    pub(super) fn caught(&mut self, catch: Catch<'p>, came: &Map<String, Value>) {
        match catch {
            Catch::Border(id, border) => self.border(id, border, came),
            Catch::Sub(scope, start) => self.start_event_sub(scope, start, came),
        }
    }

    /// A report upwards; who is not there to hear it is told through the case that called this one.
    pub(super) fn escalate(&mut self, id: u64, code: &str) {
        match self.catcher(id, code, false) {
            Some(catch) => self.caught(catch, &object("code", Value::from(code))),
            None => {
                let element = self.state.tokens.get(&id).map(|t| t.element.clone()).unwrap_or_default();
                self.effects.push(Effect::Escalated { element, code: code.to_owned() });
            }
        }
    }

    /// Work outside has failed: an error event, another try, or an incident.
    pub(super) fn failed(&mut self, id: u64, error: Option<&str>, message: &str, retry: bool) {
        if let Some(code) = error
            && let Some(catch) = self.catcher(id, code, true)
        {
            let mut came = object("code", Value::from(code));
            came.extend(object("message", Value::from(message)));
            return self.caught(catch, &came);
        }
        if retry && self.try_later(id) {
            return;
        }
        let code = match self.state.tokens.get(&id).map(|t| &t.wait) {
            Some(Wait::Decision) => "decision-failed",
            Some(Wait::Called) => "called-failed",
            _ => "service-failed",
        };
        let message = error.map_or_else(|| message.to_owned(), |e| format!("{message} (error {e})"));
        self.incident(id, Fault::new(code, message, Redo::Work));
    }

    /// Tries again by itself, as often as the task declares.
    fn try_later(&mut self, id: u64) -> bool {
        let Some((element, _)) = self.here(id) else { return false };
        let Some(Work::Service { retry: Some(retry), .. }) = element.activity().map(|a| &a.work) else { return false };
        let Some(cycle) = Cycle::parse(retry) else { return false };
        let attempt = self.attempt(id);
        if cycle.times.is_some_and(|n| attempt >= u64::from(n)) {
            return false;
        }
        let Ok(due) = self.later(self.now, cycle.span, None) else { return false };
        self.wait(id, Wait::Again);
        let owner = Owner::Token(id);
        self.arm_timer(Armed { owner, element: element.id.clone(), due, left: Some(0), every: None });
        true
    }

    pub(super) fn ask_again(&mut self, id: u64) {
        if let Some(fault) = self.halts(Redo::Work) {
            return self.incident(id, fault);
        }
        if let Some(token) = self.state.tokens.get_mut(&id) {
            token.attempt += 1;
        }
        if let Err(fault) = self.work(id) {
            self.incident(id, fault);
        }
    }
}

fn nearest<'p>(events: impl Iterator<Item = &'p Element>, code: &str, error: bool) -> Option<&'p Element> {
    let mut any = None;
    for event in events {
        let caught = match event.trigger() {
            Some(Trigger::Error(caught)) if error => caught,
            Some(Trigger::Escalation(caught)) if !error => caught,
            _ => continue,
        };
        match caught {
            Some(c) if c == code => return Some(event),
            Some(_) => {}
            None => any = any.or(Some(event)),
        }
    }
    any
}
