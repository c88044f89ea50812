use serde_json::Value;

use crate::error::{MappingError, MappingFault};
use crate::guard;
use crate::program::Program;
use crate::val::Val;

/// Any jq expression over a JSON value: feeds use it on the rows of a file. Same limits as a mapping.
pub struct Query(Program);

impl Query {
    /// Compiles a jq expression; `file` is named in errors.
    ///
    /// # Errors
    /// The first thing wrong with the expression, with its place and how to correct it.
    pub fn compile(file: &str, source: &str) -> Result<Self, MappingError> {
        guard::check(file, source)?;
        Program::compile(file, source).map(Self)
    }

    /// All results for `input`, at most [`crate::MAX_OUTPUTS`].
    ///
    /// # Errors
    /// When the expression fails on this input.
    pub fn apply(&self, input: Value) -> Result<Vec<Value>, MappingFault> {
        Ok(self.0.run(Val::from(input))?.iter().map(Value::from).collect())
    }
}
