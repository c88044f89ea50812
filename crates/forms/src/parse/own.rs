//! `svod.own`: what of the applicant's own a field offers.

use serde_json::{Map, Value};

use super::reader::At;
use super::{Parser, is_step};
use crate::limits;
use crate::model::Own;

/// Lists of a form.
const MOST: usize = 10;

impl Parser {
    pub(crate) fn own(&mut self, root: &Map<String, Value>, inputs: &mut Vec<String>) -> Vec<Own> {
        let Some(value) = root.get("svod.own") else { return Vec::new() };
        let fix = "write {\"cars\": {\"type\": \"Vehicle\", \"by\": \"person\", \"label\": [\"plate\"]}}";
        let Some(lists) = value.as_object().filter(|map| map.len() <= MOST) else {
            self.faults.add("svod.own", "form-kind", format!("these are not at most {MOST} lists with names"), fix);
            return Vec::new();
        };
        let mut out = Vec::new();
        for (name, value) in lists {
            let path = format!("svod.own.{name}");
            let Some(map) = value.as_object() else {
                self.faults.add(&path, "form-kind", "a list is an object", fix);
                continue;
            };
            if !is_step(name) || inputs.contains(name) {
                self.faults.add(&path, "form-name", format!("'{name}' is no name of its own"), "give it another name");
                continue;
            }
            if let Some(own) = self.own_list(&At { map, path }, name) {
                inputs.push(name.clone());
                out.push(own);
            }
        }
        out
    }

    fn own_list(&mut self, at: &At<'_>, name: &str) -> Option<Own> {
        self.keys(at, &["type", "by", "where", "value", "label", "other"], &[]);
        let kind = self.named(at, "type");
        let by = self.named(at, "by");
        let value = at.map.get("value").map(|_| self.named(at, "value"));
        let among = self.among(at);
        let label = self.labels(at);
        let other = match at.object("other") {
            Some(other) => {
                self.keys(&other, &["value", "label"], &[]);
                let (value, label) =
                    (self.text(&other, "value", limits::TEXT), self.text(&other, "label", limits::TEXT));
                Some(value.filter(|v| !v.is_empty()).zip(label).or_else(|| {
                    self.missing(&other, "value", "give a value and a label");
                    None
                })?)
            }
            None => None,
        };
        let value = match value {
            Some(value) => Some(value?),
            None => None,
        };
        Some(Own { name: name.to_owned(), kind: kind?, by: by?, value, among: among?, label: label?, other })
    }

    /// What must hold of them: attributes, each with a word or with several of which it has one.
    fn among(&mut self, at: &At<'_>) -> Option<Vec<(String, Vec<String>)>> {
        let Some(value) = at.map.get("where") else { return Some(Vec::new()) };
        let words = |v: &Value| match v {
            Value::String(word) => Some(vec![word.clone()]),
            Value::Array(all) => all.iter().map(|w| w.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let one = |(name, v): (&String, &Value)| {
            let words = words(v).filter(|all| (1..=10).contains(&all.len()) && all.iter().all(|w| !w.is_empty()))?;
            is_step(name).then(|| (name.clone(), words))
        };
        let all = value.as_object().filter(|map| (1..=5).contains(&map.len()));
        let among: Option<Vec<_>> = all.and_then(|map| map.iter().map(one).collect());
        if among.is_none() {
            let fix = "write {\"status\": \"open\"}, or {\"status\": [\"open\", \"paused\"]}";
            self.faults.add(&at.to("where"), "form-value", "these are no attributes with their words", fix);
        }
        among
    }

    /// Names of attributes.
    fn labels(&mut self, at: &At<'_>) -> Option<Vec<String>> {
        let list = at.map.get("label").and_then(Value::as_array).filter(|list| (1..=5).contains(&list.len()));
        let names: Option<Vec<String>> =
            list.and_then(|list| list.iter().map(|n| n.as_str().filter(|n| is_step(n)).map(str::to_owned)).collect());
        if names.is_none() {
            let fix = "write one to five names of attributes: [\"plate\", \"carModel\"]";
            self.faults.add(&at.to("label"), "form-value", "these are no attributes to tell them apart", fix);
        }
        names
    }

    /// The name of a type or of an attribute.
    fn named(&mut self, at: &At<'_>, key: &str) -> Option<String> {
        let name = self.text(at, key, 64).filter(|n| is_step(n));
        if name.is_none() {
            self.faults.add(&at.to(key), "form-value", "this is no name of the model", "write a name of the packs");
        }
        name
    }
}
