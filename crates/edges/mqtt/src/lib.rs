//! The MQTT door: a broker that acknowledges a publish only when the platform says it is durable.
//!
//! Translation only: who a client is, what a message means and who may see it are asked of the [`Door`].
//! Why it is built on `rmqtt-codec`: `docs/adr/0003-mqtt.md`.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod broker;
mod config;
mod connection;
mod core;
mod door;
#[doc(hidden)]
pub mod fuzzing;
mod platform;
mod retained;
mod session;
mod topic;
mod tree;
mod wire;

pub use broker::{InvalidTopic, MqttBroker};
pub use config::MqttConfig;
pub use door::{BoxFuture, Credentials, Door, Publication, PublishRefusal, Refusal};
pub use platform::{Authenticate, MaySubscribe, PlatformDoor, StillMay};
pub use topic::{is_filter, is_topic, matches};
