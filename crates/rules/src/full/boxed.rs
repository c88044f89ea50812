//! Boxed expressions (DMN 1.5, 10.2) as evaluators over a scope.

use std::collections::VecDeque;
use std::sync::Arc;

use dsntk_feel::closure::Closure;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{Evaluator, FeelScope, FeelType, FunctionBody, IntervalType, Name};
use dsntk_feel_evaluator::FilterExpressionEvaluator;
use dsntk_feel_parser::{AstNode, ClosureBuilder, parse_expression, parse_name};
use dsntk_model::{
    Context, Expression, ExpressionInstance, FunctionDefinition, FunctionKind, Invocation, NamedElement, Relation,
};

use super::tables;
use super::types::Types;
use crate::error::RuleError;
use crate::instrument::instrumented;
use crate::scan;
use crate::{external, guard};

/// Levels of one expression at the most: reading, evaluating and dropping it recurse.
const MAX_LEVELS: usize = 1_000;

/// Builds the evaluators of one element of a model.
pub(super) struct Builder<'a> {
    pub(super) file: &'a str,
    pub(super) namespace: &'a str,
    /// Id of the decision or business knowledge model.
    pub(super) element: &'a str,
    /// Its name, for errors.
    pub(super) name: &'a str,
    pub(super) types: &'a Types,
    /// Its tables in the order of the file.
    pub(super) tables: VecDeque<&'a scan::Table>,
    /// Set when something in it defines a function.
    pub(super) functions: bool,
    /// Names that its texts use: what a function defined in it takes along.
    pub(super) mentioned: Vec<Closure>,
}

type Built = Result<Evaluator, RuleError>;

impl Builder<'_> {
    pub(super) fn error(&self, message: impl std::fmt::Display, fix: &str) -> RuleError {
        RuleError::new(self.file, None, format!("'{}': {message}", self.name), fix)
    }

    pub(super) fn unreadable(&self, text: &str, why: &dyn std::fmt::Display, what: &str) -> RuleError {
        let text: String = text.trim().chars().take(80).collect();
        self.error(format!("'{text}' cannot be read: {why}"), &format!("write {what}"))
    }

    /// A FEEL text.
    pub(super) fn expression(&mut self, scope: &FeelScope, text: &str) -> Built {
        let node = parse_expression(scope, text, false).map_err(|e| self.unreadable(text, &e, "a FEEL expression"))?;
        self.mentioned.push(ClosureBuilder::from_node(&node));
        self.prepare(node)
    }

    /// What was read, with its bounds.
    pub(super) fn prepare(&mut self, node: AstNode) -> Built {
        self.prepare_after(node, |node| node)
    }

    /// The same, changed after it was looked through.
    pub(super) fn prepare_after(&mut self, node: AstNode, change: impl FnOnce(AstNode) -> AstNode) -> Built {
        let ready = instrumented(node).map_err(|what| {
            self.error(
                format!("there is {what}"),
                "call FEEL's own functions in place; write (a.b) * 2, or declare what a is",
            )
        })?;
        if ready.levels > MAX_LEVELS {
            return Err(self.error("an expression nests too deeply", "split it over several decisions"));
        }
        self.functions |= ready.functions;
        Ok(dsntk_feel_evaluator::prepare(&change(ready.node)))
    }

    /// Any boxed expression; its result is coerced to the type that it declares.
    pub(super) fn build(&mut self, scope: &FeelScope, expression: &ExpressionInstance) -> Built {
        use ExpressionInstance as E;
        let (built, type_ref) = match expression {
            E::Conditional(e) => (self.conditional(scope, e)?, e.type_ref()),
            E::Context(e) => (self.context(scope, e)?, e.type_ref()),
            E::DecisionTable(e) => (self.table(scope, e)?, e.type_ref()),
            E::Every(e) => {
                let parts = (e.iterator_variable(), e.in_expression().value(), e.satisfies_expression().value());
                (self.quantified(scope, parts, false)?, e.type_ref())
            }
            E::Some(e) => {
                let parts = (e.iterator_variable(), e.in_expression().value(), e.satisfies_expression().value());
                (self.quantified(scope, parts, true)?, e.type_ref())
            }
            E::Filter(e) => (self.filter(scope, e)?, e.type_ref()),
            E::For(e) => (self.iteration(scope, e)?, e.type_ref()),
            E::FunctionDefinition(e) => (self.function(scope, e)?, e.type_ref()),
            E::Invocation(e) => (self.invocation(scope, e)?, e.type_ref()),
            E::List(e) => (self.list(scope, e.elements())?, e.type_ref()),
            E::LiteralExpression(e) => {
                let text = e.text().as_deref().unwrap_or_default();
                (self.expression(scope, text)?, e.type_ref())
            }
            E::Relation(e) => (self.relation(scope, e)?, e.type_ref()),
        };
        let Some(type_ref) = type_ref.as_deref().filter(|t| !t.trim().is_empty() && t.trim() != "Any") else {
            return Ok(built);
        };
        let feel_type = self.feel_type(type_ref)?;
        Ok(Box::new(move |scope| built(scope).coerced(&feel_type)))
    }

    /// The type of a `typeRef`; one that does not exist is an error.
    pub(super) fn feel_type(&self, type_ref: &str) -> Result<FeelType, RuleError> {
        let declared = self.types.declared(self.namespace, type_ref);
        if !self.types.knows(&declared) {
            return Err(self.error(format!("the type '{type_ref}' is not defined"), "define it as an item definition"));
        }
        Ok(self.types.feel_type(&declared))
    }

    fn table(&mut self, scope: &FeelScope, table: &dsntk_model::DecisionTable) -> Built {
        let scanned = self.tables.pop_front();
        let empty = scan::Table::default();
        tables::build(self, scope, table, scanned.unwrap_or(&empty))
    }

    fn conditional(&mut self, scope: &FeelScope, e: &dsntk_model::Conditional) -> Built {
        let asked = self.build(scope, e.if_expression().value())?;
        let then = self.build(scope, e.then_expression().value())?;
        let otherwise = self.build(scope, e.else_expression().value())?;
        Ok(Box::new(move |scope| match asked(scope) {
            Value::Boolean(true) => then(scope),
            Value::Boolean(false) => otherwise(scope),
            _ => Value::Null(Some("the condition is neither true nor false".to_owned())),
        }))
    }

    fn context(&mut self, scope: &FeelScope, context: &Context) -> Built {
        let mut entries = Vec::new();
        scope.push(FeelContext::default());
        for entry in context.context_entries() {
            let value = self.build(scope, &entry.value)?;
            let declared = match &entry.variable {
                Some(variable) => {
                    let feel_type = self.feel_type(variable.type_ref())?;
                    // What follows may name the entry, and with it the parts of its type.
                    scope.set_value(variable.feel_name(), Types::sample(&feel_type));
                    Some((variable.feel_name().clone(), feel_type))
                }
                None => None,
            };
            entries.push((declared, value));
        }
        scope.pop();
        Ok(Box::new(move |scope| {
            scope.push(FeelContext::default());
            let mut context = FeelContext::default();
            for (declared, value) in &entries {
                let value = value(scope);
                let Some((name, feel_type)) = declared else {
                    scope.pop();
                    return value;
                };
                let value = value.coerced(feel_type);
                scope.set_value(name, value.clone());
                context.set_entry(name, value);
            }
            scope.pop();
            Value::Context(context)
        }))
    }

    fn list(&mut self, scope: &FeelScope, elements: &[ExpressionInstance]) -> Built {
        let elements = elements.iter().map(|e| self.build(scope, e)).collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(move |scope| Value::List(elements.iter().map(|e| e(scope)).collect())))
    }

    fn relation(&mut self, scope: &FeelScope, relation: &Relation) -> Built {
        let mut rows = Vec::new();
        for row in relation.rows() {
            let mut cells = Vec::new();
            for (column, cell) in relation.columns().iter().zip(row.elements()) {
                cells.push((column.feel_name().clone(), self.build(scope, cell)?));
            }
            rows.push(cells);
        }
        Ok(Box::new(move |scope| {
            let row = |cells: &Vec<(Name, Evaluator)>| {
                let mut context = FeelContext::default();
                for (name, cell) in cells {
                    context.set_entry(name, cell(scope));
                }
                Value::Context(context)
            };
            Value::List(rows.iter().map(row).collect())
        }))
    }

    fn filter(&mut self, scope: &FeelScope, e: &dsntk_model::Filter) -> Built {
        let list = self.build(scope, e.in_expression().value())?;
        let condition = self.build(scope, e.match_expression().value())?;
        let condition: Evaluator = Box::new(move |scope| {
            guard::tick(1);
            condition(scope)
        });
        Ok(Box::new(move |scope| FilterExpressionEvaluator::new().evaluate(scope, list(scope), &condition)))
    }

    /// Name of the variable, what it goes over, what is asked for each: the last is read with the name in the scope.
    fn over(
        &mut self,
        scope: &FeelScope,
        (variable, list, each): (&str, &ExpressionInstance, &ExpressionInstance),
        more: Option<Name>,
    ) -> Result<(Name, Evaluator, Evaluator), RuleError> {
        let name = parse_name(scope, variable, false).unwrap_or_else(|_| Name::from(variable));
        let list = self.build(scope, list)?;
        let mut context = FeelContext::default();
        context.set_null(name.clone());
        more.into_iter().for_each(|name| context.set_null(name));
        scope.push(context);
        let each = self.build(scope, each);
        scope.pop();
        Ok((name, list, each?))
    }

    fn quantified(
        &mut self,
        scope: &FeelScope,
        parts: (&String, &ExpressionInstance, &ExpressionInstance),
        any: bool,
    ) -> Built {
        let (name, list, each) = self.over(scope, (parts.0, parts.1, parts.2), None)?;
        Ok(Box::new(move |scope| {
            for item in items(list(scope)) {
                match one(scope, &name, item, None, &each) {
                    Value::Boolean(holds) if holds == any => return Value::Boolean(any),
                    Value::Boolean(_) => {}
                    _ => return Value::Null(Some("what is to be satisfied is neither true nor false".to_owned())),
                }
            }
            Value::Boolean(!any)
        }))
    }

    fn iteration(&mut self, scope: &FeelScope, e: &dsntk_model::For) -> Built {
        let partial = Name::from("partial");
        let parts = (e.iterator_variable().as_str(), e.in_expression().value(), e.return_expression().value());
        let before = self.mentioned.len();
        let (name, list, each) = self.over(scope, parts, Some(partial.clone()))?;
        // The results so far are copied for each item, where anything asks for them.
        let asked = self.mentioned[before..].iter().flat_map(Closure::iter).any(|q| q.first() == Some(&partial));
        Ok(Box::new(move |scope| {
            let items = match list(scope) {
                Value::Range(start, IntervalType::Closed, end, IntervalType::Closed) => match counted(&start, &end) {
                    Some(items) => items,
                    None => return Value::Null(Some("the range is not of whole numbers".to_owned())),
                },
                null @ Value::Null(_) => return null,
                other => items(other),
            };
            let mut results: Vec<Value> = Vec::new();
            for item in items {
                let carried = if asked { Some((&partial, &results)) } else { None };
                guard::tick(carried.map_or(0, |(_, results)| results.len() as u64 / 16));
                let value = one(scope, &name, item, carried, &each);
                guard::hold(&value);
                results.push(value);
            }
            Value::List(results)
        }))
    }

    fn invocation(&mut self, scope: &FeelScope, invocation: &Invocation) -> Built {
        let function = self.build(scope, invocation.called_function())?;
        let mut bindings = Vec::new();
        for binding in invocation.bindings() {
            let Some(formula) = binding.binding_formula() else { continue };
            let parameter = binding.parameter();
            let feel_type = self.feel_type(parameter.type_ref())?;
            bindings.push((parameter.feel_name().clone(), feel_type, self.build(scope, formula)?));
        }
        Ok(Box::new(move |scope| {
            let mut given = FeelContext::default();
            for (name, feel_type, formula) in &bindings {
                let value = formula(scope).coerced(feel_type);
                if value.is_invalid_coercion() {
                    return value;
                }
                given.set_entry(name, value);
            }
            call(scope, function(scope), &given)
        }))
    }

    fn function(&mut self, scope: &FeelScope, function: &FunctionDefinition) -> Built {
        let external = *function.kind() != FunctionKind::Feel;
        self.functions = true;
        let (parameters, sample) = self.parameters(function)?;
        let body = function.body().as_ref();
        let body = body.ok_or_else(|| self.error("a function has no body", "give it an expression"))?;
        let before = self.mentioned.len();
        scope.push(sample);
        let built = self.build(scope, body);
        scope.pop();
        let (built, closure) = (built?, self.closure(before, &parameters));
        let names: Vec<Name> = parameters.iter().map(|(name, _)| name.clone()).collect();
        let guarded: Evaluator = Box::new(move |scope| {
            guard::tick(1);
            let mut value = built(scope);
            if external {
                let arguments: Vec<Value> = names.iter().filter_map(|name| scope.get_value(name)).collect();
                value = external::call(&value, &arguments);
            }
            guard::hold(&value);
            value
        });
        let body = FunctionBody::FunctionDefinition(Arc::new(guarded));
        Ok(Box::new(move |scope| {
            let mut taken = FeelContext::default();
            for name in closure.iter() {
                if let Some(value) = scope.search_entry(name) {
                    taken.create_entry(name, value);
                }
            }
            let value = Value::FunctionDefinition(
                parameters.clone(),
                body.clone(),
                false,
                closure.clone(),
                taken,
                FeelType::Any,
            );
            guard::hold(&value);
            value
        }))
    }

    /// Formal parameters of a function, and what stands for them while its body is read.
    pub(super) fn parameters(
        &self,
        function: &FunctionDefinition,
    ) -> Result<(Vec<(Name, FeelType)>, FeelContext), RuleError> {
        let mut parameters = Vec::new();
        let mut sample = FeelContext::default();
        for parameter in function.formal_parameters() {
            let feel_type = self.feel_type(parameter.type_ref())?;
            sample.set_entry(parameter.feel_name(), Types::sample(&feel_type));
            parameters.push((parameter.feel_name().clone(), feel_type));
        }
        Ok((parameters, sample))
    }

    fn closure(&self, since: usize, parameters: &[(Name, FeelType)]) -> Closure {
        let names = self.mentioned[since..].iter().flat_map(|closure| closure.iter().cloned());
        let mut closure = Closure::from(names.collect::<Vec<_>>());
        parameters.iter().for_each(|(name, _)| closure.remove(name.clone()));
        closure
    }
}

/// Calls a function with arguments by name, as FEEL does.
pub(super) fn call(scope: &FeelScope, function: Value, given: &FeelContext) -> Value {
    let Value::FunctionDefinition(parameters, body, false, _, taken, result_type) = function else {
        return Value::Null(Some(format!("a function is expected, {} is given", function.type_of())));
    };
    let mut arguments = FeelContext::default();
    for (name, feel_type) in &parameters {
        let Some(value) = given.get_entry(name) else {
            return Value::Null(Some(format!("the argument '{name}' is missing")));
        };
        let value = value.coerced(feel_type);
        if value.is_invalid_coercion() {
            return value;
        }
        arguments.set_entry(name, value);
    }
    scope.push(taken);
    scope.push(arguments);
    let value = body.evaluate(scope);
    scope.pop();
    scope.pop();
    value.coerced(&result_type)
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::List(items) => items,
        one => vec![one],
    }
}

/// The whole numbers of a range, either way.
fn counted(start: &Value, end: &Value) -> Option<Vec<Value>> {
    let (Value::Number(start), Value::Number(end)) = (start, end) else { return None };
    let (start, end) = (i64::try_from(*start).ok()?, i64::try_from(*end).ok()?);
    let count = start.abs_diff(end);
    guard::tick(count);
    let step = if start <= end { 1 } else { -1 };
    let count = i64::try_from(count).ok()?;
    Some((0..=count).map(|n| Value::Number((start + n * step).into())).collect())
}

/// Evaluates for one item.
fn one(scope: &FeelScope, name: &Name, item: Value, partial: Option<(&Name, &Vec<Value>)>, each: &Evaluator) -> Value {
    guard::tick(1);
    let mut context = FeelContext::default();
    context.set_entry(name, item);
    if let Some((partial, results)) = partial {
        context.set_entry(partial, Value::List(results.clone()));
    }
    scope.push(context);
    let value = each(scope);
    scope.pop();
    value
}
