use serde_json::Value;

use crate::units::convert;
use crate::validate::{point_of, round_to};
use crate::{AttributeKind, AttributeType, Metamodel, ObservedValue, Range};

/// Longest observed text, in bytes.
const MAX_WORD: usize = 1_024;

/// Why an observed value goes to quarantine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct ReadingFault {
    /// `unknown-attribute`, `not-an-observation`, `wrong-type`, `wrong-unit`, `out-of-range` or `not-finite`.
    pub code: &'static str,
    /// What was found and what was expected, in English.
    pub detail: String,
}

#[cold]
fn fault<T>(code: &'static str, detail: String) -> Result<T, ReadingFault> {
    Err(ReadingFault { code, detail })
}

impl Metamodel {
    /// The value a device sent as it is kept: in the declared unit, rounded to the declared precision, within the
    /// declared range. A value without unit is in the declared one.
    ///
    /// A number in the declared unit costs no allocation.
    ///
    /// # Errors
    /// The reason for the quarantine.
    pub fn observed(
        &self,
        kind: &str,
        attribute: &str,
        raw: &Value,
        unit: Option<&str>,
    ) -> Result<ObservedValue, ReadingFault> {
        match self.attribute(kind, attribute) {
            Some(a) => self.observed_as(a, raw, unit),
            None => {
                let shown: String = attribute.chars().take(60).collect();
                fault("unknown-attribute", format!("{kind} has no attribute '{shown}'"))
            }
        }
    }

    /// As [`Metamodel::observed`], for a caller that keeps the attribute's declaration at hand.
    ///
    /// # Errors
    /// The reason for the quarantine.
    pub fn observed_as(
        &self,
        a: &AttributeType,
        raw: &Value,
        unit: Option<&str>,
    ) -> Result<ObservedValue, ReadingFault> {
        if a.kind != AttributeKind::Observation {
            return fault("not-an-observation", format!("'{}' is a fact and no observation", a.name));
        }
        match (&a.range, raw) {
            (Range::Float | Range::Integer, Value::Number(n)) => {
                let given = n.as_f64().unwrap_or(f64::NAN);
                number(a, given, unit).map(ObservedValue::Number)
            }
            _ if unit.is_some_and(|u| u != "1") => fault("wrong-unit", format!("'{}' has no unit", a.name)),
            (Range::Boolean, Value::Bool(b)) => Ok(ObservedValue::Bool(*b)),
            (Range::Point, Value::Array(_) | Value::Object(_)) => match point_of(raw) {
                Ok(p) => Ok(ObservedValue::Point(p)),
                Err(why) => fault("out-of-range", format!("'{}': {why}", a.name)),
            },
            (Range::String | Range::Uri | Range::Datetime, Value::String(t)) if t.len() <= MAX_WORD => {
                Ok(ObservedValue::Text(t.clone()))
            }
            (Range::Enum(name), Value::String(word)) => {
                if self.enums.get(name).is_some_and(|e| e.values.contains(word)) {
                    return Ok(ObservedValue::Text(word.clone()));
                }
                let shown: String = word.chars().take(60).collect();
                fault("out-of-range", format!("'{}': '{shown}' is no value of {name}", a.name))
            }
            (Range::String | Range::Uri | Range::Datetime, Value::String(t)) => {
                fault("out-of-range", format!("'{}': {} bytes, at most {MAX_WORD}", a.name, t.len()))
            }
            (range, _) => fault("wrong-type", format!("'{}' is {range:?}, found {}", a.name, what(raw))),
        }
    }
}

fn number(a: &AttributeType, given: f64, unit: Option<&str>) -> Result<f64, ReadingFault> {
    let converted = match (unit, a.unit.as_deref()) {
        (None, _) => given,
        (Some(u), Some(declared)) if u == declared => given,
        (Some(u), declared) => match convert(given, u, declared.unwrap_or("1")) {
            Ok(v) => v,
            Err(e) => return fault("wrong-unit", format!("'{}': {e}", a.name)),
        },
    };
    let value = a.precision.map_or(converted, |p| round_to(converted, p));
    if !value.is_finite() {
        return fault("not-finite", format!("'{}' is not a finite number", a.name));
    }
    if a.minimum.is_some_and(|low| value < low) || a.maximum.is_some_and(|high| value > high) {
        let bound = |b: Option<f64>| b.map_or_else(|| "…".to_owned(), |n| n.to_string());
        let range = format!("{}..{}", bound(a.minimum), bound(a.maximum));
        return fault("out-of-range", format!("'{}': {value} is outside {range}", a.name));
    }
    if a.range == Range::Integer && value.fract() != 0.0 {
        return fault("wrong-type", format!("'{}' is a whole number, found {value}", a.name));
    }
    Ok(value)
}

const fn what(raw: &Value) -> &'static str {
    match raw {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
