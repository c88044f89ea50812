use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use svod_kernel::{Clock, Coded, Rng, SpacePath, Timestamp, number};
use svod_ledger::{Checkpoint, Hash, Note, NoteError, Receipt, Signer, Tree, Verifier, WIDTH};
use svod_store::ledger::{self, HeadRow, OWN};
use svod_store::{Conn, Store, StoreError, journal, lease};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::append::{Batch, ENTRIES, PROJECTION, Tiled};
use crate::entry::Secret;
use crate::kept;
use crate::wrong::Wrong;

/// Events that come within it become leaves together.
pub(crate) const BREATH: Duration = Duration::from_millis(250);
/// How long a node keeps the log without a sign of life.
const LEASE_MICROS: i64 = 15_000_000;
/// How often the journal is looked at when nobody tells of anything.
const BEAT: Duration = Duration::from_secs(1);
/// How often the newest head is written beside the store at the most.
const KEPT: Duration = Duration::from_secs(1);
/// Different things that are told of as wrong before it is only counted that there are more.
const MOST_TOLD: usize = 100;

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
    /// The file in which the newest head is kept outside the store; none: nowhere.
    pub kept: Option<PathBuf>,
}

/// Keeps the log.
pub struct Notary {
    deps: Arc<NotaryDeps>,
    /// Size of a head that is on the disk.
    durable: AtomicI64,
    /// What the file of the newest head says, once it was read and as long as the store goes on from it.
    kept: Mutex<Option<Checkpoint>>,
    /// What is found wrong, and by what it is known that it was told.
    signs: broadcast::Sender<Wrong>,
    told: Mutex<HashSet<String>>,
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
        Arc::new(Self {
            deps: Arc::new(deps),
            durable: AtomicI64::new(0),
            kept: Mutex::default(),
            signs: broadcast::channel(2 * MOST_TOLD).0,
            told: Mutex::default(),
        })
    }

    pub(crate) fn deps(&self) -> Arc<NotaryDeps> {
        self.deps.clone()
    }

    pub(crate) fn node(&self) -> &str {
        &self.deps.node
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.deps.clock.now()
    }

    /// What is found wrong from now on, each once.
    pub fn signs(&self) -> broadcast::Receiver<Wrong> {
        self.signs.subscribe()
    }

    /// Tells what is wrong, unless it was told.
    pub(crate) fn tell(&self, wrong: Wrong) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > MOST_TOLD || !told.insert(wrong.mark()) {
            return;
        }
        let most = told.len() > MOST_TOLD;
        drop(told);
        metrics::counter!("svod_ledger_wrong_total").increment(1);
        if most {
            tracing::error!("more is wrong with the ledger than is told; see `svod ledger verify`");
        } else if wrong.is_of_the_whole() {
            tracing::warn!(%wrong, "nothing is signed until `svod ledger accept`");
        } else {
            tracing::error!(%wrong, "the ledger does not fit the journal");
        }
        if !most {
            let _ = self.signs.send(wrong); // nobody watching is fine
        }
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
            if let Err(error) = me.keep_head().await {
                tracing::debug!(%error, "the newest head is not kept beside the store");
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
        let (mut said, mut next) = (String::new(), Instant::now());
        loop {
            heads.borrow_and_update();
            let mut outcome = self.catch_up().await;
            if outcome.is_ok() && Instant::now() >= next {
                next = Instant::now() + KEPT;
                outcome = self.keep_head().await;
            }
            match outcome {
                Ok(()) => said.clear(),
                Err(StoreError::Closed) => return,
                // Said once, until it is another.
                Err(error) if said != error.to_string() => {
                    said = error.to_string();
                    tracing::error!(error = said, "events wait to become leaves of the log");
                }
                Err(_) => {}
            }
            tokio::time::sleep(BREATH).await;
            // What failed, or what another node has left, is tried again.
            if let Ok(Err(_)) = tokio::time::timeout(BEAT, heads.changed()).await {
                return;
            }
        }
    }

    /// The head of the store, when that goes on from the newest head that was kept beside it.
    async fn standing(&self) -> Result<Option<HeadRow>, StoreError> {
        let kept = self.read_kept()?;
        let job = move |conn: &mut dyn Conn| {
            let wrong = match &kept {
                Some(kept) => kept::goes_on(conn, kept)?,
                None => None,
            };
            Ok::<_, StoreError>((ledger::head(conn, OWN)?, wrong))
        };
        let (head, wrong) = self.deps.store.read(job).await?;
        let Some(wrong) = wrong else { return Ok(head) };
        // Whatever is accepted meanwhile: this process would sign a second past under its name. It refuses until it is started
        // anew, under the new one.
        let refused = StoreError::Shape(format!("{wrong}; see `svod ledger accept`"));
        self.tell(wrong);
        Err(refused)
    }

    fn read_kept(&self) -> Result<Option<Checkpoint>, StoreError> {
        let Some(path) = &self.deps.kept else { return Ok(None) };
        let mut known = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = kept::kept_head(path).map_err(|e| StoreError::Shape(e.to_string()))?;
        }
        Ok(known.clone())
    }

    /// Writes the head beside the store when it has grown: a store that ends before it was set back.
    ///
    /// # Errors
    /// When the store fails, does not go on from what was kept, or the file cannot be written.
    pub async fn keep_head(&self) -> Result<(), StoreError> {
        let Some(path) = self.deps.kept.clone() else { return Ok(()) };
        let Some(head) = self.standing().await? else { return Ok(()) };
        let shape = |e: NoteError| StoreError::Shape(e.to_string());
        let is = Note::parse(&head.note).and_then(|note| Checkpoint::parse(&note.text)).map_err(shape)?;
        if self.read_kept()?.is_some_and(|kept| kept.size >= is.size) {
            return Ok(());
        }
        self.settled(head.size).await?;
        let written = tokio::task::spawn_blocking(move || kept::keep(&path, &head.note)).await;
        let written = written.unwrap_or_else(|e| Err(std::io::Error::other(e)));
        written.map_err(|e| StoreError::Shape(format!("secrets/{}: {e}", kept::HEAD_FILE)))?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(is);
        Ok(())
    }

    /// Makes leaves of all events there are, when this node keeps the log.
    ///
    /// # Errors
    /// When the store fails, or does not go on from the newest head that was kept beside it: nothing is signed then.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.standing().await?;
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
        if number > i64::MAX.cast_unsigned() / WIDTH {
            return Err(missing());
        }
        let found = self.deps.store.read(move |conn| ledger::tile(conn, level, number.cast_signed())).await?;
        let mut bytes = found.ok_or_else(missing)?;
        if bytes.len() < number::size(width) * 32 {
            return Err(missing());
        }
        bytes.truncate(number::size(width) * 32);
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
            let proof = Tree::new(&mut Tiled(conn), head.size.cast_unsigned()).inclusion(leaf.leaf.cast_unsigned())?;
            let secret = Secret::of(&leaf.salt, (&path, seq), &event, |name| shown.iter().any(|s| s == name))?;
            let extra = serde_json::to_vec(&secret).map_err(|e| StoreError::Shape(e.to_string()))?;
            let receipt =
                Receipt { extra, index: leaf.leaf.cast_unsigned(), proof, checkpoint: Note::parse(&head.note)? };
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
            let Some(head) = ledger::head(conn, OWN)?.filter(|h| h.size.cast_unsigned() >= old) else {
                return Ok(None);
            };
            let proof = Tree::new(&mut Tiled(conn), head.size.cast_unsigned()).consistency(old)?;
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
