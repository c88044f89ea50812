//! The value jaq works on: JSON and nothing else, cheap to clone, every operation bounded.

mod jaq;
mod ops;

pub(crate) use jaq::from_json;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Number, Value};

/// Object with its keys in the order of appearance.
pub(crate) type Map = IndexMap<Arc<str>, Val>;

/// JSON with shared insides.
#[derive(Debug, Clone, Default)]
pub(crate) enum Val {
    #[default]
    Null,
    Bool(bool),
    Num(Number),
    Str(Arc<str>),
    Arr(Arc<Vec<Val>>),
    Obj(Arc<Map>),
}

impl Val {
    pub(crate) fn text(s: impl AsRef<str>) -> Self {
        Self::Str(Arc::from(s.as_ref()))
    }

    /// A computed number: whole when it is a whole number that a float holds exactly; null when not finite.
    #[allow(clippy::cast_possible_truncation, reason = "cast only where a float has the whole number exactly")]
    pub(crate) fn float(n: f64) -> Self {
        // 2^53: the last whole number below which every whole number has a float of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if n.fract() == 0.0 && n.abs() < EXACT {
            return Self::Num(Number::from(n as i64));
        }
        Number::from_f64(n).map_or(Self::Null, Self::Num)
    }

    pub(crate) fn to_json_text(&self) -> String {
        Value::from(self).to_string()
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Num(_) => 3,
            Self::Str(_) => 4,
            Self::Arr(_) => 5,
            Self::Obj(_) => 6,
        }
    }
}

impl From<Value> for Val {
    fn from(v: Value) -> Self {
        match v {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Number(n) => Self::Num(n),
            Value::String(s) => Self::Str(s.into()),
            Value::Array(a) => Self::Arr(Arc::new(a.into_iter().map(Self::from).collect())),
            Value::Object(o) => Self::Obj(Arc::new(o.into_iter().map(|(k, v)| (k.into(), v.into())).collect())),
        }
    }
}

impl From<&Val> for Value {
    fn from(v: &Val) -> Self {
        match v {
            Val::Null => Self::Null,
            Val::Bool(b) => Self::Bool(*b),
            Val::Num(n) => Self::Number(n.clone()),
            Val::Str(s) => Self::String(s.as_ref().to_owned()),
            Val::Arr(a) => Self::Array(a.iter().map(Self::from).collect()),
            Val::Obj(o) => Self::Object(o.iter().map(|(k, v)| (k.as_ref().to_owned(), v.into())).collect()),
        }
    }
}

impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json_text())
    }
}

fn compare_numbers(l: &Number, r: &Number) -> Ordering {
    match (l.as_i64(), r.as_i64()) {
        (Some(l), Some(r)) => l.cmp(&r),
        _ => {
            let (l, r) = (l.as_f64().unwrap_or_default(), r.as_f64().unwrap_or_default());
            // JSON has no NaN, so the order is total once both zeros are one.
            l.partial_cmp(&r).unwrap_or(Ordering::Equal)
        }
    }
}

/// jq's order of objects: first by the sorted keys, then by the values in that order.
fn compare_objects(l: &Map, r: &Map) -> Ordering {
    let sorted = |m: &Map| {
        let mut keys: Vec<Arc<str>> = m.keys().cloned().collect();
        keys.sort();
        keys
    };
    let (lk, rk) = (sorted(l), sorted(r));
    lk.cmp(&rk).then_with(|| lk.iter().map(|k| l[k].cmp(&r[k])).find(|o| o.is_ne()).unwrap_or(Ordering::Equal))
}

impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Num(l), Self::Num(r)) => compare_numbers(l, r),
            (Self::Str(l), Self::Str(r)) => l.cmp(r),
            (Self::Arr(l), Self::Arr(r)) => l.cmp(r),
            (Self::Obj(l), Self::Obj(r)) => compare_objects(l, r),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Val {}
