//! The workspace as its manifests tell it.

use crate::tree::Tree;
use anyhow::{Context, Result};
use toml::Table;

/// One member.
#[derive(Debug)]
pub struct Member {
    /// Folder from the root.
    pub folder: String,
    /// Package name.
    pub name: String,
    /// Everything it is built with: dependencies and build-dependencies, for any target, optional or not, by package name.
    pub dependencies: Vec<Dependency>,
    /// Test programs and others that the manifest names by path.
    pub named_targets: Vec<String>,
}

/// One line of a manifest.
#[derive(Debug)]
pub struct Dependency {
    /// Package name (not the name it is renamed to).
    pub package: String,
    /// Line in the manifest.
    pub line: usize,
}

/// All members.
#[derive(Debug)]
pub struct Workspace {
    /// In the order of the root manifest.
    pub members: Vec<Member>,
}

impl Workspace {
    /// Reads the root manifest and each member's. Errors: a manifest that is missing or no TOML.
    pub fn read(tree: &Tree) -> Result<Self> {
        let root = manifest(tree, "Cargo.toml")?;
        let workspace =
            root.get("workspace").and_then(|value| value.as_table()).context("Cargo.toml has no [workspace]")?;
        let empty = Table::new();
        let shared = workspace.get("dependencies").and_then(|value| value.as_table()).unwrap_or(&empty);
        let folders =
            workspace.get("members").and_then(|value| value.as_array()).context("[workspace] has no members")?;
        let members = folders
            .iter()
            .filter_map(|folder| folder.as_str())
            .map(|folder| member(tree, folder, shared))
            .collect::<Result<_>>()?;
        Ok(Self { members })
    }
}

fn manifest(tree: &Tree, path: &str) -> Result<Table> {
    let file = tree.get(path).with_context(|| format!("{path} is missing"))?;
    file.text.parse().with_context(|| format!("{path} is no TOML"))
}

fn member(tree: &Tree, folder: &str, shared: &Table) -> Result<Member> {
    let path = format!("{folder}/Cargo.toml");
    let table = manifest(tree, &path)?;
    let text = tree.get(&path).map_or("", |file| file.text.as_str());
    let name = table.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str());
    let name = name.with_context(|| format!("{path} names no package"))?.to_owned();
    let mut dependencies = Vec::new();
    collect(&table, text, shared, &mut dependencies);
    if let Some(targets) = table.get("target").and_then(|target| target.as_table()) {
        for target in targets.values().filter_map(|target| target.as_table()) {
            collect(target, text, shared, &mut dependencies);
        }
    }
    let mut named_targets = Vec::new();
    for kind in ["test", "bin", "bench", "example"] {
        for target in table.get(kind).and_then(|value| value.as_array()).into_iter().flatten() {
            named_targets
                .extend(target.get("path").and_then(|path| path.as_str()).map(|path| format!("{folder}/{path}")));
        }
    }
    named_targets
        .extend(table.get("lib").and_then(|lib| lib.get("path")?.as_str()).map(|path| format!("{folder}/{path}")));
    Ok(Member { folder: folder.to_owned(), name, dependencies, named_targets })
}

fn collect(table: &Table, text: &str, shared: &Table, into: &mut Vec<Dependency>) {
    for section in ["dependencies", "build-dependencies"] {
        for (key, value) in table.get(section).and_then(|value| value.as_table()).into_iter().flatten() {
            let renamed = |value: &toml::Value| value.get("package").and_then(|name| name.as_str()).map(str::to_owned);
            let inherited = || shared.get(key).and_then(renamed);
            let package = renamed(value).or_else(inherited).unwrap_or_else(|| key.clone());
            into.push(Dependency { package, line: line_of(text, key) });
        }
    }
}

/// The first line that starts with this key (or is its own table); 1 when there is none.
fn line_of(text: &str, key: &str) -> usize {
    let starts = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
            || line.ends_with(&format!("dependencies.{key}]"))
    };
    text.lines().position(starts).map_or(1, |at| at + 1)
}
