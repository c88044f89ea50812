//! What has been kept for long enough is removed: refused messages, which hold whatever a device sent, and forms that nobody
//! has sent. Entities, the journal and
//! the ledger are not touched.

use std::sync::Arc;
use std::time::Duration;

use svod_kernel::Clock;
use svod_store::quarantine::{self, Status};
use svod_store::{Store, StoreError};

use crate::config::KeepConfig;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(3_600);
/// Days that a form which nobody has sent is kept after it was last touched.
const DRAFT_DAYS: i64 = 90;
/// Rows removed in one transaction: writers wait for it.
const AT_ONCE: i64 = 500;

/// Looks now and every hour, for as long as it is let.
pub async fn run(store: Store, clock: Arc<dyn Clock>, keep: KeepConfig) {
    loop {
        match forget(&store, &*clock, &keep).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "refused messages were removed: their time is over"),
            Err(e) => tracing::error!(error = %e, "what is over cannot be removed; it is tried again in an hour"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes all that is over; how many rows it were.
///
/// # Errors
/// When the store fails.
pub async fn forget(store: &Store, clock: &dyn Clock, keep: &KeepConfig) -> Result<u64, StoreError> {
    let now = clock.now();
    let (judged, held) = (KeepConfig::before(keep.judged_days, now), KeepConfig::before(keep.held_days, now));
    let mut gone = 0;
    for (status, before) in [(Status::Held, held), (Status::Replayed, judged), (Status::Discarded, judged)] {
        loop {
            // Looked for beside the writer, which removes what is over still.
            let over = store.read(move |conn| quarantine::over(conn, status, before, AT_ONCE)).await?;
            let last = over.len() < AT_ONCE as usize;
            if !over.is_empty() {
                gone += store.write(move |conn| quarantine::forget(conn, &over, status, before)).await?;
            }
            if last {
                break;
            }
        }
    }
    let begun = now.plus_seconds(-DRAFT_DAYS * 24 * 3_600);
    gone += store.write(move |conn| svod_store::draft::forget(conn, begun)).await?;
    Ok(gone)
}
