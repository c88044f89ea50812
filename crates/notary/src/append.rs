use std::collections::HashMap;

use svod_kernel::{Rng, Timestamp, number};
use svod_ledger::{Checkpoint, Edge, Hash, Note, Signer, TileId, Tiles, Verifier, WIDTH, leaf};
use svod_store::journal::EventRow;
use svod_store::ledger::{self, HeadRow, LeafRow, OWN};
use svod_store::{Conn, StoreError, journal, projection, space};

use crate::entry::{SALT, commitment};

/// Name of the projection: how far the journal of each space is in the log.
pub const PROJECTION: &str = "ledger";
/// Where entries stand among tiles.
pub(crate) const ENTRIES: i64 = -1;
/// Events that become leaves in one transaction, about, and bytes of what they changed.
const MOST: usize = 2_000;
const MOST_BYTES: usize = 16 << 20;
/// Events read at once.
const STEP: i64 = 200;

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
    let bytes = ledger::tile(conn, level, number.cast_signed())?.ok_or_else(missing)?;
    let found: Vec<Hash> = bytes.chunks_exact(32).take(number::size(width)).filter_map(|h| h.try_into().ok()).collect();
    if found.len() as u64 == width { Ok(found) } else { Err(missing()) }
}

/// Level, number, hashes.
type TileBytes = (i64, i64, Vec<u8>);

/// What the next events come to, worked out beside the writer.
pub(crate) struct Batch {
    /// Leaves there were before.
    from: u64,
    leaves: Vec<LeafRow>,
    /// The last event of each space.
    ends: Vec<(i64, i64)>,
    tiles: Vec<TileBytes>,
    head: Checkpoint,
}

/// The edge is that of the head, the entries lead to its leaves, and the head was signed by the key, where one is given.
fn unchanged(head: &HeadRow, edge: &Edge, entries: &[Hash], key: Option<&Verifier>) -> Result<(), StoreError> {
    let leaves = edge.partial().find(|(id, _)| id.level == 0).map_or(&[][..], |(_, hashes)| hashes);
    let lead = entries.len() == leaves.len() && entries.iter().zip(leaves).all(|(entry, hash)| leaf(entry) == *hash);
    let note = Note::parse(&head.note).ok();
    let said = note.as_ref().and_then(|note| Checkpoint::parse(&note.text).ok());
    let same = said.as_ref().is_some_and(|said| said.size == edge.size() && said.root == edge.root());
    if !same || !lead || head.root.as_slice() != edge.root() {
        return Err(StoreError::Shape(
            "the ledger was changed behind the platform's back; see `svod ledger verify`".into(),
        ));
    }
    // The log may have had another name.
    let signed = |key: &Verifier| Some(note?.verify(&[key.named(&said?.origin)]).is_ok());
    match key.is_none_or(|key| signed(key) == Some(true)) {
        true => Ok(()),
        false => Err(StoreError::Shape(
            "the ledger's head was signed with another key: bring secrets/ledger.key of the installation".into(),
        )),
    }
}

/// The edge of the tree under a head and the entries of its last bundle.
///
/// # Errors
/// [`StoreError::Shape`] when they are not those that were signed, by the key where one is given.
pub(crate) fn edge(
    conn: &mut dyn Conn,
    head: Option<&HeadRow>,
    key: Option<&Verifier>,
) -> Result<(Edge, Vec<Hash>), StoreError> {
    let size = head.map_or(0, |h| h.size).cast_unsigned();
    let edge = Edge::read(&mut Tiled(conn), size)?;
    let width = size % WIDTH;
    let entries = if width == 0 { Vec::new() } else { hashes(conn, ENTRIES, size / WIDTH, width)? };
    if let Some(head) = head {
        unchanged(head, &edge, &entries, key)?;
    }
    Ok((edge, entries))
}

/// What is being made.
struct Made {
    edge: Edge,
    /// Of the last bundle.
    entries: Vec<Hash>,
    leaves: Vec<LeafRow>,
    tiles: Vec<TileBytes>,
}

impl Made {
    fn add(&mut self, path: &str, row: &EventRow, rng: &dyn Rng) -> Result<(), StoreError> {
        let mut salt = [0; SALT];
        rng.fill(&mut salt);
        let entry = commitment(&salt, path, row.seq, &row.event)?;
        let number = self.edge.size();
        self.leaves.push(LeafRow { space: row.space, seq: row.seq, leaf: number.cast_signed(), salt: salt.to_vec() });
        let mut full = Vec::new();
        self.edge.push(leaf(&entry), &mut full);
        self.tiles
            .extend(full.iter().map(|(id, hashes)| (i64::from(id.level), id.number.cast_signed(), hashes.concat())));
        self.entries.push(entry);
        if self.entries.len() as u64 == WIDTH {
            self.tiles.push((ENTRIES, (number / WIDTH).cast_signed(), self.entries.concat()));
            self.entries.clear();
        }
        Ok(())
    }

    /// Leaves, and all tiles that have changed.
    fn finish(mut self) -> (Vec<LeafRow>, Vec<TileBytes>) {
        if !self.entries.is_empty() {
            self.tiles.push((ENTRIES, (self.edge.size() / WIDTH).cast_signed(), self.entries.concat()));
        }
        let partial = self.edge.partial();
        self.tiles.extend(partial.map(|(id, hashes)| (i64::from(id.level), id.number.cast_signed(), hashes.concat())));
        (self.leaves, self.tiles)
    }
}

impl Batch {
    /// The next events; none when all are leaves, and there is a head.
    ///
    /// # Errors
    /// When the tiles at the edge are not those of the signed head: what was rewritten is not signed again.
    pub fn gather(
        conn: &mut dyn Conn,
        (signer, adopts): (&Verifier, bool),
        rng: &dyn Rng,
    ) -> Result<Option<Self>, StoreError> {
        let head = ledger::head(conn, OWN)?;
        let from = head.as_ref().map_or(0, |h| h.size).cast_unsigned();
        let done: HashMap<i64, i64> = projection::offsets(conn, PROJECTION)?.into_iter().collect();
        let fresh: Vec<_> = space::list(conn)?
            .into_iter()
            .map(|s| (done.get(&s.id).copied().unwrap_or(0), s))
            .filter(|(after, s)| s.seq > *after)
            .collect();
        if fresh.is_empty() && head.is_some() {
            return Ok(None);
        }
        let (edge, entries) = edge(conn, head.as_ref(), Some(signer).filter(|_| !adopts))?;
        let mut made = Made { edge, entries, leaves: Vec::new(), tiles: Vec::new() };
        let (mut ends, mut bytes) = (Vec::new(), 0);
        for (after, space) in fresh {
            let mut end = after;
            while made.leaves.len() < MOST && bytes < MOST_BYTES {
                let rows = journal::page(conn, space.id, end, STEP)?;
                let Some(last) = rows.last() else { break };
                end = last.seq;
                for row in &rows {
                    bytes += row.event.changes.len();
                    made.add(&space.path, row, rng)?;
                }
            }
            if end > after {
                ends.push((space.id, end));
            }
        }
        if made.leaves.is_empty() && head.is_some() {
            return Ok(None);
        }
        let head = Checkpoint { origin: signer.name.clone(), size: made.edge.size(), root: made.edge.root() };
        let (leaves, tiles) = made.finish();
        Ok(Some(Self { from, leaves, ends, tiles, head }))
    }

    /// How many leaves it makes.
    pub const fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Writes tiles, leaves and head together or not at all; not when somebody else has made leaves meanwhile.
    pub fn write(&self, conn: &mut dyn Conn, signer: &Signer, now: Timestamp) -> Result<bool, StoreError> {
        conn.exclusive()?;
        if ledger::head(conn, OWN)?.map_or(0, |h| h.size).cast_unsigned() != self.from {
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
        let head = HeadRow { size: self.head.size.cast_signed(), root: self.head.root.to_vec(), at: now, note };
        ledger::put_head(conn, OWN, &head)?;
        Ok(true)
    }
}
