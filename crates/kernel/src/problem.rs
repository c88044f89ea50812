use serde::{Deserialize, Serialize};

/// What is wrong with one field: where, which rule, how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Attribute, parameter or JSON pointer.
    pub field: String,
    /// The rule that was broken, as a stable code (`required`, `range`, `unit` …) and its values.
    pub rule: String,
    /// What to do about it.
    pub fix: String,
}

/// An error as it leaves the platform: RFC 9457 problem details with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:svod:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Stable code, never reworded.
    pub code: String,
    /// Short English summary, the same for every occurrence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// This occurrence, without personal data.
    pub detail: String,
    /// Per field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds after which it may be tried again, where that is known; also the field `Retry-After` of the answer.
    #[serde(default, rename = "retryAfter", skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// An error with a stable code. Every action's error enum implements it; one place turns it into a
/// [`Problem`] or a page.
pub trait Coded: std::error::Error {
    /// Stable code in kebab-case.
    fn code(&self) -> &'static str;

    /// HTTP status that fits.
    fn status(&self) -> u16;

    /// Per-field part, where there is one.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// Seconds after which it may be tried again, where that is known.
    fn retry_after(&self) -> Option<u64> {
        None
    }

    /// As RFC 9457 problem details.
    fn problem(&self) -> Problem {
        Problem {
            kind: format!("urn:svod:problem:{}", self.code()),
            code: self.code().into(),
            title: self.code().replace('-', " "),
            status: self.status(),
            // What broke inside stands in the log, not in the answer.
            detail: match self.status() {
                500 => "the platform failed; its log says why".into(),
                _ => self.to_string(),
            },
            errors: self.fields(),
            retry_after: self.retry_after(),
        }
    }
}
