//! `svod device`: devices with credentials of their own, in the store, whether the platform runs or not.

use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use svod_identity::NewDevice;
use svod_kernel::{Clock as _, SeededRng, SpacePath, SystemClock, Timestamp};
use svod_store::device::{self, DeviceQuery, DeviceRow};
use svod_store::{Conn, StoreError, space};

use super::keep::Place;

/// As whom the command line writes itself down.
const BY: &str = "platform:command-line";
/// Devices read at once.
const PAGE: usize = 500;

/// `svod device`
#[derive(Subcommand)]
pub enum DeviceCommand {
    /// Let a device in; prints its identifier (user name at the broker) and its secret (password, bearer token), once.
    Add(AddArgs),
    /// Devices, the newest first: identifier, territory, what it may deliver, last seen, who let it in, name.
    List(ListArgs),
    /// Let a device in no more: what it holds open ends within a second, for good.
    Revoke(RevokeArgs),
}

/// `svod device add`
#[derive(Args)]
pub struct AddArgs {
    /// How the device is called.
    name: String,
    /// The space that it may deliver for, and those below: kuzbass/novokuznetsk.
    #[arg(long)]
    space: SpacePath,
    /// The one device profile that it may deliver by.
    #[arg(long)]
    profile: Option<String>,
    /// The one external id that it may deliver for; without it any, as a gateway needs.
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// `svod device list`
#[derive(Args)]
pub struct ListArgs {
    /// Only with these words in name, identifier, space or profile.
    #[arg(long, default_value = "")]
    words: String,
    #[command(flatten)]
    place: Place,
}

/// `svod device revoke`
#[derive(Args)]
pub struct RevokeArgs {
    /// Its identifier, or its name where one alone has it.
    #[arg(value_name = "NAME|ID")]
    which: String,
    #[command(flatten)]
    place: Place,
}

pub fn run(command: &DeviceCommand) -> anyhow::Result<ExitCode> {
    match command {
        DeviceCommand::Add(args) => add(args)?,
        DeviceCommand::List(args) => list(args)?,
        DeviceCommand::Revoke(args) => revoke(args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn add(args: &AddArgs) -> anyhow::Result<()> {
    let new = NewDevice {
        name: args.name.clone(),
        home: args.space.clone(),
        profile: args.profile.clone(),
        device: args.device.clone(),
    };
    let (row, secret) = new.credentials(BY, SystemClock.now(), &SeededRng::from_system()?)?;
    let store = args.place.open(true)?;
    let (kept, home) = (row.clone(), args.space.to_string());
    let made = store.blocking_write(move |conn: &mut dyn Conn| {
        let known = space::list(conn)?.into_iter().any(|s| s.path == home);
        if known {
            device::add(conn, &kept)?;
        }
        Ok::<_, StoreError>(known)
    });
    store.blocking_close();
    ensure!(made?, "--space {}: there is no such space; a pack declares it", args.space);
    println!("{}\n{secret}", row.id);
    Ok(())
}

fn list(args: &ListArgs) -> anyhow::Result<()> {
    let store = args.place.open(true)?;
    let words = args.words.to_lowercase();
    let mut after = None;
    let outcome = loop {
        let query = DeviceQuery { words: words.clone(), after: after.take(), limit: PAGE, ..DeviceQuery::default() };
        let page = match store.blocking_read(move |conn: &mut dyn Conn| device::list(conn, &query)) {
            Ok(page) => page,
            Err(e) => break Err(e),
        };
        page.iter().for_each(show);
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some((last.created, last.id.clone())),
            _ => break Ok(()),
        }
    };
    store.blocking_close();
    Ok(outcome?)
}

fn show(d: &DeviceRow) {
    let said = |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let state = d.revoked.map_or_else(|| format!("seen {}", said(d.seen)), |at| format!("revoked {at}"));
    let any = |limit: &Option<String>| limit.clone().unwrap_or_else(|| "*".to_owned());
    println!("{}\t{}\t{}\t{}\t{state}\tby {}\t{}", d.id, d.home, any(&d.profile), any(&d.device), d.actor, d.name);
}

fn revoke(args: &RevokeArgs) -> anyhow::Result<()> {
    let store = args.place.open(true)?;
    let (which, now) = (args.which.clone(), SystemClock.now());
    let outcome = store.blocking_write(move |conn: &mut dyn Conn| {
        let mut found: Vec<DeviceRow> = device::get(conn, &which)?.into_iter().collect();
        if found.is_empty() {
            let query = DeviceQuery { name: Some(which.clone()), limit: PAGE, ..DeviceQuery::default() };
            found = device::list(conn, &query)?;
        }
        found.retain(|d| d.revoked.is_none());
        if let [one] = found.as_slice() {
            device::revoke(conn, &one.id, now)?;
        }
        Ok::<_, StoreError>(found)
    });
    store.blocking_close();
    let found = outcome.context("nothing was revoked")?;
    match found.as_slice() {
        [] => bail!("'{}': no such device is let in; see svod device list", args.which),
        [one] => println!("{} ({}) is let in no more", one.id, one.name),
        several => {
            several.iter().for_each(show);
            bail!("'{}': several devices have this name; give the identifier", args.which)
        }
    }
    Ok(())
}
