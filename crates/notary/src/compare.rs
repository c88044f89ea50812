//! One leaf as against its event, one tile as against what is under it.

use std::collections::HashMap;

use svod_kernel::number;
use svod_ledger::{Hash, TileId, WIDTH};
use svod_store::journal::{EventRow, NOTHING};
use svod_store::ledger::{self, LeafRow};
use svod_store::{Conn, StoreError};

use crate::append::{ENTRIES, hashes};
use crate::entry::commitment;
use crate::erase::{Stretch, covers, named};
use crate::wrong::Wrong;

/// Bundles of entries, and entities of which events were erased, kept at hand.
const KEPT: usize = 1_024;

/// What is not there is wrong; that it could not be read is not.
pub(crate) fn there<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(StoreError::Shape(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The leaves of a tree as against events.
pub(crate) struct Leaves {
    size: u64,
    /// Entries by the number of their bundle; none where it cannot be read.
    bundles: HashMap<u64, Vec<Hash>>,
    /// Events that were erased, by space and entity.
    erased: HashMap<(i64, String), Vec<Stretch>>,
}

impl Leaves {
    /// Of a tree of that size.
    pub fn of(size: u64) -> Self {
        Self { size, bundles: HashMap::new(), erased: HashMap::new() }
    }

    /// What is wrong with an event and its leaf; none when one is the other's.
    pub fn compare(
        &mut self,
        conn: &mut dyn Conn,
        row: &LeafRow,
        (path, event): (&str, &EventRow),
    ) -> Result<Option<Wrong>, StoreError> {
        let (leaf, space, seq) = (row.leaf.cast_unsigned(), path.to_owned(), row.seq);
        if leaf >= self.size {
            return Ok(Some(Wrong::Unknown(leaf)));
        }
        if row.salt.is_empty() {
            return Ok(match self.is_named(conn, event)? {
                true if event.event.changes == NOTHING => None,
                // Nothing vouches for what stands there by now.
                true => Some(Wrong::Event { leaf, space, seq }),
                false => Some(Wrong::Unnamed { leaf, space, seq }),
            });
        }
        // A bundle that cannot be read is named by itself.
        let Some(entry) = self.entry(conn, leaf)? else { return Ok(None) };
        let is = commitment(&row.salt, path, seq, &event.event).ok();
        Ok((is != Some(entry)).then_some(Wrong::Event { leaf, space, seq }))
    }

    fn entry(&mut self, conn: &mut dyn Conn, leaf: u64) -> Result<Option<Hash>, StoreError> {
        let number = leaf / WIDTH;
        if !self.bundles.contains_key(&number) {
            if self.bundles.len() >= KEPT {
                self.bundles.clear();
            }
            let width = TileId { level: 0, number }.width(self.size);
            let entries = there(hashes(conn, ENTRIES, number, width))?.unwrap_or_default();
            self.bundles.insert(number, entries);
        }
        Ok(self.bundles.get(&number).and_then(|all| all.get(number::size(leaf % WIDTH))).copied())
    }

    fn is_named(&mut self, conn: &mut dyn Conn, event: &EventRow) -> Result<bool, StoreError> {
        let of = (event.space, event.event.urn.clone());
        if !self.erased.contains_key(&of) {
            if self.erased.len() >= KEPT {
                self.erased.clear();
            }
            let stretches = named(conn, event.space, &event.event.urn)?;
            self.erased.insert(of.clone(), stretches);
        }
        Ok(self.erased.get(&of).is_some_and(|all| covers(all, event.seq)))
    }
}

/// The first hash of a kept tile that is not the one it must be.
pub(crate) fn differs(conn: &mut dyn Conn, id: TileId, is: &[Hash]) -> Result<Option<Wrong>, StoreError> {
    let kept = ledger::tile(conn, i64::from(id.level), id.number.cast_signed())?.unwrap_or_default();
    let mut kept = kept.chunks(32);
    let place = is.iter().position(|hash| kept.next() != Some(hash.as_slice()));
    Ok(place.map(|place| wrong_at(id, place as u64)))
}

/// The hash at a place of a tile is wrong.
pub(crate) fn wrong_at(id: TileId, place: u64) -> Wrong {
    let span = WIDTH.saturating_pow(u32::from(id.level));
    let leaf = (id.number * WIDTH + place) * span;
    Wrong::Tile { level: i64::from(id.level), number: id.number, leaf }
}
