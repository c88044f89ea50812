//! What the program and its tests are made of: named to the letter, from the one register each, with a sum of its content
//! (OWASP ASVS V15.1.2).

use super::Finding;
use super::lints::at;
use crate::tree::Tree;
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use toml::Table;

const CARGO: &str = "Cargo.lock";
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const NPM: [&str; 2] = ["web/package-lock.json", "e2e/package-lock.json"];
const NPM_REGISTER: &str = "https://registry.npmjs.org/";
const DENY: &str = "deny.toml";

/// Errors: a lock file that is missing or malformed.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = cargo(tree)?;
    for path in NPM {
        findings.extend(npm(tree, path)?);
    }
    let deny: Table = tree.get(DENY).with_context(|| format!("{DENY} is missing"))?.text.parse()?;
    for key in ["unknown-registry", "unknown-git"] {
        if at(&deny, &["sources", key]).and_then(toml::Value::as_str) != Some("deny") {
            let fix = format!("write {key} = \"deny\" under [sources]");
            findings.push(Finding::new(DENY, 1, "crates may come from anywhere", fix));
        }
    }
    Ok(findings)
}

/// Crates without a source are members of the workspace.
fn cargo(tree: &Tree) -> Result<Vec<Finding>> {
    let text = fs::read_to_string(tree.root.join(CARGO)).with_context(|| format!("{CARGO} is missing"))?;
    let lock: Table = text.parse().with_context(|| format!("{CARGO} is malformed"))?;
    let packages = lock.get("package").and_then(|all| all.as_array()).context("Cargo.lock names no package")?;
    let mut findings = Vec::new();
    for package in packages.iter().filter_map(|package| package.as_table()) {
        let word = |key: &str| package.get(key).and_then(|value| value.as_str());
        let named = word("name").unwrap_or_default();
        match word("source") {
            None => {}
            Some(CRATES_IO) if word("checksum").is_some() => {}
            Some(CRATES_IO) => findings.push(odd(CARGO, named, "has no checksum")),
            Some(other) => findings.push(odd(CARGO, named, &format!("comes from {other}"))),
        }
    }
    Ok(findings)
}

fn npm(tree: &Tree, path: &str) -> Result<Vec<Finding>> {
    let file = tree.get(path).with_context(|| format!("{path} is missing"))?;
    let lock: Value = serde_json::from_str(&file.text).with_context(|| format!("{path} is malformed"))?;
    let packages = lock["packages"].as_object().with_context(|| format!("{path} names no package"))?;
    let mut findings = Vec::new();
    for (name, package) in packages.iter().filter(|(name, package)| !name.is_empty() && package["link"] != true) {
        if !package["integrity"].as_str().is_some_and(|sum| sum.starts_with("sha512-")) {
            findings.push(odd(path, name, "has no sum of its content"));
        }
        // Where it names none, the register is the machine's setting; the sum holds whatever that is.
        if let Some(other) = package["resolved"].as_str().filter(|from| !from.starts_with(NPM_REGISTER)) {
            findings.push(odd(path, name, &format!("comes from {other}")));
        }
    }
    Ok(findings)
}

fn odd(path: &str, name: &str, what: &str) -> Finding {
    Finding::new(path, 1, format!("{name} {what}"), "take it from the register, or do without it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn found(crates: &str, packages: &str, deny: &str) -> Vec<String> {
        let npm = format!("{{\"packages\": {{\"\": {{\"name\": \"own\"}}, {packages}}}}}");
        let (_folder, tree) = fixture::tree(&[(CARGO, crates), (NPM[0], &npm), (NPM[1], &npm), (DENY, deny)]);
        let mut lines = fixture::lines(&check(&tree).unwrap());
        lines.retain(|line| !line.starts_with("e2e/"));
        lines
    }

    const CRATE: &str = "[[package]]\nname = \"own\"\nversion = \"1.0.0\"\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"00\"\n";
    const PACKAGE: &str = "\"node_modules/a\": {\"integrity\": \"sha512-x\"}";
    const SOURCES: &str = "[sources]\nunknown-registry = \"deny\"\nunknown-git = \"deny\"\n";

    #[test]
    fn what_is_named_with_its_sum_passes() {
        assert_eq!(found(CRATE, PACKAGE, SOURCES), Vec::<String>::new());
    }

    #[test]
    fn what_comes_from_elsewhere_or_without_a_sum_is_found() {
        let git = CRATE.replace("registry+https://github.com/rust-lang/crates.io-index", "git+https://example.org/a");
        assert_eq!(found(&git, PACKAGE, SOURCES), ["Cargo.lock:1: a comes from git+https://example.org/a"]);
        let bare = CRATE.replace("checksum = \"00\"\n", "");
        assert_eq!(found(&bare, PACKAGE, SOURCES), ["Cargo.lock:1: a has no checksum"]);
        let weak = PACKAGE.replace("sha512-x", "sha1-x");
        assert_eq!(found(CRATE, &weak, SOURCES), ["web/package-lock.json:1: node_modules/a has no sum of its content"]);
        let other = "\"node_modules/a\": {\"integrity\": \"sha512-x\", \"resolved\": \"https://example.org/a.tgz\"}";
        assert_eq!(
            found(CRATE, other, SOURCES),
            ["web/package-lock.json:1: node_modules/a comes from https://example.org/a.tgz"]
        );
        let open = SOURCES.replace("unknown-git = \"deny\"", "unknown-git = \"warn\"");
        assert_eq!(found(CRATE, PACKAGE, &open), ["deny.toml:1: crates may come from anywhere"]);
    }
}
