//! Slows down who guesses, without locking out whom they guess at: tries are counted by login and network together and by
//! network; only when many networks guess at one login are unknown networks kept from its password.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use svod_kernel::Timestamp;

use crate::IdentityError;

/// Failures after which the next try waits: of one network at one login, of one network, of all networks at one login.
const PAIR: u32 = 5;
const NETWORK: u32 = 50;
const LOGIN: u32 = 30;
/// After so long without a failure all is forgotten, and nobody waits longer.
const WINDOW: i64 = 15 * 60;
/// Counters kept at the most.
const MOST: usize = 100_000;

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: Timestamp,
}

/// Counts failures; in memory, of this node.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<String, Count>>);

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

/// Seconds to wait after so many failures of which so many were free.
fn wait(failures: u32, free: u32) -> i64 {
    match failures.checked_sub(free) {
        None => 0,
        Some(over) => 2_i64.saturating_pow((over + 1).min(20)).min(WINDOW),
    }
}

impl Limiter {
    /// May a password or code of the login be tried from there? `known`: the login's owner was there before.
    ///
    /// # Errors
    /// [`IdentityError::TooMany`] with the seconds to wait.
    pub fn ask(&self, login: &str, network: &str, known: bool, now: Timestamp) -> Result<(), IdentityError> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |key: &str, free: u32| {
            let count = counts.get(key)?;
            let until = count.last.plus_seconds(wait(count.failures, free));
            (until > now).then(|| until.seconds_since(now).ceil() as u64)
        };
        let mut all = vec![left(&format!("{login}|{network}"), PAIR), left(network, NETWORK)];
        if !known {
            all.push(left(&format!("{login}|"), LOGIN));
        }
        match all.into_iter().flatten().max() {
            Some(seconds) => Err(IdentityError::TooMany(seconds.max(1))),
            None => Ok(()),
        }
    }

    /// It was wrong.
    pub fn failed(&self, login: &str, network: &str, now: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() > MOST {
            counts.retain(|_, c| c.last.plus_seconds(WINDOW) > now);
        }
        for key in [format!("{login}|{network}"), network.to_owned(), format!("{login}|")] {
            let count = counts.entry(key).or_insert(Count { failures: 0, last: now });
            if count.last.plus_seconds(WINDOW) <= now {
                count.failures = 0;
            }
            *count = Count { failures: count.failures + 1, last: now };
        }
    }

    /// It was right: what this network has tried at this login is forgotten.
    pub fn succeeded(&self, login: &str, network: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&format!("{login}|{network}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_waits_longer_and_longer_and_nobody_else_does() {
        let (limiter, mut now) = (Limiter::default(), Timestamp(0));
        for _ in 0..5 {
            limiter.ask("olga", "1.2.3", false, now).unwrap();
            limiter.failed("olga", "1.2.3", now);
        }
        assert_eq!(limiter.ask("olga", "1.2.3", false, now), Err(IdentityError::TooMany(2)));
        limiter.ask("olga", "9.9.9", false, now).unwrap();
        limiter.ask("ivan", "1.2.3", false, now).unwrap();
        now = now.plus_seconds(2);
        limiter.ask("olga", "1.2.3", false, now).unwrap();
        limiter.failed("olga", "1.2.3", now);
        assert_eq!(limiter.ask("olga", "1.2.3", false, now), Err(IdentityError::TooMany(4)));
        limiter.ask("olga", "1.2.3", false, now.plus_seconds(WINDOW)).unwrap();
    }

    #[test]
    fn many_networks_at_one_login_keep_out_unknown_ones_only() {
        let (limiter, now) = (Limiter::default(), Timestamp(0));
        for n in 0..LOGIN {
            limiter.failed("olga", &format!("10.0.{n}"), now);
        }
        assert!(limiter.ask("olga", "10.9.9", false, now).is_err());
        limiter.ask("olga", "10.9.9", true, now).unwrap();
        limiter.ask("ivan", "10.9.9", false, now).unwrap();
    }

    #[test]
    fn a_network_is_what_one_household_or_office_has() {
        assert_eq!(network("192.0.2.77"), network("192.0.2.1"));
        assert_ne!(network("192.0.3.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8:1:2:3::1"), network("2001:db8:1:2:9::7"));
    }
}
