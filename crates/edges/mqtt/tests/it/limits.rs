use std::time::Duration;

use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{ConnectAckReason, DisconnectReasonCode};
use rmqtt_codec::{v3, v5};
use svod_mqtt::{MqttBroker, MqttConfig};
use tokio::io::AsyncReadExt as _;

use crate::door::TestDoor;
use crate::raw::{Raw5, connect3, connect5, id, open3, open5, publish};

async fn goodbye(c: &mut Raw5) -> DisconnectReasonCode {
    match c.next().await {
        Some(v5::Packet::Disconnect(d)) => d.reason_code,
        other => panic!("no DISCONNECT but {other:?}"),
    }
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let config = MqttConfig { max_connections: 1, ..MqttConfig::default() };
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", config, TestDoor::new()).await.unwrap();
    let (first, _) = open5(addr, connect5("a")).await;
    assert_eq!(open5(addr, connect5("b")).await.1.reason_code, ConnectAckReason::ServerBusy);
    assert_eq!(open3(addr, connect3("b")).await.1.return_code, v3::ConnectAckReason::ServiceUnavailable);
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(open5(addr, connect5("b")).await.1.reason_code, ConnectAckReason::Success);
}

#[tokio::test]
async fn receive_maximum_holds() {
    let door = TestDoor::new();
    let config = MqttConfig { receive_maximum: 4, ..MqttConfig::default() };
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", config, door.clone()).await.unwrap();
    door.gate.send_replace(false);
    let (mut five, ack) = open5(addr, connect5("five")).await;
    assert_eq!(ack.receive_max.get(), 4);
    use tokio_util::codec::Encoder as _;
    let mut all = bytes::BytesMut::new();
    for n in 1..=5 {
        let p = publish("t", "x", QoS::AtLeastOnce, n);
        v5::Codec::new(0, 0).encode(p.into(), &mut all).unwrap();
    }
    five.bytes(&all).await;
    assert_eq!(goodbye(&mut five).await, DisconnectReasonCode::ReceiveMaximumExceeded);
    let before = door.topics().len();
    let (mut three, _) = open3(addr, connect3("three")).await;
    for n in 1..=10 {
        three.send(publish("t", "x", QoS::AtLeastOnce, n)).await;
    }
    assert!(three.silent().await);
    assert_eq!(door.topics().len() - before, 4, "read more than may be in flight");
    door.gate.send_replace(true);
    for n in 1..=10 {
        assert_eq!(three.next().await, Some(v3::Packet::PublishAck { packet_id: id(n) }));
    }
}

#[tokio::test]
async fn a_packet_too_large_ends_its_connection_only() {
    let config = MqttConfig { max_packet_size: 1_000, ..MqttConfig::default() };
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", config, TestDoor::new()).await.unwrap();
    let (mut good, _) = open5(addr, connect5("good")).await;
    let (mut bad, ack) = open5(addr, connect5("bad")).await;
    assert_eq!(ack.max_packet_size, Some(1_000));
    bad.bytes(&[0x30, 0xff, 0xff, 0x7f]).await;
    assert_eq!(goodbye(&mut bad).await, DisconnectReasonCode::PacketTooLarge);
    let (mut bad, _) = open5(addr, connect5("bad")).await;
    bad.bytes(&[0x30, 0x03, 0x00, 0x01, b'#', 0x00]).await;
    assert!(matches!(bad.next().await, Some(v5::Packet::Disconnect(_))));
    good.send(v5::Packet::PingRequest).await;
    assert_eq!(good.next().await, Some(v5::Packet::PingResponse));
}

#[tokio::test]
async fn silence_ends_a_connection() {
    let config = MqttConfig { connect_timeout: Duration::from_millis(200), ..MqttConfig::default() };
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", config, TestDoor::new()).await.unwrap();
    let mut idle = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (mut c, _) = open5(addr, v5::Connect { keep_alive: 1, ..connect5("a") }).await;
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0);
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        c.send(v5::Packet::PingRequest).await;
        assert_eq!(c.next().await, Some(v5::Packet::PingResponse));
    }
    assert_eq!(goodbye(&mut c).await, DisconnectReasonCode::KeepAliveTimeout);
    drop(c);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(broker.connections(), 0);
}

#[tokio::test]
async fn a_slow_subscriber_holds_up_nobody() {
    let door = TestDoor::new();
    let config = MqttConfig { max_queued_messages: 50, write_buffer: 8 * 1024, ..MqttConfig::default() };
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", config, door).await.unwrap();
    let (mut slow, _) = open3(addr, connect3("slow")).await;
    let filters = vec![("svod/#".into(), QoS::AtMostOnce)];
    slow.send(v3::Packet::Subscribe { packet_id: id(1), topic_filters: filters }).await;
    slow.next().await.unwrap();
    let payload = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    for _ in 0..400 {
        broker.publish("svod/x", payload.clone(), false).unwrap();
        tokio::task::yield_now().await;
    }
    let (mut other, _) = open3(addr, connect3("other")).await;
    other.send(publish("t", "x", QoS::AtLeastOnce, 1)).await;
    assert_eq!(other.next().await, Some(v3::Packet::PublishAck { packet_id: id(1) }));
    let mut got = 0;
    while let Ok(Some(v3::Packet::Publish(_))) = tokio::time::timeout(Duration::from_millis(500), slow.next()).await {
        got += 1;
    }
    assert!((50..400).contains(&got), "{got} of 400 came");
}

#[tokio::test]
async fn an_unknown_version_is_answered() {
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), TestDoor::new()).await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"\x10\x0d\x00\x04MQTT\x09\x02\x00\x00\x00\x01a").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [0x20, 2, 0, 1]);
}

#[tokio::test]
async fn too_large_for_the_client_is_left_out() {
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), TestDoor::new()).await.unwrap();
    let (mut c, _) = open5(addr, v5::Connect { max_packet_size: 100.try_into().ok(), ..connect5("a") }).await;
    let filters = vec![("svod/#".into(), rmqtt_codec::v5::SubscriptionOptions::default())];
    c.send(v5::Subscribe { packet_id: id(1), id: None, user_properties: vec![], topic_filters: filters }).await;
    c.next().await.unwrap();
    broker.publish("svod/x", vec![b'x'; 200].into(), false).unwrap();
    broker.publish("svod/x", vec![b'y'; 50].into(), false).unwrap();
    let Some(v5::Packet::Publish(p)) = c.next().await else { panic!("no publish") };
    assert_eq!(p.payload, vec![b'y'; 50]);
}
