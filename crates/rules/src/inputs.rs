use std::collections::BTreeMap;

use serde_json::{Map, Value};

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
    /// A moment, as RFC 3339 writes it: FEEL's date and time. What is none counts as null.
    Moment(String),
}

/// Inputs by their FEEL name.
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

    /// From a JSON object; entries that are lists or objects are left out, since FEEL here takes scalars.
    pub fn from_json(object: &Map<String, Value>) -> Self {
        Self(object.iter().filter_map(|(k, v)| Input::from_json(v).map(|i| (k.clone(), i))).collect())
    }
}

impl Input {
    /// As JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::from(*b),
            Self::Integer(n) => Value::from(*n),
            Self::Number(n) => Value::from(*n),
            Self::Text(s) | Self::Moment(s) => Value::from(s.as_str()),
        }
    }

    /// From a JSON scalar; nothing for lists and objects.
    pub fn from_json(v: &Value) -> Option<Self> {
        Some(match v {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Number(n) => n.as_i64().map_or_else(|| Self::Number(n.as_f64().unwrap_or(f64::NAN)), Self::Integer),
            Value::String(s) => Self::Text(s.clone()),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }

    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Integer(_) | Self::Number(_) => "number",
            Self::Text(_) => "string",
            Self::Moment(_) => "date and time",
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

impl<T: Into<Self>> From<Option<T>> for Input {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
