//! What has a second half: kept under the hash of a token, taken once, forgotten after its time.

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_store::account::{self, ChallengeRow};
use svod_store::{Conn, StoreError};

use crate::{Identity, IdentityError, secret};

impl Identity {
    /// Keeps what was begun; the token that names it.
    pub(crate) async fn put_aside(
        &self,
        kind: &'static str,
        account: Option<String>,
        state: Value,
        seconds: i64,
    ) -> Result<String, IdentityError> {
        let token = secret::token(&*self.rng);
        self.put_aside_as(&token, (kind, account, state), seconds).await?;
        Ok(token)
    }

    /// Keeps what was begun under a token that is given.
    pub(crate) async fn put_aside_as(
        &self,
        token: &str,
        (kind, account, state): (&'static str, Option<String>, Value),
        seconds: i64,
    ) -> Result<(), IdentityError> {
        let now = self.clock.now();
        let row = ChallengeRow {
            token: secret::hash(token),
            kind: kind.to_owned(),
            account,
            state: state.to_string(),
            expires: now.plus_seconds(seconds),
        };
        let job = move |conn: &mut dyn Conn| {
            account::sweep(conn, now, Timestamp(0))?;
            account::add_challenge(conn, &row)
        };
        self.store.write::<_, StoreError>(job).await?;
        Ok(())
    }

    /// What was begun, which may be looked at again.
    pub(crate) async fn look_at(&self, kind: &'static str, token: &str) -> Result<ChallengeRow, IdentityError> {
        let hash = secret::hash(token);
        let row = self.store.read::<_, StoreError>(move |conn| account::challenge(conn, kind, &hash)).await?;
        row.filter(|r| r.expires > self.clock.now()).ok_or(IdentityError::Over)
    }

    /// What was begun, once.
    pub(crate) async fn take(&self, kind: &'static str, token: &str) -> Result<ChallengeRow, IdentityError> {
        let hash = secret::hash(token);
        let row = self.store.write::<_, StoreError>(move |conn| account::take_challenge(conn, kind, &hash)).await?;
        row.filter(|r| r.expires > self.clock.now()).ok_or(IdentityError::Over)
    }
}
