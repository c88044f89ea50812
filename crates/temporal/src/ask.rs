use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_query::{Query, ScopeExpr};
use svod_registry::{CommandError, QueryError, Registry, SpaceId};
use svod_store::{Conn, Store, StoreError, evolution, journal};

use crate::history::{History, Instance, SCOPE};
use crate::rewrite::{MEMBER, Rewrite, VERB};

/// Identifiers read at once.
const STEP: i64 = 200;
/// Events of one entity read at once.
const EVENTS: i64 = 1_000;
/// Entities looked at for one question at the most.
const MOST: usize = 20_000;

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

/// What was when.
pub struct Temporal {
    registry: Arc<Registry>,
    store: Store,
}

impl Temporal {
    /// Over the registry's store.
    pub const fn new(registry: Arc<Registry>, store: Store) -> Self {
        Self { registry, store }
    }

    /// Writes a change of an entity's history into the journal.
    ///
    /// # Errors
    /// See [`Registry::record`].
    pub async fn rewrite(
        &self,
        actor: &Actor,
        space: &SpacePath,
        urn: &Urn,
        types: &[String],
        rewrite: &Rewrite,
    ) -> Result<(), CommandError> {
        let kind = types.first().map_or("Entity", String::as_str);
        let named = (*rewrite != Rewrite::DropAll).then(|| types.to_vec());
        self.registry.record(actor, space, urn, kind, VERB, json!({ MEMBER: rewrite }), named).await
    }

    /// One entity over time, everything, and the space in which it stands; none when nothing is known of it that the actor
    /// may see.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`], or when the store fails.
    pub async fn history(
        &self,
        actor: &Actor,
        space: &SpacePath,
        urn: &Urn,
    ) -> Result<Option<(SpacePath, History)>, QueryError> {
        let spaces = self.spaces(space)?;
        let text = urn.to_string();
        let read = move |conn: &mut dyn Conn| {
            for space in spaces {
                let history = history(conn, space, &text)?;
                if !history.is_empty() {
                    return Ok(Some((space, history)));
                }
            }
            Ok::<_, QueryError>(None)
        };
        let Some((home, history)) = self.store.read(read).await? else { return Ok(None) };
        let Some(path) = self.registry.spaces().path(home).cloned() else { return Ok(None) };
        Ok(self.seen(actor, urn, &path, history).map(|history| (path, history)))
    }

    /// Everything that fits and that the actor may see; `others` is what is known elsewhere.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`]; [`QueryError::TooBroad`] when too much would have to be looked at.
    pub async fn find(&self, actor: &Actor, ask: &Ask, mut others: Evolutions) -> Result<Found, QueryError> {
        let mut found = Vec::new();
        let mut looked = 0;
        for (space, urns) in self.candidates(ask).await? {
            looked += urns.len();
            if looked > MOST {
                return Err(QueryError::TooBroad(MOST));
            }
            let Some(path) = self.registry.spaces().path(space).cloned() else { continue };
            for part in urns.chunks(STEP as usize) {
                let part = part.to_vec();
                let read = move |conn: &mut dyn Conn| {
                    part.into_iter()
                        .map(|urn| Ok((history(conn, space, &urn)?, urn)))
                        .collect::<Result<Vec<_>, QueryError>>()
                };
                for (history, urn) in self.store.read(read).await? {
                    let Ok(urn) = urn.parse::<Urn>() else { continue };
                    let Some(mut history) = self.seen(actor, &urn, &path, history) else { continue };
                    if let Some(more) = others.remove(&urn) {
                        history.join(more);
                    }
                    found.extend(ask.evolution(urn, &path, history));
                }
            }
        }
        found.extend(others.into_iter().filter_map(|(urn, history)| ask.evolution(urn, &ask.space, history)));
        found.sort_by(|a, b| if ask.descending { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) });
        let total = found.len();
        let evolutions = found.into_iter().skip(ask.offset).take(ask.limit).collect();
        Ok(Found { evolutions, total })
    }

    fn spaces(&self, path: &SpacePath) -> Result<Vec<SpaceId>, QueryError> {
        let spaces = self.registry.spaces().ids(path, true);
        if spaces.is_empty() { Err(QueryError::UnknownSpace(path.clone())) } else { Ok(spaces) }
    }

    /// Identifiers that may fit, space by space.
    async fn candidates(&self, ask: &Ask) -> Result<Vec<(SpaceId, Vec<String>)>, QueryError> {
        let spaces = self.spaces(&ask.space)?;
        if !ask.query.ids.is_empty() {
            let urns: Vec<String> = ask.query.ids.iter().map(ToString::to_string).collect();
            return Ok(spaces.into_iter().map(|s| (s, urns.clone())).collect());
        }
        let kinds: Vec<Option<String>> = match ask.query.types.any_of() {
            // An entity may have had a type that it has no more: types are compared with its history.
            None => vec![None],
            Some(kinds) => kinds.into_iter().map(|k| Some(k.to_owned())).collect(),
        };
        let read = move |conn: &mut dyn Conn| {
            let mut all = Vec::new();
            for space in spaces {
                let mut urns = Vec::new();
                for kind in &kinds {
                    let mut after = String::new();
                    loop {
                        let page = evolution::urns(conn, space, kind.as_deref(), &after, STEP)?;
                        let Some(last) = page.last() else { break };
                        after.clone_from(last);
                        urns.extend(page);
                        if urns.len() > MOST {
                            return Err(QueryError::TooBroad(MOST));
                        }
                    }
                }
                urns.sort();
                urns.dedup();
                all.push((space, urns));
            }
            Ok(all)
        };
        self.store.read(read).await
    }

    /// What the actor may see of it.
    fn seen(&self, actor: &Actor, urn: &Urn, space: &SpacePath, mut history: History) -> Option<History> {
        if history.is_empty() {
            return None;
        }
        // What was not to be kept longer is not part of the past either.
        let now = self.registry.clock().now();
        for all in history.attributes.values_mut() {
            all.retain(|i| i.attribute.expires_at.is_none_or(|at| at > now));
        }
        history.attributes.retain(|_, all| !all.is_empty());
        let entity = self.registry.redact(actor, Arc::new(at_once(urn, space, &history.types, &history.attributes)))?;
        history.attributes.retain(|name, _| entity.attributes.contains_key(name));
        Some(history)
    }
}

fn history(conn: &mut dyn Conn, space: SpaceId, urn: &str) -> Result<History, StoreError> {
    let mut history = History::default();
    let mut after = 0;
    loop {
        let rows = journal::by_entity(conn, space, urn, after, EVENTS)?;
        let Some(last) = rows.last() else { return Ok(history) };
        after = last.seq;
        rows.iter().for_each(|r| history.take(r.seq, &r.event));
    }
}

/// An entity that holds every instance at once, for conditions that any of them may meet.
fn at_once(urn: &Urn, space: &SpacePath, types: &[String], attributes: &BTreeMap<String, Vec<Instance>>) -> Entity {
    let mut types = types.iter().cloned();
    let mut entity = Entity::new(urn.clone(), types.next().unwrap_or_default(), space.clone());
    entity.also = types.collect();
    for (name, all) in attributes {
        let mut instances = all.iter().map(|i| i.attribute.clone());
        if let Some(first) = instances.next() {
            let whole = Attribute { others: instances.collect(), ..first };
            entity.attributes.insert(name.clone(), whole);
        }
    }
    entity
}

impl Ask {
    /// The part of a history that is asked for; none when the entity does not fit.
    pub fn evolution(&self, id: Urn, space: &SpacePath, history: History) -> Option<Evolution> {
        let kinds: Vec<&str> = history.types.iter().map(String::as_str).collect();
        let named = self.query.ids.is_empty() || self.query.ids.contains(&id);
        let matched = self.query.id_pattern.as_ref().is_none_or(|p| p.is_match(id.as_str()));
        if !named || !matched || !self.query.types.fits(&kinds) {
            return None;
        }
        let mut attributes = history.attributes;
        let scopes = attributes.get(SCOPE).cloned().unwrap_or_default();
        let (created, modified) = (history.created?, history.modified?);
        for all in attributes.values_mut() {
            all.retain(|i| self.window.holds(i));
            let property = self.window.property();
            all.sort_by_key(|i| (property.of(i).or(i.created).or(i.deleted), i.id));
        }
        if let Some(wanted) = &self.query.scope {
            self.in_scope(wanted, &scopes, &mut attributes)?;
        }
        attributes.retain(|_, all| !all.is_empty());
        if !self.fits(&id, space, &history.types, &attributes) {
            return None;
        }
        let asked = |name: &String| self.attributes.is_empty() || self.attributes.contains(name);
        attributes.retain(|name, _| asked(name));
        for all in attributes.values_mut() {
            let dataset = |i: &Instance| i.attribute.dataset.clone().unwrap_or_else(|| "@none".into());
            all.retain(|i| self.datasets.is_empty() || self.datasets.contains(&dataset(i)));
            if let Some(last) = self.last {
                all.drain(..all.len().saturating_sub(last));
            }
        }
        attributes.retain(|_, all| !all.is_empty());
        if attributes.is_empty() {
            return None;
        }
        Some(Evolution { id, space: space.clone(), types: history.types, created, modified, attributes })
    }

    fn fits(
        &self,
        id: &Urn,
        space: &SpacePath,
        types: &[String],
        attributes: &BTreeMap<String, Vec<Instance>>,
    ) -> bool {
        let conditions = Query {
            attributes: self.query.attributes.clone(),
            filter: self.query.filter.clone(),
            place: self.query.place.clone(),
            ..Query::default()
        };
        conditions.fits(&at_once(id, space, types, attributes), &|_| None)
    }

    /// Only what was while a scope that fits held, from when it was set to when the next one was.
    fn in_scope(
        &self,
        wanted: &ScopeExpr,
        scopes: &[Instance],
        attributes: &mut BTreeMap<String, Vec<Instance>>,
    ) -> Option<()> {
        let mut all: Vec<&Instance> = scopes.iter().filter(|i| i.deleted.is_none()).collect();
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
        for (_, instances) in attributes.iter_mut().filter(|(name, _)| *name != SCOPE) {
            instances.retain(|i| {
                let at = property.of(i);
                held.iter().any(|(since, until, _)| {
                    since.is_none_or(|s| at.is_none_or(|a| a >= s)) && until.is_none_or(|u| at.is_none_or(|a| a < u))
                })
            });
        }
        let carried = held.into_iter().map(|(_, _, i)| i.clone()).collect();
        attributes.insert(SCOPE.into(), carried);
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
