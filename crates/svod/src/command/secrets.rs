//! `svod secrets`: the installation's key is exchanged, and what it seals is sealed anew.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use svod_identity::{Identity, IdentityDeps};
use svod_kernel::{Rng, SeededRng, SystemClock};

use super::keep::Place;
use crate::secrets;

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
    let keys = secrets::begin_rotation(&data, &*rng)
        .with_context(|| format!("the key of the installation in {} cannot be exchanged", data.display()))?;
    let store = args.place.open(true)?;
    let deps = IdentityDeps {
        store: store.clone(),
        key: keys[0],
        demo: false,
        clock: Arc::new(SystemClock),
        rng,
        origin: None,
        session_seconds: 0,
        breached: None,
    };
    let identity = Identity::new(deps).map_err(anyhow::Error::msg)?;
    identity.set_keys(&keys);
    let sealed = super::runtime()?.block_on(async {
        // A platform that runs seals with the new key from here on.
        tokio::time::sleep(secrets::FOLLOW * 3).await;
        let first = identity.reseal().await?;
        let second = identity.reseal().await?;
        Ok::<_, svod_identity::IdentityError>((first, second))
    });
    store.blocking_close();
    let (first, second) = sealed.context("run it again: until then both keys open")?;
    ensure!(second.anew == 0, "something still seals with the old key: is a platform of before running? Run it again");
    if second.lost > 0 {
        println!("{} secrets are sealed by a key that is not here, and were so before", second.lost);
    }
    println!("{} secrets were sealed anew", first.anew);
    match secrets::end_rotation(&data)? {
        true => println!("the old key is gone; invitations that nobody has taken yet are to be made again"),
        false => println!("now give the new key in place of identity.key, and identity.key.next no more"),
    }
    Ok(ExitCode::SUCCESS)
}
