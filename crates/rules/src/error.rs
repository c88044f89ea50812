use std::fmt;

/// A rule that cannot be compiled, or gave no usable result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RuleError {
    /// File as given to the compiler.
    pub file: String,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl RuleError {
    pub(crate) fn new(file: &str, line: Option<usize>, message: impl fmt::Display, fix: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), line, message: message.to_string(), fix: fix.to_string() }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.message, self.fix)
    }
}

/// Runs the third-party engine; a panic in it becomes an error of the one rule and not the end of the thread.
pub(crate) fn shielded<T>(file: &str, work: impl FnOnce() -> Result<T, RuleError>) -> Result<T, RuleError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(RuleError::new(file, None, "the rule engine failed on this rule", "simplify the rule and report the file"))
    })
}
