//! What a decision was given and what it answered, as `Alert.inputs` keeps it.

use serde_json::{Map, Value};
use svod_kernel::Timestamp;

/// The ground of an alert.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Inputs of the decision by their FEEL names.
    pub inputs: Map<String, Value>,
    /// The reading judged; none when time was judged.
    pub reading: Option<Reading>,
    /// Hours to deal with it.
    pub deadline_hours: Option<f64>,
}

/// The reading judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Attribute.
    pub attribute: String,
    /// Value in the declared unit.
    pub value: Value,
    /// When it was observed.
    pub observed: Option<Timestamp>,
    /// When it arrived.
    pub received: Option<Timestamp>,
    /// A simulation made it.
    pub simulated: bool,
}

/// In a sentence: why the decision called for something.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// A value against its norm.
    Ratio {
        /// Value in the declared unit.
        value: f64,
        /// Norm in the same unit.
        norm: f64,
        /// Their ratio.
        ratio: f64,
    },
    /// A value without a norm.
    Value(Value),
    /// No reading for so many minutes.
    Silent(f64),
    /// Not one reading yet.
    NeverHeard,
    /// Not moved for so many minutes.
    Still(f64),
}

impl Evidence {
    /// Reads the text of an alert's `inputs` or `closing`; none when it is no such JSON.
    pub fn parse(text: &str) -> Option<Self> {
        let v: Value = serde_json::from_str(text).ok()?;
        let inputs = v.get("inputs")?.as_object()?.clone();
        let reading = v.get("reading").filter(|r| r.is_object()).and_then(reading);
        let deadline_hours = v.pointer("/outcome/deadlineHours").and_then(Value::as_f64);
        Some(Self { inputs, reading, deadline_hours })
    }

    /// The sentences that the inputs give, weightiest first.
    pub fn why(&self) -> Vec<Why> {
        let number = |name: &str| self.inputs.get(name).and_then(Value::as_f64);
        let mut all = Vec::new();
        match (number("value"), number("norm"), number("ratio")) {
            (Some(value), Some(norm), Some(ratio)) => all.push(Why::Ratio { value, norm, ratio }),
            _ => all.extend(self.reading.as_ref().map(|r| Why::Value(r.value.clone()))),
        }
        // A trigger by time is given both; how long it has stood still is what a moving thing is judged by.
        match (number("stillMinutes"), self.inputs.get("silentMinutes")) {
            (Some(m), _) => all.push(Why::Still(m)),
            (None, Some(Value::Null)) => all.push(Why::NeverHeard),
            (None, Some(m)) => all.extend(m.as_f64().map(Why::Silent)),
            (None, None) => {}
        }
        all
    }
}

fn reading(v: &Value) -> Option<Reading> {
    let time = |name: &str| v.get(name)?.as_str()?.parse().ok();
    Some(Reading {
        attribute: v.get("attribute")?.as_str()?.to_owned(),
        value: v.get("value")?.clone(),
        observed: time("observedAt"),
        received: time("receivedAt"),
        simulated: v.get("simulated").and_then(Value::as_bool).unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AIR: &str = r#"{"inputs":{"attribute":"pm25","open":false,"value":0.4,"norm":0.16,"ratio":2.5},
        "reading":{"attribute":"pm25","value":0.4,"observedAt":"2026-01-15T01:00:00Z",
        "receivedAt":"2026-01-15T01:00:02Z","simulated":true},
        "outcome":{"action":"raise","severity":"warning","deadlineHours":24}}"#;

    #[test]
    fn a_reading_is_told_against_its_norm() {
        let e = Evidence::parse(AIR).unwrap();
        assert_eq!(e.why(), [Why::Ratio { value: 0.4, norm: 0.16, ratio: 2.5 }]);
        let r = e.reading.unwrap();
        assert!(r.simulated && r.received > r.observed);
        assert_eq!(e.deadline_hours, Some(24.0));
    }

    #[test]
    fn time_is_told_in_minutes() {
        let of = |inputs: &str| {
            Evidence::parse(&format!("{{\"inputs\":{inputs},\"reading\":null,\"outcome\":{{}}}}")).unwrap().why()
        };
        assert_eq!(of(r#"{"silentMinutes":31.5,"stillMinutes":null}"#), [Why::Silent(31.5)]);
        assert_eq!(of(r#"{"silentMinutes":0.1,"stillMinutes":25}"#), [Why::Still(25.0)]);
        assert_eq!(of(r#"{"silentMinutes":null}"#), [Why::NeverHeard]);
        assert_eq!(Evidence::parse("no JSON"), None);
        assert_eq!(Evidence::parse("{}"), None);
    }
}
