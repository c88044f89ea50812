//! Texts of the editors' scripts. They go into the page that has the editor, not into the file that every page loads.
//!
//! `lib-…` are what the libraries of bpmn.io say in English: the key is the English text in small letters, everything but
//! letters and digits a hyphen.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use svod_kernel::Lang;
use svod_portal::Html;
use svod_text::{Arg, Texts};

/// Arguments of the texts; the browser puts the values in.
const ARGS: [&str; 5] = ["n", "name", "value", "type", "why"];

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let files = [
        (Lang::Ru, include_str!("../../../locales/designer/ru.ftl")),
        (Lang::Kk, include_str!("../../../locales/designer/kk.ftl")),
        (Lang::En, include_str!("../../../locales/designer/en.ftl")),
    ];
    svod_portal::parse_locales("svod-operations/designer", files).expect("a unit test parses the texts")
});

/// The texts as data of the page, in an attribute: no page has a script inside, not even one that runs nothing.
pub fn block(lang: Lang) -> Html {
    let marks: Vec<String> = ARGS.iter().map(|a| format!("{{{a}}}")).collect();
    let args: Vec<(&str, Arg<'_>)> = ARGS.iter().zip(&marks).map(|(a, m)| (*a, Arg::from(m))).collect();
    let all: BTreeMap<&str, String> = TEXTS.keys(Lang::Ru).map(|k| (k, TEXTS.format(lang, k, &args))).collect();
    let json = serde_json::to_string(&all).unwrap_or_default();
    Html::trusted(format!("<div id=\"design-texts\" hidden data-texts=\"{}\"></div>", Html::text(&json)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What the scripts say: `t("key")`, and keys made from these beginnings.
    const MADE: [&str; 7] = ["lib-", "attr-", "kind-", "step-", "sim-wait-", "sim-message", "sim-signal"];

    #[test]
    fn every_language_has_every_text_and_every_script_finds_its_own() {
        assert_eq!(TEXTS.missing(), []);
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../web/src/designer");
        let mut scripts = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            scripts.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        }
        let said = |at: usize| {
            let word = scripts[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.');
            scripts[at + 3..].split('"').next().filter(|key| !word && is_key(key))
        };
        let used: BTreeSet<&str> = scripts.match_indices("t(\"").filter_map(|(at, _)| said(at)).collect();
        assert!(used.len() > 30, "{used:?}");
        let missing: Vec<_> = used.iter().filter(|k| !TEXTS.has(Lang::Ru, k)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let made = |k: &&str| MADE.iter().any(|m| k.starts_with(m)) || scripts.contains(&format!("\"{k}\""));
        let idle: Vec<_> = TEXTS.keys(Lang::Ru).filter(|k| !made(k)).collect();
        assert!(idle.is_empty(), "texts that nobody says: {idle:?}");
    }

    fn is_key(text: &str) -> bool {
        text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    }

    #[test]
    fn texts_are_data_and_keep_their_arguments() {
        let html = block(Lang::Kk);
        let quoted = html.as_str().split('"').nth(3).unwrap();
        assert!(html.as_str().ends_with("></div>") && !quoted.contains('<'), "{quoted}");
        let json = quoted.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'");
        let json = json.replace("&#x27;", "'").replace("&amp;", "&");
        let all: BTreeMap<String, String> = serde_json::from_str(&json).unwrap();
        for (key, text) in &all {
            assert!(!text.contains("{$"), "{key}: an argument that ARGS does not name: {text}");
        }
    }
}
