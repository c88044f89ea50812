//! What comes from outside finds the event that waits for it.

use serde_json::{Map, Value};

use crate::error::StepError;
use crate::model::{Element, Trigger};
use crate::state::{Armed, Owner, Subscription, Topic, Wait};

use super::events::repeats;
use super::{MAX_STEPS, Run};

impl<'p> Run<'p> {
    /// A message is for one: the one that has waited longest. Events that only listen, and may happen again, come last:
    /// they would take every message from those who cannot go on without it.
    pub(super) fn message(
        &mut self,
        name: &str,
        key: Option<&str>,
        payload: &Map<String, Value>,
    ) -> Result<(), StepError> {
        let wanted = |s: &Subscription| match &s.to {
            Topic::Message { name: n, key: k } => n == name && k.as_deref() == key,
            _ => false,
        };
        let listens = |s: &Subscription| self.process.elements.get(&s.element).is_some_and(repeats);
        let all = self.state.subscriptions.iter().filter(|(_, s)| wanted(s));
        let found = all.min_by_key(|(id, s)| (listens(s), **id)).map(|(id, _)| *id);
        let found = found.ok_or_else(|| StepError::NotWaiting(format!("message '{name}'")))?;
        self.happens(found, payload);
        Ok(())
    }

    /// A signal is for all that wait for it now.
    pub(super) fn signal(&mut self, name: &str, payload: &Map<String, Value>) -> Result<(), StepError> {
        let wanted = |s: &Subscription| matches!(&s.to, Topic::Signal(n) if n == name);
        let found: Vec<u64> = self.state.subscriptions.iter().filter(|(_, s)| wanted(s)).map(|(id, _)| *id).collect();
        if found.is_empty() {
            return Err(StepError::NotWaiting(format!("signal '{name}'")));
        }
        for id in found {
            self.happens(id, payload);
        }
        Ok(())
    }

    fn happens(&mut self, subscription: u64, payload: &Map<String, Value>) {
        let Some(found) = self.state.subscriptions.get(&subscription) else { return };
        let Some(event) = self.process.elements.get(&found.element) else { return };
        let owner = found.owner;
        if !repeats(event) {
            self.unsubscribe(subscription);
        }
        self.fire(owner, event, payload);
    }

    /// Conditions that have become true.
    pub(super) fn conditions(&mut self) {
        let all: Vec<u64> = self.state.subscriptions.keys().copied().collect();
        for id in all {
            let Some(found) = self.state.subscriptions.get(&id) else { continue };
            let Topic::Condition(before) = found.to else { continue };
            let Some(event) = self.process.elements.get(&found.element) else { continue };
            let Some(Trigger::Condition(condition)) = event.trigger() else { continue };
            let owner = found.owner;
            let scope = match owner {
                Owner::Scope(scope) => Some(scope),
                Owner::Token(id) => self.state.tokens.get(&id).map(|t| t.scope),
            };
            // What cannot be said yet, because data are missing, is not true yet.
            let now = scope.is_some_and(|s| self.holds(condition, s).unwrap_or(false));
            if let Some(found) = self.state.subscriptions.get_mut(&id) {
                found.to = Topic::Condition(now);
            }
            // Conditions that make each other true are a loop like any other.
            if now && !before && self.steps <= MAX_STEPS {
                self.steps += 1;
                self.happens(id, &Map::new());
            }
        }
    }

    /// A timer fires once, or again after its span.
    pub(super) fn timer(&mut self, id: u64) -> Result<(), StepError> {
        let late = || StepError::NotWaiting(format!("timer {id}"));
        let due = self.state.timers.get(&id).map(|t| t.due).ok_or_else(late)?;
        if due > self.now {
            return Err(StepError::NotDue(due));
        }
        let armed = self.state.timers.remove(&id).ok_or_else(late)?;
        let event: &'p Element = self.process.elements.get(&armed.element).ok_or_else(late)?;
        let owner = armed.owner;
        if let Owner::Token(token) = owner
            && self.state.tokens.get(&token).is_some_and(|t| t.wait == Wait::Again)
            && event.activity().is_some()
        {
            self.ask_again(token);
            return Ok(());
        }
        self.again(armed, event);
        self.fire(owner, event, &Map::new());
        Ok(())
    }

    fn again(&mut self, armed: Armed, event: &Element) {
        let left = match armed.left {
            Some(0) => return,
            Some(n) => Some(n - 1),
            None => None,
        };
        if let Some(due) = self.next_due(&armed, event) {
            self.arm_timer(Armed { due, left, ..armed });
        }
    }
}
