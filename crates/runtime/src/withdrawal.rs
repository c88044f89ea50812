//! An offer that is withdrawn by hand: by the body whose case has led to it, with a reason that whom it was offered to reads.

use std::collections::BTreeSet;

use svod_kernel::{Actor, Role, Urn};
use svod_model::{Attribute, Entity, StartMode};
use svod_registry::{Action, Command, CommandError, EntityQuery, JournalEvent, QueryError};

use crate::offers::{OfferError, Offers, TRIES, answered, stands};

/// Longest reason, in characters.
pub const MAX_REASON: usize = 1_000;
/// Entities of a case that are looked at for offers.
const MOST: usize = 50;

impl Offers {
    /// Open offers that rest on what a case has changed, by what happened in it, the newest first: those that the actor may
    /// withdraw. Nothing for who does not answer for the case, or whose own matter it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn led_to_by(
        &self,
        actor: &Actor,
        case: &Entity,
        events: &[JournalEvent],
    ) -> Result<Vec<Entity>, QueryError> {
        let mut found = Vec::new();
        if !self.answers_for(actor, case) {
            return Ok(found);
        }
        let now = self.registry.clock().now();
        for about in self.offering(events) {
            let query = EntityQuery::of(case.space.top(), &["Offer"]).with("event", about.as_str());
            let page = self.registry.query(&Actor::platform("offers"), query.with("status", "open")).await?;
            let theirs = |offer: &Entity| self.registry.may(actor, Action::Complete, &self.registry.resource_of(offer));
            found.extend(page.items.into_iter().filter(|offer| stands(offer, now) && theirs(offer)));
        }
        found.sort_by_key(|offer| std::cmp::Reverse(offer.time("madeAt")));
        Ok(found)
    }

    /// Withdraws one of them.
    ///
    /// # Errors
    /// [`OfferError::Reason`]; not found when it does not rest on the case, or is not the actor's to withdraw;
    /// [`OfferError::State`] when it was answered meanwhile.
    pub async fn withdraw_by_hand(
        &self,
        actor: &Actor,
        case: &Entity,
        (urn, reason): (&Urn, &str),
    ) -> Result<(), OfferError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return Err(OfferError::Reason);
        }
        let none = || OfferError::from(QueryError::NotFound(format!("offer {urn}")));
        if !self.answers_for(actor, case) {
            return Err(none());
        }
        let rests_on = self.offering(&self.cases().happened_in(case).await?);
        // Officials read no offers. What was judged here is written as the platform, in their name.
        let hand = Actor { roles: [Role::Platform].into(), ..actor.clone() };
        let mut tries = 1;
        loop {
            let offer = self.registry.entity(&Actor::platform("offers"), urn).await?;
            let about = offer.text("event").and_then(|event| event.parse::<Urn>().ok());
            let here = offer.kind == "Offer" && about.is_some_and(|about| rests_on.contains(&about));
            if !here || !self.registry.may(actor, Action::Complete, &self.registry.resource_of(&offer)) {
                return Err(none());
            }
            self.is_open(&offer)?;
            let set = [("status", Attribute::property("withdrawn")), ("reason", Attribute::property(reason))];
            let mut change = answered(&offer, set, "withdraw");
            change.action = Some(Action::Complete);
            let (ground, cause) = (format!("offer:{urn}"), Some(case.id.clone()));
            let command = Command { ground, cause, changes: vec![change], ..Command::default() };
            match self.registry.execute(&hand, command).await {
                Ok(_) => return Ok(()),
                Err(CommandError::Conflict { .. }) if tries < TRIES => tries += 1,
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Works the actor for the body that answers for a case of somebody else?
    fn answers_for(&self, actor: &Actor, case: &Entity) -> bool {
        let own = case.object("person").is_none_or(|person| actor.owns(person, "Case"));
        let theirs = case.object("body").is_some_and(|body| actor.body.as_ref() == Some(body));
        theirs && !own && self.registry.may(actor, Action::Complete, &self.registry.resource_of(case))
    }

    /// What of that services are offered by: what changed last, where it is more than is looked at.
    fn offering(&self, events: &[JournalEvent]) -> BTreeSet<Urn> {
        let catalogue = self.registry.catalogue();
        let offers = |event: &&JournalEvent| {
            let mut starts = catalogue.starts.events.iter().filter(|s| s.mode != StartMode::Run);
            starts.any(|start| catalogue.metamodel.is_a(&event.entity_type, &start.kind))
        };
        let mut all = BTreeSet::new();
        for event in events.iter().rev().filter(offers) {
            if all.len() >= MOST {
                break;
            }
            all.insert(event.entity.clone());
        }
        all
    }
}
