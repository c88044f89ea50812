//! Files and functions that a person can hold in mind; the list of exceptions may only shrink.

use super::{Finding, rust};
use crate::tree::{File, Tree};
use anyhow::{Context, Result};
use serde::Deserialize;

const LIST: &str = "crates/xtask/exceptions.toml";
/// Lines of a file.
const FILE: usize = 600;
/// Lines of a function, from `fn` to its closing brace.
const FUNCTION: usize = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exceptions {
    #[serde(default)]
    file: Vec<Exception>,
    #[serde(default)]
    function: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    path: String,
    #[serde(default)]
    name: String,
    lines: usize,
    why: String,
}

/// What is over a limit.
struct Long<'a> {
    path: &'a str,
    /// Empty for a file.
    name: String,
    line: usize,
    lines: usize,
}

/// Errors: the list is missing or malformed.
pub fn check(tree: &Tree) -> Result<Vec<Finding>> {
    let list = tree.get(LIST).with_context(|| format!("{LIST} is missing"))?;
    let exceptions: Exceptions = toml::from_str(&list.text).with_context(|| format!("{LIST} is malformed"))?;
    let files: Vec<Long> =
        ["rs", "ts", "js", "mjs"].iter().flat_map(|extension| tree.with(extension)).filter_map(long_file).collect();
    let functions: Vec<Long> = tree.with("rs").filter(|file| !in_tests(file)).flat_map(long_functions).collect();
    let mut findings = over(&files, &exceptions.file, "file", FILE);
    findings.extend(over(&functions, &exceptions.function, "function", FUNCTION));
    findings.extend(stale(&files, &exceptions.file, &list.text));
    findings.extend(stale(&functions, &exceptions.function, &list.text));
    Ok(findings)
}

/// A test's scenario reads from top to bottom however long it is; its file is still bounded.
fn in_tests(file: &File) -> bool {
    file.path.contains("/tests/") || file.name() == "tests.rs"
}

fn long_file(file: &File) -> Option<Long<'_>> {
    let lines = file.text.lines().count();
    (lines > FILE).then(|| Long { path: &file.path, name: String::new(), line: 1, lines })
}

fn long_functions(file: &File) -> impl Iterator<Item = Long<'_>> {
    let found = rust::functions(&rust::code_only(&file.text)).into_iter().filter(|function| function.lines > FUNCTION);
    found.map(|function| Long { path: &file.path, name: function.name, line: function.line, lines: function.lines })
}

fn over(found: &[Long], exceptions: &[Exception], kind: &str, limit: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    for long in found {
        let subject = if long.name.is_empty() { kind.to_owned() } else { format!("{kind} {}", long.name) };
        match exceptions.iter().find(|exception| exception.path == long.path && exception.name == long.name) {
            None => {
                let fix = format!("split it at a reason to change (a true exception goes to {LIST} with its why)");
                findings.push(Finding::new(
                    long.path,
                    long.line,
                    format!("{subject} has {} lines, more than {limit}", long.lines),
                    fix,
                ));
            }
            Some(exception) if long.lines > exception.lines => {
                let what =
                    format!("{subject} has {} lines and grew past its exception of {}", long.lines, exception.lines);
                findings.push(Finding::new(long.path, long.line, what, "split it: exceptions only shrink"));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Entries that are no longer needed, larger than needed, or without a reason.
fn stale(found: &[Long], exceptions: &[Exception], text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for exception in exceptions {
        let line =
            text.lines().position(|line| line.contains(&format!("\"{}\"", exception.path))).map_or(1, |at| at + 1);
        let subject = format!("{} {}", exception.path, exception.name);
        match found.iter().find(|long| long.path == exception.path && long.name == exception.name) {
            None => findings.push(Finding::new(
                LIST,
                line,
                format!("{} needs no exception", subject.trim_end()),
                "remove the entry",
            )),
            Some(long) if long.lines < exception.lines => {
                let what = format!("{} has only {} lines now", subject.trim_end(), long.lines);
                findings.push(Finding::new(LIST, line, what, format!("write lines = {}", long.lines)));
            }
            Some(_) if exception.why.trim().is_empty() => {
                findings.push(Finding::new(
                    LIST,
                    line,
                    format!("{} has no reason", subject.trim_end()),
                    "say why in one line",
                ));
            }
            Some(_) => {}
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn found(source: &str, exceptions: &str) -> Vec<String> {
        let (_folder, tree) = fixture::tree(&[("crates/a/src/lib.rs", source), (LIST, exceptions)]);
        fixture::lines(&check(&tree).unwrap())
    }

    fn function(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "work();\n".repeat(lines - 2))
    }

    #[test]
    fn sixty_lines_are_right_and_one_more_is_not() {
        assert_eq!(found(&function(60), ""), Vec::<String>::new());
        assert_eq!(found(&function(61), ""), ["crates/a/src/lib.rs:1: function f has 61 lines, more than 60"]);
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(found(&"// line\n".repeat(601), ""), ["crates/a/src/lib.rs:1: file has 601 lines, more than 600"]);
    }

    #[test]
    fn an_exception_holds_while_exact_and_may_only_shrink() {
        let entry = |lines: usize| {
            format!("[[function]]\npath = \"crates/a/src/lib.rs\"\nname = \"f\"\nlines = {lines}\nwhy = \"a table\"\n")
        };
        assert_eq!(found(&function(70), &entry(70)), Vec::<String>::new());
        assert_eq!(
            found(&function(71), &entry(70)),
            ["crates/a/src/lib.rs:1: function f has 71 lines and grew past its exception of 70"]
        );
        assert_eq!(
            found(&function(69), &entry(70)),
            ["crates/xtask/exceptions.toml:2: crates/a/src/lib.rs f has only 69 lines now"]
        );
        assert_eq!(
            found(&function(9), &entry(70)),
            ["crates/xtask/exceptions.toml:2: crates/a/src/lib.rs f needs no exception"]
        );
    }
}
