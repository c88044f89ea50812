//! Who is present at a service centre tells the operator a code, and by it lets them act.

use svod_kernel::Urn;
use svod_store::{Conn, StoreError, account};

use crate::account::{Account, login_of};
use crate::session::Session;
use crate::{Identity, IdentityError};

/// Kind of what was begun.
const PRESENCE: &str = "presence";
/// A code is good for so many seconds.
const SECONDS: i64 = 5 * 60;
/// Codes that are tried until one is free.
const TRIES: usize = 5;

impl Identity {
    /// Eight digits that are good for five minutes, once: whoever is told them may act for the owner of the account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn presence_code(&self, account: &str) -> Result<String, IdentityError> {
        self.limiter.code(&format!("presence-of:{account}"), self.clock.now())?;
        for _ in 0..TRIES {
            let code = format!("{:08}", self.rng.next_u64() % 100_000_000);
            if self.look_at(PRESENCE, &code).await.is_ok() {
                continue; // somebody else has just been given it
            }
            let state = serde_json::Value::Null;
            self.put_aside_as(&code, (PRESENCE, Some(account.to_owned()), state), SECONDS).await?;
            return Ok(code);
        }
        Err(StoreError::Shape("no code is free".into()).into())
    }

    /// Who has told the operator that code. Tries are counted by operator.
    ///
    /// # Errors
    /// [`IdentityError::Over`] when there is no such code; [`IdentityError::TooMany`].
    pub async fn present(&self, operator: &Session, code: &str) -> Result<Urn, IdentityError> {
        let tried = format!("presence:{}", operator.account);
        self.limiter.code(&tried, self.clock.now())?;
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let begun = self.take(PRESENCE, &digits).await?;
        let owner = self.account(&begun.account.ok_or(IdentityError::Over)?).await?;
        // One's own code is for others.
        if owner.blocked || owner.id.to_string() == operator.account {
            return Err(IdentityError::Over);
        }
        self.limiter.code_counted_back(&tried);
        Ok(owner.person)
    }

    /// Whose login it is, for who wants to let them act. Tries are counted by who asks.
    ///
    /// # Errors
    /// [`IdentityError::TooMany`].
    pub async fn person_of(&self, asks: &Session, login: &str) -> Result<Option<Urn>, IdentityError> {
        let tried = format!("delegate:{}", asks.account);
        self.limiter.code(&tried, self.clock.now())?;
        let Ok(login) = login_of(login) else { return Ok(None) };
        let look = move |conn: &mut dyn Conn| account::by_login(conn, &login);
        let Some(row) = self.store.read::<_, StoreError>(look).await? else { return Ok(None) };
        self.limiter.code_counted_back(&tried);
        Ok(Some(Account::of(row)?.person))
    }

    /// How a person signs in, to be shown to who let them act.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn login_of_person(&self, person: &Urn) -> Result<Option<String>, IdentityError> {
        let person = person.to_string();
        let look = move |conn: &mut dyn Conn| account::by_person(conn, &person);
        Ok(self.store.read::<_, StoreError>(look).await?.map(|row| row.login))
    }
}
