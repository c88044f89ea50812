use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use svod_identity::{FRESH, Identity};
use svod_ingest::Feed;
use svod_kernel::Actor;
use svod_portal::PeerAddress;
use svod_registry::Change;
use utoipa::Modify;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use crate::{Failure, RestState};

/// Cookie in which the pages keep the session's token.
pub const SESSION_COOKIE: &str = "svod_session";

/// Who calls: the bearer of a token (RFC 6750), the holder of a page session, or anonymous.
pub struct Caller(pub Actor);

impl FromRequestParts<RestState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, Failure> {
        let by_cookie = !parts.headers.contains_key(header::AUTHORIZATION);
        // A neighbour of the same name is another site here: SameSite lets its cookies through.
        let foreign = parts.headers.get("sec-fetch-site").is_some_and(|v| v == "cross-site" || v == "same-site");
        let foreign = foreign || is_simple(parts);
        match session_token(&parts.headers) {
            Some(_) if by_cookie && foreign && !parts.method.is_safe() => {
                metrics::counter!("svod_forged_total", "why" => "cross-site").increment(1);
                tracing::info!(why = "cross-site", "a request that its page did not send was refused");
                Err(Failure::forbidden("a change asked for by another site's page"))
            }
            Some(token) => Ok(Self(state.identity.authenticate(token).await?)),
            None => Ok(Self(Actor::anonymous())),
        }
    }
}

/// Who calls, and whether they have proved of late who they are. Who has no session, a persona say, has nothing to prove.
pub struct Signer {
    /// As whom.
    pub actor: Actor,
    is_stale: bool,
}

impl FromRequestParts<RestState> for Signer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, Failure> {
        let Caller(actor) = Caller::from_request_parts(parts, state).await?;
        let session = match session_token(&parts.headers) {
            Some(token) => state.identity.recognise(token).await?.session,
            None => None,
        };
        let now = state.registry.clock().now();
        Ok(Self { actor, is_stale: session.is_some_and(|session| !session.is_fresh(now, FRESH)) })
    }
}

impl Signer {
    /// Before what is weighty.
    ///
    /// # Errors
    /// `proof-needed` when the last proof is too old.
    pub fn proved(&self) -> Result<(), Failure> {
        if self.is_stale { Err(Failure::proof_needed()) } else { Ok(()) }
    }

    /// Before changes, where one of them gives or takes powers.
    ///
    /// # Errors
    /// As [`Signer::proved`]; when the store fails.
    pub async fn proved_for(&self, state: &RestState, changes: &[Change]) -> Result<(), Failure> {
        if self.is_stale && state.registry.touches_powers(changes).await? { self.proved() } else { Ok(()) }
    }
}

/// Could a page of another site send it without being asked first (Fetch, "CORS-safelisted")? Browsers that name no
/// `Sec-Fetch-Site` would. A header of our own asks for the same.
fn is_simple(parts: &Parts) -> bool {
    let json =
        |v: &HeaderValue| v.to_str().is_ok_and(|v| v.trim_start().to_ascii_lowercase().starts_with("application/json"));
    let own = parts.headers.contains_key("x-csrf-token");
    parts.method == Method::POST && !own && !parts.headers.get(header::CONTENT_TYPE).is_some_and(json)
}

/// Who delivers readings: a device by its secret, which opens this door alone, or whoever else may.
pub struct Sender {
    /// As whom.
    pub actor: Arc<Actor>,
    /// What they may deliver.
    pub feed: Feed,
}

impl FromRequestParts<RestState> for Sender {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &RestState) -> Result<Self, Failure> {
        let device = session_token(&parts.headers).filter(|said| Identity::is_device_secret(said));
        let Some(said) = device else {
            let Caller(actor) = Caller::from_request_parts(parts, state).await?;
            return Ok(Self { actor: Arc::new(actor), feed: Feed::default() });
        };
        let address = parts.extensions.get::<PeerAddress>().map(|peer| peer.0.to_string()).unwrap_or_default();
        let device = state.identity.device_of(said, None, &address).await?;
        let feed = Feed { profile: device.profile.clone(), device: device.device.clone() };
        Ok(Self { actor: device.actor.clone(), feed })
    }
}

/// The token of the `Authorization` header, else of the session cookie.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if let Some(value) = bearer {
        // The scheme is case-insensitive (RFC 9110, 11.1); a scheme without a token is an empty token, which is refused.
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(token.trim());
        }
    }
    let cookies = || headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let pairs = || cookies().flat_map(|c| c.split(';')).filter_map(|p| p.trim().split_once('='));
    let named = |wanted: fn(&str) -> bool| pairs().find(|(name, value)| wanted(name) && !value.is_empty());
    let bound = named(|name| name.strip_prefix("__Host-") == Some(SESSION_COOKIE));
    bound.or_else(|| named(|name| name == SESSION_COOKIE)).map(|(_, value)| value)
}

pub struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}
