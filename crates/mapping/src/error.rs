use std::fmt;

/// The expression itself is wrong: reported when a pack is checked or published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}; {fix}")]
pub struct MappingError {
    /// File the expression stands in, as given to the compiler.
    pub file: String,
    /// Line inside the expression, from 1.
    pub line: usize,
    /// Column inside the line in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub fix: String,
}

impl MappingError {
    /// An error at byte `offset` of `source`.
    pub(crate) fn at(
        file: &str,
        source: &str,
        offset: usize,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let before = source.get(..offset).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            fix: fix.into(),
        }
    }
}

/// Why one payload could not be mapped. Stable: quarantine and metrics carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultCode {
    /// The payload is not JSON, or too large.
    MalformedPayload,
    /// The expression failed on this payload.
    MappingError,
    /// The expression gave something other than `{at, values, simulated?, device?}`.
    BadShape,
}

impl FaultCode {
    /// The code as written in the quarantine and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedPayload => "malformed-payload",
            Self::MappingError => "mapping-error",
            Self::BadShape => "bad-shape",
        }
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One payload could not be mapped: it goes to the quarantine with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct MappingFault {
    /// The kind of fault.
    pub code: FaultCode,
    /// What exactly, in English, at most 240 characters.
    pub detail: String,
}

impl MappingFault {
    pub(crate) fn new(code: FaultCode, detail: impl fmt::Display) -> Self {
        Self { code, detail: clip(&detail.to_string()) }
    }

    pub(crate) fn shape(detail: impl fmt::Display) -> Self {
        Self::new(FaultCode::BadShape, detail)
    }
}

/// Details quote the payload, which may be long.
fn clip(text: &str) -> String {
    match text.char_indices().nth(239) {
        Some((end, c)) if end + c.len_utf8() < text.len() => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_counts_lines_and_characters() {
        let e = MappingError::at("f", "{а:\n .б, x}", 9, "m", "f");
        assert_eq!((e.line, e.column), (2, 4));
    }

    #[test]
    fn details_are_clipped() {
        let f = MappingFault::shape("я".repeat(1000));
        assert_eq!(f.detail.chars().count(), 240);
    }
}
