use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use svod_ingest::IngestLimits;
use svod_kernel::{Actor, Coded, SeededRng, SimClock, SpacePath, Timestamp, Urn};
use svod_model::{Entity, PackSource, attribute_from_seed, entity_from_seed};
use svod_money::{Money, MoneyDeps, Payments, Provider, Sandbox};
use svod_registry::{Catalogue, EntityQuery, INSTALLATION};
use svod_runtime::Triggers;
use svod_runtime::cases::{Connector, Worker};
use svod_runtime::triggers::Started;
use svod_store::{Store, StoreOptions, StoreUrl};
use tempfile::TempDir;

use super::scripted::Scripted;
use super::time::present;
use super::{list, map, moment, text};
use crate::exchange::{Exchange, Reached};
use crate::rooms::{Core, Ground};

/// The store's file in its folder.
const FILE: &str = "svod.sqlite";
/// What all situations of a pack begin with: a store in which the packs are published, and the packs compiled.
pub struct Stock {
    folder: TempDir,
    catalogue: Arc<Catalogue>,
    space: SpacePath,
}

/// What the platform said no to, and with which words.
#[derive(Debug)]
pub struct Refusal {
    /// Stable code.
    pub code: String,
    /// Fields with the rules that they break.
    pub fields: Vec<(String, String)>,
    /// In words.
    pub said: String,
    /// The situation has said that it is refused.
    pub expected: bool,
}

/// Why a step was not done.
pub enum Fault {
    /// The platform refuses it: a situation may expect that.
    Refused(Refusal),
    /// The step cannot be played.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Fault {
    fn from(e: anyhow::Error) -> Self {
        Self::Broken(e)
    }
}

impl Fault {
    /// An error of an action: refused, or a failure of the platform.
    pub fn of<E: Coded + Send + Sync + 'static>(e: E) -> Self {
        if e.status() >= 500 {
            return Self::Broken(e.into());
        }
        let fields = e.fields().into_iter().map(|f| (f.field, f.rule)).collect();
        Self::Refused(Refusal { code: e.code().to_owned(), fields, said: e.to_string(), expected: false })
    }
}

/// A platform that a situation is played on.
pub struct Stage {
    pub core: Core,
    pub clock: Arc<SimClock>,
    /// The top-level space of the pack.
    pub space: SpacePath,
    /// Seconds by which the clocks of the situation are ahead of UTC.
    pub offset: i64,
    /// What comes by itself in cases, with systems outside that answer as they are told.
    pub worker: Arc<Worker>,
    pub scripted: Arc<Scripted>,
    /// What begins by itself, and the follower of the journal that tells it.
    pub triggers: Arc<Triggers>,
    pub started: Started,
    /// The last event of each space before the situation began.
    pub present: HashMap<i64, i64>,
    /// Accruals and payments, with the provider inside.
    pub money: Money,
    /// What the situation calls by names of its own.
    pub names: BTreeMap<String, Urn>,
    /// How the step before was refused.
    pub refused: Option<Refusal>,
    /// Readings have come: what is judged by time is judged every half minute.
    pub live: bool,
    _folder: TempDir,
}

/// A folder that needs no disk where there is one.
fn folder() -> anyhow::Result<TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).context("a folder for the store cannot be made")
}

fn ground(folder: &Path, clock: &Arc<SimClock>, seed: u64) -> anyhow::Result<Ground> {
    let url = StoreUrl::sqlite(folder.join(FILE));
    let options = StoreOptions { readers: 1, ..StoreOptions::default() };
    Ok(Ground {
        store: Store::open(&url, options, clock.clone())?,
        clock: clock.clone(),
        rng: Arc::new(SeededRng::new(seed)),
        key: [1; 32],
        node: "test".into(),
        demo: true,
        origin: None,
        session_seconds: 3600,
        breached: None,
        cache_bytes: 16 << 20,
        ledger: crate::ledger::Keeping::for_a_while(&[1; 32])?,
        reached: Default::default(),
    })
}

impl Stock {
    /// Publishes the packs at the moment of the first situation.
    pub async fn prepare(sources: &[PackSource], first: Timestamp) -> anyhow::Result<Self> {
        let (folder, clock) = (folder()?, Arc::new(SimClock::new(first)));
        let ground = ground(folder.path(), &clock, 0)?;
        let core = Core::open(ground, sources, Vec::new(), IngestLimits::default()).await?;
        let catalogue = core.registry.catalogue();
        core.store.clone().close().await;
        let manifest = catalogue.packs.last().map(|p| p.manifest.clone()).unwrap_or_default();
        let space = manifest.space.as_deref().unwrap_or(INSTALLATION).parse()?;
        Ok(Self { folder, catalogue, space })
    }

    fn copy(&self) -> anyhow::Result<TempDir> {
        let to = folder()?;
        for entry in std::fs::read_dir(self.folder.path())? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.path().join(entry.file_name()))?;
        }
        Ok(to)
    }
}

impl Stage {
    /// A platform as a situation finds it.
    pub async fn set(stock: &Stock, case: &Value) -> anyhow::Result<Self> {
        let (folder, clock) = (stock.copy()?, Arc::new(SimClock::new(moment(case)?)));
        let ground = ground(folder.path(), &clock, 1)?;
        let (persons, given) = (persons(&stock.space, case)?, given(case)?);
        let names = persons.iter().map(|(name, e)| (name.clone(), e.id.clone())).collect();
        let all: Vec<Entity> = persons.into_iter().map(|(_, e)| e).chain(given).collect();
        elsewhere(&ground.store, &stock.space, &all).await?;
        let with = (IngestLimits::default(), stock.catalogue.clone());
        let core = Core::open_with(ground, &[], all, with).await.context("given")?;
        let others = Exchange::open(core.registry.clone(), Reached { demo: true, ..Reached::default() })?;
        let scripted = Arc::new(Scripted::beside(others));
        let providers: Vec<Arc<dyn Provider>> = vec![Arc::new(Sandbox)];
        let money = Money::new(MoneyDeps { cases: core.cases.clone(), store: core.store.clone(), providers });
        let connectors: Vec<Arc<dyn Connector>> = vec![scripted.clone(), Arc::new(Payments(money.clone()))];
        let worker = Worker::new(core.cases.clone(), connectors, core.node.clone());
        let present = present(&core.store).await?;
        let triggers = Triggers::new(core.applications.clone(), core.store.clone(), core.node.clone());
        let started = triggers.start().await?;
        let stage = Self {
            core,
            triggers,
            started,
            present,
            money,
            clock,
            space: stock.space.clone(),
            offset: offset(text(case, "at")?),
            worker,
            scripted,
            names,
            refused: None,
            live: false,
            _folder: folder,
        };
        // What counts from now on knows since when.
        stage.settle().await?;
        Ok(stage)
    }

    /// The steps, then what must be so.
    pub async fn play(&mut self, case: &Value) -> anyhow::Result<()> {
        for (n, step) in list(case, "when").enumerate() {
            let (key, value) = single(step)?;
            let told = || format!("when {} ({key})", n + 1);
            if key == "expect" {
                self.expect(value).await.with_context(told)?;
                continue;
            }
            self.unexpected().with_context(|| format!("when {n}"))?;
            self.refused = None;
            match self.step(key, value).await {
                Ok(()) => {}
                Err(Fault::Refused(refusal)) => self.refused = Some(refusal),
                Err(Fault::Broken(e)) => return Err(e).with_context(told),
            }
            self.settle().await.with_context(told)?;
        }
        for (n, expected) in list(case, "then").enumerate() {
            let key = single(expected)?.0;
            // What was refused before is the cause of what is missing now.
            let met = self.expect(expected).await.with_context(|| format!("then {} ({key})", n + 1));
            met.map_err(|e| self.unexpected().err().map_or(e, |cause| cause.context("the last step")))?;
        }
        self.unexpected().context("the last step")?;
        let read = |conn: &mut dyn svod_store::Conn| svod_store::projection::all_set_aside(conn, "triggers");
        let aside = self.core.store.read(read).await?;
        ensure!(aside.is_empty(), "something does not begin by itself: {}", aside[0].reason);
        Ok(())
    }

    fn unexpected(&self) -> anyhow::Result<()> {
        match &self.refused {
            Some(Refusal { code, fields, said, expected: false }) => {
                let fields: Vec<String> = fields.iter().map(|(field, rule)| format!("{field}: {rule}")).collect();
                bail!("it is refused ({code}): {said} [{}]; if that is promised, expect 'refused'", fields.join(", "))
            }
            _ => Ok(()),
        }
    }

    /// Every entity of a type in the pack's space; none of a type that is not declared.
    pub async fn all(&self, kind: &str) -> anyhow::Result<Vec<Entity>> {
        if !self.core.registry.catalogue().metamodel.types.contains_key(kind) {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        let mut query = EntityQuery { limit: 1_000, ..EntityQuery::of(self.space.clone(), &[kind]) };
        loop {
            let page = self.core.registry.query(&Actor::platform("pack-test"), query.clone()).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// One entity, whoever may see it.
    pub async fn entity(&self, urn: &Urn) -> anyhow::Result<Entity> {
        let found = self.core.registry.entity(&Actor::platform("pack-test"), urn).await;
        found.with_context(|| format!("there is no {urn}"))
    }
}

/// The one key of a step and its value.
pub fn single(step: &Value) -> anyhow::Result<(&str, &Value)> {
    let one = step.as_object().filter(|o| o.len() == 1).and_then(|o| o.iter().next());
    one.map(|(key, value)| (key.as_str(), value)).context("a step has exactly one key")
}

fn given(case: &Value) -> anyhow::Result<Vec<Entity>> {
    let read = |e| entity_from_seed(e).map_err(|f| anyhow::anyhow!("given: {}", f[0]));
    list(case, "given").map(read).collect()
}

/// People of the situation, by the names that it gives them.
fn persons(space: &SpacePath, case: &Value) -> anyhow::Result<Vec<(String, Entity)>> {
    let read = |(name, said): (&String, &Value)| {
        let space = said.get("space").and_then(Value::as_str).map_or_else(|| Ok(space.clone()), str::parse)?;
        let mut person = Entity::new(Urn::svod("person", name)?, "Person", space);
        person.attributes.insert("name".into(), svod_model::Attribute::property(name.as_str()));
        for (key, value) in said.as_object().into_iter().flatten().filter(|(key, _)| *key != "space") {
            let read = attribute_from_seed(value).map_err(|f| anyhow::anyhow!("persons: {name}: {key}: {}", f[0]));
            person.attributes.insert(key.clone(), read?);
        }
        Ok((name.clone(), person))
    };
    map(case, "persons").map(read).collect()
}

/// Other regions, which the pack knows nothing of: people may live there.
async fn elsewhere(store: &Store, own: &SpacePath, all: &[Entity]) -> anyhow::Result<()> {
    let others = all.iter().filter(|e| e.space.top() != own.top());
    let paths: Vec<String> = others.flat_map(|e| e.space.lineage()).map(|s| s.to_string()).collect();
    if paths.is_empty() {
        return Ok(());
    }
    let write = move |conn: &mut dyn svod_store::Conn| {
        paths.iter().try_for_each(|path| svod_store::space::ensure(conn, path, false).map(drop))
    };
    Ok(store.write::<_, svod_store::StoreError>(write).await?)
}

/// Seconds ahead of UTC of a moment as it is written: `+07:00`.
fn offset(at: &str) -> i64 {
    let Some(tail) = at.len().checked_sub(6).and_then(|from| at.get(from..)) else { return 0 };
    let sign = match tail.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return 0,
    };
    let part = |range| tail.get(range).and_then(|n: &str| n.parse::<i64>().ok()).unwrap_or(0);
    sign * (part(1..3) * 3_600 + part(4..6) * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read() {
        assert_eq!(offset("2026-01-15T08:00:00+07:00"), 7 * 3_600);
        assert_eq!(offset("2026-01-15T08:00:00-03:30"), -(3 * 3_600 + 1_800));
        assert_eq!(offset("2026-01-15T08:00:00Z"), 0);
    }
}
