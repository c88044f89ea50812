//! Forms as a house uses them: parsed, shown, answered, sent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stand outside of test functions")]

mod answers;
mod components;
mod faults;
mod house;
mod live;
mod property;
