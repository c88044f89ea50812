//! Which changes give or take powers: before those, edges ask for a fresh proof of who makes them.

use svod_kernel::Actor;
use svod_model::Entity;

use crate::{Change, Operation, QueryError, Registry};

/// Types whose entities say who may do what.
const POWERS: [&str; 2] = ["Appointment", "Post"];

fn is_power(entity: &Entity) -> bool {
    entity.kinds().any(|kind| POWERS.contains(&kind))
}

impl Registry {
    /// Would one of the changes give or take powers, by what it says or by what it is made to? Whether policy permits it is not
    /// asked here.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn touches_powers(&self, changes: &[Change]) -> Result<bool, QueryError> {
        let platform = Actor::platform("powers");
        for change in changes {
            let there = match self.entity(&platform, change.urn()).await {
                Ok(entity) => Some(entity),
                Err(QueryError::NotFound(_)) => None,
                Err(e) => return Err(e),
            };
            let said = match &change.operation {
                Operation::Create(entity) | Operation::Upsert(entity) | Operation::Replace { entity, .. } => {
                    is_power(entity)
                }
                Operation::Edit { edit, .. } => (edit.0)(there.as_ref()).is_ok_and(|entity| is_power(&entity)),
                // What was removed may have been one.
                Operation::Restore { .. } => there.is_none(),
                _ => false,
            };
            if said || there.as_ref().is_some_and(is_power) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
