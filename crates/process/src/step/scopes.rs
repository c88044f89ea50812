//! The case and its sub-processes begin and end.

use serde_json::{Map, Value};

use crate::error::StepError;
use crate::event::Effect;
use crate::model::{DataObject, Element, NodeKind, SubKind, Trigger};
use crate::state::{Entry, Outcome, Owner, Redo, Scope, ScopeKind, Wait};
use crate::text::as_text;

use super::{Done, Fault, Run};

impl<'p> Run<'p> {
    /// The case begins.
    pub(super) fn begin(&mut self, named: Option<&str>, variables: &Map<String, Value>) -> Result<(), StepError> {
        let refused = |message: String| StepError::Refused(message);
        let start = match named {
            Some(id) => self.process.starts().find(|(e, _)| e.id == id).map(|(e, _)| e),
            None => self.process.starts().find(|(_, t)| **t == Trigger::None).map(|(e, _)| e),
        };
        let start = start.ok_or_else(|| {
            refused(format!("'{}' is no start event of '{}'", named.unwrap_or("no trigger"), self.process.id))
        })?;
        let process = self.process;
        let scope = Scope {
            kind: ScopeKind::Body,
            element: process.id.clone(),
            parent: None,
            token: None,
            variables: Map::new(),
            log: Vec::new(),
            pending: Vec::new(),
        };
        self.state.scopes.insert(0, scope);
        self.keep(start, 0, variables).map_err(|f| refused(f.message))?;
        self.declare(0, &process.data).map_err(refused)?;
        if let Some(key) = &process.business_key {
            let value = self.evaluate(key, 0).map_err(refused)?;
            let none = || refused(format!("the business key '{}' gives no text", key.text()));
            self.state.key = Some(as_text(&value).ok_or_else(none)?);
        }
        self.arm_event_subs(0, &process.id).map_err(|f| refused(f.message))?;
        self.spawn(&start.id, 0, None);
        Ok(())
    }

    /// Data objects are variables from the beginning; what the scope was given stays.
    fn declare(&mut self, scope: u64, data: &[DataObject]) -> Result<(), String> {
        for object in data {
            if self.state.scopes.get(&scope).is_some_and(|s| s.variables.contains_key(&object.name)) {
                continue;
            }
            let value = match &object.value {
                Some(value) => self.evaluate(value, scope)?,
                None => object.initial.clone(),
            };
            self.set_own(scope, &object.name, value);
        }
        Ok(())
    }

    fn arm_event_subs(&mut self, scope: u64, element: &'p str) -> Done {
        for (_, start) in self.process.event_subs(element) {
            if let NodeKind::Start { trigger, .. } = &start.kind {
                self.arm(Owner::Scope(scope), scope, start, trigger)?;
            }
        }
        Ok(())
    }

    /// The scope of a sub-process: its inputs, data objects and events that may happen while it runs.
    fn body(&mut self, id: u64, element: &'p Element, scope: u64) -> Result<u64, Fault> {
        let fault = |message| Fault::new("expression", message, Redo::Work);
        let variables = self.inputs(element, scope).map_err(fault)?;
        let body = self.number();
        let new = Scope {
            kind: ScopeKind::Body,
            element: element.id.clone(),
            parent: Some(scope),
            token: Some(id),
            variables,
            log: Vec::new(),
            pending: Vec::new(),
        };
        self.state.scopes.insert(body, new);
        let data = element.sub().map_or(&[][..], |s| &s.data);
        let armed = self.declare(body, data).map_err(fault).and_then(|()| self.arm_event_subs(body, &element.id));
        match armed {
            Ok(()) => {
                self.wait(id, Wait::Body);
                Ok(body)
            }
            Err(f) => {
                self.clear(body);
                Err(Fault { redo: Redo::Work, ..f })
            }
        }
    }

    /// A sub-process runs.
    pub(super) fn open(&mut self, id: u64, element: &'p Element, scope: u64) -> Done {
        let body = self.body(id, element, scope)?;
        if let Some(ad_hoc) = element.ad_hoc() {
            return self.begin_ad_hoc(id, body, element, ad_hoc);
        }
        let start = self.process.nodes_in(&element.id).find(|e| matches!(e.kind, NodeKind::Start { .. }));
        if let Some(start) = start {
            self.spawn(&start.id, body, None);
        }
        Ok(())
    }

    /// The start event of an event sub-process happens.
    pub(super) fn start_event_sub(&mut self, scope: u64, start: &'p Element, came: &Map<String, Value>) {
        let Some(sub) = start.parent.as_ref().and_then(|p| self.process.elements.get(p)) else { return };
        if matches!(start.kind, NodeKind::Start { interrupting: true, .. }) {
            self.empty(scope);
        }
        let id = self.insert(&sub.id, scope, None, Wait::Ready);
        match self.body(id, sub, scope) {
            Ok(body) => {
                let start = self.insert(&start.id, body, None, Wait::Ready);
                self.complete(start, came);
            }
            Err(fault) => self.incident(id, fault),
        }
    }

    /// A token has gone out of a scope: the scope ends with its last one.
    pub(super) fn ended(&mut self, scope: u64) {
        let Some(found) = self.state.scopes.get(&scope) else { return };
        if found.kind != ScopeKind::Body {
            return;
        }
        let element = self.process.elements.get(&found.element);
        if let Some(ad_hoc) = element.and_then(Element::ad_hoc) {
            self.ad_hoc_ended(scope, ad_hoc);
        } else if self.tokens_in(scope).is_empty() {
            self.close(scope);
        }
    }

    /// A scope without tokens ends, and the work that it was is done.
    pub(super) fn close(&mut self, scope: u64) {
        if scope == 0 {
            return self.finish(Outcome::Completed);
        }
        self.release(Owner::Scope(scope));
        self.state.resets.retain(|r| r.scope != scope);
        let Some(closed) = self.state.scopes.remove(&scope) else { return };
        let Some(owner) = closed.token else { return };
        let came = closed.variables.clone();
        self.remember_sub(owner, closed.variables, closed.log);
        self.complete(owner, &came);
    }

    /// The case ends.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        if self.state.done {
            return;
        }
        self.empty(0);
        self.ready.clear();
        self.state.scopes.retain(|id, _| *id == 0);
        if let Some(root) = self.state.scopes.get_mut(&0) {
            root.log.clear();
        }
        self.state.done = true;
        self.state.outcome = Some(outcome.clone());
        self.effects.push(Effect::Finished { outcome, variables: self.state.variables() });
    }

    /// What a finished sub-process leaves to be undone.
    fn remember_sub(&mut self, owner: u64, mut variables: Map<String, Value>, log: Vec<Entry>) {
        let Some((element, scope)) = self.here(owner) else { return };
        let undoable = self.handler_of(element).is_some() || self.undoing_sub(&element.id).is_some();
        let event = element.sub().is_some_and(|s| s.kind == SubKind::Event);
        if (!undoable && log.is_empty()) || event {
            return;
        }
        let mut target = scope;
        while let Some(found) = self.state.scopes.get(&target).filter(|s| s.kind != ScopeKind::Body) {
            for (name, value) in &found.variables {
                if !variables.contains_key(name) {
                    variables.insert(name.clone(), value.clone());
                }
            }
            match found.parent {
                Some(parent) => target = parent,
                None => break,
            }
        }
        if let Some(target) = self.state.scopes.get_mut(&target) {
            target.log.push(Entry { element: element.id.clone(), variables: Some(variables), inner: log });
        }
    }
}
