//! The list as comma-separated values.
//! Numbers, moments and words are those of the API, not of the page's language.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use svod_model::{Attribute, AttributeValue, Entity, ObservedValue, Point};
use svod_portal::{Csv, PageContext, PageError};
use svod_twin::LiveEntity;

use super::{Params, Wanted, scan};
use crate::Room;
use crate::show::Sight;

/// Rows of one file; the API has the rest, page by page.
const MAX_ROWS: usize = 20_000;

/// Rows read at once.
const CHUNK: usize = 1_000;

/// What every entity has.
const COMMON: [&str; 6] = ["id", "type", "name", "space", "version", "modifiedAt"];

/// Everything of a search, at most 20,000 rows; with one type chosen also its attributes and current values.
pub async fn export(
    State(room): State<Room>,
    ctx: PageContext,
    Query(p): Query<Params>,
) -> Result<Response, PageError> {
    let wanted = Wanted::of(&room, &ctx, &p)?;
    let sight = Sight::new(&room.registry, &ctx);
    let attributes = attributes(&sight, &wanted.kind);
    let header: Vec<String> = COMMON.into_iter().map(str::to_owned).chain(attributes.iter().cloned()).collect();
    let mut csv = Csv::new(&header);
    let (mut after, mut rows) = (None, 0);
    while rows < MAX_ROWS {
        let page = scan::page(&sight, &wanted, after.as_deref(), CHUNK.min(MAX_ROWS - rows)).await?;
        rows += page.items.len();
        for e in &page.items {
            let live = room.twin.entity(&e.id);
            csv.row(cells(&sight, e, live.as_ref(), &attributes));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"entities.csv\""),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    Ok((headers, csv.into_text()).into_response())
}

/// The attributes of the type; none without a type, for then every row would have others.
fn attributes(sight: &Sight<'_>, kind: &str) -> Vec<String> {
    let declared = sight.catalogue.metamodel.types.get(kind).map(|t| &t.attributes);
    declared.into_iter().flatten().map(|(name, _)| name.clone()).filter(|n| n != "name").collect()
}

fn cells(sight: &Sight<'_>, e: &Entity, live: Option<&LiveEntity>, attributes: &[String]) -> Vec<String> {
    let mut cells = vec![
        e.id.to_string(),
        e.kind.clone(),
        Csv::guarded(e.text("name").unwrap_or_default()),
        e.space.to_string(),
        e.version.to_string(),
        e.modified_at.to_string(),
    ];
    for name in attributes {
        let observed = live.and_then(|l| l.observed.get(name.as_str())).filter(|_| sight.may_see(e, name));
        cells.push(match (observed, e.attributes.get(name)) {
            (Some(v), _) => observed_cell(&v.value),
            (None, Some(fact)) => fact_cell(fact),
            (None, None) => String::new(),
        });
    }
    cells
}

fn observed_cell(value: &ObservedValue) -> String {
    match value {
        ObservedValue::Number(n) => n.to_string(),
        ObservedValue::Bool(on) => on.to_string(),
        ObservedValue::Point(p) => wkt(*p),
        ObservedValue::Text(t) => Csv::guarded(t),
    }
}

fn fact_cell(fact: &Attribute) -> String {
    match &fact.value {
        AttributeValue::Value(v) | AttributeValue::Vocab(v) | AttributeValue::Json(v) => value_cell(v),
        AttributeValue::List(all) => value_cell(&Value::Array(all.clone())),
        AttributeValue::Languages(texts) => Csv::guarded(&Value::Object(texts.clone()).to_string()),
        AttributeValue::Object(urn) => urn.to_string(),
        AttributeValue::Objects(urns) | AttributeValue::ObjectList(urns) => {
            urns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        AttributeValue::Geometry(g) => match (g.get("type").and_then(Value::as_str), point_of(g)) {
            (Some("Point"), Some(p)) => wkt(p),
            _ => g.to_string(),
        },
    }
}

fn value_cell(v: &Value) -> String {
    match v {
        Value::Null => String::new(),
        Value::String(s) => Csv::guarded(s),
        Value::Array(list) => Csv::guarded(
            &list.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect::<Vec<_>>().join(" "),
        ),
        other => other.to_string(),
    }
}

fn point_of(g: &Value) -> Option<Point> {
    let c = g.get("coordinates")?;
    Some(Point { lon: c.get(0)?.as_f64()?, lat: c.get(1)?.as_f64()? })
}

/// Well-known text (OGC 06-103r4).
fn wkt(p: Point) -> String {
    format!("POINT ({} {})", p.lon, p.lat)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_text_becomes_a_formula_and_numbers_stay_numbers() {
        assert_eq!(fact_cell(&Attribute::property("=1+1")), "'=1+1");
        assert_eq!(value_cell(&json!(["-a", "b"])), "'-a b");
        assert_eq!(observed_cell(&ObservedValue::Number(-12.5)), "-12.5");
    }

    #[test]
    fn places_are_well_known_text() {
        let p = Point { lon: 87.1444, lat: 53.7596 };
        assert_eq!(fact_cell(&Attribute::point(p)), "POINT (87.1444 53.7596)");
        assert!(fact_cell(&Attribute::geometry(json!({"type": "Polygon", "coordinates": []}))).contains("Polygon"));
    }
}
