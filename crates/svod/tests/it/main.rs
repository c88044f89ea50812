//! The platform as a whole: rooms together in one process, and the real program behind its doors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod access;
mod again;
mod asvs;
mod commands;
mod crash;
mod crash_cases;
mod decisions_api;
mod denied;
mod devices;
mod doors;
mod drafts_api;
mod earnest;
mod federation;
mod files;
mod graph;
mod how_to;
mod keeping;
mod ledger;
mod mandates;
mod ngsi;
mod nodes;
mod other_eyes;
mod policy;
mod posts;
mod publishing;
mod quarantine;
mod regions;
mod restart;
mod secrecy;
mod secrets;
mod services_api;
mod sharing;
mod situations;
mod sweep;
mod tasks_api;
mod tls;
mod tokens;
mod trust;
mod under_load;
mod unique;
mod work;

/// The real program of this build.
fn program() -> svod_testkit::Program {
    svod_testkit::Program::new(env!("CARGO_BIN_EXE_svod"))
}

/// A folder of the repository, such as `packs/kuzbass`.
fn repository(path: &str) -> String {
    let root = std::env::current_dir().unwrap();
    root.join("../..").join(path).to_string_lossy().into_owned()
}
