//! How values travel to and from PostgreSQL: by the type the server inferred, not by the variant alone.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::value::keepable;
use crate::{Column, Value};

type Failure = Box<dyn Error + Sync + Send>;

const TEXTS: [Type; 5] = [Type::TEXT, Type::VARCHAR, Type::NAME, Type::BPCHAR, Type::UNKNOWN];
const OTHERS: [Type; 7] = [Type::INT8, Type::INT4, Type::INT2, Type::BOOL, Type::FLOAT8, Type::FLOAT4, Type::BYTEA];

fn known(ty: &Type) -> bool {
    OTHERS.contains(ty) || TEXTS.contains(ty)
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(v) => whole(*v, ty, out),
            Self::Real(v) if *ty == Type::FLOAT8 => v.to_sql(ty, out),
            Self::Text(v) if TEXTS.contains(ty) => keepable(v).as_ref().to_sql(ty, out),
            Self::Blob(v) if *ty == Type::BYTEA => v.to_sql(ty, out),
            _ => Err(format!("a value cannot be bound as {ty}").into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        known(ty)
    }

    to_sql_checked!();
}

/// A whole number where the server inferred a narrower or a floating type.
fn whole(v: i64, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
    match *ty {
        Type::INT8 => v.to_sql(ty, out),
        Type::INT4 => i32::try_from(v)?.to_sql(ty, out),
        Type::INT2 => i16::try_from(v)?.to_sql(ty, out),
        Type::FLOAT8 => (v as f64).to_sql(ty, out),
        Type::BOOL => (v != 0).to_sql(ty, out),
        _ => Err(format!("a whole number cannot be bound as {ty}").into()),
    }
}

impl ToSql for Column {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::Int(v) => v.to_sql(ty, out),
            Self::OptInt(v) => v.to_sql(ty, out),
            Self::Real(v) => v.to_sql(ty, out),
            Self::OptReal(v) => v.to_sql(ty, out),
            Self::Text(v) if v.iter().any(|t| t.contains('\0')) => {
                v.iter().map(|t| keepable(t)).collect::<Vec<_>>().to_sql(ty, out)
            }
            Self::Text(v) => v.to_sql(ty, out),
            Self::OptText(v) if v.iter().flatten().any(|t| t.contains('\0')) => {
                v.iter().map(|t| t.as_deref().map(keepable)).collect::<Vec<_>>().to_sql(ty, out)
            }
            Self::OptText(v) => v.to_sql(ty, out),
            Self::Blob(v) => v.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8_ARRAY, Type::FLOAT8_ARRAY, Type::TEXT_ARRAY, Type::BYTEA_ARRAY].contains(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        known(ty)
    }
}
