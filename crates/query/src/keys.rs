//! Values as bytes in the order of the values: what the store's value index is sorted by.
//!
//! A key begins with its kind, so that ranges never cross kinds. Texts are cut, so equal keys do not mean equal texts:
//! what an index gives is judged again.

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_model::{Attribute, AttributeValue};

use crate::{Compare, Operand, Operation};

/// Bytes of a text that are kept; PostgreSQL's index rows end at about 2,700.
const LONGEST: usize = 120;
/// Keys of one attribute at the most: a longer list is found by its first values only, and says so by [`OVERFLOW`].
const MOST: usize = 64;

const BOOL: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const MOMENT: u8 = 4;
/// The key of an attribute with more values than are kept: it fits every question.
pub const OVERFLOW: &[u8] = &[0];

/// Keys of all instances of an attribute; geometries have none.
pub fn of_attribute(attribute: &Attribute) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    for instance in attribute.instances() {
        match &instance.value {
            AttributeValue::Value(v) | AttributeValue::Vocab(v) => of_value(v, &mut keys),
            AttributeValue::List(all) => all.iter().for_each(|v| of_value(v, &mut keys)),
            AttributeValue::Languages(map) => map.values().for_each(|v| of_value(v, &mut keys)),
            AttributeValue::Object(_) | AttributeValue::Objects(_) | AttributeValue::ObjectList(_) => {
                keys.extend(instance.value.targets().iter().map(|u| text(u.as_str())));
            }
            AttributeValue::Geometry(_) | AttributeValue::Json(_) => {}
        }
    }
    keys.sort();
    keys.dedup();
    if keys.len() > MOST {
        keys.truncate(MOST);
        keys.push(OVERFLOW.to_vec());
    }
    keys
}

fn of_value(v: &Value, into: &mut Vec<Vec<u8>>) {
    match v {
        Value::Bool(b) => into.push(vec![BOOL, u8::from(*b)]),
        Value::Number(n) => into.extend(n.as_f64().map(number)),
        Value::String(s) => {
            into.push(text(s));
            into.extend(moment_of(s).map(moment));
        }
        Value::Array(all) => all.iter().for_each(|v| of_value(v, into)),
        Value::Object(o) => o.get("@value").into_iter().for_each(|v| of_value(v, into)),
        Value::Null => {}
    }
}

/// A text that is a moment (RFC 3339); cheap for one that is not.
pub fn moment_of(s: &str) -> Option<Timestamp> {
    let b = s.as_bytes();
    let looks = b.len() >= 20 && b[4] == b'-' && b[7] == b'-' && b[10] == b'T' && b[0].is_ascii_digit();
    looks.then(|| s.parse().ok()).flatten()
}

/// The key of a number: the order of IEEE 754 made that of unsigned bytes.
pub fn number(n: f64) -> Vec<u8> {
    let bits = (if n == 0.0 { 0.0 } else { n }).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    prefixed(NUMBER, &ordered.to_be_bytes())
}

/// The key of a text.
pub fn text(s: &str) -> Vec<u8> {
    prefixed(TEXT, &s.as_bytes()[..s.len().min(LONGEST)])
}

/// The key of a moment.
pub fn moment(at: Timestamp) -> Vec<u8> {
    prefixed(MOMENT, &((at.0 as u64) ^ (1 << 63)).to_be_bytes())
}

fn prefixed(kind: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(kind);
    key.extend_from_slice(rest);
    key
}

/// Stretches of keys, both ends included, that hold every value for which the comparison can be true; `None` when the
/// index cannot help.
pub fn ranges(compare: &Compare) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    compare.operands.iter().map(|o| range(compare.operation, o)).collect()
}

fn range(operation: Operation, operand: &Operand) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Operand::Range(from, to) = operand {
        return match operation {
            Operation::Equal => Some((key(from)?, key(to)?)),
            _ => None,
        };
    }
    let (low, high) = (vec![key(operand)?[0]], vec![key(operand)?[0] + 1]);
    let key = key(operand)?;
    match operation {
        Operation::Equal => Some((key.clone(), key)),
        Operation::Less | Operation::LessEqual => Some((low, key)),
        Operation::Greater | Operation::GreaterEqual => Some((key, high)),
        Operation::NotEqual | Operation::Match | Operation::NotMatch => None,
    }
}

fn key(operand: &Operand) -> Option<Vec<u8>> {
    match operand {
        Operand::Number(n) => Some(number(*n)),
        Operand::Text(t) => Some(text(t)),
        Operand::Bool(b) => Some(vec![BOOL, u8::from(*b)]),
        Operand::Moment(at) => Some(moment(*at)),
        Operand::Range(..) | Operand::Pattern(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_ordered_as_their_values() {
        let numbers = [f64::NEG_INFINITY, -1e9, -1.5, -0.0, 1e-9, 2.0, 10.0, 1e300];
        assert!(numbers.windows(2).all(|w| number(w[0]) < number(w[1])));
        assert_eq!(number(0.0), number(-0.0));
        let moments = [-5_000_000, 0, 1, i64::MAX].map(Timestamp);
        assert!(moments.windows(2).all(|w| moment(w[0]) < moment(w[1])));
        assert!(text("a") < text("ab") && text("ab") < text("б"));
    }

    #[test]
    fn ranges_hold_what_fits() {
        let c = |operation, operand| Compare { path: Default::default(), operation, operands: vec![operand] };
        let inside = |c: &Compare, key: &Vec<u8>| ranges(c).unwrap().iter().any(|(a, b)| a <= key && key <= b);
        assert!(inside(&c(Operation::Greater, Operand::Number(3.0)), &number(4.0)));
        assert!(!inside(&c(Operation::Greater, Operand::Number(3.0)), &text("zzz")));
        assert!(inside(&c(Operation::Less, Operand::Text("m".into())), &text("a")));
        assert!(!inside(&c(Operation::Less, Operand::Text("m".into())), &number(1.0)));
        assert!(ranges(&c(Operation::NotEqual, Operand::Number(1.0))).is_none());
    }

    #[test]
    fn long_lists_say_that_they_overflow() {
        let many: Vec<i64> = (0..500).collect();
        let keys = of_attribute(&Attribute::property(json!(many)));
        assert!(keys.contains(&OVERFLOW.to_vec()) && keys.len() == MOST + 1);
        assert_eq!(of_attribute(&Attribute::property("2026-01-15T01:00:00Z")).len(), 2);
    }
}
