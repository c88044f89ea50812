use std::collections::BTreeMap;
use std::sync::Arc;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{FeelScope, FeelType, Name};
use dsntk_model::{Definitions, DmnElement, ExpressionInstance, NamedElement};
use dsntk_model_evaluator::ModelEvaluator;

use crate::decision::{self, Decision, Inner, NeededInput};
use crate::error::{RuleError, shielded};
use crate::scan;
use crate::table::Matcher;
use crate::vet::Profile;

/// Longest chain of decisions that require each other.
const MAX_CHAIN: usize = 16;

/// A DMN file, compiled.
pub struct DecisionModel {
    file: String,
    decisions: BTreeMap<String, Decision>,
}

/// What one decision of a model needs: the catalogue checks it against the attributes that a trigger gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionNeeds {
    /// Name of the decision.
    pub decision: String,
    /// Inputs, those of the decisions below it included.
    pub inputs: Vec<NeededInput>,
}

impl DecisionModel {
    /// Compiles a DMN 1.3, 1.4 or 1.5 file; `file` is named in errors.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn compile(file: &str, xml: &str) -> Result<Self, RuleError> {
        let tables = scan::tables(file, xml, Profile::Strict)?;
        shielded(file, || {
            let definitions = dsntk_model::parse(xml).map_err(|e| {
                RuleError::new(
                    file,
                    None,
                    format!("the model cannot be read: {e}"),
                    "save it again from a DMN editor as DMN 1.3",
                )
            })?;
            let builder = Builder { file, definitions: &definitions, tables: &tables };
            let decisions = builder.decisions()?;
            Ok(Self { file: file.to_owned(), decisions })
        })
    }

    /// A decision by its name.
    ///
    /// # Errors
    /// When the model has none of that name.
    pub fn decision(&self, name: &str) -> Result<Decision, RuleError> {
        self.decisions.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.decisions.keys().map(String::as_str).collect();
            let fix = format!("name one of: {}", known.join(", "));
            RuleError::new(&self.file, None, format!("there is no decision '{name}'"), fix)
        })
    }

    /// Names of the inputs that each decision needs.
    pub fn lint(&self) -> Vec<DecisionNeeds> {
        let needs =
            |(name, d): (&String, &Decision)| DecisionNeeds { decision: name.clone(), inputs: d.inputs().to_vec() };
        self.decisions.iter().map(needs).collect()
    }
}

struct Builder<'a> {
    file: &'a str,
    definitions: &'a Definitions,
    tables: &'a [scan::Table],
}

impl Builder<'_> {
    fn error(&self, message: impl std::fmt::Display, fix: &str) -> RuleError {
        RuleError::new(self.file, None, message, fix)
    }

    fn decisions(&self) -> Result<BTreeMap<String, Decision>, RuleError> {
        // The engine follows requirements without end and names no lines: what can be wrong is found before it is asked.
        let mut drafts = BTreeMap::new();
        for decision in self.definitions.decisions() {
            let draft = self.draft(&decision)?;
            if drafts.insert(decision.name().to_owned(), draft).is_some() {
                let message = format!("two decisions are named '{}'", decision.name());
                return Err(self.error(message, "give each a name of its own"));
            }
        }
        let evaluator = ModelEvaluator::new(std::slice::from_ref(self.definitions)).map_err(|e| {
            self.error(format!("the model cannot be compiled: {e}"), "correct the FEEL expression that it names")
        })?;
        let finish = |(name, draft): (String, Draft)| {
            let inner = Inner {
                number: decision::next_number(),
                file: self.file.to_owned(),
                namespace: self.definitions.namespace().to_owned(),
                model: self.definitions.name().to_owned(),
                name: name.clone(),
                inputs: draft.inputs,
                required: draft.required,
                matcher: draft.matcher,
                evaluator: Arc::clone(&evaluator),
            };
            (name, Decision::new(inner))
        };
        Ok(drafts.into_iter().map(finish).collect())
    }

    /// Collects the inputs of a decision and of those below it.
    fn needs(
        &self,
        decision: &dsntk_model::Decision,
        depth: usize,
        into: &mut Vec<NeededInput>,
    ) -> Result<(), RuleError> {
        if depth > MAX_CHAIN {
            let message = format!("decision '{}' requires itself or a chain of more than {MAX_CHAIN}", decision.name());
            return Err(self.error(message, "remove the requirement that closes the circle"));
        }
        for requirement in decision.information_requirements() {
            if let Some(href) = requirement.required_input() {
                let input =
                    self.definitions.get_input_data(href.id()).ok_or_else(|| self.dangling(decision, href.id()))?;
                let item = dsntk_model::RequiredVariable::variable(input);
                let name = item.feel_name().to_string();
                let type_ref = Some(item.type_ref().clone()).filter(|t| !t.is_empty() && t != "Any");
                if !into.iter().any(|n| n.name == name) {
                    into.push(NeededInput { name, type_ref });
                }
            }
            if let Some(href) = requirement.required_decision() {
                let below =
                    self.definitions.get_decision(href.id()).ok_or_else(|| self.dangling(decision, href.id()))?;
                self.needs(below, depth + 1, into)?;
            }
        }
        Ok(())
    }

    fn dangling(&self, decision: &dsntk_model::Decision, id: &str) -> RuleError {
        let message = format!("decision '{}' requires '{id}', which does not exist", decision.name());
        self.error(message, "connect the requirement to an input or a decision of this file")
    }

    fn draft(&self, decision: &dsntk_model::Decision) -> Result<Draft, RuleError> {
        let mut inputs = Vec::new();
        self.needs(decision, 0, &mut inputs)?;
        let below = decision.information_requirements().iter().filter_map(|r| r.required_decision().as_ref());
        let required: Vec<(String, Name)> = below
            .filter_map(|href| self.definitions.get_decision(href.id()))
            .map(|d| (d.name().to_owned(), d.variable().feel_name().clone()))
            .collect();
        let matcher = match decision.decision_logic() {
            None => {
                let message = format!("decision '{}' has no logic", decision.name());
                return Err(self.error(message, "give it a decision table or an expression"));
            }
            Some(ExpressionInstance::DecisionTable(table)) => {
                let scope = scope(&inputs, &required);
                let scanned = self.tables.iter().find(|t| t.element == *decision.id());
                scanned.map(|s| Matcher::new(self.file, &scope, table, s)).transpose()?
            }
            Some(_) => None,
        };
        Ok(Draft { inputs, required, matcher })
    }
}

/// What is known of a decision before the engine compiles the model.
struct Draft {
    inputs: Vec<NeededInput>,
    required: Vec<(String, Name)>,
    matcher: Option<Matcher>,
}

/// The names that cells may use, for the parser (FEEL names may hold spaces).
fn scope(inputs: &[NeededInput], required: &[(String, Name)]) -> FeelScope {
    let mut context = FeelContext::default();
    for input in inputs {
        let feel_type = match input.type_ref.as_deref() {
            Some("number") => FeelType::Number,
            Some("string") => FeelType::String,
            Some("boolean") => FeelType::Boolean,
            _ => FeelType::Any,
        };
        context.set_entry(&Name::from(&input.name), Value::FeelType(feel_type));
    }
    for (_, variable) in required {
        context.set_entry(variable, Value::FeelType(FeelType::Any));
    }
    context.into()
}
