use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use svod_kernel::{SpacePath, Timestamp, Urn};

use crate::{Attribute, AttributeValue, Point};

/// A node of the graph, in exactly one space. The JSON form is the one kept in the store and sent by the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    /// Identifier, unique in the installation.
    pub id: Urn,
    /// Type of the metamodel.
    #[serde(rename = "type")]
    pub kind: String,
    /// Further types, in open spaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The space it lives in.
    pub space: SpacePath,
    /// Grows by one with each change; 0 before the first commit.
    #[serde(default)]
    pub version: i64,
    /// First commit.
    #[serde(default)]
    pub created_at: Timestamp,
    /// Last commit.
    #[serde(default)]
    pub modified_at: Timestamp,
    /// When it ceases to exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where it belongs in hierarchies of its own: `/country/city`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The entity that it has become a part of; only what is no more has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Urn>,
    /// By name.
    #[serde(default)]
    pub attributes: BTreeMap<String, Attribute>,
}

impl Entity {
    /// A new entity without attributes, version 0.
    pub fn new(id: Urn, kind: impl Into<String>, space: SpacePath) -> Self {
        Self {
            id,
            kind: kind.into(),
            also: Vec::new(),
            space,
            version: 0,
            created_at: Timestamp::default(),
            modified_at: Timestamp::default(),
            expires_at: None,
            scopes: Vec::new(),
            merged_into: None,
            attributes: BTreeMap::new(),
        }
    }

    /// The entity with one attribute more.
    #[must_use]
    pub fn with(mut self, name: &str, attribute: Attribute) -> Self {
        self.attributes.insert(name.to_owned(), attribute);
        self
    }

    /// When it, or the first of its attributes, ceases to be.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        let parts = self.attributes.values().filter_map(Attribute::next_expiry).min();
        [self.expires_at, parts].into_iter().flatten().min()
    }

    /// The entity without what has ceased to be; none when it has itself.
    pub fn living(mut self, now: Timestamp) -> Option<Self> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        let all = std::mem::take(&mut self.attributes);
        self.attributes = all.into_iter().filter_map(|(name, a)| Some((name, a.living(now)?))).collect();
        Some(self)
    }

    /// All its types, the first one first.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.kind.as_str()).chain(self.also.iter().map(String::as_str))
    }

    /// The property as JSON.
    pub fn value(&self, name: &str) -> Option<&Value> {
        match &self.attributes.get(name)?.value {
            AttributeValue::Value(v) => Some(v),
            _ => None,
        }
    }

    /// The property as text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// The property as a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.value(name)?.as_f64()
    }

    /// The property as a moment.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    /// The related entity.
    pub fn object(&self, name: &str) -> Option<&Urn> {
        match &self.attributes.get(name)?.value {
            AttributeValue::Object(u) => Some(u),
            AttributeValue::Objects(us) => us.first(),
            _ => None,
        }
    }

    /// The geometry as GeoJSON.
    pub fn geometry(&self, name: &str) -> Option<&Value> {
        match &self.attributes.get(name)?.value {
            AttributeValue::Geometry(g) => Some(g),
            _ => None,
        }
    }

    /// The geometry when it is a point.
    pub fn point(&self, name: &str) -> Option<Point> {
        let g = self.geometry(name)?;
        let c = g.get("coordinates")?.as_array()?;
        (g.get("type")?.as_str()? == "Point" && c.len() >= 2)
            .then(|| Some(Point { lon: c[0].as_f64()?, lat: c[1].as_f64()? }))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_is_stable() {
        let text = r#"{"id":"urn:svod:station:1","type":"AirQualityStation","space":"kuzbass/novokuznetsk","version":2,
            "createdAt":"2026-01-15T01:00:00Z","modifiedAt":"2026-01-15T01:00:00Z","attributes":{
            "name":{"value":"A"},"owner":{"object":"urn:svod:body:x"},
            "location":{"geometry":{"type":"Point","coordinates":[87.1,53.7]}},
            "pm25":{"value":0.1,"unit":"mg/m3","observedAt":"2026-01-15T01:00:00Z","simulated":true}}}"#;
        let e: Entity = serde_json::from_str(text).unwrap();
        assert_eq!(e.point("location"), Some(Point { lon: 87.1, lat: 53.7 }));
        assert_eq!(e.object("owner").unwrap().as_str(), "urn:svod:body:x");
        assert_eq!(e.number("pm25"), Some(0.1));
        let again: serde_json::Value = serde_json::to_value(&e).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
}
