//! Messages that other systems bring: to processes of the territories that whoever brings them looks after.

use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath};
use svod_process::Event;
use svod_registry::{Action, CommandError};
use svod_store::instance::{self, Waits};

use super::deed::Deed;
use super::{Along, CaseError, Cases, Key, NewCase};

/// What whoever may not is told of.
const KIND: &str = "Message";
/// Receivers of one name and key that are looked at, in all territories.
const LOOKED: i64 = 200;
/// What only the books may say.
const MONEY: [&str; 2] = ["accrual-paid", "payment-settled"];

impl Cases {
    /// Brings a message from outside to whoever waits for it, or begins what begins with it; whether anybody did. A receiver in a
    /// territory that the actor does not administer is nobody.
    ///
    /// # Errors
    /// Forbidden for who administers no territory, and in a case of one's own or of whom one acts for; else see [`CaseError`].
    pub async fn told(
        &self,
        actor: &Actor,
        name: &str,
        key: Option<&str>,
        payload: Map<String, Value>,
    ) -> Result<bool, CaseError> {
        let theirs = self.administered(actor);
        if theirs.is_empty() {
            let space = actor.spaces.first().cloned().unwrap_or_else(|| self.registry.installation(KIND).space);
            return Err(forbidden(space));
        }
        if MONEY.contains(&name) {
            return Err(forbidden(theirs[0].1.clone()));
        }
        let along = Along { ground: Some(format!("message:{name}")), ..Along::default() };
        if let Some((receiver, space)) = self.among(&theirs, name, key.unwrap_or_default()).await? {
            if self.is_own(actor, receiver).await? {
                return Err(forbidden(space));
            }
            let event = Event::Message { name: name.to_owned(), key: key.map(str::to_owned), payload };
            return match self.happen(actor, receiver, &event, &along).await {
                Ok(_) => Ok(true),
                Err(e) if e.is_late() => Ok(false),
                Err(e) => Err(e),
            };
        }
        let Some(new) = self.starting(name, None).await? else { return Ok(false) };
        if !theirs.iter().any(|(_, space)| *space == new.space) {
            return Ok(false);
        }
        self.begin(actor, NewCase { variables: payload, ..new }, along).await?;
        Ok(true)
    }

    /// The first who waits for it in these territories.
    async fn among(
        &self,
        theirs: &[(i64, SpacePath)],
        name: &str,
        key: &str,
    ) -> Result<Option<(Key, SpacePath)>, CaseError> {
        let (name, key) = (name.to_owned(), key.to_owned());
        let read = move |conn: &mut dyn svod_store::Conn| instance::awaiting(conn, Waits::Message, &name, &key, LOOKED);
        let waiting = self.store.read(read).await?;
        let here = |id: i64| theirs.iter().find(|(space, _)| *space == id).map(|(_, path)| path.clone());
        Ok(waiting.iter().find_map(|w| Some(((w.space, w.instance), here(w.space)?))))
    }

    /// Is the case of the instance the actor's own?
    async fn is_own(&self, actor: &Actor, key: Key) -> Result<bool, CaseError> {
        let mut deed = Deed::new(self, Along::default());
        deed.case_of(key).await?;
        let case = deed.take(key).await?.case.clone();
        Ok(case.as_ref().and_then(|c| c.object("person")).is_some_and(|person| actor.owns(person, "Case")))
    }
}

fn forbidden(space: SpacePath) -> CaseError {
    CommandError::Forbidden { action: Action::Administer.as_str(), kind: KIND.into(), space }.into()
}
