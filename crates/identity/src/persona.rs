//! The personas that packs declare, in demo mode only. A token is
//! `<base64url of {"sub","exp"}>.<base64url of HMAC-SHA-256>` under the installation's own key.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use svod_kernel::{Actor, Clock, Timestamp};
use svod_model::PersonaSpec;

use crate::IdentityError;
use crate::ring::Ring;

/// Longest life of a demo token: 90 days.
pub const MAX_TTL_SECONDS: i64 = 90 * 24 * 3600;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
}

/// Turns a persona into a token and a token into an actor.
pub(crate) struct Personas {
    ring: Arc<Ring>,
    demo: bool,
    all: RwLock<Arc<Vec<PersonaSpec>>>,
    clock: Arc<dyn Clock>,
}

impl Personas {
    /// `ring` are the installation's keys; `demo` lets personas in.
    pub fn new(ring: Arc<Ring>, demo: bool, clock: Arc<dyn Clock>) -> Self {
        Self { ring, demo, all: RwLock::default(), clock }
    }

    /// The personas of the packs published now.
    pub fn set(&self, personas: Vec<PersonaSpec>) {
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(personas);
    }

    /// The personas one may be; none outside demo mode.
    pub fn all(&self) -> Arc<Vec<PersonaSpec>> {
        if self.demo { self.all.read().unwrap_or_else(PoisonError::into_inner).clone() } else { Arc::default() }
    }

    /// True when demo personas are let in.
    pub const fn demo(&self) -> bool {
        self.demo
    }

    /// A bearer token for a persona, good for `ttl_seconds` (at most [`MAX_TTL_SECONDS`]).
    ///
    /// # Errors
    /// [`IdentityError::NotDemo`], [`IdentityError::UnknownPersona`].
    pub fn mint(&self, persona: &str, ttl_seconds: i64) -> Result<String, IdentityError> {
        self.persona(persona)?;
        Ok(sign(&self.ring.key(), persona, self.clock.now().plus_seconds(ttl_seconds.clamp(1, MAX_TTL_SECONDS))))
    }

    /// Who the bearer is.
    ///
    /// # Errors
    /// Every variant of [`IdentityError`].
    pub fn authenticate(&self, token: &str) -> Result<Actor, IdentityError> {
        let claims: Claims = self.ring.signed(token)?;
        if Timestamp(claims.exp) <= self.clock.now() {
            return Err(IdentityError::Expired);
        }
        self.persona(&claims.sub)
    }

    fn persona(&self, id: &str) -> Result<Actor, IdentityError> {
        if !self.demo {
            return Err(IdentityError::NotDemo);
        }
        let personas = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let found = personas.iter().find(|p| p.id == id);
        let spec = found.ok_or_else(|| IdentityError::UnknownPersona(id.chars().take(64).collect()))?;
        Ok(Actor {
            id: spec.person_urn().map_or_else(|| format!("persona:{}", spec.id), |person| person.to_string()),
            name: spec.id.clone(),
            roles: spec.roles.iter().copied().collect(),
            spaces: spec.spaces.clone(),
            body: spec.body.clone(),
            on_behalf: Vec::new(),
        })
    }
}

/// A token without asking whether the persona exists: the command line signs with the key file while the platform,
/// which knows the personas, checks.
pub fn sign(key: &[u8; 32], persona: &str, expires: Timestamp) -> String {
    seal(key, &Claims { sub: persona.to_owned(), exp: expires.0 })
}

/// What the installation says of itself, signed.
pub(crate) fn seal(key: &[u8; 32], claims: &impl Serialize) -> String {
    let body = B64.encode(serde_json::to_vec(claims).expect("claims are JSON"));
    let mut mac = mac(key);
    mac.update(body.as_bytes());
    format!("{body}.{}", B64.encode(mac.finalize().into_bytes()))
}

/// What the installation has signed.
pub(crate) fn open<T: DeserializeOwned>(key: &[u8; 32], token: &str) -> Result<T, IdentityError> {
    let (body, tag) = token.split_once('.').ok_or(IdentityError::Invalid)?;
    let tag = B64.decode(tag).map_err(|_| IdentityError::Invalid)?;
    let mut mac = mac(key);
    mac.update(body.as_bytes());
    mac.verify_slice(&tag).map_err(|_| IdentityError::Invalid)?;
    let bytes = B64.decode(body).map_err(|_| IdentityError::Invalid)?;
    serde_json::from_slice(&bytes).map_err(|_| IdentityError::Invalid)
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use svod_kernel::{Role, SimClock};

    use super::*;

    fn identity(demo: bool, clock: &Arc<SimClock>) -> Personas {
        let i = Personas::new(Ring::new([7; 32]), demo, clock.clone());
        i.set(vec![PersonaSpec {
            id: "governor".into(),
            roles: vec![Role::Governor],
            spaces: vec!["kuzbass".parse().unwrap()],
            body: None,
            person: None,
        }]);
        i
    }

    #[test]
    fn a_token_names_its_persona_until_it_expires() {
        let clock = Arc::new(SimClock::new(Timestamp(0)));
        let i = identity(true, &clock);
        let token = i.mint("governor", 60).unwrap();
        assert!(i.authenticate(&token).unwrap().is(Role::Governor));
        clock.advance(61);
        assert_eq!(i.authenticate(&token), Err(IdentityError::Expired));
    }

    #[test]
    fn a_changed_token_and_another_key_are_refused() {
        let clock = Arc::new(SimClock::default());
        let i = identity(true, &clock);
        let token = i.mint("governor", 60).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            if changed != token {
                assert!(i.authenticate(&changed).is_err(), "position {at}");
            }
        }
        assert_eq!(i.authenticate(&sign(&[8; 32], "governor", Timestamp(i64::MAX))), Err(IdentityError::Invalid));
        assert!(matches!(
            i.authenticate(&sign(&[7; 32], "tsar", Timestamp(i64::MAX))),
            Err(IdentityError::UnknownPersona(_))
        ));
    }

    #[test]
    fn personas_are_refused_outside_demo_mode() {
        let clock = Arc::new(SimClock::default());
        let token = identity(true, &clock).mint("governor", 60).unwrap();
        let real = identity(false, &clock);
        assert_eq!(real.authenticate(&token), Err(IdentityError::NotDemo));
        assert_eq!(real.mint("governor", 60), Err(IdentityError::NotDemo));
        assert!(real.all().is_empty());
    }
}
