//! Regular expressions of attributes, compiled once and kept.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use regex::{Regex, RegexBuilder};

/// Patterns kept; more than the packs of an installation declare.
const MAX_KEPT: usize = 1_024;
/// Memory of one compiled pattern, in bytes.
const MAX_SIZE: usize = 256 << 10;

static KEPT: RwLock<Option<HashMap<String, Regex>>> = RwLock::new(None);

/// Compiles so that the whole text must match.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(MAX_SIZE).nest_limit(32).build();
    // The regex crate draws the place with newlines; its last line says what is wrong.
    whole.map_err(|e| e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
}

/// True when the whole text matches. A pattern that does not compile was refused with its pack and matches nothing.
pub fn matches(pattern: &str, text: &str) -> bool {
    {
        let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(r) = kept.as_ref().and_then(|k| k.get(pattern)) {
            return r.is_match(text);
        }
    }
    let Ok(regex) = compile(pattern) else { return false };
    let answer = regex.is_match(text);
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    let kept = kept.get_or_insert_default();
    if kept.len() >= MAX_KEPT {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), regex);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_match() {
        assert!(matches("[0-9]{8}", "32000000"));
        assert!(matches("[0-9]{8}", "32000000"), "from the kept one");
        assert!(!matches("[0-9]{8}", "x32000000"));
        assert!(matches("a|b", "b") && !matches("a|b", "bc"));
        assert!(!matches("(", "("));
    }

    #[test]
    fn refuses_bombs() {
        assert!(compile("((a{100}){100}){100}").is_err());
        assert!(compile("(").unwrap_err().contains("unclosed"));
    }
}
