use svod_kernel::number;
use svod_ledger::{Checkpoint, Edge, Hash, Note, Verifier, WIDTH, leaf};
use svod_store::journal::EventRow;
use svod_store::ledger::{self, LeafRow, OWN};
use svod_store::{Conn, StoreError, journal, projection, space};

use crate::append::{ENTRIES, PROJECTION, hashes};
use crate::compare::{Leaves, differs, there};
use crate::wrong::Wrong;

/// Rows read at once.
const STEP: i64 = 500;

/// What a look at everything has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Leaves of the signed head.
    pub size: u64,
    /// Of them, those that say nothing any more: erased, and named by an event of erasure unless they are wrong.
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
        found.waiting = space::list(conn)?.iter().map(|s| s.seq.cast_unsigned()).sum();
        let leaves = conn.first("SELECT 1 FROM ledger_leaf LIMIT 1", &[])?;
        if leaves.is_some() || !projection::offsets(conn, PROJECTION)?.is_empty() {
            found.wrong.push(Wrong::Head("there is none, and there was a log".into()));
        }
        return Ok(found);
    };
    found.size = head.size.cast_unsigned();
    let signed = checked(&head.note, key).and_then(|c| {
        let same = c.size == head.size.cast_unsigned() && c.root.as_slice() == head.root.as_slice();
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
    let leaves = Leaves::of(found.size);
    let mut events = Events { size: found.size, found, first: None, seen: Vec::new(), leaves };
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
        let Some(entries) = there(hashes(conn, ENTRIES, number, width))? else {
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

/// The way through all events.
struct Events {
    size: u64,
    found: Found,
    /// The first wrong one, by its leaf.
    first: Option<Wrong>,
    /// Leaves that an event was found for.
    seen: Vec<u64>,
    leaves: Leaves,
}

impl Events {
    fn look(&mut self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        // The head's size may have been changed: of n leaves some number up to n is not seen, more need not be kept in mind.
        let rows = conn.first("SELECT count(*) FROM ledger_leaf", &[])?.map_or(Ok(0), |r| r.int(0))?;
        let most = self.size.min(rows.cast_unsigned().saturating_add(1));
        self.seen = vec![0; number::size(most.div_ceil(64))];
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
                    let Some(event) = events.next_if(|e: &EventRow| e.seq <= leaf.seq) else {
                        self.gone(&leaf, path);
                        break;
                    };
                    after = event.seq;
                    if event.seq == leaf.seq {
                        self.event(conn, &leaf, path, &event)?;
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
        self.found.waiting += waiting.map_or(Ok(0), |r| r.int(0))?.cast_unsigned();
        Ok(())
    }

    fn gone(&mut self, leaf: &LeafRow, path: &str) {
        self.mark(leaf.leaf.cast_unsigned());
        self.wrong(Wrong::Gone { leaf: leaf.leaf.cast_unsigned(), space: path.to_owned(), seq: leaf.seq });
    }

    fn event(&mut self, conn: &mut dyn Conn, row: &LeafRow, path: &str, event: &EventRow) -> Result<(), StoreError> {
        self.mark(row.leaf.cast_unsigned());
        self.found.erased += u64::from(row.salt.is_empty());
        if let Some(wrong) = self.leaves.compare(conn, row, (path, event))? {
            self.wrong(wrong);
        }
        Ok(())
    }

    fn mark(&mut self, leaf: u64) {
        let bit = 1 << (leaf % 64);
        match self.seen.get_mut(number::size(leaf / 64)) {
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
