use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use svod_kernel::{Actor, SpacePath, Timestamp, Urn, number};
use svod_model::{Entity, Range};
use svod_registry::{Action, Change, Command, CommandError, Operation, QueryError, Registry};
use svod_store::file::FileRow;
use svod_store::{Store, StoreError, file};
use svod_trust::Trust;
use tokio::sync::{Notify, Semaphore};

use crate::listed::{self, ATTRIBUTE, lent, listed, lists};
use crate::quota::{Daily, Senders};
use crate::{Examined, FileError, FileKind, Scanner, Upload, examine};

/// Files of one entity at the most.
pub const MAX_FILES: usize = 20;
/// Files examined at once: a picture may take half a gigabyte meanwhile.
const DESKS: usize = 2;
/// How often a change is tried while others change the same entity.
const TRIES: usize = 5;

/// How files are handled.
#[derive(Debug, Clone)]
pub struct FilesOptions {
    /// Largest file, in MiB.
    pub max_mib: usize,
    /// How much one sender may send within a day.
    pub daily: Daily,
    /// Who looks for malware; nobody: files are given out unscanned.
    pub scanner: Option<Scanner>,
}

/// What files stand on.
pub struct FilesDeps {
    /// Keeps the bytes.
    pub store: Store,
    /// The one door.
    pub registry: Arc<Registry>,
    /// Who reads what, and what the security officer is told.
    pub trust: Trust,
    /// How they are handled.
    pub options: FilesOptions,
}

/// Files of entities; cheap to clone.
#[derive(Clone)]
pub struct Files(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub store: Store,
    pub registry: Arc<Registry>,
    pub trust: Trust,
    pub options: FilesOptions,
    desks: Arc<Semaphore>,
    /// Who has sent how much of late.
    pub senders: Senders,
    /// There is something to scan.
    pub wake: Notify,
    /// After which file scanning goes on.
    pub scanned: Mutex<(i64, String)>,
}

/// Whether a file may be given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// Nobody looks for malware here.
    Unscanned,
    /// The scanner has not seen it yet.
    Waiting,
    /// The scanner has found nothing.
    Clean,
    /// The scanner has found malware.
    Infected,
}

impl FileState {
    /// The word in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unscanned => "unscanned",
            Self::Waiting => "waiting",
            Self::Clean => "clean",
            Self::Infected => "infected",
        }
    }

    /// By its word; what nobody knows waits.
    pub fn named(word: &str) -> Self {
        [Self::Unscanned, Self::Clean, Self::Infected].into_iter().find(|s| s.as_str() == word).unwrap_or(Self::Waiting)
    }
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileInfo {
    /// Identifier.
    pub id: Urn,
    /// The entity that it belongs to.
    pub owner: Urn,
    /// The space of the entity.
    pub space: SpacePath,
    /// As people call it.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: i64,
    /// Of the bytes that are kept, hexadecimal.
    pub sha256: String,
    /// Whether it may be given out.
    pub state: FileState,
    /// When it came.
    pub created: Timestamp,
}

impl FileInfo {
    /// The field `Content-Disposition` of a download (RFC 6266, RFC 8187).
    pub fn disposition(&self) -> String {
        let mut field = String::from("attachment; filename*=UTF-8''");
        for b in self.name.bytes() {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                field.push(char::from(b));
            } else {
                field.push_str(&format!("%{b:02X}"));
            }
        }
        field
    }
}

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Attach,
    Detach,
}

impl Files {
    /// Files over these parts; [`Files::start`] sets them going.
    pub fn new(deps: FilesDeps) -> Self {
        let FilesDeps { store, registry, trust, options } = deps;
        let (desks, wake) = (Arc::new(Semaphore::new(DESKS)), Notify::new());
        let scanned = Mutex::new((i64::MIN, String::new()));
        let senders = Senders::default();
        Self(Arc::new(Inner { store, registry, trust, options, desks, senders, wake, scanned }))
    }

    /// Largest file, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.0.options.max_mib << 20
    }

    /// Largest file, in MiB.
    pub fn max_mib(&self) -> usize {
        self.0.options.max_mib
    }

    /// Examines a file and keeps it with an entity.
    ///
    /// # Errors
    /// As [`Files::may_keep`], [`Files::may_send`], [`Files::examine`] and [`Files::keep`].
    pub async fn put(&self, actor: &Actor, owner: &Urn, upload: Upload) -> Result<FileInfo, FileError> {
        self.may_keep(actor, owner).await?;
        self.may_send(actor, upload.bytes.len()).await?;
        let examined = self.examine(upload).await?;
        self.keep(actor, owner, examined).await
    }

    /// Says, before anything is sent, whether the actor may add a file to the entity.
    ///
    /// # Errors
    /// [`FileError::Query`] for what the actor may not know of; [`FileError::Command`] when policy does not let them change or
    /// declare it; [`FileError::NotHere`], [`FileError::TooMany`].
    pub async fn may_keep(&self, actor: &Actor, owner: &Urn) -> Result<(), FileError> {
        let (entity, _) = self.owner(actor, None, owner).await?;
        // Counted as they are: who adds one need not see the others.
        if listed(&entity).count() >= MAX_FILES {
            return Err(FileError::TooMany);
        }
        Ok(())
    }

    /// Looks at what was sent and makes of it what may be kept.
    ///
    /// # Errors
    /// Everything that [`FileError`] says of the file itself.
    pub async fn examine(&self, upload: Upload) -> Result<Examined, FileError> {
        let too_large = || FileError::TooLarge(self.max_mib());
        if upload.bytes.is_empty() {
            return Err(FileError::Empty);
        }
        if upload.bytes.len() > self.max_bytes() {
            return Err(too_large());
        }
        let place = self.0.desks.clone().acquire_owned().await;
        let looked = tokio::task::spawn_blocking(move || {
            // Given back when the work ends, also where nobody waits for it any more.
            let _place = place;
            examine::examine(upload)
        });
        // A decoder that broke off has met something it was not made for.
        let examined = looked.await.unwrap_or(Err(FileError::Broken))?;
        if examined.bytes.len() > self.max_bytes() { Err(too_large()) } else { Ok(examined) }
    }

    /// Keeps a file with an entity. Its bytes first: before the entity names it, nobody is given it.
    ///
    /// # Errors
    /// As [`Files::may_keep`] and [`Files::may_send`]; what the registry refuses.
    pub async fn keep(&self, actor: &Actor, owner: &Urn, examined: Examined) -> Result<FileInfo, FileError> {
        self.may_keep(actor, owner).await?;
        let size = examined.bytes.len();
        self.send(actor, size).await?;
        let kept = self.kept(actor, owner, examined).await;
        if kept.is_err() {
            self.unsend(actor, size);
        }
        kept
    }

    async fn kept(&self, actor: &Actor, owner: &Urn, examined: Examined) -> Result<FileInfo, FileError> {
        let (entity, _) = self.owner(actor, None, owner).await?;
        let info = self.new_info((entity.id.clone(), entity.space.clone()), &examined);
        let row = self.row(&info, actor)?;
        self.0.store.append(move |conn| file::add(conn, &row, &examined.bytes)).await?;
        self.change(actor, &info, Turn::Attach).await?;
        metrics::counter!("svod_files_total", "kind" => info.kind.as_str()).increment(1);
        self.0.wake.notify_one();
        Ok(info)
    }

    pub(crate) fn new_info(&self, (owner, space): (Urn, SpacePath), examined: &Examined) -> FileInfo {
        let now = self.0.registry.clock().now();
        FileInfo {
            id: Urn::mint("file", now, &**self.0.registry.rng()),
            owner,
            space,
            name: examined.name.clone(),
            kind: examined.kind,
            size: number::count(examined.bytes.len()),
            sha256: examined.sha256.clone(),
            state: if self.0.options.scanner.is_some() { FileState::Waiting } else { FileState::Unscanned },
            created: now,
        }
    }

    /// The files of an entity, as it is shown to whom it is shown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, owner: &Entity) -> Result<Vec<FileInfo>, FileError> {
        let ids: Vec<String> = listed(owner).map(|(id, _)| id.to_owned()).collect();
        let space = self.0.registry.spaces().get(&owner.space).map(|s| s.id);
        let Some(space) = space.filter(|_| !ids.is_empty()) else { return Ok(Vec::new()) };
        let find = move |conn: &mut dyn svod_store::Conn| {
            ids.iter().map(|id| file::get(conn, space, id)).collect::<Result<Vec<_>, StoreError>>()
        };
        let rows = self.0.store.read(find).await?;
        let known = rows.into_iter().flatten().filter_map(|row| self.info(row));
        let mut files: Vec<FileInfo> = known.filter(|file| lists(owner, file)).collect();
        files.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        Ok(files)
    }

    /// A file with its bytes. That somebody else than the person reads what belongs to a person is written down first.
    ///
    /// # Errors
    /// [`FileError::Missing`] also for what the actor may not know of; [`FileError::Waiting`], [`FileError::Infected`].
    pub async fn read(&self, actor: &Actor, id: &Urn) -> Result<(FileInfo, Vec<u8>), FileError> {
        let (info, owner) = self.seen(actor, id).await?;
        self.given(actor, info, &owner).await
    }

    /// Files of other cases that a case lends, or an offer, as it is shown to whom it is shown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn lent(&self, by: &Entity) -> Result<Vec<FileInfo>, FileError> {
        let mut found = Vec::new();
        for id in lent(by).iter().take(MAX_FILES) {
            let Ok(id) = id.parse() else { continue };
            found.extend(self.lent_by(by, &id).await?.map(|(info, _)| info));
        }
        Ok(found)
    }

    /// A file that a case lends the actor, or an open offer to them, with its bytes. It is written down as a look of theirs at the
    /// case that it is of.
    ///
    /// # Errors
    /// As [`Files::read`]; missing also where the actor may not know of the case, or it lends no such file; where the offer is to
    /// somebody else, or open no more.
    pub async fn read_lent(&self, actor: &Actor, id: &Urn, by: &Urn) -> Result<(FileInfo, Vec<u8>), FileError> {
        let lender = match self.0.registry.entity(actor, by).await {
            Ok(lender) if lender.kind != "Offer" || self.is_offered(actor, &lender) => lender,
            Ok(_) | Err(QueryError::NotFound(_)) => return Err(FileError::Missing(id.to_string())),
            Err(e) => return Err(e.into()),
        };
        let found = self.lent_by(&lender, id).await?;
        let (info, owner) = found.ok_or_else(|| FileError::Missing(id.to_string()))?;
        self.given(actor, info, &owner).await
    }

    /// Is it an offer to whom the actor acts for, that waits for an answer?
    fn is_offered(&self, actor: &Actor, offer: &Entity) -> bool {
        let now = self.0.registry.clock().now();
        offer.object("person").is_some_and(|person| actor.owns(person, "Offer"))
            && offer.text("status") == Some("open")
            && offer.time("until").is_none_or(|until| until > now)
    }

    /// A file that is lent, with the case that it is of, which must know it still.
    async fn lent_by(&self, by: &Entity, id: &Urn) -> Result<Option<(FileInfo, Arc<Entity>)>, FileError> {
        let key = id.to_string();
        if !lent(by).contains(&key) {
            return Ok(None);
        }
        let rows = self.0.store.read(move |conn| file::by_id(conn, &key)).await?;
        for info in rows.into_iter().filter_map(|row| self.info(row)) {
            match self.whole(&info.space, &info.owner).await {
                Ok(owner) if owner.kind == "Case" && lists(&owner, &info) => return Ok(Some((info, owner))),
                Ok(_) | Err(QueryError::NotFound(_)) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(None)
    }

    /// The bytes of a file that the actor may have. That they do is written down first, unless it is their own.
    async fn given(&self, actor: &Actor, info: FileInfo, owner: &Entity) -> Result<(FileInfo, Vec<u8>), FileError> {
        let id = info.id.clone();
        match info.state {
            FileState::Infected => return Err(FileError::Infected),
            FileState::Waiting | FileState::Unscanned if self.0.options.scanner.is_some() => {
                return Err(FileError::Waiting);
            }
            _ => {}
        }
        let bytes = self.bytes(&info).await?;
        if examine::digest(&bytes) != info.sha256 {
            return Err(FileError::Damaged(id.to_string()));
        }
        let whole = self.whole(&info.space, &owner.id).await?;
        self.0.trust.document_read(actor, &whole, &id).await?;
        Ok((info, bytes))
    }

    /// Erases a file. The journal keeps that it was there, with its digest.
    ///
    /// # Errors
    /// [`FileError::Missing`] also for what the actor may not know of; what the registry refuses.
    pub async fn remove(&self, actor: &Actor, id: &Urn) -> Result<(), FileError> {
        let (info, _) = self.seen(actor, id).await?;
        let (owner, by) = self.owner(actor, Some(&info.space), &info.owner).await?;
        let key = id.to_string();
        let rows = self.0.store.read(move |conn| file::by_id(conn, &key)).await?;
        // Whose matter it is may add to it; what somebody else has added, the registrar's document, is not theirs to take away.
        if by == Action::Declare && !rows.iter().all(|row| row.actor == actor.id) {
            let (kind, space) = (owner.kind.clone(), owner.space.clone());
            return Err(CommandError::Forbidden { action: Action::Update.as_str(), kind, space }.into());
        }
        self.change(actor, &info, Turn::Detach).await?;
        self.erase(&info.space, id).await
    }

    pub(crate) async fn erase(&self, space: &SpacePath, id: &Urn) -> Result<(), FileError> {
        let (space, id) = (self.space(space)?, id.to_string());
        self.0.store.write(move |conn| file::remove(conn, space, &id)).await?;
        Ok(())
    }

    pub(crate) async fn bytes(&self, info: &FileInfo) -> Result<Vec<u8>, FileError> {
        let (space, id) = (self.space(&info.space)?, info.id.to_string());
        Ok(self.0.store.read(move |conn| file::bytes(conn, space, &id)).await?)
    }

    /// The file, and its entity as the actor sees it.
    async fn seen(&self, actor: &Actor, id: &Urn) -> Result<(FileInfo, Arc<Entity>), FileError> {
        let key = id.to_string();
        let rows = self.0.store.read(move |conn| file::by_id(conn, &key)).await?;
        let known: Vec<FileInfo> = rows.into_iter().filter_map(|row| self.info(row)).collect();
        for info in known {
            match self.0.registry.entity_in(actor, Some(&info.space), &info.owner).await {
                Ok(owner) if lists(&owner, &info) => return Ok((info, owner)),
                Ok(_) | Err(QueryError::NotFound(_)) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Err(FileError::Missing(id.to_string()))
    }

    /// An entity to which the actor may add files and from which they may remove them, and the right by which: who may change it,
    /// or, where nobody changes things by hand, who may declare it.
    async fn owner(
        &self,
        actor: &Actor,
        within: Option<&SpacePath>,
        urn: &Urn,
    ) -> Result<(Arc<Entity>, Action), FileError> {
        let registry = &self.0.registry;
        let seen = registry.entity_in(actor, within, urn).await?;
        // What is changed is the whole of it: an attribute of which some see nothing must not lose what is in it.
        let whole = self.whole(&seen.space, &seen.id).await?;
        let resource = registry.resource_of(&whole);
        let may = |action: &Action| registry.may(actor, *action, &resource);
        let Some(action) = [Action::Update, Action::Declare].into_iter().find(may) else {
            let (kind, space) = (whole.kind.clone(), whole.space.clone());
            return Err(CommandError::Forbidden { action: Action::Update.as_str(), kind, space }.into());
        };
        let catalogue = registry.catalogue();
        let takes = catalogue.metamodel.attribute(&whole.kind, ATTRIBUTE).is_some_and(|a| a.range == Range::Uri);
        // Where everybody may do everything, everybody could fill the disk.
        if resource.open || !takes {
            return Err(FileError::NotHere(whole.kind.clone()));
        }
        Ok((whole, action))
    }

    /// The entity with all its attributes.
    async fn whole(&self, space: &SpacePath, urn: &Urn) -> Result<Arc<Entity>, QueryError> {
        self.0.registry.entity_in(&Actor::platform("files"), Some(space), urn).await
    }

    /// Changes the entity's attribute, by the registry's door.
    async fn change(&self, actor: &Actor, file: &FileInfo, turn: Turn) -> Result<(), FileError> {
        let mut tries = 0;
        loop {
            let (owner, action) = self.owner(actor, Some(&file.space), &file.owner).await?;
            let (files, verb) = match turn {
                Turn::Attach => (listed::with(&owner, file), "attach"),
                Turn::Detach => (listed::without(&owner, &file.id), "detach"),
            };
            let (set, unset) = match files {
                Some(files) => (BTreeMap::from([(ATTRIBUTE.to_owned(), files)]), Vec::new()),
                None => (BTreeMap::new(), vec![ATTRIBUTE.to_owned()]),
            };
            let patch = Operation::Patch { urn: owner.id.clone(), expected: Some(owner.version), set, unset };
            let changes = vec![Change::verb(patch, action, verb)];
            let within = Some(file.space.clone());
            let command = Command { ground: "file".to_owned(), changes, within, ..Command::default() };
            match self.0.registry.execute(actor, command).await {
                Err(CommandError::Conflict { .. }) if tries < TRIES => tries += 1,
                outcome => return Ok(outcome.map(drop)?),
            }
        }
    }

    pub(crate) fn space(&self, path: &SpacePath) -> Result<i64, FileError> {
        let known = self.0.registry.spaces().get(path).map(|s| s.id);
        known.ok_or_else(|| CommandError::UnknownSpace(path.clone()).into())
    }

    pub(crate) fn row(&self, info: &FileInfo, actor: &Actor) -> Result<FileRow, FileError> {
        Ok(FileRow {
            space: self.space(&info.space)?,
            id: info.id.to_string(),
            owner: info.owner.to_string(),
            name: info.name.clone(),
            kind: info.kind.as_str().to_owned(),
            size: info.size,
            sha256: info.sha256.clone(),
            state: info.state.as_str().to_owned(),
            created: info.created,
            actor: actor.id.clone(),
        })
    }

    /// What a row says; nothing while its space is not there (yet).
    pub(crate) fn info(&self, row: FileRow) -> Option<FileInfo> {
        Some(FileInfo {
            id: row.id.parse().ok()?,
            owner: row.owner.parse().ok()?,
            space: self.0.registry.spaces().path(row.space)?.clone(),
            name: row.name,
            kind: FileKind::named(&row.kind)?,
            size: row.size,
            sha256: row.sha256,
            state: FileState::named(&row.state),
            created: row.created,
        })
    }
}
