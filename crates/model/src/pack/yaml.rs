//! YAML to a tree with positions. Events are taken one by one from saphyr's parser, so that depth and size are
//! bounded while reading and nothing is expanded: aliases are refused.

use std::collections::BTreeSet;

use saphyr::Scalar;
use saphyr_parser::{Event, Marker, Parser, Tag};
use serde_json::{Map, Value};

use super::Position;

/// Deepest nesting accepted.
const MAX_DEPTH: usize = 64;
/// Most nodes of one file.
const MAX_NODES: usize = 1_000_000;

/// A node and where it begins.
#[derive(Debug, Clone)]
pub struct Node {
    pub at: Position,
    pub data: Data,
}

#[derive(Debug, Clone)]
pub enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub struct Key {
    pub at: Position,
    pub name: String,
}

/// Position, rule, message, fix.
pub type Fault = (Position, &'static str, String, String);

enum Frame {
    List(Position, Vec<Node>),
    Map { at: Position, entries: Vec<(Key, Node)>, names: BTreeSet<String>, key: Option<Key> },
}

struct Builder {
    stack: Vec<Frame>,
    root: Option<Node>,
    nodes: usize,
    faults: Vec<Fault>,
}

/// Reads one document. Faults that do not end the reading (a key that stands twice) are collected.
pub fn parse(text: &str) -> Result<Node, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut b = Builder { stack: Vec::new(), root: None, nodes: 0, faults: Vec::new() };
    for event in Parser::new_from_str(text) {
        let done = match event {
            Ok((event, span)) => b.event(event, position(span.start)),
            Err(e) => {
                let fix = "check indentation, quotes and colons at this place";
                Err((position(*e.marker()), "yaml-syntax", e.info().to_owned(), fix.to_owned()))
            }
        };
        if let Err(fault) = done {
            b.faults.push(fault);
            return Err(b.faults);
        }
    }
    if !b.faults.is_empty() {
        return Err(b.faults);
    }
    let start = Position { line: 1, column: 1 };
    Ok(b.root.unwrap_or(Node { at: start, data: Data::Null }))
}

fn position(m: Marker) -> Position {
    Position { line: m.line(), column: m.col() + 1 }
}

impl Builder {
    fn event(&mut self, event: Event<'_>, at: Position) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err((at, "yaml-syntax", "a second document begins".into(), "keep one document in a file".into()))
            }
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(_) => Err((at, "yaml-alias", "an alias is not read".into(), "write the value out".into())),
            Event::SequenceStart(_, tag) => {
                self.open(at, tag.as_deref())?;
                self.stack.push(Frame::List(at, Vec::new()));
                Ok(())
            }
            Event::MappingStart(_, tag) => {
                self.open(at, tag.as_deref())?;
                self.stack.push(Frame::Map { at, entries: Vec::new(), names: BTreeSet::new(), key: None });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Frame::List(at, items)) => self.put(Node { at, data: Data::List(items) }),
                Some(Frame::Map { at, entries, .. }) => self.put(Node { at, data: Data::Map(entries) }),
                None => Ok(()),
            },
            Event::Scalar(text, style, _, tag) => {
                if let Some(Frame::Map { names, key: key @ None, .. }) = self.stack.last_mut() {
                    let name = text.into_owned();
                    if !names.insert(name.clone()) {
                        let fix = "keep one of them".to_owned();
                        self.faults.push((at, "duplicate-key", format!("key '{name}' stands twice"), fix));
                    }
                    *key = Some(Key { at, name });
                    return Ok(());
                }
                check_tag(tag.as_deref(), at)?;
                let bad = || (at, "yaml-tag", "the value does not fit its tag".to_owned(), "drop the tag".to_owned());
                let data = match Scalar::parse_from_cow_and_metadata(text, style, tag.as_ref()).ok_or_else(bad)? {
                    Scalar::Null => Data::Null,
                    Scalar::Boolean(b) => Data::Bool(b),
                    Scalar::Integer(i) => Data::Int(i),
                    Scalar::FloatingPoint(f) if !f.is_finite() => {
                        let fix = "write a number or leave it out".to_owned();
                        return Err((at, "bad-value", "the number is not finite".into(), fix));
                    }
                    Scalar::FloatingPoint(f) => Data::Float(f.into_inner()),
                    Scalar::String(s) => Data::Text(s.into_owned()),
                };
                self.put(Node { at, data })
            }
        }
    }

    fn open(&self, at: Position, tag: Option<&Tag>) -> Result<(), Fault> {
        check_tag(tag, at)?;
        if self.stack.len() >= MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err((at, "yaml-depth", message, "flatten the structure".into()));
        }
        if let Some(Frame::Map { key: None, .. }) = self.stack.last() {
            return Err((at, "yaml-syntax", "a key is a plain word".into(), "write a text before the colon".into()));
        }
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values");
            return Err((node.at, "yaml-size", message, "split the file".into()));
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List(_, items)) => items.push(node),
            Some(Frame::Map { entries, key, .. }) => {
                if let Some(key) = key.take() {
                    entries.push((key, node));
                }
            }
        }
        Ok(())
    }
}

fn check_tag(tag: Option<&Tag>, at: Position) -> Result<(), Fault> {
    match tag {
        Some(t) if !t.is_yaml_core_schema() => {
            Err((at, "yaml-tag", format!("tag '{}{}' is not known", t.handle, t.suffix), "drop the tag".into()))
        }
        _ => Ok(()),
    }
}

impl Node {
    /// The node as JSON; depth is bounded by the reader.
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(b) => Value::Bool(*b),
            Data::Int(i) => Value::from(*i),
            Data::Float(f) => Value::from(*f),
            Data::Text(t) => Value::String(t.clone()),
            Data::List(l) => Value::Array(l.iter().map(Self::to_json).collect()),
            Data::Map(m) => Value::Object(m.iter().map(|(k, v)| (k.name.clone(), v.to_json())).collect::<Map<_, _>>()),
        }
    }

    /// What the node is, for messages.
    pub const fn what(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Bool(_) => "true or false",
            Data::Int(_) | Data::Float(_) => "a number",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(text: &str) -> (&'static str, usize) {
        let f = parse(text).unwrap_err();
        (f[0].1, f[0].0.line)
    }

    #[test]
    fn reads_values_with_positions() {
        let n = parse("a: 1\nb:\n  - x\n  - 2.5\non: true\nt: 2026-01-15T08:00:00+07:00\ne:\n").unwrap();
        let expected = json!({"a": 1, "b": ["x", 2.5], "on": true, "t": "2026-01-15T08:00:00+07:00", "e": null});
        assert_eq!(n.to_json(), expected);
        let Data::Map(m) = n.data else { panic!("a mapping") };
        assert_eq!(m[2].0.at, Position { line: 5, column: 1 });
        let Data::List(l) = &m[1].1.data else { panic!("a list") };
        assert_eq!(l[1].at, Position { line: 4, column: 5 });
    }

    #[test]
    fn names_what_it_refuses() {
        assert_eq!(rule("a: 1\na: 2\n"), ("duplicate-key", 2));
        assert_eq!(rule("a: &x [1]\nb: *x\n"), ("yaml-alias", 2));
        assert_eq!(rule("a: !weird 1\n"), ("yaml-tag", 1));
        assert_eq!(rule("a: !!int x\n"), ("yaml-tag", 1));
        assert_eq!(rule("a: .inf\n"), ("bad-value", 1));
        assert_eq!(rule("a: 1\n---\nb: 2\n").0, "yaml-syntax");
        assert_eq!(rule("a: [1\n").0, "yaml-syntax");
        assert_eq!(rule("? [a]\n: 1\n").0, "yaml-syntax");
        assert_eq!(rule(&"- ".repeat(100_000)).0, "yaml-depth");
        assert_eq!(rule(&format!("a: {}", "[".repeat(200))).0, "yaml-depth");
    }
}
