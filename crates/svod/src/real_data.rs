//! Real open data in place of the schematic and the simulated: what the packs' imports and feeds name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use serde_json::Value;
use svod_ingest::{IngestError, RawMessage, Source};
use svod_kernel::{Actor, Timestamp, Urn, number};
use svod_mapping::Query;
use svod_model::{Attribute, Entity, ImportFormat, ImportSpec, Pack, attribute_from_seed};
use svod_registry::{Change, Command, Operation, Registry};
use tokio::task::JoinHandle;

use crate::rooms::Core;
use crate::rows;

/// Entities in one transaction.
const BATCH: usize = 500;

/// Rows sent at once.
const SEND: usize = 500;

/// How often a replay looks at the clock.
const STEP: Duration = Duration::from_millis(100);

/// Device profiles that are fed by real data.
pub fn profiles(registry: &Registry) -> Vec<String> {
    registry.catalogue().packs.iter().flat_map(|p| p.feeds.iter().map(|f| f.profile.clone())).collect()
}

/// Takes over what the packs' imports name in `folder`. What is the same already is left alone.
pub async fn import(registry: &Arc<Registry>, folder: &Path) -> anyhow::Result<()> {
    for pack in registry.catalogue().packs.clone() {
        for spec in &pack.imports {
            let (changed, passed) = import_one(registry, &pack, spec, folder)
                .await
                .with_context(|| format!("import '{}' of pack '{}'", spec.id, pack.manifest.id))?;
            tracing::info!(import = spec.id, changed, passed, source = spec.attribution, "real data imported");
        }
    }
    Ok(())
}

struct Programs {
    matches: Query,
    space: Query,
    set: Vec<(String, Query)>,
}

async fn import_one(
    registry: &Arc<Registry>,
    pack: &Pack,
    spec: &ImportSpec,
    folder: &Path,
) -> anyhow::Result<(usize, usize)> {
    let path = folder.join(&spec.file);
    let records = match spec.format {
        ImportFormat::Csv => rows::csv(&path)?,
        ImportFormat::Geojson => rows::geojson(&path)?,
    };
    let programs = Programs {
        matches: Query::compile(&spec.id, &spec.matches)?,
        space: Query::compile(&spec.id, &spec.space)?,
        set: spec
            .set
            .iter()
            .map(|(name, jq)| Ok((name.clone(), Query::compile(&spec.id, jq)?)))
            .collect::<anyhow::Result<_>>()?,
    };
    let mut passed = 0;
    let mut changes = Vec::new();
    for record in records {
        match entity_of(spec, &programs, record)? {
            Some(entity) => changes.push(Change::from(Operation::Upsert(entity))),
            None => passed += 1,
        }
    }
    let mut changed = 0;
    let ground = format!("import:{}@{} {}", pack.manifest.id, pack.manifest.version, spec.attribution);
    for batch in changes.chunks(BATCH) {
        let command = Command { ground: ground.clone(), changes: batch.to_vec(), ..Command::default() };
        changed += registry.execute(&Actor::platform("import"), command).await?.entities.len();
    }
    Ok((changed, passed))
}

fn entity_of(spec: &ImportSpec, programs: &Programs, record: Value) -> anyhow::Result<Option<Entity>> {
    let Some(Value::String(urn)) = programs.matches.apply(record.clone())?.into_iter().next() else { return Ok(None) };
    let urn: Urn = urn.parse()?;
    let Some(Value::String(space)) = programs.space.apply(record.clone())?.into_iter().next() else {
        return Ok(None);
    };
    let mut attributes: BTreeMap<String, Attribute> = BTreeMap::new();
    for (name, query) in &programs.set {
        if let Some(value) = query.apply(record.clone())?.into_iter().next().filter(|v| !v.is_null()) {
            let attribute = attribute_from_seed(&value).map_err(|e| anyhow::anyhow!("{name}: {}", e[0].message))?;
            attributes.insert(name.clone(), attribute);
        }
    }
    Ok(Some(Entity { attributes, ..Entity::new(urn, spec.kind.clone(), space.parse()?) }))
}

/// One row of a feed, ready to be sent.
struct Dated {
    at: Timestamp,
    message: RawMessage,
}

/// Where the replay stands, kept so that the next start goes on there.
const POSITION: &str = "replay/position";

/// Replays the feeds of all packs from `folder`: `speed` seconds of the series in one second, going on where the last
/// start ended. Readings keep the time at which they were observed; what is stored already is stored once.
pub fn replay(core: &Core, folder: &Path, speed: f64) -> anyhow::Result<JoinHandle<()>> {
    anyhow::ensure!(speed.is_finite() && speed > 0.0, "--speed must be a positive number");
    let (core, folder) = (core.clone(), folder.to_owned());
    Ok(tokio::spawn(async move {
        let registry = core.registry.clone();
        let loaded = tokio::task::spawn_blocking(move || load(&registry, &folder)).await;
        let replayed = match loaded {
            Ok(Ok(rows)) => run(&core, rows, speed).await,
            Ok(Err(e)) => Err(e),
            Err(e) => Err(e.into()),
        };
        if let Err(e) = replayed {
            tracing::error!(error = format!("{e:#}"), "the replay stopped");
        }
    }))
}

fn load(registry: &Registry, folder: &Path) -> anyhow::Result<Vec<Dated>> {
    let mut all = Vec::new();
    for pack in &registry.catalogue().packs {
        for feed in &pack.feeds {
            let rows = rows::feed(feed, folder).with_context(|| format!("feed '{}'", feed.id))?;
            tracing::info!(feed = feed.id, rows = rows.len(), source = feed.attribution, "series loaded for replay");
            all.extend(rows.into_iter().map(|r| {
                let bytes = Bytes::from(r.payload.to_string());
                let message = RawMessage::named(feed.profile.clone(), r.device, bytes, Source::Replay);
                Dated { at: r.at, message }
            }));
        }
    }
    all.sort_by_key(|r| r.at);
    Ok(all)
}

async fn run(core: &Core, mut rows: Vec<Dated>, speed: f64) -> anyhow::Result<()> {
    let kept = core.store.read(|conn| svod_store::meta::get(conn, 0, POSITION)).await?;
    if let Some(position) = kept.and_then(|p| p.parse::<Timestamp>().ok()) {
        rows.retain(|r| r.at >= position); // rows of the same moment may be sent twice and are stored once
    }
    let Some(first) = rows.first().map(|r| r.at) else { return Ok(()) };
    let started = core.registry.clock().now();
    let actor = Actor::platform("replay");
    let mut sent = 0;
    while sent < rows.len() {
        let reached =
            first.plus_micros(number::whole(core.registry.clock().now().seconds_since(started) * speed * 1e6));
        let due = rows[sent..].iter().take(SEND).take_while(|r| r.at <= reached).count();
        if due == 0 {
            tokio::time::sleep(STEP).await;
            continue;
        }
        let batch = rows[sent..sent + due].iter().map(|r| r.message.clone()).collect();
        match core.ingest.submit_batch(&actor, batch).await {
            Ok(_) => sent += due,
            Err(IngestError::Busy) => tokio::time::sleep(STEP).await,
            Err(e) => return Err(e.into()),
        }
        let position = rows[sent.saturating_sub(1)].at.to_string();
        core.store.write(move |conn| svod_store::meta::set(conn, 0, POSITION, &position)).await?;
    }
    tracing::info!(rows = sent, "the replay has reached the end of the series");
    Ok(())
}
