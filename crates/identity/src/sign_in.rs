//! Signing in with a password and a code, and proving oneself again.

use svod_store::account::{self, AccountRow};
use svod_store::{Conn, StoreError};

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
        let (login, network) = (login.trim().to_lowercase(), limiter::network(&from.address));
        let (wanted, here) = (login.clone(), network.clone());
        let look = move |conn: &mut dyn Conn| {
            let Some(row) = account::by_login(conn, &wanted)? else { return Ok((None, false)) };
            let sessions = account::sessions(conn, &row.id)?;
            Ok::<_, StoreError>((Some(row), sessions.iter().any(|s| limiter::network(&s.address) == here)))
        };
        let (row, known) = self.store.read(look).await?;
        self.limiter.ask(&login, &network, known, self.clock.now())?;
        let row = row.filter(|r| r.state == "active" && !r.totp.is_empty());
        if !self.passwords.holds(password, row.as_ref().and_then(|r| r.password.clone())).await? {
            return Err(self.failed(&login, &network));
        }
        let row = row.ok_or(IdentityError::Refused)?;
        let state = serde_json::json!({"login": row.login, "network": network});
        self.put_aside(SECOND, Some(row.id), state, SECOND_SECONDS).await
    }

    fn failed(&self, login: &str, network: &str) -> IdentityError {
        self.limiter.failed(login, network, self.clock.now());
        metrics::counter!("svod_sign_ins_refused_total").increment(1);
        tracing::info!(network, "a sign-in was refused");
        IdentityError::Refused
    }

    /// The second half: the code of the authenticator, or one of the recovery codes. The token of the session.
    ///
    /// # Errors
    /// [`IdentityError::Refused`], [`IdentityError::TooMany`], [`IdentityError::Over`].
    pub async fn second_factor(&self, token: &str, code: &str, from: &From) -> Result<String, IdentityError> {
        let begun = self.look_at(SECOND, token).await?;
        let id = begun.account.ok_or(IdentityError::Over)?;
        let (login, network) = (self.row(&id).await?.login, limiter::network(&from.address));
        // The code alone is six digits: its tries are counted apart from those of the password, wherever they come from.
        let codes = format!("{login}#code");
        self.limiter.ask(&codes, "any", false, self.clock.now())?;
        let method = match self.code_holds(&id, code).await {
            Ok(method) => method,
            Err(IdentityError::Refused) => {
                self.limiter.failed(&codes, "any", self.clock.now());
                return Err(self.failed(&login, &network));
            }
            Err(e) => return Err(e),
        };
        self.take(SECOND, token).await?;
        self.limiter.succeeded(&login, &network);
        self.limiter.succeeded(&codes, "any");
        self.begin(&id, method, from).await
    }

    /// Is it the code of now, or a recovery code? Either is used up.
    async fn code_holds(&self, id: &str, code: &str) -> Result<Method, IdentityError> {
        let (now, typed, sealing) = (self.clock.now(), code.to_owned(), self.sealing);
        self.change(id, move |row: &mut AccountRow| {
            let secret = secret::open(&sealing, &row.id, &row.totp).ok_or(IdentityError::Refused)?;
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

    /// The owner of a session proves again who they are, with password and code.
    ///
    /// # Errors
    /// As [`Identity::sign_in`] and [`Identity::second_factor`].
    pub async fn confirm_password(
        &self,
        session: &Session,
        (password, code): (String, &str),
        from: &From,
    ) -> Result<(), IdentityError> {
        let row = self.row(&session.account).await?;
        let network = limiter::network(&from.address);
        self.limiter.ask(&row.login, &network, true, self.clock.now())?;
        let proved = match self.passwords.holds(password, row.password).await? {
            true => self.code_holds(&row.id, code).await,
            false => Err(IdentityError::Refused),
        };
        match proved {
            Ok(method) => {
                self.limiter.succeeded(&row.login, &network);
                self.confirmed(session, method).await
            }
            Err(IdentityError::Refused) => Err(self.failed(&row.login, &network)),
            Err(e) => Err(e),
        }
    }
}
