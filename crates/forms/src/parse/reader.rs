//! Values of the JSON, each of the kind its key asks for, or a fault.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Parser, is_step};
use crate::decimal::Decimal;
use crate::expression::Expression;
use crate::limits;
use crate::model::{Limit, Switch};
use crate::phrase::Phrase;

/// Every property `svod.…` of a component.
const PROPERTIES: [&str; 13] = [
    "svod.page",
    "svod.signature",
    "svod.source",
    "svod.source-editable",
    "svod.address",
    "svod.place",
    "svod.photo",
    "svod.code-list",
    "svod.required",
    "svod.min-items",
    "svod.max-items",
    "svod.max-files",
    "svod.autocomplete",
];

/// An object of the JSON and where it stands.
pub(crate) struct At<'j> {
    pub map: &'j Map<String, Value>,
    pub path: String,
}

impl<'j> At<'j> {
    pub(crate) fn root(map: &'j Map<String, Value>) -> Self {
        Self { map, path: String::new() }
    }

    /// Where a key of it stands.
    pub(crate) fn to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The object under a key.
    pub(crate) fn object(&self, key: &str) -> Option<At<'j>> {
        self.map.get(key)?.as_object().map(|map| At { map, path: self.to(key) })
    }
}

impl Parser {
    /// Refuses keys that mean nothing here.
    pub(crate) fn keys(&mut self, at: &At<'_>, common: &[&str], own: &[&str]) {
        for key in at.map.keys().filter(|k| !common.contains(&k.as_str()) && !own.contains(&k.as_str())) {
            self.faults.add(&at.to(key), "form-key", format!("'{key}' means nothing here"), "take it out");
        }
    }

    fn wrong_kind(&mut self, at: &At<'_>, key: &str, kind: &str) {
        self.faults.add(&at.to(key), "form-kind", format!("this is no {kind}"), format!("write a {kind}"));
    }

    pub(crate) fn missing(&mut self, at: &At<'_>, key: &str, fix: &str) {
        self.faults.add(&at.to(key), "form-missing", format!("there is no {key}"), fix);
    }

    /// A text, bounded.
    pub(crate) fn text(&mut self, at: &At<'_>, key: &str, most: usize) -> Option<String> {
        match at.map.get(key)? {
            Value::String(text) if text.len() <= most => Some(text.clone()),
            Value::String(_) => {
                self.faults.add(&at.to(key), "form-size", "the text is too long", format!("keep to {most} bytes"));
                None
            }
            Value::Null => None,
            _ => {
                self.wrong_kind(at, key, "text");
                None
            }
        }
    }

    /// Words: a key, text with expressions, or an expression. What is empty is not there.
    pub(crate) fn phrase(&mut self, at: &At<'_>, key: &str, most: usize, needed: bool) -> Option<Phrase> {
        let text = self.text(at, key, most).filter(|t| !t.trim().is_empty());
        let Some(text) = text else {
            if needed && at.map.get(key).is_none_or(|v| v.is_null() || v.as_str().is_some_and(|t| t.trim().is_empty()))
            {
                self.missing(at, key, "say in words what this is");
            }
            return None;
        };
        match Phrase::parse(&text) {
            Ok(phrase) => Some(phrase),
            Err((rule, message, fix)) => {
                self.faults.add(&at.to(key), rule, message, fix);
                None
            }
        }
    }

    pub(crate) fn flag(&mut self, at: &At<'_>, key: &str) -> Option<bool> {
        match at.map.get(key)? {
            Value::Bool(b) => Some(*b),
            Value::Null => None,
            _ => {
                self.wrong_kind(at, key, "true or false");
                None
            }
        }
    }

    pub(crate) fn whole(&mut self, at: &At<'_>, key: &str, least: usize, most: usize) -> Option<usize> {
        let value = at.map.get(key).filter(|v| !v.is_null())?;
        let n = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (least..=most).contains(n));
        if n.is_none() {
            let fix = format!("write a whole number from {least} to {most}");
            self.faults.add(&at.to(key), "form-value", format!("{value} is not in its bounds"), fix);
        }
        n
    }

    /// `=expression`.
    pub(crate) fn expression(&mut self, at: &At<'_>, key: &str) -> Option<Expression> {
        let text = self.text(at, key, limits::TEXT)?;
        let Some(text) = text.strip_prefix('=') else {
            let fix = "begin it with =";
            self.faults.add(&at.to(key), "form-feel", "an expression begins with =", fix);
            return None;
        };
        self.compile(&at.to(key), text)
    }

    pub(crate) fn compile(&mut self, path: &str, text: &str) -> Option<Expression> {
        let made = Expression::compile(text);
        self.compiled(path, made)
    }

    fn compiled(&mut self, path: &str, made: Result<Expression, (String, String)>) -> Option<Expression> {
        match made {
            Ok(expression) => Some(expression),
            Err((message, fix)) => {
                self.faults.add(path, "form-feel", message, fix);
                None
            }
        }
    }

    /// True, false or `=expression`.
    pub(crate) fn switch(&mut self, at: &At<'_>, key: &str) -> Switch {
        match at.map.get(key) {
            None | Some(Value::Null) => Switch::OFF,
            Some(Value::Bool(b)) => Switch::Fixed(*b),
            Some(Value::String(_)) => self.expression(at, key).map_or(Switch::OFF, Switch::By),
            Some(_) => {
                self.wrong_kind(at, key, "true, false or =expression");
                Switch::OFF
            }
        }
    }

    /// A number or `=expression`.
    pub(crate) fn limit(&mut self, at: &At<'_>, key: &str) -> Option<Limit> {
        let value = at.map.get(key)?;
        match value {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) if text.starts_with('=') => self.expression(at, key).map(Limit::By),
            _ => self.decimal(at, key).map(Limit::Fixed),
        }
    }

    /// A number, also written as a text.
    pub(crate) fn decimal(&mut self, at: &At<'_>, key: &str) -> Option<Decimal> {
        let value = at.map.get(key).filter(|v| !v.is_null())?;
        let number = crate::value::decimal(value);
        if number.is_none() {
            self.wrong_kind(at, key, "number");
        }
        number
    }

    /// Words of letters, digits and _ with points between.
    pub(crate) fn place(&mut self, at: &At<'_>, key: &str, text: &str) -> Option<String> {
        let good = text.len() <= 200 && text.split('.').all(is_step);
        if !good {
            let fix = "write words of Latin letters, digits and _, none beginning with a digit, with points between";
            self.faults.add(&at.to(key), "form-name", format!("'{text}' is no name"), fix);
        }
        good.then(|| text.to_owned())
    }

    /// The key of a field: its place.
    pub(crate) fn key(&mut self, at: &At<'_>) -> Option<String> {
        match self.text(at, "key", limits::TEXT) {
            Some(text) => self.place(at, "key", &text),
            None => {
                self.missing(at, "key", "give the field a key: firstName");
                None
            }
        }
    }

    /// The path of a container; empty for none.
    pub(crate) fn path(&mut self, at: &At<'_>) -> Option<String> {
        match self.text(at, "path", limits::TEXT) {
            Some(text) if !text.is_empty() => self.place(at, "path", &text),
            _ => Some(String::new()),
        }
    }

    pub(crate) fn hide(&mut self, at: &At<'_>) -> Option<Expression> {
        let value = at.map.get("conditional").filter(|v| !v.is_null())?;
        let Some(inner) = at.object("conditional") else {
            let fix = "write {\"hide\": \"=…\"}";
            self.faults.add(&at.to("conditional"), "form-kind", format!("{value} is no condition"), fix);
            return None;
        };
        self.keys(&inner, &["hide"], &[]);
        let text = self.text(&inner, "hide", limits::TEXT).filter(|t| !t.is_empty())?;
        let made = match text.strip_prefix('=') {
            Some(text) => Expression::condition(text),
            None => Err(("an expression begins with =".into(), "begin it with =".into())),
        };
        self.compiled(&inner.to("hide"), made)
    }

    /// Row and width.
    pub(crate) fn layout(&mut self, at: &At<'_>) -> (Option<String>, Option<u8>) {
        let Some(layout) = at.object("layout") else { return (None, None) };
        self.keys(&layout, &["row", "columns"], &[]);
        let row = self.text(&layout, "row", 100).filter(|r| !r.is_empty());
        let columns = self.whole(&layout, "columns", 1, 16).and_then(|n| u8::try_from(n).ok());
        (row, columns)
    }

    /// The properties `svod.…` of a component as texts; others belong to somebody else and are left alone.
    pub(crate) fn property_keys(&mut self, at: &At<'_>, allowed: &[&str]) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let Some(properties) = at.object("properties") else { return out };
        for (key, value) in properties.map.iter().filter(|(key, _)| key.starts_with("svod.")) {
            let path = properties.to(key);
            if !allowed.contains(&key.as_str()) {
                let message = if PROPERTIES.contains(&key.as_str()) {
                    format!("'{key}' means nothing on this component")
                } else {
                    format!("'{key}' is not known")
                };
                self.faults.add(&path, "form-property", message, "see docs/forms.md");
                continue;
            }
            match value {
                Value::String(text) if text.len() <= limits::TEXT => _ = out.insert(key.clone(), text.clone()),
                Value::Bool(_) | Value::Number(_) => _ = out.insert(key.clone(), value.to_string()),
                _ => self.faults.add(&path, "form-kind", "a property is a text", "write a text"),
            }
        }
        out
    }

    /// A property that is a whole number.
    pub(crate) fn count_of(&mut self, at: &At<'_>, text: Option<&String>, key: &str, most: usize) -> Option<usize> {
        let text = text?;
        let n = text.parse::<usize>().ok().filter(|n| *n <= most);
        if n.is_none() {
            let path = format!("{}.{key}", at.to("properties"));
            let fix = format!("write a whole number up to {most}");
            self.faults.add(&path, "form-property", format!("'{text}' is not in its bounds"), fix);
        }
        n
    }

    /// A property that is `true` or `false`.
    pub(crate) fn yes(&mut self, at: &At<'_>, text: Option<&String>, key: &str) -> bool {
        match text.map(String::as_str) {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                let path = format!("{}.{key}", at.to("properties"));
                self.faults.add(
                    &path,
                    "form-property",
                    format!("'{other}' is neither true nor false"),
                    "write \"true\"",
                );
                false
            }
        }
    }
}
