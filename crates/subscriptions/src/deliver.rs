use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// HTTP `POST`.
    Http {
        /// Address.
        url: String,
        /// Header fields in the case in which they were given.
        headers: Vec<(String, String)>,
    },
    /// Nowhere: the subscriber comes and listens, see [`crate::Stream`].
    Stream,
    /// MQTT `PUBLISH`.
    Mqtt {
        /// `mqtt[s]://[user[:password]@]host[:port]/topic`
        url: String,
        /// 0 to 2.
        qos: u8,
        /// MQTT 5 instead of 3.1.1.
        five: bool,
    },
}

/// A message to one subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub target: Target,
    /// Payload.
    pub body: Bytes,
    /// How long the subscriber may take.
    pub timeout: Duration,
}

/// A delivery under way; the error is why it failed.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Carries messages to the outside.
pub trait Deliver: Send + Sync + 'static {
    /// Delivers one message.
    fn deliver(&self, message: Message) -> Sending<'_>;
}
