//! Passkeys (W3C Web Authentication, Level 3), with the person verified by the device.

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_store::account::{self, PasskeyRow};
use svod_store::{Conn, StoreError};
use uuid::Uuid;
use webauthn_rs::prelude::{
    AuthenticationResult, COSEAlgorithm, DiscoverableAuthentication, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

use crate::account::{ACTIVE, Account};
use crate::acts::{Of, has_a_way, owner};
use crate::session::{From, Method, Session};
use crate::{Identity, IdentityError, limiter, secret};

/// Kinds of what was begun.
const ADD: &str = "passkey-add";
const SIGN_IN: &str = "passkey-sign-in";
const CONFIRM: &str = "passkey-confirm";
/// For so many seconds; the browser is told as much.
const SECONDS: i64 = 5 * 60;
/// Passkeys of one account at the most.
const MOST: usize = 20;
/// Accounts read at once.
const STEP: i64 = 500;

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Identifier of the credential, base64url.
    pub id: String,
    /// How its owner calls it.
    pub name: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was used last.
    pub used: Option<Timestamp>,
    /// It opens the account; one of before may not any more.
    pub good: bool,
}

/// A ceremony that the browser is to carry out.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// Names what was begun.
    pub token: String,
    /// `PublicKeyCredentialCreationOptions` or `…RequestOptions`, JSON, under `publicKey`.
    pub options: Value,
}

/// What verifies passkeys of an installation at that address.
///
/// # Errors
/// When the address is none that a browser gives passkeys to.
pub fn webauthn(origin: &str) -> Result<Webauthn, String> {
    let url = Url::parse(origin).map_err(|e| format!("{origin} is no address: {e}"))?;
    let host = url.domain().ok_or_else(|| format!("{origin}: passkeys need a name, not a number; use localhost"))?;
    let built = WebauthnBuilder::new(host, &url).and_then(|b| b.rp_name("Svod").build());
    built.map_err(|e| format!("{origin}: {e}"))
}

fn named(name: &str) -> String {
    let name: String = name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(60).collect();
    if name.is_empty() { "Passkey".to_owned() } else { name }
}

fn kept<T: serde::de::DeserializeOwned>(doc: &str) -> Result<T, IdentityError> {
    serde_json::from_str(doc).map_err(|e| StoreError::Shape(format!("a passkey cannot be read: {e}")).into())
}

/// Keys are asked for as ES256 and ES384: P-256 is worth 128 bits, the RSA keys of authenticators, of 2048 bits, are worth 112.
const STRONG: [(COSEAlgorithm, i64); 2] = [(COSEAlgorithm::ES256, -7), (COSEAlgorithm::ES384, -35)];

/// `pubKeyCredParams` as a browser is told (Web Authentication, 5.4).
fn asked_for() -> Value {
    STRONG.iter().map(|(_, number)| serde_json::json!({"type": "public-key", "alg": number})).collect()
}

fn is_taken(algorithm: COSEAlgorithm) -> bool {
    STRONG.iter().any(|(taken, _)| *taken == algorithm)
}

fn is_strong(passkey: &Passkey) -> bool {
    is_taken(*passkey.cred_algorithm())
}

/// Does the passkey open its account? One of an algorithm that is taken no more does not, nor one that cannot be read.
fn opens(row: &PasskeyRow) -> bool {
    kept::<Passkey>(&row.doc).is_ok_and(|passkey| is_strong(&passkey))
}

/// The passkeys that open an account: what is counted as ways in.
pub(crate) fn opening(conn: &mut dyn Conn, account: &str) -> Result<Vec<PasskeyRow>, StoreError> {
    Ok(account::passkeys(conn, account)?.into_iter().filter(opens).collect())
}

/// Logins of accounts that are let in and have nothing but passkeys which open them no more.
///
/// # Errors
/// When the store cannot be read.
pub fn shut_out(conn: &mut dyn Conn) -> Result<Vec<String>, StoreError> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = account::list(conn, &after, STEP)?;
        let Some(last) = page.last() else { return Ok(found) };
        after.clone_from(&last.login);
        for row in page.into_iter().filter(|row| row.state == ACTIVE && row.password.is_none()) {
            let keys = account::passkeys(conn, &row.id)?;
            let shut = !keys.is_empty() && !keys.iter().any(opens);
            if shut && svod_store::outside::list(conn, &row.id)?.is_empty() {
                found.push(row.login);
            }
        }
    }
}

fn refused(error: impl std::fmt::Display) -> IdentityError {
    tracing::info!(%error, "a passkey was refused");
    IdentityError::Refused
}

impl Identity {
    fn verifier(&self) -> Result<&Webauthn, IdentityError> {
        self.webauthn.as_ref().ok_or(IdentityError::NoOrigin)
    }

    /// The address at which passkeys of the installation are good.
    pub fn origin(&self) -> Option<String> {
        let origins = self.webauthn.as_ref()?.get_allowed_origins();
        origins.first().map(|url| url.origin().ascii_serialization())
    }

    async fn rows(&self, account: &str) -> Result<Vec<PasskeyRow>, IdentityError> {
        let account = account.to_owned();
        Ok(self.store.read::<_, StoreError>(move |conn| account::passkeys(conn, &account)).await?)
    }

    /// The passkeys of an account, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn passkeys(&self, account: &str) -> Result<Vec<Key>, IdentityError> {
        let shown = |r: PasskeyRow| Key {
            id: secret::written(&r.credential),
            good: opens(&r),
            name: r.name,
            created: r.created,
            used: r.used,
        };
        Ok(self.rows(account).await?.into_iter().map(shown).collect())
    }

    /// Has the account a passkey that opens it?
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_passkey(&self, account: &str) -> Result<bool, IdentityError> {
        Ok(self.rows(account).await?.iter().any(opens))
    }

    /// Begins another passkey of an account.
    ///
    /// # Errors
    /// [`IdentityError::NoOrigin`], [`IdentityError::Field`] when there are too many.
    pub async fn begin_passkey(&self, account: &Account) -> Result<Ceremony, IdentityError> {
        let id = account.id.to_string();
        let rows = self.rows(&id).await?;
        if rows.len() >= MOST {
            return Err(IdentityError::Field("passkey", "count", format!("remove one: {MOST} are the most")));
        }
        let there = rows.iter().map(|r| r.credential.clone()).collect();
        let begun = self.verifier()?.start_passkey_registration(account.id, &account.login, &account.name, Some(there));
        let (challenge, state) = begun.map_err(refused)?;
        let mut options = serde_json::to_value(challenge).map_err(refused)?;
        // Found by the browser itself, so that nobody types a login.
        options["publicKey"]["authenticatorSelection"]["residentKey"] = "required".into();
        options["publicKey"]["authenticatorSelection"]["requireResidentKey"] = true.into();
        options["publicKey"]["pubKeyCredParams"] = asked_for();
        let state = serde_json::to_value(state).map_err(refused)?;
        let token = self.put_aside(ADD, Some(id), state, SECONDS).await?;
        Ok(Ceremony { token, options })
    }

    /// Adds the passkey that the browser has made.
    ///
    /// # Errors
    /// [`IdentityError::Over`], [`IdentityError::Refused`].
    pub async fn add_passkey(
        &self,
        account: &Account,
        token: &str,
        (credential, name): (&str, &str),
    ) -> Result<(), IdentityError> {
        let begun = self.take(ADD, token).await?;
        let id = account.id.to_string();
        if begun.account.as_deref() != Some(&id) {
            return Err(IdentityError::Over);
        }
        let state: PasskeyRegistration = kept(&begun.state)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_str(credential).map_err(refused)?;
        let passkey = self.verifier()?.finish_passkey_registration(&answer, &state).map_err(refused)?;
        if !is_strong(&passkey) {
            return Err(refused("its algorithm is none that was asked for"));
        }
        let act = self.act("add-passkey", Of::account(&id), &owner(account));
        let (event, key) = (act.clone(), id.clone());
        let row = PasskeyRow {
            credential: passkey.cred_id().to_vec(),
            account: id,
            name: named(name),
            doc: serde_json::to_string(&passkey).map_err(refused)?,
            created: self.clock.now(),
            used: None,
        };
        let job = move |conn: &mut dyn Conn| {
            if account::passkey(conn, &row.credential)?.is_some() {
                return Err(IdentityError::Refused);
            }
            let had = match account::get(conn, &key)? {
                Some(row) => has_a_way(conn, &row)?,
                None => false,
            };
            account::put_passkey(conn, &row)?;
            event.write(conn)?;
            Ok(had)
        };
        match self.store.write(job).await? {
            true => self.tells(&act, Some(account.person.clone()), None),
            false => self.done(&act),
        }
        Ok(())
    }

    /// Calls a passkey otherwise.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn rename_passkey(&self, account: &str, id: &str, name: &str) -> Result<(), IdentityError> {
        let credential = secret::unwritten(id).ok_or(IdentityError::Missing("passkey"))?;
        let (account, name) = (account.to_owned(), named(name));
        let job = move |conn: &mut dyn Conn| match account::passkey(conn, &credential)? {
            Some(row) if row.account == account => {
                Ok(account::put_passkey(conn, &PasskeyRow { name: name.clone(), ..row })?)
            }
            _ => Err(IdentityError::Missing("passkey")),
        };
        self.store.write(job).await
    }

    /// Takes a passkey away.
    ///
    /// # Errors
    /// [`IdentityError::Missing`], [`IdentityError::LastWay`] when nothing else is left to sign in with.
    pub async fn remove_passkey(&self, account: &str, id: &str) -> Result<(), IdentityError> {
        let credential = secret::unwritten(id).ok_or(IdentityError::Missing("passkey"))?;
        let of = self.account(account).await?;
        let act = self.act("remove-passkey", Of::account(account), &owner(&of));
        let (account, event) = (account.to_owned(), act.clone());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let has_password = account::get(conn, &account)?.is_some_and(|row| row.password.is_some());
            let outside = !svod_store::outside::list(conn, &account)?.is_empty();
            // One that opens nothing any more may go, but not as the last: the account would be open to an invitation.
            let there = account::passkeys(conn, &account)?;
            let others = there.iter().filter(|row| row.credential != credential);
            let last = if there.iter().any(opens) { !others.clone().any(opens) } else { others.count() == 0 };
            if !has_password && !outside && last && there.iter().any(|row| row.credential == credential) {
                return Err(IdentityError::LastWay);
            }
            match account::remove_passkey(conn, &account, &credential)? {
                true => Ok(event.write(conn)?),
                false => Err(IdentityError::Missing("passkey")),
            }
        };
        self.store.write(job).await?;
        self.tells(&act, Some(of.person), None);
        Ok(())
    }

    /// Begins to sign in with whichever passkey the browser has.
    ///
    /// # Errors
    /// [`IdentityError::NoOrigin`]
    pub async fn begin_sign_in(&self, from: &From) -> Result<Ceremony, IdentityError> {
        self.limiter.begun(&limiter::network(&from.address), self.clock.now())?;
        let (challenge, state) = self.verifier()?.start_discoverable_authentication().map_err(refused)?;
        let mut options = serde_json::to_value(challenge).map_err(refused)?;
        // Asked for by a button; where the browser offers passkeys by itself, the script says so.
        options.as_object_mut().map(|o| o.remove("mediation"));
        let state = serde_json::to_value(state).map_err(refused)?;
        let token = self.put_aside(SIGN_IN, None, state, SECONDS).await?;
        Ok(Ceremony { token, options })
    }

    /// Signs in with a passkey; the token of the session.
    ///
    /// # Errors
    /// [`IdentityError::Over`], [`IdentityError::Refused`].
    pub async fn sign_in_with_passkey(
        &self,
        token: &str,
        credential: &str,
        from: &From,
    ) -> Result<String, IdentityError> {
        let account = match self.shown(token, credential).await {
            Err(IdentityError::Refused) => return Err(self.failed(&limiter::network(&from.address))),
            other => other?,
        };
        self.begin(&account, Method::Passkey, from).await
    }

    /// Whose passkey the browser has used.
    async fn shown(&self, token: &str, credential: &str) -> Result<String, IdentityError> {
        let begun = self.take(SIGN_IN, token).await?;
        let state: DiscoverableAuthentication = kept(&begun.state)?;
        let answer: PublicKeyCredential = serde_json::from_str(credential).map_err(refused)?;
        let verifier = self.verifier()?;
        let (user, id) = verifier.identify_discoverable_authentication(&answer).map_err(refused)?;
        let (row, passkey) = self.known(user, id).await?;
        let result = verifier.finish_discoverable_authentication_v2(&answer, state, &passkey).map_err(refused)?;
        self.used(row.clone(), passkey, &result).await?;
        Ok(row.account)
    }

    /// The passkey of that credential, when it is that account's and the account may sign in.
    async fn known(&self, user: Uuid, credential: &[u8]) -> Result<(PasskeyRow, Passkey), IdentityError> {
        let credential = credential.to_vec();
        let look = move |conn: &mut dyn Conn| {
            let Some(row) = account::passkey(conn, &credential)? else { return Ok(None) };
            let owner = account::get(conn, &row.account)?;
            Ok::<_, StoreError>(owner.filter(|o| o.state == "active").map(|_| row))
        };
        let row = self.store.read(look).await?.filter(|row| row.account == user.to_string());
        let row = row.ok_or_else(|| refused("no such passkey"))?;
        let passkey: Passkey = kept(&row.doc)?;
        if !is_strong(&passkey) {
            return Err(refused("a passkey of before, under an algorithm that is taken no more"));
        }
        Ok((row, passkey))
    }

    /// A passkey was used: its counter and the moment are kept. A counter that went back is a copy's, and refused before.
    async fn used(
        &self,
        row: PasskeyRow,
        mut passkey: Passkey,
        with: &AuthenticationResult,
    ) -> Result<(), IdentityError> {
        passkey.update_credential(with);
        let doc = serde_json::to_string(&passkey).map_err(refused)?;
        let row = PasskeyRow { doc, used: Some(self.clock.now()), ..row };
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            // Its owner may have taken it away meanwhile.
            match account::passkey(conn, &row.credential)? {
                Some(there) => account::put_passkey(conn, &PasskeyRow { name: there.name, ..row.clone() }),
                None => Ok(()),
            }
        };
        Ok(self.store.write::<_, StoreError>(job).await?)
    }

    /// Begins to prove oneself again with one of one's passkeys.
    ///
    /// # Errors
    /// [`IdentityError::Missing`] without one.
    pub async fn begin_confirm(&self, session: &Session) -> Result<Ceremony, IdentityError> {
        let rows = self.rows(&session.account).await?;
        let mut keys: Vec<Passkey> = rows.iter().map(|r| kept(&r.doc)).collect::<Result<_, _>>()?;
        keys.retain(is_strong);
        if keys.is_empty() {
            return Err(IdentityError::Missing("passkey"));
        }
        let (challenge, state) = self.verifier()?.start_passkey_authentication(&keys).map_err(refused)?;
        let options = serde_json::to_value(challenge).map_err(refused)?;
        let state = serde_json::to_value(state).map_err(refused)?;
        let token = self.put_aside(CONFIRM, Some(session.account.clone()), state, SECONDS).await?;
        Ok(Ceremony { token, options })
    }

    /// The owner of a session has proved again who they are, with a passkey. The token under which the session goes on.
    ///
    /// # Errors
    /// [`IdentityError::Over`], [`IdentityError::Refused`].
    pub async fn confirm_with_passkey(
        &self,
        session: &Session,
        token: &str,
        credential: &str,
    ) -> Result<String, IdentityError> {
        let begun = self.take(CONFIRM, token).await?;
        if begun.account.as_deref() != Some(&session.account) {
            return Err(IdentityError::Over);
        }
        let state: PasskeyAuthentication = kept(&begun.state)?;
        let answer: PublicKeyCredential = serde_json::from_str(credential).map_err(refused)?;
        let result = self.verifier()?.finish_passkey_authentication(&answer, &state).map_err(refused)?;
        let rows = self.rows(&session.account).await?;
        let row = rows.into_iter().find(|r| r.credential == result.cred_id().as_slice());
        let row = row.ok_or_else(|| refused("no such passkey"))?;
        let passkey = kept(&row.doc)?;
        self.used(row, passkey, &result).await?;
        self.confirmed(session, Method::Passkey).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_less_than_128_bits_are_taken_no_more() {
        assert!(is_taken(COSEAlgorithm::ES256) && is_taken(COSEAlgorithm::ES384));
        for weak in [COSEAlgorithm::RS256, COSEAlgorithm::RS512, COSEAlgorithm::PS256, COSEAlgorithm::INSECURE_RS1] {
            assert!(!is_taken(weak), "{weak:?}");
        }
    }

    #[test]
    fn what_is_kept_of_a_passkey_says_whether_it_opens() {
        for (algorithm, opens_it) in [("ES256", true), ("RS256", false)] {
            let row = crate::testing::passkey("account", algorithm, Timestamp(0));
            kept::<Passkey>(&row.doc).unwrap();
            assert_eq!(opens(&row), opens_it, "{algorithm}");
        }
        let unreadable = PasskeyRow { doc: "{}".into(), ..crate::testing::passkey("account", "ES256", Timestamp(0)) };
        assert!(!opens(&unreadable));
    }
}
