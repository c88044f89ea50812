//! Subscriptions: who is told when entities change. The edges bring the words ([`Dialect`]), the binary the wires
//! ([`Deliver`]); what stands between them is here.
//!
//! Data's way: the journal → [`svod_registry::Happening`] (what an event did to each attribute) → `matcher` (which subscriptions can be
//! meant, without looking at all of them) → [`Subscription::wants`] → a [`Notice`] in the subscription's queue → written by
//! the dialect → delivered → [`State`], written down every second.
//!
//! * `engine` – the projection of the journal that does this, and the subscriptions by time
//! * `queue` – one subscription's notices in their order; `stream` – the same read from the journal by whoever listens
//!
//! A notice counts as settled when its delivery was tried; until then the journal's place is not moved past it, so that a
//! restart tries again.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod deliver;
mod engine;
mod matcher;
mod queue;
mod stream;
mod subscription;

pub use deliver::{Deliver, Message, Sending, Target};
pub use engine::{Dialect, Engine, Everywhere, Found, Powers, Read, Started, Today, Written};
pub use stream::{Position, Stream, Told};
pub use subscription::{Notice, State, Subscription, Trigger};
