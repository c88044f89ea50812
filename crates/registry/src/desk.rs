use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_store::entity::{AttributeUse, Write};
use svod_store::{Conn, Engine, StoreError};

use crate::cache::{Cache, New, Place, Touched};
use crate::execute::entity_of;
use crate::index::{self, Indexes};
use crate::{CommandError, SpaceId, SpaceTree};

/// The entities that a command touches, as they were and as they are by now. Written in one go at the end.
pub(crate) struct Desk<'j> {
    spaces: &'j SpaceTree,
    within: Option<(SpaceId, &'j SpacePath)>,
    slots: HashMap<Urn, Slot>,
    /// In the order in which they were first touched.
    touched: Vec<Urn>,
}

/// What a command has left behind.
#[derive(Default)]
pub(crate) struct Left {
    /// Entities as they are.
    pub entities: Vec<Arc<Entity>>,
    /// Those of them that were there before, with where they stand.
    pub placed: Vec<(Place, New)>,
    /// Entities that are gone, as they were.
    pub tombstones: Vec<Arc<Entity>>,
}

impl Left {
    fn add(&mut self, slot: &Slot, write: &Write) {
        match (&slot.now, &slot.old) {
            (Some(now), _) => {
                self.entities.push(now.clone());
                if let (Some(place), Ok(doc)) = (slot.row, &write.doc) {
                    self.placed.push((place, New { entity: now.clone(), size: doc.len(), alone: slot.alone }));
                }
            }
            (None, Some(was)) => {
                let merged_into = slot.redirect.clone();
                self.tombstones.push(Arc::new(Entity { merged_into, ..Entity::clone(was) }));
            }
            (None, None) => {}
        }
    }
}

/// An entity on the desk before it was set.
pub(crate) struct Before {
    urn: Urn,
    version: i64,
    now: Option<Arc<Entity>>,
    gone: Option<Arc<Entity>>,
    redirect: Option<Urn>,
    touched: bool,
}

/// One identifier.
#[derive(Default)]
pub(crate) struct Slot {
    row: Option<Place>,
    /// No other entity has the identifier, in any tree.
    alone: bool,
    old: Option<Arc<Entity>>,
    /// The version of the last thing there was.
    pub version: i64,
    /// What is there now.
    pub now: Option<Arc<Entity>>,
    /// What was there before it was removed.
    pub tombstone: Option<Entity>,
    buried: Option<SpaceId>,
    /// What was removed here, as it was by then.
    gone: Option<Arc<Entity>>,
    /// Where those are led who ask for it when it is gone.
    redirect: Option<Urn>,
    /// The identifier belongs to an entity of the tree that the command does not reach.
    pub foreign: bool,
    touched: bool,
}

impl Slot {
    /// What was there last, where nothing is any more. Of what was erased only the way to where it went is left.
    pub fn beneath(&self) -> Option<&Entity> {
        let last = self.gone.as_deref().or(self.old.as_deref()).or(self.tombstone.as_ref());
        let erased = |e: &&Entity| e.merged_into.is_some() && e.attributes.is_empty();
        last.filter(|e| self.now.is_none() && !erased(e))
    }
}

impl<'j> Desk<'j> {
    /// Reads all of them. What has ceased to be is not there, unless it is to be cleared away.
    pub fn load(
        conn: &mut dyn Conn,
        spaces: &'j SpaceTree,
        within: Option<&'j SpacePath>,
        urns: &[&Urn],
        (now, keep_expired): (Timestamp, bool),
        cache: &Cache,
    ) -> Result<Self, CommandError> {
        let within = match within {
            None => None,
            Some(path) => {
                let info = spaces.get(path).ok_or_else(|| CommandError::UnknownSpace(path.clone()))?;
                Some((spaces.top(info.id), path))
            }
        };
        let mut desk = Self { spaces, within, slots: HashMap::with_capacity(urns.len()), touched: Vec::new() };
        let reach = within.filter(|_| conn.engine() == Engine::Postgres).map(|(top, _)| spaces.tree(top));
        let reach = reach.unwrap_or_default();
        let mut found = there(conn, urns, &reach, cache)?;
        let missing: Vec<&str> = urns.iter().map(|u| u.as_str()).filter(|u| !found.contains_key(*u)).collect();
        let mut buried: HashMap<String, _> = HashMap::new();
        if !missing.is_empty() {
            let all = svod_store::entity::tombstones(conn, &missing, &reach)?;
            buried.extend(all.into_iter().filter(|t| desk.is_within(t.space)).map(|t| (t.urn.clone(), t)));
        }
        for urn in urns {
            let mut slot = Slot::default();
            let all = found.remove(urn.as_str()).unwrap_or_default();
            slot.alone = all.len() < 2;
            if let Some((place, entity)) =
                all.into_iter().filter(|(place, _)| desk.is_within(place.0)).min_by_key(|a| a.0)
            {
                if desk.within.is_some_and(|(_, path)| !path.covers(&entity.space)) {
                    slot.foreign = true;
                    desk.slots.insert((*urn).clone(), slot);
                    continue;
                }
                slot.row = Some(place);
                slot.version = entity.version;
                slot.now = match entity.next_expiry() {
                    Some(at) if at <= now && !keep_expired => Entity::clone(&entity).living(now).map(Arc::new),
                    _ => Some(entity.clone()),
                };
                slot.old = Some(entity);
            } else if let Some(t) = buried.get(urn.as_str()) {
                slot.version = t.version;
                slot.buried = Some(t.space);
                slot.tombstone = serde_json::from_str(&t.doc).ok();
            }
            desk.slots.insert((*urn).clone(), slot);
        }
        Ok(desk)
    }

    fn is_within(&self, space: SpaceId) -> bool {
        self.within.is_none_or(|(top, _)| self.spaces.top(space) == top)
    }

    pub fn slot(&self, urn: &Urn) -> Option<&Slot> {
        self.slots.get(urn)
    }

    /// All entities on it, as they are by now.
    pub fn present(&self) -> impl Iterator<Item = &Entity> {
        self.slots.values().filter_map(|s| s.now.as_deref())
    }

    /// Is it yet to be written for the first time?
    pub fn is_new(&self, urn: &Urn) -> bool {
        self.slots.get(urn).is_some_and(|s| s.row.is_none() && s.now.is_some())
    }

    /// The entity is like this from now on, or gone (and become a part of another perhaps); what it was, to undo it.
    pub fn set(&mut self, urn: &Urn, now: Result<Entity, Option<Urn>>) -> Before {
        let slot = self.slots.entry(urn.clone()).or_default();
        let (now, into) = match now {
            Ok(entity) => (Some(Arc::new(entity)), None),
            Err(into) => (None, into),
        };
        let next = now.as_ref().map_or(slot.version, |e| e.version);
        let redirect = std::mem::replace(&mut slot.redirect, into);
        let version = std::mem::replace(&mut slot.version, next);
        let now = std::mem::replace(&mut slot.now, now);
        let gone = slot.gone.clone();
        if slot.now.is_none() {
            slot.gone.clone_from(&now);
        }
        let touched = std::mem::replace(&mut slot.touched, true);
        if !touched {
            self.touched.push(urn.clone());
        }
        Before { urn: urn.clone(), version, now, gone, redirect, touched }
    }

    /// Takes the last thing back that was set.
    pub fn unset(&mut self, before: Before) {
        let Before { urn, version, now, gone, redirect, touched } = before;
        if !touched {
            self.touched.pop();
        }
        let slot = self.slots.entry(urn).or_default();
        (slot.version, slot.now, slot.gone) = (version, now, gone);
        (slot.redirect, slot.touched) = (redirect, touched);
    }

    /// Where the entities stood before.
    pub fn places(&self) -> Vec<Touched> {
        self.slots.iter().map(|(urn, slot)| (urn.clone(), slot.row)).collect()
    }

    /// Writes what has become of all of them.
    pub fn write(mut self, conn: &mut dyn Conn, indexes: &Indexes, at: Timestamp) -> Result<Left, CommandError> {
        let touched = std::mem::take(&mut self.touched);
        let slots: Vec<(Urn, Slot)> =
            touched.into_iter().filter_map(|urn| self.slots.remove(&urn).map(|slot| (urn, slot))).collect();
        let mut writes = Vec::with_capacity(slots.len());
        let (mut uses, mut left) = (HashMap::new(), Left::default());
        for (urn, slot) in &slots {
            let Some(write) = self.one(urn, slot, indexes, at)? else { continue };
            count_uses(&mut uses, write.space, slot.old.as_deref(), slot.now.as_deref());
            left.add(slot, &write);
            writes.push(write);
        }
        svod_store::entity::write(conn, &writes)?;
        svod_store::entity::count_attributes(conn, uses.into_iter())?;
        Ok(left)
    }

    fn one(&self, urn: &Urn, slot: &Slot, indexes: &Indexes, at: Timestamp) -> Result<Option<Write>, CommandError> {
        let Some(last) = slot.now.as_ref().or(slot.old.as_ref()) else { return Ok(None) };
        let space = match slot.row {
            Some((space, _)) => space,
            None if slot.now.is_none() => return Ok(None), // made and removed by the same command
            None => self.id(&last.space)?,
        };
        let top = self.spaces.top(space);
        let (before, after) = indexes.changed_rows(top, slot.old.as_deref(), slot.now.as_deref());
        let retyped =
            slot.old.as_deref().zip(slot.now.as_deref()).is_some_and(|(a, b)| index::mark(a) != index::mark(b));
        let (types_gone, types_added) = types(slot.old.as_deref(), slot.now.as_deref());
        let text = |e: &Entity| serde_json::to_string(e).map_err(|e| StoreError::Shape(e.to_string()));
        let doc = match (&slot.now, &slot.old) {
            (Some(now), _) => Ok(text(now)?),
            (None, old) => {
                let last = old.as_deref().map(|e| Entity { merged_into: slot.redirect.clone(), ..e.clone() });
                Err(last.as_ref().map(text).transpose()?.unwrap_or_default())
            }
        };
        Ok(Some(Write {
            space,
            id: slot.row.map(|r| r.1),
            urn: urn.to_string(),
            kind: last.kind.clone(),
            retyped: slot.old.as_ref().is_some_and(|old| old.kind != last.kind),
            version: slot.version,
            created: last.created_at,
            modified: at,
            doc,
            mark: slot.now.as_deref().map_or(0, index::mark),
            gone: if retyped { before.iter().cloned().collect() } else { before.difference(&after).cloned().collect() },
            added: if retyped { after.into_iter().collect() } else { after.difference(&before).cloned().collect() },
            types_gone,
            types_added,
            tombstone: slot.buried == Some(space),
        }))
    }

    fn id(&self, path: &SpacePath) -> Result<SpaceId, CommandError> {
        self.spaces.get(path).map(|s| s.id).ok_or_else(|| CommandError::UnknownSpace(path.clone()))
    }
}

/// Entities by identifier, each with its place.
type There = HashMap<String, Vec<(Place, Arc<Entity>)>>;

/// Entities of these identifiers, in all trees that are in reach.
fn there(conn: &mut dyn Conn, urns: &[&Urn], reach: &[SpaceId], cache: &Cache) -> Result<There, CommandError> {
    let mut found = There::with_capacity(urns.len());
    let mut unknown = Vec::with_capacity(urns.len());
    for urn in urns {
        match cache.placed(urn.as_str()) {
            Some(all) => drop(found.insert(urn.to_string(), all)),
            None => unknown.push(urn.as_str()),
        }
    }
    if !unknown.is_empty() {
        for row in svod_store::entity::get_many(conn, &unknown, reach)? {
            let entity = Arc::new(entity_of(&row)?);
            found.entry(row.urn).or_default().push(((row.space, row.id), entity));
        }
    }
    Ok(found)
}

/// Adds attributes lost and gained, by type.
fn count_uses<'e>(
    uses: &mut HashMap<AttributeUse<'e>, i64>,
    space: SpaceId,
    old: Option<&'e Entity>,
    new: Option<&'e Entity>,
) {
    let same = old.zip(new).is_some_and(|(a, b)| {
        let holds = |e: &Attribute| std::mem::discriminant(&e.value);
        let alike = |((n, x), (m, y)): ((&String, &Attribute), (&String, &Attribute))| n == m && holds(x) == holds(y);
        a.attributes.len() == b.attributes.len()
            && a.attributes.iter().zip(&b.attributes).all(alike)
            && a.kinds().eq(b.kinds())
    });
    if same {
        return;
    }
    for (entity, by) in new.map(|e| (e, 1)).into_iter().chain(old.map(|e| (e, -1))) {
        for (name, attribute) in &entity.attributes {
            for kind in entity.kinds().chain([""]) {
                *uses
                    .entry(AttributeUse { space, kind, attribute: name, holds: attribute.value.kind() })
                    .or_default() += by;
            }
        }
    }
}

/// Types lost and gained.
fn types(old: Option<&Entity>, new: Option<&Entity>) -> (Vec<String>, Vec<String>) {
    let mut change: BTreeMap<&str, i64> = BTreeMap::new();
    new.into_iter().flat_map(Entity::kinds).for_each(|k| *change.entry(k).or_default() += 1);
    old.into_iter().flat_map(Entity::kinds).for_each(|k| *change.entry(k).or_default() -= 1);
    let of = |sign: i64| change.iter().filter(|(_, n)| n.signum() == sign).map(|(k, _)| (*k).to_owned()).collect();
    (of(-1), of(1))
}
