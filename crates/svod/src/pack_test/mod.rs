//! `svod pack test`: each situation on a fresh platform with simulated time.
//!
//! * `beside` – the same for the designer's page, beside what the installation does
//! * `stage` – the platform of a situation: a copy of a store in which the packs are published, compiled once for all of them
//! * `people` – who acts, and what stands for whom in a situation
//! * `steps`, `acts` – what happens in it
//! * `time` – time passes, and everything that is due happens
//! * `filling` – forms, checked as the pages check them
//! * `scripted` – systems outside that answer as they are told
//! * `expect` – what must be so
//!
//! What a step or an expectation may hold is checked where packs are read (`svod-model`, `pack/test_files.rs`): one more is a row
//! there and a function here.

mod acts;
mod beside;
mod expect;
mod filling;
mod people;
mod scripted;
mod stage;
mod steps;
mod time;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use svod_kernel::{Clock as _, SystemClock, Timestamp};
use svod_model::{PackSource, parse_pack};

pub use beside::Beside;
use stage::{Stage, Stock};

/// Situations played at once.
const AT_ONCE: usize = 2;

/// A situation and where it stands.
struct Situation {
    file: String,
    name: String,
    case: Value,
}

/// What became of a situation, by its number, and how many seconds it took.
type Played = (usize, Result<(), String>, f64);

/// Runs the tests of the last pack; prints a line a test, the time of each file, and the count.
///
/// # Errors
/// When the packs cannot be read or published.
pub fn run(sources: &[PackSource], only: Option<&str>) -> anyhow::Result<ExitCode> {
    if let Err(faults) = svod_registry::compile(0, sources) {
        faults.iter().for_each(|f| eprintln!("{f}"));
        return Ok(ExitCode::FAILURE);
    }
    let Some((all, stock)) = prepared(sources, only)? else {
        println!("0 passed, 0 failed");
        return Ok(ExitCode::SUCCESS);
    };
    let (next, (told, heard)) = (AtomicUsize::new(0), channel());
    let failed = std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            let (told, all, stock, next) = (told.clone(), &all, &stock, &next);
            threads.spawn(move || work(all, stock, next, &told));
        }
        drop(told);
        report(&all, heard)
    });
    println!("{} passed, {failed} failed", all.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The situations of the last pack that are meant, and what they begin with; none where there are none.
fn prepared(sources: &[PackSource], only: Option<&str>) -> anyhow::Result<Option<(Vec<Situation>, Stock)>> {
    let pack = parse_pack(sources.last().context("no pack")?).map_err(|e| anyhow::anyhow!("{}", e[0]))?;
    let all = wanted(&pack.tests, only);
    let Some(first) = all.iter().filter_map(|s| moment(&s.case).ok()).min() else { return Ok(None) };
    let stock = runtime()?.block_on(Stock::prepare(sources, first))?;
    Ok(Some((all, stock)))
}

fn wanted(tests: &BTreeMap<String, Vec<Value>>, only: Option<&str>) -> Vec<Situation> {
    let named = |case: &Value| case.get("name").and_then(Value::as_str).unwrap_or("without a name").to_owned();
    let of = |(file, cases): (&String, &Vec<Value>)| {
        let file = file.clone();
        let all = cases.iter().map(move |c| Situation { file: file.clone(), name: named(c), case: c.clone() });
        all.collect::<Vec<_>>()
    };
    tests.iter().flat_map(of).filter(|s| only.is_none_or(|o| s.name.contains(o))).collect()
}

/// When a situation begins.
fn moment(case: &Value) -> anyhow::Result<Timestamp> {
    Ok(text(case, "at")?.parse()?)
}

/// A runtime of its own for each situation: what a platform leaves running ends with it.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Plays the next situation until none is left.
fn work(all: &[Situation], stock: &Stock, next: &AtomicUsize, told: &Sender<Played>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(situation) = all.get(number) else { return };
        let begun = SystemClock.now();
        let played = played(stock, situation, Duration::MAX).unwrap_or_else(|| Err("it has no end".to_owned()));
        let took = SystemClock.now().seconds_since(begun);
        if told.send((number, played, took)).is_err() {
            return;
        }
    }
}

/// What becomes of a situation; none when it takes longer than it may.
fn played(stock: &Stock, situation: &Situation, limit: Duration) -> Option<Result<(), String>> {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(e) => return Some(Err(format!("{e:#}"))),
    };
    let played = runtime.block_on(async { tokio::time::timeout(limit, play(stock, &situation.case)).await });
    runtime.shutdown_background();
    played.ok().map(|played| played.map_err(|e| format!("{e:#}")))
}

async fn play(stock: &Stock, case: &Value) -> anyhow::Result<()> {
    let mut stage = Stage::set(stock, case).await?;
    let played = stage.play(case).await;
    stage.core.store.clone().close().await;
    played
}

/// A line a situation in the order of the files, and how long each file took; how many have failed.
fn report(all: &[Situation], heard: std::sync::mpsc::Receiver<Played>) -> usize {
    let (mut waiting, mut failed, mut shown) = (BTreeMap::new(), 0, 0);
    let (mut count, mut seconds) = (0, 0.0);
    for (number, played, took) in heard {
        waiting.insert(number, (played, took));
        while let Some((played, took)) = waiting.remove(&shown) {
            let Situation { file, name, .. } = &all[shown];
            match played {
                Ok(()) => println!("ok      {file}: {name}"),
                Err(e) => {
                    failed += 1;
                    println!("FAILED  {file}: {name}\n        {e}");
                }
            }
            (shown, count, seconds) = (shown + 1, count + 1, seconds + took);
            if all.get(shown).is_none_or(|next| next.file != *file) {
                println!("        {file}: {count} situations in {seconds:.1} s");
                (count, seconds) = (0, 0.0);
            }
        }
    }
    failed
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("'{key}' is missing or no text"))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn map<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}
