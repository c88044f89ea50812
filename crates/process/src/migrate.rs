//! A running case goes over to another version of its process, by a checked mapping.

use std::collections::BTreeMap;

use crate::model::{Element, NodeKind, Process, Trigger, Work};
use crate::state::{Entry, State, Topic, Wait};

/// Why a case cannot go over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{element}': {reason}; {fix}")]
pub struct MigrationFault {
    /// Element of the old version.
    pub element: String,
    /// What does not fit.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

impl Process {
    /// The state as it is in `to`. `mapping` names, for elements of this version, those of the other one; what it does
    /// not name keeps its id. Tokens, timers and subscriptions keep their ids and go on as they are: nothing is armed
    /// or offered anew. Flows that tokens came by are looked up by id in the new version.
    ///
    /// # Errors
    /// Every element at which something waits and that has no fitting counterpart: another kind of work, another kind
    /// of event, another sub-process around it, a gateway without that flow.
    pub fn migrate(
        &self,
        state: &State,
        to: &Self,
        mapping: &BTreeMap<String, String>,
    ) -> Result<State, Vec<MigrationFault>> {
        let mut moved = Move { from: self, to, mapping, faults: Vec::new() };
        for (old, new) in mapping {
            if self.element(old).is_none() {
                moved.fault(old, "it is no element of the old version", "take it out of the mapping");
            } else if to.element(new).is_none() {
                moved.fault(old, format!("'{new}' is no element of the new version"), "map it to one that is");
            }
        }
        let next = moved.state(state);
        moved.faults.sort_by(|a, b| a.element.cmp(&b.element));
        moved.faults.dedup();
        if moved.faults.is_empty() { Ok(next) } else { Err(moved.faults) }
    }
}

struct Move<'p> {
    from: &'p Process,
    to: &'p Process,
    mapping: &'p BTreeMap<String, String>,
    faults: Vec<MigrationFault>,
}

impl<'p> Move<'p> {
    fn fault(&mut self, element: &str, reason: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(MigrationFault { element: element.to_owned(), reason: reason.into(), fix: fix.into() });
    }

    fn name(&self, id: &str) -> String {
        if id == self.from.id || id.is_empty() {
            return self.to.id.clone();
        }
        self.mapping.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    fn state(&mut self, state: &State) -> State {
        let mut next = state.clone();
        for token in next.tokens.values_mut() {
            let (old, wait) = (token.element.clone(), token.wait.clone());
            token.element = self.fitting(&old, "a token waits there");
            if wait == Wait::Join {
                self.join(&old, &token.element, token.flow.as_deref());
            }
            if let Wait::Undoing(plan) = &mut token.wait {
                for undo in plan {
                    self.entry(&mut undo.entry);
                }
            }
        }
        for scope in next.scopes.values_mut() {
            if scope.parent.is_none() || self.from.element(&scope.element).is_none() {
                scope.element = self.name(&scope.element);
            } else {
                let old = scope.element.clone();
                scope.element = self.fitting(&old, "it is running");
            }
            for entry in &mut scope.log {
                self.entry(entry);
            }
            let pending = std::mem::take(&mut scope.pending);
            scope.pending = pending.into_iter().map(|p| self.fitting(&p, "it is to run")).collect();
        }
        for timer in next.timers.values_mut() {
            let old = timer.element.clone();
            timer.element = self.fitting(&old, "a timer runs for it");
        }
        for subscription in next.subscriptions.values_mut() {
            let old = subscription.element.clone();
            subscription.element = self.fitting(&old, "somebody waits for it");
            self.same_topic(&old, &subscription.element, &subscription.to);
        }
        for reset in &mut next.resets {
            let old = reset.element.clone();
            reset.element = self.fitting(&old, "it waits for the rest");
        }
        next
    }

    /// What was done is kept only as far as it can be undone in the new version.
    fn entry(&mut self, entry: &mut Entry) {
        let old = entry.element.clone();
        entry.element = self.fitting(&old, "it was done and may have to be undone");
        for inner in &mut entry.inner {
            self.entry(inner);
        }
    }

    fn fitting(&mut self, old: &str, why: &str) -> String {
        let new = self.name(old);
        let Some(before) = self.from.element(old) else {
            self.fault(old, "it is no element of the old version", "repair the state first");
            return new;
        };
        let Some(after) = self.to.element(&new) else {
            self.fault(
                old,
                format!("{why}, and the new version has no '{new}'"),
                "map it to an element of the new version",
            );
            return new;
        };
        if !same_kind(before, after) {
            let reason = format!("{why}, and '{new}' is another kind of element");
            self.fault(old, reason, "map it to an element of the same kind, or move the token first");
        }
        if before.parent.as_ref().map(|p| self.name(p)) != after.parent {
            let reason = format!("{why}, and '{new}' stands in another sub-process");
            self.fault(old, reason, "map the sub-process too, or move the token first");
        }
        new
    }

    fn join(&mut self, old: &str, new: &str, flow: Option<&str>) {
        let Some(gateway) = self.to.element(new) else { return };
        let known = |f: &&str| gateway.incoming.iter().any(|at| self.to.flows[*at].id == **f);
        if flow.filter(known).is_none() {
            let reason = format!("a token came by flow '{}', which does not enter '{new}'", flow.unwrap_or("none"));
            self.fault(old, reason, "keep the flow's id in the new version");
        }
    }

    /// What the outside was told to bring is still what is waited for.
    fn same_topic(&mut self, old: &str, new: &str, topic: &Topic) {
        let Some(element) = self.to.element(new) else { return };
        let receives = match element.activity().map(|a| &a.work) {
            Some(Work::Receive(message)) => Some(&message.name),
            _ => None,
        };
        let same = match (topic, element.trigger()) {
            (Topic::Message { name, .. }, Some(Trigger::Message(message))) => *name == message.name,
            (Topic::Message { name, .. }, None) => receives == Some(name),
            (Topic::Signal(name), Some(Trigger::Signal(signal))) => name == signal,
            (Topic::Condition(_), Some(Trigger::Condition(_))) => true,
            _ => false,
        };
        if !same {
            let reason = format!("'{new}' waits for something else");
            self.fault(old, reason, "keep the name of the message or signal, or move the token first");
        }
    }
}

fn same_kind(before: &Element, after: &Element) -> bool {
    use std::mem::discriminant as d;
    let trigger = |e: &Element| e.trigger().map(d);
    let same = d(&before.kind) == d(&after.kind) && trigger(before) == trigger(after);
    match (&before.kind, &after.kind) {
        (NodeKind::Activity(a), NodeKind::Activity(b)) => {
            let subs = match (before.sub(), after.sub()) {
                (Some(x), Some(y)) => d(&x.kind) == d(&y.kind),
                _ => true,
            };
            let repeats = match (&a.repeat, &b.repeat) {
                (None, None) => true,
                (Some(x), Some(y)) => d(x) == d(y),
                _ => false,
            };
            d(&a.work) == d(&b.work) && subs && repeats && a.compensates == b.compensates
        }
        (NodeKind::Boundary { interrupting: x, .. }, NodeKind::Boundary { interrupting: y, .. }) => same && x == y,
        _ => same,
    }
}
