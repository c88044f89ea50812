//! `@context` (clause 5.5 and JSON-LD 1.1): terms to IRIs and back, as far as NGSI-LD uses them.
//!
//! Inside the platform a name is short where its IRI stands in the core context or the default vocabulary, and the
//! IRI itself otherwise: what packs declare is found under its own name by a client that brings no context.

pub mod core;
/// Loading and caching.
pub mod load;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use serde_json::Value;

pub use load::{Contexts, Fetch, FetchError, Fetched, Loaded};

/// A user context with the core context behind it.
#[derive(Debug, Default)]
pub struct Context {
    /// As the client gave it: what answers carry. Null when there was none.
    pub source: Value,
    terms: HashMap<String, String>,
    inverse: HashMap<String, String>,
    /// Terms that may stand before a colon, with their IRIs.
    prefixes: Vec<(String, String)>,
    /// Names written out before; bounded by the number of names in use.
    written: RwLock<HashMap<String, Arc<str>>>,
}

/// Names remembered per context.
const REMEMBERED: usize = 4_096;

impl Context {
    /// Terms in the order of their definitions; a later one wins.
    pub fn new(source: Value, definitions: &[(String, Option<String>)]) -> Self {
        let mut raw: HashMap<&str, Option<&str>> = HashMap::new();
        for (term, iri) in definitions {
            raw.insert(term, iri.as_deref());
        }
        let mut terms = HashMap::new();
        for term in raw.keys() {
            if let Some(iri) = resolve(term, &raw, 0).filter(|_| core::iri(term).is_none()) {
                terms.insert((*term).to_owned(), iri);
            }
        }
        let mut inverse: HashMap<String, String> = HashMap::new();
        for (term, iri) in &terms {
            let better = |old: &String| (term.len(), term) < (old.len(), old);
            if inverse.get(iri).is_none_or(better) {
                inverse.insert(iri.clone(), term.clone());
            }
        }
        let mut prefixes: Vec<_> =
            terms.iter().filter(|(_, iri)| iri.ends_with([':', '/', '?', '#', '[', ']', '@'])).collect();
        prefixes.sort();
        let prefixes = prefixes.into_iter().map(|(t, i)| (t.clone(), i.clone())).collect();
        Self { source, inverse, prefixes, terms, written: RwLock::default() }
    }

    /// The IRI of a term, a compact IRI or an IRI.
    pub fn expand(&self, term: &str) -> String {
        if let Some(iri) = core::iri(term) {
            return iri.to_owned();
        }
        if let Some(iri) = self.terms.get(term) {
            return iri.clone();
        }
        match term.split_once(':') {
            Some((prefix, rest)) if !rest.starts_with("//") => {
                match self.terms.get(prefix).map(String::as_str).or_else(|| core::iri(prefix)) {
                    Some(iri) => format!("{iri}{rest}"),
                    None => term.to_owned(),
                }
            }
            Some(_) => term.to_owned(),
            None => format!("{}{term}", core::DEFAULT),
        }
    }

    /// The shortest way to write an IRI.
    pub fn compact(&self, iri: &str) -> String {
        if let Some(term) = core::term(iri) {
            return term.to_owned();
        }
        if let Some(term) = self.inverse.get(iri) {
            return term.clone();
        }
        if let Some(rest) = iri.strip_prefix(core::DEFAULT)
            && !rest.is_empty()
            && !rest.contains(':')
            && !self.terms.contains_key(rest)
            && core::iri(rest).is_none()
        {
            return rest.to_owned();
        }
        let own = self.prefixes.iter().filter_map(|(term, base)| Some((term, iri.strip_prefix(base.as_str())?)));
        let short = own.filter(|(_, rest)| !rest.is_empty()).map(|(term, rest)| format!("{term}:{rest}"));
        if let Some(best) = short.min_by_key(|s| (s.len(), s.clone())) {
            return best;
        }
        match iri.strip_prefix(core::NGSI_LD) {
            Some(rest) if !rest.is_empty() => format!("ngsi-ld:{rest}"),
            _ => iri.to_owned(),
        }
    }

    /// The platform's own name of a term.
    pub fn name(&self, term: &str) -> String {
        name_of(&self.expand(term))
    }

    /// The platform's own name as this context writes it.
    pub fn write(&self, name: &str) -> String {
        self.term(name).to_string()
    }

    /// As [`Context::write`], without copying it.
    pub fn term<'a>(&self, name: &'a str) -> Term<'a> {
        if self.terms.is_empty() && !name.contains(':') {
            return Term::Same(name);
        }
        if let Some(known) = self.written.read().unwrap_or_else(|p| p.into_inner()).get(name) {
            return Term::Known(known.clone());
        }
        let text: Arc<str> = self.compact(&iri_of(name)).into();
        let mut written = self.written.write().unwrap_or_else(|p| p.into_inner());
        if written.len() < REMEMBERED {
            written.insert(name.to_owned(), text.clone());
        }
        Term::Known(text)
    }

    /// True when only the core context stands behind it.
    pub fn is_core_only(&self) -> bool {
        self.terms.is_empty()
    }
}

/// A name as a context writes it.
pub enum Term<'a> {
    /// As the platform does.
    Same(&'a str),
    /// Otherwise.
    Known(Arc<str>),
}

impl std::ops::Deref for Term<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Same(text) => text,
            Self::Known(text) => text,
        }
    }
}

/// The platform's own name of an IRI.
pub fn name_of(iri: &str) -> String {
    if let Some(term) = core::term(iri) {
        return term.to_owned();
    }
    match iri.strip_prefix(core::DEFAULT) {
        Some(rest) if !rest.is_empty() && !rest.contains(':') && core::iri(rest).is_none() => rest.to_owned(),
        _ => iri.to_owned(),
    }
}

/// The IRI of the platform's own name.
pub fn iri_of(name: &str) -> String {
    match core::iri(name) {
        Some(iri) => iri.to_owned(),
        None if name.contains(':') => name.to_owned(),
        None => format!("{}{name}", core::DEFAULT),
    }
}

fn resolve(term: &str, raw: &HashMap<&str, Option<&str>>, depth: usize) -> Option<String> {
    let value = (*raw.get(term)?)?;
    if depth > 16 || value.starts_with('@') {
        return None;
    }
    match value.split_once(':') {
        Some((prefix, rest)) if !rest.starts_with("//") => match raw.contains_key(prefix).then_some(prefix) {
            Some(p) if p != term => resolve(p, raw, depth + 1).map(|iri| format!("{iri}{rest}")),
            _ => Some(core::iri(prefix).map_or_else(|| value.to_owned(), |iri| format!("{iri}{rest}"))),
        },
        Some(_) => Some(value.to_owned()),
        None if value == term => Some(format!("{}{value}", core::DEFAULT)),
        None => match core::iri(value) {
            Some(iri) => Some(iri.to_owned()),
            None if raw.contains_key(value) => resolve(value, raw, depth + 1),
            None => Some(format!("{}{value}", core::DEFAULT)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(pairs: &[(&str, &str)]) -> Context {
        let all: Vec<_> = pairs.iter().map(|(t, i)| ((*t).to_owned(), Some((*i).to_owned()))).collect();
        Context::new(Value::Null, &all)
    }

    #[test]
    fn terms_expand_and_come_back() {
        let c =
            context(&[("ex", "https://example.org/"), ("speed", "ex:speed"), ("Car", "https://example.org/types#Car")]);
        for (term, iri) in [
            ("speed", "https://example.org/speed"),
            ("Car", "https://example.org/types#Car"),
            ("ex:other", "https://example.org/other"),
            ("location", "https://uri.etsi.org/ngsi-ld/location"),
            ("height", "https://uri.etsi.org/ngsi-ld/default-context/height"),
            ("urn:x:y", "urn:x:y"),
        ] {
            assert_eq!(c.expand(term), iri);
            assert_eq!(c.compact(iri), term);
        }
    }

    #[test]
    fn the_core_context_wins_and_names_stay_short() {
        let c = context(&[("location", "https://example.org/place"), ("speed", "https://example.org/speed")]);
        assert_eq!(c.name("location"), "location");
        assert_eq!(c.name("speed"), "https://example.org/speed");
        assert_eq!(c.write("https://example.org/speed"), "speed");
        assert_eq!(c.name("pm25"), "pm25");
        assert_eq!(c.write("pm25"), "pm25");
        // A name of the default vocabulary that this context uses for something else is written out.
        assert_eq!(c.write("speed"), "ngsi-ld:default-context/speed");
    }

    #[test]
    fn circles_end() {
        let c = context(&[("a", "b"), ("b", "a"), ("p", "p:x")]);
        assert!(!c.expand("a").is_empty());
        assert_eq!(c.expand("p"), "p:x");
    }

    #[test]
    fn core_contexts_are_known_by_their_address() {
        assert!(core::is_core(core::CORE_URL));
        assert!(core::is_core("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"));
        assert!(!core::is_core("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-non-existing.jsonld"));
        assert_eq!(core::document()["@context"]["observedAt"]["@id"], "https://uri.etsi.org/ngsi-ld/observedAt");
    }
}
