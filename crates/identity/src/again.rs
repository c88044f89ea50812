//! Somebody who has lost every way to sign in, or is in the register and never had one, is invited to the account of the person
//! that they are. Cases, consents and mandates are the person's and stay; nothing that opened the account before opens it again.

use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_store::account::{self, AccountRow};
use svod_store::{Conn, StoreError, client, outside};

use crate::account::{ACTIVE, Account};
use crate::acts::{Of, has_a_way, owner};
use crate::invitation::has_come_by;
use crate::session::{From, Method};
use crate::{Identity, IdentityError, Invitation, removed, secret};

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
    /// One that was kept out, removed, or opened by another invitation, after this one had been made.
    Shut,
    /// No account.
    None,
}

/// An invitation as an account knows it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// When it was made.
    pub made: Timestamp,
    /// What an account remembers that was opened by it; empty: by none yet.
    pub stands: String,
    /// Under what it stands that an account of its login or its person was removed.
    pub marks: Vec<Vec<u8>>,
}

/// What there is for a person who was invited under that login. A link of before an account was closed, or opened by another, is
/// worth nothing.
pub(crate) fn place(conn: &mut dyn Conn, (login, person): (&str, &str), told: &Told) -> Result<Place, StoreError> {
    if removed::since(conn, &told.marks, told.made)? {
        return Ok(Place::Shut);
    }
    let (own, under) = (account::by_person(conn, person)?, account::by_login(conn, login)?);
    if under.is_some_and(|row| own.as_ref().is_none_or(|own| own.id != row.id)) {
        return Ok(Place::Taken);
    }
    let Some(row) = own else { return Ok(Place::None) };
    let late = told.made < row.modified;
    Ok(match row.state == ACTIVE {
        false if late => Place::Shut,
        false => Place::Closed(row),
        true if has_a_way(conn, &row)? => Place::Open,
        true if late && !has_come_by(conn, &row.id, &told.stands)? => Place::Shut,
        true => Place::Waits(row),
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

    /// May the person come under that login by the invitation?
    ///
    /// # Errors
    /// [`IdentityError::Taken`], [`IdentityError::Field`] while they can sign in, [`IdentityError::Over`] when they were kept out
    /// since, or came by another.
    pub(crate) async fn may_return(&self, (login, person): (&str, &Urn), told: Told) -> Result<(), IdentityError> {
        let (name, person) = (login.to_owned(), person.to_string());
        match self.store.read::<_, StoreError>(move |conn| place(conn, (&name, &person), &told)).await? {
            Place::Shut => Err(IdentityError::Over),
            Place::Taken => Err(IdentityError::Taken(login.to_owned())),
            Place::Open => {
                let fix = "keep the account of this person out first; it has ways to sign in".to_owned();
                Err(IdentityError::Field("person", "open", fix))
            }
            Place::Waits(_) | Place::Closed(_) | Place::None => Ok(()),
        }
    }

    /// Somebody new who has opened their account and has no way to sign in yet comes again: by the same invitation, or another whose
    /// maker could give every post that they hold.
    ///
    /// # Errors
    /// [`IdentityError::Over`] otherwise.
    pub(crate) async fn may_reach(&self, row: &AccountRow, invitation: &Invitation) -> Result<(), IdentityError> {
        if invitation.is_by_hand() || self.came_by_this(&row.id, invitation).await? {
            return Ok(());
        }
        let maker = self.powers_now(&self.maker_of(invitation).await?).await?;
        let held = self.capacities(&Account::of(row.clone())?).await?;
        let gives = held.iter().all(|post| self.directory().may_invite(&maker, Some(&post.space)));
        if gives { Ok(()) } else { Err(IdentityError::Over) }
    }

    /// The account that an invitation of a person is for, opened anew, and its first session. The person sees it among the
    /// accesses to their data, each invitation by itself: that is written first. Whose answer was lost comes again by the same.
    ///
    /// # Errors
    /// [`IdentityError::Over`] when the person can sign in, was kept out since, or the login is another's by now.
    pub(crate) async fn again(
        &self,
        (invitation, person): (&Invitation, &Urn),
        from: &From,
    ) -> Result<(Account, String), IdentityError> {
        let (login, whose) = (invitation.login.clone(), person.to_string());
        let told = self.known_by(invitation);
        let there = self.store.read::<_, StoreError>(move |conn| place(conn, (&login, &whose), &told)).await?;
        let row = match there {
            Place::Waits(row) if row.login != invitation.login => return Err(IdentityError::Over),
            Place::Waits(row) if self.came_by_this(&row.id, invitation).await? => row,
            Place::Waits(row) | Place::Closed(row) => self.opened_anew((invitation, person), Some(row)).await?,
            Place::None => self.opened_anew((invitation, person), None).await?,
            Place::Taken | Place::Open | Place::Shut => return Err(IdentityError::Over),
        };
        self.end_sessions(&row.id, None).await?;
        self.came_by(&row.id, invitation).await?;
        let token = self.begin(&row.id, Method::Invitation, from).await?;
        Ok((Account::of(row)?, token))
    }

    /// `there`: the account that is kept out, or was opened by another invitation and waits.
    async fn opened_anew(
        &self,
        (invitation, person): (&Invitation, &Urn),
        there: Option<AccountRow>,
    ) -> Result<AccountRow, IdentityError> {
        let by = self.maker_of(invitation).await?;
        // The same while it is tried again, or by two at once.
        let before = there.as_ref().map_or(0, |row| row.modified.0);
        let said = serde_json::to_string(invitation).map_err(|e| StoreError::Shape(format!("an invitation: {e}")))?;
        let key = secret::written(&secret::hash(&format!("{said}|{before}")));
        let traced = self.directory().returned(person, &by, &key).await;
        traced.map_err(|e| StoreError::Shape(format!("the person was not told: {e}")))?;
        let mut row = self.fresh(&invitation.login, &invitation.name, person);
        if let Some(there) = there {
            (row.id, row.name, row.created) = (there.id, there.name, there.created);
        }
        // It is somebody's from its beginning (`account::bare`).
        row.created = row.created.min(Timestamp(row.modified.0 - 1));
        let act = self.act("reopen", Of::account(&row.id), &owner(&Account::of(row.clone())?));
        let (fresh, event, whose) = (row.clone(), act.clone(), person.to_string());
        let told = self.known_by(invitation);
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            match place(conn, (&fresh.login, &whose), &told)? {
                Place::Closed(there) | Place::Waits(there) if there.id == fresh.id => emptied(conn, &fresh)?,
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
