//! `cargo xtask tidy`: what the compiler cannot see. Each rule is one file; a finding names file, line and fix.

mod arrows;
mod browser;
mod checklist;
mod ciphers;
mod documents;
mod figures;
mod keys;
mod lints;
mod locks;
mod rooms;
mod rust;
mod sizes;
mod tests_found;
mod words;
mod workspace;

use crate::tree::Tree;
use anyhow::Result;
use std::fmt;
use std::path::Path;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the root.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    fix: {}", self.file, self.line, self.what, self.fix)
    }
}

/// Prints every finding; true when there is none.
pub fn run(root: &Path) -> Result<bool> {
    let tree = Tree::read(root)?;
    let findings = findings(&tree)?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} files, nothing to mend", tree.files.len());
    } else {
        eprintln!("tidy: {} to mend", findings.len());
    }
    Ok(findings.is_empty())
}

fn findings(tree: &Tree) -> Result<Vec<Finding>> {
    let workspace = workspace::Workspace::read(tree)?;
    let mut findings = arrows::check(tree, &workspace)?;
    findings.extend(sizes::check(tree)?);
    findings.extend(tests_found::check(tree, &workspace));
    findings.extend(documents::check(tree));
    findings.extend(words::check(tree));
    findings.extend(rooms::check(tree, &workspace));
    findings.extend(lints::check(tree, &workspace)?);
    findings.extend(locks::check(tree)?);
    findings.extend(ciphers::check(tree, &workspace));
    findings.extend(browser::check(tree));
    findings.extend(figures::check(tree));
    findings.extend(checklist::check(tree));
    findings.extend(keys::check(tree, &workspace));
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A small repository on disk for the rules' tests.

    use crate::tree::Tree;
    use std::fs;

    /// Writes the files into a fresh folder and reads them back.
    pub fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        (folder, tree)
    }

    /// What each finding says, with its place.
    pub fn lines(findings: &[super::Finding]) -> Vec<String> {
        findings.iter().map(|found| format!("{}:{}: {}", found.file, found.line, found.what)).collect()
    }
}
