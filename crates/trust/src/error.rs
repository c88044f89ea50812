use svod_kernel::{Coded, FieldError};
use svod_registry::{CommandError, QueryError};

/// Why something was refused.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The registry refused the change.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The registry refused the question.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A field does not fit.
    #[error("{}: {} ({})", .0.field, .0.rule, .0.fix)]
    Field(FieldError),
    /// There is no consent of the person that the actor's body may rest upon.
    #[error("the person has given your body no consent that holds now; ask for one, or name another ground")]
    NoConsent,
    /// Numbers are being tried.
    #[error("too many numbers that are not there; wait {0} seconds")]
    TooMany(u64),
    /// A second person is needed.
    #[error("nobody judges what they have done themselves, or what was done with their own data")]
    SamePerson,
}

impl TrustError {
    pub(crate) fn field(field: &str, rule: &str, fix: &str) -> Self {
        Self::Field(FieldError { field: field.into(), rule: rule.into(), fix: fix.into() })
    }
}

impl Coded for TrustError {
    fn code(&self) -> &'static str {
        match self {
            Self::Command(e) => e.code(),
            Self::Query(e) => e.code(),
            Self::Field(_) => "field",
            Self::NoConsent => "no-consent",
            Self::TooMany(_) => "too-many-numbers",
            Self::SamePerson => "same-person",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Command(e) => e.status(),
            Self::Query(e) => e.status(),
            Self::Field(_) | Self::NoConsent => 422,
            Self::TooMany(_) => 429,
            Self::SamePerson => 403,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Command(e) => e.retry_after(),
            Self::TooMany(seconds) => Some(*seconds),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Command(e) => e.fields(),
            Self::Field(e) => vec![e.clone()],
            Self::NoConsent => vec![FieldError {
                field: "basis".into(),
                rule: "no-consent".into(),
                fix: "ask the person for a consent, or name another ground".into(),
            }],
            _ => Vec::new(),
        }
    }
}
