//! Money: what people owe bodies and are paid by them, by payment providers, with books that add up.
//!
//! Money's way: an accrual ([`svod_runtime::accruals`], by a process or by [`Money::accrue`]) → the person starts a payment
//! ([`Money::pay`]) → the provider is asked, with the payment's URN as the key → it says what became of it ([`Money::settle`]) →
//! payment, accrual, lines of the books and the message to the case in one command.
//!
//! * `money` – the room: what it stands on, reading
//! * `pay` – a person pays; `settle` – what a provider says is written once
//! * `give` – refunds and payouts; `connector` – the same for processes
//! * `provider` – what a provider is; `sandbox` – one inside, labelled; `http` – one over HTTP with signed JSON
//! * `reconcile` – a provider's file beside what is here; `verify` – the books beside the entities
//! * `lists` – what a person owes, what a body is owed; [`sums`] – sums as people write them

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod cards;
mod connector;
mod error;
mod give;
mod http;
mod lists;
mod money;
mod notice;
mod pay;
mod provider;
mod reconcile;
mod sandbox;
mod settle;
pub mod sums;
mod verify;

pub use connector::Payments;
pub use error::MoneyError;
pub use give::{PayTo, Payout, Refund};
pub use http::{HttpProvider, Network, Networked, SIGNATURE, Spec, UNEXPLAINED, Unanswered, sign};
pub use lists::{Register, Sums};
pub use money::{Money, MoneyDeps};
pub use notice::{Kept, Reason};
pub use pay::{Going, REPLACED};
pub use provider::{Answered, CardToken, Heard, Notice, Order, Provider, ProviderError, Reply, State, Unsigned, Word};
pub use reconcile::{Compared, Fault, Line, Reconciled, Side, Verdict, file};
pub use sandbox::{SANDBOX, SANDBOX_CARDS, Sandbox};
pub use settle::Settled;
pub use svod_runtime::accruals::{CURRENCY, NewAccrual, is_number};
pub use verify::Verified;
