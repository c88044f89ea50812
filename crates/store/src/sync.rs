//! Makes the commits of SQLite durable while the writer is at the next ones, and answers their jobs then.
//!
//! COMMIT has left a transaction in the log (readers see it, and the end of the process cannot undo it); one flush of the log
//! then puts everything on the disk that was committed before it began.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use svod_kernel::Clock;

use crate::StoreError;
use crate::heads::{Heads, Moved};
use crate::job::Job;

/// Groups that wait for the disk at the most; the writer waits then.
pub(crate) const WAITING: usize = 16;

/// A group that is committed and not yet on the disk.
pub(crate) struct Committed {
    /// The log in which it is.
    pub log: Arc<File>,
    pub moved: Vec<Moved>,
    pub done: Vec<Box<dyn Job>>,
}

pub(crate) struct Sync {
    heads: Arc<Heads>,
    clock: Arc<dyn Clock>,
    /// Groups handed over and not answered yet.
    under_way: AtomicUsize,
    /// A flush has failed: the writer's connection is to be opened anew, and the log written back.
    failed: AtomicBool,
}

impl Sync {
    pub fn new(heads: Arc<Heads>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { heads, clock, under_way: AtomicUsize::new(0), failed: AtomicBool::new(false) })
    }

    /// Until the writer is gone and everything is answered.
    pub fn run(&self, inbox: &Receiver<Committed>) {
        while let Ok(first) = inbox.recv() {
            let mut groups = vec![first];
            groups.extend(inbox.try_iter());
            let count = groups.len();
            self.settle(groups);
            self.under_way.fetch_sub(count, Ordering::AcqRel);
        }
    }

    /// Hands a group over to the other thread; or flushes and answers at once, when that is free and nothing else is to be
    /// done meanwhile.
    pub fn take(&self, group: Committed, thread: &SyncSender<Committed>, idle: bool) {
        if idle && self.under_way.load(Ordering::Acquire) == 0 {
            return self.settle(vec![group]);
        }
        self.under_way.fetch_add(1, Ordering::AcqRel);
        // Given back only when the other thread has panicked: the jobs answer that by themselves.
        drop(thread.send(group));
    }

    /// Has a flush failed? Until it is mended nothing is answered as done: the system may have forgotten what it could not
    /// write, and what comes after it in the log would be lost with it.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// All that was committed is on the disk.
    pub fn mended(&self) {
        self.failed.store(false, Ordering::Release);
    }

    fn settle(&self, groups: Vec<Committed>) {
        let began = self.clock.now();
        let outcome =
            if self.has_failed() { Err(std::io::Error::other("a flush has failed before")) } else { flush(&groups) };
        metrics::histogram!("svod_store_sync_seconds").record(self.clock.now().seconds_since(began));
        if let Err(e) = &outcome {
            tracing::error!(error = %e, groups = groups.len(), "what was committed may not be on the disk");
            self.failed.store(true, Ordering::Release);
        }
        for Committed { moved, mut done, .. } in groups {
            match &outcome {
                Ok(()) => self.heads.moved(moved),
                Err(e) => done.iter_mut().for_each(|job| job.fail(StoreError::Unknown(e.to_string()))),
            }
            done.into_iter().for_each(Job::answer);
        }
    }
}

/// Every log once; there are several only when the writer has connected again in between.
fn flush(groups: &[Committed]) -> std::io::Result<()> {
    for (place, group) in groups.iter().enumerate() {
        if groups.get(place + 1).is_none_or(|next| !Arc::ptr_eq(&next.log, &group.log)) {
            group.log.sync_data()?;
        }
    }
    Ok(())
}
