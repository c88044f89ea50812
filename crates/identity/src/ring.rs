//! The installation's keys: the newest seals and signs. While one takes the other's place both open, until everything is sealed
//! anew.

use std::sync::{Arc, PoisonError, RwLock};

use serde::de::DeserializeOwned;
use svod_kernel::Rng;
use svod_store::{Conn, StoreError, account, client};

use crate::{Identity, IdentityError, persona, secret};

/// Accounts sealed anew in one transaction.
const PAGE: i64 = 200;

/// A key of the installation, and the one made of it that seals.
struct Pair {
    key: [u8; 32],
    sealing: [u8; 32],
}

/// The newest first; never empty.
pub(crate) struct Ring(RwLock<Arc<Vec<Pair>>>);

/// How something sealed stands.
enum Stands {
    /// Sealed by the newest key.
    Well,
    /// Sealed anew.
    Anew(Vec<u8>),
    /// No key opens it.
    Lost,
}

fn pairs(keys: &[[u8; 32]]) -> Arc<Vec<Pair>> {
    let pair = |key: &[u8; 32]| Pair { key: *key, sealing: secret::derived(key, "one-time codes") };
    Arc::new(keys.iter().map(pair).collect())
}

impl Ring {
    pub fn new(key: [u8; 32]) -> Arc<Self> {
        Arc::new(Self(RwLock::new(pairs(&[key]))))
    }

    fn now(&self) -> Arc<Vec<Pair>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key that signs.
    pub fn key(&self) -> [u8; 32] {
        self.now()[0].key
    }

    pub fn seal(&self, whose: &str, what: &[u8], rng: &dyn Rng) -> Vec<u8> {
        secret::seal(&self.now()[0].sealing, whose, what, rng)
    }

    pub fn open(&self, whose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.now().iter().find_map(|pair| secret::open(&pair.sealing, whose, sealed))
    }

    /// What the installation has signed by one of its keys.
    pub fn signed<T: DeserializeOwned>(&self, token: &str) -> Result<T, IdentityError> {
        let known = self.now();
        let mut tried = known.iter().map(|pair| persona::open(&pair.key, token));
        tried.find(Result::is_ok).unwrap_or(Err(IdentityError::Invalid))
    }

    /// Marks by which something is known again without saying what it was, one of each key.
    pub fn marks(&self, what: &str) -> Vec<Vec<u8>> {
        let mark = |pair: &Pair| secret::derived(&secret::derived(&pair.key, "removed accounts"), what).to_vec();
        self.now().iter().map(mark).collect()
    }

    fn stands(&self, whose: &str, sealed: &[u8], rng: &dyn Rng) -> Stands {
        let known = self.now();
        let opened = known.iter().enumerate().find_map(|(n, p)| Some((n, secret::open(&p.sealing, whose, sealed)?)));
        match opened {
            None => Stands::Lost,
            Some((0, _)) => Stands::Well,
            Some((_, what)) => Stands::Anew(secret::seal(&known[0].sealing, whose, &what, rng)),
        }
    }
}

/// What sealing anew has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// So many things were sealed anew.
    pub anew: u64,
    /// So many no key opens.
    pub lost: u64,
}

impl Resealed {
    fn take(&mut self, stands: Stands) -> Option<Vec<u8>> {
        match stands {
            Stands::Well => None,
            Stands::Lost => {
                self.lost += 1;
                None
            }
            Stands::Anew(sealed) => {
                self.anew += 1;
                Some(sealed)
            }
        }
    }
}

impl Identity {
    /// From now on these are the installation's keys, the newest first; without one nothing changes.
    pub fn set_keys(&self, keys: &[[u8; 32]]) {
        if !keys.is_empty() {
            *self.ring.0.write().unwrap_or_else(PoisonError::into_inner) = pairs(keys);
        }
    }

    /// Seals with the newest key what the others have sealed, in transactions of some hundred; broken off, it is done again.
    /// What was begun and not finished (an authenticator shown and not yet confirmed) is left to its end.
    ///
    /// # Errors
    /// When the store fails; what was sealed anew until then stays so.
    pub async fn reseal(&self) -> Result<Resealed, IdentityError> {
        let (ring, rng) = (self.ring.clone(), self.rng.clone());
        let keys = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            let mut done = Resealed::default();
            for (id, sealed, _) in client::keys(conn)? {
                if let Some(anew) = done.take(ring.stands(&id, &sealed, &*rng)) {
                    client::reseal_key(conn, &id, &anew)?;
                }
            }
            Ok::<_, StoreError>(done)
        };
        let mut all = self.store.write(keys).await?;
        let mut after = String::new();
        loop {
            let (ring, rng, from) = (self.ring.clone(), self.rng.clone(), after.clone());
            let page = move |conn: &mut dyn Conn| {
                conn.exclusive()?;
                let (mut done, mut last) = (Resealed::default(), None);
                for (id, sealed) in account::sealed(conn, &from, PAGE)? {
                    if let Some(anew) = done.take(ring.stands(&id, &sealed, &*rng)) {
                        account::reseal(conn, &id, &anew)?;
                    }
                    last = Some(id);
                }
                Ok::<_, StoreError>((done, last))
            };
            let (done, last) = self.store.write(page).await?;
            all = Resealed { anew: all.anew + done.anew, lost: all.lost + done.lost };
            match last {
                Some(id) => after = id,
                None => return Ok(all),
            }
        }
    }
}
