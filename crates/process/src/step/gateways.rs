//! Gateways that bring tokens together (10.6, 13.4).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::model::{Element, NodeKind, Trigger};
use crate::state::{Redo, Reset, Wait};

use super::{Done, Fault, Run, object, variables};

/// Code of an incident: a join waits for a token that cannot come any more.
const STARVED: &str = "join-starved";

impl<'p> Run<'p> {
    /// A token arrives at a parallel, inclusive or complex gateway.
    pub(super) fn gather(&mut self, id: u64, element: &'p Element, scope: u64) -> Done {
        // A token that an operator put here waits for nobody.
        let Some(flow) = self.state.tokens.get(&id).and_then(|t| t.flow.clone()) else { return self.finish_work(id) };
        if element.incoming.len() < 2 {
            return self.finish_work(id);
        }
        if self.swallowed(id, element, scope, &flow) {
            return Ok(());
        }
        self.wait(id, Wait::Join);
        self.wake(element, scope);
        match &element.kind {
            NodeKind::Parallel => match self.complete_set(element, scope) {
                Some(set) => self.pass(&set, element, scope),
                None => Ok(()),
            },
            NodeKind::Complex { .. } => self.activate_complex(element, scope),
            _ => Ok(()),
        }
    }

    /// Tokens that wait at a gateway, the oldest of each flow.
    fn firsts(&self, element: &Element, scope: u64) -> Vec<(String, u64)> {
        let mut found: Vec<(String, u64)> = Vec::new();
        for (id, token) in &self.state.tokens {
            if token.element == element.id
                && token.scope == scope
                && token.wait == Wait::Join
                && let Some(flow) = &token.flow
                && !found.iter().any(|(f, _)| f == flow)
            {
                found.push((flow.clone(), *id));
            }
        }
        found
    }

    fn complete_set(&self, element: &Element, scope: u64) -> Option<Vec<u64>> {
        let firsts = self.firsts(element, scope);
        (firsts.len() == element.incoming.len()).then(|| firsts.into_iter().map(|(_, id)| id).collect())
    }

    /// The tokens become one, and that one goes on. Nothing is consumed before the way out is known.
    fn pass(&mut self, set: &[u64], element: &'p Element, scope: u64) -> Done {
        let Some((last, others)) = set.split_last() else { return Ok(()) };
        let flows = match self.choose(element, scope) {
            Ok(flows) => flows,
            Err(fault) => {
                self.merge(others);
                self.incident(*last, Fault { redo: Redo::Leave, ..fault });
                return Ok(());
            }
        };
        self.merge(others);
        self.depart(*last, &flows);
        Ok(())
    }

    fn merge(&mut self, others: &[u64]) {
        for id in others {
            self.remove(*id, false);
        }
    }

    /// Tokens that stood still because nobody came count again when somebody comes after all.
    fn wake(&mut self, element: &Element, scope: u64) {
        let still: Vec<(u64, u64)> = self
            .state
            .tokens
            .iter()
            .filter(|(_, t)| t.element == element.id && t.scope == scope)
            .filter_map(|(id, t)| match t.wait {
                Wait::Incident(n) => Some((*id, n)),
                _ => None,
            })
            .filter(|(_, n)| self.state.incidents.get(n).is_some_and(|i| i.code == STARVED))
            .collect();
        for (id, incident) in still {
            self.solved(incident);
            self.wait(id, Wait::Join);
        }
    }

    fn activate_complex(&mut self, element: &'p Element, scope: u64) -> Done {
        let NodeKind::Complex { activation: Some(activation) } = &element.kind else { return Ok(()) };
        if self.state.resets.iter().any(|r| r.scope == scope && r.element == element.id) {
            return Ok(());
        }
        let firsts = self.firsts(element, scope);
        let Some((_, last)) = firsts.last() else { return Ok(()) };
        let count: Map<String, Value> = object("activationCount", Value::from(firsts.len()));
        let enough = self.evaluate_with(activation, scope, &count).and_then(|v| variables::truth(activation, v));
        match enough {
            Ok(false) => Ok(()),
            Err(message) => {
                self.incident(*last, Fault::new("condition", message, Redo::Enter));
                Ok(())
            }
            Ok(true) => {
                let came: BTreeSet<&String> = firsts.iter().map(|(f, _)| f).collect();
                let all = element.incoming.iter().map(|f| &self.process.flows[*f].id);
                let flows: Vec<String> = all.filter(|f| !came.contains(f)).cloned().collect();
                if !flows.is_empty() {
                    self.state.resets.push(Reset { element: element.id.clone(), scope, flows });
                }
                let set: Vec<u64> = firsts.into_iter().map(|(_, id)| id).collect();
                self.pass(&set, element, scope)
            }
        }
    }

    /// A complex gateway that has let go takes the rest away.
    fn swallowed(&mut self, id: u64, element: &Element, scope: u64, flow: &str) -> bool {
        let mine = |r: &Reset| r.scope == scope && r.element == element.id;
        let Some(at) = self.state.resets.iter().position(mine) else { return false };
        let reset = &mut self.state.resets[at];
        let Some(place) = reset.flows.iter().position(|f| f == flow) else { return false };
        reset.flows.remove(place);
        if reset.flows.is_empty() {
            self.state.resets.remove(at);
        }
        self.remove(id, false);
        self.ended(scope);
        true
    }

    /// Joins that look at the whole scope, once nothing moves by itself any more. True when something happened.
    pub(super) fn joins(&mut self) -> bool {
        self.reset_complex();
        let mut places: Vec<(String, u64)> = Vec::new();
        for token in self.state.tokens.values().filter(|t| t.wait == Wait::Join) {
            if !places.iter().any(|(e, s)| *e == token.element && *s == token.scope) {
                places.push((token.element.clone(), token.scope));
            }
        }
        let mut starved = Vec::new();
        for (element, scope) in places {
            let Some(element) = self.process.elements.get(&element) else { continue };
            let firsts = self.firsts(element, scope);
            if self.may_come(element, scope, &firsts) {
                continue;
            }
            let set: Vec<u64> = firsts.into_iter().map(|(_, id)| id).collect();
            if element.kind == NodeKind::Inclusive {
                if let Err(fault) = self.pass(&set, element, scope)
                    && let Some(last) = set.last()
                {
                    self.incident(*last, fault);
                }
                return true;
            }
            starved.extend(set.first().map(|id| (*id, element, scope)));
        }
        for (id, element, scope) in starved {
            self.starve(id, element, scope);
        }
        false
    }

    fn starve(&mut self, id: u64, element: &Element, scope: u64) {
        let told = self
            .tokens_in(scope)
            .into_iter()
            .filter_map(|t| self.state.tokens.get(&t))
            .any(|t| t.element == element.id && matches!(t.wait, Wait::Incident(_)));
        if !told {
            let message = "it waits for a token that no way leads to any more".to_owned();
            self.incident(id, Fault::new(STARVED, message, Redo::Enter));
        }
    }

    /// A gateway that waits for the rest stops doing so when no token can come any more.
    fn reset_complex(&mut self) {
        for at in (0..self.state.resets.len()).rev() {
            let reset = &self.state.resets[at];
            let Some(element) = self.process.elements.get(&reset.element) else { continue };
            let (scope, flows) = (reset.scope, reset.flows.clone());
            let empty: BTreeSet<&str> = flows.iter().map(String::as_str).collect();
            let towards = self.leading_to(element, |f| empty.contains(f));
            if !self.any_on(&towards, element, scope) {
                self.state.resets.remove(at);
                if let Err(fault) = self.activate_complex(element, scope)
                    && let Some((_, id)) = self.firsts(element, scope).first()
                {
                    self.incident(*id, fault);
                }
            }
        }
    }

    /// True while a token elsewhere can still bring one to a flow without a token, and not to a flow that has one
    /// (13.4.3).
    fn may_come(&self, element: &'p Element, scope: u64, firsts: &[(String, u64)]) -> bool {
        let has = |flow: &str| firsts.iter().any(|(f, _)| f == flow);
        let to_empty = self.leading_to(element, |f| !has(f));
        if element.kind != NodeKind::Inclusive {
            return self.any_on(&to_empty, element, scope);
        }
        let to_full = self.leading_to(element, has);
        let blocking: BTreeSet<&str> = to_empty.difference(&to_full).copied().collect();
        self.any_on(&blocking, element, scope)
    }

    fn any_on(&self, places: &BTreeSet<&str>, gateway: &Element, scope: u64) -> bool {
        let mut others = self.state.tokens.values().filter(|t| t.scope == scope && t.element != gateway.id);
        others.any(|t| places.contains(t.element.as_str()))
    }

    /// Nodes from which a way leads into chosen flows of a gateway, without passing it before.
    fn leading_to(&self, gateway: &'p Element, chosen: impl Fn(&str) -> bool) -> BTreeSet<&'p str> {
        let process = self.process;
        let flows = gateway.incoming.iter().map(|f| &process.flows[*f]).filter(|f| chosen(&f.id));
        let mut todo: Vec<&'p str> = flows.map(|f| f.source.as_str()).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if id == gateway.id || !seen.insert(id) {
                continue;
            }
            let Some(element) = process.elements.get(id) else { continue };
            todo.extend(element.incoming.iter().map(|f| process.flows[*f].source.as_str()));
            match &element.kind {
                NodeKind::Boundary { on, .. } => todo.push(on),
                NodeKind::Catch(Trigger::Link(name)) => {
                    let throws = |e: &&Element| matches!(&e.kind, NodeKind::Throw(Trigger::Link(n)) if n == name);
                    let same = process.elements.values().filter(|e| e.parent == element.parent && throws(e));
                    todo.extend(same.map(|e| e.id.as_str()));
                }
                _ => {}
            }
        }
        seen
    }
}
