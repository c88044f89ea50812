use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use svod_store::StoreUrl;

use super::keep::Place;

/// `svod migrate`
#[derive(Args)]
pub struct MigrateArgs {
    /// The store, reached by the role that owns its tables; without it `store.url`.
    #[arg(long = "as", value_name = "URL", env = "SVOD_MIGRATE_AS", hide_env_values = true)]
    owner: Option<String>,
    /// The role that the platform works as (PostgreSQL): it is given rows, and no right over tables.
    #[arg(long, value_name = "ROLE")]
    grant: Option<String>,
    #[command(flatten)]
    place: Place,
}

pub fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let named = match &args.owner {
        Some(url) => url.clone(),
        None => args.place.configuration()?.store_url(),
    };
    let url: StoreUrl = named.parse().context(if args.owner.is_some() { "--as" } else { "store.url" })?;
    anyhow::ensure!(
        args.grant.is_none() || url.schema().is_some(),
        "--grant: {url} is a file and knows no roles; leave it out"
    );
    let version = svod_store::migrate(&url, args.grant.as_deref())?;
    println!("{url}: the tables are of version {version}");
    if let Some(role) = &args.grant {
        println!("'{role}' works with their rows, and may not change them");
    }
    Ok(ExitCode::SUCCESS)
}
