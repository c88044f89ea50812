use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use svod_kernel::{Clock as _, SystemClock};

use crate::{Config, secrets};

#[derive(Subcommand)]
pub enum DemoCommand {
    /// Print a bearer token for a persona; a platform running with --demo over the same data folder accepts it.
    Token {
        /// Id of the persona: citizen, official-municipal, official-regional, governor, administrator.
        persona: String,
        /// Data folder of the platform.
        #[arg(long)]
        data: Option<PathBuf>,
        /// TOML file.
        #[arg(long)]
        config: Option<PathBuf>,
        /// How long it is good for.
        #[arg(long, default_value_t = 24, value_name = "HOURS")]
        hours: u32,
    },
}

pub fn run(command: &DemoCommand) -> anyhow::Result<ExitCode> {
    let DemoCommand::Token { persona, data, config, hours } = command;
    let config = Config::load(config.as_deref(), |k| std::env::var(k).ok())?;
    let folder = data.clone().unwrap_or(config.data.0);
    let key = secrets::read_identity_key(&folder)?.with_context(|| {
        format!("there is no key in {}; start `svod serve --demo --data {0}` once", folder.display())
    })?;
    let seconds = (i64::from(*hours) * 3600).clamp(1, svod_identity::MAX_TTL_SECONDS);
    println!("{}", svod_identity::sign(&key, persona, SystemClock.now().plus_seconds(seconds)));
    Ok(ExitCode::SUCCESS)
}
