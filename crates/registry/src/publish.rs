use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use svod_kernel::{Actor, Coded, FieldError, SpacePath, Timestamp};
use svod_model::{Manifest, Pack, PackError, PackSource, parse_pack};
use svod_policy::{Action, ResourceRef};
use svod_store::StoreError;
use svod_store::journal::NewEvent;
use svod_store::pack::{NewPack, PackRow};

use crate::catalogue::{Names, compile_with};
use crate::command::{Change, Command, CommandError, Operation};
use crate::{INSTALLATION, Registry};

/// Entities seeded in one transaction.
const SEED_BATCH: usize = 5_000;

/// In the journal event of a publication: when the working copy was begun.
const BEGUN: &str = "begunAt";

/// Publications of one pack that are looked at.
const MAX_PUBLICATIONS: i64 = 1_000;

/// A pack that is in force now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// Pack.
    pub id: String,
    /// Its version.
    pub version: String,
    /// False when exactly this was in force already.
    pub changed: bool,
    /// Entities of the pack that were made or changed.
    pub entities: usize,
}

/// From a working copy to a version in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// When the first file of the working copy was changed.
    pub begun: Timestamp,
    /// When the version came into force.
    pub published: Timestamp,
}

/// Why a pack was not published. The packs in force stay as they were.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Faults in the pack, or between it and the others.
    #[error("the pack has {} faults; first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Faults(Vec<PackError>),
    /// Same version, other content.
    #[error("version {version} of pack '{id}' is published with other content; raise the version in pack.yaml")]
    VersionTaken {
        /// Pack.
        id: String,
        /// Version.
        version: String,
    },
    /// Policy does not permit it.
    #[error("not permitted: publishing packs for {0}")]
    Forbidden(String),
    /// A seed entity was refused.
    #[error("the pack is in force, but an entity of it was refused: {0}")]
    Seed(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for PublishError {
    fn code(&self) -> &'static str {
        match self {
            Self::Faults(_) => "pack-faults",
            Self::VersionTaken { .. } => "version-taken",
            Self::Forbidden(_) => "forbidden",
            Self::Seed(_) => "seed-refused",
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Faults(_) | Self::Seed(_) => 422,
            Self::VersionTaken { .. } => 409,
            Self::Forbidden(_) => 403,
            Self::Store(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Faults(all) => all
                .iter()
                .map(|e| FieldError {
                    field: format!("{}:{}", e.file, e.position.line),
                    rule: format!("{}: {}", e.rule, e.message),
                    fix: e.fix.clone(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// What the journal is told of a publication, beside what changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told<'a> {
    /// Why, in the words of who published.
    pub reason: Option<&'a str>,
    /// When the working copy was begun that it came from.
    pub begun: Option<Timestamp>,
}

/// A pack that is about to be stored.
struct Changed {
    manifest: Manifest,
    text: String,
    /// Version in force until then.
    before: Option<String>,
    before_source: Option<PackSource>,
}

impl Registry {
    /// Checks a pack against those in force without publishing it.
    ///
    /// # Errors
    /// Every fault.
    pub async fn check(&self, source: &PackSource) -> Result<Manifest, PublishError> {
        let manifest = parse_pack(source).map_err(PublishError::Faults)?.manifest;
        let operations = self.operations.load_full();
        let sources = self.sources_with(&[&manifest.id], std::slice::from_ref(source)).await?;
        compile_with(0, &sources, Names::Refuse(&operations)).map_err(PublishError::Faults)?;
        Ok(manifest)
    }

    /// Publishes a pack: checked whole, stored with a journal event, in force without a restart, its spaces and
    /// entities made.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn publish(&self, actor: &Actor, source: PackSource) -> Result<Published, PublishError> {
        self.publish_begun(actor, source, None).await
    }

    /// The same from a working copy: when that was begun stands in the journal beside the version, see [`Registry::made`].
    ///
    /// # Errors
    /// See [`PublishError`].
    pub async fn publish_begun(
        &self,
        actor: &Actor,
        source: PackSource,
        begun: Option<Timestamp>,
    ) -> Result<Published, PublishError> {
        let _one_at_a_time = self.publishing.lock().await;
        let told = Told { begun, ..Told::default() };
        let one = self.publish_because(actor, std::slice::from_ref(&source), told).await?.pop();
        one.ok_or_else(|| StoreError::Shape("nothing was published".to_owned()).into())
    }

    /// Publishes packs that belong together, those that others need before them: compiled once for all of them.
    ///
    /// # Errors
    /// See [`PublishError`]; before the first is stored, all have been checked.
    pub async fn publish_together(&self, actor: &Actor, all: &[PackSource]) -> Result<Vec<Published>, PublishError> {
        let _one_at_a_time = self.publishing.lock().await;
        self.publish_because(actor, all, Told::default()).await
    }

    /// The same with more to tell the journal, by whoever holds the lock of publications.
    pub(crate) async fn publish_because(
        &self,
        actor: &Actor,
        all: &[PackSource],
        told: Told<'_>,
    ) -> Result<Vec<Published>, PublishError> {
        let mut packs = Vec::with_capacity(all.len());
        for source in all {
            let pack = parse_pack(source).map_err(PublishError::Faults)?;
            self.may_publish(actor, &pack.manifest)?;
            // Whose it is now has a say as well: nobody takes a pack over by writing another space into it.
            if let Some(before) = self.catalogue().pack(&pack.manifest.id) {
                self.may_publish(actor, &before.manifest)?;
            }
            if !pack.policies.is_empty() {
                self.may_write_policies(actor)?;
            }
            packs.push(pack);
        }
        let ids: Vec<&str> = packs.iter().map(|p| p.manifest.id.as_str()).collect();
        let sources = self.sources_with(&ids, all).await?;
        compile_with(0, &sources, Names::Refuse(&self.operations.load_full())).map_err(PublishError::Faults)?;
        let (mut stored, mut new) = (Vec::with_capacity(all.len()), Vec::new());
        for (pack, source) in packs.iter().zip(all) {
            let changed = self.changed(&pack.manifest, source).await?;
            stored.push((changed.is_some(), changed.as_ref().and_then(|c| c.before_source.clone())));
            new.extend(changed);
        }
        self.store_packs(actor, new, told).await?;
        self.reload_catalogue().await?;
        let mut done = Vec::with_capacity(all.len());
        for (pack, (changed, before)) in packs.iter().zip(stored) {
            let entities = self.seed(pack, before.as_ref()).await?;
            let Manifest { id, version, .. } = pack.manifest.clone();
            done.push(Published { id, version, changed, entities });
        }
        Ok(done)
    }

    /// A pack that is about to be stored; none when it is in force just so.
    async fn changed(&self, manifest: &Manifest, source: &PackSource) -> Result<Option<Changed>, PublishError> {
        let history = self.pack_history(&manifest.id).await?;
        let text = serde_json::to_string(source).map_err(|e| StoreError::Shape(e.to_string()))?;
        let active = history.iter().find(|p| p.active);
        if active.is_some_and(|a| a.pack.source == text) {
            return Ok(None);
        }
        if history.iter().any(|p| p.pack.version == manifest.version && p.pack.source != text) {
            return Err(PublishError::VersionTaken { id: manifest.id.clone(), version: manifest.version.clone() });
        }
        Ok(Some(Changed {
            manifest: manifest.clone(),
            text,
            before: active.map(|a| a.pack.version.clone()),
            before_source: active.and_then(|a| serde_json::from_str(&a.pack.source).ok()),
        }))
    }

    /// Makes what the pack in force declares and what is not there because the process ended while it was published; how
    /// many entities. Nothing when the publication was finished.
    ///
    /// # Errors
    /// As [`Registry::publish`].
    pub async fn finish_publication(&self, id: &str) -> Result<usize, PublishError> {
        let _one_at_a_time = self.publishing.lock().await;
        let done = self.meta(&format!("seeded/{id}")).await?;
        if self.catalogue().pack(id).is_none_or(|p| done.as_ref() == Some(&p.manifest.version)) {
            return Ok(0);
        }
        let history = self.pack_history(id).await?;
        let source = |row: &PackRow| serde_json::from_str::<PackSource>(&row.pack.source).ok();
        let Some(active) = history.iter().find(|p| p.active).and_then(source) else { return Ok(0) };
        let pack = parse_pack(&active).map_err(PublishError::Faults)?;
        let before = history.iter().find(|p| done.as_ref() == Some(&p.pack.version)).and_then(source);
        self.seed(&pack, before.as_ref()).await
    }

    /// May the actor publish the pack of that id, judging by the version in force?
    pub fn may_publish_pack(&self, actor: &Actor, id: &str) -> bool {
        self.catalogue().pack(id).is_some_and(|p| self.may_publish(actor, &p.manifest).is_ok())
    }

    pub(crate) fn may_publish(&self, actor: &Actor, manifest: &Manifest) -> Result<(), PublishError> {
        if actor.is(svod_kernel::Role::Platform) {
            return Ok(()); // the first packs bring the policies themselves
        }
        let space = manifest.space.as_deref().unwrap_or(INSTALLATION);
        // A space that is open to everybody lets nobody publish: packs hold beyond it.
        let strict = |s: SpacePath| ResourceRef::new("Pack", s);
        let allowed = space.parse::<SpacePath>().is_ok_and(|s| self.may(actor, Action::PublishPack, &strict(s)));
        if !allowed {
            tracing::info!(actor = actor.id, pack = manifest.id.as_str(), space, "publishing refused by policy");
            return Err(PublishError::Forbidden(space.to_owned()));
        }
        Ok(())
    }

    /// Policies hold in every space, whichever pack brings them: whoever writes them runs the whole installation.
    fn may_write_policies(&self, actor: &Actor) -> Result<(), PublishError> {
        let tree = self.spaces();
        let mut tops = tree.all().into_iter().filter(|s| s.path.parent().is_none());
        let may = |path: &SpacePath| {
            let strict = ResourceRef::new("Pack", path.clone());
            self.may(actor, Action::Administer, &strict)
        };
        match tops.find(|s| s.path.as_str() != INSTALLATION && !may(&s.path)) {
            _ if actor.is(svod_kernel::Role::Platform) => Ok(()),
            Some(other) => Err(PublishError::Forbidden(other.path.to_string())),
            None => Ok(()),
        }
    }

    /// Stores packs with their journal events, all or none. What was tried of them is tried no more.
    async fn store_packs(&self, actor: &Actor, all: Vec<Changed>, told: Told<'_>) -> Result<(), StoreError> {
        let (now, begun) = (self.clock.now(), told.begun);
        let (who, name, reason) = (actor.id.clone(), actor.name.clone(), told.reason.map(str::to_owned));
        let write = move |conn: &mut dyn svod_store::Conn| {
            for Changed { manifest: m, text, before, .. } in &all {
                let (space, actor, source) = (0, who.clone(), text.clone());
                let (id, version) = (m.id.clone(), m.version.clone());
                svod_store::pack::publish(conn, &NewPack { space, id, version, published: now, actor, source })?;
                let mut changes = serde_json::json!({"version": {"old": before, "new": m.version}});
                if let Some(tried) = crate::candidates::ended(conn, &m.id)? {
                    changes["candidate"] = serde_json::json!({"old": tried, "new": null});
                }
                if let Some(begun) = begun {
                    changes[BEGUN] = serde_json::json!({"old": null, "new": begun});
                }
                let event = NewEvent {
                    at: now,
                    actor: who.clone(),
                    actor_name: name.clone(),
                    action: "publish".into(),
                    urn: format!("urn:svod:pack:{}", m.id),
                    kind: "Pack".into(),
                    version: 0,
                    ground: reason.clone().unwrap_or_else(|| format!("pack:{}@{}", m.id, m.version)),
                    cause: None,
                    changes: changes.to_string(),
                    on_behalf: None,
                };
                svod_store::journal::append(conn, 0, std::slice::from_ref(&event))?;
            }
            Ok::<_, StoreError>(())
        };
        self.store.write(write).await
    }

    /// Every publication of a pack, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pack_history(&self, id: &str) -> Result<Vec<PackRow>, StoreError> {
        let id = id.to_owned();
        self.store.read(move |conn| svod_store::pack::history(conn, 0, &id, MAX_PUBLICATIONS)).await
    }

    /// How versions of a pack came into force out of working copies, by version. What was uploaded, or published by a command,
    /// is not among them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn made(&self, id: &str) -> Result<BTreeMap<String, Made>, StoreError> {
        let urn = format!("urn:svod:pack:{id}");
        let read = move |conn: &mut dyn svod_store::Conn| svod_store::journal::by_action(conn, 0, &urn, "publish");
        let events = self.store.read(read).await?;
        let of = |event: &NewEvent| {
            let changes: serde_json::Value = serde_json::from_str(&event.changes).ok()?;
            let new = |name: &str| changes.get(name)?.get("new")?.as_str().map(str::to_owned);
            Some((new("version")?, Made { begun: new(BEGUN)?.parse().ok()?, published: event.at }))
        };
        Ok(events.iter().filter_map(|row| of(&row.event)).collect())
    }

    pub(crate) async fn sources_with(&self, ids: &[&str], all: &[PackSource]) -> Result<Vec<PackSource>, StoreError> {
        let others = self.active().await?.into_iter().filter(|(id, _)| !ids.contains(&id.as_str()));
        Ok(others.map(|p| p.1).chain(all.iter().cloned()).collect())
    }

    async fn active(&self) -> Result<Vec<(String, PackSource)>, StoreError> {
        let rows = self.store.read(|conn| svod_store::pack::active(conn)).await?;
        rows.into_iter()
            .map(|r| r.pack)
            .map(|r| {
                let source =
                    serde_json::from_str(&r.source).map_err(|e| StoreError::Shape(format!("pack {}: {e}", r.id)))?;
                Ok((r.id, source))
            })
            .collect()
    }

    /// Compiles the packs in force anew; the old catalogue stays when they do not compile.
    pub(crate) async fn reload_catalogue(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.reloading.lock().await;
        let (ids, sources): (Vec<String>, Vec<PackSource>) = self.active().await?.into_iter().unzip();
        let (now, tried) = (self.catalogue(), self.candidates(ids).await?);
        if sources.is_empty() || (now.same_sources(&sources) && now.tries(&tried)) {
            return Ok(());
        }
        let generation = now.generation + 1;
        match compile_with(generation, &sources, Names::Tell) {
            Ok(catalogue) => {
                let catalogue = self.with_tried(catalogue, &sources, tried).await?;
                let types = catalogue.metamodel.types.values();
                let attributes = types.flat_map(|t| t.attributes.iter().filter(|(_, a)| a.indexed));
                let declared = attributes.map(|(name, _)| name.clone()).collect();
                self.declared_indexes(declared).await?;
                self.catalogue.store(Arc::new(catalogue));
                self.generation.send_replace(generation);
            }
            Err(errors) => {
                for e in errors.iter().take(20) {
                    tracing::error!(fault = %e, "a published pack does not compile; the packs before stay in force");
                }
            }
        }
        Ok(())
    }

    /// Makes the spaces and entities a pack declares. Entities that are the same in the publication before are left
    /// alone: what has been set on them since stays.
    async fn seed(&self, pack: &Pack, before: Option<&PackSource>) -> Result<usize, PublishError> {
        let manifest = &pack.manifest;
        self.ensure_spaces(pack.spaces.iter().map(|s| s.path.clone()).collect(), false).await?;
        let marker = format!("seeded/{}", manifest.id);
        let done = self.meta(&marker).await?;
        if done.as_deref() == Some(&manifest.version) {
            return Ok(0);
        }
        let before = before.and_then(|b| parse_pack(b).ok()).filter(|b| done.as_deref() == Some(&b.manifest.version));
        let known = before.map(|b| b.entities).unwrap_or_default();
        let mut fresh: Vec<_> = pack.entities.iter().filter(|e| !known.contains(e)).collect();
        fresh.sort_by_key(|e| e.attributes.values().filter(|a| a.value.is_relationship()).count()); // targets first
        let ground = format!("pack:{}@{}", manifest.id, manifest.version);
        let mut changed = 0;
        for batch in fresh.chunks(SEED_BATCH) {
            let changes = batch.iter().map(|e| Change::from(Operation::Upsert((*e).clone()))).collect();
            let command = Command { ground: ground.clone(), changes, ..Command::default() };
            changed += self.execute(&Actor::platform("packs"), command).await?.entities.len();
        }
        self.set_meta(marker, manifest.version.clone()).await?;
        Ok(changed)
    }

    async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.store.read(move |conn| svod_store::meta::get(conn, 0, &name)).await
    }

    async fn set_meta(&self, name: String, value: String) -> Result<(), StoreError> {
        self.store.write(move |conn| svod_store::meta::set(conn, 0, &name, &value)).await
    }
}
