//! Entities of the graph in the representations of clauses 4.5.1 to 4.5.20.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use svod_kernel::{Timestamp, Urn};
use svod_model::{Attribute, AttributeValue, Entity};

use crate::context::Context;

/// How much is written of each attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Everything, with types.
    #[default]
    Normalized,
    /// Everything, without what can be inferred.
    Concise,
    /// Values only.
    Simplified,
}

/// What an answer looks like.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// How much of each attribute.
    pub mode: Mode,
    /// With the moments of creation and change.
    pub sys_attrs: bool,
    /// Preferred languages, best first: texts in many languages become one text.
    pub lang: Vec<String>,
    /// Only these members; empty means all.
    pub pick: Vec<Picked>,
    /// Without these.
    pub omit: Vec<Picked>,
    /// Only these instances; empty means all.
    pub datasets: Vec<String>,
}

/// A member of an entity, and those of the entities it is related to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// Platform's name of the attribute, or `id`, `type`, `scope`.
    pub name: String,
    /// Members of the related entity.
    pub inner: Vec<Picked>,
}

/// Related entities that stand inside the answer.
pub type Joined = HashMap<Urn, Value>;

impl Form {
    /// How many relationships the chosen members lead over.
    pub fn depth(&self) -> usize {
        fn of(all: &[Picked]) -> usize {
            all.iter().map(|p| if p.inner.is_empty() { 0 } else { 1 + of(&p.inner) }).max().unwrap_or(0)
        }
        of(&self.pick).max(of(&self.omit))
    }

    /// Is the member shown?
    pub fn shows(&self, name: &str) -> bool {
        let whole = |p: &&Picked| p.name == name && p.inner.is_empty();
        (self.pick.is_empty() || self.pick.iter().any(|p| p.name == name)) && !self.omit.iter().any(|p| whole(&p))
    }

    /// The form of entities related by that attribute.
    pub fn of_related(&self, name: &str) -> Self {
        let inner = |all: &[Picked]| all.iter().filter(|p| p.name == name).flat_map(|p| p.inner.clone()).collect();
        Self { pick: inner(&self.pick), omit: inner(&self.omit), ..self.clone() }
    }

    /// The entity as JSON-LD, without its context.
    pub fn entity(&self, e: &Entity, context: &Context, joined: &Joined) -> Map<String, Value> {
        let mut out = Map::new();
        if self.shows("id") {
            out.insert("id".into(), e.id.as_str().into());
        }
        if self.shows("type") {
            out.insert("type".into(), one_or_many(e.kinds().map(|k| context.write(k))));
        }
        if !e.scopes.is_empty() && self.shows("scope") {
            out.insert("scope".into(), one_or_many(e.scopes.iter().cloned()));
        }
        if self.sys_attrs {
            if let Some(at) = e.expires_at {
                out.insert("expiresAt".into(), moment(at));
            }
            out.insert("createdAt".into(), moment(e.created_at));
            out.insert("modifiedAt".into(), moment(e.modified_at));
        }
        for (name, a) in &e.attributes {
            if self.shows(name)
                && let Some(v) = self.attribute(a, context, e.created_at, joined)
            {
                out.insert(context.write(name), v);
            }
        }
        out
    }

    /// One attribute with all its instances; `None` when none of them is asked for.
    pub fn attribute(&self, a: &Attribute, context: &Context, born: Timestamp, joined: &Joined) -> Option<Value> {
        let asked = |i: &&Attribute| {
            self.datasets.is_empty() || self.datasets.iter().any(|d| d == i.dataset.as_deref().unwrap_or("@none"))
        };
        let instances: Vec<&Attribute> = a.instances().filter(asked).collect();
        match instances.as_slice() {
            [] => None,
            [one] if self.mode != Mode::Simplified || one.dataset.is_none() => {
                Some(self.instance(one, context, born, joined))
            }
            many if self.mode == Mode::Simplified => {
                let by_dataset = many.iter().map(|i| {
                    (i.dataset.clone().unwrap_or_else(|| "@none".into()), self.instance(i, context, born, joined))
                });
                Some(json!({"dataset": by_dataset.collect::<Map<_, _>>()}))
            }
            many => Some(many.iter().map(|i| self.instance(i, context, born, joined)).collect()),
        }
    }

    fn instance(&self, a: &Attribute, context: &Context, born: Timestamp, joined: &Joined) -> Value {
        let held = self.held(a, context);
        if self.mode == Mode::Simplified {
            return self.simplified(a, held, joined);
        }
        let mut out = Map::new();
        let (kind, key, value) = (held.kind, held.key, held.value);
        if self.mode == Mode::Normalized {
            out.insert("type".into(), kind.into());
        }
        out.insert(key.into(), value);
        if let Some(tag) = held.lang {
            out.insert("lang".into(), tag.into());
        }
        if let Some(unit) = &a.unit {
            out.insert("unitCode".into(), unit.as_str().into());
        }
        if let Some(dataset) = &a.dataset {
            out.insert("datasetId".into(), dataset.as_str().into());
        }
        if !a.object_type.is_empty() {
            let key = if a.value.is_relationship() { "objectType" } else { "valueType" };
            out.insert(key.into(), one_or_many(a.object_type.iter().map(|t| context.write(t))));
        }
        for (key, at) in [("observedAt", a.observed_at), ("expiresAt", a.expires_at.filter(|_| self.sys_attrs))] {
            if let Some(at) = at {
                out.insert(key.into(), moment(at));
            }
        }
        if self.sys_attrs {
            out.insert("createdAt".into(), moment(a.created(born)));
            out.insert("modifiedAt".into(), moment(a.modified(born)));
        }
        for (name, about) in &a.about {
            if let ("entityIdSealed" | "entityTypeSealed", AttributeValue::Value(sealed)) =
                (name.as_str(), &about.value)
            {
                out.insert(name.clone(), sealed.clone());
                continue;
            }
            if let Some(v) = self.all().attribute(about, context, born, &Joined::new()) {
                out.insert(context.write(name), v);
            }
        }
        self.join(a, joined, &mut out);
        let bare = self.mode == Mode::Concise && out.len() == 1 && key == "value" && !ambiguous(&out["value"]);
        if bare { out.remove("value").unwrap_or_default() } else { Value::Object(out) }
    }

    /// The same form without a choice of members: what stands about an attribute is shown whole.
    fn all(&self) -> Self {
        Self { pick: Vec::new(), omit: Vec::new(), datasets: Vec::new(), ..self.clone() }
    }

    fn join(&self, a: &Attribute, joined: &Joined, out: &mut Map<String, Value>) {
        let found: Vec<&Value> = a.value.targets().iter().filter_map(|u| joined.get(u)).collect();
        match (&a.value, found.as_slice()) {
            (_, []) => {}
            (AttributeValue::Object(_), [one, ..]) => {
                out.insert("entity".into(), (*one).clone());
            }
            (AttributeValue::ObjectList(_), many) => {
                out.insert("entityList".into(), many.iter().map(|v| (*v).clone()).collect());
            }
            (_, many) => {
                out.insert("entity".into(), many.iter().map(|v| (*v).clone()).collect());
            }
        }
    }

    fn simplified(&self, a: &Attribute, held: Held, joined: &Joined) -> Value {
        let found: Vec<&Value> = a.value.targets().iter().filter_map(|u| joined.get(u)).collect();
        match (&a.value, found.as_slice()) {
            (AttributeValue::Object(_), [one, ..]) => return (*one).clone(),
            (_, [_, ..]) => return found.into_iter().cloned().collect(),
            _ => {}
        }
        match held.key {
            "value" | "object" | "valueList" | "objectList" => held.value,
            key => json!({ key: held.value }),
        }
    }

    fn held(&self, a: &Attribute, context: &Context) -> Held {
        let held = |kind, key, value| Held { kind, key, value, lang: None };
        let uris = |all: &[Urn]| all.iter().map(|u| Value::from(u.as_str())).collect::<Value>();
        match &a.value {
            AttributeValue::Value(v) => held("Property", "value", v.clone()),
            AttributeValue::Object(u) => held("Relationship", "object", u.as_str().into()),
            AttributeValue::Objects(all) => held("Relationship", "object", uris(all)),
            AttributeValue::Geometry(g) => held("GeoProperty", "value", g.clone()),
            AttributeValue::Languages(map) => match self.spoken(map) {
                None => held("LanguageProperty", "languageMap", Value::Object(map.clone())),
                Some((tag, text)) => Held { kind: "Property", key: "value", value: text, lang: Some(tag) },
            },
            AttributeValue::Vocab(Value::Array(all)) => {
                let words = all.iter().filter_map(Value::as_str).map(|w| Value::from(context.write(w)));
                held("VocabProperty", "vocab", words.collect())
            }
            AttributeValue::Vocab(v) => {
                held("VocabProperty", "vocab", context.write(v.as_str().unwrap_or_default()).into())
            }
            AttributeValue::Json(v) => held("JsonProperty", "json", v.clone()),
            AttributeValue::List(all) => held("ListProperty", "valueList", Value::Array(all.clone())),
            AttributeValue::ObjectList(all) if self.mode == Mode::Normalized => {
                let objects = all.iter().map(|u| json!({"object": u}));
                held("ListRelationship", "objectList", objects.collect())
            }
            AttributeValue::ObjectList(all) => held("ListRelationship", "objectList", uris(all)),
        }
    }

    /// The text in the best language there is; `None` when no language is asked for.
    fn spoken(&self, map: &Map<String, Value>) -> Option<(String, Value)> {
        if self.lang.is_empty() {
            return None;
        }
        let stem = |t: &str| t.split('-').next().unwrap_or_default().to_lowercase();
        let wanted = self.lang.iter().filter(|l| *l != "*").find_map(|l| {
            let exact = map.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(l));
            exact.or_else(|| map.iter().find(|(tag, _)| stem(tag) == stem(l)))
        });
        let found = wanted.or_else(|| map.get_key_value("@none")).or_else(|| map.get_key_value("en"));
        found.or_else(|| map.iter().next()).map(|(tag, text)| (tag.clone(), text.clone()))
    }
}

struct Held {
    kind: &'static str,
    key: &'static str,
    value: Value,
    lang: Option<String>,
}

/// A value that a reader of the concise form would take for something else.
fn ambiguous(v: &Value) -> bool {
    v.is_object() && v.get("coordinates").is_none()
}

fn moment(at: Timestamp) -> Value {
    at.to_string().into()
}

/// One text, or a list of several.
pub fn one_or_many(all: impl Iterator<Item = String>) -> Value {
    let mut all: Vec<Value> = all.map(Value::from).collect();
    if all.len() == 1 { all.remove(0) } else { Value::Array(all) }
}

/// The entity as a GeoJSON feature (clause 4.5.16).
pub fn feature(entity: Map<String, Value>, geometry: &str) -> Value {
    let mut properties = entity;
    let id = properties.remove("id").unwrap_or_default();
    // The default instance counts, or the first where there is none.
    let held = properties.get(geometry).map(|a| match a {
        Value::Array(all) => {
            let default = all.iter().find(|i| i.get("datasetId").is_none()).or(all.first());
            default.cloned().unwrap_or_default()
        }
        other => match other.get("dataset").and_then(Value::as_object) {
            Some(by_dataset) => {
                let default = by_dataset.get("@none").or_else(|| by_dataset.values().next());
                default.cloned().unwrap_or_default()
            }
            None => other.clone(),
        },
    });
    let shape = held.map(|a| match a.get("value") {
        Some(v) => v.clone(),
        None => a,
    });
    let is_shape = |v: &Value| v.get("coordinates").is_some() || v.get("geometries").is_some();
    json!({"id": id, "type": "Feature", "geometry": shape.filter(is_shape).unwrap_or_default(), "properties": properties})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(mode: Mode, lang: &[&str], attribute: Value) -> Value {
        let a: Attribute = serde_json::from_value(attribute).unwrap();
        let form = Form { mode, lang: lang.iter().map(|l| (*l).to_owned()).collect(), ..Form::default() };
        form.attribute(&a, &Context::default(), Timestamp(0), &Joined::new()).unwrap()
    }

    #[test]
    fn every_mode_writes_what_it_promises() {
        let speed = json!({"value": 5, "unit": "km/h", "about": {"by": {"object": "urn:x:y"}}});
        assert_eq!(
            write(Mode::Normalized, &[], speed.clone()),
            json!({"type": "Property", "value": 5, "unitCode": "km/h", "by": {"type": "Relationship", "object": "urn:x:y"}})
        );
        assert_eq!(
            write(Mode::Concise, &[], speed.clone()),
            json!({"value": 5, "unitCode": "km/h", "by": {"object": "urn:x:y"}})
        );
        assert_eq!(write(Mode::Concise, &[], json!({"value": 5})), json!(5));
        assert_eq!(write(Mode::Simplified, &[], speed), json!(5));
        let many = json!([{"value": 1}, {"value": 2, "dataset": "urn:d:x"}]);
        assert_eq!(write(Mode::Simplified, &[], many), json!({"dataset": {"@none": 1, "urn:d:x": 2}}));
    }

    #[test]
    fn one_language_is_chosen() {
        let name = json!({"languages": {"ru": "Мост", "en-GB": "Bridge"}});
        let english = write(Mode::Normalized, &["fr", "en"], name.clone());
        assert_eq!(english, json!({"type": "Property", "value": "Bridge", "lang": "en-GB"}));
        assert_eq!(write(Mode::Simplified, &["ru"], name.clone()), "Мост");
        assert_eq!(write(Mode::Simplified, &[], name), json!({"languageMap": {"ru": "Мост", "en-GB": "Bridge"}}));
    }

    #[test]
    fn features_have_their_geometry() {
        let point = json!({"type": "Point", "coordinates": [1, 2]});
        let e = json!({"id": "urn:a:b", "type": "T", "location": {"type": "GeoProperty", "value": point}});
        let f = feature(e.as_object().unwrap().clone(), "location");
        assert_eq!((&f["geometry"], &f["type"], &f["id"]), (&point, &json!("Feature"), &json!("urn:a:b")));
        assert_eq!(f["properties"]["type"], "T");
        assert_eq!(feature(Map::new(), "location")["geometry"], Value::Null);
    }
}
