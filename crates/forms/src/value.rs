//! Answers between three forms: as they are kept (JSON, as form-js keeps them), as they are typed, as they are read.

use serde_json::{Number, Value};
use svod_kernel::Lang;
use svod_text::Arg;

use crate::around::{Around, Choice, FileRef};
use crate::decimal::Decimal;
use crate::model::{Input, Kind, Like, NumberRules, TextRules};
use crate::phrase::shown;
use crate::{moment, place};

/// Digits that a JSON number keeps for sure.
const EXACT: usize = 15;

/// Why something typed is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Complaint {
    /// The end of the message's key.
    pub rule: &'static str,
    pub args: Vec<(&'static str, Arg<'static>)>,
}

impl Complaint {
    pub(crate) fn of(rule: &'static str) -> Self {
        Self { rule, args: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, arg: impl Into<Arg<'static>>) -> Self {
        self.args.push((name, arg.into()));
        self
    }
}

/// What form-js keeps where nothing was answered.
pub(crate) fn empty(kind: &Kind) -> Value {
    match kind {
        Kind::Text(_) => Value::from(""),
        Kind::Checkbox => Value::from(false),
        Kind::Choice(rules) if rules.style.many() => Value::Array(Vec::new()),
        Kind::Files(_) => Value::Array(Vec::new()),
        Kind::Number(_) | Kind::Moment(_) | Kind::Choice(_) | Kind::Address(_) | Kind::Place => Value::Null,
    }
}

/// True where nothing was answered. Spaces are no answer.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A kept value in the form in which the field keeps it; nothing when it is of another kind.
pub(crate) fn sane(input: &Input, value: &Value) -> Option<Value> {
    if value.is_null() {
        return Some(empty(&input.kind));
    }
    match (&input.kind, value) {
        (Kind::Text(rules), Value::String(text)) => Some(Value::from(tidy(rules, text))),
        (Kind::Number(rules), Value::Number(n)) => number(rules, &n.to_string()),
        (Kind::Number(_), Value::String(text)) if text.is_empty() => Some(Value::Null),
        (Kind::Number(rules), Value::String(text)) if rules.as_text => number(rules, text),
        (Kind::Moment(rules), Value::String(text)) => moment::sane(rules, text).map(Value::from),
        (Kind::Checkbox, Value::Bool(_)) => Some(value.clone()),
        (Kind::Choice(rules), Value::Array(items)) if rules.style.many() => {
            let mut kept: Vec<Value> = Vec::new();
            for item in items.iter().filter(|item| is_option(item)).take(crate::limits::OPTIONS) {
                if !kept.contains(item) {
                    kept.push(item.clone());
                }
            }
            Some(Value::Array(kept))
        }
        (Kind::Choice(rules), item) if !rules.style.many() && is_option(item) => Some(item.clone()),
        (Kind::Address(_), Value::String(id)) => {
            Some(if id.is_empty() { Value::Null } else { Value::from(clean(id, false)) })
        }
        (Kind::Place, value) => place::sane(value),
        (Kind::Files(rules), Value::Array(items)) => {
            let files = items.iter().filter_map(|i| serde_json::from_value::<FileRef>(i.clone()).ok()).take(rules.most);
            Some(files.filter_map(|file| serde_json::to_value(file).ok()).collect())
        }
        _ => None,
    }
}

/// A value that an option can have: not empty, and no more than a word.
pub(crate) fn is_option(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && text.len() <= crate::limits::TEXT && *text == clean(text, false),
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    }
}

/// A text as it is kept. A telephone number is kept as it is dialled, and form-js asks for it so.
fn tidy(rules: &TextRules, text: &str) -> String {
    let text = clean(text, rules.area);
    if rules.like != Like::Phone {
        return text;
    }
    let plain = |c: &char| !c.is_whitespace() && !matches!(c, '(' | ')' | '-' | '‐' | '‑' | '–');
    text.chars().filter(plain).collect()
}

/// Without what no key types: a line has no breaks, several lines have one kind of them.
fn clean(text: &str, area: bool) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain = |c: char| if c.is_control() && !(area && c == '\n') { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// A number as it is kept.
fn number(rules: &NumberRules, plain: &str) -> Option<Value> {
    let decimal = Decimal::parse(plain)?;
    if rules.as_text {
        return Some(Value::from(decimal.to_string()));
    }
    if decimal.length() > EXACT {
        return None;
    }
    serde_json::from_str::<Number>(&decimal.to_string()).ok().map(Value::Number)
}

/// The number of a kept value.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(n) => Decimal::parse(&n.to_string()),
        Value::String(text) => Decimal::parse(text),
        _ => None,
    }
}

/// What was typed, as it is kept. `options` are those of a choice.
pub(crate) fn read(
    input: &Input,
    typed: &[String],
    options: &[Choice],
    around: &Around<'_>,
) -> Result<Value, Complaint> {
    let last = typed.iter().rev().find(|t| !t.is_empty()).map_or("", String::as_str);
    match &input.kind {
        Kind::Text(rules) => Ok(Value::from(tidy(rules, last))),
        Kind::Checkbox => Ok(Value::from(!last.is_empty() && last != "false")),
        Kind::Number(_) | Kind::Moment(_) | Kind::Address(_) | Kind::Place if last.trim().is_empty() => {
            Ok(empty(&input.kind))
        }
        Kind::Number(rules) => {
            let plain = plain_number(around.lang, last).ok_or_else(|| Complaint::of("number"))?;
            let digits = plain.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
            let why = || if digits && plain.bytes().any(|b| b.is_ascii_digit()) { "long-number" } else { "number" };
            number(rules, &plain).ok_or_else(|| Complaint::of(why()).with("n", EXACT))
        }
        Kind::Moment(rules) => moment::read(rules, last, around.offset_hours).map(Value::from),
        Kind::Address(_) => Ok(Value::from(clean(last, false))),
        Kind::Place => place::read(last).ok_or_else(|| Complaint::of("place")),
        Kind::Choice(rules) => {
            let one = |token: &str| options.iter().find(|o| token == shown(&o.value)).map(|o| o.value.clone());
            if !rules.style.many() {
                return if last.is_empty() {
                    Ok(Value::Null)
                } else {
                    one(last).ok_or_else(|| Complaint::of("choice"))
                };
            }
            let mut kept = Vec::new();
            for token in typed.iter().filter(|t| !t.is_empty()) {
                let value = one(token).ok_or_else(|| Complaint::of("choice"))?;
                if !kept.contains(&value) {
                    kept.push(value);
                }
            }
            Ok(Value::Array(kept))
        }
        // Files come with the request and not as text.
        Kind::Files(_) => Ok(Value::Array(Vec::new())),
    }
}

/// `1 234,5` as Russian and Kazakh write it, `1,234.5` as English does, as `1234.5`.
fn plain_number(lang: Lang, typed: &str) -> Option<String> {
    let text: String = typed
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'))
        .map(|c| if matches!(c, '−' | '–') { '-' } else { c })
        .collect();
    let text = text.strip_prefix('+').unwrap_or(&text);
    if lang != Lang::En {
        return Some(text.replacen(',', ".", 1));
    }
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let mut groups = whole.trim_start_matches('-').split(',');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    if !rest.is_empty() && (first.is_empty() || first.len() > 3 || rest.iter().any(|g| g.len() != 3)) {
        return None;
    }
    let whole = whole.replace(',', "");
    Some(fraction.map_or(whole.clone(), |f| format!("{whole}.{f}")))
}

/// What an input shows of a kept value: [`read`] gives the value again.
pub(crate) fn typed(input: &Input, value: &Value, around: &Around<'_>) -> Vec<String> {
    match (&input.kind, value) {
        (_, Value::Null) | (Kind::Files(_), _) => Vec::new(),
        (Kind::Checkbox, v) => {
            if *v == Value::Bool(true) {
                vec!["true".into()]
            } else {
                Vec::new()
            }
        }
        (Kind::Number(_), v) => {
            let plain = decimal(v).map_or_else(String::new, |d| d.to_string());
            vec![if around.lang == Lang::En { plain } else { plain.replace('.', ",") }]
        }
        (Kind::Moment(rules), Value::String(text)) => vec![moment::typed(rules, text, around.offset_hours)],
        (Kind::Choice(_), Value::Array(items)) => items.iter().map(shown).collect(),
        (Kind::Place, v) => vec![place::typed(v)],
        (_, v) => vec![shown(v)],
    }
}

/// A kept value in the words of the reader.
pub(crate) fn display(input: &Input, value: &Value, options: &[Choice], around: &Around<'_>) -> String {
    let label = |v: &Value| options.iter().find(|o| o.value == *v).map_or_else(|| shown(v), |o| o.label.clone());
    match (&input.kind, value) {
        (_, Value::Null) => String::new(),
        (Kind::Checkbox, v) => {
            around.texts.get(around.lang, if is_empty(v) { "form-no" } else { "form-yes" }).into_owned()
        }
        (Kind::Moment(rules), Value::String(text)) => moment::display(rules, text, around),
        (Kind::Choice(_), Value::Array(items)) => items.iter().map(label).collect::<Vec<_>>().join(", "),
        (Kind::Choice(_), v) => label(v),
        (Kind::Address(_), Value::String(id)) => around.lists.addresses.get(id).unwrap_or(id).clone(),
        (Kind::Files(_), v) => files(v).into_iter().map(|f| f.name).collect::<Vec<_>>().join(", "),
        (_, v) => typed(input, v, around).join(", "),
    }
}

/// The files of a kept value.
pub(crate) fn files(value: &Value) -> Vec<FileRef> {
    let Value::Array(items) = value else { return Vec::new() };
    items.iter().filter_map(|item| serde_json::from_value(item.clone()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_language_writes_them() {
        let read = |lang, text| plain_number(lang, text).and_then(|t| Decimal::parse(&t)).map(|d| d.to_string());
        for (lang, typed, plain) in [
            (Lang::Ru, "1 234,50", "1234.5"),
            (Lang::Ru, "1\u{a0}234\u{a0}567", "1234567"),
            (Lang::Kk, "−0,5", "-0.5"),
            (Lang::Ru, "12.5", "12.5"),
            (Lang::En, "1,234.5", "1234.5"),
            (Lang::En, "+7", "7"),
        ] {
            assert_eq!(read(lang, typed).as_deref(), Some(plain), "{typed}");
        }
        for (lang, typed) in
            [(Lang::En, "1,5"), (Lang::En, "12,34,567"), (Lang::Ru, "1,2,3"), (Lang::Ru, "пять"), (Lang::En, ",123")]
        {
            assert_eq!(read(lang, typed), None, "{typed}");
        }
    }
}
