//! What programs ask of the provider.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use svod_identity::Identity;
use svod_identity::provider::{OauthError, Registration, TokenRequest};

use crate::form::{Failure, Posted};

type Answer = Result<Response, Failure>;
type Provider = State<Arc<Identity>>;

fn never_kept(body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn at(identity: &Identity, path: &str) -> Result<String, OauthError> {
    Ok(format!("{}{path}", identity.issuer()?))
}

fn proof(headers: &HeaderMap) -> Option<String> {
    headers.get("dpop").and_then(|v| v.to_str().ok()).map(str::to_owned)
}

/// `POST /oauth/token`
pub async fn give(State(identity): Provider, posted: Posted) -> Answer {
    let request = TokenRequest {
        grant: posted.get("grant_type").unwrap_or_default(),
        code: posted.get("code"),
        redirect: posted.get("redirect_uri"),
        verifier: posted.get("code_verifier"),
        refresh: posted.get("refresh_token"),
        scope: posted.get("scope"),
        proof: proof(&posted.headers),
    };
    let tokens = identity.give_tokens(&request, &posted.credentials, &at(&identity, "/oauth/token")?).await?;
    Ok(never_kept(Json(tokens.0)))
}

/// `POST /oauth/par`
pub async fn push(State(identity): Provider, posted: Posted) -> Answer {
    let audiences = [identity.issuer()?, at(&identity, "/oauth/par")?, at(&identity, "/oauth/token")?];
    let (named, seconds) = identity
        .push_request(&posted.fields, (&posted.credentials, proof(&posted.headers).as_deref()), &audiences)
        .await?;
    let body = Json(json!({"request_uri": named, "expires_in": seconds}));
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// `POST /oauth/introspect`
pub async fn introspect(State(identity): Provider, posted: Posted) -> Answer {
    let token = posted.get("token").ok_or_else(|| OauthError::request("token is missing"))?;
    let known = identity.introspect(&token, &posted.credentials, &at(&identity, "/oauth/introspect")?).await?;
    Ok(never_kept(Json(known.0)))
}

/// `POST /oauth/revoke`
pub async fn revoke(State(identity): Provider, posted: Posted) -> Answer {
    let token = posted.get("token").ok_or_else(|| OauthError::request("token is missing"))?;
    identity.revoke(&token, &posted.credentials, &at(&identity, "/oauth/revoke")?).await?;
    Ok(never_kept(StatusCode::OK))
}

/// `GET|POST /oauth/userinfo`
pub async fn user_info(State(identity): Provider, method: Method, headers: HeaderMap) -> Answer {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.split_once(' '));
    let fits = |scheme: &str| scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("dpop");
    let token = given.filter(|(scheme, _)| fits(scheme)).map(|(_, token)| token.trim());
    let no_token = || OauthError { error: "invalid_token", description: "send Authorization: Bearer TOKEN".into() };
    let token = token.ok_or_else(no_token)?;
    let (address, proof) = (at(&identity, "/oauth/userinfo")?, proof(&headers));
    let bound = proof.as_deref().map(|p| (method.as_str(), address.as_str(), p));
    // Here a bad proof is a token that is not held (RFC 9449, 7.1).
    let held = |e: OauthError| match e.error {
        "invalid_dpop_proof" => OauthError { error: "invalid_token", ..e },
        _ => e,
    };
    Ok(never_kept(Json(identity.user_info(token, bound).await.map_err(held)?.0)))
}

/// `POST /oauth/register`: the client waits for an administrator (403 at the token endpoint until then).
pub async fn register(State(identity): Provider, body: Result<Json<Registration>, JsonRejection>) -> Answer {
    let wrong = |e: JsonRejection| OauthError { error: "invalid_client_metadata", description: e.body_text() };
    let Json(registration) = body.map_err(wrong)?;
    let (client, secret) = identity.register_client(registration).await?;
    let mut out = serde_json::to_value(&client.registration).unwrap_or_default();
    out["client_id"] = client.id.into();
    out["client_id_issued_at"] = (client.created.millis() / 1000).into();
    if !secret.is_empty() {
        (out["client_secret"], out["client_secret_expires_at"]) = (secret.into(), Value::from(0));
    }
    out["svod_state"] = client.state.as_str().into();
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(out)).into_response())
}
