//! The pipeline over a real registry, history and store, on every engine there is.
#![allow(clippy::unwrap_used, clippy::panic)]

mod fuzz;
mod house;
mod pipeline;
mod quarantine;
