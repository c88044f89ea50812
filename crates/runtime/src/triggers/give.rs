//! The case or the offer that somebody gets, once.

use std::time::Duration;

use serde_json::{Map, Value};
use svod_kernel::{Timestamp, Urn};
use svod_model::{Entity, StartMode};
use svod_registry::{CommandError, EntityQuery, EventStart, JournalEvent, QueryError};
use svod_store::StoreError;

use super::Triggers;
use crate::applications::{ApplicationError, Begun, Service};
use crate::cases::CaseError;

/// Parties that one event may concern.
const MOST: usize = 1_000;
/// How often something is tried that may go next time.
pub(super) const TRIES: usize = 5;
/// The pause between.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// Why something begins.
pub(super) struct Cause {
    /// The same for the same event or moment, another for every other.
    pub id: String,
    /// As the journal keeps it: `event:kuzbass/novokuznetsk:17`.
    pub ground: String,
    /// The entity it is about.
    pub entity: Urn,
    /// When it happened.
    pub at: Timestamp,
}

/// The identifier of an event: its number and its space.
pub(super) fn event_id(event: &JournalEvent) -> String {
    format!("{}-{:016x}", event.seq, svod_query::keys::hash(event.space.as_str()))
}

/// The identifier of a moment of an entity.
pub(super) fn due_id(entity: &Urn, moment: Timestamp) -> String {
    format!("due-{:016x}-{}", svod_query::keys::hash(entity.as_str()), moment.0.div_euclid(1_000_000))
}

/// What in an identifier is of the start and the party.
pub(super) fn own_of(start: &EventStart, party: &Urn) -> String {
    format!("{:016x}", svod_query::keys::hash(&format!("{}|{}|{}", start.key(), start.place, party)))
}

impl Triggers {
    /// Gives everybody concerned what the service gives; how many got something. One who is refused keeps it from nobody.
    pub(super) async fn give(
        &self,
        start: &EventStart,
        scope: &Map<String, Value>,
        cause: &Cause,
    ) -> Result<usize, String> {
        if !start.holds(scope)? {
            return Ok(0);
        }
        let parties = start.applicants(scope)?;
        if parties.len() > MOST {
            return Err(format!(
                "it concerns {} parties; at most {MOST} are given something by one event",
                parties.len()
            ));
        }
        let filled = (start.data(scope)?, start.lent(scope)?);
        let (mut given, mut refused) = (0, Vec::new());
        for party in &parties {
            match self.patiently(start, party, &filled, cause).await {
                Ok(new) => given += usize::from(new),
                Err(e) => refused.push(format!("{party}: {e}")),
            }
        }
        if refused.is_empty() { Ok(given) } else { Err(refused.join("; ")) }
    }

    async fn patiently(
        &self,
        start: &EventStart,
        party: &Urn,
        filled: &(Map<String, Value>, Vec<String>),
        cause: &Cause,
    ) -> Result<bool, ApplicationError> {
        let mut tries = 1;
        loop {
            match self.give_one(start, party, filled, cause).await {
                Err(e) if tries < TRIES && may_go_next_time(&e) => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    /// Whether somebody got something new.
    async fn give_one(
        &self,
        start: &EventStart,
        party: &Urn,
        (data, lent): &(Map<String, Value>, Vec<String>),
        cause: &Cause,
    ) -> Result<bool, ApplicationError> {
        let Some(party) = self.find(party).await? else { return Ok(false) };
        let service = Service { spec: start.service.clone(), top: start.top.clone() };
        if service.is_for(&party).is_err() {
            return Ok(false);
        }
        let own = own_of(start, &party.id);
        let kind = if start.mode == StartMode::Run { "case" } else { "offer" };
        let id = Urn::svod(kind, &format!("{}-{own}", cause.id)).map_err(|e| StoreError::Shape(e.to_string()))?;
        if self.find(&id).await?.is_some() || self.has(&service.key(), &party, cause).await? {
            return Ok(false);
        }
        let done = match start.mode {
            StartMode::Run => {
                let begun = Begun {
                    id: id.clone(),
                    data: data.clone(),
                    ground: cause.ground.clone(),
                    channel: "api",
                    event: Some(cause.entity.to_string()),
                    changes: Vec::new(),
                    files: None,
                };
                self.applications.begin(&self.actor, &service, &party, begun).await.map(drop)
            }
            StartMode::Offer | StartMode::Fill => {
                let about = (&cause.entity, cause.ground.as_str());
                let filled = (&id, data, lent.as_slice(), start.mode == StartMode::Fill);
                self.offers.make(&self.actor, &service, &party, filled, about).await
            }
        };
        match done {
            Ok(()) => Ok(true),
            // It was made before, and removed since perhaps.
            Err(
                ApplicationError::Case(CaseError::Command(CommandError::Exists(known)))
                | ApplicationError::Command(CommandError::Exists(known)),
            ) if known == id => Ok(false),
            Err(e) => Err(e),
        }
    }

    async fn find(&self, urn: &Urn) -> Result<Option<Entity>, QueryError> {
        match self.registry.entity(&self.actor, urn).await {
            Ok(entity) => Ok(Some(entity)),
            Err(QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Has the party a case or an offer of the service about the same entity, open now or when it happened?
    async fn has(&self, service: &str, party: &Entity, cause: &Cause) -> Result<bool, QueryError> {
        for (kind, begun, over) in [("Case", "openedAt", Some("closedAt")), ("Offer", "madeAt", None)] {
            let mut query = EntityQuery::of(party.space.top(), &[kind])
                .with("person", party.id.as_str())
                .with("service", service)
                .with("event", cause.entity.as_str());
            loop {
                let page = self.registry.query(&self.actor, query.clone()).await?;
                let then = |e: &Entity| {
                    let over = over.map_or(Some(e.modified_at), |name| e.time(name));
                    e.time(begun).is_some_and(|at| at <= cause.at) && over.is_some_and(|at| at > cause.at)
                };
                if page.items.iter().any(|e| e.text("status") == Some("open") || then(e)) {
                    return Ok(true);
                }
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => break,
                }
            }
        }
        Ok(false)
    }
}

/// The store or another writer was in the way, and not what was asked for.
pub(super) fn may_go_next_time(e: &ApplicationError) -> bool {
    let store = |e: &StoreError| {
        !matches!(e, StoreError::Shape(_) | StoreError::Statement(_) | StoreError::Constraint(_) | StoreError::Closed)
    };
    match e {
        ApplicationError::Store(e)
        | ApplicationError::Query(QueryError::Store(e))
        | ApplicationError::Command(CommandError::Store(e))
        | ApplicationError::Case(
            CaseError::Store(e) | CaseError::Query(QueryError::Store(e)) | CaseError::Command(CommandError::Store(e)),
        ) => store(e),
        ApplicationError::Command(CommandError::Conflict { .. })
        | ApplicationError::Case(CaseError::Command(CommandError::Conflict { .. })) => true,
        _ => false,
    }
}
