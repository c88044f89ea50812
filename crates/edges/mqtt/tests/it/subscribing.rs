use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{RetainHandling, Subscribe, SubscribeAckReason, SubscriptionOptions};
use rmqtt_codec::{v3, v5};
use svod_mqtt::{MqttBroker, MqttConfig};

use crate::door::TestDoor;
use crate::raw::{Raw5, connect3, connect5, id, open3, open5, publish};

fn wish(filter: &str) -> (bytestring::ByteString, SubscriptionOptions) {
    (filter.into(), SubscriptionOptions { qos: QoS::ExactlyOnce, ..SubscriptionOptions::default() })
}

async fn subscribe(
    c: &mut Raw5,
    filters: Vec<(bytestring::ByteString, SubscriptionOptions)>,
) -> Vec<SubscribeAckReason> {
    c.send(Subscribe { packet_id: id(9), id: 3.try_into().ok(), user_properties: vec![], topic_filters: filters })
        .await;
    match c.next().await {
        Some(v5::Packet::SubscribeAck(ack)) => ack.status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_filter_gets_its_own_answer() {
    let config = MqttConfig { max_subscriptions_per_session: 2, ..MqttConfig::default() };
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", config, TestDoor::new()).await.unwrap();
    let (mut c, ack) = open5(addr, connect5("a")).await;
    assert!(!ack.shared_subscription_available);
    let filters = ["$share/g/a", "a/#/b", "$SYS/#", "private/x", "a/+", "b", "c", "b"].map(wish).to_vec();
    assert_eq!(
        subscribe(&mut c, filters).await,
        [
            SubscribeAckReason::SharedSubscriptionNotSupported,
            SubscribeAckReason::TopicFilterInvalid,
            SubscribeAckReason::NotAuthorized,
            SubscribeAckReason::NotAuthorized,
            SubscribeAckReason::GrantedQos1,
            SubscribeAckReason::GrantedQos1,
            SubscribeAckReason::QuotaExceeded,
            SubscribeAckReason::GrantedQos1,
        ]
    );
}

#[tokio::test]
async fn what_was_kept_reaches_subscribers_of_either_version() {
    let door = TestDoor::new();
    let (addr, _broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap();
    let (mut five, _) = open5(addr, connect5("five")).await;
    subscribe(&mut five, vec![wish("air/+/up")]).await;
    let (mut three, _) = open3(addr, connect3("three")).await;
    let filters = vec![("air/#".into(), QoS::AtMostOnce)];
    three.send(v3::Packet::Subscribe { packet_id: id(1), topic_filters: filters }).await;
    three.next().await.unwrap();
    let (mut device, _) = open3(addr, connect3("device")).await;
    for topic in ["air/1/up", "fail"] {
        device.send(publish(topic, "42", QoS::AtMostOnce, 0)).await;
    }
    device.send(publish("air/1/up", "43", QoS::ExactlyOnce, 1)).await;
    for payload in ["42", "43"] {
        let Some(v5::Packet::Publish(p)) = five.next().await else { panic!("no publish") };
        assert_eq!((&*p.topic, &p.payload[..]), ("air/1/up", payload.as_bytes()));
        assert_eq!(p.qos, if payload == "42" { QoS::AtMostOnce } else { QoS::AtLeastOnce });
        assert_eq!(p.properties.unwrap().subscription_ids[0].get(), 3);
        let Some(v3::Packet::Publish(p)) = three.next().await else { panic!("no publish") };
        assert_eq!((p.qos, &p.payload[..]), (QoS::AtMostOnce, payload.as_bytes()));
    }
    three.send(v3::Packet::Unsubscribe { packet_id: id(2), topic_filters: vec!["air/#".into()] }).await;
    assert_eq!(three.next().await, Some(v3::Packet::UnsubscribeAck { packet_id: id(2) }));
    device.send(publish("air/1/up", "44", QoS::AtMostOnce, 0)).await;
    assert!(three.silent().await);
}

#[tokio::test]
async fn retained_state_is_sent_to_those_who_come_later() {
    let door = TestDoor::new();
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door).await.unwrap();
    broker.publish("svod/k/alerts/1", "open".into(), true).unwrap();
    broker.publish("svod/k/alerts/2", "open".into(), true).unwrap();
    broker.publish("svod/k/alerts/2", "".into(), true).unwrap();
    assert!(broker.publish("svod/+/x", "".into(), true).is_err());
    let (mut c, _) = open5(addr, connect5("a")).await;
    subscribe(&mut c, vec![wish("svod/+/alerts/+")]).await;
    let Some(v5::Packet::Publish(p)) = c.next().await else { panic!("no publish") };
    assert!(p.retain && &*p.topic == "svod/k/alerts/1");
    c.send(v5::PublishAck { packet_id: p.packet_id.unwrap(), ..v5::PublishAck::default() }).await;
    broker.publish("svod/k/alerts/1", "closed".into(), true).unwrap();
    let Some(v5::Packet::Publish(p)) = c.next().await else { panic!("no publish") };
    assert!(!p.retain && p.payload == "closed".as_bytes());
    let quiet = SubscriptionOptions { retain_handling: RetainHandling::AtSubscribeNew, ..wish("x").1 };
    subscribe(&mut c, vec![("svod/+/alerts/+".into(), quiet)]).await;
    assert!(c.silent().await);
}

#[tokio::test]
async fn no_local_and_the_clients_receive_maximum() {
    let door = TestDoor::new();
    let (addr, broker) = MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door).await.unwrap();
    let (mut c, _) = open5(addr, v5::Connect { receive_max: 2.try_into().ok(), ..connect5("a") }).await;
    let options = SubscriptionOptions { no_local: true, ..wish("x").1 };
    subscribe(&mut c, vec![("#".into(), options)]).await;
    c.send(publish("own", "x", QoS::AtLeastOnce, 1)).await;
    assert!(matches!(c.next().await, Some(v5::Packet::PublishAck(_))));
    for n in 0..3 {
        broker.publish("svod/n", n.to_string().into(), false).unwrap();
    }
    let Some(v5::Packet::Publish(first)) = c.next().await else { panic!("no publish") };
    assert_eq!(first.payload, "0".as_bytes());
    assert!(matches!(c.next().await, Some(v5::Packet::Publish(_))));
    assert!(c.silent().await);
    c.send(v5::PublishAck { packet_id: first.packet_id.unwrap(), ..v5::PublishAck::default() }).await;
    let Some(v5::Packet::Publish(third)) = c.next().await else { panic!("no publish") };
    assert_eq!(third.payload, "2".as_bytes());
}
