//! A client's session: subscriptions, what waits to be sent, what was sent and not yet acknowledged.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use rmqtt_codec::v5::{PublishProperties, QoS};
use svod_kernel::Actor;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::tree::{Match, Wish};
use crate::wire::Will;

/// A message on its way to subscribers.
#[derive(Debug)]
pub struct Message {
    /// Topic name.
    pub topic: ByteString,
    /// Bytes, not shared with any read buffer.
    pub payload: Bytes,
    /// As published.
    pub qos: QoS,
    /// As published.
    pub retain: bool,
    /// Version 5 properties passed on.
    pub properties: Option<PublishProperties>,
    /// When it is no longer of use (Message Expiry Interval).
    pub expires: Option<Instant>,
}

impl Message {
    /// A message of the platform itself.
    #[cfg(test)]
    pub const fn platform(topic: ByteString, payload: Bytes, retain: bool) -> Self {
        Self { topic, payload, qos: QoS::AtLeastOnce, retain, properties: None, expires: None }
    }

    /// What it costs to keep, bytes.
    pub fn size(&self) -> usize {
        let properties = self.properties.as_ref().map_or(0, |p| {
            p.user_properties.iter().map(|(k, v)| k.len() + v.len() + 64).sum::<usize>()
                + p.correlation_data.as_ref().map_or(0, Bytes::len)
                + p.response_topic.as_ref().map_or(0, |t| t.len())
                + p.content_type.as_ref().map_or(0, |t| t.len())
        });
        self.topic.len() + self.payload.len() + properties + 160
    }
}

/// One message for one session.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What.
    pub message: Arc<Message>,
    /// The lower of published and granted.
    pub qos: QoS,
    /// The flag as it is to be sent.
    pub retain: bool,
    /// Subscription identifiers.
    pub ids: Vec<NonZeroU32>,
}

/// Actor and client id: nobody takes over the session of another actor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// Actor id.
    pub actor: String,
    /// Client identifier.
    pub client: String,
}

/// Bounds of a session's queue.
#[derive(Debug, Clone, Copy)]
pub struct QueueBounds {
    /// Messages.
    pub messages: usize,
    /// Bytes.
    pub bytes: usize,
}

/// A session; lives on while its client is away when the client asked for it.
pub struct Session {
    /// Number within this run of the broker.
    pub id: u64,
    /// Whose.
    pub key: SessionKey,
    /// Wakes the connection: something to send, or taken over.
    pub wake: Notify,
    bounds: QueueBounds,
    state: Mutex<State>,
}

/// What changes in a session.
#[derive(Default)]
pub struct State {
    /// Grows with each connection; a connection whose number is older was taken over.
    pub epoch: u64,
    /// A connection serves it now.
    pub connected: bool,
    /// Whose it is, is let in no more.
    pub expelled: bool,
    /// Since when the client is away.
    pub away_since: Option<Instant>,
    /// How long it is kept when the client is away.
    pub expiry: Duration,
    /// By filter.
    pub subscriptions: HashMap<ByteString, Wish>,
    /// Packet ids of QoS 2 publishes taken, not yet released by the client.
    pub taken: HashSet<u16>,
    /// Will waiting for its delay.
    pub will: Option<(Instant, Will, Arc<Actor>)>,
    queue: VecDeque<Delivery>,
    queued_bytes: usize,
    inflight: VecDeque<(u16, Delivery)>,
    last_id: u16,
}

impl Session {
    /// A session nobody is connected to yet.
    pub fn new(id: u64, key: SessionKey, bounds: QueueBounds) -> Arc<Self> {
        Arc::new(Self { id, key, wake: Notify::new(), bounds, state: Mutex::default() })
    }

    #[cfg(test)]
    pub fn for_tests(id: u64) -> Arc<Self> {
        let key = SessionKey { actor: "a".into(), client: id.to_string() };
        Self::new(id, key, QueueBounds { messages: 4, bytes: 100_000 })
    }

    /// Its state; held for moments, never over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a message by what the tree found. False when it was dropped.
    pub fn push(&self, found: &Match, message: &Arc<Message>) -> bool {
        self.enqueue(Delivery {
            message: Arc::clone(message),
            qos: message.qos.min(found.qos),
            retain: message.retain && found.retain_as_published,
            ids: found.ids.clone(),
        })
    }

    /// Queues a delivery. False when it was dropped: the queue is full, or nobody is there and it is QoS 0.
    pub fn enqueue(&self, delivery: Delivery) -> bool {
        let mut s = self.state();
        if !s.connected && delivery.qos == QoS::AtMostOnce {
            return true;
        }
        let size = delivery.message.size();
        if s.queue.len() >= self.bounds.messages || s.queued_bytes + size > self.bounds.bytes {
            return false;
        }
        s.queued_bytes += size;
        s.queue.push_back(delivery);
        drop(s);
        self.wake.notify_one();
        true
    }
}

impl State {
    /// The next delivery and its packet id, while fewer than `credit` are unacknowledged. Expired ones are left out.
    pub fn next(&mut self, credit: usize, now: Instant) -> Option<(Option<u16>, Delivery)> {
        loop {
            let front = self.queue.front()?;
            if front.qos != QoS::AtMostOnce && self.inflight.len() >= credit {
                return None;
            }
            let delivery = self.queue.pop_front()?;
            self.queued_bytes -= delivery.message.size();
            if delivery.message.expires.is_some_and(|at| at <= now) {
                continue;
            }
            if delivery.qos == QoS::AtMostOnce {
                return Some((None, delivery));
            }
            let id = self.free_id()?;
            self.inflight.push_back((id, delivery.clone()));
            return Some((Some(id), delivery));
        }
    }

    /// The client has it; false when that id was not in flight.
    pub fn acknowledged(&mut self, id: u16) -> bool {
        let Some(at) = self.inflight.iter().position(|(i, _)| *i == id) else { return false };
        self.inflight.remove(at);
        true
    }

    /// What is to be sent again after a reconnection, in order.
    pub fn unacknowledged(&self) -> Vec<(u16, Delivery)> {
        self.inflight.iter().cloned().collect()
    }

    /// A packet id not in flight. Some id is free: fewer than 65,535 are in flight.
    fn free_id(&mut self) -> Option<u16> {
        for _ in 0..u16::MAX {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.inflight.iter().any(|(i, _)| *i == self.last_id) {
                return Some(self.last_id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(payload: &'static str, qos: QoS) -> Delivery {
        let message = Arc::new(Message::platform("t".into(), payload.as_bytes().into(), false));
        Delivery { message, qos, retain: false, ids: Vec::new() }
    }

    #[tokio::test]
    async fn queue_is_bounded_and_sent_once_until_acknowledged() {
        let session = Session::for_tests(1);
        assert!(session.enqueue(delivery("nobody there", QoS::AtMostOnce)));
        for _ in 0..4 {
            assert!(session.enqueue(delivery("x", QoS::AtLeastOnce)));
        }
        assert!(!session.enqueue(delivery("full", QoS::AtLeastOnce)));
        let mut s = session.state();
        let now = Instant::now();
        let (first, _) = s.next(2, now).unwrap();
        let (second, _) = s.next(2, now).unwrap();
        assert_eq!((first, second), (Some(1), Some(2)));
        assert!(s.next(2, now).is_none());
        assert!(s.acknowledged(1) && !s.acknowledged(1));
        assert_eq!(s.next(2, now).unwrap().0, Some(3));
        assert_eq!(s.unacknowledged().iter().map(|(i, _)| *i).collect::<Vec<_>>(), [2, 3]);
    }

    #[tokio::test]
    async fn packet_ids_wrap_without_collision() {
        let mut s = State { last_id: u16::MAX, ..State::default() };
        s.inflight.push_back((1, delivery("x", QoS::AtLeastOnce)));
        assert_eq!(s.free_id(), Some(2));
    }
}
