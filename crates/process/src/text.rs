use serde_json::Value;

use crate::expression::Expression;

/// A text of the file: itself, or worked out from variables when it begins with `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// As it stands.
    Plain(String),
    /// FEEL that gives a text.
    Feel(Expression),
}

impl Text {
    /// Reads it.
    ///
    /// # Errors
    /// Reason and fix, when the expression is no FEEL.
    pub fn parse(text: &str) -> Result<Self, (String, String)> {
        let text = text.trim();
        if text.starts_with('=') { Expression::compile(text).map(Self::Feel) } else { Ok(Self::Plain(text.to_owned())) }
    }

    /// The text now; a number counts as its digits.
    pub(crate) fn resolve(&self, find: impl Fn(&str) -> Option<Value>) -> Result<String, String> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Feel(expression) => {
                as_text(&expression.evaluate(find)?).ok_or_else(|| format!("'{}' gives no text", expression.text()))
            }
        }
    }
}

/// A text or the digits of a number: what keys and codes are made of.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}
