//! The pages over a real registry and a real pipeline, with the shipped packs.

mod house;
mod keys;
mod packs;
mod quarantine;
