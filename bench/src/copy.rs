//! The peer's table, and COPY into it: the fastest way that PostgreSQL has, each batch one transaction, committed to disk.

use crate::load::{self, Latency, Measured, Source};
use anyhow::{Context, Result};
use clap::Args;
use postgres::{Client, NoTls};
use std::io::Write;
use std::thread;
use tokio::time::{Duration, Instant};

/// Options of `svod-bench copy`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address of the database.
    #[arg(long)]
    postgres: String,
    /// How long new batches are sent.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 8)]
    connections: u32,
    /// Rows in a batch.
    #[arg(long, default_value_t = 100)]
    batch: u32,
    /// What the measured system may use, for the table.
    #[arg(long, default_value = "2")]
    cores: String,
}

/// The same duty as in Svod: one row per device, attribute and time, which the key holds.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS readings (
    device text NOT NULL, attribute text NOT NULL, at bigint NOT NULL, value double precision NOT NULL,
    PRIMARY KEY (device, attribute, at))";

/// Connects with commits that wait for the disk.
pub fn connect(address: &str) -> Result<Client> {
    let mut client = Client::connect(address, NoTls).context("cannot connect to PostgreSQL")?;
    client.batch_execute("SET synchronous_commit = on")?;
    Ok(client)
}

/// Creates the table unless it is there.
pub fn prepare(client: &mut Client) -> Result<()> {
    Ok(client.batch_execute(TABLE)?)
}

/// One row of COPY's text format.
pub fn row(into: &mut Vec<u8>, device: &str, ts: u64, value: f64) {
    // A Vec takes every byte.
    let _ = writeln!(into, "{device}\tvalue\t{ts}\t{value}");
}

/// COPY of one batch; durable when it returns.
pub fn batch(client: &mut Client, rows: &[u8]) -> Result<u64> {
    let mut writer = client.copy_in("COPY readings FROM STDIN")?;
    writer.write_all(rows)?;
    Ok(writer.finish()?)
}

/// Sends, prints the rate.
pub fn run(options: &Options) -> Result<()> {
    prepare(&mut connect(&options.postgres)?)?;
    let begun = Instant::now();
    let end = begun + Duration::from_secs(options.seconds);
    let threads: Vec<_> = (0..options.connections)
        .map(|index| {
            let options = options.clone();
            thread::spawn(move || connection(&options, index, end))
        })
        .collect();
    let (mut readings, mut latencies) = (0, Vec::new());
    for thread in threads {
        let (rows, mut samples) = thread.join().map_err(|_| anyhow::anyhow!("a connection's thread panicked"))??;
        readings += rows;
        latencies.append(&mut samples);
    }
    let workload = format!("COPY, batches of {}, {} connections", options.batch, options.connections);
    let seconds = begun.elapsed().as_secs_f64();
    let latency = Latency::of(&mut latencies);
    Measured { workload, system: "PostgreSQL".into(), cores: options.cores.clone(), readings, seconds, latency }.print()
}

fn connection(options: &Options, index: u32, end: Instant) -> Result<(u64, Vec<f64>)> {
    let mut client = connect(&options.postgres)?;
    let mut source = Source::share(index, options.connections, load::DEVICES);
    let (mut rows, mut samples, mut text) = (0, Vec::new(), Vec::new());
    while Instant::now() < end {
        text.clear();
        for _ in 0..options.batch {
            let (number, ts, value) = source.next();
            row(&mut text, &load::device(number), ts, value as f64);
        }
        let sent = Instant::now();
        rows += batch(&mut client, &text)?;
        samples.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    Ok((rows, samples))
}
