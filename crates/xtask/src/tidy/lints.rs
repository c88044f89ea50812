//! What the compiler is told to refuse, it is told in every crate: no unsafe code (OWASP ASVS V1.4.1, V1.4.3), and no cast that
//! loses something (V1.4.2).

use super::Finding;
use super::rust;
use super::workspace::Workspace;
use crate::tree::Tree;
use anyhow::{Context, Result};
use toml::{Table, Value};

const ROOT: &str = "Cargo.toml";

/// In no other folder is a number cast to one that may be another, but where it is said why it is not. The bench is a tool that
/// measures; nobody ships it.
const MAY_LOSE: [&str; 1] = ["bench"];
const CASTS: [&str; 3] = ["clippy::cast_possible_truncation", "clippy::cast_possible_wrap", "clippy::cast_sign_loss"];

/// Errors: a manifest that is missing or no TOML.
pub fn check(tree: &Tree, workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let root = manifest(tree, ROOT)?;
    if at(&root, &["workspace", "lints", "rust", "unsafe_code"]).and_then(Value::as_str) != Some("forbid") {
        let fix = "write unsafe_code = \"forbid\" under [workspace.lints.rust]";
        findings.push(Finding::new(ROOT, 1, "unsafe code is not forbidden", fix));
    }
    for member in &workspace.members {
        let path = format!("{}/Cargo.toml", member.folder);
        if at(&manifest(tree, &path)?, &["lints", "workspace"]) != Some(&Value::Boolean(true)) {
            let fix = "write [lints] with workspace = true";
            findings.push(Finding::new(&path, 1, "the lints of the workspace do not hold here", fix));
        }
    }
    let strict = workspace.members.iter().filter(|member| !MAY_LOSE.contains(&member.folder.as_str()));
    let roots = strict.flat_map(|member| ["lib", "main"].map(|root| format!("{}/src/{root}.rs", member.folder)));
    findings.extend(roots.filter_map(|path| casts(tree, &path)));
    Ok(findings)
}

/// A crate that does not refuse what it should, or lets it all through again. Tests may cast.
fn casts(tree: &Tree, path: &str) -> Option<Finding> {
    let text = rust::code_only(&tree.get(path)?.text);
    let refused = text.split("warn(").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
    let head = text.contains("#![cfg_attr(") && text.contains("not(test),");
    let words = ["#![allow(", "#![expect("];
    let allowed: Vec<&str> =
        words.iter().flat_map(|word| text.split(word).skip(1)).filter_map(|rest| rest.split(")]").next()).collect();
    let lets = |lint: &str| allowed.iter().any(|all| all.contains(lint));
    let lint = CASTS.iter().find(|lint| !head || !refused.contains(**lint) || lets(lint))?;
    let fix = format!("write #![cfg_attr(not(test), warn({}))]", CASTS.join(", "));
    Some(Finding::new(path, 1, format!("{lint} is not refused"), fix))
}

fn manifest(tree: &Tree, path: &str) -> Result<Table> {
    let file = tree.get(path).with_context(|| format!("{path} is missing"))?;
    file.text.parse().with_context(|| format!("{path} is no TOML"))
}

/// The value at the end of a way of keys.
pub fn at<'t>(table: &'t Table, way: &[&str]) -> Option<&'t Value> {
    let (last, before) = way.split_last()?;
    let mut here = table;
    for key in before {
        here = here.get(*key)?.as_table()?;
    }
    here.get(*last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn found(root: &str, member: &str) -> Vec<String> {
        let root = format!("[workspace]\nmembers = [\"crates/a\"]\n{root}");
        let member = format!("[package]\nname = \"a\"\n{member}");
        let (_folder, tree) = fixture::tree(&[(ROOT, &root), ("crates/a/Cargo.toml", &member)]);
        fixture::lines(&check(&tree, &Workspace::read(&tree).unwrap()).unwrap())
    }

    #[test]
    fn casts_that_lose_something_are_refused_in_every_crate() {
        let all = format!("//! A crate.\n\n#![cfg_attr(\n    not(test),\n    warn({})\n)]\n", CASTS.join(", "));
        let found = |text: &str| {
            let (_folder, tree) = fixture::tree(&[("crates/model/src/lib.rs", text)]);
            casts(&tree, "crates/model/src/lib.rs").map(|one| one.what)
        };
        let manifest = "[package]\nname = \"a\"\n[lints]\nworkspace = true\n";
        for (folder, roots) in [("crates/a", vec!["lib.rs", "main.rs"]), ("bench", Vec::new())] {
            let root =
                format!("[workspace]\nmembers = [\"{folder}\"]\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n");
            let place = |name: &str| format!("{folder}/{name}");
            let (own, lib, main) = (place("Cargo.toml"), place("src/lib.rs"), place("src/main.rs"));
            let files = [(ROOT, root.as_str()), (&own, manifest), (&lib, "//! A crate.\n"), (&main, "fn main() {}\n")];
            let (_folder, tree) = fixture::tree(&files);
            let all = fixture::lines(&check(&tree, &Workspace::read(&tree).unwrap()).unwrap());
            let said = |file| format!("{folder}/src/{file}:1: clippy::cast_possible_truncation is not refused");
            assert_eq!(all, roots.into_iter().map(said).collect::<Vec<_>>());
        }
        assert_eq!(found(&all), None);
        let lost = Some("clippy::cast_sign_loss is not refused".to_owned());
        assert_eq!(found(&all.replace(", clippy::cast_sign_loss", "")), lost);
        for word in ["allow", "expect"] {
            assert_eq!(found(&format!("{all}#![{word}(clippy::cast_sign_loss)]\n")), lost);
            assert_eq!(found(&format!("{all}#![{word}(\n    clippy::cast_sign_loss,\n)]\n")), lost);
        }
        assert_eq!(found(&format!("{all}// #![allow(clippy::cast_sign_loss)]\n")), None);
        let commented = "// #![cfg_attr(not(test), warn(clippy::cast_possible_truncation))]\n//    not(test),\n";
        assert_eq!(found(commented), Some("clippy::cast_possible_truncation is not refused".to_owned()));
    }

    #[test]
    fn unsafe_code_is_forbidden_in_every_crate() {
        let (forbids, inherits) = ("[workspace.lints.rust]\nunsafe_code = \"forbid\"\n", "[lints]\nworkspace = true\n");
        assert_eq!(found(forbids, inherits), Vec::<String>::new());
        for weaker in ["", "[workspace.lints.rust]\nunsafe_code = \"deny\"\n"] {
            assert_eq!(found(weaker, inherits), ["Cargo.toml:1: unsafe code is not forbidden"]);
        }
        for outside in ["", "[lints]\nworkspace = false\n", "[lints.rust]\nunsafe_code = \"forbid\"\n"] {
            let wanted = ["crates/a/Cargo.toml:1: the lints of the workspace do not hold here"];
            assert_eq!(found(forbids, outside), wanted, "{outside}");
        }
    }
}
