use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use svod_ingest::{RawMessage, Source};
use utoipa::ToSchema;

use crate::auth::Sender;
use crate::{Failure, RestState};

/// Messages in one request at the most.
const MAX_MESSAGES: usize = 10_000;

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    profile: std::borrow::Cow<'a, str>,
    device: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// Describes the body for OpenAPI; the body itself is read without copying.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct Delivery {
    messages: Vec<DeliveryMessage>,
}

#[derive(ToSchema)]
#[allow(dead_code)]
pub struct DeliveryMessage {
    /// Device profile of a published pack.
    profile: String,
    /// External id of the device.
    device: String,
    /// What the device sends; the profile's mapping reads it.
    #[schema(value_type = Object)]
    payload: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
pub struct Delivered {
    /// Readings stored.
    stored: u64,
    /// Readings that were there already.
    duplicates: u64,
    /// Messages of which something was refused; see quarantine.
    quarantined: u64,
}

/// Delivers messages of devices. 200 when every reading is durable or in quarantine.
#[utoipa::path(post, path = "/api/v1/observations", tag = "readings", request_body = Delivery,
    responses((status = 200, body = Delivered), (status = 400), (status = 401), (status = 403),
              (status = 503, description = "overloaded; Retry-After says when")),
    security((), ("bearer" = [])))]
pub async fn deliver(
    State(s): State<RestState>,
    Sender { actor, feed }: Sender,
    body: Bytes,
) -> Result<(StatusCode, Json<Delivered>), Failure> {
    let batch: Batch<'_> = serde_json::from_slice(&body).map_err(|e| {
        Failure::bad(
            "body",
            &format!("is not {{\"messages\":[…]}}: {e}"),
            "send {\"messages\":[{\"profile\",\"device\",\"payload\"}]}",
        )
    })?;
    if batch.messages.len() > MAX_MESSAGES {
        return Err(Failure::bad("messages", "at most 10,000 in one request", "send several requests"));
    }
    let messages = batch
        .messages
        .iter()
        .map(|m| RawMessage {
            topic: None,
            profile: Some(m.profile.to_string()),
            device: Some(m.device.to_string()),
            payload: body.slice_ref(m.payload.get().as_bytes()),
            source: Source::Http,
        })
        .collect();
    let a = s.ingest.submit_batch_of(&actor, &feed, messages).await?;
    Ok((StatusCode::OK, Json(Delivered { stored: a.stored, duplicates: a.duplicates, quarantined: a.quarantined })))
}
