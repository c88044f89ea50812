//! What a client sends after CONNECT.

use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;

use bytestring::ByteString;
use rmqtt_codec::types::Publish;
use rmqtt_codec::v5::{
    DisconnectReasonCode as Reason, PublishAckReason, QoS, SubscriptionOptions, ToReasonCode as _, UnsubscribeAckReason,
};
use svod_kernel::Actor;
use tokio::time::{Duration, Instant};

use super::{Connection, End};
use crate::door::{Door, Publication, PublishRefusal};
use crate::topic;
use crate::wire::Inbound;

/// The buffer of a connection takes every packet the broker itself makes.
fn broken<E>(_: E) -> End {
    End::Reason(Reason::UnspecifiedError)
}

impl Connection<'_> {
    /// Handles all whole packets of the buffer, as many as may be in flight; their publishes become one batch.
    pub(super) fn process(&mut self) -> Result<(), End> {
        let mut batch = Vec::new();
        let handled = loop {
            // Version 5 clients know the limit: one that exceeds it is found out and disconnected below.
            if !self.wire.is_v5() && !self.may_take() {
                break Ok(());
            }
            match self.wire.decode(&mut self.input) {
                Ok(None) => break Ok(()),
                Ok(Some(packet)) => {
                    if let Err(end) = self.handle(packet, &mut batch) {
                        break Err(end);
                    }
                }
                Err(error) => break Err(End::Reason(error.to_reason_code())),
            }
        };
        if !batch.is_empty() {
            self.hand_on(batch);
        }
        handled
    }

    fn handle(&mut self, packet: Inbound, batch: &mut Vec<Publish>) -> Result<(), End> {
        match packet {
            Inbound::Publish(publish) => self.publish(publish, batch),
            Inbound::PubAck(id) => {
                self.at.session.state().acknowledged(id.get());
                Ok(())
            }
            Inbound::PubRel(id) => {
                let known = self.at.session.state().taken.remove(&id.get());
                if known {
                    self.unacknowledged = self.unacknowledged.saturating_sub(1);
                }
                self.wire.pubcomp(&mut self.out, id, known).map_err(broken)
            }
            Inbound::Subscribe(id, sub_id, filters) => self.subscribe(id, sub_id, &filters),
            Inbound::Unsubscribe(id, filters) => {
                let status = filters.iter().map(|f| {
                    if self.core.unsubscribe(&self.at, f) {
                        UnsubscribeAckReason::Success
                    } else {
                        UnsubscribeAckReason::NoSubscriptionExisted
                    }
                });
                let status = status.collect();
                self.wire.unsuback(&mut self.out, id, status).map_err(broken)
            }
            Inbound::Ping => self.wire.pong(&mut self.out).map_err(broken),
            Inbound::Disconnect(with_will, expiry) => {
                if let Some(seconds) = expiry {
                    let expiry = Duration::from_secs(u64::from(seconds)).min(self.core.config.max_session_expiry);
                    let mut state = self.at.session.state();
                    // MQTT 5.0, 3.14.2.2.2: a session that was to end with the connection cannot be prolonged now.
                    if state.epoch == self.at.epoch && !state.expiry.is_zero() {
                        state.expiry = expiry;
                    }
                }
                Err(End::Goodbye(with_will))
            }
            Inbound::Connect(_) | Inbound::Forbidden => Err(End::Reason(Reason::ProtocolError)),
        }
    }

    fn subscribe(
        &mut self,
        id: NonZeroU16,
        sub_id: Option<NonZeroU32>,
        filters: &[(ByteString, SubscriptionOptions)],
    ) -> Result<(), End> {
        let status = filters.iter().map(|(f, o)| self.core.subscribe(&self.at, &self.actor, f, *o, sub_id)).collect();
        self.wire.suback(&mut self.out, id, status).map_err(broken)
    }

    fn publish(&mut self, mut publish: Box<Publish>, batch: &mut Vec<Publish>) -> Result<(), End> {
        self.resolve_alias(&mut publish)?;
        if !topic::is_topic(&publish.topic) {
            return Err(End::Reason(Reason::TopicNameInvalid));
        }
        if publish.properties.as_ref().is_some_and(|p| !p.subscription_ids.is_empty()) {
            return Err(End::Reason(Reason::ProtocolError));
        }
        match (publish.qos, publish.packet_id) {
            (QoS::ExactlyOnce, Some(id)) => {
                if self.at.session.state().taken.contains(&id.get()) {
                    // It is kept already; the client did not hear of it.
                    return self.wire.pubrec(&mut self.out, id, PublishAckReason::Success).map_err(broken);
                }
                self.unacknowledged += 1;
            }
            (QoS::AtLeastOnce, _) => self.unacknowledged += 1,
            _ => {}
        }
        metrics::counter!("svod_mqtt_publishes_total", "qos" => ["0", "1", "2"][usize::from(publish.qos.value())])
            .increment(1);
        self.in_flight += 1;
        let limit = usize::from(self.core.config.receive_maximum);
        if self.wire.is_v5() && self.unacknowledged > limit {
            return Err(End::Reason(Reason::ReceiveMaximumExceeded));
        }
        if self.core.is_reserved(&publish.topic) {
            metrics::counter!("svod_mqtt_refused_total", "reason" => "platform-topic").increment(1);
            return self.acknowledge(&publish, Err(PublishRefusal::NotAuthorised));
        }
        batch.push(*publish);
        Ok(())
    }

    /// MQTT 5.0, 3.3.2.3.4: an alias names a topic given earlier on this connection.
    fn resolve_alias(&mut self, publish: &mut Publish) -> Result<(), End> {
        let Some(alias) = publish.properties.as_mut().and_then(|p| p.topic_alias.take()) else { return Ok(()) };
        if alias.get() > self.core.config.topic_alias_maximum {
            return Err(End::Reason(Reason::TopicAliasInvalid));
        }
        if !publish.topic.is_empty() {
            self.aliases.insert(alias, ByteString::from(&*publish.topic));
            return Ok(());
        }
        publish.topic = self.aliases.get(&alias).cloned().ok_or(End::Reason(Reason::ProtocolError))?;
        Ok(())
    }

    fn hand_on(&mut self, batch: Vec<Publish>) {
        let door = Arc::clone(&self.core.door);
        let actor = Arc::clone(&self.actor);
        let patience = self.core.config.busy_patience;
        self.pending.push_back(Box::pin(async move {
            let answers = offer(&*door, &actor, &batch, patience).await;
            (batch, answers)
        }));
    }

    /// Answers one publish, and gives it to subscribers when it was kept.
    pub(super) fn acknowledge(&mut self, p: &Publish, kept: Result<(), PublishRefusal>) -> Result<(), End> {
        self.in_flight = self.in_flight.saturating_sub(1);
        if kept.is_ok() {
            self.core.route(p, Some(self.at.session.id));
        }
        let Some(id) = p.packet_id else { return Ok(()) };
        let reason = match kept {
            Ok(()) => PublishAckReason::Success,
            Err(PublishRefusal::Busy) => PublishAckReason::QuotaExceeded,
            Err(PublishRefusal::NotAuthorised) => PublishAckReason::NotAuthorized,
            Err(PublishRefusal::Failed) => PublishAckReason::UnspecifiedError,
        };
        let refused = reason != PublishAckReason::Success;
        if p.qos == QoS::AtLeastOnce || refused {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
        }
        if p.qos == QoS::ExactlyOnce && !refused {
            self.at.session.state().taken.insert(id.get());
        }
        if refused && !self.wire.is_v5() {
            // MQTT 3.1.1 knows no negative answer: without an acknowledgement the client sends it again.
            return Err(End::Reason(Reason::UnspecifiedError));
        }
        let sent = match p.qos {
            QoS::ExactlyOnce => self.wire.pubrec(&mut self.out, id, reason),
            _ => self.wire.puback(&mut self.out, id, reason),
        };
        sent.map_err(broken)
    }
}

/// Offers a batch to the platform; what it is too busy for is offered again, with growing pauses, while patience lasts.
async fn offer(
    door: &dyn Door,
    actor: &Arc<Actor>,
    batch: &[Publish],
    patience: Duration,
) -> Vec<Result<(), PublishRefusal>> {
    let publication = |p: &Publish| Publication { topic: p.topic.to_string(), payload: p.payload.clone() };
    let all = batch.iter().map(publication).collect();
    let mut answers = door.publish(Arc::clone(actor), all).await;
    answers.resize(batch.len(), Err(PublishRefusal::Failed));
    let mut pause = Duration::from_millis(10);
    let until = Instant::now() + patience;
    loop {
        let busy: Vec<usize> =
            answers.iter().enumerate().filter(|(_, a)| **a == Err(PublishRefusal::Busy)).map(|(i, _)| i).collect();
        if busy.is_empty() || Instant::now() + pause > until {
            return answers;
        }
        metrics::counter!("svod_mqtt_busy_total").increment(busy.len() as u64);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
        let again = busy.iter().map(|i| publication(&batch[*i])).collect();
        for (i, answer) in busy.iter().zip(door.publish(Arc::clone(actor), again).await) {
            answers[*i] = answer;
        }
    }
}
