//! A corrected mapping is published, and what its profile had refused goes through the door again.

use std::sync::Arc;

use svod_ingest::{Quarantine, QuarantineError, QuarantineRow, ReplayReport, Which};
use svod_kernel::{Actor, Coded};
use svod_registry::{CompiledProfile, PublishError, QueryError, Registry};

use super::edit::{EditFileError, with_version};
use crate::OperationsState;
use crate::publications::{active, publications};
use crate::versions;
use crate::yaml_edit::{EditError, block_text, set_block};

/// Why a mapping was not corrected. When only the replay failed, the corrected mapping is in force.
#[derive(Debug, thiserror::Error)]
pub enum CorrectError {
    /// The message, the mapping tried, or the replay.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// The pack or its publications.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The pack was not changed.
    #[error(transparent)]
    Edit(#[from] EditFileError),
}

impl From<EditError> for CorrectError {
    fn from(e: EditError) -> Self {
        Self::Edit(e.into())
    }
}

impl From<PublishError> for CorrectError {
    fn from(e: PublishError) -> Self {
        Self::Edit(e.into())
    }
}

impl Coded for CorrectError {
    fn code(&self) -> &'static str {
        match self {
            Self::Quarantine(e) => e.code(),
            Self::Query(e) => e.code(),
            Self::Edit(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Quarantine(e) => e.status(),
            Self::Query(e) => e.status(),
            Self::Edit(e) => e.status(),
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Corrected {
    /// Pack of the profile.
    pub pack: String,
    /// Its version in force now.
    pub version: String,
    /// What the replay came to.
    pub report: ReplayReport,
}

/// The profile of a refused message, in its own region first.
pub fn profile_of(registry: &Registry, row: &QuarantineRow) -> Option<Arc<CompiledProfile>> {
    let id = row.message.profile.as_deref()?;
    let tree = registry.spaces();
    // Space 0 is the installation's: nobody could place the message.
    let top = (row.message.space != 0).then(|| tree.path(row.message.space).map(svod_kernel::SpacePath::top)).flatten();
    let catalogue = registry.catalogue();
    let mut named = catalogue.profiles.iter().filter(|p| p.spec.id == id);
    let here = |p: &&Arc<CompiledProfile>| top.is_none() || p.top.is_none() || p.top == top;
    named.find(here).cloned()
}

/// Puts the mapping into the profile's file, publishes the pack under the next version and replays what the profile
/// holds. A mapping that is in force already is not published again.
///
/// # Errors
/// See [`CorrectError`].
pub async fn correct(s: &OperationsState, actor: &Actor, id: i64, mapping: &str) -> Result<Corrected, CorrectError> {
    let row = s.quarantine.get(actor, id).await?;
    let profile = profile_of(&s.registry, &row).ok_or(QuarantineError::NoProfile)?;
    may_replay(&s.quarantine, actor).await?;
    s.quarantine.try_mapping(actor, id, mapping).await?; // says where a wrong expression is wrong
    let all = publications(&s.registry, &profile.spec.pack).await?;
    let in_force = active(&all)?;
    let mut version = in_force.version.clone();
    if block_text(mapping) != block_text(&profile.spec.mapping) {
        let taken: Vec<&str> = all.iter().map(|p| p.version.as_str()).collect();
        version = versions::free(&in_force.version, &taken).ok_or(EditFileError::Version(version))?;
        let mut source = in_force.source()?;
        let file = source.files.get(&profile.spec.file);
        let file = file.ok_or_else(|| QueryError::NotFound(format!("file {}", profile.spec.file)))?;
        let edited = set_block(file, "mapping", mapping)?;
        source.files.insert(profile.spec.file.clone(), edited);
        version = s.registry.publish(actor, with_version(source, &version)?).await?.version;
    }
    let report = s.quarantine.replay(actor, Which::Profile(profile.spec.id.clone()), |_| {}).await?;
    Ok(Corrected { pack: profile.spec.pack.clone(), version, report })
}

/// Asked before anything is published: replaying nothing needs the same right as replaying something.
async fn may_replay(quarantine: &Quarantine, actor: &Actor) -> Result<(), QuarantineError> {
    quarantine.replay(actor, Which::Ids(Vec::new()), |_| {}).await.map(|_| ())
}
