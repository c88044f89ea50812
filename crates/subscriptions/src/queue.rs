use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use svod_kernel::{Timestamp, number};
use svod_registry::SpaceId;
use tokio::sync::Notify;

use crate::subscription::{Notice, State, Subscription};

/// Notices of one subscription that wait at the most; the oldest gives way to a new one.
const MOST_WAITING: usize = 1_000;

/// An event that a notice is about: space and number; none for those by time.
pub(crate) type Source = Option<(SpaceId, i64)>;

/// A subscription with what waits for it.
pub(crate) struct Line<S> {
    pub subscription: Subscription<S>,
    inner: Mutex<Inner>,
    /// Told whenever a delivery is over.
    pub rested: Notify,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<(Source, Notice)>,
    /// A task empties the line.
    busy: bool,
    /// Removed or replaced: nothing is sent any more.
    closed: bool,
    state: State,
    changed: bool,
    /// When the last notification set out, for throttling.
    last_sent: Option<Timestamp>,
    /// When the next one by time is due.
    due: Option<Timestamp>,
}

/// What came of putting a notice into the line.
pub(crate) enum Put {
    /// Somebody must begin to empty the line.
    Begin,
    /// It waits.
    Waits,
    /// It waits, and another one fell out.
    Dropped(Source),
    /// It is not told.
    Refused,
}

impl<S> Line<S> {
    pub fn new(subscription: Subscription<S>, state: State, now: Timestamp) -> Self {
        let due = subscription.interval.map(|s| now.plus_micros(number::whole(s * 1e6)));
        let inner = Inner { state, due, last_sent: state.last_notification, ..Inner::default() };
        Self { subscription, inner: Mutex::new(inner), rested: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self) -> State {
        self.lock().state
    }

    /// The state, when it has changed since it was taken last.
    pub fn changed_state(&self) -> Option<State> {
        let mut inner = self.lock();
        std::mem::take(&mut inner.changed).then_some(inner.state)
    }

    pub fn is_busy(&self) -> bool {
        self.lock().busy
    }

    pub fn put(&self, source: Source, notice: Notice) -> Put {
        let mut inner = self.lock();
        let s = &self.subscription;
        let too_soon = |last: Option<Timestamp>, seconds: Option<f64>| matches!((last, seconds), (Some(last), Some(seconds)) if notice.at.seconds_since(last) < seconds);
        let cooling = inner.state.failed && too_soon(inner.state.last_failure, s.cooldown);
        if inner.closed || cooling || too_soon(inner.last_sent, s.throttling) {
            return Put::Refused;
        }
        inner.last_sent = Some(notice.at);
        inner.waiting.push_back((source, notice));
        if !std::mem::replace(&mut inner.busy, true) {
            return Put::Begin;
        }
        if inner.waiting.len() > MOST_WAITING {
            return Put::Dropped(inner.waiting.pop_front().and_then(|(source, _)| source));
        }
        Put::Waits
    }

    /// The next notice; none ends the emptying.
    pub fn next(&self) -> Option<(Source, Notice)> {
        let mut inner = self.lock();
        let next = if inner.closed { None } else { inner.waiting.pop_front() };
        if next.is_none() {
            inner.busy = false;
        }
        next
    }

    /// A notification sets out.
    pub fn sets_out(&self, now: Timestamp) {
        let mut inner = self.lock();
        inner.state.sets_out(now);
        inner.changed = true;
    }

    pub fn arrived(&self, now: Timestamp, delivered: bool) {
        let mut inner = self.lock();
        inner.state.arrived(now, delivered);
        inner.changed = true;
    }

    /// Nothing is sent any more; what waited.
    pub fn close(&self) -> Vec<Source> {
        let mut inner = self.lock();
        inner.closed = true;
        inner.waiting.drain(..).map(|(source, _)| source).collect()
    }

    /// True once whenever a notification by time is due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let mut inner = self.lock();
        let Some(due) = inner.due.filter(|due| *due <= now && !inner.closed) else { return false };
        let step = number::whole(self.subscription.interval.unwrap_or(1.0) * 1e6);
        // Periods that were slept through are not made up for.
        let behind = ((now.0 - due.0) / step.max(1) + 1) * step.max(1);
        inner.due = Some(due.plus_micros(behind));
        self.subscription.is_awake(now)
    }
}
