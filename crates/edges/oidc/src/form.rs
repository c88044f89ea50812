//! What programs send, and errors as OAuth writes them.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use svod_identity::provider::{Credentials, OauthError};

/// An error of these endpoints (RFC 6749, 5.2).
pub struct Failure(pub OauthError);

impl From<OauthError> for Failure {
    fn from(error: OauthError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::BAD_REQUEST);
        let body = json!({"error": self.0.error, "error_description": self.0.description});
        let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = match self.0.error {
                "invalid_token" => "Bearer error=\"invalid_token\", DPoP error=\"invalid_token\", algs=\"ES256\"",
                _ => "Basic realm=\"svod\"",
            };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

/// A posted form, every name once (RFC 6749, 3.2), with the credentials of the client.
pub struct Posted {
    /// Fields.
    pub fields: HashMap<String, String>,
    /// Who the client says it is.
    pub credentials: Credentials,
    /// Header fields.
    pub headers: HeaderMap,
}

impl Posted {
    /// A field that says something.
    pub fn get(&self, name: &str) -> Option<String> {
        self.fields.get(name).filter(|v| !v.is_empty()).cloned()
    }
}

/// Names and values of a form or a query; a name that comes twice is an error.
pub fn once(text: &[u8]) -> Result<HashMap<String, String>, OauthError> {
    let pairs: Vec<(String, String)> = axum::extract::Query::try_from_uri(
        &format!("/?{}", String::from_utf8_lossy(text))
            .parse()
            .map_err(|_| OauthError::request("the form cannot be read"))?,
    )
    .map_err(|_| OauthError::request("the form cannot be read"))?
    .0;
    let mut all = HashMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        if all.insert(name.clone(), value).is_some() {
            return Err(OauthError::request(format!("'{name}' comes twice")));
        }
    }
    Ok(all)
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(OauthError::request("send application/x-www-form-urlencoded").into());
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| OauthError::request("the body is too large or broke off"))?;
        let fields = once(&body)?;
        let get = |name: &str| fields.get(name).filter(|v| !v.is_empty()).cloned();
        let assertion = get("client_assertion").filter(|_| {
            let kind = fields.get("client_assertion_type").map(String::as_str);
            kind == Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        });
        let basic = basic(&headers)?;
        let credentials = Credentials { id: get("client_id"), secret: get("client_secret"), basic, assertion };
        Ok(Self { credentials, fields, headers })
    }
}

/// Identifier and secret, each form-encoded, in `Authorization: Basic` (RFC 6749, 2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OauthError> {
    let Some(value) = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) else { return Ok(None) };
    let Some((scheme, given)) = value.split_once(' ') else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let wrong = || OauthError::request("Authorization: Basic cannot be read");
    let bytes = STANDARD.decode(given.trim()).map_err(|_| wrong())?;
    let text = String::from_utf8(bytes).map_err(|_| wrong())?;
    let (id, secret) = text.split_once(':').ok_or_else(wrong)?;
    let pair = once(format!("id={id}&secret={secret}").as_bytes())?;
    Ok(pair.get("id").cloned().zip(pair.get("secret").cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_once() {
        assert_eq!(once(b"a=1&b=%D1%8F+x").unwrap()["b"], "я x");
        assert!(once(b"a=1&a=2").is_err());
    }

    #[test]
    fn credentials_are_form_encoded_before_they_are_basic() {
        let mut headers = HeaderMap::new();
        let given = format!("Basic {}", STANDARD.encode("a%3Ab:c+d"));
        headers.insert(header::AUTHORIZATION, given.parse().unwrap());
        assert_eq!(basic(&headers).unwrap().unwrap(), ("a:b".to_owned(), "c d".to_owned()));
    }
}
