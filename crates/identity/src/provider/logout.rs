//! Sessions end together: who signs out here is signed out at the sites (OpenID Connect Back-Channel Logout 1.0), and a site
//! may ask that somebody be signed out here (OpenID Connect RP-Initiated Logout 1.0).

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use svod_kernel::Timestamp;
use svod_store::site_session::{self, SiteSessionRow};
use svod_store::{Conn, StoreError, account, client};

use super::client::Client;
use super::{OauthError, grant, jose};
use crate::outside::Asked;
use crate::session::IDLE;
use crate::{Identity, Session, secret};

/// Sites told in one go.
const AT_ONCE: i64 = 20;
/// A site is tried so often: the last time some four hours after the first.
const TRIES: i64 = 10;
/// Seconds before it is tried again; doubled each time.
const AGAIN: i64 = 15;
/// Who takes a row tells the site within so many seconds, or another may.
const TAKEN: i64 = 300;
/// A logout token is good for so many seconds (2.4 asks for two minutes at the most).
const TOKEN: i64 = 120;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a site asks when somebody leaves it.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// Where they go when they have signed out; the site has registered it.
    pub back: Option<String>,
    /// What the site is called, if it said who it is.
    pub site: Option<String>,
}

/// By what name a site knows the session: it stands at the end of the chain. A chain that was begun before it stood there goes by
/// the session's token.
pub(super) fn sid(chain: &str, session: &str) -> String {
    chain.split_once('.').map_or_else(|| jose::half_hash(session), |(_, sid)| sid.to_owned())
}

impl Identity {
    /// Tells the sites of sessions that have ended; how many are settled.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tell_ended(&self) -> Result<usize, OauthError> {
        let now = self.clock.now();
        let job = move |conn: &mut dyn Conn| {
            // First of all: who waits for the others with rows in hand may be waited for in turn.
            conn.exclusive()?;
            // Sessions that time has ended.
            account::sweep(conn, now, now.plus_seconds(-IDLE))?;
            site_session::take(conn, now, now.plus_seconds(TAKEN), AT_ONCE)
        };
        let rows = self.store.write::<_, StoreError>(job).await?;
        let mut settled = 0;
        // One word a site, however often somebody came there in that session; a site that does not answer is asked once.
        let mut told: HashMap<(String, String), bool> = HashMap::new();
        for row in rows {
            let key = (sid(&row.chain, &secret::written(&row.session)), row.client.clone());
            let silent = told.iter().any(|((_, client), done)| *client == row.client && !done);
            let done = match told.get(&key) {
                Some(done) => *done,
                None if silent => false,
                None => self.tell(&row).await.unwrap_or_else(|error| {
                    tracing::warn!(client = row.client, %error, "a site could not be told that a session has ended");
                    false
                }),
            };
            told.insert(key, done);
            settled += usize::from(done);
            self.settle(row, done).await?;
        }
        Ok(settled)
    }

    /// Comes back when a session has been ended on this node.
    pub async fn session_ended(&self) {
        self.ended.notified().await;
    }

    async fn settle(&self, row: SiteSessionRow, done: bool) -> Result<(), OauthError> {
        let at = self.clock.now().plus_seconds(AGAIN << row.tries.clamp(0, TRIES));
        let last = row.tries + 1 >= TRIES;
        if !done && last {
            tracing::warn!(client = row.client, "a site was not told that a session has ended: it does not answer");
        }
        let job = move |conn: &mut dyn Conn| {
            if !done && !last {
                return site_session::again(conn, &row.chain, at);
            }
            // What lasts beyond a session was asked for as such (offline_access).
            client::end_access(conn, &row.chain)?;
            site_session::done(conn, &row.chain)
        };
        Ok(self.store.write::<_, StoreError>(job).await?)
    }

    /// True when there is nothing more to say to the site.
    async fn tell(&self, row: &SiteSessionRow) -> Result<bool, OauthError> {
        let id = row.client.clone();
        let site = self.store.read::<_, StoreError>(move |conn| client::get(conn, &id)).await?;
        let site = site.map(Client::of).transpose()?;
        let Some(address) = site.and_then(|s| s.registration.backchannel_logout_uri) else { return Ok(true) };
        let Some(network) = self.network() else { return Ok(true) };
        let token = self.logout_token(row).await?;
        let form = Some(format!("logout_token={token}"));
        match network.fetch(Asked { url: address, form, bare: true }).await {
            Ok((200..=299, _)) => Ok(true),
            Ok((status, _)) => {
                tracing::debug!(client = row.client, status, "a site refuses to hear that a session has ended");
                Ok(false)
            }
            Err(error) => {
                tracing::debug!(client = row.client, error, "a site cannot be told that a session has ended");
                Ok(false)
            }
        }
    }

    async fn logout_token(&self, row: &SiteSessionRow) -> Result<String, OauthError> {
        let now = self.clock.now().millis() / 1000;
        let claims = json!({"iss": self.issuer()?, "sub": row.subject, "aud": row.client, "iat": now, "exp": now + TOKEN,
            "jti": secret::token(&*self.rng), "sid": sid(&row.chain, &secret::written(&row.session)), "events": {EVENT: {}}});
        self.signed_claims("logout+jwt", &claims).await
    }

    /// What a site asks that sends somebody here to sign out; `fields` as they came.
    ///
    /// # Errors
    /// `invalid_request`: a hint that this provider has not signed, an address that the site has not registered.
    pub async fn leaving(&self, fields: &HashMap<String, String>) -> Result<Leaving, OauthError> {
        let get = |name: &str| fields.get(name).filter(|v| !v.is_empty());
        let hint = match get("id_token_hint") {
            // A key that has signed long ago is not known any more: who asks says so otherwise.
            Some(token) => match self.own_token(token).await {
                Err(_) if get("client_id").is_some() => None,
                known => Some(known?),
            },
            None => None,
        };
        let audience = hint.as_ref().and_then(|claims| claims.get("aud")?.as_str().map(str::to_owned));
        let named = get("client_id").cloned();
        if audience.is_some() && named.is_some() && audience != named {
            return Err(OauthError::request("client_id: the id_token_hint is another client's"));
        }
        let site = match audience.or(named) {
            Some(id) => {
                let site = self.active_client(&id).await;
                Some(site.map_err(|_| OauthError::request("client_id: there is no such client in force"))?)
            }
            None => None,
        };
        let Some(back) = get("post_logout_redirect_uri") else {
            return Ok(Leaving { back: None, site: site.map(|s| s.registration.client_name) });
        };
        let site = site.ok_or_else(|| OauthError::request("post_logout_redirect_uri: say which client it is of"))?;
        if !site.registration.post_logout_redirect_uris.contains(back) {
            return Err(OauthError::request("post_logout_redirect_uri: not one that the client has registered"));
        }
        let back = match get("state") {
            Some(state) => grant::with(back, &[("state", state)]),
            None => back.clone(),
        };
        Ok(Leaving { back: Some(back), site: Some(site.registration.client_name) })
    }

    /// The claims of an ID token of this provider, however old.
    async fn own_token(&self, token: &str) -> Result<Map<String, Value>, OauthError> {
        let wrong = || OauthError::request("id_token_hint: not an ID token of this provider");
        let keys = self.jwks().await?;
        let keys = keys["keys"].as_array().cloned().unwrap_or_default();
        let claims = keys.iter().find_map(|key| jose::verified(token, key)).ok_or_else(wrong)?.1;
        if claims.get("iss") != Some(&Value::String(self.issuer()?)) || claims.contains_key("events") {
            return Err(wrong());
        }
        Ok(claims)
    }

    /// The session may have gone on under another token since the code was given: it is known by what stays of it.
    pub(crate) fn gone_on(
        conn: &mut dyn Conn,
        site: SiteSessionRow,
        owner: &str,
    ) -> Result<SiteSessionRow, StoreError> {
        if account::session(conn, &site.session)?.is_some() {
            return Ok(site);
        }
        let named = sid(&site.chain, &secret::written(&site.session));
        let same = account::sessions(conn, owner)?.into_iter().find(|row| sid_of(&row.account, row.created) == named);
        Ok(match same {
            Some(row) => SiteSessionRow { session: row.token, ..site },
            None => site,
        })
    }

    /// Remembers that a site came of a session, in the transaction of its first tokens.
    pub(crate) fn site_session(chain: &str, client: &str, subject: &str, session: &Value) -> Option<SiteSessionRow> {
        Some(SiteSessionRow {
            chain: chain.to_owned(),
            session: secret::unwritten(session.as_str()?)?,
            client: client.to_owned(),
            subject: subject.to_owned(),
            tries: 0,
        })
    }
}

impl Session {
    /// The session as sites know it (`sid`): the same whatever token it goes on under.
    pub fn sid(&self) -> String {
        sid_of(&self.account, self.created)
    }
}

fn sid_of(account: &str, created: Timestamp) -> String {
    jose::half_hash(&format!("{account} {}", created.0))
}
