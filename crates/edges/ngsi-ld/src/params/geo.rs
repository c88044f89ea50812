//! Geo-queries (clause 4.10).

use serde_json::{Value, json};
use svod_query::geo::Shape;
use svod_query::{Georel, Place};

use crate::context::Context;
use crate::error::{Answer, ApiError};

/// The members of a geo-query, from query parameters or from a `geoQ` object.
#[derive(Debug, Clone, Default)]
pub struct GeoQ {
    /// `near;maxDistance==2000`, `within` …
    pub georel: Option<String>,
    /// GeoJSON type.
    pub geometry: Option<String>,
    /// GeoJSON coordinates.
    pub coordinates: Option<Value>,
    /// Term of the attribute; `location` when absent.
    pub geoproperty: Option<String>,
}

impl GeoQ {
    /// From the members of a `geoQ` object.
    pub fn from_json(v: &Value) -> Self {
        let text = |k: &str| v.get(k).and_then(Value::as_str).map(str::to_owned);
        Self {
            georel: text("georel"),
            geometry: text("geometry"),
            coordinates: v.get("coordinates").cloned(),
            geoproperty: text("geoproperty"),
        }
    }

    /// The condition; `None` when nothing is asked.
    ///
    /// # Errors
    /// When a part is missing or cannot be read.
    pub fn place(&self, context: &Context) -> Answer<Option<Place>> {
        let Some(georel) = &self.georel else {
            if self.geometry.is_some() || self.coordinates.is_some() {
                return Err(ApiError::bad("a geo-query needs georel, geometry and coordinates"));
            }
            return Ok(None);
        };
        let shape = shape(self.geometry.as_deref(), self.coordinates.as_ref())?;
        let attribute = context.name(self.geoproperty.as_deref().unwrap_or("location"));
        Ok(Some(Place { attribute, georel: relation(georel)?, shape }))
    }
}

/// The reference geometry.
///
/// # Errors
/// When it is none.
pub fn shape(geometry: Option<&str>, coordinates: Option<&Value>) -> Answer<Shape> {
    let (Some(kind), Some(coordinates)) = (geometry, coordinates) else {
        return Err(ApiError::bad("a geo-query needs georel, geometry and coordinates"));
    };
    // In an address they are text.
    let coordinates = match coordinates {
        Value::String(text) => {
            serde_json::from_str(text).map_err(|_| ApiError::bad("'coordinates' is no JSON list"))?
        }
        other => other.clone(),
    };
    let v = json!({"type": kind, "coordinates": coordinates});
    svod_model::check_geometry(&v).map_err(|e| ApiError::bad(format!("the geometry of the geo-query: {e}")))?;
    Shape::from_json(&v).ok_or_else(|| ApiError::bad("the geometry of the geo-query is empty"))
}

fn relation(text: &str) -> Answer<Georel> {
    let (word, modifier) = text.split_once(';').unwrap_or((text, ""));
    let plain = match word {
        "within" => Georel::Within,
        "contains" => Georel::Contains,
        "intersects" => Georel::Intersects,
        "equals" => Georel::Equals,
        "disjoint" => Georel::Disjoint,
        "overlaps" => Georel::Overlaps,
        "near" => return near(modifier),
        other => return Err(ApiError::bad(format!("the georel '{other}' is unknown"))),
    };
    if modifier.is_empty() { Ok(plain) } else { Err(ApiError::bad(format!("'{word}' takes no '{modifier}'"))) }
}

fn near(modifier: &str) -> Answer<Georel> {
    let (name, metres) = modifier.split_once("==").unwrap_or((modifier, ""));
    match (name, metres.parse::<f64>()) {
        ("maxDistance", Ok(m)) if m > 0.0 && m.is_finite() => Ok(Georel::NearMax(m)),
        ("minDistance", Ok(m)) if m >= 0.0 && m.is_finite() => Ok(Georel::NearMin(m)),
        _ => Err(ApiError::bad("near needs ;maxDistance==metres or ;minDistance==metres")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geo_queries_are_read() {
        let q = |georel: &str, geometry: &str, coordinates: &str| {
            let all = GeoQ {
                georel: Some(georel.into()),
                geometry: Some(geometry.into()),
                coordinates: Some(coordinates.into()),
                geoproperty: None,
            };
            all.place(&Context::default())
        };
        let place = q("near;maxDistance==2000", "Point", "[8,40]").unwrap().unwrap();
        assert_eq!((place.attribute.as_str(), place.georel), ("location", Georel::NearMax(2_000.0)));
        assert!(q("within", "Polygon", "[[[0,0],[1,0],[1,1],[0,0]]]").is_ok());
        for (georel, geometry, coordinates) in [
            ("near", "Point", "[8,40]"),
            ("beside", "Point", "[8,40]"),
            ("within", "Polygon", "[[[0,0],[1,0]]]"),
            ("within", "Circle", "[1,2]"),
            ("within", "Point", "x"),
            ("near;maxDistance==-1", "Point", "[8,40]"),
            ("near;maxDistance==0", "Point", "[8,40]"),
        ] {
            assert!(q(georel, geometry, coordinates).is_err(), "{georel} {geometry} {coordinates}");
        }
        assert!(GeoQ::default().place(&Context::default()).unwrap().is_none());
    }
}
