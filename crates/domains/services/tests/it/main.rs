//! The pages over a real registry with the shipped packs.

#![allow(clippy::unwrap_used, clippy::panic)] // clippy sees tests only in functions marked as such

mod cases;
mod figures;
mod forms;
mod house;
mod journeys;
mod keys;
mod lists;
mod matter;
mod offers;
mod payments;
mod proposals;
mod register;
mod templates;
mod traces;
mod weighty;
