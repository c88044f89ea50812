//! The log that nobody can rewrite, with what it needs from outside.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use svod_kernel::{Clock, Rng};
use svod_ledger::{Kind, Signer, Verifier};
use svod_notary::{Ask, Asked, Peer, Witness};
use svod_store::Store;
use tokio::task::JoinHandle;

use crate::config::LedgerConfig;
use crate::outbound::Outbound;
use crate::rooms::Core;
use crate::secrets;

/// The file of the log's key.
pub const LOG_KEY: &str = "ledger.key";
const WITNESS_KEY: &str = "witness.key";
/// How long a witness may think.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer of a witness.
const MAX_ANSWER: usize = 64 * 1024;

/// Who signs the heads of the log, and whether the key was made just now: a store that was restored without its key goes on
/// under a new one.
///
/// # Errors
/// When the key cannot be read or made, or the name will not do.
pub fn signer(config: &LedgerConfig, data: &Path, rng: &dyn Rng) -> anyhow::Result<(Signer, bool)> {
    let made = secrets::read_key(data, LOG_KEY)?.is_none();
    let seed = secrets::key(data, LOG_KEY, rng).context("the key of the ledger cannot be read or made")?;
    Ok((signer_of(config, &seed)?, made))
}

/// As [`signer`], from the secret.
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

/// Shows new heads to every witness.
///
/// # Errors
/// When the key of a witness is none.
pub fn be_witnessed(config: &LedgerConfig, core: &Core, outbound: Outbound) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let ask: Arc<dyn Ask> = Arc::new(Network(outbound));
    let start = |w: &crate::config::WitnessConfig| {
        let key = Verifier::parse(&w.key).with_context(|| format!("ledger.witnesses: the key of {}", w.url))?;
        let peer = Peer { url: w.url.clone(), key };
        Ok(tokio::spawn(core.notary.clone().be_witnessed(peer, ask.clone())))
    };
    config.witnesses.iter().map(start).collect()
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
