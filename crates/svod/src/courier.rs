//! One message to one broker, in MQTT 3.1.1 or 5, over any stream: connects, publishes, waits for the acknowledgement that the
//! quality of service has, says goodbye.

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longest packet that is sent.
const MAX_PACKET: usize = 4 << 20;
/// Longest packet of a broker that is read: it has nothing long to say.
const MAX_ANSWER: usize = 64 << 10;
/// The only packet of a connection that is acknowledged.
const ID: u16 = 1;
/// Seconds after which a broker may take the silent for gone.
const KEEP_ALIVE: u16 = 30;

// Types of packets (MQTT 5, 2.1.2).
const CONNACK: u8 = 2;
const PUBACK: u8 = 4;
const PUBREC: u8 = 5;
const PUBCOMP: u8 = 7;
const DISCONNECT: u8 = 14;
/// From here on a reason is a refusal (MQTT 5, 2.4).
const REFUSED: u8 = 0x80;

/// A message and who brings it.
pub struct Parcel<'a> {
    /// A name for the connection.
    pub client: String,
    /// Name and password, where the broker asks for them.
    pub user: Option<&'a (String, String)>,
    /// Where it goes.
    pub topic: &'a str,
    /// What it says.
    pub payload: Vec<u8>,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// MQTT 5; else 3.1.1.
    pub five: bool,
}

impl Parcel<'_> {
    fn connect(&self) -> Result<BytesMut, String> {
        let mut out = BytesMut::new();
        if self.five {
            use rumqttc::v5::mqttbytes::v5::{Connect, Login, Packet};
            let client_id = self.client.clone();
            let connect = Connect { keep_alive: KEEP_ALIVE, client_id, clean_start: true, properties: None };
            let login = self.user.map(|(user, password)| Login::new(user, password));
            Packet::Connect(connect, None, login).write(&mut out, None).map_err(|e| e.to_string())?;
        } else {
            use rumqttc::mqttbytes::v4::{Connect, Packet};
            let mut connect = Connect::new(&self.client);
            connect.keep_alive = KEEP_ALIVE;
            if let Some((user, password)) = self.user {
                connect.set_login(user, password);
            }
            Packet::Connect(connect).write(&mut out, MAX_PACKET).map_err(|e| e.to_string())?;
        }
        Ok(out)
    }

    fn publish(&self) -> Result<BytesMut, String> {
        let mut out = BytesMut::new();
        let (level, id) = (usize::from(self.qos.min(2)), if self.qos == 0 { 0 } else { ID });
        if self.five {
            use rumqttc::v5::mqttbytes::QoS;
            use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][level];
            let mut publish = Publish::new(self.topic, qos, self.payload.clone(), None);
            publish.pkid = id;
            Packet::Publish(publish).write(&mut out, u32::try_from(MAX_PACKET).ok()).map_err(|e| e.to_string())?;
        } else {
            use rumqttc::mqttbytes::QoS;
            use rumqttc::mqttbytes::v4::{Packet, Publish};
            let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][level];
            let mut publish = Publish::new(self.topic, qos, self.payload.clone());
            publish.pkid = id;
            Packet::Publish(publish).write(&mut out, MAX_PACKET).map_err(|e| e.to_string())?;
        }
        Ok(out)
    }

    /// Hands the message over; done when the broker has it.
    ///
    /// # Errors
    /// Why it has not been taken.
    pub async fn deliver(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), String> {
        send(stream, &self.connect()?).await?;
        match read(stream).await? {
            (CONNACK, body) if body.get(1) == Some(&0) => {}
            (CONNACK, body) => {
                return Err(format!("the broker lets nobody in so: code {}", body.get(1).copied().unwrap_or_default()));
            }
            (kind, _) => return Err(format!("the broker answers a connection with a packet of type {kind}")),
        }
        send(stream, &self.publish()?).await?;
        match self.qos {
            0 => {}
            1 => acknowledged(stream, PUBACK).await?,
            _ => {
                acknowledged(stream, PUBREC).await?;
                // PUBREL and, below, DISCONNECT are the same in both versions when nothing is wrong.
                let [high, low] = ID.to_be_bytes();
                send(stream, &[0x62, 2, high, low]).await?;
                acknowledged(stream, PUBCOMP).await?;
            }
        }
        send(stream, &[0xE0, 0]).await?;
        // It has what it needs; how it takes the goodbye does not matter.
        drop(stream.shutdown().await);
        Ok(())
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), packet: &[u8]) -> Result<(), String> {
    stream.write_all(packet).await.map_err(|e| e.to_string())?;
    stream.flush().await.map_err(|e| e.to_string())
}

/// Waits for the broker's word about the message.
async fn acknowledged(stream: &mut (impl AsyncRead + Unpin), wanted: u8) -> Result<(), String> {
    loop {
        let (kind, body) = read(stream).await?;
        if kind == DISCONNECT {
            return Err(format!("the broker hangs up: reason {}", body.first().copied().unwrap_or_default()));
        }
        if kind != wanted || body.get(..2) != Some(&ID.to_be_bytes()) {
            continue;
        }
        return match body.get(2) {
            Some(reason) if *reason >= REFUSED => Err(format!("the broker does not take it: reason {reason}")),
            _ => Ok(()),
        };
    }
}

/// The next packet: its type and what follows its fixed header (MQTT 5, 2.1).
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(u8, Vec<u8>), String> {
    let gone = |e: std::io::Error| format!("the broker is gone: {e}");
    let kind = stream.read_u8().await.map_err(gone)? >> 4;
    let mut length = 0_usize;
    for place in 0..4 {
        let part = stream.read_u8().await.map_err(gone)?;
        length |= usize::from(part & 0x7F) << (7 * place);
        if part & 0x80 == 0 {
            break;
        }
        if place == 3 {
            return Err("the broker sends no MQTT".to_owned());
        }
    }
    if length > MAX_ANSWER {
        return Err(format!("the broker sends a packet of {length} bytes"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(gone)?;
    Ok((kind, body))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A broker that takes everything; what it was sent, by types of packets.
    pub(crate) async fn broker(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), five: bool) -> Vec<(u8, Vec<u8>)> {
        let mut seen = Vec::new();
        while let Ok((kind, body)) = read(stream).await {
            let answer: &[u8] = match (kind, five) {
                (1, true) => &[0x20, 3, 0, 0, 0],
                (1, false) => &[0x20, 2, 0, 0],
                // Quality 1 is acknowledged, 2 is received; what is of no quality is not answered.
                (3, _) => match body.last() {
                    Some(b'1') => &[0x40, 2, 0, 1],
                    Some(b'2') => &[0x50, 2, 0, 1],
                    _ => &[],
                },
                (6, _) => &[0x70, 2, 0, 1],
                _ => &[],
            };
            seen.push((kind, body));
            if !answer.is_empty() && stream.write_all(answer).await.is_err() {
                break;
            }
        }
        seen
    }

    fn parcel<'a>(qos: u8, five: bool, user: &'a (String, String)) -> Parcel<'a> {
        let payload = format!("говорит {qos}").into_bytes();
        Parcel { client: "svod-1".to_owned(), user: Some(user), topic: "a/b", payload, qos, five }
    }

    fn holds(body: &[u8], text: &str) -> bool {
        body.windows(text.len()).any(|w| w == text.as_bytes())
    }

    #[tokio::test]
    async fn each_quality_is_waited_for_in_both_versions() {
        let user = ("me".to_owned(), "secret".to_owned());
        for five in [false, true] {
            for (qos, kinds) in [(0, vec![1, 3, 14]), (1, vec![1, 3, 14]), (2, vec![1, 3, 6, 14])] {
                let (mut own, mut theirs) = tokio::io::duplex(4_096);
                let serving = tokio::spawn(async move { broker(&mut theirs, five).await });
                parcel(qos, five, &user).deliver(&mut own).await.unwrap();
                drop(own);
                let seen = serving.await.unwrap();
                assert_eq!(seen.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), kinds, "{qos} {five}");
                assert!(holds(&seen[0].1, "svod-1") && holds(&seen[0].1, "secret"), "{five}");
                assert_eq!(seen[0].1[6], if five { 5 } else { 4 }, "the version");
                assert!(holds(&seen[1].1, "a/b") && holds(&seen[1].1, &format!("говорит {qos}")), "{qos} {five}");
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_is_told_and_what_is_no_mqtt_ends() {
        let user = ("me".to_owned(), "secret".to_owned());
        for (answers, said) in [
            (vec![0x20, 2, 0, 5], "code 5"),
            (vec![0x20, 2, 0, 0, 0x40, 3, 0, 1, 0x87], "reason 135"),
            (vec![0x20, 2, 0, 0, 0xE0, 1, 0x97], "reason 151"),
            (vec![0x20, 2, 0, 0], "gone"),
            (b"HTTP/1.1 400 Bad Request\r\n".repeat(8), "type 4"),
            (vec![0x20, 0xFF, 0xFF, 0xFF, 0xFF], "no MQTT"),
        ] {
            let (mut own, mut theirs) = tokio::io::duplex(4_096);
            theirs.write_all(&answers).await.unwrap();
            // It has said all; what comes is read to its end, so that nothing is held up.
            theirs.shutdown().await.unwrap();
            let serving = tokio::spawn(async move { drop(tokio::io::copy(&mut theirs, &mut tokio::io::sink()).await) });
            let refused = parcel(1, false, &user).deliver(&mut own).await.unwrap_err();
            assert!(refused.contains(said), "{refused}");
            drop(own);
            serving.await.unwrap();
        }
    }
}
