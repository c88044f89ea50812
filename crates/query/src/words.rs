//! Words of texts, so that entities are found by what is written in them.

use std::collections::BTreeSet;

use serde_json::Value;
use svod_model::{AttributeValue, Entity};

use crate::keys;

/// Words of one entity that are looked at.
const MOST: usize = 400;
/// Longest word, characters; what is longer is cut off.
const LONGEST: usize = 32;

/// A word as it is compared: small letters, `ё` as `е`.
fn folded(word: &str) -> String {
    let small = word.chars().flat_map(char::to_lowercase).map(|c| if c == 'ё' { 'е' } else { c });
    small.take(LONGEST).collect()
}

/// The words of a text.
pub fn of_text(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(folded)
}

/// The words in the texts of an entity, and whether there are more.
fn of_entity(e: &Entity) -> (BTreeSet<String>, bool) {
    let mut all = BTreeSet::new();
    let mut more = false;
    let mut take = |text: &str| {
        for word in of_text(text) {
            if all.len() < MOST {
                all.insert(word);
            } else {
                more |= !all.contains(&word);
            }
        }
    };
    for instance in e.attributes.values().flat_map(svod_model::Attribute::instances) {
        match &instance.value {
            AttributeValue::Value(v) => each(v, &mut take),
            AttributeValue::Languages(map) => map.values().for_each(|v| each(v, &mut take)),
            AttributeValue::List(all) => all.iter().for_each(|v| each(v, &mut take)),
            _ => {}
        }
    }
    (all, more)
}

fn each(v: &Value, take: &mut impl FnMut(&str)) {
    match v {
        Value::String(s) if keys::moment_of(s).is_none() => take(s),
        Value::Array(all) => all.iter().for_each(|v| each(v, take)),
        _ => {}
    }
}

/// Does a word of the entity begin so?
pub fn begins(e: &Entity, beginning: &str) -> bool {
    let (words, _) = of_entity(e);
    let from = words.range(beginning.to_owned()..).next();
    from.is_some_and(|w| w.starts_with(beginning))
}

/// Keys by which an entity is found by its words.
pub fn keys_of(e: &Entity) -> Vec<Vec<u8>> {
    let (words, more) = of_entity(e);
    let overflow = more.then(|| keys::OVERFLOW.to_vec());
    words.iter().map(|w| keys::text(w)).chain(overflow).collect()
}

/// The stretch of keys of words that begin so.
pub fn range(beginning: &str) -> (Vec<u8>, Vec<u8>) {
    let low = keys::text(beginning);
    let mut high = low.clone();
    high.push(0xff);
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use svod_model::Attribute;

    #[test]
    fn words_are_found_by_their_beginning_and_so_are_their_keys() {
        let e = Entity::new("urn:a:b".parse().unwrap(), "Thing", "s".parse().unwrap())
            .with("name", Attribute::property("Ёлочный рынок №5, пр. Ленина"))
            .with("at", Attribute::property("2026-01-15T01:00:00Z"));
        let asked = |text: &str| of_text(text).all(|w| begins(&e, &w));
        assert!(asked("елоч") && asked("ЛЕНИН рынок") && asked("5"));
        assert!(!asked("ынок") && !asked("2026"));
        let keys = keys_of(&e);
        let (low, high) = range("лени");
        assert!(keys.iter().any(|k| low <= *k && *k <= high));
        assert_eq!(keys.len(), 5);
        let long = Entity::new("urn:a:c".parse().unwrap(), "Thing", "s".parse().unwrap())
            .with("text", Attribute::property((0..1_000).map(|n| format!("w{n} ")).collect::<String>()));
        assert!(keys_of(&long).contains(&keys::OVERFLOW.to_vec()));
    }
}
