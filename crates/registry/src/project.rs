//! Projections: what is made of the journal and kept current from it, each with its own place in every space.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use svod_store::projection::{self, SetAside};
use svod_store::{StoreError, lease};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Committed, Registry, SpaceId};

/// How long a node keeps a projection without a sign of life, seconds.
const LEASE: i64 = 15;
/// How often places are written down, and leases renewed.
const BEAT: Duration = Duration::from_millis(1_000);

/// What a step comes to.
pub type Taken<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Something kept current from the journal. Every event comes at least once, in the order of its space.
pub trait Projection: Send + Sync + 'static {
    /// Its name in the store; one node at a time runs it.
    fn name(&self) -> &'static str;

    /// Reads the journal from its beginning the first time, not from its present end.
    fn reads_from_the_beginning(&self) -> bool {
        true
    }

    /// Takes a step in. An error concerns one event: several are given again one by one, and the one that fails is set
    /// aside.
    fn take(&self, step: Arc<Committed>) -> Taken<'_>;

    /// The event of the space up to which its work need not be done again, when it has been given those up to `given`.
    fn settled(&self, _space: SpaceId, given: i64) -> i64 {
        given
    }
}

/// A projection that runs.
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    given: watch::Receiver<HashMap<SpaceId, i64>>,
}

impl Running {
    /// Ends it after the step in hand and writes down where it is.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a projection broke");
        }
    }

    /// The last event of each space that it was given.
    pub fn given(&self) -> watch::Receiver<HashMap<SpaceId, i64>> {
        self.given.clone()
    }
}

/// Where a projection is.
struct Runner {
    registry: Arc<Registry>,
    projection: Arc<dyn Projection>,
    node: String,
    /// Where it begins that never ran before; spaces that are made later it reads from their beginning.
    present: HashMap<SpaceId, i64>,
    given: HashMap<SpaceId, i64>,
    written: HashMap<SpaceId, i64>,
    told: watch::Sender<HashMap<SpaceId, i64>>,
}

impl Registry {
    /// Keeps a projection current until it is stopped. `node` is this process's name in leases. What is committed after this
    /// has returned is given to it, whenever its work begins.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn project(self: Arc<Self>, projection: Arc<dyn Projection>, node: &str) -> Result<Running, StoreError> {
        let present = if projection.reads_from_the_beginning() {
            HashMap::new()
        } else {
            let spaces = self.store.read(|conn| svod_store::space::list(conn)).await?;
            spaces.into_iter().map(|s| (s.id, s.seq)).collect()
        };
        let (stop, stopped) = watch::channel(false);
        let (told, given) = watch::channel(HashMap::new());
        let runner = Runner {
            registry: self,
            projection,
            node: node.to_owned(),
            present,
            given: HashMap::new(),
            written: HashMap::new(),
            told,
        };
        Ok(Running { stop, task: tokio::spawn(runner.run(stopped)), given })
    }
}

impl Runner {
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            let outcome = tokio::select! {
                _ = stop.wait_for(|s| *s) => break,
                outcome = self.work() => outcome,
            };
            match outcome {
                Ok(()) | Err(StoreError::Closed) => return,
                Err(e) => tracing::warn!(projection = self.projection.name(), error = %e, "a projection begins anew"),
            }
            tokio::time::sleep(BEAT).await;
        }
        let (name, node) = (self.projection.name(), self.node.clone());
        let written = self.write_down().await;
        let released = self.registry.store.write(move |conn| lease::release(conn, name, &node)).await;
        for error in [written, released.map(drop)].into_iter().filter_map(Result::err) {
            tracing::warn!(projection = name, %error, "the place of a projection was not written down");
        }
    }

    /// Until the registry ends; an error begins it anew from what was written down.
    async fn work(&mut self) -> Result<(), StoreError> {
        while !self.leased().await? {
            tokio::time::sleep(BEAT).await;
        }
        let mut changes = self.registry.changes();
        let name = self.projection.name();
        let offsets = self.registry.store.read(move |conn| projection::offsets(conn, name)).await?;
        self.given = offsets.into_iter().collect();
        let heads = self.registry.store.read(|conn| svod_store::space::list(conn)).await?;
        for space in &heads {
            let start = self.present.get(&space.id).copied().unwrap_or(0);
            self.given.entry(space.id).or_insert(start);
        }
        self.written = self.given.clone();
        self.write_all().await?;
        for space in heads {
            self.catch_up(space.id).await?;
        }
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                change = changes.recv() => match change {
                    Ok(step) => self.hear(step).await?,
                    Err(RecvError::Lagged(_)) => {
                        for space in self.registry.spaces().ids_of_all() {
                            self.catch_up(space).await?;
                        }
                    }
                    Err(RecvError::Closed) => return Ok(()),
                },
                _ = beat.tick() => {
                    self.write_down().await?;
                    if !self.leased().await? {
                        return Err(StoreError::Contended("another node has taken the projection over".into()));
                    }
                }
            }
        }
    }

    async fn leased(&self) -> Result<bool, StoreError> {
        let (name, node, now) = (self.projection.name(), self.node.clone(), self.registry.clock.now());
        self.registry.store.write(move |conn| lease::acquire(conn, name, &node, now, LEASE * 1_000_000)).await
    }

    async fn hear(&mut self, step: Arc<Committed>) -> Result<(), StoreError> {
        let (first, last) = step.stretch();
        let given = self.given.get(&step.space).copied().unwrap_or(0);
        if last <= given {
            return Ok(());
        }
        if first > given + 1 || first <= given {
            return self.catch_up(step.space).await;
        }
        self.take(step).await
    }

    async fn catch_up(&mut self, space: SpaceId) -> Result<(), StoreError> {
        loop {
            let from = self.given.get(&space).copied().unwrap_or(0);
            let Some((last, step)) = self.registry.step(space, from).await? else { return Ok(()) };
            self.take(Arc::new(step)).await?;
            self.given.insert(space, last);
        }
    }

    async fn take(&mut self, step: Arc<Committed>) -> Result<(), StoreError> {
        let (space, (_, last)) = (step.space, step.stretch());
        if let Err(reason) = self.projection.take(step.clone()).await {
            match step.events.as_slice() {
                [one] => self.set_aside(space, one.seq, reason).await?,
                _ => self.one_by_one(&step).await?,
            }
        }
        self.given.insert(space, last.max(self.given.get(&space).copied().unwrap_or(0)));
        self.told.send_replace(self.given.clone());
        Ok(())
    }

    async fn one_by_one(&self, step: &Committed) -> Result<(), StoreError> {
        for event in &step.events {
            let alone = Committed { events: vec![event.clone()], ..step.clone() };
            if let Err(reason) = self.projection.take(Arc::new(alone)).await {
                self.set_aside(step.space, event.seq, reason).await?;
            }
        }
        Ok(())
    }

    async fn set_aside(&self, space: SpaceId, seq: i64, reason: String) -> Result<(), StoreError> {
        let name = self.projection.name();
        tracing::error!(projection = name, space, seq, reason, "an event was set aside");
        metrics::counter!("svod_projection_set_aside_total", "projection" => name).increment(1);
        let event = SetAside { space, seq, at: self.registry.clock.now(), reason };
        self.registry.store.write(move |conn| projection::set_aside(conn, name, &event)).await
    }

    async fn write_down(&mut self) -> Result<(), StoreError> {
        let name = self.projection.name();
        let settled: HashMap<SpaceId, i64> =
            self.given.iter().map(|(space, given)| (*space, self.projection.settled(*space, *given))).collect();
        let behind: i64 = {
            let heads = self.registry.store.heads();
            let heads = heads.borrow();
            heads.iter().map(|(space, head)| head - settled.get(space).copied().unwrap_or(0).min(*head)).sum()
        };
        metrics::gauge!("svod_projection_lag_events", "projection" => name).set(behind as f64);
        if settled == self.written {
            return Ok(());
        }
        self.written = settled;
        self.write_all().await
    }

    async fn write_all(&self) -> Result<(), StoreError> {
        let (name, all) = (self.projection.name(), self.written.clone());
        self.registry
            .store
            .write(move |conn| all.iter().try_for_each(|(space, seq)| projection::advance(conn, name, *space, *seq)))
            .await
    }
}
