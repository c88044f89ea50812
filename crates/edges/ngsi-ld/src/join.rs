//! Related entities in the answer (clause 4.5.23): inside the relationship, or beside the entities.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_registry::Registry;

use crate::NgsiState;
use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::render::{Form, Joined};
use crate::request::Asked;
use crate::snapshots::Frozen;

/// Deepest level of related entities.
const MAX_LEVEL: usize = 8;

/// Where related entities stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Not,
    Inline,
    Flat,
}

fn how(word: Option<&str>) -> Answer<How> {
    match word {
        None | Some("@none") => Ok(How::Not),
        Some("inline") => Ok(How::Inline),
        Some("flat") => Ok(How::Flat),
        Some(other) => Err(ApiError::bad(format!("'join' must be inline, flat or @none, not '{other}'"))),
    }
}

/// What is joined.
#[derive(Debug, Clone)]
pub struct Join {
    how: How,
    level: usize,
    /// Entities that hold the answer already and are not shown again.
    outside: Vec<Urn>,
}

/// Where related entities are looked up.
#[derive(Clone, Copy)]
pub enum Beyond<'a> {
    /// In the graph, as this actor may see it.
    Graph(&'a Registry, &'a Actor),
    /// In a snapshot.
    Snapshot(&'a Frozen),
}

impl<'a> Beyond<'a> {
    /// Where the request looks.
    pub fn of(state: &'a NgsiState, asked: &'a Asked) -> Self {
        asked.snapshot.as_ref().map_or(Self::Graph(&state.registry, &asked.actor), Self::Snapshot)
    }

    async fn those(self, urns: Vec<Urn>) -> Answer<Vec<Arc<Entity>>> {
        match self {
            Self::Graph(registry, actor) => Ok(registry.entities(actor, urns).await?),
            Self::Snapshot(frozen) => Ok(urns.iter().filter_map(|urn| frozen.get(urn)).collect()),
        }
    }
}

impl Join {
    /// From `join`, `joinLevel` and `containedBy`.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of(asked: &Asked) -> Answer<Self> {
        let level = asked.number("joinLevel", 1, 1)?.min(MAX_LEVEL);
        let outside = asked.words("containedBy");
        let outside = outside.iter().map(|w| crate::entities::urn(w)).collect::<Answer<_>>()?;
        Ok(Self { how: how(asked.param("join"))?, level, outside })
    }

    /// What a `Query` document says (clause 5.2.23); else as the address does.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_document(asked: &Asked, body: &Value) -> Answer<Self> {
        let mut join = Self::of(asked)?;
        match body.get("join") {
            None => {}
            Some(Value::String(word)) => join.how = how(Some(word))?,
            Some(_) => return Err(ApiError::bad("'join' must be inline, flat or @none")),
        }
        if let Some(level) = body.get("joinLevel").and_then(Value::as_u64) {
            join.level = usize::try_from(level).unwrap_or(MAX_LEVEL).min(MAX_LEVEL);
        }
        if let Some(all) = body.get("containedBy").and_then(Value::as_array) {
            join.outside = all.iter().map(|id| crate::parse::uri("containedBy", id)).collect::<Answer<_>>()?;
        }
        Ok(join)
    }

    /// Do entities stand alone?
    pub fn is_none(&self) -> bool {
        self.how == How::Not
    }

    /// How many steps away from an entity is looked at.
    pub const fn depth(&self) -> usize {
        match self.how {
            How::Not => 0,
            How::Inline | How::Flat => self.level,
        }
    }

    /// What a subscription says: how, and how far.
    pub fn told(how: Option<&str>, level: usize) -> Self {
        let how = match how {
            Some("inline") => How::Inline,
            Some("flat") => How::Flat,
            _ => How::Not,
        };
        Self { how, level: level.min(MAX_LEVEL), outside: Vec::new() }
    }

    /// The entities as documents, with what is joined.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        beyond: Beyond<'_>,
        context: &Context,
        form: &Form,
        entities: &[Arc<Entity>],
    ) -> Answer<Vec<Map<String, Value>>> {
        if self.how == How::Not {
            return Ok(entities.iter().map(|e| form.entity(e, context, &Joined::new())).collect());
        }
        let known = self.gather(beyond, form, entities).await?;
        if self.how == How::Inline {
            let all = entities.iter().map(|e| self.inline(e, &known, context, form, &self.outside, self.level));
            return Ok(all.collect());
        }
        let mut all: Vec<_> = entities.iter().map(|e| form.entity(e, context, &Joined::new())).collect();
        let mut beside: Vec<_> = known.iter().filter(|(u, _)| !entities.iter().any(|e| &e.id == *u)).collect();
        beside.sort_by(|a, b| a.0.cmp(b.0));
        all.extend(beside.into_iter().map(|(_, (e, form))| form.entity(e, context, &Joined::new())));
        Ok(all)
    }

    /// Related entities level by level, each in the form that the way there gives it. Only what is shown is followed.
    async fn gather(
        &self,
        beyond: Beyond<'_>,
        form: &Form,
        entities: &[Arc<Entity>],
    ) -> Answer<HashMap<Urn, (Arc<Entity>, Form)>> {
        let mut known: HashMap<Urn, (Arc<Entity>, Form)> = HashMap::new();
        let mut at: Vec<(Arc<Entity>, Form)> = entities.iter().map(|e| (e.clone(), form.clone())).collect();
        for _ in 0..self.level {
            let mut wanted: HashMap<Urn, Form> = HashMap::new();
            for (e, form) in &at {
                for (name, a) in e.attributes.iter().filter(|(name, _)| form.shows(name)) {
                    for target in a.instances().flat_map(|i| i.value.targets()) {
                        if !known.contains_key(target) && !self.outside.contains(target) {
                            wanted.entry(target.clone()).or_insert_with(|| form.of_related(name));
                        }
                    }
                }
            }
            let found = beyond.those(wanted.keys().cloned().collect()).await?;
            at = found.into_iter().filter_map(|e| wanted.remove(&e.id).map(|form| (e, form))).collect();
            known.extend(at.iter().map(|(e, form)| (e.id.clone(), (e.clone(), form.clone()))));
        }
        Ok(known)
    }

    fn inline(
        &self,
        e: &Entity,
        known: &HashMap<Urn, (Arc<Entity>, Form)>,
        context: &Context,
        form: &Form,
        outside: &[Urn],
        level: usize,
    ) -> Map<String, Value> {
        let mut joined = Joined::new();
        if level > 0 {
            let mut outside = outside.to_vec();
            outside.push(e.id.clone());
            for (name, a) in &e.attributes {
                for target in a.instances().flat_map(|i| i.value.targets()).filter(|t| !outside.contains(t)) {
                    if let Some((related, _)) = known.get(target) {
                        let form = form.of_related(name);
                        let inner = self.inline(related, known, context, &form, &outside, level - 1);
                        joined.insert(target.clone(), Value::Object(inner));
                    }
                }
            }
        }
        form.entity(e, context, &joined)
    }
}
