use dsntk_feel::values::Value as Feel;
use serde_json::{Map, Value};

/// A date, a time, both, or a duration, in FEEL's own spelling (ISO 8601); what is no such thing cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Temporal {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Date,
    Time,
    DateTime,
    Duration,
}

impl Temporal {
    /// A date: `2026-11-23`. None when it is none.
    pub fn date(text: &str) -> Option<Self> {
        Self::new(Kind::Date, text)
    }

    /// A time of day: `10:15:00`, `10:15:00+07:00`, `10:15:00@Asia/Novokuznetsk`. None when it is none.
    pub fn time(text: &str) -> Option<Self> {
        Self::new(Kind::Time, text)
    }

    /// A moment: `2026-11-23T10:15:00+07:00`. None when it is none.
    pub fn date_time(text: &str) -> Option<Self> {
        Self::new(Kind::DateTime, text)
    }

    /// A duration of days and times (`P1DT2H`) or of years and months (`P1Y6M`). None when it is none.
    pub fn duration(text: &str) -> Option<Self> {
        Self::new(Kind::Duration, text)
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn new(kind: Kind, text: &str) -> Option<Self> {
        let temporal = Self { kind, text: text.to_owned() };
        (!temporal.to_feel().is_null()).then_some(temporal)
    }

    /// The object of one key that stands for it in JSON.
    pub(crate) fn tagged(entries: &Map<String, Value>) -> Option<Self> {
        let (key, Value::String(text)) = entries.iter().next().filter(|_| entries.len() == 1)? else { return None };
        match key.as_str() {
            "$date" => Self::date(text),
            "$time" => Self::time(text),
            "$dateTime" => Self::date_time(text),
            "$duration" => Self::duration(text),
            _ => None,
        }
    }

    pub(crate) const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Date => "date",
            Kind::Time => "time",
            Kind::DateTime => "date and time",
            Kind::Duration => "duration",
        }
    }

    pub(crate) fn to_feel(&self) -> Feel {
        let read = match self.kind {
            Kind::Date => Feel::try_from_xsd_date,
            Kind::Time => Feel::try_from_xsd_time,
            Kind::DateTime => Feel::try_from_xsd_date_time,
            Kind::Duration => Feel::try_from_xsd_duration,
        };
        read(&self.text).unwrap_or(Feel::Null(None))
    }
}
