//! Item definitions: what a `typeRef` means when names are read, inputs are taken and results are given.

use std::collections::{BTreeMap, HashMap};

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{Evaluator, FeelScope, FeelType, Name};
use dsntk_feel_parser::AstNode;
use dsntk_model::{Definitions, DmnElement, Expression, ItemDefinition, NamedElement};

use super::evaluation::FieldError;
use crate::guard;
use crate::inputs::Input;
use crate::instrument::instrumented;
use crate::value::to_feel;

/// Parts of one type at the most: types that hold each other would unfold without end.
const MAX_PARTS: usize = 2_000;

/// What a variable or an expression is declared as.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Declared {
    Simple(FeelType),
    /// Namespace and name of an item definition.
    Item(String, String),
}

struct Item {
    shape: Shape,
    collection: bool,
    allowed: Option<Evaluator>,
}

enum Shape {
    Declared(Declared),
    Components(Vec<(Name, Item)>),
    Function(Vec<Declared>, Declared),
}

/// All item definitions of a set of models.
#[derive(Default)]
pub(super) struct Types {
    items: HashMap<(String, String), Item>,
    /// Names of imports by namespace of the importing model.
    imports: HashMap<String, Vec<(String, String)>>,
}

/// A built-in type by its `typeRef`.
fn simple(type_ref: &str) -> Option<FeelType> {
    Some(match type_ref.trim() {
        "" | "Any" => FeelType::Any,
        "Null" => FeelType::Null,
        "string" => FeelType::String,
        "number" => FeelType::Number,
        "boolean" => FeelType::Boolean,
        "date" => FeelType::Date,
        "time" => FeelType::Time,
        "dateTime" | "date and time" => FeelType::DateTime,
        "dayTimeDuration" | "days and time duration" => FeelType::DaysAndTimeDuration,
        "yearMonthDuration" | "years and months duration" => FeelType::YearsAndMonthsDuration,
        _ => return None,
    })
}

impl Types {
    /// Takes the item definitions of a model; an error names what is wrong.
    pub(super) fn add(&mut self, definitions: &Definitions) -> Result<(), String> {
        let namespace = definitions.namespace();
        let imports = definitions.imports().iter();
        let imports = imports.map(|i| (i.feel_name().to_string(), i.namespace().to_owned())).collect();
        self.imports.insert(namespace.to_owned(), imports);
        for definition in definitions.item_definitions() {
            let item = self.item(definition, namespace)?;
            self.items.insert((namespace.to_owned(), definition.name().to_owned()), item);
        }
        Ok(())
    }

    fn item(&self, definition: &ItemDefinition, namespace: &str) -> Result<Item, String> {
        let declared = |type_ref: &str| self.declared(namespace, type_ref);
        let shape = if let Some(function) = definition.function_item() {
            let parameters = function.parameters().iter().map(|p| declared(p.type_ref())).collect();
            Shape::Function(parameters, declared(function.output_type_ref().as_deref().unwrap_or("Any")))
        } else if definition.item_components().is_empty() {
            Shape::Declared(declared(definition.type_ref().as_deref().unwrap_or("Any")))
        } else {
            let parts = definition.item_components().iter();
            let parts = parts.map(|part| Ok((part.feel_name().clone(), self.item(part, namespace)?)));
            Shape::Components(parts.collect::<Result<_, String>>()?)
        };
        let allowed = definition.allowed_values().as_ref().and_then(|tests| tests.text().as_ref());
        let allowed = allowed.map(|text| allowed_values(text)).transpose();
        let allowed = allowed.map_err(|e| format!("the allowed values of '{}': {e}", definition.name()))?;
        Ok(Item { shape, collection: definition.is_collection(), allowed })
    }

    /// What a `typeRef` of a model means; a prefix names an import.
    pub(super) fn declared(&self, namespace: &str, type_ref: &str) -> Declared {
        if let Some(simple) = simple(type_ref) {
            return Declared::Simple(simple);
        }
        let imports = self.imports.get(namespace).map(Vec::as_slice).unwrap_or_default();
        let imported = type_ref.split_once('.').and_then(|(prefix, name)| {
            let import = imports.iter().find(|(known, _)| known == prefix.trim())?;
            Some(Declared::Item(import.1.clone(), name.trim().to_owned()))
        });
        imported.unwrap_or_else(|| Declared::Item(namespace.to_owned(), type_ref.trim().to_owned()))
    }

    /// True when what is declared exists.
    pub(super) fn knows(&self, declared: &Declared) -> bool {
        match declared {
            Declared::Simple(_) => true,
            Declared::Item(namespace, name) => self.find(namespace, name).is_some(),
        }
    }

    fn find(&self, namespace: &str, name: &str) -> Option<&Item> {
        self.items.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// The FEEL type; what holds itself is `Any` inside.
    pub(super) fn feel_type(&self, declared: &Declared) -> FeelType {
        self.unfold(declared, &mut Vec::new(), &mut MAX_PARTS.clone())
    }

    fn unfold<'s>(&'s self, declared: &'s Declared, within: &mut Vec<&'s Declared>, left: &mut usize) -> FeelType {
        match declared {
            Declared::Simple(simple) => simple.clone(),
            Declared::Item(namespace, name) => {
                let Some(item) = self.find(namespace, name) else { return FeelType::Any };
                if within.contains(&declared) {
                    return FeelType::Any;
                }
                within.push(declared);
                let unfolded = self.unfold_item(item, within, left);
                within.pop();
                unfolded
            }
        }
    }

    fn unfold_item<'s>(&'s self, item: &'s Item, within: &mut Vec<&'s Declared>, left: &mut usize) -> FeelType {
        let Some(less) = left.checked_sub(1) else { return FeelType::Any };
        *left = less;
        let one = match &item.shape {
            Shape::Declared(declared) => self.unfold(declared, within, left),
            Shape::Components(parts) => {
                let parts = parts.iter().map(|(name, part)| (name.clone(), self.unfold_item(part, within, left)));
                FeelType::Context(parts.collect::<BTreeMap<_, _>>())
            }
            Shape::Function(parameters, result) => {
                let parameters: Vec<FeelType> = parameters.iter().map(|p| self.unfold(p, within, left)).collect();
                FeelType::function(&parameters, &self.unfold(result, within, left))
            }
        };
        if item.collection { FeelType::list(&one) } else { one }
    }

    /// What stands for a variable of that type while names are read: names of parts may hold spaces.
    pub(super) fn sample(feel_type: &FeelType) -> Value {
        match feel_type {
            FeelType::Context(parts) => {
                let mut context = FeelContext::default();
                for (name, part) in parts {
                    context.set_entry(name, Self::sample(part));
                }
                Value::Context(context)
            }
            FeelType::List(one) => Value::List(vec![match &**one {
                context @ FeelType::Context(_) => Self::sample(context),
                other => Value::FeelType(other.clone()),
            }]),
            other => Value::FeelType(other.clone()),
        }
    }

    /// The value as that type takes it: null with a reason where it does not fit (DMN 1.5, 7.3.3 and 10.3.2.9).
    pub(super) fn checked(&self, declared: &Declared, value: Value) -> Value {
        match declared {
            Declared::Simple(simple) => value.coerced(simple),
            Declared::Item(namespace, name) => match self.find(namespace, name) {
                Some(item) => self.checked_item(item, value),
                None => Value::Null(Some(format!("the type '{name}' is not defined"))),
            },
        }
    }

    fn checked_item(&self, item: &Item, value: Value) -> Value {
        if value.is_null() {
            return value;
        }
        let value = match (item.collection, value) {
            (true, Value::List(items)) => {
                let mut checked = Vec::with_capacity(items.len());
                for one in items {
                    match self.checked_shape(&item.shape, one) {
                        null @ Value::Null(Some(_)) => return null,
                        one => checked.push(one),
                    }
                }
                Value::List(checked)
            }
            (true, other) => return mismatch("a list", &other),
            (false, value) => self.checked_shape(&item.shape, value),
        };
        match &item.allowed {
            Some(allowed) if !value.is_null() && !is_allowed(allowed, &value) => {
                Value::Null(Some(format!("{value} is not among the allowed values")))
            }
            _ => value,
        }
    }

    fn checked_shape(&self, shape: &Shape, value: Value) -> Value {
        match (shape, value) {
            (Shape::Declared(Declared::Simple(simple)), value) => {
                if value.is_null() || value.is_conformant(simple) {
                    value
                } else {
                    mismatch(&simple.to_string(), &value)
                }
            }
            (Shape::Declared(declared), value) => self.checked(declared, value),
            (Shape::Components(parts), Value::Context(context)) => {
                let mut checked = FeelContext::default();
                for (name, part) in parts {
                    let Some(entry) = context.get_entry(name) else {
                        return Value::Null(Some(format!("the entry '{name}' is missing")));
                    };
                    checked.set_entry(name, self.checked_item(part, entry.clone()));
                }
                Value::Context(checked)
            }
            (Shape::Components(_), value) => mismatch("a context", &value),
            (Shape::Function(..), value) => match value {
                Value::FunctionDefinition(..) | Value::BuiltInFunction(_) | Value::Null(_) => value,
                other => mismatch("a function", &other),
            },
        }
    }

    /// What does not fit, field by field.
    pub(super) fn faults(&self, declared: &Declared, name: &str, input: &Input, into: &mut Vec<FieldError>) {
        let feel_type = self.feel_type(declared);
        let before = into.len();
        compare(&feel_type, name, input, into);
        if into.len() == before && *input != Input::Null {
            let checked = self.checked(declared, typed(&feel_type, input));
            if let Value::Null(reason) = checked {
                let given = reason.unwrap_or_else(|| input.type_name().to_owned());
                into.push(FieldError { field: name.to_owned(), expected: expected(declared, &feel_type), given });
            }
        }
    }
}

fn expected(declared: &Declared, feel_type: &FeelType) -> String {
    match declared {
        Declared::Simple(_) => feel_type.to_string(),
        Declared::Item(_, name) => name.clone(),
    }
}

fn mismatch(expected: &str, value: &Value) -> Value {
    Value::Null(Some(format!("{expected} is expected, {} is given", value.type_of())))
}

fn compare(feel_type: &FeelType, field: &str, input: &Input, into: &mut Vec<FieldError>) {
    match (feel_type, input) {
        (FeelType::Any, _) | (_, Input::Null) => {}
        (FeelType::List(one), Input::List(items)) => {
            for (at, item) in items.iter().enumerate() {
                compare(one, &format!("{field}[{}]", at + 1), item, into);
            }
        }
        (FeelType::Context(parts), Input::Context(entries)) => {
            for (name, part) in parts {
                let input = entries.get(name.as_str()).unwrap_or(&Input::Null);
                compare(part, &format!("{field}.{name}"), input, into);
            }
        }
        _ => {
            if typed(feel_type, input).coerced(feel_type).is_null() {
                let given = match input {
                    Input::Text(text) => format!("\"{}\"", text.chars().take(40).collect::<String>()),
                    other => other.type_name().to_owned(),
                };
                into.push(FieldError { field: field.to_owned(), expected: feel_type.to_string(), given });
            }
        }
    }
}

/// An input as a value: a text becomes the date, time or duration that is declared.
pub(super) fn typed(feel_type: &FeelType, input: &Input) -> Value {
    match (feel_type, input) {
        (FeelType::Date, Input::Text(s)) => Value::try_from_xsd_date(s).unwrap_or_else(|_| to_feel(input)),
        (FeelType::Time, Input::Text(s)) => Value::try_from_xsd_time(s).unwrap_or_else(|_| to_feel(input)),
        (FeelType::DateTime, Input::Text(s)) => Value::try_from_xsd_date_time(s).unwrap_or_else(|_| to_feel(input)),
        (FeelType::DaysAndTimeDuration | FeelType::YearsAndMonthsDuration, Input::Text(s)) => {
            Value::try_from_xsd_duration(s).unwrap_or_else(|_| to_feel(input))
        }
        (FeelType::List(one), Input::List(items)) => Value::List(items.iter().map(|i| typed(one, i)).collect()),
        (FeelType::List(one), single) => typed(one, single),
        (FeelType::Context(parts), Input::Context(entries)) => {
            let mut context = FeelContext::default();
            for (name, entry) in entries {
                let name = Name::from(name);
                let entry = parts.get(&name).map_or_else(|| to_feel(entry), |part| typed(part, entry));
                context.set_entry(&name, entry);
            }
            Value::Context(context)
        }
        _ => to_feel(input),
    }
}

fn allowed_values(text: &str) -> Result<Evaluator, String> {
    let tests = dsntk_feel_parser::parse_unary_tests(&FeelScope::default(), text, false).map_err(|e| e.to_string())?;
    let node = AstNode::In(Box::new(AstNode::Name("?".into())), Box::new(tests));
    let node = instrumented(node).map_err(str::to_owned)?;
    Ok(dsntk_feel_evaluator::prepare(&node.node))
}

fn is_allowed(allowed: &Evaluator, value: &Value) -> bool {
    let scope = FeelScope::from(guard::ground());
    let mut asked = FeelContext::default();
    asked.set_entry(&"?".into(), value.clone());
    scope.push(asked);
    allowed(&scope).is_true()
}
