//! Invitations that administrators have made and nobody has used yet: they are listed, can be taken back, and are worth nothing
//! when whoever made them may not make them any more.

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Role, SpacePath, Timestamp, Urn, number};
use svod_store::account::{self, ChallengeRow};
use svod_store::{Conn, StoreError};

use crate::account::{BLOCKED, is_bare};
use crate::acts::Of;
use crate::again::Told;
use crate::{Identity, IdentityError, Invitation, removed, secret};

/// Kind of what was begun.
const OPEN: &str = "invitation";
/// Kind of what remembers by which invitation an account was opened, as long as that could be taken back.
const CAME: &str = "came-by";
/// How what is remembered of an invitation of the command line begins, which is no name of one that is open.
const BY_HAND: &str = "by hand: ";
/// So many are listed at the most, those that end first.
const LISTED: i64 = 500;

/// An invitation that can still be used, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInvitation {
    /// Names it to administrators; opens nothing.
    pub id: String,
    /// What the account will be signed in with.
    pub login: String,
    /// How its owner will be called.
    pub name: String,
    /// The post that its owner will be appointed to.
    pub post: Option<(Role, SpacePath)>,
    /// The person of the graph whose account it is; none: somebody new.
    pub person: Option<Urn>,
    /// Who made it.
    pub maker: Actor,
    /// What they are called.
    pub by: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// What is kept of it. Its address is not.
#[derive(Serialize, Deserialize)]
struct Kept {
    login: String,
    name: String,
    post: Option<(Role, SpacePath)>,
    #[serde(default)]
    person: Option<Urn>,
    maker: Actor,
    by: String,
    /// When it was made.
    #[serde(default)]
    made: i64,
}

/// Who runs the machine, at its command line.
fn operator() -> Actor {
    Actor { id: "operator".to_owned(), name: "operator".to_owned(), ..Actor::anonymous() }
}

impl Invitation {
    /// What an account remembers of it that was opened by it: under what it stands among those that are open, or a word for one of
    /// the command line, which stands nowhere.
    fn stands(&self) -> String {
        let of = |text: &str| secret::written(&secret::hash(text));
        let by_hand = || format!("{BY_HAND}{}", of(&format!("{} {} {}", self.login, self.made, self.expires)));
        self.open.as_deref().map_or_else(by_hand, of)
    }
}

/// Was the account opened by the invitation of which that is remembered, and by none since?
pub(crate) fn has_come_by(conn: &mut dyn Conn, account: &str, stands: &str) -> Result<bool, StoreError> {
    Ok(account::challenge(conn, CAME, &came(account))?.is_some_and(|row| row.state == stands))
}

/// Under what is remembered by which invitation an account was opened.
fn came(account: &str) -> Vec<u8> {
    secret::hash(&format!("{CAME} {account}"))
}

impl Identity {
    /// Makes an invitation in somebody's name, who is called so; the end of its address, told once.
    ///
    /// # Errors
    /// [`IdentityError::Taken`] when its login has an account; [`IdentityError::Field`] of a person who can sign in, or whom the
    /// maker may not invite.
    pub async fn make_invitation(
        &self,
        invitation: &Invitation,
        (maker, by): (&Actor, &str),
    ) -> Result<String, IdentityError> {
        let now = self.clock.now();
        // None that was removed was so after this one is made.
        let first = Told { made: now, stands: String::new(), marks: Vec::new() };
        let home = match &invitation.person {
            Some(person) => {
                let home = self.home_of(maker, person).await?;
                self.may_return((&invitation.login, person), first).await?;
                Some(home)
            }
            None if self.is_taken(&invitation.login, None, first).await? => {
                return Err(IdentityError::Taken(invitation.login.clone()));
            }
            None => None,
        };
        let kept = Kept {
            login: invitation.login.clone(),
            name: invitation.name.clone(),
            post: invitation.post.clone(),
            person: invitation.person.clone(),
            maker: maker.clone(),
            by: by.to_owned(),
            made: now.0,
        };
        let state = serde_json::to_value(kept).map_err(|e| StoreError::Shape(format!("an invitation: {e}")))?;
        let seconds = number::whole(Timestamp(invitation.expires).seconds_since(now));
        let name = self.put_aside(OPEN, None, state, seconds).await?;
        let id = secret::written(&secret::hash(&name));
        let act = self.act("invite", Of("Invitation", &id), maker).giving(invitation.post.as_ref());
        let act = act.opening(invitation.person.as_ref());
        let event = act.clone();
        // Nobody is told its address before that stands there.
        self.store.write::<_, StoreError>(move |conn| event.write(conn)).await?;
        // Whoever gets the account of a person has what that person may do.
        match invitation.post.as_ref().map(|(_, space)| space).or(home.as_ref()) {
            Some(space) => self.tells(&act, None, Some(space.clone())),
            None => self.done(&act),
        }
        Ok(self.invite(&invitation.named(name)))
    }

    /// Is the invitation of that name open, and may its maker still make it?
    pub(crate) async fn still_open(&self, name: &str) -> Result<(), IdentityError> {
        if self.is_open(secret::hash(name)).await? { Ok(()) } else { Err(IdentityError::Over) }
    }

    /// The same, by what it is kept under.
    async fn is_open(&self, token: Vec<u8>) -> Result<bool, IdentityError> {
        let look = move |conn: &mut dyn Conn| account::challenge(conn, OPEN, &token);
        let row = self.store.read::<_, StoreError>(look).await?.filter(|row| row.expires > self.clock.now());
        match row.and_then(|row| serde_json::from_str::<Kept>(&row.state).ok()) {
            Some(kept) => self.may_still(&kept).await,
            None => Ok(false),
        }
    }

    /// An invitation as accounts know it.
    pub(crate) fn known_by(&self, invitation: &Invitation) -> Told {
        let marks = removed::marks(&self.ring, &invitation.login, invitation.person.as_ref().map(Urn::as_str));
        Told { made: Timestamp(invitation.made), stands: invitation.stands(), marks }
    }

    /// Remembers by which invitation an account was opened. Those of the command line stand nowhere.
    pub(crate) async fn came_by(&self, account: &str, invitation: &Invitation) -> Result<(), IdentityError> {
        let row = ChallengeRow {
            token: came(account),
            kind: CAME.to_owned(),
            account: Some(account.to_owned()),
            state: invitation.stands(),
            expires: Timestamp(invitation.expires),
        };
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            account::take_challenge(conn, CAME, &row.token)?;
            account::add_challenge(conn, &row)
        };
        Ok(self.store.write::<_, StoreError>(job).await?)
    }

    /// Was the account opened by that invitation, and by none since?
    pub(crate) async fn came_by_this(&self, account: &str, invitation: &Invitation) -> Result<bool, IdentityError> {
        let (account, stands) = (account.to_owned(), invitation.stands());
        Ok(self.store.read::<_, StoreError>(move |conn| has_come_by(conn, &account, &stands)).await?)
    }

    /// May whoever has opened an account by a link, and has nothing else, go on? Not when the invitation was taken back
    /// meanwhile, or its maker has lost the power to make it.
    pub(crate) async fn is_still_invited(&self, account: &str) -> Result<bool, IdentityError> {
        let key = came(account);
        let look = move |conn: &mut dyn Conn| account::challenge(conn, CAME, &key);
        let row = self.store.read::<_, StoreError>(look).await?.filter(|row| row.expires > self.clock.now());
        match row.filter(|row| !row.state.is_empty()).and_then(|row| secret::unwritten(&row.state)) {
            Some(open) => self.is_open(open).await,
            None => Ok(true),
        }
    }

    /// Who has made the invitation. Of one that stands nowhere that is who runs the machine.
    pub(crate) async fn maker_of(&self, invitation: &Invitation) -> Result<Actor, IdentityError> {
        let Some(name) = &invitation.open else { return Ok(operator()) };
        let token = secret::hash(name);
        let look = move |conn: &mut dyn Conn| account::challenge(conn, OPEN, &token);
        let row = self.store.read::<_, StoreError>(look).await?;
        let kept = row.and_then(|row| serde_json::from_str::<Kept>(&row.state).ok()).ok_or(IdentityError::Over)?;
        Ok(kept.maker)
    }

    async fn may_still(&self, kept: &Kept) -> Result<bool, IdentityError> {
        let today = self.powers_now(&kept.maker).await?;
        if let Some(person) = &kept.person
            && self.returnable(&today, person).await?.is_none()
        {
            return Ok(false);
        }
        Ok(self.directory().may_invite(&today, kept.post.as_ref().map(|(_, space)| space)))
    }

    /// The invitations that can still be used, what ends first before the others.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open_invitations(&self) -> Result<Vec<OpenInvitation>, IdentityError> {
        let now = self.clock.now();
        let look = move |conn: &mut dyn Conn| account::challenges(conn, OPEN, now, LISTED);
        let rows: Vec<ChallengeRow> = self.store.read::<_, StoreError>(look).await?;
        let mut open = Vec::with_capacity(rows.len());
        for row in rows {
            let Ok(kept) = serde_json::from_str::<Kept>(&row.state) else { continue };
            let marks = removed::marks(&self.ring, &kept.login, kept.person.as_ref().map(Urn::as_str));
            let told = Told { made: Timestamp(kept.made), stands: secret::written(&row.token), marks };
            let over = self.is_taken(&kept.login, kept.person.as_ref(), told).await?;
            if over || !self.may_still(&kept).await? {
                continue;
            }
            let Kept { login, name, post, person, maker, by, .. } = kept;
            let (id, expires) = (secret::written(&row.token), row.expires);
            open.push(OpenInvitation { id, login, name, post, person, maker, by, expires });
        }
        Ok(open)
    }

    /// Takes an invitation back: its address opens nothing any more, and whoever has opened it and has nothing yet to sign in
    /// with is out and kept out.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn take_back(&self, id: &str, by: &Actor) -> Result<(), IdentityError> {
        let token = secret::unwritten(id).ok_or(IdentityError::Missing("invitation"))?;
        let now = self.clock.now();
        let act = self.act("take-back", Of("Invitation", id), by);
        let event = act.clone();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let Some(row) = account::take_challenge(conn, OPEN, &token)? else { return Ok(None) };
            event.write(conn)?;
            let Ok(kept) = serde_json::from_str::<Kept>(&row.state) else { return Ok(Some(None)) };
            let Some(mut owner) = account::by_login(conn, &kept.login)? else { return Ok(Some(None)) };
            if !is_bare(conn, &owner)? {
                return Ok(Some(None));
            }
            let by = account::challenge(conn, CAME, &came(&owner.id))?;
            if by.and_then(|by| secret::unwritten(&by.state)).as_ref() != Some(&token) {
                return Ok(Some(None));
            }
            account::end_sessions(conn, &owner.id, None)?;
            (owner.state, owner.modified) = (BLOCKED.to_owned(), now);
            account::put(conn, &owner)?;
            Ok(Some(Some(owner.id)))
        };
        let taken = self.store.write::<_, StoreError>(job).await?;
        if taken.is_some() {
            self.done(&act);
        }
        match taken {
            None => Err(IdentityError::Missing("invitation")),
            Some(None) => Ok(()),
            Some(Some(account)) => {
                self.recent.forget_all();
                self.ended.notify_one();
                tracing::info!(account, "kept out: the invitation was taken back");
                Ok(())
            }
        }
    }
}
