//! The store as a whole: backups, moves between engines, exports.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use age::secrecy::ExposeSecret as _;
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use svod_kernel::{Clock as _, SystemClock};
use svod_store::copy::{self, Target};
use svod_store::{Conn, Store, StoreOptions, StoreUrl};

use super::traced::traced;
use crate::Config;
use crate::ndjson::{self, Part, Sink, Whole};
use crate::sealed::{self, Seal};
use crate::settle::Settled;
use crate::{ledger, secrets};

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
    /// The file that is made: an age file, or with `--plain` a store of its own, which `svod restore` and `svod serve` read.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Seal it for who has the private key of this public one (`age1…`, of `svod backup-key`); may be given several times.
    /// Without it the keys in `backup.recipients` of the configuration. What is sealed holds the installation's secrets as well.
    #[arg(long, value_name = "KEY")]
    to: Vec<String>,
    /// Seal it with the words in the first line of this file.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    passphrase_file: Option<PathBuf>,
    /// Do not encrypt it: whoever gets the file reads everything that the store holds. It holds no secrets.
    #[arg(long, conflicts_with_all = ["to", "passphrase_file"])]
    plain: bool,
    #[command(flatten)]
    place: Place,
}

impl BackupArgs {
    /// For whom it is sealed; none only where that was asked for.
    fn seal(&self, config: &Config) -> anyhow::Result<Option<Seal>> {
        if self.plain {
            return Ok(None);
        }
        if let Some(file) = &self.passphrase_file {
            return Ok(Some(Seal::Words(sealed::words(file)?)));
        }
        // The keys of the configuration were looked at when it was read.
        let keys = if self.to.is_empty() { &config.backup.recipients } else { &self.to };
        ensure!(
            !keys.is_empty(),
            "--to: a backup is encrypted, and nobody is named who can open it; make a key on another machine \
             (`svod backup-key FILE`) and give what it prints, with --to age1… or as recipients = [\"age1…\"] under [backup] \
             in the configuration; or give --passphrase-file FILE. --plain makes one that is not encrypted"
        );
        let fix = "give a public key as `svod backup-key` prints it, age1…";
        Seal::for_keys(keys).map(Some).map_err(|rule| anyhow::anyhow!("--to: {rule}; {fix}"))
    }
}

/// `svod backup-key`
#[derive(Args)]
pub struct BackupKeyArgs {
    /// The file that is made, with the private key: keep it away from the machine that makes backups.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// `svod restore`
#[derive(Args)]
pub struct RestoreArgs {
    /// A backup.
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// The file with the private key that opens a sealed one.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The file whose first line are the words that open a sealed one.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    passphrase_file: Option<PathBuf>,
    /// Only try: restore beside the backup, verify the ledger, and take everything away again.
    #[arg(long)]
    check: bool,
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
    let to = &args.file;
    let config = args.place.configuration()?;
    let seal = args.seal(&config)?;
    ensure!(!to.exists(), "{} is there already; name a new file", to.display());
    let data = config.data.0;
    let keys = seal.as_ref().map_or_else(|| Ok(Vec::new()), |_| known_keys(&data))?;
    let from = args.place.open(true)?;
    // Under another name until it is whole: half a backup must not look like one.
    let part = beside(to, ".part");
    clear(&part)?;
    private(&part)?;
    let target = open(&StoreUrl::sqlite(&part), false)?;
    let outcome = copied(&from, &target);
    target.blocking_close();
    let how = if seal.is_some() { "sealed" } else { "plain" };
    let outcome = outcome.and_then(|()| traced(&from, "backup", &[("how", how)]));
    from.blocking_close();
    outcome?;
    let part = match seal {
        None => part,
        Some(seal) => {
            let sealed = beside(to, ".sealed.part");
            let done = sealed::seal(&part, &data.join("secrets"), private(&sealed)?, seal);
            let done = done.and_then(|()| still_known(&keys, &data));
            clear(&part)?;
            if done.is_err() {
                clear(&sealed)?;
            }
            done?;
            sealed
        }
    };
    fs::File::open(&part)?.sync_all()?;
    fs::rename(&part, to).with_context(|| format!("{} cannot be named {}", part.display(), to.display()))?;
    println!("{}", to.display());
    Ok(ExitCode::SUCCESS)
}

/// The keys of the installation that are there now.
fn known_keys(data: &Path) -> anyhow::Result<Vec<[u8; 32]>> {
    match secrets::read_identity_keys(data) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.with_context(|| format!("the installation's key in {} cannot be read", data.display())),
    }
}

/// A store that was copied under one key and secrets that hold another do not open together.
fn still_known(keys: &[[u8; 32]], data: &Path) -> anyhow::Result<()> {
    ensure!(
        known_keys(data)? == keys,
        "the installation's key was exchanged meanwhile: run it again when that is done"
    );
    Ok(())
}

pub fn backup_key(args: &BackupKeyArgs) -> anyhow::Result<ExitCode> {
    ensure!(!args.file.exists(), "{} is there already; name a new file", args.file.display());
    let (text, public) = sealed::new_key();
    let mut file = private(&args.file)?;
    file.write_all(text.expose_secret().as_bytes())?;
    file.sync_all()?;
    println!("{public}");
    eprintln!("keep {} where no backup is; without it nobody opens them", args.file.display());
    Ok(ExitCode::SUCCESS)
}

pub fn restore(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let key = match (&args.key, &args.passphrase_file) {
        (Some(file), _) => Some(sealed::Key::File(file.clone())),
        (None, Some(file)) => Some(sealed::Key::Words(sealed::words(file)?)),
        (None, None) => None,
    };
    let sealed = sealed::is_sealed(&args.from)?;
    ensure!(!sealed || key.is_some(), "{} is sealed: give --key or --passphrase-file", args.from.display());
    let data = args.place.configuration()?.data.0;
    let near = if args.check { beside(&args.from, ".check") } else { data.join("restoring") };
    ensure!(!near.exists(), "{} is there, of a restore that was broken off: remove it", near.display());
    let swept = Swept(near.clone());
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&near)?;
    let (store, secrets) = match key.filter(|_| sealed) {
        None => (args.from.clone(), Vec::new()),
        Some(key) => {
            let store = near.join(sealed::STORE);
            let secrets = sealed::open(&args.from, &key, private(&store)?)?;
            (store, secrets)
        }
    };
    let from = open(&StoreUrl::sqlite(&store), true)?;
    if args.check {
        return checked(from, &near, &secrets, args);
    }
    let folder = data.join("secrets");
    let new = new_secrets(&folder, &secrets)?;
    let to = args.place.open(false)?;
    // Secrets come with the store that they belong to, not before it is there.
    let outcome = copied(&from, &to).and_then(|()| keep_secrets(&folder, new));
    let outcome = outcome.and_then(|()| super::ledger::after_restore(&args.place, &to));
    from.blocking_close();
    to.blocking_close();
    drop(swept);
    outcome.map(|()| ExitCode::SUCCESS)
}

/// A folder that goes when it is done with, whatever happened.
struct Swept(PathBuf);

impl Drop for Swept {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} cannot be removed: {error}", self.0.display());
        }
    }
}

/// Restores into a store that nobody keeps, and verifies what was restored.
fn checked(from: Store, near: &Path, secrets: &[(String, Vec<u8>)], args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let to = open(&StoreUrl::sqlite(near.join("restored.sqlite")), false)?;
    copied(&from, &to)?;
    from.blocking_close();
    let config = args.place.configuration()?;
    let inside = secrets.iter().find(|(name, _)| name == ledger::LOG_KEY).map(|(_, key)| key.clone());
    let seed = match inside.and_then(|key| <[u8; 32]>::try_from(key).ok()) {
        Some(seed) => Some(seed),
        None => secrets::read_key(&config.data.0, ledger::LOG_KEY)?,
    };
    let wrong = match seed {
        None => {
            println!("the ledger was not verified: there is no key of it (--data)");
            0
        }
        Some(seed) => {
            let key = ledger::signer_of(&config.ledger, &seed)?.verifier().clone();
            let found = to.blocking_read(move |conn: &mut dyn Conn| svod_notary::verify(conn, &key))?;
            found.wrong.iter().for_each(|wrong| println!("WRONG {wrong}"));
            println!("{} leaves of the ledger verified", found.size);
            found.wrong.len()
        }
    };
    to.blocking_close();
    ensure!(wrong == 0, "the backup restores, but its ledger does not hold");
    println!("{} can be restored", args.from.display());
    Ok(ExitCode::SUCCESS)
}

/// Secrets of a backup that are not there yet; others are never written over.
fn new_secrets<'s>(folder: &Path, secrets: &'s [(String, Vec<u8>)]) -> anyhow::Result<Vec<&'s (String, Vec<u8>)>> {
    let mut new = Vec::new();
    for secret in secrets {
        let (name, bytes) = secret;
        match fs::read(folder.join(name)) {
            Ok(there) => ensure!(
                there == *bytes,
                "{} is another one than the backup's: restore into a new folder, or take it away first",
                folder.join(name).display()
            ),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => new.push(secret),
            Err(e) => return Err(e.into()),
        }
    }
    Ok(new)
}

fn keep_secrets(folder: &Path, new: Vec<&(String, Vec<u8>)>) -> anyhow::Result<()> {
    if !new.is_empty() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    for (name, bytes) in new {
        let mut file = private(&folder.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    Ok(())
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
    let what = args.space.as_deref().unwrap_or("everything");
    let outcome = outcome.and_then(|()| traced(&from, "export", &[("space", what)]));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_does_not_hold_another_key_than_its_store() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("secrets");
        still_known(&known_keys(data.path()).unwrap(), data.path()).unwrap();
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("identity.key"), [1; 32]).unwrap();
        let before = known_keys(data.path()).unwrap();
        still_known(&before, data.path()).unwrap();
        fs::write(folder.join("identity.key.next"), [2; 32]).unwrap();
        let why = still_known(&before, data.path()).unwrap_err().to_string();
        assert!(why.contains("run it again"), "{why}");
        let both = known_keys(data.path()).unwrap();
        fs::rename(folder.join("identity.key.next"), folder.join("identity.key")).unwrap();
        assert!(still_known(&both, data.path()).is_err());
    }
}
