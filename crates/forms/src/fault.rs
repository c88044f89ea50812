use std::fmt;

/// One thing wrong with a form's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FormFault {
    /// File as given to the parser.
    pub file: String,
    /// Where in the JSON: `components[2].validate.min`; empty for the file as a whole.
    pub path: String,
    /// Code of the rule that is broken, one of [`RULES`].
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for FormFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {} ({}); {}", self.message, self.rule, self.fix)
    }
}

/// Every rule that a form can break: its stable code and what it asks.
pub const RULES: &[(&str, &str)] = &[
    ("form-size", "a form is at most 512 KiB, 400 components, 40 pages, 6 containers deep"),
    ("form-syntax", "a form is one JSON object with type \"default\" and components"),
    ("form-version", "schemaVersion is at most 19"),
    ("form-component", "a component is one of those in docs/forms.md"),
    ("form-unsafe", "no html and no iframe"),
    ("form-key", "only known keys, each where it means something"),
    ("form-kind", "a value is of the kind its key asks for"),
    ("form-value", "a value has the form its key asks for"),
    ("form-name", "a key or path is words of letters, digits and _, with points between"),
    ("form-duplicate", "a place in the data belongs to one field"),
    ("form-missing", "what a component cannot do without is there"),
    ("form-feel", "an expression is FEEL of the part that server and browser share"),
    ("form-pattern", "a pattern is a regular expression that means the same in the browser and here"),
    ("form-text", "a text is a key of the locales (@key) or words with {{ FEEL }} in them"),
    ("form-image", "a picture is one of the platform's own assets"),
    ("form-page", "either every component outside of groups is a page, or none"),
    ("form-property", "a property svod.… is known and stands where it means something"),
];

/// What was found so far in one file.
pub(crate) struct Faults {
    file: String,
    found: Vec<FormFault>,
}

impl Faults {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    pub(crate) fn add(&mut self, path: &str, rule: &'static str, message: impl fmt::Display, fix: impl fmt::Display) {
        let (message, fix) = (message.to_string(), fix.to_string());
        self.found.push(FormFault { file: self.file.clone(), path: path.to_owned(), rule, message, fix });
    }

    pub(crate) fn into_result<T>(self, value: T) -> Result<T, Vec<FormFault>> {
        if self.found.is_empty() { Ok(value) } else { Err(self.found) }
    }

    pub(crate) fn into_found(self) -> Vec<FormFault> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where_what_and_how() {
        let mut faults = Faults::new("forms/a.json");
        faults.add("components[0].key", "form-name", "'a b' is no name", "write a_b");
        faults.add("", "form-size", "too large", "split it");
        let found: Vec<String> = faults.into_found().iter().map(ToString::to_string).collect();
        assert_eq!(found[0], "forms/a.json at components[0].key: 'a b' is no name (form-name); write a_b");
        assert_eq!(found[1], "forms/a.json: too large (form-size); split it");
    }
}
