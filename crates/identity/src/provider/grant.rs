//! What a site asks somebody for, and what they answer (OpenID Connect Core, 3.1.2; OAuth 2.1, 4.1; RFC 9126).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use svod_kernel::Timestamp;
use svod_store::{Conn, StoreError, client};

use super::client::{AuthMethod, Client};
use super::token::{ACCESS, AT_LAST, REFRESH};
use super::{Credentials, OauthError};
use crate::{Identity, IdentityError, Session, secret};

/// Kinds of what was begun, and for how many seconds.
const PUSHED: (&str, i64) = ("pushed-request", 90);
const ASKED: (&str, i64) = ("consent", 15 * 60);
pub(super) const CODE: (&str, i64) = ("code", 60);
/// Where pushed requests are named (RFC 9126, 2.2).
const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// Longest value of a pushed request.
const LONGEST: usize = 2_000;
/// The scope on which all others stand: who somebody is. It is allowed with any of them.
const WHO: &str = "openid";
/// The scope with which a site goes on while its person is away.
const LASTING: &str = "offline_access";
/// A proof as old as this still counts as one given for this request, in seconds.
const JUST_NOW: i64 = 60;

/// A request that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The site.
    pub client: String,
    /// Where the answer goes.
    pub redirect: String,
    /// What is asked for, as far as the site may.
    pub scope: String,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
    prompt: String,
    max_age: Option<i64>,
    key: Option<String>,
}

/// What a code stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Granted {
    pub request: Granting,
    pub account: String,
    pub session: String,
    pub method: String,
    pub confirmed: i64,
    pub chain: String,
}

/// What of a request its code goes by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Granting {
    pub client: String,
    pub redirect: String,
    pub scope: String,
    pub nonce: Option<String>,
    pub challenge: String,
    pub key: Option<String>,
}

/// What comes next.
#[derive(Debug, Clone)]
pub enum Authorized {
    /// Somebody must sign in first.
    SignIn,
    /// They must prove again who they are.
    Confirm,
    /// They are asked; the token names the question.
    Ask(Box<Asked>),
    /// They go back to the site, with a code or with why there is none.
    Back(String),
}

/// A question to somebody: may the site learn this?
#[derive(Debug, Clone)]
pub struct Asked {
    /// Names the question.
    pub token: String,
    /// The site.
    pub client: Client,
    /// What it asks for, each with what stands ticked: what was allowed before, all of it where it asks for the first time.
    pub scope: Vec<(String, bool)>,
    /// How long what it is allowed lasts.
    pub lasts: Lasts,
}

/// How long a site may learn something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lasts {
    /// A token is good for so many minutes.
    pub minutes: i64,
    /// It renews itself: it ends when it has not been used for so many days, and so many days after the sign-in at the latest.
    pub days: Option<(i64, i64)>,
    /// The answer is remembered until it is taken back; otherwise the site asks each time.
    pub remembered: bool,
}

impl Lasts {
    fn of(client: &Client, scope: &str, remembered: bool) -> Self {
        let lasting = scope.split_whitespace().any(|s| s == LASTING) && client.grants("refresh_token");
        let day = 24 * 3600;
        Self { minutes: ACCESS / 60, days: lasting.then_some((REFRESH / day, AT_LAST / day)), remembered }
    }
}

/// An address with more in its query.
pub(super) fn with(uri: &str, pairs: &[(&str, &str)]) -> String {
    let joint = if uri.contains('?') { '&' } else { '?' };
    let plain = |text: &str| {
        let bytes = text.bytes().map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        });
        bytes.collect::<String>()
    };
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    format!("{uri}{joint}{}", pairs.join("&"))
}

impl Request {
    fn asks(&self, prompt: &str) -> bool {
        self.prompt.split_whitespace().any(|p| p == prompt)
    }
}

impl Identity {
    /// The address of the provider; every token names it.
    ///
    /// # Errors
    /// `temporarily_unavailable` where the installation has none.
    pub fn issuer(&self) -> Result<String, OauthError> {
        let text = "the installation has no address of its own: set identity.origin";
        self.origin().ok_or_else(|| OauthError::new("temporarily_unavailable", text))
    }

    /// Reads a request. What cannot be answered by sending somebody back is an error of its own; the other is an address.
    ///
    /// # Errors
    /// The error for a page.
    pub async fn read_request(&self, params: &HashMap<String, String>) -> Result<Result<Request, String>, OauthError> {
        let get = |name: &str| params.get(name).map(String::as_str).filter(|v| !v.is_empty());
        let id = get("client_id").ok_or_else(|| OauthError::request("client_id is missing"))?;
        if let Some(named) = get("request_uri") {
            let token = named.strip_prefix(URN).ok_or_else(|| OauthError::request("request_uri: push it first"))?;
            let pushed = self.look_at(PUSHED.0, token).await;
            let pushed = pushed.map_err(|_| OauthError::request("request_uri: it has expired; begin again"))?;
            let request: Request =
                serde_json::from_str(&pushed.state).map_err(|e| OauthError::request(e.to_string()))?;
            return if request.client == id {
                Ok(Ok(request))
            } else {
                Err(OauthError::request("client_id: another's"))
            };
        }
        let client = self.active_client(id).await?;
        let redirects = &client.registration.redirect_uris;
        let redirect = match (get("redirect_uri"), redirects.as_slice()) {
            (Some(uri), all) if all.iter().any(|r| r == uri || is_same_loopback(r, uri)) => uri.to_owned(),
            (None, [only]) => only.clone(),
            _ => return Err(OauthError::request("redirect_uri: not one of those registered, to the letter")),
        };
        let state = get("state").map(str::to_owned);
        Ok(asked(&client, redirect.clone(), state.clone(), &get)
            .map_err(|e| self.back(&redirect, state.as_deref(), &e)))
    }

    fn back(&self, redirect: &str, state: Option<&str>, error: &OauthError) -> String {
        let issuer = self.origin().unwrap_or_default();
        let mut pairs = vec![("error", error.error), ("error_description", error.description.as_str())];
        pairs.extend(state.map(|s| ("state", s)));
        pairs.push(("iss", &issuer));
        with(redirect, &pairs)
    }

    /// A site leaves its request beforehand: its name, and for how many seconds it is good (RFC 9126).
    ///
    /// # Errors
    /// `invalid_client`, `invalid_request`.
    pub async fn push_request(
        &self,
        params: &HashMap<String, String>,
        (credentials, proof): (&Credentials, Option<&str>),
        audiences: &[String],
    ) -> Result<(String, i64), OauthError> {
        let client = self.authenticate_client(credentials, audiences).await?;
        let key = match (proof, audiences) {
            (Some(proof), [_, address, ..]) => Some(self.proved(proof, ("POST", address), None).await?),
            _ => None,
        };
        if params.values().any(|v| v.len() > LONGEST) {
            return Err(OauthError::request(format!("at most {LONGEST} bytes a parameter")));
        }
        if params.contains_key("request_uri") {
            return Err(OauthError::request("request_uri: only what is pushed has one"));
        }
        let mut params = params.clone();
        params.insert("client_id".into(), client.id);
        if let Some(key) = key {
            // A code that is asked for with a proof is bound to its key (RFC 9449, 10.1).
            if params.insert("dpop_jkt".into(), key.clone()).is_some_and(|named| named != key) {
                return Err(OauthError::new("invalid_dpop_proof", "dpop_jkt is another key's"));
            }
        }
        let request = self
            .read_request(&params)
            .await?
            .map_err(|_| OauthError::request("see response_type, code_challenge and scope"))?;
        let state = serde_json::to_value(&request).map_err(|e| OauthError::request(e.to_string()))?;
        let token = self.put_aside(PUSHED.0, None, state, PUSHED.1).await?;
        Ok((format!("{URN}{token}"), PUSHED.1))
    }

    /// Keeps a request while its person signs in; under which name it is asked again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_request(&self, request: &Request) -> Result<String, OauthError> {
        let state = serde_json::to_value(request).map_err(|e| OauthError::request(e.to_string()))?;
        Ok(format!("{URN}{}", self.put_aside(PUSHED.0, None, state, ASKED.1).await?))
    }

    /// What comes next for whoever holds that session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn authorize(&self, request: Request, session: Option<&Session>) -> Result<Authorized, OauthError> {
        let back = |error, text: &str| {
            Authorized::Back(self.back(&request.redirect, request.state.as_deref(), &OauthError::new(error, text)))
        };
        let Some(session) = session else {
            return Ok(if request.asks("none") {
                back("login_required", "nobody is signed in")
            } else {
                Authorized::SignIn
            });
        };
        let now = self.clock.now();
        let old = |seconds: i64| !session.is_fresh(now, seconds);
        if (request.asks("login") && old(JUST_NOW)) || request.max_age.is_some_and(|age| old(age.max(JUST_NOW))) {
            return Ok(if request.asks("none") {
                back("login_required", "a fresh sign-in is needed")
            } else {
                Authorized::Confirm
            });
        }
        let client = self.active_client(&request.client).await?;
        let (account, id) = (session.account.clone(), client.id.clone());
        let allowed = self.store.read::<_, StoreError>(move |conn| client::consent(conn, &account, &id)).await?;
        let allowed = allowed.unwrap_or_default();
        let allowed: Vec<&str> = allowed.split_whitespace().collect();
        // A program that keeps no secret and is not called back over the web may be anybody who has its name: its person
        // sees each of its requests (OAuth 2.1, 7.4).
        let sure = client.registration.token_endpoint_auth_method != AuthMethod::None
            || request.redirect.starts_with("https:");
        if sure && !request.asks("consent") && request.scope.split_whitespace().all(|s| allowed.contains(&s)) {
            return Ok(Authorized::Back(self.code(&request, session).await?));
        }
        if request.asks("none") {
            return Ok(back("consent_required", "the person has not been asked yet"));
        }
        let lasts = Lasts::of(&client, &request.scope, sure);
        let ticked = |word: &str| allowed.is_empty() || word == WHO || allowed.contains(&word);
        let scope = request.scope.split_whitespace().map(|word| (word.to_owned(), ticked(word))).collect();
        let state = serde_json::to_value(&request).map_err(|e| OauthError::request(e.to_string()))?;
        let token = self.put_aside(ASKED.0, Some(session.account.clone()), state, ASKED.1).await?;
        Ok(Authorized::Ask(Box::new(Asked { token, client, scope, lasts })))
    }

    /// Somebody has answered: which of the scopes they allow, or none at all. The address at which the site waits. What they were
    /// asked for and do not allow is taken back, where they had allowed it before.
    ///
    /// # Errors
    /// When the question is over.
    pub async fn answered(
        &self,
        session: &Session,
        token: &str,
        allowed: Option<&[String]>,
    ) -> Result<String, OauthError> {
        let question = self.take(ASKED.0, token).await?;
        if question.account.as_deref() != Some(&session.account) {
            return Err(IdentityError::Over.into());
        }
        let mut request: Request =
            serde_json::from_str(&question.state).map_err(|e| OauthError::request(e.to_string()))?;
        let asked = std::mem::take(&mut request.scope);
        if let Some(ticked) = allowed {
            let granted = |word: &&str| *word == WHO || ticked.iter().any(|t| t == word);
            request.scope = asked.split_whitespace().filter(granted).collect::<Vec<_>>().join(" ");
        }
        if request.scope.is_empty() {
            let error = OauthError::new("access_denied", "the person has said no");
            return Ok(self.back(&request.redirect, request.state.as_deref(), &error));
        }
        let (account, now) = (session.account.clone(), self.clock.now());
        let (id, granted) = (request.client.clone(), request.scope.clone());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let mut all = client::consent(conn, &account, &id)?.unwrap_or_default();
            for word in asked.split_whitespace().filter(|w| common(w, &granted).is_empty()) {
                if common(word, &all).is_empty() {
                    continue;
                }
                all = all.split_whitespace().filter(|s| *s != word).collect::<Vec<_>>().join(" ");
                client::narrow(conn, (&account, &id), (word, &all), word == LASTING)?;
            }
            let mut all: Vec<&str> = all.split_whitespace().chain(granted.split_whitespace()).collect();
            all.sort_unstable();
            all.dedup();
            client::put_consent(conn, (&account, &id), &all.join(" "), now)
        };
        self.store.write::<_, StoreError>(job).await?;
        self.code(&request, session).await
    }

    async fn code(&self, request: &Request, session: &Session) -> Result<String, OauthError> {
        let issuer = self.issuer()?;
        let granted = Granted {
            request: Granting {
                client: request.client.clone(),
                redirect: request.redirect.clone(),
                scope: request.scope.clone(),
                nonce: request.nonce.clone(),
                challenge: request.challenge.clone(),
                key: request.key.clone(),
            },
            account: session.account.clone(),
            session: session.id.clone(),
            method: session.method.clone(),
            confirmed: session.confirmed.0,
            chain: format!("{}.{}", secret::token(&*self.rng), session.sid()),
        };
        let code = self.put_aside(CODE.0, Some(session.account.clone()), json!(granted), CODE.1).await?;
        let mut pairs = vec![("code", code.as_str())];
        pairs.extend(request.state.as_deref().map(|s| ("state", s)));
        pairs.push(("iss", &issuer));
        Ok(with(&request.redirect, &pairs))
    }

    /// The sites that an account's owner has allowed something: site, what, when.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn allowed_sites(&self, account: &str) -> Result<Vec<(Client, Vec<String>, Timestamp)>, IdentityError> {
        let account = account.to_owned();
        let consents = self.store.read::<_, StoreError>(move |conn| client::consents(conn, &account)).await?;
        let mut all = Vec::with_capacity(consents.len());
        for (id, scope, at) in consents {
            if let Some(site) = self.client(&id).await? {
                all.push((site, scope.split_whitespace().map(str::to_owned).collect(), at));
            }
        }
        Ok(all)
    }

    /// A site may learn nothing more, and its tokens end.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn withdraw(&self, account: &str, client: &str) -> Result<(), IdentityError> {
        let (account, id) = (account.to_owned(), client.to_owned());
        Ok(self.store.write::<_, StoreError>(move |conn| client::withdraw(conn, &account, &id)).await?)
    }

    /// A site may learn one thing less: access tokens with that scope end, refresh tokens give what is left. Without `openid`, on
    /// which the others stand, or without anything left it is as [`Identity::withdraw`].
    ///
    /// # Errors
    /// [`IdentityError::Missing`] when the site was not allowed it.
    pub async fn narrow(&self, account: &str, client: &str, word: &str) -> Result<(), IdentityError> {
        let (account, id, word) = (account.to_owned(), client.to_owned(), word.to_owned());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let allowed = client::consent(conn, &account, &id)?.unwrap_or_default();
            if !allowed.split_whitespace().any(|s| s == word) {
                return Err(IdentityError::Missing("permission"));
            }
            let left: Vec<&str> = allowed.split_whitespace().filter(|s| *s != word).collect();
            if word == WHO || left.is_empty() {
                return Ok(client::withdraw(conn, &account, &id)?);
            }
            Ok(client::narrow(conn, (&account, &id), (&word, &left.join(" ")), word == LASTING)?)
        };
        self.store.write(job).await
    }
}

/// What of the words of a scope stands in another.
pub(super) fn common(scope: &str, other: &str) -> String {
    let allowed: Vec<&str> = other.split_whitespace().collect();
    scope.split_whitespace().filter(|s| allowed.contains(s)).collect::<Vec<_>>().join(" ")
}

/// A program on the same machine listens where it finds a free port (RFC 8252, 7.3).
fn is_same_loopback(registered: &str, asked: &str) -> bool {
    let parts = |uri: &str| -> Option<(String, String)> {
        let rest = uri.strip_prefix("http://")?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        ["127.0.0.1", "[::1]"].contains(&name).then(|| (name.to_owned(), path.to_owned()))
    };
    parts(registered).is_some_and(|own| parts(asked) == Some(own))
}

/// What a site asks for, once it is known where the answer goes.
fn asked<'p>(
    client: &Client,
    redirect: String,
    state: Option<String>,
    get: &impl Fn(&str) -> Option<&'p str>,
) -> Result<Request, OauthError> {
    if get("request").is_some() {
        return Err(OauthError::new("request_not_supported", "push the request instead"));
    }
    match get("response_type") {
        Some("code") => {}
        None => return Err(OauthError::request("response_type is missing")),
        Some(_) => return Err(OauthError::new("unsupported_response_type", "response_type: code")),
    }
    if !client.grants("authorization_code") {
        return Err(OauthError::new("unauthorized_client", "the client is not registered for authorization_code"));
    }
    if get("response_mode").is_some_and(|m| m != "query") {
        return Err(OauthError::request("response_mode: query"));
    }
    let challenge = get("code_challenge").filter(|c| c.len() == 43);
    if challenge.is_none() || get("code_challenge_method") != Some("S256") {
        return Err(OauthError::request("code_challenge with code_challenge_method=S256 is needed (PKCE)"));
    }
    let scope = client.narrowed(get("scope").unwrap_or_default());
    if scope.is_empty() {
        return Err(OauthError::new("invalid_scope", "scope: nothing of it is registered for the client"));
    }
    let max_age =
        get("max_age").map(str::parse::<i64>).transpose().map_err(|_| OauthError::request("max_age: seconds"))?;
    let prompt = get("prompt").unwrap_or_default().to_owned();
    if prompt.split_whitespace().any(|p| p == "none") && prompt.trim() != "none" {
        return Err(OauthError::request("prompt: none goes with nothing else"));
    }
    if state.as_ref().is_some_and(|s| s.len() > 2_000) || get("nonce").is_some_and(|n| n.len() > 2_000) {
        return Err(OauthError::request("state and nonce: at most 2,000 bytes"));
    }
    Ok(Request {
        client: client.id.clone(),
        redirect,
        scope,
        state,
        nonce: get("nonce").map(str::to_owned),
        challenge: challenge.unwrap_or_default().to_owned(),
        prompt,
        max_age,
        key: get("dpop_jkt").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_added_to_what_the_address_says_already() {
        assert_eq!(with("https://a/cb", &[("code", "x y"), ("state", "ä")]), "https://a/cb?code=x%20y&state=%C3%A4");
        assert_eq!(with("https://a/cb?own=1", &[("code", "x")]), "https://a/cb?own=1&code=x");
    }

    #[test]
    fn a_program_on_the_same_machine_chooses_its_port() {
        assert!(is_same_loopback("http://127.0.0.1/cb", "http://127.0.0.1:50123/cb"));
        assert!(!is_same_loopback("http://127.0.0.1/cb", "http://127.0.0.1:50123/other"));
        assert!(!is_same_loopback("http://127.0.0.1/cb", "http://127.0.0.1:x@evil.example/cb"));
        assert!(!is_same_loopback("https://a.example/cb", "https://a.example:8443/cb"));
    }
}
