//! `svod`: the platform in one program.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

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
