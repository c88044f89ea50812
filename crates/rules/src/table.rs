//! Which rules of a decision table match. dsntk gives a table's result only; the why is computed beside it from the
//! same cells by the same evaluator (DMN 1.3, 8.2 and 8.3).

use dsntk_feel::{Evaluator, FeelScope};
use dsntk_feel_parser::{AstNode, parse_expression, parse_unary_tests};
use dsntk_model::{DecisionTable, HitPolicy};

use crate::error::RuleError;
use crate::scan;

pub(crate) struct Matcher {
    rules: Vec<MatchingRule>,
    /// FIRST reports the first match only: the others had no say.
    first_only: bool,
}

struct MatchingRule {
    label: String,
    cells: Vec<Evaluator>,
}

impl Matcher {
    /// Prepares a table; `scope` holds the names that its cells may use.
    pub(crate) fn new(
        file: &str,
        scope: &FeelScope,
        table: &DecisionTable,
        scanned: &scan::Table,
    ) -> Result<Self, RuleError> {
        let mut columns = Vec::new();
        for clause in table.input_clauses() {
            let at = |e: &dyn std::fmt::Display| {
                let fix = "correct the FEEL expression in the column's head";
                RuleError::new(file, None, format!("the input '{}' cannot be read: {e}", clause.input_expression), fix)
            };
            let expression = parse_expression(scope, &clause.input_expression, false).map_err(|e| at(&e))?;
            let allowed = clause.allowed_input_values.as_ref().map(|t| parse_unary_tests(scope, t, false)).transpose();
            columns.push((expression, allowed.map_err(|e| at(&e))?));
        }
        let mut rules = Vec::new();
        for (position, (rule, scanned)) in table.rules().zip(&scanned.rules).enumerate() {
            let mut cells = Vec::new();
            for (column, ((expression, allowed), entry)) in columns.iter().zip(&rule.input_entries).enumerate() {
                let inside = |test: AstNode| {
                    dsntk_feel_evaluator::prepare(&AstNode::In(Box::new(expression.clone()), Box::new(test)))
                };
                cells.extend(allowed.clone().map(inside));
                if entry.text.trim() == "-" {
                    continue;
                }
                let test = parse_unary_tests(scope, &entry.text, false).map_err(|e| {
                    let line = scanned.inputs.get(column).copied();
                    let fix = "write a FEEL unary test such as >= 1.0, \"a\", \"b\" or -";
                    RuleError::new(file, line, format!("the cell '{}' cannot be read: {e}", entry.text), fix)
                })?;
                cells.push(inside(test));
            }
            rules.push(MatchingRule { label: scanned.label(position), cells });
        }
        Ok(Self { rules, first_only: table.hit_policy() == HitPolicy::First })
    }

    /// Labels of the rules that match.
    pub(crate) fn matched(&self, scope: &FeelScope) -> Vec<String> {
        let most = if self.first_only { 1 } else { usize::MAX };
        let matching = self.rules.iter().filter(|r| r.cells.iter().all(|cell| cell(scope).is_true()));
        matching.take(most).map(|r| r.label.clone()).collect()
    }
}
