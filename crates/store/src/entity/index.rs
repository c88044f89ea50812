use std::collections::BTreeSet;

use crate::{BulkInsert, Column, Conn, StoreError};

/// Longest value kept as it is, bytes; PostgreSQL's index rows end at about 2,700.
const LONGEST: usize = 256;
/// Between attribute and value, and after each pair, in `entity.indexed`.
const UNIT: char = '\u{1F}';
const RECORD: char = '\u{1E}';

/// A value as it stands in the index: without control characters, and a long one cut and marked with its hash.
pub(super) fn value(value: &str) -> String {
    let mut kept: String = value.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if kept.len() > LONGEST {
        let hash =
            kept.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let end = (0..=LONGEST - 32).rev().find(|end| kept.is_char_boundary(*end)).unwrap_or(0);
        kept.truncate(end);
        kept.push_str(&format!("…{hash:016x}"));
    }
    kept
}

/// The pairs in one text, sorted, each once.
pub(super) fn encode(pairs: &[(String, String)]) -> String {
    let pairs: BTreeSet<(&str, String)> = pairs.iter().map(|(attribute, v)| (attribute.as_str(), value(v))).collect();
    pairs.iter().map(|(attribute, value)| format!("{attribute}{UNIT}{value}{RECORD}")).collect()
}

fn decode(indexed: &str) -> BTreeSet<(&str, &str)> {
    indexed.split_terminator(RECORD).filter_map(|pair| pair.split_once(UNIT)).collect()
}

/// Brings the value index of one entity from `old` to `new`.
pub(super) fn replace(conn: &mut dyn Conn, space: i64, id: i64, old: &str, new: &str) -> Result<(), StoreError> {
    if old == new {
        return Ok(());
    }
    let (old, new) = (decode(old), decode(new));
    for (attribute, value) in old.difference(&new) {
        conn.execute(
            "DELETE FROM entity_value WHERE space = ?1 AND attribute = ?2 AND value = ?3 AND entity = ?4",
            &[space.into(), (*attribute).into(), (*value).into(), id.into()],
        )?;
    }
    let added: Vec<_> = new.difference(&old).collect();
    let columns = [
        ("space", Column::Int(vec![space; added.len()])),
        ("attribute", Column::Text(added.iter().map(|(a, _)| (*a).to_owned()).collect())),
        ("value", Column::Text(added.iter().map(|(_, v)| (*v).to_owned()).collect())),
        ("entity", Column::Int(vec![id; added.len()])),
    ];
    conn.insert_many(&BulkInsert { table: "entity_value", columns: &columns, ignore_conflicts: false }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_sorted_and_once() {
        let pair = |a: &str, v: &str| (a.to_owned(), v.to_owned());
        let text = encode(&[pair("b", "2"), pair("a", "x\u{1E}y"), pair("b", "2")]);
        assert_eq!(decode(&text).into_iter().collect::<Vec<_>>(), [("a", "x\u{FFFD}y"), ("b", "2")]);
        assert!(decode("").is_empty());
    }

    #[test]
    fn long_values_stay_different() {
        let long = "ё".repeat(2_000);
        let other = format!("{long}!");
        assert!(value(&long).len() <= LONGEST);
        assert_ne!(value(&long), value(&other));
        assert_eq!(value("short"), "short");
    }
}
