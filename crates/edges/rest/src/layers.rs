use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use svod_kernel::{Actor, Lang, SpacePath};
use svod_registry::EntityQuery;
use utoipa::IntoParams;

use crate::{Caller, Failure, RestState};

/// Geometries of one layer at the most.
const MAX_FEATURES: usize = 20_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LayersParams {
    /// Space; the first region when absent.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
    /// `ru`, `kk` or `en`.
    #[param(value_type = Option<String>)]
    lang: Option<Lang>,
}

/// What stands on the map of a space, and its bounds.
#[utoipa::path(get, path = "/api/v1/layers", tag = "live", params(LayersParams), responses((status = 200, body = Object)),
    security((), ("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<LayersParams>,
) -> Result<Json<Value>, Failure> {
    let space = s.space(p.space);
    let catalogue = s.registry.catalogue();
    let lang = p.lang.unwrap_or_default();
    let here = |top: &Option<SpacePath>| top.as_ref().is_none_or(|t| t.covers(&space));
    let mut layers = Vec::new();
    let mut bounds: Option<[f64; 4]> = None;
    for (_, layer) in catalogue.layers.iter().filter(|(top, _)| here(top)) {
        let drawn = matches!(layer.style.kind.as_str(), "fill" | "line");
        if layer.style.kind == "fill" {
            for f in features(&s, &actor, &space, &layer.kind, &layer.geometry).await? {
                widen(&mut bounds, &f["geometry"]["coordinates"]);
            }
        }
        let mut shown = serde_json::to_value(layer).unwrap_or_default();
        shown["title"] = json!(catalogue.texts.get(lang, &format!("layer-{}", layer.id)));
        shown["geometryUrl"] =
            if drawn { json!(format!("/api/v1/geometry?layer={}&space={space}", layer.id)) } else { Value::Null };
        if let Some(by) = layer.style.colour_by.as_deref()
            && let Some(attribute) = catalogue.metamodel.attribute(&layer.kind, by)
        {
            shown["colourTitle"] = json!(catalogue.texts.get(lang, &format!("attr-{by}")));
            shown["unit"] = json!(attribute.unit);
        }
        if catalogue.metamodel.attribute(&layer.kind, "kind").is_some() {
            let kinds = catalogue.triggers.iter().filter(|t| here(&t.top)).map(|t| t.spec.alert.kind.as_str());
            let named = kinds.map(|k| (k.to_owned(), json!(catalogue.texts.get(lang, &format!("alert-{k}")))));
            // Tasks that answer no alert are called as the steps of their processes.
            let steps = catalogue.texts.keys(lang).filter_map(|key| key.strip_prefix("step-"));
            let steps = steps.filter(|_| layer.kind == "Task");
            let steps = steps.map(|k| (k.to_owned(), json!(catalogue.texts.get(lang, &format!("step-{k}")))));
            shown["kinds"] = Value::Object(steps.chain(named).collect());
        }
        layers.push(shown);
    }
    let centre = bounds.map(|b| [f64::midpoint(b[0], b[2]), f64::midpoint(b[1], b[3])]);
    Ok(Json(json!({"layers": layers, "center": centre, "bounds": bounds, "space": space})))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GeometryParams {
    /// Layer id.
    layer: String,
    /// Space; the first region when absent.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
}

/// The standing geometries of a layer as a GeoJSON feature collection (RFC 7946).
#[utoipa::path(get, path = "/api/v1/geometry", tag = "live", params(GeometryParams),
    responses((status = 200, body = Object), (status = 404)), security((), ("bearer" = [])))]
pub async fn geometry(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<GeometryParams>,
) -> Result<Json<Value>, Failure> {
    let space = s.space(p.space);
    let catalogue = s.registry.catalogue();
    let found = catalogue.layers.iter().find(|(_, l)| l.id == p.layer);
    let (_, layer) = found.ok_or_else(|| svod_registry::QueryError::NotFound(format!("layer {}", p.layer)))?;
    let features = features(&s, &actor, &space, &layer.kind, &layer.geometry).await?;
    Ok(Json(json!({"type": "FeatureCollection", "features": features})))
}

async fn features(
    s: &RestState,
    actor: &Actor,
    space: &SpacePath,
    kind: &str,
    geometry: &str,
) -> Result<Vec<Value>, Failure> {
    let catalogue = s.registry.catalogue();
    let types: Vec<&str> =
        catalogue.metamodel.types.keys().map(String::as_str).filter(|k| catalogue.metamodel.is_a(k, kind)).collect();
    let mut query = EntityQuery { limit: 1000, ..EntityQuery::of(space.clone(), &types) };
    let mut features = Vec::new();
    loop {
        let page = s.registry.query(actor, query.clone()).await?;
        for e in &page.items {
            if let Some(g) = e.geometry(geometry) {
                features.push(json!({"type": "Feature", "id": features.len(), "geometry": g,
                    "properties": {"id": e.id, "name": e.text("name").unwrap_or_default()}}));
            }
        }
        if page.next.is_none() || features.len() >= MAX_FEATURES {
            return Ok(features);
        }
        query.after = page.next;
    }
}

fn widen(bounds: &mut Option<[f64; 4]>, coordinates: &Value) {
    let Some(list) = coordinates.as_array() else { return };
    match (list.first().and_then(Value::as_f64), list.get(1).and_then(Value::as_f64)) {
        (Some(x), Some(y)) => {
            let b = bounds.get_or_insert([x, y, x, y]);
            *b = [b[0].min(x), b[1].min(y), b[2].max(x), b[3].max(y)];
        }
        _ => list.iter().for_each(|c| widen(bounds, c)),
    }
}
