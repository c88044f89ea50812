//! What has been kept for long enough is removed: refused messages, which hold whatever a device sent, forms that nobody has
//! sent, and, where an end was given them, observations, traces and accounts. Other entities, the journal and the ledger are not
//! touched.

use std::time::Duration;

use svod_kernel::{Actor, Timestamp, Urn, number};
use svod_notary::{EraseError, Erasure};
use svod_registry::{Change, Command, Operation};
use svod_store::quarantine::{self, Status};
use svod_store::{Store, StoreError, meta};

use crate::config::KeepConfig;
use crate::rooms::Core;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(3_600);
/// Days that a form which nobody has sent is kept after it was last touched.
const DRAFT_DAYS: i64 = 90;
/// Rows removed in one transaction: writers wait for it.
const AT_ONCE: i64 = 500;
/// Traces removed in one go; each is an event of the journal, and so is its erasure.
const TRACES: usize = 200;
/// Under what stands which traces are being removed, so that what was broken off is finished.
const ERASING: &str = "keep/erasing";

/// Looks now and every hour, for as long as it is let.
pub async fn run(core: Core, keep: KeepConfig) {
    loop {
        match forget(&core, &keep).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "what was kept for long enough was removed"),
            Err(e) => tracing::error!(error = %e, "what is over cannot be removed; it is tried again in an hour"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes all that is over; how many rows, traces and accounts it were.
///
/// # Errors
/// When the store fails.
pub async fn forget(core: &Core, keep: &KeepConfig) -> anyhow::Result<u64> {
    let now = core.registry.clock().now();
    let before = |days| KeepConfig::before(days, now);
    let mut gone = forget_refused(&core.store, before(keep.held_days), before(keep.judged_days)).await?;
    let begun = now.plus_seconds(-DRAFT_DAYS * 24 * 3_600);
    gone += core.store.write(move |conn| svod_store::draft::forget(conn, begun)).await?;
    if keep.observations_days > 0 {
        gone += core.history.forget(before(keep.observations_days)).await?;
    }
    if keep.unused_account_days > 0 {
        gone += core.identity.close_unused(before(keep.unused_account_days)).await?;
    }
    if keep.closed_account_days > 0 {
        gone += core.identity.remove_closed(before(keep.closed_account_days)).await?;
    }
    if keep.traces_days > 0 {
        gone += forget_traces(core, before(keep.traces_days)).await?;
    }
    Ok(gone)
}

async fn forget_refused(store: &Store, held: Timestamp, judged: Timestamp) -> Result<u64, StoreError> {
    let mut gone = 0;
    for (status, before) in [(Status::Held, held), (Status::Replayed, judged), (Status::Discarded, judged)] {
        loop {
            // Looked for beside the writer, which removes what is over still.
            let over = store.read(move |conn| quarantine::over(conn, status, before, AT_ONCE)).await?;
            let last = number::count(over.len()) < AT_ONCE;
            if !over.is_empty() {
                gone += store.write(move |conn| quarantine::forget(conn, &over, status, before)).await?;
            }
            if last {
                break;
            }
        }
    }
    Ok(gone)
}

/// Traces are entities: they are removed through the one door, and then what is kept of them is destroyed.
async fn forget_traces(core: &Core, before: Timestamp) -> anyhow::Result<u64> {
    const GROUND: &str = "keep.traces_days";
    erase_begun(core, GROUND).await?;
    let over = core.trust.over(before, TRACES).await?;
    if over.is_empty() {
        return Ok(0);
    }
    let list = serde_json::to_string(&over)?;
    core.store.write(move |conn| meta::set(conn, 0, ERASING, &list)).await?;
    for urn in &over {
        let changes = vec![Change::from(Operation::Delete { urn: urn.clone(), expected: None })];
        let command = Command { ground: GROUND.to_owned(), changes, ..Command::default() };
        core.registry.execute(&Actor::platform("keeping"), command).await?;
    }
    erase_begun(core, GROUND).await?;
    Ok(over.len() as u64)
}

async fn erase_begun(core: &Core, ground: &str) -> anyhow::Result<()> {
    let kept = core.store.read(|conn| meta::get(conn, 0, ERASING)).await?;
    let begun: Vec<Urn> = kept.map_or(Ok(Vec::new()), |list| serde_json::from_str(&list))?;
    if begun.is_empty() {
        return Ok(());
    }
    for urn in begun {
        let actor = Actor::platform("keeping");
        let erasure = Erasure { urn: urn.to_string(), within: None, ground: ground.to_owned(), actor };
        match core.notary.erase(erasure).await {
            // Done before, or not removed before it was broken off: it is found again.
            Ok(_) | Err(EraseError::Nothing(_) | EraseError::There { .. }) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(core.store.write(|conn| meta::set(conn, 0, ERASING, "[]")).await?)
}
