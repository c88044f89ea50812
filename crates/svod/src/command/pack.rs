use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value;
use svod_model::{PackError, PackSource};

use super::quarantine::Target;
use crate::{embedded, pack_test, packs};

#[derive(Subcommand)]
pub enum PackCommand {
    /// Check a pack's folder: every fault with file, line, rule and fix.
    Check {
        /// Folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Folders of packs it depends on; `base` comes with the program.
        #[arg(long, value_name = "DIR")]
        with: Vec<PathBuf>,
    },
    /// Run a pack's tests on simulated time.
    Test {
        /// Folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Folders of packs it depends on; `base` comes with the program.
        #[arg(long, value_name = "DIR")]
        with: Vec<PathBuf>,
        /// Only tests whose name holds this text.
        #[arg(long)]
        only: Option<String>,
    },
    /// Publish a pack to a running platform; it is in force when the command returns.
    Publish {
        /// Folder.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        target: Target,
    },
    /// Packs in force on a running platform.
    List {
        #[command(flatten)]
        target: Target,
    },
}

pub fn run(command: PackCommand) -> anyhow::Result<ExitCode> {
    match command {
        PackCommand::Check { folder, with } => {
            let sources = sources(&folder, &with)?;
            match svod_registry::compile(0, &sources) {
                Ok(c) => {
                    let pack = &c.packs.last().map(|p| p.manifest.clone()).unwrap_or_default();
                    println!("{} {}: no fault", pack.id, pack.version);
                    Ok(ExitCode::SUCCESS)
                }
                Err(faults) => Ok(report(&faults)),
            }
        }
        PackCommand::Test { folder, with, only } => {
            let sources = sources(&folder, &with)?;
            super::runtime()?.block_on(pack_test::run(sources, only.as_deref()))
        }
        PackCommand::Publish { folder, target } => {
            let source = packs::read(&folder)?;
            let done = target.client()?.post("/api/v1/packs", &source)?;
            let text = |k: &str| done.get(k).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
            let changed = done.get("changed").and_then(Value::as_bool).unwrap_or(false);
            let word = if changed { "published" } else { "was in force already" };
            println!("{} {} {word}", text("id").unwrap_or_default(), text("version").unwrap_or_default());
            Ok(ExitCode::SUCCESS)
        }
        PackCommand::List { target } => {
            let packs = target.client()?.get("/api/v1/packs")?;
            for p in packs.as_array().into_iter().flatten() {
                let text = |k: &str| p.get(k).and_then(Value::as_str).unwrap_or("-").to_owned();
                println!("{}\t{}\t{}\t{}", text("id"), text("version"), text("space"), text("owner"));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The pack and what it depends on: `base` of the program first, then the folders named, then the pack itself.
pub(super) fn sources(folder: &std::path::Path, with: &[PathBuf]) -> anyhow::Result<Vec<PackSource>> {
    let own = packs::read(folder)?;
    let is_base = own.files.get("pack.yaml").is_some_and(|y| y.lines().any(|l| l.trim() == "id: base"));
    let mut all: Vec<PackSource> = if is_base { Vec::new() } else { embedded::pack("base").into_iter().collect() };
    for other in with {
        all.push(packs::read(other)?);
    }
    all.push(own);
    Ok(all)
}

pub(super) fn report(faults: &[PackError]) -> ExitCode {
    for f in faults {
        eprintln!("{f}");
    }
    eprintln!("{} faults", faults.len());
    ExitCode::FAILURE
}
