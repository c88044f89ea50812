//! Every key that a template or a source file names is there, in every language.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use svod_kernel::Lang;

fn walk(dir: &Path, out: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, out);
        } else {
            out.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_key_that_is_used_exists() {
    let mut text = String::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let texts = svod_portal::texts().merged(&svod_operations::texts());
    // A key at the call, and a key that goes with what it names: `add(ctx.t("x"), …)`, `("task-x", value)`.
    let at_call = ["ctx.t(\"", "ctx.tf(\""].iter().flat_map(|mark| text.split(mark).skip(1));
    let used: BTreeSet<&str> = at_call.filter_map(|rest| rest.split('"').next()).filter(|k| !k.contains('{')).collect();
    assert!(used.len() > 80, "the search for keys finds too few: {used:?}");
    for lang in Lang::ALL {
        let missing: Vec<_> = used.iter().filter(|k| !texts.has(lang, k)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", lang.tag());
    }
    let own = svod_operations::texts();
    let made = ["reason-", "packs-done-", "packs-file-", "quarantine-status-"];
    let idle: Vec<_> = own
        .keys(Lang::Ru)
        .filter(|k| !text.contains(&format!("\"{k}\"")) && !made.iter().any(|m| k.starts_with(m)))
        .collect();
    assert!(idle.is_empty(), "texts that nobody says: {idle:?}");
}
