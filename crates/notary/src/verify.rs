use std::collections::HashMap;

use svod_ledger::{Checkpoint, Edge, Hash, Note, TileId, Verifier, WIDTH, leaf};
use svod_store::journal::NewEvent;
use svod_store::ledger::{self, LeafRow, OWN};
use svod_store::{Conn, StoreError, journal, projection, space};

use crate::append::{ENTRIES, PROJECTION, hashes};
use crate::entry::commitment;

/// Rows read at once.
const STEP: i64 = 500;
/// Bundles of entries kept at hand.
const KEPT: usize = 1_024;

/// Something is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The signed head.
    #[error("the head: {0}")]
    Head(String),
    /// A tile of hashes, or a bundle of entries (level -1).
    #[error("tile {level}/{number}, from leaf {leaf} on")]
    Tile {
        /// Level.
        level: i64,
        /// Number.
        number: u64,
        /// The first leaf under the first hash that is wrong.
        leaf: u64,
    },
    /// An event is not what its leaf says.
    #[error("leaf {leaf}: event {seq} of {space} was changed")]
    Event {
        /// Leaf.
        leaf: u64,
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// An event of the log is not in the journal any more.
    #[error("leaf {leaf}: event {seq} of {space} is gone")]
    Gone {
        /// Leaf.
        leaf: u64,
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// Nobody knows which event a leaf is, or two say they are it.
    #[error("leaf {0}: not exactly one event says it is this")]
    Unknown(u64),
    /// An event stands in the journal among those of the log and is none of them.
    #[error("event {seq} of {space} came behind the log's back")]
    Inserted {
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
}

impl Wrong {
    /// The first leaf that it concerns.
    pub const fn leaf(&self) -> Option<u64> {
        match self {
            Self::Head(_) | Self::Inserted { .. } => None,
            Self::Tile { leaf, .. } | Self::Event { leaf, .. } | Self::Gone { leaf, .. } | Self::Unknown(leaf) => {
                Some(*leaf)
            }
        }
    }
}

/// What a look at everything has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Leaves of the signed head.
    pub size: u64,
    /// Of them, those that say nothing any more.
    pub erased: u64,
    /// Events that are no leaves yet.
    pub waiting: u64,
    /// What is wrong: of the head, of tiles, and of events, the first of each; none when all is well.
    pub wrong: Vec<Wrong>,
}

/// Compares journal, leaves, tiles and signed head.
///
/// # Errors
/// When the store cannot be read.
pub fn verify(conn: &mut dyn Conn, key: &Verifier) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let Some(head) = ledger::head(conn, OWN)? else {
        found.waiting = space::list(conn)?.iter().map(|s| s.seq as u64).sum();
        let leaves = conn.first("SELECT 1 FROM ledger_leaf LIMIT 1", &[])?;
        if leaves.is_some() || !projection::offsets(conn, PROJECTION)?.is_empty() {
            found.wrong.push(Wrong::Head("there is none, and there was a log".into()));
        }
        return Ok(found);
    };
    found.size = head.size as u64;
    let signed = checked(&head.note, key).and_then(|c| {
        let same = c.size == head.size as u64 && c.root.as_slice() == head.root.as_slice();
        if same { Ok(c.root) } else { Err("it is not the one that was signed".to_owned()) }
    });
    let mut root = None;
    match tree(conn, found.size)? {
        Ok(is) => root = Some(is),
        Err(wrong) => found.wrong.push(wrong),
    }
    match (signed, root) {
        (Err(why), _) => found.wrong.insert(0, Wrong::Head(why)),
        (Ok(signed), Some(is)) if signed != is => {
            found.wrong.insert(0, Wrong::Head("its root is not that of the entries".into()));
        }
        _ => {}
    }
    let mut events = Events { size: found.size, found, first: None, seen: Vec::new(), kept: HashMap::new() };
    events.look(conn)?;
    let Events { mut found, first, .. } = events;
    found.wrong.extend(first);
    Ok(found)
}

fn checked(note: &str, key: &Verifier) -> Result<Checkpoint, String> {
    let note = Note::parse(note).map_err(|e| e.to_string())?;
    note.verify(std::slice::from_ref(key)).map_err(|e| e.to_string())?;
    let head = Checkpoint::parse(&note.text).map_err(|e| e.to_string())?;
    if head.origin == key.name { Ok(head) } else { Err(format!("it is one of {}", head.origin)) }
}

/// Builds the tree of the entries anew; its root, or the first tile that is another.
fn tree(conn: &mut dyn Conn, size: u64) -> Result<Result<Hash, Wrong>, StoreError> {
    let mut edge = Edge::default();
    for number in 0..size.div_ceil(WIDTH) {
        let width = (size - number * WIDTH).min(WIDTH);
        let Ok(entries) = hashes(conn, ENTRIES, number, width) else {
            return Ok(Err(Wrong::Tile { level: ENTRIES, number, leaf: number * WIDTH }));
        };
        let mut full = Vec::new();
        entries.iter().for_each(|entry| edge.push(leaf(entry), &mut full));
        for (id, is) in full {
            if let Some(wrong) = differs(conn, id, &is)? {
                return Ok(Err(wrong));
            }
        }
    }
    for (id, is) in edge.partial() {
        if let Some(wrong) = differs(conn, id, is)? {
            return Ok(Err(wrong));
        }
    }
    Ok(Ok(edge.root()))
}

fn differs(conn: &mut dyn Conn, id: TileId, is: &[Hash]) -> Result<Option<Wrong>, StoreError> {
    let kept = ledger::tile(conn, i64::from(id.level), id.number as i64)?.unwrap_or_default();
    let mut kept = kept.chunks(32);
    let place = is.iter().position(|hash| kept.next() != Some(hash.as_slice()));
    let span = WIDTH.saturating_pow(u32::from(id.level));
    Ok(place.map(|place| Wrong::Tile {
        level: i64::from(id.level),
        number: id.number,
        leaf: (id.number * WIDTH + place as u64) * span,
    }))
}

/// The way through all events.
struct Events {
    size: u64,
    found: Found,
    /// The first wrong one, by its leaf.
    first: Option<Wrong>,
    /// Leaves that an event was found for.
    seen: Vec<u64>,
    kept: HashMap<u64, Vec<Hash>>,
}

impl Events {
    fn look(&mut self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        self.seen = vec![0; self.size.div_ceil(64) as usize];
        for space in space::list(conn)? {
            self.space(conn, space.id, &space.path)?;
        }
        for (word, bits) in self.seen.clone().into_iter().enumerate() {
            if bits != u64::MAX {
                let leaf = word as u64 * 64 + u64::from(bits.trailing_ones());
                if leaf < self.size {
                    self.wrong(Wrong::Unknown(leaf));
                }
                break;
            }
        }
        Ok(())
    }

    /// Both in their order, side by side.
    fn space(&mut self, conn: &mut dyn Conn, id: i64, path: &str) -> Result<(), StoreError> {
        let (mut after, mut events) = (0, Vec::new().into_iter().peekable());
        loop {
            let leaves = ledger::leaves(conn, id, after, STEP)?;
            let Some(last) = leaves.last().map(|l| l.seq) else { break };
            for leaf in leaves {
                loop {
                    if events.peek().is_none() {
                        events = journal::page(conn, id, after, STEP)?.into_iter().peekable();
                    }
                    let Some(event) = events.next_if(|e: &journal::EventRow| e.seq <= leaf.seq) else {
                        self.gone(&leaf, path);
                        break;
                    };
                    after = event.seq;
                    if event.seq == leaf.seq {
                        self.event(conn, &leaf, path, &event.event)?;
                        break;
                    }
                    self.wrong(Wrong::Inserted { space: path.to_owned(), seq: event.seq });
                }
                after = after.max(leaf.seq);
            }
            after = after.max(last);
        }
        let waiting =
            conn.first("SELECT count(*) FROM journal WHERE space = ?1 AND seq > ?2", &[id.into(), after.into()])?;
        self.found.waiting += waiting.map_or(Ok(0), |r| r.int(0))? as u64;
        Ok(())
    }

    fn gone(&mut self, leaf: &LeafRow, path: &str) {
        self.mark(leaf.leaf as u64);
        self.wrong(Wrong::Gone { leaf: leaf.leaf as u64, space: path.to_owned(), seq: leaf.seq });
    }

    fn event(&mut self, conn: &mut dyn Conn, row: &LeafRow, path: &str, event: &NewEvent) -> Result<(), StoreError> {
        let leaf = row.leaf as u64;
        self.mark(leaf);
        if row.salt.is_empty() {
            self.found.erased += 1;
            return Ok(());
        }
        let number = leaf / WIDTH;
        if !self.kept.contains_key(&number) {
            if self.kept.len() >= KEPT {
                self.kept.clear();
            }
            let width = self.size.saturating_sub(number * WIDTH).min(WIDTH);
            self.kept.insert(number, hashes(conn, ENTRIES, number, width).unwrap_or_default());
        }
        let entry = self.kept.get(&number).and_then(|all| all.get((leaf % WIDTH) as usize)).copied();
        // A bundle that cannot be read was named already.
        let is = commitment(&row.salt, path, row.seq, event).ok();
        if entry.is_some() && entry != is {
            self.wrong(Wrong::Event { leaf, space: path.to_owned(), seq: row.seq });
        }
        Ok(())
    }

    fn mark(&mut self, leaf: u64) {
        let bit = 1 << (leaf % 64);
        match self.seen.get_mut((leaf / 64) as usize) {
            Some(word) if *word & bit == 0 && leaf < self.size => *word |= bit,
            _ => self.wrong(Wrong::Unknown(leaf)),
        }
    }

    /// Keeps the first.
    fn wrong(&mut self, wrong: Wrong) {
        let place = |w: &Wrong| w.leaf().unwrap_or(u64::MAX);
        if self.first.as_ref().is_none_or(|first| place(&wrong) < place(first)) {
            self.first = Some(wrong);
        }
    }
}
