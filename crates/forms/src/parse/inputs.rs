//! Fields that somebody answers: what they have in common.

use serde_json::Value;

use super::reader::At;
use super::{COMMON, Parser, Standing, below, is_step};
use crate::limits;
use crate::model::{Input, Kind, Source, Switch};
use crate::value;

/// Keys of every input.
const KEYS: [&str; 7] = ["key", "label", "description", "readonly", "disabled", "defaultValue", "validate"];
/// Properties of every input.
const PROPERTIES: [&str; 3] = ["svod.source", "svod.source-editable", "svod.required"];

impl Parser {
    pub(crate) fn input(&mut self, at: &At<'_>, kind: &str, standing: &Standing) -> Option<Input> {
        let (own, properties, rules) = allowed(kind);
        let keys: Vec<&str> = COMMON.into_iter().chain(KEYS).collect();
        self.keys(at, &keys, own);
        let all: Vec<&str> = PROPERTIES.into_iter().chain(properties.iter().copied()).collect();
        let properties = self.property_keys(at, &all);
        if let Some(validate) = at.object("validate") {
            self.keys(&validate, &["required"], rules);
        }
        let key = self.key(at);
        if let Some(key) = &key {
            self.take(&below(standing, key), &at.path);
        }
        let label = self.input_label(at, kind);
        let hint = self.phrase(at, "description", limits::TEXT, false);
        let (readonly, disabled) = (self.switch(at, "readonly"), self.disabled(at));
        let required = self.required(at, properties.get("svod.required"));
        let source = self.source(at, properties.get("svod.source"), properties.get("svod.source-editable"));
        if source.is_some() && standing.place.contains("[]") {
            let path = format!("{}.svod.source", at.to("properties"));
            let fix = "ask for what the graph knows outside of the repeat";
            self.faults.add(&path, "form-property", "every item would be filled with the same", fix);
        }
        let (prefix, suffix) = match at.object("appearance") {
            Some(appearance) => {
                self.keys(&appearance, &["prefixAdorner", "suffixAdorner"], &[]);
                let prefix = self.phrase(&appearance, "prefixAdorner", limits::TEXT, false);
                (prefix, self.phrase(&appearance, "suffixAdorner", limits::TEXT, false))
            }
            None => (None, None),
        };
        let kind = self.kind(at, kind, &properties)?;
        let mut input = Input {
            key: key?,
            label: label?,
            hint,
            readonly,
            disabled,
            required,
            source,
            default: None,
            prefix,
            suffix,
            kind,
        };
        input.default = self.default(at, &input);
        Some(input)
    }

    /// A `datetime` is named by what it asks for.
    fn input_label(&mut self, at: &At<'_>, kind: &str) -> Option<crate::phrase::Phrase> {
        let has = |key: &str| at.map.get(key).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty());
        let key = match kind {
            "datetime" if has("label") => "label",
            "datetime" if has("dateLabel") => "dateLabel",
            "datetime" if has("timeLabel") => "timeLabel",
            _ => "label",
        };
        self.phrase(at, key, limits::TEXT, true)
    }

    /// form-js takes no expression here, and the answer of a disabled field is not sent: it must be plain.
    fn disabled(&mut self, at: &At<'_>) -> Switch {
        match self.flag(at, "disabled") {
            Some(b) => Switch::Fixed(b),
            None => Switch::OFF,
        }
    }

    /// `validate.required`, or the expression of `svod.required`, which form-js would take for "always".
    fn required(&mut self, at: &At<'_>, property: Option<&String>) -> Switch {
        if let Some(text) = property {
            let path = format!("{}.svod.required", at.to("properties"));
            let Some(expression) = text.strip_prefix('=') else {
                let fix = "write =expression here, or true under validate.required";
                self.faults.add(&path, "form-property", "this is no expression", fix);
                return Switch::OFF;
            };
            return self.compile(&path, expression).map_or(Switch::OFF, Switch::By);
        }
        let validate = at.object("validate");
        let required = validate.as_ref().and_then(|v| self.flag(v, "required"));
        Switch::Fixed(required.unwrap_or(false))
    }

    fn source(&mut self, at: &At<'_>, path: Option<&String>, editable: Option<&String>) -> Option<Source> {
        let editable = self.yes(at, editable, "svod.source-editable");
        let path = path?;
        let good = path.len() <= 200 && path.contains('.') && path.split('.').all(is_step);
        if !good {
            let place = format!("{}.svod.source", at.to("properties"));
            let fix = "write a path such as applicant.birthDate";
            self.faults.add(&place, "form-property", format!("'{path}' is no path into the graph"), fix);
        }
        good.then(|| Source { path: path.clone(), editable })
    }

    fn default(&mut self, at: &At<'_>, input: &Input) -> Option<Value> {
        let given = at.map.get("defaultValue").filter(|v| !v.is_null())?;
        if matches!(input.kind, Kind::Files(_) | Kind::Address(_) | Kind::Place) {
            let fix = "take it out; svod.source fills in what the graph holds";
            self.faults.add(&at.to("defaultValue"), "form-key", "no such field has a default", fix);
            return None;
        }
        // Number fields of form-js keep their default as a text.
        let number = match (&input.kind, given) {
            (Kind::Number(_), Value::String(text)) if text.is_empty() => return None,
            (Kind::Number(_), Value::String(text)) => serde_json::from_str::<serde_json::Number>(text).ok(),
            _ => None,
        };
        let value = number.map_or_else(|| given.clone(), Value::Number);
        let kept = value::sane(input, &value).or_else(|| value::sane(input, given));
        if kept.is_none() {
            let fix = "write it as the field keeps it: a text, a number, true or false, 2026-01-31, a list";
            self.faults.add(&at.to("defaultValue"), "form-value", format!("{given} is no answer to this field"), fix);
        }
        kept
    }
}

/// Keys, properties and rules of validation that a kind of field has beside those of all.
fn allowed(kind: &str) -> (&'static [&'static str], &'static [&'static str], &'static [&'static str]) {
    const CHOICES: &[&str] = &["values", "valuesKey", "valuesExpression"];
    match kind {
        "textfield" => (
            &["appearance"],
            &["svod.autocomplete", "svod.place"],
            &["minLength", "maxLength", "pattern", "patternErrorMessage", "validationType"],
        ),
        "textarea" => (&[], &[], &["minLength", "maxLength"]),
        "number" => (&["appearance", "increment", "decimalDigits", "serializeToString"], &[], &["min", "max"]),
        "datetime" => (
            &[
                "subtype",
                "dateLabel",
                "timeLabel",
                "use24h",
                "timeSerializingFormat",
                "timeInterval",
                "disallowPassedDates",
            ],
            &["svod.autocomplete"],
            &[],
        ),
        "checklist" | "radio" | "taglist" => (CHOICES, &["svod.code-list"], &[]),
        "select" => {
            (&["values", "valuesKey", "valuesExpression", "searchable"], &["svod.code-list", "svod.address"], &[])
        }
        "filepicker" => (&["accept", "multiple"], &["svod.photo", "svod.max-files"], &[]),
        _ => (&[], &[], &[]),
    }
}
