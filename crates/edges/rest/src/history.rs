use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use svod_kernel::{Timestamp, Urn};
use utoipa::IntoParams;

use crate::{Caller, Failure, RestState};

/// Points of a chart at the most: no screen has more pixels.
const MAX_POINTS: usize = 4_000;

/// A day, when no beginning is asked for.
const DEFAULT_SECONDS: i64 = 24 * 3600;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Observation attribute.
    attribute: String,
    /// RFC 3339; a day before `to` when absent.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// RFC 3339; now when absent.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// Points at the most (1 to 4,000, default 500): as many as the chart has pixels.
    points: Option<usize>,
}

/// Observations of one attribute, downsampled: `points` are `[epoch ms, average, smallest, largest, count]`.
#[utoipa::path(get, path = "/api/v1/entities/{urn}/history", tag = "readings",
    params(("urn" = String, Path), HistoryParams),
    responses((status = 200, body = Object), (status = 404)), security((), ("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(urn): Path<Urn>,
    Query(p): Query<HistoryParams>,
) -> Result<Json<Value>, Failure> {
    let entity = s.registry.entity(&actor, &urn).await?;
    let catalogue = s.registry.catalogue();
    let declared = catalogue.metamodel.attribute(&entity.kind, &p.attribute);
    if declared.is_none() || !s.registry.may_see_attribute(&actor, &entity, &p.attribute) {
        return Err(svod_registry::QueryError::NotFound(format!("attribute {}", p.attribute)).into());
    }
    let to = p.to.unwrap_or_else(|| s.registry.clock().now().plus_seconds(1));
    let from = p.from.unwrap_or_else(|| to.plus_seconds(-DEFAULT_SECONDS));
    let space = s.registry.spaces().get(&entity.space).map_or(0, |i| i.id);
    let wanted = p.points.unwrap_or(500).clamp(1, MAX_POINTS);
    let chart =
        s.history.range(space, &urn, &p.attribute, from, to, wanted).await.map_err(svod_registry::QueryError::from)?;
    let points: Vec<Value> =
        chart.points.iter().map(|b| json!([b.at.millis(), b.avg, b.min, b.max, b.count])).collect();
    let unit = declared.and_then(|a| a.unit.clone());
    let norm = declared.and_then(|a| a.norm);
    Ok(Json(json!({"attribute": p.attribute, "unit": unit, "norm": norm, "from": from, "to": to, "points": points})))
}
