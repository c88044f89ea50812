//! Signing in through outside OpenID providers (OpenID Connect Core 1.0, code flow with PKCE), several at once. Who they are is known
//! by issuer and subject; the first time by the national identification number that the provider has verified, or because the
//! owner of an account, signed in, wants it.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use svod_kernel::{Timestamp, Urn, number};
use svod_store::account;
use svod_store::outside::{self, OutsideRow};
use svod_store::{Conn, StoreError};
use webauthn_rs::prelude::Url;

use crate::account::ACTIVE;
use crate::acts::{Of, owner};
use crate::provider::jose;
use crate::session::{From, Method, Session};
use crate::{Identity, IdentityError, limiter, passkey, secret};

/// Kind of what was begun.
const OUTSIDE: &str = "outside";
/// For so many seconds somebody may be away at the provider.
const AWAY: i64 = 15 * 60;
/// For so many seconds what a provider says of itself is believed.
const BELIEVED: i64 = 3600;
/// So many seconds clocks may differ.
const SKEW: i64 = 60;
/// Bits of RSA keys that a provider's operator may have to do with.
const WEAK_RSA: usize = 2_048;

/// An outside provider, as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideProvider {
    /// Names it in addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its issuer identifier: `https://accounts.example`.
    pub issuer: String,
    /// What the installation is called there.
    pub client_id: String,
    /// The secret by which the installation is known there; empty for a public client.
    pub client_secret: String,
    /// What is asked for, `openid` with it.
    pub scope: String,
    /// The claim with the national identification number that the provider has verified; empty: it tells none.
    pub national_id_claim: String,
    /// Levels of assurance of which its token must name one (`acr`); it is asked for them. Empty: none is demanded.
    pub acr: Vec<String>,
    /// Ways of proving oneself that its token must name, all of them (`amr`, RFC 8176). Empty: none is demanded.
    pub amr: Vec<String>,
    /// Further origins over which its page sends people on: browsers let a form lead to no others.
    pub also_at: Vec<String>,
    /// Its RSA keys of 2048 bits sign as well, which have 112 bits of strength and not 128.
    pub rsa_2048: bool,
}

/// What a provider is asked over HTTP.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where.
    pub url: String,
    /// A form to be posted; none: the address is read.
    pub form: Option<String>,
    /// The status is enough: no document is waited for.
    pub bare: bool,
}

/// A status and a JSON document, or why there is none.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<(u16, Value), String>> + Send + 'a>>;

/// Speaks to other systems, as far as the configuration allows.
pub trait Fetch: Send + Sync {
    /// One request.
    fn fetch<'a>(&'a self, asked: Asked) -> Fetched<'a>;
}

/// The providers, and how they are reached.
pub(crate) struct Outside {
    providers: Vec<OutsideProvider>,
    fetch: Arc<dyn Fetch>,
    known: RwLock<HashMap<String, (Timestamp, Arc<Provider>)>>,
}

/// What a provider says of itself, with its keys.
struct Provider {
    authorize: String,
    token: String,
    keys: Vec<Value>,
}

/// Why somebody goes to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To open their account by it from then on; in this session.
    Link(String),
    /// To prove again who they are; in this session.
    Confirm(String),
}

/// What was begun.
#[derive(Serialize, Deserialize)]
struct Begun {
    provider: String,
    nonce: String,
    verifier: String,
    back: String,
    purpose: Purpose,
}

/// Whom the provider means.
struct Told {
    issuer: String,
    subject: String,
    name: String,
    number: Option<String>,
    assurance: String,
    /// When they last proved to the provider who they are.
    proved: Option<Timestamp>,
}

/// Where somebody is sent, and what their browser keeps meanwhile.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// The provider's page.
    pub url: String,
    /// Comes back with them, and stands in a cookie.
    pub state: String,
}

/// They are back.
#[derive(Debug, Clone)]
pub struct Returned {
    /// The token of the session that has begun, or under which one goes on; none where nothing has changed.
    pub session: Option<String>,
    /// Where they wanted to go.
    pub back: String,
}

fn refused(provider: &str, why: impl std::fmt::Display) -> IdentityError {
    tracing::warn!(provider, %why, "an outside provider's answer was refused");
    IdentityError::Outside
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn form(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

impl Identity {
    /// The outside providers, from now on.
    pub fn set_outside(&self, providers: Vec<OutsideProvider>, fetch: Arc<dyn Fetch>) {
        let outside = Outside { providers, fetch, known: RwLock::default() };
        *self.outside.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(outside));
    }

    /// The outside providers: identifier and name.
    pub fn outside_providers(&self) -> Vec<(String, String)> {
        self.outside().map(|o| o.providers.iter().map(|p| (p.id.clone(), p.name.clone())).collect()).unwrap_or_default()
    }

    /// Origins of the pages to which the providers' buttons lead, as the providers say; of whom that is not known yet, the
    /// issuer's; and those over which they send people on.
    pub fn outside_origins(&self) -> Vec<String> {
        let Some(outside) = self.outside() else { return Vec::new() };
        let known = outside.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for spec in &outside.providers {
            let page = known.get(&spec.id).map_or(&spec.issuer, |(_, provider)| &provider.authorize);
            all.extend(Url::parse(page).ok().map(|url| url.origin().ascii_serialization()));
            all.extend(spec.also_at.iter().cloned());
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Asks the providers what they say of themselves, where that is not known or not believed any more; true when all are
    /// known.
    pub async fn know_providers(&self) -> bool {
        let Some(outside) = self.outside() else { return true };
        let mut all = true;
        for spec in &outside.providers {
            all &= outside.known(spec, self.clock.now()).await.is_ok();
        }
        all
    }

    /// How other sites are reached.
    pub(crate) fn network(&self) -> Option<Arc<dyn Fetch>> {
        self.outside().map(|o| o.fetch.clone())
    }

    fn outside(&self) -> Option<Arc<Outside>> {
        self.outside.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends somebody to an outside provider.
    ///
    /// # Errors
    /// [`IdentityError::Missing`], [`IdentityError::Outside`], [`IdentityError::TooMany`].
    pub async fn leave(
        &self,
        id: &str,
        (from, back): (&From, &str),
        purpose: Purpose,
    ) -> Result<Leaving, IdentityError> {
        self.limiter.begun(&limiter::network(&from.address), self.clock.now())?;
        let outside = self.outside().ok_or(IdentityError::Missing("provider"))?;
        let spec = outside.spec(id)?;
        let known = outside.known(spec, self.clock.now()).await?;
        let way_back = self.way_back()?;
        let (nonce, verifier) = (secret::token(&*self.rng), secret::token(&*self.rng));
        let challenge = secret::written(&Sha256::digest(verifier.as_bytes()));
        let anew = purpose != Purpose::SignIn;
        let begun = Begun { provider: spec.id.clone(), nonce: nonce.clone(), verifier, back: back.to_owned(), purpose };
        let state = self.put_aside(OUTSIDE, None, json!(begun), AWAY).await?;
        let mut asked = vec![
            ("response_type", "code"),
            ("client_id", &spec.client_id),
            ("redirect_uri", &way_back),
            ("scope", &spec.scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if anew {
            // Not by what the provider remembers: they are asked again.
            asked.extend([("prompt", "login"), ("max_age", "0")]);
        }
        let levels = spec.acr.join(" ");
        if !levels.is_empty() {
            asked.push(("acr_values", &levels));
        }
        let asked = form(&asked);
        let joint = if known.authorize.contains('?') { '&' } else { '?' };
        Ok(Leaving { url: format!("{}{joint}{asked}", known.authorize), state })
    }

    fn way_back(&self) -> Result<String, IdentityError> {
        Ok(format!("{}/session/outside/return", self.origin().ok_or(IdentityError::NoOrigin)?))
    }

    /// Somebody has come back with a code, in the session that their browser is in; `issuer` is what the answer names itself
    /// (RFC 9207).
    ///
    /// # Errors
    /// [`IdentityError::Over`], [`IdentityError::Outside`]; [`IdentityError::Weak`] when the provider has asked for less than is
    /// demanded of it; [`IdentityError::Unknown`] when nobody here is known by it.
    pub async fn come_back(
        &self,
        (state, code, issuer): (&str, &str, Option<&str>),
        from: &From,
        session: Option<&Session>,
    ) -> Result<Returned, IdentityError> {
        let taken = self.take(OUTSIDE, state).await?;
        let begun: Begun = serde_json::from_str(&taken.state).map_err(|_| IdentityError::Over)?;
        let outside = self.outside().ok_or(IdentityError::Missing("provider"))?;
        let spec = outside.spec(&begun.provider)?;
        if issuer.is_some_and(|named| named != spec.issuer) {
            return Err(refused(&spec.id, "the answer names another issuer"));
        }
        let told = self.told(&outside, spec, (code, &begun)).await?;
        if let Purpose::Link(id) | Purpose::Confirm(id) = &begun.purpose {
            // Who began it must be the one who ends it, and still be let in.
            let session = session.filter(|s| s.id == *id).ok_or(IdentityError::Over)?;
            if self.row(&session.account).await?.state != ACTIVE {
                return Err(IdentityError::Refused);
            }
            let proved = told.proved.is_some_and(|at| at.plus_seconds(AWAY) > self.clock.now());
            let token = match begun.purpose {
                Purpose::Link(_) => {
                    self.link(&told, &session.account).await?;
                    self.strengthened(session, Method::Outside).await?
                }
                _ if !proved || self.opened_by(&told).await?.as_deref() != Some(&session.account) => {
                    return Err(IdentityError::Refused);
                }
                _ => Some(self.confirmed(session, Method::Outside).await?),
            };
            return Ok(Returned { session: token, back: begun.back });
        }
        let account = match self.opened_by(&told).await? {
            Some(account) => account,
            None => self.met_first(spec, &told).await?,
        };
        if self.row(&account).await?.state != ACTIVE {
            return Err(IdentityError::Refused);
        }
        let session = self.begin_with(&account, Method::Outside, from, &told.assurance).await?;
        Ok(Returned { session: Some(session), back: begun.back })
    }

    /// Changes the code for claims, and checks them (OpenID Connect Core, 3.1.3.7).
    async fn told(
        &self,
        outside: &Outside,
        spec: &OutsideProvider,
        (code, begun): (&str, &Begun),
    ) -> Result<Told, IdentityError> {
        let known = outside.known(spec, self.clock.now()).await?;
        let back = self.way_back()?;
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
            ("code_verifier", &begun.verifier),
            ("client_id", &spec.client_id),
        ];
        if !spec.client_secret.is_empty() {
            pairs.push(("client_secret", &spec.client_secret));
        }
        let asked = Asked { url: known.token.clone(), form: Some(form(&pairs)), bare: false };
        let (status, answer) = outside.fetch.fetch(asked).await.map_err(|e| refused(&spec.id, e))?;
        let token = answer.get("id_token").and_then(Value::as_str);
        let token = token.ok_or_else(|| refused(&spec.id, format!("{status} without an id_token")))?;
        let least = if spec.rsa_2048 { WEAK_RSA } else { jose::RSA_BITS };
        let claims = match jose::verified_by(token, &known.keys, least) {
            Some(claims) => claims,
            // Its keys may have changed since they were read.
            None => {
                outside.forget(&spec.id);
                let known = outside.known(spec, self.clock.now()).await?;
                let why = || match jose::too_weak(token, &known.keys, least) {
                    Some(bits) => refused(
                        &spec.id,
                        format!("its RSA key has {bits} bits; say rsa_2048 = true where it has no other"),
                    ),
                    None => refused(&spec.id, "the signature of the id_token does not hold"),
                };
                jose::verified_by(token, &known.keys, least).ok_or_else(why)?
            }
        };
        fits(spec, &claims, &begun.nonce, self.clock.now()).map_err(|why| refused(&spec.id, why))?;
        if !assures(spec, &claims) {
            tracing::warn!(provider = spec.id, acr = ?claims.get("acr"), amr = ?claims.get("amr"),
                "an outside provider has asked for less than is demanded of it");
            return Err(IdentityError::Weak);
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let subject = text("sub");
        Ok(Told {
            issuer: spec.issuer.clone(),
            name: if text("name").trim().is_empty() { subject.clone() } else { text("name") },
            number: claims.get(&spec.national_id_claim).and_then(Value::as_str).and_then(national_number),
            proved: claims.get("auth_time").and_then(Value::as_f64).map(|s| Timestamp(number::whole(s * 1e6))),
            assurance: text("acr").chars().take(100).collect(),
            subject,
        })
    }

    async fn opened_by(&self, told: &Told) -> Result<Option<String>, IdentityError> {
        let (issuer, subject) = (told.issuer.clone(), told.subject.clone());
        let look = move |conn: &mut dyn Conn| outside::get(conn, &issuer, &subject);
        Ok(self.store.read::<_, StoreError>(look).await?.map(|row| row.account))
    }

    async fn link(&self, told: &Told, account: &str) -> Result<(), IdentityError> {
        let row = OutsideRow {
            issuer: told.issuer.clone(),
            subject: told.subject.clone(),
            account: account.to_owned(),
            created: self.clock.now(),
        };
        let of = self.account(account).await?;
        let act = self.act("link", Of::account(account), &owner(&of));
        let event = act.clone();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            match outside::get(conn, &row.issuer, &row.subject)? {
                Some(there) if there.account == row.account => Ok(false),
                Some(_) => Err(IdentityError::Taken(row.subject.clone())),
                None => {
                    outside::add(conn, &row)?;
                    event.write(conn)?;
                    Ok(true)
                }
            }
        };
        if self.store.write(job).await? {
            self.tells(&act, Some(of.person), None);
        }
        Ok(())
    }

    /// The first time: the verified number leads to a person, who gets an account. Whoever has one already links the provider
    /// there, signed in: a number in a register does not open what somebody has locked.
    async fn met_first(&self, spec: &OutsideProvider, told: &Told) -> Result<String, IdentityError> {
        let number = told.number.clone().ok_or(IdentityError::Unknown)?;
        let known = self.directory().numbered(&number).await;
        let mut known = known.map_err(|e| StoreError::Shape(format!("people are not known: {e}")))?;
        if known.len() > 1 {
            return Err(refused(&spec.id, "the number is that of several people"));
        }
        let known = known.pop();
        if let Some(person) = &known {
            let person = person.to_string();
            let look = move |conn: &mut dyn Conn| account::by_person(conn, &person);
            if self.store.read::<_, StoreError>(look).await?.is_some() {
                return Err(IdentityError::Unknown);
            }
        }
        let account = self.made_for(spec, told, (known, number)).await?;
        self.link(told, &account).await?;
        Ok(account)
    }

    async fn made_for(
        &self,
        spec: &OutsideProvider,
        told: &Told,
        (known, number): (Option<Urn>, String),
    ) -> Result<String, IdentityError> {
        let person = match known {
            Some(person) => person,
            None => self.newcomer(&told.name, None, Some(number)).await?,
        };
        let mark = secret::hash(&format!("{} {}", told.issuer, told.subject));
        let mark: String = mark.iter().take(8).map(|b| format!("{b:02x}")).collect();
        let name: String = told.name.chars().take(100).collect();
        let row = self.fresh(&format!("{}.{mark}", spec.id), &name, &person);
        let made = row.clone();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            match account::by_login(conn, &made.login)? {
                // Another request of the same person was faster.
                Some(there) if there.person == made.person => Ok(there.id),
                Some(there) => Err(IdentityError::Taken(there.login)),
                None => account::add(conn, &made).map(|()| made.id.clone()).map_err(IdentityError::from),
            }
        };
        self.store.write(job).await
    }

    /// The outside providers by which an account is opened: issuers, with when that began.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn outside_of(&self, account: &str) -> Result<Vec<(String, Timestamp)>, IdentityError> {
        let account = account.to_owned();
        let rows = self.store.read::<_, StoreError>(move |conn| outside::list(conn, &account)).await?;
        Ok(rows.into_iter().map(|r| (r.issuer, r.created)).collect())
    }

    /// The providers among those of now by which an account is opened: identifier and name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn outside_ways(&self, account: &str) -> Result<Vec<(String, String)>, IdentityError> {
        let Some(outside) = self.outside() else { return Ok(Vec::new()) };
        let linked = self.outside_of(account).await?;
        let open = outside.providers.iter().filter(|p| linked.iter().any(|(issuer, _)| *issuer == p.issuer));
        Ok(open.map(|p| (p.id.clone(), p.name.clone())).collect())
    }

    /// A provider opens the account no more; not the last way to sign in.
    ///
    /// # Errors
    /// [`IdentityError::LastWay`], [`IdentityError::Missing`].
    pub async fn unlink(&self, account: &str, issuer: &str) -> Result<(), IdentityError> {
        let of = self.account(account).await?;
        let act = self.act("unlink", Of::account(account), &owner(&of));
        let (account, issuer, event) = (account.to_owned(), issuer.to_owned(), act.clone());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let row = account::get(conn, &account)?.ok_or(IdentityError::Missing("account"))?;
            let others = outside::list(conn, &account)?.iter().any(|o| o.issuer != issuer);
            let keys = !passkey::opening(conn, &account)?.is_empty();
            if row.password.is_none() && !keys && !others {
                return Err(IdentityError::LastWay);
            }
            if !outside::remove(conn, &account, &issuer)? {
                return Err(IdentityError::Missing("provider"));
            }
            Ok(event.write(conn)?)
        };
        self.store.write(job).await?;
        self.tells(&act, Some(of.person), None);
        Ok(())
    }
}

/// A national identification number as registers have it, when it is one: SNILS (Russia, 11 digits, by tradition with hyphens and
/// a space) or IIN (Kazakhstan, 12 digits), with the right check digits.
fn national_number(text: &str) -> Option<String> {
    let plain = text.trim().chars().all(|c| c.is_ascii_digit() || c == '-' || c == ' ');
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let weighed = |weights: &[u32]| weights.iter().zip(&digits).map(|(w, d)| w * d).sum::<u32>();
    let fits = match digits.len() {
        11 => weighed(&[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100 == digits[9] * 10 + digits[10],
        12 => {
            let check = match weighed(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11 {
                10 => weighed(&[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11,
                check => check,
            };
            check == digits[11]
        }
        _ => false,
    };
    (plain && fits).then(|| digits.iter().map(u32::to_string).collect())
}

/// Is the token for us, by that provider, of this moment and of what was begun?
fn fits(spec: &OutsideProvider, claims: &Map<String, Value>, nonce: &str, now: Timestamp) -> Result<(), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let moment = |name: &str| claims.get(name).and_then(Value::as_f64).map(|s| Timestamp(number::whole(s * 1e6)));
    if text("iss") != Some(&spec.issuer) {
        return Err("another issuer");
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audience.contains(&spec.client_id.as_str()) || (audience.len() > 1 && text("azp") != Some(&spec.client_id)) {
        return Err("not for this installation");
    }
    if moment("exp").is_none_or(|exp| exp.plus_seconds(SKEW) <= now) {
        return Err("its time is over");
    }
    if moment("iat").is_none_or(|iat| iat > now.plus_seconds(SKEW)) {
        return Err("of a time to come");
    }
    if text("nonce") != Some(nonce) {
        return Err("not what was begun here");
    }
    if text("sub").is_none_or(|sub| sub.is_empty() || sub.len() > 255) {
        return Err("it names nobody");
    }
    Ok(())
}

/// Does the token say that the provider has asked for what is demanded of it (OpenID Connect Core, 2: `acr`, `amr`)?
fn assures(spec: &OutsideProvider, claims: &Map<String, Value>) -> bool {
    let level = claims.get("acr").and_then(Value::as_str);
    let ways = claims.get("amr").and_then(Value::as_array);
    let named = |way: &String| ways.is_some_and(|all| all.iter().any(|w| w.as_str() == Some(way)));
    (spec.acr.is_empty() || level.is_some_and(|level| spec.acr.iter().any(|known| known == level)))
        && spec.amr.iter().all(named)
}

impl Outside {
    fn spec(&self, id: &str) -> Result<&OutsideProvider, IdentityError> {
        self.providers.iter().find(|p| p.id == id).ok_or(IdentityError::Missing("provider"))
    }

    fn forget(&self, id: &str) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    async fn read(&self, spec: &OutsideProvider, url: &str) -> Result<Value, IdentityError> {
        let asked = Asked { url: url.to_owned(), form: None, bare: false };
        match self.fetch.fetch(asked).await {
            Ok((200, document)) => Ok(document),
            Ok((status, _)) => Err(refused(&spec.id, format!("{url} answers {status}"))),
            Err(why) => Err(refused(&spec.id, why)),
        }
    }

    /// What a provider says of itself (OpenID Connect Discovery 1.0, 4), and its keys.
    async fn known(&self, spec: &OutsideProvider, now: Timestamp) -> Result<Arc<Provider>, IdentityError> {
        let kept = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&spec.id).cloned();
        if let Some((at, provider)) = kept
            && now < at.plus_seconds(BELIEVED)
        {
            return Ok(provider);
        }
        let address = format!("{}/.well-known/openid-configuration", spec.issuer.trim_end_matches('/'));
        let document = self.read(spec, &address).await?;
        let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
        if text("issuer").as_deref() != Some(&spec.issuer) {
            return Err(refused(&spec.id, "it names itself otherwise"));
        }
        let (Some(authorize), Some(token), Some(keys)) =
            (text("authorization_endpoint"), text("token_endpoint"), text("jwks_uri"))
        else {
            return Err(refused(&spec.id, "its description lacks an endpoint"));
        };
        let keys = self.read(spec, &keys).await?;
        let keys = keys.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        let provider = Arc::new(Provider { authorize, token, keys });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(spec.id.clone(), (now, provider.clone()));
        Ok(provider)
    }
}
