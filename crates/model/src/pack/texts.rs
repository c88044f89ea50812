//! Which texts a pack owes: every name it declares, in every language.

use std::collections::BTreeSet;

use svod_kernel::Lang;

use super::{Pack, PackError};

/// (key, kind of declaration, id, key inside it) of every text owed.
fn owed(pack: &Pack) -> Vec<(String, &'static str, String)> {
    let id = &pack.manifest.id;
    let mut keys = vec![
        (format!("pack-{id}-title"), "pack", String::new()),
        (format!("pack-{id}-description"), "pack", String::new()),
    ];
    for t in pack.model.types.values() {
        keys.push((format!("type-{}", t.name), "class", t.name.clone()));
        keys.extend(t.rules.iter().map(|r| (format!("rule-{}", r.id), "rule", format!("{}.{}", t.name, r.id))));
        keys.extend(t.attributes.keys().map(|a| (format!("attr-{a}"), "attribute", format!("{}.{a}", t.name))));
    }
    for e in pack.model.enums.values() {
        keys.extend(e.values.iter().map(|v| (format!("enum-{}-{v}", e.name), "enum", e.name.clone())));
    }
    let space = |s: &super::SpaceSpec| (format!("space-{}", s.path.name()), "space", s.path.to_string());
    keys.extend(pack.spaces.iter().map(space));
    keys.extend(pack.layers.iter().map(|l| (format!("layer-{}", l.id), "layer", l.id.clone())));
    keys.extend(pack.triggers.iter().map(|t| (format!("alert-{}", t.alert.kind), "trigger", t.id.clone())));
    for s in &pack.services {
        let own = ["", "-about", "-result"].map(|end| (format!("service-{}{end}", s.id), "service", s.id.clone()));
        keys.extend(own);
        keys.extend(s.pause.iter().map(|word| (format!("pause-{word}"), "service", s.id.clone())));
    }
    keys.extend(pack.personas.iter().map(|p| (format!("persona-{}", p.id), "persona", p.id.clone())));
    keys
}

/// Keys of messages: in Fluent a message begins at the start of a line.
fn keys_of(ftl: &str) -> impl Iterator<Item = &str> {
    ftl.lines().filter_map(|line| {
        let (key, _) = line.trim_start_matches('\u{feff}').split_once('=')?;
        let key = key.trim_end();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.bytes().all(plain)).then_some(key)
    })
}

/// Texts missing in some language; those of the packs it depends on count.
pub fn missing(pack: &Pack, dependencies: &[&Pack]) -> Vec<PackError> {
    let mut errors = Vec::new();
    let owed = owed(pack);
    let mut reported = BTreeSet::new();
    for lang in Lang::ALL {
        let texts = dependencies.iter().chain([&pack]).filter_map(|p| p.locales.get(&lang));
        let have: BTreeSet<&str> = texts.flat_map(|t| keys_of(t)).collect();
        for (key, kind, id) in &owed {
            if have.contains(key.as_str()) || !reported.insert((lang, key.as_str())) {
                continue;
            }
            let (file, position) = pack.origins.find(kind, id, "");
            errors.push(PackError {
                file: file.to_owned(),
                position,
                rule: "missing-text".into(),
                message: format!("text '{key}' is missing in {}", lang.tag()),
                fix: format!("add '{key} = …' to locales/{}.ftl", lang.tag()),
            });
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_message_keys_only() {
        let ftl = "# c = x\na = 1\n    .title = t\n-term = x\nb-2 =\n    long = text\n}\nэ = 1\n";
        assert_eq!(keys_of(ftl).collect::<Vec<_>>(), ["a", "b-2"]);
    }
}
