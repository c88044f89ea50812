//! Payloads in normalized, concise or simplified form (clauses 4.5.2 to 4.5.4) as attributes of the graph.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_kernel::{Timestamp, Urn};
use svod_model::{Attribute, AttributeValue};

use crate::context::Context;
use crate::error::{Answer, ApiError};
use svod_model::check_geometry;

/// What stands for "take it away" (clause 4.5.0).
pub use svod_model::NULL;
/// Deepest nesting of attributes about attributes.
const MAX_DEPTH: usize = 8;

/// Members of an entity that are no attributes.
const OF_ENTITY: [&str; 9] =
    ["@context", "id", "@id", "type", "@type", "scope", "createdAt", "modifiedAt", "deletedAt"];

/// Members of attributes (clause 5.2.5 to 5.2.8) that no attribute may be called like.
const NO_ATTRIBUTE: [&str; 19] = [
    "datasetId",
    "instanceId",
    "observedAt",
    "unitCode",
    "value",
    "object",
    "languageMap",
    "vocab",
    "json",
    "valueList",
    "objectList",
    "objectType",
    "valueType",
    "entityList",
    "previousValue",
    "previousObject",
    "previousLanguageMap",
    "previousVocab",
    "previousJson",
];
/// Of them those that the core context knows as plain properties: never names of attributes (clause 4.5.1).
const NOT_REIFIED: [&str; 4] = ["datasetId", "instanceId", "observedAt", "unitCode"];
/// Attributes whose value is a geometry by the core context.
const GEOMETRIES: [&str; 3] = ["location", "observationSpace", "operationSpace"];

/// An entity, or a part of one, as a client gave it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Identifier.
    pub id: Option<Urn>,
    /// Types, by the platform's names.
    pub kinds: Vec<String>,
    /// Scopes; an empty list takes them away.
    pub scopes: Option<Vec<String>>,
    /// When it ceases to exist.
    pub expires_at: Option<Timestamp>,
    /// It is to cease no more.
    pub never_expires: bool,
    /// Attributes by the platform's names.
    pub attributes: BTreeMap<String, Attribute>,
    /// Instances to be taken away: name and dataset.
    pub removed: Vec<(String, Option<String>)>,
}

/// How a payload is read.
#[derive(Clone, Copy)]
struct Rules<'a> {
    context: &'a Context,
    /// Nothing may be taken away: there is nothing yet.
    new: bool,
    /// Parts of a value may be taken away (clause 5.5.12).
    merges: bool,
}

/// Reads a fragment of an entity; `@context` is left aside.
///
/// # Errors
/// What does not fit, and where.
pub fn entity(body: &Value, context: &Context) -> Answer<Given> {
    read(body, Rules { context, new: false, merges: false })
}

/// Reads a fragment that is merged into an entity: parts of values may be taken away as well.
///
/// # Errors
/// What does not fit, and where.
pub fn merging(body: &Value, context: &Context) -> Answer<Given> {
    read(body, Rules { context, new: false, merges: true })
}

/// Reads an entity that is yet to be made: nothing may be taken away.
///
/// # Errors
/// What does not fit, and where.
pub fn new_entity(body: &Value, context: &Context) -> Answer<Given> {
    let given = read(body, Rules { context, new: true, merges: false })?;
    match given.removed.first() {
        Some((name, _)) => Err(ApiError::bad(format!("'{name}' is null, and there is nothing to take away"))),
        None if given.scopes.as_ref().is_some_and(Vec::is_empty) => Err(ApiError::bad("'scope' is null or empty")),
        None => Ok(given),
    }
}

fn read(body: &Value, rules: Rules<'_>) -> Answer<Given> {
    let context = rules.context;
    let Value::Object(members) = body else {
        return Err(ApiError::bad("an entity is a JSON object"));
    };
    let mut given = Given { kinds: kinds(members, context)?, ..Given::default() };
    if let Some(id) = members.get("id").or_else(|| members.get("@id")) {
        given.id = Some(uri("id", id)?);
    }
    if let Some(scope) = members.get("scope") {
        given.scopes = Some(scopes(scope)?);
    }
    match members.get("expiresAt") {
        None => {}
        Some(at) if at == NULL && !rules.new => given.never_expires = true,
        Some(at) => given.expires_at = Some(moment("expiresAt", at)?),
    }
    for (term, value) in members {
        if OF_ENTITY.contains(&term.as_str()) || term == "expiresAt" {
            continue;
        }
        named(term)?;
        // One that says what kind of attribute it is may be called like anything else (clause 4.5.1).
        if NOT_REIFIED.contains(&term.as_str())
            || (NO_ATTRIBUTE.contains(&term.as_str()) && value.get("type").is_none())
        {
            return Err(ApiError::bad(format!("'{term}' is a member of attributes and cannot be one itself")));
        }
        let name = context.name(term);
        let read = read_attribute(term, value, rules, 0)?;
        if GEOMETRIES.contains(&name.as_str()) && !read.is_geometry() {
            return Err(ApiError::bad(format!("'{term}' must be a GeoProperty")));
        }
        match read {
            Read::Set(a) => {
                given.attributes.insert(name, a);
            }
            Read::Remove(dataset) => given.removed.push((name, dataset)),
            Read::Mixed(set, removed) => {
                given.removed.extend(removed.into_iter().map(|d| (name.clone(), d)));
                if let Some(a) = set {
                    given.attributes.insert(name, a);
                }
            }
        }
    }
    Ok(given)
}

fn kinds(members: &Map<String, Value>, context: &Context) -> Answer<Vec<String>> {
    let Some(given) = members.get("type").or_else(|| members.get("@type")) else { return Ok(Vec::new()) };
    let all = match given {
        Value::String(one) => vec![one.as_str()],
        Value::Array(all) => all.iter().map(|v| v.as_str().unwrap_or_default()).collect(),
        _ => return Err(ApiError::bad("'type' must be a text or a list of texts")),
    };
    if all.is_empty() {
        return Err(ApiError::bad("'type' must name at least one type"));
    }
    let mut kinds: Vec<String> = Vec::new();
    for one in all {
        named(one)?;
        if matches!(one, "type" | "id") {
            return Err(ApiError::bad(format!("'{one}' is no type")));
        }
        let name = context.name(one);
        if !kinds.contains(&name) {
            kinds.push(name);
        }
    }
    Ok(kinds)
}

/// A name of a type or an attribute (clause 4.6.2), a compact IRI or an IRI.
///
/// # Errors
/// When a character is not allowed.
pub fn named(term: &str) -> Answer<()> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>\"'=;()".contains(c);
    let plain = !term.contains(':');
    let fine = term.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if term.is_empty() || term.contains(bad) || (plain && !fine) {
        let shown: String = term.chars().take(80).collect();
        return Err(ApiError::bad(format!(
            "'{shown}' is no name: a letter comes first, and < > \" ' = ; ( ) are not allowed"
        )));
    }
    Ok(())
}

/// Scopes: one, or a list.
///
/// # Errors
/// When one is no path.
pub fn scopes(given: &Value) -> Answer<Vec<String>> {
    let all = match given {
        Value::String(one) if one == NULL => return Ok(Vec::new()),
        Value::String(one) => vec![one.clone()],
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
        }
        _ => return Err(ApiError::bad("'scope' must be a text or a list of texts such as /Madrid/Gardens")),
    };
    let mut out: Vec<String> = Vec::new();
    for one in all {
        let path = one.strip_prefix('/').unwrap_or(&one);
        let ok = path
            .split('/')
            .all(|part| part.starts_with(char::is_alphabetic) && part.chars().all(|c| c.is_alphanumeric() || c == '_'));
        if !ok {
            return Err(ApiError::bad(format!("'{one}' is no scope: write /Level1/Level2 with letters, digits and _")));
        }
        let path = format!("/{path}");
        if !out.contains(&path) {
            out.push(path);
        }
    }
    Ok(out)
}

/// What an attribute of a payload asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// To be so.
    Set(Attribute),
    /// To be taken away.
    Remove(Option<String>),
    /// Some instances are to be so, others to be taken away.
    Mixed(Option<Attribute>, Vec<Option<String>>),
}

impl Read {
    fn is_geometry(&self) -> bool {
        let fits = |a: &Attribute| a.instances().all(|i| matches!(i.value, AttributeValue::Geometry(_)));
        match self {
            Self::Set(a) | Self::Mixed(Some(a), _) => fits(a),
            Self::Remove(_) | Self::Mixed(None, _) => true,
        }
    }
}

/// Reads one attribute; `term` is named in errors.
///
/// # Errors
/// What does not fit.
pub fn attribute(term: &str, value: &Value, context: &Context) -> Answer<Read> {
    read_attribute(term, value, Rules { context, new: false, merges: false }, 0)
}

fn read_attribute(term: &str, value: &Value, context: Rules<'_>, depth: usize) -> Answer<Read> {
    if depth > MAX_DEPTH {
        return Err(ApiError::bad(format!("'{term}' nests deeper than {MAX_DEPTH} levels")));
    }
    let instances = match value {
        Value::Array(all) if !all.is_empty() && all.iter().all(is_instance) => all,
        _ => return instance(term, value, context, depth),
    };
    let (mut set, mut removed) = (Vec::new(), Vec::new());
    for one in instances {
        match instance(term, one, context, depth)? {
            Read::Set(a) => set.push(a),
            Read::Remove(d) => removed.push(d),
            Read::Mixed(..) => {}
        }
    }
    let mut seen: Vec<_> = set.iter().map(|a| a.dataset.clone()).chain(removed.iter().cloned()).collect();
    seen.sort();
    if seen.windows(2).any(|w| w[0] == w[1]) {
        return Err(ApiError::bad(format!("'{term}' has two instances of the same datasetId")));
    }
    let set = Attribute::from_instances(set);
    Ok(match (set, removed.is_empty()) {
        (Some(a), true) => Read::Set(a),
        (set, _) => Read::Mixed(set, removed),
    })
}

/// Members that say what an attribute holds.
const HOLDS: [&str; 9] =
    ["value", "object", "languageMap", "vocab", "json", "valueList", "objectList", "@value", "@id"];
/// Members that belong to another kind of attribute, or to answers only.
const FOREIGN: [&str; 19] = [
    "value",
    "object",
    "languageMap",
    "vocab",
    "json",
    "valueList",
    "objectList",
    "@context",
    "entity",
    "entityList",
    "entityIdSealed",
    "entityTypeSealed",
    "previousValue",
    "previousObject",
    "previousLanguageMap",
    "previousVocab",
    "previousJson",
    "previousValueList",
    "previousObjectList",
];
/// Types of attributes.
const TYPES: [&str; 8] = [
    "Property",
    "Relationship",
    "GeoProperty",
    "LanguageProperty",
    "VocabProperty",
    "JsonProperty",
    "ListProperty",
    "ListRelationship",
];

fn is_instance(v: &Value) -> bool {
    let Value::Object(o) = v else { return false };
    o.get("type").and_then(Value::as_str).is_some_and(|t| TYPES.contains(&t))
        || HOLDS[..7].iter().any(|k| o.contains_key(*k))
        || o.contains_key("datasetId")
}

fn instance(term: &str, value: &Value, context: Rules<'_>, depth: usize) -> Answer<Read> {
    match value {
        Value::Null => Err(ApiError::bad(format!("'{term}' is null; to take it away write \"{NULL}\""))),
        Value::String(text) if text == NULL => Ok(Read::Remove(None)),
        Value::Object(o) if is_instance(value) => structured(term, o, context, depth),
        Value::Object(o) if geometry_type(o) => Ok(Read::Set(Attribute::geometry(geometry(term, value)?))),
        Value::Object(o)
            if o.get("type").and_then(Value::as_str).is_some_and(|_| !o.contains_key("@value"))
                && depth == 0
                && !o.contains_key("@type") =>
        {
            // An object with a type that is none of an attribute's is a value in concise form.
            Ok(Read::Set(Attribute::property(value.clone())))
        }
        Value::Array(all) if all.iter().any(Value::is_null) => Err(ApiError::bad(format!("'{term}' holds a null"))),
        _ => Ok(Read::Set(Attribute::property(value.clone()))),
    }
}

fn geometry_type(o: &Map<String, Value>) -> bool {
    const ALL: [&str; 7] =
        ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];
    let named = o.get("type").and_then(Value::as_str).is_some_and(|t| ALL.contains(&t));
    named && (o.contains_key("coordinates") || o.contains_key("geometries"))
}

fn structured(term: &str, o: &Map<String, Value>, context: Rules<'_>, depth: usize) -> Answer<Read> {
    let kind = kind(term, o)?;
    let dataset = match o.get("datasetId") {
        None => None,
        Some(Value::String(none)) if none == "@none" => None,
        Some(id) => Some(uri("datasetId", id)?.to_string()),
    };
    let Some((held, read)) = held(kind).iter().find_map(|k| o.get(*k).map(|v| (*k, v))) else {
        return Err(ApiError::bad(format!("'{term}' is a {kind} and has no '{}'", held(kind)[0])));
    };
    if is_null(read) {
        return Ok(Read::Remove(dataset));
    }
    let mut a = Attribute::of(content(term, kind, held, read, context)?);
    a.dataset = dataset;
    for (member, value) in o {
        member_of(term, &mut a, member, value, kind, context, depth)?;
    }
    Ok(Read::Set(a))
}

fn is_null(v: &Value) -> bool {
    match v {
        Value::String(s) => s == NULL,
        Value::Object(o) => o.len() == 1 && o.get("@none").is_some_and(|v| v == NULL),
        Value::Array(all) => all.len() == 1 && all[0] == NULL,
        _ => false,
    }
}

fn kind<'o>(term: &str, o: &'o Map<String, Value>) -> Answer<&'o str> {
    match o.get("type") {
        Some(Value::String(t)) if TYPES.contains(&t.as_str()) => Ok(t),
        Some(Value::String(t)) => Err(ApiError::bad(format!("'{term}' has the type '{t}'; write one of {TYPES:?}"))),
        Some(_) => Err(ApiError::bad(format!("the type of '{term}' must be a text"))),
        None => Ok(match HOLDS.iter().find(|k| o.contains_key(**k)) {
            Some(&"object") => "Relationship",
            Some(&"languageMap") => "LanguageProperty",
            Some(&"vocab") => "VocabProperty",
            Some(&"json") => "JsonProperty",
            Some(&"valueList") => "ListProperty",
            Some(&"objectList") => "ListRelationship",
            Some(&"value") if o.get("value").and_then(Value::as_object).is_some_and(geometry_type) => "GeoProperty",
            _ => "Property",
        }),
    }
}

fn held(kind: &str) -> &'static [&'static str] {
    match kind {
        "Relationship" => &["object"],
        "LanguageProperty" => &["languageMap"],
        "VocabProperty" => &["vocab"],
        "JsonProperty" => &["json"],
        "ListProperty" => &["valueList"],
        "ListRelationship" => &["objectList"],
        _ => &["value"],
    }
}

fn content(term: &str, kind: &str, held: &str, v: &Value, rules: Rules<'_>) -> Answer<AttributeValue> {
    let context = rules.context;
    let fault = |must: &str| Err(ApiError::bad(format!("the '{held}' of '{term}' must be {must}")));
    match kind {
        "Relationship" => match v {
            Value::Array(all) if all.is_empty() => fault("a URI or a list of URIs"),
            Value::Array(all) => all.iter().map(|v| uri(term, v)).collect::<Answer<_>>().map(AttributeValue::Objects),
            _ => uri(term, v).map(AttributeValue::Object),
        },
        "GeoProperty" => geometry(term, v).map(AttributeValue::Geometry),
        "LanguageProperty" => match v {
            Value::Object(map) if map.iter().all(|(tag, text)| language_tag(tag) && texts(text)) => {
                Ok(AttributeValue::Languages(map.clone()))
            }
            _ => fault("an object of language tags (RFC 5646) with texts"),
        },
        "VocabProperty" => match v {
            Value::String(word) => Ok(AttributeValue::Vocab(context.expand(word).into())),
            Value::Array(all) if !all.is_empty() && all.iter().all(Value::is_string) => {
                let words = all.iter().filter_map(Value::as_str).map(|w| Value::from(context.expand(w)));
                Ok(AttributeValue::Vocab(words.collect()))
            }
            _ => fault("a text or a list of texts"),
        },
        "JsonProperty" => match v {
            Value::Object(_) | Value::Array(_) => Ok(AttributeValue::Json(v.clone())),
            _ => fault("a JSON object or list"),
        },
        "ListProperty" => match v {
            Value::Array(all) => Ok(AttributeValue::List(all.clone())),
            _ => fault("a list"),
        },
        "ListRelationship" => match v {
            Value::Array(all) => {
                let one = |v: &Value| uri(term, v.get("object").unwrap_or(v));
                all.iter().map(one).collect::<Answer<_>>().map(AttributeValue::ObjectList)
            }
            _ => fault("a list of URIs"),
        },
        _ => match v {
            _ if holds_null(v, !rules.merges) => fault("without null"),
            _ if term == "ngsildproof" && !v.is_object() => fault("a proof object"),
            _ => Ok(AttributeValue::Value(v.clone())),
        },
    }
}

/// JSON's own null is never taken; the standard's marker for "take it away" only where fragments are merged.
fn holds_null(v: &Value, marked: bool) -> bool {
    match v {
        Value::Null => true,
        Value::String(s) => marked && s == NULL,
        Value::Array(all) => all.iter().any(|v| holds_null(v, marked)),
        Value::Object(o) => o.values().any(|v| holds_null(v, marked)),
        _ => false,
    }
}

fn texts(v: &Value) -> bool {
    v.is_string() || v.as_array().is_some_and(|all| all.iter().all(Value::is_string))
}

fn language_tag(tag: &str) -> bool {
    tag == "@none"
        || (!tag.is_empty()
            && tag.split('-').enumerate().all(|(n, part)| {
                (1..=8).contains(&part.len())
                    && part.chars().all(|c| c.is_ascii_alphanumeric())
                    && (n > 0 || part.chars().all(|c| c.is_ascii_alphabetic()))
            }))
}

fn member_of(
    term: &str,
    a: &mut Attribute,
    member: &str,
    value: &Value,
    kind: &str,
    rules: Rules<'_>,
    depth: usize,
) -> Answer<()> {
    let context = rules.context;
    match member {
        "type" | "datasetId" | "createdAt" | "modifiedAt" | "deletedAt" | "instanceId" | "lang" => {}
        _ if held(kind).contains(&member) => {}
        "entityIdSealed" | "entityTypeSealed" if term == "ngsildproof" => {
            let sealed = value.as_str().ok_or_else(|| ApiError::bad(format!("'{member}' must be a text")))?;
            a.about.insert(member.to_owned(), Attribute::property(sealed));
        }
        "unitCode" if !matches!(kind, "Property" | "ListProperty") => {
            return Err(ApiError::bad(format!("'{term}' is a {kind} and has no unitCode")));
        }
        "valueType" if kind == "LanguageProperty" && !value.as_str().is_some_and(|v| v.ends_with("langString")) => {
            return Err(ApiError::bad(format!("the valueType of '{term}' can only be rdf:langString")));
        }
        _ if FOREIGN.contains(&member) => {
            return Err(ApiError::bad(format!("'{term}' is a {kind} and has no '{member}'")));
        }
        "observedAt" => a.observed_at = Some(moment("observedAt", value)?),
        "expiresAt" => a.expires_at = Some(moment("expiresAt", value)?),
        "unitCode" => match value {
            Value::String(unit) if unit == NULL => a.unit = None,
            Value::String(unit) => a.unit = Some(unit.clone()),
            _ => return Err(ApiError::bad(format!("the unitCode of '{term}' must be a text"))),
        },
        "objectType" | "valueType" => {
            let all: Vec<&str> = match value {
                Value::String(one) => vec![one],
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                _ => return Err(ApiError::bad(format!("the {member} of '{term}' must be a text or a list of texts"))),
            };
            a.object_type = all.into_iter().map(|t| context.name(t)).collect();
        }
        _ => {
            named(member)?;
            match read_attribute(member, value, rules, depth + 1)? {
                Read::Set(about) | Read::Mixed(Some(about), _) => {
                    a.about.insert(context.name(member), about);
                }
                Read::Remove(_) | Read::Mixed(None, _) if rules.new => {
                    return Err(ApiError::bad(format!(
                        "'{member}' of '{term}' is null, and there is nothing to take away"
                    )));
                }
                Read::Remove(_) | Read::Mixed(None, _) => {}
            }
        }
    }
    Ok(())
}

/// GeoJSON as an object, or written out in a text.
fn geometry(term: &str, v: &Value) -> Answer<Value> {
    let parsed = v.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let v = parsed.as_ref().unwrap_or(v);
    if v.get("type").is_some_and(|t| t == "GeometryCollection") {
        return Err(ApiError::bad(format!("'{term}' is a GeometryCollection, which clause 4.7 leaves out")));
    }
    check_geometry(v).map_err(|e| ApiError::bad(format!("'{term}' is no GeoJSON geometry: {e}")))?;
    Ok(v.clone())
}

/// A URI in a payload.
///
/// # Errors
/// When it is none.
pub fn uri(member: &str, v: &Value) -> Answer<Urn> {
    let shown = || v.to_string().chars().take(80).collect::<String>();
    match v.as_str().map(str::parse::<Urn>) {
        Some(Ok(urn)) if urn.as_str() != NULL && !urn.as_str().contains(unseen) => Ok(urn),
        _ => Err(ApiError::bad(format!("'{member}' must be a URI, not {}", shown()))),
    }
}

/// Characters that cannot be seen, or change how others are read: identifiers that look alike must be alike.
fn unseen(c: char) -> bool {
    matches!(u32::from(c),
        0x00ad | 0x034f | 0x061c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x202a..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0xe0000..=0xe0fff)
        || u32::from(c) & 0xfffe == 0xfffe
}

/// A moment in a payload (clause 4.6.3: RFC 3339 in UTC, with Z).
///
/// # Errors
/// When it is none.
pub fn moment(member: &str, v: &Value) -> Answer<Timestamp> {
    match v.as_str().filter(|t| t.ends_with('Z')).map(str::parse::<Timestamp>) {
        Some(Ok(at)) => Ok(at),
        _ => Err(ApiError::bad(format!("'{member}' must be a DateTime such as 2026-01-15T08:00:00Z"))),
    }
}
