use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
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
                    // A moment is written with its year first.
                    let now = svod_kernel::Clock::now(&svod_kernel::SystemClock).to_string();
                    let year = now.get(..4).and_then(|y| y.parse().ok()).unwrap_or_default();
                    c.warnings(year).iter().for_each(|warning| eprintln!("warning: {warning}"));
                    Ok(ExitCode::SUCCESS)
                }
                Err(faults) => Ok(report(&faults)),
            }
        }
        PackCommand::Test { folder, with, only } => {
            let sources = sources(&folder, &with)?;
            pack_test::run(&sources, only.as_deref())
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

/// The pack and what it depends on: `base` of the program first, then the folders named, what is missing from beside the pack
/// or from the program, then the pack itself.
pub(super) fn sources(folder: &Path, with: &[PathBuf]) -> anyhow::Result<Vec<PackSource>> {
    let own = packs::read(folder)?;
    let named = with.iter().map(|other| packs::read(other)).collect::<Result<Vec<_>, _>>()?;
    let mut all = Vec::new();
    if id_of(&own) != "base" {
        all.extend(embedded::pack("base"));
    }
    let beside = folder.canonicalize().ok().and_then(|f| f.parent().map(Path::to_owned)).unwrap_or_default();
    let mut seen = BTreeSet::from([id_of(&own).to_owned()]);
    for other in &named {
        depend(&beside, other, &named, (&mut seen, &mut all))?;
        add(other.clone(), &mut all);
    }
    depend(&beside, &own, &named, (&mut seen, &mut all))?;
    all.push(own);
    Ok(all)
}

/// Adds what a pack depends on and is not there yet, each after what it depends on itself. What is nowhere, and what depends on
/// itself, the check of the packs tells.
fn depend(
    beside: &Path,
    pack: &PackSource,
    named: &[PackSource],
    (seen, all): (&mut BTreeSet<String>, &mut Vec<PackSource>),
) -> anyhow::Result<()> {
    for id in svod_model::parse_pack(pack).map(|p| p.manifest.depends).unwrap_or_default() {
        if all.iter().any(|p| id_of(p) == id) || !seen.insert(id.clone()) {
            continue;
        }
        let folder = beside.join(&id);
        let found = match named.iter().find(|p| id_of(p) == id) {
            Some(named) => Some(named.clone()),
            None if folder.join("pack.yaml").is_file() => Some(packs::read(&folder)?),
            None => embedded::pack(&id),
        };
        if let Some(found) = found {
            depend(beside, &found, named, (seen, all))?;
            add(found, all);
        }
    }
    Ok(())
}

fn add(pack: PackSource, all: &mut Vec<PackSource>) {
    if all.iter().all(|p| id_of(p) != id_of(&pack)) {
        all.push(pack);
    }
}

/// The id in `pack.yaml`; empty where none can be read.
fn id_of(pack: &PackSource) -> &str {
    let manifest = pack.files.get("pack.yaml").map_or("", String::as_str);
    manifest.lines().find_map(|l| l.strip_prefix("id:")).map_or("", |id| id.trim().trim_matches(['"', '\'']))
}

pub(super) fn report(faults: &[PackError]) -> ExitCode {
    for f in faults {
        eprintln!("{f}");
    }
    eprintln!("{} faults", faults.len());
    ExitCode::FAILURE
}
