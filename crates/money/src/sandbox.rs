//! A provider inside the platform, for trying things out: nothing moves. Whoever pays is led to a page where they choose what
//! becomes of it; refunds are done at once, and so are payouts, but for accounts that end in 0000.

use svod_kernel::Timestamp;

use crate::provider::{Answered, Notice, Order, Provider, Reply, State, Unsigned};

/// Its name.
pub const SANDBOX: &str = "sandbox";

/// The sandbox. It keeps nothing: what it answers follows from the order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sandbox;

/// What the sandbox calls an order.
pub(crate) fn reference(order: &Order) -> String {
    format!("sandbox-{}", order.payment.local())
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

    /// What is chosen on its page goes to [`crate::Money::choose`]; nobody speaks for it from outside.
    fn notice(&self, _: Option<&str>, _: &[u8], _: Timestamp) -> Result<Notice, Unsigned> {
        Err(Unsigned::Silent)
    }
}
