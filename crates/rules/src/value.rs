//! Between our values and FEEL's.

use std::str::FromStr;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value as Feel;
use dsntk_feel::{FeelNumber, Name};
use serde_json::{Map, Number, Value};

use crate::inputs::{Input, MAX_DEPTH};

/// An input as FEEL sees it in the strict profile: structures are not known there.
pub(crate) fn to_feel_strict(input: &Input) -> Feel {
    match input {
        Input::List(_) | Input::Context(_) => Feel::Null(None),
        scalar => to_feel(scalar),
    }
}

/// An input as FEEL sees it.
pub(crate) fn to_feel(input: &Input) -> Feel {
    match input {
        Input::Null => Feel::Null(None),
        Input::Bool(b) => Feel::Boolean(*b),
        Input::Integer(n) => Feel::Number((*n).into()),
        // The shortest decimal text that reads back as the same float: 0.1 is 0.1 and not 0.1000000000000000055.
        Input::Number(n) if n.is_finite() => {
            FeelNumber::from_str(&n.to_string()).map_or(Feel::Null(None), Feel::Number)
        }
        Input::Number(_) => Feel::Null(None),
        Input::Text(s) => Feel::String(s.clone()),
        Input::Temporal(t) => t.to_feel(),
        Input::List(items) => Feel::List(items.iter().map(to_feel).collect()),
        Input::Context(entries) => {
            let mut context = FeelContext::default();
            for (name, entry) in entries {
                context.set_entry(&Name::from(name), to_feel(entry));
            }
            Feel::Context(context)
        }
    }
}

/// A result as JSON. A null with a trace is FEEL's way of saying that something failed: it is an error here.
pub(crate) fn to_json(value: &Feel) -> Result<Value, String> {
    match value {
        Feel::Null(None) => Ok(Value::Null),
        Feel::Null(Some(reason)) => Err(reason.clone()),
        Feel::Boolean(b) => Ok(Value::Bool(*b)),
        Feel::Number(n) => number(&n.to_string()).map(Value::Number),
        Feel::String(s) => Ok(Value::String(s.clone())),
        Feel::List(items) | Feel::ExpressionList(items) => {
            items.iter().map(to_json).collect::<Result<_, _>>().map(Value::Array)
        }
        Feel::Context(context) => {
            let mut map = Map::new();
            for (name, v) in context.iter() {
                map.insert(name.to_string(), to_json(v).map_err(|e| format!("{name}: {e}"))?);
            }
            Ok(Value::Object(map))
        }
        Feel::Date(_)
        | Feel::DateTime(_)
        | Feel::Time(_)
        | Feel::DaysAndTimeDuration(_)
        | Feel::YearsAndMonthsDuration(_) => Ok(Value::String(value.to_string())),
        other => Err(format!("the result {other} is not a value")),
    }
}

/// A result of the full profile as JSON: a null inside is a null whatever its reason, a range is its text.
pub(crate) fn to_json_full(value: &Feel) -> Result<Value, String> {
    nested(value, MAX_DEPTH)
}

fn nested(value: &Feel, levels: usize) -> Result<Value, String> {
    let Some(below) = levels.checked_sub(1) else { return Err("the result nests too deeply".to_owned()) };
    let inside = |value: &Feel| match value {
        Feel::Null(_) => Ok(Value::Null),
        value => nested(value, below),
    };
    match value {
        Feel::List(items) | Feel::ExpressionList(items) => items.iter().map(inside).collect(),
        Feel::Context(context) => {
            let mut map = Map::new();
            for (name, v) in context.iter() {
                map.insert(name.to_string(), inside(v).map_err(|e| format!("{name}: {e}"))?);
            }
            Ok(Value::Object(map))
        }
        Feel::Range(..) => Ok(Value::String(value.to_string())),
        Feel::FunctionDefinition(..) | Feel::BuiltInFunction(_) => Err("the result is a function".to_owned()),
        other => to_json(other),
    }
}

fn number(text: &str) -> Result<Number, String> {
    let plain = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    serde_json::from_str(plain).map_err(|_| format!("the number {text} is out of range"))
}
