//! Gates of the repository that no ready tool covers: `cargo xtask tidy`, `licences`, `advisories`, `count`.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod advisories;
mod age;
mod count;
mod licences;
mod tidy;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask tidy | licences | advisories | age | count FILE.xml…

  tidy        layers, lengths, forgotten tests, paths and figures in the documents; lints, lock files, ciphers, scripts
  licences    licences of every Rust and npm dependency against deny.toml
  advisories  known weaknesses of what is linked in (RustSec)
  age         versions that newer ones have stood beside for too long (crates.io and npm are asked)
  count       sums JUnit reports: NAME, tests passed, tests failed, one line each, then the sum";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let root = root();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => tidy::run(&root),
        ["licences"] => licences::run(&root),
        ["advisories"] => advisories::run(&root),
        ["age"] => age::run(&root),
        ["count", files @ ..] if !files.is_empty() => count::run(files),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: two folders above this crate, as cargo says when it runs this, wherever it was built.
fn root() -> PathBuf {
    let mut root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    root.pop();
    root.pop();
    root
}
