//! The live twin: the present state of every entity that stands on the map or is judged by a trigger; of tasks, those with a place.
//!
//! * `state` – entities with their newest observations; a projection of the journal and of history, rebuilt at the start
//! * `judge` – asks the declared decisions about each new current value, before the readings are committed
//! * `sweep` – asks the declared decisions about silence and standstill, by time
//! * `stream` – frames of what changed, five a second, for maps

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod judge;
mod live;
mod state;
mod stream;
mod sweep;
mod twin;

pub use judge::{Observed, Undo};
pub use live::{LiveEntity, LiveValue};
pub use stream::Frame;
pub use twin::{Twin, TwinError};
