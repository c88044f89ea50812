//! Simulated devices, declared in packs: sensors with daily and weekly rhythm, noise, spikes and faults; vehicles on
//! their routes.
//!
//! Pure and deterministic: the messages follow from the declaration, the devices, the seed and the times asked for;
//! asking more or less often changes nothing. Every payload says `"simulated": true`.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod device;
mod error;
mod generate;
mod geodesy;
mod random;
mod simulation;
mod spec;

pub use error::SimulationError;
pub use geodesy::{bearing_degrees, distance_metres};
pub use simulation::{MAX_CATCH_UP, MAX_MESSAGES, SimDevice, SimMessage, Simulation};
