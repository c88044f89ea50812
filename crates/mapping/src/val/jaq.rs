//! What jaq asks of a value.

use std::sync::Arc;

use jaq_core::path::Opt;
use jaq_core::val::{Range, ValX};
use jaq_core::{Error, Exn, ValT};
use serde_json::{Number, Value};

use super::ops::ValR;
use super::{Map, Val};
use crate::fuel;

impl From<bool> for Val {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<isize> for Val {
    fn from(n: isize) -> Self {
        Self::Num(Number::from(n as i64))
    }
}

impl From<usize> for Val {
    fn from(n: usize) -> Self {
        Self::Num(Number::from(n as u64))
    }
}

impl From<f64> for Val {
    fn from(n: f64) -> Self {
        Self::float(n)
    }
}

impl From<String> for Val {
    fn from(s: String) -> Self {
        Self::Str(s.into())
    }
}

impl From<Range<Self>> for Val {
    fn from(r: Range<Self>) -> Self {
        let ends = [("start", r.start), ("end", r.end)];
        Self::Obj(Arc::new(ends.into_iter().filter_map(|(k, v)| v.map(|v| (Arc::from(k), v))).collect()))
    }
}

impl FromIterator<Self> for Val {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        // Collecting cannot fail; when the fuel is out the next operation says so.
        Self::Arr(Arc::new(items.into_iter().take_while(|_| fuel::burn(1).is_ok()).collect()))
    }
}

/// Position `i`, counted from the end when negative.
fn position(i: i64, len: usize) -> Option<usize> {
    let i = if i < 0 { i.checked_add(i64::try_from(len).ok()?)? } else { i };
    usize::try_from(i).ok().filter(|i| *i < len)
}

/// The end of a slice: whole number or null; clamped into `0..=len`.
fn bound(end: Option<&Val>, len: usize, default: usize) -> Result<usize, Error<Val>> {
    match end {
        None | Some(Val::Null) => Ok(default),
        Some(Val::Num(n)) if n.as_i64().is_some() => {
            let i = n.as_i64().unwrap_or_default();
            let len = i64::try_from(len).unwrap_or(i64::MAX);
            let i = if i < 0 { i.saturating_add(len) } else { i };
            Ok(usize::try_from(i.clamp(0, len)).unwrap_or_default())
        }
        Some(other) => Err(Error::typ(other.clone(), "whole number")),
    }
}

impl ValT for Val {
    fn from_num(n: &str) -> ValR {
        fuel::burn(1)?;
        let parsed = n.parse::<i64>().map(Number::from).ok().or_else(|| n.parse().ok().and_then(Number::from_f64));
        parsed.map(Self::Num).ok_or_else(|| Error::new(Self::text(format!("{n} is not a finite number"))))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValR {
        let mut map = Map::new();
        for (key, value) in entries {
            fuel::burn(1)?;
            let Self::Str(key) = key else { return Err(Error::typ(key, "string")) };
            map.insert(key, value);
        }
        Ok(Self::Obj(Arc::new(map)))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Self, Self), Error<Self>>>> {
        let paid = |pair| fuel::burn(1).map(|()| pair).map_err(Error::from);
        match self {
            Self::Arr(a) => Box::new((0..a.len()).map(move |i| paid((Self::from(i), a[i].clone())))),
            Self::Obj(o) => Box::new(
                (0..o.len()).filter_map(move |i| o.get_index(i).map(|(k, v)| paid((Self::Str(k.clone()), v.clone())))),
            ),
            other => Box::new(std::iter::once(Err(Error::typ(other, "array or object")))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR>> {
        Box::new(self.key_values().map(|pair| pair.map(|(_, v)| v)))
    }

    fn index(self, index: &Self) -> ValR {
        fuel::burn(1)?;
        match (&self, index) {
            (Self::Null, Self::Str(_) | Self::Num(_) | Self::Null) => Ok(Self::Null),
            (Self::Obj(o), Self::Str(key)) => Ok(o.get(key).cloned().unwrap_or_default()),
            (Self::Arr(a), Self::Num(n)) if n.as_i64().is_some() => {
                let found = n.as_i64().and_then(|i| position(i, a.len())).map(|i| a[i].clone());
                Ok(found.unwrap_or_default())
            }
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<&Self>) -> ValR {
        fuel::burn(1)?;
        let cut = |len| Ok::<_, Error<Self>>((bound(range.start, len, 0)?, bound(range.end, len, len)?));
        match self {
            Self::Null => Ok(Self::Null),
            Self::Arr(a) => {
                let (from, to) = cut(a.len())?;
                Ok(a.iter().take(to).skip(from).cloned().collect())
            }
            Self::Str(s) => {
                fuel::burn_bytes(s.len())?;
                let (from, to) = cut(s.chars().count())?;
                Ok(Self::from(s.chars().take(to).skip(from).collect::<String>()))
            }
            other => Err(Error::typ(other, "array or string")),
        }
    }

    // Updates are refused when an expression is compiled (see `guard`) and no definition let in uses them.
    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, _: Opt, _: impl Fn(Self) -> I) -> ValX<'a, Self> {
        Err(no_updates())
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: &Self,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Err(no_updates())
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        _: Range<&Self>,
        _: Opt,
        _: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        Err(no_updates())
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Str(_) => self,
            other => {
                let text = other.to_json_text();
                // Cannot fail here; the next operation does.
                drop(fuel::burn_bytes(text.len()));
                Self::from(text)
            }
        }
    }
}

fn no_updates<'a>() -> Exn<'a, Val> {
    Exn::from(Error::new(Val::text("updates are not available in a mapping")))
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(a) => Ok(a.iter().cloned().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Num(n) if n.is_i64() || n.is_u64())
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Num(n) => n.as_i64().and_then(|n| isize::try_from(n).ok()),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(n) => n.as_f64(),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Str(s) => Some(s.as_bytes()),
            _ => None,
        }
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Self::from_utf8_bytes(sub.to_vec())
    }

    fn from_utf8_bytes(b: impl AsRef<[u8]> + Send + 'static) -> Self {
        drop(fuel::burn_bytes(b.as_ref().len()));
        Self::from(String::from_utf8_lossy(b.as_ref()).into_owned())
    }
}

/// Reads one JSON text; used by `fromjson` and `tonumber`.
pub(crate) fn from_json(text: &str) -> ValR {
    fuel::burn_bytes(text.len().saturating_mul(8))?;
    serde_json::from_str::<Value>(text).map(Val::from).map_err(|e| Error::new(Val::text(format!("not JSON: {e}"))))
}
