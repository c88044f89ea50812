//! Loops and many instances (10.3.8).

use serde_json::{Map, Value};

use crate::expression::Expression;
use crate::model::{Element, Repeat};
use crate::state::{Items, Redo, Scope, ScopeKind, Wait};

use super::{Done, Fault, MAX_ITEMS, Run, object, variables};

/// The variable that counts instances, from 1.
const COUNTER: &str = "loopCounter";

impl<'p> Run<'p> {
    pub(super) fn repeat(&mut self, id: u64, element: &'p Element, scope: u64, repeat: &'p Repeat) -> Done {
        match repeat {
            Repeat::Loop { condition, before, .. } => {
                self.wait(id, Wait::Items(Items::default()));
                let skipped = *before && !self.goes_on(condition.as_ref(), scope, 0)?;
                if skipped { self.finish_work(id) } else { self.begin_item(id, element, scope) }
            }
            Repeat::Items { items, sequential, .. } => {
                let left = self.items(items, scope).map_err(|m| Fault::new("items", m, Redo::Enter))?;
                let total = left.len();
                let outcomes = vec![Value::Null; total];
                self.wait(id, Wait::Items(Items { total, begun: 0, done: 0, left, outcomes }));
                for _ in 0..if *sequential { total.min(1) } else { total } {
                    self.begin_item(id, element, scope)?;
                }
                if total == 0 {
                    self.all_done(id, repeat);
                }
                Ok(())
            }
        }
    }

    fn items(&self, items: &Expression, scope: u64) -> Result<Vec<Value>, String> {
        let list = match self.evaluate(items, scope)? {
            Value::Array(list) => list,
            Value::Number(n) => match n.as_u64().and_then(|n| usize::try_from(n).ok()) {
                Some(n) if n <= MAX_ITEMS => vec![Value::Null; n],
                _ => return Err(format!("'{}' gives {n}: not a number of items up to {MAX_ITEMS}", items.text())),
            },
            other => return Err(format!("'{}' gives {other}, which is no list and no number", items.text())),
        };
        if list.len() > MAX_ITEMS {
            return Err(format!("'{}' gives {} items, more than {MAX_ITEMS}", items.text(), list.len()));
        }
        Ok(list)
    }

    fn goes_on(&self, condition: Option<&Expression>, scope: u64, done: usize) -> Result<bool, Fault> {
        let Some(condition) = condition else { return Ok(true) };
        let value = self.evaluate_with(condition, scope, &object(COUNTER, Value::from(done)));
        value
            .and_then(|v| variables::truth(condition, v))
            .map_err(|m| Fault::new("condition", m, if done == 0 { Redo::Enter } else { Redo::Leave }))
    }

    /// The next instance.
    fn begin_item(&mut self, id: u64, element: &'p Element, scope: u64) -> Done {
        let Some(repeat) = element.activity().and_then(|a| a.repeat.as_ref()) else { return Ok(()) };
        let Some(items) = self.items_of(id) else { return Ok(()) };
        let index = items.begun;
        items.begun += 1;
        let value = if items.left.is_empty() { Value::Null } else { items.left.remove(0) };
        let mut own = object(COUNTER, Value::from(index + 1));
        let kind = match repeat {
            Repeat::Loop { .. } => ScopeKind::Round,
            Repeat::Items { element, .. } => {
                if let Some(name) = element {
                    own.insert(name.clone(), value);
                }
                ScopeKind::Item(index)
            }
        };
        let inner = self.number();
        let scope = Scope {
            kind,
            element: element.id.clone(),
            parent: Some(scope),
            token: Some(id),
            variables: own,
            log: Vec::new(),
            pending: Vec::new(),
        };
        self.state.scopes.insert(inner, scope);
        self.spawn(&element.id, inner, None);
        Ok(())
    }

    fn items_of(&mut self, id: u64) -> Option<&mut Items> {
        match self.state.tokens.get_mut(&id).map(|t| &mut t.wait) {
            Some(Wait::Items(items)) => Some(items),
            _ => None,
        }
    }

    /// One instance is done. Everything that can fail is worked out before anything changes.
    pub(super) fn item_done(&mut self, inner: u64) -> Done {
        let Some((element, item)) = self.here(inner) else { return Ok(()) };
        let Some(repeat) = element.activity().and_then(|a| a.repeat.as_ref()) else { return Ok(()) };
        let Some(outer) = self.state.scopes.get(&item).and_then(|s| s.token) else { return Ok(()) };
        let Some((_, scope)) = self.here(outer) else { return Ok(()) };
        let Some(items) = self.items_of(outer).map(|i| i.clone()) else { return Ok(()) };
        match repeat {
            Repeat::Loop { condition, maximum, .. } => {
                let more = maximum.is_none_or(|m| items.begun < m as usize)
                    && self.goes_on(condition.as_ref(), item, items.begun)?;
                self.item_gone(inner, item, outer, None);
                if more {
                    return self.begin_item(outer, element, scope);
                }
                self.all_done(outer, repeat);
            }
            Repeat::Items { sequential, completion, .. } => {
                let outcome = self.outcome_of(repeat, item)?;
                // What cannot be said yet, because data are missing, is not true yet.
                let done = |c: &Expression| self.evaluate_with(c, item, &counters(&items)) == Ok(Value::Bool(true));
                let enough = completion.as_ref().is_some_and(done);
                self.item_gone(inner, item, outer, Some(outcome));
                if enough || items.done + 1 >= items.total {
                    self.all_done(outer, repeat);
                } else if *sequential {
                    return self.begin_item(outer, element, scope);
                }
            }
        }
        Ok(())
    }

    /// What an instance leaves behind: the declared value, or everything that it set for itself.
    fn outcome_of(&self, repeat: &Repeat, item: u64) -> Result<Value, Fault> {
        let Repeat::Items { element, output: Some(_), value, .. } = repeat else { return Ok(Value::Null) };
        if let Some(value) = value {
            return self.evaluate(value, item).map_err(|m| Fault::new("expression", m, Redo::Leave));
        }
        let own = self.state.scopes.get(&item).map(|s| s.variables.clone()).unwrap_or_default();
        Ok(Value::Object(own.into_iter().filter(|(k, _)| k != COUNTER && Some(k) != element.as_ref()).collect()))
    }

    fn item_gone(&mut self, inner: u64, item: u64, outer: u64, outcome: Option<Value>) {
        if let Some((element, _)) = self.here(inner) {
            self.remember_item(element, item, outer);
        }
        self.remove(inner, false);
        let kind = self.state.scopes.remove(&item).map(|s| s.kind);
        let Some(items) = self.items_of(outer) else { return };
        items.done += 1;
        if let (Some(ScopeKind::Item(index)), Some(outcome)) = (kind, outcome)
            && let Some(place) = items.outcomes.get_mut(index)
        {
            *place = outcome;
        }
    }

    /// Enough instances are done: those that still run are ended.
    fn all_done(&mut self, outer: u64, repeat: &Repeat) {
        let rest: Vec<u64> =
            self.state.scopes.iter().filter(|(_, s)| s.token == Some(outer)).map(|(id, _)| *id).collect();
        for scope in rest {
            self.clear(scope);
        }
        let outcomes = self.items_of(outer).map(|i| std::mem::take(&mut i.outcomes)).unwrap_or_default();
        if let (Repeat::Items { output: Some(name), .. }, Some((_, scope))) = (repeat, self.here(outer)) {
            self.set(scope, name, Value::Array(outcomes));
        }
        if let Err(fault) = self.finish_work(outer) {
            self.incident(outer, fault);
        }
    }
}

/// The counters of BPMN 2.0.2, table 10.30; the instance just done counts as completed.
fn counters(items: &Items) -> Map<String, Value> {
    [
        ("numberOfInstances", items.total),
        ("numberOfActiveInstances", items.begun.saturating_sub(items.done + 1)),
        ("numberOfCompletedInstances", items.done + 1),
    ]
    .into_iter()
    .map(|(name, n)| (name.to_owned(), Value::from(n)))
    .collect()
}
