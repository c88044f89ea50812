//! A running case goes over to another version of its process, by a checked mapping.

use std::collections::BTreeMap;

use crate::model::{Element, NodeKind, Process, Repeat, Trigger, Work};
use crate::state::{Entry, Redo, State, Topic, Wait};

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
    /// of event, another sub-process around it, another activity on whose border it stands, instances in another order,
    /// nothing that undoes what was done, a gateway without that flow.
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
            let old = token.element.clone();
            token.element = self.fitting(&old, "a token waits there");
            // Who stands still at a join is counted there again when it is tried again.
            let again = |n: &u64| state.incidents.get(n).is_some_and(|i| i.redo == Redo::Enter);
            let stands = matches!(&token.wait, Wait::Incident(n) if again(n)) && token.flow.is_some();
            if token.wait == Wait::Join || stands && self.gathers(&old) {
                self.join(&old, &token.element, token.flow.as_deref());
            }
            if matches!(token.wait, Wait::Items(_)) {
                self.same_order(&old, &token.element);
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
            self.same_place(&old, &timer.element);
        }
        for subscription in next.subscriptions.values_mut() {
            let old = subscription.element.clone();
            subscription.element = self.fitting(&old, "somebody waits for it");
            self.same_topic(&old, &subscription.element, &subscription.to);
            self.same_place(&old, &subscription.element);
        }
        for reset in &mut next.resets {
            let old = reset.element.clone();
            reset.element = self.fitting(&old, "it waits for the rest");
            for flow in &reset.flows {
                self.join(&old, &reset.element, Some(flow));
            }
        }
        next
    }

    /// What was done is kept only as far as it can be undone in the new version.
    fn entry(&mut self, entry: &mut Entry) {
        let old = entry.element.clone();
        entry.element = self.fitting(&old, "it was done and may have to be undone");
        if undone(self.from, &old) && !undone(self.to, &entry.element) {
            let reason = format!("it was done and may have to be undone, and nothing undoes '{}'", entry.element);
            self.fault(&old, reason, "keep what undoes it in the new version");
        }
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
        let around: Vec<String> = around(self.from, before).into_iter().map(|p| self.name(p)).collect();
        if around != self::around(self.to, after) {
            let reason = format!("{why}, and '{new}' stands in another sub-process");
            self.fault(old, reason, "map the sub-process too, or move the token first");
        }
        new
    }

    /// True for a gateway that waits for several flows.
    fn gathers(&self, old: &str) -> bool {
        let gateway = |e: &&Element| {
            matches!(e.kind, NodeKind::Parallel | NodeKind::Inclusive | NodeKind::Complex { .. })
                && e.incoming.len() > 1
        };
        self.from.element(old).filter(gateway).is_some()
    }

    /// Instances that have begun one after the other do not go on all at once, nor the other way round.
    fn same_order(&mut self, old: &str, new: &str) {
        let sequential = |process: &Process, id: &str| match process.element(id)?.activity()?.repeat {
            Some(Repeat::Items { sequential, .. }) => Some(sequential),
            _ => None,
        };
        if let (Some(before), Some(after)) = (sequential(self.from, old), sequential(self.to, new))
            && before != after
        {
            let order = |sequential| if sequential { "one after the other" } else { "all at once" };
            let reason = format!("its instances run {}, and those of '{new}' {}", order(before), order(after));
            self.fault(old, reason, "keep isSequential, or move the token first");
        }
    }

    /// What happens on the border of an activity, or behind an event-based gateway, happens there in the new version too.
    fn same_place(&mut self, old: &str, new: &str) {
        let (from, to) = (self.from, self.to);
        let Some(before) = from.element(old).and_then(|e| from.waits_for(e)) else { return };
        if to.element(new).and_then(|e| to.waits_for(e)) != Some(self.name(before).as_str()) {
            let reason = format!("it may happen at '{before}', and '{new}' stands elsewhere");
            self.fault(old, reason, format!("keep it at '{before}' or its counterpart, or move the token first"));
        }
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

impl Process {
    /// The activity on whose border an event stands, or the event-based gateway before it.
    fn waits_for<'a>(&'a self, event: &'a Element) -> Option<&'a str> {
        if let NodeKind::Boundary { on, .. } = &event.kind {
            return Some(on);
        }
        let mut sources = event.incoming.iter().map(|f| self.flows[*f].source.as_str());
        sources.find(|s| self.element(s).is_some_and(|e| e.kind == NodeKind::EventBased))
    }
}

/// The sub-processes around an element, the nearest first.
fn around<'p>(process: &'p Process, element: &'p Element) -> Vec<&'p str> {
    let next = |e: &&'p Element| e.parent.as_ref().and_then(|p| process.element(p));
    let all = std::iter::successors(next(&element), next);
    all.map(|e| e.id.as_str()).collect()
}

/// True when an activity is undone by another one, or by an event sub-process in it.
fn undone(process: &Process, id: &str) -> bool {
    let Some(element) = process.element(id) else { return false };
    let handled = |b: &Element| matches!(b.kind, NodeKind::Boundary { handler: Some(_), .. });
    let starts = |(_, start): (&Element, &Element)| matches!(start.trigger(), Some(Trigger::Compensation(_)));
    element.boundary.iter().filter_map(|b| process.element(b)).any(handled)
        || element.sub().is_some() && process.event_subs(id).any(starts)
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
