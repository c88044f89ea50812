use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dsntk_feel::context::FeelContext;
use dsntk_feel::{FeelScope, Name};
use dsntk_model_evaluator::ModelEvaluator;
use serde_json::Value;

use crate::error::{RuleError, shielded};
use crate::inputs::{Input, Inputs};
use crate::table::Matcher;
use crate::value;

/// What a decision says.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The result: a table with several outputs gives an object.
    pub value: Value,
    /// The rules that matched: `id` or `id: annotation`; empty when the decision is no table.
    pub matched: Vec<String>,
}

/// An input that a decision needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededInput {
    /// FEEL name.
    pub name: String,
    /// Declared type (`number`, `string`, `boolean` or the name of an item definition), if any.
    pub type_ref: Option<String>,
}

/// One decision, ready to be evaluated. Cheap to clone, shared by threads.
#[derive(Clone)]
pub struct Decision(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) number: u64,
    pub(crate) file: String,
    pub(crate) namespace: String,
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) inputs: Vec<NeededInput>,
    /// Decisions whose results the table's cells may name: decision and variable.
    pub(crate) required: Vec<(String, Name)>,
    pub(crate) matcher: Option<Matcher>,
    pub(crate) evaluator: Arc<ModelEvaluator>,
}

/// Numbers decisions through the life of the program: the memo never confuses two versions of a table.
pub(crate) fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl std::fmt::Debug for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decision({} in {})", self.0.name, self.0.file)
    }
}

impl Decision {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Name in the model.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// File the model came from.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// The inputs it needs, those of the decisions below it included.
    pub fn inputs(&self) -> &[NeededInput] {
        &self.0.inputs
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// Evaluates. Inputs that it does not need are ignored, those it needs and does not get are null.
    ///
    /// # Errors
    /// An input of another type than declared; a result that is null or failed, with FEEL's reason.
    pub fn evaluate(&self, inputs: &Inputs) -> Result<Outcome, RuleError> {
        shielded(&self.0.file, || self.evaluate_unshielded(inputs))
    }

    fn evaluate_unshielded(&self, inputs: &Inputs) -> Result<Outcome, RuleError> {
        let inner = &self.0;
        let mut context = FeelContext::default();
        for needed in &inner.inputs {
            let input = inputs.get(&needed.name).unwrap_or(&Input::Null);
            self.check_type(needed, input)?;
            context.set_entry(&Name::from(&needed.name), value::to_feel_strict(input));
        }
        let ask = |name: &str| inner.evaluator.evaluate_invocable(&inner.namespace, &inner.model, name, &context);
        let result = value::to_json(&ask(&inner.name)).and_then(|v| match v {
            Value::Null => Err("no value".to_owned()),
            v => Ok(v),
        });
        let value = result.map_err(|reason| {
            let message = format!("decision '{}' gives no result: {reason} (inputs {})", inner.name, inputs.to_json());
            RuleError::new(&inner.file, None, message, "add a rule for these inputs, such as a last rule of dashes")
        })?;
        let Some(matcher) = &inner.matcher else { return Ok(Outcome { value, matched: Vec::new() }) };
        let results: Vec<_> = inner.required.iter().map(|(name, variable)| (variable, ask(name))).collect();
        for (variable, result) in results {
            context.set_entry(variable, result);
        }
        Ok(Outcome { value, matched: matcher.matched(&FeelScope::from(context)) })
    }

    fn check_type(&self, needed: &NeededInput, input: &Input) -> Result<(), RuleError> {
        let declared = needed.type_ref.as_deref().unwrap_or("Any");
        let given = input.type_name();
        let known = matches!(given, "number" | "string" | "boolean");
        if !known || !["number", "string", "boolean"].contains(&declared) || declared == given {
            return Ok(());
        }
        let message =
            format!("input '{}' of decision '{}' is a {declared}, {given} was given", needed.name, self.0.name);
        Err(RuleError::new(&self.0.file, None, message, "give it the declared type, or declare the type that is given"))
    }
}
