//! Leaves of the ledger a second, on SQLite in this process, each counted when it stands under a signed head that is on the
//! disk with its tiles: while events come through the registry, and by the notary alone over a journal that was there before.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::json;
use svod_kernel::{Actor, Clock as _, SeededRng, SpacePath, SystemClock};
use svod_ledger::{Checkpoint, Kind, Signer};
use svod_model::{Attribute, Entity};
use svod_notary::{Notary, NotaryDeps, NotaryError};
use svod_registry::{Change, Command, Operation, Registry, RegistryDeps};
use svod_store::journal::{self, NewEvent};
use svod_store::{Conn, Store, StoreOptions, StoreUrl};
use tempfile::TempDir;
use tokio::task::JoinSet;

#[derive(Args)]
pub struct Options {
    /// A folder on the disk that is measured; stores are made in it and removed.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Events that come through the registry.
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// Entities in one command.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Commands at once.
    #[arg(long, default_value_t = 4)]
    writers: usize,
    /// Events that are in the journal before the notary begins, a measurement for each number.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    alone: Vec<i64>,
}

const SPACE: &str = "bench";
/// Events of one transaction when the journal is filled.
const FILL: i64 = 1_000;
/// Between two looks at the head.
const LOOK: Duration = Duration::from_millis(5);

pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        through_the_registry(options).await?;
        for events in &options.alone {
            alone(options, *events).await?;
        }
        // What its authors say of it; nothing of it runs here.
        say("Tessera, as published", 10_000, Duration::from_secs(1), "a figure of its authors, not measured here");
        Ok(())
    })
}

fn say(what: &str, count: u64, took: Duration, about: &str) {
    let rate = count as f64 / took.as_secs_f64();
    println!("{}", json!({"what": what, "per_second": rate.round(), "about": about}));
}

fn open(options: &Options) -> Result<(TempDir, Store)> {
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let url = StoreUrl::sqlite(folder.path().join("bench.db"));
    Ok((folder, Store::open(&url, StoreOptions::default(), Arc::new(SystemClock))?))
}

fn notary(store: &Store) -> Result<Arc<Notary>> {
    Ok(Notary::new(NotaryDeps {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        rng: Arc::new(SeededRng::from_system()?),
        signer: Signer::new("bench.example/ledger", Kind::Plain, &[7; 32])?,
        adopts: false,
        node: "bench".into(),
        kept: None,
    }))
}

/// Leaves under the signed head, when that is on the disk.
async fn signed(notary: &Notary) -> Result<u64> {
    match notary.checkpoint().await {
        Ok(note) => Ok(Checkpoint::parse(&note)?.size),
        Err(NotaryError::Missing(_)) => Ok(0),
        Err(e) => Err(e.into()),
    }
}

async fn through_the_registry(options: &Options) -> Result<()> {
    let (_folder, store) = open(options)?;
    let deps = RegistryDeps {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        rng: Arc::new(SeededRng::new(1)),
        cache_bytes: 64 << 20,
    };
    let registry = Registry::open(deps).await?;
    let base = svod::embedded::pack("base").context("the base pack")?;
    registry.publish(&Actor::platform("packs"), base).await?;
    registry.ensure_space(&SPACE.parse()?, true).await?;
    let notary = notary(&store)?;
    notary.catch_up().await?;
    let before = signed(&notary).await?;
    let running = notary.start();

    let begin = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..options.writers.max(1) {
        let (batch, events) = (options.batch.max(1), options.events);
        writers.spawn(write(registry.clone(), next.clone(), batch, events));
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let written = begin.elapsed();
    while signed(&notary).await? < before + options.events as u64 {
        tokio::time::sleep(LOOK).await;
    }
    let took = begin.elapsed();
    let about = format!(
        "commands of {} entities, {} at once; the last command was durable after {:.1} s, its leaf {:.0} ms later",
        options.batch,
        options.writers,
        written.as_secs_f64(),
        (took - written).as_secs_f64() * 1000.0
    );
    say("leaves, while events come through the registry", options.events as u64, took, &about);
    running.stop().await;
    store.close().await;
    Ok(())
}

async fn write(registry: Arc<Registry>, next: Arc<AtomicUsize>, batch: usize, events: usize) -> Result<()> {
    let (space, actor): (SpacePath, _) = (SPACE.parse()?, Actor::platform("bench"));
    loop {
        let from = next.fetch_add(batch, Ordering::Relaxed);
        if from >= events {
            return Ok(());
        }
        let mut changes = Vec::with_capacity(batch);
        for n in from..(from + batch).min(events) {
            let entity = Entity::new(format!("urn:svod:permit:{n}").parse()?, "Permit", space.clone())
                .with("holder", Attribute::property(format!("ООО «Ромашка {n}»")))
                .with("purpose", Attribute::property("земляные работы на улице Тольятти"))
                .with("until", Attribute::property("2026-12-31T00:00:00Z"));
            changes.push(Change::from(Operation::Create(entity)));
        }
        let command = Command { ground: "permit".into(), changes, ..Command::default() };
        registry.execute(&actor, command).await?;
    }
}

async fn alone(options: &Options, events: i64) -> Result<()> {
    let (_folder, store) = open(options)?;
    let space = store.write(|conn| svod_store::space::ensure(conn, SPACE, true)).await?;
    for from in (0..events).step_by(FILL as usize) {
        let rows: Vec<NewEvent> = (from..(from + FILL).min(events)).map(event).collect();
        store.append(move |conn: &mut dyn Conn| journal::append(conn, space, &rows)).await?;
    }
    let notary = notary(&store)?;
    let begin = Instant::now();
    notary.catch_up().await?;
    let leaves = signed(&notary).await?;
    let took = begin.elapsed();
    ensure!(leaves == events as u64, "{leaves} leaves of {events} events");
    let about = format!("the notary alone over a journal of {events} events, {:.1} s", took.as_secs_f64());
    say("leaves, notary alone", leaves, took, &about);
    store.close().await;
    Ok(())
}

/// What the registry writes for an entity like those of the other measurement.
fn event(n: i64) -> NewEvent {
    let at = SystemClock.now();
    let value = |v: String| json!({"new": {"value": v, "createdAt": at.to_string(), "modifiedAt": at.to_string()}});
    let changes = json!({
        "holder": value(format!("ООО «Ромашка {n}»")),
        "purpose": value("земляные работы на улице Тольятти".into()),
        "until": value("2026-12-31T00:00:00Z".into()),
    });
    NewEvent {
        at,
        actor: "platform:bench".into(),
        actor_name: "platform:bench".into(),
        action: "create".into(),
        urn: format!("urn:svod:permit:{n}"),
        kind: "Permit".into(),
        version: 1,
        ground: "permit".into(),
        cause: None,
        changes: changes.to_string(),
        on_behalf: None,
    }
}
