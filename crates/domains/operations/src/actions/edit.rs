//! One file of a pack is changed and the pack published under a new version.

use svod_kernel::{Actor, Coded};
use svod_model::PackSource;
use svod_registry::{PublishError, Published, QueryError, Registry};

use crate::publications::{active, publications};
use crate::versions;
use crate::yaml_edit::{EditError, set_word};

/// Where a pack says its version.
pub const MANIFEST: &str = "pack.yaml";

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditFileError {
    /// No such pack or file.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The new text is the old one.
    #[error("the file is as it was; change something first")]
    Unchanged,
    /// No version can be written so.
    #[error("'{0}' is no version such as 1.2.3")]
    Version(String),
    /// The version in `pack.yaml` cannot be replaced.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The pack was refused.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Coded for EditFileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Query(e) => e.code(),
            Self::Unchanged => "file-unchanged",
            Self::Version(_) => "bad-version",
            Self::Edit(e) => e.code(),
            Self::Publish(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Query(e) => e.status(),
            Self::Unchanged | Self::Version(_) => 422,
            Self::Edit(e) => e.status(),
            Self::Publish(e) => e.status(),
        }
    }
}

/// Changes a file of the pack in force.
///
/// # Errors
/// See [`EditFileError`]; the pack in force is as it was then.
pub async fn edit(
    registry: &Registry,
    actor: &Actor,
    pack: &str,
    path: &str,
    text: &str,
    version: &str,
) -> Result<Published, EditFileError> {
    let all = publications(registry, pack).await?;
    let mut source = active(&all)?.source()?;
    let old = source.files.get(path).ok_or_else(|| QueryError::NotFound(format!("file {path}")))?;
    let text = same_ending(old, text);
    if *old == text {
        return Err(EditFileError::Unchanged);
    }
    source.files.insert(path.to_owned(), text);
    let source = with_version(source, version)?;
    Ok(registry.publish(actor, source).await?)
}

/// The same files under another version.
///
/// # Errors
/// [`EditFileError::Version`], [`EditFileError::Edit`].
pub fn with_version(mut source: PackSource, version: &str) -> Result<PackSource, EditFileError> {
    if !versions::is_plain(version) {
        return Err(EditFileError::Version(version.chars().take(64).collect()));
    }
    let manifest = source.files.get(MANIFEST).map(String::as_str).unwrap_or_default();
    let manifest = set_word(manifest, "version", version)?;
    source.files.insert(MANIFEST.to_owned(), manifest);
    Ok(source)
}

/// A text area sends CR LF, and says nothing of the line end after the last line.
pub fn same_ending(old: &str, new: &str) -> String {
    let mut new = new.replace("\r\n", "\n");
    if old.ends_with('\n') && !new.ends_with('\n') {
        new.push('\n');
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_does_not_change_line_ends() {
        assert_eq!(same_ending("a\nb\n", "a\r\nb"), "a\nb\n");
        assert_eq!(same_ending("a", "a"), "a");
    }

    #[test]
    fn only_the_version_changes() {
        let files = [(MANIFEST, "id: a\nversion: 1.0.0 # now\n"), ("x.yaml", "version: 1.0.0\n")];
        let source = PackSource { files: files.map(|(p, t)| (p.to_owned(), t.to_owned())).into() };
        let new = with_version(source.clone(), "1.0.1").unwrap();
        assert_eq!(new.files[MANIFEST], "id: a\nversion: 1.0.1 # now\n");
        assert_eq!(new.files["x.yaml"], source.files["x.yaml"]);
        assert!(matches!(with_version(source, "1.0.1 x"), Err(EditFileError::Version(_))));
        assert!(matches!(with_version(PackSource::default(), "1.0.1"), Err(EditFileError::Edit(_))));
    }
}
