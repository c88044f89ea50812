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

/// A step that is not possible. The state stays as it was: who repeats an event gets the same answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// `Start` for a case that has started.
    #[error("the case has already started")]
    AlreadyStarted,
    /// Something happens to a case that has not started.
    #[error("the case has not started")]
    NotStarted,
    /// The case has ended: nothing can happen to it any more.
    #[error("the case has ended")]
    Ended,
    /// Nothing waits for this: it came twice or too late, or was never asked for.
    #[error("nothing waits for {0}")]
    NotWaiting(String),
    /// A timer comes before its time.
    #[error("the timer is due at {0}")]
    NotDue(svod_kernel::Timestamp),
    /// The event asks for what this process cannot do.
    #[error("{0}")]
    Refused(String),
    /// The case would outgrow its bounds.
    #[error("the case would hold {what}: more than {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
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
            Self::NotDue(_) => "timer-not-due",
            Self::Refused(_) => "step-refused",
            Self::TooLarge { .. } => "case-too-large",
            Self::BadState(_) => "bad-state",
        }
    }

    /// True when a repeated or late event met a state that has gone on: the one who repeats may forget the event.
    pub const fn is_late(&self) -> bool {
        matches!(self, Self::AlreadyStarted | Self::Ended | Self::NotWaiting(_))
    }
}
