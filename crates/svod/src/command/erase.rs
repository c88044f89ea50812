//! `svod erase`: what is kept of an entity that was removed is destroyed, and the journal says so.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use svod_kernel::{Actor, SpacePath, Urn};
use svod_notary::Erasure;
use svod_store::{Conn, StoreError, account};

use super::keep::Place;
use crate::ledger;

/// `svod erase`
#[derive(Args)]
pub struct EraseArgs {
    /// Identifier of an entity that was removed, of a person for instance. What was merged with it is erased as well.
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
    let mut urns = vec![args.urn.to_string()];
    urns.extend(outcome.iter().flatten().map(|erased| erased.urn.clone()));
    urns.sort_unstable();
    urns.dedup();
    let accounts = store.blocking_read(move |conn: &mut dyn Conn| {
        let mut left = Vec::new();
        for urn in urns {
            left.extend(account::by_person(conn, &urn)?.map(|_| urn));
        }
        Ok::<_, StoreError>(left)
    });
    store.blocking_close();
    for erased in outcome? {
        let (space, events, seq) = (&erased.space, erased.events, erased.seq);
        println!("{space}: {events} events say nothing any more; event {seq} names them");
        if erased.urn != args.urn.as_str() {
            println!("  of {}, which was merged with it", erased.urn);
        }
        for case in &erased.running {
            println!("  {case} still runs and keeps what was filled in until it ends: erase again then");
        }
    }
    for urn in accounts? {
        println!("an account still leads to {urn}");
    }
    println!("what records of other things say of it stays, and so do backups that were made before");
    Ok(ExitCode::SUCCESS)
}
