//! What was done is undone, last first (10.7).

use serde_json::Map;

use crate::model::{Element, NodeKind, Trigger};
use crate::state::{Entry, Owner, Scope, ScopeKind, Undo, Wait};

use super::{Done, Run};

impl<'p> Run<'p> {
    /// The activity that undoes another.
    pub(super) fn handler_of(&self, element: &Element) -> Option<&'p str> {
        element.boundary.iter().filter_map(|b| self.process.elements.get(b)).find_map(|b| match &b.kind {
            NodeKind::Boundary { handler: Some(handler), .. } => Some(handler.as_str()),
            _ => None,
        })
    }

    /// The event sub-process that undoes a sub-process.
    pub(super) fn undoing_sub(&self, sub: &str) -> Option<&'p Element> {
        let process = self.process;
        process.elements.values().filter(|e| e.parent.as_deref() == Some(sub) && e.is_event_sub()).find(|e| {
            let mut starts = e.children.iter().filter_map(|c| process.elements.get(c));
            starts.any(|s| matches!(&s.kind, NodeKind::Start { trigger: Trigger::Compensation(_), .. }))
        })
    }

    /// An activity that is done once, and can be undone, is written down. Sub-processes do so when they close,
    /// repeated activities for each instance.
    pub(super) fn remember(&mut self, element: &Element, scope: u64) {
        let plain = element.activity().is_some_and(|a| a.repeat.is_none()) && element.sub().is_none();
        if plain
            && self.handler_of(element).is_some()
            && let Some(scope) = self.state.scopes.get_mut(&scope)
        {
            scope.log.push(Entry { element: element.id.clone(), variables: None, inner: Vec::new() });
        }
    }

    pub(super) fn remember_item(&mut self, element: &Element, item: u64, outer: u64) {
        if element.sub().is_some() || self.handler_of(element).is_none() {
            return;
        }
        let variables = self.state.scopes.get(&item).map(|s| s.variables.clone());
        let scope = self.state.tokens.get(&outer).map(|t| t.scope);
        if let Some(scope) = scope.and_then(|s| self.state.scopes.get_mut(&s)) {
            scope.log.push(Entry { element: element.id.clone(), variables, inner: Vec::new() });
        }
    }

    /// A compensation event: one activity, or everything in its scope. An event sub-process undoes what is around it.
    pub(super) fn undo(&mut self, thrower: u64, scope: u64, activity: Option<&str>) -> Done {
        let mut scope = scope;
        while let Some(found) = self.state.scopes.get(&scope) {
            let around = self.process.elements.get(&found.element).is_some_and(Element::is_event_sub);
            match found.parent {
                Some(parent) if around => scope = parent,
                _ => break,
            }
        }
        let log = self.state.scopes.get_mut(&scope).map(|s| std::mem::take(&mut s.log)).unwrap_or_default();
        let (chosen, kept): (Vec<Entry>, Vec<Entry>) =
            log.into_iter().partition(|e| activity.is_none_or(|a| a == e.element));
        if let Some(scope) = self.state.scopes.get_mut(&scope) {
            scope.log = kept;
        }
        let plan = chosen.into_iter().map(|entry| Undo { scope, entry }).collect();
        self.wait(thrower, Wait::Undoing(plan));
        self.undo_next(thrower);
        Ok(())
    }

    /// The transaction is called off: what runs in it ends, what was done in it is undone.
    pub(super) fn call_off(&mut self, thrower: u64, scope: u64) -> Done {
        for id in self.tokens_in(scope) {
            if id != thrower {
                self.cancel(id);
            }
        }
        self.release(Owner::Scope(scope));
        self.undo(thrower, scope, None)
    }

    /// The next thing to be undone; when there is none, the event that asked for it goes on.
    pub(super) fn undo_next(&mut self, thrower: u64) {
        loop {
            let Some(token) = self.state.tokens.get_mut(&thrower) else { return };
            let Wait::Undoing(plan) = &mut token.wait else { return };
            let Some(Undo { scope, entry }) = plan.pop() else { break };
            let Some(element) = self.process.elements.get(&entry.element) else { continue };
            let Entry { variables, inner, .. } = entry;
            let restored = match variables {
                Some(variables) => self.restore(thrower, scope, &element.id, variables, &inner),
                None => scope,
            };
            let helper = self.handler_of(element).or_else(|| self.undoing_sub(&element.id).map(|e| e.id.as_str()));
            if let Some(helper) = helper {
                let id = self.spawn(helper, restored, None);
                if let Some(token) = self.state.tokens.get_mut(&id) {
                    token.undoes = Some(thrower);
                }
                return;
            }
            if let Some(Wait::Undoing(plan)) = self.state.tokens.get_mut(&thrower).map(|t| &mut t.wait) {
                plan.extend(inner.into_iter().map(|entry| Undo { scope: restored, entry }));
            }
        }
        self.undone(thrower);
    }

    fn restore(
        &mut self,
        thrower: u64,
        scope: u64,
        element: &str,
        variables: Map<String, serde_json::Value>,
        inner: &[Entry],
    ) -> u64 {
        let id = self.number();
        let restored = Scope {
            kind: ScopeKind::Restored,
            element: element.to_owned(),
            parent: Some(scope),
            token: Some(thrower),
            variables,
            log: inner.to_vec(),
            pending: Vec::new(),
        };
        self.state.scopes.insert(id, restored);
        id
    }

    fn undone(&mut self, thrower: u64) {
        let restored: Vec<u64> =
            self.state.scopes.iter().filter(|(_, s)| s.token == Some(thrower)).map(|(id, _)| *id).collect();
        for scope in restored {
            self.clear(scope);
        }
        let Some((element, scope)) = self.here(thrower) else { return };
        if element.trigger() == Some(&Trigger::Cancel) {
            let owner = self.state.scopes.get(&scope).and_then(|s| s.token);
            let border = owner.and_then(|o| self.here(o)).and_then(|(e, _)| {
                let borders = e.boundary.iter().filter_map(|b| self.process.elements.get(b));
                borders.into_iter().find(|b| b.trigger() == Some(&Trigger::Cancel))
            });
            if let (Some(owner), Some(border)) = (owner, border) {
                let outer = self.state.tokens.get(&owner).map(|t| t.scope).filter(|s| self.is_inner(*s));
                let owner = outer.and_then(|s| self.state.scopes.get(&s)).and_then(|s| s.token).unwrap_or(owner);
                self.border(owner, border, &Map::new());
                return;
            }
        }
        if let Err(fault) = self.finish_work(thrower) {
            self.incident(thrower, fault);
        }
    }
}
