//! What the journal says of a case beside what its page tells: by whose act a message was written, and what its process has made.
//! It is read as the platform and shows nothing by itself: what is named here is shown as far as the visitor may see it.

use std::collections::HashMap;

use svod_kernel::{Actor, OnBehalf, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{JournalQuery, QueryError};
use svod_runtime::cases::{Made, is_issued};

use crate::ServicesState;
use crate::doers::Acted;

/// Events of a page, and pages at the most.
const PAGE: usize = 1_000;
const PAGES: usize = 3;

/// Who wrote something.
pub struct Writer {
    pub id: String,
    pub name: String,
    pub on_behalf: Vec<OnBehalf>,
    pub at: Timestamp,
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
                (kind, action) if is_issued(kind, action) => traces.made.push(Made { urn: e.entity, seq: e.seq }),
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
