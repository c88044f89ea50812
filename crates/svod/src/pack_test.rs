//! `svod pack test`: each situation on a fresh platform with simulated time.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use serde_json::Value;
use svod_ingest::{IngestLimits, QuarantineFilter, RawMessage, Source};
use svod_kernel::{Actor, SeededRng, SimClock, SpacePath, Timestamp};
use svod_model::{Entity, PackSource, entity_from_seed, parse_duration, parse_pack};
use svod_registry::EntityQuery;
use svod_store::{Store, StoreOptions, StoreUrl};

use crate::rooms::{Core, Ground};

/// Simulated time moves in steps so that intervals come due one after the other.
const STEP_SECONDS: i64 = 30;

/// Runs the tests of the last pack; prints a line a test and the count.
///
/// # Errors
/// When the packs cannot be read.
pub async fn run(sources: Vec<PackSource>, only: Option<&str>) -> anyhow::Result<ExitCode> {
    if let Err(faults) = svod_registry::compile(0, &sources) {
        faults.iter().for_each(|f| eprintln!("{f}"));
        return Ok(ExitCode::FAILURE);
    }
    let pack = sources.last().context("no pack")?;
    let pack = parse_pack(pack).map_err(|e| anyhow::anyhow!("{}", e[0]))?;
    let (mut passed, mut failed) = (0, 0);
    for (file, cases) in &pack.tests {
        for case in cases {
            let name = case.get("name").and_then(Value::as_str).unwrap_or("without a name");
            if only.is_some_and(|o| !name.contains(o)) {
                continue;
            }
            match situation(&sources, case).await {
                Ok(()) => {
                    passed += 1;
                    println!("ok      {file}: {name}");
                }
                Err(e) => {
                    failed += 1;
                    println!("FAILED  {file}: {name}\n        {e:#}");
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A platform that a situation is played on.
struct Stage {
    core: Core,
    clock: Arc<SimClock>,
    space: SpacePath,
    _folder: tempfile::TempDir,
}

async fn situation(sources: &[PackSource], case: &Value) -> anyhow::Result<()> {
    let stage = Stage::set(sources, case).await?;
    let played = stage.play(case).await;
    stage.core.store.clone().close().await;
    played
}

impl Stage {
    async fn set(sources: &[PackSource], case: &Value) -> anyhow::Result<Self> {
        let at: Timestamp = text(case, "at")?.parse()?;
        let clock = Arc::new(SimClock::new(at));
        let folder = tempfile::tempdir()?;
        let url = StoreUrl::sqlite(folder.path().join("svod.sqlite"));
        let store = Store::open(&url, StoreOptions::default(), clock.clone())?;
        let given = case.get("given").and_then(Value::as_array).into_iter().flatten();
        let given: Vec<Entity> = given
            .map(|e| entity_from_seed(e).map_err(|f| anyhow::anyhow!("given: {}", f[0])))
            .collect::<anyhow::Result<_>>()?;
        let ground = Ground {
            store,
            clock: clock.clone(),
            rng: Arc::new(SeededRng::new(1)),
            key: [1; 32],
            node: "test".into(),
            demo: true,
            origin: None,
            session_seconds: 3600,
            breached: None,
            cache_bytes: 16 << 20,
            ledger: crate::ledger::Keeping::for_a_while(&[1; 32])?,
        };
        let core = Core::open(ground, sources, given, IngestLimits::default()).await?;
        let manifest = core.registry.catalogue().packs.last().map(|p| p.manifest.clone()).unwrap_or_default();
        let space = manifest.space.as_deref().unwrap_or(svod_registry::INSTALLATION).parse()?;
        Ok(Self { core, clock, space, _folder: folder })
    }

    async fn play(&self, case: &Value) -> anyhow::Result<()> {
        for (n, step) in list(case, "when").enumerate() {
            self.step(step).await.with_context(|| format!("step {}", n + 1))?;
        }
        for (n, expected) in list(case, "then").enumerate() {
            self.expect(expected).await.with_context(|| format!("expectation {}", n + 1))?;
        }
        Ok(())
    }

    async fn step(&self, step: &Value) -> anyhow::Result<()> {
        if let Some(reading) = step.get("reading") {
            let payload = reading.get("payload").context("payload")?;
            let bytes = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
            let message = RawMessage::named(
                text(reading, "profile")?.to_owned(),
                text(reading, "device")?.to_owned(),
                Bytes::from(bytes),
                Source::Http,
            );
            self.core.ingest.submit(&Actor::platform("pack-test"), message).await?;
        } else if let Some(wait) = step.get("wait").and_then(Value::as_str) {
            self.wait(parse_duration(wait).context("wait: no duration such as PT5M")? as i64).await?;
        } else if let Some(act) = step.get("act") {
            self.act(act).await?;
        } else {
            bail!("knows reading, wait and act");
        }
        self.settle().await
    }

    async fn settle(&self) -> anyhow::Result<()> {
        self.core.runtime.settle().await.map_err(anyhow::Error::msg)?;
        self.core.worker.settle().await.map_err(anyhow::Error::msg)
    }

    async fn wait(&self, mut seconds: i64) -> anyhow::Result<()> {
        while seconds > 0 {
            let step = seconds.min(STEP_SECONDS);
            self.clock.advance(step);
            self.settle().await?;
            seconds -= step;
        }
        Ok(())
    }

    async fn act(&self, act: &Value) -> anyhow::Result<()> {
        let token = self.core.identity.mint(text(act, "persona")?, 3600)?;
        let actor = self.core.identity.authenticate(&token).await?;
        if act.get("take").is_some() {
            let task = self.first_task("offered").await?;
            self.core.tasks.take(&actor, &task.id).await?;
        } else if let Some(complete) = act.get("complete") {
            let task = self.first_task("taken").await?;
            self.core.tasks.complete(&actor, &task.id, text(complete, "result")?).await?;
        } else {
            bail!("act knows take and complete");
        }
        Ok(())
    }

    async fn first_task(&self, status: &str) -> anyhow::Result<Entity> {
        let found = self.all("Task").await?.into_iter().find(|t| t.text("status") == Some(status));
        found.with_context(|| format!("there is no task that is {status}"))
    }

    async fn all(&self, kind: &str) -> anyhow::Result<Vec<Entity>> {
        let q = EntityQuery { limit: 1_000, ..EntityQuery::of(self.space.clone(), &[kind]) };
        Ok(self.core.registry.query(&Actor::platform("pack-test"), q).await?.items)
    }

    async fn expect(&self, expected: &Value) -> anyhow::Result<()> {
        if let Some(e) = expected.get("alerts") {
            let kind = e.get("kind").and_then(Value::as_str);
            let alerts = self.all("Alert").await?;
            for status in ["open", "closed"] {
                let found = alerts
                    .iter()
                    .filter(|a| a.text("status") == Some(status) && kind.is_none_or(|k| a.text("kind") == Some(k)))
                    .count() as u64;
                same(e, status, found, "alerts")?;
            }
        } else if let Some(e) = expected.get("tasks") {
            let fits = |t: &&Entity| {
                let body = t.object("body").map(svod_kernel::Urn::as_str);
                let status = e.get("status").and_then(Value::as_str);
                let wanted = e.get("body").and_then(Value::as_str);
                status.is_none_or(|s| t.text("status") == Some(s)) && wanted.is_none_or(|b| body == Some(b))
            };
            same(e, "count", self.all("Task").await?.iter().filter(fits).count() as u64, "tasks")?;
        } else if let Some(e) = expected.get("quarantine") {
            let filter = QuarantineFilter {
                reason: e.get("reason").and_then(Value::as_str).map(str::to_owned),
                limit: 500,
                ..QuarantineFilter::default()
            };
            let rows = self.core.ingest.quarantine().page(&Actor::platform("pack-test"), filter).await?;
            same(e, "count", rows.len() as u64, "messages in quarantine")?;
        } else {
            bail!("knows alerts, tasks and quarantine");
        }
        Ok(())
    }
}

fn same(expected: &Value, key: &str, found: u64, what: &str) -> anyhow::Result<()> {
    if let Some(wanted) = expected.get(key).and_then(Value::as_u64) {
        ensure!(wanted == found, "{key} {what}: {wanted} expected, {found} found ({expected})");
    }
    Ok(())
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("{key} is missing or no text"))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
