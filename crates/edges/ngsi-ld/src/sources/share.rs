//! Who gets which part of a write (clauses 4.3.6.2 to 4.3.6.4): pure.

use serde_json::{Map, Value};
use svod_kernel::Urn;
use svod_query::{Query, Types};

use super::Source;
use super::document::Mode;
use super::matching::Probe;
use crate::context::Context;

/// What a write is about.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// An entity, or a part of one, in the words of a context.
    Members(&'a Map<String, Value>, &'a Context),
    /// One attribute, by the platform's name.
    Attribute(&'a str),
    /// The entity as such.
    Whole,
}

/// What goes to one source.
#[derive(Debug, Clone, PartialEq)]
pub struct Portion {
    /// Place of the source.
    pub source: usize,
    /// What it gets of the entity; none: the request as it is.
    pub members: Option<Map<String, Value>>,
    /// Attributes concerned, by the platform's names.
    pub names: Vec<String>,
    /// The source alone is to have it.
    pub claimed: bool,
}

/// What is left for here.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// Everything.
    All,
    /// These members.
    Members(Map<String, Value>),
    /// Whatever of it may still be here; it is no fault when there is nothing.
    Leftover,
    /// Nothing.
    Nothing,
}

/// Parts of a write.
#[derive(Debug)]
pub struct Shares {
    /// For other brokers.
    pub portions: Vec<Portion>,
    /// For here.
    pub rest: Rest,
}

/// Members that are the entity's own and go with every part of it.
const OF_ENTITY: [&str; 4] = ["id", "@id", "type", "@type"];

/// Parts of a write about one entity: exclusive sources take theirs first, redirecting ones next (each of them all of
/// it), inclusive ones get a copy of what is left, and so do we.
pub fn share(sources: &[Source], id: &Urn, kinds: &[String], content: Content<'_>) -> Shares {
    let query = Query { ids: vec![id.clone()], types: Types::one_of(kinds.to_vec()), ..Query::default() };
    let probe = Probe { query, lenient: true, ..Probe::default() };
    let (mut portions, mut taken) = (Vec::new(), Taken::default());
    for mode in [Mode::Exclusive, Mode::Redirect, Mode::Inclusive] {
        let mut now = Taken::default();
        for (place, source) in sources.iter().enumerate().filter(|(_, s)| Mode::of(&s.document) == mode) {
            let pieces = probe.pieces(&source.document);
            if pieces.is_empty() {
                continue;
            }
            let whole = pieces.iter().any(|(_, names)| names.is_empty());
            let names: Vec<&str> = pieces.into_iter().flat_map(|(_, names)| names).collect();
            let portion = portion(place, content, whole, &names, &taken, mode != Mode::Inclusive);
            if let Some(portion) = portion {
                now.whole |= whole;
                now.names.extend(portion.names.iter().cloned());
                portions.push(portion);
            }
        }
        if mode != Mode::Inclusive {
            taken.whole |= now.whole;
            taken.names.extend(now.names);
        }
    }
    Shares { rest: rest(content, &taken, portions.iter().any(|p| p.claimed)), portions }
}

/// What sources have taken for themselves.
#[derive(Default)]
struct Taken {
    whole: bool,
    names: Vec<String>,
}

impl Taken {
    fn has(&self, name: &str) -> bool {
        self.whole || self.names.iter().any(|n| n == name)
    }
}

fn portion(
    source: usize,
    content: Content<'_>,
    whole: bool,
    names: &[&str],
    taken: &Taken,
    claimed: bool,
) -> Option<Portion> {
    let of_source = |name: &str| whole || names.contains(&name);
    match content {
        Content::Whole => Some(Portion { source, members: None, names: Vec::new(), claimed }),
        Content::Attribute(name) => (of_source(name) && !taken.has(name)).then(|| Portion {
            source,
            members: None,
            names: vec![name.to_owned()],
            claimed,
        }),
        Content::Members(members, context) => {
            if taken.whole {
                return None;
            }
            let (mut own, mut own_names) = (Map::new(), Vec::new());
            for (term, value) in members {
                let name = context.name(term);
                let goes = if OF_ENTITY.contains(&term.as_str()) {
                    true
                } else if matches!(term.as_str(), "scope" | "expiresAt" | "createdAt" | "modifiedAt") {
                    whole
                } else if of_source(&name) && !taken.has(&name) {
                    own_names.push(name);
                    true
                } else {
                    false
                };
                if goes {
                    own.insert(term.clone(), value.clone());
                }
            }
            if own_names.is_empty() && !whole {
                return None;
            }
            Some(Portion { source, members: Some(own), names: own_names, claimed })
        }
    }
}

fn rest(content: Content<'_>, taken: &Taken, claimed: bool) -> Rest {
    match content {
        _ if !claimed => Rest::All,
        Content::Whole => Rest::Leftover,
        Content::Attribute(_) => Rest::Nothing,
        Content::Members(..) if taken.whole => Rest::Nothing,
        Content::Members(members, context) => {
            let mut left = members.clone();
            left.retain(|term, _| OF_ENTITY.contains(&term.as_str()) || !taken.has(&context.name(term)));
            let says = left.keys().any(|term| !OF_ENTITY.contains(&term.as_str()));
            if says { Rest::Members(left) } else { Rest::Nothing }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn source(mode: &str, names: &[&str]) -> Source {
        let mut piece = json!({"entities": [{"id": "urn:a:1", "type": "Car"}]});
        if !names.is_empty() {
            piece["propertyNames"] = json!(names);
        }
        let document = json!({"mode": mode, "information": [piece]});
        Source { id: format!("urn:r:{mode}"), document: document.as_object().unwrap().clone() }
    }

    fn shares(sources: &[Source], body: &Value) -> (Vec<(usize, Vec<String>)>, Rest) {
        let context = Context::default();
        let content = Content::Members(body.as_object().unwrap(), &context);
        let shares = share(sources, &"urn:a:1".parse().unwrap(), &["Car".to_owned()], content);
        (shares.portions.into_iter().map(|p| (p.source, p.names)).collect(), shares.rest)
    }

    #[test]
    fn exclusive_takes_inclusive_copies() {
        let body = json!({"id": "urn:a:1", "type": "Car", "speed": 1, "name": "x"});
        let all = [source("inclusive", &[]), source("exclusive", &["speed"]), source("exclusive", &["height"])];
        let (portions, rest) = shares(&all, &body);
        assert_eq!(portions, [(1, vec!["speed".to_owned()]), (0, vec!["name".to_owned()])]);
        assert_eq!(
            rest,
            Rest::Members(json!({"id": "urn:a:1", "type": "Car", "name": "x"}).as_object().unwrap().clone())
        );
        let only = json!({"id": "urn:a:1", "type": "Car", "speed": 1});
        assert_eq!(shares(&all, &only).1, Rest::Nothing, "an entity is not made here for what stands elsewhere");
    }

    #[test]
    fn every_redirecting_source_gets_it() {
        let body = json!({"id": "urn:a:1", "type": "Car", "speed": 1});
        let (portions, rest) =
            shares(&[source("redirect", &[]), source("redirect", &[]), source("inclusive", &[])], &body);
        assert_eq!((portions.len(), rest), (2, Rest::Nothing));
        assert_eq!(shares(&[source("auxiliary", &[])], &body), (Vec::new(), Rest::All), "never changed");
    }

    #[test]
    fn deletions_look_here_as_well() {
        let urn = "urn:a:1".parse().unwrap();
        let of = |mode, content| share(&[source(mode, &["speed"])], &urn, &[], content);
        assert_eq!(of("redirect", Content::Whole).rest, Rest::Leftover);
        assert_eq!(of("inclusive", Content::Whole).rest, Rest::All);
        assert_eq!(of("exclusive", Content::Attribute("speed")).rest, Rest::Nothing);
        assert_eq!(of("exclusive", Content::Attribute("name")).rest, Rest::All);
    }
}
