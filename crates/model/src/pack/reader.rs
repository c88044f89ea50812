//! Reading of checked fields out of a YAML tree, with every error collected.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use svod_kernel::{SpacePath, Urn};

use super::yaml::{Data, Key, Node};
use super::{Manifest, PackError, Position};
use crate::duration::parse_duration;
use crate::nearest::suggest;

/// Errors kept of one pack; more would help nobody.
pub const MAX_ERRORS: usize = 500;

/// Errors collected so far.
#[derive(Debug, Default)]
pub struct Errors(pub Vec<PackError>);

impl Errors {
    pub fn add(&mut self, file: &str, at: Position, rule: &'static str, message: String, fix: String) {
        debug_assert!(super::RULES.iter().any(|r| r.0 == rule), "rule {rule} is not in the list of rules");
        if self.0.len() < MAX_ERRORS {
            self.0.push(PackError { file: file.to_owned(), position: at, rule: rule.to_owned(), message, fix });
        }
    }
}

/// Where each declaration of a pack stands: (kind of declaration, id, key inside it) to file and position.
#[derive(Debug, Clone, Default)]
pub struct Origins(BTreeMap<(&'static str, String, String), (String, Position)>);

impl Origins {
    /// Remembers; gives the earlier place when there was one already.
    pub fn set(&mut self, kind: &'static str, id: &str, key: &str, file: &str, at: Position) -> Option<String> {
        let before = self.0.insert((kind, id.to_owned(), key.to_owned()), (file.to_owned(), at));
        before.map(|(f, p)| format!("{f}:{}", p.line))
    }

    /// The place of the key, or of the declaration it belongs to, or the pack's first line.
    pub fn find(&self, kind: &'static str, id: &str, key: &str) -> (&str, Position) {
        let whole = (kind, id.to_owned(), String::new());
        let at = self.0.get(&(kind, id.to_owned(), key.to_owned())).or_else(|| self.0.get(&whole));
        at.map_or(("pack.yaml", Position { line: 1, column: 1 }), |(f, p)| (f.as_str(), *p))
    }
}

/// One file being read.
pub struct Cx<'a> {
    pub file: &'a str,
    pub manifest: &'a Manifest,
    pub errors: &'a mut Errors,
    pub origins: &'a mut Origins,
}

/// The entries of a mapping whose keys are known.
#[derive(Clone, Copy)]
pub struct Fields<'n> {
    pub at: Position,
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// The value, unless it is absent or null.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(k, v)| k.name == key && !matches!(v.data, Data::Null)).map(|(_, v)| v)
    }

    /// Where the key stands, or the mapping.
    pub fn place(&self, key: &str) -> Position {
        self.entries.iter().find(|(k, _)| k.name == key).map_or(self.at, |(k, _)| k.at)
    }

    pub fn keys(&self) -> impl Iterator<Item = &'n Key> {
        self.entries.iter().map(|(k, _)| k)
    }
}

impl Cx<'_> {
    pub fn error(&mut self, at: Position, rule: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.errors.add(self.file, at, rule, message.into(), fix.into());
    }

    fn wrong(&mut self, node: &Node, wanted: &str, fix: &str) {
        self.error(node.at, "wrong-kind", format!("expected {wanted}, found {}", node.what()), fix);
    }

    /// The mapping with exactly these keys allowed.
    pub fn fields<'n>(&mut self, node: &'n Node, known: &[&str]) -> Option<Fields<'n>> {
        let entries = self.map(node)?;
        for (key, _) in entries {
            // Looking for the nearest known key costs time; a flood of keys has been reported by now.
            if self.errors.0.len() >= MAX_ERRORS {
                break;
            }
            if !known.contains(&key.name.as_str()) {
                let name: String = key.name.chars().take(60).collect();
                let fix = suggest(&name, known.iter().copied());
                self.error(key.at, "unknown-key", format!("key '{name}' is not known here"), fix);
            }
        }
        Some(Fields { at: node.at, entries })
    }

    /// Any mapping.
    pub fn map<'n>(&mut self, node: &'n Node) -> Option<&'n [(Key, Node)]> {
        if let Data::Map(entries) = &node.data {
            return Some(entries);
        }
        self.wrong(node, "a mapping", "write 'key: value' lines");
        None
    }

    /// Any list.
    pub fn list<'n>(&mut self, node: &'n Node) -> Option<&'n [Node]> {
        if let Data::List(items) = &node.data {
            return Some(items);
        }
        self.wrong(node, "a list", "write each value on a line that begins with '- '");
        None
    }

    /// The value under a key that must be there.
    pub fn need<'n>(&mut self, f: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let node = f.get(key);
        if node.is_none() {
            self.error(f.place(key), "missing-key", format!("'{key}' is missing"), format!("add '{key}:'"));
        }
        node
    }

    pub fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        match &node.data {
            Data::Text(t) if !t.trim().is_empty() => return Some(t),
            Data::Text(_) => self.error(node.at, "bad-value", "the text is empty", "write a text or drop the key"),
            Data::Int(_) | Data::Float(_) | Data::Bool(_) => self.wrong(node, "a text", "put the value in quotes"),
            _ => self.wrong(node, "a text", "write a text"),
        }
        None
    }

    pub fn bool(&mut self, node: &Node) -> Option<bool> {
        if let Data::Bool(b) = node.data {
            return Some(b);
        }
        self.wrong(node, "true or false", "write true or false");
        None
    }

    pub fn number(&mut self, node: &Node) -> Option<f64> {
        match node.data {
            Data::Int(i) => Some(i as f64),
            Data::Float(f) => Some(f),
            _ => {
                self.wrong(node, "a number", "write a number without quotes");
                None
            }
        }
    }

    pub fn integer(&mut self, node: &Node) -> Option<i64> {
        if let Data::Int(i) = node.data {
            return Some(i);
        }
        self.wrong(node, "a whole number", "write a whole number without quotes");
        None
    }

    /// A text that must be there.
    pub fn need_text<'n>(&mut self, f: &Fields<'n>, key: &str) -> Option<&'n str> {
        let node = self.need(f, key)?;
        self.text(node)
    }

    /// An id: `[a-z][a-z0-9-]*`.
    pub fn need_word<'n>(&mut self, f: &Fields<'n>, key: &str) -> Option<&'n str> {
        let node = self.need(f, key)?;
        self.word(node)
    }

    pub fn word<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let text = self.text(node)?;
        if is_word(text) {
            return Some(text);
        }
        let shown: String = text.chars().take(60).collect();
        self.error(node.at, "bad-value", format!("'{shown}' is no id"), "use a-z, 0-9 and '-', a letter first");
        None
    }

    /// A list of ids or other texts; none when the key is absent.
    pub fn texts<'n>(&mut self, f: &Fields<'n>, key: &str) -> Vec<&'n str> {
        let Some(items) = f.get(key).and_then(|n| self.list(n)) else { return Vec::new() };
        items.iter().filter_map(|n| self.text(n)).collect()
    }

    /// A text read by its type's `FromStr`, whose error says what is wanted.
    pub fn parsed<T: FromStr>(&mut self, node: &Node, fix: &str) -> Option<T>
    where
        T::Err: Display,
    {
        match self.text(node)?.parse() {
            Ok(v) => Some(v),
            Err(e) => {
                self.error(node.at, "bad-value", e.to_string(), fix);
                None
            }
        }
    }

    pub fn urn(&mut self, node: &Node) -> Option<Urn> {
        self.parsed(node, "write urn:svod:<kind>:<id>")
    }

    pub fn space(&mut self, node: &Node) -> Option<SpacePath> {
        self.parsed(node, "write a path such as kuzbass/novokuznetsk")
    }

    /// Seconds of an ISO 8601 duration.
    pub fn duration(&mut self, node: &Node) -> Option<f64> {
        let text = self.text(node)?;
        let seconds = parse_duration(text);
        if seconds.is_none() {
            let shown: String = text.chars().take(60).collect();
            let fix = "write an ISO 8601 duration such as PT30S, PT5M or P1D";
            self.error(node.at, "bad-value", format!("'{shown}' is no duration"), fix);
        }
        seconds
    }

    /// One of the words.
    pub fn choice<'n>(&mut self, node: &'n Node, words: &[&str]) -> Option<&'n str> {
        let text = self.text(node)?;
        if words.contains(&text) {
            return Some(text);
        }
        let shown: String = text.chars().take(60).collect();
        let fix = suggest(&shown, words.iter().copied());
        self.error(node.at, "bad-value", format!("'{shown}' is not a value of this key"), fix);
        None
    }

    /// Remembers where a declaration stands; an id that is taken is an error.
    pub fn declare(&mut self, kind: &'static str, id: &str, at: Position) {
        if let Some(first) = self.origins.set(kind, id, "", self.file, at) {
            self.error(at, "duplicate-id", format!("{kind} '{id}' stands already in {first}"), "choose another id");
        }
    }

    /// Remembers where the keys of a declaration stand.
    pub fn trace(&mut self, kind: &'static str, id: &str, f: &Fields<'_>) {
        for key in f.keys() {
            self.origins.set(kind, id, &key.name, self.file, key.at);
        }
    }
}

/// `[a-z][a-z0-9-]*`, at most 63 letters.
pub fn is_word(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// A relative path that stays below its folder.
pub fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 255
        && !path.contains(['\\', ':', '\0'])
        && path.split('/').all(|s| !s.is_empty() && s != "." && s != "..")
}
