//! What each kind of field has of its own.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Parser;
use super::reader::At;
use crate::limits;
use crate::model::{
    ChoiceRules, FileRules, Kind, Like, Limit, MomentRules, NumberRules, Options, Part, Style, TextRules, Zoned,
};
use crate::phrase::shown;
use crate::{pattern, value};

type Properties = BTreeMap<String, String>;

/// Purposes of fields that a browser can fill in (HTML, autofill field names).
const PURPOSES: [&str; 12] = [
    "name",
    "given-name",
    "family-name",
    "additional-name",
    "email",
    "tel",
    "bday",
    "street-address",
    "postal-code",
    "address-level2",
    "organization",
    "organization-title",
];

impl Parser {
    pub(crate) fn kind(&mut self, at: &At<'_>, kind: &str, properties: &Properties) -> Option<Kind> {
        match kind {
            "textfield" if self.yes(at, properties.get("svod.place"), "svod.place") => self.place_of(at),
            "textfield" => Some(Kind::Text(self.line(at, properties))),
            "textarea" => Some(Kind::Text(self.area(at))),
            "number" => Some(Kind::Number(self.number(at))),
            "datetime" => Some(Kind::Moment(self.moment(at, properties))),
            "checkbox" => Some(Kind::Checkbox),
            "filepicker" => Some(Kind::Files(self.files(at, properties))),
            "select" if properties.contains_key("svod.address") => self.address(at, properties).map(Kind::Address),
            "radio" => self.choice(at, Style::Radio, properties),
            "select" => self.choice(at, Style::Select, properties),
            "checklist" => self.choice(at, Style::Checklist, properties),
            _ => self.choice(at, Style::Taglist, properties),
        }
    }

    /// A point has its own form: rules of a text mean nothing on it.
    fn place_of(&mut self, at: &At<'_>) -> Option<Kind> {
        if let Some(validate) = at.object("validate") {
            self.keys(&validate, &["required"], &[]);
        }
        Some(Kind::Place)
    }

    fn lengths(&mut self, at: &At<'_>, usual: usize) -> (Option<Limit>, Option<Limit>) {
        let Some(validate) = at.object("validate") else { return (None, fixed(usual)) };
        let min = self.limit(&validate, "minLength");
        let max = self.limit(&validate, "maxLength").or_else(|| fixed(usual));
        for (key, limit) in [("minLength", &min), ("maxLength", &max)] {
            let most = fixed(limits::MOST_TEXT);
            if let (Some(Limit::Fixed(n)), Some(Limit::Fixed(most))) = (limit, &most)
                && (n.decimals() > 0 || n.to_string().starts_with('-') || n.compare(*most).is_gt())
            {
                let fix = format!("write a whole number up to {}", limits::MOST_TEXT);
                self.faults.add(&validate.to(key), "form-value", format!("{n} is no length"), fix);
            }
        }
        (min, max)
    }

    fn line(&mut self, at: &At<'_>, properties: &Properties) -> TextRules {
        let (min, max) = self.lengths(at, limits::LINE);
        let mut rules =
            TextRules { area: false, min, max, pattern: None, pattern_words: None, like: Like::Plain, purpose: None };
        rules.purpose = self.purpose(at, properties);
        let Some(validate) = at.object("validate") else { return rules };
        rules.like = match validate.map.get("validationType") {
            None | Some(Value::Null) => Like::Plain,
            Some(Value::String(t)) if t.is_empty() || t == "custom" => Like::Plain,
            Some(Value::String(t)) if t == "email" => Like::Email,
            Some(Value::String(t)) if t == "phone" => Like::Phone,
            Some(other) => {
                let fix = "write email, phone or custom";
                self.faults.add(&validate.to("validationType"), "form-value", format!("{other} is not known"), fix);
                Like::Plain
            }
        };
        if let Some(text) = self.text(&validate, "pattern", limits::TEXT).filter(|t| !t.is_empty()) {
            match pattern::compile(&text) {
                Ok(compiled) => rules.pattern = Some(compiled),
                Err(message) => {
                    let fix = "write it with classes, groups (?:…), counts and anchors";
                    self.faults.add(&validate.to("pattern"), "form-pattern", message, fix);
                }
            }
        }
        rules.pattern_words = self.phrase(&validate, "patternErrorMessage", limits::TEXT, false);
        rules
    }

    fn purpose(&mut self, at: &At<'_>, properties: &Properties) -> Option<&'static str> {
        let text = properties.get("svod.autocomplete")?;
        let found = PURPOSES.into_iter().find(|p| p == text);
        if found.is_none() {
            let path = format!("{}.svod.autocomplete", at.to("properties"));
            let fix = format!("write one of: {}", PURPOSES.join(", "));
            self.faults.add(&path, "form-property", format!("'{text}' is no purpose"), fix);
        }
        found
    }

    fn area(&mut self, at: &At<'_>) -> TextRules {
        let (min, max) = self.lengths(at, limits::AREA);
        TextRules { area: true, min, max, pattern: None, pattern_words: None, like: Like::Plain, purpose: None }
    }

    fn number(&mut self, at: &At<'_>) -> NumberRules {
        let digits = self.whole(at, "decimalDigits", 0, 15).and_then(|n| u32::try_from(n).ok());
        let as_text = self.flag(at, "serializeToString").unwrap_or(false);
        let step = at.map.get("increment").is_some_and(|v| v != "");
        let step = if step { self.decimal(at, "increment").filter(|d| !d.is_zero()) } else { None };
        let (min, max) = match at.object("validate") {
            Some(validate) => (self.limit(&validate, "min"), self.limit(&validate, "max")),
            None => (None, None),
        };
        NumberRules { min, max, digits, step, as_text }
    }

    fn moment(&mut self, at: &At<'_>, properties: &Properties) -> MomentRules {
        let part = match self.text(at, "subtype", 20).as_deref() {
            None | Some("date") => Part::Date,
            Some("time") => Part::Time,
            Some("datetime") => Part::Both,
            Some(other) => {
                let fix = "write date, time or datetime";
                self.faults.add(&at.to("subtype"), "form-value", format!("'{other}' is not known"), fix);
                Part::Date
            }
        };
        let zone = match self.text(at, "timeSerializingFormat", 20).as_deref() {
            Some("utc_offset") => Zoned::Offset,
            None | Some("utc_normalized") => Zoned::Utc,
            Some("no_timezone") => Zoned::Silent,
            Some(other) => {
                let fix = "write utc_offset, utc_normalized or no_timezone";
                self.faults.add(&at.to("timeSerializingFormat"), "form-value", format!("'{other}' is not known"), fix);
                Zoned::Utc
            }
        };
        let interval = self.whole(at, "timeInterval", 1, 60).and_then(|n| u32::try_from(n).ok());
        let no_past = self.flag(at, "disallowPassedDates").unwrap_or(false);
        self.flag(at, "use24h");
        MomentRules { part, zone, interval, no_past, purpose: self.purpose(at, properties) }
    }

    fn files(&mut self, at: &At<'_>, properties: &Properties) -> FileRules {
        let photo = self.yes(at, properties.get("svod.photo"), "svod.photo");
        let accept = self.text(at, "accept", 500).unwrap_or_default();
        let mut kinds: Vec<String> =
            accept.split(',').map(|k| k.trim().to_ascii_lowercase()).filter(|k| !k.is_empty()).collect();
        let plain = |t: &str| t.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.*".contains(&b));
        let good = |k: &String| {
            k.strip_prefix('.').is_some_and(|e| !e.is_empty() && plain(e))
                || k.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && plain(a) && plain(b))
        };
        if let Some(bad) = kinds.iter().find(|k| !good(k)) {
            let fix = "write endings and media types: .pdf, image/*";
            self.faults.add(&at.to("accept"), "form-value", format!("'{bad}' is no kind of file"), fix);
        }
        if photo && kinds.is_empty() {
            kinds = [".jpg", ".jpeg", ".png", ".webp"].map(str::to_owned).to_vec();
        }
        let several = match at.map.get("multiple") {
            Some(Value::String(text)) => {
                let fix = "write true or false";
                self.faults.add(&at.to("multiple"), "form-kind", format!("'{text}' is no flag"), fix);
                false
            }
            _ => self.flag(at, "multiple").unwrap_or(false),
        };
        let most = self.count_of(at, properties.get("svod.max-files"), "svod.max-files", limits::MOST_FILES);
        let most = if several { most.unwrap_or(limits::FILES).max(1) } else { 1 };
        FileRules { accept: kinds, most, photo }
    }

    /// The name of the register that addresses are taken from.
    fn address(&mut self, at: &At<'_>, properties: &Properties) -> Option<String> {
        let name = properties.get("svod.address")?;
        for key in ["values", "valuesKey", "valuesExpression"].into_iter().filter(|k| at.map.contains_key(*k)) {
            self.faults.add(&at.to(key), "form-key", "addresses come from the register", "take it out");
        }
        if properties.contains_key("svod.code-list") {
            let path = format!("{}.svod.code-list", at.to("properties"));
            self.faults.add(&path, "form-property", "addresses come from the register", "take it out");
        }
        let good = name.len() <= 64
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphanumeric());
        if !good {
            let path = format!("{}.svod.address", at.to("properties"));
            let fix = "write the type of the register's entities: Address";
            self.faults.add(&path, "form-property", format!("'{name}' is no type"), fix);
        }
        good.then(|| name.clone())
    }

    fn choice(&mut self, at: &At<'_>, style: Style, properties: &Properties) -> Option<Kind> {
        let codes = properties.get("svod.code-list");
        let given = |key: &str| at.map.get(key).is_some_and(|v| !v.is_null() && v != "");
        let mut ways = ["values", "valuesKey", "valuesExpression"].into_iter().filter(|key| given(key));
        let way = ways.next();
        if let Some(second) = ways.next() {
            self.faults.add(&at.to(second), "form-key", "the options are given twice", "keep one of them");
        }
        self.flag(at, "searchable");
        let options = match (codes, way) {
            // form-js shows these values where a form is tried without the platform.
            (Some(list), _) => self.codes(at, list).map(Options::Codes),
            (None, Some("values")) => self.fixed(at).map(Options::Fixed),
            (None, Some("valuesKey")) => {
                let text = self.text(at, "valuesKey", limits::TEXT)?;
                self.place(at, "valuesKey", &text).map(Options::Key)
            }
            (None, Some(_)) => self.expression(at, "valuesExpression").map(Options::By),
            (None, None) => {
                self.missing(at, "values", "give values, valuesKey, valuesExpression or svod.code-list");
                None
            }
        };
        Some(Kind::Choice(ChoiceRules { style, options: options? }))
    }

    fn codes(&mut self, at: &At<'_>, list: &str) -> Option<String> {
        let good = !list.is_empty() && list.len() <= 64 && list.bytes().all(|b| b.is_ascii_alphanumeric());
        if !good {
            let path = format!("{}.svod.code-list", at.to("properties"));
            let fix = "write the name of a code list of the packs";
            self.faults.add(&path, "form-property", format!("'{list}' is no code list"), fix);
        }
        good.then(|| list.to_owned())
    }

    fn fixed(&mut self, at: &At<'_>) -> Option<Vec<(Value, crate::phrase::Phrase)>> {
        let path = at.to("values");
        let Some(list) = at.map.get("values").and_then(Value::as_array) else {
            self.faults.add(&path, "form-kind", "values are a list", "write [{\"label\": …, \"value\": …}]");
            return None;
        };
        if list.len() > limits::OPTIONS {
            let fix = format!("keep to {}, or use svod.code-list", limits::OPTIONS);
            self.faults.add(&path, "form-size", format!("there are {} options", list.len()), fix);
            return None;
        }
        let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
        for (i, item) in list.iter().enumerate() {
            let path = format!("{path}[{i}]");
            let Some(map) = item.as_object() else {
                self.faults.add(&path, "form-kind", "an option is an object", "write {\"label\": …, \"value\": …}");
                continue;
            };
            let option = At { map, path };
            self.keys(&option, &["label", "value"], &[]);
            let label = self.phrase(&option, "label", limits::TEXT, true);
            let Some(value) = map.get("value").filter(|v| value::is_option(v)) else {
                let fix = "write a text that is not empty, a number, true or false";
                self.faults.add(&option.to("value"), "form-value", "this is no value of an option", fix);
                continue;
            };
            if !seen.insert(shown(value)) {
                let message = format!("the value {value} is given twice");
                self.faults.add(&option.to("value"), "form-duplicate", message, "give each option its own");
            }
            out.extend(label.map(|label| (value.clone(), label)));
        }
        Some(out)
    }
}

fn fixed(n: usize) -> Option<Limit> {
    crate::decimal::Decimal::parse(&n.to_string()).map(Limit::Fixed)
}
