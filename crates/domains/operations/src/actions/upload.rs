//! A folder chosen in the browser becomes a pack's files.

use std::collections::BTreeMap;

use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use svod_kernel::Coded;
use svod_model::{MAX_FILES, PackError, PackSource, Position};

/// Why what was sent could not be read.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The connection broke, or the body is too large.
    #[error("the files could not be read: {0}")]
    Broken(#[from] MultipartError),
    /// More parts than a pack may have files.
    #[error("more than {MAX_FILES} files; choose the folder of one pack")]
    TooMany,
}

impl Coded for UploadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Broken(_) => "upload-broken",
            Self::TooMany => "upload-too-many",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Broken(e) => e.status().as_u16(),
            Self::TooMany => 413,
        }
    }
}

/// What the form held.
#[derive(Debug, Default)]
pub struct Uploaded {
    /// Fields that are no files.
    pub fields: BTreeMap<String, String>,
    /// File names and bytes, in their order.
    pub files: Vec<(String, Vec<u8>)>,
    /// Paths inside the folder, where the page's script has added them; in the order of the files.
    pub paths: Vec<String>,
}

/// Reads the form. Hidden files are left out as soon as their name is known.
///
/// # Errors
/// See [`UploadError`].
pub async fn read(mut form: Multipart) -> Result<Uploaded, UploadError> {
    let mut got = Uploaded::default();
    while let Some(part) = form.next_field().await? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file) if file.is_empty() => {} // nothing was chosen
            Some(_) if got.files.len() >= MAX_FILES => return Err(UploadError::TooMany),
            Some(file) => got.files.push((file, part.bytes().await?.to_vec())),
            None if name == "path" && got.paths.len() < MAX_FILES => got.paths.push(part.text().await?),
            None => {
                got.fields.insert(name, part.text().await?);
            }
        }
    }
    Ok(got)
}

/// The pack: paths without the folder's own name, texts without hidden files.
///
/// # Errors
/// Files that are no UTF-8 text.
pub fn source(uploaded: Uploaded) -> Result<PackSource, Vec<PackError>> {
    let Uploaded { files, paths, .. } = uploaded;
    let told = paths.len() == files.len();
    let paths: Vec<String> =
        if told { paths } else { inside(&files.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>()) };
    let mut pack = PackSource::default();
    let mut faults = Vec::new();
    for (path, (_, bytes)) in paths.into_iter().zip(files) {
        if hidden(&path) {
            continue;
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                pack.files.insert(path, text);
            }
            Err(_) => faults.push(PackError {
                file: path,
                position: Position::default(),
                rule: "encoding".into(),
                message: "the file is no UTF-8 text".into(),
                fix: "save it as UTF-8 or remove it".into(),
            }),
        }
    }
    if faults.is_empty() { Ok(pack) } else { Err(faults) }
}

/// Without the first folder, when all stand in it: browsers name the chosen folder too.
fn inside(names: &[&str]) -> Vec<String> {
    let names: Vec<String> = names.iter().map(|n| n.replace('\\', "/")).collect();
    let first = names.first().and_then(|n| n.split_once('/')).map(|(folder, _)| format!("{folder}/"));
    match first {
        Some(folder) if names.iter().all(|n| n.starts_with(&folder)) => {
            names.iter().map(|n| n[folder.len()..].to_owned()).collect()
        }
        _ => names,
    }
}

fn hidden(path: &str) -> bool {
    path.split('/').any(|p| p.starts_with('.') && p != "." && p != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploaded(files: &[(&str, &[u8])], paths: &[&str]) -> Uploaded {
        Uploaded {
            files: files.iter().map(|(n, b)| ((*n).to_owned(), b.to_vec())).collect(),
            paths: paths.iter().map(|p| (*p).to_owned()).collect(),
            ..Uploaded::default()
        }
    }

    #[test]
    fn the_folder_itself_is_stripped() {
        let names = |files: &[(&str, &[u8])], paths: &[&str]| {
            source(uploaded(files, paths)).unwrap().files.into_keys().collect::<Vec<_>>()
        };
        let files: [(&str, &[u8]); 3] = [("k/pack.yaml", b""), ("k/model/a.yaml", b""), ("k/.git/HEAD", b"\xff")];
        assert_eq!(names(&files, &[]), ["model/a.yaml", "pack.yaml"]);
        assert_eq!(names(&[("pack.yaml", b""), ("model/a.yaml", b"")], &[]), ["model/a.yaml", "pack.yaml"]);
        assert_eq!(
            names(&[("pack.yaml", b""), ("a.yaml", b"")], &["pack.yaml", "model/a.yaml"]),
            ["model/a.yaml", "pack.yaml"]
        );
    }

    #[test]
    fn what_is_no_text_is_a_fault() {
        let faults = source(uploaded(&[("k/pack.yaml", b"id: a"), ("k/x.yaml", b"\xff\xfe")], &[])).unwrap_err();
        assert_eq!((faults[0].file.as_str(), faults[0].rule.as_str()), ("x.yaml", "encoding"));
    }
}
