//! Tests of packs for the designer: one run at a time in the installation, on a thread of its own, within a limit of time.
//!
//! Nothing of it is the installation's: its stores lie in folders that go with it, and what it logs and counts is left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use svod_kernel::{Clock, SystemClock};
use svod_model::PackSource;
use svod_operations::{PackTest, PackTests, PackTestsEnd, PackTestsError, PackTestsRun, PackTestsTold};
use svod_store::{Store, StoreError, lease};
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;

use super::{played, prepared};

/// How long a run may take, in seconds: until then nobody else's can begin.
const LIMIT: u64 = 600;
/// Which node runs tests.
const LEASE: &str = "pack-tests";
/// How long it is held without being renewed.
const HELD: Duration = Duration::from_secs(60);
const RENEWED: Duration = Duration::from_secs(20);
/// What may wait to be kept.
const ROOM: usize = 64;

/// Plays situations beside what the installation does. Cheap to clone.
#[derive(Clone)]
pub struct Beside {
    store: Store,
    clock: Arc<dyn Clock>,
    node: String,
    runs: Arc<AtomicU64>,
}

impl Beside {
    /// For the node of that name.
    pub fn new(store: Store, clock: Arc<dyn Clock>, node: String) -> Self {
        Self { store, clock, node, runs: Arc::default() }
    }

    /// Takes the lease for a run, or keeps it. Two runs of one node are two holders.
    async fn hold(&self, run: &str) -> Result<bool, StoreError> {
        let (now, holder) = (self.clock.now(), run.to_owned());
        let ttl = i64::try_from(HELD.as_micros()).unwrap_or(i64::MAX);
        self.store.write(move |conn| lease::acquire(conn, LEASE, &holder, now, ttl)).await
    }

    /// Keeps the lease until the run is over, however it ends.
    async fn held(self, run: String, mut over: oneshot::Receiver<()>) {
        while tokio::time::timeout(RENEWED, &mut over).await.is_err() {
            if let Err(e) = self.hold(&run).await {
                tracing::warn!(error = %e, "the lease for tests of packs is not renewed");
            }
        }
        let given = self.store.write(move |conn| lease::release(conn, LEASE, &run)).await;
        if let Err(e) = given {
            tracing::warn!(error = %e, "the lease for tests of packs is not given back; it ends by itself");
        }
    }

    async fn begin(
        &self,
        sources: Vec<PackSource>,
    ) -> Result<tokio::sync::mpsc::Receiver<PackTestsTold>, PackTestsError> {
        let failed = |e: &dyn std::fmt::Display| PackTestsError::Failed(e.to_string());
        let run = format!("{}/{}", self.node, self.runs.fetch_add(1, Ordering::Relaxed));
        if !self.hold(&run).await.map_err(|e| failed(&e))? {
            return Err(PackTestsError::Busy);
        }
        let ((told, heard), (over, is_over)) = (channel(ROOM), oneshot::channel());
        tokio::spawn(self.clone().held(run, is_over));
        let thread = std::thread::Builder::new().name("pack-tests".to_owned());
        let work = move || {
            let _over: oneshot::Sender<()> = over;
            let end = apart(|| play(&sources, &told));
            // Nobody may be listening any more.
            let _ = end.map(|end| told.blocking_send(PackTestsTold::Ended(end)));
        };
        thread.spawn(work).map_err(|e| failed(&e))?;
        Ok(heard)
    }
}

impl PackTests for Beside {
    fn run(&self, sources: Vec<PackSource>) -> PackTestsRun<'_> {
        Box::pin(self.begin(sources))
    }
}

/// What situations provoke on purpose is no news of this installation.
fn apart<T>(work: impl FnOnce() -> T) -> T {
    let silent = tracing::subscriber::NoSubscriber::default();
    tracing::subscriber::with_default(silent, || metrics::with_local_recorder(&metrics::NoopRecorder, work))
}

/// Plays all; none when nobody listens any more.
fn play(sources: &[PackSource], told: &Sender<PackTestsTold>) -> Option<PackTestsEnd> {
    let until = SystemClock.now().plus_seconds(i64::try_from(LIMIT).unwrap_or(i64::MAX));
    let (all, stock) = match prepared(sources, None) {
        Ok(Some(prepared)) => prepared,
        Ok(None) => return Some(PackTestsEnd::Done),
        Err(e) => return Some(PackTestsEnd::Broken(format!("{e:#}"))),
    };
    told.blocking_send(PackTestsTold::Planned(all.len())).ok()?;
    for situation in &all {
        let left = Duration::try_from_secs_f64(until.seconds_since(SystemClock.now())).unwrap_or_default();
        let Some(outcome) = played(&stock, situation, left) else {
            return Some(PackTestsEnd::TooLong { seconds: LIMIT });
        };
        let test = PackTest { file: situation.file.clone(), name: situation.name.clone(), failed: outcome.err() };
        told.blocking_send(PackTestsTold::Played(test)).ok()?;
    }
    Some(PackTestsEnd::Done)
}
