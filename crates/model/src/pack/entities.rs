use serde_json::Value;
use svod_kernel::Urn;

use super::reader::Cx;
use super::yaml::{Data, Node};
use crate::{Attribute, AttributeValue, Entity, Point};

/// Reads one file of `entities/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Vec<Entity> {
    let Some(items) = cx.list(root) else { return Vec::new() };
    let mut out = Vec::new();
    for item in items {
        if let Some((entity, at)) = read_one(cx, item, true) {
            cx.declare("entity", entity.id.as_str(), at);
            out.push(entity);
        }
    }
    out
}

/// Reads an entity; `trace` remembers where its attributes stand.
pub fn read_one(cx: &mut Cx<'_>, item: &Node, trace: bool) -> Option<(Entity, super::Position)> {
    let f = cx.fields(item, &["id", "type", "space", "attributes"])?;
    let id: Option<Urn> = cx.need(&f, "id").and_then(|n| cx.urn(n));
    let kind = cx.need_text(&f, "type");
    let space = cx.need(&f, "space").and_then(|n| cx.space(n));
    let mut attributes = Vec::new();
    if let Some(map) = f.get("attributes").and_then(|n| cx.map(n)) {
        for (key, node) in map {
            if trace && let Some(id) = &id {
                cx.origins.set("entity", id.as_str(), &key.name, cx.file, key.at);
            }
            if let Some(a) = attribute(cx, node) {
                attributes.push((key.name.clone(), a));
            }
        }
    }
    let (id, kind, space) = (id?, kind?, space?);
    if trace {
        for key in ["type", "space"] {
            cx.origins.set("entity", id.as_str(), key, cx.file, f.place(key));
        }
    }
    let mut entity = Entity::new(id, kind, space);
    entity.attributes.extend(attributes);
    Some((entity, f.place("id")))
}

/// Reads one attribute.
pub fn attribute(cx: &mut Cx<'_>, node: &Node) -> Option<Attribute> {
    match &node.data {
        Data::Map(_) => form(cx, node),
        Data::Null => {
            cx.error(node.at, "wrong-kind", "the attribute has no value", "write a value or drop the line");
            None
        }
        Data::List(items) => {
            if let Some(bad) = items.iter().find(|i| !is_scalar(i)) {
                cx.error(
                    bad.at,
                    "wrong-kind",
                    format!("a list holds plain values, not {}", bad.what()),
                    "write plain values",
                );
                return None;
            }
            Some(Attribute::property(node.to_json()))
        }
        _ => Some(Attribute::property(node.to_json())),
    }
}

const fn is_scalar(node: &Node) -> bool {
    matches!(node.data, Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Text(_))
}

/// `{value, unit?}`, `{object}`, `{objects}`, `{point}` or `{geometry}`.
fn form(cx: &mut Cx<'_>, node: &Node) -> Option<Attribute> {
    let f = cx.fields(node, &["value", "unit", "object", "objects", "point", "geometry"])?;
    let present: Vec<&str> = f.keys().map(|k| k.name.as_str()).filter(|k| *k != "unit").collect();
    let [one] = present.as_slice() else {
        let fix = "write exactly one of value, object, objects, point, geometry";
        cx.error(node.at, "bad-value", "the form of the attribute is not clear", fix);
        return None;
    };
    let inner = cx.need(&f, one)?;
    let mut made = match *one {
        "object" => Attribute::object(cx.urn(inner)?),
        "objects" => {
            let list = cx.list(inner)?;
            let urns: Vec<Urn> = list.iter().filter_map(|n| cx.urn(n)).collect();
            let mut a = Attribute::property(Value::Null);
            a.value = AttributeValue::Objects(urns);
            a
        }
        "point" => {
            let numbers: Vec<f64> = cx.list(inner)?.iter().filter_map(|n| cx.number(n)).collect();
            let [lon, lat] = numbers[..] else {
                cx.error(inner.at, "geometry", "a point is two numbers", "write [longitude, latitude]");
                return None;
            };
            Attribute::point(Point { lon, lat })
        }
        "geometry" => Attribute::geometry(inner.to_json()),
        "value" if is_scalar(inner) || matches!(&inner.data, Data::List(l) if l.iter().all(is_scalar)) => {
            Attribute::property(inner.to_json())
        }
        // An unknown key has been reported already.
        "value" => {
            cx.error(inner.at, "wrong-kind", "a value is plain or a list of plain values", "write plain values");
            return None;
        }
        _ => return None,
    };
    if let Some(unit) = f.get("unit") {
        made.unit = cx.text(unit).map(str::to_owned);
    }
    Some(made)
}
