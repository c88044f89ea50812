//! What the journal says of a case beside what its page tells: by whose act a message was written, and what its process has made.
//! It is read as the platform and shows nothing by itself: what is named here is shown as far as the visitor may see it.

use std::collections::HashMap;

use svod_kernel::{Actor, OnBehalf, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{JournalQuery, QueryError};

use crate::ServicesState;
use crate::doers::Acted;

/// Events of a page, and pages at the most.
const PAGE: usize = 1_000;
const PAGES: usize = 3;
/// What belongs to the case itself, or to who looks at it: it has parts of its own on the page, or pages of its own.
const OWN: [&str; 10] =
    ["Alert", "Case", "Task", "Decision", "Offer", "CaseMessage", "Accrual", "Payment", "Access", "Consent"];

/// Who wrote something.
pub struct Writer {
    pub id: String,
    pub name: String,
    pub on_behalf: Vec<OnBehalf>,
    pub at: Timestamp,
}

/// Something that the process of the case has made.
pub struct Made {
    pub urn: Urn,
    /// Of its event, in the space of the case.
    pub seq: i64,
}

/// What a case has left in the journal.
#[derive(Default)]
pub struct Traces {
    /// Of each message.
    pub writers: HashMap<Urn, Writer>,
    /// In the order in which it was made.
    pub made: Vec<Made>,
}

/// Reads them; a case that nobody asked for has none of both.
///
/// # Errors
/// When the store fails.
pub async fn of(s: &ServicesState, case: &Entity) -> Result<Traces, QueryError> {
    let (mut traces, mut after) = (Traces::default(), None);
    if case.object("person").is_none() {
        return Ok(traces);
    }
    for _ in 0..PAGES {
        let q = JournalQuery {
            space: case.space.clone(),
            below: false,
            entity: None,
            cause: Some(case.id.clone()),
            newest_first: false,
            after: after.take(),
            limit: PAGE,
        };
        let page = s.registry.journal(&Actor::platform("services"), q).await?;
        for e in page.items {
            match (e.entity_type.as_str(), e.action.as_str()) {
                ("CaseMessage", "write") => {
                    let writer = Writer { id: e.actor, name: e.actor_name, on_behalf: e.on_behalf, at: e.at };
                    traces.writers.insert(e.entity, writer);
                }
                (kind, "create") if !OWN.contains(&kind) => {
                    traces.made.push(Made { urn: e.entity, seq: e.seq });
                }
                _ => {}
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(traces)
}

impl Traces {
    /// Messages that somebody wrote for another.
    pub fn acted(&self) -> impl Iterator<Item = Acted<'_>> {
        let chains = self.writers.values().filter(|w| !w.on_behalf.is_empty());
        chains.map(|w| (w.id.as_str(), w.on_behalf.as_slice()))
    }
}
