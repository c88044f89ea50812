//! The way through the store that a plan has chosen, in batches.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use svod_kernel::number;
use svod_model::Entity;
use svod_query::{Query, Types, cells, keys};
use svod_store::entity::{Hit, Keys};
use svod_store::{Conn, StoreError};

use crate::cache::{Cache, Moment, Place};
use crate::index;
use crate::plan::{Ordered, Plan, Segment};

/// Entities counted without a look at them at the most.
pub(crate) const MOST_COUNTED: usize = 1_000_000;
/// Index rows read at once.
const ROWS: i64 = 1_000;
/// Index rows of one space read at once where those of several are read side by side.
const BESIDE: i64 = 32;

/// What is remembered of entities, and the moment before the snapshot.
pub(crate) type Memory<'c> = (&'c Cache, Moment);

/// Where in a segment the batch before ended.
#[derive(Debug, Clone)]
enum After {
    Row(i64),
    Key(Vec<u8>, i64),
    Cell(i64, i64),
}

/// A walk under way.
pub(crate) struct Walk {
    plan: Arc<Plan>,
    segment: usize,
    after: Option<After>,
    merge: Option<Merge>,
    seen: HashSet<Place>,
    /// Entities passed.
    pub looked: usize,
}

/// An entity that the index gives.
struct Hint {
    id: i64,
    /// Hash of its type; 0: unknown.
    kind: i64,
    /// The index alone says that it fits.
    settled: bool,
}

impl Plan {
    /// What a cell says about the place asked for; nothing when the entity cannot lie there.
    fn judged(&self, hit: &Hit<i64>) -> Option<Hint> {
        let place = self.place.as_ref()?;
        let verdict = cells::point_bounds(hit.key).and_then(|b| place.shape.settles(place.georel, b));
        let settled = self.exact && verdict == Some(true);
        (verdict != Some(false)).then_some(Hint { id: hit.entity, kind: hit.kind, settled })
    }
}

impl Walk {
    pub fn new(plan: Arc<Plan>) -> Self {
        let merge = plan.ordered.as_ref().map(Merge::of);
        Self { plan, segment: 0, after: None, merge, seen: HashSet::new(), looked: 0 }
    }

    pub fn is_over(&self) -> bool {
        match &self.merge {
            Some(merge) => merge.is_over(),
            None => self.segment >= self.plan.segments.len(),
        }
    }

    /// The next entities, about as many as wanted; none only at the end.
    pub fn step(
        &mut self,
        conn: &mut dyn Conn,
        memory: Memory<'_>,
        wanted: usize,
    ) -> Result<Vec<Arc<Entity>>, StoreError> {
        let mut found = Vec::with_capacity(wanted);
        if self.merge.is_some() {
            while found.len() < wanted && !self.is_over() {
                self.merged(conn, memory, wanted - found.len(), &mut found)?;
            }
            return Ok(found);
        }
        while found.len() < wanted && !self.is_over() {
            let space = self.plan.segments[self.segment].space();
            let hints = self.hints(conn, number::count(wanted - found.len()))?;
            self.looked += hints.len();
            let mut hints: Vec<Hint> = hints.into_iter().filter(|hint| self.seen.insert((space, hint.id))).collect();
            if let Some(kind) = self.plan.only_kind.clone() {
                of_kind(conn, space, &kind, &mut hints)?;
            }
            let ids: Vec<i64> = hints.into_iter().map(|h| h.id).collect();
            found.extend(read(conn, memory, space, &ids)?);
        }
        Ok(found)
    }

    /// The next ones of all spaces, in the order of their keys.
    fn merged(
        &mut self,
        conn: &mut dyn Conn,
        memory: Memory<'_>,
        wanted: usize,
        found: &mut Vec<Arc<Entity>>,
    ) -> Result<(), StoreError> {
        let Some(merge) = self.merge.as_mut() else { return Ok(()) };
        let mut order = Vec::with_capacity(wanted);
        let mut spaces: HashMap<i64, Vec<Hint>> = HashMap::new();
        while order.len() < wanted
            && let Some((space, hit)) = merge.next(conn, number::count(wanted))?
        {
            self.looked += 1;
            if self.seen.insert((space, hit.entity)) {
                order.push((space, hit.entity));
                spaces.entry(space).or_default().push(Hint { id: hit.entity, kind: hit.kind, settled: false });
            }
        }
        let mut entities = HashMap::with_capacity(order.len());
        for (space, mut hints) in spaces {
            if let Some(kind) = &self.plan.only_kind {
                of_kind(conn, space, kind, &mut hints)?;
            }
            let ids: Vec<i64> = hints.into_iter().map(|h| h.id).collect();
            let there = places(conn, memory, space, &ids)?;
            entities.extend(ids.into_iter().zip(there).filter_map(|(id, e)| Some(((space, id), e?))));
        }
        found.extend(order.into_iter().filter_map(|place| entities.remove(&place)));
        Ok(())
    }

    /// What the index gives next in the present segment; moves on at its end.
    fn hints(&mut self, conn: &mut dyn Conn, wanted: i64) -> Result<Vec<Hint>, StoreError> {
        let settled = self.plan.exact;
        let (hints, last, full) = match &self.plan.segments[self.segment] {
            Segment::Rows { space, kind } => {
                let from = if let Some(After::Row(id)) = self.after { id } else { i64::MIN };
                let ids = svod_store::entity::ids(conn, *space, kind.as_deref(), from, wanted)?;
                let last = ids.last().map(|id| After::Row(*id));
                let full = number::count(ids.len()) == wanted;
                (ids.into_iter().map(|id| Hint { id, kind: 0, settled }).collect::<Vec<_>>(), last, full)
            }
            Segment::Keys(keys) => {
                let after = if let Some(After::Key(key, id)) = self.after.take() { Some((key, id)) } else { None };
                let after = after.as_ref().map(|(key, id): &(Vec<u8>, i64)| (key.as_slice(), *id));
                let rows = svod_store::entity::by_keys(conn, keys, after, wanted)?;
                let overflow = keys.low == keys::OVERFLOW;
                let full = number::count(rows.len()) == wanted;
                let last = rows.last().map(|hit| After::Key(hit.key.clone(), hit.entity));
                let hint = |hit: Hit<_>| Hint { id: hit.entity, kind: hit.kind, settled: settled && !overflow };
                (rows.into_iter().map(hint).collect(), last, full)
            }
            Segment::Cells { space, attribute, stretch } => {
                let after = if let Some(After::Cell(cell, id)) = self.after { Some((cell, id)) } else { None };
                let wanted = wanted.max(ROWS / 4);
                let rows = svod_store::entity::by_cells(conn, *space, *attribute, *stretch, after, wanted)?;
                let full = number::count(rows.len()) == wanted;
                let last = rows.last().map(|hit| After::Cell(hit.key, hit.entity));
                (rows.iter().filter_map(|row| self.plan.judged(row)).collect(), last, full)
            }
            Segment::Above { space, attribute, cells } => {
                let rows = svod_store::entity::by_cell_list(conn, *space, *attribute, cells)?;
                (rows.iter().filter_map(|row| self.plan.judged(row)).collect(), None, false)
            }
        };
        self.after = last;
        if !full {
            self.segment += 1;
            self.after = None;
        }
        Ok(hints)
    }

    /// How many entities fit, mostly from the index alone; nothing when that cannot be told so.
    pub fn count(
        mut self,
        conn: &mut dyn Conn,
        memory: Memory<'_>,
        query: &Query,
    ) -> Result<Option<usize>, StoreError> {
        let kind = match &query.types {
            Types::Any => None,
            Types::Is(kind) => Some(kind.as_str()),
            _ => return Ok(None),
        };
        if !self.plan.exact {
            return Ok(None);
        }
        self.merge = None;
        let spaces: HashSet<i64> = self.plan.segments.iter().map(Segment::space).collect();
        if let (Some(kind), crate::plan::Access::Types { .. }) = (kind, &self.plan.access) {
            let spaces: Vec<i64> = spaces.into_iter().collect();
            return Ok(Some(usize::try_from(svod_store::entity::count(conn, &spaces, kind)?).unwrap_or_default()));
        }
        if kind.is_some() && self.plan.only_kind.is_none() {
            return Ok(None);
        }
        let mut total = 0;
        while !self.is_over() {
            let space = self.plan.segments[self.segment].space();
            let mut hints = self.hints(conn, ROWS)?;
            hints.retain(|hint| !self.seen.contains(&(space, hint.id)));
            if let Some(kind) = kind {
                of_kind(conn, space, kind, &mut hints)?;
            }
            for hint in hints {
                let fits =
                    hint.settled || read(conn, memory, space, &[hint.id])?.iter().any(|e| query.fits(e, &|_| None));
                if fits {
                    total += usize::from(self.seen.insert((space, hint.id)));
                }
            }
            if self.seen.len() > MOST_COUNTED {
                return Ok(None);
            }
        }
        Ok(Some(total))
    }
}

/// A row of the index with its space.
type Placed = (i64, Hit<Vec<u8>>);

/// Stretches of keys of several spaces read side by side, the least key first (the greatest where it goes down).
struct Merge {
    streams: Vec<Stream>,
    descending: bool,
}

/// A stretch of keys of one space.
struct Stream {
    keys: Keys,
    after: Option<(Vec<u8>, i64)>,
    ready: VecDeque<Hit<Vec<u8>>>,
    /// The index has no more.
    over: bool,
}

impl Merge {
    fn of(ordered: &Ordered) -> Self {
        let stream = |keys: &Keys| Stream { keys: keys.clone(), after: None, ready: VecDeque::new(), over: false };
        Self { streams: ordered.keys.iter().map(stream).collect(), descending: ordered.descending }
    }

    fn is_over(&self) -> bool {
        self.streams.iter().all(|s| s.over && s.ready.is_empty())
    }

    fn next(&mut self, conn: &mut dyn Conn, wanted: i64) -> Result<Option<Placed>, StoreError> {
        let rows = if self.streams.len() == 1 { wanted } else { BESIDE };
        for stream in &mut self.streams {
            stream.fill(conn, rows, self.descending)?;
        }
        let heads = self.streams.iter_mut().filter(|s| !s.ready.is_empty());
        let key = |s: &Stream| s.ready.front().map(|hit| (hit.key.clone(), s.keys.space));
        let first = if self.descending { heads.max_by_key(|s| key(s)) } else { heads.min_by_key(|s| key(s)) };
        Ok(first.and_then(|s| Some((s.keys.space, s.ready.pop_front()?))))
    }
}

impl Stream {
    fn fill(&mut self, conn: &mut dyn Conn, rows: i64, descending: bool) -> Result<(), StoreError> {
        if self.over || !self.ready.is_empty() {
            return Ok(());
        }
        let after = self.after.as_ref().map(|(key, id)| (key.as_slice(), *id));
        let read = if descending { svod_store::entity::by_keys_down } else { svod_store::entity::by_keys };
        let found = read(conn, &self.keys, after, rows)?;
        self.over = number::count(found.len()) < rows;
        self.after = found.last().map(|hit| (hit.key.clone(), hit.entity));
        self.ready.extend(found);
        Ok(())
    }
}

/// Leaves those whose first type it is.
fn of_kind(conn: &mut dyn Conn, space: i64, kind: &str, hints: &mut Vec<Hint>) -> Result<(), StoreError> {
    let mark = index::number(kind);
    hints.retain(|hint| hint.kind == 0 || hint.kind == mark);
    let unknown: Vec<i64> = hints.iter().filter(|hint| hint.kind == 0).map(|hint| hint.id).collect();
    if !unknown.is_empty() {
        let fitting: HashSet<i64> = svod_store::entity::of_type(conn, space, kind, &unknown)?.into_iter().collect();
        hints.retain(|hint| hint.kind == mark || fitting.contains(&hint.id));
    }
    Ok(())
}

/// The entities of these numbers, from memory where they are there.
fn read(conn: &mut dyn Conn, memory: Memory<'_>, space: i64, ids: &[i64]) -> Result<Vec<Arc<Entity>>, StoreError> {
    Ok(places(conn, memory, space, ids)?.into_iter().flatten().collect())
}

/// The same, each where its number stands; none where it is not there any more.
fn places(
    conn: &mut dyn Conn,
    memory: Memory<'_>,
    space: i64,
    ids: &[i64],
) -> Result<Vec<Option<Arc<Entity>>>, StoreError> {
    let (cache, since) = memory;
    let mut found: Vec<Option<Arc<Entity>>> = ids.iter().map(|id| cache.get((space, *id))).collect();
    let missing: Vec<i64> = ids.iter().zip(&found).filter(|(_, f)| f.is_none()).map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        let mut rows = svod_store::entity::by_ids(conn, space, &missing)?.into_iter().peekable();
        for (id, place) in ids.iter().zip(&mut found) {
            if place.is_none()
                && let Some(row) = rows.next_if(|r| r.id == *id)
            {
                *place = Some(cache.parsed(since, &row)?);
            }
        }
    }
    Ok(found)
}
