//! No test is forgotten: every Rust file hangs on a module tree, no test is switched off without a reason, no example
//! in a doc comment claims to be a test that nobody runs.

use super::workspace::{Member, Workspace};
use super::{Finding, rust};
use crate::tree::{File, Tree};

/// All rules about tests.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.with("rs") {
        let owner = workspace.members.iter().filter(|member| file.path.starts_with(&format!("{}/", member.folder)));
        match owner.max_by_key(|member| member.folder.len()) {
            Some(member) => findings.extend(orphan(tree, member, file)),
            None if stands_apart(tree, file) => {}
            None => findings.push(Finding::new(
                &file.path,
                1,
                "belongs to no crate of the workspace",
                "add its crate to members in Cargo.toml",
            )),
        }
        findings.extend(ignored(file));
        findings.extend(doc_examples(file));
    }
    for member in &workspace.members {
        findings.extend(programs(tree, member));
    }
    findings.extend(browser(tree));
    findings
}

/// Of a crate that is a workspace of its own, on purpose.
fn stands_apart(tree: &Tree, file: &File) -> bool {
    let folder = file.path.split_once('/').map_or("", |(folder, _)| folder);
    tree.get(&format!("{folder}/Cargo.toml")).is_some_and(|manifest| manifest.text.contains("\n[workspace]\n"))
}

/// A file that no `mod` line names is never compiled, and its tests never run.
fn orphan(tree: &Tree, member: &Member, file: &File) -> Option<Finding> {
    if is_root(member, file) {
        return None;
    }
    let stem = file.name().trim_end_matches(".rs");
    let (folder, module) = if stem == "mod" { file.folder().rsplit_once('/')? } else { (file.folder(), stem) };
    let parents =
        [format!("{folder}/mod.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs"), format!("{folder}.rs")];
    let beside = tree.files.iter().filter(|other| other.folder() == folder && is_root(member, other));
    let mut parents = parents.iter().filter_map(|path| tree.get(path)).chain(beside).peekable();
    let named = |parent: &File| {
        let code = rust::code_only(&parent.text);
        let by_path = parent.text.contains(&format!("\"{}\"", file.name()));
        by_path
            || code
                .match_indices(&format!("mod {module}"))
                .any(|(at, word)| code[at + word.len()..].trim_start().starts_with(';'))
    };
    let parent = parents.peek().map_or_else(|| format!("{folder}/mod.rs"), |parent| parent.path.clone());
    if parents.any(named) {
        return None;
    }
    Some(Finding::new(
        &file.path,
        1,
        "no `mod` line names this file: it is never compiled",
        format!("add `mod {module};` to {parent}"),
    ))
}

/// Files that Cargo finds by itself or by the manifest.
fn is_root(member: &Member, file: &File) -> bool {
    let Some(inside) = file.path.strip_prefix(&format!("{}/", member.folder)) else { return false };
    let by_place = matches!(
        inside.split('/').collect::<Vec<_>>().as_slice(),
        ["build.rs"]
            | ["src", "lib.rs" | "main.rs"]
            | ["src", "bin", _]
            | ["src", "bin", _, "main.rs"]
            | ["tests" | "benches" | "examples", _]
            | ["tests" | "benches" | "examples", _, "main.rs"]
    );
    by_place || member.named_targets.contains(&file.path)
}

/// One test program per crate: each one more is linked anew.
fn programs(tree: &Tree, member: &Member) -> Option<Finding> {
    let tests = format!("{}/tests/", member.folder);
    let roots: Vec<&File> =
        tree.with("rs").filter(|file| file.path.starts_with(&tests) && is_root(member, file)).collect();
    let extra = roots.get(1)?;
    let what = format!("{} has {} test programs", member.name, roots.len());
    Some(Finding::new(&extra.path, 1, what, format!("make it a module of {}", roots[0].path)))
}

/// `#[ignore]` must say why.
fn ignored(file: &File) -> Vec<Finding> {
    let code = rust::code_only(&file.text);
    let bare =
        code.match_indices("#[ignore").filter(|(at, word)| code[at + word.len()..].trim_start().starts_with(']'));
    let fix = "mend the test, or write #[ignore = \"why, and who runs it when\"]";
    bare.map(|(at, _)| {
        Finding::new(&file.path, rust::line_at(&code, at), "a test is switched off without a reason", fix)
    })
    .collect()
}

/// The runner here runs no doc tests, so an example that looks like one would rot.
fn doc_examples(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut open = false;
    for (at, line) in file.text.lines().enumerate() {
        let line = line.trim_start();
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            open = false;
            continue;
        };
        let Some(info) = text.trim_start().strip_prefix("```") else { continue };
        if !open
            && (info.is_empty()
                || info.starts_with("rust")
                || ["no_run", "should_panic", "compile_fail"].contains(&info))
        {
            let fix = "make it a unit test, or name the block's language (```text, ```json, …)";
            findings.push(Finding::new(
                &file.path,
                at + 1,
                "an example in a doc comment is a test that nobody runs",
                fix,
            ));
        }
        open = !open;
    }
    findings
}

/// Browser journeys: none singled out, none switched off.
fn browser(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let journeys = tree.files.iter().filter(|file| file.path.starts_with("e2e/") || file.path.starts_with("web/"));
    for file in journeys.filter(|file| ["mjs", "ts", "js"].contains(&file.extension())) {
        for (at, line) in file.text.lines().enumerate() {
            let tests = ["test", "it", "describe", "suite", "journey"];
            if tests
                .iter()
                .any(|word| [".only(", ".skip(", ".todo("].iter().any(|off| line.contains(&format!("{word}{off}"))))
            {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    "a test is singled out or switched off",
                    "run all of them, or remove it",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    const ROOT: (&str, &str) = ("Cargo.toml", "[workspace]\nmembers = [\"crates/a\"]\n");
    const MANIFEST: (&str, &str) = ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n");

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let all: Vec<(&str, &str)> = [ROOT, MANIFEST].into_iter().chain(files.iter().copied()).collect();
        let (_folder, tree) = fixture::tree(&all);
        fixture::lines(&check(&tree, &Workspace::read(&tree).unwrap()))
    }

    #[test]
    fn modules_in_every_place_are_recognised() {
        let sound = [
            ("crates/a/src/lib.rs", "mod plain;\nmod deep;\n"),
            ("crates/a/src/plain.rs", ""),
            ("crates/a/src/deep/mod.rs", "pub(crate) mod inner;\n#[path = \"odd.rs\"]\nmod other;"),
            ("crates/a/src/deep/inner.rs", ""),
            ("crates/a/src/deep/odd.rs", ""),
            ("crates/a/tests/it/main.rs", "mod takes;\n"),
            ("crates/a/tests/it/takes.rs", ""),
        ];
        assert_eq!(found(&sound), Vec::<String>::new());
    }

    #[test]
    fn a_module_that_nobody_names_is_found_even_if_a_comment_does() {
        let files = [("crates/a/tests/it/main.rs", "// mod lost;\nmod lost_too;\n"), ("crates/a/tests/it/lost.rs", "")];
        assert_eq!(found(&files), ["crates/a/tests/it/lost.rs:1: no `mod` line names this file: it is never compiled"]);
    }

    #[test]
    fn a_second_test_program_is_found() {
        let files = [("crates/a/tests/main.rs", ""), ("crates/a/tests/other.rs", "")];
        assert_eq!(found(&files), ["crates/a/tests/other.rs:1: a has 2 test programs"]);
    }

    #[test]
    fn ignore_needs_a_reason() {
        let attribute = ["#[ignore", "]"].concat();
        let text = format!("#[ignore = \"slow: make soak runs it\"]\nfn a() {{}}\n{attribute}\nfn b() {{}}\n");
        assert_eq!(
            found(&[("crates/a/src/lib.rs", &text)]),
            ["crates/a/src/lib.rs:3: a test is switched off without a reason"]
        );
    }

    #[test]
    fn doc_tests_are_found_and_other_blocks_are_not() {
        let text = "/// ```text\n/// a\n/// ```\nfn a() {}\n/// ```\n/// a();\n/// ```\nfn b() {}\n";
        assert_eq!(
            found(&[("crates/a/src/lib.rs", text)]),
            ["crates/a/src/lib.rs:5: an example in a doc comment is a test that nobody runs"]
        );
    }

    #[test]
    fn a_journey_singled_out_is_found() {
        let files = [("e2e/journeys/citizen.test.mjs", "test(\"a\", f);\ntest.only(\"b\", f);\n")];
        assert_eq!(found(&files), ["e2e/journeys/citizen.test.mjs:2: a test is singled out or switched off"]);
    }
}
