use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use svod_kernel::Clock;
use tokio::sync::{oneshot, watch};

use crate::heads::{Heads, JournalHeads, Moved, News};
use crate::job::Work;
use crate::link::Link;
use crate::reader::{self, Eye, Reader};
use crate::sync::Sync;
use crate::writer::{Message, Writer};
use crate::{Conn, Engine, StoreError, StoreUrl, migrate};

/// The limits of a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Writing jobs that may wait; one more is [`StoreError::Busy`]. Bounds memory and waiting time.
    pub queue: usize,
    /// Reading jobs that may wait.
    pub read_queue: usize,
    /// Most jobs in one transaction.
    pub group_jobs: usize,
    /// Microseconds after which a running group is committed, whatever else waits: bounds the latency of its first job.
    pub group_micros: i64,
    /// Reading connections, each with a thread.
    pub readers: usize,
    /// SQLite: page cache of the writer, KiB.
    pub writer_cache_kib: u32,
    /// SQLite: page cache of each reader, KiB.
    pub reader_cache_kib: u32,
    /// SQLite: bytes of the file that may be mapped into memory.
    pub mmap_bytes: u64,
    /// PostgreSQL: how often the journal heads of other nodes are looked up, milliseconds.
    pub poll_millis: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            queue: 10_000,
            read_queue: 10_000,
            group_jobs: 1_000,
            group_micros: 25_000,
            readers: 2,
            writer_cache_kib: 4_096,
            reader_cache_kib: 8_192,
            mmap_bytes: 256 << 20,
            poll_millis: 500,
        }
    }
}

/// The store: a cheap handle on the writer's and the readers' queues.
///
/// When the last handle goes, what is queued is still done, in the background; [`Store::close`] waits for it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Engine,
    writes: SyncSender<Message>,
    reads: SyncSender<reader::Message>,
    queued: Arc<Queued>,
    reading: Arc<Queued>,
    heads: Arc<Heads>,
    closed: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
    readers: usize,
    /// Connections through which callers read by themselves; none on PostgreSQL, where each statement is a journey.
    eyes: Vec<Mutex<Eye>>,
    /// Its end tells the poller to stop.
    poll: Mutex<Option<SyncSender<()>>>,
}

/// How many jobs wait.
pub(crate) struct Queued(AtomicUsize, &'static str);

impl Queued {
    pub fn new(queue: &'static str) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(0), queue))
    }

    fn entered(&self) {
        self.show(self.0.fetch_add(1, Ordering::Relaxed) + 1);
    }

    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    pub fn left(&self) {
        self.show(self.0.fetch_sub(1, Ordering::Relaxed).saturating_sub(1));
    }

    /// Looked up each time: the recorder may be installed after the store is opened.
    fn show(&self, waiting: usize) {
        metrics::gauge!("svod_store_queue_length", "queue" => self.1).set(waiting as f64);
    }
}

impl Store {
    /// Connects, brings the tables to this version and starts the threads. Blocks; may be called anywhere.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Migration`].
    pub fn open(url: &StoreUrl, options: StoreOptions, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let (writes, inbox) = sync_channel(options.queue.max(1));
        let (reads, read_inbox) = sync_channel(options.read_queue.max(1));
        let (queued, reading, heads) = (Queued::new("write"), Queued::new("read"), Arc::new(Heads::new()));
        let (unsynced, committed) = sync_channel(crate::sync::WAITING);
        let sync = Sync::new(heads.clone(), clock.clone());
        let writer = Writer {
            url: url.clone(),
            options: options.clone(),
            clock,
            heads: heads.clone(),
            queued: queued.clone(),
            inbox,
            link: None,
            pending: VecDeque::new(),
            alone: 0,
            losses: 0,
            pause: Duration::from_millis(50),
            sync: sync.clone(),
            unsynced,
        };
        let mut threads = vec![start_writer(writer)?, spawn("svod-sync", move || sync.run(&committed))?];
        let read_inbox = Arc::new(Mutex::new(read_inbox));
        for number in 0..options.readers.max(1) {
            let (url, options) = (url.clone(), options.clone());
            let eye = Eye { url, options, link: None };
            let reader = Reader { queued: reading.clone(), inbox: read_inbox.clone(), eye };
            threads.push(spawn(&format!("svod-read-{number}"), move || reader.run())?);
        }
        let local = if url.engine() == Engine::Sqlite { options.readers.max(1) } else { 0 };
        let eye = |_| Mutex::new(Eye { url: url.clone(), options: options.clone(), link: None });
        let eyes = (0..local).map(eye).collect();
        let mut poll = None;
        if url.engine() == Engine::Postgres {
            let (stop, stopped) = sync_channel(0);
            let (url, options, heads) = (url.clone(), options.clone(), heads.clone());
            threads.push(spawn("svod-heads", move || poll_heads(&url, &options, &heads, &stopped))?);
            poll = Some(stop);
        }
        Ok(Self(Arc::new(Inner {
            engine: url.engine(),
            writes,
            reads,
            queued,
            reading,
            heads,
            closed: AtomicBool::new(false),
            threads: Mutex::new(threads),
            readers: options.readers.max(1),
            eyes,
            poll: Mutex::new(poll),
        })))
    }

    /// Which engine keeps the store.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// Runs `job` inside the next group's transaction, behind a savepoint: its error undoes it alone. Resolves after
    /// COMMIT has returned: then it is durable. `job` may run again when its group failed, so it must not keep
    /// anything of a run that was not told to its caller. Given up by its caller, it still runs.
    ///
    /// # Errors
    /// The job's own, or a [`StoreError`]; after [`StoreError::Unknown`] it may have been committed or not.
    pub async fn write<T, E>(&self, job: impl FnMut(&mut dyn Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.queue(job, true).await
    }

    /// As [`Store::write`] without the savepoint, for jobs that only append and do not fail in the ordinary course: a
    /// failure makes the whole group run again one by one.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn append<T, E>(&self, job: impl FnMut(&mut dyn Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.queue(job, false).await
    }

    async fn queue<T, E>(
        &self,
        job: impl FnMut(&mut dyn Conn) -> Result<T, E> + Send + 'static,
        isolated: bool,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let reply = move |result| drop(reply.send(result));
        self.submit(Message::Job(Box::new(Work::new(job, isolated, reply))))?;
        answer.await.unwrap_or_else(|_| Err(unanswered().into()))
    }

    /// Runs `job` on one of the reading connections, in a read-only snapshot.
    ///
    /// # Errors
    /// The job's own, or a [`StoreError`].
    pub async fn read<T, E>(&self, job: impl FnOnce(&mut dyn Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit_read(reading(job, move |result| drop(reply.send(result))))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// As [`Store::read`], for what takes microseconds: on SQLite the caller's own thread looks, which costs less than
    /// handing the job over.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn glance<T, E>(&self, job: impl FnOnce(&mut dyn Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match self.look(job) {
            Ok(result) => result,
            Err(job) => self.read(job).await,
        }
    }

    /// Runs the job here if a connection is free; gives it back otherwise.
    fn look<T, E, J>(&self, job: J) -> Result<Result<T, E>, J>
    where
        J: FnOnce(&mut dyn Conn) -> Result<T, E>,
        E: From<StoreError>,
    {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(job);
        }
        let Some(mut eye) = self.0.eyes.iter().find_map(|eye| eye.try_lock().ok()) else { return Err(job) };
        let mut result = None;
        eye.answer(|conn| result = Some(conn.map_err(E::from).and_then(job)));
        Ok(result.unwrap_or_else(|| Err(StoreError::Closed.into())))
    }

    /// [`Store::write`] for start-up and the command line: blocks the thread.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn blocking_write<T, E>(&self, job: impl FnMut(&mut dyn Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = sync_channel(1);
        let reply = move |result| drop(reply.send(result));
        self.submit(Message::Job(Box::new(Work::new(job, true, reply))))?;
        answer.recv().unwrap_or_else(|_| Err(unanswered().into()))
    }

    /// [`Store::read`] for start-up and the command line: blocks the thread.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn blocking_read<T, E>(&self, job: impl FnOnce(&mut dyn Conn) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = sync_channel(1);
        self.submit_read(reading(job, move |result| drop(reply.send(result))))?;
        answer.recv().unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Journal heads: space id to last committed sequence number. Changes after each commit that appended events,
    /// before the writing job is answered; on PostgreSQL within half a second of another node's commit as well.
    pub fn heads(&self) -> watch::Receiver<JournalHeads> {
        self.0.heads.subscribe()
    }

    /// The stretch of a space's journal after that event, where this node has just committed it: nobody need read it.
    pub fn news(&self, space: i64, after: i64) -> Option<News> {
        self.0.heads.news(space, after)
    }

    /// Writing jobs that wait now.
    pub fn queue_length(&self) -> usize {
        self.0.queued.0.load(Ordering::Relaxed)
    }

    /// Refuses new jobs, does what is queued, checkpoints, and waits for the end of the threads.
    pub async fn close(self) {
        let inner = self.0;
        if tokio::task::spawn_blocking(move || inner.shut()).await.is_err() {
            tracing::error!("closing the store was cut short");
        }
    }

    /// [`Store::close`] for the command line: blocks the thread.
    pub fn blocking_close(self) {
        self.0.shut();
    }

    fn submit(&self, message: Message) -> Result<(), StoreError> {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        self.0.queued.entered();
        self.0.writes.try_send(message).map_err(|e| refused(&self.0.queued, &e))
    }

    fn submit_read(&self, job: reader::ReadJob) -> Result<(), StoreError> {
        if self.0.closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        self.0.reading.entered();
        self.0.reads.try_send(reader::Message::Job(job)).map_err(|e| refused(&self.0.reading, &e))
    }
}

fn refused<M>(queue: &Queued, error: &TrySendError<M>) -> StoreError {
    queue.left();
    match error {
        TrySendError::Full(_) => {
            metrics::counter!("svod_store_busy_total").increment(1);
            StoreError::Busy
        }
        TrySendError::Disconnected(_) => StoreError::Closed,
    }
}

fn unanswered() -> StoreError {
    StoreError::Unknown("the writer ended without an answer".into())
}

impl Inner {
    fn shut(&self) {
        self.closed.store(true, Ordering::Release);
        // Blocks while the queue is full: everything before the stop is still done. Fails only when already stopped.
        drop(self.writes.send(Message::Stop));
        for _ in 0..self.readers {
            drop(self.reads.send(reader::Message::Stop));
        }
        drop(self.poll.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.eyes.iter().for_each(|eye| eye.lock().unwrap_or_else(PoisonError::into_inner).link = None);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store had panicked");
            }
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    let failed = |e: std::io::Error| StoreError::Unavailable(format!("no thread {name}: {e}"));
    Builder::new().name(name.into()).spawn(run).map_err(failed)
}

/// Opens and migrates on the writer's own thread (PostgreSQL's client may not be used inside an async runtime).
fn start_writer(mut writer: Writer) -> Result<JoinHandle<()>, StoreError> {
    let (ready, opened) = sync_channel(1);
    let thread = spawn("svod-write", move || {
        let outcome = Link::connect(&writer.url, true, &writer.options).and_then(|mut link| {
            migrate::run(&mut link, &writer.url)?;
            writer.heads.moved(moved(read_heads(&mut link)?));
            Ok(link)
        });
        match outcome {
            Ok(link) => {
                writer.link = Some(link);
                if ready.send(Ok(())).is_ok() {
                    writer.run();
                }
            }
            Err(e) => drop(ready.send(Err(e))),
        }
    })?;
    opened.recv().unwrap_or_else(|_| Err(StoreError::Unavailable("opening the store panicked".into())))?;
    Ok(thread)
}

pub(crate) fn read_heads(link: &mut Link) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = link.conn().query("SELECT id, seq FROM space WHERE seq > 0", &[])?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

pub(crate) fn moved(heads: Vec<(i64, i64)>) -> Vec<Moved> {
    heads.into_iter().map(Moved::from).collect()
}

/// Looks up what other nodes have committed, until told to stop.
fn poll_heads(url: &StoreUrl, options: &StoreOptions, heads: &Heads, stop: &Receiver<()>) {
    let mut link = None;
    let every = Duration::from_millis(options.poll_millis.max(1));
    while stop.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let looked = match &mut link {
            Some(link) => read_heads(link),
            None => Link::connect(url, false, options).and_then(|new| read_heads(link.insert(new))),
        };
        match looked {
            Ok(found) => heads.moved(moved(found)),
            Err(e) => {
                tracing::warn!(error = %e, "journal heads of other nodes cannot be looked up; trying again");
                link = None;
            }
        }
    }
}

/// Wraps a reading job so that its panic and the lack of a connection become its answer.
fn reading<T, E: From<StoreError>>(
    job: impl FnOnce(&mut dyn Conn) -> Result<T, E> + Send + 'static,
    reply: impl FnOnce(Result<T, E>) + Send + 'static,
) -> reader::ReadJob {
    Box::new(move |conn| {
        reply(match conn {
            Ok(conn) => {
                catch_unwind(AssertUnwindSafe(|| job(conn))).unwrap_or_else(|_| Err(StoreError::Panicked.into()))
            }
            Err(e) => Err(e.into()),
        });
    })
}
