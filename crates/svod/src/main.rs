//! `svod`: the platform in one program.

use clap::Parser as _;
use svod::command::Cli;

/// Small objects come and go by the million (JSON); the system's allocator spends a fifth of the time on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    match svod::command::run(Cli::parse()) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("svod: {e:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
