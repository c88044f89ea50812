use svod_kernel::{Coded, FieldError};
use svod_registry::{CommandError, QueryError};
use svod_runtime::CaseError;
use svod_runtime::accruals::AccrualError;
use svod_store::StoreError;

use crate::provider::{ProviderError, Unsigned};
use crate::reconcile::Fault;

/// Why no money was moved. Nothing has happened then, unless the provider says otherwise later.
#[derive(Debug, thiserror::Error)]
pub enum MoneyError {
    /// No provider is configured, or none of that name.
    #[error("there is no payment provider '{0}' here; name it in [payments] of the configuration")]
    NoProvider(String),
    /// More than is owed, or less than something.
    #[error("{rest} can be paid yet, in the smallest unit of the currency; give 1 to {rest}")]
    TooMuch {
        /// Smallest units.
        rest: i64,
    },
    /// More than was paid and not given back, or less than something.
    #[error("{rest} can be given back, in the smallest unit of the currency; give 1 to {rest}")]
    TooMuchBack {
        /// Smallest units.
        rest: i64,
    },
    /// It is paid, cancelled or given back.
    #[error("the accrual is {0}; only what is open or partly paid is paid")]
    Closed(String),
    /// A payout needs these.
    #[error("'{field}' is missing or wrong: {fix}")]
    Field {
        /// Which field.
        field: &'static str,
        /// How to mend it.
        fix: &'static str,
    },
    /// The card is not there, or is another's.
    #[error("whoever is paid has no such card; pay to a card that they keep, or to an account")]
    NoCard,
    /// One keeps as many cards as there may be.
    #[error("{0} cards are kept already; forget one of them first")]
    TooManyCards(usize),
    /// Somebody is being paid to the card.
    #[error("a payout to the card is under way; forget it when that is done")]
    CardInUse,
    /// The file of a provider cannot be read.
    #[error("line {line} of the file: {fault}")]
    File {
        /// Line, from 1.
        line: u64,
        /// What is wrong and how to mend it.
        fault: Fault,
    },
    /// What came is not the provider's word.
    #[error(transparent)]
    Unsigned(#[from] Unsigned),
    /// The provider did not take it.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// It cannot be owed.
    #[error(transparent)]
    Accrual(#[from] AccrualError),
    /// The registry refused the question.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The change was refused.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CommandError> for MoneyError {
    fn from(e: CommandError) -> Self {
        Self::Case(e.into())
    }
}

impl MoneyError {
    /// Somebody else was faster: what was read is not so any more.
    pub(crate) fn is_conflict(&self) -> bool {
        let conflict = |e: &CommandError| {
            matches!(e, CommandError::Conflict { .. } | CommandError::Exists(_) | CommandError::Posted(_))
        };
        matches!(self, Self::Case(CaseError::Command(e)) if conflict(e))
    }
}

impl Coded for MoneyError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoProvider(_) => "no-payment-provider",
            Self::TooMuch { .. } => "payment-too-much",
            Self::TooMuchBack { .. } => "refund-too-much",
            Self::Closed(_) => "accrual-closed",
            Self::Field { .. } => "payout-field",
            Self::NoCard => "payout-card",
            Self::TooManyCards(_) => "payout-cards",
            Self::CardInUse => "payout-card-in-use",
            Self::File { .. } => "reconciliation-file",
            Self::Unsigned(Unsigned::Unreadable) => "notice-unreadable",
            Self::Unsigned(_) => "notice-unsigned",
            Self::Provider(ProviderError::Refused(_)) => "payment-refused",
            Self::Provider(ProviderError::Away(_) | ProviderError::Unclear(_)) => "payment-provider-away",
            Self::Accrual(e) => e.code(),
            Self::Query(e) => e.code(),
            Self::Case(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NoProvider(_) => 404,
            Self::TooMuch { .. }
            | Self::TooMuchBack { .. }
            | Self::Field { .. }
            | Self::NoCard
            | Self::TooManyCards(_)
            | Self::File { .. } => 422,
            Self::Closed(_) | Self::CardInUse => 409,
            Self::Unsigned(Unsigned::Unreadable) => 400,
            Self::Unsigned(_) => 401,
            Self::Provider(ProviderError::Refused(_)) => 422,
            Self::Provider(ProviderError::Away(_) | ProviderError::Unclear(_)) => 503,
            Self::Accrual(e) => e.status(),
            Self::Query(e) => e.status(),
            Self::Case(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field =
            |field: &str| vec![FieldError { field: field.into(), rule: self.code().into(), fix: self.to_string() }];
        match self {
            Self::TooMuch { .. } | Self::TooMuchBack { .. } => field("amount"),
            Self::Field { field: name, .. } => field(name),
            Self::NoCard | Self::TooManyCards(_) | Self::CardInUse => field("card"),
            Self::File { .. } => field("file"),
            Self::Accrual(e) => e.fields(),
            Self::Case(e) => e.fields(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Provider(ProviderError::Away(_) | ProviderError::Unclear(_)) => Some(30),
            _ => None,
        }
    }
}
