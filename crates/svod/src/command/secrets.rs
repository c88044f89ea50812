//! `svod secrets`: the installation's key is exchanged, and what it seals is sealed anew.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use svod_identity::{Identity, IdentityDeps};
use svod_kernel::{Rng, SeededRng, SystemClock};

use super::keep::Place;
use crate::secrets::{FOLLOW, Rotation};

/// `svod secrets`
#[derive(Subcommand)]
pub enum SecretsCommand {
    /// A new installation key takes the old one's place; the platform may run meanwhile. Broken off, it is run again.
    Rotate(RotateArgs),
}

/// `svod secrets rotate`
#[derive(Args)]
pub struct RotateArgs {
    #[command(flatten)]
    place: Place,
}

pub fn run(command: &SecretsCommand) -> anyhow::Result<ExitCode> {
    let SecretsCommand::Rotate(args) = command;
    let data = args.place.configuration()?.data.0;
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::from_system()?);
    let rotation = Rotation::begin(&data, &*rng)
        .with_context(|| format!("the key of the installation in {} cannot be exchanged", data.display()))?;
    let store = args.place.open(true)?;
    let deps = IdentityDeps {
        store: store.clone(),
        key: rotation.keys()[0],
        demo: false,
        clock: Arc::new(SystemClock),
        rng,
        origin: None,
        session_seconds: 0,
        breached: None,
    };
    let identity = Identity::new(deps).map_err(anyhow::Error::msg)?;
    identity.set_keys(rotation.keys());
    let exchanged = super::runtime()?.block_on(exchange(&identity, &rotation));
    store.blocking_close();
    exchanged.map(|()| ExitCode::SUCCESS)
}

async fn exchange(identity: &Identity, rotation: &Rotation) -> anyhow::Result<()> {
    const AGAIN: &str = "run it again: until then both keys open";
    // A platform that runs seals with the new key from here on.
    tokio::time::sleep(FOLLOW * 3).await;
    let first = identity.reseal().await.context(AGAIN)?;
    let second = identity.reseal().await.context(AGAIN)?;
    ensure!(second.anew == 0, "something still seals with the old key: is a platform of before running? Run it again");
    if second.lost > 0 {
        println!("{} secrets are sealed by a key that is not here, and were so before", second.lost);
    }
    println!("{} secrets were sealed anew", first.anew);
    if !rotation.end()? {
        println!("now give the new key in place of identity.key, and identity.key.next no more");
        return Ok(());
    }
    // What somebody has sealed with the old key in the last moment: this process is the last that has it.
    tokio::time::sleep(FOLLOW * 3).await;
    let late = identity.reseal().await.context("the old key is gone, and what it sealed in the last moment with it")?;
    if late.anew > 0 {
        println!("{} more were sealed anew at the end", late.anew);
    }
    println!("the old key is gone; invitations that nobody has taken yet are to be made again");
    Ok(())
}
