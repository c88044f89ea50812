use svod_kernel::Coded;
use svod_store::StoreError;

/// Why a message was not taken. What is merely wrong is taken: into quarantine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// Too much in flight.
    #[error("too many readings are in flight; send them again in a second")]
    Busy,
    /// Policy does not let the actor deliver there.
    #[error("you may not deliver readings here; use the token of a device of this space")]
    Forbidden,
    /// A batch or a payload over its bound.
    #[error("{0}")]
    TooLarge(String),
    /// The store failed; nothing was kept, or nobody knows, which for a repeated reading is the same.
    #[error("the readings were not stored: {0}")]
    Store(StoreError),
    /// The platform is stopping.
    #[error("the platform is stopping; send the readings again later")]
    Stopping,
}

impl From<StoreError> for IngestError {
    fn from(e: StoreError) -> Self {
        if matches!(e, StoreError::Busy) { Self::Busy } else { Self::Store(e) }
    }
}

impl Coded for IngestError {
    fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Forbidden => "forbidden",
            Self::TooLarge(_) => "too-large",
            Self::Store(e) => e.code(),
            Self::Stopping => "stopping",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Busy | Self::Stopping => 503,
            Self::Forbidden => 403,
            Self::TooLarge(_) => 413,
            Self::Store(e) => e.status(),
        }
    }
}
