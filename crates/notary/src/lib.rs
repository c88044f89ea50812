//! Keeps the log that nobody can rewrite: every event of the journal becomes a leaf of one Merkle tree.
//!
//! * `entry` – what a leaf commits to
//! * `append` – new events become leaves, in one transaction with tiles and head
//! * `notary` – the service: follows the journal, signs heads, gives tiles and receipts
//! * `verify` – compares journal, leaves, tiles and head, and names the first that is wrong
//! * `witness` – signs the heads of other logs, and has others sign the own one
//!
//! A leaf is a commitment: SHA-256 over salts and the parts of the event as text. The tree holds nothing else, so it can be
//! shown to anybody, and a receipt shows what its reader may see; who destroys the salt of an event makes its leaf say nothing any more, and every proof stays as it was.

mod append;
mod entry;
mod notary;
mod verify;
mod witness;

pub use append::{PROJECTION, Tiled};
pub use entry::{Part, SALT, Secret, commitment};
pub use notary::{Notary, NotaryDeps, NotaryError, Running};
pub use verify::{Found, Wrong, verify};
pub use witness::{Answer, Ask, Asked, Peer, Witness};
