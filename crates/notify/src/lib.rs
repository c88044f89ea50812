//! The outbox told to the outside: MQTT messages written with the change that calls for them, delivered at least once
//! after it is durable.
//!
//! * [`Notify::start`] – the dispatcher, one at a time over all nodes (lease `outbox`)
//! * [`Publish`] – who really sends (the broker)
//! * [`republish`] – retained state of open alerts, after a restart emptied the broker

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod dispatch;
mod message;
mod rows;

pub use dispatch::{Notify, NotifyConfig, NotifyDeps};
pub use message::{BadMessage, Message, Publish, Undelivered, republish};
pub use rows::{revive, set_aside};
