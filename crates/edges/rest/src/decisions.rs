use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use svod_registry::Ask;
use utoipa::ToSchema;

use crate::{Caller, Failure, RestState};

/// A question to a decision.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asking {
    /// Inputs by their name in the model. A date, time or duration is a text (ISO 8601) where the model declares it, else an
    /// object such as `{"$date": "2026-11-23"}` (`$date`, `$time`, `$dateTime`, `$duration`). What is not given is null.
    #[serde(default)]
    #[schema(value_type = Object)]
    inputs: Map<String, Value>,
    /// The moment that `now()` and `today()` give, ISO 8601 with offset; the present when absent.
    at: Option<String>,
    /// An input that does not fit its declared type is null, as DMN says, instead of an error (default false).
    #[serde(default)]
    lenient: bool,
}

/// Asks a decision, a business knowledge model or a decision service of a pack in force. The answer explains itself: result,
/// intermediate results, rules that fired, inputs used, versions. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/decisions/{pack}/{model}/{decision}", tag = "operations", request_body = Asking,
    params(("pack" = String, Path, description = "Id of the pack"), ("model" = String, Path, description = "File in decisions/, without .dmn"),
        ("decision" = String, Path, description = "Name in the model")),
    responses((status = 200, body = Object, description = "result, decision, model, inputs, at, decisions, tables"), (status = 403),
        (status = 404, description = "unknown pack, model or decision"),
        (status = 422, description = "inputs that do not fit, field by field, or a rule that does not end")),
    security((), ("bearer" = [])))]
pub async fn ask(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path((pack, model, decision)): Path<(String, String, String)>,
    Json(asking): Json<Asking>,
) -> Result<Json<Value>, Failure> {
    let Asking { inputs, at, lenient } = asking;
    let ask = Ask { pack, model, decision, inputs, at, lenient };
    let registry = s.registry.clone();
    let done = tokio::task::spawn_blocking(move || registry.decide(&actor, &ask)).await;
    let evaluation = done.map_err(|_| Failure::bad("decision", "the rule engine failed", "report the model"))??;
    Ok(Json(serde_json::to_value(evaluation).unwrap_or_default()))
}
