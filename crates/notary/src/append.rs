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

/// Makes the next events leaves; how many there were. Tiles, leaves and head are written together or not at all.
pub(crate) fn append(conn: &mut dyn Conn, signer: &Signer, rng: &dyn Rng, now: Timestamp) -> Result<usize, StoreError> {
    conn.exclusive()?;
    let head = ledger::head(conn, OWN)?;
    let size = head.as_ref().map_or(0, |h| h.size) as u64;
    let done: HashMap<i64, i64> = projection::offsets(conn, PROJECTION)?.into_iter().collect();
    let mut edge = Edge::read(&mut Tiled(conn), size)?;
    let width = size % WIDTH;
    let mut entries = if width == 0 { Vec::new() } else { hashes(conn, ENTRIES, size / WIDTH, width)? };
    let (mut full, mut count) = (Vec::new(), 0);
    for space in space::list(conn)? {
        let after = done.get(&space.id).copied().unwrap_or(0);
        if space.seq <= after || count as i64 >= MOST {
            continue;
        }
        let rows = journal::page(conn, space.id, after, MOST - count as i64)?;
        let Some(last) = rows.last().map(|r| r.seq) else { continue };
        let mut leaves = Vec::with_capacity(rows.len());
        for row in rows {
            let mut salt = [0; SALT];
            rng.fill(&mut salt);
            let entry = commitment(&salt, &space.path, row.seq, &row.event)?;
            leaves.push(LeafRow { space: space.id, seq: row.seq, leaf: edge.size() as i64, salt: salt.to_vec() });
            edge.push(leaf(&entry), &mut full);
            entries.push(entry);
            if entries.len() as u64 == WIDTH {
                ledger::put_tile(conn, ENTRIES, (edge.size() / WIDTH) as i64 - 1, entries.concat())?;
                entries.clear();
            }
        }
        count += leaves.len();
        ledger::add_leaves(conn, leaves)?;
        projection::advance(conn, PROJECTION, space.id, last)?;
    }
    if count == 0 && head.is_some() {
        return Ok(0);
    }
    if !entries.is_empty() {
        ledger::put_tile(conn, ENTRIES, (edge.size() / WIDTH) as i64, entries.concat())?;
    }
    for (id, hashes) in full {
        ledger::put_tile(conn, i64::from(id.level), id.number as i64, hashes.concat())?;
    }
    for (id, hashes) in edge.partial() {
        ledger::put_tile(conn, i64::from(id.level), id.number as i64, hashes.concat())?;
    }
    let root = edge.root();
    let text = Checkpoint { origin: signer.verifier().name.clone(), size: edge.size(), root }.to_string();
    let note = Note { signatures: vec![signer.sign(&text, 0)], text }.to_string();
    ledger::put_head(conn, OWN, &HeadRow { size: edge.size() as i64, root: root.to_vec(), at: now, note })?;
    Ok(count)
}
