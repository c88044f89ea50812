//! Events of the journal, in their order.

use std::sync::Arc;

use svod_model::{Entity, StartMode};
use svod_registry::{Committed, EventStart, Happening, JournalEvent, On, Projection, Taken};

use super::Triggers;

use super::give::{self, Cause, due_id, event_id};
use super::scope::{around, is_made, scope};
use super::withdraw::{CALLED_OFF, is_end_of_case};

/// The triggers as a projection: their place is kept by space.
pub(super) struct Following(pub Arc<Triggers>);

impl Projection for Following {
    fn name(&self) -> &'static str {
        "triggers"
    }

    /// What happened before there were triggers starts nothing.
    fn reads_from_the_beginning(&self) -> bool {
        false
    }

    fn take(&self, step: Arc<Committed>) -> Taken<'_> {
        Box::pin(async move { self.0.follow(&step).await })
    }
}

impl Triggers {
    /// Every event of a step; what fails is told together.
    async fn follow(&self, step: &Committed) -> Result<(), String> {
        let catalogue = self.registry.catalogue();
        let starts = &catalogue.starts.events;
        if starts.is_empty() {
            return Ok(());
        }
        let model = &catalogue.metamodel;
        let of = |event: &JournalEvent, start: &EventStart| model.is_a(&event.entity_type, &start.kind);
        let wanted = |event: &JournalEvent, _: Option<&Entity>| {
            is_end_of_case(event) || starts.iter().any(|start| of(event, start))
        };
        let mut refused = Vec::new();
        for (seq, happening) in Happening::those(step, wanted) {
            let Some(event) = step.events.iter().find(|e| e.seq == seq) else { continue };
            let (entity, before) = around(event, &happening);
            if let Err(reason) = self.called_off(event, &happening).await {
                refused.push(reason);
            }
            let scope = scope(model, &entity, before.as_ref());
            for start in starts.iter().filter(|start| of(event, start)) {
                if let Err(reason) = self.withdraw(start, (event, &happening), &scope).await {
                    refused.push(format!("{}: {reason}", start.key()));
                }
                let Some(cause) = self.cause(event, &happening, (start, &entity)) else { continue };
                match self.is_barred(event, start).await {
                    Ok(false) => {}
                    Ok(true) => {
                        tracing::info!(
                            service = start.key(),
                            seq,
                            "a case of the service itself does not start it again, and one that was called off offers nothing"
                        );
                        continue;
                    }
                    Err(reason) => refused.push(reason),
                }
                match self.give(start, &scope, &cause).await {
                    Ok(given) if given > 0 => tracing::info!(service = start.key(), %cause.ground, given, "begun"),
                    Ok(_) => {}
                    Err(reason) => refused.push(format!("{}: {reason}", start.key())),
                }
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused.join("; ")) }
    }

    /// Why the service starts with this event; none when it does not.
    fn cause(
        &self,
        event: &JournalEvent,
        happening: &Happening,
        (start, entity): (&EventStart, &Entity),
    ) -> Option<Cause> {
        let made = is_made(event, happening);
        let id = match &start.on {
            On::Create => made.then(|| event_id(event)),
            On::Update => (!made && !happening.gone).then(|| event_id(event)),
            On::Delete => happening.gone.then(|| event_id(event)),
            On::Due(due) => {
                // Written down late: its moment is over, what it was to come before is not.
                let touched = made || happening.touches.iter().any(|t| t.name == due.spec.on);
                let now = self.registry.clock().now();
                let clock = self.registry.catalogue().clocks.offset(&entity.space);
                let held = entity.text(&due.spec.on).filter(|_| touched && !happening.gone && due.spec.before)?;
                let (at, moment) = (due.held(held, clock)?, due.moment(held, clock)?);
                (moment <= now && at > now).then(|| due_id(&entity.id, moment))
            }
        }?;
        let ground = format!("event:{}:{}", event.space, event.seq);
        Some(Cause { id, ground, entity: entity.id.clone(), at: event.at })
    }

    /// Was the event caused by a case of the service? It would go on for ever. Or by one that was called off since: what it offers
    /// would be withdrawn.
    async fn is_barred(&self, event: &JournalEvent, start: &EventStart) -> Result<bool, String> {
        let Some(case) = &event.cause else { return Ok(false) };
        let mut tries = 1;
        loop {
            match self.registry.entity(&self.actor, case).await {
                Ok(case) => {
                    let own = case.text("service") == Some(start.key().as_str());
                    let over = start.mode != StartMode::Run && case.text("outcome") == Some(CALLED_OFF);
                    return Ok(own || over);
                }
                Err(svod_registry::QueryError::NotFound(_)) => return Ok(false),
                Err(svod_registry::QueryError::Store(_)) if tries < give::TRIES => {
                    tries += 1;
                    tokio::time::sleep(give::PAUSE).await;
                }
                Err(e) => return Err(e.to_string()),
            }
        }
    }
}
