//! The files of the repository that a person wrote, read once.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that tools make; nobody reviews what is in them.
const MADE: [&str; 7] = ["target", "node_modules", "dist", ".git", "pictures", "results", "proptest-regressions"];
/// What is read as text. Everything else (pictures, data) is only known to exist.
const TEXT: [&str; 21] = [
    "rs",
    "toml",
    "md",
    "ts",
    "mts",
    "js",
    "mjs",
    "cjs",
    "css",
    "html",
    "json",
    "yaml",
    "yml",
    "ftl",
    "sql",
    "sh",
    "dmn",
    "bpmn",
    "cedar",
    "cedarschema",
    "feel",
];
/// No text file that a person wrote is near this; larger ones are data.
const MAX_TEXT: u64 = 2 << 20;

/// One file: its path from the root with `/` between the parts, and its text (empty when it isn't text).
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the root.
    pub path: String,
    /// The text, or nothing for a file that isn't text.
    pub text: String,
}

impl File {
    /// The part after the last dot.
    pub fn extension(&self) -> &str {
        self.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension)
    }

    /// The folder, without a slash at the end; empty for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The name without folder.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(self.path.as_str(), |(_, name)| name)
    }
}

/// All files below a root, sorted by path.
#[derive(Debug)]
pub struct Tree {
    /// Where it was read.
    pub root: PathBuf,
    /// Sorted by path.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the tree. Errors: a folder or file that cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, root, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_path_buf(), files })
    }

    /// The file at exactly this path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &self.files[at])
    }

    /// Whether a file or a folder stands at this path.
    pub fn exists(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.get(path).is_some() || self.root.join(path).exists()
    }

    /// Files with this extension.
    pub fn with<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.extension() == extension)
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if MADE.contains(&name.as_str()) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(root, &path, files)?;
        } else if kind.is_file() {
            let relative = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            let mut file = File { path: relative, text: String::new() };
            if is_text(&file) && entry.metadata()?.len() <= MAX_TEXT {
                let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                file.text = String::from_utf8_lossy(&bytes).into_owned();
            }
            files.push(file);
        }
    }
    Ok(())
}

/// Scripts carry no extension.
fn is_text(file: &File) -> bool {
    TEXT.contains(&file.extension()) || !file.name().contains('.') || file.path.starts_with(".ci/")
}
