/// One thing wrong with a process file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {element}: {reason}; {fix}")]
pub struct ProcessError {
    /// File as given to the parser.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Element and id, such as `userTask 'inspect'`.
    pub element: String,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

/// A step that is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// `Start` for a case that has started.
    #[error("the case has already started")]
    AlreadyStarted,
    /// `Completed` for a case that has not started.
    #[error("the case has not started")]
    NotStarted,
    /// The case has ended: nothing can happen to it any more.
    #[error("the case has ended")]
    Ended,
    /// No token waits at the element: it is done already, or was never reached.
    #[error("nothing waits at '{0}'")]
    NotWaiting(String),
    /// The state was written by a newer program or for another process.
    #[error("the state cannot be read: {0}")]
    BadState(String),
}

impl StepError {
    /// Stable code for problem details and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadyStarted => "already-started",
            Self::NotStarted => "not-started",
            Self::Ended => "case-ended",
            Self::NotWaiting(_) => "not-waiting",
            Self::BadState(_) => "bad-state",
        }
    }
}
