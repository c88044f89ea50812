use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use svod_kernel::{Actor, Clock, Rng, SpacePath, Timestamp, Urn};
use svod_model::PersonaSpec;
use svod_store::Store;
use tokio::sync::{Notify, broadcast};
use webauthn_rs::prelude::Webauthn;

use crate::breached::Breached;
use crate::device::Devices;
use crate::directory::{Directory, NoPosts};
use crate::limiter::Limiter;
use crate::outside::Outside;
use crate::password::Passwords;
use crate::persona::Personas;
use crate::powers::Powers;
use crate::provider::Keys;
use crate::ring::Ring;
use crate::session::{Known, Recent};
use crate::{IdentityError, passkey};

/// Signs kept for who is slow to take them.
const SIGNS: usize = 1_024;

/// Something that whoever watches over security is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// A proof was refused.
    Refused {
        /// From which network.
        network: String,
    },
    /// Devices were not let in; told once a second for each network.
    DevicesRefused {
        /// From which network.
        network: String,
        /// How many times since it was told last.
        count: u32,
    },
    /// Somebody who has signed in before does so from a device not seen before.
    NewDevice {
        /// Who.
        person: Urn,
    },
    /// Somebody signs in while another session of theirs is in use in another network.
    FarAway {
        /// Who.
        person: Urn,
    },
    /// Somebody has changed an account, or who may do what by one: let a site in, invited to a post.
    Changed {
        /// What was done: the verb of the journal.
        what: String,
        /// To what: the identifier of the journal.
        of: String,
        /// Who did it.
        by: Actor,
        /// Whose account it is; none: it is about powers.
        person: Option<Urn>,
        /// Where the powers are; none: everywhere.
        space: Option<SpacePath>,
    },
}

/// What identity stands on.
pub struct IdentityDeps {
    /// Where accounts and sessions are.
    pub store: Store,
    /// The installation's secret.
    pub key: [u8; 32],
    /// Demo personas are let in.
    pub demo: bool,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The address of the installation, `https://…`; passkeys are good for it alone.
    pub origin: Option<String>,
    /// How long a session lasts.
    pub session_seconds: i64,
    /// A file of passwords known to have leaked.
    pub breached: Option<PathBuf>,
}

/// Who somebody is.
pub struct Identity {
    pub(crate) store: Store,
    /// Its keys: they sign, and seal what must be read again.
    pub(crate) ring: Arc<Ring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) webauthn: Option<Webauthn>,
    pub(crate) session_seconds: i64,
    pub(crate) passwords: Passwords,
    pub(crate) breached: Option<Breached>,
    pub(crate) limiter: Limiter,
    pub(crate) recent: Recent,
    pub(crate) powers: Powers,
    pub(crate) devices: Devices,
    /// What is noticed, for who watches over security.
    pub(crate) signs: broadcast::Sender<Sign>,
    /// Sessions have ended here: sites are to be told.
    pub(crate) ended: Notify,
    /// By whom else people sign in.
    pub(crate) outside: RwLock<Option<Arc<Outside>>>,
    /// Origins of the sites in force, and until when they are believed.
    pub(crate) origins: RwLock<Option<(Timestamp, Arc<HashSet<String>>)>>,
    /// Keys that sign for other sites, as they were read last.
    pub(crate) keys: RwLock<Option<(Timestamp, Keys)>>,
    personas: Personas,
    directory: RwLock<Arc<dyn Directory>>,
}

impl Identity {
    /// Over a store.
    ///
    /// # Errors
    /// When the address is none that passkeys can be good for.
    pub fn new(deps: IdentityDeps) -> Result<Self, String> {
        let mut salt = [0; 16];
        deps.rng.fill(&mut salt);
        let ring = Ring::new(deps.key);
        Ok(Self {
            personas: Personas::new(ring.clone(), deps.demo, deps.clock.clone()),
            webauthn: deps.origin.as_deref().map(passkey::webauthn).transpose()?,
            directory: RwLock::new(Arc::new(NoPosts)),
            passwords: Passwords::new(salt),
            breached: deps.breached.as_deref().map(Breached::new),
            limiter: Limiter::default(),
            recent: Recent::new(),
            powers: Powers::new(),
            devices: Devices::new(),
            signs: broadcast::channel(SIGNS).0,
            ended: Notify::new(),
            outside: RwLock::default(),
            origins: RwLock::default(),
            keys: RwLock::default(),
            store: deps.store,
            ring,
            clock: deps.clock,
            rng: deps.rng,
            session_seconds: deps.session_seconds,
        })
    }

    /// How long a session lasts, in seconds.
    pub const fn session_seconds(&self) -> i64 {
        self.session_seconds
    }

    /// What is noticed from now on.
    pub fn signs(&self) -> broadcast::Receiver<Sign> {
        self.signs.subscribe()
    }

    /// Who holds which post is asked there from now on.
    pub fn set_directory(&self, directory: Arc<dyn Directory>) {
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
        self.recent.forget_all();
    }

    pub(crate) fn directory(&self) -> Arc<dyn Directory> {
        self.directory.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The personas of the packs published now.
    pub fn set_personas(&self, personas: Vec<PersonaSpec>) {
        self.personas.set(personas);
    }

    /// The personas one may be; none outside demo mode.
    pub fn personas(&self) -> Arc<Vec<PersonaSpec>> {
        self.personas.all()
    }

    /// True when demo personas are let in.
    pub const fn demo(&self) -> bool {
        self.personas.demo()
    }

    /// A bearer token for a persona, good for `ttl_seconds` (at most [`crate::MAX_TTL_SECONDS`]).
    ///
    /// # Errors
    /// [`IdentityError::NotDemo`], [`IdentityError::UnknownPersona`].
    pub fn mint(&self, persona: &str, ttl_seconds: i64) -> Result<String, IdentityError> {
        self.personas.mint(persona, ttl_seconds)
    }

    /// Whom a token names that the installation has signed. Sessions are for browsers, not for devices.
    ///
    /// # Errors
    /// When the token is not good.
    pub fn signed(&self, token: &str) -> Result<Actor, IdentityError> {
        self.personas.authenticate(token)
    }

    /// Who the bearer is.
    ///
    /// # Errors
    /// When the token is not good.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, IdentityError> {
        Ok(Actor::clone(&self.recognise(token).await?.actor))
    }

    /// Who the bearer is, and in which session.
    ///
    /// # Errors
    /// When the token is not good.
    pub async fn recognise(&self, token: &str) -> Result<Known, IdentityError> {
        // What is signed has two parts; the token of a session is a number.
        let known = match token.contains('.') {
            false => self.session_of(token, true).await?,
            true => Known {
                actor: Arc::new(self.personas.authenticate(token)?),
                name: String::new(),
                acts_for: String::new(),
                session: None,
            },
        };
        let account = known.session.as_ref().map_or(known.actor.id.as_str(), |session| session.account.as_str());
        tracing::Span::current().record("account", account);
        Ok(known)
    }

    /// Who the bearer of something that is open still is: that it is open is no use of the session.
    ///
    /// # Errors
    /// When the token is not good any more.
    pub async fn still(&self, token: &str) -> Result<Arc<Actor>, IdentityError> {
        match token.contains('.') {
            true => Ok(Arc::new(self.personas.authenticate(token)?)),
            false => Ok(self.session_of(token, false).await?.actor),
        }
    }
}
