//! The shipped packs, and changed copies of them.

use std::path::Path;

use svod_model::PackSource;

/// A shipped pack: `base`, `kuzbass`, `neighbour`.
///
/// # Panics
/// When there is no such pack.
pub fn shipped(id: &str) -> PackSource {
    svod::embedded::pack(id).unwrap_or_else(|| panic!("the pack '{id}' does not come with the program"))
}

/// Id in the pack's manifest.
///
/// # Panics
/// When it has none.
pub fn id(source: &PackSource) -> String {
    let manifest = source.files.get("pack.yaml").expect("a pack has a pack.yaml");
    let line = manifest.lines().find_map(|l| l.strip_prefix("id:")).expect("a manifest has an id");
    line.trim().to_owned()
}

/// The pack as another version.
///
/// # Panics
/// When its manifest has no version.
#[must_use]
pub fn version(mut source: PackSource, version: &str) -> PackSource {
    let manifest = source.files.get_mut("pack.yaml").expect("a pack has a pack.yaml");
    let old = manifest.lines().find(|l| l.starts_with("version:")).expect("a manifest has a version").to_owned();
    *manifest = manifest.replace(&old, &format!("version: {version}"));
    source
}

/// The pack with a text in one of its files replaced wherever it stands.
///
/// # Panics
/// When the text does not stand there: the test would prove nothing.
#[must_use]
pub fn replaced(mut source: PackSource, file: &str, from: &str, to: &str) -> PackSource {
    let text = source.files.get_mut(file).unwrap_or_else(|| panic!("the pack has no file {file}"));
    assert!(text.contains(from), "{file} does not hold {from:?}");
    *text = text.replace(from, to);
    source
}

/// The pack with one file more, or another text in it.
#[must_use]
pub fn file(mut source: PackSource, file: &str, text: impl Into<String>) -> PackSource {
    source.files.insert(file.to_owned(), text.into());
    source
}

/// The pack with lines more at the end of a file.
///
/// # Panics
/// When the file is not there.
#[must_use]
pub fn appended(mut source: PackSource, file: &str, lines: &str) -> PackSource {
    let text = source.files.get_mut(file).unwrap_or_else(|| panic!("the pack has no file {file}"));
    text.push_str(lines);
    source
}

/// Writes the pack as a folder.
///
/// # Panics
/// When the disk refuses.
pub fn write(source: &PackSource, folder: &Path) {
    for (file, text) in &source.files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("a file stands in a folder")).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
