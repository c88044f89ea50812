//! Texts in the order of a language (Unicode Technical Standard 10).

use std::fmt;
use std::sync::Arc;

use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::Locale;

/// The order of a language.
#[derive(Clone)]
pub struct Collation(Arc<CollatorBorrowed<'static>>);

impl Collation {
    /// Of a language tag (BCP 47), `und` for the order that fits most; a language without rules of its own has that
    /// one. None when it is no tag.
    pub fn of(tag: &str) -> Option<Self> {
        let locale = Locale::try_from_str(tag).ok()?;
        let collator = Collator::try_new(locale.into(), CollatorOptions::default()).ok()?;
        Some(Self(Arc::new(collator)))
    }

    /// Bytes that sort as the texts do.
    pub fn key(&self, text: &str) -> Vec<u8> {
        let mut key = Vec::new();
        match self.0.write_sort_key_to(text, &mut key) {
            Ok(()) => key,
            Err(never) => match never {},
        }
    }
}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(tag: &str, words: &[&str]) -> Vec<String> {
        let collation = Collation::of(tag).unwrap();
        let mut all: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        all.sort_by_key(|w| collation.key(w));
        all
    }

    #[test]
    fn languages_have_their_own_order() {
        assert_eq!(sorted("und", &["b", "\u{e1}", "A"]), ["A", "\u{e1}", "b"]);
        assert_eq!(sorted("de-u-co-phonebk", &["Zebra", "Ähre"]), ["Ähre", "Zebra"]);
        assert_eq!(sorted("kk", &["Бал", "Әлем", "Ақсу", "Ғалым", "Гүл"]), ["Ақсу", "Әлем", "Бал", "Гүл", "Ғалым"]);
        assert_eq!(sorted("ru", &["Яя", "Ёлка", "Жук", "Ель"]), ["Ёлка", "Ель", "Жук", "Яя"]);
        assert!(Collation::of("not a tag!!").is_none() && Collation::of("!!nope").is_none());
    }
}
