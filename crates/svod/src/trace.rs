//! By which request a line of the log was written: every request has an identifier, its lines carry it, and so does its answer.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use svod_kernel::{Rng, Timestamp};
use tracing::Span;
use tracing::field::Empty;

/// The field by which proxies and platforms tell each other the identifier of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest identifier of a proxy that is taken.
const LONGEST: usize = 100;

/// The identifier of a request: the trusted proxy's where it gives one, else a new one.
pub fn identifier(headers: &HeaderMap, proxied: bool, rng: &dyn Rng) -> HeaderValue {
    let plain = |v: &&HeaderValue| {
        let bytes = v.as_bytes();
        (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    let given = headers.get(REQUEST_ID).filter(plain).filter(|_| proxied).cloned();
    let made = || HeaderValue::from_str(&format!("{:016x}", rng.next_u64())).ok();
    given.or_else(made).unwrap_or_else(|| HeaderValue::from_static("none"))
}

/// What the lines of a request carry. Route and account are known later; the query never stands there.
pub fn span(request: &Request, id: &HeaderValue, address: IpAddr) -> Span {
    let (id, method) = (id.to_str().unwrap_or_default(), request.method().as_str());
    let network = svod_identity::network(&address.to_string());
    // At the level of errors: whatever is told, is told with it.
    tracing::error_span!("request", id, method, route = Empty, account = Empty, network)
}

/// The route as it was declared: it names no entity and nobody.
pub fn routed(request: Request) -> Request {
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        Span::current().record("route", route.as_str());
    }
    request
}

/// Refusals of one kind are told once in so many microseconds; each is counted.
const TOLD: i64 = 1_000_000;

/// Kinds of refusals.
const KINDS: [&str; 5] = ["unfit", "unknown", "forbidden", "too-many", "busy"];

/// When refusals were told last, and how many were not since, by their kind: strangers do not fill the log.
pub struct Refusals([Untold; KINDS.len()]);

struct Untold {
    /// When some were told last, microseconds.
    told: AtomicI64,
    count: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Untold { told: AtomicI64::new(i64::MIN), count: AtomicU64::new(0) }))
    }
}

impl Refusals {
    /// What was refused is counted, and told; from which network and by whom, the span says. `known` is whether the request
    /// brought something by which it wanted to be known.
    pub fn told(&self, status: StatusCode, known: bool, now: Timestamp) {
        let Some(why) = kind(status, known) else { return };
        metrics::counter!("svod_http_turned_away_total", "why" => why).increment(1);
        if let Some(left_out) = self.is_due(why, now) {
            tracing::info!(status = status.as_u16(), why, left_out, "a request was refused");
        }
    }

    /// How many of the kind were not told since some were, when one is to be told now.
    fn is_due(&self, why: &str, now: Timestamp) -> Option<u64> {
        let of = &self.0[KINDS.iter().position(|kind| *kind == why)?];
        let before = of.told.load(Ordering::Relaxed);
        let due = now.0.saturating_sub(before) >= TOLD
            && of.told.compare_exchange(before, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if due {
            return Some(of.count.swap(0, Ordering::Relaxed));
        }
        of.count.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// The kind of a refusal; none for what is an answer like others.
fn kind(status: StatusCode, known: bool) -> Option<&'static str> {
    Some(match status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::URI_TOO_LONG
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => "unfit",
        StatusCode::UNAUTHORIZED if known => "unknown",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::TOO_MANY_REQUESTS => "too-many",
        StatusCode::SERVICE_UNAVAILABLE => "busy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use svod_kernel::SeededRng;

    use super::*;

    #[test]
    fn an_identifier_of_strangers_is_not_taken() {
        let rng = SeededRng::new(1);
        let of = |given: &'static str, proxied: bool| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(given))]);
            identifier(&headers, proxied, &rng).to_str().unwrap().to_owned()
        };
        assert_eq!(of("a-7.b_2", true), "a-7.b_2");
        for (given, proxied) in [("a-7.b_2", false), ("", true), ("a b", true), ("a\"}", true)] {
            let made = of(given, proxied);
            assert!(made != given && made.len() == 16, "{given}: {made}");
        }
        assert_ne!(of("", true), of("", true));
    }

    #[test]
    fn refusals_of_a_kind_are_told_once_a_second_with_how_many_were_left_out() {
        let (all, begin) = (Refusals::default(), Timestamp(0));
        assert_eq!(all.is_due("busy", begin), Some(0), "the first at once");
        assert!((0..1_000).all(|n| all.is_due("busy", Timestamp(n)).is_none()));
        assert_eq!(all.is_due("forbidden", begin), Some(0), "another kind is not hidden");
        assert_eq!(all.is_due("busy", begin.plus_seconds(1)), Some(1_000));
        assert_eq!(all.is_due("busy", begin.plus_seconds(2)), Some(0));
    }

    #[test]
    fn every_kind_of_refusal_has_its_place() {
        let statuses = (100..600).filter_map(|code| StatusCode::from_u16(code).ok());
        let all = Refusals::default();
        for why in statuses.flat_map(|status| [kind(status, true), kind(status, false)]).flatten() {
            assert!(KINDS.contains(&why), "{why}");
        }
        assert!(KINDS.iter().all(|why| all.is_due(why, Timestamp(0)).is_some()));
    }
}
