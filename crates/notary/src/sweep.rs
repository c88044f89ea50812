//! Looks at what was signed, a little all the time: from the newest events of every space back to the first ones, then as many
//! by chance, and again. What is wrong is told once.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Rng, number};
use svod_ledger::{Edge, Hash, TileId, Verifier, WIDTH, leaf};
use svod_store::ledger::{self, OWN};
use svod_store::space::{self, SpaceRow};
use svod_store::{Conn, StoreError, journal, lease, projection};

use crate::append::{ENTRIES, PROJECTION, edge, hashes};
use crate::compare::{Leaves, differs, there, wrong_at};
use crate::notary::Notary;
use crate::wrong::Wrong;

/// Between two steps.
const TICK: Duration = Duration::from_millis(500);
/// Steps in a second.
const STEPS: u32 = 2;
/// Leaves of one step at the most.
const MOST: u32 = 500;
/// Rest when everything was looked at.
const REST: Duration = Duration::from_secs(30);

/// How far the look has come.
#[derive(Debug, Clone, Default)]
pub struct Sweep {
    begun: bool,
    /// Spaces that are not done with, each with the number of the event before which it goes on.
    back: VecDeque<(i64, i64)>,
    /// Leaves that are still looked at by chance.
    chance: i64,
}

/// Events that are looked at: of a space, from a number on and before another.
type Stretch = (i64, i64, i64);

impl Sweep {
    /// What comes next, when each space has leaves up to that event; none when the round is over.
    fn next(&mut self, ends: &[(i64, i64)], most: i64, rng: &dyn Rng) -> Option<Stretch> {
        if !std::mem::replace(&mut self.begun, true) {
            self.back = ends.iter().filter(|(_, end)| *end > 0).map(|(space, end)| (*space, end + 1)).collect();
        }
        if let Some((space, before)) = self.back.pop_front() {
            let from = (before - most).max(1);
            if from > 1 {
                self.back.push_back((space, from));
            }
            self.chance += before - from;
            return Some((space, from, before));
        }
        if self.chance <= 0 {
            return None;
        }
        let all: i64 = ends.iter().map(|(_, end)| end).sum();
        let mut place = rng.below(all.cast_unsigned()).cast_signed();
        for (space, end) in ends {
            if place < *end {
                let before = (place + 1 + most).min(end + 1);
                self.chance -= before - place - 1;
                return Some((*space, place + 1, before));
            }
            place -= end;
        }
        None
    }
}

/// What a step has come to.
struct Looked {
    sweep: Sweep,
    wrong: Vec<Wrong>,
    /// The round is over.
    over: bool,
}

impl Notary {
    /// Looks at what was signed for as long as it runs, about so many leaves a second; at none when that is 0. Of several nodes
    /// the one that keeps the log does.
    pub async fn look_over(self: Arc<Self>, per_second: u32) {
        let (most, mut sweep, mut said) = (per_second.div_ceil(STEPS), Sweep::default(), false);
        if per_second == 0 {
            return;
        }
        loop {
            tokio::time::sleep(TICK).await;
            match self.turn(&mut sweep, most).await {
                Ok(over) => {
                    said = false;
                    if over {
                        tokio::time::sleep(REST).await;
                    }
                }
                Err(StoreError::Closed) => return,
                Err(error) if !said => {
                    tracing::warn!(%error, "the ledger cannot be looked at; trying again");
                    said = true;
                }
                Err(_) => {}
            }
        }
    }

    /// A step, unless another node keeps the log.
    async fn turn(&self, sweep: &mut Sweep, most: u32) -> Result<bool, StoreError> {
        if !sweep.begun {
            let now = self.now();
            let holder = self.store().read(move |conn| lease::holder(conn, PROJECTION, now)).await?;
            if holder.is_some_and(|other| other != self.node()) {
                return Ok(true);
            }
        }
        self.look(sweep, most).await
    }

    /// Looks at the next leaves, so many at the most, and tells what is wrong; whether the round is over.
    ///
    /// # Errors
    /// When the store cannot be read; then the round begins anew.
    pub async fn look(&self, sweep: &mut Sweep, most: u32) -> Result<bool, StoreError> {
        let (from, deps, most) = (std::mem::take(sweep), self.deps(), i64::from(most.clamp(1, MOST)));
        let job = move |conn: &mut dyn Conn| {
            let key = (!deps.adopts).then(|| deps.signer.verifier());
            step(conn, from, most, (key, &*deps.rng))
        };
        let looked = self.store().read(job).await?;
        *sweep = looked.sweep;
        looked.wrong.into_iter().for_each(|wrong| self.tell(wrong));
        Ok(looked.over)
    }
}

fn step(
    conn: &mut dyn Conn,
    mut sweep: Sweep,
    most: i64,
    (key, rng): (Option<&Verifier>, &dyn Rng),
) -> Result<Looked, StoreError> {
    let (mut wrong, ends) = (Vec::new(), projection::offsets(conn, PROJECTION)?);
    let head = ledger::head(conn, OWN)?;
    let known: i64 = ends.iter().map(|(_, end)| end).sum();
    if let Err(e) = edge(conn, head.as_ref(), key) {
        match e {
            StoreError::Shape(why) => wrong.push(Wrong::Head(why)),
            e => return Err(e),
        }
    }
    let size = head.map_or(0, |h| h.size);
    if size != known {
        wrong.push(Wrong::Head(format!("it has {size} leaves, and {known} events are said to be leaves")));
    }
    let Some(stretch) = sweep.next(&ends, most, rng) else {
        return Ok(Looked { sweep: Sweep::default(), wrong, over: true });
    };
    let (size, spaces) = (size.cast_unsigned(), space::list(conn)?);
    let leaves = events(conn, size, &spaces, stretch, &mut wrong)?;
    let bundles: BTreeSet<u64> = leaves.into_iter().filter(|leaf| *leaf < size).map(|leaf| leaf / WIDTH).collect();
    let mut known = HashSet::new();
    for number in bundles {
        wrong.extend(climb(conn, size, number, &mut known)?);
    }
    Ok(Looked { sweep, wrong, over: false })
}

/// Compares events with their leaves, of which both there is one for each number; the leaves.
fn events(
    conn: &mut dyn Conn,
    size: u64,
    spaces: &[SpaceRow],
    (space, from, before): Stretch,
    wrong: &mut Vec<Wrong>,
) -> Result<Vec<u64>, StoreError> {
    let path = spaces.iter().find(|s| s.id == space).map_or("", |s| s.path.as_str());
    let rows = ledger::leaves(conn, space, from - 1, before - from)?;
    let mut events = journal::page(conn, space, from - 1, before - from)?.into_iter().peekable();
    let mut rows = rows.into_iter().peekable();
    let (mut against, mut seen) = (Leaves::of(size), Vec::new());
    for seq in from..before {
        let (row, event) = (rows.next_if(|r| r.seq == seq), events.next_if(|e| e.seq == seq));
        seen.extend(row.as_ref().map(|r| r.leaf.cast_unsigned()));
        let named = || path.to_owned();
        wrong.extend(match (row, event) {
            (Some(row), Some(event)) => against.compare(conn, &row, (path, &event))?,
            (Some(row), None) => Some(Wrong::Gone { leaf: row.leaf.cast_unsigned(), space: named(), seq }),
            (None, Some(_)) => Some(Wrong::Inserted { space: named(), seq }),
            (None, None) => Some(Wrong::Removed { space: named(), seq }),
        });
    }
    Ok(seen)
}

/// From a bundle of entries up to the edge of the tree, which was signed; tiles that are known were climbed from before.
fn climb(
    conn: &mut dyn Conn,
    size: u64,
    number: u64,
    known: &mut HashSet<TileId>,
) -> Result<Option<Wrong>, StoreError> {
    let mut id = TileId { level: 0, number };
    let Some(entries) = there(hashes(conn, ENTRIES, number, id.width(size)))? else {
        return Ok(Some(Wrong::Tile { level: ENTRIES, number, leaf: number * WIDTH }));
    };
    let mut under: Vec<Hash> = entries.iter().map(|entry| leaf(entry)).collect();
    if let Some(wrong) = differs(conn, id, &under)? {
        return Ok(Some(wrong));
    }
    while under.len() as u64 == WIDTH && known.insert(id) {
        let (above, place) = (TileId { level: id.level + 1, number: id.number / WIDTH }, id.number % WIDTH);
        let kept = there(hashes(conn, i64::from(above.level), above.number, above.width(size)))?.unwrap_or_default();
        if kept.get(number::size(place)) != Some(&folded(&under)) {
            return Ok(Some(wrong_at(above, place)));
        }
        (id, under) = (above, kept);
    }
    Ok(None)
}

/// The root over the hashes of a tile.
fn folded(hashes: &[Hash]) -> Hash {
    let (mut edge, mut full) = (Edge::default(), Vec::new());
    hashes.iter().for_each(|hash| edge.push(*hash, &mut full));
    edge.root()
}

#[cfg(test)]
mod tests {
    use svod_kernel::SeededRng;

    use super::*;

    #[test]
    fn a_round_sees_every_event_from_the_newest_on_and_as_many_by_chance() {
        let (ends, rng) = ([(0, 3), (4, 250), (5, 0)], SeededRng::new(1));
        let (mut sweep, mut back, mut chance) = (Sweep::default(), BTreeSet::new(), 0);
        let mut last = None;
        while let Some((space, from, before)) = sweep.next(&ends, 100, &rng) {
            let end = ends.iter().find(|(id, _)| *id == space).map_or(0, |(_, end)| *end);
            assert!(from >= 1 && from < before && before <= end + 1, "{space}: {from}..{before}");
            if back.len() < 253 {
                assert!((from..before).all(|seq| back.insert((space, seq))), "twice");
                assert!(space == 0 || last.replace(from).is_none_or(|last| before == last), "backwards");
            } else {
                chance += before - from;
            }
        }
        assert_eq!(back.len(), 253);
        assert!(chance >= 253, "{chance}");
        assert!(Sweep::default().next(&[], 100, &rng).is_none());
    }
}
