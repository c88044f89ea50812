//! What is kept of an entity that was removed is destroyed, and the journal says so: its leaves say nothing any more, every
//! proof of every other event stays as it was.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath, Timestamp};
use svod_store::entity::Tombstone;
use svod_store::journal::{self, ERASED, EventRow, NewEvent};
use svod_store::space::{self, SpaceRow};
use svod_store::{Conn, Engine, StoreError, entity, evolution, file, ledger, projection};

use crate::append::PROJECTION;
use crate::notary::{BREATH, Notary};

/// What the journal says of both when one becomes a part of the other.
const MERGED: &str = "merge";
/// Events read at once.
const STEP: i64 = 500;
/// Where a removed entity says into which other one it was merged.
const INTO: &str = "mergedInto";
/// How often it is tried while events wait to become leaves; between two tries leaves are made.
const TRIES: u32 = 40;

/// What is to be erased, by whom and on what ground.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// Identifier of an entity that was removed; what was merged with it is erased as well.
    pub urn: String,
    /// Only in this space and those under it; none: wherever there are events of it.
    pub within: Option<SpacePath>,
    /// On what ground; it stays for ever.
    pub ground: String,
    /// Who erases.
    pub actor: Actor,
}

/// What was erased of one identifier in one space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Identifier: the one that was asked for, or one that was merged with it.
    pub urn: String,
    /// Space.
    pub space: String,
    /// How many events say nothing any more.
    pub events: u64,
    /// Number of the event that names them.
    pub seq: i64,
    /// Cases of it that still run: what was filled in is kept there until they end.
    pub running: Vec<String>,
}

/// Why nothing was erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EraseError {
    /// The entity is still there.
    #[error("{urn} is still there, in {space}: remove the entity first, then erase what is kept of it")]
    There {
        /// Which entity.
        urn: String,
        /// Where.
        space: String,
    },
    /// There is nothing of it, or nothing any more.
    #[error("nothing is kept of {0}: it is not known here, or was erased before")]
    Nothing(String),
    /// An event of it is no leaf yet: its commitment may be under way.
    #[error("event {seq} of {space} is no leaf of the ledger yet: try again in a moment")]
    Waiting {
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// First and last number of events that follow each other.
pub(crate) type Stretch = (i64, i64);

/// The changes of an event of erasure.
#[derive(Serialize, Deserialize)]
struct Said {
    #[serde(rename = "@erased")]
    erased: New,
}

#[derive(Serialize, Deserialize)]
struct New {
    new: Vec<Stretch>,
}

impl Notary {
    /// Destroys the salts of all leaves of the events of an entity and of what was merged with it, takes away what these events changed and what is kept of the
    /// removed entity, and writes an event that names them, in one transaction. The event becomes a leaf like any other.
    ///
    /// # Errors
    /// See [`EraseError`]; nothing has happened then.
    pub async fn erase(&self, erasure: Erasure) -> Result<Vec<Erased>, EraseError> {
        let mut tries = 0;
        let erased = loop {
            self.catch_up().await?;
            let (asked, now) = (erasure.clone(), self.now());
            let job = move |conn: &mut dyn Conn| carry_out(conn, &asked, now);
            match self.store().write(job).await {
                Err(EraseError::Waiting { .. }) if tries < TRIES => tokio::time::sleep(BREATH).await,
                outcome => break outcome?,
            }
            tries += 1;
        };
        if let Err(error) = self.catch_up().await {
            tracing::warn!(%error, "the event of an erasure waits to become a leaf");
        }
        Ok(erased)
    }
}

fn carry_out(conn: &mut dyn Conn, asked: &Erasure, now: Timestamp) -> Result<Vec<Erased>, EraseError> {
    conn.exclusive()?;
    if conn.engine() == Engine::Sqlite {
        // What is taken away is overwritten with zeros, not left in free pages of the file.
        conn.query("PRAGMA secure_delete = ON", &[])?;
    }
    let within = |s: &SpaceRow| {
        asked.within.as_ref().is_none_or(|w| s.path.parse::<SpacePath>().is_ok_and(|path| w.covers(&path)))
    };
    let spaces: Vec<SpaceRow> = space::list(conn)?.into_iter().filter(within).collect();
    let mut known = Vec::new();
    for space in &spaces {
        let urns = merged(conn, space, &asked.urn)?;
        if let Some(row) = entity::get_many(conn, &urns, &[space.id])?.into_iter().find(|row| row.space == space.id) {
            return Err(EraseError::There { urn: row.urn, space: space.path.clone() });
        }
        known.extend(urns.into_iter().map(|urn| (space, urn)));
    }
    let mut all = Vec::new();
    for (space, urn) in known {
        all.extend(erase_in(conn, asked, (space, &urn), now)?);
    }
    if all.is_empty() { Err(EraseError::Nothing(asked.urn.clone())) } else { Ok(all) }
}

/// Where a removed entity leads whoever asks for it.
fn leads_to(stone: &Tombstone) -> Option<String> {
    let doc: Value = serde_json::from_str(&stone.doc).ok()?;
    doc.get(INTO)?.as_str().map(str::to_owned)
}

/// All identifiers under which the entity stands or stood in a space: those that were merged into it, that it was merged into, and so
/// on, also where that was undone. Each of them has a past of its own, which may be the same person's.
fn merged(conn: &mut dyn Conn, space: &SpaceRow, urn: &str) -> Result<Vec<String>, StoreError> {
    let (mut all, mut next) = (vec![urn.to_owned()], 0);
    while next < all.len() {
        let at = all[next].clone();
        next += 1;
        let stones = entity::tombstones(conn, &[at.as_str()], &[space.id])?;
        let stone = stones.into_iter().find(|stone| stone.space == space.id);
        let mut others: Vec<String> = stone.as_ref().and_then(leads_to).into_iter().collect();
        others.extend(entity::merged_with(conn, space.id, &at)?);
        others.extend(once_merged(conn, space.id, &at)?);
        for other in others {
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    Ok(all)
}

/// With what the entity was merged at some time, by the journal: what one takes over is told just before the other is removed.
fn once_merged(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<Vec<String>, StoreError> {
    let mut others = Vec::new();
    for row in journal::by_action(conn, space, urn, MERGED)? {
        let takes = takes_over(&row);
        let beside = if takes { row.seq + 1 } else { row.seq - 1 };
        let found = journal::page(conn, space, beside - 1, 1)?.into_iter().find(|other| other.seq == beside);
        let pair = |other: &EventRow| {
            let same =
                other.event.action == MERGED && other.event.at == row.event.at && other.event.actor == row.event.actor;
            same && takes_over(other) != takes
        };
        others.extend(found.filter(pair).map(|other| other.event.urn));
    }
    Ok(others)
}

/// Does the event tell of something that was given? What is removed only loses.
fn takes_over(row: &EventRow) -> bool {
    let changes: Map<String, Value> = serde_json::from_str(&row.event.changes).unwrap_or_default();
    changes.values().any(|change| change.get("new").is_some())
}

/// Empties what is kept of a removed entity. What was merged goes on to lead where it led, and says nothing else.
fn emptied(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<bool, StoreError> {
    let stones = entity::tombstones(conn, &[urn], &[space])?;
    let stone = stones.into_iter().find(|stone| stone.space == space && leads_to(stone).is_some());
    let Some(stone) = stone else { return entity::empty_tombstone(conn, space, urn) };
    let mut doc: Map<String, Value> = serde_json::from_str(&stone.doc).unwrap_or_default();
    doc.retain(|name, _| ["id", "type", "space", INTO].contains(&name.as_str()));
    entity::cut_tombstone(conn, space, urn, &Value::Object(doc).to_string())
}

fn erase_in(
    conn: &mut dyn Conn,
    asked: &Erasure,
    (space, urn): (&SpaceRow, &str),
    now: Timestamp,
) -> Result<Option<Erased>, EraseError> {
    let (events, kind) = unnamed(conn, space, urn)?;
    let stone = emptied(conn, space.id, urn)?;
    evolution::forget(conn, space.id, urn)?;
    // What they had sent and no case names yet goes with their drafts.
    let files = file::remove_of(conn, space.id, urn)? + file::remove_held(conn, space.id, urn)?;
    svod_store::draft::forget_of(conn, urn)?;
    let cases = svod_store::instance::forget_of(conn, space.id, urn)?;
    if events.is_empty() && !stone && files == 0 && cases.instances == 0 {
        return Ok(None);
    }
    for seq in &events {
        ledger::destroy_salt(conn, space.id, *seq)?;
        journal::redact(conn, space.id, *seq)?;
    }
    let said = Said { erased: New { new: stretches(&events) } };
    let event = NewEvent {
        at: now,
        actor: asked.actor.id.clone(),
        actor_name: asked.actor.name.clone(),
        action: ERASED.into(),
        urn: urn.to_owned(),
        kind,
        // As of a thing that has no versions: it is no state of the entity.
        version: 0,
        ground: asked.ground.clone(),
        cause: None,
        changes: serde_json::to_string(&said).map_err(|e| StoreError::Shape(e.to_string()))?,
        on_behalf: None,
    };
    let seq = journal::append(conn, space.id, std::slice::from_ref(&event))?;
    let (urn, space, events) = (urn.to_owned(), space.path.clone(), events.len() as u64);
    Ok(Some(Erased { urn, space, events, seq, running: cases.running }))
}

/// Numbers of the entity's events in a space that no event of erasure names yet, ascending, and its type.
fn unnamed(conn: &mut dyn Conn, space: &SpaceRow, urn: &str) -> Result<(Vec<i64>, String), EraseError> {
    let leaves = projection::offsets(conn, PROJECTION)?.into_iter().find(|(id, _)| *id == space.id);
    let leaves = leaves.map_or(0, |(_, seq)| seq);
    let known = named(conn, space.id, urn)?;
    let (mut found, mut kind, mut after) = (Vec::new(), String::new(), 0);
    loop {
        let rows = journal::by_entity(conn, space.id, urn, after, STEP)?;
        let Some(last) = rows.last() else { return Ok((found, kind)) };
        after = last.seq;
        kind.clone_from(&last.event.kind);
        for row in rows.iter().filter(|r| r.event.action != ERASED && !covers(&known, r.seq)) {
            if row.seq > leaves {
                return Err(EraseError::Waiting { space: space.path.clone(), seq: row.seq });
            }
            found.push(row.seq);
        }
    }
}

/// Events of a space that events of an entity's erasure name.
pub(crate) fn named(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<Vec<Stretch>, StoreError> {
    let rows = journal::by_action(conn, space, urn, ERASED)?;
    let said = rows.iter().filter_map(|row| serde_json::from_str::<Said>(&row.event.changes).ok());
    Ok(said.flat_map(|said| said.erased.new).collect())
}

/// Is the event one of them?
pub(crate) fn covers(stretches: &[Stretch], seq: i64) -> bool {
    stretches.iter().any(|(first, last)| (*first..=*last).contains(&seq))
}

/// Ascending numbers, those that follow each other together.
fn stretches(numbers: &[i64]) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for seq in numbers {
        match all.last_mut() {
            Some((_, last)) if *last + 1 == *seq => *last = *seq,
            _ => all.push((*seq, *seq)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_one_stretch() {
        let all = stretches(&[3, 4, 5, 9, 11, 12]);
        assert_eq!(all, [(3, 5), (9, 9), (11, 12)]);
        assert!(covers(&all, 4) && covers(&all, 9) && !covers(&all, 10));
        assert!(stretches(&[]).is_empty());
        let said = serde_json::to_string(&Said { erased: New { new: all } }).unwrap();
        assert_eq!(said, r#"{"@erased":{"new":[[3,5],[9,9],[11,12]]}}"#);
    }
}
