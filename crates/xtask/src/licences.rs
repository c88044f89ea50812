//! `cargo xtask licences`: cargo-deny for the Rust tree, the same allow-list for what npm brings into the pages.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Lock files of everything that npm installs.
const LOCKS: [&str; 2] = ["web/package-lock.json", "e2e/package-lock.json"];

/// Packages of npm that were looked at one by one: name, what their manifest says of the licence, and what that is.
///
/// The bpmn.io licence is the MIT licence with one condition more: the mark that leads to bpmn.io stays in the drawing,
/// visible and uncovered (docs/adr/0021-designer.md).
const LOOKED_AT: [(&str, Option<&str>, &str); 10] = [
    ("@bpmn-io/form-js-editor", Some(IN_A_FILE), BPMN_IO),
    ("@bpmn-io/form-js-viewer", Some(IN_A_FILE), BPMN_IO),
    ("bpmn-js", Some(IN_A_FILE), BPMN_IO),
    ("dmn-js", Some(IN_A_FILE), BPMN_IO),
    ("dmn-js-boxed-expression", Some(IN_A_FILE), BPMN_IO),
    ("dmn-js-decision-table", Some(IN_A_FILE), BPMN_IO),
    ("dmn-js-drd", Some(IN_A_FILE), BPMN_IO),
    ("dmn-js-literal-expression", Some(IN_A_FILE), BPMN_IO),
    ("dmn-js-shared", Some(IN_A_FILE), BPMN_IO),
    ("component-props", None, "MIT, in its Readme.md"),
];
const IN_A_FILE: &str = "SEE LICENSE IN LICENSE";
const BPMN_IO: &str = "bpmn.io";

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
    license: Option<String>,
    #[serde(default)]
    link: bool,
}

/// Prints what is not allowed; true when nothing is.
pub fn run(root: &Path) -> Result<bool> {
    let text = fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?;
    let deny: Deny = toml::from_str(&text).context("deny.toml is malformed")?;
    let mut sound = rust(root)?;
    for path in LOCKS {
        let Ok(text) = fs::read_to_string(root.join(path)) else {
            bail!("cannot read {path}: run npm install in its folder")
        };
        let lock: Lock = serde_json::from_str(&text).with_context(|| format!("{path} is malformed"))?;
        let wrong = refused(&lock, &deny.licenses.allow);
        for what in &wrong {
            eprintln!(
                "{path}: {what}\n    fix: choose another package, or allow the licence in deny.toml with a reason"
            );
        }
        println!("licences: {path}: {} packages, {} refused", lock.packages.len().saturating_sub(1), wrong.len());
        sound &= wrong.is_empty();
    }
    Ok(sound)
}

/// cargo-deny reads the lock file and the sources that Cargo has; it asks no network.
fn rust(root: &Path) -> Result<bool> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let check = [
        "deny",
        "--workspace",
        "--all-features",
        "--locked",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    let status = Command::new(cargo)
        .args(check)
        .current_dir(root)
        .status()
        .context("cannot start cargo deny: run scripts/setup test")?;
    Ok(status.success())
}

fn refused(lock: &Lock, allow: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, package) in lock.packages.iter().filter(|(path, package)| !path.is_empty() && !package.link) {
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        let version = package.version.as_deref().unwrap_or("?");
        if LOOKED_AT.iter().any(|(known, said, _)| *known == name && *said == package.license.as_deref()) {
            continue;
        }
        match &package.license {
            None => wrong.push(format!("{name} {version} states no licence")),
            Some(licence) if !allowed(licence, allow) => wrong.push(format!("{name} {version} is under {licence}")),
            Some(_) => {}
        }
    }
    wrong
}

/// An SPDX 2.3 licence expression (annex D): OR needs one side, AND both; `WITH` is part of the name.
fn allowed(expression: &str, allow: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let verdict = either(&words, &mut at, allow);
    verdict && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allow: &BTreeSet<String>) -> bool {
    let mut verdict = both(words, at, allow);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        verdict |= both(words, at, allow);
    }
    verdict
}

fn both(words: &[&str], at: &mut usize, allow: &BTreeSet<String>) -> bool {
    let mut verdict = one(words, at, allow);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        verdict &= one(words, at, allow);
    }
    verdict
}

fn one(words: &[&str], at: &mut usize, allow: &BTreeSet<String>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let verdict = either(words, at, allow);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return verdict && closed;
    }
    let mut name = (*word).to_owned();
    if let (Some(&"WITH"), Some(exception)) = (words.get(*at), words.get(*at + 1)) {
        name = format!("{name} WITH {exception}");
        *at += 2;
    }
    allow.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow() -> BTreeSet<String> {
        ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into()
    }

    #[test]
    fn expressions_are_read_as_spdx_says() {
        for (expression, verdict) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("GPL-3.0-only AND MIT", false),
            ("MIT AND (Zlib OR Apache-2.0)", true),
            ("MIT OR Zlib AND GPL-2.0-only", true),
            ("(MIT OR Zlib) AND GPL-2.0-only", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("MIT WITH Some-exception", false),
            ("(MIT", false),
            ("MIT Apache-2.0", false),
            ("", false),
        ] {
            assert_eq!(allowed(expression, &allow()), verdict, "{expression}");
        }
    }

    #[test]
    fn what_was_looked_at_is_let_in_while_it_says_the_same() {
        let text = r#"{"packages": {"node_modules/bpmn-js": {"version": "1.0.0", "license": "SEE LICENSE IN LICENSE"},
            "node_modules/other": {"version": "1.0.0", "license": "SEE LICENSE IN LICENSE"},
            "node_modules/dmn-js": {"version": "1.0.0", "license": "AGPL-3.0"}}}"#;
        let lock: Lock = serde_json::from_str(text).unwrap();
        assert_eq!(
            refused(&lock, &allow()),
            ["dmn-js 1.0.0 is under AGPL-3.0", "other 1.0.0 is under SEE LICENSE IN LICENSE"]
        );
    }

    #[test]
    fn a_package_without_or_with_a_foreign_licence_is_named() {
        let text = r#"{"packages": {"": {"version": "1.0.0"}, "node_modules/good": {"version": "1.0.0", "license": "MIT"},
            "node_modules/good/node_modules/bad": {"version": "2.0.0", "license": "AGPL-3.0"}, "node_modules/mute": {"version": "3.0.0"},
            "node_modules/own": {"link": true}}}"#;
        let lock: Lock = serde_json::from_str(text).unwrap();
        assert_eq!(refused(&lock, &allow()), ["bad 2.0.0 is under AGPL-3.0", "mute 3.0.0 states no licence"]);
    }
}
