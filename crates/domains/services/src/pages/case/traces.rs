//! What the journal says of a case beside what its page tells: by whose act a message was written, what its process has made, and
//! what somebody is offered because of it.
//! It is read as the platform and shows nothing by itself: what is named here is shown as far as the visitor may see it.

use std::collections::HashMap;

use svod_kernel::{OnBehalf, Timestamp, Urn};
use svod_model::Entity;
use svod_portal::PageContext;
use svod_registry::QueryError;
use svod_runtime::Offers;
use svod_runtime::cases::{Made, made};

use crate::ServicesState;
use crate::doers::Acted;

/// Who wrote something.
pub struct Writer {
    pub id: String,
    pub name: String,
    pub on_behalf: Vec<OnBehalf>,
    pub at: Timestamp,
}

/// What a case has left in the journal.
pub struct Traces {
    /// Of each message.
    pub writers: HashMap<Urn, Writer>,
    /// In the order in which it was made.
    pub made: Vec<Made>,
    /// Offers that rest on what it has changed, where they are the visitor's to withdraw.
    pub offers: Vec<Entity>,
}

/// Reads them; a case that nobody asked for has none.
///
/// # Errors
/// When the store fails.
pub async fn of(ctx: &PageContext, s: &ServicesState, case: &Entity) -> Result<Traces, QueryError> {
    let events = s.cases.happened_in(case).await?;
    let made = made(&events);
    let offers = Offers::new(s.applications.clone()).led_to_by(&ctx.actor, case, &events).await?;
    let written =
        events.into_iter().filter(|e| (e.entity_type.as_str(), e.action.as_str()) == ("CaseMessage", "write"));
    let writers = written.map(|e| {
        let writer = Writer { id: e.actor, name: e.actor_name, on_behalf: e.on_behalf, at: e.at };
        (e.entity, writer)
    });
    Ok(Traces { writers: writers.collect(), made, offers })
}

impl Traces {
    /// Messages that somebody wrote for another.
    pub fn acted(&self) -> impl Iterator<Item = Acted<'_>> {
        let chains = self.writers.values().filter(|w| !w.on_behalf.is_empty());
        chains.map(|w| (w.id.as_str(), w.on_behalf.as_slice()))
    }
}
