//! What is done to accounts, invitations and sites: an event of the installation's journal, written with it, a line of the log, and
//! a sign for whoever watches over security.

use serde_json::json;
use svod_kernel::{Actor, SpacePath, Urn};
use svod_store::account::{self, AccountRow};
use svod_store::journal::{self, NewEvent};
use svod_store::space::INSTALLATION;
use svod_store::{Conn, StoreError};

use crate::account::Account;
use crate::{Identity, Sign};

/// On what ground: what the journal says of all of them.
const GROUND: &str = "identity";

/// What something is done to: its word in the journal, and what names it there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of<'a>(pub &'static str, pub &'a str);

impl<'a> Of<'a> {
    pub const fn account(id: &'a str) -> Self {
        Self("Account", id)
    }
}

/// Something that is about to be done.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    event: NewEvent,
    by: Actor,
}

impl Act {
    /// Writes its event: with what is done, or after it in the same transaction.
    pub fn write(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        journal::append(conn, INSTALLATION, std::slice::from_ref(&self.event)).map(drop)
    }

    /// With where the powers are that it gives.
    pub fn giving(mut self, post: Option<&(svod_kernel::Role, SpacePath)>) -> Self {
        if let Some((role, space)) = post {
            let new = |value: &str| json!({"new": {"value": value}});
            self.event.changes = json!({"role": new(role.as_str()), "space": new(space.as_str())}).to_string();
        }
        self
    }

    /// With whose account it opens anew.
    pub fn opening(mut self, person: Option<&Urn>) -> Self {
        if let Some(person) = person {
            self.event.changes = json!({"person": {"new": {"value": person.as_str()}}}).to_string();
        }
        self
    }
}

/// The owner of an account, as the journal names them.
pub(crate) fn owner(account: &Account) -> Actor {
    Actor { id: account.person.to_string(), name: "citizen".into(), ..Actor::anonymous() }
}

/// Is there any way to sign in to the account? What is changed of one that has none is its beginning, and calls nobody.
pub(crate) fn has_a_way(conn: &mut dyn Conn, row: &AccountRow) -> Result<bool, StoreError> {
    Ok(row.password.is_some()
        || !account::passkeys(conn, &row.id)?.is_empty()
        || !svod_store::outside::list(conn, &row.id)?.is_empty())
}

impl Identity {
    /// An act by somebody: `verb` of the journal, on what.
    pub(crate) fn act(&self, verb: &'static str, of: Of<'_>, by: &Actor) -> Act {
        let event = NewEvent {
            at: self.clock.now(),
            actor: by.id.clone(),
            actor_name: by.name.clone(),
            action: verb.to_owned(),
            urn: format!("urn:svod:{}:{}", of.0.to_lowercase(), of.1),
            kind: of.0.to_owned(),
            // It is no state of an entity.
            version: 0,
            ground: GROUND.to_owned(),
            cause: None,
            changes: journal::NOTHING.to_owned(),
            on_behalf: None,
        };
        Act { event, by: by.clone() }
    }

    /// It is done: the log says so.
    pub(crate) fn done(&self, act: &Act) {
        let NewEvent { action, urn, actor, .. } = &act.event;
        tracing::info!(what = action, of = urn, by = actor, "accounts and sites");
    }

    /// It is done, and whoever watches over security is told: of a change to somebody's account with whose it is; without one it
    /// is about who may do what, in that space where it is named.
    pub(crate) fn tells(&self, act: &Act, person: Option<Urn>, space: Option<SpacePath>) {
        self.done(act);
        let (what, of, by) = (act.event.action.clone(), act.event.urn.clone(), act.by.clone());
        let _ = self.signs.send(Sign::Changed { what, of, by, person, space }); // nobody watching is fine
    }
}
