//! Rules: FEEL expressions and DMN decisions (DMN 1.3 to 1.5), run by the dsntk libraries.
//!
//! Pure and deterministic: a [`DecisionModel`] is compiled once, a [`Decision`] evaluates as often as wished without
//! parsing, the same inputs always give the same [`Outcome`], and a [`Memo`] remembers outcomes by exact inputs.
//! What would break that is refused when compiled: the clock (`now`, `today`), functions, iteration, imports.

mod decision;
mod error;
mod external;
mod feel;
mod full;
mod guard;
mod inputs;
mod instrument;
mod memo;
mod model;
mod scan;
mod table;
mod temporal;
mod value;
mod vet;
mod workers;

pub use decision::{Decision, NeededInput, Outcome};
pub use error::RuleError;
pub use feel::Feel;
pub use full::{
    Askable, Asked, DecisionError, DecisionModels, DecisionResult, Evaluation, FieldError, FiredRule, ModelVersion,
    TableResult,
};
pub use inputs::{Input, Inputs};
pub use memo::{Memo, MemoStatistics};
pub use model::{DecisionModel, DecisionNeeds};
pub use temporal::Temporal;
