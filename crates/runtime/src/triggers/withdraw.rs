//! Offers whose ground has ended: what they stand on is not so any more, is gone, or the case that led to them was called off.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_kernel::{Actor, Urn};
use svod_model::{Entity, StartMode};
use svod_registry::{EntityQuery, EventStart, Happening, JournalEvent, JournalQuery, On, QueryError};

use super::Triggers;
use super::give::{PAUSE, TRIES, event_id, may_go_next_time, own_of};
use crate::applications::ApplicationError;
use crate::offers::tops;

/// How a case ends that an operator calls off: a word of `CaseOutcome`.
pub(super) const CALLED_OFF: &str = "cancelled";
/// Events of a case on a page, and pages that are looked through.
const EVENTS: usize = 1_000;
const PAGES: usize = 10;

/// Does a case end with this event?
pub(super) fn is_end_of_case(event: &JournalEvent) -> bool {
    event.entity_type == "Case" && event.action == "close"
}

impl Triggers {
    /// Withdraws what a start has offered, where the event takes the ground from it.
    pub(super) async fn withdraw(
        &self,
        start: &EventStart,
        (event, happening): (&JournalEvent, &Happening),
        scope: &Map<String, Value>,
    ) -> Result<(), String> {
        let gone = happening.gone && start.on != On::Delete;
        if start.mode == StartMode::Run || (!gone && start.stands(scope)?) {
            return Ok(());
        }
        let of_start = |offer: &Entity| {
            offer.object("person").is_some_and(|person| offer.id.local().ends_with(&own_of(start, person)))
        };
        self.withdraw_those(&event.entity, (event, &start.key()), of_start).await
    }

    /// Withdraws everything that was offered because of what a case did, where it was called off.
    pub(super) async fn called_off(&self, event: &JournalEvent, happening: &Happening) -> Result<(), String> {
        if !is_end_of_case(event) || happening.entity.text("outcome") != Some(CALLED_OFF) {
            return Ok(());
        }
        let led = self.led_to(&happening.entity).await.map_err(|e| e.to_string())?;
        for (entity, causes) in &led {
            let of_case = |offer: &Entity| causes.iter().any(|id| offer.id.local().starts_with(&format!("{id}-")));
            self.withdraw_those(entity, (event, "case"), of_case).await?;
        }
        Ok(())
    }

    /// What a case has changed that services may begin with: each entity with the events.
    async fn led_to(&self, case: &Entity) -> Result<BTreeMap<Urn, Vec<String>>, QueryError> {
        let catalogue = self.registry.catalogue();
        let offering = |event: &JournalEvent| {
            let mut starts = catalogue.starts.events.iter().filter(|s| s.mode != StartMode::Run);
            starts.any(|start| catalogue.metamodel.is_a(&event.entity_type, &start.kind))
        };
        let (mut led, mut after): (BTreeMap<Urn, Vec<String>>, _) = (BTreeMap::new(), None);
        for _ in 0..PAGES {
            let q = JournalQuery {
                space: case.space.top(),
                below: true,
                entity: None,
                cause: Some(case.id.clone()),
                newest_first: true,
                after: after.take(),
                limit: EVENTS,
            };
            let page = self.registry.journal(&Actor::platform("triggers"), q).await?;
            for event in page.items.iter().filter(|e| offering(e)) {
                led.entry(event.entity.clone()).or_default().push(event_id(event));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(led)
    }

    /// Withdraws the open offers about an entity that are meant.
    async fn withdraw_those(
        &self,
        about: &Urn,
        (event, why): (&JournalEvent, &str),
        meant: impl Fn(&Entity) -> bool,
    ) -> Result<(), String> {
        let ground = format!("event:{}:{}", event.space, event.seq);
        for space in tops(&self.registry) {
            let mut query = EntityQuery::of(space, &["Offer"]).with("event", about.as_str()).with("status", "open");
            loop {
                let page = self.registry.query(&self.actor, query.clone()).await.map_err(|e| e.to_string())?;
                for offer in page.items.iter().filter(|offer| meant(offer)) {
                    if self.patiently_withdrawn(&offer.id, &ground).await.map_err(|e| format!("{}: {e}", offer.id))? {
                        tracing::info!(offer = %offer.id, why, %ground, "an offer is withdrawn");
                    }
                }
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    async fn patiently_withdrawn(&self, offer: &Urn, ground: &str) -> Result<bool, ApplicationError> {
        let mut tries = 1;
        loop {
            match self.offers.withdraw(&self.actor, offer, ground).await {
                Err(e) if tries < TRIES && may_go_next_time(&e) => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }
}
