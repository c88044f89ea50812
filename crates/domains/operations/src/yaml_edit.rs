//! One value of a YAML file is replaced; comments, order and the rest of the text stay as they were written.
//!
//! The place is found by the parser's events, never by searching the text, and the result is parsed again: exactly that
//! one value may differ.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use svod_kernel::Coded;

/// Why a value was not replaced; the file is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The file is no YAML.
    #[error("the file is no readable YAML: {0}")]
    Syntax(String),
    /// There is no such key with a text as its value.
    #[error("the file has no key '{0}' with a text at its top level")]
    NoKey(String),
    /// The result would differ in more than that value.
    #[error("the value of '{0}' cannot be replaced without touching the rest; edit the file by hand")]
    Unsafe(String),
}

impl Coded for EditError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "yaml-syntax",
            Self::NoKey(_) => "yaml-key",
            Self::Unsafe(_) => "yaml-edit",
        }
    }

    fn status(&self) -> u16 {
        422
    }
}

/// Where a top-level value stands.
struct Place {
    key: Span,
    value: Span,
    style: ScalarStyle,
    /// The mapping is written with braces.
    flow: bool,
    /// Number of the value's event.
    event: usize,
}

type Events = Vec<(Event<'static>, Span)>;

fn events(text: &str) -> Result<Events, EditError> {
    let mut all = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| EditError::Syntax(e.info().to_owned()))?;
        all.push((owned(event), span));
    }
    Ok(all)
}

/// Events without the text they were read from; anchors and tags are compared elsewhere: packs have none.
fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Nothing => Event::Nothing,
        Event::StreamStart => Event::StreamStart,
        Event::StreamEnd => Event::StreamEnd,
        Event::DocumentStart(b) => Event::DocumentStart(b),
        Event::DocumentEnd => Event::DocumentEnd,
        Event::Alias(n) => Event::Alias(n),
        Event::Scalar(text, style, anchor, _) => Event::Scalar(text.into_owned().into(), style, anchor, None),
        Event::SequenceStart(anchor, _) => Event::SequenceStart(anchor, None),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingStart(anchor, _) => Event::MappingStart(anchor, None),
        Event::MappingEnd => Event::MappingEnd,
    }
}

fn find(text: &str, events: &Events, wanted: &str) -> Option<Place> {
    let (mut depth, mut key, mut flow) = (0usize, None, false);
    for (n, (event, span)) in events.iter().enumerate() {
        match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                if depth == 0 {
                    flow = text.chars().nth(span.start.index()) == Some('{');
                }
                depth += 1;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                depth = depth.saturating_sub(1);
                if depth == 1 {
                    key = None; // that was the value
                }
            }
            Event::Scalar(name, style, ..) if depth == 1 => match key.take() {
                None => key = Some((name.to_string(), *span)),
                Some((name, at)) if name == wanted => {
                    return Some(Place { key: at, value: *span, style: *style, flow, event: n });
                }
                Some(_) => {}
            },
            _ => {}
        }
    }
    None
}

/// Puts a word in the place of a top-level value that stands on one line.
///
/// # Errors
/// See [`EditError`].
pub fn set_word(text: &str, key: &str, word: &str) -> Result<String, EditError> {
    replace(text, key, word, |text, place| {
        let block = matches!(place.style, ScalarStyle::Literal | ScalarStyle::Folded);
        let one_line = place.value.start.line() == place.value.end.line();
        (!block && one_line && !place.value.is_empty()).then(|| splice(text, place.value, word))
    })
}

/// Puts a text in the place of a top-level value, as a literal block.
///
/// # Errors
/// See [`EditError`].
pub fn set_block(text: &str, key: &str, value: &str) -> Result<String, EditError> {
    let value = block_text(value);
    let quoted = value.trim().is_empty() || value.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    replace(text, key, &value, |text, place| {
        if place.flow || quoted {
            // A JSON string is a double-quoted YAML scalar (YAML 1.2, 1.3).
            let json = serde_json::to_string(&value).ok()?;
            let block = matches!(place.style, ScalarStyle::Literal | ScalarStyle::Folded);
            return if block {
                Some(lines(text, place, &format!(" {json}\n")))
            } else {
                Some(splice(text, place.value, &json))
            };
        }
        let indent = " ".repeat(place.key.start.col() + 2);
        // Where the first line itself is indented, the indentation has to be told.
        let told = if value.starts_with([' ', '\t', '\n']) { "2" } else { "" };
        let mut block = format!(" |{told}\n");
        for line in value.lines() {
            if !line.is_empty() {
                block.push_str(&indent);
                block.push_str(line);
            }
            block.push('\n');
        }
        Some(lines(text, place, &block))
    })
}

/// With the line ends of this house, and one at the end.
pub fn block_text(value: &str) -> String {
    let value = value.replace("\r\n", "\n").replace('\r', "\n");
    format!("{}\n", value.trim_end())
}

fn replace(
    text: &str,
    key: &str,
    value: &str,
    edit: impl FnOnce(&str, &Place) -> Option<String>,
) -> Result<String, EditError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let before = events(text)?;
    let place = find(text, &before, key).ok_or_else(|| EditError::NoKey(key.to_owned()))?;
    let not_safe = || EditError::Unsafe(key.to_owned());
    let edited = edit(text, &place).ok_or_else(not_safe)?;
    let after = events(&edited).map_err(|_| not_safe())?;
    let same = before.len() == after.len()
        && before.iter().zip(&after).enumerate().all(|(n, ((a, _), (b, _)))| {
            if n == place.event { matches!(b, Event::Scalar(v, ..) if v == value) } else { a == b }
        });
    if same { Ok(edited) } else { Err(not_safe()) }
}

/// `new` in the place of the span; spans count characters.
fn splice(text: &str, span: Span, new: &str) -> String {
    let head = text.chars().take(span.start.index());
    let tail = text.chars().skip(span.end.index());
    head.chain(new.chars()).chain(tail).collect()
}

/// `rest` in the place of all that follows the key's colon: the rest of its line and the lines that belong to it, which
/// are those indented deeper than the key. Blank lines before the next key stay.
fn lines(text: &str, place: &Place, rest: &str) -> String {
    let (row, column) = (place.key.start.line().saturating_sub(1), place.key.start.col());
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let deeper = |l: &str| l.trim().is_empty() || l.chars().take_while(|c| *c == ' ').count() > column;
    let mut end = row + 1;
    while end < all.len() && deeper(all[end]) {
        end += 1;
    }
    while end > row + 1 && all[end - 1].trim().is_empty() {
        end -= 1;
    }
    let key: String = text.chars().take(place.key.end.index()).skip(place.key.start.index()).collect();
    let indent = " ".repeat(column);
    format!("{}{indent}{key}:{rest}{}", all[..row].concat(), all[end.min(all.len())..].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "# Станция: одно сообщение\nid: air-post\ntopic: air/{device}/up # mapping: not here\ntype: AirQualityStation\nmapping: |\n  {\n    at: .ts,\n\n    values: {pm25: .pm25}\n  }\n\n# the future\nmax_future: PT5M\n";

    #[test]
    fn a_block_is_replaced_and_the_rest_stays() {
        let new = set_block(PROFILE, "mapping", "{at: .time,\r\n values: {pm25: .value}}\r\n\r\n").unwrap();
        let expected = PROFILE.replace(
            "  {\n    at: .ts,\n\n    values: {pm25: .pm25}\n  }\n",
            "  {at: .time,\n   values: {pm25: .value}}\n",
        );
        assert_eq!(new, expected);
        assert_eq!(set_block(&new, "mapping", "{\n  at: .ts,\n\n  values: {pm25: .pm25}\n}").unwrap(), PROFILE);
    }

    #[test]
    fn every_way_of_writing_a_value_is_understood() {
        for value in [".", "\".\"", "'.'", "\n  .a\n  | .b", "\"a\n  b\"", ">-\n  .a\n", "|+\n  .a\n\n", " . # why"] {
            let text = format!("a: 1\nmapping: {value}\nz: [1, {{mapping: x}}]\n");
            let new = set_block(&text, "mapping", ".ts # é\n|tojson").unwrap_or_else(|e| panic!("{value}: {e}"));
            assert!(new.starts_with("a: 1\nmapping: |\n  .ts # é\n  |tojson\n"), "{value}: {new}");
            assert!(new.ends_with("z: [1, {mapping: x}]\n"), "{value}: {new}");
        }
        let flow = set_block("{id: a, mapping: \"x\", z: 1}", "mapping", "a: \"b\" }").unwrap();
        assert_eq!(flow, r#"{id: a, mapping: "a: \"b\" }\n", z: 1}"#);
        let told = set_block("mapping: x\n", "mapping", "  .a\n.b").unwrap();
        assert_eq!(told, "mapping: |2\n    .a\n  .b\n");
        assert!(set_block("mapping: |\n  x\nb: 1\n", "mapping", "a\u{7}b").unwrap().ends_with("\nb: 1\n"));
    }

    #[test]
    fn a_word_is_replaced_where_it_stands() {
        let text = "id: kuzbass # версия ниже\nversion: 0.1.0  # raise it\ndepends: [base]\nnested: {version: 9}\n";
        assert_eq!(set_word(text, "version", "0.1.1").unwrap(), text.replace("0.1.0", "0.1.1"));
        assert_eq!(set_word("version: \"1.0.0\"\n", "version", "1.0.1").unwrap(), "version: 1.0.1\n");
        assert_eq!(set_word("a: {version: 1}\n", "version", "2.0.0"), Err(EditError::NoKey("version".into())));
        assert_eq!(set_word("version:\n", "version", "2.0.0"), Err(EditError::Unsafe("version".into())));
        assert_eq!(
            set_word("version: 1.0.0\n", "version", "2.0.0\nowner: me"),
            Err(EditError::Unsafe("version".into()))
        );
        assert!(matches!(set_word("a: [1\n", "a", "b"), Err(EditError::Syntax(_))));
    }

    #[test]
    fn the_shipped_profiles_can_be_edited() {
        let packs = "../../../packs";
        for file in [
            "kuzbass/devices/air-post.yaml",
            "kuzbass/devices/snow-plough.yaml",
            "neighbour/devices/neighbour-air.yaml",
        ] {
            let text = std::fs::read_to_string(format!("{packs}/{file}")).unwrap();
            let new = set_block(&text, "mapping", "{at: .x, values: {}}").unwrap();
            assert!(new.contains("mapping: |\n  {at: .x, values: {}}\nmax_future: PT5M\n"), "{new}");
        }
    }
}
