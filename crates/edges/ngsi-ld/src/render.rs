//! Entities of the graph in the representations of clauses 4.5.1 to 4.5.20.

use std::collections::HashMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
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
        match serde_json::to_value(self.shown(e, context, joined)) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }

    /// The entity, to be written as JSON-LD.
    pub fn shown<'a>(&'a self, entity: &'a Entity, context: &'a Context, joined: &'a Joined) -> Shown<'a> {
        Shown { pen: Pen { form: self, context, born: entity.created_at, joined: Some(joined) }, entity, source: None }
    }

    /// One attribute with all its instances; `None` when none of them is asked for.
    pub fn attribute(&self, a: &Attribute, context: &Context, born: Timestamp, joined: &Joined) -> Option<Value> {
        let pen = Pen { form: self, context, born, joined: Some(joined) };
        pen.shows(a).then(|| serde_json::to_value(Instances { pen, attribute: a }).unwrap_or_default())
    }

    /// The text in the best language there is; `None` when no language is asked for.
    fn spoken<'a>(&self, map: &'a Map<String, Value>) -> Option<(&'a str, &'a Value)> {
        if self.lang.is_empty() {
            return None;
        }
        let stem = |t: &str| t.split('-').next().unwrap_or_default().to_lowercase();
        let wanted = self.lang.iter().filter(|l| *l != "*").find_map(|l| {
            let exact = map.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(l));
            exact.or_else(|| map.iter().find(|(tag, _)| stem(tag) == stem(l)))
        });
        let found = wanted.or_else(|| map.get_key_value("@none")).or_else(|| map.get_key_value("en"));
        found.or_else(|| map.iter().next()).map(|(tag, text)| (tag.as_str(), text))
    }
}

/// An entity as it is written.
pub struct Shown<'a> {
    pen: Pen<'a>,
    entity: &'a Entity,
    source: Option<&'a Value>,
}

impl<'a> Shown<'a> {
    /// With that context inside.
    pub fn within(self, source: Option<&'a Value>) -> Self {
        Self { source, ..self }
    }

    /// Is there nothing to show of it?
    pub fn is_empty(&self) -> bool {
        let (form, e) = (self.pen.form, self.entity);
        let head = form.sys_attrs || form.shows("id") || form.shows("type");
        !(head
            || (!e.scopes.is_empty() && form.shows("scope"))
            || e.attributes.iter().any(|(name, a)| form.shows(name) && self.pen.shows(a)))
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (pen, form, e) = (self.pen, self.pen.form, self.entity);
        let mut out = serializer.serialize_map(None)?;
        if form.shows("id") {
            out.serialize_entry("id", e.id.as_str())?;
        }
        if form.shows("type") {
            match e.also.as_slice() {
                [] => out.serialize_entry("type", &*pen.context.term(&e.kind))?,
                _ => out.serialize_entry("type", &pen.terms(e.kinds()))?,
            }
        }
        if !e.scopes.is_empty() && form.shows("scope") {
            out.serialize_entry("scope", &one_or_many(e.scopes.iter().cloned()))?;
        }
        if form.sys_attrs {
            if let Some(at) = e.expires_at {
                out.serialize_entry("expiresAt", &Moment(at))?;
            }
            out.serialize_entry("createdAt", &Moment(e.created_at))?;
            out.serialize_entry("modifiedAt", &Moment(e.modified_at))?;
        }
        for (name, attribute) in &e.attributes {
            if form.shows(name) && pen.shows(attribute) {
                out.serialize_entry(&*pen.context.term(name), &Instances { pen, attribute })?;
            }
        }
        if let Some(source) = self.source {
            out.serialize_entry("@context", source)?;
        }
        out.end()
    }
}

/// What an entity's attributes are written with.
#[derive(Clone, Copy)]
struct Pen<'a> {
    form: &'a Form,
    context: &'a Context,
    born: Timestamp,
    /// None: what stands about an attribute, which is shown whole.
    joined: Option<&'a Joined>,
}

impl<'a> Pen<'a> {
    fn wants(&self, i: &Attribute) -> bool {
        let datasets = &self.form.datasets;
        self.joined.is_none()
            || datasets.is_empty()
            || datasets.iter().any(|d| d == i.dataset.as_deref().unwrap_or("@none"))
    }

    /// Is any of its instances asked for?
    fn shows(&self, a: &Attribute) -> bool {
        a.instances().any(|i| self.wants(i))
    }

    fn terms<'n>(&self, names: impl Iterator<Item = &'n str>) -> Value {
        one_or_many(names.map(|name| self.context.term(name).to_string()))
    }

    fn related(&self, a: &Attribute) -> Vec<&'a Value> {
        let joined = self.joined.filter(|j| !j.is_empty());
        joined.map(|j| a.value.targets().iter().filter_map(|u| j.get(u)).collect()).unwrap_or_default()
    }

    fn held<'v>(&self, a: &'v Attribute) -> Held<'v> {
        let held = |key, content| Held { kind: a.value.kind(), key, content, lang: None };
        match &a.value {
            AttributeValue::Value(v) => held("value", Content::Json(v)),
            AttributeValue::Object(u) => held("object", Content::Text(u.as_str())),
            AttributeValue::Objects(all) => held("object", Content::Urns(all)),
            AttributeValue::Geometry(g) => held("value", Content::Json(g)),
            AttributeValue::Languages(map) => match self.form.spoken(map) {
                None => held("languageMap", Content::Map(map)),
                Some((tag, text)) => {
                    Held { kind: "Property", key: "value", content: Content::Json(text), lang: Some(tag) }
                }
            },
            AttributeValue::Vocab(Value::Array(all)) => {
                let words = all.iter().filter_map(Value::as_str).map(|w| Value::from(&*self.context.term(w)));
                held("vocab", Content::Made(words.collect()))
            }
            AttributeValue::Vocab(v) => {
                held("vocab", Content::Made(Value::from(&*self.context.term(v.as_str().unwrap_or_default()))))
            }
            AttributeValue::Json(v) => held("json", Content::Json(v)),
            AttributeValue::List(all) => held("valueList", Content::List(all)),
            AttributeValue::ObjectList(all) if self.form.mode == Mode::Normalized => {
                held("objectList", Content::Made(all.iter().map(|u| json!({"object": u})).collect()))
            }
            AttributeValue::ObjectList(all) => held("objectList", Content::Urns(all)),
        }
    }
}

/// An attribute with those of its instances that are asked for, of which there is one.
struct Instances<'a> {
    pen: Pen<'a>,
    attribute: &'a Attribute,
}

impl Serialize for Instances<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (pen, a) = (self.pen, self.attribute);
        let simple = pen.form.mode == Mode::Simplified;
        let one = |attribute| Instance { pen, attribute };
        if a.others.is_empty() && !(simple && a.dataset.is_some()) {
            return one(a).serialize(serializer);
        }
        let wanted: Vec<&Attribute> = a.instances().filter(|i| pen.wants(i)).collect();
        match wanted.as_slice() {
            [i] if !simple || i.dataset.is_none() => one(i).serialize(serializer),
            many if simple => {
                let by_dataset: Map<String, Value> = many
                    .iter()
                    .map(|i| {
                        let dataset = i.dataset.clone().unwrap_or_else(|| "@none".into());
                        (dataset, serde_json::to_value(one(i)).unwrap_or_default())
                    })
                    .collect();
                json!({"dataset": by_dataset}).serialize(serializer)
            }
            many => serializer.collect_seq(many.iter().map(|i| one(i))),
        }
    }
}

/// One instance of an attribute.
struct Instance<'a> {
    pen: Pen<'a>,
    attribute: &'a Attribute,
}

impl Serialize for Instance<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (pen, a) = (self.pen, self.attribute);
        let related = pen.related(a);
        let held = pen.held(a);
        if pen.form.mode == Mode::Simplified {
            return simplified(a, &held, &related, serializer);
        }
        if pen.form.mode == Mode::Concise && self.is_bare(&held, &related) {
            return held.content.serialize(serializer);
        }
        let mut out = serializer.serialize_map(None)?;
        if pen.form.mode == Mode::Normalized {
            out.serialize_entry("type", held.kind)?;
        }
        out.serialize_entry(held.key, &held.content)?;
        if let Some(tag) = held.lang {
            out.serialize_entry("lang", tag)?;
        }
        self.about(&mut out)?;
        match (&a.value, related.as_slice()) {
            (_, []) => {}
            (AttributeValue::Object(_), [one, ..]) => out.serialize_entry("entity", one)?,
            (AttributeValue::ObjectList(_), many) => out.serialize_entry("entityList", many)?,
            (_, many) => out.serialize_entry("entity", many)?,
        }
        out.end()
    }
}

impl Instance<'_> {
    /// In the concise form a value about which nothing is said stands alone.
    fn is_bare(&self, held: &Held, related: &[&Value]) -> bool {
        let (a, sys) = (self.attribute, self.pen.form.sys_attrs);
        let said = a.unit.is_some() || a.dataset.is_some() || a.observed_at.is_some() || held.lang.is_some();
        let plain = !sys && !said && a.object_type.is_empty() && a.about.is_empty() && related.is_empty();
        plain && held.key == "value" && !matches!(held.content, Content::Json(v) if ambiguous(v))
    }

    /// What is said about it.
    fn about<M: SerializeMap>(&self, out: &mut M) -> Result<(), M::Error> {
        let (pen, a) = (self.pen, self.attribute);
        if let Some(unit) = &a.unit {
            out.serialize_entry("unitCode", unit)?;
        }
        if let Some(dataset) = &a.dataset {
            out.serialize_entry("datasetId", dataset)?;
        }
        if !a.object_type.is_empty() {
            let key = if a.value.is_relationship() { "objectType" } else { "valueType" };
            out.serialize_entry(key, &pen.terms(a.object_type.iter().map(String::as_str)))?;
        }
        if let Some(at) = a.observed_at {
            out.serialize_entry("observedAt", &Moment(at))?;
        }
        if pen.form.sys_attrs {
            if let Some(at) = a.expires_at {
                out.serialize_entry("expiresAt", &Moment(at))?;
            }
            out.serialize_entry("createdAt", &Moment(a.created(pen.born)))?;
            out.serialize_entry("modifiedAt", &Moment(a.modified(pen.born)))?;
        }
        for (name, about) in &a.about {
            if let ("entityIdSealed" | "entityTypeSealed", AttributeValue::Value(sealed)) =
                (name.as_str(), &about.value)
            {
                out.serialize_entry(name, sealed)?;
                continue;
            }
            let inner = Instances { pen: Pen { joined: None, ..pen }, attribute: about };
            out.serialize_entry(&*pen.context.term(name), &inner)?;
        }
        Ok(())
    }
}

fn simplified<S: Serializer>(a: &Attribute, held: &Held, related: &[&Value], to: S) -> Result<S::Ok, S::Error> {
    match (&a.value, related) {
        (AttributeValue::Object(_), [one, ..]) => one.serialize(to),
        (_, [_, ..]) => related.serialize(to),
        _ if matches!(held.key, "value" | "object" | "valueList" | "objectList") => held.content.serialize(to),
        _ => {
            let mut out = to.serialize_map(Some(1))?;
            out.serialize_entry(held.key, &held.content)?;
            out.end()
        }
    }
}

struct Held<'a> {
    kind: &'static str,
    key: &'static str,
    content: Content<'a>,
    lang: Option<&'a str>,
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Json(&'a Value),
    Text(&'a str),
    Urns(&'a [Urn]),
    Map(&'a Map<String, Value>),
    List(&'a [Value]),
    Made(Value),
}

/// As the standard writes it (clause 4.6.3).
struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A value that a reader of the concise form would take for something else.
fn ambiguous(v: &Value) -> bool {
    v.is_object() && v.get("coordinates").is_none()
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
