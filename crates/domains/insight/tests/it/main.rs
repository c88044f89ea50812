//! The pages over a whole registry with the packs of the demonstration.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests, which clippy does not take for tests

mod house;
mod pages;
