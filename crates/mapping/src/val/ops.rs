//! Arithmetic of jq, without what could grow without bound: texts are not repeated, objects are not merged deeply.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::sync::Arc;

use jaq_core::{Error, ops::Math};
use serde_json::Number;

use super::Val;
use crate::fuel;

pub(super) type ValR = Result<Val, Error<Val>>;

impl From<fuel::Exhausted> for Error<Val> {
    fn from(_: fuel::Exhausted) -> Self {
        Self::new(Val::text(fuel::MESSAGE))
    }
}

fn finite(n: f64) -> ValR {
    if n.is_finite() { Ok(Val::float(n)) } else { Err(Error::new(Val::text("the result is not a finite number"))) }
}

/// Whole numbers stay whole while they fit, everything else is a float.
fn numbers(l: &Number, r: &Number, whole: fn(i64, i64) -> Option<i64>, float: fn(f64, f64) -> f64) -> ValR {
    if let (Some(l), Some(r)) = (l.as_i64(), r.as_i64())
        && let Some(n) = whole(l, r)
    {
        return Ok(Val::Num(n.into()));
    }
    finite(float(l.as_f64().unwrap_or_default(), r.as_f64().unwrap_or_default()))
}

fn not_zero(r: &Number) -> Result<(), Error<Val>> {
    if r.as_f64() == Some(0.0) { Err(Error::new(Val::text("cannot divide by zero"))) } else { Ok(()) }
}

impl Add for Val {
    type Output = ValR;

    fn add(self, rhs: Self) -> ValR {
        fuel::burn(1)?;
        match (self, rhs) {
            (Self::Null, x) | (x, Self::Null) => Ok(x),
            (Self::Num(l), Self::Num(r)) => numbers(&l, &r, i64::checked_add, |l, r| l + r),
            (Self::Str(l), Self::Str(r)) => {
                fuel::burn_bytes(l.len() + r.len())?;
                Ok(Self::text(format!("{l}{r}")))
            }
            (Self::Arr(mut l), Self::Arr(r)) => {
                fuel::burn((l.len() + r.len()) as u64)?;
                Arc::make_mut(&mut l).extend(r.iter().cloned());
                Ok(Self::Arr(l))
            }
            (Self::Obj(mut l), Self::Obj(r)) => {
                fuel::burn((l.len() + r.len()) as u64)?;
                Arc::make_mut(&mut l).extend(r.iter().map(|(k, v)| (k.clone(), v.clone())));
                Ok(Self::Obj(l))
            }
            (l, r) => Err(Error::math(l, Math::Add, r)),
        }
    }
}

impl Sub for Val {
    type Output = ValR;

    fn sub(self, rhs: Self) -> ValR {
        fuel::burn(1)?;
        match (self, rhs) {
            (Self::Num(l), Self::Num(r)) => numbers(&l, &r, i64::checked_sub, |l, r| l - r),
            (Self::Arr(l), Self::Arr(r)) => {
                fuel::burn(l.len().saturating_mul(r.len().max(1)) as u64)?;
                Ok(l.iter().filter(|x| !r.contains(x)).cloned().collect())
            }
            (l, r) => Err(Error::math(l, Math::Sub, r)),
        }
    }
}

impl Mul for Val {
    type Output = ValR;

    fn mul(self, rhs: Self) -> ValR {
        fuel::burn(1)?;
        match (self, rhs) {
            (Self::Num(l), Self::Num(r)) => numbers(&l, &r, i64::checked_mul, |l, r| l * r),
            (l, r) => Err(Error::math(l, Math::Mul, r)),
        }
    }
}

impl Div for Val {
    type Output = ValR;

    fn div(self, rhs: Self) -> ValR {
        fuel::burn(1)?;
        match (self, rhs) {
            (Self::Num(l), Self::Num(r)) => {
                not_zero(&r)?;
                finite(l.as_f64().unwrap_or_default() / r.as_f64().unwrap_or(1.0))
            }
            (Self::Str(l), Self::Str(r)) => {
                fuel::burn(l.len() as u64)?;
                Ok(if r.is_empty() {
                    l.chars().map(|c| Self::text(c.encode_utf8(&mut [0; 4]))).collect()
                } else {
                    l.split(r.as_ref()).map(Self::text).collect()
                })
            }
            (l, r) => Err(Error::math(l, Math::Div, r)),
        }
    }
}

impl Rem for Val {
    type Output = ValR;

    fn rem(self, rhs: Self) -> ValR {
        fuel::burn(1)?;
        match (self, rhs) {
            (Self::Num(l), Self::Num(r)) => {
                not_zero(&r)?;
                numbers(&l, &r, i64::checked_rem, |l, r| l % r)
            }
            (l, r) => Err(Error::math(l, Math::Rem, r)),
        }
    }
}

impl Neg for Val {
    type Output = ValR;

    fn neg(self) -> ValR {
        match self {
            Self::Num(n) => match n.as_i64().and_then(i64::checked_neg) {
                Some(whole) => Ok(Self::Num(whole.into())),
                None => finite(-n.as_f64().unwrap_or_default()),
            },
            other => Err(Error::typ(other, "number")),
        }
    }
}
