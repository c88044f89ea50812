//! The store as a whole: backups, moves between engines, exports.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use svod_kernel::{Clock as _, SystemClock};
use svod_store::copy::{self, Target};
use svod_store::{Store, StoreOptions, StoreUrl};

use crate::Config;
use crate::ndjson::{self, Part, Sink, Whole};
use crate::settle::Settled;

/// Which installation is meant.
#[derive(Args)]
pub struct Place {
    /// TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the embedded store, as given to `svod serve`.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    pub fn configuration(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), |k| std::env::var(k).ok())?;
        if let Some(data) = &self.data {
            config.data = crate::config::DataDir(data.clone());
        }
        Ok(config)
    }

    /// Its store; it must be there where one is read.
    pub(super) fn open(&self, there: bool) -> anyhow::Result<Store> {
        let config = self.configuration()?;
        let url: StoreUrl = config.store_url().parse().context("store.url")?;
        open(&url, there)
    }
}

/// `svod backup`
#[derive(Args)]
pub struct BackupArgs {
    /// The file that is made: a store of its own, which `svod restore` and `svod serve` read.
    #[arg(value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// `svod restore`
#[derive(Args)]
pub struct RestoreArgs {
    /// A backup.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// `svod move`
#[derive(Args)]
pub struct MoveArgs {
    /// `sqlite:/path/svod.sqlite` or `postgres://user:password@host/db?schema=svod`; nobody may write to it meanwhile.
    #[arg(long, value_name = "URL")]
    from: String,
    /// An empty place of either kind, or one in which a move was broken off.
    #[arg(long, value_name = "URL")]
    to: String,
}

/// `svod export`
#[derive(Args)]
pub struct ExportArgs {
    /// The file that is made; `-` for the standard output.
    #[arg(value_name = "FILE")]
    to: PathBuf,
    /// Only this space and those under it, for another installation; packs stay.
    #[arg(long, value_name = "SPACE")]
    space: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// `svod import`
#[derive(Args)]
pub struct ImportArgs {
    /// An export; `-` for the standard input.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// An export of one space, into a store that has others; nobody may write to it meanwhile.
    #[arg(long)]
    into_others: bool,
    /// With `--into-others`: under another path than its own.
    #[arg(long, value_name = "SPACE", requires = "into_others")]
    r#as: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub fn backup(args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let to = &args.to;
    ensure!(!to.exists(), "{} is there already; name a new file", to.display());
    let from = args.place.open(true)?;
    // Under another name until it is whole: half a backup must not look like one.
    let part = beside(to, ".part");
    clear(&part)?;
    private(&part)?;
    let target = open(&StoreUrl::sqlite(&part), false)?;
    let outcome = copied(&from, &target);
    target.blocking_close();
    from.blocking_close();
    outcome?;
    fs::File::open(&part)?.sync_all()?;
    fs::rename(&part, to).with_context(|| format!("{} cannot be named {}", part.display(), to.display()))?;
    println!("{}", to.display());
    Ok(ExitCode::SUCCESS)
}

pub fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let from = open(&StoreUrl::sqlite(&args.from), true)?;
    let to = args.place.open(false)?;
    finished(from, to)
}

pub fn moved(args: &MoveArgs) -> anyhow::Result<ExitCode> {
    let (from, to): (StoreUrl, StoreUrl) = (args.from.parse().context("--from")?, args.to.parse().context("--to")?);
    ensure!(from.to_string() != to.to_string(), "--from and --to are the same place");
    finished(open(&from, true)?, open(&to, false)?)
}

fn finished(from: Store, to: Store) -> anyhow::Result<ExitCode> {
    let outcome = copied(&from, &to);
    from.blocking_close();
    to.blocking_close();
    outcome.map(|()| ExitCode::SUCCESS)
}

pub fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let from = args.place.open(true)?;
    let part = args.space.as_deref().map_or_else(|| Ok(Part::default()), |path| Part::of(&from, path))?;
    let at = SystemClock.now();
    let outcome = if args.to.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout().lock());
        ndjson::write(&from, part, at, &mut out).and_then(|()| Ok(out.flush()?))
    } else {
        ensure!(!args.to.exists(), "{} is there already; name a new file", args.to.display());
        let unfinished = beside(&args.to, ".part");
        let mut out = BufWriter::new(private(&unfinished)?);
        ndjson::write(&from, part, at, &mut out).and_then(|()| {
            out.flush()?;
            out.get_ref().sync_all()?;
            Ok(fs::rename(&unfinished, &args.to)?)
        })
    };
    from.blocking_close();
    outcome.map(|()| ExitCode::SUCCESS)
}

pub fn import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let to = args.place.open(false)?;
    let into = || -> anyhow::Result<Box<dyn Sink + '_>> {
        if args.into_others {
            return Ok(Box::new(Settled::new(&to, args.r#as.clone())));
        }
        Ok(Box::new(Whole(Some(Target::open(&to)?))))
    };
    let outcome = into().and_then(|mut target| {
        let input: Box<dyn BufRead> = if args.from.as_os_str() == "-" {
            Box::new(BufReader::new(std::io::stdin().lock()))
        } else {
            let file = fs::File::open(&args.from);
            Box::new(BufReader::new(file.with_context(|| format!("{} cannot be read", args.from.display()))?))
        };
        ndjson::read(target.as_mut(), input)
    });
    to.blocking_close();
    outcome.map(|rows| {
        eprintln!("{rows} rows are there; indexes are built at the next start");
        ExitCode::SUCCESS
    })
}

fn open(url: &StoreUrl, there: bool) -> anyhow::Result<Store> {
    if let Some(path) = url.path().filter(|_| there) {
        ensure!(path.is_file(), "there is no store at {}", path.display());
    }
    Store::open(url, StoreOptions::default(), Arc::new(SystemClock))
        .with_context(|| format!("the store {url} cannot be opened"))
}

/// Copies with a line of progress for each table.
fn copied(from: &Store, to: &Store) -> anyhow::Result<()> {
    let begun = SystemClock.now();
    let mut shown = begun;
    let all = copy::copy(from, to, &mut |table, rows| {
        let now = SystemClock.now();
        if now.seconds_since(shown) >= 2.0 {
            shown = now;
            eprintln!("{table}: {rows} rows");
        }
    })?;
    let rows: u64 = all.iter().map(|(_, d)| d.rows).sum();
    for (table, digest) in all.iter().filter(|(_, d)| d.rows > 0) {
        eprintln!("{:<14} {:>12} rows, sum {:016x}", table.name, digest.rows, digest.sum);
    }
    eprintln!("{rows} rows in {:.1} s, read back and equal", SystemClock.now().seconds_since(begun));
    Ok(())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
    name.push(end);
    path.with_file_name(name)
}

/// What an earlier try has left.
fn clear(part: &Path) -> anyhow::Result<()> {
    for end in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(part, end)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => bail!("{}{end}: {e}", part.display()),
            _ => {}
        }
    }
    Ok(())
}

/// A new file that only its owner reads: it holds personal data.
fn private(path: &Path) -> anyhow::Result<fs::File> {
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    made.with_context(|| format!("{} cannot be made", path.display()))
}
