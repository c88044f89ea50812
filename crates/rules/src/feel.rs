use dsntk_feel::context::FeelContext;
use dsntk_feel::{Evaluator, FeelScope, FeelType, Name};
use serde_json::Value;

use crate::error::{RuleError, shielded};
use crate::inputs::Inputs;
use crate::{value, vet};

/// What errors of a single expression name as their file.
const PLACE: &str = "FEEL";

/// One FEEL expression (DMN 1.3, chapter 10), compiled once: gateway conditions, assertions of pack tests.
pub struct Feel {
    text: String,
    evaluator: Evaluator,
}

impl Feel {
    /// Compiles an expression; `names` are the inputs that it may use. FEEL needs them to read it: names may hold
    /// spaces and signs, so that `a + b` is a sum only where `a` is known.
    ///
    /// # Errors
    /// When it is no FEEL, or reads the clock, defines a function or iterates.
    pub fn compile(text: &str, names: &[&str]) -> Result<Self, RuleError> {
        vet::expression(PLACE, None, text)?;
        shielded(PLACE, || {
            let mut known = FeelContext::default();
            for name in names {
                known.set_entry(&Name::from(*name), dsntk_feel::values::Value::FeelType(FeelType::Any));
            }
            let node = dsntk_feel_parser::parse_expression(&known.into(), text, false).map_err(|e| {
                RuleError::new(
                    PLACE,
                    None,
                    format!("'{text}' cannot be read: {e}"),
                    "write a FEEL expression such as ratio >= 1",
                )
            })?;
            Ok(Self { text: text.to_owned(), evaluator: dsntk_feel_evaluator::prepare(&node) })
        })
    }

    /// Evaluates; a null without a reason is a value here.
    ///
    /// # Errors
    /// FEEL's reason, when the expression fails on these inputs.
    pub fn evaluate(&self, inputs: &Inputs) -> Result<Value, RuleError> {
        value::to_json(&self.raw(inputs)?).map_err(|reason| self.failed(&reason, inputs))
    }

    /// Evaluates a condition: anything but true and false is an error, null included.
    ///
    /// # Errors
    /// When the expression fails on these inputs or is no condition.
    pub fn is_true(&self, inputs: &Inputs) -> Result<bool, RuleError> {
        match self.evaluate(inputs)? {
            Value::Bool(b) => Ok(b),
            other => Err(self.failed(&format!("{other} is neither true nor false"), inputs)),
        }
    }

    /// Is what must be so? Where too little is known to tell (null, whatever the reason) it is.
    ///
    /// # Errors
    /// When the expression is no condition.
    pub fn holds(&self, inputs: &Inputs) -> Result<bool, RuleError> {
        match self.raw(inputs)? {
            dsntk_feel::values::Value::Null(_) => Ok(true),
            dsntk_feel::values::Value::Boolean(b) => Ok(b),
            other => Err(self.failed(&format!("{other} is neither true nor false"), inputs)),
        }
    }

    /// Words of an expression outside of its texts: names, functions, and the language's own.
    pub fn words(text: &str) -> impl Iterator<Item = &str> {
        let begins = |word: &&str| word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        vet::pieces(text).into_iter().filter(begins)
    }

    fn raw(&self, inputs: &Inputs) -> Result<dsntk_feel::values::Value, RuleError> {
        shielded(PLACE, || {
            let mut context = FeelContext::default();
            for (name, input) in inputs.iter() {
                context.set_entry(&Name::from(name), value::to_feel(input));
            }
            Ok((self.evaluator)(&FeelScope::from(context)))
        })
    }

    fn failed(&self, reason: &str, inputs: &Inputs) -> RuleError {
        let message = format!("'{}' fails: {reason} (inputs {})", self.text, inputs.to_json());
        RuleError::new(PLACE, None, message, "check the names and types in the expression")
    }
}
