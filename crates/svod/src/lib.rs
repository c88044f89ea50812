//! The binary's wiring: configuration, command line, and the one place that names every room. No rules live here.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod client;
pub mod command;
pub mod config;
mod connections;
mod courier;
mod deliver;
mod directory;
mod disk;
mod earnest;
pub mod embedded;
pub mod exchange;
mod front;
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod http;
mod judge;
pub mod keeping;
pub mod ledger;
pub mod logging;
mod mqtt;
mod ndjson;
mod ngsi;
mod outbound;
mod outside;
mod pace;
mod pack_test;
pub mod packs;
mod payments;
mod peers;
pub mod people;
pub mod platform;
mod real_data;
pub mod rooms;
mod rows;
mod sealed;
mod secrets;
mod settle;
mod simulate;
pub mod tenures;
mod tls;
mod trace;

pub use config::{Config, ConfigError};
pub use platform::{Addresses, Platform, PlatformOptions};
