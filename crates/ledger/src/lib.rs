//! A log that nobody can rewrite: Merkle trees in tiles, signed heads, and proofs that need nobody's word.
//!
//! Pure: nothing here reads or keeps anything.
//!
//! * `hash`, `tree`, `tile` – RFC 6962 trees stored as C2SP [tlog-tiles](https://c2sp.org/tlog-tiles)
//! * `proof` – inclusion and consistency, checked as RFC 9162 says
//! * `note` – C2SP [signed notes](https://c2sp.org/signed-note), [checkpoints](https://c2sp.org/tlog-checkpoint) and
//!   [cosignatures](https://c2sp.org/tlog-cosignature)
//! * `receipt` – C2SP [tlog-proof](https://c2sp.org/tlog-proof)

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod hash;
mod note;
mod proof;
mod receipt;
mod tile;
mod tree;

pub use hash::{Hash, empty, leaf, node};
pub use note::{Checkpoint, Kind, Note, NoteError, Signed, Signer, Verifier};
pub use proof::{consistent, includes};
pub use receipt::{Receipt, ReceiptError};
pub use tile::{TileId, Tiles, WIDTH, entries_path, parse_number};
pub use tree::{Edge, Tree};
