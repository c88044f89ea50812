//! Files that people send: examined, kept with the entity to which they belong, given out to who may see them there.
//!
//! A file's way: [`Files::examine`] – what it is by its content, pictures made anew, PDFs with active content refused →
//! [`Files::keep`] – bytes into the store, then an attribute `files` of the entity, by the registry's door: the journal and the
//! ledger hold its digest → quarantine until the scanner has found nothing → [`Files::read`].
//!
//! * `kind` – what a file is, and how it is called; `examine`, `picture`, `pdf` – what is looked at before it is kept
//! * `held` – files of a form that is not sent yet: kept for the entity that will name them
//! * `files` – keeping, listing, reading, removing; `listed` – the attribute
//! * `quota` – how much one sender sends within a day
//! * `scanner` – clamd; `tend` – what waits is scanned, what belongs to nothing is erased
//!
//! An entity has files when its type declares the attribute `files` (range `uri`). The attribute's class decides who reads them,
//! and whoever may change or declare the entity adds and removes them.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod error;
mod examine;
mod files;
pub mod fuzzing;
mod held;
mod kind;
mod listed;
mod pdf;
mod picture;
mod quota;
mod scanner;
mod tend;

pub use error::FileError;
pub use examine::{Examined, Upload};
pub use files::{FileInfo, FileState, Files, FilesDeps, FilesOptions, MAX_FILES};
pub use kind::{FileKind, MAX_NAME};
pub use listed::ATTRIBUTE;
pub use picture::MAX_PIXELS;
pub use quota::Daily;
pub use scanner::{InvalidScanner, Scanner};
