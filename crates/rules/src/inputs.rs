use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::temporal::Temporal;

/// Deepest nesting of lists and contexts that is read; what lies deeper is null.
pub(crate) const MAX_DEPTH: usize = 32;

/// One input of a decision or an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Nothing is known.
    Null,
    /// A switch.
    Bool(bool),
    /// A whole number, exact.
    Integer(i64),
    /// A number; its shortest decimal text is what FEEL calculates with. Not finite counts as null.
    Number(f64),
    /// A text.
    Text(String),
    /// A date, a time, both, or a duration.
    Temporal(Temporal),
    /// A list. For strict decisions and triggers it is as good as null.
    List(Vec<Input>),
    /// A context: values by their FEEL name.
    Context(BTreeMap<String, Input>),
}

/// Inputs by their FEEL name.
///
/// JSON has no dates. They travel in two ways: as a text, which becomes what the model declares (`date`, `time`,
/// `dateTime`, `dayTimeDuration`, `yearMonthDuration`, also inside item definitions), or, where nothing is declared,
/// as an object of one key: `{"$date": "2026-11-23"}`, `{"$time": "10:15:00+07:00"}`,
/// `{"$dateTime": "2026-11-23T10:15:00Z"}`, `{"$duration": "P1DT2H"}`. Results give them as texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs(BTreeMap<String, Input>);

impl Inputs {
    /// No inputs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// These inputs and one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Input>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets one input, replacing what was there.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Input>) {
        self.0.insert(name.into(), value.into());
    }

    /// One input.
    pub fn get(&self, name: &str) -> Option<&Input> {
        self.0.get(name)
    }

    /// All inputs, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Input)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// As JSON, for the record of a decision.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.iter().map(|(k, v)| (k.clone(), v.to_json())).collect())
    }

    /// From a JSON object. Lists become lists, objects contexts; how dates travel stands above.
    pub fn from_json(object: &Map<String, Value>) -> Self {
        Self(object.iter().map(|(k, v)| (k.clone(), Input::from_json(v))).collect())
    }
}

impl Input {
    /// As JSON; times and durations as their text.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::from(*b),
            Self::Integer(n) => Value::from(*n),
            Self::Number(n) => Value::from(*n),
            Self::Text(s) => Value::from(s.as_str()),
            Self::Temporal(t) => Value::from(t.text()),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Context(entries) => Value::Object(entries.iter().map(|(k, v)| (k.clone(), v.to_json())).collect()),
        }
    }

    /// From JSON; below 32 levels of nesting everything is null.
    pub fn from_json(v: &Value) -> Self {
        Self::nested(v, MAX_DEPTH)
    }

    fn nested(v: &Value, levels: usize) -> Self {
        match v {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => n.as_i64().map_or_else(|| Self::Number(n.as_f64().unwrap_or(f64::NAN)), Self::Integer),
            Value::String(s) => Self::Text(s.clone()),
            Value::Array(_) | Value::Object(_) if levels == 0 => Self::Null,
            Value::Array(items) => Self::List(items.iter().map(|item| Self::nested(item, levels - 1)).collect()),
            Value::Object(entries) => match Temporal::tagged(entries) {
                Some(temporal) => Self::Temporal(temporal),
                None => Self::Context(entries.iter().map(|(k, v)| (k.clone(), Self::nested(v, levels - 1))).collect()),
            },
        }
    }

    /// True when a name or a text in it has the letter.
    pub(crate) fn holds(&self, name: &str, letter: char) -> bool {
        name.contains(letter)
            || match self {
                Self::Text(s) => s.contains(letter),
                Self::List(items) => items.iter().any(|item| item.holds("", letter)),
                Self::Context(entries) => entries.iter().any(|(name, entry)| entry.holds(name, letter)),
                _ => false,
            }
    }

    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) | Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Temporal(t) => t.type_name(),
            Self::List(_) => "list",
            Self::Context(_) => "context",
        }
    }
}

impl From<bool> for Input {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}

impl From<i64> for Input {
    fn from(v: i64) -> Self {
        Self::Integer(v)
    }
}

impl From<f64> for Input {
    fn from(v: f64) -> Self {
        Self::Number(v)
    }
}

impl From<&str> for Input {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}

impl From<String> for Input {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}

impl From<Temporal> for Input {
    fn from(v: Temporal) -> Self {
        Self::Temporal(v)
    }
}

impl From<&Value> for Input {
    fn from(v: &Value) -> Self {
        Self::from_json(v)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Input {
    fn from(v: Vec<T>) -> Self {
        Self::List(v.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Input {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
