use svod_kernel::Coded;

/// What can go wrong between a job and a durable commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The queue of jobs is full; ask again in a moment.
    #[error("the store is busy; try again in a second")]
    Busy,
    /// The store was closed before the job began.
    #[error("the store is closed")]
    Closed,
    /// No connection to the database; the job was not committed.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The connection broke, or the disk failed, while COMMIT was under way: committed or not, nobody knows.
    #[error("the outcome of the commit is unknown: {0}")]
    Unknown(String),
    /// The job panicked; its changes were rolled back.
    #[error("a job of the store panicked and was rolled back")]
    Panicked,
    /// A unique key or another constraint refused the statement.
    #[error("refused by a constraint: {0}")]
    Constraint(String),
    /// Another writer held the rows for too long, several times in a row.
    #[error("other writers were in the way: {0}")]
    Contended(String),
    /// What the writer knew is old; load anew and repeat. Nothing was committed.
    #[error("the store has changed since the writer looked; try again")]
    Stale,
    /// A column holds, or a caller gave, something of another shape than expected.
    #[error("unexpected shape: {0}")]
    Shape(String),
    /// The engine refused a statement.
    #[error("the statement failed: {0}")]
    Statement(String),
    /// No room left on the disk.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The address of the store cannot be understood.
    #[error("the store's address is wrong: {0}")]
    Url(String),
    /// The tables could not be brought to this version.
    #[error("the migration failed: {0}")]
    Migration(String),
}

impl Coded for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Busy => "store-busy",
            Self::Closed => "store-closed",
            Self::Unavailable(_) => "store-unavailable",
            Self::Unknown(_) => "store-outcome-unknown",
            Self::Panicked => "store-job-panicked",
            Self::Constraint(_) => "store-constraint",
            Self::Contended(_) => "store-contended",
            Self::Stale => "store-stale",
            Self::Shape(_) => "store-shape",
            Self::Statement(_) => "store-statement",
            Self::Full(_) => "store-full",
            Self::Url(_) => "store-url",
            Self::Migration(_) => "store-migration",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Busy | Self::Closed | Self::Unavailable(_) | Self::Unknown(_) | Self::Contended(_) | Self::Stale => {
                503
            }
            Self::Full(_) => 507,
            Self::Constraint(_) => 409,
            _ => 500,
        }
    }
}
