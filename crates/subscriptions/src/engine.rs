use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use svod_kernel::{Actor, Clock, SpacePath};
use svod_model::Entity;
use svod_query::Query;
use svod_registry::{
    Committed, Definition, Find, Happening, JournalEvent, Projection, QueryError, Registry, Running, SpaceId, Taken,
};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::deliver::{Deliver, Message};
use crate::matcher::{Key, Matcher};
use crate::queue::{Line, Put, Source};
use crate::subscription::{Notice, State, Subscription};

/// Deliveries at once.
const AT_ONCE: usize = 64;
/// Notices that wait in all lines together; more make the projection wait.
const MOST_WAITING: usize = 20_000;
/// How often subscriptions by time are looked at.
const TICK: Duration = Duration::from_millis(200);
/// How long a look at a state waits for a delivery that is under way.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long before it is asked again what somebody may see.
const AGAIN: Duration = Duration::from_secs(1);
/// So often.
const PATIENT: usize = 30;
/// Entities told at once by a subscription by time.
const MOST_BY_TIME: usize = 1_000;

/// A subscription read from its document.
pub type Read<'a, S> = Pin<Box<dyn Future<Output = Result<Subscription<S>, String>> + Send + 'a>>;
/// A notice written as the subscriber wants it.
pub type Written<'a> = Pin<Box<dyn Future<Output = Result<Message, String>> + Send + 'a>>;

/// What fits a question, or why it is not known.
pub type Found = Result<Vec<Arc<Entity>>, String>;
/// What the edge finds by itself; none: the registry is asked.
pub type Everywhere<'a> = Pin<Box<dyn Future<Output = Option<Found>> + Send + 'a>>;

/// What an actor may be today; none: what they were.
pub type Today<'a> = Pin<Box<dyn Future<Output = Result<Option<Actor>, String>> + Send + 'a>>;

/// Knows what has become of the powers of an actor of before.
pub trait Powers: Send + Sync + 'static {
    /// The actor with the powers of today.
    fn now<'a>(&'a self, actor: &'a Actor) -> Today<'a>;
}

/// The words of an edge: how its documents are read and how notices are written.
pub trait Dialect: Send + Sync + 'static {
    /// What it needs to write a notice.
    type Spec: Send + Sync + 'static;

    /// Under which kind its documents are kept as definitions.
    fn kind(&self) -> &'static str;

    /// Under which kind the engine keeps states.
    fn states(&self) -> &'static str;

    /// Reads a document.
    fn read<'a>(&'a self, space: &'a SpacePath, definition: &'a Definition) -> Read<'a, Self::Spec>;

    /// What fits a question of a subscription by time, where the edge knows of more than the registry has.
    fn find<'a>(&'a self, _subscription: &'a Subscription<Self::Spec>, _query: &'a Query) -> Everywhere<'a> {
        Box::pin(std::future::ready(None))
    }

    /// Writes a notice.
    fn write<'a>(&'a self, subscription: &'a Subscription<Self::Spec>, notice: &'a Notice) -> Written<'a>;
}

type Chosen<D> = HashMap<Key, Arc<Line<<D as Dialect>::Spec>>>;
type Lines<D> = Matcher<Line<<D as Dialect>::Spec>>;

/// Tells subscribers what happens.
pub struct Engine<D: Dialect> {
    pub(crate) registry: Arc<Registry>,
    pub(crate) dialect: D,
    deliver: Arc<dyn Deliver>,
    powers: Arc<dyn Powers>,
    clock: Arc<dyn Clock>,
    lines: RwLock<Lines<D>>,
    /// Those by time among them.
    timed: Mutex<Chosen<D>>,
    /// Those whose state has changed since it was written down.
    stirred: Mutex<Chosen<D>>,
    /// Events whose notices are under way, with how many of them.
    open: Mutex<HashMap<SpaceId, BTreeMap<i64, usize>>>,
    waiting: Semaphore,
    at_once: Semaphore,
    /// Told whenever nothing is under way.
    idle: Notify,
}

/// An engine that runs.
pub struct Started<D: Dialect> {
    engine: Arc<Engine<D>>,
    running: Running,
    stop: watch::Sender<bool>,
    ticking: JoinHandle<()>,
}

impl<D: Dialect> Started<D> {
    /// Ends it; what is under way is finished or tried again at the next start.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.ticking.await);
        self.running.stop().await;
        self.engine.write_states().await;
    }
}

impl<D: Dialect> Engine<D> {
    /// An engine without subscriptions.
    pub fn new(registry: Arc<Registry>, dialect: D, deliver: Arc<dyn Deliver>, powers: Arc<dyn Powers>) -> Arc<Self> {
        let clock = registry.clock().clone();
        Arc::new(Self {
            registry,
            dialect,
            deliver,
            powers,
            clock,
            lines: RwLock::default(),
            timed: Mutex::default(),
            stirred: Mutex::default(),
            open: Mutex::default(),
            waiting: Semaphore::new(MOST_WAITING),
            at_once: Semaphore::new(AT_ONCE),
            idle: Notify::new(),
        })
    }

    /// The words of its edge.
    pub fn dialect(&self) -> &D {
        &self.dialect
    }

    /// Reads all subscriptions and begins.
    ///
    /// # Errors
    /// When the store fails. A document that cannot be read is reported in the log and left out.
    pub async fn start(self: &Arc<Self>, node: &str) -> Result<Started<D>, QueryError> {
        let states = self.registry.definitions_everywhere(self.dialect.states()).await?;
        let mut states: HashMap<Key, State> = states
            .into_iter()
            .filter_map(|(space, d)| Some(((space.to_string(), d.id), serde_json::from_value(d.doc).ok()?)))
            .collect();
        for (space, definition) in self.registry.definitions_everywhere(self.dialect.kind()).await? {
            let state = states.remove(&(space.to_string(), definition.id.clone())).unwrap_or_default();
            if let Err(reason) = self.load(&space, &definition, state).await {
                tracing::error!(id = definition.id, %space, reason, "a kept subscription cannot be read");
            }
        }
        let (stop, stopped) = watch::channel(false);
        let running = self.registry.clone().project(Arc::new(Following(self.clone())), node).await?;
        let ticking = tokio::spawn(self.clone().tick(stopped));
        Ok(Started { engine: self.clone(), running, stop, ticking })
    }

    async fn load(&self, space: &SpacePath, definition: &Definition, state: State) -> Result<(), String> {
        let subscription = self.dialect.read(space, definition).await?;
        self.put(subscription, state);
        Ok(())
    }

    /// A subscription that was made or changed by this node is in force from now on.
    ///
    /// # Errors
    /// When the dialect cannot read its document.
    pub async fn define(&self, space: &SpacePath, definition: &Definition) -> Result<(), String> {
        let key = (space.to_string(), definition.id.clone());
        let state = self.line(&key).map(|l| l.state()).unwrap_or_default();
        self.load(space, definition, state).await
    }

    fn put(&self, subscription: Subscription<D::Spec>, state: State) {
        let key = (subscription.space.to_string(), subscription.id.clone());
        let line = Arc::new(Line::new(subscription, state, self.clock.now()));
        let old = {
            let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
            let old = lines.get(&key).cloned();
            let mut timed = locked(&self.timed);
            match line.subscription.interval {
                None => drop(timed.remove(&key)),
                Some(_) => drop(timed.insert(key.clone(), line.clone())),
            }
            lines.put(key, line.clone(), &line.subscription);
            old
        };
        if let Some(old) = old {
            self.settle_all(old.close());
        }
    }

    /// A subscription is no more: nothing is sent from now on.
    pub fn remove(&self, space: &SpacePath, id: &str) {
        let key = (space.to_string(), id.to_owned());
        let line = self.lines.write().unwrap_or_else(PoisonError::into_inner).remove(&key);
        locked(&self.timed).remove(&key);
        if let Some(line) = line {
            self.settle_all(line.close());
        }
    }

    pub(crate) fn line(&self, key: &Key) -> Option<Arc<Line<D::Spec>>> {
        self.lines.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// How a subscription fares; a delivery under way is awaited for a moment.
    pub async fn state(&self, space: &SpacePath, id: &str) -> State {
        let Some(line) = self.line(&(space.to_string(), id.to_owned())) else { return State::default() };
        let rested = async {
            loop {
                let told = line.rested.notified();
                if !line.is_busy() {
                    return;
                }
                told.await;
            }
        };
        drop(tokio::time::timeout(PATIENCE, rested).await);
        line.state()
    }

    /// What somebody else has told of entities is passed on, as far as the subscription wants it. Removals are, where it has
    /// the trigger for them.
    pub async fn pass_on(self: &Arc<Self>, space: &SpacePath, id: &str, notices: Vec<Notice>, removal: crate::Trigger) {
        let Some(line) = self.line(&(space.to_string(), id.to_owned())) else { return };
        let s = &line.subscription;
        for notice in notices {
            let gone = notice.happening.is_some();
            let wanted = notice.entities.iter().all(|e| if gone { s.triggers.contains(&removal) } else { s.takes(e) });
            if wanted && s.is_awake(notice.at) {
                self.enqueue(&line, None, notice).await;
            }
        }
    }

    /// Until nothing waits and nothing is under way.
    pub async fn rest(&self) {
        loop {
            let told = self.idle.notified();
            if self.at_once.available_permits() == AT_ONCE && self.waiting.available_permits() == MOST_WAITING {
                return;
            }
            told.await;
        }
    }

    async fn happened(self: &Arc<Self>, space: SpaceId, seq: i64, happening: &Happening) {
        let candidates = self.lines.read().unwrap_or_else(PoisonError::into_inner).candidates(happening);
        for line in candidates {
            if let Some(notice) = self.notice(&line.subscription, happening).await {
                self.enqueue(&line, Some((space, seq)), notice).await;
            }
        }
    }

    /// What the subscriber is told, if anything: changes that they may see of an entity that they may see.
    pub(crate) async fn notice(&self, s: &Subscription<D::Spec>, happening: &Happening) -> Option<Notice> {
        let mut touches = s.wants(happening)?;
        let s = &*self.of_today(s).await;
        touches.retain(|t| self.registry.may_see_attribute(&s.actor, &happening.entity, &t.name));
        let entity = self.registry.redact(&s.actor, happening.entity.clone())?;
        let unseen = Happening { touches, entity: entity.clone(), ..happening.clone() };
        let touches = s.wants(&unseen)?;
        if !self.registry.fits(&s.actor, &s.condition, &entity).await {
            return None;
        }
        let happening = Happening { touches, ..unseen };
        Some(Notice { at: self.clock.now(), entities: vec![entity], happening: Some(happening) })
    }

    /// The subscription with the powers that its maker has today: who may see less now is told less.
    pub(crate) async fn of_today<'s>(&self, s: &'s Subscription<D::Spec>) -> Cow<'s, Subscription<D::Spec>> {
        for _ in 0..PATIENT {
            match self.powers.now(&s.actor).await {
                Ok(None) => return Cow::Borrowed(s),
                Ok(Some(actor)) => return Cow::Owned(Subscription { actor, ..s.clone() }),
                // Nobody is told what they may not see, and nothing is lost: it is asked again.
                Err(reason) => {
                    tracing::warn!(reason, "what a subscriber may see is not known; asked again");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        // Others wait behind this one: it is told what everybody may know.
        Cow::Owned(Subscription { actor: Actor::anonymous(), ..s.clone() })
    }

    async fn enqueue(self: &Arc<Self>, line: &Arc<Line<D::Spec>>, source: Source, notice: Notice) {
        // Held until the delivery is over: so many waiting make the projection wait.
        if let Ok(permit) = self.waiting.acquire().await {
            permit.forget();
        }
        self.begun(source);
        match line.put(source, notice) {
            Put::Begin => drop(tokio::spawn(self.clone().empty(line.clone()))),
            Put::Waits => {}
            Put::Dropped(other) => {
                metrics::counter!("svod_subscription_notices_dropped_total").increment(1);
                self.settle_all(vec![other]);
            }
            Put::Refused => self.settle_all(vec![source]),
        }
    }

    /// Sends what waits in a line, one after the other.
    async fn empty(self: Arc<Self>, line: Arc<Line<D::Spec>>) {
        while let Some((source, notice)) = line.next() {
            let permit = self.at_once.acquire().await;
            let subscription = self.of_today(&line.subscription).await;
            let written = self.dialect.write(&subscription, &notice).await;
            line.sets_out(self.clock.now());
            let sent = match written {
                Ok(message) => self.deliver.deliver(message).await,
                Err(reason) => Err(reason),
            };
            line.arrived(self.clock.now(), sent.is_ok());
            let key = (line.subscription.space.to_string(), line.subscription.id.clone());
            locked(&self.stirred).insert(key, line.clone());
            drop(permit);
            let outcome = if sent.is_ok() { "delivered" } else { "failed" };
            metrics::counter!("svod_subscription_notices_total", "outcome" => outcome).increment(1);
            if let Err(reason) = sent {
                tracing::debug!(subscription = line.subscription.id, reason, "a notification was not delivered");
            }
            self.settle_all(vec![source]);
            line.rested.notify_waiters();
        }
        line.rested.notify_waiters();
        self.idle.notify_waiters();
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<SpaceId, BTreeMap<i64, usize>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begun(&self, source: Source) {
        if let Some((space, seq)) = source {
            *self.opened().entry(space).or_default().entry(seq).or_default() += 1;
        }
    }

    fn settle_all(&self, sources: Vec<Source>) {
        self.waiting.add_permits(sources.len());
        let mut open = self.opened();
        for (space, seq) in sources.into_iter().flatten() {
            let Some(of_space) = open.get_mut(&space) else { continue };
            if let Some(left) = of_space.get_mut(&seq) {
                *left -= 1;
                if *left == 0 {
                    of_space.remove(&seq);
                }
            }
        }
    }

    /// Subscriptions by time, and states that have changed.
    async fn tick(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut ticks = 0_u64;
        loop {
            tokio::select! {
                _ = stop.wait_for(|s| *s) => return,
                () = tokio::time::sleep(TICK) => {}
            }
            let now = self.clock.now();
            let due: Vec<_> = locked(&self.timed).values().filter(|l| l.is_due(now)).cloned().collect();
            for line in due {
                match self.by_time(&line.subscription).await {
                    Ok(Some(notice)) => self.enqueue(&line, None, notice).await,
                    Ok(None) => {}
                    Err(error) => tracing::warn!(id = line.subscription.id, %error, "nothing found to be told"),
                }
            }
            ticks += 1;
            if ticks.is_multiple_of(5) {
                self.write_states().await;
            }
        }
    }

    /// Nobody waits for anything: what happened need not be worked out.
    fn is_empty(&self) -> bool {
        self.lines.read().unwrap_or_else(PoisonError::into_inner).all().next().is_none()
    }

    /// Can a change of such an entity concern anybody? Asked before it is worked out what the change was.
    fn concerns(&self, event: &JournalEvent, entity: Option<&Entity>) -> bool {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        let kinds = entity.into_iter().flat_map(|e| e.also.iter()).chain([&event.entity_type]);
        lines.concern(&event.entity, kinds.chain(entity.map(|e| &e.kind)))
    }

    async fn by_time(&self, s: &Subscription<D::Spec>) -> Result<Option<Notice>, String> {
        let s = &*self.of_today(s).await;
        let mut entities = BTreeMap::new();
        let everything = [Query::default()];
        let selectors = if s.selectors.is_empty() { &everything[..] } else { &s.selectors };
        for selector in selectors {
            let c = s.condition.clone();
            let query = Query { filter: c.filter, place: c.place, scope: c.scope, ..selector.clone() };
            let found = match self.dialect.find(s, &query).await {
                Some(found) => found?,
                None => {
                    let (space, order) = (s.space.clone(), Vec::new());
                    let find = Find { space, below: true, query, order, offset: 0, limit: MOST_BY_TIME, count: false };
                    self.registry.find(&s.actor, &find).await.map_err(|e| e.to_string())?.entities
                }
            };
            entities.extend(found.into_iter().map(|e| (e.id.clone(), e)));
        }
        let shown = |e: &svod_model::Entity| {
            s.watched.is_empty() || s.watched.iter().any(|name| e.attributes.contains_key(name))
        };
        let entities: Vec<_> = entities.into_values().filter(|e| shown(e)).collect();
        Ok((!entities.is_empty()).then(|| Notice { at: self.clock.now(), entities, happening: None }))
    }

    async fn write_states(&self) {
        let changed = |line: &Arc<Line<D::Spec>>| {
            let state = line.changed_state()?;
            let s = &line.subscription;
            Some((s.space.clone(), s.id.clone(), serde_json::to_value(state).unwrap_or_default()))
        };
        let stirred = std::mem::take(&mut *locked(&self.stirred));
        let kept = stirred.into_iter().filter(|(key, _)| self.line(key).is_some());
        let notes: Vec<_> = kept.filter_map(|(_, line)| changed(&line)).collect();
        if notes.is_empty() {
            return;
        }
        if let Err(error) = self.registry.note(self.dialect.states(), notes).await {
            tracing::warn!(%error, "states of subscriptions were not written down");
        }
    }

    /// Definitions that were changed, perhaps by another node.
    async fn redefined(&self, step: &Committed) {
        let prefix = format!("urn:svod:definition:{}:", self.dialect.kind());
        let ids: BTreeSet<(&SpacePath, &str)> = step
            .events
            .iter()
            .filter_map(|e| Some((&e.space, e.entity.as_str().strip_prefix(prefix.as_str())?)))
            .collect();
        for (space, id) in ids {
            let key = (space.to_string(), id.to_owned());
            let kept = self.registry.definition_of(self.dialect.kind(), space, id).await;
            match (kept, self.line(&key)) {
                (Ok(None), _) => self.remove(space, id),
                (Ok(Some(d)), known) if known.as_ref().is_none_or(|l| l.subscription.revision < d.modified) => {
                    let state = known.map(|l| l.state()).unwrap_or_default();
                    if let Err(reason) = self.load(space, &d, state).await {
                        tracing::error!(id, %space, reason, "a subscription cannot be read");
                    }
                }
                (Ok(Some(_)), _) => {}
                (Err(error), _) => tracing::warn!(id, %error, "a changed subscription could not be looked up"),
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The engine as a projection of the journal.
struct Following<D: Dialect>(Arc<Engine<D>>);

impl<D: Dialect> Projection for Following<D> {
    fn name(&self) -> &'static str {
        self.0.dialect.kind()
    }

    fn reads_from_the_beginning(&self) -> bool {
        false
    }

    fn take(&self, step: Arc<Committed>) -> Taken<'_> {
        Box::pin(async move {
            self.0.redefined(&step).await;
            if self.0.is_empty() {
                return Ok(());
            }
            for (seq, happening) in Happening::those(&step, |event, entity| self.0.concerns(event, entity)) {
                self.0.happened(step.space, seq, &happening).await;
            }
            Ok(())
        })
    }

    fn settled(&self, space: SpaceId, given: i64) -> i64 {
        let open = self.0.opened();
        open.get(&space).and_then(|o| o.keys().next()).map_or(given, |first| first - 1)
    }
}
