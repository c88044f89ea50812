use std::collections::BTreeMap;

use serde_json::{Number, Value};
use svod_kernel::{FieldError, Timestamp, Urn};

use crate::geometry::{check_geometry, check_position};
use crate::nearest::suggest;
use crate::units::Conversion;
use crate::{Attribute, AttributeKind, AttributeType, AttributeValue, Entity, MAX_ABOUT, Metamodel, Range, pattern};

/// Longest text, in bytes.
pub const MAX_TEXT: usize = 64 << 10;
/// Most values of one attribute.
pub const MAX_LIST: usize = 1_000;
/// Most attributes of one entity.
pub const MAX_ATTRIBUTES: usize = 500;
/// Deepest nesting of a value in an open space.
const MAX_DEPTH: usize = 16;

type Checked<T = ()> = Result<T, Box<FieldError>>;

fn fault<T>(field: &str, rule: impl Into<String>, fix: impl Into<String>) -> Checked<T> {
    Err(Box::new(FieldError { field: field.to_owned(), rule: rule.into(), fix: fix.into() }))
}

impl Metamodel {
    /// Checks an entity against its type and brings it into the form that is kept: numbers in the declared unit
    /// (named in `unit`) and rounded to the declared precision, moments in UTC.
    ///
    /// # Errors
    /// Every attribute at fault, with rule and fix. Whether a related entity exists and is of the right type is the
    /// caller's to ask of the store.
    pub fn validate(&self, entity: &mut Entity) -> Result<(), Vec<FieldError>> {
        let Some(kind) = self.types.get(&entity.kind) else {
            let near = suggest(&entity.kind, self.types.keys().map(String::as_str).collect::<Vec<_>>());
            let rule = format!("unknown-type {}", shown(&entity.kind));
            return Err(vec![FieldError { field: "type".into(), rule, fix: near }]);
        };
        if kind.is_abstract {
            let heirs = self.types.values().filter(|t| !t.is_abstract && self.is_a(&t.name, &kind.name));
            let fix = suggest("", heirs.map(|t| t.name.as_str()).collect::<Vec<_>>());
            return Err(vec![FieldError { field: "type".into(), rule: "abstract-type".into(), fix }]);
        }
        let mut errors = Vec::new();
        if !entity.also.is_empty() {
            let fix = "give one type; several are taken in open spaces".into();
            errors.push(FieldError { field: "type".into(), rule: "one-type".into(), fix });
        }
        for a in kind.attributes.values().filter(|a| a.required && !entity.attributes.contains_key(&a.name)) {
            let fix = "give the attribute a value".into();
            errors.push(FieldError { field: a.name.clone(), rule: "required".into(), fix });
        }
        if let Err(more) = self.validate_patch(&entity.kind, &mut entity.attributes) {
            errors.extend(more);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Checks and normalises some attributes of an entity of the type, as [`Metamodel::validate`] does; attributes
    /// that are absent stay as they are and are not asked for.
    ///
    /// # Errors
    /// Every attribute at fault, with rule and fix.
    pub fn validate_patch(
        &self,
        kind: &str,
        attributes: &mut BTreeMap<String, Attribute>,
    ) -> Result<(), Vec<FieldError>> {
        let Some(known) = self.types.get(kind).map(|t| &t.attributes) else {
            let fix = suggest(kind, self.types.keys().map(String::as_str).collect::<Vec<_>>());
            return Err(vec![FieldError { field: "type".into(), rule: format!("unknown-type {}", shown(kind)), fix }]);
        };
        let mut errors = Vec::new();
        if attributes.len() > MAX_ATTRIBUTES {
            let fix = format!("give at most {MAX_ATTRIBUTES} attributes");
            return Err(vec![FieldError { field: "attributes".into(), rule: "too-long".into(), fix }]);
        }
        for (name, attribute) in attributes {
            let checked = match known.get(name) {
                None => {
                    let fix = suggest(name, known.keys().map(String::as_str).collect::<Vec<_>>());
                    fault(&shown(name), format!("unknown-attribute of {kind}"), fix)
                }
                Some(a) if a.kind == AttributeKind::Observation => {
                    fault(name, "observation", "send it as a reading of the device")
                }
                Some(a) => self.attribute_value(a, attribute),
            };
            errors.extend(checked.err().map(|e| *e));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Checks that these attributes may be taken off an entity of the type.
    ///
    /// # Errors
    /// Required attributes among them.
    pub fn validate_removal<'n>(
        &self,
        kind: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<(), Vec<FieldError>> {
        let required = names.into_iter().filter(|n| self.attribute(kind, n).is_some_and(|a| a.required));
        let fix = "give it another value instead";
        let errors: Vec<_> = required
            .map(|n| FieldError { field: n.to_owned(), rule: "required".into(), fix: fix.to_owned() })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Every instance holds what is declared; what stands about it is free.
    fn attribute_value(&self, a: &AttributeType, given: &mut Attribute) -> Checked {
        for (name, about) in &given.about {
            open_attribute(name, about, 1)?;
        }
        if a.single && (!given.others.is_empty() || given.dataset.is_some() || given.expires_at.is_some()) {
            return fault(
                &a.name,
                "single: a key or a rule names it",
                "give one value, without datasetId and expiresAt",
            );
        }
        if a.required && given.expires_at.is_some() {
            return fault(&a.name, "required: it does not cease", "leave expiresAt out");
        }
        given.others.iter_mut().try_for_each(|other| self.attribute_value(a, other))?;
        let wanted = match a.range {
            Range::Entity(_) if a.multivalued => "objects",
            Range::Entity(_) => "object",
            Range::Point | Range::Geometry => "geometry",
            _ => "value",
        };
        let step = conversion(a, given.unit.as_deref())?;
        match (&mut given.value, wanted) {
            (AttributeValue::Object(_), "object") => {}
            (AttributeValue::Objects(list), "objects") => {
                if list.len() > MAX_LIST {
                    return fault(&a.name, format!("too-long {MAX_LIST}"), "give fewer values");
                }
            }
            (AttributeValue::Object(_) | AttributeValue::Objects(_), "object" | "objects") => {
                return fault(&a.name, "multivalued", format!("give '{wanted}'"));
            }
            (AttributeValue::Geometry(g), "geometry") => {
                geometry(a, g)?;
            }
            (AttributeValue::Value(v), "value") => self.values(a, v, step)?,
            _ => return fault(&a.name, "relationship", format!("give '{wanted}'")),
        }
        if numeric(a) {
            given.unit.clone_from(&a.unit);
        }
        Ok(())
    }

    fn values(&self, a: &AttributeType, value: &mut Value, step: Option<Conversion>) -> Checked {
        match (value, a.multivalued) {
            (Value::Array(list), true) => {
                if list.len() > MAX_LIST {
                    return fault(&a.name, format!("too-long {MAX_LIST}"), "give fewer values");
                }
                list.iter_mut().try_for_each(|v| self.scalar(a, v, step))
            }
            (_, true) => fault(&a.name, "multivalued", "give a list"),
            (Value::Array(_), false) => fault(&a.name, "multivalued", "give one value, not a list"),
            (v, false) => self.scalar(a, v, step),
        }
    }

    fn scalar(&self, a: &AttributeType, value: &mut Value, step: Option<Conversion>) -> Checked {
        match (&a.range, &*value) {
            (Range::Boolean, Value::Bool(_)) => Ok(()),
            (Range::Integer | Range::Float, Value::Number(_)) => number(a, value, step),
            (Range::String, Value::String(t)) => text(a, t),
            (Range::Uri, Value::String(t)) if t.parse::<Urn>().is_ok() => text(a, t),
            (Range::Datetime, Value::String(t)) => match t.parse::<Timestamp>() {
                Ok(moment) if !moments().contains(&moment) => {
                    fault(&a.name, "range datetime: from the year 1000 to 9999", "give a moment of these years")
                }
                Ok(moment) => {
                    *value = Value::String(moment.to_string());
                    Ok(())
                }
                Err(_) => fault(&a.name, "range datetime", "write an RFC 3339 date-time with its offset"),
            },
            (Range::Enum(name), Value::String(word)) => {
                let words = self.enums.get(name).map(|e| e.values.as_slice()).unwrap_or_default();
                if words.contains(word) {
                    return Ok(());
                }
                let fix = suggest(word, words.iter().map(String::as_str).collect::<Vec<_>>());
                fault(&a.name, format!("enum {name}"), fix)
            }
            (range, _) => {
                let (word, fix) = match range {
                    Range::Boolean => ("boolean", "give true or false"),
                    Range::Integer => ("integer", "give a whole number without quotes"),
                    Range::Float => ("float", "give a number without quotes"),
                    Range::Uri => ("uri", "give an absolute URI"),
                    Range::Datetime => ("datetime", "write an RFC 3339 date-time with its offset"),
                    Range::Enum(_) => ("enum", "give a word of the code list"),
                    _ => ("string", "give a text"),
                };
                fault(&a.name, format!("range {word}"), fix)
            }
        }
    }
}

/// Moments that everything can read which reads what is kept: in rules, another one would be nothing, and nothing breaks none.
const fn moments() -> std::ops::RangeInclusive<Timestamp> {
    Timestamp(-30_610_224_000_000_000)..=Timestamp(253_402_300_799_999_999)
}

const fn numeric(a: &AttributeType) -> bool {
    matches!(a.range, Range::Integer | Range::Float)
}

/// The conversion to the declared unit, none when the value is in it already.
fn conversion(a: &AttributeType, given: Option<&str>) -> Checked<Option<Conversion>> {
    let (Some(given), declared) = (given, a.unit.as_deref()) else { return Ok(None) };
    if Some(given) == declared {
        return Ok(None);
    }
    let Some(declared) = declared.filter(|_| numeric(a)) else {
        return fault(&a.name, "unit", "drop the unit: the attribute has none");
    };
    match Conversion::between(given, declared) {
        Ok(c) => Ok(Some(c)),
        Err(_) => fault(&a.name, format!("unit {declared}"), format!("give the value in {declared}")),
    }
}

fn number(a: &AttributeType, value: &mut Value, step: Option<Conversion>) -> Checked {
    let exact = value.as_i64();
    let Some(given) = value.as_f64() else { return fault(&a.name, "range", "give a number") };
    let converted = step.map_or(given, |s| s.apply(given));
    let kept = a.precision.map_or(converted, |p| round_to(converted, p));
    if !kept.is_finite() {
        return fault(&a.name, "range float", "give a finite number");
    }
    if let Some(low) = a.minimum.filter(|low| kept < *low) {
        return fault(&a.name, format!("minimum {low}"), format!("give {low} or more"));
    }
    if let Some(high) = a.maximum.filter(|high| kept > *high) {
        return fault(&a.name, format!("maximum {high}"), format!("give {high} or less"));
    }
    if a.range == Range::Integer {
        // Beyond 2^53 a float no longer says which whole number was meant.
        let whole = kept.fract() == 0.0 && kept.abs() <= 9_007_199_254_740_992.0;
        match exact.filter(|_| step.is_none() && a.precision.is_none()) {
            Some(_) => {}
            #[allow(clippy::cast_possible_truncation, reason = "whole, and a float has it exactly")]
            None if whole => *value = Value::from(kept as i64),
            None => return fault(&a.name, "range integer", "give a whole number"),
        }
    } else if kept != given
        && let Some(n) = Number::from_f64(kept)
    {
        *value = Value::Number(n);
    }
    Ok(())
}

/// The nearest multiple of `precision`; a decimal precision gives the nearest decimal number, without a tail of
/// binary rounding.
pub fn round_to(value: f64, precision: f64) -> f64 {
    let steps = (1.0 / precision).round();
    let rounded = if steps >= 1.0 && (steps * precision - 1.0).abs() < 1e-9 {
        (value * steps).round() / steps
    } else {
        (value / precision).round() * precision
    };
    if rounded.is_finite() { rounded } else { value }
}

fn text(a: &AttributeType, t: &str) -> Checked {
    if t.len() > MAX_TEXT {
        return fault(&a.name, format!("too-long {MAX_TEXT}"), "shorten the text");
    }
    match &a.pattern {
        Some(p) if !pattern::matches(p, t) => fault(&a.name, format!("pattern {p}"), "write it in the declared form"),
        _ => Ok(()),
    }
}

fn geometry(a: &AttributeType, g: &Value) -> Checked {
    if let Err(why) = check_geometry(g) {
        return fault(&a.name, format!("geometry: {why}"), "give a GeoJSON geometry in WGS 84, longitude first");
    }
    if a.range == Range::Point && g.get("type").and_then(Value::as_str) != Some("Point") {
        return fault(&a.name, "geometry: not a Point", "give a GeoJSON Point");
    }
    Ok(())
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Checks an entity of an *open* space, where types and attributes are whatever the client says: names, sizes,
/// depth and geometry only.
///
/// # Errors
/// Every attribute at fault, with rule and fix.
pub fn validate_open(entity: &Entity) -> Result<(), Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut add = |c: Checked| errors.extend(c.err().map(|e| *e));
    if !open_name(&entity.kind) {
        add(fault("type", "bad-name", "give a name of 1 to 255 bytes without spaces"));
    }
    if entity.attributes.len() > MAX_ATTRIBUTES {
        add(fault("attributes", "too-long", format!("give at most {MAX_ATTRIBUTES} attributes")));
    }
    for name in &entity.also {
        if !open_name(name) {
            add(fault("type", "bad-name", "give a name of 1 to 255 bytes without spaces"));
        }
    }
    for (name, a) in &entity.attributes {
        add(attribute_name(name));
        add(open_attribute(name, a, 0));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn attribute_name(name: &str) -> Checked {
    if open_name(name) {
        return Ok(());
    }
    fault(&shown(name), "bad-name", "give a name of 1 to 255 bytes without spaces")
}

fn open_attribute(name: &str, a: &Attribute, depth: usize) -> Checked {
    if depth > MAX_ABOUT || a.about.len() > MAX_ATTRIBUTES || a.others.len() > MAX_LIST {
        return fault(name, "too-long", format!("give at most {MAX_LIST} instances, {MAX_ABOUT} levels deep"));
    }
    for instance in a.instances() {
        match &instance.value {
            AttributeValue::Value(v) | AttributeValue::Json(v) | AttributeValue::Vocab(v) => open_value(name, v, 0)?,
            AttributeValue::List(all) => all.iter().try_for_each(|v| open_value(name, v, 0))?,
            AttributeValue::Languages(map) => map.values().try_for_each(|v| open_value(name, v, 0))?,
            AttributeValue::Geometry(g) => {
                if let Err(why) = check_geometry(g) {
                    return fault(name, format!("geometry: {why}"), "give a GeoJSON geometry in WGS 84");
                }
            }
            AttributeValue::Object(_) | AttributeValue::Objects(_) | AttributeValue::ObjectList(_) => {
                if instance.value.targets().len() > MAX_LIST {
                    return fault(name, format!("too-long {MAX_LIST}"), "give fewer values");
                }
            }
        }
        for (n, about) in &instance.about {
            attribute_name(n)?;
            open_attribute(n, about, depth + 1)?;
        }
    }
    Ok(())
}

fn open_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && !name.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn open_value(name: &str, value: &Value, depth: usize) -> Checked {
    match value {
        _ if depth > MAX_DEPTH => fault(name, "too-long", format!("nest at most {MAX_DEPTH} levels")),
        Value::String(t) if t.len() > MAX_TEXT => fault(name, format!("too-long {MAX_TEXT}"), "shorten the text"),
        Value::Array(l) if l.len() > MAX_LIST => fault(name, format!("too-long {MAX_LIST}"), "give fewer values"),
        Value::Array(l) => l.iter().try_for_each(|v| open_value(name, v, depth + 1)),
        Value::Object(m) if m.len() > MAX_LIST => fault(name, format!("too-long {MAX_LIST}"), "give fewer values"),
        Value::Object(m) => m.values().try_for_each(|v| open_value(name, v, depth + 1)),
        _ => Ok(()),
    }
}

/// The place given as `[lon, lat]`, `{lon, lat}` or a GeoJSON Point.
pub fn point_of(raw: &Value) -> Result<crate::Point, String> {
    let position = match raw {
        Value::Object(m) if m.get("type").and_then(Value::as_str) == Some("Point") => {
            check_position(m.get("coordinates").unwrap_or(&Value::Null))
        }
        Value::Object(m) => {
            let of = |key: &str| m.get(key).cloned().unwrap_or(Value::Null);
            check_position(&Value::Array(vec![of("lon"), of("lat")]))
        }
        other => check_position(other),
    };
    position.map(|(lon, lat)| crate::Point { lon, lat })
}
