//! What comes by itself: timers, the answers of services, signals that are told to many.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use svod_kernel::{Actor, Coded as _, Timestamp};
use svod_process::Event;
use svod_registry::{CommandError, QueryError};
use svod_store::instance::{self, Wait, Waiting, Waits};
use svod_store::{Conn, StoreError};
use tokio::task::JoinSet;

use super::carry::Sent;
use super::starting::Told;
use super::{Along, CaseError, Cases, clock};

/// The lease under which one node at a time works.
const LEASE: &str = "cases";
/// How long it holds without being renewed.
const LEASE_SECONDS: i64 = 15;
/// Waits taken at once.
const BATCH: i64 = 1_000;
/// Waits worked at once.
const AT_ONCE: usize = 256;
/// Without a wake-up the worker looks this often.
const IDLE: Duration = Duration::from_secs(1);
/// How long the answer of a service is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Seconds until a service that could not be had is asked again, the first time; doubled each time.
const AGAIN_SECONDS: i64 = 5;
/// The longest pause between two tries.
const LONGEST_SECONDS: i64 = 3_600;
/// Tries before it becomes an incident.
const TRIES: i64 = 10;
/// Cases that are told of a signal in one go.
const TOLD: i64 = 100;

/// A call of a service.
#[derive(Debug, Clone)]
pub struct ServiceCall {
    /// Name of the operation, as the process has it.
    pub service: String,
    /// What it is given.
    pub input: Map<String, Value>,
    /// The same while the same call is repeated: send it along, so that nothing is done twice.
    pub key: String,
    /// URN of the case.
    pub case: String,
    /// How often it was tried before.
    pub attempts: i64,
}

/// Why a service has not answered.
#[derive(Debug, Clone)]
pub struct ConnectorError {
    /// Error code of the business: the process has an error event for it, or stands still. None: a failure.
    pub code: Option<String>,
    /// What happened.
    pub message: String,
    /// Asking again may help.
    pub again: bool,
}

/// The answer of a service.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Map<String, Value>, ConnectorError>> + Send + 'a>>;

/// Services outside of the graph: exchange with other systems, payments, messages. Called at least once, with the key.
pub trait Connector: Send + Sync {
    /// Names of the operations that it has.
    fn services(&self) -> Vec<&'static str>;

    /// Asks it.
    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a>;
}

/// Works what is due, one node at a time.
pub struct Worker {
    cases: Arc<Cases>,
    connectors: BTreeMap<&'static str, Arc<dyn Connector>>,
    node: String,
    actor: Actor,
}

/// What a wait for a service keeps.
#[derive(Deserialize)]
struct Asked {
    token: u64,
    attempt: u64,
    input: Map<String, Value>,
    key: String,
}

impl Worker {
    /// With all connectors there are; `node` names this process in the lease.
    pub fn new(cases: Arc<Cases>, connectors: Vec<Arc<dyn Connector>>, node: String) -> Arc<Self> {
        let named = connectors.into_iter().flat_map(|c| c.services().into_iter().map(move |s| (s, c.clone())));
        Arc::new(Self { cases, connectors: named.collect(), node, actor: Actor::platform("process") })
    }

    /// Works until the task is aborted.
    pub fn start(self: &Arc<Self>) -> tokio::task::JoinHandle<()> {
        let me = self.clone();
        tokio::spawn(async move {
            loop {
                let worked = match me.round().await {
                    Ok(worked) => worked,
                    Err(CaseError::Store(StoreError::Closed)) => return, // the platform is stopping
                    Err(e) => {
                        tracing::warn!(error = %e, "what is due could not be worked; it is tried again");
                        0
                    }
                };
                if worked == 0 {
                    let _ = tokio::time::timeout(IDLE, me.cases.due.notified()).await; // a time-out is the idle look
                }
            }
        })
    }

    /// Gives the lease back, so that another node or the next start goes on at once.
    pub async fn release(&self) {
        let node = self.node.clone();
        let given = self.cases.store.write(move |conn| svod_store::lease::release(conn, LEASE, &node)).await;
        if let Err(e) = given {
            tracing::debug!(error = %e, "the lease was not given back and runs out by itself");
        }
    }

    /// Everything that is due now, and what follows from it until nothing is due; for tests on simulated time as well.
    ///
    /// # Errors
    /// As text, when the store fails.
    pub async fn settle(self: &Arc<Self>) -> Result<(), String> {
        while self.round().await.map_err(|e| e.to_string())? > 0 {}
        Ok(())
    }

    /// One look; how many waits were worked.
    async fn round(self: &Arc<Self>) -> Result<usize, CaseError> {
        let (node, now) = (self.node.clone(), self.cases.registry.clock().now());
        let store = &self.cases.store;
        // Nothing is due most of the time: the lease is a write.
        let due = move |conn: &mut dyn Conn| instance::due(conn, now, BATCH);
        if store.read(due).await?.is_empty() {
            return Ok(0);
        }
        let ttl = LEASE_SECONDS * 1_000_000;
        if !store.write(move |conn| svod_store::lease::acquire(conn, LEASE, &node, now, ttl)).await? {
            return Ok(0);
        }
        // Looked at again: another node may have worked it meanwhile.
        let due = store.read(due).await?;
        let mut worked = 0;
        let mut running = JoinSet::new();
        for waiting in due {
            if running.len() >= AT_ONCE
                && let Some(done) = running.join_next().await
            {
                worked += usize::from(done.unwrap_or(Ok(false))?);
            }
            let me = self.clone();
            running.spawn(async move { me.work(&waiting, now).await });
        }
        while let Some(done) = running.join_next().await {
            worked += usize::from(done.unwrap_or(Ok(false))?);
        }
        Ok(worked)
    }

    /// One wait; whether anything came of it.
    async fn work(&self, waiting: &Waiting, now: Timestamp) -> Result<bool, CaseError> {
        let done = match waiting.wait.kind {
            Waits::Timer if clock::is_clock(&waiting.wait) => self.term(waiting).await,
            Waits::Timer => self.timer(waiting).await,
            Waits::Service => self.service(waiting, now).await,
            Waits::Broadcast => self.broadcast(waiting).await,
            Waits::Sent => self.sent(waiting, now).await,
            Waits::Message | Waits::Signal | Waits::Called => Ok(false),
        };
        match done {
            // It was worked by somebody else, or its case has gone on: what is left of it goes.
            Err(e) if e.is_late() => self.drop_wait(waiting).await,
            Err(CaseError::Store(e)) if is_for_all(&e) => Err(e.into()),
            Err(e) if waiting.wait.attempts + 1 >= TRIES && self.give_up(waiting, &e).await => Ok(true),
            Err(e) => {
                let later = later(now, waiting.wait.attempts);
                let (instance, wait) = (format!("{}-{}", waiting.space, waiting.instance), &waiting.wait.id);
                tracing::warn!(instance, wait, error = %e, "a case could not go on; it is tried again");
                let waiting = waiting.clone();
                self.cases.store.write(move |conn| instance::retry(conn, &waiting, later)).await?;
                Ok(false)
            }
            done => done,
        }
    }

    async fn timer(&self, waiting: &Waiting) -> Result<bool, CaseError> {
        match timer_of(waiting) {
            Some(timer) => self.happen(waiting, Event::TimerFired { timer }).await,
            None => self.drop_wait(waiting).await,
        }
    }

    /// The term of a case says something.
    async fn term(&self, waiting: &Waiting) -> Result<bool, CaseError> {
        self.cases.tick(&self.actor, (waiting.space, waiting.instance), &waiting.wait.id).await.map(|()| true)
    }

    /// It was tried often enough: an operator looks at it. Whether it is tried no more; what is only of the moment is.
    async fn give_up(&self, waiting: &Waiting, e: &CaseError) -> bool {
        if passes(e) {
            return false;
        }
        if self.stand_still(waiting, e).await {
            return true;
        }
        let message = e.refusal().unwrap_or_else(|| match e {
            CaseError::NoProcess(_) | CaseError::Unknown(_) => e.to_string(),
            e => format!("what follows is refused: {}", e.code()),
        });
        match self.cases.rest(&self.actor, waiting, &message).await {
            Ok(()) => true,
            Err(e) => {
                let instance = format!("{}-{}", waiting.space, waiting.instance);
                tracing::warn!(instance, wait = waiting.wait.id, error = %e, "nor can it be given up");
                false
            }
        }
    }

    /// What follows is refused again and again: the event is taken, and an operator looks at where it came. Whether it was.
    async fn stand_still(&self, waiting: &Waiting, refused: &CaseError) -> bool {
        let Some(message) = refused.refusal() else { return false };
        let wait = &waiting.wait;
        let done = match wait.kind {
            Waits::Timer => match timer_of(waiting) {
                Some(timer) => self.happen(waiting, halted(Event::TimerFired { timer }, message)).await,
                None => Ok(false),
            },
            Waits::Sent => self.deliver(waiting, Some(message)).await,
            _ => Ok(false),
        };
        done.unwrap_or_else(|e| {
            let instance = format!("{}-{}", waiting.space, waiting.instance);
            tracing::warn!(instance, wait = wait.id, error = %e, "nor can the case stand still at it");
            false
        })
    }

    async fn happen(&self, waiting: &Waiting, event: Event) -> Result<bool, CaseError> {
        let key = (waiting.space, waiting.instance);
        let along = Along { over: Some((key, waiting.wait.id.clone())), ..Along::default() };
        self.cases.happen(&self.actor, key, &event, &along).await.map(|_| true)
    }

    async fn service(&self, waiting: &Waiting, now: Timestamp) -> Result<bool, CaseError> {
        let wait = &waiting.wait;
        let Ok(asked) = serde_json::from_str::<Asked>(&wait.body) else { return self.drop_wait(waiting).await };
        let call = ServiceCall {
            service: wait.name.clone(),
            input: asked.input,
            key: format!("{}-{}-{}", waiting.space, waiting.instance, asked.key),
            case: self.case_of(waiting).await?,
            attempts: wait.attempts,
        };
        let answer = match self.connectors.get(wait.name.as_str()) {
            Some(connector) => {
                let answer = tokio::time::timeout(PATIENCE, connector.call(&call)).await;
                answer.unwrap_or_else(|_| {
                    let message = format!("no answer within {} s", PATIENCE.as_secs());
                    Err(ConnectorError { code: None, message, again: true })
                })
            }
            None => Err(ConnectorError {
                code: None,
                message: format!("there is no service '{}' here", wait.name),
                again: false,
            }),
        };
        let event = match answer {
            Ok(variables) => Event::ServiceDone { token: asked.token, attempt: asked.attempt, variables },
            Err(e) if e.again && wait.attempts + 1 < TRIES => {
                tracing::info!(service = wait.name, error = e.message, "a service could not be had; it is asked again");
                let (waiting, later) = (waiting.clone(), later(now, wait.attempts));
                self.cases.store.write(move |conn| instance::retry(conn, &waiting, later)).await?;
                return Ok(false);
            }
            Err(e) => Event::ServiceFailed {
                token: asked.token,
                attempt: asked.attempt,
                error: e.code,
                message: e.message,
                retry: e.again,
            },
        };
        match self.happen(waiting, event).await {
            // What follows from the answer is refused again and again: an operator looks at it.
            Err(e) if wait.attempts + 1 >= TRIES => {
                let Some(message) = e.refusal() else { return Err(e) };
                let (token, attempt) = (asked.token, asked.attempt);
                let event = Event::ServiceFailed { token, attempt, error: None, message, retry: false };
                self.happen(waiting, event).await
            }
            done => done,
        }
    }

    /// The URN of the case for which a service is asked.
    async fn case_of(&self, waiting: &Waiting) -> Result<String, CaseError> {
        let (space, id) = (waiting.space, waiting.instance);
        let row = self.cases.rows.get(&self.cases.store, (space, id)).await?;
        row.map(|row| row.urn).ok_or_else(|| CaseError::Unknown(format!("{space}-{id}")))
    }

    /// A message whose receiver may have come, or whose time is over.
    async fn sent(&self, waiting: &Waiting, now: Timestamp) -> Result<bool, CaseError> {
        let wait = &waiting.wait;
        let Ok(sent) = serde_json::from_str::<Sent>(&wait.body) else { return self.drop_wait(waiting).await };
        if self.cases.receiver_near(&wait.name, &wait.key, waiting.space).await?.is_none() {
            let over = now.0 >= sent.until;
            let later = Wait { due: Some(Timestamp(sent.until)), ..wait.clone() };
            return self.rewrite(waiting, (!over).then_some(later)).await.map(|()| over);
        }
        self.deliver(waiting, None).await
    }

    /// Brings it to whoever waits for it; who cannot go on with it stands still, when `refused` says why.
    async fn deliver(&self, waiting: &Waiting, refused: Option<String>) -> Result<bool, CaseError> {
        let wait = &waiting.wait;
        let Ok(sent) = serde_json::from_str::<Sent>(&wait.body) else { return self.drop_wait(waiting).await };
        let receiver = self.cases.receiver_near(&wait.name, &wait.key, waiting.space).await?;
        let Some(receiver) = receiver else { return Ok(false) };
        let key = (!wait.key.is_empty()).then(|| wait.key.clone());
        let event = Event::Message { name: wait.name.clone(), key, payload: sent.payload };
        let event = match refused {
            Some(message) => halted(event, message),
            None => event,
        };
        // The sender moves as well: of two who take the message one is refused.
        let along = Along { claims: Some(((waiting.space, waiting.instance), wait.id.clone())), ..Along::default() };
        match self.cases.happen(&self.actor, (receiver.space, receiver.instance), &event, &along).await {
            Ok(_) => Ok(true),
            // It has gone on meanwhile; whoever waits next is looked for at the next look.
            Err(e) if e.is_late() => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// A signal: some of those who wait for it are told, and how far it came is written with what they did.
    async fn broadcast(&self, waiting: &Waiting) -> Result<bool, CaseError> {
        let wait = &waiting.wait;
        let Ok(told) = serde_json::from_str::<Told>(&wait.body) else { return self.drop_wait(waiting).await };
        let listeners = self.listeners(waiting, &told).await?;
        if listeners.is_empty() {
            return self.begin(waiting, told).await;
        }
        let mut at = waiting.clone();
        for listener in &listeners {
            let event = Event::Signal { name: wait.name.clone(), payload: told.payload.clone() };
            let key = (listener.space, listener.instance);
            let after = (listener.space, listener.instance, listener.wait.id.clone());
            let further = with(wait, &Told { after: Some(after), ..told.clone() });
            if !self.reaches(&told, key).await? {
                self.rewrite(&at, Some(further.clone())).await?;
                at.wait = further;
                continue;
            }
            let along = Along { waits: vec![(at.clone(), Some(further.clone()))], ..Along::default() };
            let mut done = self.cases.happen(&self.actor, key, &event, &along).await;
            // A signal waits for nobody: who cannot go on with it stands still at once.
            if let Some(message) = done.as_ref().err().and_then(CaseError::refusal) {
                done = self.cases.happen(&self.actor, key, &halted(event, message), &along).await;
            }
            match done {
                Ok(_) => {}
                Err(
                    CaseError::Store(e)
                    | CaseError::Command(CommandError::Store(e))
                    | CaseError::Query(QueryError::Store(e)),
                ) if is_for_all(&e) => return Err(e.into()),
                // Many move it at this moment: it is told at the next look.
                Err(CaseError::Command(CommandError::Conflict { .. } | CommandError::TooManyTries(_))) => {
                    return Ok(false);
                }
                Err(e) if e.is_late() => self.rewrite(&at, Some(further.clone())).await?,
                // One case that does not take it keeps it from nobody else: it stands with that one.
                Err(e) => {
                    let moved = (at.clone(), Some(further.clone()));
                    if let Err(again) = self.cases.unheard(&self.actor, listener, &told, (&e.to_string(), moved)).await
                    {
                        // Nothing was written yet: it is told at the next look.
                        if passes(&again) {
                            return Ok(false);
                        }
                        tracing::warn!(instance = format!("{}-{}", key.0, key.1), error = %again, "a signal was not taken");
                        self.rewrite(&at, Some(further.clone())).await?;
                    }
                }
            }
            at.wait = further;
        }
        Ok(true)
    }

    /// Some of those who are to be told of a signal yet.
    async fn listeners(&self, waiting: &Waiting, told: &Told) -> Result<Vec<Waiting>, StoreError> {
        let (space, instance, name, after) = (waiting.space, waiting.instance, waiting.wait.name.clone(), &told.after);
        match (&told.only, after) {
            _ if told.heard => Ok(Vec::new()),
            (None, after) => {
                let after = after.clone();
                let read = move |conn: &mut dyn Conn| instance::listening(conn, &name, after.as_ref(), TOLD);
                self.cases.store.read(read).await
            }
            (Some(_), Some(_)) => Ok(Vec::new()),
            (Some(only), None) => {
                let read = move |conn: &mut dyn Conn| instance::waits_of(conn, space, instance);
                let waits = self.cases.store.read(read).await?.into_iter();
                let theirs = waits.filter(|w| w.kind == Waits::Signal && w.name == name && w.id == *only);
                Ok(theirs.map(|wait| Waiting { space, instance, wait }).collect())
            }
        }
    }

    /// Does a signal from outside go as far as this instance?
    async fn reaches(&self, told: &Told, key: (i64, i64)) -> Result<bool, CaseError> {
        let Some(within) = &told.within else { return Ok(true) };
        if !within.spaces.contains(&key.0) {
            return Ok(false);
        }
        let row = self.cases.store.read(move |conn: &mut dyn Conn| instance::get(conn, key.0, key.1)).await?;
        Ok(row.and_then(|r| r.person).is_none_or(|person| !within.not_of.contains(&person)))
    }

    /// Everybody was told who waited: what begins with the signal begins, each with how far that came, so that it does once.
    async fn begin(&self, waiting: &Waiting, mut told: Told) -> Result<bool, CaseError> {
        let from = self.cases.registry.spaces().path(waiting.space).cloned().filter(|_| told.within.is_none());
        let mut at = waiting.clone();
        told.heard = true;
        while !told.begins.is_empty() {
            let beginning = told.begins.remove(0);
            let further = (!told.begins.is_empty()).then(|| with(&at.wait, &told));
            let ground = Some(format!("signal:{}", at.wait.name));
            let along = Along { ground, waits: vec![(at.clone(), further.clone())], ..Along::default() };
            let given = (from.as_ref(), told.payload.clone());
            match self.cases.begun_by_signal(&self.actor, &beginning, given, along).await {
                Ok(true) => {}
                Err(e) if passes(&e) && !e.is_conflict() => return Err(e),
                Err(e) if passes(&e) => return Ok(false),
                // One process that does not begin keeps no other from it.
                refused => {
                    let error =
                        refused.err().map_or_else(|| "it is not in force any more".to_owned(), |e| e.to_string());
                    tracing::error!(signal = at.wait.name, ?beginning, error, "a signal has not begun a process");
                    metrics::counter!("svod_triggers_refused_total").increment(1);
                    self.rewrite(&at, further.clone()).await?;
                }
            }
            match further {
                Some(further) => at.wait = further,
                None => return Ok(true),
            }
        }
        self.drop_wait(&at).await
    }

    /// The wait goes, without anything else.
    async fn drop_wait(&self, waiting: &Waiting) -> Result<bool, CaseError> {
        self.rewrite(waiting, None).await.map(|()| true)
    }

    async fn rewrite(&self, waiting: &Waiting, as_it_is: Option<Wait>) -> Result<(), CaseError> {
        let waiting = waiting.clone();
        let write = move |conn: &mut dyn Conn| instance::rewrite(conn, &waiting, as_it_is.as_ref());
        // Who has changed it meanwhile works it.
        self.cases.store.write(write).await?;
        Ok(())
    }
}

/// Is it of the moment, so that it may go next time, whoever waits?
fn passes(e: &CaseError) -> bool {
    match e {
        CaseError::Store(e) | CaseError::Command(CommandError::Store(e)) | CaseError::Query(QueryError::Store(e)) => {
            is_for_all(e)
        }
        CaseError::Command(CommandError::Conflict { .. } | CommandError::TooManyTries(_)) => true,
        _ => false,
    }
}

/// Does it stop the work on all cases, and not on one?
const fn is_for_all(e: &StoreError) -> bool {
    !matches!(e, StoreError::Shape(_) | StoreError::Statement(_) | StoreError::Constraint(_))
}

/// A signal on its way, with how far it came.
fn with(wait: &Wait, told: &Told) -> Wait {
    Wait { body: serde_json::to_string(told).unwrap_or_default(), ..wait.clone() }
}

/// The timer of a process that a wait is for.
fn timer_of(waiting: &Waiting) -> Option<u64> {
    waiting.wait.id.strip_prefix('t')?.parse().ok()
}

fn halted(event: Event, message: String) -> Event {
    Event::Fail { event: Box::new(event), message }
}

fn later(now: Timestamp, attempts: i64) -> Timestamp {
    let pause = AGAIN_SECONDS.saturating_mul(1 << attempts.clamp(0, 20));
    now.plus_seconds(pause.min(LONGEST_SECONDS))
}
