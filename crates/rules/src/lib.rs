//! Rules: FEEL expressions and DMN decisions (DMN 1.3 to 1.5), run by the dsntk libraries.
//!
//! Pure and deterministic: a model is compiled once and evaluated as often as wished without parsing; the same inputs
//! always give the same result. Two profiles:
//!
//! * strict, for readings: a [`DecisionModel`] of tables and plain expressions over single values. A [`Decision`] always
//!   ends, runs where it is asked, and a [`Memo`] remembers outcomes by exact inputs.
//! * full: [`DecisionModels`], all files of a pack with everything that DMN and FEEL have, and [`Feel::compile_full`].
//!   Evaluations run within bounds of steps, bytes and stack (`guard`), those that call functions on threads of their own
//!   (`workers`); time is given, and an [`Evaluation`] tells the rules that fired.
//!
//! * `inputs`, `temporal`, `value` – what goes in and comes out; `vet`, `scan` – what is refused before it is read
//! * `model`, `decision`, `table`, `memo` – strict; `full` – full; `feel` – single expressions
//! * `instrument`, `guard`, `workers`, `external` – what keeps the full profile within bounds

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

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
