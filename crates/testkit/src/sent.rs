use std::sync::{Mutex, PoisonError};

use svod_notify::{Publish, Undelivered};

/// One message told to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// MQTT topic.
    pub topic: String,
    /// Bytes.
    pub payload: Vec<u8>,
    /// Kept for those who subscribe later.
    pub retain: bool,
}

/// Everything the platform told the outside, in its order.
#[derive(Debug, Default)]
pub struct Sent(Mutex<Vec<SentMessage>>);

impl Sent {
    /// All messages so far.
    pub fn all(&self) -> Vec<SentMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Publish for Sent {
    fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), Undelivered> {
        let message = SentMessage { topic: topic.to_owned(), payload: payload.to_vec(), retain };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        Ok(())
    }
}
