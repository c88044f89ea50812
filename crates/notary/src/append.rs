use std::collections::HashMap;

use svod_kernel::{Rng, Timestamp};
use svod_ledger::{Checkpoint, Edge, Hash, Note, Signer, TileId, Tiles, WIDTH, leaf};
use svod_store::ledger::{self, HeadRow, LeafRow, OWN};
use svod_store::{Conn, StoreError, journal, projection, space};

use crate::entry::{SALT, commitment};

/// Name of the projection: how far the journal of each space is in the log.
pub const PROJECTION: &str = "ledger";
/// Where entries stand among tiles.
pub(crate) const ENTRIES: i64 = -1;
/// Events that become leaves in one transaction at the most.
const MOST: i64 = 2_000;

/// Tiles as a connection sees them.
pub struct Tiled<'c>(pub &'c mut dyn Conn);

impl Tiles for Tiled<'_> {
    type Error = StoreError;

    fn tile(&mut self, id: TileId, width: u64) -> Result<Vec<Hash>, StoreError> {
        hashes(self.0, i64::from(id.level), id.number, width)
    }
}

/// The first hashes of a tile.
pub(crate) fn hashes(conn: &mut dyn Conn, level: i64, number: u64, width: u64) -> Result<Vec<Hash>, StoreError> {
    let missing = || StoreError::Shape(format!("the ledger has no whole tile {level}/{number} of {width}"));
    let bytes = ledger::tile(conn, level, number as i64)?.ok_or_else(missing)?;
    let found: Vec<Hash> = bytes.chunks_exact(32).take(width as usize).filter_map(|h| h.try_into().ok()).collect();
    if found.len() as u64 == width { Ok(found) } else { Err(missing()) }
}

/// What the next events come to, worked out beside the writer.
pub(crate) struct Batch {
    /// Leaves there were before.
    from: u64,
    leaves: Vec<LeafRow>,
    /// The last event of each space.
    ends: Vec<(i64, i64)>,
    /// Level, number, hashes.
    tiles: Vec<(i64, i64, Vec<u8>)>,
    head: Checkpoint,
}

impl Batch {
    /// The next events; none when all are leaves, and there is a head.
    pub fn gather(conn: &mut dyn Conn, origin: &str, rng: &dyn Rng) -> Result<Option<Self>, StoreError> {
        let head = ledger::head(conn, OWN)?;
        let from = head.as_ref().map_or(0, |h| h.size) as u64;
        let done: HashMap<i64, i64> = projection::offsets(conn, PROJECTION)?.into_iter().collect();
        let fresh: Vec<_> = space::list(conn)?
            .into_iter()
            .map(|s| (done.get(&s.id).copied().unwrap_or(0), s))
            .filter(|(after, s)| s.seq > *after)
            .collect();
        if fresh.is_empty() && head.is_some() {
            return Ok(None);
        }
        let mut edge = Edge::read(&mut Tiled(conn), from)?;
        let width = from % WIDTH;
        let mut entries = if width == 0 { Vec::new() } else { hashes(conn, ENTRIES, from / WIDTH, width)? };
        let (mut leaves, mut ends, mut tiles, mut full) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (after, space) in fresh {
            let rows = journal::page(conn, space.id, after, (MOST - leaves.len() as i64).max(0))?;
            ends.extend(rows.last().map(|r| (space.id, r.seq)));
            for row in rows {
                let mut salt = [0; SALT];
                rng.fill(&mut salt);
                let entry = commitment(&salt, &space.path, row.seq, &row.event)?;
                leaves.push(LeafRow { space: space.id, seq: row.seq, leaf: edge.size() as i64, salt: salt.to_vec() });
                edge.push(leaf(&entry), &mut full);
                entries.push(entry);
                if entries.len() as u64 == WIDTH {
                    tiles.push((ENTRIES, (edge.size() / WIDTH) as i64 - 1, entries.concat()));
                    entries.clear();
                }
            }
        }
        if !entries.is_empty() {
            tiles.push((ENTRIES, (edge.size() / WIDTH) as i64, entries.concat()));
        }
        let partial = edge.partial().map(|(id, hashes)| (id, hashes.concat()));
        let hashes = full.into_iter().map(|(id, hashes)| (id, hashes.concat())).chain(partial);
        tiles.extend(hashes.map(|(id, bytes)| (i64::from(id.level), id.number as i64, bytes)));
        let head = Checkpoint { origin: origin.to_owned(), size: edge.size(), root: edge.root() };
        Ok(Some(Self { from, leaves, ends, tiles, head }))
    }

    /// How many leaves it makes.
    pub const fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Writes tiles, leaves and head together or not at all; not when somebody else has made leaves meanwhile.
    pub fn write(&self, conn: &mut dyn Conn, signer: &Signer, now: Timestamp) -> Result<bool, StoreError> {
        conn.exclusive()?;
        if ledger::head(conn, OWN)?.map_or(0, |h| h.size) as u64 != self.from {
            return Ok(false);
        }
        ledger::add_leaves(conn, &self.leaves)?;
        for (space, seq) in &self.ends {
            projection::advance(conn, PROJECTION, *space, *seq)?;
        }
        for (level, number, bytes) in &self.tiles {
            ledger::put_tile(conn, *level, *number, bytes.clone())?;
        }
        let text = self.head.to_string();
        let note = Note { signatures: vec![signer.sign(&text, 0)], text }.to_string();
        let head = HeadRow { size: self.head.size as i64, root: self.head.root.to_vec(), at: now, note };
        ledger::put_head(conn, OWN, &head)?;
        Ok(true)
    }
}
