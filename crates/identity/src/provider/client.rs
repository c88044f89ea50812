//! The sites whose people sign in here (OpenID Connect Dynamic Client Registration 1.0, RFC 7591).

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use svod_kernel::{Actor, Timestamp};
use svod_store::client::{self, ClientRow};
use svod_store::{Conn, StoreError};
use webauthn_rs::prelude::Url;

use super::{OauthError, jose};
use crate::acts::Of;
use crate::{Identity, IdentityError, secret};

/// What can be asked for: who somebody is, how they are called, their address, the posts they hold, a token that renews itself.
pub const SCOPES: [&str; 5] = ["openid", "profile", "email", "posts", "offline_access"];
/// Registrations that wait at the most: nobody fills the store with them.
const MOST_WAITING: i64 = 200;
/// A site's JWT is good for so many seconds at the most; so long it is remembered that it was used.
const ASSERTED: i64 = 3_660;
/// So many seconds a site's clock may be ahead.
const SKEW: i64 = 60;
/// So long a registration waits, in seconds.
const WAITS: i64 = 30 * 24 * 3600;
/// Sites that are listed.
const LISTED: i64 = 1_000;
/// So long the origins of sites are known without looking again, in seconds.
const KNOWN: i64 = 60;
/// Most addresses, and the longest of them.
const MOST_URIS: usize = 20;
const LONGEST_URI: usize = 500;

/// How a site proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// It keeps no secret: a program in a browser or on a telephone.
    None,
    /// Its secret in the `Authorization` field.
    ClientSecretBasic,
    /// Its secret in the form.
    ClientSecretPost,
    /// A JWT under a key of its own (RFC 7523).
    PrivateKeyJwt,
}

/// What a site says of itself (RFC 7591, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// What people are shown.
    pub client_name: String,
    /// Where codes are sent, each to the letter.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that somebody's session has ended (OpenID Connect Back-Channel Logout 1.0, 2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// How it proves who it is.
    #[serde(default = "by_secret")]
    pub token_endpoint_auth_method: AuthMethod,
    /// `authorization_code`, `refresh_token`, `client_credentials`.
    #[serde(default = "by_code")]
    pub grant_types: Vec<String>,
    /// What it may ask for, words between spaces.
    #[serde(default = "by_openid")]
    pub scope: String,
    /// Its keys, for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Its tokens are bound to a key (RFC 9449, 5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
}

const fn by_secret() -> AuthMethod {
    AuthMethod::ClientSecretBasic
}

fn by_code() -> Vec<String> {
    vec!["authorization_code".into()]
}

fn by_openid() -> String {
    "openid".into()
}

impl Registration {
    fn check(&self) -> Result<(), OauthError> {
        let wrong = |text: String| Err(OauthError::new("invalid_client_metadata", text));
        let name = self.client_name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return wrong("client_name: 1 to 100 characters".into());
        }
        if self.scope.len() > 500
            || self.grant_types.len() > 10
            || self.jwks.as_ref().is_some_and(|k| k.to_string().len() > 8_000)
        {
            return wrong("scope, grant_types and jwks: shorter, please".into());
        }
        let known = ["authorization_code", "refresh_token", "client_credentials"];
        if let Some(other) = self.grant_types.iter().find(|g| !known.contains(&g.as_str())) {
            return wrong(format!("grant_types: '{other}' is not one of {}", known.join(", ")));
        }
        if let Some(other) = self.scope.split_whitespace().find(|s| !SCOPES.contains(s)) {
            return wrong(format!("scope: '{other}' is not one of {}", SCOPES.join(", ")));
        }
        let by_code = self.grant_types.iter().any(|g| g == "authorization_code");
        if by_code && self.redirect_uris.is_empty() {
            return Err(OauthError::new("invalid_redirect_uri", "redirect_uris: at least one"));
        }
        let all: Vec<&String> = self.redirect_uris.iter().chain(&self.post_logout_redirect_uris).collect();
        if all.len() > MOST_URIS {
            return Err(OauthError::new("invalid_redirect_uri", format!("at most {MOST_URIS} addresses")));
        }
        if let Some(bad) = all.into_iter().find(|uri| !is_fit(uri)) {
            let rule =
                "https, http on loopback or a scheme of the program's own (com.example.app:), without a fragment";
            return Err(OauthError::new("invalid_redirect_uri", format!("'{bad}': {rule}")));
        }
        let told = self.backchannel_logout_uri.as_deref();
        if told.is_some_and(|uri| !is_fit(uri) || !uri.starts_with("http")) {
            return wrong("backchannel_logout_uri: https, or http on loopback, without a fragment".into());
        }
        let without_secret = self.token_endpoint_auth_method == AuthMethod::None;
        if without_secret && self.grant_types.iter().any(|g| g == "client_credentials") {
            return wrong("client_credentials needs a client that keeps a secret".into());
        }
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt {
            let keys = self.jwks.as_ref().and_then(|k| k.get("keys")?.as_array()).into_iter().flatten();
            if keys.filter(|k| jose::thumbprint(k).is_some()).count() == 0 {
                return wrong("jwks: private_key_jwt needs a public key, EC P-256".into());
            }
        }
        Ok(())
    }
}

/// May codes be sent there (OAuth 2.1, 2.3.1; RFC 8252, section 7)?
fn is_fit(uri: &str) -> bool {
    if uri.len() > LONGEST_URI || uri.contains('#') || !uri.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return false;
    }
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let authority = rest.strip_prefix("//").and_then(|r| r.split(['/', '?']).next()).unwrap_or_default();
    if authority.contains('@') {
        return false; // a name before an @ is read as the site's own
    }
    match scheme {
        "https" => rest.strip_prefix("//").is_some_and(|r| !r.is_empty() && !r.starts_with('/')),
        "http" => ["//127.0.0.1", "//[::1]", "//localhost"].iter().any(|own| {
            let after = rest.strip_prefix(own).and_then(|r| r.bytes().next().or(Some(b'/')));
            after.is_some_and(|b| matches!(b, b'/' | b':' | b'?'))
        }),
        own => own.contains('.') && own.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b)),
    }
}

/// The origin of a page as its browser names it (RFC 6454, 6.2); none for a program's own scheme.
fn origin_of(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}

/// The same with the schemes of programs; on loopback a program may listen on any port (RFC 8252, 7.3).
fn ways_to(uris: &[String]) -> Vec<String> {
    let way = |uri: &String| {
        let url = Url::parse(uri).ok()?;
        match (url.scheme(), url.host_str()) {
            ("http", Some(host)) => Some(format!("http://{host}:*")),
            ("https", Some(_)) => Some(url.origin().ascii_serialization()),
            (scheme, _) => Some(format!("{scheme}:")),
        }
    };
    let mut all: Vec<String> = uris.iter().filter_map(way).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// How far a registration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientState {
    /// Waits for an administrator.
    Pending,
    /// In force.
    Active,
    /// Kept out.
    Blocked,
}

impl ClientState {
    /// The word by which it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Blocked => "blocked",
        }
    }
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Identifier.
    pub id: String,
    /// What it says of itself.
    pub registration: Registration,
    /// How far it is.
    pub state: ClientState,
    /// When it came.
    pub created: Timestamp,
    secret: Vec<u8>,
}

impl Client {
    pub(super) fn of(row: ClientRow) -> Result<Self, StoreError> {
        let registration =
            serde_json::from_str(&row.doc).map_err(|e| StoreError::Shape(format!("client {}: {e}", row.id)))?;
        let state = match row.state.as_str() {
            "active" => ClientState::Active,
            "pending" => ClientState::Pending,
            _ => ClientState::Blocked,
        };
        Ok(Self { id: row.id, registration, state, created: row.created, secret: row.secret })
    }

    /// May it use the grant?
    pub fn grants(&self, kind: &str) -> bool {
        self.registration.grant_types.iter().any(|g| g == kind)
    }

    /// The words of a scope that it may ask for.
    pub fn narrowed(&self, asked: &str) -> String {
        let own: Vec<&str> = self.registration.scope.split_whitespace().collect();
        asked.split_whitespace().filter(|s| own.contains(s)).collect::<Vec<_>>().join(" ")
    }
}

/// How a site has proved who it is, as it sent it.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// `client_id` of the form.
    pub id: Option<String>,
    /// `client_secret` of the form.
    pub secret: Option<String>,
    /// Both of the `Authorization` field.
    pub basic: Option<(String, String)>,
    /// `client_assertion` of type `jwt-bearer`.
    pub assertion: Option<String>,
}

impl Identity {
    /// A site asks to be registered; an administrator approves it. Its secret is told once, empty where it keeps none.
    ///
    /// # Errors
    /// `invalid_client_metadata`, `invalid_redirect_uri`, `temporarily_unavailable` when too many wait.
    pub async fn register_client(&self, registration: Registration) -> Result<(Client, String), OauthError> {
        self.add_client(registration, ClientState::Pending).await
    }

    /// As [`Identity::register_client`], by an administrator: in force at once.
    ///
    /// # Errors
    /// As there.
    pub async fn add_client(
        &self,
        registration: Registration,
        state: ClientState,
    ) -> Result<(Client, String), OauthError> {
        registration.check()?;
        let secret = match registration.token_endpoint_auth_method {
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => secret::token(&*self.rng),
            AuthMethod::None | AuthMethod::PrivateKeyJwt => String::new(),
        };
        let row = ClientRow {
            id: secret::written(&secret::hash(&secret::token(&*self.rng))[..16]),
            state: state.as_str().to_owned(),
            secret: if secret.is_empty() { Vec::new() } else { secret::hash(&secret) },
            doc: serde_json::to_string(&registration).map_err(|e| OauthError::request(e.to_string()))?,
            created: self.clock.now(),
        };
        let made = row.clone();
        let job = move |conn: &mut dyn Conn| {
            // What nobody has looked at for a month was not meant.
            client::drop_pending(conn, made.created.plus_seconds(-WAITS))?;
            if state == ClientState::Pending && client::pending(conn)? >= MOST_WAITING {
                return Ok(false);
            }
            client::put(conn, &made)?;
            Ok::<_, StoreError>(true)
        };
        if !self.store.write(job).await? {
            let text = "too many registrations wait for an administrator; try again later";
            return Err(OauthError::new("temporarily_unavailable", text));
        }
        Ok((Client::of(row)?, secret))
    }

    /// All sites, those that wait first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn clients(&self) -> Result<Vec<Client>, IdentityError> {
        let rows = self.store.read::<_, StoreError>(|conn| client::list(conn, LISTED)).await?;
        Ok(rows.into_iter().map(Client::of).collect::<Result<_, _>>()?)
    }

    /// The site of an identifier.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn client(&self, id: &str) -> Result<Option<Client>, StoreError> {
        let id = id.to_owned();
        let row = self.store.read::<_, StoreError>(move |conn| client::get(conn, &id)).await?;
        row.map(Client::of).transpose()
    }

    /// Lets a site in, or keeps it out.
    ///
    /// # Errors
    /// [`IdentityError::Missing`]
    pub async fn set_client(&self, id: &str, state: ClientState, by: &Actor) -> Result<(), IdentityError> {
        let act = self.act(if state == ClientState::Active { "admit" } else { "exclude" }, Of("Site", id), by);
        let (id, event) = (id.to_owned(), act.clone());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let row = client::get(conn, &id)?.ok_or(IdentityError::Missing("client"))?;
            client::put(conn, &ClientRow { state: state.as_str().to_owned(), ..row })?;
            Ok(event.write(conn)?)
        };
        let set: Result<(), IdentityError> = self.store.write(job).await;
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = None;
        set?;
        self.tells(&act, None, None);
        Ok(())
    }

    /// Is there a site in force to whose pages codes are sent there (`Origin` of a browser's request)? As it was up to a minute
    /// ago: strangers who ask cost one look at the store a minute. While the store fails, nobody is.
    pub async fn is_site_origin(&self, origin: &str) -> bool {
        match self.site_origins().await {
            Ok(known) => known.contains(origin),
            Err(error) => {
                tracing::error!(%error, "the origins of sites are not known; their pages read nothing meanwhile");
                false
            }
        }
    }

    async fn site_origins(&self) -> Result<Arc<HashSet<String>>, StoreError> {
        let now = self.clock.now();
        let kept = self.origins.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, known)) = kept.filter(|(until, _)| now < *until) {
            return Ok(known);
        }
        let rows = self.store.read::<_, StoreError>(|conn| client::list(conn, LISTED)).await?;
        let active = rows.into_iter().filter(|row| row.state == ClientState::Active.as_str()).map(Client::of);
        let active = active.collect::<Result<Vec<Client>, _>>()?;
        let known: HashSet<String> =
            active.iter().flat_map(|c| &c.registration.redirect_uris).filter_map(|uri| origin_of(uri)).collect();
        let known = Arc::new(known);
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = Some((now.plus_seconds(KNOWN), known.clone()));
        Ok(known)
    }

    /// Where a browser goes when somebody has signed in for a site: origins of its addresses, schemes of a program's own; none
    /// for what is no site in force.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ways_to_site(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let site = self.client(id).await?.filter(|c| c.state == ClientState::Active);
        Ok(site.map(|site| ways_to(&site.registration.redirect_uris)).unwrap_or_default())
    }

    /// A site that is in force.
    pub(crate) async fn active_client(&self, id: &str) -> Result<Client, OauthError> {
        let known = self.client(id).await?.filter(|c| c.state == ClientState::Active);
        known.ok_or_else(|| OauthError::new("invalid_client", "there is no such client in force"))
    }

    /// The site that has proved who it is; `at` is the address of the endpoint, for which its JWT must be meant.
    ///
    /// # Errors
    /// `invalid_client`.
    pub async fn authenticate_client(&self, given: &Credentials, audiences: &[String]) -> Result<Client, OauthError> {
        let refused = || OauthError::new("invalid_client", "the client was not authenticated");
        if let Some(assertion) = &given.assertion {
            return self.by_assertion(assertion, audiences).await?.ok_or_else(refused);
        }
        let (id, secret) = match (&given.basic, &given.id, &given.secret) {
            (Some((id, secret)), ..) => (id, Some(secret)),
            (None, Some(id), secret) => (id, secret.as_ref()),
            (None, None, _) => return Err(refused()),
        };
        let client =
            self.active_client(id).await.map_err(|e| if e.error == "invalid_client" { refused() } else { e })?;
        let own = client.registration.token_endpoint_auth_method;
        // Hashes of 256 random bits: what can be learned of them by time leads to no secret. Whoever has one may send it either
        // way (RFC 6749, 2.3.1).
        let holds = match secret {
            None => own == AuthMethod::None,
            Some(secret) => !client.secret.is_empty() && secret::hash(secret) == client.secret,
        };
        if holds { Ok(client) } else { Err(refused()) }
    }

    async fn by_assertion(&self, assertion: &str, audiences: &[String]) -> Result<Option<Client>, OauthError> {
        let Some(claims) = assertion.split('.').nth(1).and_then(jose::parsed) else { return Ok(None) };
        let Some(id) = claims.get("iss").and_then(Value::as_str) else { return Ok(None) };
        let Some(client) = self.client(id).await?.filter(|c| c.state == ClientState::Active) else { return Ok(None) };
        let keys = client.registration.jwks.as_ref().and_then(|k| k.get("keys")?.as_array()).cloned();
        let signed = keys.into_iter().flatten().any(|key| jose::verified(assertion, &key).is_some());
        let own = client.registration.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
        let meant = match claims.get("aud") {
            Some(Value::String(one)) => audiences.contains(one),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(|a| audiences.iter().any(|o| o == a)),
            _ => false,
        };
        let now = self.clock.now();
        let until = claims.get("exp").and_then(Value::as_i64).map(|s| Timestamp(s.saturating_mul(1_000_000)));
        let since = claims.get("nbf").and_then(Value::as_i64).map(|s| Timestamp(s.saturating_mul(1_000_000)));
        let timely = until.is_some_and(|at| now < at && at <= now.plus_seconds(ASSERTED))
            && since.is_none_or(|at| at <= now.plus_seconds(SKEW));
        let same = claims.get("sub") == claims.get("iss");
        let Some(jti) = claims.get("jti").and_then(Value::as_str) else { return Ok(None) };
        if !(signed && own && meant && timely && same) {
            return Ok(None);
        }
        Ok(self.first_time(&format!("{id} {jti}"), ASSERTED).await?.then_some(client))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_fit, origin_of};

    #[test]
    fn an_origin_is_what_a_browser_calls_it() {
        for (uri, origin) in [
            ("https://A.example:443/cb?x=1", Some("https://a.example")),
            ("http://127.0.0.1:8000/cb", Some("http://127.0.0.1:8000")),
            ("com.example.app:/cb", None),
        ] {
            assert_eq!(origin_of(uri).as_deref(), origin, "{uri}");
        }
    }

    #[test]
    fn codes_are_sent_to_safe_addresses_only() {
        for good in ["https://a.example/cb", "http://127.0.0.1:8000/cb", "http://localhost/cb", "com.example.app:/cb"] {
            assert!(is_fit(good), "{good}");
        }
        for bad in [
            "http://a.example/cb",
            "https://a.example/#x",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:///x",
            "http://localhost.evil.example/cb",
            "http://127.0.0.1.evil.example/",
            "https://a example",
            "http://localhost:80@evil.example/cb",
            "https://bank.example@evil.example/",
            "https://bank.example\\@evil.example/",
            "",
        ] {
            assert!(!is_fit(bad), "{bad}");
        }
    }
}
