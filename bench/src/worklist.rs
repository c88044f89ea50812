//! The work list and the page of a case, of an official, among open cases: how long they take while the number of cases grows.
//! Each case begins as applications do (an instance, a case, a task for a body, all in one command) and waits for the official.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::json;
use svod::config::{Config, DataDir};
use svod::{Platform, PlatformOptions};
use svod_kernel::{Actor, SeededRng, SystemClock, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, EntityQuery, Operation};
use svod_runtime::{Along, NewCase};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::http;

#[derive(Args)]
pub struct Options {
    /// Open cases at which the pages are asked for, growing.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    cases: Vec<usize>,
    /// Times that each page is asked for.
    #[arg(long, default_value_t = 400)]
    times: usize,
    /// A folder on the disk that is measured.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// A PostgreSQL instead of the embedded store: `postgres://…`.
    #[arg(long)]
    store: Option<String>,
}

const SPACE: &str = "kuzbass/novokuznetsk";
const OFFICIAL: &str = "official-migration";
const BODY: &str = "urn:svod:body:kuzbass:migration";
/// A persona's token lasts for the whole run.
const SECONDS: i64 = 24 * 3600;
/// Cases begun at once.
const AT_ONCE: usize = 128;
/// One person has so many cases.
const OF_ONE: usize = 20;

pub fn run(options: &Options) -> Result<()> {
    ensure!(options.times > 0 && options.cases.is_sorted(), "sizes grow, and something is asked for");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<()> {
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let mut config = Config { data: DataDir(folder.path().to_owned()), ..Config::default() };
    config.store.url = options.store.clone();
    config.http.listen = ([127, 0, 0, 1], 0).into();
    config.mqtt.listen = ([127, 0, 0, 1], 0).into();
    let packs = ["base", "kuzbass", "moving"].into_iter().filter_map(svod::embedded::pack).collect();
    let rng = Arc::new(SeededRng::new(1));
    let demo = PlatformOptions { demo: true, sandbox: false, packs, clock: Arc::new(SystemClock), rng };
    let platform = Platform::start(&config, demo).await?;
    let mut there = 0;
    for size in &options.cases {
        let begin = Instant::now();
        fill(&platform, there, *size).await?;
        let seconds = begin.elapsed().as_secs_f64();
        println!("{}", json!({"cases": size, "begun_per_second": ((size - there) as f64 / seconds).round()}));
        there = *size;
        // A door closes a connection on which nothing is asked for half a minute.
        let mut asker = Asker::new(&platform).await?;
        for (page, paths) in pages(&platform, there).await? {
            let mut took = Vec::with_capacity(options.times);
            for n in 0..options.times + paths.len() {
                let millis = asker.asked(&paths[n % paths.len()]).await?;
                // Each address was asked for once before it counts.
                if n >= paths.len() {
                    took.push(millis);
                }
            }
            took.sort_by(f64::total_cmp);
            let at = |share: f64| (took[((took.len() - 1) as f64 * share) as usize] * 100.0).round() / 100.0;
            println!(
                "{}",
                json!({"cases": size, "page": page, "p50_ms": at(0.5), "p99_ms": at(0.99), "times": options.times})
            );
        }
    }
    platform.stop().await;
    Ok(())
}

/// What is asked for: the list in its ways, tasks and cases from everywhere in it.
async fn pages(platform: &Platform, cases: usize) -> Result<Vec<(&'static str, Vec<String>)>> {
    let registry = &platform.core.registry;
    let mut some = Vec::new();
    for n in 0..50 {
        let person = person(n * (cases / OF_ONE / 50).max(1))?;
        let query = EntityQuery::of(SPACE.parse()?, &["Task"]).with("person", person.as_str());
        some.extend(registry.query(&Actor::platform("bench"), query).await?.items.into_iter().take(1));
    }
    ensure!(!some.is_empty(), "there are no tasks");
    let case = |t: &Entity| t.object("case").map(|c| format!("/cases/{c}"));
    Ok(vec![
        ("work list", vec!["/tasks".to_owned()]),
        ("work list, of one service", vec!["/tasks?service=moving%2Fmoving&status=offered".to_owned()]),
        ("a task", some.iter().map(|t| format!("/tasks/{}", t.id)).collect()),
        ("a case", some.iter().filter_map(case).collect()),
        ("tasks of the API", vec!["/api/v1/tasks?limit=50&status=offered".to_owned()]),
    ])
}

fn person(n: usize) -> Result<Urn> {
    Ok(format!("urn:svod:person:bench-{n}").parse()?)
}

/// Cases from `there` up to `size`, with their people.
async fn fill(platform: &Platform, there: usize, size: usize) -> Result<()> {
    let registry = &platform.core.registry;
    for chunk in (there / OF_ONE..size.div_ceil(OF_ONE)).collect::<Vec<_>>().chunks(500) {
        let mut changes = Vec::new();
        for n in chunk {
            let made = Entity::new(person(*n)?, "Person", SPACE.parse()?)
                .with("name", Attribute::property(format!("Житель {n}")));
            changes.push(Change::from(Operation::Upsert(made)));
        }
        let command = Command { ground: "bench".into(), changes, ..Command::default() };
        registry.execute(&Actor::platform("bench"), command).await?;
    }
    let version = registry.catalogue().pack("moving").map(|p| p.manifest.version.clone()).context("the pack moving")?;
    let next = Arc::new(AtomicUsize::new(there));
    let mut writers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (cases, next, version) = (platform.core.cases.clone(), next.clone(), version.clone());
        writers.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= size {
                    return Ok::<(), anyhow::Error>(());
                }
                cases.begin(&Actor::platform("bench"), new_case(n, &version)?, Along::default()).await?;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    Ok(())
}

fn new_case(n: usize, version: &str) -> Result<NewCase> {
    let text = |s: &str| Attribute::property(s);
    let now = svod_kernel::Clock::now(&SystemClock);
    let (number, person) = (format!("BENCH-{n}"), person(n / OF_ONE)?);
    let deadline = Timestamp(now.0 + (n % 5_000) as i64 * 60_000_000);
    let process = format!("moving@{version}/moving");
    let case = Entity::new(format!("urn:svod:case:bench-{n}").parse()?, "Case", SPACE.parse()?)
        .with("name", text(&number))
        .with("number", text(&number))
        .with("service", text("moving/moving"))
        .with("process", text("moving"))
        .with("processVersion", text(&process))
        .with("status", text("open"))
        .with("subject", text("residence"))
        .with("channel", text("web"))
        .with("person", Attribute::object(person.clone()))
        .with("body", Attribute::object(BODY.parse()?))
        .with("openedAt", text(&now.to_string()))
        .with("deadline", text(&deadline.to_string()));
    let variables = json!({"applicant": {"urn": person, "name": "Житель"}, "case": case.id, "name": "Житель",
        "address": "Новокузнецк, ул. Кирова, 1", "since": "2026-01-10", "ground": "consent", "document": "Согласие"});
    let serde_json::Value::Object(variables) = variables else { anyhow::bail!("an object") };
    Ok(NewCase { process, element: None, variables, space: SPACE.parse()?, case: Some(case) })
}

/// An official at the platform's door, on one connection.
struct Asker {
    address: SocketAddr,
    token: String,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Asker {
    async fn new(platform: &Platform) -> Result<Self> {
        let (address, token) = (platform.addresses.http, platform.core.identity.mint(OFFICIAL, SECONDS)?);
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address, token, stream, buffer: Vec::new() })
    }

    /// Milliseconds from the request to the last byte.
    async fn asked(&mut self, path: &str) -> Result<f64> {
        let (address, token) = (self.address, &self.token);
        let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n");
        let request = format!("{head}accept: text/html, */*\r\n\r\n");
        let begin = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        let answer = http::answer(&mut self.stream, &mut self.buffer).await?;
        let took = begin.elapsed().as_secs_f64() * 1e3;
        ensure!(answer.status == 200, "{path}: {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(took)
    }
}
