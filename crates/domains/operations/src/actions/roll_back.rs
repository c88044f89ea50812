//! An earlier publication comes into force again, under a new version: versions never go back.

use svod_kernel::Actor;
use svod_registry::{Published, QueryError, Registry};

use super::edit::{EditFileError, with_version};
use crate::publications::{active, publications};
use crate::versions;

/// Publishes the files of an earlier version anew.
///
/// # Errors
/// [`QueryError::NotFound`] when there is no such version; see [`EditFileError`].
pub async fn roll_back(
    registry: &Registry,
    actor: &Actor,
    pack: &str,
    version: &str,
) -> Result<Published, EditFileError> {
    let all = publications(registry, pack).await?;
    let wanted = all.iter().find(|p| p.version == version);
    let source = wanted.ok_or_else(|| QueryError::NotFound(format!("version {version} of pack {pack}")))?.source()?;
    let in_force = &active(&all)?.version;
    let taken: Vec<&str> = all.iter().map(|p| p.version.as_str()).collect();
    let next = versions::free(in_force, &taken).ok_or_else(|| EditFileError::Version(in_force.clone()))?;
    Ok(registry.publish(actor, with_version(source, &next)?).await?)
}
