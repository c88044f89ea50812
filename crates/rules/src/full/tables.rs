//! Decision tables (DMN 1.5, 8): all hit policies, and which rules the result comes from.

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{Evaluator, FeelScope, Name};
use dsntk_feel_parser::{AstNode, parse_name, parse_unary_tests};
use dsntk_model::{BuiltinAggregator, DecisionTable, HitPolicy};

use super::boxed::Builder;
use super::evaluation::{FiredRule, TableResult};
use super::running;
use crate::error::RuleError;
use crate::guard;
use crate::scan;

/// The value that a cell is tested against; also `?`.
const TESTED: &str = "\u{1}tested";

struct Table {
    element: String,
    policy: HitPolicy,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    rules: Vec<Rule>,
}

struct Input {
    expression: Evaluator,
    allowed: Option<Cell>,
}

struct Output {
    name: Option<Name>,
    allowed: Option<Cell>,
    /// The allowed values as a list, highest priority first.
    priorities: Option<Evaluator>,
    otherwise: Option<Evaluator>,
}

struct Rule {
    cells: Vec<Option<Cell>>,
    outputs: Vec<Evaluator>,
    fired: FiredRule,
}

/// A unary test.
struct Cell {
    /// `tested in (tests)`.
    inside: Evaluator,
    /// The tests as conditions, where they name `?` themselves.
    alone: Option<Evaluator>,
}

impl Cell {
    /// Tests; the scope's last context holds what is tested.
    fn holds(&self, scope: &FeelScope) -> bool {
        let alone = self.alone.as_ref().is_some_and(|alone| match alone(scope) {
            Value::ExpressionList(conditions) => conditions.iter().any(Value::is_true),
            condition => condition.is_true(),
        });
        alone || (self.inside)(scope).is_true()
    }
}

fn tested(value: Value) -> FeelContext {
    let mut context = FeelContext::default();
    context.set_entry(&"?".into(), value.clone());
    context.set_entry(&Name::from(TESTED), value);
    context
}

/// Prepares a table; `scope` holds the names that its cells may use.
pub(super) fn build(
    builder: &mut Builder<'_>,
    scope: &FeelScope,
    table: &DecisionTable,
    scanned: &scan::Table,
) -> Result<Evaluator, RuleError> {
    let mut inputs = Vec::new();
    for clause in table.input_clauses() {
        let expression = builder.expression(scope, &clause.input_expression)?;
        let allowed = clause.allowed_input_values.as_ref().map(|text| cell(builder, scope, text)).transpose()?;
        inputs.push(Input { expression, allowed: allowed.flatten() });
    }
    let mut outputs = Vec::new();
    for clause in table.output_clauses() {
        let text = clause.allowed_output_values.as_ref();
        let allowed = text.map(|text| cell(builder, scope, text)).transpose()?;
        let priorities = text.map(|text| tests(builder, scope, text)).transpose()?;
        let priorities = priorities.map(|node| builder.prepare(node)).transpose()?;
        let otherwise = clause.default_output_entry.as_ref().filter(|text| !text.trim().is_empty());
        let otherwise = otherwise.map(|text| builder.expression(scope, text)).transpose()?;
        let name = clause.name.as_ref().map(|name| parse_name(scope, name, false).unwrap_or_else(|_| Name::from(name)));
        outputs.push(Output { name, allowed: allowed.flatten(), priorities, otherwise });
    }
    let mut rules = Vec::new();
    for (position, rule) in table.rules().enumerate() {
        let cells = rule.input_entries.iter().map(|entry| cell(builder, scope, &entry.text));
        let cells = cells.collect::<Result<_, _>>()?;
        let written = rule.output_entries.iter().map(|entry| builder.expression(scope, &entry.text));
        let written = written.collect::<Result<_, _>>()?;
        let label = scanned.rules.get(position);
        let fired = FiredRule {
            number: position + 1,
            id: label.and_then(|rule| rule.id.clone()),
            annotation: label.map(scan::Rule::note).unwrap_or_default(),
        };
        rules.push(Rule { cells, outputs: written, fired });
    }
    let table = Table { element: builder.element.to_owned(), policy: table.hit_policy(), inputs, outputs, rules };
    Ok(Box::new(move |scope| table.evaluate(scope)))
}

fn tests(builder: &Builder<'_>, scope: &FeelScope, text: &str) -> Result<AstNode, RuleError> {
    parse_unary_tests(scope, text, false).map_err(|e| builder.unreadable(text, &e, "a unary test such as >= 1.0 or -"))
}

/// A cell; none where everything fits.
fn cell(builder: &mut Builder<'_>, scope: &FeelScope, text: &str) -> Result<Option<Cell>, RuleError> {
    if matches!(text.trim(), "-" | "") {
        return Ok(None);
    }
    let tests = tests(builder, scope, text)?;
    let alone = if text.contains('?') { Some(builder.prepare(tests.clone())?) } else { None };
    let left = Box::new(AstNode::Name(Name::from(TESTED)));
    // The hidden name is ours: it is put in after the text was looked through.
    let inside = builder.prepare_after(tests, |tests| AstNode::In(left, Box::new(tests)))?;
    Ok(Some(Cell { inside, alone }))
}

impl Table {
    fn evaluate(&self, scope: &FeelScope) -> Value {
        let mut values: Vec<FeelContext> = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            values.push(tested((input.expression)(scope)));
        }
        let mut inputs = self.inputs.iter().zip(&mut values);
        let allowed = inputs.all(|(input, value)| {
            input.allowed.as_ref().is_none_or(|allowed| within(scope, value, |scope| allowed.holds(scope)))
        });
        let mut matching = Vec::new();
        if allowed {
            for rule in &self.rules {
                guard::tick(1);
                let mut cells = rule.cells.iter().zip(&mut values);
                if cells.all(|(cell, value)| {
                    cell.as_ref().is_none_or(|cell| within(scope, value, |scope| cell.holds(scope)))
                }) {
                    matching.push(rule);
                    if self.policy == HitPolicy::First {
                        break;
                    }
                }
            }
        }
        let (result, fired) = self.result(scope, matching);
        running::read(|| TableResult {
            element: self.element.clone(),
            hit_policy: self.policy.to_string(),
            rules: fired.iter().map(|rule| rule.fired.clone()).collect(),
        });
        result
    }

    /// The result and the rules that it comes from.
    fn result<'t>(&'t self, scope: &FeelScope, matching: Vec<&'t Rule>) -> (Value, Vec<&'t Rule>) {
        let Some(first) = matching.first().copied() else { return (self.otherwise(scope), matching) };
        match self.policy {
            HitPolicy::Unique if matching.len() > 1 => {
                (failed("several rules match in a table of policy UNIQUE"), matching)
            }
            HitPolicy::Unique | HitPolicy::First => (self.composed(self.written(scope, first)), vec![first]),
            HitPolicy::Any => {
                let mut results = matching.iter().map(|rule| self.composed(self.written(scope, rule)));
                let one = results.next().unwrap_or(Value::Null(None));
                match results.all(|other| other == one) {
                    true => (one, matching),
                    false => (failed("rules of different results match in a table of policy ANY"), matching),
                }
            }
            HitPolicy::Priority => match self.in_order(scope, matching).into_iter().next() {
                Some((rule, values)) => (self.composed(values), vec![rule]),
                None => (Value::Null(None), vec![]),
            },
            HitPolicy::OutputOrder => {
                let (rules, values) = self.in_order(scope, matching).into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
                (Value::List(values.into_iter().map(|values| self.composed(values)).collect()), rules)
            }
            HitPolicy::RuleOrder | HitPolicy::Collect(BuiltinAggregator::List) => {
                let results = matching.iter().map(|rule| self.composed(self.written(scope, rule)));
                (Value::List(results.collect()), matching)
            }
            HitPolicy::Collect(aggregator) => (self.aggregated(scope, aggregator, &matching), matching),
        }
    }

    fn aggregated(&self, scope: &FeelScope, aggregator: BuiltinAggregator, matching: &[&Rule]) -> Value {
        if aggregator == BuiltinAggregator::Count {
            return Value::Number(matching.len().into());
        }
        if self.outputs.len() > 1 {
            return failed("a table of several outputs cannot be summed up");
        }
        let values = matching.iter().filter_map(|rule| self.written(scope, rule).into_iter().next()).collect();
        match aggregator {
            BuiltinAggregator::Sum => dsntk_feel_evaluator::evaluate_sum(values),
            BuiltinAggregator::Min => dsntk_feel_evaluator::evaluate_min(values),
            BuiltinAggregator::Max => dsntk_feel_evaluator::evaluate_max(values),
            BuiltinAggregator::Count | BuiltinAggregator::List => Value::List(values),
        }
    }

    /// Values of the output cells; null where one is not among the allowed ones.
    fn written(&self, scope: &FeelScope, rule: &Rule) -> Vec<Value> {
        let cells = rule.outputs.iter().zip(&self.outputs);
        let value = |(cell, output): (&Evaluator, &Output)| {
            let value = cell(scope);
            match &output.allowed {
                Some(allowed) => {
                    let mut context = tested(value.clone());
                    if within(scope, &mut context, |scope| allowed.holds(scope)) { value } else { Value::Null(None) }
                }
                None => value,
            }
        };
        cells.map(value).collect()
    }

    fn composed(&self, mut values: Vec<Value>) -> Value {
        if values.len() == 1 {
            return values.pop().unwrap_or(Value::Null(None));
        }
        let mut context = FeelContext::default();
        for (output, value) in self.outputs.iter().zip(values) {
            match &output.name {
                Some(name) => context.set_entry(name, value),
                None => return failed("a table of several outputs names each of them"),
            }
        }
        Value::Context(context)
    }

    fn otherwise(&self, scope: &FeelScope) -> Value {
        if self.outputs.iter().all(|output| output.otherwise.is_none()) {
            return failed("no rule matches and the table has no default");
        }
        let values = self.outputs.iter().map(|output| match &output.otherwise {
            Some(otherwise) => otherwise(scope),
            None => Value::Null(None),
        });
        self.composed(values.collect())
    }

    /// Matching rules with their values, highest priority first (DMN 1.5, 8.2.8).
    fn in_order<'t>(&self, scope: &FeelScope, matching: Vec<&'t Rule>) -> Vec<(&'t Rule, Vec<Value>)> {
        let priorities: Vec<Vec<Value>> = self
            .outputs
            .iter()
            .map(|output| match output.priorities.as_ref().map(|list| list(scope)) {
                Some(Value::ExpressionList(values) | Value::List(values)) => values,
                Some(one) => vec![one],
                None => vec![],
            })
            .collect();
        let ranked = matching.into_iter().map(|rule| {
            let values = self.written(scope, rule);
            let rank =
                |(value, list): (&Value, &Vec<Value>)| list.iter().position(|v| v == value).unwrap_or(list.len());
            let ranks: Vec<usize> = values.iter().zip(&priorities).map(rank).collect();
            (ranks, (rule, values))
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
        ranked.into_iter().map(|(_, rule)| rule).collect()
    }
}

/// Asks with one more context in the scope, without copying it.
fn within<T>(scope: &FeelScope, context: &mut FeelContext, ask: impl FnOnce(&FeelScope) -> T) -> T {
    scope.push(std::mem::take(context));
    let answer = ask(scope);
    *context = scope.pop().unwrap_or_default();
    answer
}

fn failed(why: &str) -> Value {
    Value::Null(Some(why.to_owned()))
}
