//! Values as people read them: what a process gives to who decides, and answers where no form says more. Each has a label, words
//! of lists are in the reader's language, references are links for who may know of what they lead to.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_forms::{Around, Choice, Lists, Prefill};
use svod_kernel::{Timestamp, Urn};
use svod_model::{AttributeType, Range};
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, PageContext};
use svod_registry::Programs;
use svod_runtime::cases::whole;
use svod_text::{format_date, format_datetime, format_number};

use crate::pages::payments::sum;
use crate::thumbs::{self, Thumb};
use crate::words::Words;

/// Values within values that are told.
const DEPTH: usize = 5;
/// Values side by side that are told.
const MOST: usize = 100;
/// Longest word of a list, in bytes.
const LONGEST_WORD: usize = 64;
/// What names of files begin with; the door of files judges who reads them.
const FILE: &str = "urn:svod:file:";

/// What values are told with.
pub struct Facts<'a> {
    words: &'a Words<'a>,
    programs: Option<&'a Programs>,
    lists: Lists,
    prefill: Prefill,
    inputs: Map<String, Value>,
    /// Variables of the process by the names under which a step shows them.
    variables: BTreeMap<String, String>,
    /// The process whose own words for its variables come first.
    process: Option<String>,
}

impl<'a> Facts<'a> {
    /// Answers; what their pack's forms call them, they are called where nothing else does.
    pub fn new(words: &'a Words<'a>, programs: Option<&'a Programs>) -> Self {
        let (mut lists, enums) = (Lists::default(), &words.metamodel.enums);
        for code in programs.into_iter().flat_map(|p| p.forms.values()).flat_map(|f| f.code_lists()) {
            lists.codes.insert(code.to_owned(), enums.get(code).map(|e| e.values.clone()).unwrap_or_default());
        }
        let (prefill, inputs, variables) = (Prefill::new(), Map::new(), BTreeMap::new());
        Self { words, programs, lists, prefill, inputs, variables, process: None }
    }

    /// Variables of a process: by the pack's texts `data-<process>-<variable>`, and `-<word>` of what it holds, where there are some.
    #[must_use]
    pub fn of_process(self, process: &str) -> Self {
        Self { process: Some(process.to_owned()), ..self }
    }

    /// The process's own word.
    fn own(&self, rest: &str) -> Option<String> {
        said(self.words.ctx, &format!("data-{}-{rest}", self.process.as_ref()?))
    }

    /// What a step of a process shows: what it passes on as it is, an answer or an attribute, means what it meant there.
    #[must_use]
    pub fn of_step(mut self, process: &str, step: &str) -> Self {
        let process = self.programs.and_then(|p| p.processes.get(process));
        if let Some(element) = process.and_then(|p| p.element(step)) {
            let passed =
                element.inputs.iter().filter_map(|m| Some((m.name.clone(), passed(m.value.text())?.to_owned())));
            self.variables = passed.collect();
        }
        self
    }

    /// What the process calls it.
    fn variable<'n>(&'n self, name: &'n str) -> &'n str {
        self.variables.get(name).map_or(name, String::as_str)
    }

    /// A row for each value.
    pub fn rows(&self, values: &Map<String, Value>) -> Vec<SummaryRow> {
        let row =
            |(name, value): (&String, &Value)| SummaryRow::new(self.label("", name), self.value(name, value, DEPTH));
        values.iter().take(MOST).map(row).collect()
    }

    /// What is written in an attribute: answers as rows, a word or a moment in the reader's language, else as it stands.
    pub fn written(&self, name: &str, text: &str) -> Html {
        match serde_json::from_str(text) {
            Ok(Value::Object(answers)) if text.starts_with('{') => components::summary_list(&self.rows(&answers)),
            _ => self.text(name, text),
        }
    }

    /// A value in a line of text, to stand in a sentence.
    pub fn line(&self, name: &str, value: &Value) -> String {
        let ctx = self.words.ctx;
        match value {
            Value::Null => ctx.t("not-given"),
            Value::Bool(b) => ctx.t(if *b { "value-yes" } else { "value-no" }),
            Value::Number(n) => self.choice(name, value).unwrap_or_else(|| ctx.number(n.as_f64().unwrap_or_default())),
            Value::String(text) => self.word(name, text).or_else(|| day(ctx, text)).unwrap_or_else(|| text.clone()),
            Value::Array(items) => items.iter().take(MOST).map(|v| self.line(name, v)).collect::<Vec<_>>().join(", "),
            Value::Object(map) => {
                let told = map.iter().filter(|(_, v)| !v.is_null()).take(MOST);
                let told = told.map(|(name, v)| format!("{}: {}", self.label("", name), self.line(name, v)));
                told.collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// One value.
    pub fn told(&self, name: &str, value: &Value) -> Html {
        self.value(name, value, DEPTH)
    }

    /// By the pack's text for it, as a field of a form, as an attribute; else by its own name.
    fn label(&self, within: &str, name: &str) -> String {
        let ctx = self.words.ctx;
        let of = |key: String| said(ctx, &key);
        if let Some(own) = self.own(name).filter(|_| within.is_empty()) {
            return own;
        }
        let inside = if within.is_empty() {
            None
        } else {
            let asked = || self.repeated(within, name).map(|(label, _)| label).find(|label| !label.is_empty());
            of(format!("task-input-{within}-{name}")).or_else(asked)
        };
        let field = || self.fields(self.variable(name)).map(|(label, _)| label).find(|label| !label.is_empty());
        let attribute = || of(format!("attr-{name}")).or_else(|| of(format!("attr-{}", self.variable(name))));
        let named = inside.or_else(|| of(format!("task-input-{name}")));
        // What stands by itself is an answer rather; what stands within something is an attribute of it.
        let told = || if within.is_empty() { field().or_else(attribute) } else { attribute().or_else(field) };
        named.or_else(told).unwrap_or_else(|| readable(name))
    }

    fn around(&self) -> Around<'_> {
        let ctx = self.words.ctx;
        Around {
            lang: ctx.lang,
            texts: &ctx.texts,
            now: ctx.now,
            offset_hours: ctx.offset_hours,
            prefill: &self.prefill,
            lists: &self.lists,
            inputs: &self.inputs,
        }
    }

    /// Fields of that key in the pack's forms.
    fn fields(&self, key: &str) -> impl Iterator<Item = (String, Vec<Choice>)> {
        let forms = self.programs.into_iter().flat_map(|p| p.forms.values());
        forms.filter_map(move |form| form.field(key, &self.around()))
    }

    /// Fields of that key in the repeats of the pack's forms whose items these are.
    fn repeated(&self, within: &str, key: &str) -> impl Iterator<Item = (String, Vec<Choice>)> {
        let forms = self.programs.into_iter().flat_map(|p| p.forms.values());
        forms.filter_map(move |form| form.repeated(self.variable(within), key, &self.around()))
    }

    /// The label of a choice. `damageTwo` is chosen from what `damage` is: the same was asked of another.
    fn choice(&self, name: &str, value: &Value) -> Option<String> {
        let key = self.variable(name);
        let cut = |at: usize| (at > 0 && key.as_bytes()[at].is_ascii_uppercase()).then(|| &key[..at]);
        let keys = std::iter::once(key).chain((0..key.len()).rev().filter_map(cut));
        let mut choices = keys.flat_map(|key| self.fields(key)).flat_map(|(_, choices)| choices);
        choices.find(|c| c.value == *value).map(|c| c.label)
    }

    /// What attributes of that name may hold, where all types agree.
    fn declared(&self, name: &str) -> Option<&AttributeType> {
        let name = self.variable(name);
        let mut all = self.words.metamodel.types.values().filter_map(|t| t.attributes.get(name));
        let first = all.next()?;
        all.all(|a| a.range == first.range && a.unit == first.unit).then_some(first)
    }

    fn value(&self, name: &str, value: &Value, depth: usize) -> Html {
        let ctx = self.words.ctx;
        match value {
            Value::Null => ctx.t("not-given").into(),
            Value::Bool(b) => ctx.t(if *b { "value-yes" } else { "value-no" }).into(),
            Value::Number(n) => match self.choice(name, value) {
                Some(label) => label.into(),
                None => {
                    let unit = self.declared(name).and_then(|a| a.unit.as_deref());
                    self.words.quantity(n.as_f64().unwrap_or_default(), unit).into()
                }
            },
            Value::String(text) => self.text(name, text),
            Value::Array(items) => self.list(name, items, depth),
            Value::Object(map) => self.object(name, map, depth),
        }
    }

    /// A value of one of several things: what the form that asked of each of them calls it.
    fn inside(&self, within: &str, key: &str, value: &Value, depth: usize) -> Html {
        let chosen = |value: &Value| {
            let mut choices = self.repeated(within, key).flat_map(|(_, choices)| choices);
            choices.find(|c| c.value == *value).map(|c| c.label)
        };
        let told = match value {
            Value::Array(items) if !items.is_empty() => {
                items.iter().map(chosen).collect::<Option<Vec<_>>>().map(|all| all.join(", "))
            }
            value => chosen(value),
        };
        told.map_or_else(|| self.value(key, value, depth), Html::from)
    }

    fn text(&self, name: &str, text: &str) -> Html {
        let ctx = self.words.ctx;
        if text.trim().is_empty() {
            return ctx.t("not-given").into();
        }
        if let Some(word) = self.word(name, text) {
            return word.into();
        }
        if let Some(urn) = reference(text) {
            return self.words.thing(&urn);
        }
        moment(ctx, text).unwrap_or_else(|| {
            let lines: Vec<String> = text.lines().map(|line| Html::text(line).to_string()).collect();
            Html::trusted(lines.join("<br>"))
        })
    }

    /// A word of a list: the pack's text for it, a choice of a form, a value of a code list, an outcome.
    fn word(&self, name: &str, text: &str) -> Option<String> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.len() > LONGEST_WORD || !text.bytes().all(plain) {
            return self.choice(name, &Value::from(text));
        }
        let ctx = self.words.ctx;
        let listed = || match &self.declared(name)?.range {
            Range::Enum(list) => said(ctx, &format!("enum-{list}-{text}")),
            _ => None,
        };
        self.own(&format!("{name}-{text}"))
            .or_else(|| said(ctx, &format!("task-input-{name}-{text}")))
            .or_else(|| self.choice(name, &Value::from(text)))
            .or_else(listed)
            .or_else(|| said(ctx, &format!("outcome-{text}")))
    }

    fn list(&self, name: &str, items: &[Value], depth: usize) -> Html {
        let files: Option<Vec<Thumb>> = items.iter().map(|v| Thumb::answered(v.as_object()?)).collect();
        match (items, files) {
            ([], _) => self.words.ctx.t("value-none").into(),
            (_, Some(files)) => thumbs::list(self.words.ctx, &files),
            ([one], _) => self.value(name, one, depth),
            _ if depth == 0 => "…".into(),
            _ => {
                let item = |v: &Value| Html::trusted(format!("<li>{}</li>", self.value(name, v, depth - 1)));
                let more = (items.len() > MOST).then(|| Html::trusted("<li>…</li>"));
                let all = Html::join(items.iter().take(MOST).map(item).chain(more));
                Html::trusted(format!("<ul>{all}</ul>"))
            }
        }
    }

    fn object(&self, name: &str, map: &Map<String, Value>, depth: usize) -> Html {
        let ctx = self.words.ctx;
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        if let Some(file) = Thumb::answered(map) {
            return thumbs::list(ctx, &[file]);
        }
        if let Some(of) = text("object").or_else(|| text("value")).filter(|_| map.len() == 1) {
            return self.text(name, of);
        }
        if let Some((amount, currency)) = map.get("amount").and_then(whole).zip(text("currency")) {
            return sum(ctx.lang, amount, currency).into();
        }
        if let Some(place) = place(ctx, map) {
            return place;
        }
        if depth == 0 {
            return "…".into();
        }
        let told = map.iter().filter(|(_, v)| !v.is_null()).take(MOST);
        let row = |(key, v): (&String, &Value)| match (key.as_str(), v.as_str()) {
            ("urn", Some(_)) => SummaryRow::new(ctx.t("fact-record"), self.value(key, v, depth - 1)),
            ("type", Some(kind)) => SummaryRow::new(ctx.t("fact-kind"), self.words.kind(kind)),
            _ => SummaryRow::new(self.label(name, key), self.inside(name, key, v, depth - 1)),
        };
        let rows: Vec<SummaryRow> = told.map(row).collect();
        if rows.is_empty() { ctx.t("value-none").into() } else { components::summary_list(&rows) }
    }
}

/// The day that a text is, in words.
fn day(ctx: &PageContext, text: &str) -> Option<String> {
    let digits = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
    let at: Option<Timestamp> = if digits { format!("{text}T00:00:00Z").parse().ok() } else { None };
    at.map(|at| format_date(ctx.lang, at, 0))
}

/// What an expression passes on as it is: `story` of `story`, `outcome` of `decision.outcome`, `landUse` of
/// `get value(parcel, "landUse")`.
fn passed(expression: &str) -> Option<&str> {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if let Some(rest) = expression.strip_prefix("get value(").and_then(|rest| rest.strip_suffix(')')) {
        let (of, name) = rest.split_once(',')?;
        let name = name.trim().strip_prefix('"')?.strip_suffix('"')?;
        return (plain(of.trim()) && plain(name)).then_some(name);
    }
    expression.split('.').all(plain).then(|| expression.rsplit('.').next().unwrap_or(expression))
}

fn said(ctx: &PageContext, key: &str) -> Option<String> {
    let text = ctx.t_or(key, "");
    (!text.is_empty()).then_some(text)
}

fn reference(text: &str) -> Option<Urn> {
    ["urn:", "persona:"].iter().any(|scheme| text.starts_with(scheme)).then(|| text.parse().ok()).flatten()
}

/// The entities that a value speaks of.
pub fn mentioned(value: &Value) -> Vec<Urn> {
    match value {
        Value::String(text) => reference(text).filter(|u| !u.as_str().starts_with(FILE)).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(mentioned).collect(),
        Value::Object(map) => map.values().flat_map(mentioned).collect(),
        _ => Vec::new(),
    }
}

/// A day, or a day and time: of the territory where it names its zone, as it stands where it names none.
fn moment(ctx: &PageContext, text: &str) -> Option<Html> {
    let bare = text.split(['@', '[']).next().unwrap_or_default();
    if !bare.starts_with(|c: char| c.is_ascii_digit()) || bare.len() < 10 {
        return None;
    }
    let read = |text: String| text.parse::<Timestamp>().ok();
    match read(bare.to_owned()) {
        Some(at) => Some(components::time(ctx, at)),
        None if bare.len() == 10 => Some(format_date(ctx.lang, read(format!("{bare}T00:00:00Z"))?, 0).into()),
        None => Some(format_datetime(ctx.lang, read(format!("{bare}Z"))?, 0).into()),
    }
}

/// A point as numbers, another geometry as a word.
fn place(ctx: &PageContext, map: &Map<String, Value>) -> Option<Html> {
    let number = |key: &str| map.get(key).and_then(Value::as_f64);
    let at = |lat: f64, lon: f64| {
        let [lat, lon] = [lat, lon].map(|d| format_number(ctx.lang, d, 4));
        ctx.tf("task-coordinates", &[("lat", lat.into()), ("lon", lon.into())]).into()
    };
    if let (Some(lat), Some(lon)) = (number("lat"), number("lon")) {
        return Some(at(lat, lon));
    }
    let coordinates = map.get("coordinates")?.as_array()?;
    Some(match coordinates.as_slice() {
        [Value::Number(lon), Value::Number(lat), ..] => {
            at(lat.as_f64().unwrap_or_default(), lon.as_f64().unwrap_or_default())
        }
        _ => ctx.t("value-place").into(),
    })
}

/// `Date of birth` of `dateOfBirth` and `date-of-birth`.
fn readable(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        match c {
            '-' | '_' | '.' | ' ' => words.push(' '),
            c if c.is_ascii_uppercase() && words.ends_with(|last: char| last.is_ascii_lowercase()) => {
                words.push(' ');
                words.push(c.to_ascii_lowercase());
            }
            c => words.push(c),
        }
    }
    let mut rest = words.trim().chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_machines_become_words() {
        for (name, words) in [
            ("dateOfBirth", "Date of birth"),
            ("date-of_birth", "Date of birth"),
            ("plateOne", "Plate one"),
            ("", ""),
            ("этаж", "Этаж"),
        ] {
            assert_eq!(readable(name), words, "{name}");
        }
    }

    #[test]
    fn what_is_passed_on_keeps_its_meaning() {
        for (expression, name) in [
            ("story", Some("story")),
            ("decision.outcome", Some("outcome")),
            ("get value(parcel, \"landUse\")", Some("landUse")),
            ("fee / 100", None),
            ("count(others)", None),
            ("get value(parcel, \"landUse\") + 1", None),
            ("{a: b}", None),
        ] {
            assert_eq!(passed(expression), name, "{expression}");
        }
    }

    #[test]
    fn references_are_found_however_deep() {
        let value = json!({"a": ["urn:svod:person:1", {"b": "urn:svod:body:x"}], "c": "urnal", "d": 3,
            "photo": {"file": "urn:svod:file:1"}});
        let found: Vec<String> = mentioned(&value).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["urn:svod:person:1", "urn:svod:body:x"]);
    }
}
