//! The one shape a mapping gives: `{at, values, simulated?, device?}`.

use serde_json::Value;
use svod_kernel::Timestamp;

use crate::error::MappingFault;

/// One reading: values observed at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    /// Moment of observation.
    pub at: Timestamp,
    /// Attribute and value, in the order of the mapping; null values are left out.
    pub values: Vec<(String, MappedValue)>,
    /// The device says that it is simulated.
    pub simulated: bool,
    /// External id of the device, where the payload of a gateway names it.
    pub device: Option<String>,
}

/// One value as the device gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedValue {
    /// A scalar, `{lon, lat}`, `[lon, lat]` or GeoJSON; the metamodel types it.
    pub value: Value,
    /// UCUM code; absent means the attribute's declared unit.
    pub unit: Option<String>,
}

/// Reads one result of a mapping.
pub(crate) fn mapped(output: &Value) -> Result<Mapped, MappingFault> {
    let Value::Object(fields) = output else {
        return Err(MappingFault::shape(format!("expected an object {{at, values}}, found {}", name_of(output))));
    };
    if let Some(key) = fields.keys().find(|k| !["at", "values", "simulated", "device"].contains(&k.as_str())) {
        return Err(MappingFault::shape(format!("unknown field '{key}' beside at, values, simulated, device")));
    }
    let at = time(fields.get("at").unwrap_or(&Value::Null))?;
    let simulated = simulated(fields.get("simulated"))?;
    let device = device(fields.get("device"))?;
    let entries = match fields.get("values") {
        Some(Value::Object(entries)) => entries,
        other => {
            let found = name_of(other.unwrap_or(&Value::Null));
            return Err(MappingFault::shape(format!("values must be an object, found {found}")));
        }
    };
    let mut values = Vec::with_capacity(entries.len());
    for (name, v) in entries {
        values.extend(value(name, v)?.map(|v| (name.clone(), v)));
    }
    Ok(Mapped { at, values, simulated, device })
}

/// RFC 3339 text or milliseconds since the Unix epoch.
pub(crate) fn time(at: &Value) -> Result<Timestamp, MappingFault> {
    // Years 0 to 9999: what RFC 3339 can write.
    const RANGE_MS: std::ops::RangeInclusive<f64> = -62_167_219_200_000.0..=253_402_300_799_999.0;
    #[allow(clippy::cast_possible_truncation, reason = "within the range above")]
    let moment = |ms: f64| Timestamp((ms * 1_000.0).round() as i64);
    match at {
        Value::String(s) => s.parse().map_err(|e| MappingFault::shape(format!("at: {e}"))),
        Value::Number(n) => match n.as_f64() {
            Some(ms) if RANGE_MS.contains(&ms) => Ok(n.as_i64().map_or_else(|| moment(ms), Timestamp::from_millis)),
            _ => Err(MappingFault::shape(format!("at: {n} is no number of milliseconds between the years 0 and 9999"))),
        },
        other => Err(MappingFault::shape(format!(
            "at must be an RFC 3339 text or epoch milliseconds, found {}",
            name_of(other)
        ))),
    }
}

pub(crate) fn simulated(v: Option<&Value>) -> Result<bool, MappingFault> {
    match v {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(b)) => Ok(*b),
        Some(other) => Err(MappingFault::shape(format!("simulated must be true or false, found {}", name_of(other)))),
    }
}

pub(crate) fn device(v: Option<&Value>) -> Result<Option<String>, MappingFault> {
    match v {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) if !s.is_empty() => Ok(Some(s.clone())),
        Some(Value::Number(n)) => Ok(Some(n.to_string())),
        Some(other) => Err(MappingFault::shape(format!("device must be a text, found {}", name_of(other)))),
    }
}

/// One entry of `values`: null and `{value: null}` are nothing.
pub(crate) fn value(name: &str, v: &Value) -> Result<Option<MappedValue>, MappingFault> {
    match v {
        Value::Null => Ok(None),
        Value::Object(o) if o.contains_key("value") => {
            if let Some(key) = o.keys().find(|k| !["value", "unit"].contains(&k.as_str())) {
                return Err(MappingFault::shape(format!("{name}: unknown field '{key}' beside value and unit")));
            }
            match o.get("value") {
                None | Some(Value::Null) => Ok(None),
                Some(value) => Ok(Some(MappedValue { value: value.clone(), unit: unit(name, o.get("unit"))? })),
            }
        }
        other => Ok(Some(MappedValue { value: other.clone(), unit: None })),
    }
}

pub(crate) fn unit(name: &str, v: Option<&Value>) -> Result<Option<String>, MappingFault> {
    match v {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) => Ok(Some(s.clone())),
        Some(other) => Err(MappingFault::shape(format!("{name}: unit must be a text, found {}", name_of(other)))),
    }
}

const fn name_of(v: &Value) -> &'static str {
    match v {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
