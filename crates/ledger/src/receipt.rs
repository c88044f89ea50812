use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;

use crate::hash::{Hash, leaf};
use crate::note::{Checkpoint, Kind, Note, NoteError, Signed, Verifier};
use crate::proof::includes;

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// Proves that an entry stands in a log, without asking anybody (C2SP tlog-proof).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the entry was made of; it proves nothing by itself.
    pub extra: Vec<u8>,
    /// The entry's number.
    pub index: u64,
    /// From its neighbour to the child of the root.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not written as it must be.
    #[error("not a receipt: {0}")]
    Shape(&'static str),
    /// Its checkpoint is not one of the log.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The entry does not stand at that place of the log.
    #[error("the entry is not the one at {0} of the log")]
    Other(u64),
}

impl Receipt {
    /// Reads a receipt; nothing is checked.
    ///
    /// # Errors
    /// [`ReceiptError::Shape`], [`ReceiptError::Note`]
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Shape("it has no checkpoint"))?;
        let mut lines = head.lines().peekable();
        if lines.next() != Some(HEAD) {
            return Err(ReceiptError::Shape("it does not begin as one"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.map_or(Ok(Vec::new()), |line| B64.decode(&line["extra ".len()..]));
        let extra = extra.map_err(|_| ReceiptError::Shape("what it adds is not base64"))?;
        let number = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = number.and_then(|n| n.parse::<u64>().ok().filter(|i| i.to_string() == n));
        let index = index.ok_or(ReceiptError::Shape("it names no entry"))?;
        let hash = |line: &str| B64.decode(line).ok().and_then(|b| Hash::try_from(b).ok());
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.filter(|p| p.len() <= 63).ok_or(ReceiptError::Shape("its steps are hashes"))?;
        Ok(Self { extra, index, proof, checkpoint: Note::parse(checkpoint)? })
    }

    /// The entry stands in the log: its head, and who of those known has signed it.
    ///
    /// # Errors
    /// [`ReceiptError`]
    pub fn verify(&self, entry: &[u8], known: &[Verifier]) -> Result<(Checkpoint, Vec<Signed>), ReceiptError> {
        let signed = self.checkpoint.verify(known)?;
        let head = Checkpoint::parse(&self.checkpoint.text)?;
        // A witness says that the log only grows; that the head is the log's own only the log can say.
        if !signed.iter().any(|s| s.kind == Kind::Plain && s.name == head.origin) {
            return Err(NoteError::Unsigned.into());
        }
        if includes(leaf(entry), self.index, head.size, &self.proof, &head.root) {
            Ok((head, signed))
        } else {
            Err(ReceiptError::Other(self.index))
        }
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEAD}")?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", B64.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for step in &self.proof {
            writeln!(f, "{}", B64.encode(step))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
