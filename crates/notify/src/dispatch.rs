use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Clock, Timestamp, number};
use svod_store::outbox::{self, OutboxRow};
use svod_store::{Store, StoreError, lease};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::message::{Message, Publish};
use crate::rows;

/// Bounds of the dispatcher.
#[derive(Debug, Clone)]
pub struct NotifyConfig {
    /// Who holds the lease: the same for one data folder over all its starts, so that a restart need not wait for the
    /// lease of the process before it to run out.
    pub node: String,
    /// Messages taken at once.
    pub page: i64,
    /// Attempts after which a message is set aside.
    pub attempts: i64,
    /// The pause after the first failure; doubles with each further one.
    pub first_pause_seconds: i64,
    /// The longest pause.
    pub longest_pause_seconds: i64,
    /// How often the outbox is looked at when nothing wakes the dispatcher.
    pub idle: Duration,
    /// How long the lease holds without being renewed, seconds.
    pub lease_seconds: i64,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            node: "svod".into(),
            page: 500,
            attempts: 10,
            first_pause_seconds: 1,
            longest_pause_seconds: 300,
            idle: Duration::from_secs(1),
            lease_seconds: 15,
        }
    }
}

/// What the dispatcher stands on.
pub struct NotifyDeps {
    /// The outbox.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Who sends.
    pub publish: Arc<dyn Publish>,
}

/// The running dispatcher.
pub struct Notify {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Notify {
    /// Starts the dispatcher. Call within a tokio runtime.
    pub fn start(deps: NotifyDeps, config: NotifyConfig) -> Self {
        let (stop, stopped) = watch::channel(false);
        let dispatcher = Dispatcher { deps, config, blocked: HashMap::new(), leased_until: None };
        Self { stop, task: tokio::spawn(dispatcher.run(stopped)) }
    }

    /// Ends it after the page in hand and gives the lease back.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the outbox dispatcher broke");
        }
    }
}

struct Dispatcher {
    deps: NotifyDeps,
    config: NotifyConfig,
    /// Topics whose oldest message failed: later ones wait, so that a topic's state never goes backwards.
    blocked: HashMap<String, Timestamp>,
    leased_until: Option<Timestamp>,
}

/// What is to be done about a row after an attempt.
enum Outcome {
    Sent,
    Failed(Timestamp),
    Postponed(Timestamp),
}

impl Dispatcher {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut heads = self.deps.store.heads();
        loop {
            let more = match self.pass().await {
                Ok(n) => number::count(n) >= self.config.page,
                Err(StoreError::Closed) => return,
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read; it is read again");
                    false
                }
            };
            if *stop.borrow() {
                break;
            }
            if more {
                continue;
            }
            tokio::select! {
                _ = stop.wait_for(|s| *s) => {}
                changed = heads.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(self.config.idle) => {}
            }
        }
        let node = self.config.node.clone();
        let released = self.deps.store.write(move |conn| lease::release(conn, "outbox", &node)).await;
        if let Err(error) = released {
            tracing::warn!(%error, "the lease of the outbox was not given back");
        }
    }

    /// One look at the outbox; how many rows were due.
    async fn pass(&mut self) -> Result<usize, StoreError> {
        if !self.leased().await? {
            return Ok(0);
        }
        let (now, page) = (self.deps.clock.now(), self.config.page);
        let due = self.deps.store.read(move |conn| rows::due(conn, now, page)).await?;
        if due.is_empty() {
            return Ok(0);
        }
        self.blocked.retain(|_, until| *until > now);
        let outcomes: Vec<(i64, i64, Outcome)> =
            due.iter().map(|row| (row.space, row.id, self.attempt(row, now))).collect();
        let aside = self.deps.store.write(move |conn| settle(conn, &outcomes)).await?;
        metrics::gauge!("svod_outbox_set_aside").set(aside as f64);
        Ok(due.len())
    }

    /// True while this node dispatches; renewed when a third of the lease is over.
    async fn leased(&mut self) -> Result<bool, StoreError> {
        let now = self.deps.clock.now();
        let seconds = self.config.lease_seconds;
        if self.leased_until.is_some_and(|until| until.seconds_since(now) * 3.0 > seconds as f64 * 2.0) {
            return Ok(true);
        }
        let node = self.config.node.clone();
        let held = self
            .deps
            .store
            .write(move |conn| lease::acquire(conn, "outbox", &node, now, seconds.saturating_mul(1_000_000)))
            .await?;
        self.leased_until = held.then(|| now.plus_seconds(seconds));
        Ok(held)
    }

    fn attempt(&mut self, row: &OutboxRow, now: Timestamp) -> Outcome {
        let sent = match Message::parse(&row.body) {
            Ok(m) => {
                if let Some(until) = self.blocked.get(&m.topic) {
                    return Outcome::Postponed(*until);
                }
                let sent = self.deps.publish.publish(&m.topic, &m.payload, m.retain).map_err(|e| e.to_string());
                sent.map_err(|e| (Some(m.topic), e))
            }
            // It will never be one: no use in trying again.
            Err(e) => Err((None, e.to_string())),
        };
        match sent {
            Ok(()) => {
                metrics::counter!("svod_outbox_sent_total").increment(1);
                Outcome::Sent
            }
            Err((topic, error)) => {
                let tried = row.attempts + 1;
                let later = match topic {
                    Some(topic) if tried < self.config.attempts => {
                        let later = now.plus_seconds(self.pause(row.attempts));
                        self.blocked.insert(topic, later);
                        later
                    }
                    _ => rows::NEVER,
                };
                let aside = later == rows::NEVER;
                tracing::warn!(space = row.space, id = row.id, tried, error, aside, "a message was not sent");
                metrics::counter!("svod_outbox_failed_total").increment(1);
                Outcome::Failed(later)
            }
        }
    }

    /// Seconds until the next attempt after so many before it.
    fn pause(&self, attempts: i64) -> i64 {
        let doubled = 1i64 << attempts.clamp(0, 40);
        self.config.first_pause_seconds.saturating_mul(doubled).min(self.config.longest_pause_seconds)
    }
}

/// Writes what became of the rows; how many are set aside.
fn settle(conn: &mut dyn svod_store::Conn, outcomes: &[(i64, i64, Outcome)]) -> Result<i64, StoreError> {
    for (space, id, outcome) in outcomes {
        match outcome {
            Outcome::Sent => {
                outbox::done(conn, *space, *id)?;
            }
            Outcome::Failed(later) => {
                outbox::retry(conn, *space, *id, *later)?;
            }
            Outcome::Postponed(later) => rows::postpone(conn, *space, *id, *later)?,
        }
    }
    rows::set_aside(conn)
}
