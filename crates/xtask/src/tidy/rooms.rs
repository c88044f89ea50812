//! Every crate says what it is, and stands on the map in docs/architecture.md.

use super::Finding;
use super::workspace::{Member, Workspace};
use crate::tree::Tree;

const MAP: &str = "docs/architecture.md";

/// Both rules for every member.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        findings.extend(silent(tree, member));
    }
    match tree.get(MAP) {
        None => findings.push(Finding::new(
            MAP,
            1,
            "the map of the house is missing",
            "write it: layers, rooms, three walk-throughs",
        )),
        Some(map) => findings.extend(workspace.members.iter().filter_map(|member| unmapped(&map.text, member))),
    }
    findings
}

fn silent(tree: &Tree, member: &Member) -> Vec<Finding> {
    let roots = ["src/lib.rs", "src/main.rs"].map(|path| format!("{}/{path}", member.folder));
    let files = roots.iter().filter_map(|path| tree.get(path));
    let silent = files.filter(|file| !file.text.trim_start().starts_with("//!"));
    silent
        .map(|file| {
            Finding::new(
                &file.path,
                1,
                "the crate does not say what it is",
                "begin with a `//!` comment of a line or a page",
            )
        })
        .collect()
}

fn unmapped(map: &str, member: &Member) -> Option<Finding> {
    let room = member.folder.rsplit('/').next().unwrap_or(&member.folder);
    let ways = [format!("`{}`", member.name), format!("`{room}`"), format!("{room}/"), member.folder.clone()];
    if ways.iter().any(|way| map.contains(way.as_str())) {
        return None;
    }
    Some(Finding::new(
        MAP,
        1,
        format!("{} is not on the map", member.name),
        format!("add `{room}/` with a line of what it is"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    #[test]
    fn a_silent_crate_and_one_off_the_map_are_found() {
        let files = [
            ("Cargo.toml", "[workspace]\nmembers = [\"crates/a\", \"crates/edges/b\"]\n"),
            ("crates/a/Cargo.toml", "[package]\nname = \"svod-a\"\n"),
            ("crates/a/src/lib.rs", "//! Rooms.\n"),
            ("crates/edges/b/Cargo.toml", "[package]\nname = \"svod-b\"\n"),
            ("crates/edges/b/src/lib.rs", "pub fn b() {}\n"),
            (MAP, "crates/\n  a/  rooms\n"),
        ];
        let (_folder, tree) = fixture::tree(&files);
        let findings = check(&tree, &Workspace::read(&tree).unwrap());
        assert_eq!(
            fixture::lines(&findings),
            [
                "crates/edges/b/src/lib.rs:1: the crate does not say what it is",
                "docs/architecture.md:1: svod-b is not on the map"
            ]
        );
    }
}
