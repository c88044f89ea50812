//! The shipped packs, read from the working tree, for the tests of the rooms below the program.

use std::path::PathBuf;

use crate::PackSource;

/// Folder of the shipped packs: tests run in the folder of their crate, and what was built elsewhere is used again.
///
/// # Panics
/// Outside the repository.
pub fn shipped_folder() -> PathBuf {
    let here = std::env::current_dir().expect("a test has a folder");
    let packs = here.ancestors().map(|folder| folder.join("packs")).find(|packs| packs.join("base").is_dir());
    packs.expect("tests run inside the repository")
}

/// A shipped pack: `base`, `kuzbass`, `neighbour`.
///
/// # Panics
/// When there is no such pack, or it cannot be read.
pub fn shipped(id: &str) -> PackSource {
    let root = shipped_folder().join(id);
    let mut source = PackSource::default();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the pack is there") {
            let path = entry.expect("a folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let inside = path.strip_prefix(&root).expect("a file of the pack").display().to_string();
                source.files.insert(inside, std::fs::read_to_string(&path).expect("a pack's file is text"));
            }
        }
    }
    source
}
