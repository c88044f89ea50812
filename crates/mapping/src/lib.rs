//! Mappings: a device's payload becomes attributes, by jq (jaq) expressions that packs declare.
//!
//! Pure and bounded. A mapping is compiled once ([`Mapping::compile`]) and applied to each payload; the plain shape
//! `{at: .ts, values: {pm25: .pm25}}` runs natively, anything else on jaq with the same result. Definitions that can
//! loop are refused when compiled, every step burns fuel when run, so that neither a pack nor a payload can hang or
//! fill the memory. There is no clock, no environment and no file inside.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod error;
mod fuel;
mod guard;
mod mapping;
mod plan;
mod program;
mod query;
mod shape;
mod val;

pub use error::{FaultCode, MappingError, MappingFault};
pub use mapping::{MAX_PAYLOAD, Mapping};
pub use program::MAX_OUTPUTS;
pub use query::Query;
pub use shape::{Mapped, MappedValue};
