use serde_json::Value;

use crate::error::{FaultCode, MappingError, MappingFault};
use crate::guard;
use crate::plan::Plan;
use crate::program::Program;
use crate::shape::{self, Mapped};
use crate::val::Val;

/// Largest payload in bytes: what the MQTT and HTTP doors let through as one message.
pub const MAX_PAYLOAD: usize = 256 * 1024;

/// A device profile's mapping from payload to attributes, compiled once and shared by all threads.
pub struct Mapping {
    program: Program,
    plan: Option<Plan>,
}

impl Mapping {
    /// Compiles a jq expression; `file` is named in errors.
    ///
    /// # Errors
    /// The first thing wrong with the expression, with its place and how to correct it.
    pub fn compile(file: &str, source: &str) -> Result<Self, MappingError> {
        let term = guard::check(file, source)?;
        Ok(Self { plan: Plan::of(&term), program: Program::compile(file, source)? })
    }

    /// Whether the mapping runs natively, without jq.
    pub const fn is_native(&self) -> bool {
        self.plan.is_some()
    }

    /// The readings in one payload (JSON, UTF-8).
    ///
    /// # Errors
    /// Why the payload belongs in the quarantine.
    pub fn apply(&self, payload: &[u8]) -> Result<Vec<Mapped>, MappingFault> {
        if payload.len() > MAX_PAYLOAD {
            let detail = format!("the payload has {} bytes, more than {MAX_PAYLOAD}", payload.len());
            return Err(MappingFault::new(FaultCode::MalformedPayload, detail));
        }
        let payload: Value = serde_json::from_slice(payload)
            .map_err(|e| MappingFault::new(FaultCode::MalformedPayload, format!("not JSON: {e}")))?;
        self.apply_value(payload)
    }

    /// As [`Self::apply`], for a payload that is already JSON.
    ///
    /// # Errors
    /// Why the payload belongs in the quarantine.
    pub fn apply_value(&self, payload: Value) -> Result<Vec<Mapped>, MappingFault> {
        if let Some(answer) = self.plan.as_ref().and_then(|p| p.apply(&payload)) {
            return answer.map(|m| vec![m]);
        }
        self.interpret(payload)
    }

    fn interpret(&self, payload: Value) -> Result<Vec<Mapped>, MappingFault> {
        self.program.run(Val::from(payload))?.iter().map(|v| shape::mapped(&Value::from(v))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn shared<T: Send + Sync>() {}

    #[test]
    fn is_shared_by_threads() {
        shared::<Mapping>();
    }

    /// Payloads that hit the paths of the mappings below, and miss them in every way.
    fn payload() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (0i64..4_000_000_000_000).prop_map(Value::from),
            Just(Value::from("2026-01-15T08:00:00+07:00")),
            Just(Value::from("mg/m3")),
            ".{0,6}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            Just("ts"),
            Just("pm25"),
            Just("no2"),
            Just("pos"),
            Just("lon"),
            Just("a b"),
            Just("simulated"),
            Just("id")
        ];
        leaf.prop_recursive(3, 24, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..8)
                    .prop_map(|m| m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
            ]
        })
    }

    fn plain_mapping() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            Just(r#"{at: .ts, values: {pm25: {value: .pm25, unit: "mg/m3"}, no2: .no2}, simulated: .simulated}"#),
            Just(r#"{at: .ts, device: .id, values: {place: [.pos.lon, .pos[1]], "a b": ."a b", whole: .}}"#),
            Just(r#"{at: 1700000000000, values: {place: {lon: .pos.lon, lat: 1.5}, pm25, ok: true, no: null, e: []}}"#),
            Just(r#"{at: .[0], values: {x: {unit: .no2, value: .pm25}, y: {value: .no2}}, simulated: true}"#),
        ]
    }

    proptest! {
        #[test]
        fn native_and_jq_agree(source in plain_mapping(), payload in payload()) {
            let mapping = Mapping::compile("m", source).unwrap();
            prop_assert!(mapping.is_native());
            prop_assert_eq!(mapping.apply_value(payload.clone()), mapping.interpret(payload));
        }
    }
}
