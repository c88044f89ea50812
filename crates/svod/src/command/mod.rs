//! The command line.

mod account;
mod config_cmd;
mod demo;
mod device;
mod doctor;
mod erase;
mod keep;
mod ledger;
mod migrate;
mod pack;
pub mod policy;
mod quarantine;
mod replay;
mod secrets;
mod serve;
mod simulate;
mod traced;

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
    /// What policies permit.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Send the simulated feeds that packs declare to a running platform.
    Simulate(simulate::SimulateArgs),
    /// Replay real files that packs declare as feeds.
    Replay(replay::ReplayArgs),
    /// List and replay messages that were refused.
    #[command(subcommand)]
    Quarantine(quarantine::QuarantineCommand),
    /// Accounts of people.
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Devices with credentials of their own.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Demo personas.
    #[command(subcommand)]
    Demo(demo::DemoCommand),
    /// Copy everything into a file, while the platform runs or not; sealed on demand.
    Backup(keep::BackupArgs),
    /// Make the key that opens sealed backups.
    BackupKey(keep::BackupKeyArgs),
    /// Bring a backup into an empty store.
    Restore(keep::RestoreArgs),
    /// Bring the tables to this program's version, as the role that owns them; the platform works as another one.
    Migrate(migrate::MigrateArgs),
    /// Move everything to another store, of the same engine or the other, and compare.
    Move(keep::MoveArgs),
    /// Write everything as lines of JSON.
    Export(keep::ExportArgs),
    /// Read lines of JSON into an empty store.
    Import(keep::ImportArgs),
    /// Destroy what is kept of an entity that was removed (a person, by right); an event says so, and all proofs stay valid.
    Erase(erase::EraseArgs),
    /// The log that nobody can rewrite: verify it, or a receipt.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Look at configuration, platform and store, and say what to mend.
    Doctor(doctor::DoctorArgs),
    /// The installation's secrets.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
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
        Command::Policy(command) => policy::run(command),
        Command::Simulate(args) => simulate::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Quarantine(command) => quarantine::run(command),
        Command::Account(command) => account::run(&command),
        Command::Device(command) => device::run(&command),
        Command::Demo(command) => demo::run(&command),
        Command::Backup(args) => keep::backup(&args),
        Command::BackupKey(args) => keep::backup_key(&args),
        Command::Restore(args) => keep::restore(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Move(args) => keep::moved(&args),
        Command::Export(args) => keep::export(&args),
        Command::Import(args) => keep::import(&args),
        Command::Erase(args) => erase::run(&args),
        Command::Ledger(command) => ledger::run(&command),
        Command::Doctor(args) => doctor::run(&args),
        Command::Secrets(command) => secrets::run(&command),
        Command::Config(command) => config_cmd::run(&command),
    }
}

/// A runtime with as many threads as there are cores.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
