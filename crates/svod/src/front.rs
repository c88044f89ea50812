//! What every request passes before its route: a place among those under way, a limit in time, a net for what breaks.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use svod_kernel::{Clock, Rng};
use svod_ngsi_ld::{Edge, ROOT};
use svod_portal::PeerAddress;
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;
use tracing::Instrument as _;

use crate::config::HttpConfig;
use crate::pace::Pace;
use crate::trace::{self, Refusals};

/// Of answers that are no pages.
const BARE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");

/// The program's face to HTTP. A request goes through as few hands as can be: what it does not ask for (compression) it does
/// not pass.
pub struct Front {
    /// Health and figures: never refused.
    own: Router,
    pages: Router,
    ngsi: Edge,
    /// Pages and NGSI-LD, for clients that take compressed answers.
    packing: Router,
    room: Semaphore,
    pace: Pace,
    patience: Duration,
    /// A proxy of the installation's own stands in front.
    proxied: bool,
    /// People reach the installation by TLS alone.
    secure: bool,
    /// Makes identifiers of requests.
    rng: Arc<dyn Rng>,
    clock: Arc<dyn Clock>,
    refusals: Refusals,
}

impl Front {
    pub fn new(
        own: Router,
        pages: Router,
        ngsi: Edge,
        config: &HttpConfig,
        (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>),
    ) -> Self {
        let (edge, all) = (ngsi.clone(), pages.clone());
        let packing = Router::new().fallback(move |request: Request| {
            let (edge, all) = (edge.clone(), all.clone());
            async move { route(&all, &edge, request).await }
        });
        Self {
            own,
            pages,
            ngsi,
            packing: packing.layer(CompressionLayer::new()),
            room: Semaphore::new(config.max_in_flight),
            pace: Pace::new(config.network_requests_per_second, config.bearer_requests_per_second, clock.clone()),
            patience: Duration::from_secs(config.timeout_seconds),
            proxied: config.proxied,
            secure: config.is_secure(),
            rng,
            clock,
            refusals: Refusals::default(),
        }
    }

    /// The answer, whatever happens.
    pub async fn answer(&self, request: Request, peer: IpAddr) -> Response {
        let address = self.address(&request, peer);
        let id = trace::identifier(request.headers(), self.proxied, &*self.rng);
        let span = trace::span(&request, &id, address.0);
        let known = [header::AUTHORIZATION, header::COOKIE].iter().any(|h| request.headers().contains_key(h));
        let mut response = self.answered(request, address).instrument(span.clone()).await;
        span.in_scope(|| self.refusals.told(response.status(), known, self.clock.now()));
        response.headers_mut().insert(trace::REQUEST_ID, id);
        response
    }

    async fn answered(&self, mut request: Request, address: PeerAddress) -> Response {
        if self.secure {
            bound_only(request.headers_mut());
        }
        let health = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
        if let Some(seconds) = self.pace.exceeded(address.0, request.headers()).filter(|_| !health) {
            return self.too_many(seconds);
        }
        if !request.uri().path().starts_with(ROOT) {
            request.extensions_mut().insert(address);
        }
        let personal = [header::AUTHORIZATION, header::COOKIE].iter().any(|h| request.headers().contains_key(h));
        let answered = AssertUnwindSafe(self.bounded(request)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(|_| {
            tracing::error!("a request broke off in a panic");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something broke while this was answered")
        });
        self.guarded(response.headers_mut(), personal);
        response
    }

    fn too_many(&self, seconds: u64) -> Response {
        metrics::counter!("svod_http_slowed_total").increment(1);
        let why = "more requests than one may send; wait as long as Retry-After says";
        let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", why);
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        self.guarded(response.headers_mut(), true);
        response
    }

    /// What every answer says to browsers, whichever edge it comes from.
    fn guarded(&self, headers: &mut HeaderMap, personal: bool) {
        // Pages bring rules of their own; whatever else is answered loads nothing and stands in no frame.
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(BARE);
        headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        headers.entry("cross-origin-resource-policy").or_insert(HeaderValue::from_static("cross-origin"));
        headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
        if personal {
            headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        }
        if self.secure {
            let year = HeaderValue::from_static("max-age=31536000");
            headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
        }
    }

    /// From where a request comes: behind a proxy of the installation's own, as that proxy says.
    fn address(&self, request: &Request, peer: IpAddr) -> PeerAddress {
        let said = || {
            let mut all = request.headers().get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
            all.next_back()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
        };
        PeerAddress(if self.proxied { said().unwrap_or(peer) } else { peer })
    }

    /// Refuses politely what is too much, and ends what takes too long. Streams are counted until their headers are sent.
    async fn bounded(&self, request: Request) -> Response {
        if matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics") {
            return call(&self.own, request).await;
        }
        let Ok(_place) = self.room.try_acquire() else { return busy("too many requests at once") };
        match tokio::time::timeout(self.patience, self.routed(request)).await {
            Ok(response) => response,
            Err(_) => busy("the request took too long"),
        }
    }

    async fn routed(&self, request: Request) -> Response {
        if request.headers().contains_key(header::ACCEPT_ENCODING) {
            return call(&self.packing, request).await;
        }
        route(&self.pages, &self.ngsi, request).await
    }
}

/// Over TLS cookies of ours are bound to the host (`__Host-`): what a neighbour of the name may have set without is not read.
fn bound_only(headers: &mut HeaderMap) {
    const OURS: [&str; 5] = ["svod_session=", "svod_csrf=", "svod_outside=", "svod_seen=", "lang="];
    let ours = |pair: &&str| !OURS.iter().any(|name| pair.trim().starts_with(name));
    let kept: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .map(|v| v.split(';').filter(ours).map(str::trim).collect::<Vec<_>>().join("; "))
        .filter(|v| !v.is_empty())
        .collect();
    headers.remove(header::COOKIE);
    for value in kept.iter().filter_map(|v| HeaderValue::from_str(v).ok()) {
        headers.append(header::COOKIE, value);
    }
}

async fn route(pages: &Router, ngsi: &Edge, request: Request) -> Response {
    if request.uri().path().starts_with(ROOT) { ngsi.answer(request).await } else { call(pages, request).await }
}

async fn call(router: &Router, request: Request) -> Response {
    router.clone().oneshot(request).await.into_response()
}

fn busy(why: &str) -> Response {
    metrics::counter!("svod_http_refused_total").increment(1);
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "busy", why);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = serde_json::json!({"type": format!("urn:svod:problem:{code}"), "code": code, "title": code,
        "status": status.as_u16(), "detail": detail});
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
