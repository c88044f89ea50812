//! Slows down who guesses, without locking out whom they guess at: tries are counted by login and network together and by
//! network; only when many networks guess at one login are unknown networks kept from its password.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use svod_kernel::{Timestamp, number};

use crate::IdentityError;

/// Tries after which the next one waits: of one network at one login, of one network, of all networks at one login.
const PAIR: u32 = 5;
const NETWORK: u32 = 50;
const LOGIN: u32 = 30;
/// What one network begins without saying who it is.
const BEGUN: u32 = 2_000;
/// In so many seconds as many tries are forgotten as are free; nobody waits longer.
const WINDOW: i64 = 15 * 60;
/// Counters kept at the most.
const MOST: usize = 100_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Passwords of one network at one login.
    Pair(String, String),
    /// Passwords of one network.
    Network(String),
    /// Passwords of all networks at one login.
    Login(String),
    /// Codes of one account, from wherever.
    Code(String),
    /// What one network begins without saying who it is.
    Begun(String),
}

impl Key {
    /// Tries that nobody waits after.
    const fn free(&self) -> u32 {
        match self {
            Self::Pair(..) | Self::Code(_) => PAIR,
            Self::Network(_) => NETWORK,
            Self::Login(_) => LOGIN,
            Self::Begun(_) => BEGUN,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    /// Tries that are not forgotten yet; as many as are free are forgotten in a window.
    tries: f64,
    last: Timestamp,
}

/// Counts tries; in memory, of this node. A try counts when it begins and is taken back when it was right, so that many at
/// once are as many.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<Key, Count>>);

/// The network of an address: those who have one address usually have those beside it.
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        Err(_) => address.chars().take(64).collect(),
    }
}

/// Seconds to wait after so many tries of which so many were free.
fn wait(tries: u32, free: u32) -> i64 {
    match tries.checked_sub(free) {
        None => 0,
        Some(over) => 2_i64.saturating_pow((over + 1).min(20)).min(WINDOW),
    }
}

impl Limiter {
    /// May a password of the login be tried from there? `known`: the login's owner was there before. The try counts.
    ///
    /// # Errors
    /// [`IdentityError::TooMany`] with the seconds to wait.
    pub fn password(&self, login: &str, network: &str, known: bool, now: Timestamp) -> Result<(), IdentityError> {
        let (login, network) = (login.to_owned(), network.to_owned());
        let mut keys = vec![Key::Pair(login.clone(), network.clone()), Key::Network(network)];
        if !known {
            keys.push(Key::Login(login));
        }
        self.count(&keys, now)
    }

    /// May a code of the account be tried? The try counts.
    ///
    /// # Errors
    /// As [`Limiter::password`].
    pub fn code(&self, account: &str, now: Timestamp) -> Result<(), IdentityError> {
        self.count(&[Key::Code(account.to_owned())], now)
    }

    /// May a network begin something for nobody yet? It counts.
    ///
    /// # Errors
    /// As [`Limiter::password`].
    pub fn begun(&self, network: &str, now: Timestamp) -> Result<(), IdentityError> {
        self.count(&[Key::Begun(network.to_owned())], now)
    }

    fn count(&self, keys: &[Key], now: Timestamp) -> Result<(), IdentityError> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |key: &Key| {
            let count = counts.get(key)?;
            let seconds = wait(u32::try_from(number::whole(count.tries.ceil())).unwrap_or(u32::MAX), key.free());
            let until = count.last.plus_seconds(seconds);
            (seconds > 0 && until > now).then(|| number::whole(until.seconds_since(now).ceil()).cast_unsigned())
        };
        if let Some(seconds) = keys.iter().filter_map(left).max() {
            return Err(IdentityError::TooMany(seconds.max(1)));
        }
        if counts.len() >= MOST {
            counts.retain(|_, c| c.last.plus_seconds(WINDOW) > now);
        }
        if counts.len() >= MOST {
            // Somebody fills it on purpose: what is counted already goes on, nobody new is.
            return if keys.iter().all(|k| counts.contains_key(k)) { Ok(()) } else { Err(IdentityError::TooMany(60)) };
        }
        for key in keys {
            let count = counts.entry(key.clone()).or_insert(Count { tries: 0.0, last: now });
            let forgotten = now.seconds_since(count.last).max(0.0) * f64::from(key.free()) / WINDOW as f64;
            *count = Count { tries: (count.tries - forgotten).max(0.0) + 1.0, last: now };
        }
        Ok(())
    }

    /// The password was right: what this network has tried at this login is forgotten, and the try was none.
    pub fn right(&self, login: &str, network: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(&Key::Pair(login.to_owned(), network.to_owned()));
        for key in [Key::Network(network.to_owned()), Key::Login(login.to_owned())] {
            if let Some(count) = counts.get_mut(&key) {
                count.tries = (count.tries - 1.0).max(0.0);
            }
        }
    }

    /// The code was right, and the try none; those before it count on.
    pub fn code_counted_back(&self, account: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&Key::Code(account.to_owned())) {
            count.tries = (count.tries - 1.0).max(0.0);
        }
    }

    /// The code was right.
    pub fn code_right(&self, account: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&Key::Code(account.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_waits_longer_and_longer_and_nobody_else_does() {
        let (limiter, mut now) = (Limiter::default(), Timestamp(0));
        for _ in 0..5 {
            limiter.password("olga", "1.2.3", false, now).unwrap();
        }
        assert_eq!(limiter.password("olga", "1.2.3", false, now), Err(IdentityError::TooMany(2)));
        limiter.password("olga", "9.9.9", false, now).unwrap();
        limiter.password("ivan", "1.2.3", false, now).unwrap();
        now = now.plus_seconds(2);
        limiter.password("olga", "1.2.3", false, now).unwrap();
        assert_eq!(limiter.password("olga", "1.2.3", false, now), Err(IdentityError::TooMany(4)));
        limiter.password("olga", "1.2.3", false, now.plus_seconds(WINDOW)).unwrap();
        limiter.right("olga", "1.2.3");
        limiter.password("olga", "1.2.3", false, now).unwrap();
    }

    #[test]
    fn many_networks_at_one_login_keep_out_unknown_ones_only() {
        let (limiter, now) = (Limiter::default(), Timestamp(0));
        for n in 0..LOGIN {
            limiter.password("olga", &format!("10.0.{n}"), false, now).unwrap();
        }
        assert!(limiter.password("olga", "10.9.9", false, now).is_err());
        limiter.password("olga", "10.9.9", true, now).unwrap();
        limiter.password("ivan", "10.9.9", false, now).unwrap();
        // Passwords tried at a login are no codes of its account.
        limiter.code("olga", now).unwrap();
    }

    #[test]
    fn codes_of_one_account_are_counted_apart_from_those_of_another() {
        let (limiter, now) = (Limiter::default(), Timestamp(0));
        for _ in 0..5 {
            limiter.code("a", now).unwrap();
        }
        assert!(limiter.code("a", now).is_err());
        limiter.code("b", now).unwrap();
        limiter.code_right("a");
        limiter.code("a", now).unwrap();
    }

    /// An office behind one address, all day.
    #[test]
    fn a_busy_network_is_not_kept_out() {
        let (limiter, mut now) = (Limiter::default(), Timestamp(0));
        for n in 0..2_000 {
            now = now.plus_seconds(20);
            limiter.password(&format!("login-{n}"), "192.0.2", false, now).unwrap();
        }
    }

    #[test]
    fn a_network_is_what_one_household_or_office_has() {
        assert_eq!(network("192.0.2.77"), network("192.0.2.1"));
        assert_ne!(network("192.0.3.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8:1:2:3::1"), network("2001:db8:1:2:9::7"));
    }
}
