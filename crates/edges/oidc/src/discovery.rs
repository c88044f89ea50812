//! What the provider is and can (OpenID Connect Discovery 1.0; RFC 8414), and its keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use svod_identity::Identity;
use svod_identity::provider::SCOPES;

use crate::form::Failure;

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`
pub async fn document(State(identity): State<Arc<Identity>>) -> Result<Response, Failure> {
    let issuer = identity.issuer()?;
    let at = |path: &str| format!("{issuer}{path}");
    let by = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "jwks_uri": at("/oauth/jwks"),
        "registration_endpoint": at("/oauth/register"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "introspection_endpoint": at("/oauth/introspect"),
        "revocation_endpoint": at("/oauth/revoke"),
        "end_session_endpoint": at("/oauth/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": by,
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "introspection_endpoint_auth_methods_supported": by[1..],
        "revocation_endpoint_auth_methods_supported": by,
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": ["ES256"],
        "prompt_values_supported": ["none", "login", "consent"],
        "ui_locales_supported": ["ru", "kk", "en"],
        "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified", "posts", "auth_time",
            "amr", "acr", "sid", "nonce", "at_hash"],
        "authorization_response_iss_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": false,
        "request_parameter_supported": false,
        "claims_parameter_supported": false,
    });
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(body)).into_response())
}

/// `GET /oauth/jwks`
pub async fn keys(State(identity): State<Arc<Identity>>) -> Result<Response, Failure> {
    let body = identity.jwks().await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(body)).into_response())
}
