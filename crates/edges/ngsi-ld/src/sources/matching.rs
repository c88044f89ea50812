//! Which registrations a request concerns (clause 5.12).

use serde_json::{Map, Value};
use svod_kernel::Timestamp;
use svod_model::{Attribute, Entity};
use svod_query::geo::Shape;
use svod_query::{Filter, Georel, Query};

use super::document::pieces;
use crate::parse;

/// A stretch of time that a source's intervals must meet.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// `managementInterval` instead of `observationInterval`.
    pub managed: bool,
    /// From.
    pub from: Option<Timestamp>,
    /// To.
    pub to: Option<Timestamp>,
}

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Probe {
    /// Entities, attributes, place, scope.
    pub query: Query,
    /// Conditions on the properties of the source.
    pub filter: Option<Filter>,
    /// When.
    pub times: Option<Times>,
    /// Instances of which datasets are wanted (`@none`: the default one); empty: of all.
    pub datasets: Vec<String>,
    /// What a source does not say of itself may be anything: it is to be asked, not to be found.
    pub lenient: bool,
}

/// A piece of a registration that fits: selectors and names of attributes; none named means all.
pub type Piece<'d> = (Vec<&'d Value>, Vec<&'d str>);

impl Probe {
    /// Does the registration fit?
    pub fn fits(&self, document: &Map<String, Value>) -> bool {
        !self.pieces(document).is_empty()
            && self.is_there(document)
            && self.was_then(document)
            && self.has_datasets(document)
            && self.query.scope.as_ref().is_none_or(|s| {
                let all = document.get("scope").and_then(|v| parse::scopes(v).ok());
                all.map_or(self.lenient, |all| s.fits(&all))
            })
            && self.filter.as_ref().is_none_or(|f| as_entity(document).is_some_and(|e| f.holds(&e, &|_| None)))
    }

    /// The pieces of its information that fit.
    pub fn pieces<'d>(&self, document: &'d Map<String, Value>) -> Vec<Piece<'d>> {
        let mut found = Vec::new();
        for (entities, names) in pieces(document) {
            let q = &self.query;
            let common = names.is_empty()
                || q.attributes.is_empty()
                || names.iter().any(|n| q.attributes.iter().any(|a| a == n));
            let selected: Vec<&Value> = entities.iter().copied().filter(|e| self.selects(e)).collect();
            if common && (entities.is_empty() || !selected.is_empty()) {
                found.push((selected, names));
            }
        }
        found
    }

    fn selects(&self, selector: &Value) -> bool {
        let q = &self.query;
        let kinds: Vec<&str> = match selector.get("type") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        };
        // A source that has one of the types may have entities of the others as well.
        let of_types =
            kinds.is_empty() || q.types.any_of().is_none_or(|wanted| wanted.iter().any(|w| kinds.contains(w)));
        let id = selector.get("id").and_then(Value::as_str);
        let pattern = selector.get("idPattern").and_then(Value::as_str).and_then(|p| regex::Regex::new(p).ok());
        let named = q.ids.is_empty()
            || match (id, &pattern) {
                (Some(id), _) => q.ids.iter().any(|u| u.as_str() == id),
                (None, Some(p)) => q.ids.iter().any(|u| p.is_match(u.as_str())),
                (None, None) => true,
            };
        let patterned = match (&q.id_pattern, id) {
            (Some(p), Some(id)) => p.is_match(id),
            _ => true,
        };
        of_types && named && patterned
    }

    fn is_there(&self, document: &Map<String, Value>) -> bool {
        let Some(place) = &self.query.place else { return true };
        let shape = document.get(&place.attribute).and_then(|v| Shape::from_json(v.get("value").unwrap_or(v)));
        let georel = match place.georel {
            near @ (Georel::NearMax(_) | Georel::NearMin(_)) => near,
            // Where a source has entities need only meet the place; the entities must lie as asked.
            _ if self.lenient => Georel::Intersects,
            other => other,
        };
        shape.map_or(self.lenient, |s| s.lies(georel, &place.shape))
    }

    /// A source that names its datasets is left out when it has none of those that are asked for (clause 5.12).
    fn has_datasets(&self, document: &Map<String, Value>) -> bool {
        let own: Vec<&str> = match document.get("datasetId") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        };
        own.is_empty() || self.datasets.is_empty() || self.datasets.iter().any(|d| own.contains(&d.as_str()))
    }

    fn was_then(&self, document: &Map<String, Value>) -> bool {
        let interval = |key: &str| {
            let v = document.get(key)?;
            let at = |name: &str| v.get(name).and_then(|t| parse::moment(name, t).ok());
            Some((at("startAt")?, at("endAt")))
        };
        let Some(times) = self.times else { return true };
        let key = if times.managed { "managementInterval" } else { "observationInterval" };
        let Some((start, end)) = interval(key) else { return self.lenient };
        times.to.is_none_or(|to| start < to) && times.from.is_none_or(|from| end.is_none_or(|e| e >= from))
    }
}

/// The source as something that has properties; none for a document without an identifier.
fn as_entity(document: &Map<String, Value>) -> Option<Entity> {
    let id = document.get("id")?.as_str()?.parse().ok()?;
    let mut entity = Entity::new(id, "ContextSourceRegistration", "source".parse().ok()?);
    for (key, value) in document {
        let value = value.get("value").or_else(|| value.get("object")).unwrap_or(value);
        entity.attributes.insert(key.clone(), Attribute::property(value.clone()));
    }
    Some(entity)
}
