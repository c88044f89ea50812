//! `cargo xtask advisories`: known weaknesses of what is linked in (RustSec), by cargo-deny. The database is fetched; where it cannot
//! be, the copy of before is asked, and without one it is said that nothing was.

use anyhow::{Context, Result};
use std::path::Path;
use std::process::{Command, Output};

/// What cargo-deny says when the database cannot be had.
const UNREACHED: [&str; 3] =
    ["failed to fetch advisory database", "failed to open advisory database", "failed to get 'FETCH_HEAD' metadata"];

/// Prints what is known; true when nothing is, or when nothing could be asked and nobody demands that it is.
pub fn run(root: &Path) -> Result<bool> {
    let mut asked = ask(root, false)?;
    if unreached(&asked) {
        println!("advisories: the database cannot be reached; the copy of before is asked");
        asked = ask(root, true)?;
    }
    if unreached(&asked) {
        println!(
            "advisories: NOT CHECKED: there is no copy of the database on this machine (SVOD_REQUIRE_ADVISORIES=1 makes this a failure)"
        );
        return Ok(std::env::var_os("SVOD_REQUIRE_ADVISORIES").is_none());
    }
    if !asked.status.success() {
        eprint!("{}", String::from_utf8_lossy(&asked.stderr));
        eprintln!(
            "advisories: update the package, or ignore the advisory in deny.toml with the reason why it does not touch us"
        );
    } else {
        println!("advisories: none that is not argued away in deny.toml");
    }
    Ok(asked.status.success())
}

fn ask(root: &Path, offline: bool) -> Result<Output> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["deny", "--workspace", "--all-features", "--locked"]);
    if offline {
        command.arg("--offline");
    }
    command.args(["check", "--hide-inclusion-graph", "advisories"]).current_dir(root);
    command.output().context("cannot start cargo deny: run scripts/setup test")
}

fn unreached(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    !output.status.success() && UNREACHED.iter().any(|words| said.contains(words))
}
