use std::future::Future;
use std::pin::Pin;

use svod_kernel::{Timestamp, Urn};

/// A payment, refund or payout as a provider is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The payment here. It is the key of the request: asked twice, a provider does it once.
    pub payment: Urn,
    /// Number of the accrual, where there is one.
    pub number: Option<String>,
    /// Smallest units of the currency.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What for, in words for a payment.
    pub purpose: String,
    /// Where a person comes back to, an absolute address; empty where nobody goes anywhere.
    pub back: String,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is not known yet; the provider says it later.
    Pending,
    /// The money has moved.
    Done,
    /// It has not, and will not; why.
    Failed(String),
}

impl State {
    /// The word of it: `pending`, `done`, `failed`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed(_) => "failed",
        }
    }
}

/// What a provider answers an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What the provider calls it, unique there.
    pub reference: String,
    /// Where the person goes to pay; none: they need not.
    pub go: Option<String>,
    /// What became of it so far.
    pub state: State,
}

/// Why a provider did not take an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It refuses this order; asking again does not help.
    #[error("the payment provider refuses it: {0}")]
    Refused(String),
    /// It could not be had, and has nothing of the order; asking again, with the same key, is safe.
    #[error("the payment provider cannot be reached: {0}")]
    Away(String),
    /// It may have the order, and what it makes of it is not known; asking again, with the same key, is safe.
    #[error("what the payment provider makes of it is not known: {0}")]
    Unclear(String),
}

/// The answer of a provider.
pub type Reply<'a> = Pin<Box<dyn Future<Output = Result<Answered, ProviderError>> + Send + 'a>>;

/// A word of a provider: an address, the last digits of a card.
pub type Word<'a> = Pin<Box<dyn Future<Output = Result<String, ProviderError>> + Send + 'a>>;

/// Done, or why not.
pub type Heard<'a> = Pin<Box<dyn Future<Output = Result<(), ProviderError>> + Send + 'a>>;

/// A card as its provider knows it: whose it is there, and what it is called. Its number is nowhere here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardToken<'a> {
    /// By what the provider knows whoever has shown it the card: nothing that says who they are.
    pub holder: &'a str,
    /// What the provider calls the card. For another holder it is nothing.
    pub token: &'a str,
}

/// A provider that knows no cards.
fn no_cards<'a, T: Send + 'a>() -> Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>> {
    Box::pin(async { Err(ProviderError::Refused("this provider pays to accounts, and to no cards".to_owned())) })
}

/// What a provider says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What the provider calls it.
    pub reference: String,
    /// Which payment here, when it says so.
    pub payment: Option<Urn>,
    /// What became of it.
    pub state: State,
    /// Smallest units that moved, or would have.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
}

/// Why what came is not taken for the provider's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// The provider says nothing by itself.
    #[error("this provider sends no notices")]
    Silent,
    /// There is no signature, or another's.
    #[error("the signature is missing or is not the provider's")]
    Signature,
    /// It was signed too long ago, or in the future.
    #[error("the signature is not of now; look at both clocks")]
    Stale,
    /// It is signed and cannot be read.
    #[error("the notice cannot be read; it must be a JSON object with reference, status, amount and currency")]
    Unreadable,
}

/// A payment provider: a bank, an acquirer, the treasury. Called at least once for each order, with its key.
pub trait Provider: Send + Sync {
    /// Its name in addresses, in the books and in payments: small letters, digits, `-`.
    fn id(&self) -> &str;

    /// Nothing moves: it is for trying things out, and must be labelled so.
    fn is_sandbox(&self) -> bool {
        false
    }

    /// A person pays.
    fn start<'a>(&'a self, order: &'a Order) -> Reply<'a>;

    /// A payment is given back, wholly or in part; `original` is what the provider calls that payment.
    fn refund<'a>(&'a self, order: &'a Order, original: &'a str) -> Reply<'a>;

    /// Somebody is paid, to an account.
    fn payout<'a>(&'a self, order: &'a Order, account: &'a str) -> Reply<'a>;

    /// The page of the provider on which a holder shows it a card to be paid to. They come back to `back`, an absolute address, with
    /// `token` in its query.
    fn card_page<'a>(&'a self, _holder: &'a str, _back: &'a str) -> Word<'a> {
        no_cards()
    }

    /// The last four digits of the card of a token; refused for a token that it has not given to this holder.
    fn card_digits<'a>(&'a self, _card: CardToken<'a>) -> Word<'a> {
        no_cards()
    }

    /// Somebody is paid, to a card that they have shown it; refused for a token that it has not given to this holder.
    fn payout_to_card<'a>(&'a self, _order: &'a Order, _card: CardToken<'a>) -> Reply<'a> {
        no_cards()
    }

    /// It has spoken of a payout by itself, so it has what it was given: to be called before its word is written. Whoever keeps what
    /// providers were given writes it down, once for each payout; `card` is true for one to a card.
    fn heard<'a>(&'a self, _order: &'a Order, _card: bool) -> Heard<'a> {
        Box::pin(async { Ok(()) })
    }

    /// What it says by itself, once its signature is proved.
    ///
    /// # Errors
    /// See [`Unsigned`].
    fn notice(&self, signature: Option<&str>, body: &[u8], now: Timestamp) -> Result<Notice, Unsigned>;
}
