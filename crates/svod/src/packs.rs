//! Packs as folders.

use std::fs;
use std::path::{Path, PathBuf};

use svod_model::PackSource;

/// Largest file of a pack.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ReadError {
    path: PathBuf,
    message: String,
}

/// Reads a pack's folder. Hidden files and anything that is no text are left out.
///
/// # Errors
/// When a folder or file cannot be read or is larger than 16 MiB.
pub fn read(folder: &Path) -> Result<PackSource, ReadError> {
    let mut source = PackSource::default();
    walk(folder, folder, &mut source)?;
    Ok(source)
}

fn walk(root: &Path, folder: &Path, source: &mut PackSource) -> Result<(), ReadError> {
    let fail = |path: &Path, message: String| ReadError { path: path.to_owned(), message };
    for entry in fs::read_dir(folder).map_err(|e| fail(folder, e.to_string()))? {
        let path = entry.map_err(|e| fail(folder, e.to_string()))?.path();
        let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
        if hidden || path.extension().is_some_and(|e| e == "md") {
            continue;
        }
        let about = fs::symlink_metadata(&path).map_err(|e| fail(&path, e.to_string()))?;
        if about.is_dir() {
            walk(root, &path, source)?;
        } else if about.is_file() {
            if about.len() > MAX_FILE {
                return Err(fail(&path, "is larger than 16 MiB; split it".into()));
            }
            let bytes = fs::read(&path).map_err(|e| fail(&path, e.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|_| fail(&path, "is not UTF-8 text".into()))?;
            let inside = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            source.files.insert(inside, text);
        }
    }
    Ok(())
}
