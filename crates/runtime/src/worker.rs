use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::{Entity, Point};
use svod_registry::{Command, CommandError, EntityQuery, QueryError, Registry};
use svod_store::finding::NewFinding;
use svod_store::{Store, StoreError};
use tokio::sync::Notify;

use crate::cases::{Along, CaseError, Cases, NewCase};
use crate::respond::{Finding, Scene, clear, raise};
use crate::territory::Territories;

/// The lease under which one node at a time turns findings into deeds.
const LEASE: &str = "runtime";

/// How long a lease holds without being renewed.
const LEASE_SECONDS: i64 = 15;

/// Findings taken at once.
const BATCH: i64 = 100;

/// Without a wake-up the worker looks this often: other nodes' findings, silence, standstill.
const IDLE: Duration = Duration::from_secs(1);

/// What is judged by time, and where things are now: supplied by the twin, which the wiring knows.
pub trait Sweep: Send + Sync {
    /// What the decisions judged by time call for now.
    fn sweep(&self, now: Timestamp) -> Vec<NewFinding>;

    /// What the last sweep called for could not be kept: it must call for it again.
    fn take_back(&self);

    /// Where the entity is now.
    fn place(&self, urn: &Urn) -> Option<Point>;
}

/// Turns findings into alerts, cases and tasks.
pub struct Runtime {
    registry: Arc<Registry>,
    cases: Arc<Cases>,
    store: Store,
    sweep: Arc<dyn Sweep>,
    node: String,
    wake: Arc<Notify>,
    territories: RwLock<Option<Arc<Territories>>>,
    aside: Mutex<HashSet<i64>>,
    actor: Actor,
}

/// Why a finding could not be dealt with now; it stays and is tried again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Case(#[from] CaseError),
}

impl Runtime {
    /// `node` names this process in the lease.
    pub fn new(cases: Arc<Cases>, store: Store, sweep: Arc<dyn Sweep>, node: String) -> Arc<Self> {
        Arc::new(Self {
            registry: cases.registry().clone(),
            cases,
            store,
            sweep,
            node,
            wake: Arc::new(Notify::new()),
            territories: RwLock::default(),
            aside: Mutex::default(),
            actor: Actor::platform("runtime"),
        })
    }

    /// Tells the worker that findings have been committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Works until the task is aborted.
    pub fn start(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let me = self.clone();
        tokio::spawn(async move {
            let mut changes = me.registry.changes();
            let mut packs = me.registry.catalogue_changes();
            loop {
                let _ = tokio::time::timeout(IDLE, me.wake.notified()).await; // a time-out is the idle look
                me.note_changes(&mut changes);
                if packs.has_changed().unwrap_or(false) {
                    packs.mark_unchanged();
                    me.aside.lock().unwrap_or_else(PoisonError::into_inner).clear();
                }
                match me.round().await {
                    Ok(()) => {}
                    Err(Trouble::Store(StoreError::Closed)) => return, // the platform is stopping
                    Err(e) => tracing::warn!(error = %e, "findings could not be dealt with; they are tried again"),
                }
            }
        })
    }

    /// Gives the lease back, so that another node or the next start goes on at once.
    pub async fn release(&self) {
        let node = self.node.clone();
        let given = self.store.write(move |conn| svod_store::lease::release(conn, LEASE, &node)).await;
        if let Err(e) = given {
            tracing::debug!(error = %e, "the lease was not given back and runs out by itself");
        }
    }

    /// One look: what time calls for, then every finding there is. For tests on simulated time as well.
    ///
    /// # Errors
    /// As text, when the store fails.
    pub async fn settle(&self) -> Result<(), String> {
        self.forget_territories();
        self.round().await.map_err(|e| e.to_string())
    }

    async fn round(&self) -> Result<(), Trouble> {
        if !self.lead().await? {
            return Ok(());
        }
        let found = self.sweep.sweep(self.registry.clock().now());
        if !found.is_empty()
            && let Err(e) = self.store.write(move |conn| svod_store::finding::put(conn, &found)).await
        {
            self.sweep.take_back();
            return Err(e.into());
        }
        let mut after = 0;
        loop {
            let rows = self.store.read(move |conn| svod_store::finding::page(conn, after, BATCH)).await?;
            let Some(last) = rows.last().map(|r| r.id) else { return Ok(()) };
            for row in rows.iter().filter(|r| !self.is_aside(r.id)) {
                match Finding::parse(row) {
                    Some(f) => self.deal(&f).await?,
                    None => self.set_aside(row.id, "it cannot be read"),
                }
            }
            after = last;
        }
    }

    /// A finding that cannot be dealt with as the packs are: it stays in the store, is not tried again until packs are
    /// published or the platform starts anew, and does not hold up the others.
    fn set_aside(&self, id: i64, why: &str) {
        tracing::error!(finding = id, why, "a finding is set aside until a pack is published");
        metrics::counter!("svod_runtime_findings_set_aside_total").increment(1);
        self.aside.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    fn is_aside(&self, id: i64) -> bool {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    async fn lead(&self) -> Result<bool, StoreError> {
        let (node, now) = (self.node.clone(), self.registry.clock().now());
        let ttl = LEASE_SECONDS * 1_000_000;
        self.store.write(move |conn| svod_store::lease::acquire(conn, LEASE, &node, now, ttl)).await
    }

    async fn deal(&self, f: &Finding) -> Result<(), Trouble> {
        let done = match f.action() {
            "raise" => match self.raising(f).await? {
                Some((new, along)) => self.cases.begin(&self.actor, new, along).await.map(drop),
                None => return Ok(self.drop_finding(f.id).await?),
            },
            "clear" => match self.clearing(f).await? {
                Some(command) => self.registry.execute(&self.actor, command).await.map(drop).map_err(CaseError::from),
                None => return Ok(self.drop_finding(f.id).await?),
            },
            _ => return Ok(self.drop_finding(f.id).await?),
        };
        match done {
            Ok(()) => Ok(()),
            Err(CaseError::Command(CommandError::Exists(urn))) => {
                tracing::debug!(%urn, "the finding was dealt with before");
                Ok(self.drop_finding(f.id).await?)
            }
            Err(
                e @ (CaseError::Command(
                    CommandError::Invalid { .. } | CommandError::Forbidden { .. } | CommandError::UnknownSpace(_),
                )
                | CaseError::NoProcess(_)
                | CaseError::Step(_)
                | CaseError::Endless(_)),
            ) => {
                self.set_aside(f.id, &e.to_string());
                Ok(())
            }
            Err(e) => Err(e.into()),
        }
    }

    async fn raising(&self, f: &Finding) -> Result<Option<(NewCase, Along)>, Trouble> {
        let catalogue = self.registry.catalogue();
        let Some(trigger) = catalogue.trigger(&f.trigger) else { return Ok(None) };
        let Some(asset) = self.asset(&f.urn).await? else { return Ok(None) };
        if self.open_alert(f, &asset.space).await?.is_some() {
            return Ok(None);
        }
        let place = self.sweep.place(&f.urn).or_else(|| asset.point("location"));
        let answerable = self.territories().await?.answerable(&trigger.spec.alert.subject, place, &asset.space);
        if answerable.is_none() {
            tracing::warn!(trigger = f.trigger, space = %asset.space, "no body answers for this subject here");
        }
        let scene = Scene { asset: &asset, place, answerable };
        Ok(Some(raise(f, trigger, &scene, self.registry.clock().now())))
    }

    async fn clearing(&self, f: &Finding) -> Result<Option<Command>, Trouble> {
        let Some(asset) = self.asset(&f.urn).await? else { return Ok(None) };
        let alert = self.open_alert(f, &asset.space).await?;
        Ok(alert.map(|a| clear(f, &a, self.registry.clock().now())))
    }

    async fn asset(&self, urn: &Urn) -> Result<Option<Entity>, Trouble> {
        match self.registry.entity(&self.actor, urn).await {
            Ok(e) => Ok(Some(e)),
            Err(QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    async fn open_alert(&self, f: &Finding, space: &SpacePath) -> Result<Option<Entity>, Trouble> {
        let q = EntityQuery { below: false, limit: 1000, ..EntityQuery::of(space.clone(), &["Alert"]) }
            .with("entity", f.urn.as_str())
            .with("status", "open");
        let page = self.registry.query(&self.actor, q).await?;
        let same = |a: &Entity| {
            a.text("trigger") == Some(&f.trigger) && a.text("attribute").unwrap_or_default() == f.attribute
        };
        Ok(page.items.into_iter().find(same))
    }

    async fn drop_finding(&self, id: i64) -> Result<(), StoreError> {
        self.store.write(move |conn| svod_store::finding::delete(conn, &[id])).await.map(|_| ())
    }

    async fn territories(&self) -> Result<Arc<Territories>, Trouble> {
        if let Some(known) = self.territories.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(known);
        }
        let mut all = Vec::new();
        for space in self.registry.spaces().all() {
            let mut q = EntityQuery {
                below: false,
                limit: 1000,
                ..EntityQuery::of(space.path.clone(), &["Municipality", "Body"])
            };
            loop {
                let page = self.registry.query(&self.actor, q.clone()).await?;
                all.extend(page.items.into_iter().map(Arc::new));
                if page.next.is_none() {
                    break;
                }
                q.after = page.next;
            }
        }
        let built = Arc::new(Territories::new(&all));
        *self.territories.write().unwrap_or_else(PoisonError::into_inner) = Some(built.clone());
        Ok(built)
    }

    fn forget_territories(&self) {
        *self.territories.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn note_changes(&self, changes: &mut tokio::sync::broadcast::Receiver<Arc<svod_registry::Committed>>) {
        use tokio::sync::broadcast::error::TryRecvError;
        loop {
            match changes.try_recv() {
                Ok(c) => {
                    if c.events.iter().any(|e| matches!(e.entity_type.as_str(), "Municipality" | "Body")) {
                        self.forget_territories();
                    }
                }
                Err(TryRecvError::Lagged(_)) => self.forget_territories(),
                Err(_) => return,
            }
        }
    }
}
