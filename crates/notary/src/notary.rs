use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use svod_kernel::{Clock, Coded, Rng, SpacePath};
use svod_ledger::{Hash, Note, NoteError, Receipt, Signer, Tree, Verifier, WIDTH};
use svod_store::ledger::{self, OWN};
use svod_store::{Conn, Store, StoreError, journal, lease};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::append::{Batch, ENTRIES, PROJECTION, Tiled};
use crate::entry::Secret;

/// Events that come within it become leaves together.
const BREATH: Duration = Duration::from_millis(250);
/// How long a node keeps the log without a sign of life.
const LEASE_MICROS: i64 = 15_000_000;
/// How often the journal is looked at when nobody tells of anything.
const BEAT: Duration = Duration::from_secs(1);

/// Why the log gives nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotaryError {
    /// There is no such tile, or no such event in the log (yet).
    #[error("the log has no {0}")]
    Missing(String),
    /// The event's salt was destroyed: its leaf says nothing any more.
    #[error("what the leaf of event {0} said was erased")]
    Erased(i64),
    /// The head that is kept cannot be read.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for NotaryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "ledger-missing",
            Self::Erased(_) => "ledger-erased",
            Self::Note(_) => "ledger-damaged",
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Missing(_) => 404,
            Self::Erased(_) => 410,
            Self::Note(_) => 500,
            Self::Store(e) => e.status(),
        }
    }
}

/// What the notary stands on.
pub struct NotaryDeps {
    /// The store with journal and log.
    pub store: Store,
    /// For the moment of a head.
    pub clock: Arc<dyn Clock>,
    /// For salts.
    pub rng: Arc<dyn Rng>,
    /// Signs heads; its name is the log's origin.
    pub signer: Signer,
    /// The key is new: a log that another has signed is taken over.
    pub adopts: bool,
    /// This process's name in leases.
    pub node: String,
}

/// Keeps the log.
pub struct Notary {
    deps: Arc<NotaryDeps>,
    /// Size of a head that is on the disk.
    durable: AtomicI64,
}

/// The following of the journal.
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends it after the leaves in hand.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the notary broke");
        }
    }
}

impl Notary {
    /// Over a store.
    pub fn new(deps: NotaryDeps) -> Arc<Self> {
        Arc::new(Self { deps: Arc::new(deps), durable: AtomicI64::new(0) })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.key().name
    }

    /// What the signatures of its heads are checked with.
    pub fn key(&self) -> &Verifier {
        self.deps.signer.verifier()
    }

    /// The store in which journal and log are.
    pub fn store(&self) -> &Store {
        &self.deps.store
    }

    /// Follows the journal until it is stopped; on one node at a time.
    pub fn start(self: &Arc<Self>) -> Running {
        let (stop, mut stopped) = watch::channel(false);
        let me = self.clone();
        let task = tokio::spawn(async move {
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => {}
                () = me.follow() => {}
            }
            let deps = me.deps.clone();
            let released = deps.store.clone().write(move |conn| lease::release(conn, PROJECTION, &deps.node)).await;
            if let Err(error) = released {
                tracing::debug!(%error, "the lease of the log ends by itself");
            }
        });
        Running { stop, task }
    }

    async fn follow(&self) {
        let mut heads = self.deps.store.heads();
        loop {
            heads.borrow_and_update();
            match self.catch_up().await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(error) => tracing::error!(%error, "events wait to become leaves of the log"),
            }
            tokio::time::sleep(BREATH).await;
            // What failed, or what another node has left, is tried again.
            if let Ok(Err(_)) = tokio::time::timeout(BEAT, heads.changed()).await {
                return;
            }
        }
    }

    /// Makes leaves of all events there are, when this node keeps the log.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        loop {
            let deps = self.deps.clone();
            let gather =
                move |conn: &mut dyn Conn| Batch::gather(conn, (deps.signer.verifier(), deps.adopts), &*deps.rng);
            let Some(batch) = self.deps.store.read(gather).await? else { return Ok(()) };
            let (deps, count) = (self.deps.clone(), batch.len());
            let write = move |conn: &mut dyn Conn| {
                let now = deps.clock.now();
                if !lease::acquire(conn, PROJECTION, &deps.node, now, LEASE_MICROS)? {
                    return Ok(None);
                }
                batch.write(conn, &deps.signer, now).map(Some)
            };
            match self.deps.store.write(write).await? {
                Some(true) => metrics::counter!("svod_ledger_leaves_total").increment(count as u64),
                // Another node was before: what is left is worked out anew.
                Some(false) => {}
                None => return Ok(()),
            }
        }
    }

    /// The signed head.
    ///
    /// # Errors
    /// [`NotaryError::Missing`] before the first.
    pub async fn checkpoint(&self) -> Result<String, NotaryError> {
        let head = self.deps.store.read(|conn| ledger::head(conn, OWN)).await?;
        let head = head.ok_or_else(|| NotaryError::Missing("head".into()))?;
        self.settled(head.size).await?;
        Ok(head.note)
    }

    /// Nobody outside sees a head that a power cut could undo.
    async fn settled(&self, size: i64) -> Result<(), StoreError> {
        if size > self.durable.load(Ordering::Acquire) {
            self.deps.store.write(|_: &mut dyn Conn| Ok::<_, StoreError>(())).await?;
            self.durable.fetch_max(size, Ordering::AcqRel);
        }
        Ok(())
    }

    /// The first hashes of a tile, one after another.
    ///
    /// # Errors
    /// [`NotaryError::Missing`]
    pub async fn tile(&self, level: u8, number: u64, width: u64) -> Result<Vec<u8>, NotaryError> {
        self.bytes(i64::from(level), number, width).await
    }

    /// A bundle of entries, each after its length.
    ///
    /// # Errors
    /// [`NotaryError::Missing`]
    pub async fn entries(&self, number: u64, width: u64) -> Result<Vec<u8>, NotaryError> {
        let bytes = self.bytes(ENTRIES, number, width).await?;
        Ok(bytes.chunks(32).flat_map(|entry| [&[0, 32], entry].concat()).collect())
    }

    async fn bytes(&self, level: i64, number: u64, width: u64) -> Result<Vec<u8>, NotaryError> {
        let missing = || NotaryError::Missing(format!("tile {level}/{number} of {width}"));
        if number > i64::MAX as u64 / WIDTH {
            return Err(missing());
        }
        let found = self.deps.store.read(move |conn| ledger::tile(conn, level, number as i64)).await?;
        let mut bytes = found.ok_or_else(missing)?;
        if bytes.len() < width as usize * 32 {
            return Err(missing());
        }
        bytes.truncate(width as usize * 32);
        Ok(bytes)
    }

    /// Proves that an event stands in the log as it is, and shows those of its changes. Whoever hands it out has seen to it
    /// that the other may see them.
    ///
    /// # Errors
    /// [`NotaryError::Missing`] as long as it is no leaf, [`NotaryError::Erased`].
    pub async fn receipt(
        &self,
        (space, path): (i64, &SpacePath),
        seq: i64,
        shown: Vec<String>,
    ) -> Result<Receipt, NotaryError> {
        let path = path.to_string();
        let job = move |conn: &mut dyn Conn| {
            let missing = || NotaryError::Missing(format!("leaf of event {seq} of {path}"));
            let leaf = ledger::leaf_of(conn, space, seq)?.ok_or_else(missing)?;
            if leaf.salt.is_empty() {
                return Err(NotaryError::Erased(seq));
            }
            let rows = journal::page(conn, space, seq - 1, 1)?;
            let event = rows.into_iter().find(|r| r.seq == seq).ok_or_else(missing)?.event;
            let head = ledger::head(conn, OWN)?.ok_or_else(missing)?;
            let proof = Tree::new(&mut Tiled(conn), head.size as u64).inclusion(leaf.leaf as u64)?;
            let secret = Secret::of(&leaf.salt, (&path, seq), &event, |name| shown.iter().any(|s| s == name))?;
            let extra = serde_json::to_vec(&secret).map_err(|e| StoreError::Shape(e.to_string()))?;
            let receipt = Receipt { extra, index: leaf.leaf as u64, proof, checkpoint: Note::parse(&head.note)? };
            Ok::<_, NotaryError>((head.size, receipt))
        };
        let (size, receipt) = self.deps.store.read(job).await?;
        self.settled(size).await?;
        Ok(receipt)
    }

    /// The steps from an older size to the head, and the head; none when the head is not that far.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn consistency(&self, old: u64) -> Result<Option<(Vec<Hash>, Note)>, NotaryError> {
        let job = move |conn: &mut dyn Conn| {
            let Some(head) = ledger::head(conn, OWN)?.filter(|h| h.size as u64 >= old) else { return Ok(None) };
            let proof = Tree::new(&mut Tiled(conn), head.size as u64).consistency(old)?;
            Ok::<_, NotaryError>(Some((head.size, proof, Note::parse(&head.note)?)))
        };
        let Some((size, proof, note)) = self.deps.store.read(job).await? else { return Ok(None) };
        self.settled(size).await?;
        Ok(Some((proof, note)))
    }

    /// Adds what a witness says of the head, while it is that of the text.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cosign(&self, text: String, line: String, key: Verifier) -> Result<(), NotaryError> {
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let Some(mut head) = ledger::head(conn, OWN)? else { return Ok(()) };
            let mut note = Note::parse(&head.note)?;
            if note.text == text {
                note.signatures.retain(|known| !key.is_named_by(known));
                note.signatures.push(line.clone());
                head.note = note.to_string();
                ledger::put_head(conn, OWN, &head)?;
            }
            Ok(())
        };
        self.deps.store.write(job).await
    }
}
