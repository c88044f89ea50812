use std::sync::Arc;

use serde_json::json;
use svod_kernel::{Actor, SpacePath, Urn};
use svod_registry::{CommandError, QueryError, Registry, SpaceId};
use svod_store::{Conn, Store, evolution};

use crate::ask::{Ask, Evolutions, Found, at_once};
use crate::history::{History, Instance};
use crate::memory::Memory;
use crate::rewrite::{MEMBER, Rewrite, VERB};

/// Identifiers read at once.
const STEP: u16 = 200;
/// Entities looked at for one question at the most.
const MOST: usize = 20_000;

/// What was when.
pub struct Temporal {
    registry: Arc<Registry>,
    store: Store,
    memory: Arc<Memory>,
}

impl Temporal {
    /// Over the registry's store; histories take at most so many bytes of memory between questions.
    pub fn new(registry: Arc<Registry>, store: Store, bytes: u64) -> Self {
        Self { registry, store, memory: Arc::new(Memory::new(bytes)) }
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
    ) -> Result<Option<(SpacePath, Arc<History>)>, QueryError> {
        let spaces = self.spaces(space)?;
        let Some((home, history)) = self.known(spaces, urn).await? else { return Ok(None) };
        let Some(path) = self.registry.spaces().path(home).cloned() else { return Ok(None) };
        Ok(self.seen(actor, urn, &path, history).map(|history| (path, history)))
    }

    /// The first of the spaces in which something is known of it.
    async fn known(&self, spaces: Vec<SpaceId>, urn: &Urn) -> Result<Option<(SpaceId, Arc<History>)>, QueryError> {
        let (text, memory) = (Arc::<str>::from(urn.as_str()), self.memory.clone());
        let (name, all) = (text.clone(), spaces.clone());
        let glance = move |conn: &mut dyn Conn| {
            for space in all {
                match memory.glance(conn, space, &name)? {
                    None => return Ok(None),
                    Some(history) if history.is_empty() => {}
                    Some(history) => return Ok(Some(Some((space, history)))),
                }
            }
            Ok::<_, QueryError>(Some(None))
        };
        if let Some(found) = self.store.glance(glance).await? {
            return Ok(found);
        }
        let memory = self.memory.clone();
        let read = move |conn: &mut dyn Conn| {
            for space in spaces {
                let history = memory.read(conn, space, &text)?;
                if !history.is_empty() {
                    return Ok(Some((space, history)));
                }
            }
            Ok(None)
        };
        self.store.read(read).await
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
            for part in urns.chunks(usize::from(STEP)) {
                let (part, memory) = (part.to_vec(), self.memory.clone());
                let read = move |conn: &mut dyn Conn| {
                    part.into_iter()
                        .map(|urn| Ok((memory.read(conn, space, &urn)?, urn)))
                        .collect::<Result<Vec<_>, QueryError>>()
                };
                for (history, urn) in self.store.read(read).await? {
                    let Ok(urn) = urn.parse::<Urn>() else { continue };
                    let Some(mut history) = self.seen(actor, &urn, &path, history) else { continue };
                    if let Some(more) = others.remove(&urn) {
                        Arc::make_mut(&mut history).join(more);
                    }
                    found.extend(ask.evolution(urn, &path, &history));
                }
            }
        }
        found.extend(others.into_iter().filter_map(|(urn, history)| ask.evolution(urn, &ask.space, &history)));
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
                        let page = evolution::urns(conn, space, kind.as_deref(), &after, STEP.into())?;
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
    fn seen(&self, actor: &Actor, urn: &Urn, space: &SpacePath, mut history: Arc<History>) -> Option<Arc<History>> {
        if history.is_empty() {
            return None;
        }
        // What was not to be kept longer is not part of the past either.
        let now = self.registry.clock().now();
        let gone = |i: &Instance| i.attribute.expires_at.is_some_and(|at| at <= now);
        if history.attributes.values().flatten().any(gone) {
            let history = Arc::make_mut(&mut history);
            history.attributes.values_mut().for_each(|all| all.retain(|i| !gone(i)));
            history.attributes.retain(|_, all| !all.is_empty());
        }
        if self.registry.spaces().get(space).is_some_and(|s| s.open) {
            return Some(history);
        }
        let instances = history.attributes.iter().map(|(name, all)| (name.as_str(), all.iter().collect())).collect();
        let entity = self.registry.redact(actor, Arc::new(at_once(urn, space, &history.types, &instances)))?;
        if history.attributes.keys().any(|name| !entity.attributes.contains_key(name)) {
            Arc::make_mut(&mut history).attributes.retain(|name, _| entity.attributes.contains_key(name));
        }
        Some(history)
    }
}
