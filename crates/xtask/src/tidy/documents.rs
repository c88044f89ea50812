//! Every path that a document names exists.

use super::Finding;
use crate::tree::{File, Tree};

/// What tools make: documents may name it although a fresh clone has none.
const MADE: [&str; 7] =
    ["target", "web/dist", "e2e/pictures", "bench/results", "web/node_modules", "e2e/node_modules", "demo-data"];

/// Links and code in README.md, CONTRIBUTING.md and docs.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.with("md")
        .filter(|file| file.path.starts_with("docs/") || !file.path.contains('/'))
        .flat_map(|file| document(tree, file))
        .collect()
}

fn document(tree: &Tree, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fenced = false;
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let code: Vec<&str> = if fenced { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        let words = code
            .iter()
            .flat_map(|code| code.split([' ', '\t', '(', ')', '"', '\'', ';', '=', '│', '├', '─', '└', '[', ']', '|']));
        let wrong = words.filter(|word| !names_something(tree, word));
        let links = if fenced { Vec::new() } else { links(line) };
        let broken = links.into_iter().filter(|link| !leads_somewhere(tree, file, link));
        for path in wrong.map(str::to_owned).chain(broken.map(str::to_owned)) {
            findings.push(Finding::new(
                &file.path,
                at + 1,
                format!("{path} does not exist"),
                "name the path that does, from the repository's root",
            ));
        }
    }
    findings
}

/// A word of code is taken for a path when it starts with a folder of the repository's root. Placeholders are left alone.
fn names_something(tree: &Tree, word: &str) -> bool {
    let word = word.trim_start_matches("./").trim_end_matches(['.', ':', ',', '…']);
    let word = word.split_once(".rs:").map_or(word.to_owned(), |(file, _)| format!("{file}.rs"));
    let Some((first, _)) = word.split_once('/') else { return true };
    let is_ours =
        !first.is_empty() && first != ".." && tree.files.iter().any(|file| file.path.starts_with(&format!("{first}/")));
    let placeholder = word.contains(['<', '>', '$', '…', '*']) || word.split('/').any(is_placeholder);
    if !is_ours || placeholder || MADE.iter().any(|made| word.starts_with(made)) {
        return true;
    }
    alternatives(&word).iter().all(|path| tree.exists(path))
}

/// `NNNN-title.md`, `DIR`: capitals stand for a name, except in the few real ones.
fn is_placeholder(part: &str) -> bool {
    let stem = part.split(['.', '-']).next().unwrap_or(part);
    let capitals = stem.len() > 1 && stem.chars().all(|c| c.is_ascii_uppercase());
    capitals && !["README", "LICENSE", "CONTRIBUTING"].contains(&stem)
}

/// `locales/{ru,kk,en}.ftl` names three paths.
fn alternatives(word: &str) -> Vec<String> {
    match word.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (inside, after))) => {
            inside.split(',').flat_map(|part| alternatives(&format!("{before}{part}{after}"))).collect()
        }
        None => vec![word.to_owned()],
    }
}

/// Targets of Markdown links and pictures.
fn links(line: &str) -> Vec<&str> {
    line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split_once(')')).map(|(target, _)| target).collect()
}

fn leads_somewhere(tree: &Tree, file: &File, link: &str) -> bool {
    let target = link.split(['#', ' ']).next().unwrap_or("");
    if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let mut parts: Vec<&str> = file.folder().split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.is_empty() => return false,
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    tree.exists(&parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn found(text: &str) -> Vec<String> {
        let files = [
            ("docs/how-to/add.md", text),
            ("docs/map.png", "x"),
            ("crates/a/src/lib.rs", ""),
            ("packs/base/locales/ru.ftl", ""),
        ];
        let (_folder, tree) = fixture::tree(&files);
        fixture::lines(&check(&tree))
    }

    #[test]
    fn what_exists_and_what_is_no_path_passes() {
        let text = "`crates/a/src/lib.rs`, `crates/a/src/lib.rs:12`, `crates/a/`, `svod pack check packs/base`, `packs/NAME/x`, `packs/*/y`,\n\
                    `/api/v1`, `model/x.yaml`, `../shared/data`, `air/{device}/up`, `packs/base/locales/{ru}.ftl`, `crates/<name>/x`\n\
                    [map](../map.png) [web](https://example.org/a) [here](#part)\n```sh\nls crates/a/src/\n```\n";
        assert_eq!(found(text), Vec::<String>::new());
    }

    #[test]
    fn wrong_paths_are_found_in_code_in_blocks_and_in_links() {
        let text = "`crates/b/src/lib.rs`\n`svod pack check packs/bas`\n[map](map.png)\n```sh\nls crates/a/lib.rs\n```\n`packs/base/locales/{ru,kk}.ftl`\n";
        let what = [
            "1: crates/b/src/lib.rs",
            "2: packs/bas",
            "3: map.png",
            "5: crates/a/lib.rs",
            "7: packs/base/locales/{ru,kk}.ftl",
        ];
        assert_eq!(found(text), what.map(|what| format!("docs/how-to/add.md:{what} does not exist")));
    }
}
