use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{Timestamp, Urn};

use crate::Point;

/// Deepest nesting of attributes about attributes.
pub const MAX_ABOUT: usize = 8;

/// One attribute of one entity.
///
/// JSON: an object with one of the keys of [`AttributeValue`] and, where they say something, `unit`, `observedAt`,
/// `simulated`, `dataset`, `createdAt`, `modifiedAt`, `expiresAt`, `objectType`, `about`; a list of such objects when
/// there are several instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// What it holds.
    pub value: AttributeValue,
    /// UCUM code, when it differs from none; validation converts to the declared unit.
    pub unit: Option<String>,
    /// When it was observed.
    pub observed_at: Option<Timestamp>,
    /// True when a simulation made it.
    pub simulated: bool,
    /// Which of several instances this is; none is the default one.
    pub dataset: Option<String>,
    /// When the instance was made; none means with the entity.
    pub created_at: Option<Timestamp>,
    /// When it was last changed; none means never since it was made.
    pub modified_at: Option<Timestamp>,
    /// When it ceases to hold.
    pub expires_at: Option<Timestamp>,
    /// Types of the related entities, where the relationship says them.
    pub object_type: Vec<String>,
    /// Attributes about this attribute, by name.
    pub about: BTreeMap<String, Attribute>,
    /// Further instances, each with its own dataset and without further ones.
    pub others: Vec<Attribute>,
}

/// Stands where something was taken away (the name is NGSI-LD's, clause 4.5.0).
pub const NULL: &str = "urn:ngsi-ld:null";

impl Attribute {
    /// The mark of an instance that was taken away, in the manner of what it held.
    pub fn taken_away(was: Option<&AttributeValue>) -> Self {
        let text = || Value::from(NULL);
        let urn = || NULL.parse::<Urn>().ok();
        let value = match was {
            Some(AttributeValue::Object(_) | AttributeValue::Objects(_)) => {
                urn().map_or_else(|| AttributeValue::Value(text()), AttributeValue::Object)
            }
            Some(AttributeValue::ObjectList(_)) => AttributeValue::ObjectList(urn().into_iter().collect()),
            Some(AttributeValue::Geometry(_)) => AttributeValue::Geometry(text()),
            Some(AttributeValue::Languages(_)) => {
                AttributeValue::Languages(Map::from_iter([("@none".to_owned(), text())]))
            }
            Some(AttributeValue::Vocab(_)) => AttributeValue::Vocab(text()),
            Some(AttributeValue::Json(_)) => AttributeValue::Json(text()),
            Some(AttributeValue::List(_)) => AttributeValue::List(vec![text()]),
            Some(AttributeValue::Value(_)) | None => AttributeValue::Value(text()),
        };
        Self { value, ..Self::property(Value::Null) }
    }
}

impl Attribute {
    /// When the first of its instances, or of what is said about them, ceases to hold.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        let about = |i: &Self| i.about.values().filter_map(Self::next_expiry).min();
        self.instances().flat_map(|i| [i.expires_at, about(i)]).flatten().min()
    }

    /// What still holds; none when nothing does.
    pub fn living(self, now: Timestamp) -> Option<Self> {
        if self.next_expiry().is_none_or(|at| at > now) {
            return Some(self);
        }
        let others = self.others.clone();
        let alone = Self { others: Vec::new(), ..self };
        let all = std::iter::once(alone).chain(others).filter(|i| i.expires_at.is_none_or(|at| at > now));
        Self::from_instances(all.map(|mut i| {
            let about = std::mem::take(&mut i.about);
            i.about = about.into_iter().filter_map(|(name, a)| Some((name, a.living(now)?))).collect();
            i
        }))
    }
}

/// What an attribute holds. Exactly one of the keys in JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// `value`: any JSON.
    Value(Value),
    /// `object`: one related entity.
    Object(Urn),
    /// `objects`: several related entities, in no order.
    Objects(Vec<Urn>),
    /// `geometry`: a GeoJSON geometry (RFC 7946).
    Geometry(Value),
    /// `languages`: a text by language tag (RFC 5646).
    Languages(Map<String, Value>),
    /// `vocab`: one or more words of a vocabulary.
    Vocab(Value),
    /// `json`: JSON that nobody looks into.
    Json(Value),
    /// `list`: values in order.
    List(Vec<Value>),
    /// `objectList`: related entities in order.
    ObjectList(Vec<Urn>),
}

impl AttributeValue {
    /// What NGSI-LD calls an attribute that holds this (CIM 009, 4.5.2).
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Value(_) => "Property",
            Self::Object(_) | Self::Objects(_) => "Relationship",
            Self::Geometry(_) => "GeoProperty",
            Self::Languages(_) => "LanguageProperty",
            Self::Vocab(_) => "VocabProperty",
            Self::Json(_) => "JsonProperty",
            Self::List(_) => "ListProperty",
            Self::ObjectList(_) => "ListRelationship",
        }
    }

    /// True when it points to other entities.
    pub const fn is_relationship(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Objects(_) | Self::ObjectList(_))
    }

    /// The entities it points to.
    pub fn targets(&self) -> &[Urn] {
        match self {
            Self::Object(u) => std::slice::from_ref(u),
            Self::Objects(us) | Self::ObjectList(us) => us,
            _ => &[],
        }
    }
}

impl Attribute {
    /// A property.
    pub fn property(value: impl Into<Value>) -> Self {
        Self::of(AttributeValue::Value(value.into()))
    }

    /// A relationship to one entity.
    pub const fn object(urn: Urn) -> Self {
        Self::of(AttributeValue::Object(urn))
    }

    /// A GeoJSON point.
    pub fn point(p: Point) -> Self {
        Self::geometry(serde_json::json!({"type": "Point", "coordinates": [p.lon, p.lat]}))
    }

    /// A GeoJSON geometry.
    pub const fn geometry(g: Value) -> Self {
        Self::of(AttributeValue::Geometry(g))
    }

    /// An attribute that holds this and says nothing more.
    pub const fn of(value: AttributeValue) -> Self {
        Self {
            value,
            unit: None,
            observed_at: None,
            simulated: false,
            dataset: None,
            created_at: None,
            modified_at: None,
            expires_at: None,
            object_type: Vec::new(),
            about: BTreeMap::new(),
            others: Vec::new(),
        }
    }

    /// All instances; the first is the default one where there is one.
    pub fn instances(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// The instance of that dataset; none is the default instance.
    pub fn instance(&self, dataset: Option<&str>) -> Option<&Self> {
        self.instances().find(|i| i.dataset.as_deref() == dataset)
    }

    /// One attribute of these instances; the default one comes first. `None` without any.
    pub fn from_instances(instances: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut all: Vec<Self> = Vec::new();
        for mut instance in instances {
            all.append(&mut instance.others);
            all.push(instance);
        }
        all.sort_by(|a, b| a.dataset.cmp(&b.dataset));
        let mut all = all.into_iter();
        let mut first = all.next()?;
        first.others = all.collect();
        Some(first)
    }

    /// The same content, whenever it was written.
    pub fn same(&self, other: &Self) -> bool {
        self.same_instance(other)
            && self.others.len() == other.others.len()
            && self.others.iter().zip(&other.others).all(|(a, b)| a.same_instance(b))
    }

    fn same_instance(&self, other: &Self) -> bool {
        self.value == other.value
            && self.unit == other.unit
            && self.observed_at == other.observed_at
            && self.simulated == other.simulated
            && self.dataset == other.dataset
            && self.expires_at == other.expires_at
            && self.object_type == other.object_type
            && self.about.len() == other.about.len()
            && self.about.iter().zip(&other.about).all(|((n, a), (m, b))| n == m && a.same(b))
    }

    /// Marks what changed against `old` as changed now; what did not keeps its moments. `born` is when the entity
    /// was made.
    pub fn stamp(&mut self, old: Option<&Self>, born: Timestamp, now: Timestamp) {
        let mut others = std::mem::take(&mut self.others);
        for instance in std::iter::once(&mut *self).chain(&mut others) {
            let before = old.and_then(|o| o.instance(instance.dataset.as_deref()));
            instance.stamp_instance(before, born, now);
        }
        self.others = others;
    }

    fn stamp_instance(&mut self, old: Option<&Self>, born: Timestamp, now: Timestamp) {
        match old {
            Some(old) if self.same_instance(old) => {
                self.created_at = old.created_at;
                self.modified_at = old.modified_at;
                self.about.clone_from(&old.about);
                return;
            }
            Some(old) => (self.created_at, self.modified_at) = (old.created_at, Some(now)),
            None => (self.created_at, self.modified_at) = ((now != born).then_some(now), None),
        }
        for (name, about) in &mut self.about {
            about.stamp(old.and_then(|o| o.about.get(name)), born, now);
        }
    }

    /// When the instance was made, in an entity made at `born`.
    pub fn created(&self, born: Timestamp) -> Timestamp {
        self.created_at.unwrap_or(born)
    }

    /// When the instance was last changed, in an entity made at `born`.
    pub fn modified(&self, born: Timestamp) -> Timestamp {
        self.modified_at.unwrap_or_else(|| self.created(born))
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.others.is_empty() {
            return Instance(self).serialize(s);
        }
        let mut list = s.serialize_seq(Some(1 + self.others.len()))?;
        for instance in self.instances() {
            list.serialize_element(&Instance(instance))?;
        }
        list.end()
    }
}

struct Instance<'a>(&'a Attribute);

impl Serialize for Instance<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let a = self.0;
        let mut map = s.serialize_map(None)?;
        match &a.value {
            AttributeValue::Value(v) => map.serialize_entry("value", v)?,
            AttributeValue::Object(v) => map.serialize_entry("object", v)?,
            AttributeValue::Objects(v) => map.serialize_entry("objects", v)?,
            AttributeValue::Geometry(v) => map.serialize_entry("geometry", v)?,
            AttributeValue::Languages(v) => map.serialize_entry("languages", v)?,
            AttributeValue::Vocab(v) => map.serialize_entry("vocab", v)?,
            AttributeValue::Json(v) => map.serialize_entry("json", v)?,
            AttributeValue::List(v) => map.serialize_entry("list", v)?,
            AttributeValue::ObjectList(v) => map.serialize_entry("objectList", v)?,
        }
        if let Some(unit) = &a.unit {
            map.serialize_entry("unit", unit)?;
        }
        for (name, moment) in [
            ("observedAt", a.observed_at),
            ("createdAt", a.created_at),
            ("modifiedAt", a.modified_at),
            ("expiresAt", a.expires_at),
        ] {
            if let Some(moment) = moment {
                map.serialize_entry(name, &moment)?;
            }
        }
        if a.simulated {
            map.serialize_entry("simulated", &true)?;
        }
        if let Some(dataset) = &a.dataset {
            map.serialize_entry("dataset", dataset)?;
        }
        if !a.object_type.is_empty() {
            map.serialize_entry("objectType", &a.object_type)?;
        }
        if !a.about.is_empty() {
            map.serialize_entry("about", &a.about)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(AttributeVisitor)
    }
}

struct AttributeVisitor;

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = Attribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute: an object with 'value', 'object', 'objects' or 'geometry', or a list of instances")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Attribute, A::Error> {
        let mut all = Vec::new();
        while let Some(instance) = seq.next_element::<Attribute>()? {
            all.push(instance);
        }
        Attribute::from_instances(all).ok_or_else(|| A::Error::custom("an attribute needs at least one instance"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attribute, A::Error> {
        let mut out = Attribute::of(AttributeValue::Value(Value::Null));
        let mut held = None;
        while let Some(key) = map.next_key::<Key>()? {
            let value = match key {
                Key::Value => AttributeValue::Value(map.next_value()?),
                Key::Object => AttributeValue::Object(map.next_value()?),
                Key::Objects => AttributeValue::Objects(map.next_value()?),
                Key::Geometry => AttributeValue::Geometry(map.next_value()?),
                Key::Languages => AttributeValue::Languages(map.next_value()?),
                Key::Vocab => AttributeValue::Vocab(map.next_value()?),
                Key::Json => AttributeValue::Json(map.next_value()?),
                Key::List => AttributeValue::List(map.next_value()?),
                Key::ObjectList => AttributeValue::ObjectList(map.next_value()?),
                other => {
                    out.take(other, &mut map)?;
                    continue;
                }
            };
            if held.replace(value).is_some() {
                return Err(A::Error::custom("an attribute holds one thing: 'value' or 'object' or another, not two"));
            }
        }
        out.value =
            held.ok_or_else(|| A::Error::custom("an attribute needs 'value', 'object', 'objects' or 'geometry'"))?;
        Ok(out)
    }
}

impl Attribute {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: Key, map: &mut A) -> Result<(), A::Error> {
        match key {
            Key::Unit => self.unit = map.next_value()?,
            Key::ObservedAt => self.observed_at = map.next_value()?,
            Key::CreatedAt => self.created_at = map.next_value()?,
            Key::ModifiedAt => self.modified_at = map.next_value()?,
            Key::ExpiresAt => self.expires_at = map.next_value()?,
            Key::Simulated => self.simulated = map.next_value()?,
            Key::Dataset => self.dataset = map.next_value()?,
            Key::ObjectType => self.object_type = map.next_value()?,
            Key::About => self.about = map.next_value()?,
            _ => return Err(A::Error::custom("unknown member of an attribute")),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Key {
    Value,
    Object,
    Objects,
    Geometry,
    Languages,
    Vocab,
    Json,
    List,
    ObjectList,
    Unit,
    ObservedAt,
    CreatedAt,
    ModifiedAt,
    ExpiresAt,
    Simulated,
    Dataset,
    ObjectType,
    About,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(v: Value) -> Attribute {
        serde_json::from_value(v).unwrap()
    }

    #[test]
    fn instances_come_back_in_order() {
        let given = json!([
            {"value": 2, "dataset": "urn:d:2"},
            {"value": 1, "about": {"accuracy": {"value": 0.5}, "by": {"object": "urn:x:y"}}},
            {"value": 3, "dataset": "urn:d:1"}]);
        let a = read(given);
        assert_eq!(
            a.instances().map(|i| i.value.clone()).collect::<Vec<_>>(),
            [1, 3, 2].map(|n| AttributeValue::Value(json!(n)))
        );
        assert_eq!(read(serde_json::to_value(&a).unwrap()), a);
        assert_eq!(a.instance(Some("urn:d:2")).unwrap().value, AttributeValue::Value(json!(2)));
        for bad in
            [json!([]), json!({}), json!({"value": 1, "object": "urn:a:b"}), json!({"value": 1, "color": 2}), json!(3)]
        {
            assert!(serde_json::from_value::<Attribute>(bad).is_err());
        }
    }

    #[test]
    fn stamps_say_what_changed_when() {
        let (born, now) = (Timestamp(1), Timestamp(9));
        let mut fresh = read(json!({"value": 1}));
        fresh.stamp(None, born, born);
        assert_eq!((fresh.created(born), fresh.modified(born)), (born, born));
        let old = fresh.clone();
        let mut same = read(json!({"value": 1}));
        same.stamp(Some(&old), born, now);
        assert_eq!(same, old);
        let mut changed = read(json!([{"value": 2}, {"value": 5, "dataset": "urn:d:1"}]));
        changed.stamp(Some(&old), born, now);
        assert_eq!((changed.created(born), changed.modified(born)), (born, now));
        assert_eq!(changed.others[0].created(born), now);
    }
}
