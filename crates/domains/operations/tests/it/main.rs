//! The pages over a real registry and a real pipeline, with the shipped packs.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy sees tests only in functions marked as such

mod cases;
mod designer;
mod house;
mod keys;
mod packs;
mod quarantine;
