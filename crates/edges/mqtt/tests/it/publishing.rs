use std::sync::atomic::Ordering;

use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{DisconnectReasonCode, PublishAckReason, PublishProperties};
use rmqtt_codec::{v3, v5};
use svod_mqtt::{MqttBroker, MqttConfig};

use crate::door::TestDoor;
use crate::raw::{connect3, connect5, id, open3, open5, publish};

#[tokio::test]
async fn puback_waits_for_durability_and_keeps_the_order() {
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, _) = open3(addr, connect3("a")).await;
    door.gate.send_replace(false);
    for n in 1..=50 {
        c.send(publish("air/1/up", "x", QoS::AtLeastOnce, n)).await;
    }
    door.count(50).await;
    assert!(c.silent().await, "acknowledged before it was durable");
    door.gate.send_replace(true);
    for n in 1..=50 {
        assert_eq!(c.next().await, Some(v3::Packet::PublishAck { packet_id: id(n) }));
    }
}

#[tokio::test]
async fn publishes_that_arrive_together_are_one_batch() {
    use tokio_util::codec::Encoder as _;
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, _) = open3(addr, connect3("a")).await;
    let mut all = bytes::BytesMut::new();
    for n in 1..=60 {
        let p = publish("air/1/up", "x", QoS::AtLeastOnce, n);
        v3::Codec::new(0).encode(v3::Packet::Publish(Box::new(p)), &mut all).unwrap();
    }
    c.bytes(&all).await;
    for n in 1..=60 {
        assert_eq!(c.next().await, Some(v3::Packet::PublishAck { packet_id: id(n) }));
    }
    assert!(door.batches.load(Ordering::SeqCst) <= 2, "{} batches", door.batches.load(Ordering::SeqCst));
}

#[tokio::test]
async fn qos_2_is_handed_on_once() {
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, _) = open3(addr, connect3("a")).await;
    for _ in 0..2 {
        c.send(publish("air/1/up", "x", QoS::ExactlyOnce, 7)).await;
        assert_eq!(c.next().await, Some(v3::Packet::PublishReceived { packet_id: id(7) }));
    }
    c.send(v3::Packet::PublishRelease { packet_id: id(7) }).await;
    assert_eq!(c.next().await, Some(v3::Packet::PublishComplete { packet_id: id(7) }));
    assert_eq!(door.topics().len(), 1);
    c.send(publish("air/1/up", "y", QoS::ExactlyOnce, 7)).await;
    assert_eq!(c.next().await, Some(v3::Packet::PublishReceived { packet_id: id(7) }));
    assert_eq!(door.topics().len(), 2);
}

#[tokio::test]
async fn refusals_are_told_in_version_5_and_close_in_version_3() {
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut five, _) = open5(addr, connect5("five")).await;
    for (topic, reason) in [
        ("forbidden", PublishAckReason::NotAuthorized),
        ("fail", PublishAckReason::UnspecifiedError),
        ("svod/kuzbass/alerts/1", PublishAckReason::NotAuthorized),
        ("$SYS/x", PublishAckReason::NotAuthorized),
        ("fine", PublishAckReason::Success),
    ] {
        five.send(publish(topic, "x", QoS::AtLeastOnce, 3)).await;
        match five.next().await {
            Some(v5::Packet::PublishAck(ack)) => assert_eq!(ack.reason_code, reason, "{topic}"),
            other => panic!("{topic}: {other:?}"),
        }
    }
    assert_eq!(door.topics(), ["forbidden", "fail", "fine"]);
    for topic in ["fail", "svod/x"] {
        let (mut three, _) = open3(addr, connect3("three")).await;
        three.send(publish(topic, "x", QoS::AtLeastOnce, 3)).await;
        assert_eq!(three.next().await, None, "{topic}");
    }
}

#[tokio::test]
async fn a_busy_platform_is_asked_again() {
    let door = TestDoor::new();
    door.busy.store(3, Ordering::SeqCst);
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, _) = open3(addr, connect3("a")).await;
    c.send(publish("air/1/up", "x", QoS::AtLeastOnce, 1)).await;
    assert_eq!(c.next().await, Some(v3::Packet::PublishAck { packet_id: id(1) }));
    assert_eq!((door.topics().len(), door.batches.load(Ordering::SeqCst)), (1, 4));
}

#[tokio::test]
async fn topic_aliases() {
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, ack) = open5(addr, connect5("a")).await;
    assert_eq!(ack.topic_alias_max, 16);
    let aliased = |topic: &str, alias: u16, n: u16| {
        let properties = PublishProperties { topic_alias: Some(id(alias)), ..PublishProperties::default() };
        let mut p = publish(topic, "x", QoS::AtLeastOnce, n);
        p.properties = Some(properties);
        p
    };
    c.send(aliased("air/1/up", 5, 1)).await;
    c.send(aliased("", 5, 2)).await;
    c.send(aliased("air/2/up", 5, 3)).await;
    c.send(aliased("", 5, 4)).await;
    for _ in 0..4 {
        assert!(matches!(c.next().await, Some(v5::Packet::PublishAck(_))));
    }
    assert_eq!(door.topics(), ["air/1/up", "air/1/up", "air/2/up", "air/2/up"]);
    c.send(aliased("", 6, 5)).await;
    match c.next().await {
        Some(v5::Packet::Disconnect(d)) => assert_eq!(d.reason_code, DisconnectReasonCode::ProtocolError),
        other => panic!("{other:?}"),
    }
    let (mut c, _) = open5(addr, connect5("b")).await;
    c.send(aliased("t", 17, 5)).await;
    match c.next().await {
        Some(v5::Packet::Disconnect(d)) => assert_eq!(d.reason_code, DisconnectReasonCode::TopicAliasInvalid),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn messages_without_acknowledgement_are_kept_when_their_sender_leaves() {
    let door = TestDoor::new();
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, _) = open3(addr, connect3("a")).await;
    c.send(publish("air/1/up", "x", QoS::AtMostOnce, 0)).await;
    c.send(v3::Packet::Disconnect).await;
    drop(c);
    door.count(1).await;
    broker.shutdown().await;
    assert_eq!(broker.connections(), 0);
}

#[tokio::test]
async fn shutdown_acknowledges_what_is_in_flight() {
    let door = TestDoor::new();
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut c, _) = open5(addr, connect5("a")).await;
    door.gate.send_replace(false);
    c.send(publish("air/1/up", "x", QoS::AtLeastOnce, 1)).await;
    door.count(1).await;
    let stopping = tokio::spawn(async move { broker.shutdown().await });
    assert!(c.silent().await);
    door.gate.send_replace(true);
    assert!(matches!(c.next().await, Some(v5::Packet::PublishAck(_))));
    match c.next().await {
        Some(v5::Packet::Disconnect(d)) => assert_eq!(d.reason_code, DisconnectReasonCode::ServerShuttingDown),
        other => panic!("{other:?}"),
    }
    stopping.await.unwrap();
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
