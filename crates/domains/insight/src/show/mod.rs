//! How names, facts and values are written for people.

pub mod facts;
pub mod names;
pub mod sight;
pub mod values;

pub use sight::Sight;
