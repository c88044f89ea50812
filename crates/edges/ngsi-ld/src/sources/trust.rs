//! How far the word of a source goes.

use serde_json::Value;

use super::Source;
use super::matching::Probe;

/// What a source is registered for.
pub struct Trust {
    /// Attributes; none named: all.
    pub names: Vec<String>,
    selectors: Option<Vec<Selector>>,
}

/// One kind of entities of a registration.
struct Selector {
    id: Option<String>,
    pattern: Option<regex::Regex>,
    kinds: Vec<String>,
}

impl Trust {
    /// As far as the question goes.
    pub fn of(source: &Source, probe: &Probe) -> Self {
        let pieces = probe.pieces(&source.document);
        let mut names = Vec::new();
        if pieces.iter().all(|(_, names)| !names.is_empty()) {
            names.extend(pieces.iter().flat_map(|(_, names)| names.iter().map(|n| (*n).to_owned())));
        }
        let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).map(str::to_owned);
        let selector = |v: &&Value| Selector {
            id: text(v, "id"),
            pattern: text(v, "idPattern").and_then(|p| regex::Regex::new(&p).ok()),
            kinds: match v.get("type") {
                Some(Value::Array(all)) => all.iter().filter_map(|k| k.as_str().map(str::to_owned)).collect(),
                Some(Value::String(one)) => vec![one.clone()],
                _ => Vec::new(),
            },
        };
        let any = pieces.iter().any(|(selectors, _)| selectors.is_empty());
        let selectors = pieces.iter().flat_map(|(selectors, _)| selectors.iter().map(selector)).collect();
        Self { names, selectors: (!any).then_some(selectors) }
    }

    /// May it tell of the entity?
    pub fn has<'k>(&self, id: &str, kinds: impl Iterator<Item = &'k str>) -> bool {
        let kinds: Vec<&str> = kinds.collect();
        let fits = |s: &Selector| {
            let named = match &s.id {
                Some(own) => own == id,
                None => s.pattern.as_ref().is_none_or(|p| p.is_match(id)),
            };
            named && (s.kinds.is_empty() || s.kinds.iter().any(|k| kinds.contains(&k.as_str())))
        };
        self.selectors.as_ref().is_none_or(|all| all.iter().any(fits))
    }

    /// May it tell of the attribute?
    pub fn tells(&self, name: &String) -> bool {
        self.names.is_empty() || self.names.contains(name)
    }
}
