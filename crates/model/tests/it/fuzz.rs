use proptest::prelude::*;

use crate::{FILES, errors, source};

/// Characters that mean something to YAML, and a few that do not.
const ALPHABET: &str = "[-:{}\\[\\],&*!|>'\"%@`#?~ \n\ta-c0-2éж.]";

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_file(file in 0..FILES.len(), text in prop_oneof![
        "\\PC{0,200}".boxed(),
        proptest::string::string_regex(&format!("{ALPHABET}{{0,120}}")).unwrap().boxed(),
    ]) {
        errors(&source(&[(FILES[file].0, &text)]));
    }

    #[test]
    fn a_sound_file_with_a_piece_replaced(
        file in 0..FILES.len(), at in 0.0..1.0f64, cut in 0usize..12,
        piece in proptest::string::string_regex(&format!("{ALPHABET}{{0,8}}")).unwrap(),
    ) {
        let (path, text) = FILES[file];
        let chars: Vec<char> = text.chars().collect();
        let from = (chars.len() as f64 * at) as usize;
        let to = (from + cut).min(chars.len());
        let mutated: String = chars[..from].iter().copied().chain(piece.chars()).chain(chars[to..].iter().copied()).collect();
        for e in errors(&source(&[(path, &mutated)])) {
            prop_assert!(!e.fix.is_empty() && !e.message.is_empty() && e.position.line > 0, "{e}");
        }
    }

    #[test]
    fn any_path(path in "\\PC{0,40}") {
        errors(&source(&[(&path, "a: 1")]));
    }
}
