//! Events are armed, and happen.

use serde_json::{Map, Value};

use crate::event::Effect;
use crate::model::{Element, NodeKind, Trigger, Work};
use crate::state::{Armed, Outcome, Owner, Redo, Subscription, Topic, Wait};

use super::{Done, Fault, Run, object};

impl<'p> Run<'p> {
    /// From now on the event may happen.
    pub(super) fn arm(&mut self, owner: Owner, scope: u64, event: &'p Element, trigger: &Trigger) -> Done {
        let fault = |message| Fault::new("expression", message, Redo::Enter);
        let element = event.id.clone();
        let to = match trigger {
            Trigger::Timer(timer) => {
                let at = self.time_of(timer, scope).map_err(fault)?;
                let (left, every) = if repeats(event) { (at.left, at.every) } else { (Some(0), None) };
                self.arm_timer(Armed { owner, element, due: at.due, left, every });
                return Ok(());
            }
            Trigger::Message(message) => {
                let key = self.correlation(message, scope).map_err(fault)?;
                Topic::Message { name: message.name.clone(), key }
            }
            Trigger::Signal(name) => Topic::Signal(name.clone()),
            Trigger::Condition(_) => {
                self.changed = true;
                Topic::Condition(false)
            }
            _ => return Ok(()),
        };
        let id = self.number();
        if !matches!(to, Topic::Condition(_)) {
            self.effects.push(Effect::Subscribe { subscription: id, to: to.clone() });
        }
        self.state.subscriptions.insert(id, Subscription { owner, element, to });
        Ok(())
    }

    pub(super) fn arm_timer(&mut self, armed: Armed) {
        let timer = self.number();
        self.effects.push(Effect::ArmTimer { timer, element: armed.element.clone(), due: armed.due });
        self.state.timers.insert(timer, armed);
    }

    /// Nothing happens for this owner any more.
    pub(super) fn release(&mut self, owner: Owner) {
        let timers: Vec<u64> = self.state.timers.iter().filter(|(_, t)| t.owner == owner).map(|(id, _)| *id).collect();
        for timer in timers {
            self.state.timers.remove(&timer);
            self.effects.push(Effect::DisarmTimer { timer });
        }
        let subscriptions = self.state.subscriptions.iter().filter(|(_, s)| s.owner == owner);
        for subscription in subscriptions.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.unsubscribe(subscription);
        }
    }

    pub(super) fn unsubscribe(&mut self, subscription: u64) {
        if let Some(gone) = self.state.subscriptions.remove(&subscription)
            && !matches!(gone.to, Topic::Condition(_))
        {
            self.effects.push(Effect::Unsubscribe { subscription });
        }
    }

    /// An event-based gateway waits for the events behind it; the first one takes the token.
    pub(super) fn listen(&mut self, id: u64, element: &'p Element, scope: u64) -> Done {
        self.wait(id, Wait::Event);
        for flow in &element.outgoing {
            let Some(target) = self.process.elements.get(&self.process.flows[*flow].target) else { continue };
            match &target.kind {
                NodeKind::Catch(trigger) => self.arm(Owner::Token(id), scope, target, trigger)?,
                NodeKind::Activity(activity) => {
                    if let Work::Receive(message) = &activity.work {
                        self.arm(Owner::Token(id), scope, target, &Trigger::Message(message.clone()))?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// An event happens.
    pub(super) fn fire(&mut self, owner: Owner, event: &'p Element, came: &Map<String, Value>) {
        let id = match owner {
            Owner::Scope(scope) => return self.start_event_sub(scope, event, came),
            Owner::Token(id) => id,
        };
        if matches!(event.kind, NodeKind::Boundary { .. }) {
            return self.border(id, event, came);
        }
        let Some((element, scope)) = self.here(id) else { return };
        if element.id == event.id {
            return self.complete(id, came);
        }
        let flow = element.outgoing.iter().map(|f| &self.process.flows[*f]).find(|f| f.target == event.id);
        self.remove(id, false);
        let id = self.insert(&event.id, scope, flow.map(|f| f.id.as_str()), Wait::Event);
        self.complete(id, came);
    }

    /// An event on the border of an activity happens.
    pub(super) fn border(&mut self, id: u64, event: &'p Element, came: &Map<String, Value>) {
        let Some((_, scope)) = self.here(id) else { return };
        if matches!(event.kind, NodeKind::Boundary { interrupting: true, .. }) {
            self.cancel(id);
        }
        let id = self.insert(&event.id, scope, None, Wait::Ready);
        self.complete(id, came);
    }

    /// A throwing event or an end.
    pub(super) fn throw(&mut self, id: u64, element: &'p Element, trigger: &'p Trigger) -> Done {
        let Some((_, scope)) = self.here(id) else { return Ok(()) };
        let fault = |message| Fault::new("expression", message, Redo::Enter);
        match trigger {
            Trigger::Message(message) => self.send(id, element, scope, message).map_err(fault)?,
            Trigger::Signal(name) => {
                let payload = self.inputs(element, scope).map_err(fault)?;
                let (name, key) = (name.clone(), self.key_of(id));
                self.effects.push(Effect::BroadcastSignal { element: element.id.clone(), name, payload, key });
            }
            Trigger::Error(code) => {
                let code = code.clone().unwrap_or_default();
                let mut came = self.inputs(element, scope).map_err(fault)?;
                came.extend(object("code", Value::from(code.as_str())));
                match self.catcher(id, &code, true) {
                    Some(catch) => self.caught(catch, &came),
                    None => self.finish(Outcome::Failed(code)),
                }
                return Ok(());
            }
            Trigger::Escalation(code) => {
                self.escalate(id, code.as_deref().unwrap_or_default());
            }
            Trigger::Compensation(activity) => return self.undo(id, scope, activity.as_deref()),
            Trigger::Cancel => return self.call_off(id, scope),
            Trigger::Terminate => {
                self.terminate(id, scope);
                return Ok(());
            }
            Trigger::Link(name) => {
                let same = |e: &&Element| matches!(&e.kind, NodeKind::Catch(Trigger::Link(n)) if n == name);
                let there = self.process.elements.values().find(|e| e.parent == element.parent && same(e));
                self.remove(id, false);
                if let Some(there) = there {
                    self.spawn(&there.id, scope, None);
                }
                return Ok(());
            }
            Trigger::None | Trigger::Timer(_) | Trigger::Condition(_) => {}
        }
        self.finish_work(id)
    }

    fn terminate(&mut self, id: u64, scope: u64) {
        self.remove(id, false);
        self.empty(scope);
        if scope == 0 { self.finish(Outcome::Terminated) } else { self.close(scope) }
    }
}

/// True for an event that may happen again while what it belongs to goes on.
pub(super) const fn repeats(event: &Element) -> bool {
    matches!(event.kind, NodeKind::Boundary { interrupting: false, .. } | NodeKind::Start { interrupting: false, .. })
}
