//! The one place that knows how FEEL is compiled and evaluated.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_rules::{Feel, Inputs};

/// Words that join or open parts of an expression and never name a variable.
const KEYWORDS: [&str; 22] = [
    "and",
    "between",
    "else",
    "every",
    "external",
    "false",
    "for",
    "function",
    "if",
    "in",
    "instance",
    "not",
    "null",
    "of",
    "or",
    "return",
    "satisfies",
    "some",
    "then",
    "true",
    "item",
    "partial",
];

/// Functions whose names hold words that else join parts of an expression.
const JOINED: [&[&str]; 6] = [
    &["date", "and", "time"],
    &["years", "and", "months", "duration"],
    &["day", "of", "week"],
    &["day", "of", "year"],
    &["month", "of", "year"],
    &["week", "of", "year"],
];

/// A FEEL expression, compiled once, and the variables that it may read. Equal when the text is.
#[derive(Clone)]
pub struct Expression {
    text: String,
    names: Vec<String>,
    feel: Arc<Feel>,
}

impl Expression {
    /// Compiles; a leading `=`, as other editors write it, is taken off.
    ///
    /// # Errors
    /// Reason and fix, when it is no FEEL or reads the clock.
    pub fn compile(text: &str) -> Result<Self, (String, String)> {
        let text = text.trim();
        let text = text.strip_prefix('=').unwrap_or(text).trim();
        if text.is_empty() {
            return Err((
                "the FEEL expression is empty".to_owned(),
                "write an expression such as amount > 10".to_owned(),
            ));
        }
        let Words { names, entries } = words(text);
        let known: Vec<&str> = names.iter().chain(&entries).map(String::as_str).collect();
        let feel = Feel::compile_full(text, &known).map_err(|e| (e.message, e.fix))?;
        Ok(Self { text: text.to_owned(), names, feel: Arc::new(feel) })
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The variables that it may read; names that it binds itself are among them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Evaluates; `find` gives a variable, null where there is none.
    ///
    /// # Errors
    /// FEEL's reason, when it fails on these variables or does not end within its bounds.
    pub fn evaluate(&self, find: impl Fn(&str) -> Option<Value>) -> Result<Value, String> {
        let known: Map<String, Value> =
            self.names.iter().map(|n| (n.clone(), find(n).unwrap_or(Value::Null))).collect();
        self.feel.evaluate(&Inputs::from_json(&known)).map_err(|e| e.message)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

/// The words of an expression.
#[derive(Default)]
struct Words {
    /// What can be a variable.
    names: Vec<String>,
    /// What stands after a dot: an entry of what stands before.
    entries: Vec<String>,
}

/// FEEL must know names beforehand to read `a - b` as a difference and `order.sum * 2` as a product. Words before a `(`
/// are functions (`string length(`) and no names.
fn words(text: &str) -> Words {
    let mut found = Words::default();
    let mut run: Vec<(&str, bool)> = Vec::new();
    let mut rest = text;
    let mut after_dot = false;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            _ if is_word(c) => joined(rest).or_else(|| rest.find(|c: char| !is_word(c))).unwrap_or(rest.len()),
            _ => c.len_utf8(),
        };
        let (piece, tail) = rest.split_at(length);
        rest = tail;
        if c.is_whitespace() {
            continue;
        }
        if is_word(c) && !c.is_ascii_digit() && !KEYWORDS.contains(&piece) {
            run.push((piece, after_dot));
        } else {
            if c != '(' {
                found.keep(&run);
            }
            run.clear();
        }
        after_dot = c == '.';
    }
    found.keep(&run);
    found
}

/// Length of a function of [`JOINED`] that is called here.
fn joined(text: &str) -> Option<usize> {
    JOINED.iter().find_map(|name| {
        let mut rest = text;
        for (at, word) in name.iter().enumerate() {
            let next = rest.strip_prefix(word)?;
            rest = next.trim_start();
            if at + 1 < name.len() && rest.len() == next.len() {
                return None;
            }
        }
        rest.starts_with('(').then(|| text.len() - rest.len())
    })
}

impl Words {
    fn keep(&mut self, run: &[(&str, bool)]) {
        for (word, entry) in run {
            let list = if *entry { &mut self.entries } else { &mut self.names };
            if !list.iter().any(|w| w == word) {
                list.push((*word).to_owned());
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found() {
        for (text, names, entries) in [
            ("amount - fee > 3", vec!["amount", "fee"], vec![]),
            ("order.sum * 2 > \"x y\"", vec!["order"], vec!["sum"]),
            ("string length(имя) > 2 and not(done)", vec!["имя", "done"], vec![]),
            ("if a1 then [b, 2] else null", vec!["a1", "b"], vec![]),
            ("count(items)", vec!["items"], vec![]),
            ("date and  time(a + b) > c", vec!["a", "b", "c"], vec![]),
            ("day of week (d.on) = \"x\" and time(t) > u", vec!["d", "t", "u"], vec!["on"]),
            ("date and time", vec!["date", "time"], vec![]),
        ] {
            let found = words(text);
            assert_eq!((found.names, found.entries), (owned(&names), owned(&entries)), "{text}");
        }
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn entries_are_calculated_with() {
        let order = |_: &str| Some(serde_json::json!({"sum": 9, "lines": [{"n": 1}, {"n": 2}]}));
        for (text, value) in [("order.sum * 2", 18), ("order.sum - 1", 8), ("sum(order.lines.n)", 3)] {
            assert_eq!(Expression::compile(text).unwrap().evaluate(order), Ok(Value::from(value)), "{text}");
        }
    }

    #[test]
    fn moments_entries_and_contexts_are_what_they_seem() {
        let given = |name: &str| match name {
            "day" => Some(Value::from("2026-01-01")),
            "f" => Some(serde_json::json!({"x": 7, "no": null, "at": "2026-01-02T01:00:00+07:00"})),
            "amount" => Some(Value::from(5)),
            _ => None,
        };
        for (text, value) in [
            // Eighteen o'clock in Greenwich: earlier than nineteen, though the day is a later one.
            ("date and time(f.at) < date and time(\"2026-01-01T19:00:00Z\")", Value::from(true)),
            ("date and time(f.at) >= date and time(\"2026-01-01T18:00:00Z\")", Value::from(true)),
            ("date and time(f.at) > date and time(\"2026-01-01T18:00:00Z\")", Value::from(false)),
            (
                "date and time(f.at) between date and time(\"2026-01-01T17:00:00Z\") and date and time(\"2026-01-01T19:00:00Z\")",
                Value::from(true),
            ),
            ("date and time(day + \"T00:00:00Z\") < date and time(\"2026-01-01T01:00:00Z\")", Value::from(true)),
            ("if f.no = null then f.x else f.no", Value::from(7)),
            ("if amount > f.x then f.x else amount - 1", Value::from(4)),
            ("if amount < f.x then f.x else \"n\"", Value::from(7)),
            ("{amount: amount + 1, sum: amount * 2}.sum", Value::from(12)),
            ("{b: amount + 1}.b", Value::from(6)),
            ("{x: f.x, amount: amount}.amount", Value::from(5)),
            ("f.no.more = null", Value::from(true)),
            ("nothing.at.all = null", Value::from(true)),
        ] {
            assert_eq!(Expression::compile(text).unwrap().evaluate(given), Ok(value), "{text}");
        }
    }

    #[test]
    fn a_missing_variable_is_null() {
        let e = Expression::compile("= a = null").unwrap();
        assert_eq!(e.evaluate(|_| None), Ok(Value::Bool(true)));
        assert_eq!(
            Expression::compile("a - b").unwrap().evaluate(|n| Some(Value::from(n.len() + 2))),
            Ok(Value::from(0))
        );
        assert!(Expression::compile("= ").is_err());
        assert!(Expression::compile("now() > x").is_err());
    }
}
