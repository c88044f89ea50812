//! Load and yardstick: how many readings a second become durable, and how soon the map shows them, beside the usual
//! pair of mosquitto and PostgreSQL. `bench/ingest` runs all of it; every subcommand is one measurement and prints one
//! line of JSON.

mod bridge;
mod cases;
mod copy;
mod fanout;
mod http;
mod ledger;
mod load;
mod map;
mod mqtt;
mod ngsi;
mod overhead;
mod pack;
mod progress;
mod report;
mod sse;
mod trust;
mod worklist;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Load generator of Svod; see bench/ingest")]
struct Cli {
    #[command(subcommand)]
    measure: Measure,
}

#[derive(Subcommand)]
enum Measure {
    /// Writes the pack whose sensors the load speaks for.
    Pack {
        /// Folder to write.
        folder: PathBuf,
        /// Sensors.
        #[arg(long, default_value_t = load::DEVICES)]
        devices: u32,
    },
    /// Batches over HTTP; each connection sends the next batch when the last is acknowledged.
    Http(http::Options),
    /// QoS 1 over MQTT 3.1.1 with a window of unacknowledged messages on each connection.
    Mqtt(mqtt::Options),
    /// From publishing (MQTT, fixed rate) to the event in the map's stream.
    Map(map::Options),
    /// The peer's other half: from an MQTT subscription to PostgreSQL by COPY; runs until it is killed.
    Bridge(bridge::Options),
    /// COPY straight into PostgreSQL: what the database alone takes.
    Copy(copy::Options),
    /// Requests to an NGSI-LD broker.
    Ngsi(ngsi::Options),
    /// From a change to the last of many notifications.
    Fanout(fanout::Options),
    /// Authorisation decisions, passwords, sessions and tokens a second, in this process.
    Trust(trust::Options),
    /// What all checks cost on pages: medians with and without them, and their ratio, in this process.
    Overhead(overhead::Options),
    /// Process instances a second, each step durable, in this process.
    Cases(cases::Options),
    /// How long the work list and the page of a case take among growing numbers of open cases, in this process.
    Worklist(worklist::Options),
    /// Leaves of the ledger a second with synced tiles, in this process on SQLite.
    Ledger(ledger::Options),
    /// Medians and ratios of measurements (lines of JSON) as Markdown.
    Report {
        /// Files of lines.
        files: Vec<PathBuf>,
    },
}

fn main() -> Result<()> {
    match Cli::parse().measure {
        Measure::Pack { folder, devices } => pack::write(&folder, devices),
        Measure::Http(options) => http::run(&options),
        Measure::Mqtt(options) => mqtt::run(&options),
        Measure::Map(options) => map::run(&options),
        Measure::Bridge(options) => bridge::run(&options),
        Measure::Copy(options) => copy::run(&options),
        Measure::Ngsi(options) => ngsi::run(&options),
        Measure::Fanout(options) => fanout::run(&options),
        Measure::Trust(options) => trust::run(&options),
        Measure::Overhead(options) => overhead::run(&options),
        Measure::Cases(options) => cases::run(&options),
        Measure::Worklist(options) => worklist::run(&options),
        Measure::Ledger(options) => ledger::run(&options),
        Measure::Report { files } => report::run(&files),
    }
}
