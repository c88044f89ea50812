//! Words of a form: a key of the locales, text with `{{ FEEL }}` in it, or FEEL.

use std::borrow::Cow;

use serde_json::Value;
use svod_text::Arg;

use crate::around::Around;
use crate::expression::{Expression, Facts};
use crate::markdown;

/// Words that are looked up or made when they are shown.
pub(crate) enum Phrase {
    /// `@key`: a message of the locales, whose arguments are the answers.
    Key(String),
    /// Words as they stand, with expressions between.
    Plain(Vec<Piece>),
    /// `=expression`; a result `@key` is looked up.
    By(Expression),
}

pub(crate) enum Piece {
    Text(String),
    By(Expression),
}

/// What words are said with.
pub(crate) struct Speaker<'a> {
    pub around: &'a Around<'a>,
    pub facts: &'a Facts,
    /// Answers at the top of the data, for messages.
    pub args: &'a [(String, Arg<'static>)],
}

impl Phrase {
    pub(crate) fn parse(text: &str) -> Result<Self, (&'static str, String, String)> {
        let feel = |(message, fix): (String, String)| ("form-feel", message, fix);
        if let Some(key) = text.strip_prefix('@') {
            let good = key.starts_with(|c: char| c.is_ascii_lowercase())
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            let fix = "write @ and the key of a message: @birth-name";
            return if good {
                Ok(Self::Key(key.into()))
            } else {
                Err(("form-text", format!("'{key}' is no key"), fix.into()))
            };
        }
        if let Some(expression) = text.strip_prefix('=') {
            return Expression::compile(expression).map(Self::By).map_err(feel);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((expression, tail)) = after.split_once("}}") else {
                return Err(("form-text", "{{ without }}".into(), "close the expression with }}".into()));
            };
            if expression.trim_start().starts_with(['#', '/']) {
                let fix = "use conditional.hide, or an expression with if";
                return Err(("form-text", "blocks {{#…}} are not carried out".into(), fix.into()));
            }
            pieces.push(Piece::Text(before.into()));
            pieces.push(Piece::By(Expression::compile(expression.trim()).map_err(feel)?));
            rest = tail;
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self::Plain(pieces))
    }

    /// The words.
    pub(crate) fn say(&self, speaker: &Speaker<'_>) -> String {
        self.say_with(speaker, |text| Cow::Borrowed(text))
    }

    /// The words as Markdown, in which answers are text and nothing else.
    pub(crate) fn say_marked(&self, speaker: &Speaker<'_>) -> String {
        self.say_with(speaker, |text| Cow::Owned(markdown::escaped(text)))
    }

    fn say_with(&self, speaker: &Speaker<'_>, quote: impl Fn(&str) -> Cow<'_, str>) -> String {
        match self {
            Self::Key(key) => message(speaker, key, &quote),
            Self::Plain(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::By(expression) => quote(&shown(&expression.value(speaker.facts))).into_owned(),
                })
                .collect(),
            Self::By(expression) => {
                let text = shown(&expression.value(speaker.facts));
                match text.strip_prefix('@').filter(|key| speaker.around.texts.has(speaker.around.lang, key)) {
                    Some(key) => message(speaker, key, &quote),
                    None => quote(&text).into_owned(),
                }
            }
        }
    }

    /// The key of the locales that it names.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            _ => None,
        }
    }
}

fn message(speaker: &Speaker<'_>, key: &str, quote: &impl Fn(&str) -> Cow<'_, str>) -> String {
    let arg = |arg: &Arg<'static>| match arg {
        Arg::Text(text) => Arg::Text(Cow::Owned(quote(text).into_owned())),
        Arg::Number(n) => Arg::Number(*n),
    };
    let args: Vec<(&str, Arg<'_>)> = speaker.args.iter().map(|(name, a)| (name.as_str(), arg(a))).collect();
    speaker.around.texts.format(speaker.around.lang, key, &args)
}

/// A value as text between words.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The answers at the top of the data as arguments of messages.
pub(crate) fn args(data: &Value) -> Vec<(String, Arg<'static>)> {
    let Value::Object(map) = data else { return Vec::new() };
    map.iter()
        .filter_map(|(name, value)| {
            let arg = match value {
                Value::String(text) => Arg::from(text.clone()),
                Value::Number(n) => Arg::from(n.as_f64()?),
                Value::Bool(b) => Arg::from(b.to_string()),
                _ => return None,
            };
            Some((name.clone(), arg))
        })
        .collect()
}
