//! A client that sends exactly what a test says.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use bytes::BytesMut;
use rmqtt_codec::types::{Protocol, Publish, QoS};
use rmqtt_codec::v3::LastWill;
use rmqtt_codec::{v3, v5};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::codec::{Decoder, Encoder};

pub const SHORT: Duration = Duration::from_millis(150);
pub const LONG: Duration = Duration::from_secs(5);

pub struct Raw<C> {
    pub stream: TcpStream,
    codec: C,
    input: BytesMut,
}

pub type Raw3 = Raw<v3::Codec>;
pub type Raw5 = Raw<v5::Codec>;

impl<C, P> Raw<C>
where
    C: Decoder<Item = (P, u32)> + Encoder<P>,
    <C as Decoder>::Error: std::fmt::Debug,
    <C as Encoder<P>>::Error: std::fmt::Debug,
{
    async fn open(addr: SocketAddr, codec: C) -> Self {
        Self { stream: TcpStream::connect(addr).await.unwrap(), codec, input: BytesMut::new() }
    }

    pub async fn send(&mut self, packet: impl Into<P>) {
        let mut out = BytesMut::new();
        self.codec.encode(packet.into(), &mut out).unwrap();
        self.stream.write_all(&out).await.unwrap();
    }

    pub async fn bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next packet; `None` when the server closed.
    pub async fn next(&mut self) -> Option<P> {
        tokio::time::timeout(LONG, async {
            loop {
                if let Some((packet, _)) = self.codec.decode(&mut self.input).unwrap() {
                    return Some(packet);
                }
                match self.stream.read_buf(&mut self.input).await {
                    Ok(n) if n > 0 => {}
                    _ => return None,
                }
            }
        })
        .await
        .expect("an answer in time")
    }

    /// Nothing comes for a while.
    pub async fn silent(&mut self) -> bool {
        self.input.is_empty() && tokio::time::timeout(SHORT, self.stream.read_buf(&mut self.input)).await.is_err()
    }
}

pub fn id(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

pub fn publish(topic: &str, payload: &'static str, qos: QoS, packet: u16) -> Publish {
    Publish {
        dup: false,
        retain: false,
        qos,
        topic: topic.into(),
        packet_id: NonZeroU16::new(packet),
        payload: payload.as_bytes().into(),
        properties: None,
    }
}

pub fn connect3(client: &str) -> v3::Connect {
    v3::Connect { protocol: Protocol(4), clean_session: true, client_id: client.into(), ..v3::Connect::default() }
}

pub fn connect5(client: &str) -> v5::Connect {
    v5::Connect { clean_start: true, client_id: client.into(), ..v5::Connect::default() }
}

pub fn will(topic: &str) -> LastWill {
    LastWill { qos: QoS::AtLeastOnce, retain: false, topic: topic.into(), message: "gone".into() }
}

/// Connects and returns the CONNACK.
pub async fn open3(addr: SocketAddr, connect: v3::Connect) -> (Raw3, v3::ConnectAck) {
    let mut raw = Raw::open(addr, v3::Codec::new(0)).await;
    raw.send(connect).await;
    match raw.next().await {
        Some(v3::Packet::ConnectAck(ack)) => (raw, ack),
        other => panic!("no CONNACK but {other:?}"),
    }
}

/// Connects and returns the CONNACK.
pub async fn open5(addr: SocketAddr, connect: v5::Connect) -> (Raw5, v5::ConnectAck) {
    let mut raw = Raw::open(addr, v5::Codec::new(0, 0)).await;
    raw.send(connect).await;
    match raw.next().await {
        Some(v5::Packet::ConnectAck(ack)) => (raw, *ack),
        other => panic!("no CONNACK but {other:?}"),
    }
}
