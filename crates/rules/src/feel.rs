use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dsntk_feel::context::FeelContext;
use dsntk_feel::{Evaluator, FeelScope, FeelType, Name};
use dsntk_feel_parser::AstNode;
use serde_json::Value;

use crate::error::{RuleError, shielded};
use crate::guard::{self, Allowance};
use crate::inputs::Inputs;
use crate::instrument::instrumented;
use crate::vet::Profile;
use crate::{value, vet, workers};

/// What errors of a single expression name as their file.
const PLACE: &str = "FEEL";

/// One FEEL expression (DMN 1.3, chapter 10), compiled once: gateway conditions, assertions of pack tests.
pub struct Feel {
    text: String,
    evaluator: Arc<Evaluator>,
    runs: Runs,
}

/// Where and how an expression runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Strict,
    /// Full, and it repeats nothing.
    Plain,
    /// Full: it iterates or filters.
    Guarded,
    /// Full: it defines functions.
    Apart,
}

impl Feel {
    /// Compiles an expression; `names` are the inputs that it may use. FEEL needs them to read it: names may hold
    /// spaces and signs, so that `a + b` is a sum only where `a` is known.
    ///
    /// # Errors
    /// When it is no FEEL, or reads the clock, defines a function or iterates.
    pub fn compile(text: &str, names: &[&str]) -> Result<Self, RuleError> {
        vet::expression(PLACE, None, text, Profile::Strict)?;
        shielded(PLACE, || Ok(Self::new(text, &parsed(text, names)?, Runs::Strict)))
    }

    /// Compiles an expression of the full profile: lists, contexts and times as inputs, iteration, filters, quantified
    /// expressions, functions. It runs within bounds of steps, memory and stack.
    ///
    /// # Errors
    /// When it is no FEEL, reads the clock (pass the time as an input) or calls another program.
    pub fn compile_full(text: &str, names: &[&str]) -> Result<Self, RuleError> {
        vet::expression(PLACE, None, text, Profile::Full)?;
        shielded(PLACE, || {
            let node = instrumented(parsed(text, names)?).map_err(|what| refused(text, what))?;
            let runs = match (node.functions, node.guarded) {
                (true, _) => Runs::Apart,
                (false, true) => Runs::Guarded,
                (false, false) => Runs::Plain,
            };
            Ok(Self::new(text, &node.node, runs))
        })
    }

    fn new(text: &str, node: &AstNode, runs: Runs) -> Self {
        Self { text: text.to_owned(), evaluator: Arc::new(dsntk_feel_evaluator::prepare(node)), runs }
    }

    /// Evaluates; a null without a reason is a value here.
    ///
    /// # Errors
    /// FEEL's reason, when the expression fails on these inputs or does not end within its bounds.
    pub fn evaluate(&self, inputs: &Inputs) -> Result<Value, RuleError> {
        self.outcome(inputs)?.map_err(|reason| self.failed(&reason, inputs))
    }

    /// Evaluates; whatever FEEL cannot say is null: an entry that is not there, a comparison of unlike things.
    ///
    /// # Errors
    /// When it does not end within its bounds, or the result is no value (a function).
    pub fn evaluate_or_null(&self, inputs: &Inputs) -> Result<Value, RuleError> {
        Ok(self.outcome(inputs)?.unwrap_or(Value::Null))
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

    /// Times and structures count here as what they are.
    fn raw(&self, inputs: &Inputs) -> Result<dsntk_feel::values::Value, RuleError> {
        shielded(PLACE, || Ok((self.evaluator)(&scope(inputs, value::to_feel))))
    }

    /// The result, or FEEL's reason for having none.
    fn outcome(&self, inputs: &Inputs) -> Result<Result<Value, String>, RuleError> {
        if self.runs == Runs::Strict {
            return shielded(PLACE, || {
                let scope = scope(inputs, value::to_feel_strict);
                Ok(value::to_json(&(self.evaluator)(&scope)))
            });
        }
        if inputs.iter().any(|(name, input)| input.holds(name, guard::HIDDEN)) {
            let fix = "send texts without control characters";
            return Err(RuleError::new(PLACE, None, "an input holds the control character U+0001", fix));
        }
        let cancelled = Arc::new(AtomicBool::new(false));
        if self.runs != Runs::Apart {
            let allowance = Allowance { stack: usize::MAX, cancelled, now: None };
            return guard::bounded(allowance, || value::to_json_full(&self.run(inputs)))
                .map_err(|why| self.stopped(why));
        }
        let (evaluator, inputs) = (Arc::clone(&self.evaluator), inputs.clone());
        let allowance = Allowance { stack: workers::USABLE, cancelled: Arc::clone(&cancelled), now: None };
        let work = move || guard::bounded(allowance, || value::to_json_full(&evaluator(&grounded(&inputs))));
        match workers::run(cancelled, work) {
            Ok(outcome) => outcome.map_err(|why| self.stopped(why)),
            Err(lost) => Err(self.refused(lost.says())),
        }
    }

    fn run(&self, inputs: &Inputs) -> dsntk_feel::values::Value {
        match self.runs {
            Runs::Plain => (self.evaluator)(&scope(inputs, value::to_feel)),
            _ => (self.evaluator)(&grounded(inputs)),
        }
    }

    fn stopped(&self, why: Option<guard::Stopped>) -> RuleError {
        self.refused(why.map_or(("the rule engine failed", "simplify the rule and report it"), guard::Stopped::says))
    }

    fn refused(&self, (what, fix): (&str, &str)) -> RuleError {
        RuleError::new(PLACE, None, format!("'{}' is stopped: {what}", self.text), fix)
    }

    fn failed(&self, reason: &str, inputs: &Inputs) -> RuleError {
        let message = format!("'{}' fails: {reason} (inputs {})", self.text, inputs.to_json());
        RuleError::new(PLACE, None, message, "check the names and types in the expression")
    }
}

fn parsed(text: &str, names: &[&str]) -> Result<AstNode, RuleError> {
    let mut known = FeelContext::default();
    for name in names {
        known.set_entry(&Name::from(*name), dsntk_feel::values::Value::FeelType(FeelType::Any));
    }
    dsntk_feel_parser::parse_expression(&known.into(), text, false).map_err(|e| {
        RuleError::new(
            PLACE,
            None,
            format!("'{text}' cannot be read: {e}"),
            "write a FEEL expression such as ratio >= 1",
        )
    })
}

fn refused(text: &str, what: &str) -> RuleError {
    RuleError::new(
        PLACE,
        None,
        format!("'{text}' has {what}"),
        "call FEEL's own functions in place; write (a.b) * 2 for a.b * 2",
    )
}

fn scope(inputs: &Inputs, convert: impl Fn(&crate::Input) -> dsntk_feel::values::Value) -> FeelScope {
    let mut context = FeelContext::default();
    for (name, input) in inputs.iter() {
        context.set_entry(&Name::from(name), convert(input));
    }
    FeelScope::from(context)
}

fn grounded(inputs: &Inputs) -> FeelScope {
    let ground = FeelScope::from(guard::ground());
    ground.append(scope(inputs, value::to_feel));
    ground
}
