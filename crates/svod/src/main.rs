//! `svod`: the platform in one program.

use clap::Parser as _;
use svod::command::Cli;

fn main() -> std::process::ExitCode {
    match svod::command::run(Cli::parse()) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("svod: {e:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
