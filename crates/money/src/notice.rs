//! What providers say that fits nothing here: kept, counted, shown to who looks after money.

use svod_kernel::Timestamp;
use svod_store::money::{self, NoticeRow};

use crate::provider::Notice;
use crate::{Money, MoneyError};

/// Notices shown at the most.
const SHOWN: i64 = 200;

/// Why what a provider says fits nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nothing here has that reference.
    Unknown,
    /// Another sum or currency than was asked for.
    Differs,
    /// It said something else before, and the books follow that.
    Contradicts,
}

impl Reason {
    /// The word in the store and of the text `payments-notice-<word>`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Differs => "differs",
            Self::Contradicts => "contradicts",
        }
    }
}

/// What is kept of it.
pub type Kept = NoticeRow;

impl Money {
    /// Keeps it.
    pub(crate) async fn keep(&self, provider: &str, notice: &Notice, reason: Reason) -> Result<(), MoneyError> {
        metrics::counter!("svod_payment_notices_kept_total", "reason" => reason.word()).increment(1);
        let reference = &notice.reference;
        tracing::warn!(provider, reference, reason = reason.word(), "a payment provider's notice fits nothing here");
        let now: Timestamp = self.0.registry.clock().now();
        let row = NoticeRow {
            provider: provider.to_owned(),
            reference: notice.reference.clone(),
            state: notice.state.word().to_owned(),
            amount: notice.amount,
            currency: notice.currency.clone(),
            payment: notice.payment.as_ref().map(ToString::to_string),
            reason: reason.word().to_owned(),
            first: now,
            last: now,
            times: 1,
        };
        self.0.store.write(move |conn| money::keep_notice(conn, &row)).await?;
        Ok(())
    }

    /// What providers have said that fits nothing here, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn notices(&self) -> Result<Vec<Kept>, MoneyError> {
        Ok(self.0.store.read(|conn| money::notices(conn, SHOWN)).await?)
    }
}
