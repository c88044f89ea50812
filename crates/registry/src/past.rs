//! Entities as they stood at a moment: what the journal says has changed since is taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath, Timestamp, Urn, number};
use svod_model::{Attribute, Entity};
use svod_store::journal::{self, EventRow};
use svod_store::{Conn, StoreError};

use crate::execute::entity_of;
use crate::find::{Find, Found};
use crate::query::MAX_PAGE;
use crate::view::View;
use crate::{QueryError, Registry, SpaceId};

/// Events taken back for one question at the most.
const MOST_EVENTS: usize = 20_000;
/// Entities that a question about the past may find at the most.
const MOST_FOUND: usize = 10_000;
/// Events read at once.
const STEP: i64 = 500;

impl Registry {
    /// One entity as it stood at that moment, as the actor may see it.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] also when there was none then; [`QueryError::TooBroad`] when too much has happened since.
    pub async fn entity_at(&self, actor: &Actor, urn: &Urn, at: Timestamp) -> Result<Arc<Entity>, QueryError> {
        let spaces = self.spaces().ids_of_all();
        let view = View { now: at, ..self.view() };
        let (asked, paths) = (urn.clone(), view.clone());
        let read = move |conn: &mut dyn Conn| as_of(conn, &paths, &spaces, &asked, at);
        let found = self.store.read(read).await?.into_iter().find_map(|e| view.redact(actor, Arc::new(e)));
        found.ok_or_else(|| QueryError::NotFound(format!("entity {urn} at {at}")))
    }

    /// What fitted at that moment: entities that have not changed since are found as ever, the others are taken back.
    ///
    /// # Errors
    /// As [`Registry::find`]; [`QueryError::TooBroad`] also when too much has happened since.
    pub async fn find_at(&self, actor: &Actor, find: &Find, at: Timestamp) -> Result<Found, QueryError> {
        let view = View { now: at, ..self.view() };
        let spaces = view.spaces.ids(&find.space, find.below);
        if spaces.is_empty() {
            return Err(QueryError::UnknownSpace(find.space.clone()));
        }
        let paths = view.clone();
        let (changed, then) = self
            .store
            .read(move |conn| {
                let mut changed = BTreeSet::new();
                for space in &spaces {
                    touched(conn, *space, at, &mut changed)?;
                }
                let mut then = Vec::new();
                for urn in &changed {
                    then.extend(as_of(conn, &paths, &spaces, urn, at)?);
                }
                Ok::<_, QueryError>((changed, then))
            })
            .await?;
        let mut all: Vec<Arc<Entity>> = then.into_iter().filter_map(|e| view.redact(actor, Arc::new(e))).collect();
        let mut part = Find { order: Vec::new(), offset: 0, limit: MAX_PAGE, count: false, ..find.clone() };
        loop {
            let found = self.find(actor, &part).await?;
            let same = |e: &Arc<Entity>| !changed.contains(&e.id) && find.space.covers(&e.space);
            all.extend(found.entities.into_iter().filter(same));
            if !found.more {
                return Ok(find.among(&all));
            }
            if all.len() > MOST_FOUND {
                return Err(QueryError::TooBroad(MOST_FOUND));
            }
            part.offset += MAX_PAGE;
        }
    }
}

/// Entities of a space that have changed since.
fn touched(conn: &mut dyn Conn, space: SpaceId, at: Timestamp, into: &mut BTreeSet<Urn>) -> Result<(), QueryError> {
    let mut before = i64::MAX;
    let mut seen = 0;
    loop {
        let rows = journal::backwards(conn, space, None, before, STEP)?;
        let since: Vec<&EventRow> = rows.iter().filter(|r| r.event.at > at).collect();
        seen += since.len();
        if seen > MOST_EVENTS {
            return Err(QueryError::TooBroad(MOST_EVENTS));
        }
        into.extend(since.iter().filter(|r| is_of_entity(r)).filter_map(|r| r.event.urn.parse().ok()));
        // Clocks of nodes differ a little: one event of before is not the end, a whole page of them is.
        if since.is_empty() || number::count(rows.len()) < STEP {
            return Ok(());
        }
        before = rows.last().map_or(0, |r| r.seq);
    }
}

/// Documents of edges and packs have no versions: they are no entities.
const fn is_of_entity(row: &EventRow) -> bool {
    row.event.version > 0
}

/// The entity as it stood in each of the spaces that had one.
fn as_of(
    conn: &mut dyn Conn,
    view: &View,
    spaces: &[SpaceId],
    urn: &Urn,
    at: Timestamp,
) -> Result<Vec<Entity>, QueryError> {
    let now = svod_store::entity::get_many(conn, &[urn.as_str()], spaces)?;
    let mut found = Vec::new();
    for space in spaces {
        let Some(path) = view.spaces.path(*space) else { continue };
        let mut events: Vec<(EventRow, Map<String, Value>)> = Vec::new();
        let mut before = i64::MAX;
        // Two that are older than the moment tell what the first of them did.
        while events.iter().filter(|(row, _)| row.event.at <= at).count() < 2 {
            let mut rows = journal::backwards(conn, *space, Some(urn.as_str()), before, STEP)?;
            let mut last = number::count(rows.len()) < STEP;
            before = rows.last().map_or(0, |r| r.seq);
            // What was before an erasure is not known any more.
            if let Some(erased) = rows.iter().position(|r| r.event.action == journal::ERASED) {
                rows.truncate(erased);
                last = true;
            }
            events.extend(rows.into_iter().filter(is_of_entity).filter_map(|row| {
                let changes: Map<String, Value> = serde_json::from_str(&row.event.changes).ok()?;
                let of_past = changes.contains_key("@history");
                (!of_past).then_some((row, changes))
            }));
            if last {
                break;
            }
            if events.len() > MOST_EVENTS {
                return Err(QueryError::TooBroad(MOST_EVENTS));
            }
        }
        let present = now.iter().find(|r| r.space == *space).map(entity_of).transpose()?;
        found.extend(rewound(present, &events, path, at)?);
    }
    Ok(found)
}

/// What is left when everything after the moment is taken back; events newest first.
fn rewound(
    present: Option<Entity>,
    events: &[(EventRow, Map<String, Value>)],
    space: &SpacePath,
    at: Timestamp,
) -> Result<Option<Entity>, StoreError> {
    let Some(last) = events.iter().position(|(row, _)| row.event.at <= at) else { return Ok(None) };
    // What removes an entity has the version of what it removes.
    let removes =
        |n: usize| events.get(n + 1).is_some_and(|(older, _)| older.event.version == events[n].0.event.version);
    let mut state = present;
    for (n, (row, changes)) in events[..last].iter().enumerate() {
        state = if removes(n) {
            let urn = row.event.urn.parse().map_err(|_| StoreError::Shape(format!("urn {}", row.event.urn)))?;
            Some(undone(Entity::new(urn, row.event.kind.clone(), space.clone()), changes)?)
        } else if n + 1 >= events.len() || removes(n + 1) {
            None
        } else {
            state.map(|e| undone(e, changes)).transpose()?
        };
    }
    let (row, _) = &events[last];
    Ok(state.map(|e| Entity { version: row.event.version, modified_at: row.event.at, ..e }))
}

/// The entity as it was before the changes.
fn undone(mut e: Entity, changes: &Map<String, Value>) -> Result<Entity, StoreError> {
    let fault = |error: serde_json::Error| StoreError::Shape(format!("an event of {}: {error}", e.id));
    let mut attributes: BTreeMap<String, Attribute> = std::mem::take(&mut e.attributes);
    for (name, change) in changes {
        let old = change.get("old").cloned();
        match name.as_str() {
            "@type" => {
                let mut kinds: Vec<String> =
                    old.map(serde_json::from_value).transpose().map_err(fault)?.unwrap_or_default();
                if !kinds.is_empty() {
                    e.kind = kinds.remove(0);
                }
                e.also = kinds;
            }
            "@scope" => e.scopes = old.map(serde_json::from_value).transpose().map_err(fault)?.unwrap_or_default(),
            _ => match old {
                Some(old) => drop(attributes.insert(name.clone(), serde_json::from_value(old).map_err(fault)?)),
                None => drop(attributes.remove(name)),
            },
        }
    }
    e.attributes = attributes;
    Ok(e)
}
