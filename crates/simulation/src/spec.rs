//! The declaration, read and judged: `simulation/*.yaml` of a pack as JSON.

use serde_json::{Map, Value};

use crate::error::SimulationError;

type Result<T> = std::result::Result<T, SimulationError>;

/// A read declaration.
pub(crate) struct Spec {
    pub(crate) payload: Vec<(String, Field)>,
    pub(crate) faults: Faults,
    pub(crate) motion: Option<Motion>,
    /// Hours that local time is ahead of UTC: when the day begins.
    pub(crate) utc_offset_hours: f64,
    /// Number of scalar generators in the payload.
    pub(crate) scalars: usize,
    /// The payload needs a place.
    pub(crate) moves: bool,
}

pub(crate) enum Field {
    Fixed(Value),
    Now,
    NowMillis,
    Device,
    Lon,
    Lat,
    Speed,
    Heading,
    /// Index of the generator's state in the device.
    Scalar(usize, Scalar),
    Object(Vec<(String, Field)>),
    List(Vec<Field>),
}

pub(crate) struct Scalar {
    pub(crate) mean: f64,
    pub(crate) daily: f64,
    pub(crate) weekly: f64,
    pub(crate) noise: f64,
    pub(crate) peak_hour: f64,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) precision: Option<f64>,
    pub(crate) spike: Option<Spike>,
}

pub(crate) struct Spike {
    pub(crate) span: Span,
    pub(crate) factor: f64,
}

/// Something that begins by chance, per message, and lasts.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) chance: f64,
    pub(crate) minutes: f64,
}

#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) gap: Option<Span>,
    pub(crate) stuck: Option<Span>,
    pub(crate) malformed: f64,
    pub(crate) wrong_unit: f64,
    pub(crate) jump: f64,
    pub(crate) jump_factor: f64,
}

pub(crate) struct Motion {
    pub(crate) speed_kmh: f64,
    pub(crate) stop: Option<Span>,
}

/// Reads the whole file.
pub(crate) fn read(spec: &Value) -> Result<Spec> {
    let top = At::root(spec)?;
    top.only(&[
        "id",
        "profile",
        "interval",
        "devices",
        "payload",
        "faults",
        "route",
        "utc-offset-hours",
        "description",
    ])?;
    let mut scalars = 0;
    let payload = match spec.get("payload") {
        Some(Value::Object(fields)) if !fields.is_empty() => object(fields, "payload", &mut scalars)?,
        _ => return Err(SimulationError::new("payload", "is missing", "declare the fields of the payload")),
    };
    let motion = top.child("route")?.map(|r| motion(&r)).transpose()?;
    let moves = payload.iter().any(|(_, f)| needs_place(f));
    if moves && motion.is_none() {
        let fix = "add route: {attribute: route, speed-kmh: 25}";
        return Err(SimulationError::new("route", "is missing, though the payload has a place", fix));
    }
    Ok(Spec {
        payload,
        faults: top.child("faults")?.map(|f| faults(&f)).transpose()?.unwrap_or_default(),
        motion,
        utc_offset_hours: top.number("utc-offset-hours", 0.0, -14.0, 14.0)?,
        scalars,
        moves,
    })
}

fn needs_place(field: &Field) -> bool {
    match field {
        Field::Lon | Field::Lat | Field::Speed | Field::Heading => true,
        Field::Object(fields) => fields.iter().any(|(_, f)| needs_place(f)),
        Field::List(items) => items.iter().any(needs_place),
        _ => false,
    }
}

fn object(fields: &Map<String, Value>, path: &str, scalars: &mut usize) -> Result<Vec<(String, Field)>> {
    fields.iter().map(|(k, v)| Ok((k.clone(), field(v, &format!("{path}.{k}"), scalars)?))).collect()
}

fn field(value: &Value, path: &str, scalars: &mut usize) -> Result<Field> {
    Ok(match value {
        Value::String(s) if s.starts_with('$') => match s.as_str() {
            "$now" => Field::Now,
            "$now-ms" => Field::NowMillis,
            "$device" => Field::Device,
            "$lon" => Field::Lon,
            "$lat" => Field::Lat,
            "$speed" => Field::Speed,
            "$heading" => Field::Heading,
            other => {
                let fix = "use $now, $now-ms, $device, $lon, $lat, $speed or $heading";
                return Err(SimulationError::new(path, format!("'{other}' is not known"), fix));
            }
        },
        Value::Object(fields) if fields.contains_key("mean") => {
            let index = *scalars;
            *scalars += 1;
            Field::Scalar(index, scalar(&At { fields, path: path.to_owned() })?)
        }
        Value::Object(fields) => Field::Object(object(fields, path, scalars)?),
        Value::Array(items) => {
            let read = items.iter().enumerate().map(|(i, v)| field(v, &format!("{path}.{i}"), scalars));
            Field::List(read.collect::<Result<_>>()?)
        }
        other => Field::Fixed(other.clone()),
    })
}

fn scalar(at: &At<'_>) -> Result<Scalar> {
    at.only(&["mean", "daily", "weekly", "noise", "peak-hour", "min", "max", "precision", "spike"])?;
    let spike = at.child("spike")?.map(|s| {
        s.only(&["chance", "minutes", "factor"])?;
        Ok(Spike { span: s.span()?, factor: s.required("factor", -1e6, 1e6)? })
    });
    let read = Scalar {
        mean: at.required("mean", -1e12, 1e12)?,
        daily: at.number("daily", 0.0, 0.0, 100.0)?,
        weekly: at.number("weekly", 0.0, 0.0, 100.0)?,
        noise: at.number("noise", 0.0, 0.0, 100.0)?,
        peak_hour: at.number("peak-hour", 18.0, 0.0, 24.0)?,
        min: at.optional("min", -1e12, 1e12)?,
        max: at.optional("max", -1e12, 1e12)?,
        precision: at.optional("precision", 1e-9, 1e9)?,
        spike: spike.transpose()?,
    };
    match (read.min, read.max) {
        (Some(min), Some(max)) if min > max => {
            Err(SimulationError::new(at.path.clone(), "min is greater than max", "exchange them"))
        }
        _ => Ok(read),
    }
}

fn motion(at: &At<'_>) -> Result<Motion> {
    at.only(&["attribute", "speed-kmh", "stop"])?;
    let stop = at.child("stop")?.map(|s| {
        s.only(&["chance", "minutes"])?;
        s.span()
    });
    Ok(Motion { speed_kmh: at.required("speed-kmh", 0.1, 1_000.0)?, stop: stop.transpose()? })
}

fn faults(at: &At<'_>) -> Result<Faults> {
    at.only(&["gap", "stuck", "malformed", "wrong-unit", "jump"])?;
    let span = |name: &str| {
        let read = at.child(name)?.map(|s| {
            s.only(&["chance", "minutes"])?;
            s.span()
        });
        read.transpose()
    };
    let (jump, jump_factor) = match at.fields.get("jump") {
        Some(Value::Object(fields)) => {
            let jump = At { fields, path: at.inside("jump") };
            jump.only(&["chance", "factor"])?;
            (jump.required("chance", 0.0, 1.0)?, jump.number("factor", JUMP, -1e12, 1e12)?)
        }
        _ => (at.number("jump", 0.0, 0.0, 1.0)?, JUMP),
    };
    Ok(Faults {
        gap: span("gap")?,
        stuck: span("stuck")?,
        malformed: at.number("malformed", 0.0, 0.0, 1.0)?,
        wrong_unit: at.number("wrong-unit", 0.0, 0.0, 1.0)?,
        jump,
        jump_factor,
    })
}

/// A jump leaves every physical range.
const JUMP: f64 = 1e6;

/// An object of the declaration and its path.
struct At<'v> {
    fields: &'v Map<String, Value>,
    path: String,
}

impl<'v> At<'v> {
    fn root(value: &'v Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self { fields, path: String::new() }),
            _ => Err(SimulationError::new("", "is no object", "declare id, profile, interval, devices and payload")),
        }
    }

    fn inside(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn only(&self, known: &[&str]) -> Result<()> {
        match self.fields.keys().find(|k| !known.contains(&k.as_str())) {
            Some(key) => {
                let fix = format!("use {}", known.join(", "));
                Err(SimulationError::new(self.inside(key), "is not known", fix))
            }
            None => Ok(()),
        }
    }

    fn child(&self, name: &str) -> Result<Option<Self>> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self { fields, path: self.inside(name) })),
            Some(_) => Err(SimulationError::new(self.inside(name), "is no object", "write its fields in braces")),
        }
    }

    fn optional(&self, name: &str, min: f64, max: f64) -> Result<Option<f64>> {
        let Some(value) = self.fields.get(name).filter(|v| !v.is_null()) else { return Ok(None) };
        match value.as_f64() {
            Some(n) if (min..=max).contains(&n) => Ok(Some(n)),
            _ => {
                let message = format!("{value} is no number between {min} and {max}");
                Err(SimulationError::new(self.inside(name), message, "correct the number"))
            }
        }
    }

    fn number(&self, name: &str, default: f64, min: f64, max: f64) -> Result<f64> {
        Ok(self.optional(name, min, max)?.unwrap_or(default))
    }

    fn required(&self, name: &str, min: f64, max: f64) -> Result<f64> {
        self.optional(name, min, max)?
            .ok_or_else(|| SimulationError::new(self.inside(name), "is missing", format!("give it, {min} to {max}")))
    }

    fn span(&self) -> Result<Span> {
        Ok(Span { chance: self.required("chance", 0.0, 1.0)?, minutes: self.required("minutes", 0.01, 100_000.0)? })
    }
}
