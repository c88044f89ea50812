//! Words that say the work is not finished.

use super::Finding;
use crate::tree::Tree;

/// In two parts, so that this file does not find itself.
const MARKS: [[&str; 2]; 4] = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["unimplemented", "!"]];
/// Lock files and data hold arbitrary letters.
const LEFT_OUT: [&str; 4] = ["Cargo.lock", "package-lock.json", "LICENSE", "clippy.toml"];

/// Whole words only; code quoted in a document is talk about the word.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !LEFT_OUT.contains(&file.name())) {
        let quoted = file.extension() == "md";
        for (at, line) in file.text.lines().enumerate() {
            let line = if quoted { line.split('`').step_by(2).collect::<Vec<_>>().join(" ") } else { line.to_owned() };
            for mark in MARKS.map(|parts| parts.concat()) {
                if has_word(&line, &mark) {
                    let fix = "finish it, or open an issue and write here only what is true today";
                    findings.push(Finding::new(&file.path, at + 1, format!("{mark} marks unfinished work"), fix));
                }
            }
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !part(before) && !part(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    #[test]
    fn marks_are_found_as_whole_words() {
        let mark = ["TO", "DO"].concat();
        let text = format!("// {mark}: later\nlet {mark}S = 1; // {mark}_LIST\n");
        let (_folder, tree) =
            fixture::tree(&[("crates/a/src/lib.rs", &text), ("docs/a.md", &format!("we leave no `{mark}` behind\n"))]);
        assert_eq!(fixture::lines(&check(&tree)), [format!("crates/a/src/lib.rs:1: {mark} marks unfinished work")]);
    }
}
