use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use svod_history::{History, SeriesKey};
use svod_kernel::{Actor, Clock, SpacePath, Timestamp};
use svod_registry::Registry;
use svod_store::Store;
use svod_store::quarantine::NewQuarantine;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::collector::{Collector, Submission};
use crate::directory::DeviceDirectory;
use crate::examine::{Draft, Examined, Examiner, Wrong, clip, summary};
use crate::feed::Feed;
use crate::quarantine::Quarantine;
use crate::routes::{Candidate, Routes};
use crate::{Accepted, IngestError, IngestLimits, Judge, RawMessage, Reading, Source};

/// What the pipeline stands on.
pub struct IngestDeps {
    /// Packs, policies and spaces.
    pub registry: Arc<Registry>,
    /// Where readings go.
    pub history: Arc<History>,
    /// Where quarantine is looked at and changed.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// External ids of devices.
    pub devices: Arc<DeviceDirectory>,
    /// Looks at readings before they are committed.
    pub judge: Arc<dyn Judge>,
}

/// The one way for readings into the platform. A cheap handle.
#[derive(Clone)]
pub struct Ingest(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub registry: Arc<Registry>,
    pub store: Store,
    pub devices: Arc<DeviceDirectory>,
    history: Arc<History>,
    clock: Arc<dyn Clock>,
    limits: IngestLimits,
    routes: ArcSwap<Routes>,
    room: Arc<Semaphore>,
    inbox: mpsc::UnboundedSender<Submission>,
    /// To whom payloads of quarantine are open, until when.
    pub looks: Mutex<HashMap<(String, i64), Timestamp>>,
}

/// A message after examination: what is to be stored, and what is wrong with it.
pub(crate) struct Prepared {
    pub drafts: Vec<Draft>,
    pub wrong: Vec<Wrong>,
    pub profile: Option<String>,
    pub space: i64,
}

impl Ingest {
    /// Starts the pipeline. Call within a tokio runtime.
    pub fn new(deps: IngestDeps, limits: IngestLimits) -> Self {
        // Its length is bounded by `room`.
        let (inbox, submissions) = mpsc::unbounded_channel();
        let collector = Collector {
            history: Arc::clone(&deps.history),
            judge: deps.judge,
            group_readings: limits.group_readings.max(1),
        };
        tokio::spawn(collector.run(submissions));
        let routes = ArcSwap::from_pointee(Routes::new(deps.registry.catalogue()));
        Self(Arc::new(Inner {
            registry: deps.registry,
            store: deps.store,
            devices: deps.devices,
            history: deps.history,
            clock: deps.clock,
            room: Arc::new(Semaphore::new(limits.in_flight as usize)),
            limits,
            routes,
            inbox,
            looks: Mutex::default(),
        }))
    }

    /// Takes one message; resolves when its readings, or its row in quarantine, are durable.
    ///
    /// # Errors
    /// When nothing was kept; see [`IngestError`].
    pub async fn submit(&self, actor: &Actor, message: RawMessage) -> Result<Accepted, IngestError> {
        self.submit_batch(actor, vec![message]).await
    }

    /// Takes messages as one transaction: all or nothing.
    ///
    /// # Errors
    /// When nothing was kept; [`IngestError::Forbidden`] also when the actor may not deliver one of them.
    pub async fn submit_batch(&self, actor: &Actor, messages: Vec<RawMessage>) -> Result<Accepted, IngestError> {
        self.submit_batch_of(actor, &Feed::default(), messages).await
    }

    /// [`Ingest::submit_batch`] of somebody who may deliver that feed alone.
    ///
    /// # Errors
    /// As [`Ingest::submit_batch`].
    pub async fn submit_batch_of(
        &self,
        actor: &Actor,
        feed: &Feed,
        messages: Vec<RawMessage>,
    ) -> Result<Accepted, IngestError> {
        let permit = self.enter(&messages)?;
        let routes = self.0.routes();
        let now = self.0.clock.now();
        let mut prepared = Vec::with_capacity(messages.len());
        for message in &messages {
            prepared.push(self.0.prepare_surely(&routes, (actor, feed), message, now).await?);
        }
        let alone = messages.iter().any(|m| m.source != Source::Mqtt);
        self.0.commit(messages, prepared, now, alone, permit).await
    }

    /// Takes messages each by itself: one the actor may not deliver does not stop the others. One answer for each, in
    /// order; those that are kept become durable together.
    pub async fn submit_each(&self, actor: &Actor, messages: Vec<RawMessage>) -> Vec<Result<(), IngestError>> {
        self.submit_each_of(actor, &Feed::default(), messages).await
    }

    /// [`Ingest::submit_each`] of somebody who may deliver that feed alone.
    pub async fn submit_each_of(
        &self,
        actor: &Actor,
        feed: &Feed,
        messages: Vec<RawMessage>,
    ) -> Vec<Result<(), IngestError>> {
        let permit = match self.enter(&messages) {
            Ok(permit) => permit,
            Err(e) => return vec![Err(e); messages.len()],
        };
        let routes = self.0.routes();
        let now = self.0.clock.now();
        let mut answers = Vec::with_capacity(messages.len());
        let (mut kept, mut prepared) = (Vec::new(), Vec::new());
        for message in messages {
            let examined = self.0.prepare_surely(&routes, (actor, feed), &message, now).await;
            answers.push(examined.as_ref().map(|_| ()).map_err(Clone::clone));
            if let Ok(p) = examined {
                kept.push(message);
                prepared.push(p);
            }
        }
        if kept.is_empty() {
            return answers;
        }
        if let Err(error) = self.0.commit(kept, prepared, now, false, permit).await {
            answers.iter_mut().filter(|a| a.is_ok()).for_each(|a| *a = Err(error.clone()));
        }
        answers
    }

    /// What was refused, and what can be done about it.
    pub fn quarantine(&self) -> Quarantine {
        Quarantine::new(self.clone())
    }

    /// The devices known.
    pub fn devices(&self) -> &Arc<DeviceDirectory> {
        &self.0.devices
    }

    /// Resolves when nothing is in flight; what comes meanwhile is told that the pipeline is busy.
    pub async fn settle(&self) {
        let all = Arc::clone(&self.0.room).acquire_many_owned(self.0.limits.in_flight).await;
        drop(all);
    }

    fn enter(&self, messages: &[RawMessage]) -> Result<OwnedSemaphorePermit, IngestError> {
        let limits = &self.0.limits;
        if messages.len() > limits.batch_messages {
            let most = limits.batch_messages;
            return Err(IngestError::TooLarge(format!("{} messages in a batch; at most {most}", messages.len())));
        }
        if let Some(m) = messages.iter().find(|m| m.payload.len() > limits.payload_bytes) {
            let (found, most) = (m.payload.len(), limits.payload_bytes);
            return Err(IngestError::TooLarge(format!("a payload of {found} bytes; at most {most}")));
        }
        let permit = Arc::clone(&self.0.room).try_acquire_many_owned(self.0.weight(messages)).map_err(|_| {
            metrics::counter!("svod_ingest_busy_total").increment(1);
            IngestError::Busy
        })?;
        self.0.gauge();
        Ok(permit)
    }
}

impl Inner {
    fn gauge(&self) {
        let free = self.room.available_permits();
        metrics::gauge!("svod_ingest_in_flight").set((self.limits.in_flight as usize).saturating_sub(free) as f64);
    }

    /// Examines a message; once more when its device is unknown and news of devices are still on their way.
    async fn prepare_surely(
        &self,
        routes: &Routes,
        who: (&Actor, &Feed),
        message: &RawMessage,
        now: Timestamp,
    ) -> Result<Prepared, IngestError> {
        let first = self.prepare(routes, Some(who), message, now);
        let unknown = first.as_ref().is_ok_and(|p| p.wrong.iter().any(|w| w.reason == "unknown-device"));
        if unknown && self.devices.catch_up().await {
            return self.prepare(&self.routes(), Some(who), message, now);
        }
        first
    }

    fn weight(&self, messages: &[RawMessage]) -> u32 {
        let weight = messages.iter().fold(0u32, |w, m| w.saturating_add(m.weight()));
        weight.clamp(1, self.limits.in_flight)
    }

    /// Room for messages, waited for: replays go behind devices.
    pub async fn wait_for_room(&self, messages: &[RawMessage]) -> Result<OwnedSemaphorePermit, IngestError> {
        let room = Arc::clone(&self.room).acquire_many_owned(self.weight(messages)).await;
        room.map_err(|_| IngestError::Stopping)
    }

    /// The profiles as published now.
    pub fn routes(&self) -> Arc<Routes> {
        let routes = self.routes.load_full();
        let catalogue = self.registry.catalogue();
        if Arc::ptr_eq(&routes.catalogue, &catalogue) {
            return routes;
        }
        let fresh = Arc::new(Routes::new(catalogue));
        self.routes.store(Arc::clone(&fresh));
        fresh
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Finds the profile, authorises (`who` of none is the platform replaying), maps and checks.
    pub fn prepare(
        &self,
        routes: &Routes,
        who: Option<(&Actor, &Feed)>,
        message: &RawMessage,
        now: Timestamp,
    ) -> Result<Prepared, IngestError> {
        let mut candidates = routes.candidates(message);
        if candidates.is_empty() {
            if who.is_some_and(|(a, _)| !routes.may_deliver(&self.registry, a)) {
                return Err(IngestError::Forbidden);
            }
            return Ok(Prepared { space: self.own(who).unwrap_or(0), ..nowhere(message) });
        }
        let whole = |actor: &Actor, c: &Candidate<'_>| {
            let top = c.profile.top.as_ref();
            top.is_some_and(|top| routes.may(&self.registry, actor, &c.profile.spec.kind, top))
        };
        if let Some((actor, feed)) = who {
            // Told by the space of each device, below, where no region has the profile or the actor's space is a part of it.
            let part = |top: &SpacePath| actor.spaces.iter().any(|s| s != top && top.covers(s));
            candidates.retain(|c| {
                feed.takes(&c.profile.spec.id) && (whole(actor, c) || c.profile.top.as_ref().is_none_or(part))
            });
        }
        // Several regions may use one topic: the one that knows the device has it.
        let metamodel = &routes.catalogue.metamodel;
        let known = |c: &&Candidate<'_>| {
            let (kind, top) = (&c.profile.spec.kind, c.profile.top.as_ref());
            c.device.as_deref().is_some_and(|id| self.devices.find(metamodel, kind, top, id).is_some())
        };
        let chosen = candidates.iter().find(known).or_else(|| candidates.first()).ok_or(IngestError::Forbidden)?;
        let examiner = Examiner {
            metamodel,
            directory: &self.devices,
            profile: chosen.profile,
            mapping: &chosen.profile.mapping,
            now,
        };
        let examined = examiner.examine(&message.payload, chosen.device.as_deref());
        let whole = who.is_none_or(|(actor, _)| whole(actor, chosen));
        if let Some((actor, feed)) = who
            && !(feed.covers(&examined) && (whole || self.within(routes, actor, &chosen.profile.spec.kind, &examined)))
        {
            return Err(IngestError::Forbidden);
        }
        let top = chosen.profile.top.as_ref().and_then(|t| Some(self.registry.spaces().get(t)?.id));
        let Examined { drafts, wrong } = examined;
        let answers = if whole || top.is_none() { top } else { self.own(who) };
        let space = wrong.iter().find_map(|w| w.space).or(answers).unwrap_or(0);
        Ok(Prepared { drafts, wrong, profile: Some(chosen.profile.spec.id.clone()), space })
    }

    /// Whose only space it is answers for what they send; else the installation does.
    fn own(&self, who: Option<(&Actor, &Feed)>) -> Option<i64> {
        match who?.0.spaces.as_slice() {
            [only] => self.registry.spaces().get(only).map(|s| s.id),
            _ => None,
        }
    }

    /// Whether the actor may deliver to the space of each device that a message tells of.
    fn within(&self, routes: &Routes, actor: &Actor, kind: &str, examined: &Examined) -> bool {
        let Examined { drafts, wrong } = examined;
        let spaces = self.registry.spaces();
        let may = |path: &SpacePath| routes.may(&self.registry, actor, kind, path);
        drafts.iter().all(|d| may(&d.device.path))
            && wrong.iter().filter_map(|w| spaces.path(w.space?)).all(may)
            && (!drafts.is_empty() || routes.may_deliver(&self.registry, actor))
    }

    /// Makes examined messages durable.
    pub async fn commit(
        &self,
        messages: Vec<RawMessage>,
        prepared: Vec<Prepared>,
        now: Timestamp,
        alone: bool,
        permit: OwnedSemaphorePermit,
    ) -> Result<Accepted, IngestError> {
        let mut held = Vec::new();
        let mut drafts = Vec::new();
        for (message, p) in messages.into_iter().zip(prepared) {
            let from_file = message.source == Source::Replay;
            drafts.extend(p.drafts.into_iter().map(|d| Draft { replayed: d.replayed || from_file, ..d }));
            if let Some(first) = p.wrong.first() {
                held.push(NewQuarantine {
                    space: p.space,
                    at: now,
                    source: plain(&message.came_by()),
                    profile: p.profile.as_deref().or(message.profile.as_deref()).map(plain),
                    device: first.device.as_deref().or(message.device.as_deref()).map(plain),
                    reason: first.reason.to_owned(),
                    detail: summary(&p.wrong),
                    payload: message.payload.to_vec(),
                });
            }
        }
        let readings = self.readings(drafts, now).await?;
        let (reply, answer) = oneshot::channel();
        let submission = Submission { readings, held, alone, reply, permit };
        self.inbox.send(submission).map_err(|_| IngestError::Stopping)?;
        let accepted = answer.await.map_err(|_| IngestError::Stopping)?;
        self.gauge();
        metrics::histogram!("svod_ingest_seconds").record(self.clock.now().seconds_since(now).max(0.0));
        accepted
    }

    /// Gives each reading its series; new ones are made.
    async fn readings(&self, drafts: Vec<Draft>, received: Timestamp) -> Result<Vec<Reading>, IngestError> {
        let unknown: Vec<&Draft> = drafts.iter().filter(|d| d.device.series(&d.attribute).is_none()).collect();
        if !unknown.is_empty() {
            let key = |d: &&Draft| SeriesKey {
                space: d.device.space,
                urn: d.device.urn.clone(),
                attribute: d.attribute.clone(),
                device: d.device.id.clone(),
            };
            let ids = self.history.series(unknown.iter().map(key).collect()).await?;
            for (draft, id) in unknown.into_iter().zip(ids) {
                draft.device.learn(&draft.attribute.as_str().into(), id);
            }
        }
        let reading = |d: Draft| {
            let (attribute, series) = d.device.series(&d.attribute)?;
            let Draft { device, at, value, simulated, replayed, .. } = d;
            Some(Reading { device, attribute, series, at, received, value, simulated, replayed })
        };
        // Every draft's series was known or has just been learned.
        Ok(drafts.into_iter().filter_map(reading).collect())
    }
}

/// A message that no profile wants.
fn nowhere(message: &RawMessage) -> Prepared {
    let detail = match (&message.profile, &message.topic) {
        (Some(profile), _) => format!("there is no device profile '{}'", clip(profile)),
        (None, Some(topic)) => format!("no device profile has the topic '{}'", clip(topic)),
        (None, None) => "the message names neither a topic nor a device profile".to_owned(),
    };
    Prepared { drafts: Vec::new(), wrong: vec![Wrong::new("unknown-topic", detail)], profile: None, space: 0 }
}

/// A text that every engine keeps: without NUL, at most 500 characters.
fn plain(text: &str) -> String {
    text.chars().take(500).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}
