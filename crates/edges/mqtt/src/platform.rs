//! The door onto the real platform: messages go to ingest, alerts come from notify.

use std::sync::Arc;

use bytes::Bytes;
use svod_ingest::{Feed, Ingest, IngestError, RawMessage};
use svod_kernel::Actor;
use svod_notify::{Publish, Undelivered};

use crate::broker::MqttBroker;
use crate::door::{BoxFuture, Credentials, Door, Publication, PublishRefusal, Refusal};

/// Who is this? Given by the wiring: bearer tokens and devices' secrets by identity, anonymous devices by configuration.
pub type Authenticate = Arc<dyn Fn(Credentials) -> BoxFuture<Result<Actor, Refusal>> + Send + Sync>;

/// What may somebody deliver now who was let in before? Nothing to ask for whom nothing limits; no feed for whom is let in no
/// more.
pub type StillMay = Arc<dyn Fn(&Arc<Actor>) -> Option<BoxFuture<Result<Option<Feed>, Refusal>>> + Send + Sync>;

/// May the actor see what the filter names?
pub type MaySubscribe = Arc<dyn Fn(&Actor, &str) -> bool + Send + Sync>;

/// [`Door`] of a running platform.
pub struct PlatformDoor {
    /// Where publishes go.
    pub ingest: Ingest,
    /// Who may come in.
    pub authenticate: Authenticate,
    /// Who may deliver what, asked with every batch.
    pub still_may: StillMay,
    /// Who may see what.
    pub may_subscribe: MaySubscribe,
}

impl Door for PlatformDoor {
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<Result<Actor, Refusal>> {
        (self.authenticate)(credentials)
    }

    fn publish(&self, actor: Arc<Actor>, messages: Vec<Publication>) -> BoxFuture<Vec<Result<(), PublishRefusal>>> {
        let (ingest, asked) = (self.ingest.clone(), (self.still_may)(&actor));
        Box::pin(async move {
            let feed = match asked {
                None => Feed::default(),
                Some(asked) => match asked.await {
                    Ok(Some(feed)) => feed,
                    Ok(None) => return vec![Err(PublishRefusal::NotAuthorised); messages.len()],
                    Err(_) => return vec![Err(PublishRefusal::Failed); messages.len()],
                },
            };
            let messages = messages.into_iter().map(|m| RawMessage::published(m.topic, m.payload)).collect();
            let answers = ingest.submit_each_of(&actor, &feed, messages).await;
            answers.into_iter().map(|a| a.map_err(|e| refusal(&e))).collect()
        })
    }

    fn may_subscribe(&self, actor: &Actor, filter: &str) -> bool {
        (self.may_subscribe)(actor, filter)
    }
}

const fn refusal(error: &IngestError) -> PublishRefusal {
    match error {
        IngestError::Busy => PublishRefusal::Busy,
        IngestError::Forbidden => PublishRefusal::NotAuthorised,
        IngestError::TooLarge(_) | IngestError::Store(_) | IngestError::Stopping => PublishRefusal::Failed,
    }
}

impl Publish for MqttBroker {
    fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), Undelivered> {
        Self::publish(self, topic, Bytes::copy_from_slice(payload), retain)
            .map_err(|e| Undelivered { topic: topic.to_owned(), reason: e.to_string() })
    }
}
