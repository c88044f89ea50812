use svod_kernel::{Coded, FieldError};
use svod_registry::{CommandError, QueryError};
use svod_store::StoreError;
use svod_trust::TrustError;

use crate::MAX_FILES;

/// Why a file was not taken, or not given.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none, or none the actor may know of.
    #[error("there is no file {0}, or you are not entitled to see it")]
    Missing(String),
    /// Nothing was sent.
    #[error("the file is empty; choose another one")]
    Empty,
    /// It is larger than files may be, as it was sent or as it would be kept; how many MiB they may have.
    #[error("the file is larger than {0} MiB; make it smaller")]
    TooLarge(usize),
    /// Its content is none of the kinds that are taken.
    #[error("the content is no PDF, JPEG, PNG or WebP; send one of these")]
    Kind,
    /// It is called as if it were something else.
    #[error("the file is called .{said}, but its content is {found}; give it the right name or send the right file")]
    NameDiffers {
        /// The ending of its name.
        said: String,
        /// What it is.
        found: &'static str,
    },
    /// A picture that would not fit into memory.
    #[error("the picture has more than 50 megapixels; make it smaller")]
    TooManyPixels,
    /// It begins as what it is and goes on as something else.
    #[error("the file cannot be read to its end; save it anew")]
    Broken,
    /// A PDF that does something when it is opened, or carries other files.
    #[error("the PDF holds {0}, which does something when it is opened or carries another file; print it to a new PDF")]
    Active(&'static str),
    /// The entity has as many as it may have.
    #[error("there are {MAX_FILES} files already; remove one")]
    TooMany,
    /// The sender has sent as much as they may within a day; seconds to wait.
    #[error("you have sent as many files as one may within a day; wait {0} seconds")]
    Quota(u64),
    /// Entities of that type, or of that space, have no files.
    #[error("a {0} has no files here")]
    NotHere(String),
    /// It has not been scanned yet.
    #[error("the file waits for the scanner; try again in a minute")]
    Waiting,
    /// The scanner has found malware in it.
    #[error("the scanner has found malware in the file; it is not given out")]
    Infected,
    /// What is kept is not what came.
    #[error("the bytes of file {0} are not those that were kept")]
    Damaged(String),
    /// The registry refused the change.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The registry refused the question.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// That somebody reads it could not be written down.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for FileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "file-missing",
            Self::Empty => "file-empty",
            Self::TooLarge(_) => "file-too-large",
            Self::Kind => "file-kind",
            Self::NameDiffers { .. } => "file-name-differs",
            Self::TooManyPixels => "file-too-many-pixels",
            Self::Broken => "file-broken",
            Self::Active(_) => "file-active",
            Self::TooMany => "file-too-many",
            Self::Quota(_) => "file-quota",
            Self::NotHere(_) => "file-not-here",
            Self::Waiting => "file-waiting",
            Self::Infected => "file-infected",
            Self::Damaged(_) => "file-damaged",
            Self::Command(e) => e.code(),
            Self::Query(e) => e.code(),
            Self::Trust(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Missing(_) => 404,
            Self::TooLarge(_) => 413,
            Self::Kind => 415,
            Self::Empty
            | Self::NameDiffers { .. }
            | Self::TooManyPixels
            | Self::Broken
            | Self::Active(_)
            | Self::TooMany
            | Self::NotHere(_) => 422,
            Self::Waiting | Self::Infected => 409,
            Self::Quota(_) => 429,
            Self::Damaged(_) => 500,
            Self::Command(e) => e.status(),
            Self::Query(e) => e.status(),
            Self::Trust(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Quota(seconds) => Some(*seconds),
            Self::Command(e) => e.retry_after(),
            Self::Trust(e) => e.retry_after(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Command(e) => e.fields(),
            Self::Trust(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}
