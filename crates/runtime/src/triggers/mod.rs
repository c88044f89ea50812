//! What begins by itself: a journal event, a moment of an entity, a time of a process.
//!
//! * `follow` – events of the journal, in their order, each at least once
//! * `scope` – what the FEEL of a service sees of an event
//! * `give` – the case or the offer that somebody gets, once
//! * `withdraw` – offers whose ground has ended
//! * `due` – moments of entities: an age is reached, a permit runs out
//! * `times` – processes that a time starts
//!
//! Nothing is made twice: what is made has an identifier of service, cause and party, and whoever makes it again is told
//! that it is there.

mod due;
mod follow;
mod give;
mod scope;
mod times;
mod withdraw;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use svod_kernel::{Actor, Timestamp};
use svod_registry::{Registry, Running};
use svod_store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Offers;
use crate::applications::Applications;

/// The lease under which one node at a time looks at moments and times.
const LEASE: &str = "triggers-by-time";
/// How long it holds without being renewed; a look at many moments renews it.
const LEASE_SECONDS: i64 = 60;
/// How often it is looked whether a time has come.
const TICK: Duration = Duration::from_secs(1);
/// How often moments of entities and offers that have run out are looked for, seconds.
const SWEEP_SECONDS: i64 = 3_600;

/// Starts services and processes that nobody asks for.
pub struct Triggers {
    registry: Arc<Registry>,
    applications: Applications,
    offers: Offers,
    store: Store,
    node: String,
    actor: Actor,
    /// When it is looked again, microseconds.
    next: AtomicI64,
    /// Packs that this was worked out from.
    generation: AtomicU64,
    /// When moments were last looked at.
    swept: Mutex<Option<Timestamp>>,
}

/// Triggers that run.
pub struct Started {
    running: Running,
    stop: watch::Sender<bool>,
    ticking: JoinHandle<()>,
    triggers: Arc<Triggers>,
}

impl Started {
    /// Ends them after the event in hand and writes down where they are.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.ticking.await);
        self.running.stop().await;
        let node = self.triggers.node.clone();
        let given = self.triggers.store.write(move |conn| svod_store::lease::release(conn, LEASE, &node)).await;
        if let Err(e) = given {
            tracing::debug!(error = %e, "the lease was not given back and runs out by itself");
        }
    }

    /// The follower of the journal: how far it has come.
    pub const fn running(&self) -> &Running {
        &self.running
    }
}

impl Triggers {
    /// `node` names this process in leases.
    pub fn new(applications: Applications, store: Store, node: String) -> Arc<Self> {
        let registry = applications.cases().registry().clone();
        Arc::new(Self {
            offers: Offers::new(applications.clone()),
            registry,
            applications,
            store,
            node,
            actor: Actor::platform("triggers"),
            next: AtomicI64::new(i64::MIN),
            generation: AtomicU64::new(0),
            swept: Mutex::default(),
        })
    }

    /// Follows the journal from where it was left, at first from its present end, and looks at the clock.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(self: &Arc<Self>) -> Result<Started, StoreError> {
        let following = Arc::new(follow::Following(self.clone()));
        let running = self.registry.clone().project(following, &self.node).await?;
        let (stop, stopped) = watch::channel(false);
        let ticking = tokio::spawn(self.clone().tick(stopped));
        Ok(Started { running, stop, ticking, triggers: self.clone() })
    }

    async fn tick(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            if tokio::time::timeout(TICK, stop.wait_for(|s| *s)).await.is_ok() {
                return;
            }
            let now = self.registry.clock().now();
            let generation = self.registry.catalogue().generation;
            let same = self.generation.swap(generation, Ordering::AcqRel) == generation;
            if !same {
                // What begins at a moment counts from the publication on, not from the next hour.
                *self.swept.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
            }
            if same && now.0 < self.next.load(Ordering::Acquire) {
                continue;
            }
            match self.look(now, false).await {
                Ok(next) => self.next.store(next.0, Ordering::Release),
                Err(StoreError::Closed) => return, // the platform is stopping
                Err(e) => tracing::warn!(error = %e, "what is due could not be looked at; it is tried again"),
            }
        }
    }

    /// Everything that is due now; for tests on simulated time as well.
    ///
    /// # Errors
    /// As text, when the store fails.
    pub async fn settle(&self) -> Result<(), String> {
        let now = self.registry.clock().now();
        self.look(now, true).await.map(drop).map_err(|e| e.to_string())
    }

    /// One look at the clock; when the next is worth while.
    async fn look(&self, now: Timestamp, all: bool) -> Result<Timestamp, StoreError> {
        if !self.lead().await? {
            return Ok(now.plus_seconds(LEASE_SECONDS));
        }
        let next = self.times(now).await?;
        let last = *self.swept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.map_or(now, |at| at.plus_seconds(SWEEP_SECONDS));
        if !all && due > now {
            return Ok(next.map_or(due, |next| next.min(due)));
        }
        self.sweep(now).await?;
        self.offers.expire(&self.actor, now).await?;
        *self.swept.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(now);
        let due = now.plus_seconds(SWEEP_SECONDS);
        Ok(next.map_or(due, |next| next.min(due)))
    }

    /// Takes or renews the lease; whether this node has it.
    async fn lead(&self) -> Result<bool, StoreError> {
        let (node, now) = (self.node.clone(), self.registry.clock().now());
        let ttl = LEASE_SECONDS * 1_000_000;
        self.store.write(move |conn| svod_store::lease::acquire(conn, LEASE, &node, now, ttl)).await
    }

    async fn place(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.store.read(move |conn| svod_store::meta::get(conn, svod_store::space::INSTALLATION, &name)).await
    }

    async fn write_place(&self, name: &str, value: String) -> Result<(), StoreError> {
        let name = name.to_owned();
        let write = move |conn: &mut dyn svod_store::Conn| {
            svod_store::meta::set(conn, svod_store::space::INSTALLATION, &name, &value)
        };
        self.store.write(write).await
    }
}

/// One is told and passed: it stops nobody else.
fn passed(what: &str, name: &str, reason: &str) {
    tracing::error!(what, name, reason, "something does not begin by itself");
    metrics::counter!("svod_triggers_refused_total").increment(1);
}
