//! The command line.

mod config_cmd;
mod demo;
mod pack;
mod quarantine;
mod replay;
mod serve;
mod simulate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use serve::{ServeArgs, serve_until};

/// Svod: one platform for a municipality, a region or a state.
#[derive(Parser)]
#[command(name = "svod", version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the platform.
    Serve(ServeArgs),
    /// Check, test, publish and list packs.
    #[command(subcommand)]
    Pack(pack::PackCommand),
    /// Send the simulated feeds that packs declare to a running platform.
    Simulate(simulate::SimulateArgs),
    /// Replay real files that packs declare as feeds.
    Replay(replay::ReplayArgs),
    /// List and replay messages that were refused.
    #[command(subcommand)]
    Quarantine(quarantine::QuarantineCommand),
    /// Demo personas.
    #[command(subcommand)]
    Demo(demo::DemoCommand),
    /// Check the configuration.
    #[command(subcommand)]
    Config(config_cmd::ConfigCommand),
}

/// Runs a command.
///
/// # Errors
/// What went wrong, for people.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Pack(command) => pack::run(command),
        Command::Simulate(args) => simulate::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Quarantine(command) => quarantine::run(command),
        Command::Demo(command) => demo::run(&command),
        Command::Config(command) => config_cmd::run(&command),
    }
}

/// A runtime with as many threads as there are cores.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
