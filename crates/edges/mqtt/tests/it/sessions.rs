use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{ConnectAckReason, DisconnectReasonCode};
use rmqtt_codec::{v3, v5};
use svod_mqtt::{MqttBroker, MqttConfig};

use crate::door::TestDoor;
use crate::raw::{connect3, connect5, id, open3, open5, publish, will};

async fn broker(door: &std::sync::Arc<TestDoor>) -> (std::net::SocketAddr, MqttBroker) {
    MqttBroker::bind("127.0.0.1:0", MqttConfig::default(), door.clone()).await.unwrap()
}

#[tokio::test]
async fn credentials_are_asked_for() {
    let door = TestDoor::with(false);
    let (addr, _broker) = broker(&door).await;
    let with = |password: Option<&'static str>| v3::Connect {
        username: password.map(|_| "plough".into()),
        password: password.map(|p| p.as_bytes().into()),
        ..connect3("a")
    };
    for (password, code) in [
        (None, v3::ConnectAckReason::NotAuthorized),
        (Some("wrong"), v3::ConnectAckReason::BadUserNameOrPassword),
        (Some("secret"), v3::ConnectAckReason::ConnectionAccepted),
    ] {
        assert_eq!(open3(addr, with(password)).await.1.return_code, code);
    }
    for (password, code) in [
        (None, ConnectAckReason::NotAuthorized),
        (Some("wrong"), ConnectAckReason::BadUserNameOrPassword),
        (Some("secret"), ConnectAckReason::Success),
    ] {
        let connect = v5::Connect { password: password.map(|p| p.as_bytes().into()), ..connect5("a") };
        assert_eq!(open5(addr, connect).await.1.reason_code, code);
    }
    let odd = v5::Connect { auth_method: Some("SCRAM-SHA-1".into()), ..connect5("a") };
    assert_eq!(open5(addr, odd).await.1.reason_code, ConnectAckReason::BadAuthenticationMethod);
}

#[tokio::test]
async fn a_session_outlives_its_connection_and_redelivers() {
    let door = TestDoor::new();
    let (addr, broker) = broker(&door).await;
    let keep = || v3::Connect { clean_session: false, ..connect3("watcher") };
    let (mut c, ack) = open3(addr, keep()).await;
    assert!(!ack.session_present);
    let filters = vec![("svod/#".into(), QoS::AtLeastOnce)];
    c.send(v3::Packet::Subscribe { packet_id: id(1), topic_filters: filters }).await;
    c.next().await.unwrap();
    broker.publish("svod/a", "first".into(), false).unwrap();
    let Some(v3::Packet::Publish(first)) = c.next().await else { panic!("no publish") };
    drop(c);
    while broker.connections() > 0 {
        tokio::task::yield_now().await;
    }
    broker.publish("svod/a", "second".into(), false).unwrap();

    let (mut c, ack) = open3(addr, keep()).await;
    assert!(ack.session_present);
    let Some(v3::Packet::Publish(again)) = c.next().await else { panic!("no publish") };
    assert!(again.dup && again.packet_id == first.packet_id && again.payload == first.payload);
    let Some(v3::Packet::Publish(second)) = c.next().await else { panic!("no publish") };
    assert!(!second.dup && second.payload == "second".as_bytes());
    for p in [again, second] {
        c.send(v3::Packet::PublishAck { packet_id: p.packet_id.unwrap() }).await;
    }
    c.send(v3::Packet::PingRequest).await;
    assert_eq!(c.next().await, Some(v3::Packet::PingResponse));
    drop(c);

    let (mut c, ack) = open3(addr, keep()).await;
    assert!(ack.session_present && c.silent().await);
    let (_, ack) = open3(addr, connect3("watcher")).await;
    assert!(!ack.session_present);
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    let door = TestDoor::new();
    let (addr, _broker) = broker(&door).await;
    let keep = |secs| v5::Connect { clean_start: false, session_expiry_interval_secs: secs, ..connect5("w") };
    drop(open5(addr, keep(1)).await);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let (c, ack) = open5(addr, keep(1)).await;
    assert!(ack.session_present);
    drop(c);
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert!(!open5(addr, keep(1)).await.1.session_present);
}

#[tokio::test]
async fn the_newer_connection_takes_over_but_not_from_another_actor() {
    let door = TestDoor::new();
    let (addr, _broker) = broker(&door).await;
    let (mut old, _) = open5(addr, connect5("same")).await;
    let (mut new, _) = open5(addr, connect5("same")).await;
    match old.next().await {
        Some(v5::Packet::Disconnect(d)) => assert_eq!(d.reason_code, DisconnectReasonCode::SessionTakenOver),
        other => panic!("{other:?}"),
    }
    assert_eq!(old.next().await, None);
    let other = v5::Connect { username: Some("mallory".into()), password: Some("secret".into()), ..connect5("same") };
    let (mut foreign, _) = open5(addr, other).await;
    assert!(new.silent().await);
    for c in [&mut new, &mut foreign] {
        c.send(v5::Packet::PingRequest).await;
        assert_eq!(c.next().await, Some(v5::Packet::PingResponse));
    }
}

#[tokio::test]
async fn a_will_is_published_when_the_client_vanishes_only() {
    let door = TestDoor::new();
    let (addr, _broker) = broker(&door).await;
    let (mut polite, _) = open3(addr, v3::Connect { last_will: Some(will("will/polite")), ..connect3("p") }).await;
    polite.send(v3::Packet::Disconnect).await;
    assert_eq!(polite.next().await, None);
    let (watch, _) = open3(addr, connect3("watch")).await;
    let mut watch = watch;
    let filters = vec![("will/+".into(), QoS::AtLeastOnce)];
    watch.send(v3::Packet::Subscribe { packet_id: id(1), topic_filters: filters }).await;
    watch.next().await.unwrap();
    drop(open3(addr, v3::Connect { last_will: Some(will("will/lost")), ..connect3("l") }).await);
    let Some(v3::Packet::Publish(p)) = watch.next().await else { panic!("no will") };
    assert_eq!(&*p.topic, "will/lost");
    assert_eq!(door.topics(), ["will/lost"]);
    let (_, ack) = open3(addr, v3::Connect { last_will: Some(will("svod/forged")), ..connect3("f") }).await;
    assert_eq!(ack.return_code, v3::ConnectAckReason::NotAuthorized);
}

#[tokio::test]
async fn a_delayed_will_waits_and_a_return_cancels_it() {
    let door = TestDoor::new();
    let (addr, _broker) = broker(&door).await;
    let with_will = |client: &str| {
        let properties = rmqtt_codec::v5::LastWill {
            qos: QoS::AtLeastOnce,
            retain: false,
            topic: format!("will/{client}").into(),
            message: "gone".into(),
            will_delay_interval_sec: Some(1),
            correlation_data: None,
            message_expiry_interval: None,
            content_type: None,
            user_properties: Vec::new(),
            is_utf8_payload: None,
            response_topic: None,
        };
        v5::Connect {
            last_will: Some(properties),
            clean_start: false,
            session_expiry_interval_secs: 60,
            ..connect5(client)
        }
    };
    drop(open5(addr, with_will("back")).await);
    drop(open5(addr, with_will("lost")).await);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(door.topics().is_empty());
    let _back = open5(addr, with_will("back")).await;
    door.count(1).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(door.topics(), ["will/lost"]);
}

#[tokio::test]
async fn a_client_without_id_gets_one() {
    let door = TestDoor::new();
    let (addr, _broker) = broker(&door).await;
    let (_, ack) = open5(addr, connect5("")).await;
    assert!(ack.assigned_client_id.is_some_and(|id| !id.is_empty()));
    let (mut c, ack) = open3(addr, connect3("")).await;
    assert_eq!(ack.return_code, v3::ConnectAckReason::ConnectionAccepted);
    c.send(publish("t", "x", QoS::AtLeastOnce, 1)).await;
    assert_eq!(c.next().await, Some(v3::Packet::PublishAck { packet_id: id(1) }));
}

#[tokio::test]
async fn who_is_let_in_no_more_is_sent_away_and_others_stay() {
    let door = TestDoor::new();
    let (addr, broker) = broker(&door).await;
    let of = |user: &'static str| v5::Connect {
        username: Some(user.into()),
        password: Some("secret".into()),
        session_expiry_interval_secs: 60,
        ..connect5("same")
    };
    let (mut gone, _) = open5(addr, of("mallory")).await;
    let (mut stays, _) = open5(addr, of("plough")).await;
    assert_eq!(broker.expel(|actor| actor == "mallory"), 1);
    match gone.next().await {
        Some(v5::Packet::Disconnect(d)) => assert_eq!(d.reason_code, DisconnectReasonCode::NotAuthorized),
        other => panic!("{other:?}"),
    }
    assert_eq!(gone.next().await, None);
    assert!(stays.silent().await);
    assert_eq!(broker.expel(|actor| actor == "mallory"), 0, "its session is gone as well");
}
