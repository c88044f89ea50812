//! The full profile: everything that DMN 1.3 to 1.5 and FEEL have, over all files of a pack.
//!
//! dsntk reads the models and evaluates FEEL. The requirement graph, boxed expressions and tables are walked here: so
//! each decision is made once, every rule that fired is known, time is given, and what does not end is stopped.

mod boxed;
mod compile;
mod evaluation;
mod kept;
mod running;
mod tables;
mod types;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use dsntk_feel::values::Value;

use crate::decision::NeededInput;
use crate::error::{RuleError, shielded};
use crate::guard::{self, Allowance};
use crate::inputs::Inputs;
use crate::value::to_json_full;
use crate::workers::{self, Lost};
use compile::{Compiled, File, Named};
pub use evaluation::{
    Asked, DecisionError, DecisionResult, Evaluation, FieldError, FiredRule, ModelVersion, TableResult,
};

/// How long reading the models of a pack may take.
const COMPILING: Duration = Duration::from_secs(60);

/// The DMN files of a pack, compiled together. Cheap to clone, shared by threads.
#[derive(Clone)]
pub struct DecisionModels(Arc<Compiled>);

/// Something that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Askable {
    /// File of the model.
    pub file: String,
    /// Name of the model.
    pub model: String,
    /// Name of the decision, business knowledge model or decision service.
    pub name: String,
    /// Inputs, those of the decisions below it included.
    pub inputs: Vec<NeededInput>,
}

impl std::fmt::Debug for DecisionModels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.files.iter().map(|file| &file.file)).finish()
    }
}

impl DecisionModels {
    /// Compiles `(file, xml)`; files may import each other. The very files that were compiled before are not compiled again.
    ///
    /// # Errors
    /// The first thing wrong with them.
    pub fn compile(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Result<Self, RuleError> {
        let files: Vec<(String, String)> =
            files.iter().map(|(file, xml)| (file.as_ref().to_owned(), xml.as_ref().to_owned())).collect();
        if let Some(known) = kept::find(&files) {
            return Ok(Self(known));
        }
        let place = files.first().map(|(file, _)| file.clone()).unwrap_or_default();
        // Reading recurses as deep as the texts nest.
        let (at, given) = (place.clone(), files.clone());
        let work = move || shielded(&at, || compile::compile(&files).map(Arc::new));
        let done = workers::run_within(COMPILING, Arc::new(AtomicBool::new(false)), work);
        done.unwrap_or_else(|lost| {
            let (what, fix) = lost.says();
            Err(RuleError::new(&place, None, format!("the models cannot be compiled: {what}"), fix))
        })
        .map(|compiled| {
            kept::keep(given, &compiled);
            Self(compiled)
        })
    }

    /// How often this program has compiled models, those of all packs together.
    pub fn compilations() -> u64 {
        kept::compiled_so_far()
    }

    /// Everything that can be asked, by file and name.
    pub fn askable(&self) -> Vec<Askable> {
        let mut all = Vec::new();
        for file in &self.0.files {
            for (name, named) in &file.named {
                let inputs = self.needed(*named);
                let (name, model) = (name.clone(), file.name.clone());
                all.push(Askable { file: file.file.clone(), model, name, inputs });
            }
        }
        all.sort_by(|a, b| (&a.file, &a.name).cmp(&(&b.file, &b.name)));
        all
    }

    /// Asks a decision, a business knowledge model or a decision service. `model` is the file, with or without folder
    /// and `.dmn`, or the name of the model. Inputs that are not needed are ignored, those not given are null.
    ///
    /// # Errors
    /// No such decision, inputs that do not fit, or an evaluation that does not end within its bounds.
    pub fn evaluate(
        &self,
        model: &str,
        decision: &str,
        inputs: &Inputs,
        asked: &Asked,
    ) -> Result<Evaluation, DecisionError> {
        let file = self.file(model)?;
        let named = *file.named.get(decision).ok_or_else(|| {
            let mut known: Vec<String> = file.named.keys().cloned().collect();
            known.sort();
            DecisionError::UnknownDecision { asked: decision.to_owned(), known }
        })?;
        self.check(named, inputs, asked)?;
        let used = self.used(named, inputs);
        let (result, listed) = self.run(named, decision, used.clone(), asked)?;
        Ok(Evaluation {
            result,
            decision: decision.to_owned(),
            model: ModelVersion {
                file: file.file.clone(),
                name: file.name.clone(),
                namespace: file.namespace.clone(),
                version: asked.version.clone(),
            },
            inputs: used.to_json(),
            at: asked.at.clone(),
            decisions: listed.decisions,
            tables: listed.tables,
            shortened: listed.shortened,
        })
    }

    fn file(&self, asked: &str) -> Result<&File, DecisionError> {
        let stem = |file: &str| file.rsplit('/').next().unwrap_or(file).trim_end_matches(".dmn").to_owned();
        let files = &self.0.files;
        let by_file = files.iter().find(|f| f.file == asked || stem(&f.file) == asked.trim_end_matches(".dmn"));
        by_file.or_else(|| files.iter().find(|f| f.name == asked)).ok_or_else(|| {
            let known = files.iter().map(|f| stem(&f.file)).collect();
            DecisionError::UnknownModel { asked: asked.to_owned(), known }
        })
    }

    /// Positions of the inputs that something needs.
    fn positions(&self, named: Named) -> Vec<usize> {
        let (mut seen, mut inputs) = (HashSet::new(), Vec::new());
        match named {
            Named::Decision(at) => self.0.needs(at, &mut seen, &mut inputs),
            Named::Service(at) => inputs.extend(&self.0.services[at].inputs),
            Named::Knowledge(_) => {}
        }
        inputs
    }

    fn needed(&self, named: Named) -> Vec<NeededInput> {
        let inputs = self.positions(named).into_iter().map(|at| &self.0.inputs[at]);
        let mut needed: Vec<NeededInput> = inputs
            .map(|input| NeededInput { name: input.name.to_string(), type_ref: input.type_ref.clone() })
            .collect();
        match named {
            Named::Decision(_) => {}
            Named::Knowledge(at) => {
                let parameters = self.0.knowledge[at].parameters.iter();
                needed.extend(
                    parameters.map(|(name, of)| NeededInput { name: name.to_string(), type_ref: Some(of.to_string()) }),
                );
            }
            Named::Service(at) => {
                let decisions = self.0.services[at].input_decisions.iter().map(|at| &self.0.decisions[*at]);
                needed.extend(decisions.map(|decision| NeededInput {
                    name: decision.variable.to_string(),
                    type_ref: Some(decision.feel_type.to_string()),
                }));
            }
        }
        needed
    }

    /// The inputs that count, and contexts under names of imports.
    fn used(&self, named: Named, inputs: &Inputs) -> Inputs {
        let needed: HashSet<String> = self.needed(named).into_iter().map(|needed| needed.name).collect();
        let mut used = Inputs::new();
        for (name, input) in inputs.iter() {
            if needed.contains(name) || matches!(input, crate::Input::Context(_)) {
                used.set(name, input.clone());
            }
        }
        used
    }

    fn check(&self, named: Named, inputs: &Inputs, asked: &Asked) -> Result<(), DecisionError> {
        let mut fields = Vec::new();
        if let Some((name, _)) = inputs.iter().find(|(name, input)| input.holds(name, guard::HIDDEN)) {
            let (expected, given) = ("a text without control characters".to_owned(), "U+0001".to_owned());
            fields.push(FieldError { field: name.to_owned(), expected, given });
        }
        if let Some(at) = &asked.at
            && moment(at).is_none()
        {
            let expected = "a moment such as 2026-11-23T10:15:00+07:00".to_owned();
            fields.push(FieldError { field: "at".to_owned(), expected, given: at.clone() });
        }
        if !asked.lenient {
            for at in self.positions(named) {
                let input = &self.0.inputs[at];
                if let Some(given) = inputs.get(input.name.as_str()) {
                    self.0.types.faults(&input.declared, input.name.as_str(), given, &mut fields);
                }
            }
        }
        if fields.is_empty() { Ok(()) } else { Err(DecisionError::BadInput { fields }) }
    }

    fn run(
        &self,
        named: Named,
        decision: &str,
        inputs: Inputs,
        asked: &Asked,
    ) -> Result<(serde_json::Value, running::Listed), DecisionError> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let compiled = Arc::clone(&self.0);
        let deep = !matches!(named, Named::Decision(at) if !compiled.decisions[at].deep);
        let stack = if deep { workers::USABLE } else { usize::MAX };
        let now = asked.at.as_deref().and_then(moment);
        let allowance = Allowance { stack, cancelled: Arc::clone(&cancelled), now };
        let work = move || {
            guard::bounded(allowance, || {
                let (value, listed) = running::evaluate(&compiled, named, inputs);
                // Dropped here: what nests deeply is dropped where there is stack.
                (to_json_full(&value).unwrap_or_default(), listed)
            })
        };
        let stopped = |(what, fix): (&str, &str)| DecisionError::Stopped {
            decision: decision.to_owned(),
            what: what.to_owned(),
            fix: fix.to_owned(),
        };
        let done = if deep { workers::run(cancelled, work) } else { Ok(work()) };
        match done {
            Ok(done) => done.map_err(|why| {
                stopped(why.map_or(("the rule engine failed", "simplify the rule and report it"), guard::Stopped::says))
            }),
            Err(Lost::Busy) => Err(DecisionError::Busy),
            Err(lost @ Lost::Away) => Err(stopped(lost.says())),
        }
    }
}

/// `now()` and `today()` at a moment.
fn moment(at: &str) -> Option<(Value, Value)> {
    let now = Value::try_from_xsd_date_time(at).ok()?;
    let today = Value::try_from_xsd_date(at.split('T').next()?).ok()?;
    Some((now, today))
}
