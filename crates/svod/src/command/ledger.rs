//! `svod ledger`: whether anything was rewritten, asked of the store, of a running log, or of a receipt.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use svod_kernel::{Actor, Clock as _, SystemClock};
use svod_ledger::{Checkpoint, Edge, Hash, Kind, Note, Receipt, TileId, Verifier, WIDTH, entries_path, leaf};
use svod_notary::{Part, Secret, Wrong};
use svod_store::journal::{self, NewEvent};
use svod_store::ledger::OWN;
use svod_store::space::INSTALLATION;
use svod_store::{Conn, Store, StoreError};

use super::keep::Place;
use crate::{ledger, secrets};

/// `svod ledger`
#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Compare entities, journal, leaves, tiles and signed head, and name the first leaf that is wrong.
    Verify(VerifyArgs),
    /// Verify a receipt (`.tlog-proof`) and show what it proves.
    Receipt(ReceiptArgs),
    /// Let the log go on from a store that ends before what was signed, as after a backup was restored: until then nothing is
    /// signed. The log must have a new name; an event says why, and the newer head is put aside.
    Accept(AcceptArgs),
    /// Show the key that the log's signatures are checked with.
    Key {
        #[command(flatten)]
        place: Place,
    },
}

/// `svod ledger verify`
#[derive(Args)]
pub struct VerifyArgs {
    /// A log that is served: `https://region.example/ledger`. All its tiles are fetched; what its entries commit to is not
    /// seen. Without it: the store.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The log's key, `name+id+key`; of the own installation when it is not given.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A checkpoint that was kept before: the log must go on from it.
    #[arg(long, value_name = "FILE", requires = "from")]
    since: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// `svod ledger accept`
#[derive(Args)]
pub struct AcceptArgs {
    /// Why the store may end before what was signed: which backup was restored, after what. The journal keeps it.
    #[arg(long, value_name = "TEXT")]
    ground: String,
    #[command(flatten)]
    place: Place,
}

/// `svod ledger receipt`
#[derive(Args)]
pub struct ReceiptArgs {
    /// The receipt.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Keys of the log and of witnesses, `name+id+key`; of the own installation when none is given.
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    #[command(flatten)]
    place: Place,
}

pub fn run(command: &LedgerCommand) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Verify(args) => match &args.from {
            Some(url) => served(args, url.trim_end_matches('/')),
            None => stored(args),
        },
        LedgerCommand::Receipt(args) => receipt(args),
        LedgerCommand::Accept(args) => accept(args),
        LedgerCommand::Key { place } => {
            println!("{}", own_key(place)?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn own_key(place: &Place) -> anyhow::Result<Verifier> {
    let config = place.configuration()?;
    let seed = secrets::read_key(&config.data.0, ledger::LOG_KEY)?;
    let seed = seed.with_context(|| {
        format!("{} holds no key of a ledger: give --data, or --key of the log", config.data.0.display())
    })?;
    Ok(ledger::signer_of(&config.ledger, &seed)?.verifier().clone())
}

fn key(given: Option<&str>, place: &Place) -> anyhow::Result<Verifier> {
    given.map_or_else(|| own_key(place), |text| Verifier::parse(text).context("--key"))
}

fn stored(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let key = key(args.key.as_deref(), &args.place)?;
    let kept = ledger::kept_head(&args.place.configuration()?)?;
    let store = args.place.open(true)?;
    let (found, whole, rows) = store.blocking_read(move |conn: &mut dyn Conn| {
        let whole = stands(conn, kept.as_ref())?;
        Ok::<_, StoreError>((svod_notary::verify(conn, &key)?, whole, svod_notary::rows(conn)?))
    })?;
    store.blocking_close();
    println!("{} leaves, {} of them erased; {} events wait to become leaves", found.size, found.erased, found.waiting);
    println!("{} entities compared with the journal", rows.entities);
    let wrong: Vec<Wrong> = whole.into_iter().chain(found.wrong).chain(rows.wrong).collect();
    for wrong in &wrong {
        println!("WRONG {wrong}");
    }
    if wrong.is_empty() {
        println!("entities, journal, leaves, tiles and signed head agree");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(first) = wrong.iter().filter_map(Wrong::leaf).min() {
        println!("the first wrong leaf: {first}");
    }
    println!("compare with a checkpoint that a witness has signed, and with a backup (`svod restore`)");
    Ok(ExitCode::FAILURE)
}

/// Why the store does not go on from the head that was kept outside it.
fn stands(conn: &mut dyn Conn, kept: Option<&Checkpoint>) -> Result<Option<Wrong>, StoreError> {
    kept.map_or(Ok(None), |kept| svod_notary::goes_on(conn, kept))
}

/// What a restored store means for the ledger: events that were signed after the backup are missing.
pub(super) fn after_restore(place: &Place, to: &Store) -> anyhow::Result<()> {
    let kept = ledger::kept_head(&place.configuration()?)?;
    let (leaves, wrong) = to.blocking_read(move |conn: &mut dyn Conn| {
        let leaves = svod_store::ledger::head(conn, OWN)?.map_or(0, |head| head.size);
        Ok::<_, StoreError>((leaves, stands(conn, kept.as_ref())?))
    })?;
    match &wrong {
        Some(wrong) => eprintln!("{wrong}: nothing is signed before it is accepted"),
        None => {
            eprintln!("the ledger has {leaves} leaves; if the log that was lost had signed more, this is another one")
        }
    }
    eprintln!("  1. give it a new name: `ledger.origin` in the configuration");
    if wrong.is_some() {
        eprintln!("  2. svod ledger accept --ground \"the backup of …, after …\", with --config or --data as here");
    }
    eprintln!("  and tell its witnesses, and whoever has its receipts (docs/operations.md, The ledger)");
    Ok(())
}

fn accept(args: &AcceptArgs) -> anyhow::Result<ExitCode> {
    let ground = args.ground.trim();
    ensure!(!ground.is_empty(), "--ground: say why the store may end before what was signed");
    let config = args.place.configuration()?;
    let file = ledger::head_file(&config.data.0);
    let Some(kept) = ledger::kept_head(&config)? else {
        println!("{} is not there: nothing keeps the log from signing", file.display());
        return Ok(ExitCode::SUCCESS);
    };
    let name = own_key(&args.place)?.name;
    let store = args.place.open(true)?;
    let accepted = accepted(&store, &kept, &name, ground);
    store.blocking_close();
    let Some(stored) = accepted? else {
        println!("the store goes on from the {} leaves that were signed: there is nothing to accept", kept.size);
        return Ok(ExitCode::SUCCESS);
    };
    let aside = file.with_file_name(format!("{}-{}", svod_notary::HEAD_FILE, kept.size));
    std::fs::rename(&file, &aside).with_context(|| format!("{} cannot be put aside", file.display()))?;
    println!(
        "the log goes on as {name} from {stored} leaves; what {} had signed lies in {}",
        kept.origin,
        aside.display()
    );
    println!("tell its witnesses, and whoever has a receipt of it");
    Ok(ExitCode::SUCCESS)
}

/// Writes into the journal that the store is accepted as it is; its leaves, or none when there is nothing to accept.
fn accepted(store: &Store, kept: &Checkpoint, name: &str, ground: &str) -> anyhow::Result<Option<i64>> {
    let (known, kept) = (kept.clone(), kept.clone());
    let Some(wrong) = store.blocking_read(move |conn: &mut dyn Conn| stands(conn, Some(&known)))? else {
        return Ok(None);
    };
    println!("{wrong}");
    ensure!(
        name != kept.origin,
        "the log has signed {} leaves as {name}, and nobody may sign two pasts under one name: give it a new one first (ledger.origin)",
        kept.size
    );
    let (actor, at, ground) = (Actor::platform("ledger"), SystemClock.now(), ground.to_owned());
    let job = move |conn: &mut dyn Conn| {
        let head = svod_store::ledger::head(conn, OWN)?;
        let stored = head.as_ref().map_or(0, |head| head.size);
        let event = NewEvent {
            at,
            actor: actor.id.clone(),
            actor_name: actor.name.clone(),
            action: "accept".into(),
            urn: "urn:svod:ledger:head".into(),
            kind: "Ledger".into(),
            version: 0,
            ground: ground.clone(),
            cause: None,
            changes: json!({"head": {"old": {"value": kept.to_string()}, "new": {"value": stored}}}).to_string(),
            on_behalf: None,
        };
        journal::append(conn, INSTALLATION, std::slice::from_ref(&event))?;
        Ok::<_, StoreError>(stored)
    };
    Ok(Some(store.blocking_write(job)?))
}

struct Served {
    base: String,
    http: reqwest::blocking::Client,
}

impl Served {
    fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/{path}", self.base);
        let response = self.http.get(&url).send().with_context(|| format!("{url} does not answer"))?;
        ensure!(response.status().is_success(), "{url} answers {}", response.status());
        Ok(response.bytes()?.to_vec())
    }
}

/// Entries of a bundle, each after its length.
fn bundle(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut all) = (bytes, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, next) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        all.push(entry);
        rest = next;
    }
    rest.is_empty().then_some(all)
}

fn served(args: &VerifyArgs, base: &str) -> anyhow::Result<ExitCode> {
    let key = key(args.key.as_deref(), &args.place)?;
    let since = args.since.as_deref().map(std::fs::read_to_string).transpose().context("--since")?;
    let since = since.map(|text| checkpoint(&text, &key)).transpose().context("--since")?;
    let http = reqwest::blocking::Client::builder().timeout(std::time::Duration::from_secs(60)).build()?;
    let log = Served { base: base.to_owned(), http };
    let text = String::from_utf8(log.bytes("checkpoint")?).context("the checkpoint is no text")?;
    let head = checkpoint(&text, &key)?;
    let (mut edge, mut before) = (Edge::default(), None);
    for number in 0..head.size.div_ceil(WIDTH) {
        let width = (head.size - number * WIDTH).min(WIDTH);
        let bytes = log.bytes(&entries_path(number, width))?;
        let entries = bundle(&bytes).filter(|all| all.len() as u64 == width);
        let entries = entries.with_context(|| format!("the bundle of entries {number} is not whole"))?;
        let mut full = Vec::new();
        for entry in entries {
            if since.as_ref().is_some_and(|s| s.size == edge.size()) {
                before = Some(edge.root());
            }
            edge.push(leaf(entry), &mut full);
        }
        full.iter().try_for_each(|(id, hashes)| same(&log, *id, hashes))?;
    }
    edge.partial().try_for_each(|(id, hashes)| same(&log, id, hashes))?;
    ensure!(edge.root() == head.root, "the root of the entries is not the one that was signed");
    if let Some(since) = since {
        let now = before.or_else(|| (since.size == head.size).then_some(head.root));
        ensure!(
            now == Some(since.root),
            "the log does not go on from the checkpoint of {} leaves: it was forked",
            since.size
        );
    }
    println!("{} leaves; entries, tiles and the signed head of {} agree", head.size, head.origin);
    Ok(ExitCode::SUCCESS)
}

fn checkpoint(text: &str, key: &Verifier) -> anyhow::Result<Checkpoint> {
    let note = Note::parse(text)?;
    note.verify(std::slice::from_ref(key))?;
    let head = Checkpoint::parse(&note.text)?;
    ensure!(key.kind == Kind::Plain, "the key is that of a witness, not of a log");
    ensure!(head.origin == key.name, "it is the checkpoint of {}, not of {}", head.origin, key.name);
    Ok(head)
}

fn same(log: &Served, id: TileId, hashes: &[Hash]) -> anyhow::Result<()> {
    let kept = log.bytes(&id.path(hashes.len() as u64))?;
    let place = hashes.iter().zip(kept.chunks(32)).position(|(is, kept)| is != kept);
    let place = place.or_else(|| (kept.len() != hashes.len() * 32).then_some(0));
    let span = WIDTH.saturating_pow(u32::from(id.level));
    match place {
        None => Ok(()),
        Some(n) => anyhow::bail!(
            "tile {}/{}: the first wrong leaf is {}",
            id.level,
            id.number,
            (id.number * WIDTH + n as u64) * span
        ),
    }
}

fn receipt(args: &ReceiptArgs) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(&args.file).with_context(|| args.file.display().to_string())?;
    let receipt = Receipt::parse(&text)?;
    let known = match args.key.as_slice() {
        [] => vec![own_key(&args.place)?],
        keys => keys.iter().map(|k| Verifier::parse(k)).collect::<Result<_, _>>().context("--key")?,
    };
    let secret: Secret = serde_json::from_slice(&receipt.extra).context("what it adds is not an event of Svod")?;
    let entry = secret.entry().context("its salts and digests are not hexadecimal")?;
    let (head, signed) = receipt.verify(&entry, &known)?;
    println!("leaf {} of {} in {}", receipt.index, head.size, head.origin);
    println!("signed by {}", signed.into_iter().map(|s| s.name).collect::<Vec<_>>().join(", "));
    println!("{}", secret.event);
    for part in &secret.changes {
        match part {
            Part::Open { name, change, .. } => println!("  {name}: {change}"),
            Part::Hidden { digest } => println!("  (not shown: {digest})"),
        }
    }
    Ok(ExitCode::SUCCESS)
}
