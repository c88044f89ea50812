//! Rules: FEEL expressions and DMN decisions (DMN 1.3 to 1.5), run by the dsntk libraries.
//!
//! Pure and deterministic: a [`DecisionModel`] is compiled once, a [`Decision`] evaluates as often as wished without
//! parsing, the same inputs always give the same [`Outcome`], and a [`Memo`] remembers outcomes by exact inputs.
//! What would break that is refused when compiled: the clock (`now`, `today`), functions, iteration, imports.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod decision;
mod error;
mod feel;
mod inputs;
mod memo;
mod model;
mod scan;
mod table;
mod value;
mod vet;

pub use decision::{Decision, NeededInput, Outcome};
pub use error::RuleError;
pub use feel::Feel;
pub use inputs::{Input, Inputs};
pub use memo::{Memo, MemoStatistics};
pub use model::{DecisionModel, DecisionNeeds};
