use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::quarantine::Target;
use crate::{embedded, packs, rows};

/// Messages in one request.
const BATCH: usize = 500;

/// `svod replay`
#[derive(Args)]
pub struct ReplayArgs {
    /// Folder of the real data.
    #[arg(value_name = "DIR")]
    data: PathBuf,
    /// Pack whose feeds are replayed; the pack kuzbass of this program when absent.
    #[arg(long, value_name = "DIR")]
    pack: Option<PathBuf>,
    /// Only this feed.
    #[arg(long)]
    feed: Option<String>,
    /// Seconds of the series replayed in one second; as fast as it goes when absent.
    #[arg(long)]
    speed: Option<f64>,
    #[command(flatten)]
    target: Target,
}

struct Row {
    at: svod_kernel::Timestamp,
    message: Value,
}

pub fn run(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let source = match &args.pack {
        Some(folder) => packs::read(folder)?,
        None => embedded::pack("kuzbass").context("the pack kuzbass is not in this program")?,
    };
    let pack = svod_model::parse_pack(&source).map_err(|e| anyhow::anyhow!("{}", e[0]))?;
    let mut rows = Vec::new();
    for feed in pack.feeds.iter().filter(|f| args.feed.as_ref().is_none_or(|id| id == &f.id)) {
        rows.extend(rows::feed(feed, &args.data)?.into_iter().map(|r| Row {
            at: r.at,
            message: json!({"profile": feed.profile, "device": r.device, "payload": r.payload}),
        }));
        eprintln!("{}: {}", feed.id, feed.attribution);
    }
    rows.sort_by_key(|r| r.at);
    send(&args, &rows)
}

fn send(args: &ReplayArgs, rows: &[Row]) -> anyhow::Result<ExitCode> {
    let client = args.target.client()?;
    let (mut stored, mut duplicates, mut quarantined) = (0, 0, 0);
    let mut before = rows.first().map(|r| r.at);
    for batch in rows.chunks(BATCH) {
        if let (Some(speed), Some(from), Some(last)) = (args.speed, before, batch.last()) {
            std::thread::sleep(std::time::Duration::from_secs_f64((last.at.seconds_since(from) / speed).max(0.0)));
            before = Some(last.at);
        }
        let messages: Vec<&Value> = batch.iter().map(|r| &r.message).collect();
        let done = client.post("/api/v1/observations", &json!({"messages": messages}))?;
        let count = |k: &str| done.get(k).and_then(Value::as_u64).unwrap_or(0);
        stored += count("stored");
        duplicates += count("duplicates");
        quarantined += count("quarantined");
        eprint!("\r{stored} stored, {duplicates} there already, {quarantined} refused of {} rows ", rows.len());
    }
    eprintln!();
    Ok(ExitCode::SUCCESS)
}
