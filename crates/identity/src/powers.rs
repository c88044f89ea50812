//! What somebody who set something up before may be today: subscriptions and their like go on in their name only as far as
//! they themselves still may.

use std::sync::Arc;

use quick_cache::sync::Cache;
use svod_kernel::{Actor, Timestamp, Urn};
use svod_store::{Conn, StoreError, account};

use crate::account::Account;
use crate::session::{BELIEVED, citizen};
use crate::{Capacity, Identity, IdentityError};

/// Actors remembered.
const REMEMBERED: usize = 10_000;

/// Powers that were looked up a moment ago.
pub(crate) struct Powers(Cache<String, (Timestamp, Arc<Actor>)>);

impl Powers {
    pub fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

fn holds(actor: &Actor, post: &Capacity) -> bool {
    actor.roles.contains(&post.role) && actor.spaces.contains(&post.space) && actor.body == post.body
}

impl Identity {
    /// The actor of before with the powers of today, at most a second old: who has lost the post acts in their own affairs,
    /// who may not act for another any more or is kept out is nobody. Who has no account (personas) stays as they were.
    ///
    /// # Errors
    /// When it cannot be looked up.
    pub async fn powers_now(&self, actor: &Actor) -> Result<Arc<Actor>, IdentityError> {
        let Ok(person) = actor.id.parse::<Urn>() else { return Ok(Arc::new(actor.clone())) };
        let (now, key) = (self.clock.now(), format!("{}|{:?}|{:?}", actor.capacity(), actor.roles, actor.spaces));
        if let Some((_, known)) = self.powers.0.get(&key).filter(|(until, _)| now < *until) {
            return Ok(known);
        }
        let whose = person.to_string();
        let row = self.store.read::<_, StoreError>(move |conn: &mut dyn Conn| account::by_person(conn, &whose)).await?;
        let today = match row.map(Account::of).transpose()? {
            None => actor.clone(),
            Some(owner) if owner.blocked => Actor::anonymous(),
            Some(owner) if !actor.on_behalf.is_empty() => {
                let all = self.represented(&owner).await?;
                match all.into_iter().any(|r| r.chain == actor.on_behalf) {
                    true => actor.clone(),
                    false => Actor::anonymous(),
                }
            }
            Some(owner) if actor.spaces.is_empty() => citizen(&owner, Vec::new()),
            Some(owner) => match self.capacities(&owner).await?.iter().any(|post| holds(actor, post)) {
                true => actor.clone(),
                false => citizen(&owner, Vec::new()),
            },
        };
        let today = Arc::new(today);
        self.powers.0.insert(key, (now.plus_seconds(BELIEVED), today.clone()));
        Ok(today)
    }
}
