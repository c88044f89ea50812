use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use crate::{Config, guarded};

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Read file and environment, name what is wrong or what `svod serve` would not start with, print what is in force
    /// (passwords hidden).
    Check {
        /// TOML file.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

pub fn run(command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    let ConfigCommand::Check { config } = command;
    let read = Config::load(config.as_deref(), |k| std::env::var(k).ok())?;
    println!("{}", read.shown()?);
    // As `svod serve` does without --sandbox and --demo-for-all.
    guarded::demand_tls(&read)?;
    guarded::demand_sealed(&read)?;
    Ok(ExitCode::SUCCESS)
}
