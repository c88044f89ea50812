//! Invitations that administrators have made and nobody has used yet: they are listed, can be taken back, and are worth nothing
//! when whoever made them may not make them any more.

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Role, SpacePath, Timestamp};
use svod_store::account::{self, ChallengeRow};
use svod_store::{Conn, StoreError};

use crate::{Identity, IdentityError, Invitation, secret};

/// Kind of what was begun.
const OPEN: &str = "invitation";
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
    maker: Actor,
    by: String,
}

impl Identity {
    /// Makes an invitation in somebody's name, who is called so; the end of its address, told once.
    ///
    /// # Errors
    /// [`IdentityError::Taken`] when its login has an account.
    pub async fn make_invitation(
        &self,
        invitation: &Invitation,
        (maker, by): (&Actor, &str),
    ) -> Result<String, IdentityError> {
        if self.is_taken(&invitation.login).await? {
            return Err(IdentityError::Taken(invitation.login.clone()));
        }
        let kept = Kept {
            login: invitation.login.clone(),
            name: invitation.name.clone(),
            post: invitation.post.clone(),
            maker: maker.clone(),
            by: by.to_owned(),
        };
        let state = serde_json::to_value(kept).map_err(|e| StoreError::Shape(format!("an invitation: {e}")))?;
        let seconds = Timestamp(invitation.expires).seconds_since(self.clock.now()) as i64;
        let name = self.put_aside(OPEN, None, state, seconds).await?;
        Ok(self.invite(&invitation.named(name)))
    }

    /// Is the invitation of that name open, and may its maker still make it?
    pub(crate) async fn still_open(&self, name: &str) -> Result<(), IdentityError> {
        let row = self.look_at(OPEN, name).await?;
        let kept: Kept = serde_json::from_str(&row.state).map_err(|_| IdentityError::Over)?;
        if self.may_still(&kept).await? { Ok(()) } else { Err(IdentityError::Over) }
    }

    async fn may_still(&self, kept: &Kept) -> Result<bool, IdentityError> {
        let today = self.powers_now(&kept.maker).await?;
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
            if self.is_taken(&kept.login).await? || !self.may_still(&kept).await? {
                continue;
            }
            let Kept { login, name, post, maker, by } = kept;
            let (id, expires) = (secret::written(&row.token), row.expires);
            open.push(OpenInvitation { id, login, name, post, maker, by, expires });
        }
        Ok(open)
    }

    /// Takes an invitation back: its address opens nothing any more.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn take_back(&self, id: &str) -> Result<(), IdentityError> {
        let token = secret::unwritten(id).ok_or(IdentityError::Missing("invitation"))?;
        let job = move |conn: &mut dyn Conn| account::take_challenge(conn, OPEN, &token);
        match self.store.write::<_, StoreError>(job).await? {
            Some(_) => Ok(()),
            None => Err(IdentityError::Missing("invitation")),
        }
    }
}
