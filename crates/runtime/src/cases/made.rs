//! What the process of a case has made: what was issued in it.

use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_registry::{JournalEvent, JournalQuery, QueryError};

use super::Cases;

/// Events of a page, and pages at the most.
const PAGE: usize = 1_000;
const PAGES: usize = 3;
/// What belongs to the case itself, or to who looks at it, and is told for itself.
const OWN: [&str; 10] =
    ["Alert", "Case", "Task", "Decision", "Offer", "CaseMessage", "Accrual", "Payment", "Access", "Consent"];

/// Something that the process of a case has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What.
    pub urn: Urn,
    /// Number of its event, in the space of the case.
    pub seq: i64,
}

/// Does an event of a case's journal, by the type of what it was done to and its verb, make something that is issued?
fn is_issued(kind: &str, action: &str) -> bool {
    action == "create" && !OWN.contains(&kind)
}

/// What was made by what happened in a case.
pub fn made(events: &[JournalEvent]) -> Vec<Made> {
    let issued = events.iter().filter(|e| is_issued(&e.entity_type, &e.action));
    issued.map(|e| Made { urn: e.entity.clone(), seq: e.seq }).collect()
}

impl Cases {
    /// What the process of a case has made, in the order in which it was made; nothing in a case that nobody asked for. It is read
    /// as the platform: what of it is shown is for the caller to judge.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn made(&self, case: &Entity) -> Result<Vec<Made>, QueryError> {
        Ok(made(&self.happened_in(case).await?))
    }

    /// What a case has left in the journal of its space, in its order, 3,000 events at the most; nothing of a case that nobody asked
    /// for. It is read as the platform: what of it is shown is for the caller to judge.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn happened_in(&self, case: &Entity) -> Result<Vec<JournalEvent>, QueryError> {
        let (mut events, mut after) = (Vec::new(), None);
        if case.object("person").is_none() {
            return Ok(events);
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
            let page = self.registry.journal(&Actor::platform("process"), q).await?;
            events.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(events)
    }
}
