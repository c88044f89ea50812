use std::collections::BTreeMap;

use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_query::{Query, ScopeExpr};

use crate::history::{History, Instance, SCOPE};

/// Instances of attributes by their names.
pub(crate) type Series<'a> = BTreeMap<&'a str, Vec<&'a Instance>>;

/// Which of an instance's moments counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Property {
    /// When it was observed.
    #[default]
    Observed,
    /// When it was written.
    Created,
    /// When it was last changed.
    Modified,
    /// When the attribute was taken away.
    Deleted,
}

impl Property {
    /// That moment of the instance.
    pub const fn of(self, i: &Instance) -> Option<Timestamp> {
        match self {
            Self::Observed => i.observed,
            Self::Created => i.created,
            Self::Modified => i.modified,
            Self::Deleted => i.deleted,
        }
    }
}

/// How a moment lies to the one that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Before it.
    Before(Timestamp),
    /// At it or after.
    After(Timestamp),
    /// From the first, before the second.
    Between(Timestamp, Timestamp),
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Where; none: all of it.
    pub relation: Option<Relation>,
    /// By which moment; none: by when it was observed, and without a relation any instance that holds a value.
    pub property: Option<Property>,
}

impl Window {
    /// The moment that counts.
    pub fn property(&self) -> Property {
        self.property.unwrap_or_default()
    }

    /// First moment inside, and the first one after it.
    pub const fn bounds(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match self.relation {
            None => (None, None),
            Some(Relation::Before(to)) => (None, Some(to)),
            Some(Relation::After(from)) => (Some(from), None),
            Some(Relation::Between(from, to)) => (Some(from), Some(to)),
        }
    }

    fn holds(&self, i: &Instance) -> bool {
        if self.relation.is_none() && self.property.is_none() {
            return i.deleted.is_none();
        }
        let (from, to) = self.bounds();
        self.property().of(i).is_some_and(|at| from.is_none_or(|f| at >= f) && to.is_none_or(|t| at < t))
    }
}

/// A question about the past.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where, and in the spaces under it.
    pub space: SpacePath,
    /// Which entities; conditions on values must hold of one instance inside the window.
    pub query: Query,
    /// When.
    pub window: Window,
    /// Only these attributes; empty: all.
    pub attributes: Vec<String>,
    /// Only instances of these datasets (`@none`: the default one); empty: of all.
    pub datasets: Vec<String>,
    /// Only so many of each attribute, the last ones.
    pub last: Option<usize>,
    /// From the last identifier to the first.
    pub descending: bool,
    /// How many are left out before the first.
    pub offset: usize,
    /// How many at the most.
    pub limit: usize,
}

/// An entity over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Evolution {
    /// Identifier.
    pub id: Urn,
    /// Where.
    pub space: SpacePath,
    /// Types it has had.
    pub types: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When anything was changed last.
    pub modified: Timestamp,
    /// Instances inside the window by attribute, oldest first.
    pub attributes: BTreeMap<String, Vec<Instance>>,
}

/// Histories by entity.
pub type Evolutions = BTreeMap<Urn, History>;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// In the order of their identifiers.
    pub evolutions: Vec<Evolution>,
    /// How many fit in all.
    pub total: usize,
}

/// An entity that holds every instance at once, for conditions that any of them may meet.
pub(crate) fn at_once(urn: &Urn, space: &SpacePath, types: &[String], attributes: &Series<'_>) -> Entity {
    let mut types = types.iter().cloned();
    let mut entity = Entity::new(urn.clone(), types.next().unwrap_or_default(), space.clone());
    entity.also = types.collect();
    for (name, all) in attributes {
        let mut instances = all.iter().map(|i| i.attribute.clone());
        if let Some(first) = instances.next() {
            let whole = Attribute { others: instances.collect(), ..first };
            entity.attributes.insert((*name).to_owned(), whole);
        }
    }
    entity
}

impl Ask {
    /// The part of a history that is asked for; none when the entity does not fit.
    pub fn evolution(&self, id: Urn, space: &SpacePath, history: &History) -> Option<Evolution> {
        let kinds: Vec<&str> = history.types.iter().map(String::as_str).collect();
        let named = self.query.ids.is_empty() || self.query.ids.contains(&id);
        let matched = self.query.id_pattern.as_ref().is_none_or(|p| p.is_match(id.as_str()));
        if !named || !matched || !self.query.types.fits(&kinds) {
            return None;
        }
        let (created, modified) = (history.created?, history.modified?);
        let property = self.window.property();
        let asked = |name: &str| self.attributes.is_empty() || self.attributes.iter().any(|a| a == name);
        let whole = self.query.scope.is_some() || self.has_conditions();
        let inside = history.attributes.iter().filter(|(name, _)| whole || asked(name)).map(|(name, all)| {
            let mut all: Vec<&Instance> = all.iter().filter(|i| self.window.holds(i)).collect();
            all.sort_by_key(|i| (property.of(i).or(i.created).or(i.deleted), i.id));
            (name.as_str(), all)
        });
        let mut series: Series<'_> = inside.collect();
        if let Some(wanted) = &self.query.scope {
            self.in_scope(wanted, history, &mut series)?;
        }
        series.retain(|_, all| !all.is_empty());
        if self.has_conditions() && !self.fits(&id, space, &history.types, &series) {
            return None;
        }
        let mut attributes = BTreeMap::new();
        for (name, mut all) in series.into_iter().filter(|(name, _)| asked(name)) {
            if !self.datasets.is_empty() {
                all.retain(|i| self.datasets.iter().any(|d| d == i.attribute.dataset.as_deref().unwrap_or("@none")));
            }
            let first = self.last.map_or(0, |last| all.len().saturating_sub(last));
            if first < all.len() {
                attributes.insert(name.to_owned(), all.into_iter().skip(first).cloned().collect());
            }
        }
        let there = !attributes.is_empty();
        let types = history.types.clone();
        there.then(|| Evolution { id, space: space.clone(), types, created, modified, attributes })
    }

    /// What must hold of its values.
    const fn has_conditions(&self) -> bool {
        !self.query.attributes.is_empty() || self.query.filter.is_some() || self.query.place.is_some()
    }

    fn fits(&self, id: &Urn, space: &SpacePath, types: &[String], series: &Series<'_>) -> bool {
        let conditions = Query {
            attributes: self.query.attributes.clone(),
            filter: self.query.filter.clone(),
            place: self.query.place.clone(),
            ..Query::default()
        };
        conditions.fits(&at_once(id, space, types, series), &|_| None)
    }

    /// Only what was while a scope that fits held, from when it was set to when the next one was.
    fn in_scope<'a>(&self, wanted: &ScopeExpr, history: &'a History, series: &mut Series<'a>) -> Option<()> {
        let scopes = history.attributes.get(SCOPE).into_iter().flatten();
        let mut all: Vec<&Instance> = scopes.filter(|i| i.deleted.is_none()).collect();
        all.sort_by_key(|i| i.observed);
        let mut held: Vec<(Option<Timestamp>, Option<Timestamp>, &Instance)> = Vec::new();
        for (n, instance) in all.iter().enumerate() {
            let until = all.get(n + 1).and_then(|next| next.observed);
            if wanted.fits(&scopes_of(instance)) {
                held.push((instance.observed, until, instance));
            }
        }
        let (from, to) = self.window.bounds();
        held.retain(|(since, until, _)| {
            let begins = to.is_none_or(|to| since.is_none_or(|s| s < to));
            begins && from.is_none_or(|from| until.is_none_or(|u| u > from))
        });
        if held.is_empty() {
            return None;
        }
        let property = self.window.property();
        for (_, instances) in series.iter_mut().filter(|(name, _)| **name != SCOPE) {
            instances.retain(|i| {
                let at = property.of(i);
                held.iter().any(|(since, until, _)| {
                    since.is_none_or(|s| at.is_none_or(|a| a >= s)) && until.is_none_or(|u| at.is_none_or(|a| a < u))
                })
            });
        }
        series.insert(SCOPE, held.into_iter().map(|(_, _, i)| i).collect());
        Some(())
    }
}

fn scopes_of(instance: &Instance) -> Vec<String> {
    match &instance.attribute.value {
        AttributeValue::Value(serde_json::Value::Array(all)) => {
            all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        }
        AttributeValue::Value(serde_json::Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}
