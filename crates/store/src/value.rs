use std::borrow::Cow;

use svod_kernel::Timestamp;

use crate::StoreError;

/// What is bound to a statement and read from a row.
///
/// U+0000 inside a text becomes U+FFFD when it is bound, on both engines: PostgreSQL cannot keep it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number; also truth (1, 0) and moments (microseconds since the epoch).
    Int(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    const fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "integer",
            Self::Real(_) => "number",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
        }
    }
}

macro_rules! value_from {
    ($($from:ty => $v:ident, $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($v: $from) -> Self { $to }
        }
    )*};
}

value_from! {
    i64 => v, Self::Int(v);
    i32 => v, Self::Int(v.into());
    u32 => v, Self::Int(v.into());
    bool => v, Self::Int(v.into());
    Timestamp => v, Self::Int(v.0);
    f64 => v, Self::Real(v);
    &str => v, Self::Text(v.into());
    &String => v, Self::Text(v.clone());
    String => v, Self::Text(v);
    Vec<u8> => v, Self::Blob(v);
    &[u8] => v, Self::Blob(v.into());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// The text as both engines can keep it.
pub(crate) fn keepable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

/// One row of an answer; columns by their place, from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The value at `column`.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when the row is shorter.
    pub fn value(&self, column: usize) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or_else(|| StoreError::Shape(format!("the row has no column {column}")))
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is none.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| null(column))
    }

    /// A whole number or null.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is neither.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(v) => Ok(Some(*v)),
            other => Err(mismatch(column, "integer", other)),
        }
    }

    /// A number; a whole one is taken as well.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is none.
    pub fn real(&self, column: usize) -> Result<f64, StoreError> {
        self.opt_real(column)?.ok_or_else(|| null(column))
    }

    /// A number or null.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is neither.
    pub fn opt_real(&self, column: usize) -> Result<Option<f64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Real(v) => Ok(Some(*v)),
            Value::Int(v) => Ok(Some(*v as f64)),
            other => Err(mismatch(column, "number", other)),
        }
    }

    /// Text.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is none.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| null(column))
    }

    /// Text or null.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is neither.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(v) => Ok(Some(v.clone())),
            other => Err(mismatch(column, "text", other)),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is none.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.value(column)? {
            Value::Blob(v) => Ok(v.clone()),
            other => Err(mismatch(column, "bytes", other)),
        }
    }

    /// A moment.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when it is none.
    pub fn time(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp)
    }
}

fn null(column: usize) -> StoreError {
    StoreError::Shape(format!("column {column} is null"))
}

fn mismatch(column: usize, wanted: &str, found: &Value) -> StoreError {
    StoreError::Shape(format!("column {column} holds {}, not {wanted}", found.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_there_and_names_what_is_not() {
        let row = Row(vec![Value::Int(7), Value::Null, "a".into(), Value::Real(0.5)]);
        assert_eq!(row.int(0).unwrap(), 7);
        assert_eq!(row.real(0).unwrap(), 7.0);
        assert_eq!(row.opt_text(1).unwrap(), None);
        assert_eq!(row.text(2).unwrap(), "a");
        for wrong in [row.int(1).map(|_| ()), row.int(2).map(|_| ()), row.int(3).map(|_| ()), row.int(9).map(|_| ())] {
            assert!(matches!(wrong, Err(StoreError::Shape(_))), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_is_null_and_zero_bytes_are_replaced() {
        assert_eq!(Value::from(None::<i64>), Value::Null);
        assert_eq!(Value::from(Some(true)), Value::Int(1));
        assert_eq!(keepable("a\0b"), "a\u{FFFD}b");
    }
}
