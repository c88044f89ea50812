use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_store::entity::{AttributeUse, EntityRow, Write};
use svod_store::{Conn, Engine, StoreError};

use crate::cache::Touched;
use crate::execute::entity_of;
use crate::index::Indexes;
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
    /// Entities that are gone, as they were.
    pub tombstones: Vec<Arc<Entity>>,
}

/// An entity on the desk before it was set.
pub(crate) struct Before {
    urn: Urn,
    version: i64,
    now: Option<Entity>,
    redirect: Option<Urn>,
    touched: bool,
}

/// One identifier.
#[derive(Default)]
pub(crate) struct Slot {
    row: Option<(SpaceId, i64)>,
    old: Option<Entity>,
    /// The version of the last thing there was.
    pub version: i64,
    /// What is there now.
    pub now: Option<Entity>,
    /// What was there before it was removed.
    pub tombstone: Option<Entity>,
    buried: Option<SpaceId>,
    /// Where those are led who ask for it when it is gone.
    redirect: Option<Urn>,
    /// The identifier belongs to an entity of the tree that the command does not reach.
    pub foreign: bool,
    touched: bool,
}

impl<'j> Desk<'j> {
    /// Reads all of them. What has ceased to be is not there, unless it is to be cleared away.
    pub fn load(
        conn: &mut dyn Conn,
        spaces: &'j SpaceTree,
        within: Option<&'j SpacePath>,
        urns: &[&Urn],
        (now, keep_expired): (Timestamp, bool),
    ) -> Result<Self, CommandError> {
        let within = match within {
            None => None,
            Some(path) => {
                let info = spaces.get(path).ok_or_else(|| CommandError::UnknownSpace(path.clone()))?;
                Some((spaces.top(info.id), path))
            }
        };
        let mut desk = Self { spaces, within, slots: HashMap::with_capacity(urns.len()), touched: Vec::new() };
        let texts: Vec<&str> = urns.iter().map(|u| u.as_str()).collect();
        let reach = within.filter(|_| conn.engine() == Engine::Postgres).map(|(top, _)| spaces.tree(top));
        let reach = reach.unwrap_or_default();
        let mut rows = svod_store::entity::get_many(conn, &texts, &reach)?;
        rows.sort_by_key(|r| (r.space, r.id));
        let mut found: HashMap<String, EntityRow> = HashMap::with_capacity(rows.len());
        for row in rows.into_iter().filter(|r| desk.is_within(r.space)) {
            found.entry(row.urn.clone()).or_insert(row);
        }
        let missing: Vec<&str> = texts.iter().filter(|u| !found.contains_key(**u)).copied().collect();
        let mut buried: HashMap<String, _> = HashMap::new();
        if !missing.is_empty() {
            let all = svod_store::entity::tombstones(conn, &missing, &reach)?;
            buried.extend(all.into_iter().filter(|t| desk.is_within(t.space)).map(|t| (t.urn.clone(), t)));
        }
        for urn in urns {
            let mut slot = Slot::default();
            if let Some(row) = found.get(urn.as_str()) {
                let entity = entity_of(row)?;
                if desk.within.is_some_and(|(_, path)| !path.covers(&entity.space)) {
                    slot.foreign = true;
                    desk.slots.insert((*urn).clone(), slot);
                    continue;
                }
                slot.row = Some((row.space, row.id));
                slot.version = row.version;
                slot.now = if keep_expired { Some(entity.clone()) } else { entity.clone().living(now) };
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

    /// Is it yet to be written for the first time?
    pub fn is_new(&self, urn: &Urn) -> bool {
        self.slots.get(urn).is_some_and(|s| s.row.is_none() && s.now.is_some())
    }

    /// The entity is like this from now on, or gone (and become a part of another perhaps); what it was, to undo it.
    pub fn set(&mut self, urn: &Urn, now: Result<Entity, Option<Urn>>) -> Before {
        let slot = self.slots.entry(urn.clone()).or_default();
        let (now, into) = match now {
            Ok(entity) => (Some(entity), None),
            Err(into) => (None, into),
        };
        let next = now.as_ref().map_or(slot.version, |e| e.version);
        let redirect = std::mem::replace(&mut slot.redirect, into);
        let version = std::mem::replace(&mut slot.version, next);
        let now = std::mem::replace(&mut slot.now, now);
        let touched = std::mem::replace(&mut slot.touched, true);
        if !touched {
            self.touched.push(urn.clone());
        }
        Before { urn: urn.clone(), version, now, redirect, touched }
    }

    /// Takes the last thing back that was set.
    pub fn unset(&mut self, before: Before) {
        let Before { urn, version, now, redirect, touched } = before;
        if !touched {
            self.touched.pop();
        }
        let slot = self.slots.entry(urn).or_default();
        (slot.version, slot.now, slot.redirect, slot.touched) = (version, now, redirect, touched);
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
        let mut uses = HashMap::new();
        for (urn, slot) in &slots {
            let Some(write) = self.one(urn, slot, indexes, at)? else { continue };
            count_uses(&mut uses, write.space, slot.old.as_ref(), slot.now.as_ref());
            writes.push(write);
        }
        svod_store::entity::write(conn, &writes)?;
        svod_store::entity::count_attributes(conn, uses.into_iter())?;
        Ok(left(slots))
    }

    fn one(&self, urn: &Urn, slot: &Slot, indexes: &Indexes, at: Timestamp) -> Result<Option<Write>, CommandError> {
        let Some(last) = slot.now.as_ref().or(slot.old.as_ref()) else { return Ok(None) };
        let space = match slot.row {
            Some((space, _)) => space,
            None if slot.now.is_none() => return Ok(None), // made and removed by the same command
            None => self.id(&last.space)?,
        };
        let top = self.spaces.top(space);
        let rows = |e: &Option<Entity>| e.as_ref().map(|e| indexes.rows(top, e)).unwrap_or_default();
        let (before, after) = (rows(&slot.old), rows(&slot.now));
        let (types_gone, types_added) = types(slot.old.as_ref(), slot.now.as_ref());
        let text = |e: &Entity| serde_json::to_string(e).map_err(|e| StoreError::Shape(e.to_string()));
        let doc = match (&slot.now, &slot.old) {
            (Some(now), _) => Ok(text(now)?),
            (None, old) => {
                let last = old.clone().map(|e| Entity { merged_into: slot.redirect.clone(), ..e });
                Err(last.as_ref().map(text).transpose()?.unwrap_or_default())
            }
        };
        Ok(Some(Write {
            space,
            id: slot.row.map(|r| r.1),
            urn: urn.to_string(),
            kind: last.kind.clone(),
            version: slot.version,
            created: last.created_at,
            modified: at,
            doc,
            gone: before.difference(&after).cloned().collect(),
            added: after.difference(&before).cloned().collect(),
            types_gone,
            types_added,
            tombstone: slot.buried == Some(space),
        }))
    }

    fn id(&self, path: &SpacePath) -> Result<SpaceId, CommandError> {
        self.spaces.get(path).map(|s| s.id).ok_or_else(|| CommandError::UnknownSpace(path.clone()))
    }
}

fn left(slots: Vec<(Urn, Slot)>) -> Left {
    let mut left = Left::default();
    for (_, slot) in slots {
        match (slot.now, slot.old) {
            (Some(now), _) => left.entities.push(Arc::new(now)),
            (None, Some(was)) => {
                left.tombstones.push(Arc::new(Entity { merged_into: slot.redirect, ..was }));
            }
            (None, None) => {}
        }
    }
    left
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
