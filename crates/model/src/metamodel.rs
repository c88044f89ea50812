use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AttributeValue, Entity};

/// Every type and code list of the published packs, inheritance resolved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Metamodel {
    /// By name.
    pub types: BTreeMap<String, EntityType>,
    /// By name.
    pub enums: BTreeMap<String, EnumType>,
}

/// A type of entity (LinkML class), its inherited attributes included.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EntityType {
    /// PascalCase name.
    pub name: String,
    /// The pack that declares it.
    pub pack: String,
    /// No entity may be of it directly.
    pub is_abstract: bool,
    /// Direct parent.
    pub is_a: Option<String>,
    /// URI of the class in a public vocabulary.
    pub class_uri: Option<String>,
    /// English description for documents and the API.
    pub description: String,
    /// By name.
    pub attributes: BTreeMap<String, AttributeType>,
    /// What no two entities share, what is inherited included.
    #[serde(default)]
    pub unique: Vec<UniqueKey>,
    /// What its attributes must be to each other, what is inherited included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<EntityRule>,
}

/// What attributes of one entity must be to each other (LinkML `rules`). It has a text: `rule-<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityRule {
    /// Id, given once among a class and what it inherits from.
    pub id: String,
    /// The class that declares it; it holds for its descendants as well.
    pub class: String,
    /// FEEL over the attributes of the class: true or false when all of them are there.
    pub condition: String,
}

/// Attributes whose values together no two entities of a class share (LinkML `unique_keys`), inside the tree of a top-level
/// space. Where one of them is absent the key says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueKey {
    /// Name.
    pub name: String,
    /// The class that declares it; its descendants share the key.
    pub class: String,
    /// Attributes.
    pub slots: Vec<String>,
}

impl UniqueKey {
    /// What the entity has there; none where an attribute is absent.
    pub fn values<'e>(&self, entity: &'e Entity) -> Option<Vec<&'e AttributeValue>> {
        self.slots.iter().map(|slot| entity.attributes.get(slot).map(|a| &a.value)).collect()
    }
}

/// An attribute of a type (LinkML slot).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttributeType {
    /// camelCase name.
    pub name: String,
    /// What it may hold.
    pub range: Range,
    /// Must be there.
    pub required: bool,
    /// A list.
    pub multivalued: bool,
    /// Regular expression the whole text must match.
    pub pattern: Option<String>,
    /// Smallest number accepted, in the declared unit.
    pub minimum: Option<f64>,
    /// Largest number accepted, in the declared unit.
    pub maximum: Option<f64>,
    /// UCUM code of the declared unit.
    pub unit: Option<String>,
    /// Journal or history.
    pub kind: AttributeKind,
    /// Who may see it.
    pub class: SecrecyClass,
    /// Kept in the store's value index.
    pub indexed: bool,
    /// A unique key or a rule names it: one value, without datasetId and expiresAt, so that it is the same for everybody and
    /// at every moment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub single: bool,
    /// Norm of the value in its unit; ratio = value / norm.
    pub norm: Option<f64>,
    /// Numbers are rounded to a multiple of it.
    pub precision: Option<f64>,
    /// URI of the slot in a public vocabulary.
    pub slot_uri: Option<String>,
    /// English description.
    pub description: String,
}

/// What an attribute may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Range {
    /// Text.
    String,
    /// Whole number.
    Integer,
    /// Number.
    Float,
    /// Switch.
    Boolean,
    /// RFC 3339 date-time.
    Datetime,
    /// URI.
    Uri,
    /// A word of the code list.
    Enum(String),
    /// Another entity of the type or one that inherits from it.
    Entity(String),
    /// GeoJSON point.
    Point,
    /// Any GeoJSON geometry.
    Geometry,
}

/// Few and weighty, or many and flowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttributeKind {
    /// Each change is one event in the journal.
    Fact,
    /// Goes to history and to the live twin, never through the journal.
    Observation,
}

/// Class of secrecy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecrecyClass {
    /// Anybody.
    Open,
    /// Those who work in the space's bodies.
    Internal,
    /// The person concerned and those with a ground.
    Personal,
    /// As personal, with grounds fewer: health, beliefs, convictions, biometry.
    Special,
    /// Of the state or of commerce: whom a pack names.
    Secret,
}

/// A code list (LinkML enum).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnumType {
    /// PascalCase name.
    pub name: String,
    /// The pack that declares it.
    pub pack: String,
    /// Permissible values in declared order.
    pub values: Vec<String>,
}

impl Metamodel {
    /// True when `kind` is `ancestor` or inherits from it.
    pub fn is_a(&self, kind: &str, ancestor: &str) -> bool {
        let mut at = Some(kind);
        let mut steps = 0;
        while let Some(name) = at {
            if name == ancestor {
                return true;
            }
            steps += 1;
            at = if steps > 32 { None } else { self.types.get(name).and_then(|t| t.is_a.as_deref()) };
        }
        false
    }

    /// Whether what the attribute holds is about people or secret: in one of these types or in what inherits from them; where
    /// no type is named, wherever it is declared.
    pub fn is_about_people(&self, kinds: Option<&[&str]>, name: &str) -> bool {
        let named = |kind: &str| kinds.is_none_or(|kinds| kinds.iter().any(|k| self.is_a(kind, k)));
        let classes = self.types.iter().filter(|(kind, _)| named(kind)).filter_map(|(_, t)| t.attributes.get(name));
        let mut guarded = classes.map(|a| a.class >= SecrecyClass::Personal).peekable();
        if kinds.is_some() { guarded.any(|g| g) } else { guarded.peek().is_some() && guarded.all(|g| g) }
    }

    /// The attribute of the type, inherited ones included.
    pub fn attribute(&self, kind: &str, name: &str) -> Option<&AttributeType> {
        self.types.get(kind)?.attributes.get(name)
    }
}
