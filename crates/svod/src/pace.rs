//! How fast one may ask: a bucket of requests for each network and for each bearer (a person's session, a program's token, a
//! site's credentials). It fills by so many a second up to ten seconds' worth.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use svod_kernel::{Clock, Timestamp, number};

/// Buckets are this many seconds deep.
const DEEP: f64 = 10.0;
/// Parts of the table, so that few wait for each other.
const PARTS: usize = 64;
/// Buckets of a part; when they are all in use, whoever is not among them is let through.
const MOST: usize = 4_096;

struct Bucket {
    left: f64,
    at: Timestamp,
}

/// A part of the table.
#[derive(Default)]
struct Part {
    buckets: HashMap<u64, Bucket>,
    /// When it was last looked through for those who have rested; a full part is, once a second.
    swept: Option<Timestamp>,
}

/// Buckets of one kind.
struct Buckets {
    each_second: f64,
    parts: Vec<Mutex<Part>>,
}

impl Buckets {
    fn new(each_second: u32) -> Self {
        Self { each_second: f64::from(each_second), parts: (0..PARTS).map(|_| Mutex::default()).collect() }
    }

    fn part(&self, key: u64) -> &Mutex<Part> {
        &self.parts[number::size(key % PARTS as u64)]
    }

    /// Is nothing left in it now? Takes nothing.
    fn is_empty(&self, key: u64, now: Timestamp) -> bool {
        let part = self.part(key).lock().unwrap_or_else(PoisonError::into_inner);
        part.buckets.get(&key).is_some_and(|b| b.left + now.seconds_since(b.at).max(0.0) * self.each_second < 1.0)
    }

    /// After how many seconds to come again; none: welcome now.
    fn take(&self, key: u64, now: Timestamp) -> Option<u64> {
        if self.each_second <= 0.0 {
            return None;
        }
        let deep = self.each_second * DEEP;
        let mut part = self.part(key).lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |b: &Bucket| (b.left + now.seconds_since(b.at).max(0.0) * self.each_second).min(deep);
        if part.buckets.len() >= MOST && !part.buckets.contains_key(&key) {
            if part.swept.is_none_or(|at| now.seconds_since(at) >= 1.0) {
                part.buckets.retain(|_, b| filled(b) < deep);
                part.swept = Some(now);
            }
            if part.buckets.len() >= MOST {
                return None;
            }
        }
        let bucket = part.buckets.entry(key).or_insert(Bucket { left: deep, at: now });
        bucket.left = filled(bucket);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Some(number::whole(((1.0 - bucket.left) / self.each_second).ceil()).max(1).cast_unsigned());
        }
        bucket.left -= 1.0;
        None
    }
}

/// Refused devices a second of one network; ten seconds' worth at once.
const REFUSED: u32 = 20;

/// How fast devices of one network may be refused: those that come faster are sent away unheard, so that strangers make no work.
pub struct RefusedPace {
    networks: Buckets,
    hash: RandomState,
    clock: Arc<dyn Clock>,
}

impl RefusedPace {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { networks: Buckets::new(REFUSED), hash: RandomState::new(), clock }
    }

    fn key(&self, address: IpAddr) -> u64 {
        self.hash.hash_one(svod_identity::network(&address.to_string()))
    }

    /// Are there too many refused of its network to hear another? This machine itself is always heard.
    pub fn is_exceeded(&self, address: IpAddr) -> bool {
        !address.is_loopback() && self.networks.is_empty(self.key(address), self.clock.now())
    }

    /// One was refused.
    pub fn refused(&self, address: IpAddr) {
        if !address.is_loopback() {
            self.networks.take(self.key(address), self.clock.now());
        }
    }
}

/// Both kinds.
pub struct Pace {
    networks: Buckets,
    bearers: Buckets,
    hash: RandomState,
    clock: Arc<dyn Clock>,
}

impl Pace {
    /// Requests a second of one network and of one bearer; 0: as many as they like.
    pub fn new(network: u32, bearer: u32, clock: Arc<dyn Clock>) -> Self {
        let hash = RandomState::new();
        Self { networks: Buckets::new(network), bearers: Buckets::new(bearer), hash, clock }
    }

    /// Whether a request is too much, and after how many seconds to come again. Who asks on this machine itself is not
    /// counted: a proxy or the administrator.
    pub fn exceeded(&self, address: IpAddr, headers: &HeaderMap) -> Option<u64> {
        if address.is_loopback() {
            return None;
        }
        let now = self.clock.now();
        let network = self.hash.hash_one(svod_identity::network(&address.to_string()));
        let late = self.networks.take(network, now);
        let bearer = headers.get(header::AUTHORIZATION).map(|v| v.as_bytes());
        let bearer = bearer.or_else(|| svod_rest::session_token(headers).map(str::as_bytes));
        late.or_else(|| self.bearers.take(self.hash.hash_one(bearer?), now))
    }
}

#[cfg(test)]
mod tests {
    use svod_kernel::SimClock;

    use super::*;

    fn pace(network: u32, bearer: u32) -> (Pace, Arc<SimClock>) {
        let clock = Arc::new(SimClock::new(Timestamp(0)));
        (Pace::new(network, bearer, clock.clone()), clock)
    }

    fn with(token: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
    }

    #[test]
    fn a_network_waits_and_its_neighbour_does_not() {
        let (pace, clock) = pace(2, 0);
        let (one, other): (IpAddr, IpAddr) = ("192.0.2.7".parse().unwrap(), "198.51.100.7".parse().unwrap());
        let nobody = HeaderMap::new();
        assert_eq!((0..30).filter(|_| pace.exceeded(one, &nobody).is_none()).count(), 20, "ten seconds' worth");
        assert_eq!(pace.exceeded("192.0.2.8".parse().unwrap(), &nobody), Some(1), "the same network");
        assert_eq!(pace.exceeded(other, &nobody), None);
        clock.advance(3);
        assert_eq!((0..30).filter(|_| pace.exceeded(one, &nobody).is_none()).count(), 6);
        assert!((0..100).all(|_| pace.exceeded("127.0.0.1".parse().unwrap(), &nobody).is_none()));
    }

    #[test]
    fn a_person_waits_wherever_they_come_from() {
        let (pace, _) = pace(0, 1);
        let from = |n: u8| IpAddr::from([198, 51, n, 7]);
        assert_eq!((0..30).filter(|n| pace.exceeded(from(*n), &with("a")).is_none()).count(), 10);
        assert_eq!(pace.exceeded(from(1), &with("b")), None);
        let cookie = HeaderMap::from_iter([(header::COOKIE, "svod_session=c".parse().unwrap())]);
        assert_eq!((0..30).filter(|n| pace.exceeded(from(*n), &cookie).is_none()).count(), 10);
        assert!((0..100).all(|_| pace.exceeded(from(1), &HeaderMap::new()).is_none()), "nobody is no bearer");
    }

    #[test]
    fn refused_devices_slow_their_network_and_those_let_in_do_not() {
        let clock = Arc::new(SimClock::new(Timestamp(0)));
        let pace = RefusedPace::new(clock.clone());
        let of = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!((0..10_000).all(|_| !pace.is_exceeded(of("192.0.2.7"))), "to be heard costs nothing");
        for _ in 0..REFUSED * DEEP as u32 {
            assert!(!pace.is_exceeded(of("192.0.2.7")));
            pace.refused(of("192.0.2.7"));
        }
        assert!(pace.is_exceeded(of("192.0.2.8")), "the same network");
        assert!(!pace.is_exceeded(of("198.51.100.7")), "its neighbour is heard");
        clock.advance(1);
        assert!(!pace.is_exceeded(of("192.0.2.8")), "and so is it after a second");
        (0..1_000).for_each(|_| pace.refused(of("127.0.0.1")));
        assert!(!pace.is_exceeded(of("127.0.0.1")));
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let buckets = Buckets::new(1);
        for key in 0..(PARTS * MOST * 2) as u64 {
            buckets.take(key, Timestamp(0));
        }
        let kept: usize = buckets.parts.iter().map(|p| p.lock().unwrap().buckets.len()).sum();
        assert!(kept <= PARTS * MOST);
        buckets.take(u64::MAX, Timestamp(1).plus_seconds(60));
        let part = u64::MAX as usize % PARTS;
        assert_eq!(buckets.parts[part].lock().unwrap().buckets.len(), 1, "who has rested is forgotten");
    }
}
