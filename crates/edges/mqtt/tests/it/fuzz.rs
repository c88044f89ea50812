//! Two thousand connections of noise, seeded: nothing falls over, nothing is left behind.

use std::time::Duration;

use rmqtt_codec::types::QoS;
use rmqtt_codec::{v3, v5};
use svod_kernel::{Rng, SeededRng};
use svod_mqtt::{MqttBroker, MqttConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::codec::Encoder as _;

use crate::door::TestDoor;
use crate::raw::{connect3, connect5, id, open3, publish, will};

const SEED: u64 = 20_260_115;
const ROUNDS: usize = 2_000;

/// Bytes of a well-behaved client of either version.
fn conversations() -> Vec<Vec<u8>> {
    let mut three = bytes::BytesMut::new();
    let mut codec = v3::Codec::new(0);
    let filters = vec![("a/#".into(), QoS::AtLeastOnce)];
    for packet in [
        v3::Connect { last_will: Some(will("w")), keep_alive: 5, ..connect3("fuzz") }.into(),
        v3::Packet::Subscribe { packet_id: id(1), topic_filters: filters },
        publish("a/b", "{\"x\":1}", QoS::AtLeastOnce, 2).into(),
        publish("a/b", "{\"x\":1}", QoS::ExactlyOnce, 3).into(),
        v3::Packet::PublishRelease { packet_id: id(3) },
        v3::Packet::PublishAck { packet_id: id(1) },
        v3::Packet::Unsubscribe { packet_id: id(4), topic_filters: vec!["a/#".into()] },
        v3::Packet::PingRequest,
        v3::Packet::Disconnect,
    ] {
        codec.encode(packet, &mut three).unwrap();
    }
    let mut five = bytes::BytesMut::new();
    let mut codec = v5::Codec::new(0, 0);
    let connect = v5::Connect {
        session_expiry_interval_secs: 1,
        receive_max: 3.try_into().ok(),
        max_packet_size: 50.try_into().ok(),
        topic_alias_max: 4,
        user_properties: vec![("k".into(), "v".into())],
        ..connect5("fuzz5")
    };
    let mut aliased = publish("a/b", "{\"x\":1}", QoS::AtLeastOnce, 2);
    aliased.properties = Some(v5::PublishProperties {
        topic_alias: Some(id(1)),
        message_expiry_interval: 5.try_into().ok(),
        content_type: Some("application/json".into()),
        ..v5::PublishProperties::default()
    });
    let options = v5::SubscriptionOptions { qos: QoS::AtLeastOnce, ..v5::SubscriptionOptions::default() };
    let subscribe = v5::Subscribe {
        packet_id: id(1),
        id: 7.try_into().ok(),
        user_properties: vec![],
        topic_filters: vec![("a/#".into(), options)],
    };
    for packet in [
        v5::Packet::from(connect),
        subscribe.into(),
        aliased.into(),
        v5::Packet::PublishRelease(v5::PublishAck2::default()),
        v5::Packet::PublishAck(v5::PublishAck::default()),
        v5::Packet::Auth(v5::Auth::default()),
    ] {
        codec.encode(packet, &mut five).unwrap();
    }
    vec![three.to_vec(), five.to_vec()]
}

fn mutate(rng: &SeededRng, base: &[u8]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    for _ in 0..=rng.below(6) {
        let at = rng.below(bytes.len() as u64) as usize;
        match rng.below(5) {
            0 => bytes[at] = rng.next_u64() as u8,
            1 => bytes[at] ^= 1 << rng.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => bytes.insert(at, rng.next_u64() as u8),
            _ => {
                let piece = bytes[at..].to_vec();
                bytes.extend(piece);
            }
        }
    }
    bytes
}

fn noise(rng: &SeededRng) -> Vec<u8> {
    let mut bytes = vec![0; 1 + rng.below(300) as usize];
    rng.fill(&mut bytes);
    if rng.below(2) == 0 {
        bytes[0] = 0x10;
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn noise_closes_its_own_connection_at_most() {
    println!("seed {SEED}");
    let rng = SeededRng::new(SEED);
    let door = TestDoor::new();
    let config = MqttConfig { connect_timeout: Duration::from_millis(300), ..MqttConfig::default() };
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", config, door.clone()).await.unwrap();
    let (mut witness, _) = open3(addr, connect3("witness")).await;
    let bases = conversations();
    for base in &bases {
        let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        stream.write_all(base).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        assert!(answer.len() > 10, "the unmutated conversation is not understood: {answer:?}");
    }
    for round in 0..ROUNDS {
        let bytes = if rng.below(4) == 0 { noise(&rng) } else { mutate(&rng, &bases[round % bases.len()]) };
        let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        // The broker may close before all is written.
        let _ = stream.write_all(&bytes).await;
        if rng.below(8) == 0 {
            let _ = tokio::time::timeout(Duration::from_millis(5), stream.read(&mut [0; 256])).await;
        }
        if round % 200 == 0 {
            witness.send(publish("air/1/up", "x", QoS::AtLeastOnce, 1)).await;
            assert_eq!(witness.next().await, Some(v3::Packet::PublishAck { packet_id: id(1) }), "round {round}");
        }
    }
    drop(witness);
    for _ in 0..100 {
        if broker.connections() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(broker.connections(), 0, "connections left behind");
    assert!(door.topics().len() > ROUNDS / 4, "the noise never reached the door");
}
