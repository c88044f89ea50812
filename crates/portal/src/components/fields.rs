use askama::Template;

use super::render;
use crate::context::PageContext;
use crate::html::Html;

/// One choice of a select.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
}

/// A labelled field of a form.
#[derive(Debug, Clone, Default)]
pub struct Field {
    name: String,
    label: String,
    value: String,
    hint: String,
    error: String,
    kind: Kind,
    required: bool,
    autocomplete: &'static str,
}

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    Text,
    Password,
    Area,
    Select(Vec<Choice>),
    /// Endings of names that are offered, and whether several files may be chosen.
    File(&'static str, bool),
    /// Sent along, and not shown.
    Hidden,
}

#[derive(Template)]
#[template(path = "components/field.html")]
struct FieldTemplate<'a> {
    f: &'a Field,
    described: String,
    choices: Option<&'a [Choice]>,
    area: bool,
    hidden: bool,
    file: Option<(&'static str, bool)>,
}

impl Field {
    /// A line of text. The field's id is `field-<name>`.
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), ..Self::default() }
    }

    /// A line that nobody reads over a shoulder.
    pub fn password(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { kind: Kind::Password, ..Self::text(name, label) }
    }

    /// Several lines of text.
    pub fn area(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { kind: Kind::Area, ..Self::text(name, label) }
    }

    /// One of several.
    pub fn select(name: impl Into<String>, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self { kind: Kind::Select(choices), ..Self::text(name, label) }
    }

    /// A file to be sent, in a form of `enctype="multipart/form-data"` ([`crate::CsrfMultipart`]). `endings` is what the browser
    /// offers, `.pdf,.png`; what is sent is looked at all the same.
    pub fn file(name: impl Into<String>, label: impl Into<String>, endings: &'static str) -> Self {
        Self { kind: Kind::File(endings, false), ..Self::text(name, label) }
    }

    /// Several files ([`crate::CsrfFiles`]); otherwise as [`Field::file`].
    pub fn files(name: impl Into<String>, label: impl Into<String>, endings: &'static str) -> Self {
        Self { kind: Kind::File(endings, true), ..Self::text(name, label) }
    }

    /// A value that goes along unseen.
    pub fn hidden(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { kind: Kind::Hidden, value: value.into(), ..Self::text(name, "") }
    }

    /// What it holds now.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// Help under the label.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What is wrong with what was sent; empty for nothing.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.error = error.into();
        self
    }

    /// What it holds now, as a person reads it.
    fn shown(&self) -> &str {
        match &self.kind {
            Kind::Select(choices) => choices.iter().find(|c| c.value == self.value).map_or("", |c| &c.text),
            Kind::Hidden => "",
            _ => &self.value,
        }
    }

    /// It must be filled.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// What the browser may fill in by itself (HTML, autofill field names).
    #[must_use]
    pub fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = what;
        self
    }

    /// The markup.
    pub fn html(&self) -> Html {
        if matches!(self.kind, Kind::Hidden) {
            let (name, value) = (Html::text(&self.name), Html::text(&self.value));
            return Html::trusted(format!(r#"<input type="hidden" name="{name}" value="{value}">"#));
        }
        let mut described = Vec::new();
        if !self.hint.is_empty() {
            described.push(format!("hint-{}", self.name));
        }
        if !self.error.is_empty() {
            described.push(format!("error-{}", self.name));
        }
        let choices = match &self.kind {
            Kind::Select(choices) => Some(choices.as_slice()),
            _ => None,
        };
        let file = match &self.kind {
            Kind::File(endings, many) => Some((*endings, *many)),
            _ => None,
        };
        let (area, hidden) = (matches!(self.kind, Kind::Area), matches!(self.kind, Kind::Password));
        render(&FieldTemplate { f: self, described: described.join(" "), choices, area, hidden, file })
    }
}

#[derive(Template)]
#[template(path = "components/error_summary.html")]
struct ErrorSummary<'a> {
    ctx: &'a PageContext,
    errors: &'a [(String, String)],
}

/// Above a form that was refused: what is wrong, each with a link to its field (name, text).
pub fn error_summary(ctx: &PageContext, errors: &[(String, String)]) -> Html {
    if errors.is_empty() { Html::default() } else { render(&ErrorSummary { ctx, errors }) }
}

/// The bar of filters above a list: a form that works by address.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Where the form goes.
    pub action: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "components/filters.html")]
struct FiltersTemplate<'a> {
    ctx: &'a PageContext,
    filters: &'a Filters,
    folded: bool,
    chosen: String,
}

impl Filters {
    /// The markup. Several fields are folded on a narrow screen, where the list itself matters more.
    pub fn html(&self, ctx: &PageContext) -> Html {
        let chosen: Vec<&str> = self.fields.iter().map(Field::shown).filter(|t| !t.is_empty()).collect();
        render(&FiltersTemplate { ctx, filters: self, folded: self.fields.len() > 1, chosen: chosen.join(" · ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_along_unseen_has_no_label_and_is_no_filter() {
        let hidden = Field::hidden("view", "a \"b\"");
        assert_eq!(hidden.html().as_str(), r#"<input type="hidden" name="view" value="a &quot;b&quot;">"#);
        assert_eq!(hidden.shown(), "");
    }

    #[test]
    fn a_field_is_tied_to_its_label_hint_and_error() {
        let html = Field::text("result", "Итог").hint("кратко").error("заполните").required().value("\"x").html();
        let html = html.as_str();
        for part in [
            r#"<label for="field-result">"#,
            r#"id="field-result""#,
            r#"aria-describedby="hint-result error-result""#,
            r#"aria-invalid="true""#,
            " required",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("value=\"\"x"));
    }

    #[test]
    fn a_file_says_what_is_offered_and_holds_nothing() {
        let html = Field::file("scan", "Scan", ".pdf,.png").hint("one").error("empty").html();
        let html = html.as_str();
        for part in [r#"type="file""#, r#"accept=".pdf,.png""#, r#"aria-describedby="hint-scan error-scan""#] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("value=") && !html.contains(" multiple"), "{html}");
        assert!(Field::files("scan", "Scan", ".pdf").html().as_str().contains(r#"type="file" multiple accept=".pdf""#));
    }

    #[test]
    fn a_select_marks_what_is_chosen() {
        let choices = ["a", "b"].map(|v| Choice { value: v.into(), text: v.to_uppercase() });
        let html = Field::select("status", "Status", choices.to_vec()).value("b").html();
        assert!(html.as_str().contains(r#"<option value="b" selected>B</option>"#), "{html}");
        assert_eq!(html.as_str().matches("selected").count(), 1);
    }
}
