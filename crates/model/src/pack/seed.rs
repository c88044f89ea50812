use serde_json::Value;

use super::reader::{Cx, Errors, Origins};
use super::yaml::{Data, Key, Node};
use super::{Manifest, PackError, Position, entities};
use crate::{Attribute, Entity};

/// Reads an entity in the form of `entities/*.yaml`, given as JSON: the `given` of a pack's test.
///
/// # Errors
/// Everything that is wrong with its form; positions are unknown.
pub fn entity_from_seed(value: &Value) -> Result<Entity, Vec<PackError>> {
    read(value, |cx, node| entities::read_one(cx, node, false).map(|(entity, _)| entity))
}

/// Reads an attribute in the form of `entities/*.yaml`, given as JSON: a plain value, a list of plain values,
/// `{value, unit?}`, `{object}`, `{objects}`, `{point}` or `{geometry}`.
///
/// # Errors
/// Everything that is wrong with its form; positions are unknown.
pub fn attribute_from_seed(value: &Value) -> Result<Attribute, Vec<PackError>> {
    read(value, entities::attribute)
}

fn read<T>(value: &Value, reader: impl FnOnce(&mut Cx<'_>, &Node) -> Option<T>) -> Result<T, Vec<PackError>> {
    let (mut errors, mut origins) = (Errors::default(), Origins::default());
    let manifest = Manifest::default();
    let mut cx = Cx { file: "", manifest: &manifest, errors: &mut errors, origins: &mut origins };
    match reader(&mut cx, &node(value)) {
        Some(read) if errors.0.is_empty() => Ok(read),
        _ => Err(errors.0),
    }
}

fn node(value: &Value) -> Node {
    let at = Position::default();
    let data = match value {
        Value::Null => Data::Null,
        Value::Bool(b) => Data::Bool(*b),
        Value::Number(n) => n.as_i64().map_or_else(|| Data::Float(n.as_f64().unwrap_or(0.0)), Data::Int),
        Value::String(s) => Data::Text(s.clone()),
        Value::Array(l) => Data::List(l.iter().map(node).collect()),
        Value::Object(m) => Data::Map(m.iter().map(|(k, v)| (Key { at, name: k.clone() }, node(v))).collect()),
    };
    Node { at, data }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Point;

    #[test]
    fn reads_the_seed_form_from_json() {
        let given = json!({"id": "urn:svod:x:1", "type": "X", "space": "a", "attributes": {"place": {"point": [1, 2]}, "n": 5}});
        let e = entity_from_seed(&given).unwrap();
        assert_eq!(e.point("place"), Some(Point { lon: 1.0, lat: 2.0 }));
        assert_eq!(e.number("n"), Some(5.0));
        assert!(attribute_from_seed(&json!({"objekt": "urn:svod:x:1"})).is_err());
        assert!(attribute_from_seed(&json!(null)).is_err());
    }
}
