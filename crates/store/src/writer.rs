//! The one writer: drains the queue into groups, one transaction each, and answers after COMMIT – on SQLite when `sync` has
//! flushed it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use svod_kernel::Clock;

use crate::heads::Heads;
use crate::job::Job;
use crate::link::{CommitError, Link};
use crate::store::{Queued, moved, read_heads};
use crate::sync::{Committed, Sync};
use crate::{StoreError, StoreOptions, StoreUrl};

pub(crate) enum Message {
    Job(Box<dyn Job>),
    Stop,
}

/// After this long without a job the writer keeps house.
const IDLE: Duration = Duration::from_secs(1);
/// How often a job alone is tried when other nodes are in its way.
const ATTEMPTS: u32 = 6;
/// After so many lost connections in a row the waiting jobs are told.
const LOSSES: u32 = 3;

pub(crate) struct Writer {
    pub url: StoreUrl,
    pub options: StoreOptions,
    pub clock: Arc<dyn Clock>,
    pub heads: Arc<Heads>,
    pub queued: Arc<Queued>,
    pub inbox: Receiver<Message>,
    pub link: Option<Link>,
    pub pending: VecDeque<Box<dyn Job>>,
    /// How many of the next jobs run each in a transaction of their own, their group having failed.
    pub alone: usize,
    pub losses: u32,
    pub pause: Duration,
    pub sync: Arc<Sync>,
    /// Its thread, for what is committed and not yet on the disk.
    pub unsynced: SyncSender<Committed>,
}

/// Why a transaction was given up before COMMIT.
enum Broken {
    /// The connection is gone; nothing was committed.
    Lost(StoreError),
    /// A job without a savepoint failed, or another node was in the way.
    Spoilt(StoreError),
}

impl Writer {
    /// Until told to stop, or until every handle is gone and the queue is empty.
    pub fn run(mut self) {
        let mut open = true;
        while open || !self.pending.is_empty() {
            if open && self.pending.is_empty() {
                open = self.wait();
            }
            while open && self.pending.len() < self.options.group_jobs {
                match self.inbox.try_recv() {
                    Ok(message) => open = self.take(message),
                    Err(_) => break,
                }
            }
            if !self.pending.is_empty() {
                self.turn();
            }
        }
        if let Some(link) = &mut self.link {
            link.finish();
        }
    }

    fn wait(&mut self) -> bool {
        match self.inbox.recv_timeout(IDLE) {
            Ok(message) => self.take(message),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(link) = &mut self.link {
                    link.idle();
                }
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Job(job) => {
                self.queued.left();
                self.pending.push_back(job);
                true
            }
            Message::Stop => false,
        }
    }

    fn turn(&mut self) {
        if !self.connected() {
            return;
        }
        if self.alone > 0 || self.pending.len() == 1 {
            self.alone = self.alone.saturating_sub(1);
            if let Some(job) = self.pending.pop_front() {
                self.solo(job);
            }
        } else {
            self.group();
        }
    }

    /// Makes sure of a connection; without one, everybody who waits is told, and the next try comes a little later.
    fn connected(&mut self) -> bool {
        let failed = self.sync.has_failed();
        if self.link.as_ref().is_some_and(|link| link.healthy() && !failed) && self.losses < LOSSES {
            return true;
        }
        self.link = None;
        let found = if self.losses < LOSSES {
            Link::connect(&self.url, true, &self.options).and_then(|link| self.mended(link, failed))
        } else {
            Err(StoreError::Unavailable("the connection was lost again and again".into()))
        };
        match found {
            Ok(link) => {
                self.pause = Duration::from_millis(50);
                self.link = Some(link);
                true
            }
            Err(e) => {
                tracing::error!(store = %self.url, error = %e, jobs = self.pending.len(), "no connection to the store");
                self.losses = 0;
                self.alone = 0;
                for mut job in self.pending.drain(..) {
                    job.fail(e.clone());
                    job.answer();
                }
                std::thread::sleep(self.pause);
                self.pause = (self.pause * 2).min(Duration::from_secs(2));
                false
            }
        }
    }

    /// After a failed flush: everything that was committed is brought to the disk, and told.
    fn mended(&self, mut link: Link, failed: bool) -> Result<Link, StoreError> {
        if failed {
            link.mend()?;
            self.heads.moved(moved(read_heads(&mut link)?));
            self.sync.mended();
            tracing::warn!(store = %self.url, "what a failed flush had left was written to the disk");
        }
        Ok(link)
    }

    /// Many jobs, one transaction. A failure of the whole puts them back, to be run one by one.
    fn group(&mut self) {
        let size = self.pending.len().min(self.options.group_jobs);
        let mut done = Vec::with_capacity(size);
        match self.fill(size, &mut done) {
            Ok(()) => self.commit(done),
            Err(broken) => {
                let count = done.len();
                for job in done.into_iter().rev() {
                    self.pending.push_front(job);
                }
                match broken {
                    Broken::Lost(e) => self.lost(&e),
                    Broken::Spoilt(e) => {
                        tracing::debug!(error = %e, jobs = count, "the group is run again one by one");
                        // A transaction that would not even begin leaves the first job to find out why.
                        self.alone = count.max(1);
                        self.roll_back();
                    }
                }
            }
        }
    }

    /// Runs up to `size` jobs of the queue inside a new transaction, as long as the time of a group allows.
    fn fill(&mut self, size: usize, done: &mut Vec<Box<dyn Job>>) -> Result<(), Broken> {
        let Some(link) = &mut self.link else { return Err(Broken::Lost(StoreError::Closed)) };
        let exclusive = self.pending.iter().take(size).any(|job| job.isolated());
        link.begin_write(exclusive).map_err(|e| blame(link, e))?;
        let deadline = self.clock.now().plus_micros(self.options.group_micros);
        while let Some(job) = (done.len() < size).then(|| self.pending.pop_front()).flatten() {
            // Kept with the done even when it fails: whoever puts the group back must not lose it.
            let place = done.len();
            done.push(job);
            let job = &mut done[place];
            if job.isolated() {
                isolated(link, job.as_mut())?;
            } else {
                attempt(link, job.as_mut())?;
            }
            if self.clock.now() >= deadline {
                break;
            }
        }
        Ok(())
    }

    /// One job, one transaction, no savepoint; tried again while other nodes are in the way.
    fn solo(&mut self, mut job: Box<dyn Job>) {
        for round in 1..=ATTEMPTS {
            let Some(link) = &mut self.link else { return self.pending.push_front(job) };
            let begun = link.begin_write(job.isolated()).map_err(|e| blame(link, e));
            match begun.and_then(|()| attempt(link, job.as_mut())) {
                Ok(()) => return self.commit(vec![job]),
                Err(Broken::Lost(e)) => {
                    self.pending.push_front(job);
                    return self.lost(&e);
                }
                Err(Broken::Spoilt(e)) => {
                    self.roll_back();
                    if !matches!(e, StoreError::Contended(_)) || round == ATTEMPTS {
                        job.fail(e);
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(5 << round));
                }
            }
        }
        job.answer();
    }

    fn commit(&mut self, mut done: Vec<Box<dyn Job>>) {
        let Some(link) = &mut self.link else { return };
        let began = self.clock.now();
        let moved = std::mem::take(&mut link.tx().moved);
        let outcome = link.commit();
        metrics::histogram!("svod_store_commit_seconds").record(self.clock.now().seconds_since(began));
        metrics::histogram!("svod_store_group_jobs").record(done.len() as f64);
        match outcome {
            Ok(Some(log)) => {
                self.losses = 0;
                let idle = self.pending.is_empty() && self.queued.is_empty();
                return self.sync.take(Committed { log, moved, done }, &self.unsynced, idle);
            }
            Ok(None) => {
                self.losses = 0;
                self.heads.moved(moved);
            }
            Err(CommitError::RolledBack(e)) => {
                self.roll_back();
                done.iter_mut().for_each(|job| job.fail(e.clone()));
            }
            Err(CommitError::Unknown(e)) => {
                tracing::error!(error = %e, jobs = done.len(), "the outcome of a commit is unknown");
                self.link = None;
                done.iter_mut().for_each(|job| job.fail(StoreError::Unknown(e.to_string())));
            }
        }
        done.into_iter().for_each(Job::answer);
    }

    fn lost(&mut self, e: &StoreError) {
        tracing::warn!(error = %e, "the connection to the store was lost; nothing was committed, trying again");
        self.link = None;
        self.losses += 1;
    }

    fn roll_back(&mut self) {
        if self.link.as_mut().is_some_and(|link| link.rollback().is_err()) {
            self.link = None;
        }
    }
}

/// Runs a job straight in the transaction.
fn attempt(link: &mut Link, job: &mut dyn Job) -> Result<(), Broken> {
    let fine = job.run(link.conn());
    match link.tx().failed.take() {
        None if fine => Ok(()),
        failed => Err(blame(link, failed.unwrap_or(StoreError::Panicked))),
    }
}

/// Runs a job behind a savepoint; its own failure is undone and leaves the transaction whole.
fn isolated(link: &mut Link, job: &mut dyn Job) -> Result<(), Broken> {
    let moved = link.tx().moved.len();
    link.savepoint().map_err(|e| blame(link, e))?;
    let fine = job.run(link.conn());
    let failed = link.tx().failed.take();
    if fine && failed.is_none() {
        return link.release().map_err(|e| blame(link, e));
    }
    if !link.stands() || matches!(failed, Some(StoreError::Contended(_))) {
        return Err(blame(link, failed.unwrap_or(StoreError::Panicked)));
    }
    if let Some(error) = failed {
        job.fail(error);
    }
    link.rollback_to(moved).map_err(|e| blame(link, e))
}

fn blame(link: &Link, error: StoreError) -> Broken {
    if link.healthy() { Broken::Spoilt(error) } else { Broken::Lost(error) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

    use svod_kernel::SystemClock;

    use super::*;
    use crate::Conn;
    use crate::job::Work;
    use crate::testing::TestPlace;

    type Told = Result<u64, StoreError>;

    fn writer(place: &TestPlace) -> Writer {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let heads = Arc::new(Heads::new());
        Writer {
            url: place.url().clone(),
            options: StoreOptions::default(),
            clock: clock.clone(),
            heads: heads.clone(),
            queued: Queued::new("write"),
            inbox: sync_channel(1).1,
            link: None,
            pending: VecDeque::new(),
            alone: 0,
            losses: 0,
            pause: Duration::ZERO,
            sync: Sync::new(heads, clock),
            unsynced: sync_channel(1).0,
        }
    }

    fn job(sql: &'static str, told: &Sender<Told>) -> Box<dyn Job> {
        let told = told.clone();
        let reply = move |result: Told| drop(told.send(result));
        Box::new(Work::new(move |conn: &mut dyn Conn| conn.execute(sql, &[]), true, reply))
    }

    fn run(writer: &mut Writer, sql: &'static str, (told, answers): (&Sender<Told>, &Receiver<Told>)) -> Told {
        writer.pending.push_back(job(sql, told));
        writer.turn();
        answers.try_recv().unwrap()
    }

    #[test]
    fn a_failed_flush_is_not_forgotten_until_everything_is_written_back() {
        let place = TestPlace::sqlite();
        let path = place.url().path().unwrap();
        place.open(StoreOptions::default()).unwrap().blocking_close();
        let mut writer = writer(&place);
        let (told, answers) = channel();
        let both = (&told, &answers);
        run(&mut writer, "CREATE TABLE t (n BIGINT)", both).unwrap();
        assert_eq!(run(&mut writer, "INSERT INTO t (n) VALUES (1)", both), Ok(1));

        // No device takes a flush there; and one that is taken afterwards says nothing of what was lost.
        let file = |path: &std::path::Path| Arc::new(File::open(path).unwrap());
        for log in [file("/dev/null".as_ref()), file(path)] {
            let group = Committed { log, moved: Vec::new(), done: vec![job("SELECT 1", &told)] };
            writer.sync.take(group, &writer.unsynced, true);
            assert!(matches!(answers.try_recv(), Ok(Err(StoreError::Unknown(_)))));
            assert!(writer.sync.has_failed());
        }

        assert_eq!(run(&mut writer, "INSERT INTO t (n) VALUES (2)", both), Ok(1));
        assert!(!writer.sync.has_failed());
        // The file itself, without its log, has what was committed before.
        let alone = path.with_extension("alone");
        std::fs::copy(path, &alone).unwrap();
        let db = rusqlite::Connection::open(&alone).unwrap();
        let newest: i64 = db.query_row("SELECT max(n) FROM t", [], |r| r.get(0)).unwrap();
        assert_eq!(newest, 1);
    }
}
