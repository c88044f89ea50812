//! Files that came before the entity names them: with a form that is kept as a draft, or that closes a task.

use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_store::file;

use crate::{Examined, FileError, FileInfo, FileState, Files, MAX_FILES, listed};

/// Type in the identifiers of entities for which files are held while there is no such entity.
const CASE: &str = "urn:svod:case:";
/// So long they are: as long as the drafts that name them.
pub(crate) const HELD_SECONDS: i64 = 92 * 24 * 3600;

impl Files {
    /// Keeps a file for an entity that does not name it yet. Nobody is given it before that; one that is never named is erased.
    ///
    /// # Errors
    /// [`FileError::TooMany`] for more than [`MAX_FILES`] of one entity; as [`Files::may_send`].
    pub async fn hold(
        &self,
        actor: &Actor,
        (owner, space): (&Urn, &SpacePath),
        examined: Examined,
    ) -> Result<FileInfo, FileError> {
        let (here, key) = (self.space(space)?, owner.to_string());
        let count = self.0.store.read(move |conn| file::of_owner(conn, here, &key)).await?.len();
        if count >= MAX_FILES {
            return Err(FileError::TooMany);
        }
        let size = examined.bytes.len();
        self.send(actor, size).await?;
        let kept = self.put_by(actor, (owner, space), examined).await;
        if kept.is_err() {
            self.unsend(actor, size);
        }
        kept
    }

    async fn put_by(
        &self,
        actor: &Actor,
        (owner, space): (&Urn, &SpacePath),
        examined: Examined,
    ) -> Result<FileInfo, FileError> {
        let info = self.new_info((owner.clone(), space.clone()), &examined);
        let row = self.row(&info, actor)?;
        self.0.store.append(move |conn| file::add(conn, &row, &examined.bytes)).await?;
        metrics::counter!("svod_files_total", "kind" => info.kind.as_str()).increment(1);
        self.0.wake.notify_one();
        Ok(info)
    }

    /// Those of these files that the actor has sent for the entity: a form cannot name files of others.
    ///
    /// # Errors
    /// [`FileError::Infected`] when the scanner has found something; when the store fails.
    pub async fn held(
        &self,
        actor: &Actor,
        (owner, space): (&Urn, &SpacePath),
        ids: &[String],
    ) -> Result<Vec<FileInfo>, FileError> {
        let (here, key) = (self.space(space)?, owner.to_string());
        let rows = self.0.store.read(move |conn| file::of_owner(conn, here, &key)).await?;
        let mine = rows.into_iter().filter(|row| row.actor == actor.id && ids.contains(&row.id));
        let all: Vec<FileInfo> = mine.filter_map(|row| self.info(row)).collect();
        if all.iter().any(|file| file.state == FileState::Infected) {
            return Err(FileError::Infected);
        }
        Ok(all)
    }

    /// The attribute by which an entity names these files beside those that it names already.
    pub fn naming(owner: &Entity, files: &[FileInfo]) -> Option<Attribute> {
        let named = |owner: Entity, file: &FileInfo| match listed::with(&owner, file) {
            Some(all) => owner.with(crate::ATTRIBUTE, all),
            None => owner,
        };
        files.iter().fold(owner.clone(), named).attributes.remove(crate::ATTRIBUTE)
    }

    /// May it still be on its way to an entity that is not there yet?
    pub(crate) fn is_held(&self, file: &FileInfo) -> bool {
        let until = file.created.plus_seconds(HELD_SECONDS);
        file.owner.as_str().starts_with(CASE) && self.0.registry.clock().now() < until
    }
}
