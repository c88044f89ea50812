use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use svod_kernel::Clock;
use svod_ledger::{Checkpoint, Hash, Kind, Note, Signer, Verifier, consistent, empty};
use svod_store::ledger::{self, HeadRow};
use svod_store::{Conn, Store, StoreError};

use crate::notary::{Notary, NotaryError};

/// Steps of a proof that are taken at the most (C2SP tlog-witness).
const MOST_STEPS: usize = 63;
/// How often witnesses are asked about a new head.
const ROUND: Duration = Duration::from_secs(1);

/// What a witness says to a head that it is shown (C2SP tlog-witness, add-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Signature lines.
    Signed(String),
    /// The request is not written as it must be.
    Malformed(&'static str),
    /// The log is none of those that are witnessed.
    Unknown,
    /// The log has not signed it.
    Untrusted,
    /// The last head that was signed has this size, or another root at the same one.
    Conflict(u64),
    /// The proof does not lead from the last head to this one.
    Inconsistent,
}

/// Signs heads of other logs that only grow.
pub struct Witness {
    store: Store,
    clock: Arc<dyn Clock>,
    signer: Arc<Signer>,
    logs: Vec<Verifier>,
}

impl Witness {
    /// Of those logs; the signer makes cosignatures.
    pub const fn new(store: Store, clock: Arc<dyn Clock>, signer: Arc<Signer>, logs: Vec<Verifier>) -> Self {
        Self { store, clock, signer, logs }
    }

    /// What its signatures are checked with.
    pub fn key(&self) -> &Verifier {
        self.signer.verifier()
    }

    /// Takes the body of `add-checkpoint`.
    ///
    /// # Errors
    /// When the store fails; nothing is signed then.
    pub async fn add(&self, body: &str) -> Result<Answer, StoreError> {
        let Some((old, proof, note)) = parse(body) else {
            return Ok(Answer::Malformed("wanted: `old SIZE`, steps in base64, an empty line, a signed checkpoint"));
        };
        let Ok(head) = Checkpoint::parse(&note.text) else { return Ok(Answer::Malformed("the note is no checkpoint")) };
        let of_log = |l: &&Verifier| l.name == head.origin && l.kind == Kind::Plain;
        let keys: Vec<Verifier> = self.logs.iter().filter(of_log).cloned().collect();
        if keys.is_empty() {
            return Ok(Answer::Unknown);
        }
        if note.verify(&keys).is_err() {
            return Ok(Answer::Untrusted);
        }
        if old > head.size {
            return Ok(Answer::Malformed("the old size is above the new one"));
        }
        let (signer, now) = (self.signer.clone(), self.clock.now());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let last = ledger::head(conn, &head.origin)?;
            let (size, root) = match &last {
                None => (0, empty()),
                Some(last) => (last.size.cast_unsigned(), Hash::try_from(last.root.as_slice()).unwrap_or_default()),
            };
            if size != old || (size == head.size && size > 0 && root != head.root) {
                if size == head.size && size == old {
                    tracing::error!(log = head.origin, size, "a log has forked: two heads of one size");
                    metrics::counter!("svod_ledger_forks_total").increment(1);
                }
                return Ok(Answer::Conflict(size));
            }
            if !consistent(old, &root, head.size, &head.root, &proof) {
                // By itself no proof of a fork: anybody can send the log's head with a wrong proof.
                tracing::info!(log = head.origin, size, claimed = head.size, "a head was not shown to go on");
                return Ok(Answer::Inconsistent);
            }
            let row =
                HeadRow { size: head.size.cast_signed(), root: head.root.to_vec(), at: now, note: note.to_string() };
            ledger::put_head(conn, &head.origin, &row)?;
            Ok(Answer::Signed(signer.sign(&note.text, (now.0 / 1_000_000).cast_unsigned())))
        };
        self.store.write(job).await
    }
}

/// Old size, proof and note of a request.
fn parse(body: &str) -> Option<(u64, Vec<Hash>, Note)> {
    let (head, note) = body.split_once("\n\n")?;
    let mut lines = head.lines();
    let number = lines.next()?.strip_prefix("old ")?;
    let old = number.parse::<u64>().ok().filter(|n| n.to_string() == number)?;
    let proof: Option<Vec<Hash>> = lines.map(|l| B64.decode(l).ok().and_then(|b| Hash::try_from(b).ok())).collect();
    let proof = proof.filter(|p| p.len() <= MOST_STEPS && (old > 0 || p.is_empty()))?;
    Some((old, proof, Note::parse(note).ok()?))
}

/// What came back from a witness.
pub struct Asked {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: String,
}

/// Sends a request to a witness.
pub trait Ask: Send + Sync {
    /// `POST`s a text.
    fn post<'a>(
        &'a self,
        url: &'a str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<Asked, String>> + Send + 'a>>;
}

/// A witness that is asked to sign the own heads.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Submission prefix.
    pub url: String,
    /// Its key.
    pub key: Verifier,
}

impl Notary {
    /// Shows new heads to a witness for ever.
    pub async fn be_witnessed(self: Arc<Self>, peer: Peer, ask: Arc<dyn Ask>) {
        let (mut size, mut text, mut quiet) = (0, String::new(), false);
        loop {
            match self.show(&peer, &*ask, &mut size, &mut text).await {
                Ok(()) => quiet = false,
                // Said once, until it is better.
                Err(why) if !quiet => {
                    tracing::warn!(witness = peer.key.name, why, "a witness has not signed the head");
                    quiet = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Shows the head to a witness, if it is another than the one of that text; `size` is what it signed last.
    async fn show(&self, peer: &Peer, ask: &dyn Ask, size: &mut u64, text: &mut String) -> Result<(), String> {
        for _ in 0..2 {
            let said = |e: NotaryError| e.to_string();
            let Some((proof, note)) = self.consistency(*size).await.map_err(said)? else {
                return Err(format!("it has signed {size} leaves, more than there are"));
            };
            if note.text == *text {
                return Ok(());
            }
            let steps: String = proof.iter().map(|h| format!("{}\n", B64.encode(h))).collect();
            let own = note.signatures.first().cloned().unwrap_or_default();
            let body = format!("old {size}\n{steps}\n{}\n{own}", note.text);
            let url = format!("{}/add-checkpoint", peer.url.trim_end_matches('/'));
            let Asked { status, body } = ask.post(&url, body).await?;
            match status {
                200 => {
                    let line = signature(&note.text, &body, &peer.key).ok_or("its signature does not fit")?;
                    let head = Checkpoint::parse(&note.text).map_err(|e| e.to_string())?;
                    self.cosign(note.text.clone(), line, peer.key.clone()).await.map_err(said)?;
                    (*size, *text) = (head.size, note.text);
                    return Ok(());
                }
                409 => match body.trim().parse::<u64>() {
                    Ok(known) if known != *size => *size = known,
                    _ => return Err("it knows another head of that size: the log has forked".into()),
                },
                _ => return Err(format!("it answered {status}")),
            }
        }
        Err("it says another size each time".into())
    }
}

/// The line of an answer that is the key's and fits the text; whatever else stands there is passed over.
fn signature(text: &str, body: &str, key: &Verifier) -> Option<String> {
    let fits = |line: &&str| {
        let alone = Note { text: text.to_owned(), signatures: vec![(*line).to_owned()] };
        alone.verify(std::slice::from_ref(key)).is_ok()
    };
    body.split_inclusive('\n').take(16).find(fits).map(str::to_owned)
}
