//! What happens to files by itself.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use svod_kernel::{Actor, Timestamp};
use svod_registry::QueryError;
use svod_store::file::{self, FileRow};
use tokio::task::JoinHandle;

use crate::listed::names;
use crate::scanner::Verdict;
use crate::{FileError, FileInfo, FileState, Files, Scanner};

/// How often files that wait are looked at when nobody tells of one.
const BEAT: Duration = Duration::from_secs(30);
/// How often files are looked for that belong to nothing.
const SWEEP: i64 = 24 * 3600;
/// A file that no entity names is left alone for so long: it may still be on its way.
const GRACE: i64 = 24 * 3600;
/// Files looked at together.
const PAGE: i64 = 200;
/// Failures of the scanner after which the rest waits for the next time.
const FAILURES: usize = 3;

impl Files {
    /// Scans what waits and erases what belongs to nothing, as long as the platform runs.
    pub fn start(&self) -> JoinHandle<()> {
        let files = self.clone();
        tokio::spawn(async move {
            let mut swept: Option<Timestamp> = None;
            loop {
                if let Err(error) = files.scan().await {
                    tracing::warn!(%error, "files could not be scanned");
                }
                let now = files.0.registry.clock().now();
                if swept.is_none_or(|at| at.plus_seconds(SWEEP) <= now) {
                    swept = Some(now);
                    if let Err(error) = files.sweep().await {
                        tracing::warn!(%error, "files that belong to nothing could not be erased");
                    }
                }
                tokio::select! {
                    () = files.0.wake.notified() => {}
                    () = tokio::time::sleep(BEAT) => {}
                }
            }
        })
    }

    /// Has all files scanned that wait for it; how many there were. Without a scanner none waits.
    ///
    /// # Errors
    /// When the store fails. What the scanner does not answer stays as it is.
    pub async fn scan(&self) -> Result<usize, FileError> {
        let Some(scanner) = &self.0.options.scanner else { return Ok(0) };
        let states = [FileState::Waiting.as_str(), FileState::Unscanned.as_str()];
        // Where the last turn was broken off: what is never judged does not keep what comes after it waiting.
        let from = std::mem::replace(&mut *self.place(), (i64::MIN, String::new()));
        let (mut after, mut judged, mut failures) = (from, 0, 0);
        loop {
            let (space, id) = after.clone();
            let rows = self.0.store.read(move |conn| file::in_states(conn, states, (space, id.as_str()), PAGE)).await?;
            let Some(last) = rows.last() else { return Ok(judged) };
            after = (last.space, last.id.clone());
            for row in rows {
                let here = (row.space, row.id.clone());
                if self.judge(scanner, row).await? {
                    judged += 1;
                    continue;
                }
                failures += 1;
                if failures >= FAILURES {
                    *self.place() = here;
                    return Ok(judged);
                }
            }
        }
    }

    fn place(&self) -> MutexGuard<'_, (i64, String)> {
        self.0.scanned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks about one file; false when there was no answer.
    async fn judge(&self, scanner: &Scanner, row: FileRow) -> Result<bool, FileError> {
        let sender = row.actor.clone();
        let Some(info) = self.info(row) else { return Ok(true) };
        let bytes = self.bytes(&info).await?;
        let state = match scanner.ask(&bytes).await {
            Ok(Verdict::Clean) => FileState::Clean,
            Ok(Verdict::Found(malware)) => {
                tracing::warn!(file = %info.id, %malware, "a file holds malware and is not given out");
                // First, so that nobody fails to be told; the same is told once.
                self.0.trust.infected(&sender, &info.space, &info.id).await;
                FileState::Infected
            }
            Err(error) => {
                tracing::warn!(file = %info.id, %error, "the scanner did not judge a file, which goes on waiting");
                return Ok(false);
            }
        };
        metrics::counter!("svod_files_scanned_total", "state" => state.as_str()).increment(1);
        let Some(space) = self.0.registry.spaces().get(&info.space).map(|s| s.id) else { return Ok(true) };
        let id = info.id.to_string();
        self.0.store.write(move |conn| file::set_state(conn, space, &id, state.as_str())).await?;
        Ok(true)
    }

    /// Erases files that no entity names (any more); how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sweep(&self) -> Result<usize, FileError> {
        let before = self.0.registry.clock().now().plus_seconds(-GRACE);
        let (mut after, mut erased) = ((i64::MIN, String::new()), 0);
        loop {
            let (space, id) = after.clone();
            let rows = self.0.store.read(move |conn| file::page(conn, before, (space, id.as_str()), PAGE)).await?;
            let Some(last) = rows.last() else { return Ok(erased) };
            after = (last.space, last.id.clone());
            // What is brought in from elsewhere has no space until all of it is there: nothing is said of it.
            let known: Vec<FileInfo> = rows.into_iter().filter_map(|row| self.info(row)).collect();
            for info in known {
                if !self.belongs(&info).await? {
                    self.erase(&info.space, &info.id).await?;
                    erased += 1;
                }
            }
        }
    }

    /// Does an entity name the file: its own, or the one that this was merged into?
    async fn belongs(&self, info: &FileInfo) -> Result<bool, FileError> {
        match self.0.registry.entity_in(&Actor::platform("files"), Some(&info.space), &info.owner).await {
            Ok(owner) => Ok(names(&owner, info) || self.is_held(info)),
            Err(QueryError::NotFound(_)) => Ok(self.is_elsewhere(info).await? || self.is_held(info)),
            Err(e) => Err(e.into()),
        }
    }

    /// Does the entity lie elsewhere in the region than its file was held? The platform stopped before the file was brought
    /// there; it is now.
    async fn is_elsewhere(&self, info: &FileInfo) -> Result<bool, FileError> {
        let owner = match self.0.registry.entity(&Actor::platform("files"), &info.owner).await {
            Ok(owner) if owner.space.top() == info.space.top() && names(&owner, info) => owner,
            Ok(_) | Err(QueryError::NotFound(_)) => return Ok(false),
            Err(e) => return Err(e.into()),
        };
        let (spaces, key) = ((self.space(&info.space)?, self.space(&owner.space)?), owner.id.to_string());
        self.0.store.write(move |conn| file::bring(conn, spaces, &key)).await?;
        Ok(true)
    }
}
