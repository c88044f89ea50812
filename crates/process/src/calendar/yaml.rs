//! YAML to JSON values with the line of each key; aliases are refused, so that nothing is expanded.

use saphyr::Scalar;
use saphyr_parser::{Event, Parser};

/// Deepest nesting.
const MAX_DEPTH: usize = 8;
/// Most values.
const MAX_NODES: usize = 20_000;

/// A value and its line.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

enum Frame {
    List(usize, Vec<Node>),
    Map(usize, Vec<(String, Node)>, Option<String>),
}

/// Reads one document; every scalar is a text.
pub(super) fn read(text: &str) -> Result<Node, (usize, String)> {
    let mut stack: Vec<Frame> = Vec::new();
    let mut root = None;
    let mut nodes = 0usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| (e.marker().line(), e.info().to_owned()))?;
        let line = span.start.line();
        nodes += 1;
        if nodes > MAX_NODES || stack.len() > MAX_DEPTH {
            return Err((line, "it is too large or nests too deeply".to_owned()));
        }
        match event {
            Event::DocumentStart(_) if root.is_some() => return Err((line, "a second document begins".to_owned())),
            Event::Alias(_) => return Err((line, "an alias is not read".to_owned())),
            Event::SequenceStart(..) => stack.push(Frame::List(line, Vec::new())),
            Event::MappingStart(..) => stack.push(Frame::Map(line, Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match stack.pop() {
                    Some(Frame::List(line, items)) => Node { line, data: Data::List(items) },
                    Some(Frame::Map(line, entries, _)) => Node { line, data: Data::Map(entries) },
                    None => continue,
                };
                put(node, &mut stack, &mut root);
            }
            Event::Scalar(text, style, _, tag) => {
                if let Some(Frame::Map(_, entries, key @ None)) = stack.last_mut() {
                    if entries.iter().any(|(k, _)| *k == *text) {
                        return Err((line, format!("key '{text}' stands twice")));
                    }
                    *key = Some(text.into_owned());
                    continue;
                }
                let written = text.clone().into_owned();
                if Scalar::parse_from_cow_and_metadata(text, style, tag.as_ref()).is_none() {
                    return Err((line, "the value does not fit its tag".to_owned()));
                }
                put(Node { line, data: Data::Text(written) }, &mut stack, &mut root);
            }
            _ => {}
        }
    }
    root.ok_or_else(|| (1, "the file is empty".to_owned()))
}

fn put(node: Node, stack: &mut [Frame], root: &mut Option<Node>) {
    match stack.last_mut() {
        Some(Frame::List(_, items)) => items.push(node),
        Some(Frame::Map(_, entries, key)) => entries.push((key.take().unwrap_or_default(), node)),
        None => *root = Some(node),
    }
}
