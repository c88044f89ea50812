//! Messages that other systems bring, and signals that they call: to processes of the territories that whoever brings them looks
//! after.

use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath};
use svod_process::Event;
use svod_registry::{Action, CommandError};
use svod_store::StoreError;
use svod_store::instance::{self, Wait, Waits};
use svod_store::space::INSTALLATION;

use super::carry::wait;
use super::deed::Deed;
use super::starting::Within;
use super::{Along, CaseError, Cases, Key, NewCase};

/// What whoever may not is told of.
const KIND: &str = "Message";
/// The same of signals.
const SIGNAL: &str = "Signal";
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

    /// Calls a signal from outside: whoever waits for it in the territories that the actor administers is told, and what begins
    /// with it there begins, each once; nobody in a case of the actor's own or of whom they act for.
    ///
    /// # Errors
    /// Forbidden for who administers no territory; the store.
    pub async fn call(&self, actor: &Actor, name: &str, payload: Map<String, Value>) -> Result<(), CaseError> {
        let theirs = self.administered(actor);
        if theirs.is_empty() {
            let space = actor.spaces.first().cloned().unwrap_or_else(|| self.registry.installation(SIGNAL).space);
            return Err(
                CommandError::Forbidden { action: Action::Administer.as_str(), kind: SIGNAL.into(), space }.into()
            );
        }
        let own = actor.on_behalf.iter().map(|link| link.person.to_string());
        let not_of = std::iter::once(actor.id.clone()).chain(own).collect();
        let within = Within { spaces: theirs.into_iter().map(|(id, _)| id).collect(), not_of };
        let told = self.called(name, payload, Some(within));
        let body = serde_json::to_string(&told).map_err(|e| StoreError::Shape(e.to_string()))?;
        let due = Some(self.registry.clock().now());
        let wait = Wait { due, body, ..wait("b".to_owned(), Waits::Broadcast, name.to_owned()) };
        self.store.write(move |conn| instance::post(conn, INSTALLATION, &wait)).await?;
        tracing::info!(signal = name, actor = actor.id, "a signal was called from outside");
        self.due.notify_one();
        Ok(())
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
