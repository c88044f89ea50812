//! `POST /api/v1/payments/{provider}/callback`: a provider says what became of a payment. No token is asked for: the signature of
//! the body is its right. Said again, nothing happens twice; what fits nothing is kept and answered with 200, so that the provider
//! does not repeat it for ever.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use svod_kernel::Coded as _;
use svod_money::{MoneyError, SIGNATURE, Settled};

use super::PaymentsState;

/// The provider's word.
pub async fn tell(
    State(s): State<PaymentsState>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signature = headers.get(SIGNATURE).and_then(|v| v.to_str().ok());
    match s.money.notice(&provider, signature, &body).await {
        Ok(settled) => Json(json!({"status": word(&settled)})).into_response(),
        Err(e) => refused(&e),
    }
}

const fn word(settled: &Settled) -> &'static str {
    match settled {
        Settled::Written(_) => "written",
        Settled::Repeated(_) => "repeated",
        Settled::Kept(_) => "kept",
        Settled::Pending => "pending",
    }
}

fn refused(e: &MoneyError) -> Response {
    if e.status() >= 500 {
        tracing::error!(code = e.code(), error = %e, "a payment provider's notice could not be written");
    }
    let status = StatusCode::from_u16(e.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(e.problem())).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
