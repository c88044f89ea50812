//! Processes as an editor saves them, and as nobody should draw them.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fall

mod activities;
mod adhoc;
mod bounds;
mod calendars;
mod compensation;
mod drawn;
mod events;
mod faults;
mod gateways;
mod migrate;
mod parse;
mod random;
mod refused;
mod repair;
mod repeat;
mod scopes;
mod state;
mod support;
mod table;
