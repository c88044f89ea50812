//! The smallest common words of Svod: time, chance, identifiers, spaces, actors, errors.
//!
//! Pure: no I/O, no async runtime. The system clock and the operating system's randomness are read
//! here and nowhere else (clippy's `disallowed-methods` holds the rest to it).

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod actor;
mod chance;
mod ids;
mod lang;
pub mod number;
mod problem;
mod space;
mod time;

pub use actor::{Actor, OnBehalf, Role};
pub use chance::{Rng, SeededRng};
pub use ids::{InvalidUrn, Urn};
pub use lang::Lang;
pub use problem::{Coded, FieldError, Problem};
pub use space::{InvalidSpace, SpacePath};
pub use time::{Clock, InvalidTime, SimClock, SystemClock, Timestamp, read_offset, write_offset};
