//! Threads with much stack, for rules that define or call functions: how deep those call each other is known only when
//! they run. Few, kept, and given up when they run away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Stack of a thread in bytes. What is not touched costs nothing.
const STACK: usize = 64 * 1024 * 1024;
/// Of it, what an evaluation may use before it is stopped; the rest is for whatever runs between two looks.
pub(crate) const USABLE: usize = STACK / 4;
/// Threads at the most.
const MAX_THREADS: usize = 32;
/// Evaluations that ran away and have not ended yet; with more, nothing new is begun.
const MAX_LOST: usize = 4;
/// How long one is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce() + Send>;

static POOL: LazyLock<Pool> = LazyLock::new(|| Pool { state: Mutex::new(State::default()), freed: Condvar::new() });

struct Pool {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Sender<Job>>,
    threads: usize,
    lost: usize,
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It ran away: it ends at its next step, or when the function that it is in ends.
    Away,
    /// Too many run away or run at all.
    Busy,
}

impl Lost {
    pub(crate) const fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::Away => ("it takes too long", "simplify the rule"),
            Self::Busy => ("too many rules run at once or run away", "try again later"),
        }
    }
}

/// Runs `work` on such a thread and waits. `cancelled` is set when nobody waits any longer: the work is to end then.
pub(crate) fn run<T: Send + 'static>(
    cancelled: Arc<AtomicBool>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Lost> {
    run_within(PATIENCE, cancelled, work)
}

pub(crate) fn run_within<T: Send + 'static>(
    patience: Duration,
    cancelled: Arc<AtomicBool>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Lost> {
    let worker = POOL.worker()?;
    let (answer, answered) = mpsc::channel();
    let back = worker.clone();
    let given_up = Arc::new(AtomicBool::new(false));
    let known = Arc::clone(&given_up);
    let job: Job = Box::new(move || {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // Free before the answer is out: the next question finds it.
        POOL.free(back, &known);
        if let Ok(done) = done {
            _ = answer.send(done);
        }
    });
    worker.send(job).map_err(|_| Lost::Busy)?;
    if let Ok(done) = answered.recv_timeout(patience) {
        return Ok(done);
    }
    cancelled.store(true, Ordering::Relaxed);
    POOL.give_up(&given_up);
    // It may have ended just now.
    answered.try_recv().map_err(|_| Lost::Away)
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment: a panic cannot leave it half made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn worker(&self) -> Result<Sender<Job>, Lost> {
        let mut state = self.lock();
        loop {
            if state.lost >= MAX_LOST {
                return Err(Lost::Busy);
            }
            if let Some(idle) = state.idle.pop() {
                return Ok(idle);
            }
            if state.threads < MAX_THREADS {
                let worker = spawn().ok_or(Lost::Busy)?;
                state.threads += 1;
                return Ok(worker);
            }
            let (next, waited) = self.freed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() {
                return Err(Lost::Busy);
            }
            state = next;
        }
    }

    fn give_up(&self, given_up: &AtomicBool) {
        let mut state = self.lock();
        // Under the lock, as in `free`: whoever comes second sees the other.
        if !given_up.swap(true, Ordering::Relaxed) {
            state.lost += 1;
        }
    }

    fn free(&self, worker: Sender<Job>, given_up: &AtomicBool) {
        let mut state = self.lock();
        if given_up.swap(true, Ordering::Relaxed) {
            state.lost = state.lost.saturating_sub(1);
        }
        state.idle.push(worker);
        self.freed.notify_one();
    }
}

fn spawn() -> Option<Sender<Job>> {
    let (jobs, todo) = mpsc::channel::<Job>();
    let work = move || todo.into_iter().for_each(|job| job());
    std::thread::Builder::new().name("rules".into()).stack_size(STACK).spawn(work).ok()?;
    Some(jobs)
}
