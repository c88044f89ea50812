//! The log that nobody can rewrite, with what it needs from outside.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use svod_kernel::{Clock, Rng, SeededRng, SystemClock};
use svod_ledger::{Checkpoint, Kind, Note, Signer, Verifier};
use svod_notary::{Ask, Asked, HEAD_FILE, Notary, NotaryDeps, Peer, Witness};
use svod_store::Store;
use svod_trust::Trust;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::Config;
use crate::config::LedgerConfig;
use crate::outbound::Outbound;
use crate::rooms::Core;
use crate::secrets;

/// The file of the log's key.
pub const LOG_KEY: &str = "ledger.key";
/// Stands beside the key as long as nothing is known to be signed with it.
pub const FRESH: &str = "ledger.fresh";
const WITNESS_KEY: &str = "witness.key";
/// How long a witness may think.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer of a witness.
const MAX_ANSWER: usize = 64 * 1024;

/// What the log of an installation is kept with.
pub struct Keeping {
    /// Signs its heads.
    pub signer: Signer,
    /// Nothing was signed with the key yet: a store that was restored without its key goes on under a new one.
    pub adopts: bool,
    /// Where the newest head is kept outside the store; none: nowhere.
    pub kept: Option<PathBuf>,
}

impl Keeping {
    /// With what the data folder has; the key is made where there is none. A start that made the key and ended before its first
    /// head, because the store was not to be had say, leaves a key that has signed nothing: the next start takes the log over as
    /// that one would have. Once a head was kept beside the store, another's log is refused.
    ///
    /// # Errors
    /// When the key cannot be read or made, or the name will not do.
    pub fn open(config: &LedgerConfig, data: &Path, rng: &dyn Rng) -> anyhow::Result<Self> {
        if secrets::read_key(data, LOG_KEY)?.is_none() {
            secrets::mark(data, FRESH).context("the key of the ledger cannot be made")?;
        }
        let seed = secrets::key(data, LOG_KEY, rng).context("the key of the ledger cannot be read or made")?;
        let (signer, mut adopts) = (signer_of(config, &seed)?, data.join("secrets").join(FRESH).exists());
        if adopts && has_signed(data, signer.verifier())? {
            secrets::unmark(data, FRESH).context("secrets/ledger.fresh cannot be removed")?;
            adopts = false;
        }
        Ok(Self { signer, adopts, kept: Some(head_file(data)) })
    }

    /// With a key for a while.
    ///
    /// # Errors
    /// Never: a key of 32 bytes has a name.
    pub fn for_a_while(seed: &[u8; 32]) -> anyhow::Result<Self> {
        Ok(Self { signer: signer_of(&LedgerConfig::default(), seed)?, adopts: true, kept: None })
    }
}

/// Is a head that was kept beside the store, or one that was set aside, signed with that key?
fn has_signed(data: &Path, key: &Verifier) -> anyhow::Result<bool> {
    for entry in std::fs::read_dir(data.join("secrets"))? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(HEAD_FILE) {
            continue;
        }
        let Ok(note) = Note::parse(&std::fs::read_to_string(entry.path())?) else { continue };
        // The log may have had another name.
        let Ok(said) = Checkpoint::parse(&note.text) else { continue };
        if note.verify(&[key.named(&said.origin)]).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the newest head of the log is kept outside the store.
pub fn head_file(data: &Path) -> PathBuf {
    data.join("secrets").join(HEAD_FILE)
}

/// The newest head that was kept outside the store of an installation, if one was.
///
/// # Errors
/// When the file cannot be read.
pub fn kept_head(config: &Config) -> anyhow::Result<Option<Checkpoint>> {
    Ok(svod_notary::kept_head(&head_file(&config.data.0))?)
}

/// The notary of an installation, for a command: beside the platform, or while that does not run.
///
/// # Errors
/// When the folder has no key of a ledger.
pub fn notary(config: &Config, store: Store) -> anyhow::Result<Arc<Notary>> {
    let data = &config.data.0;
    let seed = secrets::read_key(data, LOG_KEY)?;
    let seed = seed.with_context(|| format!("{} holds no key of a ledger: give --data", data.display()))?;
    let rng = Arc::new(SeededRng::from_system()?);
    Ok(Notary::new(NotaryDeps {
        store,
        clock: Arc::new(SystemClock),
        signer: signer_of(&config.ledger, &seed)?,
        adopts: false,
        node: secrets::node(data, &*rng).context("the name of this node cannot be kept")?,
        kept: Some(head_file(data)),
        rng,
    }))
}

/// Who signs the heads of the log, from the secret.
///
/// # Errors
/// When the name will not do.
pub fn signer_of(config: &LedgerConfig, seed: &[u8; 32]) -> anyhow::Result<Signer> {
    let nameless = Signer::new("svod", Kind::Plain, seed)?;
    let number = u32::from_be_bytes(nameless.verifier().id());
    let origin = config.origin.clone().unwrap_or_else(|| format!("svod-{number:08x}/ledger"));
    Signer::new(&origin, Kind::Plain, seed).context("ledger.origin")
}

/// The witness of other logs.
///
/// # Errors
/// When its key cannot be read or made, or that of a log is none.
pub fn witness(
    config: &LedgerConfig,
    data: &Path,
    rng: &dyn Rng,
    (store, clock, origin): (Store, Arc<dyn Clock>, &str),
) -> anyhow::Result<Witness> {
    let seed = secrets::key(data, WITNESS_KEY, rng).context("the key of the witness cannot be read or made")?;
    let name = format!("{}/witness", origin.trim_end_matches("/ledger"));
    let signer = Signer::new(&name, Kind::Cosignature, &seed).context("ledger.origin")?;
    let logs: Result<Vec<Verifier>, _> = config.witness_of.iter().map(|key| Verifier::parse(key)).collect();
    Ok(Witness::new(store, clock, Arc::new(signer), logs.context("ledger.witness_of")?))
}

/// Trust is told what the notary finds wrong, as long as the platform runs.
pub fn watch(notary: &Notary, trust: Trust) {
    let mut signs = notary.signs();
    tokio::spawn(async move {
        loop {
            match signs.recv().await {
                Ok(wrong) => trust.tampering(&wrong.to_string(), wrong.space().and_then(|s| s.parse().ok())).await,
                Err(RecvError::Lagged(n)) => tracing::warn!(n, "more is wrong with the ledger than is told"),
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Looks at what was signed all the time, and shows new heads to every witness.
///
/// # Errors
/// When the key of a witness is none.
pub fn workers(config: &LedgerConfig, core: &Core, outbound: Outbound) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let ask: Arc<dyn Ask> = Arc::new(Network(outbound));
    let start = |w: &crate::config::WitnessConfig| {
        let key = Verifier::parse(&w.key).with_context(|| format!("ledger.witnesses: the key of {}", w.url))?;
        let peer = Peer { url: w.url.clone(), key };
        Ok(tokio::spawn(core.notary.clone().be_witnessed(peer, ask.clone())))
    };
    let mut workers: Vec<_> = config.witnesses.iter().map(start).collect::<anyhow::Result<_>>()?;
    workers.push(tokio::spawn(core.notary.clone().look_over(config.verify_per_second)));
    Ok(workers)
}

struct Network(Outbound);

impl Ask for Network {
    fn post<'a>(
        &'a self,
        url: &'a str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<Asked, String>> + Send + 'a>> {
        Box::pin(async move {
            let headers = [("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
            let answered = self.0.send("POST", url, &headers, Some(body), PATIENCE).await?;
            let status = answered.status();
            let body = String::from_utf8(answered.body(MAX_ANSWER).await?).map_err(|e| e.to_string())?;
            Ok(Asked { status, body })
        })
    }
}
