//! The door onto the real platform: messages go to ingest, alerts come from notify.

use std::sync::Arc;

use bytes::Bytes;
use svod_ingest::{Ingest, IngestError, RawMessage};
use svod_kernel::{Actor, Role};
use svod_notify::{Publish, Undelivered};

use crate::broker::MqttBroker;
use crate::door::{BoxFuture, Credentials, Door, Publication, PublishRefusal, Refusal};

/// Who is this? Given by the wiring: bearer tokens by identity, anonymous devices by configuration.
pub type Authenticate = Arc<dyn Fn(&Credentials) -> Result<Actor, Refusal> + Send + Sync>;

/// May the actor see what the filter names?
pub type MaySubscribe = Arc<dyn Fn(&Actor, &str) -> bool + Send + Sync>;

/// [`Door`] of a running platform.
pub struct PlatformDoor {
    /// Where publishes go.
    pub ingest: Ingest,
    /// Who may come in.
    pub authenticate: Authenticate,
    /// Who may see what; [`entitled`] is the rule of the house.
    pub may_subscribe: MaySubscribe,
}

impl Door for PlatformDoor {
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<Result<Actor, Refusal>> {
        let answer = (self.authenticate)(&credentials);
        Box::pin(std::future::ready(answer))
    }

    fn publish(&self, actor: Arc<Actor>, messages: Vec<Publication>) -> BoxFuture<Vec<Result<(), PublishRefusal>>> {
        let ingest = self.ingest.clone();
        Box::pin(async move {
            let messages = messages.into_iter().map(|m| RawMessage::published(m.topic, m.payload)).collect();
            let answers = ingest.submit_each(&actor, messages).await;
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

/// The rule of the house: an administrator of the installation sees every topic, devices' own included; anybody known
/// sees what the platform says about their spaces, `svod/<space>/…`. Regions do not see each other.
pub fn entitled(actor: &Actor, filter: &str) -> bool {
    if actor.is(Role::Platform) {
        return true;
    }
    if actor.is(Role::Administrator) && actor.spaces.iter().any(|s| s.as_str() == "installation") {
        return true;
    }
    let Some(rest) = filter.strip_prefix("svod/") else { return false };
    actor.spaces.iter().any(|space| {
        let mut levels = rest.split('/');
        space.as_str().split('/').all(|name| levels.next() == Some(name)) && levels.next().is_some()
    })
}

impl Publish for MqttBroker {
    fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), Undelivered> {
        Self::publish(self, topic, Bytes::copy_from_slice(payload), retain)
            .map_err(|e| Undelivered { topic: topic.to_owned(), reason: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn actor(role: Role, spaces: &[&str]) -> Actor {
        Actor {
            roles: BTreeSet::from([role]),
            spaces: spaces.iter().map(|s| s.parse().unwrap()).collect(),
            ..Actor::anonymous()
        }
    }

    #[test]
    fn regions_do_not_see_each_other() {
        let citizen = actor(Role::Citizen, &["kuzbass"]);
        for yes in ["svod/kuzbass/#", "svod/kuzbass/belovo/alerts/+", "svod/kuzbass/+/alerts/1"] {
            assert!(entitled(&citizen, yes), "{yes}");
        }
        for no in
            ["#", "+/#", "svod/#", "svod/+/alerts/1", "svod/neighbour/#", "svod/kuzbass2/#", "svod/kuzbass", "air/#"]
        {
            assert!(!entitled(&citizen, no), "{no}");
            assert!(!entitled(&actor(Role::Administrator, &["kuzbass"]), no), "{no}");
            assert!(entitled(&actor(Role::Administrator, &["kuzbass", "installation"]), no), "{no}");
        }
        let town = actor(Role::Official, &["kuzbass/belovo"]);
        assert!(entitled(&town, "svod/kuzbass/belovo/alerts/+") && !entitled(&town, "svod/kuzbass/+/alerts/+"));
        assert!(!entitled(&Actor::anonymous(), "svod/kuzbass/#"));
    }
}
