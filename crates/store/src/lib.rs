//! The store: entities, journal, outbox, leases and what else must be durable, on SQLite or PostgreSQL.
//!
//! # Map
//! * [`Store`] — the handle: queues, threads, group commit. `writer`, `sync`, `reader`, `job`, `heads` are its insides.
//! * [`Conn`], [`Value`], [`Row`], [`BulkInsert`] — what a job runs its SQL through; `sqlite`, `pg`, `pg_tls`, `pg_types`, `link`
//!   are the two engines. What differs between them lives there and nowhere else.
//! * [`space`], [`entity`], [`journal`], [`outbox`], [`lease`], [`finding`], [`quarantine`], [`pack`], [`meta`], [`definition`], [`value_index`], [`projection`], [`evolution`], [`receipt`], [`ledger`], [`account`], [`client`], [`device`], [`file`], [`money`] — the
//!   tables, each with all its SQL; plain functions over a [`Conn`], to be put together inside one job.
//! * [`copy`] – a store as a whole, from one place to another.
//! * `migrate` and `migrations/` — how the tables come to be; `schema.sql` is the outcome. [`testing`] — a store for a test.
//!
//! # A transaction
//! A job is a synchronous closure. [`Store::write`] puts it into a bounded queue; the one writer thread takes everything
//! that waits (never waiting for more), begins a transaction, runs each job behind a savepoint, commits, and only when that
//! is on the disk all of them are answered (on SQLite the next transaction is under way meanwhile). A failing job is undone alone. If the whole group fails before COMMIT, its jobs run again, each in
//! a transaction of its own; if the connection breaks during COMMIT, each is answered [`StoreError::Unknown`], never success.
//! [`Store::append`] is the same without savepoints, for what only appends. [`Store::read`] answers from a snapshot.
//!
//! On PostgreSQL several nodes may write: groups with `write` jobs take turns by an advisory lock, so they cannot
//! deadlock over entities and counters; the counter row of a space, locked until COMMIT, gives its journal exact order.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

pub mod account;
pub mod client;
mod conn;
pub mod copy;
pub mod definition;
pub mod device;
pub mod draft;
pub mod entity;
mod error;
pub mod evolution;
pub mod file;
pub mod finding;
mod heads;
pub mod instance;
pub mod instance_list;
mod job;
pub mod journal;
mod journal_list;
mod journal_members;
pub mod lease;
pub mod ledger;
mod link;
pub mod meta;
mod migrate;
pub mod money;
pub mod outbox;
pub mod outside;
pub mod pack;
mod pg;
mod pg_proof;
mod pg_tls;
mod pg_types;
pub mod projection;
pub mod quarantine;
mod reader;
pub mod receipt;
pub mod site_session;
pub mod space;
mod sqlite;
mod store;
mod sync;
pub mod testing;
mod url;
mod value;
pub mod value_index;
mod writer;

pub use conn::{BulkInsert, Clash, Column, Conn, Engine};
pub use error::StoreError;
pub use heads::{JournalHeads, News};
pub use migrate::migrate;
pub use store::{Store, StoreOptions};
pub use url::StoreUrl;
pub use value::{Row, Value};
