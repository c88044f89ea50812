//! What was published of a pack, and what differs between two publications.

use svod_kernel::Timestamp;
use svod_model::PackSource;
use svod_registry::{QueryError, Registry};

/// One publication.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Version of the pack.
    pub version: String,
    /// When.
    pub published: Timestamp,
    /// Who: id of the actor.
    pub actor: String,
    /// In force now.
    pub active: bool,
    /// When the working copy was begun that it came from; none for what came otherwise.
    pub begun: Option<Timestamp>,
    text: String,
}

impl Publication {
    /// Its files.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] when they cannot be read any more.
    pub fn source(&self) -> Result<PackSource, QueryError> {
        serde_json::from_str(&self.text)
            .map_err(|e| QueryError::NotFound(format!("files of version {}: {e}", self.version)))
    }
}

/// All publications of a pack, newest first; at least one.
///
/// # Errors
/// [`QueryError::NotFound`] when it was never published.
pub async fn publications(registry: &Registry, id: &str) -> Result<Vec<Publication>, QueryError> {
    let rows = registry.pack_history(id).await.map_err(QueryError::from)?;
    let made = registry.made(id).await.map_err(QueryError::from)?;
    let all: Vec<Publication> = rows
        .into_iter()
        .map(|r| Publication {
            begun: made.get(&r.pack.version).map(|made| made.begun),
            version: r.pack.version,
            published: r.pack.published,
            actor: r.pack.actor,
            active: r.active,
            text: r.pack.source,
        })
        .collect();
    if all.is_empty() { Err(QueryError::NotFound(format!("pack {id}"))) } else { Ok(all) }
}

/// The one in force.
///
/// # Errors
/// [`QueryError::NotFound`] when none is.
pub fn active(all: &[Publication]) -> Result<&Publication, QueryError> {
    all.iter().find(|p| p.active).ok_or_else(|| QueryError::NotFound("a publication in force".into()))
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// It is new.
    Added,
    /// Its content differs.
    Changed,
    /// It is gone.
    Removed,
}

impl Difference {
    /// The word in keys of texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// Files that differ, by path.
pub fn differences(before: &PackSource, after: &PackSource) -> Vec<(String, Difference)> {
    let kept = after.files.iter().filter_map(|(path, text)| match before.files.get(path) {
        None => Some((path.clone(), Difference::Added)),
        Some(old) if old != text => Some((path.clone(), Difference::Changed)),
        Some(_) => None,
    });
    let gone = before.files.keys().filter(|p| !after.files.contains_key(*p));
    let mut all: Vec<_> = kept.chain(gone.map(|p| (p.clone(), Difference::Removed))).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named() {
        let source = |files: &[(&str, &str)]| PackSource {
            files: files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect(),
        };
        let before = source(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = source(&[("a", "1"), ("b", "2"), ("d", "1")]);
        let told: Vec<_> = differences(&before, &after).into_iter().map(|(p, d)| format!("{p} {}", d.word())).collect();
        assert_eq!(told, ["b changed", "c removed", "d added"]);
    }
}
