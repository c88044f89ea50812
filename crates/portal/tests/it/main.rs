//! The portal as a whole: pages through the real router.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stand outside of test functions")]

mod forms;
mod keys;
mod pages;
