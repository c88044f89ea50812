//! By which request a line of the log was written: every request has an identifier, its lines carry it, and so does its answer.

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use svod_kernel::Rng;
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

/// What was refused is told and counted; from which network and by whom, the span says. `known` is whether the request brought
/// something by which it wanted to be known.
pub fn told(status: StatusCode, known: bool) {
    let why = match status {
        StatusCode::BAD_REQUEST
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::URI_TOO_LONG
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::UNPROCESSABLE_ENTITY => "unfit",
        StatusCode::UNAUTHORIZED if known => "unknown",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::TOO_MANY_REQUESTS => "too-many",
        StatusCode::SERVICE_UNAVAILABLE => "busy",
        _ => return,
    };
    metrics::counter!("svod_http_turned_away_total", "why" => why).increment(1);
    tracing::info!(status = status.as_u16(), why, "a request was refused");
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
}
