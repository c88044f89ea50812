//! Every key that a template or a source file names is there, in every language.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use svod_kernel::Lang;

fn walk(dir: &Path, endings: &[&str], out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "node_modules" {
                walk(&path, endings, out);
            }
        } else if endings.iter().any(|e| path.extension().is_some_and(|x| x == *e)) {
            out.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Literals that follow one of the marks: `t("` gives `key` of `t("key")`.
fn literals(text: &str, marks: &[&str]) -> BTreeSet<String> {
    marks
        .iter()
        .flat_map(|mark| text.split(mark).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|key| key.contains(|c: char| c.is_ascii_lowercase()) && !key.contains(['{', '<', ' ', '$']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_key_that_is_used_exists() {
    let root = Path::new(".");
    let texts = svod_portal::texts();
    let mut files = Vec::new();
    walk(&root.join("templates"), &["html"], &mut files);
    walk(&root.join("src"), &["rs"], &mut files);
    let mut used = BTreeSet::new();
    for (_, text) in &files {
        used.extend(literals(text, &["ctx.t(\"", "ctx.tf(\""]));
        used.extend(literals(text, &["\", \"nav-"]).into_iter().map(|k| format!("nav-{k}")));
    }
    for kind in ["400", "401", "403", "404", "409", "500", "503"] {
        used.insert(format!("error-{kind}-title"));
        used.insert(format!("error-{kind}-text"));
    }
    assert!(used.len() > 40, "the search for keys finds too few: {used:?}");
    for lang in Lang::ALL {
        let missing: Vec<_> = used.iter().filter(|k| !texts.has(lang, k)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", lang.tag());
    }
}

#[test]
fn every_key_of_the_islands_exists_and_none_is_idle() {
    let web = Path::new("../../web/src");
    let texts = svod_portal::texts();
    let mut files = Vec::new();
    walk(web, &["ts"], &mut files);
    let all: String = files.into_iter().map(|(_, text)| text).collect();
    let used = literals(&all, &["t(\"", "? \"js-", ": \"js-"]);
    let used: BTreeSet<_> =
        used.iter().map(|k| if k.starts_with("js-") { k.clone() } else { format!("js-{k}") }).collect();
    let known: BTreeSet<_> = texts.keys(Lang::Ru).filter(|k| k.starts_with("js-")).map(str::to_owned).collect();
    let missing: Vec<_> = used.difference(&known).filter(|k| all.contains(&format!("\"{k}\""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // Made from a stem and a word in the source: `js-stream-${state}`, `js-chart-${name}`.
    let idle: Vec<_> = known
        .iter()
        .filter(|k| !all.contains(&format!("\"{k}\"")))
        .filter(|k| !k.starts_with("js-stream-") && !k.starts_with("js-chart-"))
        .collect();
    assert!(idle.is_empty(), "{idle:?}");
}
