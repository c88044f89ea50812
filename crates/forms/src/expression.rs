//! The one place that touches FEEL. A condition is evaluated here and, where a form is shown by form-js, by its FEEL
//! in the browser: only what gives the same on both sides is let through.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value};
use svod_rules::{Feel, Input, Inputs};

use crate::shared;

/// What expressions look at: the answers, values beside them, and the item of a repeat in which they stand. form-js
/// lays them over one another in this order: `this`, `parent`, `i`, then the data, then `_this_` and its like.
#[derive(Clone)]
pub(crate) struct Facts {
    data: Rc<Map<String, Value>>,
    inputs: Rc<Map<String, Value>>,
    /// The item; all of the data outside of repeats.
    this: Option<Rc<Value>>,
    parent: Option<Rc<Value>>,
    /// Numbers of the items, outermost first, from 1 as FEEL counts.
    index: Vec<usize>,
}

impl Facts {
    pub(crate) fn new(data: &Value, inputs: Map<String, Value>) -> Self {
        let data = data.as_object().cloned().unwrap_or_default();
        Self { data: Rc::new(data), inputs: Rc::new(inputs), this: None, parent: None, index: Vec::new() }
    }

    /// As they are inside an item, the number `at` (from 1) of its repeat.
    pub(crate) fn item(&self, this: Value, at: usize) -> Self {
        let parent = self.this.clone().unwrap_or_else(|| Rc::new(Value::Object((*self.data).clone())));
        let index = self.index.iter().copied().chain([at]).collect();
        Self { this: Some(Rc::new(this)), parent: Some(parent), index, ..self.clone() }
    }

    fn get(&self, name: &str) -> Option<Input> {
        let special = |name: &str| match name {
            "this" => Some(self.this.as_ref().map_or_else(|| whole(&self.data), |this| Input::from_json(this))),
            "parent" => Some(self.parent.as_ref().map_or(Input::Null, |parent| Input::from_json(parent))),
            "i" => Some(Input::from_json(&Value::from(self.index.clone()))),
            _ => None,
        };
        let plain = name.strip_prefix('_').and_then(|n| n.strip_suffix('_'));
        plain
            .and_then(special)
            .or_else(|| self.data.get(name).or_else(|| self.inputs.get(name)).map(Input::from_json))
            .or_else(|| special(name))
    }

    /// What an expression of these names sees.
    fn seen(&self, names: &BTreeSet<String>) -> Inputs {
        let mut inputs = Inputs::new();
        for name in names {
            if let Some(value) = self.get(name) {
                inputs.set(name.as_str(), value);
            }
        }
        inputs
    }
}

fn whole(data: &Map<String, Value>) -> Input {
    Input::Context(data.iter().map(|(name, value)| (name.clone(), Input::from_json(value))).collect())
}

/// A compiled expression of a form.
pub(crate) struct Expression {
    feel: Feel,
    /// A condition `not(…)`: it says the contrary of what is in it, also where that is null.
    denied: bool,
    /// Names that it uses: nothing else is given to the engine.
    names: BTreeSet<String>,
    /// As it stands in the file, behind the `=`.
    text: String,
}

impl Expression {
    /// Compiles the text behind the `=`.
    pub(crate) fn compile(text: &str) -> Result<Self, (String, String)> {
        shared::check(text)?;
        let names = shared::names(text);
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let rewritten = shared::rewritten(text)?;
        let feel = Feel::compile_full(&rewritten, &known).map_err(|error| {
            // The reader knows the text as it stands in the file.
            let error = Feel::compile_full(text, &known).err().unwrap_or(error);
            (error.message, error.fix)
        })?;
        Ok(Self { feel, denied: false, names, text: text.to_owned() })
    }

    /// Compiles `conditional.hide`.
    pub(crate) fn condition(text: &str) -> Result<Self, (String, String)> {
        match shared::denied(text) {
            Some(inner) => Self::compile(inner).map(|e| Self { denied: true, text: text.to_owned(), ..e }),
            None => Self::compile(text),
        }
    }

    /// As it stands in the file, behind the `=`: what a browser evaluates.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Names that it uses.
    pub(crate) const fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Places that it looks at, from the top of the answers.
    pub(crate) fn paths(&self) -> BTreeSet<Vec<String>> {
        shared::paths(&self.text)
    }

    /// Its value; null when it fails, as in the browser.
    pub(crate) fn value(&self, facts: &Facts) -> Value {
        self.feel.evaluate_or_null(&facts.seen(&self.names)).unwrap_or(Value::Null)
    }

    /// What form-js makes of `conditional.hide`, which it takes for a unary test of nothing: true hides, and so does
    /// null, alone or in a list.
    pub(crate) fn hides(&self, facts: &Facts) -> bool {
        let hides = match self.value(facts) {
            Value::Bool(b) => b,
            Value::Null => true,
            Value::Array(items) => items.contains(&Value::Null),
            _ => false,
        };
        hides != self.denied
    }

    /// True only when it is true.
    pub(crate) fn is_true(&self, facts: &Facts) -> bool {
        self.value(facts) == Value::Bool(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What feelin, the FEEL of form-js, gives for each of these (made with @bpmn-io/feelin 6.1.1).
    const BROWSER: &str = include_str!("../fixtures/feelin.json");

    #[test]
    fn the_server_gives_what_the_browser_gives() {
        let file: Value = serde_json::from_str(BROWSER).unwrap();
        let facts = Facts::new(&file["data"], Map::new());
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() > 150);
        let mut wrong = Vec::new();
        for case in cases {
            let text = case["expression"].as_str().unwrap();
            match (Expression::compile(text), Expression::condition(text)) {
                (Ok(value), Ok(condition)) => {
                    let (value, hides) = (value.value(&facts), Value::from(condition.hides(&facts)));
                    if value != case["value"] || hides != case["hides"] {
                        wrong.push(format!(
                            "{text}: {value} {hides}, in the browser {} {}",
                            case["value"], case["hides"]
                        ));
                    }
                }
                (Err(e), _) | (_, Err(e)) => wrong.push(format!("{text}: {e:?}")),
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_differs_is_refused() {
        for bad in [
            "now()",
            "today() > x",
            "@\"2026-01-01\"",
            "random number() > 0.5",
            "x instance of number",
            "? > 5",
            "function(x) x",
            "string(x)",
            "number(x)",
            "decimal(x, 2)",
            "date(\"2026-01-01\")",
            "count (x",
            "x in [1..5]",
            "max([x, y])",
            "any(x)",
            "",
            "x = = 1",
            &format!("{}x = 1{}", "(".repeat(9), " = true)".repeat(9)),
        ] {
            assert!(Expression::compile(bad).is_err(), "{bad}");
        }
    }
}
