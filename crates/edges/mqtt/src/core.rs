//! What all connections share: sessions, the tree of subscriptions, retained messages.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use rmqtt_codec::types::Publish;
use rmqtt_codec::v5::{PublishProperties, QoS, RetainHandling, SubscribeAckReason, SubscriptionOptions};
use svod_kernel::Actor;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::MqttConfig;
use crate::door::{Door, Publication};
use crate::retained::Retained;
use crate::session::{Delivery, Message, QueueBounds, Session, SessionKey};
use crate::topic;
use crate::tree::{Tree, Wish};
use crate::wire::Will;

/// Shared by all connections.
pub struct Core {
    /// Limits.
    pub config: MqttConfig,
    /// The platform.
    pub door: Arc<dyn Door>,
    /// True once the broker is to stop; every task holds a receiver, so its closing tells that all have ended.
    pub stop: watch::Sender<bool>,
    /// Connections now.
    pub connections: AtomicUsize,
    sessions: Mutex<HashMap<SessionKey, Arc<Session>>>,
    tree: RwLock<Tree>,
    retained: Mutex<Retained>,
    next_session: AtomicU64,
}

/// A connection's hold on its session.
pub struct Attached {
    /// The session.
    pub session: Arc<Session>,
    /// The connection's number; another one in the session's state means it was taken over.
    pub epoch: u64,
    /// It was there before.
    pub present: bool,
}

impl Core {
    pub fn new(config: MqttConfig, door: Arc<dyn Door>) -> Arc<Self> {
        let retained = Retained::new(config.max_retained_messages, config.max_retained_bytes);
        Arc::new(Self {
            config,
            door,
            stop: watch::Sender::new(false),
            connections: AtomicUsize::new(0),
            sessions: Mutex::default(),
            tree: RwLock::default(),
            retained: Mutex::new(retained),
            next_session: AtomicU64::new(1),
        })
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn retained(&self) -> MutexGuard<'_, Retained> {
        self.retained.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the connection its session; an older connection of it is told to go.
    pub fn attach(self: &Arc<Self>, key: SessionKey, clean_start: bool, expiry: u32) -> Attached {
        let expiry = Duration::from_secs(u64::from(expiry)).min(self.config.max_session_expiry);
        let mut sessions = self.sessions();
        if clean_start && let Some(old) = sessions.remove(&key) {
            // MQTT 5.0, 3.1.3.2.2: a delayed will is published when its session ends.
            let will = old.state().will.take();
            self.end(&old);
            if let Some((_, will, actor)) = will {
                self.publish_will(will, actor);
            }
        }
        let present = sessions.contains_key(&key);
        if !present && sessions.len() >= self.config.max_connections + self.config.max_sessions {
            self.evict(&mut sessions);
        }
        let session = sessions.entry(key.clone()).or_insert_with(|| {
            let bounds = QueueBounds { messages: self.config.max_queued_messages, bytes: self.config.max_queued_bytes };
            Session::new(self.next_session.fetch_add(1, Ordering::Relaxed), key, bounds)
        });
        let session = Arc::clone(session);
        let mut state = session.state();
        state.epoch += 1;
        state.connected = true;
        state.away_since = None;
        state.expiry = expiry;
        state.will = None;
        let epoch = state.epoch;
        drop(state);
        session.wake.notify_one();
        Attached { session, epoch, present }
    }

    /// The connection is over. `will` is published now, later, or not at all when a new connection came.
    pub fn detach(self: &Arc<Self>, session: &Arc<Session>, epoch: u64, will: Option<(Will, Arc<Actor>)>) {
        let mut sessions = self.sessions();
        let mut state = session.state();
        let mut now = None;
        if state.epoch == epoch {
            state.connected = false;
            state.away_since = Some(Instant::now());
            match will {
                Some((w, actor)) if w.delay > 0 && !state.expiry.is_zero() => {
                    let delay = Duration::from_secs(u64::from(w.delay)).min(state.expiry);
                    state.will = Some((Instant::now() + delay, w, actor));
                }
                other => now = other,
            }
            let over = state.expiry.is_zero();
            drop(state);
            if over {
                sessions.remove(&session.key);
                self.end(session);
            }
        } else if let Some((w, _)) = &will
            && w.delay == 0
        {
            now = will;
        }
        drop(sessions);
        if let Some((will, actor)) = now {
            self.publish_will(will, actor);
        }
    }

    /// Ends a session: its subscriptions go, its connection, if any, is told to go.
    fn end(&self, session: &Session) {
        let mut state = session.state();
        state.epoch += 1;
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        for filter in std::mem::take(&mut state.subscriptions).into_keys() {
            tree.remove(&filter, session.id);
        }
        drop(tree);
        drop(state);
        session.wake.notify_one();
    }

    /// Ends the sessions of actors who are let in no more; connections that serve them are told to go. How many.
    pub fn expel(&self, gone: impl Fn(&str) -> bool) -> usize {
        let mut sessions = self.sessions();
        let keys: Vec<SessionKey> = sessions.keys().filter(|key| gone(&key.actor)).cloned().collect();
        for session in keys.iter().filter_map(|key| sessions.remove(key)).collect::<Vec<_>>() {
            let mut state = session.state();
            state.expelled = true;
            state.will = None;
            drop(state);
            self.end(&session);
        }
        keys.len()
    }

    fn evict(&self, sessions: &mut HashMap<SessionKey, Arc<Session>>) {
        let oldest = sessions.values().filter_map(|s| Some((s.state().away_since?, s.key.clone()))).min_by_key(|x| x.0);
        if let Some(old) = oldest.and_then(|(_, key)| sessions.remove(&key)) {
            self.end(&old);
            metrics::counter!("svod_mqtt_dropped_total", "reason" => "session-evicted").increment(1);
        }
    }

    /// Expired sessions end, delayed wills are published.
    pub fn keep_house(self: &Arc<Self>, now: Instant) {
        let mut wills = Vec::new();
        let mut sessions = self.sessions();
        let mut gone = Vec::new();
        for session in sessions.values() {
            let mut state = session.state();
            if state.will.as_ref().is_some_and(|(at, ..)| *at <= now) {
                wills.extend(state.will.take());
            }
            if state.away_since.is_some_and(|since| now.duration_since(since) >= state.expiry) {
                gone.push(session.key.clone());
            }
        }
        for session in gone.iter().filter_map(|key| sessions.remove(key)).collect::<Vec<_>>() {
            wills.extend(session.state().will.take());
            self.end(&session);
        }
        metrics::gauge!("svod_mqtt_sessions").set(sessions.len() as f64);
        drop(sessions);
        for (_, will, actor) in wills {
            self.publish_will(will, actor);
        }
        self.retained().expire(now);
    }

    fn publish_will(self: &Arc<Self>, will: Will, actor: Arc<Actor>) {
        let publication = Publication { topic: will.publish.topic.to_string(), payload: will.publish.payload.clone() };
        let answer = self.door.publish(actor, vec![publication]);
        let core = Arc::clone(self);
        let stop = self.stop.subscribe();
        tokio::spawn(async move {
            if matches!(answer.await.first(), Some(Ok(()))) {
                core.route(&will.publish, None);
            }
            drop(stop);
        });
    }

    /// Gives a message to everybody entitled to it. Called when it is durable, or when it is the platform's own.
    pub fn route(&self, publish: &Publish, origin: Option<u64>) {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        if tree.len() == 0 && !publish.retain {
            return;
        }
        let found = tree.matches(&publish.topic, origin);
        drop(tree);
        if found.is_empty() && !publish.retain {
            return;
        }
        let message = Arc::new(detached(publish));
        if publish.retain && !self.retained().put(&message) {
            metrics::counter!("svod_mqtt_dropped_total", "reason" => "retained-full").increment(1);
        }
        for m in &found {
            if !m.session.push(m, &message) {
                metrics::counter!("svod_mqtt_dropped_total", "reason" => "queue-full").increment(1);
            }
        }
    }

    /// Adds one subscription and queues the retained messages it names.
    pub fn subscribe(
        &self,
        at: &Attached,
        actor: &Actor,
        filter: &ByteString,
        options: SubscriptionOptions,
        id: Option<NonZeroU32>,
    ) -> SubscribeAckReason {
        if let Some(refused) = self.refuse_filter(actor, filter) {
            return refused;
        }
        let qos = options.qos.min(QoS::AtLeastOnce);
        let wish = Wish { qos, no_local: options.no_local, retain_as_published: options.retain_as_published, id };
        let mut state = at.session.state();
        if state.epoch != at.epoch {
            return SubscribeAckReason::UnspecifiedError;
        }
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        let new = !state.subscriptions.contains_key(filter);
        if new
            && (state.subscriptions.len() >= self.config.max_subscriptions_per_session
                || tree.len() >= self.config.max_subscriptions)
        {
            return SubscribeAckReason::QuotaExceeded;
        }
        // A slice of the packet would keep its whole read buffer.
        let filter = ByteString::from(&**filter);
        tree.insert(&filter, &at.session, wish);
        state.subscriptions.insert(filter.clone(), wish);
        drop(tree);
        drop(state);
        let send = match options.retain_handling {
            RetainHandling::AtSubscribe => true,
            RetainHandling::AtSubscribeNew => new,
            RetainHandling::NoAtSubscribe => false,
        };
        if send {
            self.send_retained(at, &filter, qos, id);
        }
        if qos == QoS::AtMostOnce { SubscribeAckReason::GrantedQos0 } else { SubscribeAckReason::GrantedQos1 }
    }

    fn refuse_filter(&self, actor: &Actor, filter: &str) -> Option<SubscribeAckReason> {
        if filter.starts_with("$share/") {
            Some(SubscribeAckReason::SharedSubscriptionNotSupported)
        } else if !topic::is_filter(filter) {
            Some(SubscribeAckReason::TopicFilterInvalid)
        } else if filter.starts_with('$') || !self.door.may_subscribe(actor, filter) {
            Some(SubscribeAckReason::NotAuthorized)
        } else {
            None
        }
    }

    fn send_retained(&self, at: &Attached, filter: &str, qos: QoS, id: Option<NonZeroU32>) {
        let found = self.retained().matching(filter);
        for message in found {
            let qos = message.qos.min(qos);
            let delivery = Delivery { message, qos, retain: true, ids: id.into_iter().collect() };
            if !at.session.enqueue(delivery) {
                metrics::counter!("svod_mqtt_dropped_total", "reason" => "queue-full").increment(1);
            }
        }
    }

    /// Removes one subscription; false when there was none.
    pub fn unsubscribe(&self, at: &Attached, filter: &str) -> bool {
        let mut state = at.session.state();
        let removed = state.epoch == at.epoch && state.subscriptions.remove(filter).is_some();
        if removed {
            self.tree.write().unwrap_or_else(PoisonError::into_inner).remove(filter, at.session.id);
        }
        removed
    }

    /// True for topics that clients may not publish to.
    pub fn is_reserved(&self, name: &str) -> bool {
        name.starts_with('$') || name.starts_with(&self.config.platform_prefix)
    }
}

/// The message by itself, sharing no memory with a read buffer.
fn detached(p: &Publish) -> Message {
    let text = |t: &ByteString| ByteString::from(&**t);
    let properties = p.properties.as_ref().map(|o| PublishProperties {
        topic_alias: None,
        correlation_data: o.correlation_data.as_deref().map(Bytes::copy_from_slice),
        message_expiry_interval: o.message_expiry_interval,
        content_type: o.content_type.as_ref().map(text),
        user_properties: o.user_properties.iter().map(|(k, v)| (text(k), text(v))).collect(),
        is_utf8_payload: o.is_utf8_payload,
        response_topic: o.response_topic.as_ref().map(text),
        subscription_ids: Vec::new(),
    });
    let expiry = properties.as_ref().and_then(|p| p.message_expiry_interval);
    Message {
        topic: text(&p.topic),
        payload: Bytes::copy_from_slice(&p.payload),
        qos: p.qos,
        retain: p.retain,
        expires: expiry.map(|s| Instant::now() + Duration::from_secs(u64::from(s.get()))),
        properties,
    }
}
