//! A provider inside the platform, for trying things out: nothing moves. Whoever pays is led to a page where they choose what
//! becomes of it; refunds are done at once, and so are payouts, but for accounts and cards that end in
//! 0000. Its page of cards knows four digits, and no number.

use svod_kernel::Timestamp;

use sha2::{Digest as _, Sha256};

use crate::provider::{Answered, CardToken, Notice, Order, Provider, ProviderError, Reply, State, Unsigned, Word};

/// Its name.
pub const SANDBOX: &str = "sandbox";

/// The sandbox. It keeps nothing: what it answers follows from the order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

/// What the sandbox calls an order.
pub(crate) fn reference(order: &Order) -> String {
    format!("sandbox-{}", order.payment.local())
}

/// The page on which one shows the sandbox a card.
pub const SANDBOX_CARDS: &str = "/sandbox/cards";

/// The sandbox's token of a card for a holder.
pub(crate) fn token(holder: &str, last: &str) -> String {
    let digest = Sha256::digest(format!("sandbox {holder} {last}").as_bytes());
    let proof: String = digest.iter().take(12).map(|b| format!("{b:02x}")).collect();
    format!("sandbox-{last}-{proof}")
}

/// The last digits of a card whose token was given for that holder.
fn digits(card: CardToken<'_>) -> Result<String, ProviderError> {
    let last = card.token.split('-').nth(1).filter(|last| token(card.holder, last) == card.token);
    let foreign = || ProviderError::Refused("the sandbox has not given this holder that card".to_owned());
    last.map(str::to_owned).ok_or_else(foreign)
}

impl Provider for Sandbox {
    fn id(&self) -> &str {
        SANDBOX
    }

    fn is_sandbox(&self) -> bool {
        true
    }

    fn start<'a>(&'a self, order: &'a Order) -> Reply<'a> {
        let go = Some(format!("/sandbox/payments/{}", order.payment));
        Box::pin(async move { Ok(Answered { reference: reference(order), go, state: State::Pending }) })
    }

    fn refund<'a>(&'a self, order: &'a Order, _: &'a str) -> Reply<'a> {
        Box::pin(async move { Ok(Answered { reference: reference(order), go: None, state: State::Done }) })
    }

    fn payout<'a>(&'a self, order: &'a Order, account: &'a str) -> Reply<'a> {
        let state = match account.trim_end().ends_with("0000") {
            true => State::Failed("the sandbox refuses accounts that end in 0000".to_owned()),
            false => State::Done,
        };
        Box::pin(async move { Ok(Answered { reference: reference(order), go: None, state }) })
    }

    fn card_page<'a>(&'a self, _: &'a str, _: &'a str) -> Word<'a> {
        Box::pin(async { Ok(SANDBOX_CARDS.to_owned()) })
    }

    fn card_digits<'a>(&'a self, card: CardToken<'a>) -> Word<'a> {
        Box::pin(async move { digits(card) })
    }

    fn payout_to_card<'a>(&'a self, order: &'a Order, card: CardToken<'a>) -> Reply<'a> {
        Box::pin(async move {
            let state = match digits(card)?.as_str() {
                "0000" => State::Failed("the sandbox refuses cards that end in 0000".to_owned()),
                _ => State::Done,
            };
            Ok(Answered { reference: reference(order), go: None, state })
        })
    }

    /// What is chosen on its page goes to [`crate::Money::choose`]; nobody speaks for it from outside.
    fn notice(&self, _: Option<&str>, _: &[u8], _: Timestamp) -> Result<Notice, Unsigned> {
        Err(Unsigned::Silent)
    }
}
