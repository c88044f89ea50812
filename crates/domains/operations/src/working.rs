//! A person's working copy of a pack: what they have changed against a published version and not published themselves.
//!
//! It is kept with the drafts of forms, one a pack and person, so that it goes with them when it lies untouched.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Coded, Timestamp};
use svod_model::{MAX_FILE, MAX_FILES, PackSource};
use svod_registry::{PublishError, Published, QueryError};
use svod_runtime::ApplicationError;

use crate::OperationsState;
use crate::actions::edit::{EditFileError, MANIFEST, same_ending, with_version};
use crate::publications::{Difference, Publication, active, differences, publications};

/// Most bytes of all changed files of a working copy.
const MAX_CHANGED: usize = 16 << 20;

/// Longest path of a file, in bytes.
const MAX_PATH: usize = 200;

/// Why a working copy was not changed or published; it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WorkingError {
    /// No such pack, version or file.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// It could not be read or kept.
    #[error(transparent)]
    Kept(#[from] ApplicationError),
    /// The version or the publication.
    #[error(transparent)]
    Edit(#[from] EditFileError),
    /// No file can be called so.
    #[error("'{0}' is no path of a file such as processes/birth.bpmn")]
    Path(String),
    /// There is such a file.
    #[error("there is a file '{0}'; open that one")]
    Exists(String),
    /// The pack would have no manifest.
    #[error("a pack has a {MANIFEST}; change it, it cannot be removed")]
    Manifest,
    /// More than is kept.
    #[error("a file has at most {MAX_FILE} bytes, all changed files together {MAX_CHANGED}, a pack {MAX_FILES} files")]
    TooLarge,
    /// Nothing differs from the version in force.
    #[error("nothing is changed; change a file first")]
    Unchanged,
    /// Another version came into force meanwhile.
    #[error("version {0} has come into force meanwhile; carry the changes over to it first")]
    Moved(String),
}

impl Coded for WorkingError {
    fn code(&self) -> &'static str {
        match self {
            Self::Query(e) => e.code(),
            Self::Kept(e) => e.code(),
            Self::Edit(e) => e.code(),
            Self::Path(_) => "bad-path",
            Self::Exists(_) => "file-exists",
            Self::Manifest => "file-needed",
            Self::TooLarge => "too-large",
            Self::Unchanged => "file-unchanged",
            Self::Moved(_) => "version-moved",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Query(e) => e.status(),
            Self::Kept(e) => e.status(),
            Self::Edit(e) => e.status(),
            Self::Exists(_) | Self::Moved(_) => 409,
            Self::Path(_) | Self::Manifest | Self::TooLarge | Self::Unchanged => 422,
        }
    }
}

impl From<PublishError> for WorkingError {
    fn from(e: PublishError) -> Self {
        Self::Edit(e.into())
    }
}

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Changes {
    /// Files by path; none is a file that was removed.
    files: BTreeMap<String, Option<String>>,
    /// When the first of them was changed; none where it was not noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<Timestamp>,
}

impl Changes {
    fn over(&self, base: &PackSource) -> PackSource {
        let mut source = base.clone();
        for (path, text) in &self.files {
            match text {
                Some(text) => source.files.insert(path.clone(), text.clone()),
                None => source.files.remove(path),
            };
        }
        source
    }

    /// What is the same in the base is no change.
    fn settle(&mut self, base: &PackSource) {
        self.files.retain(|path, text| base.files.get(path) != text.as_ref());
    }

    /// Files that were changed here and between two versions, each in another way.
    fn clashes(&self, old: &PackSource, new: &PackSource) -> Vec<String> {
        let clash = |(path, text): (&String, &Option<String>)| {
            let (before, after) = (old.files.get(path), new.files.get(path));
            (before != after && after != text.as_ref()).then(|| path.clone())
        };
        self.files.iter().filter_map(clash).collect()
    }
}

/// A working copy, opened.
pub struct Working {
    /// Pack.
    pub pack: String,
    /// Every publication of the pack, the newest first.
    pub all: Vec<Publication>,
    /// Version that the copy was begun from.
    pub base: String,
    published: PackSource,
    changes: Changes,
}

impl Working {
    /// Opens the actor's working copy; one that has not been begun is the version in force.
    ///
    /// # Errors
    /// When there is no such pack, or the store fails.
    pub async fn open(s: &OperationsState, actor: &Actor, pack: &str) -> Result<Self, WorkingError> {
        let all = publications(&s.registry, pack).await?;
        let kept = s.applications.draft(actor, &key(pack)).await?;
        let in_force = active(&all)?;
        let kept = kept.and_then(|row| {
            let of = all.iter().find(|p| p.version == row.version)?;
            Some((of.clone(), serde_json::from_str::<Changes>(&row.doc).ok()?))
        });
        let (of, mut changes) = kept.unwrap_or_else(|| (in_force.clone(), Changes::default()));
        let of = if changes.files.is_empty() {
            // Kept only with the first change.
            changes.begun = Some(s.registry.clock().now());
            in_force.clone()
        } else {
            of
        };
        Ok(Self { pack: pack.to_owned(), base: of.version.clone(), published: of.source()?, changes, all })
    }

    /// The files as the working copy has them.
    pub fn source(&self) -> PackSource {
        self.changes.over(&self.published)
    }

    /// The files of the version it was begun from.
    pub fn published(&self) -> &PackSource {
        &self.published
    }

    /// The text of a file, as the working copy has it.
    pub fn file(&self, path: &str) -> Option<&str> {
        match self.changes.files.get(path) {
            Some(changed) => changed.as_deref(),
            None => self.published.files.get(path).map(String::as_str),
        }
    }

    /// What was changed, by path.
    pub fn changed(&self) -> Vec<(String, Difference)> {
        differences(&self.published, &self.source())
    }

    /// The version that has come into force since the copy was begun.
    pub fn moved(&self) -> Option<&str> {
        let now = active(&self.all).ok()?;
        (now.version != self.base).then_some(now.version.as_str())
    }

    /// Files that were changed both here and by the version that has come into force since.
    pub fn clashes(&self) -> Vec<String> {
        let now = active(&self.all).and_then(Publication::source);
        now.map(|now| self.changes.clashes(&self.published, &now)).unwrap_or_default()
    }

    /// Puts a text in the place of a file, or makes the file.
    ///
    /// # Errors
    /// A path that is none, or more than is kept.
    pub async fn save(
        mut self,
        s: &OperationsState,
        actor: &Actor,
        path: &str,
        text: &str,
    ) -> Result<Self, WorkingError> {
        if !is_path(path) {
            return Err(WorkingError::Path(path.chars().take(MAX_PATH).collect()));
        }
        let text = same_ending(self.file(path).unwrap_or("\n"), text);
        self.changes.files.insert(path.to_owned(), Some(text));
        self.kept(s, actor).await
    }

    /// Makes an empty file.
    ///
    /// # Errors
    /// A path that is none or taken.
    pub async fn add(self, s: &OperationsState, actor: &Actor, path: &str) -> Result<Self, WorkingError> {
        if self.file(path).is_some() {
            return Err(WorkingError::Exists(path.to_owned()));
        }
        let text = beginning(path);
        self.save(s, actor, path, &text).await
    }

    /// Removes a file.
    ///
    /// # Errors
    /// No such file, or the manifest.
    pub async fn remove(mut self, s: &OperationsState, actor: &Actor, path: &str) -> Result<Self, WorkingError> {
        if path == MANIFEST {
            return Err(WorkingError::Manifest);
        }
        if self.file(path).is_none() {
            return Err(QueryError::NotFound(format!("file {path}")).into());
        }
        self.changes.files.insert(path.to_owned(), None);
        self.kept(s, actor).await
    }

    /// Puts other files in the place of all.
    ///
    /// # Errors
    /// More than is kept.
    pub async fn take(mut self, s: &OperationsState, actor: &Actor, all: PackSource) -> Result<Self, WorkingError> {
        let gone = self.published.files.keys().filter(|path| !all.files.contains_key(*path));
        let gone: Vec<_> = gone.map(|path| (path.clone(), None)).collect();
        self.changes.files = all.files.into_iter().map(|(path, text)| (path, Some(text))).chain(gone).collect();
        self.kept(s, actor).await
    }

    /// A file becomes again what is published.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn undo(mut self, s: &OperationsState, actor: &Actor, path: &str) -> Result<Self, WorkingError> {
        self.changes.files.remove(path);
        self.kept(s, actor).await
    }

    /// Throws the working copy away.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn discard(self, s: &OperationsState, actor: &Actor) -> Result<(), WorkingError> {
        Ok(s.applications.discard(actor, &key(&self.pack)).await?)
    }

    /// Puts the changes on the version in force. Where both changed a file, the working copy's text stays: comparing shows
    /// what it would undo.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn carry_over(mut self, s: &OperationsState, actor: &Actor) -> Result<Self, WorkingError> {
        let now = active(&self.all)?;
        (self.base, self.published) = (now.version.clone(), now.source()?);
        self.kept(s, actor).await
    }

    /// Publishes the working copy under a new version; it is thrown away then.
    ///
    /// # Errors
    /// Nothing to publish, another version in force meanwhile, or what the publication refuses.
    pub async fn publish(self, s: &OperationsState, actor: &Actor, version: &str) -> Result<Published, WorkingError> {
        let done = s.registry.publish_begun(actor, self.ready(version)?, self.begun()).await?;
        self.discard(s, actor).await?;
        Ok(done)
    }

    /// When it was begun; none where that was not noted.
    pub fn begun(&self) -> Option<Timestamp> {
        self.changes.begun
    }

    /// The files under a new version, as they would be published.
    ///
    /// # Errors
    /// Nothing to publish, another version in force meanwhile, or no version.
    pub fn ready(&self, version: &str) -> Result<PackSource, WorkingError> {
        if let Some(now) = self.moved() {
            return Err(WorkingError::Moved(now.to_owned()));
        }
        if self.changes.files.is_empty() {
            return Err(WorkingError::Unchanged);
        }
        Ok(with_version(self.source(), version)?)
    }

    async fn kept(mut self, s: &OperationsState, actor: &Actor) -> Result<Self, WorkingError> {
        self.changes.settle(&self.published);
        let sizes = self.changes.files.values().flatten().map(String::len);
        let files = self.published.files.len() + self.changes.files.len();
        if files > MAX_FILES || sizes.clone().any(|n| n > MAX_FILE) || sizes.sum::<usize>() > MAX_CHANGED {
            return Err(WorkingError::TooLarge);
        }
        if self.changes.files.is_empty() {
            s.applications.discard(actor, &key(&self.pack)).await?;
            return Ok(self);
        }
        let doc = serde_json::to_string(&self.changes).map_err(|e| QueryError::NotFound(e.to_string()))?;
        s.applications.keep(actor, &key(&self.pack), &self.base, doc).await?;
        Ok(self)
    }
}

fn key(pack: &str) -> String {
    format!("design/{pack}")
}

/// True for what a file of a pack may be called; whether its folder is one of a pack, the check says.
fn is_path(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && part != "..";
    let bad = |c: char| c.is_control() || "\\:*?\"<>|".contains(c);
    path.len() <= MAX_PATH && !path.contains(bad) && path.split('/').all(plain)
}

/// What a new file begins with: editors of drawings need something to draw.
fn beginning(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let id: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
    let id = if id.starts_with(|c: char| c.is_ascii_alphabetic()) { id } else { format!("p{id}") };
    if name.ends_with(".bpmn") {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:svod=\"urn:svod:bpmn\" id=\"{id}-definitions\" targetNamespace=\"urn:svod:process:{id}\">\n  <process id=\"{id}\" name=\"{id}\" isExecutable=\"true\">\n    <startEvent id=\"start\"/>\n    <endEvent id=\"end\"/>\n    <sequenceFlow id=\"to-end\" sourceRef=\"start\" targetRef=\"end\"/>\n  </process>\n</definitions>\n"
        )
    } else if name.ends_with(".dmn") {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" id=\"{id}-definitions\" name=\"{id}\" namespace=\"urn:svod:decision:{id}\">\n  <decision id=\"decision\" name=\"Decision\">\n    <variable id=\"decision-variable\" name=\"Decision\"/>\n    <decisionTable id=\"table\" hitPolicy=\"UNIQUE\">\n      <input id=\"input\"><inputExpression id=\"input-expression\" typeRef=\"string\"><text>value</text></inputExpression></input>\n      <output id=\"output\" typeRef=\"string\"/>\n      <rule id=\"rule\"><inputEntry id=\"when\"><text>-</text></inputEntry><outputEntry id=\"then\"><text>\"\"</text></outputEntry></rule>\n    </decisionTable>\n  </decision>\n</definitions>\n"
        )
    } else if name.ends_with(".form.json") {
        format!("{{\n  \"type\": \"default\",\n  \"id\": \"{id}\",\n  \"components\": []\n}}\n")
    } else {
        "\n".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(files: &[(&str, &str)]) -> PackSource {
        PackSource { files: files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect() }
    }

    fn changes(files: &[(&str, Option<&str>)]) -> Changes {
        let files = files.iter().map(|(p, t)| ((*p).to_owned(), t.map(str::to_owned))).collect();
        Changes { files, ..Changes::default() }
    }

    #[test]
    fn changes_lie_over_what_is_published() {
        let base = source(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let mut changed = changes(&[("a", Some("1")), ("b", None), ("c", Some("2")), ("d", Some("1")), ("e", None)]);
        let over = source(&[("a", "1"), ("c", "2"), ("d", "1")]);
        assert_eq!(changed.over(&base), over);
        changed.settle(&base);
        assert_eq!(
            changed,
            changes(&[("b", None), ("c", Some("2")), ("d", Some("1"))]),
            "what is the same is forgotten"
        );
        assert_eq!(changed.over(&base), over);
    }

    #[test]
    fn what_both_changed_is_named() {
        let (old, new) = (source(&[("a", "1"), ("b", "1"), ("c", "1")]), source(&[("a", "2"), ("b", "2"), ("c", "1")]));
        let mine = changes(&[("a", Some("3")), ("b", Some("2")), ("c", Some("3")), ("d", Some("1"))]);
        assert_eq!(mine.clashes(&old, &new), ["a"]);
        assert_eq!(changes(&[("a", None)]).clashes(&old, &new), ["a"]);
    }

    #[test]
    fn paths_stay_inside_the_pack() {
        for good in ["pack.yaml", "processes/рождение.bpmn", "tests/a b.yaml"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["", "/pack.yaml", "../x", "a//b", "a/../b", "a\\b", ".git/HEAD", "a\nb", &"x".repeat(201)] {
            assert!(!is_path(bad), "{bad}");
        }
    }

    #[test]
    fn new_files_are_read_by_their_engines() {
        let process = beginning("processes/2 birth!.bpmn");
        assert_eq!(svod_process::Process::parse("p", &process).unwrap().id(), "p2-birth-");
        let models = svod_rules::DecisionModels::compile(&[("d.dmn".to_owned(), beginning("decisions/d.dmn"))]);
        assert!(models.is_ok(), "{:?}", models.err());
        assert!(serde_json::from_str::<serde_json::Value>(&beginning("forms/x.form.json")).is_ok());
    }
}
