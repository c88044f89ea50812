//! Values as bytes in the order of the values: what the store's value index is sorted by.
//!
//! A key begins with its kind, so that ranges never cross kinds. Of a long text a key keeps the beginning and a hash: it
//! is found by equality, and by ranges of beginnings.

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_model::{Attribute, AttributeValue};

use crate::{Compare, Operand, Operation};

/// Bytes of a text that are kept as they are; PostgreSQL's index rows end at about 2,700.
const LONGEST: usize = 120;
/// Bytes kept of a longer one, before its hash.
const BEGINNING: usize = 112;
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
            AttributeValue::Value(v) | AttributeValue::Vocab(v) | AttributeValue::Json(v) => of_value(v, &mut keys),
            AttributeValue::List(all) => all.iter().for_each(|v| of_value(v, &mut keys)),
            AttributeValue::Languages(map) => map.values().for_each(|v| of_value(v, &mut keys)),
            AttributeValue::Object(_) | AttributeValue::Objects(_) | AttributeValue::ObjectList(_) => {
                keys.extend(instance.value.targets().iter().map(|u| text(u.as_str())));
            }
            AttributeValue::Geometry(_) => {}
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
    let mut key = prefixed(TEXT, beginning(s));
    if s.len() > LONGEST {
        key.extend_from_slice(&hash(s).to_be_bytes());
    }
    key
}

/// The key of a text that stands where a language puts it: only to sort by.
pub fn collated(key: &[u8]) -> Vec<u8> {
    prefixed(TEXT, key)
}

fn beginning(s: &str) -> &[u8] {
    if s.len() > LONGEST { &s.as_bytes()[..BEGINNING] } else { s.as_bytes() }
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
pub fn hash(s: &str) -> u64 {
    s.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// The key of a moment.
pub fn moment(at: Timestamp) -> Vec<u8> {
    prefixed(MOMENT, &(at.0.cast_unsigned() ^ (1 << 63)).to_be_bytes())
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

/// True when every key in [`ranges`] belongs to a value for which the comparison is true.
pub fn is_exact(compare: &Compare) -> bool {
    let plain = |o: &Operand| match o {
        Operand::Number(_) | Operand::Bool(_) | Operand::Moment(_) => true,
        Operand::Text(t) => t.len() < BEGINNING,
        Operand::Range(..) | Operand::Pattern(_) => false,
    };
    compare.operands.iter().all(|o| match (o, compare.operation) {
        (Operand::Range(from, to), Operation::Equal) => plain(from) && plain(to),
        (o, Operation::Equal | Operation::LessEqual | Operation::GreaterEqual) => plain(o),
        (Operand::Number(_) | Operand::Moment(_), Operation::Less | Operation::Greater) => true,
        _ => false,
    })
}

/// The key after or before that of a number or a moment; that of anything else as it is.
fn beside(mut key: Vec<u8>, after: bool) -> Vec<u8> {
    if let (NUMBER | MOMENT, Ok(bytes)) = (key[0], key[1..].try_into()) {
        let at = u64::from_be_bytes(bytes);
        let next = if after { at.saturating_add(1) } else { at.saturating_sub(1) };
        key.truncate(1);
        key.extend_from_slice(&next.to_be_bytes());
    }
    key
}

fn range(operation: Operation, operand: &Operand) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Operand::Range(from, to) = operand {
        return match operation {
            Operation::Equal => Some((lowest(from)?, highest(to)?)),
            _ => None,
        };
    }
    let kind = key(operand)?[0];
    match operation {
        Operation::Equal => Some((key(operand)?, key(operand)?)),
        Operation::Less => Some((vec![kind], beside(highest(operand)?, false))),
        Operation::LessEqual => Some((vec![kind], highest(operand)?)),
        Operation::Greater => Some((beside(lowest(operand)?, true), vec![kind + 1])),
        Operation::GreaterEqual => Some((lowest(operand)?, vec![kind + 1])),
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

/// The first key that a value equal to the operand, or one that begins as it does, can have.
fn lowest(operand: &Operand) -> Option<Vec<u8>> {
    match operand {
        Operand::Text(t) => Some(prefixed(TEXT, beginning(t))),
        o => key(o),
    }
}

/// The last one.
fn highest(operand: &Operand) -> Option<Vec<u8>> {
    match operand {
        Operand::Text(t) if t.len() > LONGEST => {
            let mut key = prefixed(TEXT, beginning(t));
            key.extend_from_slice(&[0xFF; 8]);
            Some(key)
        }
        o => key(o),
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
        assert!(is_exact(&c(Operation::Equal, Operand::Number(1.0))));
        let more = c(Operation::Greater, Operand::Number(1.0));
        assert!(is_exact(&more) && !inside(&more, &number(1.0)) && inside(&more, &number(1.000_000_1)));
        let less = c(Operation::Less, Operand::Number(0.0));
        assert!(is_exact(&less) && !inside(&less, &number(0.0)) && inside(&less, &number(-1e-300)));
        assert!(!is_exact(&c(Operation::Less, Operand::Text("m".into()))));
    }

    #[test]
    fn long_texts_are_found_by_equality_and_by_their_beginning() {
        let (long, other) = ("ё".repeat(500), "ё".repeat(499) + "ж");
        assert!(text(&long).len() <= LONGEST + 1 && text(&long) != text(&other));
        let c =
            |operation| Compare { path: Default::default(), operation, operands: vec![Operand::Text(long.clone())] };
        let inside = |c: &Compare, key: &Vec<u8>| ranges(c).unwrap().iter().any(|(a, b)| a <= key && key <= b);
        assert!(inside(&c(Operation::GreaterEqual), &text(&other)));
        assert!(inside(&c(Operation::LessEqual), &text(&other)) && !inside(&c(Operation::Equal), &text(&other)));
    }

    #[test]
    fn long_lists_say_that_they_overflow() {
        let many: Vec<i64> = (0..500).collect();
        let keys = of_attribute(&Attribute::property(json!(many)));
        assert!(keys.contains(&OVERFLOW.to_vec()) && keys.len() == MOST + 1);
        assert_eq!(of_attribute(&Attribute::property("2026-01-15T01:00:00Z")).len(), 2);
    }
}
