//! Variables: found outwards, set where they are.

use serde_json::{Map, Value};

use crate::expression::Expression;
use crate::model::{Element, Mapping, Trigger, Work};
use crate::state::{Entry, Redo, ScopeKind};

use super::{Done, Fault, MAX_VARIABLES, Run};

/// Largest value of one variable, in bytes.
const MAX_VALUE: usize = MAX_VARIABLES / 4;

impl Run<'_> {
    /// An expression in a scope.
    pub(super) fn evaluate(&self, expression: &Expression, scope: u64) -> Result<Value, String> {
        expression.evaluate(|name| self.state.find(scope, name).cloned())
    }

    /// An expression in a scope, with some variables before all others.
    pub(super) fn evaluate_with(
        &self,
        expression: &Expression,
        scope: u64,
        first: &Map<String, Value>,
    ) -> Result<Value, String> {
        expression.evaluate(|name| first.get(name).or_else(|| self.state.find(scope, name)).cloned())
    }

    /// A condition: anything but true and false is an error.
    pub(super) fn holds(&self, condition: &Expression, scope: u64) -> Result<bool, String> {
        truth(condition, self.evaluate(condition, scope)?)
    }

    /// Sets a variable where it is, outwards; where it is not, in the innermost instance of many or in the case.
    pub(super) fn set(&mut self, scope: u64, name: &str, value: Value) {
        let mut here = scope;
        while let Some(found) = self.state.scopes.get(&here) {
            let own = found.variables.contains_key(name) || matches!(found.kind, ScopeKind::Item(_));
            match found.parent {
                Some(parent) if !own => here = parent,
                _ => break,
            }
        }
        self.set_own(here, name, value);
    }

    /// Sets a variable of this very scope.
    pub(super) fn set_own(&mut self, scope: u64, name: &str, value: Value) {
        let Some(scope) = self.state.scopes.get_mut(&scope) else { return };
        if scope.variables.get(name) != Some(&value) {
            scope.variables.insert(name.to_owned(), value);
            self.changed = true;
        }
    }

    pub(super) fn set_all(&mut self, scope: u64, variables: &Map<String, Value>) {
        for (name, value) in variables {
            self.set(scope, name, value.clone());
        }
    }

    /// Mappings worked out one after the other; each sees those before it.
    pub(super) fn mapped(
        &self,
        mappings: &[Mapping],
        scope: u64,
        seen: &Map<String, Value>,
    ) -> Result<Map<String, Value>, String> {
        let mut seen = seen.clone();
        let mut done = Map::new();
        for mapping in mappings {
            let value = self.evaluate_with(&mapping.value, scope, &seen)?;
            if size(&value) > MAX_VALUE {
                return Err(format!("the value of '{}' is larger than {MAX_VALUE} bytes", mapping.name));
            }
            seen.insert(mapping.name.clone(), value.clone());
            done.insert(mapping.name.clone(), value);
        }
        Ok(done)
    }

    /// What an element gives out: its declared inputs.
    pub(super) fn inputs(&self, element: &Element, scope: u64) -> Result<Map<String, Value>, String> {
        self.mapped(&element.inputs, scope, &Map::new())
    }

    /// What came is kept as the element declares: its outputs; or the whole under one name; or every variable.
    pub(super) fn keep(&mut self, element: &Element, scope: u64, came: &Map<String, Value>) -> Done {
        let fault = |message| Fault::new("mapping", message, Redo::Outcome(Value::Object(came.clone())));
        let outputs = self.mapped(&element.outputs, scope, came).map_err(fault)?;
        let work = element.activity().map(|a| &a.work);
        let single = matches!(work, Some(Work::Script(_) | Work::Decision { .. }));
        // What an error or a report says is kept only where the event declares it.
        let quiet = matches!(element.trigger(), Some(Trigger::Error(_) | Trigger::Escalation(_)))
            || matches!(work, Some(Work::Sub(_)));
        match &element.result {
            Some(result) if !single => self.set(scope, result, Value::Object(came.clone())),
            _ if single => self.set_all(scope, came),
            None if outputs.is_empty() && !quiet => self.set_all(scope, came),
            _ => {}
        }
        self.set_all(scope, &outputs);
        Ok(())
    }
}

pub(super) fn truth(condition: &Expression, value: Value) -> Result<bool, String> {
    match value {
        Value::Bool(b) => Ok(b),
        other => Err(format!("'{}' gives {other}, which is neither true nor false", condition.text())),
    }
}

/// About the bytes that a value takes as JSON.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 12,
        Value::String(s) => s.len() + 2,
        Value::Array(items) => items.iter().map(|v| size(v) + 1).sum::<usize>() + 2,
        Value::Object(map) => size_of(map),
    }
}

pub(super) fn size_of(map: &Map<String, Value>) -> usize {
    map.iter().map(|(k, v)| k.len() + 4 + size(v)).sum::<usize>() + 2
}

pub(super) fn size_of_entry(entry: &Entry) -> usize {
    entry.variables.as_ref().map_or(0, size_of) + entry.inner.iter().map(size_of_entry).sum::<usize>()
}
