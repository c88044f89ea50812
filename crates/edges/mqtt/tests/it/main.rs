//! The broker on a loopback port, against raw packets, two client libraries and noise.
#![allow(clippy::unwrap_used, clippy::panic)]

mod clients;
mod door;
mod fuzz;
mod limits;
mod publishing;
mod raw;
mod sessions;
mod subscribing;
