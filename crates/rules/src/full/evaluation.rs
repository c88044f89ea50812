use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a decision said, with everything that is needed to explain it: kept with the case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// The result; null where FEEL has none. Dates, times and durations are texts (ISO 8601).
    pub result: Value,
    /// Name of the decision, business knowledge model or decision service.
    pub decision: String,
    /// Where it comes from.
    pub model: ModelVersion,
    /// The inputs that were used, by name; those not given are absent.
    pub inputs: Value,
    /// The time that `now()` and `today()` gave.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<String>,
    /// Decisions in the order in which they were made, the one asked for last.
    pub decisions: Vec<DecisionResult>,
    /// Decision tables in the order in which they were read, with the rules that the result comes from.
    pub tables: Vec<TableResult>,
    /// True when more decisions were made or tables read than are listed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub shortened: bool,
}

/// The version of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// File in the pack.
    pub file: String,
    /// Name of the model.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// As the caller names it: the pack and its version.
    pub version: String,
}

/// One decision of the requirement graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionResult {
    /// Id in the model.
    pub id: String,
    /// Name.
    pub name: String,
    /// Its result.
    pub result: Value,
    /// FEEL's reason, when the result is null for one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// One decision table that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TableResult {
    /// Id of the decision or business knowledge model that it stands in.
    pub element: String,
    /// Its hit policy: `U`, `A`, `P`, `F`, `R`, `O`, `C`, `C+`, `C<`, `C>`, `C#`.
    pub hit_policy: String,
    /// Rules that the result comes from; none: the default output or nothing.
    pub rules: Vec<FiredRule>,
}

/// A rule of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiredRule {
    /// Position in the table, from 1.
    pub number: usize,
    /// Id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Its annotation or description; empty when there is none.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub annotation: String,
}

/// How a decision is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Now, as ISO 8601 with offset; without it a rule that reads the clock fails.
    pub at: Option<String>,
    /// What the evaluation names as version.
    pub version: String,
    /// An input that does not fit its declared type is null, as DMN says, instead of an error.
    pub lenient: bool,
}

/// Why there is no evaluation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// No such model.
    #[error("there is no model '{asked}'; name one of: {}", known.join(", "))]
    UnknownModel {
        /// As asked.
        asked: String,
        /// Files of the pack.
        known: Vec<String>,
    },
    /// No such decision.
    #[error("the model has no decision '{asked}'; name one of: {}", known.join(", "))]
    UnknownDecision {
        /// As asked.
        asked: String,
        /// Decisions, business knowledge models and services of the model.
        known: Vec<String>,
    },
    /// Inputs that do not fit what the model declares.
    #[error("{}", fields.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    BadInput {
        /// Each of them.
        fields: Vec<FieldError>,
    },
    /// FEEL says nothing, with its reason.
    #[error("the decision '{decision}' gives no result: {reason}")]
    NoResult {
        /// Name of the decision.
        decision: String,
        /// FEEL's reason.
        reason: String,
    },
    /// The evaluation was stopped at its bounds.
    #[error("the decision '{decision}' is stopped: {what}; {fix}")]
    Stopped {
        /// Name of the decision.
        decision: String,
        /// Which bound.
        what: String,
        /// What to do about it.
        fix: String,
    },
    /// Too many rules run away: try again later.
    #[error("too many rules run at once or run away; try again later")]
    Busy,
}

/// One input that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("'{field}': {expected} is expected, {given} is given")]
pub struct FieldError {
    /// Path from the name of the input: `applicant.children[2].born`.
    pub field: String,
    /// Declared type.
    pub expected: String,
    /// Type or text that was given, or what is wrong with it.
    pub given: String,
}

impl Evaluation {
    /// The result where a null is no answer.
    ///
    /// # Errors
    /// [`DecisionError::NoResult`] with FEEL's reason.
    pub fn value(&self) -> Result<&Value, DecisionError> {
        if !self.result.is_null() {
            return Ok(&self.result);
        }
        let reason = self.decisions.iter().rev().find_map(|d| d.reason.clone());
        let reason = reason.unwrap_or_else(|| "no rule matches, or the expression is null".to_owned());
        Err(DecisionError::NoResult { decision: self.decision.clone(), reason })
    }
}
