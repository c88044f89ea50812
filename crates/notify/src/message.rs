use serde::Deserialize;
use serde_json::Value;

/// A row of the outbox of kind `mqtt`, read: `{"topic", "payload", "retain"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Topic name.
    pub topic: String,
    /// Bytes: a text as it stands, null as nothing, any other JSON in its compact form.
    pub payload: Vec<u8>,
    /// Kept for those who subscribe later; an empty payload forgets it.
    pub retain: bool,
}

/// The row is no MQTT message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an MQTT message of the outbox: {0}")]
pub struct BadMessage(pub String);

/// Why a message was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not published to '{topic}': {reason}")]
pub struct Undelivered {
    /// Where it was to go.
    pub topic: String,
    /// Why it did not.
    pub reason: String,
}

/// Who sends: the MQTT broker.
pub trait Publish: Send + Sync {
    /// Sends one message.
    ///
    /// # Errors
    /// When it cannot be sent now or ever; it is tried again.
    fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), Undelivered>;
}

impl Message {
    /// Reads the body of a row.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn parse(body: &str) -> Result<Self, BadMessage> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Body {
            topic: String,
            #[serde(default)]
            payload: Value,
            #[serde(default)]
            retain: bool,
        }
        let body: Body = serde_json::from_str(body).map_err(|e| BadMessage(e.to_string()))?;
        let payload = match body.payload {
            Value::Null => Vec::new(),
            Value::String(s) => s.into_bytes(),
            other => other.to_string().into_bytes(),
        };
        Ok(Self { topic: body.topic, payload, retain: body.retain })
    }
}

/// Publishes the bodies of retained messages once more, such as those of all open alerts at the start; how many went out.
pub fn republish<'a>(publish: &dyn Publish, bodies: impl IntoIterator<Item = &'a str>) -> usize {
    let mut sent = 0;
    for body in bodies {
        let done = Message::parse(body)
            .map_err(|e| e.to_string())
            .and_then(|m| publish.publish(&m.topic, &m.payload, m.retain).map_err(|e| e.to_string()));
        match done {
            Ok(()) => sent += 1,
            Err(error) => tracing::warn!(error, "a retained message was not published again"),
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_every_kind() {
        let read = |payload: &str| {
            Message::parse(&format!(r#"{{"topic":"t","payload":{payload},"retain":true}}"#)).unwrap().payload
        };
        assert_eq!(read("null"), b"");
        assert_eq!(read("\"a\""), b"a");
        assert_eq!(read(r#"{"a": 1}"#), br#"{"a":1}"#);
        assert!(Message::parse("{}").is_err() && Message::parse(r#"{"topic":"t","to":1}"#).is_err());
        assert!(!Message::parse(r#"{"topic":"t"}"#).unwrap().retain);
    }
}
