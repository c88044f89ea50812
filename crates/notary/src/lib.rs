//! Keeps the log that nobody can rewrite: every event of the journal becomes a leaf of one Merkle tree.
//!
//! * `entry` – what a leaf commits to
//! * `append` – new events become leaves, in one transaction with tiles and head
//! * `notary` – the service: follows the journal, signs heads, gives tiles and receipts
//! * `kept` – the newest head beside the store, by which a store that was set back is known
//! * `verify` – compares journal, leaves, tiles and head, and names the first that is wrong; `compare`, `wrong` – one leaf, and what may be wrong
//! * `rows` – compares the table of entities with the journal
//! * `sweep` – the same a little all the time, while the platform runs
//! * `erase` – what is kept of a removed entity is destroyed, and an event says so
//! * `witness` – signs the heads of other logs, and has others sign the own one
//!
//! A leaf is a commitment: SHA-256 over salts and the parts of the event as text. The tree holds nothing else, so it can be
//! shown to anybody, and a receipt shows what its reader may see; who destroys the salt of an event makes its leaf say nothing any more, and every proof stays as it was.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod append;
mod compare;
mod entry;
mod erase;
mod kept;
mod notary;
mod rows;
mod sweep;
mod verify;
mod witness;
mod wrong;

pub use append::{PROJECTION, Tiled};
pub use entry::{Part, SALT, Secret, commitment};
pub use erase::{EraseError, Erased, Erasure};
pub use kept::{HEAD_FILE, goes_on, kept_head};
pub use notary::{Notary, NotaryDeps, NotaryError, Running};
pub use rows::{Rows, rows};
pub use sweep::Sweep;
pub use verify::{Found, verify};
pub use witness::{Answer, Ask, Asked, Peer, Witness};
pub use wrong::Wrong;
