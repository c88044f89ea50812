//! Every text a person sees: Fluent messages in Russian, Kazakh and English, and the manners of writing
//! numbers, dates and ages in them.
//!
//! Pure: the caller reads the `.ftl` files and gives their text.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod dates;
mod numbers;
mod texts;

pub use dates::{
    UnknownZone, Zone, format_date, format_date_in, format_date_long, format_datetime, format_datetime_exact,
    format_datetime_in, format_relative, format_time,
};
pub use numbers::{format_number, format_value};
pub use texts::{Arg, TextError, Texts};
