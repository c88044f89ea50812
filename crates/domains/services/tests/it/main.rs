//! The pages over a real registry with the shipped packs.

mod house;
mod journeys;
mod keys;
