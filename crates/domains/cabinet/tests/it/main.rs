//! The pages over a real registry, with the shipped packs.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy sees tests only in functions marked as such

mod bodies;
mod house;
mod keys;
mod my;
