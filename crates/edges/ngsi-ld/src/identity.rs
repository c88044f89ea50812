//! `/info/sourceIdentity` (clauses 5.15, 6.33): who this broker is to others.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use crate::NgsiState;
use crate::error::Answer;
use crate::request::Asked;
use svod_kernel::number;

/// `GET /info/sourceIdentity`
///
/// # Errors
/// See [`crate::ApiError`].
pub async fn read(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&[])?;
    let context = asked.context(&state).await?;
    let now = state.registry.clock().now();
    let alias = state.alias_of(&asked);
    let body = json!({
        "id": format!("urn:ngsi-ld:ContextSourceIdentity:{alias}"),
        "type": "ContextSourceIdentity",
        "contextSourceAlias": alias,
        "contextSourceUptime": duration(now.seconds_since(state.since)),
        "contextSourceTimeAt": now.to_string(),
    });
    Ok(asked.answer(StatusCode::OK, body, &context))
}

/// ISO 8601.
fn duration(seconds: f64) -> String {
    let all = number::whole(seconds).max(0);
    let (days, hours, minutes, seconds) = (all / 86_400, all / 3_600 % 24, all / 60 % 60, all % 60);
    format!("P{days}DT{hours}H{minutes}M{seconds}S")
}

#[cfg(test)]
mod tests {
    #[test]
    fn uptimes_are_durations() {
        assert_eq!(super::duration(93_784.5), "P1DT2H3M4S");
        assert_eq!(super::duration(0.2), "P0DT0H0M0S");
    }
}
