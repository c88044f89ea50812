use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use svod_kernel::Timestamp;
use svod_model::ObservedValue;

use crate::Device;

/// The door a message came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The MQTT broker.
    Mqtt,
    /// The HTTP batch endpoint.
    Http,
    /// `svod replay`.
    Replay,
}

impl Source {
    /// As kept with a quarantined message.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Http => "http",
            Self::Replay => "replay",
        }
    }
}

/// A message as it came. Either a topic or a profile says what it is.
#[derive(Debug, Clone)]
pub struct RawMessage {
    /// MQTT topic.
    pub topic: Option<String>,
    /// Id of the device profile, where the door knows it.
    pub profile: Option<String>,
    /// External id of the device, where the door knows it.
    pub device: Option<String>,
    /// The bytes.
    pub payload: Bytes,
    /// The door.
    pub source: Source,
}

impl RawMessage {
    /// A message published to a topic.
    pub fn published(topic: String, payload: Bytes) -> Self {
        Self { topic: Some(topic), profile: None, device: None, payload, source: Source::Mqtt }
    }

    /// A message whose profile and device the sender names.
    pub fn named(profile: String, device: String, payload: Bytes, source: Source) -> Self {
        Self { topic: None, profile: Some(profile), device: Some(device), payload, source }
    }

    /// What it weighs in flight.
    pub(crate) fn weight(&self) -> u32 {
        1 + u32::try_from(self.payload.len() / 1_024).unwrap_or(u32::MAX / 2)
    }

    /// Door and topic in one text; [`origin`] reads it back.
    pub(crate) fn came_by(&self) -> String {
        match &self.topic {
            Some(topic) => format!("{} {topic}", self.source.as_str()),
            None => self.source.as_str().to_owned(),
        }
    }
}

/// The door and the topic that [`RawMessage::came_by`] wrote.
pub(crate) fn origin(text: &str) -> (Source, Option<String>) {
    let (door, topic) = text.split_once(' ').map_or((text, None), |(d, t)| (d, Some(t.to_owned())));
    let source = match door {
        "http" => Source::Http,
        "replay" => Source::Replay,
        _ => Source::Mqtt,
    };
    (source, topic)
}

/// What became of a message or a batch; all of it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Accepted {
    /// Readings kept. A message of the MQTT door is committed together with others, so its duplicates are counted here.
    pub stored: u64,
    /// Readings that were there already (same device, attribute and moment); told for HTTP and replay.
    pub duplicates: u64,
    /// Messages put in quarantine.
    pub quarantined: u64,
}

/// One observed value of one entity, checked and in the declared unit.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The device and its entity.
    pub device: Arc<Device>,
    /// Attribute of the entity.
    pub attribute: Arc<str>,
    /// Series in history.
    pub series: i64,
    /// When it was observed.
    pub at: Timestamp,
    /// When it arrived.
    pub received: Timestamp,
    /// What was observed.
    pub value: ObservedValue,
    /// A simulation made it.
    pub simulated: bool,
    /// It came from a file or out of quarantine.
    pub replayed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_reads_what_was_written() {
        let m = RawMessage::published("air/1/a b".into(), Bytes::new());
        assert_eq!(origin(&m.came_by()), (Source::Mqtt, Some("air/1/a b".into())));
        let m = RawMessage::named("p".into(), "d".into(), Bytes::from(vec![0; 3_000]), Source::Http);
        assert_eq!(origin(&m.came_by()), (Source::Http, None));
        assert_eq!(m.weight(), 3);
    }
}
