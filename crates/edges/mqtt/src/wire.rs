//! One view of MQTT 3.1, 3.1.1 and 5 packets: version 5 words, the older versions expressed in them.

use std::num::{NonZeroU16, NonZeroU32};

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use rmqtt_codec::error::{DecodeError, EncodeError};
use rmqtt_codec::types::Publish;
use rmqtt_codec::v5::{
    ConnectAck, ConnectAckReason, Disconnect, DisconnectReasonCode, PublishAck, PublishAck2, PublishAck2Reason,
    PublishAckReason, PublishProperties, QoS, RetainHandling, SubscribeAck, SubscribeAckReason, SubscriptionOptions,
    UnsubscribeAck, UnsubscribeAckReason,
};
use rmqtt_codec::version::{ProtocolVersion, VersionCodec};
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder, Encoder};

/// CONNECT.
pub struct Hello {
    /// Empty when the server is to give one.
    pub client_id: ByteString,
    /// Forget any session there is.
    pub clean_start: bool,
    /// Seconds; 0 is none.
    pub keep_alive: u16,
    /// Seconds the session outlives the connection.
    pub expiry: u32,
    /// How many unacknowledged messages the client takes.
    pub receive_max: u16,
    /// Largest packet the client takes.
    pub max_packet: u32,
    /// User name.
    pub username: Option<ByteString>,
    /// Password.
    pub password: Option<Bytes>,
    /// Last will.
    pub will: Option<Will>,
    /// Extended authentication asked for.
    pub auth_method: bool,
}

/// A will.
#[derive(Debug, Clone)]
pub struct Will {
    /// As to be published.
    pub publish: Publish,
    /// Seconds after the connection ended.
    pub delay: u32,
}

/// What a client sends.
pub enum Inbound {
    /// CONNECT.
    Connect(Box<Hello>),
    /// PUBLISH.
    Publish(Box<Publish>),
    /// PUBACK.
    PubAck(NonZeroU16),
    /// PUBREL.
    PubRel(NonZeroU16),
    /// SUBSCRIBE.
    Subscribe(NonZeroU16, Option<NonZeroU32>, Vec<(ByteString, SubscriptionOptions)>),
    /// UNSUBSCRIBE.
    Unsubscribe(NonZeroU16, Vec<ByteString>),
    /// PINGREQ.
    Ping,
    /// DISCONNECT: publish the will all the same, new session expiry.
    Disconnect(bool, Option<u32>),
    /// A packet that no client may send here.
    Forbidden,
}

/// The protocol version in use, with the state of its decoder.
pub enum Wire {
    /// 3.1 and 3.1.1.
    V3(v3::Codec),
    /// 5.
    V5(v5::Codec),
}

/// What CONNACK tells beyond success.
pub struct Granted {
    /// The client's session was there.
    pub session_present: bool,
    /// The id given to a client that had none.
    pub assigned: Option<ByteString>,
    /// Seconds, when other than asked.
    pub keep_alive: Option<u16>,
    /// Seconds, when other than asked.
    pub expiry: Option<u32>,
    /// See the configuration.
    pub receive_max: NonZeroU16,
    /// See the configuration.
    pub max_packet: u32,
    /// See the configuration.
    pub topic_alias_max: u16,
}

impl Wire {
    /// Finds out the version of a first packet; `None` until enough of it is there.
    pub fn detect(buf: &mut BytesMut, max_packet: u32) -> Result<Option<Self>, DecodeError> {
        Ok(VersionCodec.decode(buf)?.map(|v| match v {
            ProtocolVersion::MQTT3 => Self::V3(v3::Codec::new(max_packet)),
            ProtocolVersion::MQTT5 => Self::V5(v5::Codec::new(max_packet, 0)),
        }))
    }

    /// True for version 5.
    pub const fn is_v5(&self) -> bool {
        matches!(self, Self::V5(_))
    }

    /// Changes the bound on packets read.
    pub fn set_max_packet(&mut self, size: u32) {
        match self {
            Self::V3(c) => c.set_max_size(size),
            Self::V5(c) => c.set_max_inbound_size(size),
        }
    }

    /// The next whole packet of the buffer.
    pub fn decode(&mut self, buf: &mut BytesMut) -> Result<Option<Inbound>, DecodeError> {
        Ok(match self {
            Self::V3(c) => c.decode(buf)?.map(|(p, _)| from_v3(p)),
            Self::V5(c) => c.decode(buf)?.map(|(p, _)| from_v5(p)),
        })
    }

    fn put(&mut self, out: &mut BytesMut, three: Option<v3::Packet>, five: v5::Packet) -> Result<(), EncodeError> {
        match (self, three) {
            (Self::V3(c), Some(p)) => c.encode(p, out),
            (Self::V3(_), None) => Ok(()),
            (Self::V5(c), _) => c.encode(five, out),
        }
    }

    /// CONNACK, success.
    pub fn welcome(&mut self, out: &mut BytesMut, granted: Granted) -> Result<(), EncodeError> {
        let three = v3::Packet::ConnectAck(v3::ConnectAck {
            return_code: v3::ConnectAckReason::ConnectionAccepted,
            session_present: granted.session_present,
        });
        let five = v5::Packet::ConnectAck(Box::new(ConnectAck {
            session_present: granted.session_present,
            session_expiry_interval_secs: granted.expiry,
            receive_max: granted.receive_max,
            max_packet_size: Some(granted.max_packet),
            assigned_client_id: granted.assigned,
            topic_alias_max: granted.topic_alias_max,
            shared_subscription_available: false,
            server_keepalive_sec: granted.keep_alive,
            ..ConnectAck::default()
        }));
        self.put(out, Some(three), five)
    }

    /// CONNACK, refused.
    pub fn refuse(&mut self, out: &mut BytesMut, reason: ConnectAckReason) -> Result<(), EncodeError> {
        let return_code = match reason {
            ConnectAckReason::BadUserNameOrPassword => v3::ConnectAckReason::BadUserNameOrPassword,
            ConnectAckReason::NotAuthorized => v3::ConnectAckReason::NotAuthorized,
            ConnectAckReason::ClientIdentifierNotValid => v3::ConnectAckReason::IdentifierRejected,
            _ => v3::ConnectAckReason::ServiceUnavailable,
        };
        let three = v3::Packet::ConnectAck(v3::ConnectAck { return_code, session_present: false });
        let five = ConnectAck { reason_code: reason, ..ConnectAck::default() };
        self.put(out, Some(three), five.into())
    }

    /// PUBLISH. `id` for QoS 1.
    pub fn publish(&mut self, out: &mut BytesMut, publish: Publish) -> Result<(), EncodeError> {
        match self {
            Self::V3(c) => c.encode(v3::Packet::Publish(Box::new(publish)), out),
            Self::V5(c) => c.encode(v5::Packet::Publish(Box::new(publish)), out),
        }
    }

    /// PUBACK.
    pub fn puback(&mut self, out: &mut BytesMut, id: NonZeroU16, reason: PublishAckReason) -> Result<(), EncodeError> {
        let five = PublishAck { packet_id: id, reason_code: reason, ..PublishAck::default() };
        self.put(out, Some(v3::Packet::PublishAck { packet_id: id }), five.into())
    }

    /// PUBREC.
    pub fn pubrec(&mut self, out: &mut BytesMut, id: NonZeroU16, reason: PublishAckReason) -> Result<(), EncodeError> {
        let five = PublishAck { packet_id: id, reason_code: reason, ..PublishAck::default() };
        self.put(out, Some(v3::Packet::PublishReceived { packet_id: id }), v5::Packet::PublishReceived(five))
    }

    /// PUBCOMP; `known` when the id was waiting for its release.
    pub fn pubcomp(&mut self, out: &mut BytesMut, id: NonZeroU16, known: bool) -> Result<(), EncodeError> {
        let reason = if known { PublishAck2Reason::Success } else { PublishAck2Reason::PacketIdNotFound };
        let five = PublishAck2 { packet_id: id, reason_code: reason, ..PublishAck2::default() };
        self.put(out, Some(v3::Packet::PublishComplete { packet_id: id }), v5::Packet::PublishComplete(five))
    }

    /// SUBACK.
    pub fn suback(
        &mut self,
        out: &mut BytesMut,
        id: NonZeroU16,
        status: Vec<SubscribeAckReason>,
    ) -> Result<(), EncodeError> {
        let three = status.iter().map(|s| match s {
            SubscribeAckReason::GrantedQos0 => v3::SubscribeReturnCode::Success(QoS::AtMostOnce),
            SubscribeAckReason::GrantedQos1 => v3::SubscribeReturnCode::Success(QoS::AtLeastOnce),
            SubscribeAckReason::GrantedQos2 => v3::SubscribeReturnCode::Success(QoS::ExactlyOnce),
            _ => v3::SubscribeReturnCode::Failure,
        });
        let three = v3::Packet::SubscribeAck { packet_id: id, status: three.collect() };
        let five = SubscribeAck { packet_id: id, properties: Vec::new(), reason_string: None, status };
        self.put(out, Some(three), five.into())
    }

    /// UNSUBACK.
    pub fn unsuback(
        &mut self,
        out: &mut BytesMut,
        id: NonZeroU16,
        status: Vec<UnsubscribeAckReason>,
    ) -> Result<(), EncodeError> {
        let five = UnsubscribeAck { packet_id: id, properties: Vec::new(), reason_string: None, status };
        self.put(out, Some(v3::Packet::UnsubscribeAck { packet_id: id }), five.into())
    }

    /// PINGRESP.
    pub fn pong(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.put(out, Some(v3::Packet::PingResponse), v5::Packet::PingResponse)
    }

    /// DISCONNECT; the older versions know none from the server.
    pub fn goodbye(&mut self, out: &mut BytesMut, reason: DisconnectReasonCode) -> Result<(), EncodeError> {
        let five = Disconnect {
            reason_code: reason,
            session_expiry_interval_secs: None,
            server_reference: None,
            reason_string: None,
            user_properties: Vec::new(),
        };
        self.put(out, None, five.into())
    }
}

fn from_v3(packet: v3::Packet) -> Inbound {
    match packet {
        v3::Packet::Connect(c) => Inbound::Connect(Box::new(Hello {
            client_id: c.client_id,
            clean_start: c.clean_session,
            keep_alive: c.keep_alive,
            expiry: if c.clean_session { 0 } else { u32::MAX },
            receive_max: u16::MAX,
            max_packet: u32::MAX,
            username: c.username,
            password: c.password,
            will: c.last_will.map(|w| Will { publish: publish(w.topic, w.message, w.qos, w.retain, None), delay: 0 }),
            auth_method: false,
        })),
        v3::Packet::Publish(p) => Inbound::Publish(p),
        v3::Packet::PublishAck { packet_id } => Inbound::PubAck(packet_id),
        v3::Packet::PublishRelease { packet_id } => Inbound::PubRel(packet_id),
        v3::Packet::Subscribe { packet_id, topic_filters } => {
            let options = |qos| SubscriptionOptions {
                qos,
                no_local: false,
                retain_as_published: false,
                retain_handling: RetainHandling::AtSubscribe,
            };
            Inbound::Subscribe(packet_id, None, topic_filters.into_iter().map(|(f, q)| (f, options(q))).collect())
        }
        v3::Packet::Unsubscribe { packet_id, topic_filters } => Inbound::Unsubscribe(packet_id, topic_filters),
        v3::Packet::PingRequest => Inbound::Ping,
        v3::Packet::Disconnect => Inbound::Disconnect(false, None),
        _ => Inbound::Forbidden,
    }
}

fn from_v5(packet: v5::Packet) -> Inbound {
    match packet {
        v5::Packet::Connect(c) => Inbound::Connect(Box::new(Hello {
            client_id: c.client_id,
            clean_start: c.clean_start,
            keep_alive: c.keep_alive,
            expiry: c.session_expiry_interval_secs,
            receive_max: c.receive_max.map_or(u16::MAX, NonZeroU16::get),
            max_packet: c.max_packet_size.map_or(u32::MAX, NonZeroU32::get),
            username: c.username,
            password: c.password,
            will: c.last_will.map(|w| {
                let properties = PublishProperties {
                    correlation_data: w.correlation_data,
                    message_expiry_interval: w.message_expiry_interval,
                    content_type: w.content_type,
                    user_properties: w.user_properties,
                    is_utf8_payload: w.is_utf8_payload.unwrap_or(false),
                    response_topic: w.response_topic,
                    ..PublishProperties::default()
                };
                Will {
                    publish: publish(w.topic, w.message, w.qos, w.retain, Some(properties)),
                    delay: w.will_delay_interval_sec.unwrap_or(0),
                }
            }),
            auth_method: c.auth_method.is_some(),
        })),
        v5::Packet::Publish(p) => Inbound::Publish(p),
        v5::Packet::PublishAck(a) => Inbound::PubAck(a.packet_id),
        v5::Packet::PublishRelease(a) => Inbound::PubRel(a.packet_id),
        v5::Packet::Subscribe(s) => Inbound::Subscribe(s.packet_id, s.id, s.topic_filters),
        v5::Packet::Unsubscribe(u) => Inbound::Unsubscribe(u.packet_id, u.topic_filters),
        v5::Packet::PingRequest => Inbound::Ping,
        v5::Packet::Disconnect(d) => Inbound::Disconnect(
            d.reason_code == DisconnectReasonCode::DisconnectWithWillMessage,
            d.session_expiry_interval_secs,
        ),
        _ => Inbound::Forbidden,
    }
}

const fn publish(
    topic: ByteString,
    payload: Bytes,
    qos: QoS,
    retain: bool,
    properties: Option<PublishProperties>,
) -> Publish {
    Publish { dup: false, retain, qos, topic, packet_id: None, payload, properties }
}
