//! `model/*.yaml`: the LinkML subset (see `docs/packs.md`).

use super::reader::{Cx, Fields, is_inside};
use super::yaml::{Data, Node};
use crate::pattern;
use crate::units::Unit;
use crate::{
    AttributeKind, AttributeType, EntityRule, EntityType, EnumType, Metamodel, Range, SecrecyClass, UniqueKey,
};

/// Classes of pack base that stand for geometries, so that a schema stays valid LinkML.
pub const GEOMETRY_CLASSES: [&str; 2] = ["GeoPoint", "Geometry"];

const ATTRIBUTE_KEYS: [&str; 12] = [
    "range",
    "required",
    "multivalued",
    "identifier",
    "pattern",
    "minimum_value",
    "maximum_value",
    "unit",
    "slot_uri",
    "title",
    "description",
    "annotations",
];
const ANNOTATIONS: [&str; 5] = ["svod_kind", "svod_class", "svod_index", "svod_norm", "svod_precision"];

/// Reads one schema into the pack's model.
pub fn read(cx: &mut Cx<'_>, root: &Node, files: &[&str], model: &mut Metamodel) -> Option<()> {
    let known = [
        "id",
        "name",
        "title",
        "description",
        "version",
        "license",
        "prefixes",
        "default_prefix",
        "default_range",
        "imports",
        "classes",
        "enums",
    ];
    let f = cx.fields(root, &known)?;
    header(cx, &f, files);
    for (key, node) in f.get("enums").and_then(|n| cx.map(n)).unwrap_or_default() {
        name(cx, key.at, &key.name, "enum", true);
        if let Some(e) = code_list(cx, &key.name, node) {
            cx.declare("enum", &key.name, key.at);
            model.enums.insert(key.name.clone(), e);
        }
    }
    for (key, node) in f.get("classes").and_then(|n| cx.map(n)).unwrap_or_default() {
        name(cx, key.at, &key.name, "class", true);
        let class = class(cx, &key.name, node);
        cx.declare("class", &key.name, key.at);
        if let Some(c) = class
            && !GEOMETRY_CLASSES.contains(&key.name.as_str())
        {
            model.types.insert(key.name.clone(), c);
        }
    }
    Some(())
}

fn header(cx: &mut Cx<'_>, f: &Fields<'_>, files: &[&str]) {
    if let Some(n) = cx.need(f, "id") {
        cx.urn(n);
    }
    cx.need_text(f, "name");
    for key in ["title", "description", "version", "license", "default_prefix"] {
        if let Some(n) = f.get(key) {
            cx.text(n);
        }
    }
    if let Some(n) = f.get("default_range") {
        cx.choice(n, &["string"]);
    }
    for (_, n) in f.get("prefixes").and_then(|n| cx.map(n)).unwrap_or_default() {
        cx.text(n);
    }
    for n in f.get("imports").and_then(|n| cx.list(n)).unwrap_or_default() {
        let Some(import) = cx.text(n) else { continue };
        if !import_is_known(cx, import, files) {
            let fix = "write linkml:types, the name of a file of this folder, or ../../<pack>/model/<name> of a pack \
                       named in 'depends'";
            cx.error(n.at, "unknown-import", format!("'{import}' is not found"), fix);
        }
    }
}

fn import_is_known(cx: &Cx<'_>, import: &str, files: &[&str]) -> bool {
    if import == "linkml:types" {
        return true;
    }
    if let Some(other) = import.strip_prefix("../../") {
        let pack = other.split('/').next().unwrap_or_default();
        return is_inside(other) && cx.manifest.depends.iter().any(|d| d == pack);
    }
    files.contains(&format!("model/{}.yaml", import.strip_prefix("./").unwrap_or(import)).as_str())
}

/// Type and enum names are PascalCase, attribute names camelCase: they are keys of texts and names in FEEL.
fn name(cx: &mut Cx<'_>, at: super::Position, text: &str, what: &str, upper: bool) {
    let first = |c: char| if upper { c.is_ascii_uppercase() } else { c.is_ascii_lowercase() };
    if text.len() > 63 || !text.starts_with(first) || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        let shown: String = text.chars().take(60).collect();
        let fix = if upper { "write PascalCase of A-Z, a-z, 0-9" } else { "write camelCase of A-Z, a-z, 0-9" };
        cx.error(at, "bad-name", format!("'{shown}' is no name of {what}"), fix);
    }
}

fn code_list(cx: &mut Cx<'_>, enum_name: &str, node: &Node) -> Option<EnumType> {
    let f = cx.fields(node, &["title", "description", "permissible_values"])?;
    let values = cx.need(&f, "permissible_values").and_then(|n| cx.map(n))?;
    for (key, value) in values {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if key.name.is_empty() || key.name.len() > 63 || !key.name.bytes().all(plain) {
            cx.error(key.at, "bad-name", "a value of a code list is a key of texts", "use A-Z, a-z, 0-9, '-' and '_'");
        }
        if !matches!(value.data, Data::Null) {
            cx.fields(value, &["title", "description", "meaning"]);
        }
    }
    if values.is_empty() {
        cx.error(node.at, "bad-value", "the code list is empty", "add a permissible value");
    }
    Some(EnumType {
        name: enum_name.into(),
        pack: cx.manifest.id.clone(),
        values: values.iter().map(|(k, _)| k.name.clone()).collect(),
    })
}

fn class(cx: &mut Cx<'_>, class_name: &str, node: &Node) -> Option<EntityType> {
    let empty;
    let node = if matches!(node.data, Data::Null) {
        empty = Node { at: node.at, data: Data::Map(Vec::new()) };
        &empty
    } else {
        node
    };
    let known =
        ["is_a", "abstract", "class_uri", "title", "description", "attributes", "unique_keys", "rules", "annotations"];
    let f = cx.fields(node, &known)?;
    let mut text = |key| f.get(key).and_then(|n| cx.text(n)).map(str::to_owned);
    let (is_a, class_uri, description) = (text("is_a"), text("class_uri"), text("description"));
    text("title");
    let is_abstract = f.get("abstract").and_then(|n| cx.bool(n)).unwrap_or(false);
    annotations(cx, &f, &[]);
    let mut out = EntityType {
        name: class_name.into(),
        pack: cx.manifest.id.clone(),
        is_abstract,
        is_a,
        class_uri,
        description: description.unwrap_or_default(),
        attributes: std::collections::BTreeMap::new(),
        unique: unique_keys(cx, class_name, &f),
        rules: rules(cx, class_name, &f),
    };
    let geometry = GEOMETRY_CLASSES.contains(&class_name);
    for (key, slot) in f.get("attributes").and_then(|n| cx.map(n)).unwrap_or_default() {
        if !geometry {
            name(cx, key.at, &key.name, "attribute", false);
        }
        let place = format!("{class_name}.{}", key.name);
        cx.origins.set("attribute", &place, "", cx.file, key.at);
        if let Some(a) = attribute(cx, &key.name, key.at, slot) {
            out.attributes.insert(key.name.clone(), a);
        }
    }
    Some(out)
}

fn unique_keys(cx: &mut Cx<'_>, class_name: &str, f: &Fields<'_>) -> Vec<UniqueKey> {
    let mut all = Vec::new();
    for (key, node) in f.get("unique_keys").and_then(|n| cx.map(n)).unwrap_or_default() {
        name(cx, key.at, &key.name, "unique key", false);
        let Some(of_key) = cx.fields(node, &["unique_key_slots", "description"]) else { continue };
        let Some(list) = cx.need(&of_key, "unique_key_slots").and_then(|n| cx.list(n)) else { continue };
        let slots: Vec<String> = list.iter().filter_map(|n| cx.text(n)).map(str::to_owned).collect();
        if slots.is_empty() {
            cx.error(node.at, "bad-value", "the key has no attributes", "name them in 'unique_key_slots'");
            continue;
        }
        all.push(UniqueKey { name: key.name.clone(), class: class_name.into(), slots });
    }
    all
}

/// A rule of LinkML may stand without conditions of its own: what is judged is said by the annotation.
fn rules(cx: &mut Cx<'_>, class_name: &str, f: &Fields<'_>) -> Vec<EntityRule> {
    let mut all: Vec<EntityRule> = Vec::new();
    for node in f.get("rules").and_then(|n| cx.list(n)).unwrap_or_default() {
        let Some(rule) = cx.fields(node, &["title", "description", "annotations"]) else { continue };
        if let Some(n) = rule.get("description") {
            cx.text(n);
        }
        let id = cx.need(&rule, "title").and_then(|n| cx.word(n)).map(str::to_owned);
        let marks = cx.need(&rule, "annotations").and_then(|_| annotations(cx, &rule, &["svod_condition"]));
        let condition = marks.and_then(|m| cx.need_text(&m, "svod_condition")).map(str::to_owned);
        let (Some(id), Some(condition)) = (id, condition) else { continue };
        if all.iter().any(|r| r.id == id) {
            cx.error(rule.place("title"), "duplicate-id", format!("'{id}' stands twice"), "give it another title");
            continue;
        }
        let place = format!("{class_name}.{id}");
        cx.origins.set("rule", &place, "", cx.file, rule.place("annotations"));
        all.push(EntityRule { id, class: class_name.into(), condition });
    }
    all
}

/// None for an identifier too: an entity's identifier is its URN and no attribute.
fn attribute(cx: &mut Cx<'_>, attr_name: &str, at: super::Position, node: &Node) -> Option<AttributeType> {
    if matches!(node.data, Data::Null) {
        return Some(plain(attr_name));
    }
    let f = cx.fields(node, &ATTRIBUTE_KEYS)?;
    if f.get("identifier").and_then(|n| cx.bool(n)).unwrap_or(false) {
        return None;
    }
    let mut a = plain(attr_name);
    let mut text = |key| f.get(key).and_then(|n| cx.text(n)).map(str::to_owned);
    let range = text("range");
    a.pattern = text("pattern");
    a.slot_uri = text("slot_uri");
    a.description = text("description").unwrap_or_default();
    text("title");
    a.range = range.as_deref().map_or(Range::String, range_of);
    a.required = f.get("required").and_then(|n| cx.bool(n)).unwrap_or(false);
    a.multivalued = f.get("multivalued").and_then(|n| cx.bool(n)).unwrap_or(false);
    a.minimum = f.get("minimum_value").and_then(|n| cx.number(n));
    a.maximum = f.get("maximum_value").and_then(|n| cx.number(n));
    let unit = f.get("unit").and_then(|n| cx.fields(n, &["ucum_code"]));
    if let Some(u) = unit {
        a.unit = cx.need_text(&u, "ucum_code").map(str::to_owned);
        if let Some(Err(e)) = a.unit.as_deref().map(Unit::parse) {
            cx.error(u.place("ucum_code"), "unknown-unit", e.to_string(), "see the subset of UCUM in docs/packs.md");
        }
    }
    if let Some(marks) = annotations(cx, &f, &ANNOTATIONS) {
        apply(cx, &marks, &mut a);
    }
    consistent(cx, at, &f, &a);
    Some(a)
}

fn plain(name: &str) -> AttributeType {
    AttributeType {
        name: name.into(),
        range: Range::String,
        required: false,
        multivalued: false,
        pattern: None,
        minimum: None,
        maximum: None,
        unit: None,
        kind: AttributeKind::Fact,
        class: SecrecyClass::Open,
        indexed: false,
        single: false,
        norm: None,
        precision: None,
        slot_uri: None,
        description: String::new(),
    }
}

/// A name that is no LinkML type is taken for a class here; merging tells code lists and classes apart.
fn range_of(name: &str) -> Range {
    match name {
        "string" => Range::String,
        "integer" => Range::Integer,
        "float" => Range::Float,
        "boolean" => Range::Boolean,
        "datetime" => Range::Datetime,
        "uri" => Range::Uri,
        "GeoPoint" => Range::Point,
        "Geometry" => Range::Geometry,
        other => Range::Entity(other.into()),
    }
}

/// Annotations whose name begins with `svod_` must be known; others are for other tools.
fn annotations<'n>(cx: &mut Cx<'_>, f: &Fields<'n>, known: &[&str]) -> Option<Fields<'n>> {
    let node = f.get("annotations")?;
    let all: Vec<&str> = cx.map(node)?.iter().map(|(k, _)| k.name.as_str()).collect();
    let allowed: Vec<&str> = known.iter().copied().chain(all.into_iter().filter(|k| !k.starts_with("svod_"))).collect();
    cx.fields(node, &allowed)
}

fn apply(cx: &mut Cx<'_>, marks: &Fields<'_>, a: &mut AttributeType) {
    if let Some(word) = marks.get("svod_kind").and_then(|n| cx.choice(n, &["fact", "observation"]))
        && word == "observation"
    {
        a.kind = AttributeKind::Observation;
    }
    a.class = match marks
        .get("svod_class")
        .and_then(|n| cx.choice(n, &["open", "internal", "personal", "special", "secret"]))
    {
        Some("internal") => SecrecyClass::Internal,
        Some("personal") => SecrecyClass::Personal,
        Some("special") => SecrecyClass::Special,
        Some("secret") => SecrecyClass::Secret,
        _ => SecrecyClass::Open,
    };
    a.indexed = marks.get("svod_index").and_then(|n| cx.bool(n)).unwrap_or(false);
    for (key, slot) in [("svod_norm", &mut a.norm), ("svod_precision", &mut a.precision)] {
        let Some(node) = marks.get(key) else { continue };
        *slot = cx.number(node).filter(|n| *n > 0.0);
        if slot.is_none() {
            cx.error(node.at, "bad-annotation", format!("{key} is not greater than zero"), "write a positive number");
        }
    }
}

fn consistent(cx: &mut Cx<'_>, at: super::Position, f: &Fields<'_>, a: &AttributeType) {
    let numeric = matches!(a.range, Range::Integer | Range::Float);
    let mut only_numbers = |present: bool, key: &str, place: super::Position| {
        if present && !numeric {
            let message = format!("'{key}' is for numbers, the range is not one");
            cx.error(place, "bad-attribute", message, "set 'range: float' or drop the key");
        }
    };
    only_numbers(a.minimum.is_some(), "minimum_value", f.place("minimum_value"));
    only_numbers(a.maximum.is_some(), "maximum_value", f.place("maximum_value"));
    only_numbers(a.unit.is_some(), "unit", f.place("unit"));
    only_numbers(a.norm.is_some(), "svod_norm", f.place("annotations"));
    only_numbers(a.precision.is_some(), "svod_precision", f.place("annotations"));
    if matches!((a.minimum, a.maximum), (Some(low), Some(high)) if low > high) {
        cx.error(f.place("minimum_value"), "bad-attribute", "the minimum is above the maximum", "exchange them");
    }
    if let Some(p) = &a.pattern {
        if !matches!(a.range, Range::String | Range::Uri) {
            cx.error(f.place("pattern"), "bad-attribute", "'pattern' is for texts", "drop it or set 'range: string'");
        }
        if let Err(e) = pattern::compile(p) {
            let fix = "mend the regular expression (syntax of the Rust crate regex)";
            cx.error(f.place("pattern"), "bad-pattern", e, fix);
        }
    }
    if a.kind == AttributeKind::Observation && (a.multivalued || a.required || a.range == Range::Geometry) {
        let fix = "drop required, multivalued and Geometry, or 'svod_kind: observation'";
        cx.error(at, "bad-attribute", "an observation is one optional value: number, switch, word or point", fix);
    }
    if a.multivalued && matches!(a.range, Range::Point | Range::Geometry) {
        cx.error(at, "bad-attribute", "a geometry is not multivalued", "use a MultiPoint or another Multi… geometry");
    }
}
