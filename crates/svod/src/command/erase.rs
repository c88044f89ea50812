//! `svod erase`: what is kept of an entity that was removed is destroyed, and the journal says so.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use svod_kernel::{Actor, SpacePath, Urn};
use svod_notary::Erasure;
use svod_store::{Conn, account};

use super::keep::Place;
use crate::ledger;

/// `svod erase`
#[derive(Args)]
pub struct EraseArgs {
    /// Identifier of an entity that was removed, of a person for instance.
    #[arg(value_name = "URN")]
    urn: Urn,
    /// On what ground: article of the law, number of the decision. The journal keeps it for ever: no personal data.
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// Only in this space and those under it.
    #[arg(long, value_name = "SPACE")]
    space: Option<SpacePath>,
    #[command(flatten)]
    place: Place,
}

pub fn run(args: &EraseArgs) -> anyhow::Result<ExitCode> {
    let ground = args.ground.trim();
    ensure!(!ground.is_empty(), "--ground: say on what ground, for those who will ask why nothing is there");
    let store = args.place.open(true)?;
    let notary = ledger::notary(&args.place.configuration()?, store.clone())?;
    let erasure = Erasure {
        urn: args.urn.to_string(),
        within: args.space.clone(),
        ground: ground.to_owned(),
        actor: Actor::platform("erase"),
    };
    let outcome = super::runtime()?.block_on(notary.erase(erasure));
    let urn = args.urn.to_string();
    let account = store.blocking_read(move |conn: &mut dyn Conn| account::by_person(conn, &urn));
    store.blocking_close();
    for erased in outcome? {
        println!("{}: {} events say nothing any more; event {} names them", erased.space, erased.events, erased.seq);
    }
    if account?.is_some() {
        println!("an account still leads to it");
    }
    println!("what records of other things say of it stays, and so do backups that were made before");
    Ok(ExitCode::SUCCESS)
}
