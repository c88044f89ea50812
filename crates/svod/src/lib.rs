//! The binary's wiring: configuration, command line, and the one place that names every room. No rules live here.

pub mod command;
pub mod config;
pub mod rooms;
pub mod embedded;
mod http;
mod client;
mod judge;
mod mqtt;
mod pack_test;
mod real_data;
mod rows;
pub mod logging;
pub mod packs;
pub mod platform;
mod secrets;
mod simulate;

pub use config::{Config, ConfigError};
pub use platform::{Addresses, Platform, PlatformOptions};
