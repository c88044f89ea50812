//! Signing in with a password and a code, and proving oneself again.

use svod_store::account::{self, AccountRow};
use svod_store::{Conn, StoreError};

use crate::account::{Account, login_of};
use crate::session::{From, Method, Session};
use crate::{Identity, IdentityError, limiter, secret, totp};

/// Kind of what was begun: the password was right, the code is awaited.
const SECOND: &str = "second-factor";
/// For so many seconds.
const SECOND_SECONDS: i64 = 5 * 60;

impl Identity {
    /// The first half: login and password. The token that the second half is given with.
    ///
    /// # Errors
    /// [`IdentityError::Refused`], whatever it was; [`IdentityError::TooMany`].
    pub async fn sign_in(&self, login: &str, password: String, from: &From) -> Result<String, IdentityError> {
        let network = limiter::network(&from.address);
        // What is no login is nobody's; it costs nothing to say so.
        let Ok(login) = login_of(login) else {
            self.limiter.password("", &network, false, self.clock.now())?;
            return Err(self.failed(&network));
        };
        let (wanted, here) = (login.clone(), network.clone());
        let look = move |conn: &mut dyn Conn| {
            let Some(row) = account::by_login(conn, &wanted)? else { return Ok((None, false)) };
            let sessions = account::sessions(conn, &row.id)?;
            Ok::<_, StoreError>((Some(row), sessions.iter().any(|s| limiter::network(&s.address) == here)))
        };
        let (row, known) = self.store.read(look).await?;
        self.limiter.password(&login, &network, known, self.clock.now())?;
        let row = row.filter(|r| r.state == "active" && !r.totp.is_empty());
        if !self.passwords.holds(password, row.as_ref().and_then(|r| r.password.clone())).await? {
            return Err(self.failed(&network));
        }
        let row = row.ok_or(IdentityError::Refused)?;
        self.limiter.right(&login, &network);
        let state = serde_json::json!({"login": row.login, "network": network});
        self.put_aside(SECOND, Some(row.id), state, SECOND_SECONDS).await
    }

    pub(crate) fn failed(&self, network: &str) -> IdentityError {
        metrics::counter!("svod_sign_ins_refused_total").increment(1);
        tracing::info!(network, "a sign-in was refused");
        let _ = self.signs.send(crate::Sign::Refused { network: network.to_owned() }); // nobody watching is fine
        IdentityError::Refused
    }

    /// The second half: the code of the authenticator, or one of the recovery codes. The token of the session.
    ///
    /// # Errors
    /// [`IdentityError::Refused`], [`IdentityError::TooMany`], [`IdentityError::Over`].
    pub async fn second_factor(&self, token: &str, code: &str, from: &From) -> Result<String, IdentityError> {
        let begun = self.look_at(SECOND, token).await?;
        let id = begun.account.ok_or(IdentityError::Over)?;
        let network = limiter::network(&from.address);
        // A code alone is six digits: its tries are counted by account, wherever they come from.
        self.limiter.code(&id, self.clock.now())?;
        let method = match self.code_holds(&id, code).await {
            Err(IdentityError::Refused) => return Err(self.failed(&network)),
            other => other?,
        };
        self.take(SECOND, token).await?;
        self.limiter.code_right(&id);
        self.begin(&id, method, from).await
    }

    /// Is it the code of now, or a recovery code? Either is used up.
    async fn code_holds(&self, id: &str, code: &str) -> Result<Method, IdentityError> {
        let (now, typed, ring) = (self.clock.now(), code.to_owned(), self.ring.clone());
        self.change(id, move |row: &mut AccountRow| {
            let secret = ring.open(&row.id, &row.totp).ok_or(IdentityError::Refused)?;
            if let Some(step) = totp::step(&secret, &typed, now, row.totp_step) {
                row.totp_step = step;
                return Ok(Method::Password);
            }
            let hash = secret::recovery_hash(&row.id, &typed);
            let mut left: Vec<String> = serde_json::from_str(&row.recovery).map_err(|_| IdentityError::Refused)?;
            let before = left.len();
            left.retain(|kept| *kept != hash);
            if left.len() == before {
                return Err(IdentityError::Refused);
            }
            row.recovery = serde_json::json!(left).to_string();
            Ok(Method::Recovery)
        })
        .await
    }

    /// Is it the password of the account? The try counts as one of signing in.
    async fn password_of(&self, row: &AccountRow, password: String, network: &str) -> Result<(), IdentityError> {
        self.limiter.password(&row.login, network, true, self.clock.now())?;
        if !self.passwords.holds(password, row.password.clone()).await? {
            return Err(self.failed(network));
        }
        self.limiter.right(&row.login, network);
        Ok(())
    }

    /// Must the owner of the account type the password of now before they set another? Not whose last proof was a passkey: that
    /// is how a forgotten one is replaced, by what is stronger.
    pub fn asks_password(&self, account: &Account, session: &Session) -> bool {
        account.has_password && session.method != Method::Passkey.as_str()
    }

    /// The owner types the password of now, where it is asked for before another is set.
    ///
    /// # Errors
    /// [`IdentityError::Field`] when it is not the one, [`IdentityError::TooMany`].
    pub async fn knows_password(
        &self,
        account: &Account,
        session: &Session,
        (password, from): (String, &From),
    ) -> Result<(), IdentityError> {
        if !self.asks_password(account, session) {
            return Ok(());
        }
        let (row, network) = (self.row(&session.account).await?, limiter::network(&from.address));
        match self.password_of(&row, password, &network).await {
            Err(IdentityError::Refused) => {
                Err(IdentityError::Field("current", "wrong", "type the password that you sign in with now".into()))
            }
            other => other,
        }
    }

    /// The owner of a session proves again who they are, with password and code. The token under which the session goes on.
    ///
    /// # Errors
    /// As [`Identity::sign_in`] and [`Identity::second_factor`].
    pub async fn confirm_password(
        &self,
        session: &Session,
        (password, code): (String, &str),
        from: &From,
    ) -> Result<String, IdentityError> {
        let row = self.row(&session.account).await?;
        let network = limiter::network(&from.address);
        self.password_of(&row, password, &network).await?;
        self.limiter.code(&row.id, self.clock.now())?;
        match self.code_holds(&row.id, code).await {
            Ok(method) => {
                self.limiter.code_right(&row.id);
                self.confirmed(session, method).await
            }
            Err(IdentityError::Refused) => Err(self.failed(&network)),
            Err(e) => Err(e),
        }
    }
}
