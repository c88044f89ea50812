//! A version that is tried: new cases of some applicants have it, while the version in force holds for all others, and for
//! everything that is no case of a service. It ends by coming into force, by being withdrawn, or with the next publication of its pack.
//!
//! Types, policies and all else that every case stands on are one for both: only what a case runs and shows may differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Coded, FieldError, SpacePath, Timestamp};
use svod_model::{Manifest, Pack, PackSource, StartSpec, parse_pack};
use svod_store::journal::NewEvent;
use svod_store::pack::NewPack;
use svod_store::{Conn, StoreError, meta};

use crate::catalogue::{Catalogue, Names, compile_with};
use crate::publish::Told;
use crate::{PublishError, Published, Registry};

/// Letters of a reason.
const MAX_REASON: usize = 1_000;

/// What may differ from the version in force, besides the version itself.
const MAY_DIFFER: [&str; 7] = ["services/", "processes/", "decisions/", "forms/", "locales/", "tests/", "README.md"];

const MANIFEST: &str = "pack.yaml";

/// Whose new cases begin with the version that is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// So many of a hundred applicants, always the same ones: 1 to 99; in one space also all of them.
    pub share: u64,
    /// Only applicants of this space and of those under it; none: of every space.
    pub space: Option<SpacePath>,
}

impl Scope {
    /// Does the version fall to them? A greater share has everybody that the smaller one had.
    fn has(&self, version: &str, applicant: &str, at: &SpacePath) -> bool {
        let drawn = (svod_query::keys::hash(&format!("{version}:{applicant}")) >> 32) % 100;
        drawn < self.share && self.space.as_ref().is_none_or(|space| space.covers(at))
    }
}

/// A version that is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its version.
    pub version: String,
    /// Who has it.
    pub scope: Scope,
    /// Since when it is tried.
    pub since: Timestamp,
    /// Who tries it: id of the actor.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
    /// When the working copy was begun that it came from; none when it came from none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Timestamp>,
}

/// A version that is tried, with what it declares.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Who has it, since when.
    pub candidate: Candidate,
    /// What it declares, without its seed entities.
    pub pack: Arc<Pack>,
}

/// Why a version was not tried, or did not come into force. Everything stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum CandidateError {
    /// Not permitted, faults, or the version is taken.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// No version of the pack is tried, or there is no such pack.
    #[error("no version of pack '{0}' is tried")]
    None(String),
    /// It is what is in force.
    #[error("nothing differs from the version in force")]
    Unchanged,
    /// More differs than two versions at once can have.
    #[error("only services, processes, decisions, forms, texts and tests may differ in a version that is tried: {}", .0.join(", "))]
    Beyond(Vec<String>),
    /// A service is new or gone, or begins by itself in another way.
    #[error("service '{0}' is new, gone, or begun by other events; both versions begin their services alike")]
    Service(String),
    /// Another version is tried.
    #[error("version {0} is tried; promote or withdraw it first")]
    Standing(String),
    /// No reason, or too long a one.
    #[error("a reason of 1 to {MAX_REASON} letters is missing")]
    Reason,
    /// A share that is none.
    #[error("the share is 1 to 99 of a hundred new cases; in one space 1 to 100")]
    Share,
    /// A space that is not the pack's.
    #[error("there is no space '{0}' in which the pack holds")]
    Space(String),
}

impl From<StoreError> for CandidateError {
    fn from(e: StoreError) -> Self {
        Self::Publish(e.into())
    }
}

impl Coded for CandidateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Publish(e) => e.code(),
            Self::None(_) => "no-candidate",
            Self::Unchanged => "unchanged",
            Self::Beyond(_) => "candidate-differs",
            Self::Service(_) => "candidate-service",
            Self::Standing(_) => "candidate-standing",
            Self::Reason => "reason",
            Self::Share => "share",
            Self::Space(_) => "space",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Publish(e) => e.status(),
            Self::None(_) => 404,
            Self::Standing(_) => 409,
            _ => 422,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Publish(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

impl Catalogue {
    /// What is tried of the pack, where it falls to this applicant.
    pub fn tried_for(&self, pack: &str, applicant: &str, at: &SpacePath) -> Option<&Arc<Pack>> {
        let Tried { candidate, pack } = self.tried.get(pack)?;
        let version = format!("{}@{}", pack.manifest.id, candidate.version);
        candidate.scope.has(&version, applicant, at).then_some(pack)
    }

    /// Is exactly this tried?
    pub(crate) fn tries(&self, all: &BTreeMap<String, Candidate>) -> bool {
        self.tried.len() == all.len() && self.tried.iter().all(|(id, t)| all.get(id) == Some(&t.candidate))
    }
}

impl Registry {
    /// Publishes a version beside the one in force, for those of the scope.
    ///
    /// # Errors
    /// See [`CandidateError`].
    pub async fn try_version(
        &self,
        actor: &Actor,
        source: &PackSource,
        scope: Scope,
        reason: &str,
    ) -> Result<Candidate, CandidateError> {
        self.try_begun(actor, source, scope, (reason, None)).await
    }

    /// The same from a working copy, with the moment it was begun: it goes with the version into force.
    ///
    /// # Errors
    /// See [`CandidateError`].
    pub async fn try_begun(
        &self,
        actor: &Actor,
        source: &PackSource,
        scope: Scope,
        (reason, begun): (&str, Option<Timestamp>),
    ) -> Result<Candidate, CandidateError> {
        let _one_at_a_time = self.publishing.lock().await;
        let pack = parse_pack(source).map_err(PublishError::Faults)?;
        let Manifest { id, version, .. } = pack.manifest.clone();
        let base = self.publishable(actor, &id)?;
        self.may_publish(actor, &pack.manifest)?;
        let reason = reason_of(reason)?;
        self.can_have(&scope, &base.manifest)?;
        if let Some(other) = self.catalogue().tried.get(&id).filter(|t| t.candidate.version != version) {
            return Err(CandidateError::Standing(other.candidate.version.clone()));
        }
        let history = self.pack_history(&id).await?;
        let in_force = history.iter().find(|p| p.active).ok_or_else(|| CandidateError::None(id.clone()))?;
        let text = serde_json::to_string(source).map_err(shape)?;
        if in_force.pack.source == text {
            return Err(CandidateError::Unchanged);
        }
        if history.iter().any(|p| p.pack.version == version && p.pack.source != text) {
            return Err(PublishError::VersionTaken { id, version }.into());
        }
        alike(&serde_json::from_str(&in_force.pack.source).map_err(shape)?, source, (base.as_ref(), &pack))?;
        let sources = self.sources_with(&[&id], std::slice::from_ref(source)).await?;
        compile_with(0, &sources, Names::Refuse(&self.operations.load_full())).map_err(PublishError::Faults)?;
        let now = self.clock.now();
        let new =
            NewPack { space: 0, id, version: version.clone(), published: now, actor: actor.id.clone(), source: text };
        let candidate = Candidate { version, scope, since: now, actor: actor.id.clone(), reason, begun };
        self.keep_tried(actor, (new.id.clone(), Some(candidate.clone())), Some(new), candidate.reason.clone()).await?;
        Ok(candidate)
    }

    /// Gives the version that is tried to others: to more, to fewer, elsewhere. Cases that have it keep it.
    ///
    /// # Errors
    /// See [`CandidateError`].
    pub async fn try_with(
        &self,
        actor: &Actor,
        pack: &str,
        scope: Scope,
        reason: &str,
    ) -> Result<Candidate, CandidateError> {
        let _one_at_a_time = self.publishing.lock().await;
        let base = self.publishable(actor, pack)?;
        let reason = reason_of(reason)?;
        self.can_have(&scope, &base.manifest)?;
        let candidate = Candidate { scope, reason, actor: actor.id.clone(), ..self.candidate(pack).await? };
        self.keep_tried(actor, (pack.to_owned(), Some(candidate.clone())), None, candidate.reason.clone()).await?;
        Ok(candidate)
    }

    /// The version that is tried is tried no more: new cases have the version in force. Cases that have it keep it.
    ///
    /// # Errors
    /// See [`CandidateError`].
    pub async fn withdraw(&self, actor: &Actor, pack: &str, reason: &str) -> Result<(), CandidateError> {
        let _one_at_a_time = self.publishing.lock().await;
        self.publishable(actor, pack)?;
        let reason = reason_of(reason)?;
        self.candidate(pack).await?;
        self.keep_tried(actor, (pack.to_owned(), None), None, reason).await
    }

    /// The version that is tried comes into force for all.
    ///
    /// # Errors
    /// See [`CandidateError`].
    pub async fn promote(&self, actor: &Actor, pack: &str, reason: &str) -> Result<Published, CandidateError> {
        let _one_at_a_time = self.publishing.lock().await;
        self.publishable(actor, pack)?;
        let reason = reason_of(reason)?;
        let Candidate { version, begun, .. } = self.candidate(pack).await?;
        let id = pack.to_owned();
        let row = self.store.read(move |conn| svod_store::pack::version(conn, 0, &id, &version)).await?;
        let row = row.ok_or_else(|| CandidateError::None(pack.to_owned()))?;
        let source: PackSource = serde_json::from_str(&row.pack.source).map_err(shape)?;
        let told = Told { reason: Some(&reason), begun };
        let done = self.publish_because(actor, std::slice::from_ref(&source), told).await?.pop();
        done.ok_or_else(|| CandidateError::None(pack.to_owned()))
    }

    /// The pack in force, where the actor may publish it.
    fn publishable(&self, actor: &Actor, id: &str) -> Result<Arc<Pack>, CandidateError> {
        let base = self.catalogue().pack(id).cloned().ok_or_else(|| CandidateError::None(id.to_owned()))?;
        self.may_publish(actor, &base.manifest)?;
        Ok(base)
    }

    fn can_have(&self, scope: &Scope, pack: &Manifest) -> Result<(), CandidateError> {
        let most = if scope.space.is_some() { 100 } else { 99 };
        if !(1..=most).contains(&scope.share) {
            return Err(CandidateError::Share);
        }
        let Some(space) = &scope.space else { return Ok(()) };
        let top = pack.space.as_deref().and_then(|s| s.parse::<SpacePath>().ok());
        let within = top.is_none_or(|top| top.covers(space)) && self.spaces().get(space).is_some();
        if within { Ok(()) } else { Err(CandidateError::Space(space.to_string())) }
    }

    /// What is kept of the pack's candidate.
    async fn candidate(&self, pack: &str) -> Result<Candidate, CandidateError> {
        let id = pack.to_owned();
        let kept = self.store.read(move |conn| kept(conn, &id)).await?;
        kept.ok_or_else(|| CandidateError::None(pack.to_owned()))
    }

    /// Keeps what is tried, with a journal event, and has it from then on.
    async fn keep_tried(
        &self,
        actor: &Actor,
        (pack, candidate): (String, Option<Candidate>),
        new: Option<NewPack>,
        reason: String,
    ) -> Result<(), CandidateError> {
        let (who, name, now) = (actor.id.clone(), actor.name.clone(), self.clock.now());
        let write = move |conn: &mut dyn Conn| {
            let before = kept(conn, &pack)?;
            if let Some(new) = &new
                && svod_store::pack::version(conn, 0, &new.id, &new.version)?.is_none()
            {
                svod_store::pack::keep(conn, new)?;
            }
            let text = candidate.as_ref().map(|c| serde_json::to_string(c).map_err(shape)).transpose()?;
            meta::set(conn, 0, &key(&pack), text.as_deref().unwrap_or_default())?;
            let event = NewEvent {
                at: now,
                actor: who.clone(),
                actor_name: name.clone(),
                action: if candidate.is_some() { "try" } else { "withdraw" }.into(),
                urn: format!("urn:svod:pack:{pack}"),
                kind: "Pack".into(),
                version: 0,
                ground: reason.clone(),
                cause: None,
                changes: changed(before.as_ref(), candidate.as_ref()).to_string(),
                on_behalf: None,
            };
            svod_store::journal::append(conn, 0, std::slice::from_ref(&event)).map(drop)
        };
        self.store.write::<_, StoreError>(write).await?;
        Ok(self.reload_catalogue().await?)
    }

    /// What is tried of these packs.
    pub(crate) async fn candidates(&self, ids: Vec<String>) -> Result<BTreeMap<String, Candidate>, StoreError> {
        let read = move |conn: &mut dyn Conn| {
            let mut all = BTreeMap::new();
            for id in &ids {
                all.extend(kept(conn, id)?.map(|candidate| (id.clone(), candidate)));
            }
            Ok::<_, StoreError>(all)
        };
        self.store.read(read).await
    }

    /// The catalogue with what is tried beside it. A version that does not go with the packs in force any more is left out, and
    /// the log says so.
    pub(crate) async fn with_tried(
        &self,
        mut catalogue: Catalogue,
        sources: &[PackSource],
        all: BTreeMap<String, Candidate>,
    ) -> Result<Catalogue, StoreError> {
        for (id, candidate) in all {
            let (pack, version) = (id.clone(), candidate.version.clone());
            let row = self.store.read(move |conn| svod_store::pack::version(conn, 0, &pack, &version)).await?;
            let Some(source) = row.and_then(|r| serde_json::from_str::<PackSource>(&r.pack.source).ok()) else {
                continue;
            };
            let is_other = |s: &&PackSource| id_of(s) != id_of(&source);
            let beside: Vec<PackSource> = sources.iter().filter(is_other).cloned().chain([source.clone()]).collect();
            match compile_with(0, &beside, Names::Tell) {
                Ok(other) => {
                    let Some(pack) = other.pack(&id).cloned() else { continue };
                    // What both say is said as in force: one page shows cases of both.
                    catalogue.texts = Arc::new(other.texts.merged(&catalogue.texts));
                    catalogue.tried.insert(id, Tried { candidate, pack });
                }
                Err(faults) => {
                    let fault = faults.first().map(ToString::to_string).unwrap_or_default();
                    tracing::warn!(
                        pack = id,
                        version = candidate.version,
                        fault,
                        "a version that is tried does not go with the packs in force; nobody has it now"
                    );
                }
            }
        }
        Ok(catalogue)
    }
}

fn key(pack: &str) -> String {
    format!("candidate/{pack}")
}

/// What is tried of a pack.
fn kept(conn: &mut dyn Conn, pack: &str) -> Result<Option<Candidate>, StoreError> {
    let text = meta::get(conn, 0, &key(pack))?.filter(|text| !text.is_empty());
    text.map(|text| serde_json::from_str(&text).map_err(shape)).transpose()
}

/// Nothing of the pack is tried any more; the version that was, for the journal.
pub(crate) fn ended(conn: &mut dyn Conn, pack: &str) -> Result<Option<String>, StoreError> {
    let Some(candidate) = kept(conn, pack)? else { return Ok(None) };
    meta::set(conn, 0, &key(pack), "")?;
    Ok(Some(candidate.version))
}

/// What differs, for the journal.
fn changed(old: Option<&Candidate>, new: Option<&Candidate>) -> serde_json::Value {
    let said = |candidate: Option<&Candidate>| {
        let version = candidate.map(|c| c.version.clone());
        let share = candidate.map(|c| c.scope.share.to_string());
        [version, share, candidate.and_then(|c| c.scope.space.as_ref().map(ToString::to_string))]
    };
    let both = ["candidate", "share", "space"].into_iter().zip(said(old).into_iter().zip(said(new)));
    let differing = both.filter(|(_, (old, new))| old != new);
    differing.map(|(name, (old, new))| (name.to_owned(), serde_json::json!({"old": old, "new": new}))).collect()
}

fn shape(e: serde_json::Error) -> StoreError {
    StoreError::Shape(e.to_string())
}

fn reason_of(said: &str) -> Result<String, CandidateError> {
    let said = said.trim();
    if said.is_empty() || said.chars().count() > MAX_REASON { Err(CandidateError::Reason) } else { Ok(said.to_owned()) }
}

/// The id in a pack's manifest, as it stands there.
fn id_of(source: &PackSource) -> Option<&str> {
    source.files.get(MANIFEST)?.lines().find_map(|line| line.strip_prefix("id:")).map(str::trim)
}

/// May both versions hold at once?
fn alike(in_force: &PackSource, tried: &PackSource, (base, pack): (&Pack, &Pack)) -> Result<(), CandidateError> {
    let free = |path: &str| path == MANIFEST || MAY_DIFFER.iter().any(|start| path.starts_with(start));
    let paths = in_force.files.keys().chain(tried.files.keys());
    let differs = |path: &&String| !free(path) && in_force.files.get(*path) != tried.files.get(*path);
    let mut beyond: Vec<String> = paths.filter(differs).cloned().collect();
    if (Manifest { version: base.manifest.version.clone(), ..pack.manifest.clone() }) != base.manifest {
        beyond.push(MANIFEST.to_owned());
    }
    beyond.sort();
    beyond.dedup();
    if !beyond.is_empty() {
        return Err(CandidateError::Beyond(beyond));
    }
    let begun = |pack: &Pack| -> BTreeMap<String, Vec<StartSpec>> {
        let events =
            |starts: &[StartSpec]| starts.iter().filter(|s| !matches!(s, StartSpec::Form(_))).cloned().collect();
        pack.services.iter().map(|s| (s.id.clone(), events(&s.start))).collect()
    };
    let (old, new) = (begun(base), begun(pack));
    let other = old.keys().chain(new.keys()).find(|id| old.get(*id) != new.get(*id));
    other.map_or(Ok(()), |id| Err(CandidateError::Service(id.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_that_share_and_a_greater_one_keeps_whom_it_had() {
        let people: Vec<String> = (0..10_000).map(|n| format!("urn:svod:person:{n}")).collect();
        let (here, there) = ("kuzbass/kemerovo".parse().unwrap(), "kuzbass/novokuznetsk".parse().unwrap());
        let of = |share, space: Option<&str>| Scope { share, space: space.map(|s| s.parse().unwrap()) };
        let (tenth, half) = (of(10, None), of(50, None));
        let had: Vec<_> = people.iter().filter(|p| tenth.has("a@2", p, &here)).collect();
        assert!((900..1_100).contains(&had.len()), "{}", had.len());
        assert!(had.iter().all(|p| half.has("a@2", p, &there)), "whoever has it keeps it");
        let again = had.iter().filter(|p| tenth.has("a@3", p, &here)).count();
        assert!(again < 200, "another version is tried by others: {again}");
        let all = of(100, Some("kuzbass/kemerovo"));
        assert!(people.iter().all(|p| all.has("a@2", p, &here) && !all.has("a@2", p, &there)));
    }

    #[test]
    fn only_what_a_case_runs_may_differ() {
        let source = |files: &[(&str, &str)]| PackSource {
            files: files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect(),
        };
        let old = source(&[("model/a.yaml", "1"), ("processes/a.bpmn", "1"), ("policies/a.cedar", "1")]);
        let pack = Pack::default();
        let judged = |new: &PackSource, pack: &Pack| match alike(&old, new, (&Pack::default(), pack)) {
            Ok(()) => Vec::new(),
            Err(CandidateError::Beyond(files)) => files,
            Err(e) => vec![e.to_string()],
        };
        let fine =
            source(&[("model/a.yaml", "1"), ("processes/a.bpmn", "2"), ("policies/a.cedar", "1"), ("forms/a", "1")]);
        assert_eq!(judged(&fine, &pack), Vec::<String>::new());
        let other = source(&[("model/a.yaml", "2"), ("processes/a.bpmn", "1"), ("entities/a.yaml", "1")]);
        assert_eq!(judged(&other, &pack), ["entities/a.yaml", "model/a.yaml", "policies/a.cedar"]);
        let manifest = Manifest { depends: vec!["base".into()], ..Manifest::default() };
        assert_eq!(judged(&fine, &Pack { manifest, ..Pack::default() }), [MANIFEST]);
    }
}
