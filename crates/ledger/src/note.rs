use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::hash::Hash;

/// Signature lines that are read of one note at the most.
const MOST_SIGNATURES: usize = 64;

/// What a signature says (C2SP signed-note, tlog-cosignature).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Ed25519 over the text: by the log itself.
    Plain,
    /// Ed25519 over the text and a moment: by a witness.
    Cosignature,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Plain => 1,
            Self::Cosignature => 4,
        }
    }
}

/// Why a note or a key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as it must be.
    #[error("not a signed note: {0}")]
    Shape(&'static str),
    /// A signature of a known key does not fit the text.
    #[error("the signature of {0} does not fit the text")]
    Forged(String),
    /// Nobody known has signed it.
    #[error("nobody known has signed it")]
    Unsigned,
}

/// A key that signatures are checked with: `name+id+key` (C2SP signed-note, verifier keys).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    /// Whose it is.
    pub name: String,
    /// What its signatures say.
    pub kind: Kind,
    key: [u8; 32],
}

impl Verifier {
    /// The short number of the key.
    pub fn id(&self) -> [u8; 4] {
        let digest: Hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.key)
            .finalize()
            .into();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Reads `name+id+key`.
    ///
    /// # Errors
    /// [`NoteError::Shape`]
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Shape("a key is written name+id+key"));
        };
        let bytes = B64.decode(key).map_err(|_| NoteError::Shape("a key is written in base64"))?;
        let (kind, key) = match bytes.split_first() {
            Some((1, key)) => (Kind::Plain, key),
            Some((4, key)) => (Kind::Cosignature, key),
            _ => return Err(NoteError::Shape("the key is neither of a log nor of a witness")),
        };
        let key = key.try_into().map_err(|_| NoteError::Shape("an Ed25519 key has 32 bytes"))?;
        let verifier = Self { name: name.to_owned(), kind, key };
        if !is_name(name) || hex(&verifier.id()) != id {
            return Err(NoteError::Shape("the number of the key does not fit its name"));
        }
        Ok(verifier)
    }

    /// The same key under another name.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// Does the signature line say that it is of this key? It may not fit for all that.
    pub fn is_named_by(&self, line: &str) -> bool {
        parts(line).is_some_and(|(name, bytes)| name == self.name && bytes[..4] == self.id())
    }

    /// Does the signature (without the number of the key) fit the text? The moment of a witness, in seconds.
    fn check(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let key = UnparsedPublicKey::new(&ED25519, self.key);
        match self.kind {
            Kind::Plain => key.verify(text.as_bytes(), signature).ok().map(|()| None),
            Kind::Cosignature => {
                let (time, signature) = signature.split_at_checked(8)?;
                let time = u64::from_be_bytes(time.try_into().ok()?);
                key.verify(cosigned(text, time).as_bytes(), signature).ok().map(|()| Some(time))
            }
        }
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend(self.key);
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), B64.encode(bytes))
    }
}

/// A key that signs.
pub struct Signer {
    verifier: Verifier,
    pair: Ed25519KeyPair,
}

impl Signer {
    /// From 32 secret bytes. The name holds neither spaces nor a plus.
    ///
    /// # Errors
    /// [`NoteError::Shape`] when the name will not do.
    pub fn new(name: &str, kind: Kind, seed: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::Shape("a name has at least one letter, no spaces and no plus"));
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Shape("32 bytes are wanted"))?;
        let mut key = [0; 32];
        key.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { verifier: Verifier { name: name.to_owned(), kind, key }, pair })
    }

    /// What its signatures are checked with.
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The line that is added to a note; `seconds` since 1970 stand in a cosignature.
    pub fn sign(&self, text: &str, seconds: u64) -> String {
        let mut bytes = self.verifier.id().to_vec();
        match self.verifier.kind {
            Kind::Plain => bytes.extend(self.pair.sign(text.as_bytes()).as_ref()),
            Kind::Cosignature => {
                bytes.extend(seconds.to_be_bytes());
                bytes.extend(self.pair.sign(cosigned(text, seconds).as_bytes()).as_ref());
            }
        }
        format!("\u{2014} {} {}\n", self.verifier.name, B64.encode(bytes))
    }
}

fn cosigned(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A signed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// With its last newline.
    pub text: String,
    /// Signature lines, each with its newline.
    pub signatures: Vec<String>,
}

/// A signature that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// By whom.
    pub name: String,
    /// What it says.
    pub kind: Kind,
    /// When, in seconds since 1970, if it says so.
    pub seconds: Option<u64>,
}

impl Note {
    /// Reads a note; no signature is checked.
    ///
    /// # Errors
    /// [`NoteError::Shape`]
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Shape("it holds control characters"));
        }
        let at = note.rfind("\n\n").ok_or(NoteError::Shape("an empty line stands before the signatures"))?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        if signatures.is_empty() || !signatures.ends_with('\n') {
            return Err(NoteError::Shape("it ends with signature lines"));
        }
        let signatures: Vec<String> = signatures.split_inclusive('\n').map(str::to_owned).collect();
        if signatures.len() > MOST_SIGNATURES {
            return Err(NoteError::Shape("it has too many signatures"));
        }
        match signatures.iter().all(|line| parts(line).is_some()) {
            true => Ok(Self { text: text.to_owned(), signatures }),
            false => Err(NoteError::Shape("a signature line is a dash, a name and base64")),
        }
    }

    /// Who of those has signed it. Signatures of others are passed over.
    ///
    /// # Errors
    /// [`NoteError::Forged`] when the signature of a known key does not fit; [`NoteError::Unsigned`] when there is none.
    pub fn verify(&self, known: &[Verifier]) -> Result<Vec<Signed>, NoteError> {
        let mut found = Vec::new();
        for (name, bytes) in self.signatures.iter().filter_map(|line| parts(line)) {
            let (id, signature) = bytes.split_at(4);
            let Some(key) = known.iter().find(|k| k.name == name && k.id() == id) else { continue };
            let seconds = key.check(&self.text, signature).ok_or_else(|| NoteError::Forged(name.to_owned()))?;
            found.push(Signed { name: name.to_owned(), kind: key.kind, seconds });
        }
        if found.is_empty() { Err(NoteError::Unsigned) } else { Ok(found) }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}", self.text, self.signatures.concat())
    }
}

/// Name and bytes of a signature line.
fn parts(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix("\u{2014} ")?.strip_suffix('\n')?.split_once(' ')?;
    let bytes = B64.decode(signature).ok().filter(|b| b.len() > 4)?;
    is_name(name).then_some((name, bytes))
}

/// A tree's head as it is published (C2SP tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root's hash.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a note; further lines are passed over.
    ///
    /// # Errors
    /// [`NoteError::Shape`]
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError::Shape("a checkpoint has origin, size and root"));
        };
        let parsed = size.parse::<u64>().ok().filter(|n| n.to_string() == size);
        let root = B64.decode(root).ok().and_then(|b| Hash::try_from(b).ok());
        match (origin.is_empty(), parsed, root) {
            (false, Some(size), Some(root)) => Ok(Self { origin: origin.to_owned(), size, root }),
            _ => Err(NoteError::Shape("a checkpoint has origin, size and root")),
        }
    }
}

impl std::fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, B64.encode(self.root))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_signed_by_log_and_witness() {
        let log = Signer::new("svod.example/log", Kind::Plain, &[1; 32]).unwrap();
        let witness = Signer::new("witness.example", Kind::Cosignature, &[2; 32]).unwrap();
        let head = Checkpoint { origin: "svod.example/log".into(), size: 7, root: [9; 32] };
        let text = head.to_string();
        let note = Note { signatures: vec![log.sign(&text, 0), witness.sign(&text, 1_700_000_000)], text };
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!((&read, Checkpoint::parse(&read.text)), (&note, Ok(head)));
        let keys = [log.verifier(), witness.verifier()].map(|v| Verifier::parse(&v.to_string()).unwrap());
        let signed = read.verify(&keys).unwrap();
        assert_eq!(signed.iter().map(|s| s.seconds).collect::<Vec<_>>(), [None, Some(1_700_000_000)]);
        let stranger = Signer::new("svod.example/log", Kind::Plain, &[3; 32]).unwrap();
        assert_eq!(read.verify(&[stranger.verifier().clone()]), Err(NoteError::Unsigned));
    }

    #[test]
    fn what_is_not_a_note_is_refused() {
        for wrong in ["", "a\n", "a\n\n", "a\n\n- b c\n", "a\n\n\u{2014} b AAAA\n", "a\tb\n\n\u{2014} b AAAAAAA=\n"] {
            assert!(Note::parse(wrong).is_err(), "{wrong:?}");
        }
        let key = Signer::new("a.example", Kind::Plain, &[1; 32]).unwrap().verifier().to_string();
        let misnamed = key.replace("a.example", "b.example");
        for wrong in ["a\n01\nAA==\n", "\n1\n", "a\n1\nAA==\n"] {
            assert!(Checkpoint::parse(wrong).is_err(), "{wrong:?}");
        }
        for wrong in ["a b", "a+00000000+AA==", &misnamed] {
            assert!(Verifier::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
