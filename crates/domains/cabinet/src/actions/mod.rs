//! What the pages change by themselves; the rest is trust's.

mod appoint;
mod end;

pub use appoint::{NewActing, appoint};
pub use end::end;
