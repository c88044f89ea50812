use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_model::AttributeValue;

use crate::ask::Property;
use crate::history::Instance;

/// What many values are made into (NGSI-LD, clause 4.5.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// How many.
    TotalCount,
    /// How many different ones.
    DistinctCount,
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Standard deviation of all of them (population).
    Stddev,
    /// Sum of their squares.
    Sumsq,
}

impl Method {
    /// All, by their names.
    pub const ALL: [(&'static str, Self); 8] = [
        ("totalCount", Self::TotalCount),
        ("distinctCount", Self::DistinctCount),
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
        ("stddev", Self::Stddev),
        ("sumsq", Self::Sumsq),
    ];

    /// The method of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(n, _)| *n == name).map(|(_, m)| *m)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, m)| *m == self).map_or("", |(n, _)| n)
    }

    /// Counts can be made of anything, the others only of what has a size.
    const fn counts(self) -> bool {
        matches!(self, Self::TotalCount | Self::DistinctCount)
    }

    fn of(self, values: &[&Value]) -> Option<Value> {
        if self == Self::TotalCount {
            return Some(values.len().into());
        }
        if self == Self::DistinctCount {
            return Some(values.iter().map(ToString::to_string).collect::<BTreeSet<_>>().len().into());
        }
        let texts: Option<Vec<&str>> = values.iter().map(|v| v.as_str()).collect();
        if let Some(texts) = texts.filter(|_| matches!(self, Self::Min | Self::Max)) {
            let found = if self == Self::Min { texts.into_iter().min() } else { texts.into_iter().max() };
            return found.map(Value::from);
        }
        let sizes: Option<Vec<f64>> = values.iter().map(|v| size(v)).collect();
        let sizes = sizes.filter(|s| !s.is_empty())?;
        let (count, sum) = (sizes.len() as f64, sizes.iter().sum::<f64>());
        let number = match self {
            Self::Sum => sum,
            Self::Avg => sum / count,
            Self::Min => sizes.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => sizes.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Sumsq => sizes.iter().map(|s| s * s).sum(),
            Self::Stddev => (sizes.iter().map(|s| (s - sum / count).powi(2)).sum::<f64>() / count).sqrt(),
            Self::TotalCount | Self::DistinctCount => count,
        };
        Some(number.into())
    }
}

/// Numbers as they are, switches as 1 and 0, lists by their length.
fn size(v: &Value) -> Option<f64> {
    match v {
        Value::Number(n) => n.as_f64(),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Array(all) => Some(all.len() as f64),
        _ => None,
    }
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Where the first begins; none: at the first instance.
    pub from: Option<Timestamp>,
    /// Microseconds of each; none: all in one.
    pub micros: Option<i64>,
}

/// Values of each method by period: value, from, to.
pub type Aggregated = BTreeMap<Method, Vec<(Value, Timestamp, Timestamp)>>;

/// Makes instances into periods; those without one are left out.
pub fn aggregated(instances: &[&Instance], property: Property, methods: &[Method], period: Period) -> Aggregated {
    let mut timed: Vec<(Timestamp, Value)> =
        instances.iter().filter_map(|i| Some((property.of(i)?, value_of(&i.attribute.value)?))).collect();
    timed.sort_by_key(|(at, _)| *at);
    let mut out = Aggregated::new();
    let (Some(first), Some(last)) = (timed.first().map(|t| t.0), timed.last().map(|t| t.0)) else { return out };
    let start = period.from.filter(|f| *f <= first).unwrap_or(first);
    let step = period.micros.unwrap_or_else(|| last.0 - start.0 + 1_000_000).max(1);
    let mut periods: BTreeMap<i64, Vec<&Value>> = BTreeMap::new();
    for (at, value) in &timed {
        periods.entry((at.0 - start.0).div_euclid(step)).or_default().push(value);
    }
    for (n, values) in periods {
        let (from, to) = (start.plus_micros(n * step), start.plus_micros((n + 1) * step));
        for method in methods {
            let countable = |v: &&&Value| method.counts() || !v.is_object();
            let values: Vec<&Value> = values.iter().filter(countable).copied().collect();
            if let Some(value) = method.of(&values) {
                out.entry(*method).or_default().push((value, from, to));
            }
        }
    }
    out
}

fn value_of(v: &AttributeValue) -> Option<Value> {
    match v {
        AttributeValue::Value(v) | AttributeValue::Vocab(v) | AttributeValue::Json(v) => Some(v.clone()),
        AttributeValue::List(all) => Some(Value::Array(all.clone())),
        AttributeValue::Geometry(_) => None,
        AttributeValue::Languages(map) => Some(Value::Object(map.clone())),
        v => Some(v.targets().iter().map(|u| Value::from(u.as_str())).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use svod_model::Attribute;

    fn at(second: i64, v: impl Into<Value>) -> Instance {
        let observed = Some(Timestamp(second * 1_000_000));
        Instance {
            id: second,
            created: None,
            modified: None,
            observed,
            deleted: None,
            attribute: Attribute::property(v),
        }
    }

    #[test]
    fn values_are_gathered_by_period() {
        let all = [at(10, 120), at(20, 80), at(50, 100), at(130, 7)];
        let period = Period { from: None, micros: Some(60_000_000) };
        let made = aggregated(
            &all.iter().collect::<Vec<_>>(),
            Property::Observed,
            &[Method::Avg, Method::Max, Method::TotalCount],
            period,
        );
        let avg: Vec<_> =
            made[&Method::Avg].iter().map(|(v, from, _)| (v.as_f64().unwrap(), from.0 / 1_000_000)).collect();
        assert_eq!(avg, [(100.0, 10), (7.0, 130)], "empty periods are left out");
        assert_eq!(made[&Method::TotalCount][0].0, 3);
        let whole = aggregated(
            &all.iter().collect::<Vec<_>>(),
            Property::Observed,
            &[Method::Min],
            Period { from: None, micros: None },
        );
        assert_eq!(whole[&Method::Min].len(), 1);
        let words = [at(1, "b"), at(2, "a")];
        let made =
            aggregated(&words.iter().collect::<Vec<_>>(), Property::Observed, &[Method::Min, Method::Sum], period);
        assert_eq!((&made[&Method::Min][0].0, made.contains_key(&Method::Sum)), (&Value::from("a"), false));
    }
}
