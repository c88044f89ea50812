//! Process instances a second: ten service tasks each, every answer written before the next is asked, in this process.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Map, json};
use svod_kernel::{Actor, SeededRng, SpacePath, SystemClock};
use svod_model::PackSource;
use svod_registry::{Registry, RegistryDeps};
use svod_runtime::cases::{Answer, Connector, ServiceCall, Worker};
use svod_runtime::{Along, Cases, NewCase};
use svod_store::instance::{self, Status};
use svod_store::{Store, StoreOptions, StoreUrl};
use tempfile::TempDir;
use tokio::task::JoinSet;

#[derive(Args)]
pub struct Options {
    /// A folder on the disk that is measured; stores are made in it and removed.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// A PostgreSQL instead: `postgres://…`; a schema is made in it and left.
    #[arg(long)]
    store: Option<StoreUrl>,
    /// Instances.
    #[arg(long, default_value_t = 5_000)]
    instances: usize,
    /// Service tasks of each.
    #[arg(long, default_value_t = 10)]
    tasks: usize,
    /// Begun at once.
    #[arg(long, default_value_t = 64)]
    at_once: usize,
}

const SPACE: &str = "bench";
/// Between two looks at how many are done.
const LOOK: Duration = Duration::from_millis(20);

/// A service that answers at once: what is measured is the executor. Counts what it was asked.
#[derive(Default)]
struct Nothing(AtomicUsize);

impl Connector for Nothing {
    fn services(&self) -> Vec<&'static str> {
        vec!["nothing"]
    }

    fn call<'a>(&'a self, _: &'a ServiceCall) -> Answer<'a> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(Map::new()) })
    }
}

/// A pack with one process: service tasks in a row.
fn pack(tasks: usize) -> Result<PackSource> {
    let mut body = String::from("<startEvent id=\"t0\"/>");
    for n in 1..=tasks {
        write!(body, "<serviceTask id=\"t{n}\" svod:service=\"nothing\"/>")?;
    }
    write!(body, "<endEvent id=\"t{}\"/>", tasks + 1)?;
    for n in 0..=tasks {
        write!(body, "<sequenceFlow id=\"f{n}\" sourceRef=\"t{n}\" targetRef=\"t{}\"/>", n + 1)?;
    }
    let process = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:svod=\"urn:svod:bpmn\" id=\"d\"
         targetNamespace=\"t\"><process id=\"row\" isExecutable=\"true\">{body}</process></definitions>"
    );
    let mut source = PackSource::default();
    let manifest = "id: bench\nversion: 1.0.0\nowner: urn:svod:body:bench\n";
    source.files.insert("pack.yaml".into(), manifest.into());
    source.files.insert("processes/row.bpmn".into(), process);
    for lang in ["ru", "kk", "en"] {
        source.files.insert(format!("locales/{lang}.ftl"), "pack-bench-title = x\npack-bench-description = x\n".into());
    }
    Ok(source)
}

pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(options))
}

fn open(options: &Options) -> Result<(TempDir, Store)> {
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let url = options.store.clone().unwrap_or_else(|| StoreUrl::sqlite(folder.path().join("bench.db")));
    Ok((folder, Store::open(&url, StoreOptions::default(), Arc::new(SystemClock))?))
}

async fn measure(options: &Options) -> Result<()> {
    let (_folder, store) = open(options)?;
    let deps = RegistryDeps {
        store: store.clone(),
        clock: Arc::new(SystemClock),
        rng: Arc::new(SeededRng::new(1)),
        cache_bytes: 64 << 20,
    };
    let registry = Registry::open(deps).await?;
    registry.knows_operations(["nothing"]);
    for source in [svod::embedded::pack("base").context("the base pack")?, pack(options.tasks)?] {
        registry.publish(&Actor::platform("packs"), source).await?;
    }
    let space: SpacePath = SPACE.parse()?;
    registry.ensure_space(&space, false).await?;
    let cases = Cases::new(registry.clone(), store.clone());
    let service = Arc::new(Nothing::default());
    let worker = Worker::new(cases.clone(), vec![service.clone()], "bench".into());
    let number = registry.spaces().get(&space).map(|s| s.id).context("the space")?;

    let already = done(&store, number).await?;
    let begin = Instant::now();
    let working = worker.start();
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..options.at_once.max(1) {
        writers.spawn(start(cases.clone(), space.clone(), next.clone(), options.instances));
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let begun = begin.elapsed();
    // Counting costs the store: it is asked only when every service was.
    while service.0.load(Ordering::Relaxed) < options.instances * options.tasks
        || done(&store, number).await? - already < options.instances as i64
    {
        tokio::time::sleep(LOOK).await;
    }
    let took = begin.elapsed().as_secs_f64();
    working.abort();
    let instances = options.instances as f64 / took;
    println!(
        "{}",
        json!({"what": "process instances", "per_second": instances.round(),
            "tasks_per_second": (instances * options.tasks as f64).round(),
            "about": format!("{} instances of {} service tasks, {} begun at once, all begun after {:.1} s, done after {took:.1} s",
                options.instances, options.tasks, options.at_once, begun.as_secs_f64())})
    );
    store.close().await;
    Ok(())
}

/// Instances that came to their end: a database may have some of an earlier run.
async fn done(store: &Store, space: i64) -> Result<i64> {
    let counts = store.read(move |conn| instance::counts(conn, space)).await?;
    Ok(counts.get("bench@1.0.0/row").map_or(0, |by| by[place(Status::Done)]))
}

fn place(status: Status) -> usize {
    Status::ALL.iter().position(|s| *s == status).unwrap_or_default()
}

async fn start(cases: Arc<Cases>, space: SpacePath, next: Arc<AtomicUsize>, instances: usize) -> Result<()> {
    let actor = Actor::platform("bench");
    while next.fetch_add(1, Ordering::Relaxed) < instances {
        let new = NewCase {
            process: "bench@1.0.0/row".into(),
            element: None,
            variables: Map::new(),
            space: space.clone(),
            case: None,
        };
        cases.begin(&actor, new, Along::default()).await?;
    }
    Ok(())
}
