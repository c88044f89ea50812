//! The table of entities, which every page, interface and policy reads, as against the journal: each row is what the events of
//! its entity say, and what they say is there has a row.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Deserialize;
use serde_json::Value;
use svod_model::{Attribute, Entity};
use svod_store::entity::{self, EntityRow};
use svod_store::journal::{self, EventRow};
use svod_store::{Conn, StoreError, ledger, space};

use crate::wrong::Wrong;

/// Rows, or identifiers, read at once.
const STEP: i64 = 500;
/// Events of one entity read at once.
const EVENTS: i64 = 50;
/// How often one that does not fit is read anew: between row and journal a running platform may have written.
const TRIES: u32 = 5;
/// In changes, types and scopes of an entity; other names that begin so are no attributes either.
const TYPES: &str = "@type";
const SCOPES: &str = "@scope";

/// What a comparison of all rows has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Entities that were compared.
    pub entities: u64,
    /// The first that is not what the journal says, by the leaf of the event; none when all are.
    pub wrong: Option<Wrong>,
}

/// Compares every row of the table of entities with the newest values of the journal: type, version, further types, scopes and
/// every attribute; and looks for a row of everything that the journal says is there. The journal itself is [`crate::verify`]'s
/// to judge. Held in memory is one page of rows and of one entity's events.
///
/// # Errors
/// When the store cannot be read.
pub fn rows(conn: &mut dyn Conn) -> Result<Rows, StoreError> {
    let mut found = Rows::default();
    for space in space::list(conn)? {
        let place = Place { id: space.id, path: &space.path };
        place.rows(conn, &mut found)?;
        place.told(conn, &mut found)?;
    }
    Ok(found)
}

impl Rows {
    /// Keeps the first.
    fn wrong(&mut self, wrong: Option<Wrong>) {
        let at = |w: &Wrong| w.leaf().unwrap_or(u64::MAX);
        if let Some(wrong) = wrong
            && self.wrong.as_ref().is_none_or(|first| at(&wrong) < at(first))
        {
            self.wrong = Some(wrong);
        }
    }
}

#[derive(Clone, Copy)]
struct Place<'p> {
    id: i64,
    path: &'p str,
}

/// What an event says of one name.
#[derive(Default, Deserialize)]
struct Said {
    new: Option<Value>,
}

impl Place<'_> {
    /// Every row that is there.
    fn rows(self, conn: &mut dyn Conn, found: &mut Rows) -> Result<(), StoreError> {
        let mut after = -1;
        loop {
            let sql = "SELECT id, urn FROM entity WHERE space = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
            let page = conn.query(sql, &[self.id.into(), after.into(), STEP.into()])?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.int(0)?;
            for row in &page {
                found.entities += 1;
                let wrong = self.judged(conn, &row.text(1)?)?;
                found.wrong(wrong);
            }
        }
    }

    /// Every entity that the journal tells of and that has no row.
    fn told(self, conn: &mut dyn Conn, found: &mut Rows) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let sql = "SELECT urn FROM journal WHERE space = ?1 AND urn > ?2 GROUP BY urn ORDER BY urn LIMIT ?3";
            let page = conn.query(sql, &[self.id.into(), after.as_str().into(), STEP.into()])?;
            let urns = page.iter().map(|r| r.text(0)).collect::<Result<Vec<_>, _>>()?;
            let Some(last) = urns.last() else { return Ok(()) };
            after.clone_from(last);
            let there = entity::get_many(conn, &urns, &[self.id])?;
            let there: BTreeSet<String> = there.into_iter().filter(|r| r.space == self.id).map(|r| r.urn).collect();
            for urn in urns.iter().filter(|urn| !there.contains(*urn)) {
                let wrong = self.judged(conn, urn)?;
                found.wrong(wrong);
            }
        }
    }

    fn judged(self, conn: &mut dyn Conn, urn: &str) -> Result<Option<Wrong>, StoreError> {
        let mut before = None;
        for _ in 0..TRIES {
            let found = entity::get_many(conn, &[urn], &[self.id])?;
            let wrong = match found.into_iter().find(|r| r.space == self.id) {
                Some(row) => self.compared(conn, &row)?,
                None => self.missing(conn, urn)?,
            };
            if wrong.is_none() || wrong == before {
                return Ok(wrong);
            }
            before = wrong;
        }
        Ok(before)
    }

    /// An entity without a row is wrong unless the journal says that it was removed, or never was one.
    fn missing(self, conn: &mut dyn Conn, urn: &str) -> Result<Option<Wrong>, StoreError> {
        let mut past = Past::of(self.id, urn);
        let Some(last) = past.next(conn)? else { return Ok(None) };
        match past.next(conn)? {
            Some(before) if before.event.version == last.event.version => Ok(None),
            _ => self.wrong(conn, urn, Some(&last), format!("is not there, and by event {} it is", last.seq)),
        }
    }

    fn compared(self, conn: &mut dyn Conn, row: &EntityRow) -> Result<Option<Wrong>, StoreError> {
        let mut past = Past::of(self.id, &row.urn);
        let Some(last) = past.next(conn)? else {
            return self.wrong(conn, &row.urn, None, "is in no event of the journal".to_owned());
        };
        let before = past.next(conn)?;
        let seq = last.seq;
        if before.as_ref().is_some_and(|b| b.event.version == last.event.version) {
            return self.wrong(conn, &row.urn, Some(&last), format!("is there, and event {seq} removed it"));
        }
        let Ok(is) = serde_json::from_str::<Entity>(&row.doc) else {
            return self.wrong(conn, &row.urn, Some(&last), "cannot be read".to_owned());
        };
        let named = is.id.as_str() == row.urn && is.space.as_str() == self.path;
        let kind = is.kind == row.kind && is.kind == last.event.kind;
        if !named || !kind || is.version != row.version || is.version != last.event.version {
            let what = format!("has another identifier, space, type or version than event {seq} says");
            return self.wrong(conn, &row.urn, Some(&last), what);
        }
        self.said(conn, &is, (last, before), past)
    }

    /// From the newest event back: what each name was given last is what stands there.
    fn said(
        self,
        conn: &mut dyn Conn,
        is: &Entity,
        (last, before): (EventRow, Option<EventRow>),
        mut past: Past,
    ) -> Result<Option<Wrong>, StoreError> {
        let mut met = BTreeSet::new();
        let mut next = before;
        let mut event = Some(last.clone());
        while let Some(at) = event {
            let said: BTreeMap<String, Said> = serde_json::from_str(&at.event.changes).unwrap_or_default();
            for (name, said) in said {
                if met.contains(&name) {
                    continue;
                }
                if !fits(is, &name, said.new) {
                    let what = format!("has another '{name}' than event {} says", at.seq);
                    return self.wrong(conn, is.id.as_str(), Some(&at), what);
                }
                met.insert(name);
            }
            event = match next.take() {
                Some(known) => Some(known),
                None => past.next(conn)?,
            };
        }
        let unsaid = is.attributes.keys().find(|name| !met.contains(*name)).map(String::as_str);
        let unsaid = unsaid.or((!is.also.is_empty() && !met.contains(TYPES)).then_some(TYPES));
        let unsaid = unsaid.or((!is.scopes.is_empty() && !met.contains(SCOPES)).then_some(SCOPES));
        match unsaid {
            Some(name) => {
                self.wrong(conn, is.id.as_str(), Some(&last), format!("has a '{name}' that no event gave it"))
            }
            None => Ok(None),
        }
    }

    fn wrong(
        self,
        conn: &mut dyn Conn,
        urn: &str,
        event: Option<&EventRow>,
        what: String,
    ) -> Result<Option<Wrong>, StoreError> {
        let leaf = match event {
            Some(event) => ledger::leaf_of(conn, self.id, event.seq)?.map(|l| l.leaf.unsigned_abs()),
            None => None,
        };
        Ok(Some(Wrong::Row { leaf, space: self.path.to_owned(), urn: urn.to_owned(), what }))
    }
}

/// Is what stands under a name what the event says? What has run out since may be gone.
fn fits(is: &Entity, name: &str, new: Option<Value>) -> bool {
    let texts = |new: Option<Value>| new.and_then(|v| serde_json::from_value::<Vec<String>>(v).ok());
    match name {
        TYPES => match texts(new) {
            Some(kinds) => is.kinds().eq(kinds.iter().map(String::as_str)),
            None => is.also.is_empty(),
        },
        SCOPES => texts(new).unwrap_or_default() == is.scopes,
        _ if name.starts_with('@') => true,
        _ => {
            let there = is.attributes.get(name);
            let Some(new) = new else { return there.is_none() };
            let Ok(said) = serde_json::from_value::<Attribute>(new) else { return false };
            if there.is_some_and(|a| a.same(&said)) {
                return true;
            }
            match (there, said.living(is.modified_at)) {
                (Some(there), Some(left)) => there.same(&left),
                (there, left) => there.is_none() && left.is_none(),
            }
        }
    }
}

/// The events of an entity, newest first: those of its states. What tells of something else (an erasure) has no version.
struct Past {
    space: i64,
    urn: String,
    before: i64,
    read: VecDeque<EventRow>,
}

impl Past {
    fn of(space: i64, urn: &str) -> Self {
        Self { space, urn: urn.to_owned(), before: i64::MAX, read: VecDeque::new() }
    }

    fn next(&mut self, conn: &mut dyn Conn) -> Result<Option<EventRow>, StoreError> {
        loop {
            if let Some(event) = self.read.pop_front() {
                if event.event.version > 0 {
                    return Ok(Some(event));
                }
                continue;
            }
            let page = journal::backwards(conn, self.space, Some(&self.urn), self.before, EVENTS)?;
            let Some(last) = page.last() else { return Ok(None) };
            self.before = last.seq;
            self.read.extend(page);
        }
    }
}
