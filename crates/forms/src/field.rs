//! What a form calls a field and its choices, for pages that show an answer far from its form.

use serde_json::{Map, Value};

use crate::around::{Around, Choice};
use crate::model::{Component, Form, Input, What};
use crate::options::options;
use crate::phrase::Speaker;
use crate::settle::Scope;

impl Form {
    /// The label of the field of that key and what it offers to choose from; none when the form has no such field. One outside of
    /// repeats comes before one inside. Conditions play no part, and choices that depend on other answers are left out.
    pub fn field(&self, key: &str, around: &Around<'_>) -> Option<(String, Vec<Choice>)> {
        let input = find(&self.components, key, false).or_else(|| find(&self.components, key, true))?;
        Some(self.called(input, around))
    }

    /// The same of a field in the repeat of that path: what is asked of each of several things.
    pub fn repeated(&self, path: &str, key: &str, around: &Around<'_>) -> Option<(String, Vec<Choice>)> {
        let input = find(repeat(&self.components, path)?, key, true)?;
        Some(self.called(input, around))
    }

    fn called(&self, input: &Input, around: &Around<'_>) -> (String, Vec<Choice>) {
        let data = Value::Object(Map::new());
        let scope = Scope::top(self, around, &data);
        let speaker = Speaker { around, facts: &scope.facts, args: &[] };
        (input.label.say(&speaker), options(input, around, &speaker, &data))
    }
}

/// What stands in each item of a repeat.
fn repeat<'f>(components: &'f [Component], path: &str) -> Option<&'f [Component]> {
    components.iter().find_map(|c| match &c.what {
        What::Repeat(repeat) if repeat.path == path => Some(repeat.components.as_slice()),
        _ => repeat(c.inner(), path),
    })
}

fn find<'f>(components: &'f [Component], key: &str, within: bool) -> Option<&'f Input> {
    components.iter().find_map(|c| match &c.what {
        What::Input(input) if input.key == key => Some(&**input),
        What::Repeat(_) if !within => None,
        _ => find(c.inner(), key, within),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use svod_kernel::{Lang, Timestamp};
    use svod_text::Texts;

    use super::*;
    use crate::around::{Lists, Prefill};

    #[test]
    fn a_field_is_found_wherever_it_stands_and_though_it_is_hidden() {
        let json = json!({"type": "default", "id": "f", "schemaVersion": 19, "components": [
            {"type": "dynamiclist", "path": "names", "label": "Names", "isRepeating": true, "allowAddRemove": true, "components": [
                {"type": "textfield", "key": "first", "label": "First name"},
                {"type": "textfield", "key": "kind", "label": "Kind of name"}]},
            {"type": "radio", "key": "kind", "label": "@kind", "conditional": {"hide": "=true"},
                "values": [{"value": "one", "label": "The first"}]}]});
        let form = Form::parse("f.form.json", &json.to_string()).unwrap();
        let texts = Texts::new([(Lang::En, "t.ftl".to_owned(), "kind = Which kind\n".to_owned())]).unwrap();
        let (prefill, lists, inputs) = (Prefill::new(), Lists::default(), Map::new());
        let around = Around {
            lang: Lang::En,
            texts: &texts,
            now: Timestamp(0),
            offset_hours: 0,
            prefill: &prefill,
            lists: &lists,
            inputs: &inputs,
        };
        let (label, choices) = form.field("kind", &around).unwrap();
        assert_eq!((label.as_str(), choices.len()), ("Which kind", 1));
        assert_eq!(choices[0].label, "The first");
        assert_eq!(form.field("first", &around).map(|(label, _)| label).as_deref(), Some("First name"));
        assert!(form.field("last", &around).is_none());
        let within = |path: &str, key: &str| form.repeated(path, key, &around).map(|(label, _)| label);
        assert_eq!(within("names", "kind").as_deref(), Some("Kind of name"), "the one in the repeat");
        assert_eq!((within("names", "last"), within("others", "kind")), (None, None));
    }
}
