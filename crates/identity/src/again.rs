//! Somebody who has lost every way to sign in, or is in the register and never had one, is invited to the account of the person
//! that they are. Cases, consents and mandates are the person's and stay; nothing that opened the account before opens it again.

use svod_kernel::{Actor, SpacePath, Urn};
use svod_store::account::{self, AccountRow};
use svod_store::{Conn, StoreError, client, outside};

use crate::account::{ACTIVE, Account};
use crate::acts::{Of, has_a_way, owner};
use crate::session::{From, Method};
use crate::{Identity, IdentityError, Invitation};

/// What there is for a person who is invited under a login.
pub(crate) enum Place {
    /// The login is another's.
    Taken,
    /// An account of theirs that they can sign in to.
    Open,
    /// One that has been opened anew and has nothing to sign in with yet.
    Waits(AccountRow),
    /// One that is kept out.
    Closed(AccountRow),
    /// No account.
    None,
}

pub(crate) fn place(conn: &mut dyn Conn, login: &str, person: &str) -> Result<Place, StoreError> {
    let (own, under) = (account::by_person(conn, person)?, account::by_login(conn, login)?);
    if under.is_some_and(|row| own.as_ref().is_none_or(|own| own.id != row.id)) {
        return Ok(Place::Taken);
    }
    Ok(match own {
        None => Place::None,
        Some(row) if row.state != ACTIVE => Place::Closed(row),
        Some(row) if has_a_way(conn, &row)? => Place::Open,
        Some(row) => Place::Waits(row),
    })
}

/// Takes away everything that has opened the account, and what goes on in its name.
fn emptied(conn: &mut dyn Conn, fresh: &AccountRow) -> Result<(), StoreError> {
    for key in account::passkeys(conn, &fresh.id)? {
        account::remove_passkey(conn, &fresh.id, &key.credential)?;
    }
    for identity in outside::list(conn, &fresh.id)? {
        outside::remove(conn, &fresh.id, &identity.issuer)?;
    }
    account::end_sessions(conn, &fresh.id, None)?;
    client::end_account(conn, &fresh.id)?;
    account::put(conn, fresh)
}

impl Identity {
    /// Where the person is whom that actor may invite to their account.
    ///
    /// # Errors
    /// [`IdentityError::Field`] when they may not, or there is no such person: nobody learns which.
    pub(crate) async fn home_of(&self, maker: &Actor, person: &Urn) -> Result<SpacePath, IdentityError> {
        let home = self.returnable(maker, person).await?;
        let fix = "name a person of a territory that you administer, with every post they hold";
        home.ok_or_else(|| IdentityError::Field("person", "choice", fix.to_owned()))
    }

    pub(crate) async fn returnable(&self, maker: &Actor, person: &Urn) -> Result<Option<SpacePath>, IdentityError> {
        let home = self.directory().returnable(maker, person).await;
        Ok(home.map_err(|e| StoreError::Shape(format!("the person is not known: {e}")))?.pop())
    }

    /// May the person be invited under that login now?
    ///
    /// # Errors
    /// [`IdentityError::Taken`], [`IdentityError::Field`] while they can sign in.
    pub(crate) async fn may_return(&self, login: &str, person: &Urn) -> Result<(), IdentityError> {
        let (name, person) = (login.to_owned(), person.to_string());
        match self.store.read::<_, StoreError>(move |conn| place(conn, &name, &person)).await? {
            Place::Taken => Err(IdentityError::Taken(login.to_owned())),
            Place::Open => {
                let fix = "keep the account of this person out first; it has ways to sign in".to_owned();
                Err(IdentityError::Field("person", "open", fix))
            }
            Place::Waits(_) | Place::Closed(_) | Place::None => Ok(()),
        }
    }

    /// The account that an invitation of a person is for, opened anew, and its first session. The person sees it among the
    /// accesses to their data: that is written first.
    ///
    /// # Errors
    /// [`IdentityError::Over`] when the person can sign in, or the login is another's by now.
    pub(crate) async fn again(
        &self,
        (invitation, person): (&Invitation, &Urn),
        from: &From,
    ) -> Result<(Account, String), IdentityError> {
        let (login, whose) = (invitation.login.clone(), person.to_string());
        let there = self.store.read::<_, StoreError>(move |conn| place(conn, &login, &whose)).await?;
        let row = match there {
            Place::Waits(row) if row.login == invitation.login => row,
            Place::Closed(row) => self.opened_anew((invitation, person), Some(row)).await?,
            Place::None => self.opened_anew((invitation, person), None).await?,
            Place::Taken | Place::Open | Place::Waits(_) => return Err(IdentityError::Over),
        };
        self.end_sessions(&row.id, None).await?;
        self.came_by(&row.id, invitation).await?;
        let token = self.begin(&row.id, Method::Invitation, from).await?;
        Ok((Account::of(row)?, token))
    }

    async fn opened_anew(
        &self,
        (invitation, person): (&Invitation, &Urn),
        closed: Option<AccountRow>,
    ) -> Result<AccountRow, IdentityError> {
        let by = self.maker_of(invitation).await?;
        let traced = self.directory().returned(person, &by).await;
        traced.map_err(|e| StoreError::Shape(format!("the person was not told: {e}")))?;
        let mut row = self.fresh(&invitation.login, &invitation.name, person);
        if let Some(closed) = closed {
            (row.id, row.created) = (closed.id, closed.created);
        }
        let act = self.act("reopen", Of::account(&row.id), &owner(&Account::of(row.clone())?));
        let (fresh, event, whose) = (row.clone(), act.clone(), person.to_string());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            match place(conn, &fresh.login, &whose)? {
                Place::Closed(there) if there.id == fresh.id => emptied(conn, &fresh)?,
                Place::None => account::add(conn, &fresh)?,
                _ => return Err(IdentityError::Over),
            }
            Ok(event.write(conn)?)
        };
        self.store.write(job).await?;
        self.tells(&act, Some(person.clone()), None);
        Ok(row)
    }
}
