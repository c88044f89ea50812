//! Tokens enter, leave and are ended.

use crate::event::Effect;
use crate::model::{Element, NodeKind, Process, Trigger};
use crate::state::{Owner, Redo, Wait};

use super::{Done, Fault, Run};

impl<'p> Run<'p> {
    /// A token begins at its element.
    pub(super) fn enter(&mut self, id: u64) {
        if let Err(fault) = self.try_enter(id) {
            self.incident(id, fault);
        }
    }

    fn try_enter(&mut self, id: u64) -> Done {
        let Some((element, scope)) = self.here(id) else { return Ok(()) };
        match &element.kind {
            NodeKind::Start { .. } | NodeKind::Boundary { .. } => self.finish_work(id),
            NodeKind::End(trigger) | NodeKind::Throw(trigger) => self.throw(id, element, trigger),
            NodeKind::Catch(Trigger::Link(_) | Trigger::None) => self.finish_work(id),
            NodeKind::Catch(trigger) => {
                self.wait(id, Wait::Event);
                self.arm(Owner::Token(id), scope, element, trigger)
            }
            NodeKind::Activity(activity) => self.begin_activity(id, element, activity),
            NodeKind::Exclusive => self.finish_work(id),
            NodeKind::EventBased => self.listen(id, element, scope),
            NodeKind::Parallel | NodeKind::Inclusive | NodeKind::Complex { .. } => self.gather(id, element, scope),
        }
    }

    /// The work at an element is done: on to the next, or to the instances beside it.
    pub(super) fn finish_work(&mut self, id: u64) -> Done {
        let Some((element, scope)) = self.here(id) else { return Ok(()) };
        if self.is_inner(scope) {
            return self.item_done(id);
        }
        let flows = self.choose(element, scope)?;
        self.remember(element, scope);
        self.depart(id, &flows);
        Ok(())
    }

    /// The flows that a token takes out of an element.
    pub(super) fn choose(&self, element: &'p Element, scope: u64) -> Result<Vec<usize>, Fault> {
        let all = &element.outgoing;
        let free = matches!(element.kind, NodeKind::Parallel | NodeKind::EventBased);
        if free || all.iter().all(|f| self.process.flows[*f].condition.is_none() && element.default != Some(*f)) {
            return Ok(all.clone());
        }
        let first_only = element.kind == NodeKind::Exclusive;
        let mut taken = Vec::new();
        for at in all.iter().filter(|f| element.default != Some(**f)) {
            let flow = &self.process.flows[*at];
            let holds = match &flow.condition {
                Some(condition) => self.holds(condition, scope).map_err(|message| {
                    Fault::new("condition", format!("flow '{}': {message}", flow.id), Redo::Leave)
                })?,
                None => true,
            };
            if holds {
                taken.push(*at);
                if first_only {
                    break;
                }
            }
        }
        if taken.is_empty() {
            taken.extend(element.default);
        }
        if taken.is_empty() {
            let message = "no condition of its flows holds, and none is the default".to_owned();
            return Err(Fault::new("no-way-out", message, Redo::Leave));
        }
        Ok(taken)
    }

    /// A token leaves: along the flows, or, where there are none, out of its scope.
    pub(super) fn depart(&mut self, id: u64, flows: &[usize]) {
        let Some((_, scope)) = self.here(id) else { return };
        let process: &'p Process = self.process;
        let undoes = self.remove(id, false);
        if let Some(thrower) = undoes {
            self.undo_next(thrower);
            return;
        }
        for at in flows {
            let flow = &process.flows[*at];
            self.spawn(&flow.target, scope, Some(&flow.id));
        }
        if flows.is_empty() {
            self.ended(scope);
        }
    }

    /// A token is no longer there; gives whom it undid something for.
    pub(super) fn remove(&mut self, id: u64, cancelled: bool) -> Option<u64> {
        self.release(Owner::Token(id));
        let token = self.state.tokens.remove(&id)?;
        if let Wait::Incident(n) = token.wait {
            self.solved(n);
        }
        self.effects.push(Effect::Left { token: id, element: token.element, cancelled });
        token.undoes
    }

    /// A token is ended with everything that runs for it.
    pub(super) fn cancel(&mut self, id: u64) {
        let Some(token) = self.state.tokens.get(&id) else { return };
        let (element, wait) = (token.element.clone(), token.wait.clone());
        let scopes: Vec<u64> =
            self.state.scopes.iter().filter(|(_, s)| s.token == Some(id)).map(|(scope, _)| *scope).collect();
        for scope in scopes {
            self.clear(scope);
        }
        let helpers: Vec<u64> =
            self.state.tokens.iter().filter(|(_, t)| t.undoes == Some(id)).map(|(helper, _)| *helper).collect();
        for helper in helpers {
            self.cancel(helper);
        }
        match wait {
            Wait::Task => self.effects.push(Effect::WithdrawTask { token: id, element }),
            Wait::Service | Wait::Again => self.effects.push(Effect::CancelService { token: id }),
            Wait::Called => self.effects.push(Effect::CancelCalled { token: id }),
            _ => {}
        }
        self.remove(id, true);
    }

    /// Everything in a scope is ended, the scope too.
    pub(super) fn clear(&mut self, scope: u64) {
        self.empty(scope);
        self.state.scopes.remove(&scope);
    }

    /// Everything in a scope is ended.
    pub(super) fn empty(&mut self, scope: u64) {
        for id in self.tokens_in(scope) {
            self.cancel(id);
        }
        self.release(Owner::Scope(scope));
        self.state.resets.retain(|r| r.scope != scope);
    }

    pub(super) fn tokens_in(&self, scope: u64) -> Vec<u64> {
        self.state.tokens.iter().filter(|(_, t)| t.scope == scope).map(|(id, _)| *id).collect()
    }
}
