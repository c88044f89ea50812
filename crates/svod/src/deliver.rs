//! Notifications on their way to subscribers: HTTP through the outbound rules, MQTT to whichever broker they name.

use std::time::Duration;

use reqwest::Url;
use svod_subscriptions::{Deliver, Message, Sending, Target};

use crate::outbound::Outbound;

/// Largest MQTT packet.
const MAX_PACKET: usize = 4 << 20;

/// Carries messages.
pub struct Delivery(pub Outbound);

impl Deliver for Delivery {
    fn deliver(&self, message: Message) -> Sending<'_> {
        Box::pin(async move {
            let Message { target, body, timeout } = message;
            match target {
                Target::Http { url, headers } => self.0.post(&url, &headers, body, timeout).await,
                Target::Stream => Ok(()),
                Target::Mqtt { url, qos, five } => {
                    let mut to = Broker::parse(&url)?;
                    to.host = self.0.resolve(&to.host, to.port).await?.to_string();
                    let sent = async {
                        if five {
                            to.publish_five(body.to_vec(), qos).await
                        } else {
                            to.publish(body.to_vec(), qos).await
                        }
                    };
                    let late = |_| format!("the broker took longer than {} s", timeout.as_secs_f64());
                    tokio::time::timeout(timeout, sent).await.map_err(late)?
                }
            }
        })
    }
}

/// `mqtt://[user[:password]@]host[:port]/topic` (NGSI-LD, clause 7.2).
#[derive(Debug, PartialEq, Eq)]
struct Broker {
    host: String,
    port: u16,
    topic: String,
    user: Option<(String, String)>,
}

impl Broker {
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|e| e.to_string())?;
        if url.scheme() != "mqtt" {
            return Err(format!("{} is not spoken; use mqtt", url.scheme()));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let topic = url.path().trim_start_matches('/').to_owned();
        if host.is_empty() || topic.is_empty() {
            return Err("an MQTT address needs a host and a topic".into());
        }
        let user = (!url.username().is_empty())
            .then(|| (url.username().to_owned(), url.password().unwrap_or_default().to_owned()));
        Ok(Self { host, port: url.port().unwrap_or(1883), topic, user })
    }

    /// Connects, publishes, waits for the acknowledgement that the quality of service has, disconnects.
    async fn publish(&self, payload: Vec<u8>, qos: u8) -> Result<(), String> {
        use rumqttc::{AsyncClient, Event, MqttOptions, Outgoing, Packet, QoS};
        let mut options = MqttOptions::new(client_id(), &self.host, self.port);
        options.set_keep_alive(Duration::from_secs(30)).set_max_packet_size(MAX_PACKET, MAX_PACKET);
        if let Some((user, password)) = &self.user {
            options.set_credentials(user, password);
        }
        let (client, mut events) = AsyncClient::new(options, 8);
        let level = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][usize::from(qos.min(2))];
        client.publish(&self.topic, level, false, payload).await.map_err(|e| e.to_string())?;
        loop {
            match events.poll().await.map_err(|e| e.to_string())? {
                Event::Outgoing(Outgoing::Publish(_)) if qos == 0 => break,
                Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)) => break,
                _ => {}
            }
        }
        drop(client.disconnect().await);
        drop(events.poll().await); // lets the goodbye out; how it is taken does not matter
        Ok(())
    }

    async fn publish_five(&self, payload: Vec<u8>, qos: u8) -> Result<(), String> {
        use rumqttc::Outgoing;
        use rumqttc::v5::mqttbytes::QoS;
        use rumqttc::v5::mqttbytes::v5::Packet;
        use rumqttc::v5::{AsyncClient, Event, MqttOptions};
        let mut options = MqttOptions::new(client_id(), &self.host, self.port);
        options.set_keep_alive(Duration::from_secs(30)).set_max_packet_size(Some(MAX_PACKET as u32));
        if let Some((user, password)) = &self.user {
            options.set_credentials(user, password);
        }
        let (client, mut events) = AsyncClient::new(options, 8);
        let level = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][usize::from(qos.min(2))];
        client.publish(&self.topic, level, false, payload).await.map_err(|e| e.to_string())?;
        loop {
            match events.poll().await.map_err(|e| e.to_string())? {
                Event::Outgoing(Outgoing::Publish(_)) if qos == 0 => break,
                Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)) => break,
                _ => {}
            }
        }
        drop(client.disconnect().await);
        drop(events.poll().await);
        Ok(())
    }
}

/// A name for one connection; brokers throw the older of two of one name out.
fn client_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("svod-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_brokers_are_read() {
        let full = Broker::parse("mqtt://me:secret@b.example:8085/a/b").unwrap();
        assert_eq!((full.host.as_str(), full.port, full.topic.as_str()), ("b.example", 8085, "a/b"));
        assert_eq!(full.user, Some(("me".into(), "secret".into())));
        let plain = Broker::parse("mqtt://b.example/t").unwrap();
        assert_eq!((plain.port, plain.user), (1883, None));
        for bad in ["mqtts://b.example/t", "mqtt://b.example", "b"] {
            assert!(Broker::parse(bad).is_err(), "{bad}");
        }
    }
}
