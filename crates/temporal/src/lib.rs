//! How entities came to be what they are: every instance of every attribute with its moments, read from the journal and
//! asked by time.
//!
//! * `history` – one entity's instances, made of its events in their order
//! * `rewrite` – histories that are given or mended: events of their own in the journal
//! * `ask` – windows, filters, the last ones; `aggregate` – periods and methods
//! * `temporal` – the service; `memory` – histories that were asked for lately
//!
//! Nothing is stored besides the journal but the names of entities of which only a history was given, so that writing costs
//! no more because somebody may ask about the past.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod aggregate;
mod ask;
mod history;
mod memory;
mod rewrite;
mod temporal;

pub use aggregate::{Aggregated, Method, Period, aggregated};
pub use ask::{Ask, Evolution, Evolutions, Found, Property, Relation, Window};
pub use history::{History, Instance, SCOPE};
pub use rewrite::{Rewrite, Which};
pub use temporal::Temporal;
